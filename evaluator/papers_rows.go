package evaluator

import (
	"fmt"
	"slices"

	"github.com/accessgraph/accessgraph/evaluator/region"
)

// sum are the rows, the widest caller first; what a narrower one has just so is left out.
func (s *sheet) sum() []*Row {
	out := make([]*Row, 0, len(s.order))
	for _, r := range s.order {
		r.Grants = s.joined(r)
		for _, wider := range out {
			if wider.Kind == "public" || wider.Kind == "account" && wider.Account == r.Account {
				r.Grants = uncovered(wider.Grants, r.Grants)
			}
		}
		if len(r.Grants) == 0 {
			continue
		}
		for _, g := range r.Grants {
			r.Verdict = max(r.Verdict, g.Verdict)
		}
		r.Actions, r.ActionCount = s.question.union(r.Grants)
		out = append(out, r.Row)
	}
	return out
}

// joined joins a row's grants as far as they are told apart by nothing that is worth a line: the rules that make kinds of resource, and
// callers of one label. What the document gives in the resource's own account includes what it gives to the same caller from another one.
func (s *sheet) joined(r *paperRow) []*Access {
	byText := map[string]*Access{}
	var all []*Access
	for _, g := range s.question.joinGrants(r.Grants) {
		key := fmt.Sprintf("%d|%s|%q|%q|%q", g.Verdict, exprText(g.Conditions), g.Assumptions, g.Causes, g.Resources())
		have := byText[key]
		if have == nil {
			byText[key] = g
			all = append(all, g)
			continue
		}
		have.members, have.hints = have.members.Or(g.members), joined(have.hints, g.hints)
		have.Notes = joined(slices.Clip(have.Notes), g.Notes)
		have.spelling = &spelling{named: have.named, proof: slices.Concat(have.proof, g.proof)}
	}
	var own, abroad []*Access
	for _, g := range all {
		if slices.Contains(g.Resources(), "*") { // which is every one
			g.spelling = &spelling{named: []*names{{list: []string{"*"}}}, proof: g.proof}
		}
		g.Actions, g.ActionCount = s.question.spellAmong(g.members, r.asked(g), g.hints)
		if slices.Contains(g.Assumptions, abroadAssumption) {
			abroad = append(abroad, g)
		} else {
			own = append(own, g)
		}
	}
	out := append(own, uncovered(own, abroad)...)
	slices.SortStableFunc(out, func(a, b *Access) int { return int(b.Verdict) - int(a.Verdict) })
	certain := slices.IndexFunc(out, func(g *Access) bool { return g.Verdict == Unknown })
	if certain < 0 {
		return out
	}
	return append(out[:certain:certain], uncovered(out[:certain], out[certain:])...)
}

// asked are the actions that a pattern of a grant may stand for: those that cannot be asked of its resources make no difference.
func (r *paperRow) asked(g *Access) region.Set {
	if slices.Contains(g.Resources(), "*") {
		return r.arns.Or(r.star)
	}
	return r.arns
}

// uncovered drops grants that others include word for word, but for what they stand on and for doubts.
func uncovered(others, grants []*Access) []*Access {
	var out []*Access
	for _, g := range grants {
		if !slices.ContainsFunc(others, func(o *Access) bool {
			return g.members.SubsetOf(o.members) && (g.Verdict == o.Verdict || g.Verdict == Unknown) && (o.Conditions == nil || exprText(g.Conditions) == exprText(o.Conditions)) &&
				(slices.Equal(g.Resources(), o.Resources()) || slices.Equal(o.Resources(), []string{"*"}))
		}) {
			out = append(out, g)
		}
	}
	return out
}
