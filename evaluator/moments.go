package evaluator

import (
	"slices"
	"sync"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
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
	own     sync.Map   // *targetGroup -> region.Set; see grantsOf
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
