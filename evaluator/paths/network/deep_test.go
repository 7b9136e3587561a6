package network_test

import (
	"testing"

	"github.com/accessgraph/accessgraph/evaluator/paths/network"
)

// chain is 0 → 1 → … one edge each.
func chain(vertices int) []network.Bundle {
	bundles := make([]network.Bundle, 0, vertices)
	for v := range uint32(vertices - 1) {
		bundles = append(bundles, network.Bundle{From: []uint32{v}, To: []uint32{v + 1}, Label: 1})
	}
	return bundles
}

// TestDeepChain: what recursed would need a million frames, and what looked back at every step would not end.
func TestDeepChain(t *testing.T) {
	const deep = 1_000_000
	n := network.New(deep, chain(deep))
	toward := must(n.Toward(t.Context(), []uint32{deep - 1}, nil, 0))
	if path := toward.Path(0); len(path) != deep-1 || path[deep-2].To != deep-1 {
		t.Errorf("the path has %d steps", len(path))
	}
	from := must(n.From(t.Context(), []uint32{0}, nil, deep/2))
	if from.Hops(deep/2) != deep/2 || from.Hops(deep/2+1) != -1 || !from.Cut() {
		t.Errorf("hops %d and %d, cut %t", from.Hops(deep/2), from.Hops(deep/2+1), from.Cut())
	}
	if paths := first(t, 2, n.All(t.Context(), []uint32{0}, []uint32{deep - 1}, nil, 0)); len(paths) != 1 || len(paths[0]) != deep-1 {
		t.Errorf("%d paths", len(paths))
	}
	chokes := must(n.Chokes(t.Context(), crowd(0, deep, 0).From, []uint32{deep - 1}, nil))
	most := network.Choke{Step: network.Step{From: deep - 2, To: deep - 1, Label: 1}, Count: deep - 1}
	if len(chokes) != deep-1 || chokes[0] != most || chokes[deep-2].Count != 1 {
		t.Errorf("%d chokes, from %v to %v", len(chokes), chokes[0], chokes[len(chokes)-1])
	}
	cut := must(n.MinCut(t.Context(), []uint32{0}, []uint32{deep - 1}, nil, deep))
	if len(cut) != 1 || cut[0] != most.Step {
		t.Errorf("the cut is %v", cut)
	}
}

// TestDeepLadder: a ladder of a hundred thousand rungs with two edges each has 2^100000 paths, all equally long.
func TestDeepLadder(t *testing.T) {
	const deep = 100_000
	bundles := chain(deep)
	for _, b := range chain(deep) {
		b.Label = 2
		bundles = append(bundles, b)
	}
	n := network.New(deep, bundles)
	paths := first(t, 3, n.All(t.Context(), []uint32{0}, []uint32{deep - 1}, nil, 0))
	for i, want := range [][2]int32{{1, 1}, {1, 2}, {2, 1}} {
		if got := paths[i]; len(got) != deep-1 || got[deep-3].Label != want[0] || got[deep-2].Label != want[1] {
			t.Errorf("path %d ends with labels %d and %d, want %v", i, got[deep-3].Label, got[deep-2].Label, want)
		}
	}
}
