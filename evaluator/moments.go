package evaluator

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
	"github.com/accessgraph/accessgraph/graph"
)

// moments are two snapshots under one question: the same members, the same resource patterns, the same numbers for what policies say.
// Whatever one of them tells apart, both do. The older one comes first.
type moments struct {
	worlds   [2]*World
	targets  [2]*targets
	question *compiledQuestion
	spots    map[string]*spot // of the snapshots' resources, by view and text
	states   [2]map[*targetGroup]int
	accounts [2]map[*account]int
	quiet    [2]map[*targetGroup]bool // see settled
	lone     map[string][]*spot       // of one snapshot alone, by their owner's account

	memos   sync.Map   // see memoOf
	mu      sync.Mutex // guards what follows
	absents [2]map[*targetGroup]*targetGroup
	others  map[string][]*targetGroup // see groupsFor
	unread  map[string]bool           // what cannot be compared, in words
	zone    *zone
	free    region.Set // actions that need no policy
	moved   bool       // the VPC endpoints differ, which have a say in everything
}

// spot is a resource, or what lies under one, and the group that has it in each snapshot; nil: the snapshot does not have it.
type spot struct {
	item   *item
	groups [2]*targetGroup
}

// newMoments puts a question to two snapshots at once.
func newMoments(older, newer *World, c *compiledQuestion) *moments {
	m := &moments{question: c, spots: map[string]*spot{}, lone: map[string][]*spot{}, others: map[string][]*targetGroup{}, unread: map[string]bool{}}
	m.worlds = [2]*World{older.withSightOf(newer), newer.withSightOf(older)}
	for x, w := range m.worlds {
		if !w.treeRead() && m.worlds[1-x].treeRead() {
			w.adopt(m.worlds[1-x])
			m.unread["the organization: "+momentNames[x]+" does not have its tree and policies, which are taken to be as "+momentNames[1-x]+" has them"] = true
		}
	}
	var docs [2][]*policy.Document
	for x, w := range m.worlds {
		w.docs.each(func(_ documentKey, doc *policy.Document) { docs[x] = append(docs[x], doc) })
	}
	for x, w := range m.worlds {
		m.targets[x] = w.newTargets(c, docs[1-x]...)
		m.states[x], m.accounts[x] = map[*targetGroup]int{}, map[*account]int{}
		m.quiet[x], m.absents[x] = map[*targetGroup]bool{}, map[*targetGroup]*targetGroup{}
		for _, g := range m.targets[x].groups {
			for _, it := range g.items {
				key := spotKey(it)
				if m.spots[key] == nil {
					m.spots[key] = &spot{item: it}
				}
				m.spots[key].groups[x] = g
			}
		}
	}
	for _, key := range sortedKeys(m.spots) {
		s := m.spots[key]
		for x, g := range s.groups {
			if g == nil {
				id := s.groups[1-x].ownerAccount()
				m.lone[id] = append(m.lone[id], s)
			}
		}
	}
	m.zone = m.trusted()
	m.moved = m.endpointsOf(0) != m.endpointsOf(1)
	m.free = c.none()
	for i := range c.members {
		for _, kind := range []PrincipalKind{User, RoleSession, FederatedUser, Root} {
			if NoPolicyNeeded(c.members[i].name, &Principal{Kind: kind}) {
				m.free.Add(i)
			}
		}
	}
	m.prepare()
	return m
}

// spotKey names an item by what it is: a role answers to iam and to sts.
func spotKey(it *item) string { return it.service + "\x00" + it.text }

// withSightOf is the world as it is looked at beside another one: what either holds is nobody's "any other resource".
func (w *World) withSightOf(other *World) *World {
	own := *w
	var known sync.Map // the same few are asked about again and again
	has := func(arn string) bool {
		if yes, ok := known.Load(arn); ok {
			return yes.(bool)
		}
		yes := w.holds(arn) || other.holds(arn)
		known.Store(arn, yes)
		return yes
	}
	p := &part{owners: w.owners(), knows: w.has, has: has}
	if w.part != nil {
		p.account, p.asking, p.reads = w.part.account, w.part.asking, w.part.reads
	}
	if other.part != nil {
		p.reads = slices.Concat(p.reads, other.part.reads)
	}
	own.part = p
	return &own
}

// treeRead tells whether the snapshot has an organization's tree and what is attached to it.
func (w *World) treeRead() bool { return w.org != nil && w.org.treeKnown }

