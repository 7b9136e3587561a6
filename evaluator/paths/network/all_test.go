package network_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/accessgraph/accessgraph/evaluator/paths/network"
)

// first takes so many paths.
func first(t interface{ Fatal(...any) }, count int, all iter.Seq2[[]network.Step, error]) (paths [][]network.Step) {
	for path, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		if paths = append(paths, path); len(paths) == count {
			break
		}
	}
	return paths
}

// TestAllAgrees: what is yielded is every simple path, in the order promised.
func TestAllAgrees(t *testing.T) {
	for name, size := range map[string][3]int{"crowded": {7, 6, 4}, "sparse": {14, 28, 1}} {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) { checkAll(t, drawScene(t, size[0], size[1], size[2])) }))
	}
}

func checkAll(t *rapid.T, s scene) {
	var want [][]network.Step
	n := s.naive()
	for v := range uint32(s.vertices) {
		if slices.Contains(s.sources, v) && !slices.Contains(s.targets, v) {
			want = append(want, n.paths(v, s.targets)...)
		}
	}
	want = slices.DeleteFunc(want, func(path []network.Step) bool { return s.hops > 0 && len(path) > s.hops })
	slices.SortFunc(want, comparePaths(s.filter))
	const most = 400
	want = want[:min(most, len(want))]
	got := first(t, most, s.network().All(context.Background(), s.sources, s.targets, s.filter, s.hops))
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatal(diff)
	}
}

// crowd is everybody of so many vertices from the first on, to everybody of them.
func crowd(first, size uint32, label int32) network.Bundle {
	var all []uint32
	for v := range size {
		all = append(all, first+v)
	}
	return network.Bundle{From: all, To: all, Label: label}
}

// TestAllLeavesDeadEnds: from a crowd of 60 that is entered and left by vertex 1 alone there are more ways back to it than anybody can try.
func TestAllLeavesDeadEnds(t *testing.T) {
	n := network.New(70, []network.Bundle{
		{From: []uint32{0}, To: []uint32{1}, Label: 1},
		{From: []uint32{1}, To: []uint32{2}, Label: 1},
		crowd(10, 60, 2),
		{From: []uint32{1}, To: crowd(10, 60, 0).From, Label: 3},
		{From: crowd(10, 60, 0).From, To: []uint32{1}, Label: 3},
	})
	got := first(t, 2, n.All(t.Context(), []uint32{0}, []uint32{2}, nil, 0))
	want := [][]network.Step{{{From: 0, To: 1, Label: 1}, {From: 1, To: 2, Label: 1}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestAllWaitsWithDetours: the crowd has a way out of its own, longer than another path. Nobody can try all walks in the crowd before that comes.
func TestAllWaitsWithDetours(t *testing.T) {
	const around, out = 100, 200 // where the other path and the way out begin, 30 and 60 edges long
	bundles := []network.Bundle{
		{From: []uint32{0}, To: []uint32{1, around}},
		crowd(10, 60, 2),
		{From: []uint32{1}, To: crowd(10, 60, 0).From},
		{From: crowd(10, 60, 0).From, To: []uint32{0}}, // the shortest walk from the crowd leads back
		{From: []uint32{0, around + 29, out + 59}, To: []uint32{2}},
		{From: []uint32{10}, To: []uint32{out}},
	}
	for v := range uint32(29) {
		bundles = append(bundles, network.Bundle{From: []uint32{around + v}, To: []uint32{around + v + 1}})
	}
	for v := range uint32(59) {
		bundles = append(bundles, network.Bundle{From: []uint32{out + v}, To: []uint32{out + v + 1}})
	}
	n := network.New(300, bundles)
	var lengths []int
	for _, path := range first(t, 5, n.All(t.Context(), []uint32{0}, []uint32{2}, nil, 0)) {
		lengths = append(lengths, len(path))
	}
	if diff := cmp.Diff([]int{1, 31, 63, 64, 64}, lengths); diff != "" {
		t.Error(diff)
	}
}

// TestAllGoesAround: the way of the tree leads back, and a long detour does not.
func TestAllGoesAround(t *testing.T) {
	bundles := []network.Bundle{
		{From: []uint32{0}, To: []uint32{1}}, {From: []uint32{1}, To: []uint32{9}},
		{From: []uint32{1}, To: []uint32{2}}, {From: []uint32{2}, To: []uint32{1, 3}},
		{From: []uint32{3}, To: []uint32{1, 4}}, {From: []uint32{4}, To: []uint32{1, 9}},
	}
	n := network.New(10, bundles)
	var lengths []int
	for _, path := range first(t, 10, n.All(t.Context(), []uint32{0}, []uint32{9}, nil, 0)) {
		lengths = append(lengths, len(path))
	}
	if diff := cmp.Diff([]int{2, 5}, lengths); diff != "" {
		t.Error(diff)
	}
	if paths := first(t, 10, n.All(t.Context(), []uint32{0}, []uint32{9}, nil, 4)); len(paths) != 1 {
		t.Errorf("%d paths of up to 4 hops", len(paths))
	}
}

// TestAllOfManyIsLazy: paths without number, of which the first thousand come in order.
func TestAllOfManyIsLazy(t *testing.T) {
	n := network.New(2000, []network.Bundle{crowd(0, 2000, 1), crowd(0, 2000, 2)})
	costs := func(label int32) int { return int(label) - 1 }
	paths := first(t, 10_000, n.All(t.Context(), []uint32{0, 1}, []uint32{1999}, costs, 0))
	if len(paths) != 10_000 || !slices.IsSortedFunc(paths, comparePaths(costs)) {
		t.Errorf("%d paths, or out of order", len(paths))
	}
	// Two direct, cheap and dear, from both; then over one of 1,997 others or the other source: cheap both, …
	if diff := cmp.Diff([]network.Step{{From: 1, To: 1999, Label: 2}}, paths[3]); diff != "" {
		t.Error(diff)
	}
	if got := paths[4+1998]; got[0].From != 1 || got[0].To != 0 || costOf(got, costs) != 0 {
		t.Errorf("path %d is %v", 4+1998, got)
	}
}

func TestAllEnds(t *testing.T) {
	n := network.New(2000, []network.Bundle{crowd(0, 2000, 1)})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	count := 0
	var last error
	for path, err := range n.All(ctx, []uint32{0}, []uint32{1999}, nil, 0) {
		if last = err; err != nil {
			if path != nil {
				t.Error("an error comes with a path")
			}
			break
		}
		if count++; count == 10 {
			cancel()
		}
	}
	if !errors.Is(last, context.Canceled) || count > 10+5000 {
		t.Errorf("after %d paths: %v", count, last)
	}
	for _, err := range n.All(t.Context(), []uint32{2000}, []uint32{1}, nil, 0) {
		if err == nil {
			t.Error("a source that is no vertex found a path")
		}
	}
}

// TestAllIsCanonical: the order in which the question is told does not matter, and many may ask at once.
func TestAllIsCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t, 20, 12, 8)
		want := first(t, 50, s.network().All(context.Background(), s.sources, s.targets, s.filter, s.hops))
		s = s.shuffled(t)
		n, got := s.network(), make(chan [][]network.Step)
		for range 2 {
			go func() { got <- first(t, 50, n.All(context.Background(), s.sources, s.targets, s.filter, s.hops)) }()
		}
		for range 2 {
			if diff := cmp.Diff(want, <-got); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}
