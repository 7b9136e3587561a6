package network

import (
	"fmt"
	"math"
	"slices"
)

// Bundle is edges from every vertex of From to every vertex of To (but for a vertex to itself), all with one label. A vertex given twice counts
// once; a bundle with nobody on one side is no edge.
type Bundle struct {
	From, To []uint32
	Label    int32
}

// Step is one edge, walked.
type Step struct {
	From, To uint32
	Label    int32
}

// Filter says which edges count, by label: those with a cost below 0 do not. Costs choose between paths of equally many hops (0 certain, 1
// conditional, E17). It is asked once for each label of the network. A nil Filter counts every edge and costs nothing.
type Filter func(label int32) (cost int)

// Network is vertices and the edges between them.
type Network struct {
	vertices int
	labels   []int32    // ascending
	leave    sets       // the From sets
	enter    sets       // the To sets
	out      table[arc] // by From set
	in       table[arc] // by To set
}

// arc is one bundle as seen from one of its sets: the set on the other side, and the place of the label.
type arc struct{ set, label uint32 }

// New makes the network of the bundles, whose vertices are the numbers below vertices; it panics when one is not. The bundles are not kept.
func New(vertices int, bundles []Bundle) *Network {
	if vertices < 0 || vertices > math.MaxInt32 {
		panic(fmt.Sprintf("network: %d vertices; from 0 to %d can be", vertices, math.MaxInt32))
	}
	n := &Network{vertices: vertices, labels: labelsOf(bundles)}
	leave, enter := newPool(vertices), newPool(vertices)
	var all []joint
	for _, b := range bundles {
		if len(b.From) == 0 || len(b.To) == 0 {
			continue
		}
		label, _ := slices.BinarySearch(n.labels, b.Label)
		all = append(all, joint{from: leave.intern(b.From), to: enter.intern(b.To), label: uint32(label)})
	}
	slices.SortFunc(all, joint.compare)
	all = slices.Compact(all)
	n.leave, n.enter = leave.sets(), enter.sets()
	n.out = tabulate(n.leave.count(), all, func(j joint) (uint32, arc) { return j.from, arc{j.to, j.label} })
	n.in = tabulate(n.enter.count(), all, func(j joint) (uint32, arc) { return j.to, arc{j.from, j.label} })
	return n
}

func labelsOf(bundles []Bundle) []int32 {
	seen := map[int32]bool{}
	var labels []int32
	for _, b := range bundles {
		if !seen[b.Label] {
			seen[b.Label] = true
			labels = append(labels, b.Label)
		}
	}
	slices.Sort(labels)
	return labels
}

// costs asks the filter about every label.
func (n *Network) costs(f Filter) []int {
	costs := make([]int, len(n.labels))
	for i, label := range n.labels {
		if f != nil {
			costs[i] = f(label)
		}
	}
	return costs
}

// distinct is the vertices ascending, each once, or an error that names the first that the network does not have.
func (n *Network) distinct(role string, vertices []uint32) ([]uint32, error) {
	for _, v := range vertices {
		if int64(v) >= int64(n.vertices) {
			return nil, fmt.Errorf("network: %s %d is none of the %d vertices", role, v, n.vertices)
		}
	}
	sorted := slices.Clone(vertices)
	slices.Sort(sorted)
	return slices.Compact(sorted), nil
}

// ends is the sources and the targets, ascending, each once. Targets are not sources.
func (n *Network) ends(sources, targets []uint32) (from, to []uint32, err error) {
	if to, err = n.distinct("target", targets); err != nil {
		return nil, nil, err
	}
	if from, err = n.distinct("source", sources); err != nil {
		return nil, nil, err
	}
	return slices.DeleteFunc(from, func(v uint32) bool {
		_, target := slices.BinarySearch(to, v)
		return target
	}), to, nil
}
