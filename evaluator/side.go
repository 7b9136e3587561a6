package evaluator

import (
	"sort"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// callerSide is a caller's own policies and SCPs as far as they speak of a question: collected once, used against every group of
// targets.
type callerSide struct {
	caller     *caller
	statements []callerStatement
	reads      *readers // where they read facts of the resource
	unlimited  bool     // the caller needs no identity policy, or none is known: root users, services, outside callers
}

// callerStatement is a statement of the caller's side, its patterns resolved where they hang on the caller alone.
type callerStatement struct {
	instance instance
	tests    []*resourceTest
	dynamic  bool // a pattern reads something of the resource or the request
}

// sideOf collects a caller's side.
func (t *targets) sideOf(c *caller) *callerSide {
	side := &callerSide{caller: c, reads: &readers{}}
	p := &c.principal
	side.unlimited = !hasPolicies(p) || c.outside || p.Kind == FederatedUser
	e := &evaluation{
		w: t.world, asking: t.question, caller: c, group: &targetGroup{}, live: t.question.all(), layers: &Layers{Boundary: c.boundary},
		situate: func(*member) keyFacts { return &situation{world: t.world, caller: c, asking: t.question} },
	}
	e.tests.shared = &t.question.resources
	if hasPolicies(p) {
		e.gatherAll(LayerIdentity, 0, c.identity)
		if c.boundary != nil {
			e.gatherDocument(LayerBoundary, 0, c.boundary)
		}
	}
	if c.account != nil {
		for level := range c.account.scps {
			e.gatherAll(LayerSCP, level, c.account.scps[level])
		}
	}
	for _, in := range e.instances {
		st := callerStatement{instance: *in, dynamic: dynamicResources(in.statement)}
		for _, i := range in.resources {
			st.tests = append(st.tests, e.tests.list[i])
		}
		st.instance.resources = nil
		side.statements = append(side.statements, st)
		side.reads.statement(in.statement, resourceKey)
	}
	for k := range t.question.named {
		if resourceKey(k) {
			side.reads.keys = append(side.reads.keys, k)
		}
	}
	sort.Strings(side.reads.keys)
	return side
}

// dynamicResources tells whether a statement's patterns have variables at all.
func dynamicResources(s *policy.Statement) bool {
	for i := range s.Resources.Patterns {
		if t := &s.Resources.Patterns[i]; t.Static == nil && !t.Never {
			return true
		}
	}
	return false
}

// all is every member.
func (c *compiledQuestion) all() region.Set { return region.FullSet(len(c.members)) }

// reaches tells whether some Allow of the caller's identity policies may match an action on a resource of the group. It may say yes too
// often, never no.
func (s *callerSide) reaches(g *targetGroup) bool {
	for i := range s.statements {
		st := &s.statements[i]
		if st.instance.layer != LayerIdentity || st.instance.statement.Effect != policy.Allow || !st.instance.members.Intersects(g.actions) {
			continue
		}
		rs := &st.instance.statement.Resources
		if st.dynamic || rs.Not || rs.Implicit {
			return true
		}
		for _, test := range st.tests {
			for _, it := range g.items {
				if !it.literal || test.matcher.Match(it.text) {
					return true
				}
			}
		}
	}
	return false
}

// consents tells whether the group's own policy may grant the caller access without an identity policy (D21): in its own account, by
// naming more than the account.
func (t *targets) consents(side *callerSide, g *targetGroup) bool {
	outsider, unsure := relation(&side.caller.principal, g.ownerAccount(), g.star)
	if outsider && !unsure || g.policy == nil {
		return false
	}
	e := &evaluation{caller: side.caller, layers: &Layers{Boundary: side.caller.boundary}}
	for i := range g.policy.Doc.Statements {
		s := &g.policy.Doc.Statements[i]
		if s.Effect != policy.Allow || !t.question.matching(&s.Actions).Intersects(g.actions) {
			continue
		}
		kinds, _ := MatchPrincipal(&s.Principals, &side.caller.principal, s.Effect, e.boundary())
		if kinds&^MatchAccount != 0 || len(e.namedSessions(s)) > 0 {
			return true
		}
	}
	return false
}
