package verify_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
)

// ruleCase is a question about an export, with the rows that the named rule demands. Conditions, Causes and Assumptions are compared for
// the rows that they name; of a cause the D54 name is written.
type ruleCase struct {
	Rule, About, Question           string
	Want                            map[string]answer.Verdict
	Conditions, Causes, Assumptions map[string][]string
}

// TestRules asks what a rule of the semantics says about layers that only a snapshot selects. Each file holds one export and the
// questions about it; the wanted rows were written down from the text of the rules.
func TestRules(t *testing.T) {
	paths, err := filepath.Glob("testdata/rules/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".json"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var export struct {
				Files tree
				Time  time.Time // of the snapshot; without it the time of requests is open
				Cases []ruleCase
			}
			if err := json.Unmarshal(text, &export); err != nil {
				t.Fatal(err)
			}
			facts, err := (&organization{export.Files}).ingest(t.Context(), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			e, err := query.New(t.Context(), facts, answer.Snapshot{Time: export.Time})
			if err != nil {
				t.Fatal(err)
			}
			if len(export.Cases) == 0 {
				t.Error("no questions")
			}
			for _, c := range export.Cases {
				c.check(t, e)
			}
		})
	}
}

func (c *ruleCase) check(t *testing.T, e *query.Engine) {
	t.Helper()
	rows, err := grantsByRow(t, e, c.Question)
	if err != nil {
		t.Errorf("%s: %s\n%s: %v", c.Rule, c.About, c.Question, err)
		return
	}
	got := map[string]answer.Verdict{}
	for id, r := range rows {
		got[id] = r.verdict
	}
	if diff := cmp.Diff(c.Want, got); diff != "" {
		t.Errorf("%s: %s\n%s (-want +got):\n%s", c.Rule, c.About, c.Question, diff)
	}
	for _, part := range []struct {
		what string
		want map[string][]string
		of   func(*answer.Grant) []string
	}{
		{"conditions", c.Conditions, func(g *answer.Grant) []string { return []string{g.Conditions} }},
		{"assumptions", c.Assumptions, func(g *answer.Grant) []string { return g.Assumptions }},
		{"causes", c.Causes, func(g *answer.Grant) []string {
			var names []string
			for _, cause := range g.Causes {
				name, _, _ := strings.Cut(cause, ":")
				names = append(names, name)
			}
			return names
		}},
	} {
		for id, want := range part.want {
			var have []string
			for _, g := range rows[id].grants {
				have = append(have, part.of(&g)...)
			}
			slices.Sort(have)
			if diff := cmp.Diff(want, slices.Compact(have)); diff != "" {
				t.Errorf("%s: %s\n%s: %s of %s (-want +got):\n%s", c.Rule, c.About, c.Question, part.what, id, diff)
			}
		}
	}
}

// grantRow is a row as it is printed.
type grantRow struct {
	verdict answer.Verdict
	grants  []answer.Grant
}

func grantsByRow(t *testing.T, e *query.Engine, question string) (map[string]grantRow, error) {
	a, err := e.Ask(t.Context(), question, query.Options{})
	if err != nil {
		return nil, err
	}
	rows, err := answer.Collect(a.Rows)
	if err != nil {
		return nil, err
	}
	out := map[string]grantRow{}
	for _, r := range rows {
		switch r := r.(type) {
		case *answer.WhoCan:
			r.Whole()
			out[r.Kind+" "+r.Principal] = grantRow{r.Verdict, r.Grants}
		case *answer.Can:
			out[kindOf(r.Principal)+" "+r.Principal] = grantRow{r.Verdict, r.Grants}
		}
	}
	return out, nil
}
