package inventory_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/accessgraph/accessgraph/bench/orggen/organization"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/files"
	"github.com/accessgraph/accessgraph/query/inventory"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// TestGenerated holds of a generated organization that no kind is empty, that rows come by account, then by what leads them, that every field
// of the schema is there with a value of its type, and that the same facts give the same rows.
func TestGenerated(t *testing.T) {
	dir := t.TempDir()
	err := organization.Generate(organization.Options{Accounts: 4, Principals: 25, Seed: 7}, func(name string, data []byte) error {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.WriteFile(path, data, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	read := func() *graph.Facts {
		facts, _, err := files.Read(t.Context(), []string{dir}, files.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return facts
	}
	history := []*inventory.Snapshot{{Ref: "@latest", Time: now}}
	one, two := read(), read()
	first, second := inventory.New(one, one.Observations, history, now), inventory.New(two, two.Observations, history, now)
	for _, k := range inventory.Kinds() {
		rows, again := rowsOf(t, first, k), rowsOf(t, second, k)
		if len(rows) == 0 && k != syntax.Keys { // the generator makes no credential report
			t.Errorf("there are no %s", k)
		}
		if a, b := jsonOf(t, rows), jsonOf(t, again); a != b {
			t.Errorf("two inventories of the same %s differ", k)
		}
		last := ""
		for _, r := range rows {
			if at := r.Self().Account; at < last {
				t.Errorf("%s: account %s after %s", k, at, last)
			} else {
				last = at
			}
			for _, c := range inventory.Schema(k, nil).Columns {
				if v, ok := r.Field(c.Name); !ok {
					t.Fatalf("%s: no field %s", k, c.Name)
				} else if v != nil && !fits(c, v) {
					t.Fatalf("%s: %s is %s, and there is a %T", k, c.Name, c.Type, v)
				}
			}
		}
		ordered(t, k, rows)
	}
}

func rowsOf(t *testing.T, v *inventory.Inventory, k syntax.Kind) []inventory.Row {
	t.Helper()
	rows, err := v.Rows(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func jsonOf(t *testing.T, rows []inventory.Row) string {
	t.Helper()
	var b strings.Builder
	for _, r := range rows {
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(data, '\n'))
	}
	return b.String()
}

// ordered holds that within an account the rows come by the ARN that they begin with.
func ordered(t *testing.T, k syntax.Kind, rows []inventory.Row) {
	t.Helper()
	lead := map[syntax.Kind]string{
		syntax.Principals: "principal", syntax.Users: "principal", syntax.Roles: "principal", syntax.Groups: "group", syntax.Resources: "arn", syntax.Compute: "arn",
		syntax.Providers: "arn", syntax.Statements: "owner",
	}[k]
	if lead == "" {
		return
	}
	last, account := "", ""
	for _, r := range rows {
		v, _ := r.Field(lead)
		arn, _ := v.(string)
		if r.Self().Account == account && arn < last {
			t.Errorf("%s: %s after %s", k, arn, last)
		}
		last, account = arn, r.Self().Account
	}
}
