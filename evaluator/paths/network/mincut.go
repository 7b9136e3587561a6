package network

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// TooLargeError is returned by MinCut when more edges than it was allowed lie between the sources and the targets.
type TooLargeError struct {
	Edges int // as the bundles hold them: those that several hold count for each
	Most  int
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%d edges lie between the sources and the targets, and a minimum cut was allowed %d", e.Edges, e.Most)
}

// MinCut is a smallest set of edges without which no source has a path to a target, by vertices and labels: of all smallest sets the one nearest to
// the targets, which keeps the most other vertices from them as well. Targets are not sources. It writes out the edges of the bundles that lie
// between the sources and the targets, and returns a *TooLargeError instead when these are more than maxEdges.
func (n *Network) MinCut(ctx context.Context, sources, targets []uint32, f Filter, maxEdges int) ([]Step, error) {
	from, to, err := n.ends(sources, targets)
	if err != nil {
		return nil, err
	}
	b, err := n.between(ctx, from, to, n.costs(f))
	if err != nil {
		return nil, err
	}
	if edges := b.size(); edges > maxEdges {
		return nil, &TooLargeError{Edges: edges, Most: maxEdges}
	}
	edges, err := b.edges()
	if err != nil {
		return nil, err
	}
	return b.cut(edges)
}

// role is what a vertex is to a cut.
type role uint8

const (
	outside role = iota // no path goes by it
	inner
	source
	target
)

// between is the part of the network that paths from sources to targets go by.
type between struct {
	*Network
	costs []int
	roles []role
	watch watch

	leading, taking table[uint32] // the members of the sets that matter
	arcs            table[arc]    // the bundles by which somebody is come to
}

func (n *Network) between(ctx context.Context, sources, targets []uint32, costs []int) (*between, error) {
	isSource, isTarget := make([]bool, n.vertices), make([]bool, n.vertices)
	for _, v := range sources {
		isSource[v] = true
	}
	for _, v := range targets {
		isTarget[v] = true
	}
	// A path through another source or target has a shorter one in it: the trees need not grow on from these.
	ahead, back := n.forward(ctx, sources, costs), n.backward(ctx, targets, costs)
	ahead.stop, back.stop = isTarget, isSource
	reached, err := ahead.grow(0)
	if err != nil {
		return nil, err
	}
	reaching, err := back.grow(0)
	if err != nil {
		return nil, err
	}
	b := &between{Network: n, costs: costs, roles: make([]role, n.vertices), watch: watch{ctx: ctx}}
	for v := range b.roles {
		switch {
		case reached.hops[v] < 0 || reaching.hops[v] < 0:
		case isSource[v]:
			b.roles[v] = source
		case isTarget[v]:
			b.roles[v] = target
		default:
			b.roles[v] = inner
		}
	}
	b.narrow()
	return b, nil
}

// leads and takes tell whether edges out of and into the vertex matter.
func (r role) leads() bool { return r == source || r == inner }
func (r role) takes() bool { return r == target || r == inner }

// narrow leaves out whom and what no path goes by, so that the work of edges is no more than there are.
func (b *between) narrow() {
	b.taking = filter(&b.enter.members, func(v uint32) bool { return b.roles[v].takes() })
	b.leading = filter(&b.leave.members, func(v uint32) bool { return b.roles[v].leads() })
	b.arcs = filter(&b.out, func(a arc) bool { return b.costs[a.label] >= 0 && len(b.taking.at(a.set)) > 0 })
}

// size is how many edges there are, as the bundles hold them.
func (b *between) size() int {
	size := 0
	for set := range uint32(b.arcs.count()) {
		for _, a := range b.arcs.at(set) {
			size += len(b.leading.at(set)) * len(b.taking.at(a.set))
		}
	}
	return size
}

// edges writes them out, by vertices and labels, each once.
func (b *between) edges() ([]Step, error) {
	var edges []Step
	for v, r := range b.roles {
		if !r.leads() {
			continue
		}
		first := len(edges)
		for _, set := range b.leave.of.at(uint32(v)) {
			for _, a := range b.arcs.at(set) {
				members := b.taking.at(a.set)
				if err := b.watch.step(1 + len(members)); err != nil {
					return nil, err
				}
				for _, w := range members {
					if int(w) != v {
						edges = append(edges, Step{From: uint32(v), To: w, Label: b.labels[a.label]})
					}
				}
			}
		}
		slices.SortFunc(edges[first:], func(a, b Step) int { return cmp.Or(cmp.Compare(a.To, b.To), cmp.Compare(a.Label, b.Label)) })
		edges = edges[:first+len(slices.Compact(edges[first:]))]
	}
	return edges, nil
}

// cut finds the smallest cut of the edges: by a greatest flow from all sources as one to all targets as one, an edge carrying one unit.
func (b *between) cut(edges []Step) ([]Step, error) {
	node := make([]uint32, b.vertices) // where the flow has it
	next := uint32(2)
	for v, r := range b.roles {
		switch r {
		case source:
			node[v] = flowSource
		case target:
			node[v] = flowTarget
		case inner:
			node[v] = next
			next++
		}
	}
	f := newFlow(int(next))
	for i := 0; i < len(edges); {
		alike := 1 // edges that differ in the label alone are cut together or not at all
		for i+alike < len(edges) && edges[i+alike].From == edges[i].From && edges[i+alike].To == edges[i].To {
			alike++
		}
		f.pipe(node[edges[i].From], node[edges[i].To], alike)
		i += alike
	}
	if err := f.fill(&b.watch); err != nil {
		return nil, err
	}
	drains, err := f.drains(&b.watch)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(edges, func(e Step) bool { return drains[node[e.From]] || !drains[node[e.To]] }), nil
}