// adopt takes the organization from another snapshot.
func (w *World) adopt(other *World) {
	known := map[*account]*account{nil: nil}
	of := func(a *account) *account {
		if known[a] == nil && a != nil {
			own, there := *a, other.account(a.id)
			if there == nil {
				there = &account{}
			}
			own.inOrg, own.management, own.path, own.ancestors, own.scps, own.rcps = there.inOrg, there.management, there.path, there.ancestors, there.scps, there.rcps
			known[a] = &own
		}
		return known[a]
	}
	accounts := map[string]*account{}
	for id, a := range other.accounts {
		if w.accounts[id] == nil && a.inOrg {
			one := *a
			one.facts = nil
			accounts[id] = &one
		}
	}
	for id, a := range w.accounts {
		accounts[id] = of(a)
	}
	w.org, w.accounts, w.order, w.part.owners, w.part.account = other.org, accounts, slices.Clone(w.order), slices.Clone(w.part.owners), of(w.part.account)
	for _, list := range [][]*account{w.order, w.part.owners} {
		for i, a := range list {
			list[i] = of(a)
		}
	}
	w.callers, w.resources, w.byARN = slices.Clone(w.callers), slices.Clone(w.resources), map[string]*resource{}
	for i, c := range w.callers {
		own := *c
		own.account = of(c.account)
		own.principal.Management = own.account != nil && own.account.management
		w.callers[i] = &own
	}
	for i, r := range w.resources {
		own := *r
		own.owner = of(r.owner)
		w.resources[i], w.byARN[r.arn] = &own, &own
	}
}

