package network_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/accessgraph/accessgraph/evaluator/paths/network"
)

func TestTowardChooses(t *testing.T) {
	const certain, conditional, absent = 1, 2, 3
	filter := func(label int32) int { return map[int32]int{certain: 0, conditional: 1, absent: -1}[label] }
	one := func(from, to uint32, label int32) network.Bundle {
		return network.Bundle{From: []uint32{from}, To: []uint32{to}, Label: label}
	}
	for _, test := range []struct {
		name    string
		bundles []network.Bundle
		hops    int
		want    []network.Step
		cut     bool
	}{
		{"fewer hops before less cost", []network.Bundle{one(0, 9, conditional), one(0, 1, certain), one(1, 9, certain)}, 0,
			[]network.Step{{From: 0, To: 9, Label: conditional}}, false},
		{"less cost of equally many hops", []network.Bundle{one(0, 1, conditional), one(1, 9, certain), one(0, 2, certain), one(2, 9, certain)}, 0,
			[]network.Step{{From: 0, To: 2, Label: certain}, {From: 2, To: 9, Label: certain}}, false},
		{"the smaller vertex of equal cost", []network.Bundle{one(0, 2, certain), one(2, 9, certain), one(0, 1, certain), one(1, 9, certain)}, 0,
			[]network.Step{{From: 0, To: 1, Label: certain}, {From: 1, To: 9, Label: certain}}, false},
		{"what the filter leaves out", []network.Bundle{one(0, 9, absent), one(0, 1, certain), one(1, 9, certain)}, 0,
			[]network.Step{{From: 0, To: 1, Label: certain}, {From: 1, To: 9, Label: certain}}, false},
		{"nothing", []network.Bundle{one(0, 9, absent), one(9, 0, certain)}, 0, nil, false},
		{"the limit cuts", []network.Bundle{one(0, 1, certain), one(1, 9, certain)}, 1, nil, true},
		{"the limit is enough", []network.Bundle{one(0, 1, certain), one(1, 9, certain)}, 2,
			[]network.Step{{From: 0, To: 1, Label: certain}, {From: 1, To: 9, Label: certain}}, false},
		{"from everybody to everybody", []network.Bundle{{From: []uint32{0, 1, 9}, To: []uint32{9, 1, 0, 0}, Label: certain}}, 0,
			[]network.Step{{From: 0, To: 9, Label: certain}}, false},
	} {
		n := network.New(10, test.bundles)
		toward := must(n.Toward(t.Context(), []uint32{9}, filter, test.hops))
		if diff := cmp.Diff(test.want, toward.Path(0)); diff != "" {
			t.Errorf("%s: toward: %s", test.name, diff)
		}
		from := must(n.From(t.Context(), []uint32{0}, filter, test.hops))
		if diff := cmp.Diff(test.want, from.Path(9)); diff != "" {
			t.Errorf("%s: from: %s", test.name, diff)
		}
		if toward.Cut() != test.cut || from.Cut() != test.cut {
			t.Errorf("%s: cut %t and %t, want %t", test.name, toward.Cut(), from.Cut(), test.cut)
		}
	}
}

// TestTreesAgree: the way of every vertex is the first of all its simple paths, and what is cut has longer ones alone.
func TestTreesAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t, 6, 5, 4)
		checkTree(t, s, s.naive(), must(s.network().Toward(context.Background(), s.targets, s.filter, s.hops)), s.targets, false)
		backwards := s.naive()
		for i, e := range backwards.edges {
			backwards.edges[i] = network.Step{From: e.To, To: e.From, Label: e.Label}
		}
		checkTree(t, s, backwards, must(s.network().From(context.Background(), s.sources, s.filter, s.hops)), s.sources, true)
	})
}

func checkTree(t *rapid.T, s scene, n naive, tree *network.Tree, roots []uint32, backwards bool) {
	cut := false
	for v := range uint32(s.vertices) {
		paths := n.paths(v, roots)
		slices.SortFunc(paths, comparePaths(s.filter))
		if len(paths) > 0 && s.hops > 0 && len(paths[0]) > s.hops {
			paths, cut = nil, true
		}
		if len(paths) == 0 {
			if tree.Hops(v) != -1 || tree.Path(v) != nil {
				t.Fatalf("vertex %d has no way, yet %d hops: %v", v, tree.Hops(v), tree.Path(v))
			}
			continue
		}
		want := paths[0]
		if backwards {
			slices.Reverse(want)
			for i, e := range want {
				want[i] = network.Step{From: e.To, To: e.From, Label: e.Label}
			}
		}
		if got := tree.Path(v); !slices.Equal(got, want) || tree.Hops(v) != len(want) || tree.Cost(v) != costOf(want, s.filter) {
			t.Fatalf("vertex %d goes %v, %d hops, cost %d; want %v", v, got, tree.Hops(v), tree.Cost(v), want)
		}
	}
	if tree.Cut() != cut {
		t.Fatalf("cut is %t, want %t", tree.Cut(), cut)
	}
}

func TestLostAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t, 8, 8, 4)
		gone := rapid.SampledFrom(labels).Draw(t, "gone")
		g := func(label int32) int {
			if label == gone {
				return -1
			}
			return s.filter(label)
		}
		before, after := s.naive().reaches(s.targets), s.naive().counted(g).reaches(s.targets)
		var want []uint32
		for v := range uint32(s.vertices) {
			if slices.Contains(s.sources, v) && before[v] && !after[v] {
				want = append(want, v)
			}
		}
		got := must(s.network().Lost(context.Background(), s.sources, s.targets, s.filter, g))
		if !slices.Equal(got, want) {
			t.Fatalf("lost %v, want %v", got, want)
		}
	})
}

func TestWrongVertices(t *testing.T) {
	n := network.New(3, nil)
	for _, vertex := range []uint32{3, 1 << 31} {
		if _, err := n.Toward(t.Context(), []uint32{0, vertex}, nil, 0); err == nil || !strings.Contains(err.Error(), "none of the 3 vertices") {
			t.Errorf("target %d: %v", vertex, err)
		}
		if _, err := n.From(t.Context(), []uint32{vertex}, nil, 0); err == nil || !strings.Contains(err.Error(), "none of the 3 vertices") {
			t.Errorf("source %d: %v", vertex, err)
		}
	}
	defer func() {
		if message, _ := recover().(string); !strings.Contains(message, "a bundle holds 3") {
			t.Errorf("New said %q", message)
		}
	}()
	network.New(3, []network.Bundle{{From: []uint32{0}, To: []uint32{3, 1}}})
}

// ending is a context that is done after so many looks at it.
type ending struct {
	context.Context
	looks int
}

func (e *ending) Err() error {
	if e.looks--; e.looks < 0 {
		return context.Canceled
	}
	return nil
}

func TestTreesEnd(t *testing.T) {
	n := network.New(100_000, chain(100_000))
	for _, looks := range []int{0, 1, 20} {
		ctx := &ending{t.Context(), looks}
		if tree, err := n.Toward(ctx, []uint32{99_999}, nil, 0); !errors.Is(err, context.Canceled) || tree != nil || ctx.looks != -1 {
			t.Errorf("after %d looks Toward ended with %v, %d looks later", looks, err, -1-ctx.looks)
		}
		if _, err := n.From(&ending{t.Context(), looks}, []uint32{0}, nil, 0); !errors.Is(err, context.Canceled) {
			t.Errorf("after %d looks From ended with %v", looks, err)
		}
		if _, err := n.Lost(&ending{t.Context(), looks}, []uint32{0}, []uint32{99_999}, nil, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("after %d looks Lost ended with %v", looks, err)
		}
	}
}
