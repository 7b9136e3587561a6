package query_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
)

// TestChangedDocumentsAreEnough edits identity policies and a boundary of the sample one after the other: what is found by asking about the actions that they speak
// of is what is found by asking about all actions.
func TestChangedDocumentsAreEnough(t *testing.T) {
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	replaced := func(h graph.DocumentHash, f *graph.Facts, old, with string) graph.DocumentHash {
		text := f.Documents[h].Canonical
		if !bytes.Contains(text, []byte(old)) {
			t.Fatalf("the sample changed: %s has no %s", text, old)
		}
		return documentIn(f, string(bytes.ReplaceAll(text, []byte(old), []byte(with))))
	}
	policyNamed := func(f *graph.Facts, name string) *graph.ManagedPolicy {
		a := f.Accounts[prod]
		return a.Policies[slices.IndexFunc(a.Policies, func(p *graph.ManagedPolicy) bool { return p.Name == name })]
	}
	inline := func(f *graph.Facts) *graph.InlinePolicy { return &roleOf(f, "App").Inline[0] }
	tests := []struct {
		name   string
		change func(f *graph.Facts)
	}{
		{"a Deny less", func(f *graph.Facts) { inline(f).Document = replaced(inline(f).Document, f, `"Deny"`, `"Allow"`) }},
		{"everything", func(f *graph.Facts) {
			u := userOf(f, "bob")
			u.Inline = append(u.Inline, graph.InlinePolicy{Name: "new", Document: documentIn(f, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"},{"Effect":"Deny","Action":"kms:Put*","Resource":"*"}]}`)})
		}},
		{"an action that nobody knows", func(f *graph.Facts) {
			u := userOf(f, "bob")
			u.Inline = append(u.Inline, graph.InlinePolicy{Name: "new", Document: documentIn(f, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["novel:Thing","sqs:PurgeQueue"],"Resource":"*"}]}`)})
		}},
		{"a boundary", func(f *graph.Facts) {
			for i := range policyNamed(f, "DeployBoundary").Versions {
				policyNamed(f, "DeployBoundary").Versions[i].Document = documentIn(f, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","lambda:*"],"Resource":"*"}]}`)
			}
		}},
		{"a policy and a tag", func(f *graph.Facts) {
			inline(f).Document = replaced(inline(f).Document, f, `"s3:GetObject"`, `"s3:Get*"`)
			userOf(f, "bob").Tags = []graph.Tag{{Key: "Team", Value: "platform"}}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := moments(t, test.change)
			narrow, _ := changesOf(t, s, "changes from @before to @after")
			whole, _ := changesOf(t, s, "changes from @before to @after in (who can do *)")
			narrow = slices.DeleteFunc(narrow, func(r *answer.ChangeRow) bool { return r.Section == answer.SectionFacts })
			got, want := accessOf(c, narrow), accessOf(c, whole)
			if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
				t.Errorf("access that differs (-all actions +those of the documents):\n%s", diff)
			}
		})
	}
}

// accessOf is the actions that principals gained and lost, by principal.
func accessOf(c *catalog.Catalog, rows []*answer.ChangeRow) map[string][2][]string {
	sets := map[string][2]map[string]bool{}
	for _, r := range rows {
		who := r.Principals
		if len(who) == 0 {
			who = []string{r.ID}
		}
		for _, arn := range who {
			if _, ok := sets[arn]; !ok {
				sets[arn] = [2]map[string]bool{{}, {}}
			}
			for i, list := range [][]answer.Grant{r.Gained, r.Lost} {
				for _, g := range list {
					for _, pattern := range g.Actions {
						known := false
						for a := range c.Actions(pattern) {
							sets[arn][i][a.Name], known = true, true
						}
						if !known {
							sets[arn][i][pattern] = true
						}
					}
				}
			}
		}
	}
	out := map[string][2][]string{}
	for arn, s := range sets {
		out[arn] = [2][]string{slices.Sorted(maps.Keys(s[0])), slices.Sorted(maps.Keys(s[1]))}
	}
	return out
}
