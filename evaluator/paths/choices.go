package paths

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
)

// option is one of several edits of a principal that exclude each other, or one that takes something too: another version of a policy in force, another
// boundary, a policy that denies something.
type option struct {
	with  []evaluator.Policy // identity policies that it gets
	arn   string             // the policy in whose place they come; empty: they come beside the others
	bound *evaluator.Policy  // its boundary
}

// choices lists what can be chosen among when the edits of a level are made of a principal, beside those that are always of use: of each choice nothing
// or one of its options. Base is what comes of none.
func (b *builder) choices(principal uint32, edits []applied, level Level, base *Change) [][]option {
	actor := b.nodes[principal].actor
	everything := actor.Unbounded() || base != nil && base.Edit.Everything
	unbound := !actor.Bounded() || base != nil && base.Edit.Unbound
	var out [][]option
	var bounds []option
	for i := range edits {
		e := &edits[i]
		if e.level < level {
			continue
		}
		switch {
		case e.technique.Edit == EditSetVersion:
			if list := b.versions(actor, e.edit, everything, unbound); len(list) > 0 {
				out = append(out, list)
			}
		case e.bound != nil && !unbound && e.bound.Name != actor.Boundary():
			bounds = append(bounds, option{bound: e.bound})
		case !everything && e.adds():
			if docs := b.added(actor, e.edit); !harmless(docs) && allows(docs) {
				out = append(out, []option{{with: docs}})
			}
		}
	}
	if len(bounds) > 0 { // a boundary that is put in place counts, whatever the old one says
		out = append(out, bounds)
	}
	return out
}

// versions lists the other versions of a policy that a principal has or is bounded by. Beside an identity policy that allows everything they matter
// where the one in force denies something.
func (b *builder) versions(actor *evaluator.Actor, e *edit, everything, unbound bool) []option {
	p := b.things.policyOf[e.through]
	if p == nil {
		return nil
	}
	arn := string(p.ARN)
	bounds := !unbound && boundaryARNOf(actor) == arn
	has, denies := false, false
	for _, own := range actor.Policies() {
		if isPolicy(own.Name, arn) {
			has, denies = true, denies || evaluator.Denies(own.Doc)
		}
	}
	has = has && (denies || !everything)
	if !has && !bounds {
		return nil
	}
	var out []option
	for _, v := range p.Versions {
		if v.Default {
			continue
		}
		var o option
		name := arn + " version " + v.ID
		if doc, ok := b.world.VersionOf(actor.Account(), arn, v.ID, name); ok && has {
			o.with, o.arn = []evaluator.Policy{doc}, arn
		}
		if doc, ok := b.world.BoundaryOf(actor.Account(), arn, v.ID, name); ok && bounds {
			o.bound = &doc
		}
		out = append(out, o)
	}
	return out
}

// isPolicy tells whether a policy of a principal, by the name that answers quote, is a managed policy, in whichever version: attached to it or to a group
// of it.
func isPolicy(name, arn string) bool {
	return name == arn || strings.HasSuffix(name, ": "+arn) || strings.HasPrefix(name, arn+" version ")
}

// boundaryARNOf is the managed policy that bounds an actor, in whichever version; empty for none.
func boundaryARNOf(a *evaluator.Actor) string {
	arn, _, _ := strings.Cut(a.Boundary(), " version ")
	return arn
}

// harmless tells policies that deny nothing.
func harmless(docs []evaluator.Policy) bool {
	return !slices.ContainsFunc(docs, func(p evaluator.Policy) bool { return evaluator.Denies(p.Doc) })
}

// allows tells policies of which some may allow something.
func allows(docs []evaluator.Policy) bool {
	return slices.ContainsFunc(docs, func(p evaluator.Policy) bool { return len(p.Doc.Statements) > 0 && !evaluator.DeniesOnly(p.Doc) })
}

// warn notes a warning once.
func (b *builder) warn(text string) {
	if !contains(b.Warnings, text) {
		b.Warnings = append(b.Warnings, text)
	}
}

// mostCombinations bounds how many ways to make choices are looked at.
const mostCombinations = 64

// combinations visits the ways to take nothing or one option of each choice, taking nothing at all aside; where they are too many, one option alone each
// time.
func combinations(choices [][]option, fn func([]*option)) (all bool) {
	ways := 1
	for _, c := range choices {
		ways = min(ways*(len(c)+1), mostCombinations+1)
	}
	if ways > mostCombinations {
		for _, c := range choices {
			for i := range c {
				fn([]*option{&c[i]})
			}
		}
		return false
	}
	at := make([]int, len(choices))
	for next(at, choices) {
		var picked []*option
		for i, n := range at {
			if n > 0 {
				picked = append(picked, &choices[i][n-1])
			}
		}
		fn(picked)
	}
	return true
}

// next counts up; false after the last.
func next(at []int, choices [][]option) bool {
	for i := range at {
		if at[i]++; at[i] <= len(choices[i]) {
			return true
		}
		at[i] = 0
	}
	return false
}
