package stage_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/answer/stage"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// TestManyRows holds that a row which stands for several counts as often as they would one by one.
func TestManyRows(t *testing.T) {
	row := func(account string, v answer.Verdict) *answer.WhoCan {
		return &answer.WhoCan{Kind: "role", Account: account, Verdict: v}
	}
	var many, single []answer.Row
	for _, r := range []struct {
		row   *answer.WhoCan
		times int
	}{{row("1", answer.Conditional), 3}, {row("1", answer.Unknown), 2}, {row("2", answer.Conditional), 1}, {row("", answer.Unknown), 4}} {
		many = append(many, &answer.Many{Row: r.row, Times: r.times})
		for range r.times {
			single = append(single, r.row)
		}
	}
	for _, stages := range []string{"count", "group by account count", "group by account count | count", "group by account", "group by account count | sort by count desc"} {
		q, err := syntax.Parse("who can kms:Decrypt | " + stages)
		if err != nil {
			t.Fatal(err)
		}
		said := func(rows []answer.Row) string {
			r, err := stage.Apply(answer.WhoCanSchema(), answer.Of(rows...), q, "", time.Unix(0, 0))
			if err != nil {
				t.Fatal(err)
			}
			out, err := answer.Collect(r.Rows)
			if err != nil {
				t.Fatal(err)
			}
			text := ""
			for _, row := range out {
				for _, c := range r.Schema.Columns {
					v, _ := row.Field(c.Name)
					text += fmt.Sprint(c.Name, "=", v, " ")
				}
				text += "\n"
			}
			count, unknown := r.Tally()
			return text + fmt.Sprint(count, unknown)
		}
		if got, want := said(many), said(single); got != want {
			t.Errorf("%s gives\n%s\nwant\n%s", stages, got, want)
		}
	}
}
