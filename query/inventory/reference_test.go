package inventory_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/inventory"
)

var update = flag.Bool("update", false, "write the reference anew")

// TestReference holds that the users' reference lists every field of every kind as the schemas have them.
func TestReference(t *testing.T) {
	const file = "../../docs/query-language.md"
	const begin = "<!-- Generated from the schemas: go test ./query/inventory -run TestReference -update -->\n"
	const end = "<!-- end of the fields -->"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(data), begin)
	old, tail, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no place for the fields", file)
	}
	var b strings.Builder
	for _, k := range inventory.Kinds() {
		s := inventory.Schema(k, nil)
		fmt.Fprintf(&b, "\n**`show %s`**\n\n| field | type | meaning |\n|---|---|---|\n", k)
		for _, c := range slices.Concat(s.Columns, s.Nested) {
			if c.About == "" || strings.HasSuffix(c.About, ".") {
				t.Errorf("%s of %s is described as %q", c.Name, k, c.About)
			}
			name, kind := "`"+c.Name+"`", c.Type.String()
			if c.Open {
				name, kind = name+", `"+c.Name+".KEY`", "a structure of texts"
			}
			about := c.About
			if len(c.Words) > 0 {
				kind = "`" + strings.Join(c.Words, "`, `") + "`"
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", name, kind, strings.ReplaceAll(about, "|", "\\|"))
		}
	}
	b.WriteString("\n")
	if *update {
		if err := os.WriteFile(file, []byte(head+begin+b.String()+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(old, b.String()); diff != "" {
		t.Errorf("%s lists other fields (-file +schemas, -update writes it anew):\n%s", file, diff)
	}
}

// TestNamedFields holds that fields that are worked out on demand are columns just where they are named, and that what is named is shown.
func TestNamedFields(t *testing.T) {
	for _, k := range inventory.Kinds() {
		for _, c := range inventory.Schema(k, nil).Columns {
			if c.Dear {
				t.Errorf("%s of %s is worked out for everybody", c.Name, k)
			}
		}
	}
	column := func(s *answer.Schema, name string) *answer.Column {
		for i := range s.Columns {
			if s.Columns[i].Name == name {
				return &s.Columns[i]
			}
		}
		return nil
	}
	s := inventory.Schema("roles", []string{"ADMIN", "path", "tags.Team"})
	for _, name := range []string{"admin", "path", "tags"} {
		if c := column(s, name); c == nil || !c.Main {
			t.Errorf("%s was named and is not shown: %+v", name, c)
		}
	}
	if column(s, "external") != nil {
		t.Error("external was not named")
	}
}
