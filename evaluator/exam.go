package evaluator

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// exam holds drafts of statements against what a caller effectively may do: both are looked at inside the same evaluations, on the same
// classes of actions, cells of resources and cells of keys, so that what the one allows and the other does not is exact.
//
// The drafts stand for a document that is all there is on the caller's side, and in its own account on the resource's side too: neither boundary
// nor SCP or RCP nor the resource's policy limits it or adds to it. Only where no identity policy is ever enough, on resources of other accounts
// (D8), on KMS keys and in role trust (D25, D32), the resource's own consent is needed as before.
type exam struct {
	t       *targets
	caller  *caller
	drafts  []policy.Draft
	aspects []*aspect
	// desperate allows guesses that are seldom right.
	desperate bool
	plain     []policy.Draft // of every product that was drafted, the one with its own actions and resources
}

// aspect is the parts of one evaluation that no draft tells apart, and on which the caller may do the same.
type aspect struct {
	e       *evaluation
	parts   []*verdictPart
	allowed region.Node // the contexts in which the caller effectively may
	open    region.Node // the contexts in which policies decide at all
	matches []match
}

// match is the contexts in which a draft matches.
type match struct {
	index int // of the draft
	node  region.Node
}

// examine compares drafts with what a caller effectively may do. within are the resources that the question is about; none: all.
func (t *targets) examine(ctx context.Context, c *caller, drafts []policy.Draft, within []string, budget *region.Budget) (*exam, error) {
	x := &exam{t: t, caller: c, drafts: drafts}
	text, err := policy.Write(drafts)
	if err != nil {
		return nil, err
	}
	doc := policy.Parse(policy.Identity, text)
	if len(doc.Statements) != len(drafts) || !doc.Valid() {
		return nil, fmt.Errorf("the drafted document does not read back: %v", doc.Problems)
	}
	side := t.sideOf(c, Policy{Name: "draft", Doc: doc})
	defer t.question.forget(doc)
	for _, g := range t.mergeFor(side, t.groupsFor(c)) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := x.examineGroup(side, g, within, budget); err != nil {
			return nil, err
		}
	}
	return x, nil
}

func (x *exam) examineGroup(side *callerSide, g *targetGroup, within []string, budget *region.Budget) error {
	e, _ := evaluationFor(x.t, side, g, budget)
	e.attributes = true
	e.begin(x.t)
	var asked []int
	for _, p := range within {
		asked = append(asked, e.tests.add(policy.ResourceTemplate(p, policy.Identity, false)))
	}
	if !side.unlimited {
		e.live = e.live.And(e.grantable())
	}
	if err := e.cut(); err != nil {
		return err
	}
	type composed struct {
		part   *verdictPart
		open   *formula
		drafts []drafted
	}
	var all []composed
	for _, c := range e.cells {
		classes, err := e.classes(c)
		if err != nil {
			return err
		}
		for _, cl := range classes {
			if !budget.Spend(1 + int64(len(cl.in))) {
				return budget.Err()
			}
			p := &verdictPart{class: cl, cell: c}
			open, drafts, ok := e.composeBeside(p, e.about(c, asked))
			if ok && (p.result.kind != formFalse || len(drafts) > 0) {
				all = append(all, composed{p, open, drafts})
			}
		}
	}
	if len(all) == 0 {
		return budget.Err()
	}
	if err := e.symbols.seal(); err != nil {
		return err
	}
	byKey := map[string]*aspect{}
	for i := range all {
		p := all[i].part
		if _, err := e.decidePart(p); err != nil {
			return err
		}
		s := &aspect{e: e, allowed: e.certain(p.node)}
		s.open = e.symbols.space.And(e.certain(e.symbols.node(all[i].open)), p.care)
		key := binary.AppendUvarint(binary.AppendUvarint(nil, uint64(s.allowed)), uint64(s.open))
		for _, d := range all[i].drafts {
			n := e.symbols.node(d.formula)
			if x.drafts[d.index].Effect == policy.Deny {
				n = e.possible(n)
			} else {
				n = e.certain(n)
			}
			if n = e.symbols.space.And(n, s.open); n != e.symbols.space.False() {
				s.matches = append(s.matches, match{d.index, n})
				key = binary.AppendUvarint(binary.AppendUvarint(key, uint64(d.index)), uint64(n))
			}
		}
		if err := budget.Err(); err != nil {
			return err
		}
		if s.allowed == e.symbols.space.False() && len(s.matches) == 0 {
			continue
		}
		if have := byKey[string(key)]; have != nil {
			have.parts = append(have.parts, p)
			continue
		}
		s.parts = []*verdictPart{p}
		byKey[string(key)] = s
		x.aspects = append(x.aspects, s)
	}
	return nil
}

// grantable are the members of which some Allow in play, or some draft, speaks: nobody can do the others.
func (e *evaluation) grantable() region.Set {
	out := e.asking.none()
	for _, in := range e.instances {
		switch {
		case in.layer == LayerIdentity, in.layer == LayerResource, in.layer == LayerGrant, in.layer == layerDraft:
			if in.statement == nil || in.statement.Effect == policy.Allow {
				out = out.Or(in.members)
			}
		}
	}
	return out
}

// about tells whether a cell lies in the resources that the question is about, which are tests of the evaluation; none: all do.
func (e *evaluation) about(c *cell, asked []int) bool {
	for _, i := range asked {
		if c.in.Has(i) {
			return true
		}
	}
	return len(asked) == 0
}

