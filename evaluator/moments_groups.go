package evaluator

import (
	"fmt"
	"slices"

	"github.com/accessgraph/accessgraph/evaluator/region"
)

// junction is resources that are one group to a caller in the older snapshot, and one in the newer.
type junction struct {
	groups [2]*targetGroup
	items  []*item
	asked  region.Set // see applying
	same   bool       // they are as they were, so that the verdict of an action changes with what binds the caller alone
}

// junctions lists what a caller may have to do with in either snapshot. Where it is bound as before, and quiet, those resources that are the
// same in both are left out.
func (m *moments) junctions(b *bout, quiet bool) []*junction {
	sides := b.sides
	whole := [2]map[*targetGroup]*targetGroup{{}, {}} // group of the snapshot -> what it is to the caller
	beside := [2]map[string]*targetGroup{{}, {}}      // what no snapshot holds, by kind
	own := b.affected.And(b.granting)
	seen := map[*spot]bool{}
	var concerned []*spot
	for x, t := range m.targets {
		var groups []*targetGroup
		among := b.granting
		if m.sameOwner(sides[x].caller.account) {
			among = among.And(b.affected)
		}
		for _, g := range m.groupsFor(x, sides[x].caller, among) {
			switch {
			case !t.lists(g):
				if !quiet || !m.sameOwner(g.owner) {
					beside[x][besideKey(g)] = g
				}
			case !m.settled(x, g), !quiet && (g.actions.Intersects(own) || g.actions.Intersects(b.affected.And(m.grantsOf(g)))):
				groups = append(groups, g)
			}
		}
		for _, g := range t.mergeFor(sides[x], groups) {
			for _, part := range g.partsOf() {
				whole[x][part] = g
				for _, it := range part.items {
					if s := m.spots[spotKey(it)]; !seen[s] && !(quiet && m.same(s)) {
						seen[s] = true
						concerned = append(concerned, s)
					}
				}
			}
		}
	}
	if !quiet { // what one of them does not have is in its eyes what nobody has, whatever the other one makes of it
		for _, s := range m.lone[sides[1].caller.principal.Account] {
			if !seen[s] {
				concerned = append(concerned, s)
			}
		}
	}
	return append(m.pairUp(whole, concerned), m.pairBeside(beside)...)
}

