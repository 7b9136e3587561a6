package evaluator

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/accessgraph/accessgraph/evaluator/region"
)

// AccessChange is what some principals may do in the newer of two snapshots and not in the older, and the reverse (E24). All of them gained and
// lost the same. Each grant is a product, their union is exact, and its witness is allowed in the one snapshot and denied in the other by
// the point engine. A grant of verdict Unknown may be such a difference, or not: one of the snapshots does not tell.
type AccessChange struct {
	Principals []*Subject // by account, then ARN; as the newer snapshot has them, or the older where they are gone
	Presence   Presence
	Gained     []*Access // allowed in the newer snapshot alone
	Lost       []*Access // allowed in the older snapshot alone
	Causes     []Cause   // what is not as it was; see Cause
}

// Witness is one request of a grant, as the snapshot that allows it has it, for the first of the principals; nil where nothing was decided.
func (c *AccessChange) Witness(a *Access) *Witness { return a.witness }

// Presence tells which snapshot has a principal. One that was made anew under the same name is another one.
type Presence uint8

// The presences.
const (
	InBoth Presence = iota
	Appeared
	Gone
)

// String gives the presence as a change of the principal itself.
func (p Presence) String() string { return [...]string{"changed", "added", "removed"}[p] }

// AccessChanges is what two snapshots differ in.
type AccessChanges struct {
	Changes  []*AccessChange // by account and ARN of their first principal
	Compared int             // principals of either snapshot that something could have changed for
	Classes  int             // how many of these there are that something tells apart
	Unread   []string        // what could not be compared, because one of the snapshots did not read it
	Warnings []string
}

// CompareSnapshots finds whose access within a question differs between two snapshots, and in what. Principals of whom it is not so are not
// there: their access is the same, proved for every request. Outside grantees of resources that changed are there, too.
func CompareSnapshots(ctx context.Context, older, newer *World, q Question) (*AccessChanges, error) {
	timely := *newer
	timely.readsTime = older.readsTime || newer.readsTime
	c, err := timely.compile(q)
	if err != nil {
		return nil, err
	}
	m := newMoments(older, newer, c)
	out := &AccessChanges{}
	if err := m.principals(ctx, out); err != nil {
		return nil, err
	}
	return out, m.finish(ctx, out)
}

// principals compares the principals whom something could have changed for.
func (m *moments) principals(ctx context.Context, out *AccessChanges) error {
	classes := m.classes()
	found := make([]*AccessChange, len(classes))
	err := onAllCores(ctx, len(classes), func(i int) (err error) {
		found[i], err = m.compare(ctx, classes[i])
		return err
	})
	for i, cl := range classes {
		out.Compared += len(cl.members)
		if c := found[i]; c != nil && len(c.Gained)+len(c.Lost) > 0 {
			out.Changes = append(out.Changes, c)
		}
	}
	out.Classes += len(classes)
	return err
}

// finish compares the grantees of outside, and puts everything in order.
func (m *moments) finish(ctx context.Context, out *AccessChanges) error {
	outside, err := m.outsiders(ctx)
	if err != nil {
		return err
	}
	out.Changes = grouped(append(out.Changes, outside...))
	out.Unread, out.Warnings = sortedKeys(m.unread), m.question.warnings
	return nil
}

// grouped joins changes that are the same, and leaves out those that are none.
func grouped(found []*AccessChange) []*AccessChange {
	known := map[string]*AccessChange{}
	var out []*AccessChange
	for _, c := range found {
		if c == nil || len(c.Gained)+len(c.Lost) == 0 {
			continue
		}
		key := c.key()
		have := known[key]
		if have == nil {
			known[key] = c
			out = append(out, c)
			continue
		}
		have.Principals = append(have.Principals, c.Principals...)
	}
	for _, c := range out {
		slices.SortFunc(c.Principals, compareSubjects)
	}
	slices.SortStableFunc(out, func(a, b *AccessChange) int { return compareSubjects(a.Principals[0], b.Principals[0]) })
	return out
}

func compareSubjects(a, b *Subject) int {
	return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.ARN, b.ARN), strings.Compare(a.Kind, b.Kind))
}

// key spells what was gained and lost, and why.
func (c *AccessChange) key() string {
	k := &keyWriter{}
	k.int(int(c.Presence))
	for _, list := range [][]*Access{c.Gained, c.Lost} {
		k.int(len(list))
		for _, a := range list {
			k.int(int(a.Verdict))
			k.text(strings.Join(a.Actions, "\x00"))
			k.text(strings.Join(a.Resources(), "\x00"))
			k.text(exprText(a.Conditions))
			k.text(strings.Join(a.Assumptions, "\x00"))
			k.text(strings.Join(a.Notes, "\x00"))
		}
	}
	for _, cause := range c.Causes {
		k.text(cause.String())
	}
	return k.String()
}

