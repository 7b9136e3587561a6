package verify_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// TestFound asks again what the engine once answered wrongly, each in an organization that holds no more than it needs. The verdicts
// are written down by hand, from the rule that the case names.
func TestFound(t *testing.T) {
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	cases, err := filepath.Glob("testdata/found/*.json")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".json"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var c struct {
				About, Question string
				Want            map[string]answer.Verdict
				Files           tree
			}
			if err := json.Unmarshal(text, &c); err != nil {
				t.Fatal(err)
			}
			o := &organization{c.Files}
			facts, err := o.ingest(t.Context(), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			e, err := query.New(t.Context(), facts, answer.Snapshot{})
			if err != nil {
				t.Fatal(err)
			}
			rows, err := answerRows(t.Context(), e, c.Question)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]answer.Verdict{}
			for id, r := range rows {
				got[id] = r.verdict
			}
			if diff := cmp.Diff(c.Want, got); diff != "" {
				t.Errorf("%s\n%s (-want +got):\n%s", c.About, c.Question, diff)
			}
			n := newNaive(facts, cat)
			q, err := n.reading(c.Question)
			if err != nil {
				t.Fatal(err)
			}
			if err := check(t.Context(), e, n, q, generateAll(1)); err != nil {
				t.Errorf("%s\n%s\n%v", c.About, c.Question, err)
			}
			if err := laws(t.Context(), e, n, q); err != nil {
				t.Errorf("%s\n%s\n%v", c.About, c.Question, err)
			}
		})
	}
}

// reading takes a question apart; of scopes it knows outside.
func (n *naive) reading(text string) (*question, error) {
	parsed, err := syntax.Parse(text)
	if err != nil {
		return nil, err
	}
	q := &question{text: text, admits: func(*principal) bool { return true }}
	clauses := syntax.ClausesOf(parsed.Question)
	var access syntax.Access
	switch x := parsed.Question.(type) {
	case *syntax.WhoCan:
		access = x.Access
		if len(clauses.In) > 0 {
			q.admits = func(p *principal) bool { return p.outside && !n.inside(p.Account) }
		}
	case *syntax.Can:
		access, q.single = x.Access, true
		q.admits = func(p *principal) bool {
			return !p.outside && (p.arn == x.Principal.Name || p.name == x.Principal.Name)
		}
	}
	q.allOf = access.Quantifier == syntax.AllOf
	for _, a := range access.Actions {
		q.actions = append(q.actions, a.Text)
	}
	for _, r := range clauses.On {
		q.on = append(q.on, r.Pattern)
	}
	if clauses.When != nil {
		return q, q.setWhen(clauses.When.String())
	}
	return q, nil
}
