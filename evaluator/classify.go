package evaluator

import (
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// Class is the answer to a request some of whose keys are free (C40).
type Class uint8

// The classes. Undecided means that the verdict hangs on something that the policies do not tell, or that the budget ended.
const (
	Never Class = iota
	Always
	Sometimes
	Undecided
)

// String gives the class's name in answers.
func (c Class) String() string { return [...]string{"never", "always", "conditional", "unknown"}[c] }

// Classification is a class with the contexts in which the request is allowed; Residual is nil for Always and Never, and where the
// contexts are too many to be put into words.
type Classification struct {
	Class    Class
	Residual Expr
}

// closedFacts are the keys of a self-contained request: its context is complete, but for the free keys (C30 does not apply).
type closedFacts struct {
	context *policy.Context
	free    map[string]bool
}

func (f *closedFacts) fact(key string) keyFact {
	if f.free[key] {
		return keyFact{state: keyFree}
	}
	if v, ok := f.context.Lookup(key); ok {
		return keyFact{state: keyKnown, value: v}
	}
	return keyFact{}
}

// Classify decides a request whose context is complete but for the free keys, whose presence and value are open. The
// catalogue tells which keys are multivalued; it may be nil.
func Classify(r *Request, l *Layers, free []string, cat *catalog.Catalog) Classification {
	e := closedEvaluation(r, l, free, cat)
	cover := &coverage{gaps: e.asking.none(), denied: e.asking.none()}
	parts, err := e.run(cover)
	switch {
	case err != nil: // the budget
		return Classification{Class: Undecided}
	case len(parts) == 0:
		return Classification{Class: Never}
	}
	p := parts[0]
	rs := e.resolve(p, false)
	if len(rs) == 0 {
		return Classification{Class: Never}
	}
	if rs[0].verdict == Unknown || len(rs) > 1 {
		x, _ := e.symbols.residual(rs[0].node, p.care)
		return Classification{Class: Undecided, Residual: x}
	}
	if rs[0].verdict == AllowedAlways {
		return Classification{Class: Always}
	}
	x, _ := e.symbols.residual(rs[0].node, p.care)
	return Classification{Class: Sometimes, Residual: x}
}

// closedEvaluation is an evaluation of one action on one resource that stands on its own, without a snapshot.
func closedEvaluation(r *Request, l *Layers, free []string, cat *catalog.Catalog) *evaluation {
	w := &World{catalog: cat, byARN: map[string]*resource{}, accounts: map[string]*account{}, known: &resourceTypes{byService: map[string][]*resourceType{}}}
	one := region.SetOf(1, 0)
	asking := &compiledQuestion{
		members: []member{{name: r.Action}}, actions: map[string]region.Set{}, named: map[string]bool{},
		services: map[string]bool{ActionService(r.Action): true},
	}
	asking.asked = []askedAction{{text: r.Action, members: one}}
	asking.serviceSets()
	star := r.Target.Resource == "*"
	if cat != nil {
		if a, ok := cat.Action(r.Action); ok {
			asking.members[0].action = a
			star = len(a.Resources) == 0
		}
	}
	t := r.Target
	g := &targetGroup{
		ownerID: Owner(&t), management: t.Management, policy: l.Resource, grants: l.Grants, restricted: t.RestrictPublicBuckets,
		keyByAWS: t.KeyManagedByAWS, linkedRole: t.ServiceLinkedRole, star: star, snapshot: true, actions: one, urlAuth: "NONE",
		items: []*item{{text: t.Resource, literal: true, service: ActionService(r.Action)}},
	}
	if star {
		g.items[0].text = "*"
	}
	facts := &closedFacts{context: &r.Context, free: map[string]bool{}}
	for _, k := range free {
		facts.free[policy.CanonicalKey(k)] = true
	}
	e := &evaluation{
		w: w, asking: asking, caller: &caller{principal: r.Principal}, group: g, layers: l, budget: region.NewBudget(DefaultBudget),
		live: one, applies: func(*item) region.Set { return one }, situate: func(*member) keyFacts { return facts },
	}
	e.tests.shared = &asking.resources
	e.symbols = newSymbols(w, e.budget)
	e.outsider, e.unsure = relation(&r.Principal, g.ownerAccount(), star)
	e.gather()
	return e
}
