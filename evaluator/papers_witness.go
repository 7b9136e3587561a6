package evaluator

import (
	"slices"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// mostLikely bounds the actions that are looked at for one with a resource of its own.
const mostLikely = 256

// makeLikely gives a sketch an action and a resource that go together, as the catalogue has it, where the grant has such: documents by
// themselves allow many that nobody can ask for.
func (e *evaluation) makeLikely(r *raw, sk *sketch) {
	p := &r.part.cell.pieces[0]
	if p.item.literal && e.group.star {
		e.likelyAction(r, sk)
		return
	}
	var pairs []likelyPair
	looked := 0
	e.whole(r.part.class.members).Each(func(i int) {
		m := &e.asking.members[i]
		if m.action == nil || looked >= mostLikely {
			return
		}
		looked++
		for _, t := range e.w.types(ActionService(m.name)) {
			for j := range m.action.Resources {
				if t.key == t.service+"/"+m.action.Resources[j].Type.Name {
					pairs = append(pairs, likelyPair{m, t})
				}
			}
		}
	})
	for _, pair := range pairs {
		if pair.typ.matches(sk.resource) {
			sk.member = pair.member
			return
		}
	}
	for _, pair := range pairs {
		if text, ok := e.likelyOf(p, pair.typ); ok {
			sk.member, sk.resource = pair.member, text
			return
		}
	}
	e.likelyAction(r, sk)
}

// likelyPair is an action and a type of resource that it acts on.
type likelyPair struct {
	member *member
	typ    *resourceType
}

// likelyAction gives a sketch an action of the catalogue, where there is one.
func (e *evaluation) likelyAction(r *raw, sk *sketch) {
	found := false
	e.whole(r.part.class.members).Each(func(i int) {
		if m := &e.asking.members[i]; !found && m.action != nil {
			sk.member, found = m, true
		}
	})
}

// likelyOf is a resource of a type in a piece: one that a pattern in play narrows down, or any.
func (e *evaluation) likelyOf(p *piece, t *resourceType) (string, bool) {
	account := e.group.ownerID
	if account == nobodys || account == "" {
		account = paperAccount
	}
	for _, partition := range []string{"aws", "aws-us-gov", "aws-cn"} {
		for _, a := range []string{account, "444455556666"} {
			if text := likely(templatePattern(t.template, partition, a)); e.inPiece(p, text) {
				return text, true
			}
		}
	}
	within := append([]region.Lang{{Patterns: []region.Pattern{t.pattern}}}, p.item.langs...)
	if !p.whole {
		for i, at := range p.split.tests {
			within = append(within, region.Lang{Patterns: []region.Pattern{e.tests.list[at].pattern}, Not: !p.bits.Has(i)})
		}
	}
	if p.item.literal {
		return "", false
	}
	text, ok, err := region.Find(e.budget, within...)
	return text, ok && err == nil && t.matches(text)
}

// mostOther bounds the other sketches of one grant that are tried.
const mostOther = 512

// otherwise makes other sketches of a grant until one will do. Where a resource pattern reads keys of the request, a value and a resource that go
// together must be found: for each piece of the resources, each cell of each such key is tried, with the resource that the value spells, and
// with the value that a resource spells.
func (e *evaluation) otherwise(r *raw, try func(*sketch) bool) bool {
	s := e.symbols
	left := mostOther
	for _, o := range s.olist {
		if o.class() != 0 || o.key != "" || o.shown == nil {
			continue
		}
		for _, key := range o.reads {
			d := s.domains[key]
			if d == nil || d.multi {
				continue
			}
			for i := range d.cells {
				node := s.space.And(r.node, s.cellNode(d, i))
				if at, ok := s.space.Pick(node); ok && e.otherwiseIn(r, o, d, i, at, &left, try) {
					return true
				}
			}
		}
	}
	return false
}

// otherwiseIn tries the pieces of a grant's resources under one assignment.
func (e *evaluation) otherwiseIn(r *raw, o *opaque, d *domain, cell int, at []int, left *int, try func(*sketch) bool) bool {
	for _, c := range r.cells {
		for i := range c.pieces {
			p := &c.pieces[i]
			for _, alt := range e.matches(o, d, cell, p) {
				if *left--; *left < 0 {
					return false
				}
				sk := e.plainSketch(r, at)
				sk.resource = alt.resource
				sk.set(d, alt.value)
				e.settleOthers(sk, at, o)
				if e.inPiece(p, sk.resource) && try(sk) {
					return true
				}
			}
		}
	}
	return false
}

// plainSketch is sketchOf for an assignment, without what relates its values.
func (e *evaluation) plainSketch(r *raw, at []int) *sketch {
	sk := &sketch{member: &e.asking.members[e.bestMember(r)], region: r.part.cell.region}
	for _, d := range e.symbols.order {
		if f := r.part.facts.fact(d.key); f.state != keyFree && f.state != keyPresent {
			continue
		}
		if kv, ok := d.value(at); ok {
			sk.request = append(sk.request, kv)
		}
	}
	return sk
}

// set gives a key of a sketch a value.
func (sk *sketch) set(d *domain, value string) {
	i := slices.IndexFunc(sk.request, func(kv KeyValue) bool { return kv.Key == d.written })
	if i < 0 {
		i = len(sk.request)
		sk.request = append(sk.request, KeyValue{Key: d.written})
	}
	sk.request[i].Values = []string{value}
}

// matching is a resource and a value of a key.
type matching struct{ resource, value string }

// matches gives resources of a piece and values of a cell that go together under a pattern, and such that do not.
func (e *evaluation) matches(o *opaque, d *domain, cell int, p *piece) []matching {
	values := []string{d.cells[cell].Witness}
	for _, other := range []string{"x", "example", "other"} {
		if e.inCell(d, cell, other) {
			values = append(values, other)
		}
	}
	samples := []string{}
	note := func(text string) {
		if text != "" && !slices.Contains(samples, text) && e.inPiece(p, text) {
			samples = append(samples, text)
		}
	}
	note(p.witness)
	if p.item.literal {
		note(p.item.text)
	} else {
		note(likely(p.item.pattern))
		if !p.whole {
			for i, at := range p.split.tests {
				if p.bits.Has(i) {
					note(likely(e.tests.list[at].pattern))
				}
			}
		}
	}
	var out []matching
	for _, v := range values {
		ctx := policy.NewContext(1)
		ctx.Set(d.key, policy.Single(v))
		if pattern, ok := o.shown.Resolve(ctx); ok && !p.item.literal {
			if text, found, err := region.Find(e.budget, append([]region.Lang{{Patterns: []region.Pattern{pattern}}}, e.langsOf(p)...)...); found && err == nil {
				out = append(out, matching{text, v})
			}
		}
		for _, text := range samples {
			out = append(out, matching{text, v})
		}
	}
	for _, text := range samples {
		for _, v := range spelledBy(o.shown, text, d.key) {
			if e.inCell(d, cell, v) {
				out = append(out, matching{text, v})
			}
		}
	}
	return out
}

// langsOf is a piece as an intersection.
func (e *evaluation) langsOf(p *piece) []region.Lang {
	out := slices.Clone(p.item.langs)
	if p.split == nil {
		return out
	}
	for i, at := range p.split.tests {
		out = append(out, region.Lang{Patterns: []region.Pattern{e.tests.list[at].pattern}, Not: !p.bits.Has(i)})
	}
	return out
}

// spelledBy gives the values of a key that make a template match a text.
func spelledBy(t *policy.Template, text, key string) []string {
	s := solver{segments: t.Segments, text: text, lists: func(string) bool { return false }, globs: make([]region.Matcher, len(t.Segments))}
	for i, seg := range t.Segments {
		s.globs[i] = region.Compile(region.Pattern{Tokens: seg.Tokens})
	}
	s.solve(0, 0)
	var out []string
	for _, solution := range s.found {
		for _, b := range solution {
			if b.key == key && b.present {
				note(&out, b.text)
			}
		}
	}
	return out
}

// settleOthers gives the keys of the other patterns values that match the resource where the assignment has it so, and that do not where not.
func (e *evaluation) settleOthers(sk *sketch, at []int, done *opaque) {
	for _, o := range e.symbols.olist {
		if o == done || o.class() != 0 || o.key != "" || o.shown == nil || at[o.variable] < 0 {
			continue
		}
		for _, key := range o.reads {
			d := e.symbols.domains[key]
			if d == nil || d.multi || at[d.presence] < 1 || slices.Contains(done.reads, key) {
				continue
			}
			if at[o.variable] == 1 {
				for _, v := range spelledBy(o.shown, sk.resource, key) {
					if e.inCell(d, at[d.presence]-1, v) {
						sk.set(d, v)
						break
					}
				}
				continue
			}
			for _, v := range []string{"other", "nobody"} {
				if e.inCell(d, at[d.presence]-1, v) && !slices.Contains(spelledBy(o.shown, sk.resource, key), v) {
					sk.set(d, v)
					break
				}
			}
		}
	}
}
