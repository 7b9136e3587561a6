package evaluator

import (
	"errors"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// The products that a difference is written with: fewProducts of one that need not be written, someProducts at first of one that must be,
// and maxProducts where all else has failed.
const (
	fewProducts  = 48
	someProducts = 160
	maxProducts  = 4096
)

// errTooLong ends a way of looking for a document that leads to long ones.
var errTooLong = errors.New("the document would be very long")

// draftsFor drafts statements for what is missing or too much: for every product of actions, resources and contexts some guesses, one of which is
// the product itself where the language has words for it. wordless names the conditions for which it has none.
func (x *exam) draftsFor(found []difference, effect policy.Effect, most int) (drafts []policy.Draft, wordless []string, err error) {
	byEvaluation := map[*evaluation][]*raw{}
	var order []*evaluation
	for _, f := range found {
		e := f.aspect.e
		if byEvaluation[e] == nil {
			order = append(order, e)
		}
		for _, p := range f.aspect.parts {
			byEvaluation[e] = append(byEvaluation[e], &raw{
				members: p.class.members, applying: p.cell.actions, cells: []*cell{p.cell}, node: f.node, part: p, verdict: Conditional,
			})
		}
	}
	joint := map[string]*product{}
	var products []*product
	for _, e := range order {
		merged := mergeRaw(byEvaluation[e])
		if len(merged) > most {
			return nil, nil, errTooLong
		}
		for _, r := range merged {
			residual, ok := e.symbols.residual(r.node, r.part.care)
			if !ok {
				return nil, nil, e.wordless(r)
			}
			for _, d := range e.describe(r.cells) {
				p := &product{members: r.members, applying: r.applying, condition: residual, exact: len(d.patterns) == 1 && d.condition == nil}
				if d.condition != nil {
					p.condition = And{Of: []Expr{d.condition, residual}}
				}
				for _, n := range d.patterns {
					p.resources = append(p.resources, n.list...)
				}
				key := p.members.Key() + "|" + exprText(p.condition)
				if have := joint[key]; have != nil {
					have.resources, have.applying = append(have.resources, p.resources...), have.applying.Or(p.applying)
					continue
				}
				joint[key] = p
				products = append(products, p)
			}
		}
	}
	if len(products) > most {
		return nil, nil, errTooLong
	}
	for _, p := range products {
		terms, ok := termsOf(p.condition, false)
		if !ok {
			wordless = append(wordless, exprText(p.condition))
			terms = []term{{}} // as wide as it could be; what is too much the other effect takes back
		}
		for i := range terms {
			some := x.draftProduct(p, &terms[i], effect)
			if drafts = append(drafts, some...); len(some) > 0 {
				x.plain = append(x.plain, some[0])
			}
		}
	}
	return drafts, wordless, x.budgetErr()
}

func (x *exam) budgetErr() error {
	if len(x.aspects) == 0 {
		return nil
	}
	return x.aspects[0].e.budget.Err()
}

// product is some actions on some resources in some contexts.
type product struct {
	members, applying region.Set
	resources         []string
	condition         Expr
	exact             bool
}

// longList is from how many resources on something shorter is tried instead of a list: what is as wide as can be without a difference may be wider
// than anybody means.
const longList = 10

// draftProduct drafts one alternative of a product.
func (x *exam) draftProduct(p *product, t *term, effect policy.Effect) []policy.Draft {
	type element struct {
		not   bool
		texts []string
	}
	var resources []element
	base := spelledResources(compactResources(p.resources))
	for _, like := range t.like {
		base = meetTexts(base, like)
	}
	if len(base) == 0 {
		return nil
	}
	resources = append(resources, element{false, base})
	if len(t.unlike) > 0 {
		resources = append(resources, element{true, union(t.unlike, nil)})
	}
	if !slices.Contains(base, "*") && len(base) > longList {
		resources = append(resources, element{false, []string{"*"}})
	}
	if effect == policy.Deny && (len(base) > longList || len(t.unlike) > 0) {
		if spared := x.allowedOn(p.members); len(spared) > 0 && !slices.Contains(spared, "*") {
			resources = append(resources, element{true, spared})
		}
	}
	if barred := x.refusedOn(p.members); effect == policy.Allow && x.desperate && len(barred) > 0 && len(barred) <= maxSpared {
		resources = append(resources, element{true, barred})
	}
	var out []policy.Draft
	for _, a := range x.spellings(p) {
		for _, r := range resources {
			d := policy.Draft{Effect: effect, NotAction: a.not, Actions: a.texts, NotResource: r.not, Resources: r.texts, Conditions: t.tests}
			if _, err := policy.Write([]policy.Draft{d}); err == nil {
				out = append(out, d)
			}
		}
	}
	return out
}

type actionElement struct {
	not   bool
	texts []string
}

// spellings are ways to write a product's actions: as they are, with whole services where the others of a service have nothing to do with the
// resources, and as all but the others.
func (x *exam) spellings(p *product) []actionElement {
	q := x.t.question
	var out []actionElement
	add := func(not bool, texts []string) {
		if len(texts) == 0 || slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(s, "(any other") }) {
			return
		}
		for _, have := range out {
			if have.not == not && slices.Equal(have.texts, texts) {
				return
			}
		}
		out = append(out, actionElement{not, texts})
	}
	exact, _ := q.spell(p.members, nil)
	if add(false, exact); len(out) > 0 && len(exact) <= longList {
		return out
	}
	wide := q.none()
	for _, s := range q.serviceSets() {
		own := p.members.And(s.members)
		switch {
		case own.Empty():
		case own.Equal(p.applying.And(s.members)), own.Intersects(q.others):
			wide = wide.Or(s.members)
		default:
			wide = wide.Or(own)
		}
	}
	whole, _ := q.spell(wide, nil)
	add(false, whole)
	rest, _ := q.spell(p.applying.AndNot(p.members), nil)
	add(true, rest)
	if p.applying.SubsetOf(p.members) && len(whole) > 1 {
		add(false, []string{"*"})
	}
	return out
}

