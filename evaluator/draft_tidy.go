package evaluator

import (
	"cmp"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// tidy joins statements that differ in nothing but their actions, or nothing but their resources, drops patterns that another one of their list
// covers, puts the statements in order and names them.
func tidy(drafts []policy.Draft) []policy.Draft {
	drafts = slices.Clone(drafts)
	for again := true; again; {
		n := len(drafts)
		drafts = joinBy(drafts, func(d *policy.Draft) *[]string { return &d.Actions }, func(d *policy.Draft) bool { return d.NotAction })
		drafts = joinBy(drafts, func(d *policy.Draft) *[]string { return &d.Resources }, func(d *policy.Draft) bool { return d.NotResource })
		again = len(drafts) < n
	}
	for i := range drafts {
		d := &drafts[i]
		d.Actions = compactTexts(d.Actions, func(text string) (region.Pattern, bool) { return region.Glob(text, true), true })
		d.Resources = compactTexts(d.Resources, func(text string) (region.Pattern, bool) {
			t := policy.ResourceTemplate(text, policy.Identity, true)
			if t.Static == nil {
				return region.Pattern{}, false
			}
			return *t.Static, true
		})
	}
	slices.SortStableFunc(drafts, func(a, b policy.Draft) int {
		return cmp.Or(cmp.Compare(a.Effect, b.Effect), strings.Compare(a.Text(), b.Text()))
	})
	return drafts
}

// joinBy joins drafts that differ in one list alone.
func joinBy(drafts []policy.Draft, list func(*policy.Draft) *[]string, excluding func(*policy.Draft) bool) []policy.Draft {
	byRest := map[string]int{}
	var out []policy.Draft
	for _, d := range drafts {
		if excluding(&d) {
			out = append(out, d)
			continue
		}
		rest := d
		*list(&rest) = nil
		key := rest.Text()
		at, ok := byRest[key]
		if !ok {
			byRest[key] = len(out)
			out = append(out, d)
			continue
		}
		joint := list(&out[at])
		*joint = union(*joint, *list(&d))
	}
	return out
}

// compactTexts sorts patterns and drops those that another one covers.
func compactTexts(texts []string, read func(string) (region.Pattern, bool)) []string {
	texts = union(texts, nil)
	var out []string
	for i, text := range texts {
		p, ok := read(text)
		covered := false
		for j, other := range texts {
			if i == j || !ok || covered || !strings.ContainsAny(other, "*?") {
				continue
			}
			o, fine := read(other)
			covered = fine && covers(o, p) && (!covers(p, o) || j < i)
		}
		if !covered {
			out = append(out, text)
		}
	}
	return out
}