// pairing is one principal as the two snapshots have it.
type pairing struct {
	callers  [2]*caller
	presence Presence
	quiet    bool // it is bound as before
}

// newest is the principal as answers show it.
func (p *pairing) newest() (*caller, int) {
	if p.callers[1] != nil {
		return p.callers[1], 1
	}
	return p.callers[0], 0
}

// pairingClass is principals that nothing tells apart in either snapshot.
type pairingClass struct {
	pairing
	members []pairing
}

// prepare finds out what must be known before classes can be compared side by side.
func (m *moments) prepare() {
	for x, t := range m.targets {
		for _, a := range t.world.accounts { // what is kept of them
			m.ownerState(x, a)
		}
		for _, g := range t.groups {
			m.settled(x, g)
		}
		t.resourceReaders()
	}
}

// classes divides the principals whom something could have changed for into classes.
func (m *moments) classes() []*pairingClass {
	known := map[string]*pairingClass{}
	var out []*pairingClass
	readers := [2]map[string]*readers{{}, {}}
	unsettled := m.unsettled()
	for _, p := range m.pairings() {
		if p.presence == InBoth {
			p.quiet = !m.moved && m.callerState(0, p.callers[0]) == m.callerState(1, p.callers[1])
			if p.quiet && !unsettled.concerns(p.callers) {
				continue
			}
		} else if !m.missed(&p) {
			continue
		}
		k := &keyWriter{}
		k.int(int(p.presence))
		k.flags(p.quiet)
		for x, t := range m.targets {
			c := p.callers[x]
			if c == nil {
				continue
			}
			base := t.classKey(c)
			if readers[x][base] == nil {
				readers[x][base] = t.readersFor(c)
			}
			k.text(base)
			k.text(readers[x][base].vector(t, c))
		}
		cl := known[k.String()]
		if cl == nil {
			cl = &pairingClass{pairing: p}
			known[k.String()] = cl
			out = append(out, cl)
		}
		cl.members = append(cl.members, p)
	}
	return out
}

// pairings pairs the principals of the snapshots: by the unique id that AWS gave them, or by name where one of them has none.
func (m *moments) pairings() []pairing {
	ids, names := map[string]*caller{}, map[string]*caller{}
	for _, c := range m.worlds[0].callers {
		names[c.arn] = c
		if id := c.principal.UniqueID; id != "" {
			ids[c.principal.Account+" "+id] = c
		}
	}
	taken := map[*caller]bool{}
	var out []pairing
	for _, c := range m.worlds[1].callers {
		was := ids[c.principal.Account+" "+c.principal.UniqueID]
		if was == nil || c.principal.UniqueID == "" {
			if was = names[c.arn]; was != nil && was.principal.UniqueID != "" && c.principal.UniqueID != "" {
				was = nil
			}
		}
		if was == nil || taken[was] || was.kind != c.kind {
			out = append(out, pairing{callers: [2]*caller{nil, c}, presence: Appeared})
			continue
		}
		taken[was] = true
		out = append(out, pairing{callers: [2]*caller{was, c}})
	}
	for _, c := range m.worlds[0].callers {
		if !taken[c] {
			out = append(out, pairing{callers: [2]*caller{c, nil}, presence: Gone})
		}
	}
	return out
}

// missed tells whether a principal that one snapshot alone has was not there at the time of the other one, which would have it.
func (m *moments) missed(p *pairing) bool {
	c, x := p.newest()
	other := m.worlds[1-x]
	id := c.principal.Account
	if a := other.account(id); a.principalsRead() || other.lacks(id) {
		return true
	}
	m.unread["principals of account "+id+": "+momentNames[1-x]+" does not tell who they were"] = true
	return false
}

// unsettledGroups are the groups of resources that are not as they were.
type unsettledGroups struct {
	owners   map[string]bool // accounts that own some
	admits   map[string]bool // accounts that others' let in
	everyone bool
}

func (m *moments) unsettled() *unsettledGroups {
	u := &unsettledGroups{owners: map[string]bool{}, admits: map[string]bool{}}
	for x, t := range m.targets {
		for _, a := range t.world.order {
			if !m.sameOwner(a) {
				u.owners[a.id] = true
			}
		}
		for _, g := range t.groups {
			if m.settled(x, g) {
				continue
			}
			u.owners[g.ownerAccount()] = true
			u.everyone = u.everyone || g.outsiders.everyone
			for id := range g.outsiders.accounts {
				u.admits[id] = true
			}
		}
	}
	return u
}

