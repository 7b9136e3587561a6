package evaluator

import (
	"context"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// explaining is the work on one reason: one action on one resource, which is decided under the policies in force and under changed ones.
type explaining struct {
	w      *World
	ctx    context.Context
	asking *compiledQuestion // one member
	caller *caller
	focus  *focus
}

// setting is the policies under which the request is decided.
type setting struct {
	layers     Layers
	restricted bool // RestrictPublicBuckets
	endpoints  []*endpoint
}

func (x *explaining) inForce() *setting {
	return &setting{layers: *layersOf(x.caller, x.focus.group), restricted: x.focus.group.restricted, endpoints: x.w.endpoints}
}

// pointed is the request decided in one setting.
type pointed struct {
	*composer
	setting *setting
	part    *verdictPart
	traced  []*tracing
	grant   *formula   // G of D5
	public  *formula   // the cut of RestrictPublicBuckets
	goes    []*formula // through which endpoint the request goes
}

// evaluation makes the evaluation of the request in a setting.
func (x *explaining) evaluation(s *setting) *evaluation {
	one := region.SetOf(1, 0)
	g := x.focus.group.alike()
	g.restricted = s.restricted
	g.items = []*item{{text: x.focus.resource, literal: true, service: arnField(x.focus.resource, 3)}}
	e := &evaluation{
		w: x.w, asking: x.asking, caller: x.caller, group: g, layers: &s.layers, budget: region.NewBudget(x.asking.Budget).Within(x.ctx),
		live: one, applies: func(*item) region.Set { return one },
	}
	e.situate = func(m *member) keyFacts {
		f := &situation{world: x.w, caller: x.caller, target: g, asking: x.asking}
		if m != nil {
			f.action, f.member = m.name, m
		}
		return f
	}
	e.tests.shared = &x.asking.resources
	e.symbols = newSymbols(x.w, e.budget)
	e.outsider, e.unsure = relation(&x.caller.principal, g.ownerAccount(), g.star)
	e.gather()
	e.gatherEndpointsOf(s.endpoints)
	e.mentionedResources(x.asking.When)
	return e
}

// decide decides the request in a setting; traced also finds out what each statement says.
func (x *explaining) decide(s *setting, traced bool) (*pointed, error) {
	e := x.evaluation(s)
	if err := e.cutCells(); err != nil {
		return nil, err
	}
	class := &actionClass{members: e.live, in: e.instances}
	p := &pointed{setting: s, part: &verdictPart{class: class, cell: e.cells[0]}}
	p.composer = e.composer(p.part)
	p.collect()
	p.part.result, p.part.passage = p.result(), p.passage()
	if traced {
		p.grant, p.public = p.granted(e.outsider), p.publicCut(e.outsider)
		for i := range e.endpoints {
			p.goes = append(p.goes, p.goesThrough(i))
		}
		p.traceAll()
	}
	if err := e.symbols.seal(); err != nil {
		return nil, err
	}
	_, err := e.decidePart(p.part)
	return p, err
}

// possible tells whether the question's context can occur for this request at all.
func (p *pointed) possible() bool { return p.part.care != p.e.symbols.space.False() }

// verdict resolves what is assumed and what is not known. The grant is nil for a denial.
func (p *pointed) verdict() (Verdict, *raw) {
	rs := p.e.resolve(p.part, p.e.asking.Strict)
	if len(rs) == 0 {
		return Denied, nil
	}
	return rs[0].verdict, rs[0]
}

// confirmed puts what was found allowed through the point engine, and gives the request.
func (p *pointed) confirmed(r *raw) (*Request, bool) {
	sk, ok := p.e.sketchOf(r)
	if !ok {
		return nil, false
	}
	request := p.e.request(sk, p.e.caller, policy.NewContext(24))
	got := p.e.decideUnder(request, p.setting.layers, p.setting.endpoints, r.assumes)
	return request, got.Effect == Allowed && len(got.Uncertainties) == 0
}

// explain fills a reason in.
func (x *explaining) explain(r *Reason) error {
	p, err := x.decide(x.inForce(), true)
	if err != nil {
		return err
	}
	v, grant := p.verdict()
	r.Verdict = v
	if grant != nil {
		r.Assumptions = grant.assumes
		if v != AllowedAlways {
			r.Conditions, _ = p.e.symbols.residual(grant.node, p.part.care)
		}
		for _, o := range grant.causes {
			r.Causes = appendCause(r.Causes, o.cause)
			r.Notes = append(r.Notes, string(o.cause)+": "+o.name)
		}
		if sk, ok := p.e.sketchOf(grant); ok {
			r.Witness, _ = p.e.witness(sk, x.caller, grant.assumes, v == Unknown)
		}
	}
	if !p.possible() { // then no statement says anything, and nothing stops it
		r.Ruling, r.Fixed = p.ruling(v), x.unchangeable(p)
		return p.e.budget.Err()
	}
	strata, ruling := p.strata(), p.ruling(v)
	if err := p.e.budget.Err(); err != nil { // what came after its end is not so
		return err
	}
	r.Strata, r.Ruling = strata, ruling
	if v != Denied {
		return nil
	}
	return x.changes(r, p)
}

// known gives what the snapshot says of a key for the request.
func (p *pointed) known(key string) KeyKnown {
	f := p.l.facts.fact(policy.CanonicalKey(key))
	switch f.state {
	case keyAbsent:
		return KeyKnown{State: KeyAbsent}
	case keyKnown:
		if f.value.Multi {
			return KeyKnown{State: KeyHas, Values: f.value.List}
		}
		return KeyKnown{State: KeyHas, Values: []string{f.value.Single}}
	}
	return KeyKnown{State: KeyOpen}
}

// KeyState is what is known of a condition key before a request is made.
type KeyState uint8

// The states of a key: what only the request knows; known to be absent; known values.
const (
	KeyOpen KeyState = iota
	KeyAbsent
	KeyHas
)

// KeyKnown is what is known of a key; Values for KeyHas.
type KeyKnown struct {
	State  KeyState
	Values []string
}