// endpointsOf spells the VPC endpoints of a snapshot.
func (m *moments) endpointsOf(x int) string {
	var all []string
	for _, e := range m.worlds[x].endpoints {
		all = append(all, fmt.Sprintf("%s %d %d", e.id, e.kind, m.targets[x].documentNumber(e.policy.Doc)))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// placeState spells where an account stands, as far as policies read it of what the account has: of its principals or of its resources.
func (m *moments) placeState(x int, a *account, of string) string {
	if a == nil {
		return "-"
	}
	w, t := m.worlds[x], m.targets[x]
	text := fmt.Sprintf("%s %t %t", a.id, a.inOrg, a.management)
	if w.org == nil {
		return text
	}
	all := w.part.asking != nil // nobody has noted who reads these keys
	if all || t.keysRead["aws:"+of+"orgid"] {
		text += " in " + w.org.id
	}
	if all || t.keysRead["aws:"+of+"orgpaths"] {
		text += " at " + a.path
	}
	return fmt.Sprintf("%s %t", text, w.org.treeKnown)
}

// levelsState spells the levels of SCPs or RCPs over an account, whatever their order is.
func (m *moments) levelsState(x int, levels [][]Policy) []string {
	out := make([]string, len(levels))
	for i, level := range levels {
		out[i] = m.levelState(x, level)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// levelState is policiesState of a level of SCPs or RCPs, with whom they speak of.
func (m *moments) levelState(x int, level []Policy) string {
	text := m.policiesState(x, level)
	for i := range level {
		if level[i].Doc.Kind == policy.RCP {
			text += fmt.Sprintf(" %d", m.targets[x].documentNumber(level[i].Doc))
		}
	}
	return text
}

// ownerState numbers what binds everybody who acts on what an account owns.
func (m *moments) ownerState(x int, a *account) int {
	if a == nil {
		return -1
	}
	if n, ok := m.accounts[x][a]; ok {
		return n
	}
	n := m.question.numbers.of(digestOf(fmt.Sprintf("owner %s %t %q", m.placeState(x, a, "resource"), a.rcps != nil, m.levelsState(x, a.rcps))))
	m.accounts[x][a] = n
	return n
}

// policiesState spells what policies say of the question, whatever they are called and in whatever order they come.
func (m *moments) policiesState(x int, ps []Policy) string {
	var said []string
	for i := range ps {
		if text, ok := m.policyState(x, &ps[i]); ok {
			said = append(said, text)
		}
	}
	slices.Sort(said)
	return strings.Join(slices.Compact(said), ";")
}

// policyState spells what a policy says of the question, without the order of its statements; ok is false where that is nothing.
func (m *moments) policyState(x int, p *Policy) (text string, ok bool) {
	var said []string
	for i := range p.Doc.Statements {
		s := &p.Doc.Statements[i]
		if !m.question.matching(&s.Actions).Empty() {
			said = append(said, fmt.Sprint(m.targets[x].contentOf(s)))
		}
	}
	if missing(p.Doc) {
		said = append(said, p.Name) // another one that was not read may be another one
	}
	slices.Sort(said)
	return strings.Join(slices.Compact(said), ","), len(said) > 0
}

// missing tells the stand-in for a document that was not read.
func missing(d *policy.Document) bool {
	return len(d.Statements) > 0 && d.Statements[0].Cause == policy.MissingDocument
}

// callerFacts spells what rules and policies may read of a caller.
func (m *moments) callerFacts(x int, c *caller) string {
	t := m.targets[x]
	var tags []string
	for _, tag := range c.tags {
		if t.keysRead["aws:principaltag/"+strings.ToLower(tag.Key)] {
			tags = append(tags, fmt.Sprintf("%q=%q", tag.Key, tag.Value))
		}
	}
	slices.Sort(tags)
	bound := c.account != nil && c.account.scps != nil
	return fmt.Sprintf("%s %q %q %q %q %t %v %t%t", m.placeState(x, c.account, "principal"), c.sort(), c.arn, c.principal.UniqueID, tags, c.freeTags, c.origins, c.boundary != nil, bound)
}

// affected are the actions whose verdicts may differ on resources that are as they were, for a caller of whom something differs.
func (m *moments) affected(callers [2]*caller) region.Set {
	if m.moved || m.callerFacts(0, callers[0]) != m.callerFacts(1, callers[1]) {
		return m.question.all()
	}
	out := m.question.none()
	for _, pick := range []func(*caller) []Policy{func(c *caller) []Policy { return c.identity }, boundaries} {
		counts := map[int]int{} // what statements say -> that the older has them, 1, or the newer, 2
		members := map[int]region.Set{}
		for x, c := range callers {
			for _, p := range pick(c) {
				for i := range p.Doc.Statements {
					s := &p.Doc.Statements[i]
					n := m.targets[x].contentOf(s)
					if missing(p.Doc) {
						n = m.question.numbers.of(digestOf(fmt.Sprintf("missing %q %d", p.Name, n)))
					}
					counts[n] |= 1 << x
					members[n] = m.question.matching(&s.Actions)
				}
			}
		}
		for n, have := range counts {
			if have != 3 {
				out = out.Or(members[n])
			}
		}
	}
	return out.Or(m.limited(callers))
}

// limited are the actions that the SCPs over a caller may limit otherwise than before: what a Deny speaks of that came or went, at whatever
// level, and what a level may withhold whose Allow statements are not those of any level on the other side.
func (m *moments) limited(callers [2]*caller) region.Set {
	out := m.question.none()
	denies, levels := [2]map[string]region.Set{{}, {}}, [2]map[string]region.Set{{}, {}}
	for x, c := range callers {
		for _, level := range c.levels() {
			passed := m.question.none()
			var allows []string
			for i := range level {
				for j := range level[i].Doc.Statements {
					s := &level[i].Doc.Statements[j]
					members := m.question.matching(&s.Actions)
					said := fmt.Sprint(m.targets[x].contentOf(s))
					if missing(level[i].Doc) {
						said += level[i].Name
					}
					if s.Effect == policy.Deny {
						denies[x][said] = members
						continue
					}
					if allows = append(allows, said); s.Unanalysable == "" && len(s.Conditions) == 0 && everyResource(&s.Resources) {
						passed = passed.Or(members)
					}
				}
			}
			slices.Sort(allows)
			levels[x][strings.Join(slices.Compact(allows), ",")] = passed.Not()
		}
	}
	for x := range callers {
		for _, have := range [][2]map[string]region.Set{denies, levels} {
			for said, members := range have[x] {
				if _, both := have[1-x][said]; !both {
					out = out.Or(members)
				}
			}
		}
	}
	return out
}

// everyResource tells a Resource element that matches whatever there is.
func everyResource(r *policy.Resources) bool {
	return !r.Not && slices.ContainsFunc(r.Patterns, func(t policy.Template) bool { return t.Text == "*" })
}

// granting are the actions that a caller's own policies may allow anything of, in either snapshot; all of them for who needs no policy. What
// needs none at all (D4) is among them.
func (m *moments) granting(sides [2]*callerSide) region.Set {
	out := m.question.none()
	for _, s := range sides {
		if s.unlimited {
			return m.question.all()
		}
		for i := range s.statements {
			if st := &s.statements[i].instance; st.layer == LayerIdentity && st.statement.Effect == policy.Allow {
				out = out.Or(st.members)
			}
		}
	}
	return out.Or(m.free)
}

// grantsOf are the actions that the resources' own side may allow anything of.
func (g *targetGroup) grantsOf(q *compiledQuestion) region.Set {
	out := q.none()
	if g.policy != nil {
		for i := range g.policy.Doc.Statements {
			if s := &g.policy.Doc.Statements[i]; s.Effect == policy.Allow {
				out = out.Or(q.matching(&s.Actions))
			}
		}
	}
	for i := range q.members {
		if len(g.grants) > 0 && ActionService(q.members[i].name) == "kms" {
			out.Add(i)
		}
	}
	return out
}

// callerState spells all that binds a caller.
func (m *moments) callerState(x int, c *caller) string {
	return fmt.Sprintf("%s\x00%s\x00%s\x00%q", m.callerFacts(x, c), m.policiesState(x, c.identity), m.policiesState(x, boundaries(c)), m.levelsState(x, c.levels()))
}

// levels are the SCPs over a caller, by level.
func (c *caller) levels() [][]Policy {
	if c.account == nil {
		return nil
	}
	return c.account.scps
}

// groupState numbers all that a decision may read of a group of resources beside what they are called.
func (m *moments) groupState(x int, g *targetGroup) int {
	if n, ok := m.states[x][g]; ok {
		return n
	}
	t := m.targets[x]
	var b strings.Builder
	fmt.Fprintf(&b, "group %d %q %t%t%t%t%t %q %q %t %t %q", m.ownerState(x, g.owner), g.ownerID, g.trust, g.restricted, g.keyByAWS, g.linkedRole,
		g.through, g.urlAuth, g.boundary, g.boundaryKnown, g.tagsKnown, g.assumption)
	for _, tag := range g.tags {
		if t.tagKeys[strings.ToLower(tag.Key)] {
			fmt.Fprintf(&b, "\x00%q=%q", tag.Key, tag.Value)
		}
	}
	if t.regions {
		fmt.Fprintf(&b, "\x00%q", g.region)
	}
	if g.policy != nil {
		fmt.Fprintf(&b, "\x00policy %d", t.documentNumber(g.policy.Doc))
		if missing(g.policy.Doc) {
			b.WriteString(g.policy.Name)
		}
	}
	for i := range g.grants {
		gr := &g.grants[i]
		fmt.Fprintf(&b, "\x00grant %q %q %q %q %q %t", gr.ID, gr.Grantee, gr.Retiring, gr.IssuingAccount, gr.Operations, gr.Unknown)
		for j := range gr.Constraint {
			fmt.Fprintf(&b, " %q", gr.Constraint[j].String())
		}
	}
	n := m.question.numbers.of(digestOf(b.String()))
	m.states[x][g] = n
	return n
}

// same tells whether a spot is the same in both snapshots.
func (m *moments) same(s *spot) bool {
	a, b := s.groups[0], s.groups[1]
	return !m.moved && a != nil && b != nil && m.groupState(0, a) == m.groupState(1, b)
}

// absent is a group as a snapshot would have it that does not hold its resources: they were not there, or not yet, so that no policy of their own
// spoke of them. Everything else that the other snapshot says of them is taken over. ok is false where the snapshot may hold them all the
// same, because it did not read them.
func (m *moments) absent(x int, g *targetGroup) (_ *targetGroup, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id, service := g.ownerAccount(), g.items[0].service
	if !m.worlds[x].readOf(id, service) {
		m.unread[fmt.Sprintf("resources of %s in account %s: %s does not tell whether they were there", service, id, momentNames[x])] = true
		return nil, false
	}
	if own := m.absents[x][g]; own != nil {
		return own, true
	}
	own := g.alike()
	own.owner, own.ownerID = m.worlds[x].account(id), id
	own.policy, own.grants, own.restricted, own.outsiders = nil, nil, false, outsiders{}
	own.snapshot, own.assumption = false, notInSnapshot
	if service == "kms" || g.trust { // D25, D32: nothing consents for what is not there
		own.policy, own.assumption = &Policy{Name: "none", Doc: &policy.Document{Kind: policy.Resource, Variables: true}}, ""
	}
	m.absents[x][g] = own
	return own, true
}

// momentNames are how answers call the two snapshots.
var momentNames = [2]string{"the older snapshot", "the newer snapshot"}

// readOf tells whether a snapshot has read all resources of a service in an account, or knows that there was no such account.
func (w *World) readOf(id, service string) bool {
	a := w.account(id)
	if a == nil || a.facts == nil {
		return w.lacks(id)
	}
	return a.consentRead(service)
}

// lacks tells whether the snapshot's organization did not have an account that was not read either.
func (w *World) lacks(id string) bool {
	a := w.account(id)
	return w.org != nil && w.org.treeKnown && !w.org.accounts[id] && (a == nil || a.facts == nil)
}

// grantsRead tells whether the KMS grants of an account were read completely.
func (a *account) grantsRead() bool { return a.coverage[graph.KindGrants] == graph.CoverageComplete }