// concerns tells whether a principal may have to do with some of them.
func (u *unsettledGroups) concerns(callers [2]*caller) bool {
	for _, c := range callers {
		if id := c.principal.Account; u.everyone || u.owners[id] || u.admits[id] {
			return true
		}
	}
	return false
}

// compare finds what a class of principals gained and lost.
func (m *moments) compare(ctx context.Context, cl *pairingClass) (*AccessChange, error) {
	out := &AccessChange{Presence: cl.presence, Causes: m.causes(&cl.pairing)}
	for _, p := range cl.members {
		c, x := p.newest()
		out.Principals = append(out.Principals, m.worlds[x].subject(c))
	}
	b := m.boutOf(&cl.pairing)
	on := b.only
	if cl.presence == InBoth {
		on = m.junctions(b, cl.quiet)
	}
	return out, m.across(ctx, out, b, on, region.NewBudget(m.question.Budget).Within(ctx))
}

// bout is one principal on either side of a comparison. A side that does not have it, nobody, is allowed nothing; it stands in as the other has it.
type bout struct {
	targets [2]*targets
	sides   [2]*callerSide
	nobody  int // -1: both have it
	// affected are the actions that matter on resources that are as they were, granting those that its own policies may allow.
	affected, granting region.Set
	memos              *sync.Map   // see memoOf; nil: nothing is kept
	only               []*junction // what it has to do with, where one side alone has it
}

func (m *moments) boutOf(p *pairing) *bout {
	if p.presence != InBoth {
		c, x := p.newest()
		return m.alone(x, c)
	}
	b := &bout{targets: m.targets, nobody: -1, affected: m.affected(p.callers), memos: &m.memos}
	for x, t := range m.targets {
		b.sides[x] = t.sideOf(p.callers[x])
	}
	b.granting = m.granting(b.sides)
	return b
}

// alone is a bout of a principal that one snapshot alone has, on all that it has to do with there.
func (m *moments) alone(x int, c *caller) *bout {
	t := m.targets[x]
	side := t.sideOf(c)
	b := &bout{targets: [2]*targets{t, t}, sides: [2]*callerSide{side, side}, nobody: 1 - x, affected: m.question.all(), memos: &m.memos}
	b.granting = m.granting(b.sides)
	groups := m.groupsFor(x, c, b.granting)
	for _, s := range m.lone[c.principal.Account] {
		if s.groups[x] == nil {
			if g, ok := m.absent(x, s.groups[1-x]); ok {
				b.only = append(b.only, &junction{groups: [2]*targetGroup{g, g}, items: []*item{s.item}})
			}
		}
	}
	for _, g := range t.mergeFor(side, groups) {
		b.only = append(b.only, &junction{groups: [2]*targetGroup{g, g}, items: g.items})
	}
	return b
}

// across compares on every group of resources, and notes what was gained and lost.
func (m *moments) across(ctx context.Context, out *AccessChange, b *bout, on []*junction, budget *region.Budget) error {
	for _, at := range on {
		if err := ctx.Err(); err != nil {
			return err
		}
		lost, gained, err := m.differences(b, at, budget)
		if errors.Is(err, region.ErrBudget) {
			cut := exceeded(m.question, b.stage(at)[1])
			out.Gained, out.Lost = append(out.Gained, cut), append(out.Lost, cut)
			break
		}
		if err != nil {
			return err
		}
		out.Gained, out.Lost = append(out.Gained, gained...), append(out.Lost, lost...)
	}
	out.Gained, out.Lost = m.question.joinGrants(out.Gained), m.question.joinGrants(out.Lost)
	return nil
}

// differences are what one junction has of either snapshot alone.
func (m *moments) differences(b *bout, at *junction, budget *region.Budget) (lost, gained []*Access, err error) {
	r := b.rivals(at, budget)
	if r == nil {
		return nil, nil, nil
	}
	if err := r.decide(); err != nil {
		return nil, nil, err
	}
	if lost, err = r.grants(0); err != nil {
		return nil, nil, err
	}
	gained, err = r.grants(1)
	for _, a := range slices.Concat(lost, gained) {
		a.applying = a.applying.Or(at.applying(b))
		slices.Sort(a.Notes) // in the order of statements, which is an index's own
	}
	return lost, gained, err
}
