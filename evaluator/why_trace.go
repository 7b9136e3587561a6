package evaluator

import (
	"slices"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// Extent is in how many of a question's contexts something holds.
type Extent uint8

// The extents. Perhaps hangs on something that the snapshot does not tell.
const (
	Nowhere Extent = iota
	Perhaps
	Somewhere
	Everywhere
)

// Stratum is one layer of policies, one level of it for SCPs and RCPs, with what it says of the request.
type Stratum struct {
	Layer   Layer
	Owner   string // whose it is: the principal, a place in the organization, the resource, an endpoint
	Absent  string // why there is nothing to evaluate, or why it does not count; empty where it does
	Rule    string // the rule behind Absent
	Allows  Extent
	Denies  Extent
	Reasons []*StatementReason
}

// StatementReason is what one statement says of the request, or why it says nothing.
type StatementReason struct {
	StatementRef
	Effect policy.Effect
	Holds  Extent // in how many of the question's contexts it matches
	When   Expr   // for Somewhere: in which; nil where they could not be put into words
	Stop   *Stop  // for Nowhere: what stopped it
	Cause  policy.Cause
}

// StopElement is the element of a statement that stopped it.
type StopElement string

// The elements. Rules are those of a service or a layer, by which a statement does not count although it matches.
const (
	StopAction     StopElement = "action"
	StopPrincipal  StopElement = "principal"
	StopResource   StopElement = "resource"
	StopCondition  StopElement = "condition"
	StopConditions StopElement = "conditions" // none alone, but all together
	StopRule       StopElement = "rule"
	StopGrantee    StopElement = "grantee"    // of a KMS grant
	StopOperations StopElement = "operations" // of a KMS grant
)

// Stop is what kept a statement from matching.
type Stop struct {
	Element   StopElement
	Not       bool              // NotAction, NotPrincipal, NotResource: the list names what it does not speak of
	Written   []string          // the element's patterns
	Condition *policy.Condition // for StopCondition
	Known     KeyKnown          // of the condition's key
	Never     bool              // for StopCondition: no request meets it, whatever the question says
	Rule      string            // for StopRule
}

// tracing is a statement whose formulas wait for the variables to be ready.
type tracing struct {
	reason *StatementReason
	effect *formula
	checks []check
	cause  policy.Cause
	level  int    // of its layer
	owner  string // of its layer
}

// check is one element of a statement, and when it holds.
type check struct {
	stop Stop
	when *formula
}

// instanceKey finds the instance of a statement; one document can hang at several places.
type instanceKey struct {
	layer     Layer
	level     int
	policy    string
	statement *policy.Statement
}

// traceAll lowers every statement of every policy in force, element by element.
func (p *pointed) traceAll() {
	playing := map[instanceKey]*instance{}
	grants := map[*Grant]*instance{}
	for _, in := range p.e.instances {
		if in.grant != nil {
			grants[in.grant] = in
			continue
		}
		playing[instanceKey{in.layer, in.level, in.policy, in.statement}] = in
	}
	p.eachPolicy(func(layer Layer, level int, doc *Policy) {
		d := doc.Doc
		if d == nil {
			d = policy.Missing(policy.Identity)
		}
		for i := range d.Statements {
			s := &d.Statements[i]
			p.traced = append(p.traced, p.trace(layer, level, doc, s, playing[instanceKey{layer, level, doc.Name, s}]))
		}
	})
	for i := range p.e.layers.Grants {
		g := &p.e.layers.Grants[i]
		p.traced = append(p.traced, p.traceGrant(g, grants[g]))
	}
}

// eachPolicy visits the policies in force by layer and level.
func (p *pointed) eachPolicy(visit func(Layer, int, *Policy)) {
	l := p.e.layers
	several := func(layer Layer, level int, policies []Policy) {
		for i := range policies {
			visit(layer, level, &policies[i])
		}
	}
	several(LayerIdentity, 0, l.Identity)
	if l.Boundary != nil {
		visit(LayerBoundary, 0, l.Boundary)
	}
	several(LayerSession, 0, l.Session)
	for level := range l.SCP {
		several(LayerSCP, level, l.SCP[level])
	}
	for level := range l.RCP {
		several(LayerRCP, level, l.RCP[level])
	}
	if l.Resource != nil && !p.e.group.star {
		visit(LayerResource, 0, l.Resource)
	}
	for i, ep := range p.e.endpoints {
		visit(LayerEndpoint, i, ep.policy)
	}
}

// trace lowers one statement.
func (p *pointed) trace(layer Layer, level int, doc *Policy, s *policy.Statement, in *instance) *tracing {
	t := &tracing{level: level, effect: formulaFalse, cause: s.Cause, reason: &StatementReason{
		StatementRef: StatementRef{Layer: layer, Policy: doc.Name, Sid: s.Sid, Index: s.Index}, Effect: s.Effect,
	}}
	fail := func(stop Stop) *tracing {
		t.checks = []check{{stop, formulaFalse}}
		return t
	}
	if !p.e.asking.matching(&s.Actions).Has(0) {
		return fail(Stop{Element: StopAction, Not: s.Actions.Not, Written: actionTexts(&s.Actions)})
	}
	if in == nil {
		return fail(Stop{Element: StopPrincipal, Not: s.Principals.Not, Written: principalTexts(&s.Principals)})
	}
	if rule := p.setAside(in); rule != "" {
		return fail(Stop{Element: StopRule, Rule: rule})
	}
	t.effect = p.effect(in)
	if in.layer == LayerEndpoint { // D42: it binds what goes through it
		t.checks = append(t.checks, check{Stop{Element: StopRule, Rule: "D42"}, p.goes[level]})
		t.effect = conj(t.effect, p.goes[level])
	}
	resource, doubt := p.matches(in)
	t.checks = append(t.checks, check{Stop{Element: StopResource, Not: s.Resources.Not, Written: resourceTexts(&s.Resources)}, conj(resource, doubt)})
	if sessions := p.sessions(in); sessions.kind != formTrue {
		t.checks = append(t.checks, check{Stop{Element: StopPrincipal, Not: s.Principals.Not, Written: principalTexts(&s.Principals)}, sessions})
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		t.checks = append(t.checks, check{Stop{Element: StopCondition, Condition: c, Known: p.known(c.Key)}, p.l.condition(c, s.Effect)})
	}
	return t
}

// setAside gives the rule by which a statement that speaks of the request does not count; empty where it does.
func (p *pointed) setAside(in *instance) string {
	c := &p.e.caller.principal
	switch {
	case in.layer == LayerSCP && !p.layerApplies(in):
		if c.Management {
			return "D11"
		}
		return "D12"
	case in.layer == LayerRCP && !RCPApplies(ActionService(p.action)):
		return "D14"
	case in.layer == LayerRCP && !p.layerApplies(in):
		return "D16"
	case in.layer == LayerResource && !p.layerApplies(in):
		if iamRole(p.resource) {
			return "D25"
		}
		return "D32"
	case in.layer == LayerResource && in.statement.Effect == policy.Allow && RetiresGrant(p.action):
		return "D33"
	case in.layer == LayerEndpoint && !p.layerApplies(in):
		return "D46"
	case in.layer == LayerEndpoint && p.doubt(in).kind == formFalse:
		return "D42"
	}
	return ""
}

// traceGrant lowers a KMS grant (D33).
func (p *pointed) traceGrant(g *Grant, in *instance) *tracing {
	t := &tracing{effect: formulaFalse, cause: policy.UnanalysableStatement, reason: &StatementReason{
		StatementRef: StatementRef{Layer: LayerGrant, Policy: g.ID}, Effect: policy.Allow,
	}}
	_, operation := cutAction(p.action)
	switch {
	case in != nil && (in.retirers != 0 || len(in.retiring) > 0) && RetiresGrant(p.action):
		t.effect = formulaTrue
	case !oneOf(operation, g.Operations...):
		t.checks = []check{{Stop{Element: StopOperations, Written: g.Operations}, formulaFalse}}
	case in == nil:
		t.checks = []check{{Stop{Element: StopGrantee, Written: []string{g.Grantee}}, formulaFalse}}
	default:
		t.effect = formulaTrue
		if constrainsGrant(operation) {
			for i := range g.Constraint {
				c := &g.Constraint[i]
				f := p.l.condition(c, policy.Allow)
				t.checks = append(t.checks, check{Stop{Element: StopCondition, Condition: c, Known: p.known(c.Key)}, f})
				t.effect = conj(t.effect, f)
			}
		}
		if g.Unknown {
			t.effect = conj(t.effect, p.e.symbols.unknown(policy.UnanalysableStatement, "grant "+g.ID))
		}
	}
	return t
}

// settle decides a statement once the variables are ready.
func (p *pointed) settle(t *tracing) *StatementReason {
	r, space := t.reason, p.e.symbols.space
	node := space.And(p.e.symbols.node(t.effect), p.part.care)
	r.Holds = p.extent(node)
	switch r.Holds {
	case Nowhere:
		r.Stop = p.stopOf(t)
	case Perhaps:
		r.Cause = t.cause
		if causes := p.e.causesOf(node); len(causes) > 0 {
			r.Cause = causes[0].cause
		}
	case Somewhere:
		r.When, _ = p.e.symbols.residual(node, p.part.care)
	}
	return r
}

// extent tells in how many of the question's contexts a node holds.
func (p *pointed) extent(n region.Node) Extent {
	space, care := p.e.symbols.space, p.part.care
	n = space.And(n, care)
	certain, possible := n, n
	if unknown := p.e.unknowns(); len(unknown) > 0 {
		certain, possible = space.ForAll(n, unknown...), space.Exists(n, unknown...)
	}
	switch {
	case possible == space.False():
		return Nowhere
	case certain == care || space.Diff(care, certain) == space.False():
		return Everywhere
	case certain == space.False():
		return Perhaps
	}
	return Somewhere
}

// stopOf is the first element that holds in none of the contexts.
func (p *pointed) stopOf(t *tracing) *Stop {
	for i := range t.checks {
		if n := p.e.symbols.node(t.checks[i].when); p.extent(n) == Nowhere {
			stop := &t.checks[i].stop
			stop.Never = stop.Element == StopCondition && (p.e.asking.When == nil || n == p.e.symbols.space.False())
			return stop
		}
	}
	return &Stop{Element: StopConditions}
}

func actionTexts(a *policy.Actions) []string {
	out := make([]string, len(a.Patterns))
	for i := range a.Patterns {
		out[i] = a.Patterns[i].Text
	}
	return out
}

func resourceTexts(r *policy.Resources) []string {
	out := make([]string, len(r.Patterns))
	for i := range r.Patterns {
		out[i] = r.Patterns[i].Text
	}
	return out
}

func principalTexts(p *policy.Principals) []string {
	out := make([]string, len(p.Entries))
	for i := range p.Entries {
		out[i] = p.Entries[i].Text
	}
	return slices.Compact(out)
}
