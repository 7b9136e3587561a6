package network_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/accessgraph/accessgraph/evaluator/paths/network"
)

// naive is the obviously right model: every edge by itself, every simple path written out.
type naive struct {
	vertices int
	edges    []network.Step // each once, ascending
}

func compareSteps(a, b network.Step) int {
	return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Label, b.Label))
}

func expand(vertices int, bundles []network.Bundle) naive {
	seen := map[network.Step]bool{}
	for _, b := range bundles {
		for _, from := range b.From {
			for _, to := range b.To {
				if from != to {
					seen[network.Step{From: from, To: to, Label: b.Label}] = true
				}
			}
		}
	}
	n := naive{vertices: vertices}
	for e := range seen {
		n.edges = append(n.edges, e)
	}
	slices.SortFunc(n.edges, compareSteps)
	return n
}

// counted is the edges that the filter lets through.
func (n naive) counted(f network.Filter) naive {
	return naive{n.vertices, slices.DeleteFunc(slices.Clone(n.edges), func(e network.Step) bool { return f(e.Label) < 0 })}
}

func (n naive) without(e network.Step) naive {
	return naive{n.vertices, slices.DeleteFunc(slices.Clone(n.edges), func(o network.Step) bool { return o == e })}
}

// paths is every simple path from v to the first target that it meets.
func (n naive) paths(v uint32, targets []uint32) [][]network.Step {
	var all [][]network.Step
	var walk func(v uint32, path []network.Step, seen []uint32)
	walk = func(v uint32, path []network.Step, seen []uint32) {
		if slices.Contains(targets, v) {
			all = append(all, slices.Clone(path))
			return
		}
		for _, e := range n.edges {
			if e.From == v && !slices.Contains(seen, e.To) {
				walk(e.To, append(path, e), append(seen, e.To))
			}
		}
	}
	walk(v, nil, []uint32{v})
	return all
}

// reaches marks the vertices that have a path to a target.
func (n naive) reaches(targets []uint32) []bool {
	reached := make([]bool, n.vertices)
	for _, t := range targets {
		reached[t] = true
	}
	for changed := true; changed; {
		changed = false
		for _, e := range n.edges {
			if reached[e.To] && !reached[e.From] {
				reached[e.From], changed = true, true
			}
		}
	}
	return reached
}

// reaching counts the sources, but for targets, that have a path to a target.
func (n naive) reaching(sources, targets []uint32) int {
	count, reached := 0, n.reaches(targets)
	for v := range uint32(n.vertices) {
		if slices.Contains(sources, v) && !slices.Contains(targets, v) && reached[v] {
			count++
		}
	}
	return count
}

func costOf(path []network.Step, f network.Filter) int {
	sum := 0
	for _, s := range path {
		sum += f(s.Label)
	}
	return sum
}

// comparePaths is the order that the package promises.
func comparePaths(f network.Filter) func(a, b []network.Step) int {
	return func(a, b []network.Step) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(costOf(a, f), costOf(b, f)), slices.CompareFunc(a, b, compareSteps))
	}
}

// scene is one drawn question.
type scene struct {
	vertices         int
	bundles          []network.Bundle
	sources, targets []uint32
	costs            map[int32]int
	hops             int
}

func (s scene) filter(label int32) int { return s.costs[label] }

func (s scene) network() *network.Network { return network.New(s.vertices, s.bundles) }

func (s scene) naive() naive { return expand(s.vertices, s.bundles).counted(s.filter) }

// labels stand out of order and below zero, too.
var labels = []int32{7, -3, 0}

// drawScene draws the sizes, and lots for the rest: drawn one by one most sets would be empty, and most networks without a path.
func drawScene(t *rapid.T, vertices, bundles, widest int) scene {
	s := scene{costs: map[int32]int{}, hops: rapid.IntRange(0, 5).Draw(t, "hops")}
	s.vertices = rapid.IntRange(2, vertices).Draw(t, "vertices")
	count := rapid.IntRange(0, bundles).Draw(t, "bundles")
	if rapid.IntRange(0, 3).Draw(t, "full") > 0 {
		s.vertices, count = vertices, bundles
	}
	lots := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "lots"), 0))
	some := func(most int) []uint32 {
		set := make([]uint32, max(lots.IntN(most+1), lots.IntN(2))) // seldom nobody
		for i := range set {
			set[i] = uint32(lots.IntN(s.vertices))
		}
		return set
	}
	for range count {
		s.bundles = append(s.bundles, network.Bundle{From: some(widest), To: some(widest), Label: labels[lots.IntN(len(labels))]})
	}
	for _, label := range labels {
		s.costs[label] = lots.IntN(3) - lots.IntN(2)*lots.IntN(2)
	}
	s.sources, s.targets = some(5), some(3)
	return s
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// shuffled is the same question, told in another order.
func (s scene) shuffled(t *rapid.T) scene {
	s.bundles = rapid.Permutation(s.bundles).Draw(t, "other bundles")
	for i, b := range s.bundles {
		b.From, b.To = rapid.Permutation(b.From).Draw(t, "other from"), rapid.Permutation(b.To).Draw(t, "other to")
		s.bundles[i] = b
	}
	s.sources, s.targets = rapid.Permutation(s.sources).Draw(t, "other sources"), rapid.Permutation(s.targets).Draw(t, "other targets")
	return s
}

// TestNaive holds the model against what can be counted by hand.
func TestNaive(t *testing.T) {
	all := []uint32{0, 1, 2, 3}
	n := expand(4, []network.Bundle{{From: all, To: all, Label: 1}})
	if len(n.edges) != 12 {
		t.Errorf("everybody to everybody of 4: %d edges", len(n.edges))
	}
	if paths := n.paths(0, []uint32{3}); len(paths) != 5 { // 03, 013, 023, 0123, 0213
		t.Errorf("%d simple paths between two of 4", len(paths))
	}
}
