package evaluator

import "github.com/accessgraph/accessgraph/evaluator/region"

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
	for _, a := range []string{account, "444455556666"} {
		if text := likely(templatePattern(t.template, "aws", a)); e.inPiece(p, text) {
			return text, true
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
