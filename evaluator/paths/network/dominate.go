package network

import (
	"context"
	"iter"
	"math"
)

// dominators is the dominator tree of the network walked backwards from a sink that every target leads to: a dominates v when every path from v to
// a target goes by a. Its nodes are vertices, From sets, To sets and the sink. Those that lead to a target are numbered in the order of a
// depth-first search, the sink 1; 0 is none.
//
// The sets change nothing among the vertices: all that they add to the walks of the network is returns from a vertex to itself.
type dominators struct {
	*Network
	costs   []int
	targets []uint32
	target  []bool
	watch   watch

	number []uint32 // by node: vertices, then From sets, then To sets, then the sink
	node   []uint32 // by number, and so are the following
	parent []uint32 // in the search
	tree   []uint32 // the immediate dominator
}

func (n *Network) dominate(ctx context.Context, targets []uint32, costs []int) (*dominators, error) {
	nodes := n.vertices + n.leave.count() + n.enter.count() + 1
	d := &dominators{Network: n, costs: costs, targets: targets, target: make([]bool, n.vertices), watch: watch{ctx: ctx}}
	d.number = make([]uint32, nodes)
	for _, v := range targets {
		d.target[v] = true
	}
	if err := d.search(); err != nil {
		return nil, err
	}
	return d, d.link()
}

func (d *dominators) sink() uint32 { return uint32(len(d.number) - 1) }

func (d *dominators) leaveNode(set uint32) uint32 { return uint32(d.vertices) + set }

func (d *dominators) enterNode(set uint32) uint32 { return uint32(d.vertices+d.leave.count()) + set }

// part tells vertices (0), From sets (1), To sets (2) and the sink (3) apart, and gives the number within.
func (d *dominators) part(node uint32) (kind int, within uint32) {
	switch {
	case node < d.leaveNode(0):
		return 0, node
	case node < d.enterNode(0):
		return 1, node - d.leaveNode(0)
	case node < d.sink():
		return 2, node - d.enterNode(0)
	}
	return 3, 0
}

// noNode stands for a bundle that does not count.
const noNode = math.MaxUint32

// behind is one of the nodes that lead to the node, if there are so many.
func (d *dominators) behind(node uint32, place int) (uint32, bool) {
	kind, within := d.part(node)
	switch kind {
	case 0:
		if of := d.enter.of.at(within); place < len(of) {
			return d.enterNode(of[place]), true
		}
	case 1:
		if members := d.leave.members.at(within); place < len(members) {
			return members[place], true
		}
	case 2:
		if arcs := d.in.at(within); place < len(arcs) {
			if d.costs[arcs[place].label] < 0 {
				return noNode, true
			}
			return d.leaveNode(arcs[place].set), true
		}
	default:
		if place < len(d.targets) {
			return d.targets[place], true
		}
	}
	return noNode, false
}

// search numbers the nodes that lead to a target.
func (d *dominators) search() error {
	type visit struct {
		number uint32
		place  int
	}
	d.node, d.parent = []uint32{noNode}, []uint32{0}
	come := func(node, parent uint32) visit {
		number := uint32(len(d.node))
		d.number[node], d.node, d.parent = number, append(d.node, node), append(d.parent, parent)
		return visit{number: number}
	}
	for stack := []visit{come(d.sink(), 0)}; len(stack) > 0; {
		if err := d.watch.step(1); err != nil {
			return err
		}
		top := &stack[len(stack)-1]
		next, more := d.behind(d.node[top.number], top.place)
		top.place++
		switch {
		case !more:
			stack = stack[:len(stack)-1]
		case next != noNode && d.number[next] == 0:
			stack = append(stack, come(next, top.number))
		}
	}
	return nil
}

// ahead is the numbers of the nodes that the node leads to.
func (d *dominators) ahead(node uint32) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		some := func(node uint32) bool { return d.number[node] == 0 || yield(d.number[node]) }
		switch kind, within := d.part(node); kind {
		case 0:
			if d.target[within] && !yield(1) {
				return
			}
			for _, set := range d.leave.of.at(within) {
				if !some(d.leaveNode(set)) {
					return
				}
			}
		case 1:
			for _, a := range d.out.at(within) {
				if d.costs[a.label] >= 0 && !some(d.enterNode(a.set)) {
					return
				}
			}
		case 2:
			for _, v := range d.enter.members.at(within) {
				if !some(v) {
					return
				}
			}
		}
	}
}

// link finds the immediate dominators, by Lengauer's and Tarjan's semidominators (1979) with path compression.
func (d *dominators) link() error {
	count := len(d.node)
	f := newForest(count)
	d.tree = make([]uint32, count)
	bucket, next := make([]uint32, count), make([]uint32, count) // whom a node semidominates
	for w := uint32(count) - 1; w > 1; w-- {
		for x := range d.ahead(d.node[w]) {
			least, err := f.least(x, &d.watch)
			if err != nil {
				return err
			}
			f.semi[w] = min(f.semi[w], f.semi[least])
		}
		bucket[f.semi[w]], next[w] = w, bucket[f.semi[w]]
		p := d.parent[w]
		f.ancestor[w] = p
		for v := bucket[p]; v != 0; v = next[v] {
			least, err := f.least(v, &d.watch)
			if err != nil {
				return err
			}
			if d.tree[v] = p; f.semi[least] < f.semi[v] {
				d.tree[v] = least
			}
		}
		bucket[p] = 0
	}
	for w := 2; w < count; w++ {
		if d.tree[w] != f.semi[w] {
			d.tree[w] = d.tree[d.tree[w]]
		}
	}
	return nil
}

// forest is the part of the search that link is through with, as trees whose ways up get shorter as they are asked for.
type forest struct {
	ancestor []uint32 // 0 for a root
	semi     []uint32
	best     []uint32 // who has the least semi of those from here up to the ancestor, which does not count
	way      []uint32
}

func newForest(count int) *forest {
	f := &forest{ancestor: make([]uint32, count), semi: make([]uint32, count), best: make([]uint32, count)}
	for i := range f.semi {
		f.semi[i], f.best[i] = uint32(i), uint32(i)
	}
	return f
}

// least is who has the least semi of those from v up to the root, which counts only when it is v.
func (f *forest) least(v uint32, w *watch) (uint32, error) {
	if f.ancestor[v] == 0 {
		return v, w.step(1)
	}
	f.way = f.way[:0]
	for x := v; f.ancestor[f.ancestor[x]] != 0; x = f.ancestor[x] {
		f.way = append(f.way, x)
	}
	for i := len(f.way) - 1; i >= 0; i-- {
		x := f.way[i]
		a := f.ancestor[x]
		if f.semi[f.best[a]] < f.semi[f.best[x]] {
			f.best[x] = f.best[a]
		}
		f.ancestor[x] = f.ancestor[a]
	}
	return f.best[v], w.step(1 + len(f.way))
}
