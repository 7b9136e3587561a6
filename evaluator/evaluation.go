package evaluator

import (
	"fmt"
	"sort"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// instance is one statement in play for one caller and one group of targets.
type instance struct {
	place     int // among the evaluation's instances
	layer     Layer
	level     int
	policy    string
	statement *policy.Statement
	members   region.Set // of the question
	resources []int      // tests, by index
	kinds     Match      // resource side: how the statement names the caller
	doubtful  bool       // D44: it may or may not apply
	sessions  []string   // resource side: sessions of the caller's role that it names
	listed    []listedSession
	grant     *Grant      // a KMS grant instead of a statement
	anywhere  bool        // its conditions mean the same for every action
	lowered   *formula    // of such conditions, once they are lowered
	retirers  Match       // forms in which the caller may retire the grant without being its grantee
	retiring  []string    // sessions of the caller's role that may retire the grant
	given     bool        // stands for a consent that is taken for granted: no proof of anything
	beside    []*instance // of the second of two stacks, for a statement that the first does not have: the first's statements
	later     bool        // of the newer of two snapshots
}

// refs names the statement, and in a group of several resources its twins in their policies. The list is shared: it must not be changed.
func (e *evaluation) refs(in *instance) []StatementRef {
	if in.grant != nil {
		if len(e.group.retired) > 0 {
			return e.group.retired
		}
		return []StatementRef{{Layer: LayerGrant, Policy: in.grant.ID}}
	}
	if in.layer == LayerResource {
		for i, s := range e.group.spoken {
			if s == in.statement {
				return e.group.twins[i]
			}
		}
	}
	return []StatementRef{{Layer: in.layer, Policy: in.policy, Sid: in.statement.Sid, Index: in.statement.Index}}
}

// evaluation judges one caller, standing for its class, against one group of targets for every member of a question.
type evaluation struct {
	w          *World
	asking     *compiledQuestion
	applies    func(*item) region.Set // members that act on an item
	caller     *caller
	group      *targetGroup
	layers     *Layers
	situate    func(m *member) keyFacts // what is known of keys for an action; nil: for none in particular
	budget     *region.Budget
	live       region.Set // members that apply to the group
	instances  []*instance
	tests      resourceTests
	question   []int // tests of the question's resource patterns
	cells      []*cell
	symbols    *symbols
	keys       []string                    // see keysInPlay
	outsider   bool                        // the caller is not of the account that owns the resource
	unsure     bool                        // which of the two is not known (D6)
	endpoints  []*endpoint                 // the snapshot's VPC endpoints, where statements of them are in play
	room       []int32                     // see newRefinement
	attributes bool                        // who withholds what is asked, statement by statement
	alone      bool                        // the endpoints of the snapshot have no say
	whole      func(region.Set) region.Set // what members stand for, where some stand for others; nil: each for itself
	apart      Expr                        // what the question's context has to do without for this caller; nil: nothing
	supply     func(*Request, *Layers)     // fits what is taken for granted to a request; nil: it fits
	bare       *evaluation                 // see settled
	ask        func(*sketch) *Request      // makes requests where no snapshot tells what is known; nil: one does
}

// newEvaluation is evaluationFor, with somewhere to put symbols; ok is false when nothing can be allowed.
func newEvaluation(t *targets, side *callerSide, g *targetGroup, budget *region.Budget) (*evaluation, bool) {
	e, ok := evaluationFor(t, side, g, budget)
	if ok {
		e.begin(t)
	}
	return e, ok
}

// begin gives an evaluation somewhere to put symbols.
func (e *evaluation) begin(t *targets) {
	e.symbols = newSymbols(e.w, e.budget)
	e.symbols.partitions = &t.question.partitions
}

// evaluationFor gathers the statements in play for a caller of the snapshot. ok is false when nothing can be allowed.
func evaluationFor(t *targets, side *callerSide, g *targetGroup, budget *region.Budget) (*evaluation, bool) {
	e := bareEvaluation(t, side, g, budget)
	e.tests.shared = &t.question.resources
	e.gatherSides(t, side)
	for _, p := range t.question.Resources {
		e.question = append(e.question, e.tests.add(policy.ResourceTemplate(p, policy.Identity, false)))
	}
	e.mentionedResources(t.question.When)
	return e, e.grantsSomething()
}

// evaluationBeside is evaluationFor in another snapshot under the same question, whose tests and symbols join those of an evaluation that
// gathers no more.
func evaluationBeside(first *evaluation, t *targets, side *callerSide, g *targetGroup) *evaluation {
	e := bareEvaluation(t, side, g, first.budget)
	e.tests, e.symbols, e.question = first.tests, first.symbols, first.question
	e.gatherSides(t, side)
	return e
}

// bareEvaluation is an evaluation of a caller of the snapshot without any statement yet.
func bareEvaluation(t *targets, side *callerSide, g *targetGroup, budget *region.Budget) *evaluation {
	c := side.caller
	e := &evaluation{
		w: t.world, asking: t.question, caller: c, group: g, budget: budget, live: g.actions, layers: layersOf(c, g),
		applies: func(it *item) region.Set { return t.appliesIn(g, it) },
		situate: func(m *member) keyFacts {
			s := &situation{world: t.world, caller: c, target: g, asking: t.question}
			if m != nil {
				s.action, s.member = m.name, m
			}
			return s
		},
	}
	e.outsider, e.unsure = relation(&c.principal, g.ownerAccount(), g.star)
	return e
}

// gatherSides collects the statements in play.
func (e *evaluation) gatherSides(t *targets, side *callerSide) {
	e.gatherCaller(t, side)
	e.gatherResource()
	e.gatherEndpoints()
}

// layersOf are the policies in force between a caller and a group (D1). What is only possible, such as an endpoint or a
// session policy, is not assumed (D22).
func layersOf(c *caller, g *targetGroup) *Layers {
	l := &Layers{Identity: c.identity, Boundary: c.boundary, Resource: g.policy, Grants: g.grants}
	if c.account != nil {
		l.SCP = c.account.scps
	}
	if g.owner != nil {
		l.RCP = g.owner.rcps
	}
	return l
}

// relation tells whether a caller is outside the account that owns the resource, and whether that is unknown (D6, D48).
func relation(p *Principal, owner string, star bool) (outsider, unsure bool) {
	switch {
	case p.Kind == Anonymous:
		return true, false
	case !hasIdentitySide(p), star, owner == awsAccount:
		return false, false
	case owner == "" || p.Account == "":
		return false, true
	}
	return owner != p.Account, false
}

// ownerAccount is the account that owns the group's resources, empty when it is not known.
func (g *targetGroup) ownerAccount() string {
	if g.owner != nil {
		return g.owner.id
	}
	return g.ownerID
}

// mentionedResources registers the resource patterns of the question's context, so that cells respect them.
func (e *evaluation) mentionedResources(x Expr) {
	switch x := x.(type) {
	case And:
		for _, sub := range x.Of {
			e.mentionedResources(sub)
		}
	case Or:
		for _, sub := range x.Of {
			e.mentionedResources(sub)
		}
	case Not:
		e.mentionedResources(x.Of)
	case Test:
		if x.Condition.Key != ResourceKey {
			return
		}
		for _, v := range x.Condition.Values {
			if v.Template != nil {
				e.tests.add(*v.Template)
			}
		}
	}
}

// grantsSomething prunes: without a granting statement in play there is nothing to decide.
func (e *evaluation) grantsSomething() bool {
	p := &e.caller.principal
	if p.Kind == Root || p.Kind == FederatedUser || e.caller.outside {
		return true
	}
	for _, in := range e.instances {
		if in.grant != nil {
			return true
		}
		if in.statement.Effect == policy.Allow && (in.layer == LayerIdentity || in.layer == LayerResource) {
			return true
		}
	}
	free := false
	e.live.Each(func(i int) { free = free || NoPolicyNeeded(e.asking.members[i].name, p) })
	return free
}

// gather collects every statement in play.
func (e *evaluation) gather() {
	p := &e.caller.principal
	l := e.layers
	if hasPolicies(p) {
		e.gatherAll(LayerIdentity, 0, l.Identity)
		if l.Boundary != nil {
			e.gatherDocument(LayerBoundary, 0, l.Boundary)
		}
	}
	if hasIdentitySide(p) {
		e.gatherAll(LayerSession, 0, l.Session)
	}
	for level := range l.SCP {
		e.gatherAll(LayerSCP, level, l.SCP[level])
	}
	e.gatherResource()
}

// gatherResource collects the statements of the resource's side.
func (e *evaluation) gatherResource() {
	l := e.layers
	for level := range l.RCP {
		e.gatherAll(LayerRCP, level, l.RCP[level])
	}
	if l.Resource != nil && !e.group.star {
		e.gatherDocument(LayerResource, 0, l.Resource)
	}
	if l.Endpoint != nil {
		e.gatherDocument(LayerEndpoint, 0, l.Endpoint)
	}
	for i := range l.Grants {
		e.gatherGrant(&l.Grants[i])
	}
}

// gatherEndpoints collects the statements of the snapshot's VPC endpoints, where something tells which endpoint a request goes through
// (D42): the others may come another way.
func (e *evaluation) gatherEndpoints() { e.gatherEndpointsOf(e.w.endpoints) }

func (e *evaluation) gatherEndpointsOf(endpoints []*endpoint) {
	if len(endpoints) == 0 || e.caller.principal.Kind == Service || !e.reads(policy.CanonicalKey(sourceEndpoint)) {
		return
	}
	e.endpoints = endpoints
	for i, ep := range e.endpoints {
		e.gatherDocument(LayerEndpoint, i, ep.policy)
	}
}

// reads tells whether a condition in play, or the question, reads a key.
func (e *evaluation) reads(key string) bool {
	if e.asking.named[key] {
		return true
	}
	for _, in := range e.instances {
		if in.statement == nil {
			continue
		}
		for i := range in.statement.Conditions {
			if in.statement.Conditions[i].Key == key {
				return true
			}
		}
	}
	return false
}

// tiesToEndpoint tells whether a verdict hangs on the endpoint that the request goes through, or the question fixes it. What does not may
// come another way.
func (e *evaluation) tiesToEndpoint(p *verdictPart) bool {
	key := policy.CanonicalKey(sourceEndpoint)
	d := e.symbols.domains[key]
	if e.asking.named[key] || d == nil {
		return d != nil
	}
	space := e.symbols.space
	return space.And(space.Exists(p.node, d.presence), p.care) != p.node
}

// gatherCaller takes over the statements of the caller's side, which are collected once for all groups.
func (e *evaluation) gatherCaller(t *targets, side *callerSide) {
	for i := range side.statements {
		st := &side.statements[i]
		if !st.instance.members.Intersects(e.live) || !t.touches(st, e.group) {
			continue
		}
		members := st.instance.members.And(e.live)
		in := st.instance
		in.members = members
		if st.dynamic {
			e.addTests(&in)
		} else {
			in.resources = make([]int, len(st.tests))
			for j, test := range st.tests {
				in.resources[j] = e.tests.take(test)
			}
		}
		e.play(&in)
	}
}

// play adds a statement to those in play.
func (e *evaluation) play(in *instance) {
	in.place = len(e.instances)
	e.instances = append(e.instances, in)
}

func (e *evaluation) gatherAll(layer Layer, level int, ps []Policy) {
	for i := range ps {
		e.gatherDocument(layer, level, &ps[i])
	}
}

// gatherDocument adds the statements of a document that touch the question's actions and, on the resource side, the caller.
func (e *evaluation) gatherDocument(layer Layer, level int, p *Policy) {
	doc := p.Doc
	if doc == nil {
		doc = policy.Missing(policy.Identity)
	}
	for i := range doc.Statements {
		s := &doc.Statements[i]
		in := &instance{layer: layer, level: level, policy: p.Name, statement: s, kinds: MatchWildcard}
		in.members = e.asking.matching(&s.Actions).And(e.live)
		if in.members.Empty() {
			continue
		}
		if layer == LayerResource || layer == LayerEndpoint {
			in.kinds, in.doubtful = MatchPrincipal(&s.Principals, &e.caller.principal, s.Effect, e.boundary())
			if layer == LayerResource && e.caller.arn != "" {
				e.tellSessions(in)
			}
			if in.kinds == 0 && len(in.sessions) == 0 && len(in.listed) == 0 {
				continue
			}
		}
		in.anywhere = anyAction(s.Conditions)
		e.addTests(in)
		e.play(in)
	}
}

// anyAction tells whether conditions read no key whose presence or value hangs on the action (C30).
func anyAction(cs []policy.Condition) bool {
	fine := true
	read := func(key string) {
		fine = fine && strings.HasPrefix(key, "aws:") && key != "aws:requestedregion" && !strings.HasPrefix(key, "aws:resource")
	}
	for i := range cs {
		read(cs[i].Key)
		for j := range cs[i].Values {
			if t := cs[i].Values[j].Template; t != nil {
				addVariables(t, read)
			}
		}
	}
	return fine
}

// boundary tells whether the caller has a permissions boundary (D18, D43).
func (e *evaluation) boundary() bool {
	return e.layers.Boundary != nil && hasPolicies(&e.caller.principal)
}

// listedSession is a session of the caller's role that NotPrincipal lists, and how the statement names it (D44).
type listedSession struct {
	name     string
	kinds    Match
	doubtful bool
}

// tellSessions notes the sessions that a statement of the resource side tells from the others of the caller's role.
func (e *evaluation) tellSessions(in *instance) {
	s := in.statement
	names := e.namedSessions(s)
	if !s.Principals.Not {
		in.sessions = names
		return
	}
	for _, name := range names {
		p := e.caller.principal
		p.ARN = strings.TrimSuffix(p.ARN, anySession) + name
		l := listedSession{name: name}
		l.kinds, l.doubtful = MatchPrincipal(&s.Principals, &p, s.Effect, e.boundary())
		in.listed = append(in.listed, l)
	}
}

// namedSessions are the sessions of the caller's role that a statement names one by one (D22).
func (e *evaluation) namedSessions(s *policy.Statement) []string {
	c := &e.caller.principal
	if c.Kind != RoleSession {
		return nil
	}
	prefix := strings.TrimSuffix(c.ARN, anySession)
	var out []string
	for i := range s.Principals.Entries {
		en := &s.Principals.Entries[i]
		if name, ok := strings.CutPrefix(en.Text, prefix); ok && en.Kind == policy.PrincipalARN && name != "" {
			out = append(out, name)
		}
	}
	return out
}

// addTests registers a statement's resource patterns, with what is known of the caller substituted.
func (e *evaluation) addTests(in *instance) {
	if in.statement.Resources.Implicit {
		return
	}
	l := &lowering{symbols: &symbols{world: e.w}, facts: e.situate(nil)}
	for i := range in.statement.Resources.Patterns {
		t := &in.statement.Resources.Patterns[i]
		if t.Never {
			continue
		}
		resolved := *t
		if t.Static == nil {
			r, ok := t.Substitute(l.known)
			if !ok {
				continue // B12: matches no resource
			}
			resolved = r
			resolved.Text = substitutedText(&r)
		}
		in.resources = append(in.resources, e.tests.add(resolved))
	}
}

// substitutedText names a template after substitution, so that equal texts mean equal patterns.
func substitutedText(t *policy.Template) string {
	if t.Static != nil {
		return t.Static.String()
	}
	var b strings.Builder
	for _, seg := range t.Segments {
		if seg.Kind == policy.SegmentVariable {
			b.WriteString("${" + seg.Key)
			if seg.HasDefault {
				b.WriteString(", '" + seg.Default + "'")
			}
			b.WriteString("}")
			continue
		}
		b.WriteString(region.Pattern{Tokens: seg.Tokens}.String())
	}
	return b.String()
}

// gatherGrant adds a KMS grant that names the caller, as grantee or as someone who may retire it (D33).
func (e *evaluation) gatherGrant(g *Grant) {
	p := &e.caller.principal
	entry := principalText(g.Grantee)
	in := &instance{layer: LayerGrant, grant: g, kinds: matchEntry(&entry, p), members: region.NewSet(len(e.asking.members))}
	in.sessions, in.retiring = e.sessionIn(g.Grantee), e.sessionIn(g.Retiring)
	in.retirers = retirers(g, p)
	named := in.kinds != 0 || len(in.sessions) > 0
	for i := range e.asking.members {
		name := e.asking.members[i].name
		if !e.live.Has(i) || ActionService(name) != "kms" {
			continue
		}
		_, operation := cutAction(name)
		if named && oneOf(operation, g.Operations...) || (in.retirers != 0 || len(in.retiring) > 0) && RetiresGrant(name) {
			in.members.Add(i)
		}
	}
	if !in.members.Empty() {
		e.play(in)
	}
}

// sessionIn is the session of the caller's role that a text names, none for any other text (D22).
func (e *evaluation) sessionIn(arn string) []string {
	p := &e.caller.principal
	if p.Kind != RoleSession || e.caller.arn == "" {
		return nil
	}
	if name, ok := strings.CutPrefix(arn, strings.TrimSuffix(p.ARN, anySession)); ok && name != "" {
		return []string{name}
	}
	return nil
}

// actionClass is a set of members that no statement and no key tells apart.
type actionClass struct {
	members region.Set
	first   int // its first member, which stands for all
	in      []*instance
}

// classes refines a cell's members by the statements that match them, the keys that they list and the service rules. The only error is
// region.ErrBudget.
func (e *evaluation) classes(c *cell) ([]*actionClass, error) {
	words := 1 + c.actions.Len()/64
	if e.room == nil {
		e.room = make([]int32, c.actions.Len())
	}
	r := newRefinement(c.actions, e.asking.ruleClasses(), e.room)
	if !e.budget.Spend(1 + int64(c.actions.Len()/refinedAtOnce)) {
		return nil, e.budget.Err()
	}
	split := func(by region.Set) bool { return e.budget.Spend(1 + int64((r.split(by)+words)/refinedAtOnce)) }
	for _, in := range e.instances {
		if !split(in.members) {
			return nil, e.budget.Err()
		}
	}
	for _, k := range e.keysInPlay() {
		if !split(e.asking.listing(k)) {
			return nil, e.budget.Err()
		}
	}
	cost := 1 + int64((words+len(e.instances))/refinedAtOnce)
	if !e.budget.Spend(cost * int64(len(r.sizes))) {
		return nil, e.budget.Err()
	}
	parts := r.parts()
	out := make([]*actionClass, len(parts))
	for i, members := range parts {
		cl := &actionClass{members: members, first: members.First()}
		for _, in := range e.instances {
			if in.members.Has(cl.first) {
				cl.in = append(cl.in, in)
			}
		}
		out[i] = cl
	}
	sort.Slice(out, func(i, j int) bool { return out[i].first < out[j].first })
	return out, nil
}

// refinedAtOnce is how many members, words or statements classes looks at for one step of the budget.
const refinedAtOnce = 16

// refinement divides a set of members into parts, set by set.
type refinement struct {
	all     region.Set
	part    []int32 // by member
	sizes   []int   // by part
	hit     []int   // by part, during a split: how many of its members are in the set
	moved   []int32 // by part, during a split: the part that those become
	touched []int32 // during a split: the parts with members in the set
}

// newRefinement begins with the members of each class as a part. It works in a room of one place for each member, which nobody else uses meanwhile.
func newRefinement(all region.Set, classes, room []int32) *refinement {
	r := &refinement{all: all, part: room}
	known := map[int32]int32{}
	all.Each(func(i int) {
		p, ok := known[classes[i]]
		if !ok {
			p = int32(len(r.sizes))
			known[classes[i]] = p
			r.sizes = append(r.sizes, 0)
		}
		r.part[i] = p
		r.sizes[p]++
	})
	r.hit, r.moved = make([]int, len(r.sizes)), make([]int32, len(r.sizes))
	return r
}

// split divides every part into its members in the set and the others, and tells how many members it looked at.
func (r *refinement) split(by region.Set) (looked int) {
	if r.all.SubsetOf(by) {
		return 0
	}
	r.touched = r.touched[:0]
	r.all.EachCommon(by, func(i int) {
		p := r.part[i]
		if r.hit[p] == 0 {
			r.touched = append(r.touched, p)
		}
		r.hit[p]++
		looked++
	})
	for _, p := range r.touched {
		r.moved[p] = p
		if r.hit[p] < r.sizes[p] {
			r.moved[p] = int32(len(r.sizes))
			r.sizes[p] -= r.hit[p]
			r.sizes = append(r.sizes, r.hit[p])
			r.hit, r.moved = append(r.hit, 0), append(r.moved, 0)
		}
		r.hit[p] = 0
	}
	r.all.EachCommon(by, func(i int) { r.part[i] = r.moved[r.part[i]] })
	return looked
}

// parts are the parts as sets.
func (r *refinement) parts() []region.Set {
	out := make([]region.Set, len(r.sizes))
	for i := range out {
		out[i] = region.NewSet(r.all.Len())
	}
	r.all.Each(func(i int) { out[r.part[i]].Add(i) })
	return out
}

// ruleClasses gives each member's class of actions that service rules treat alike, whatever the policies say.
func (c *compiledQuestion) ruleClasses() []int32 {
	c.rulesOnce.Do(func() {
		index := map[string]int32{}
		c.rules = make([]int32, len(c.members))
		for i := range c.members {
			sig := ruleSignature(c.members[i].name)
			at, ok := index[sig]
			if !ok {
				at = int32(len(index))
				index[sig] = at
			}
			c.rules[i] = at
		}
	})
	return c.rules
}

// listing gives the members that may have a service-specific key.
func (c *compiledQuestion) listing(key string) region.Set {
	c.mu.Lock()
	defer c.mu.Unlock()
	set, ok := c.lists[key]
	if !ok {
		set = c.none()
		for i := range c.members {
			if c.members[i].lists(key) {
				set.Add(i)
			}
		}
		if c.lists == nil {
			c.lists = map[string]region.Set{}
		}
		c.lists[key] = set
	}
	return set
}

// ruleSignature tells actions apart that service rules treat differently.
func ruleSignature(action string) string {
	service := ActionService(action)
	sig := []byte{'0', '0', '0', '0', '0', '0', '0'}
	for i, on := range []bool{
		OwnerAccountOnly(action), KMSCrossAccount(action), RetiresGrant(action), RCPApplies(service),
		RootOverridesBucketPolicy(action), TakesAnonymous(action), ownerKeysMissing(action),
	} {
		if on {
			sig[i] = '1'
		}
	}
	if service == "sts" || service == "iam" || globalServices[service] || bucketsOfAll(action) {
		return string(sig) + strings.ToLower(action)
	}
	if _, pseudo := PseudoARN(action, "", ""); pseudo {
		return string(sig) + strings.ToLower(action)
	}
	return string(sig) + service
}

// keysInPlay are the service-specific keys that conditions in play read.
func (e *evaluation) keysInPlay() []string {
	if e.keys == nil {
		e.keys = e.serviceKeys()
	}
	return e.keys
}

func (e *evaluation) serviceKeys() []string {
	seen := map[string]bool{}
	out := []string{}
	add := func(k string) {
		if !strings.HasPrefix(k, "aws:") && !seen[k] {
			seen[k] = true
			out = append(out, k)
		}
	}
	for _, in := range e.instances {
		cs := []policy.Condition(nil)
		if in.statement != nil {
			cs = in.statement.Conditions
			for i := range in.statement.Resources.Patterns {
				addVariables(&in.statement.Resources.Patterns[i], add)
			}
		} else {
			cs = in.grant.Constraint
		}
		for i := range cs {
			add(cs[i].Key)
			for j := range cs[i].Values {
				if t := cs[i].Values[j].Template; t != nil {
					addVariables(t, add)
				}
			}
		}
	}
	for k := range e.asking.named {
		add(k)
	}
	sort.Strings(out)
	return out
}

func addVariables(t *policy.Template, add func(string)) {
	for i := range t.Segments {
		if t.Segments[i].Kind == policy.SegmentVariable {
			add(t.Segments[i].Key)
		}
	}
}

// verdictPart is one (class of actions, cell) with the contexts in which it is allowed.
type verdictPart struct {
	class    *actionClass
	cell     *cell
	when     *formula // the question's context
	result   *formula
	passage  *formula // what VPC endpoints let through
	tied     bool     // to it: see tiesToEndpoint
	granting []*grantingPart
	facts    keyFacts
	node     region.Node
	care     region.Node
	doubts   []doubt // see rivals.unread
}

// grantingPart is a granting statement with the formula under which it matches and names the caller in these forms, and that under which
// it bears an allow.
type grantingPart struct {
	in             *instance
	match, formula *formula
	kinds          Match // none for a statement of the caller's own side
	issued         bool  // a KMS grant that the caller's own account issued
}

// run decides every action class on every cell, and gives those that may be allowed.
func (e *evaluation) run(cover *coverage) ([]*verdictPart, error) {
	parts, err := e.composeAll(cover)
	if err != nil {
		return nil, err
	}
	kept := parts[:0]
	for _, p := range parts {
		open, err := e.decidePart(p)
		if err != nil {
			return nil, err
		}
		if open {
			kept = append(kept, p)
		} else {
			cover.denied = cover.denied.Or(p.class.members)
		}
	}
	return kept, nil
}

// composeAll writes down under which contexts every action class is allowed on every cell, but for those that never are.
func (e *evaluation) composeAll(cover *coverage) ([]*verdictPart, error) {
	if err := e.cutCells(); err != nil {
		return nil, err
	}
	var parts []*verdictPart
	for _, c := range e.cells {
		classes, err := e.classes(c)
		if err != nil {
			return nil, fmt.Errorf("classes of actions: %w", err)
		}
		for _, cl := range classes {
			if !e.budget.Spend(1 + int64(len(cl.in))) {
				return nil, e.budget.Err()
			}
			p := &verdictPart{class: cl, cell: c}
			e.compose(p)
			if p.result.kind != formFalse {
				parts = append(parts, p)
			} else {
				cover.denied = cover.denied.Or(cl.members)
			}
		}
	}
	if len(parts) == 0 {
		return nil, e.budget.Err()
	}
	return parts, e.symbols.seal()
}

// decidePart finds the contexts of a part; false: there are none.
func (e *evaluation) decidePart(p *verdictPart) (bool, error) {
	p.care = e.symbols.space.And(e.symbols.axioms, e.symbols.node(p.when))
	p.node = e.symbols.space.And(e.symbols.node(p.result), p.care)
	if p.tied = e.endpoints != nil && p.passage != nil && e.tiesToEndpoint(p); p.tied {
		p.node = e.symbols.space.And(p.node, e.symbols.node(p.passage))
	}
	if err := e.budget.Err(); err != nil {
		return false, fmt.Errorf("decide: %w", err)
	}
	return p.node != e.symbols.space.False(), nil
}
