package evaluator

import (
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// relationAxioms tie a relation to the cells of its keys: it needs every key that it reads, and between cells of one
// value each it is decided.
func (s *symbols) relationAxioms() region.Node {
	var all []region.Node
	for _, o := range s.olist {
		holds := s.bit(o.variable)
		if o.set != nil {
			all = append(all, s.setAxiom(o, holds))
			continue
		}
		if o.template == nil || s.domains[o.key] != nil && s.domains[o.key].multi {
			continue
		}
		if o.key != "" {
			if none, inPlay := s.absentNode(o.key); inPlay {
				all = append(all, s.space.Or(s.space.Not(holds), s.space.Not(none)))
			}
		}
		for _, seg := range o.template.Segments {
			if seg.Kind != policy.SegmentVariable || seg.HasDefault {
				continue
			}
			if none, inPlay := s.absentNode(seg.Key); inPlay {
				all = append(all, s.space.Or(s.space.Not(holds), s.space.Not(none))) // B12
			}
		}
		all = append(all, s.decidedRelation(o, holds))
	}
	return s.both(all)
}

// both joins many nodes by halves, as fold does.
func (s *symbols) both(nodes []region.Node) region.Node {
	if len(nodes) < 2 {
		return s.space.And(nodes...)
	}
	half := len(nodes) / 2
	return s.space.And(s.both(nodes[:half]), s.both(nodes[half:]))
}

// setAxiom ties a fact about a set to its members: those that the known values accept decide it alone where they can, and always when
// no other value of the test is there (B12).
func (s *symbols) setAxiom(o *opaque, holds region.Node) region.Node {
	t, d := o.set, o.set.dom
	if !d.multi {
		return s.space.True()
	}
	known := s.space.False() // the positive test with the known values alone
	if o.cond.Set == policy.ForAllValues {
		known = s.space.True()
	}
	for i := len(d.cells) - 1; i >= 0; i-- {
		has := s.bit(d.inhabited[i])
		switch accepted := t.accepts(d.cells[i]); {
		case o.cond.Set == policy.ForAllValues && !accepted:
			known = s.space.And(s.space.Not(has), known)
		case o.cond.Set == policy.ForAnyValue && accepted:
			known = s.space.Or(has, known)
		}
	}
	u := s.space.Or(s.space.Not(known), holds)
	members := s.space.False()
	for i := len(d.inhabited) - 1; i >= 0; i-- {
		members = s.space.Or(s.bit(d.inhabited[i]), members)
	}
	open := members // something else can accept a member
	others := s.space.False()
	for _, r := range t.relates {
		there := s.space.True()
		for _, seg := range r.shown.Segments {
			if seg.Kind != policy.SegmentVariable || seg.HasDefault {
				continue
			}
			if none, inPlay := s.absentNode(seg.Key); inPlay {
				there = s.space.Diff(there, none)
			}
		}
		others = s.space.Or(others, there)
	}
	open = s.space.And(open, others)
	return s.space.And(u, s.space.Or(s.space.Or(open, known), s.space.Not(holds)))
}

// decidedRelation fixes a relation between two single-valued keys wherever both lie in cells of one value, and excludes it where no
// value of the one cell, put into the template, is in the other.
func (s *symbols) decidedRelation(o *opaque, holds region.Node) region.Node {
	u := s.space.True()
	left := s.domains[o.key]
	if left == nil || left.multi || len(o.reads) != 1 {
		return u
	}
	right := s.domains[o.reads[0]]
	if right == nil || right.multi {
		return u
	}
	const most = 64 // pairs of cells that are looked into
	few := len(left.cells)*len(right.cells) <= most
	for i, l := range left.cells {
		for j, r := range right.cells {
			at := func() region.Node { return s.space.And(s.cellNode(left, i), s.cellNode(right, j)) }
			if !l.Single || !r.Single {
				if few && s.apart(o, left, l, right, r) {
					u = s.space.Diff(u, s.space.And(at(), holds))
				}
				continue
			}
			ctx := policy.NewContext(1)
			ctx.Set(right.key, policy.Single(r.Witness))
			pattern, ok := o.template.Resolve(ctx)
			if ok && pattern.Match(l.Witness) {
				u = s.space.And(u, s.space.Or(s.space.Not(at()), holds))
			} else {
				u = s.space.Diff(u, s.space.And(at(), holds))
			}
		}
	}
	return u
}

// apart tells whether no value of the right cell, put into a template with that one variable, gives a text of the left cell. It may
// say no too often.
func (s *symbols) apart(o *opaque, left *domain, l region.Cell, right *domain, r region.Cell) bool {
	at, variables := 0, 0
	literal := true
	for i := range o.template.Segments {
		seg := &o.template.Segments[i]
		if seg.Kind == policy.SegmentVariable {
			at = i
			variables++
			continue
		}
		literal = literal && !region.Pattern{Tokens: seg.Tokens}.HasWildcard()
	}
	op := o.cond.Op.Positive()
	switch {
	case variables != 1, op != policy.StringEquals && op != policy.StringLike:
		return false
	case len(left.tests) == 0, len(right.tests) == 0 && len(o.template.Segments) == 1:
		return false // the one cell takes every text
	}
	image := func(p region.Pattern) region.Pattern {
		out := region.Pattern{Fold: p.Fold}
		for i := range o.template.Segments {
			if i == at {
				out.Tokens = append(out.Tokens, p.Tokens...)
			} else {
				out.Tokens = append(out.Tokens, o.template.Segments[i].Tokens...)
			}
		}
		return out
	}
	within := []region.Lang{{Patterns: []region.Pattern{image(region.Pattern{Tokens: []region.Token{{Kind: region.TokenStar}}})}}}
	for i := range left.tests {
		if lang, ok := left.tests[i].Lang(); ok {
			lang.Not = lang.Not == l.In.Has(i)
			within = append(within, lang)
		}
	}
	for i := range right.tests {
		lang, ok := right.tests[i].Lang()
		if !ok {
			continue
		}
		lang.Not = lang.Not == r.In.Has(i)
		patterns := make([]region.Pattern, len(lang.Patterns))
		exact := literal
		for k, p := range lang.Patterns {
			patterns[k] = image(p)
			exact = exact && !p.Fold
		}
		if !lang.Not || exact { // only a literal surrounding has one value for one text
			within = append(within, region.Lang{Patterns: patterns, Not: lang.Not})
		}
	}
	empty, err := region.Empty(s.spare, within...)
	return empty && err == nil
}
