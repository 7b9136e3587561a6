package network

import (
	"cmp"
	"context"
	"slices"
)

// Choke is an edge, and how many sources have no path to any target without it.
type Choke struct {
	Step
	Count int
}

// Chokes is the edges without which some source that has a path to a target has none, those that most sources need first, then by vertices and
// label. Targets are not sources.
//
// Every path of a source goes by an edge of u when every path goes by u, and the edge is the only way on from u that does not lead back to u first:
// all others lead to vertices that u dominates. A bundle is not expanded for that: in the order of the dominator tree those stand together, and two
// vertices at either end of that order tell how many a set has beside them.
func (n *Network) Chokes(ctx context.Context, sources, targets []uint32, f Filter) ([]Choke, error) {
	chokes, _, err := n.Takes(ctx, sources, targets, f)
	return chokes, err
}

// Takes is Chokes, with a function that gives the sources, ascending, that a choke takes every path from.
func (n *Network) Takes(ctx context.Context, sources, targets []uint32, f Filter) ([]Choke, func(*Choke) []uint32, error) {
	from, to, err := n.ends(sources, targets)
	if err != nil {
		return nil, nil, err
	}
	d, err := n.dominate(ctx, to, n.costs(f))
	if err != nil {
		return nil, nil, err
	}
	o := d.order(from)
	chokes, err := o.chokes()
	if err != nil {
		return nil, nil, err
	}
	byRank := o.sources(from)
	return chokes, func(c *Choke) []uint32 { return o.dominated(c.From, byRank) }, nil
}

func (o *order) chokes() ([]Choke, error) {
	fringes, err := o.leaveFringes()
	if err != nil {
		return nil, err
	}
	var chokes []Choke
	for v := range uint32(o.vertices) {
		only, some := o.only(v, fringes)
		if some {
			chokes = append(chokes, Choke{Step{From: v, To: o.node[o.at[only.rank]], Label: o.labels[only.label]}, int(o.count[o.number[v]])})
		}
		if err := o.watch.step(1 + len(o.leave.of.at(v))); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(chokes, func(a, b Choke) int { return cmp.Or(cmp.Compare(b.Count, a.Count), compareSteps(a.Step, b.Step)) })
	return chokes, nil
}

func compareSteps(a, b Step) int {
	return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Label, b.Label))
}

// order is the dominator tree in preorder: those that a node dominates are the ranks from its own on, as many as size.
type order struct {
	*dominators
	rank, size, count []uint32 // by number; count is of the sources that the node dominates
	at                []uint32 // by rank: the number
}

func (d *dominators) order(sources []uint32) *order {
	total := len(d.node)
	o := &order{dominators: d, rank: make([]uint32, total), size: make([]uint32, total), count: make([]uint32, total), at: make([]uint32, total)}
	for _, v := range sources {
		o.count[d.number[v]]++
	}
	for i := total - 1; i > 0; i-- { // a node has a greater number than who dominates it
		o.size[i]++
		o.size[d.tree[i]] += o.size[i]
		o.count[d.tree[i]] += o.count[i]
	}
	next := make([]uint32, total) // the first rank below a node that is free
	for i := 1; i < total; i++ {
		up := d.tree[i]
		o.rank[i], next[up] = next[up], next[up]+o.size[i]
		o.at[o.rank[i]], next[i] = uint32(i), o.rank[i]+1
	}
	return o
}

// sources is those with a path to a target, by rank.
func (o *order) sources(from []uint32) []uint32 {
	var out []uint32
	for _, v := range from {
		if o.number[v] != 0 {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b uint32) int { return cmp.Compare(o.rank[o.number[a]], o.rank[o.number[b]]) })
	return out
}

// dominated is the sources, ascending, that a vertex dominates: those of its ranks.
func (o *order) dominated(v uint32, byRank []uint32) []uint32 {
	first := o.rank[o.number[v]]
	compare := func(s, rank uint32) int { return cmp.Compare(o.rank[o.number[s]], rank) }
	from, _ := slices.BinarySearchFunc(byRank, first, compare)
	to, _ := slices.BinarySearchFunc(byRank, first+o.size[o.number[v]], compare)
	out := slices.Clone(byRank[from:to])
	slices.Sort(out)
	return out
}

// exit is an edge out of some set, by the rank of the vertex that it leads to and the place of its label.
type exit struct{ rank, label uint32 }

func (e exit) less(f exit) bool { return e.rank < f.rank || e.rank == f.rank && e.label < f.label }

// fringe is the two first and the two last of different exits, as far as there are.
type fringe struct {
	first, last [2]exit
	firsts      int
	lasts       int
}

func (f *fringe) add(e exit) {
	insert(&f.first, &f.firsts, e, exit.less)
	insert(&f.last, &f.lasts, e, func(a, b exit) bool { return b.less(a) })
}

// insert keeps the two that come first.
func insert(kept *[2]exit, count *int, e exit, less func(a, b exit) bool) {
	switch {
	case *count > 0 && e == kept[0]:
	case *count == 0 || less(e, kept[0]):
		kept[1], kept[0], *count = kept[0], e, min(*count+1, 2)
	case *count == 1 || less(e, kept[1]):
		kept[1], *count = e, 2
	}
}

// all is the exits kept; some can be there twice.
func (f *fringe) all(yield func(exit) bool) {
	for _, e := range f.first[:f.firsts] {
		if !yield(e) {
			return
		}
	}
	for _, e := range f.last[:f.lasts] {
		if !yield(e) {
			return
		}
	}
}

// leaveFringes is, by From set, the fringe of all edges out of it that lead on to a target.
func (o *order) leaveFringes() ([]fringe, error) {
	enter := make([]fringe, o.enter.count())
	for set := range enter {
		members := o.enter.members.at(uint32(set))
		for _, v := range members {
			if number := o.number[v]; number != 0 {
				enter[set].add(exit{rank: o.rank[number]})
			}
		}
		if err := o.watch.step(1 + len(members)); err != nil {
			return nil, err
		}
	}
	leave := make([]fringe, o.leave.count())
	for set := range leave {
		arcs := o.out.at(uint32(set))
		for _, a := range arcs {
			if o.costs[a.label] < 0 {
				continue
			}
			for e := range enter[a.set].all {
				leave[set].add(exit{rank: e.rank, label: a.label})
			}
		}
		if err := o.watch.step(1 + len(arcs)); err != nil {
			return nil, err
		}
	}
	return leave, nil
}

// only is the one edge on from v that leads to nobody whom v dominates, when there is one only and v dominates a source.
func (o *order) only(v uint32, fringes []fringe) (only exit, some bool) {
	number := o.number[v]
	if number == 0 || o.target[v] || o.count[number] == 0 {
		return exit{}, false
	}
	for _, set := range o.leave.of.at(v) {
		for e := range fringes[set].all {
			switch {
			case e.rank-o.rank[number] < o.size[number]: // dominated; what comes before wraps around to far behind
			case !some:
				only, some = e, true
			case e != only:
				return exit{}, false
			}
		}
	}
	return only, some
}
