package query_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
)

// TestLinesAreExact holds that what a table shows of a key, read as a policy statement (each action where it applies), is what the grants
// give of it: no less, and no more.
func TestLinesAreExact(t *testing.T) {
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	expand := func(patterns []string) map[string]bool {
		out := make(map[string]bool)
		for _, p := range patterns {
			pattern, write := strings.CutSuffix(p, "@write")
			if write {
				pattern += "*"
			}
			for a := range c.Actions(pattern) {
				if !write || a.Access.Has(catalog.Write) {
					out[a.Name] = true
				}
			}
		}
		return out
	}
	actsOnKeys := func(actions map[string]bool) map[string]bool {
		maps.DeleteFunc(actions, func(name string, _ bool) bool {
			a, _ := c.Action(name)
			return !slices.ContainsFunc(a.Resources, func(r catalog.ActionResource) bool { return r.Type.Name == "key" })
		})
		return actions
	}
	type group struct {
		verdict    answer.Verdict
		conditions string
	}
	of := func(grants []answer.Grant, key string) map[group]map[string]bool {
		out := make(map[group]map[string]bool)
		for _, g := range grants {
			if !slices.Contains(g.Resources, key) {
				continue
			}
			actions, except := g.Actions, []string(nil)
			if text, missing, ok := strings.Cut(g.Actions[0], " except "); ok {
				actions, except = []string{text}, strings.Split(missing, ", ")
			}
			has := expand(actions)
			for _, name := range except {
				delete(has, name)
			}
			k := group{g.Verdict, g.Conditions}
			if out[k] == nil {
				out[k] = make(map[string]bool)
			}
			maps.Copy(out[k], actsOnKeys(has))
		}
		return out
	}
	keys, excepted := 0, 0
	for _, question := range []string{"who can kms:*", "who can kms:Generate*", "who can kms:@write", "who can kms:Decrypt, kms:List*"} {
		for _, e := range []*query.Engine{small(t), sample(t)} {
			rows, _ := ask(t, e, question)
			for _, r := range rows {
				row := r.(*answer.WhoCan).Whole()
				lines := row.Brief()
				for _, res := range row.Resources {
					if !strings.Contains(res, ":key/") {
						continue
					}
					keys++
					want, got := of(row.Grants, res), of(lines, res)
					if !maps.EqualFunc(want, got, func(a, b map[string]bool) bool { return maps.Equal(a, b) }) {
						t.Errorf("%s: %s on %s: the table says %v, the grants %v", question, row.Principal, res, got, want)
					}
				}
				for _, l := range lines {
					if strings.Contains(l.Actions[0], " except ") {
						excepted++
					}
				}
			}
		}
	}
	if keys < 50 || excepted < 5 {
		t.Errorf("%d keys and %d lines with exceptions, want more", keys, excepted)
	}
}