// allowedOn are patterns around all resources on which the caller may do some of these, whatever the contexts.
func (x *exam) allowedOn(members region.Set) []string {
	return x.resourcesOf(members, func(s *aspect) bool { return s.allowed != s.e.symbols.space.False() })
}

// refusedOn are patterns around the resources on which the caller may do none of these although a draft speaks of them.
func (x *exam) refusedOn(members region.Set) []string {
	return x.resourcesOf(members, func(s *aspect) bool { return s.allowed == s.e.symbols.space.False() })
}

func (x *exam) resourcesOf(members region.Set, which func(*aspect) bool) []string {
	cells := map[*evaluation][]*cell{}
	var order []*evaluation
	for _, s := range x.aspects {
		if !which(s) {
			continue
		}
		for _, p := range s.parts {
			if p.class.members.Intersects(members) {
				if cells[s.e] == nil {
					order = append(order, s.e)
				}
				cells[s.e] = append(cells[s.e], p.cell)
			}
		}
	}
	var all []string
	for _, e := range order {
		for _, d := range e.describe(cells[e]) {
			for _, n := range d.patterns {
				all = append(all, n.list...)
			}
		}
	}
	return spelledResources(compactResources(all))
}

// narrowed drafts for each Deny draft that denies something of what the caller may do one that leaves those actions out.
func (x *exam) narrowed(harmless []bool) []policy.Draft {
	q := x.t.question
	hurt := map[int]region.Set{}
	for _, s := range x.aspects {
		for _, m := range s.matches {
			if x.drafts[m.index].Effect != policy.Deny || harmless[m.index] || s.e.symbols.space.And(m.node, s.allowed) == s.e.symbols.space.False() {
				continue
			}
			if _, ok := hurt[m.index]; !ok {
				hurt[m.index] = q.none()
			}
			for _, p := range s.parts {
				hurt[m.index] = hurt[m.index].Or(p.class.members)
			}
		}
	}
	var out []policy.Draft
	for i := range x.drafts {
		members, ok := hurt[i]
		d := x.drafts[i]
		if !ok || !d.NotAction {
			continue
		}
		texts, _ := q.spell(members, nil)
		if len(texts) > maxSpared || slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(s, "(any other") }) {
			continue
		}
		d.Actions = union(d.Actions, texts)
		out = append(out, d)
	}
	return out
}

// maxSpared is how many actions a Deny with NotAction is made to leave out.
const maxSpared = 64