// composeBeside composes a part with the drafts beside it; ok is false where no policy has a say (D4). Outside of what the question is about
// nothing counts as allowed.
func (e *evaluation) composeBeside(p *verdictPart, asked bool) (open *formula, drafts []drafted, ok bool) {
	c := e.composer(p)
	if NoPolicyNeeded(c.action, &e.caller.principal) {
		return nil, nil, false
	}
	c.collect()
	p.when, p.result = formulaTrue, formulaFalse
	if asked {
		p.result = conj(c.result(), c.question(e.asking.When))
	}
	p.passage = c.passage()
	return c.open(), c.drafts, true
}

// open is when a policy of the caller's own decides: not where a service refuses whatever it says, and, where no such policy is enough, as far
// as the resource's own side consents: that is nothing that the caller's policies could give or take away.
func (c *composer) open() *formula {
	if !c.e.unsure {
		return c.openTo(c.e.outsider)
	}
	unknown := c.e.symbols.unknown(policy.UnknownOwner, "the owner of "+c.resource)
	return disj(conj(unknown, c.openTo(false)), conj(negate(unknown), c.openTo(true)))
}

func (c *composer) openTo(outsider bool) *formula {
	if ServiceRefuses(c.action, &c.e.caller.principal, &c.target, outsider) {
		return formulaFalse
	}
	consent := conj(negate(c.withoutConsent(outsider)), c.behind())
	if outsider { // D8: its owner has the last word, in an Allow as in a Deny
		return conj(consent, negate(disj(c.denied(LayerResource), c.denied(LayerRCP), c.publicCut(outsider))))
	}
	return consent
}

// certain is the contexts of n whatever the snapshot does not tell, with assumptions as the question takes them.
func (e *evaluation) certain(n region.Node) region.Node {
	return e.symbols.space.ForAll(e.assumed(n), e.unknowns()...)
}

// possible is the contexts of n for something that the snapshot does not tell.
func (e *evaluation) possible(n region.Node) region.Node {
	return e.symbols.space.Exists(e.assumed(n), e.unknowns()...)
}

func (e *evaluation) assumed(n region.Node) region.Node {
	for _, o := range e.symbols.olist {
		if o.assumption != "" {
			taken := 1
			if e.asking.Strict && o.assumption == e.group.assumption {
				taken = 0
			}
			n = e.symbols.space.Restrict(n, o.variable, taken)
		}
	}
	return n
}

// unknowns are the variables of what the snapshot does not tell.
func (e *evaluation) unknowns() []region.Var {
	var out []region.Var
	for _, o := range e.symbols.olist {
		if o.cause != "" {
			out = append(out, o.variable)
		}
	}
	return out
}

// says is the contexts in which the drafts in use allow.
func (s *aspect) says(x *exam, use []bool) region.Node {
	space := s.e.symbols.space
	allow, deny := space.False(), space.False()
	for _, m := range s.matches {
		switch {
		case !use[m.index]:
		case x.drafts[m.index].Effect == policy.Deny:
			deny = space.Or(deny, m.node)
		default:
			allow = space.Or(allow, m.node)
		}
	}
	return space.Diff(allow, deny)
}

// exact tells whether the drafts in use allow exactly what the caller effectively may do.
func (x *exam) exact(use []bool) bool {
	for _, s := range x.aspects {
		if s.says(x, use) != s.allowed {
			return false
		}
	}
	return true
}

// missing are the parts in which the drafts in use do not allow what the caller may do, excess those in which they allow more.
func (x *exam) missing(use []bool) []difference {
	return x.differences(func(s *aspect) region.Node { return s.e.symbols.space.Diff(s.allowed, s.says(x, use)) })
}

func (x *exam) excess(use []bool) []difference {
	return x.differences(func(s *aspect) region.Node { return s.e.symbols.space.Diff(s.says(x, use), s.allowed) })
}

// difference is an aspect and some of its contexts.
type difference struct {
	aspect *aspect
	node   region.Node
}

func (x *exam) differences(of func(*aspect) region.Node) []difference {
	var out []difference
	for _, s := range x.aspects {
		if n := of(s); n != s.e.symbols.space.False() {
			out = append(out, difference{s, n})
		}
	}
	return out
}

// harmless gives the Deny drafts that deny nothing of what the caller may do.
func (x *exam) harmless() []bool {
	out := make([]bool, len(x.drafts))
	for i := range x.drafts {
		out[i] = x.drafts[i].Effect == policy.Deny
	}
	for _, s := range x.aspects {
		for _, m := range s.matches {
			if out[m.index] && s.e.symbols.space.And(m.node, s.allowed) != s.e.symbols.space.False() {
				out[m.index] = false
			}
		}
	}
	return out
}

// sound gives the Allow drafts that, beside the Deny drafts in use, allow nothing but what the caller may do.
func (x *exam) sound(use []bool) []bool {
	out := make([]bool, len(x.drafts))
	for i := range x.drafts {
		out[i] = x.drafts[i].Effect == policy.Allow
	}
	for _, s := range x.aspects {
		space := s.e.symbols.space
		barred := space.Not(s.allowed)
		for _, m := range s.matches {
			if use[m.index] && x.drafts[m.index].Effect == policy.Deny {
				barred = space.Diff(barred, m.node)
			}
		}
		for _, m := range s.matches {
			if out[m.index] && space.And(m.node, barred) != space.False() {
				out[m.index] = false
			}
		}
	}
	return out
}

// reduce drops drafts one by one, the first of order first, as long as the others say the same.
func (x *exam) reduce(use []bool, order []int) {
	touched := make([][]*aspect, len(x.drafts))
	for _, s := range x.aspects {
		for _, m := range s.matches {
			touched[m.index] = append(touched[m.index], s)
		}
	}
	for again := true; again; {
		again = false
		for _, i := range order {
			if !use[i] {
				continue
			}
			use[i] = false
			for _, s := range touched[i] {
				if s.says(x, use) != s.allowed {
					use[i] = true
					break
				}
			}
			again = again || !use[i]
		}
	}
}
