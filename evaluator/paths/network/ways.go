package network

import (
	"cmp"
	"slices"
)

// way is one way on from a vertex: the step, and how long the shortest walk to a target is that begins with it.
type way struct {
	to          uint32
	label       int32
	step, whole length
}

// ways is the ways on from a vertex, the one with the shortest walk first, then by vertex and label; made as far as somebody asks. One can lead to
// the vertex itself.
type ways struct {
	made  []way
	queue heap[run]
}

// run is the rest of one bundle.
type run struct {
	first   way
	members []uint32 // behind the first
}

func (a run) less(b run) bool {
	switch {
	case a.first.whole != b.first.whole:
		return a.first.whole.less(b.first.whole)
	case a.first.to != b.first.to:
		return a.first.to < b.first.to
	}
	return a.first.label < b.first.label
}

// guide is what a search knows of the way from every vertex to the targets.
type guide struct {
	*Network
	costs  []int
	tree   *Tree
	ranked map[uint32][]uint32 // by To set: see rank
	leaves map[uint32]*ways    // by vertex
	least  map[uint32]length   // by From set: see across
	watch  watch
}

func (g *guide) remaining(v uint32) length { return length{g.tree.hops[v], g.tree.cost[v]} }

func (g *guide) compare(a, b uint32) int {
	return cmp.Or(cmp.Compare(g.tree.hops[a], g.tree.hops[b]), cmp.Compare(g.tree.cost[a], g.tree.cost[b]), cmp.Compare(a, b))
}

// rank is the members of a To set from which there is a way, the shortest first; nobody once the watch has ended, which the next step tells.
func (g *guide) rank(set uint32) []uint32 {
	ranked, known := g.ranked[set]
	members := g.enter.members.at(set)
	if known || g.watch.step(len(members)) != nil {
		return ranked
	}
	for _, v := range members {
		if g.tree.hops[v] >= 0 {
			ranked = append(ranked, v)
		}
	}
	slices.SortFunc(ranked, g.compare)
	g.ranked[set] = ranked
	return ranked
}

// across is how long the shortest walk from a member of the From set is, by the set.
func (g *guide) across(set uint32) (least length, some bool) {
	if least, some = g.least[set]; some {
		return least, least.hops >= 0
	}
	for _, a := range g.out.at(set) {
		if l, ok := g.through(a); ok && (!some || l.less(least)) {
			least, some = l, true
		}
	}
	if !some {
		least.hops = -1
	}
	g.least[set] = least
	return least, some
}

// through is how long the shortest walk is that begins with an edge of the bundle.
func (g *guide) through(a arc) (length, bool) {
	members := g.rank(a.set)
	if g.costs[a.label] < 0 || len(members) == 0 {
		return length{}, false
	}
	return g.price(a).plus(g.remaining(members[0])), true
}

// price is the length of an edge of the bundle.
func (g *guide) price(a arc) length { return length{1, int64(g.costs[a.label])} }

// waysFrom is the ways on from v, for all prefixes that end there.
func (g *guide) waysFrom(v uint32) (*ways, error) {
	if known := g.leaves[v]; known != nil {
		return known, nil
	}
	made := &ways{queue: heap[run]{less: run.less}}
	for _, set := range g.leave.of.at(v) {
		for _, a := range g.out.at(set) {
			if _, some := g.through(a); some {
				made.queue.push(g.begin(way{label: g.labels[a.label], step: g.price(a)}, g.rank(a.set)))
			}
			if err := g.watch.step(1); err != nil {
				return nil, err
			}
		}
	}
	g.leaves[v] = made
	return made, nil
}

// begin is the run of members that begins with the first of them.
func (g *guide) begin(w way, members []uint32) run {
	w.to, w.whole = members[0], w.step.plus(g.remaining(members[0]))
	return run{first: w, members: members[1:]}
}

// way is the way at the place, if there are so many.
func (g *guide) way(ways *ways, place int) (way, bool) {
	for len(ways.made) <= place && len(ways.queue.items) > 0 {
		next := ways.queue.pop()
		if len(next.members) > 0 {
			ways.queue.push(g.begin(next.first, next.members))
		}
		// The same edge of several bundles comes from all of them at once.
		if last := len(ways.made) - 1; last < 0 || ways.made[last] != next.first {
			ways.made = append(ways.made, next.first)
		}
	}
	if place >= len(ways.made) {
		return way{}, false
	}
	return ways.made[place], true
}
