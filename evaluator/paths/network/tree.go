package network

import (
	"context"
	"slices"
)

// Tree is one shortest way for every vertex that has one: the fewest hops, of those the least cost, of those the way whose vertices and labels are
// the smallest, one step compared after the other from the vertex on.
type Tree struct {
	toward bool
	hops   []int32 // -1: there is no way
	cost   []int64
	next   []uint32 // the vertex before or behind on the way, itself at the end
	label  []int32  // of the edge to or from it
	cut    bool
}

// Hops is how many edges the way of v has: 0 for a target of Toward and a source of From, -1 when there is no way.
func (t *Tree) Hops(v uint32) int { return int(t.hops[v]) }

// Cost is what the edges of the way of v cost together, 0 when there is no way.
func (t *Tree) Cost(v uint32) int { return int(t.cost[v]) }

// Path is the way of v in walking order: from v to a target, or from a source to v. It is empty where Hops is not above 0.
func (t *Tree) Path(v uint32) []Step {
	if t.hops[v] <= 0 {
		return nil
	}
	path := make([]Step, 0, t.hops[v])
	for range t.hops[v] {
		if next := t.next[v]; t.toward {
			path = append(path, Step{From: v, To: next, Label: t.label[v]})
		} else {
			path = append(path, Step{From: next, To: v, Label: t.label[v]})
		}
		v = t.next[v]
	}
	if !t.toward {
		slices.Reverse(path)
	}
	return path
}

// Cut tells whether the limit of hops left out a vertex that has a longer way.
func (t *Tree) Cut() bool { return t.cut }

// Toward finds for every vertex the shortest way to the nearest target, at most so many hops long (0: however long).
func (n *Network) Toward(ctx context.Context, targets []uint32, f Filter, hops int) (*Tree, error) {
	roots, err := n.distinct("target", targets)
	if err != nil {
		return nil, err
	}
	return n.backward(ctx, roots, n.costs(f)).grow(hops)
}

// From finds for every vertex the shortest way from the nearest source, at most so many hops long (0: however long). Ways are compared from the
// vertex back to the source.
func (n *Network) From(ctx context.Context, sources []uint32, f Filter, hops int) (*Tree, error) {
	roots, err := n.distinct("source", sources)
	if err != nil {
		return nil, err
	}
	return n.forward(ctx, roots, n.costs(f)).grow(hops)
}

// Lost is the sources, ascending, that have a path to a target under f and none under g. Targets are no sources.
func (n *Network) Lost(ctx context.Context, sources, targets []uint32, f, g Filter) ([]uint32, error) {
	from, to, err := n.ends(sources, targets)
	if err != nil {
		return nil, err
	}
	before, err := n.Toward(ctx, to, f, 0)
	if err != nil {
		return nil, err
	}
	after, err := n.Toward(ctx, to, g, 0)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(from, func(v uint32) bool { return before.hops[v] < 0 || after.hops[v] >= 0 }), nil
}
