package query_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/query/answer"
)

// derivations is testdata/sample/DERIVATIONS.md: what it says of each principal, as one line for every action on every resource, and
// who is absent.
type derivations struct {
	names  map[string][]string
	rows   map[string][]string
	absent []string
}

// TestSampleDerivations compares the derivation by hand with the answer, point for point and in both directions.
func TestSampleDerivations(t *testing.T) {
	d := readDerivations(t)
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, r := range keep(t, sample(t), mainQuestion).rows {
		row := r.(*answer.WhoCan).Whole()
		var points []string
		for _, g := range row.Grants {
			for _, resource := range g.Resources {
				for _, action := range spelled(cat, g.Actions) {
					points = append(points, point(string(g.Verdict), action, resource, g.Conditions))
				}
			}
		}
		got[row.Principal] = sorted(points)
	}
	if diff := cmp.Diff(d.rows, got); diff != "" {
		t.Errorf("DERIVATIONS.md and the answer differ (-derived +answered):\n%s", diff)
	}
	for _, p := range d.absent {
		if got[p] != nil {
			t.Errorf("%s is said to be absent and has a row", p)
		}
	}
	if len(d.absent) < 3 {
		t.Errorf("only %q are derived to be absent", d.absent)
	}
}

// spelled writes patterns of actions out as the catalogue's actions, and actions that it does not know as the page does.
func spelled(cat *catalog.Catalog, patterns []string) []string {
	var out []string
	for _, p := range patterns {
		if p == "kms:(any other action)" {
			p = "other"
		}
		if !strings.ContainsAny(p, "*?") {
			out = append(out, p)
			continue
		}
		for a := range cat.Actions(p) {
			out = append(out, a.Name)
		}
	}
	return out
}

func point(verdict, action, resource, when string) string {
	line := verdict + ": " + action + " on " + resource
	if when != "" {
		line += " when " + when
	}
	return line
}

func sorted(points []string) []string {
	slices.Sort(points)
	return slices.Compact(points)
}

func readDerivations(t *testing.T) *derivations {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "sample", "DERIVATIONS.md"))
	if err != nil {
		t.Fatal(err)
	}
	d := &derivations{names: map[string][]string{}, rows: map[string][]string{}}
	section, principal, block := "", "", ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "```"):
			block = strings.TrimPrefix(line, "```")
		case block == "names":
			name, values, ok := strings.Cut(line, "=")
			if !ok {
				t.Fatalf("want NAME = VALUE…: %s", line)
			}
			d.names[strings.TrimSpace(name)] = d.fields(values)
		case block == "grants":
			d.rows[principal] = append(d.rows[principal], d.grant(t, line)...)
		case strings.HasPrefix(line, "## "):
			section, principal = strings.TrimPrefix(line, "## "), ""
		case strings.HasPrefix(line, "### "):
			principal = strings.TrimPrefix(line, "### ")
			if section == "Rightly absent" {
				d.absent = append(d.absent, principal)
			} else if _, twice := d.rows[principal]; twice {
				t.Fatalf("%s is derived twice", principal)
			} else {
				d.rows[principal] = nil
			}
		}
	}
	for _, p := range slices.Collect(maps.Keys(d.rows)) {
		d.rows[p] = sorted(d.rows[p])
	}
	return d
}

// fields reads words; names stand for what they were given, and -NAME takes it away again.
func (d *derivations) fields(text string) []string {
	var out []string
	for _, word := range strings.Fields(text) {
		word, less := strings.CutPrefix(word, "-")
		values, named := d.names[word]
		if !named {
			values = []string{word}
		}
		if less {
			out = slices.DeleteFunc(out, func(v string) bool { return slices.Contains(values, v) })
		} else {
			out = append(out, values...)
		}
	}
	return out
}

// grant reads VERDICT: ACTION… on RESOURCE… [when CONDITION].
func (d *derivations) grant(t *testing.T, line string) []string {
	t.Helper()
	verdict, rest, ok := strings.Cut(line, ": ")
	rest, when, _ := strings.Cut(rest, " when ")
	actions, resources, both := strings.Cut(rest, " on ")
	if !ok || !both {
		t.Fatalf("want VERDICT: ACTION… on RESOURCE… [when CONDITION]: %s", line)
	}
	var out []string
	for _, action := range d.fields(actions) {
		for _, resource := range d.fields(resources) {
			out = append(out, point(verdict, action, resource, when))
		}
	}
	return out
}