// groupsFor is targets.groupsFor, as far as some members act on what no snapshot holds.
func (m *moments) groupsFor(x int, c *caller, among region.Set) []*targetGroup {
	t := m.targets[x]
	out := slices.Clone(t.byOwner[c.account])
	for _, g := range t.cross {
		if g.owner != c.account && g.outsiders.admits(c.principal.Account) {
			out = append(out, g)
		}
	}
	if c.account == nil || c.outside {
		return out
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	key := fmt.Sprintf("%d %s %s", x, c.account.id, among.Key())
	others, ok := m.others[key]
	if !ok {
		others = t.othersAmong(c.account, among)
		m.others[key] = others
	}
	return append(append(out, others...), t.foreign(c)...)
}

// sameOwner tells whether what binds everybody who acts on the resources of an account is as it was.
func (m *moments) sameOwner(a *account) bool {
	if a == nil {
		return true
	}
	return !m.moved && m.ownerState(0, m.worlds[0].account(a.id)) == m.ownerState(1, m.worlds[1].account(a.id))
}

// lists tells whether a group is one of the snapshot's own.
func (t *targets) lists(g *targetGroup) bool {
	return g.place < len(t.groups) && t.groups[g.place] == g
}

// partsOf are the groups of the snapshot that a group is made of.
func (g *targetGroup) partsOf() []*targetGroup {
	if len(g.parts) == 0 {
		return []*targetGroup{g}
	}
	return g.parts
}

// settled tells whether all resources of a group are in the other snapshot just so.
func (m *moments) settled(x int, g *targetGroup) bool {
	if yes, ok := m.quiet[x][g]; ok {
		return yes
	}
	yes := true
	for _, it := range g.items {
		yes = yes && m.same(m.spots[spotKey(it)])
	}
	m.quiet[x][g] = yes
	return yes
}

// besideKey names the kinds of what no snapshot holds.
func besideKey(g *targetGroup) string {
	key := fmt.Sprintf("%t %t %q %q", g.star, g.unread, g.ownerAccount(), g.assumption)
	if len(g.items) > 0 && g.assumption != notInSnapshot {
		key += g.items[0].text
	}
	return key
}

// pairBeside pairs what no snapshot holds. What the one may hold unread and the other knows that there is none of tells nothing of what changed.
func (m *moments) pairBeside(beside [2]map[string]*targetGroup) []*junction {
	var out []*junction
	for _, key := range sortedKeys(beside[0]) {
		if b := beside[1][key]; b != nil {
			out = append(out, &junction{groups: [2]*targetGroup{beside[0][key], b}, items: b.items, same: m.sameOwner(b.owner)})
		}
	}
	return out
}

// pairUp sorts resources by what they are to the caller in either snapshot.
func (m *moments) pairUp(whole [2]map[*targetGroup]*targetGroup, concerned []*spot) []*junction {
	type key struct {
		pair [2]*targetGroup
		same bool
	}
	known := map[key]*junction{}
	var out []*junction
	for _, s := range concerned {
		var pair [2]*targetGroup
		read := true
		for x := range pair {
			switch g := s.groups[x]; {
			case g == nil:
				pair[x], read = m.absent(x, s.groups[1-x])
			case whole[x][g] != nil:
				pair[x] = whole[x][g]
			default: // to this caller it is nothing; the engine says so
				pair[x] = g
			}
			if !read {
				break
			}
		}
		if !read {
			continue
		}
		k := key{pair, m.same(s)}
		at := known[k]
		if at == nil {
			at = &junction{groups: pair, same: k.same}
			known[k] = at
			out = append(out, at)
		}
		at.items = append(at.items, s.item)
	}
	return out
}

// applying are the actions that can be asked of a junction's resources.
func (at *junction) applying(b *bout) region.Set {
	if at.asked.Len() > 0 {
		return at.asked
	}
	for x, g := range at.groups {
		if len(at.items) == len(g.items) { // all of them
			at.asked = joinSets(g.actions, g.actions)
			continue
		}
		set := b.targets[1].question.none()
		for _, it := range at.items {
			set = joinSets(set, b.targets[x].applies(it))
		}
		at.asked = set.And(g.actions)
	}
	return at.asked
}

// stage gives a junction's groups as the engine takes them: of these resources alone.
func (b *bout) stage(at *junction) [2]*targetGroup {
	actions := at.applying(b)
	if at.same {
		actions = actions.And(b.affected)
	}
	actions = actions.And(b.granting.Or(b.moments.grantsOf(at.groups[0])).Or(b.moments.grantsOf(at.groups[1])))
	memo := b.memoOf(at, actions)
	var out [2]*targetGroup
	for x, g := range at.groups {
		one := g.alike()
		if len(g.parts) > 0 || b.targets[x].lists(g) {
			one.parts = g.partsOf()
		}
		one.items, one.actions, one.memo = at.items, actions, memo
		out[x] = one
	}
	for x, g := range out {
		g.takeGrants(out[1-x])
	}
	return out
}

// memoOf is where the ways to cut a junction's resources are kept, for all callers to whom they are one.
func (b *bout) memoOf(at *junction, actions region.Set) *groupMemo {
	key := fmt.Sprintf("%p %p %d %p %s", at.groups[0], at.groups[1], len(at.items), at.items[0], actions.Key())
	memo, _ := b.moments.memos.LoadOrStore(key, &groupMemo{})
	return memo.(*groupMemo)
}

// takeGrants gives a group whose KMS grants were not read those that the other snapshot has, as what may be.
func (g *targetGroup) takeGrants(other *targetGroup) {
	if g.owner == nil || g.owner.facts == nil || g.owner.grantsRead() || other.owner == nil || !other.owner.grantsRead() {
		return
	}
	for i := range other.grants {
		one := other.grants[i]
		one.Unknown = true
		g.grants = append(g.grants[:len(g.grants):len(g.grants)], one)
	}
}

// rivals sets up what a caller may do on the resources of a junction in the older snapshot beside what it may do in the newer one; nil where
// that is nothing in either.
func (b *bout) rivals(at *junction, budget *region.Budget) *rivals {
	groups := b.stage(at)
	if groups[0].actions.Empty() {
		return nil
	}
	older, some := evaluationFor(b.targets[0], b.sides[0], groups[0], budget)
	older.begin(b.targets[0])
	newer := evaluationBeside(older, b.targets[1], b.sides[1], groups[1])
	if !some && !newer.grantsSomething() {
		return nil
	}
	r := newRivals(older, newer)
	r.moments, r.nobody = b.nobody < 0, b.nobody
	for _, in := range newer.instances {
		in.later = true
	}
	return r
}
