package evaluator

import (
	"slices"
	"sort"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// callerSide is a caller's own policies and SCPs as far as they speak of a question: collected once, used against every group of
// targets.
type callerSide struct {
	caller     *caller
	statements []callerStatement
	reads      *readers       // where they read facts of the resource
	unlimited  bool           // the caller needs no identity policy, or none is known: root users, services, outside callers
	room       policy.Context // for requests that are decided and forgotten
	view       *viewClass     // what it sees of the resource side; set by mergeFor, as the rest
	named      []int          // groups whose own side spells the caller out, by place
	stands     string         // see standing
	rival      *callerSide    // what it is compared with; nil where it is not
}

// callerStatement is a statement of the caller's side, its patterns resolved where they hang on the caller alone.
type callerStatement struct {
	instance instance
	tests    []*resourceTest
	dynamic  bool // a pattern reads something of the resource or the request
	number   int  // equal for callers whose statement it is alike, and who have what it reads of them
}

// everywhere tells whether a statement may match a resource of any group: only fixed patterns of Resource can tell.
func (st *callerStatement) everywhere() bool {
	rs := &st.instance.statement.Resources
	return st.dynamic || rs.Not || rs.Implicit
}

// touches tells whether a statement may match a resource of a group. It may say yes too often, never no.
func (t *targets) touches(st *callerStatement, g *targetGroup) bool {
	if !g.snapshot || g.star || st.everywhere() {
		return true
	}
	for _, test := range st.tests {
		if len(g.parts) == 0 {
			if t.meet(test, g) {
				return true
			}
			continue
		}
		for _, part := range g.parts {
			if t.meet(test, part) {
				return true
			}
		}
	}
	return false
}

// sideOf collects a caller's side, with drafts that are to be looked at beside it.
func (t *targets) sideOf(c *caller, drafts ...Policy) *callerSide {
	l := &Layers{Identity: c.identity, Boundary: c.boundary}
	if c.account != nil {
		l.SCP = c.account.scps
	}
	return t.sideUnder(c, l, drafts...)
}

// sideUnder is sideOf with other identity policies, boundary and SCPs than the caller's own.
func (t *targets) sideUnder(c *caller, l *Layers, drafts ...Policy) *callerSide {
	side := &callerSide{caller: c, reads: &readers{}}
	p := &c.principal
	side.unlimited = !hasPolicies(p) || c.outside || p.Kind == FederatedUser
	e := &evaluation{
		w: t.world, asking: t.question, caller: c, group: &targetGroup{}, live: t.question.all(), layers: l,
		situate: func(*member) keyFacts { return &situation{world: t.world, caller: c, asking: t.question} },
	}
	e.tests.shared = &t.question.resources
	if hasPolicies(p) {
		e.gatherAll(LayerIdentity, 0, l.Identity)
		if l.Boundary != nil {
			e.gatherDocument(LayerBoundary, 0, l.Boundary)
		}
	}
	for level := range l.SCP {
		e.gatherAll(LayerSCP, level, l.SCP[level])
	}
	e.gatherAll(layerDraft, 0, drafts)
	for _, in := range e.instances {
		st := callerStatement{instance: *in, dynamic: dynamicResources(in.statement)}
		for _, i := range in.resources {
			st.tests = append(st.tests, e.tests.list[i])
		}
		st.instance.resources = nil
		st.number = t.numberOf(&st, c)
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

// statementKey tells statements of callers apart.
type statementKey struct {
	content, index, level int
	layer                 Layer
	policy, sid           string
	reads                 string // what it reads of the caller
}

// numberOf numbers a caller's statements by what they say and what they read of the caller.
func (t *targets) numberOf(st *callerStatement, c *caller) int {
	rd := &readers{}
	rd.statement(st.instance.statement, callerKey)
	s := st.instance.statement
	key := statementKey{content: t.contentOf(s), layer: st.instance.layer, level: st.instance.level}
	if !t.unproved {
		key.index, key.sid, key.policy = s.Index, s.Sid, st.instance.policy
	}
	if len(rd.conditions) > 0 || len(rd.keys) > 0 {
		var b strings.Builder
		rd.spell(&b, &situation{world: t.world, caller: c, asking: t.question})
		key.reads = b.String()
	}
	return t.question.statements.of(key)
}

// all is every member.
func (c *compiledQuestion) all() region.Set { return region.FullSet(len(c.members)) }

// mayReach tells whether some Allow of the caller's identity policies, or a draft, may match on the resources of a group of the snapshot. It may say yes
// too often, never no. What a caller is compared with reaches what it reaches too.
func (t *targets) mayReach(s *callerSide, g *targetGroup) bool {
	for i := range s.statements {
		st := &s.statements[i]
		if st.instance.layer != layerDraft && (st.instance.layer != LayerIdentity || st.instance.statement.Effect != policy.Allow) {
			continue
		}
		if st.instance.members.Intersects(g.actions) && t.touches(st, g) {
			return true
		}
	}
	return s.rival != nil && t.mayReach(s.rival, g)
}

// meet tells whether a pattern may meet a group of the snapshot.
func (t *targets) meet(test *resourceTest, g *targetGroup) bool {
	if test.literal != "" && test.static {
		return slices.Contains(t.holding[test.literal], g.place) || g.patterns && g.mayMeet(test, false)
	}
	return t.met(test, g.owner).Has(g.rank)
}

// met gives the groups of an account that a pattern may meet, by rank: most patterns are asked about few accounts.
func (t *targets) met(test *resourceTest, owner *account) region.Set {
	key := encounter{test, owner}
	if met, ok := t.meets.Load(key); ok {
		return met.(region.Set)
	}
	groups := t.byOwner[owner]
	met := region.NewSet(len(groups))
	for rank, g := range groups {
		if g.mayMeet(test, true) {
			met.Add(rank)
		}
	}
	t.meets.Store(key, met)
	return met
}

// encounter is a pattern and the account whose groups it may meet.
type encounter struct {
	test  *resourceTest
	owner *account
}

// mayMeet tells whether a pattern may meet an item of the group, one that is a single ARN only if literals are asked for.
func (g *targetGroup) mayMeet(test *resourceTest, literals bool) bool {
	if test.template.Never {
		return false
	}
	for _, it := range g.items {
		if it.literal && literals && test.matcher.Match(it.text) || !it.literal && !test.matcher.Apart(&it.matcher) {
			return true
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
