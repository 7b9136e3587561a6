package network_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/accessgraph/accessgraph/evaluator/paths/network"
)

func TestChokes(t *testing.T) {
	// Everybody of 10…14 comes to 1, by a bundle to nobody else but themselves; 1 goes to 2 by two labels; 2 to the target 3; 20 goes there itself.
	crew := []uint32{10, 11, 12, 13, 14}
	n := network.New(30, []network.Bundle{
		{From: crew, To: append([]uint32{1}, crew...), Label: 5},
		{From: []uint32{1}, To: []uint32{2}, Label: 5},
		{From: []uint32{1}, To: []uint32{2}, Label: 6},
		{From: []uint32{2}, To: []uint32{3}, Label: 5},
		{From: []uint32{20}, To: []uint32{3}, Label: 5},
		{From: []uint32{3}, To: []uint32{4, 20}, Label: 5},
	})
	got := must(n.Chokes(t.Context(), []uint32{10, 11, 20, 20, 21, 3}, []uint32{3}, nil))
	want := []network.Choke{
		{Step: network.Step{From: 2, To: 3, Label: 5}, Count: 2}, // 10 and 11 have each other to go to 1, and 1 has two edges to 2
		{Step: network.Step{From: 20, To: 3, Label: 5}, Count: 1},
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	notSix := func(label int32) int { return 5 - int(label) }
	got = must(n.Chokes(t.Context(), []uint32{10, 11}, []uint32{3}, notSix))
	want = []network.Choke{{Step: network.Step{From: 1, To: 2, Label: 5}, Count: 2}, {Step: network.Step{From: 2, To: 3, Label: 5}, Count: 2}}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// chokesOf takes every edge away in turn, and counts again.
func chokesOf(n naive, sources, targets []uint32) (chokes []network.Choke) {
	before := n.reaching(sources, targets)
	for _, e := range n.edges {
		if lost := before - n.without(e).reaching(sources, targets); lost > 0 {
			chokes = append(chokes, network.Choke{Step: e, Count: lost})
		}
	}
	slices.SortStableFunc(chokes, func(a, b network.Choke) int { return cmp.Compare(b.Count, a.Count) })
	return chokes
}

// lostOf tries every source without the edge.
func lostOf(n naive, sources, targets []uint32, e network.Step) (lost []uint32) {
	without := n.without(e)
	for _, v := range slices.Compact(slices.Sorted(slices.Values(sources))) {
		if n.reaching([]uint32{v}, targets) > without.reaching([]uint32{v}, targets) {
			lost = append(lost, v)
		}
	}
	return lost
}

// TestChokesAgree: small crowded networks, and larger sparse ones where paths are long.
func TestChokesAgree(t *testing.T) {
	for name, size := range map[string][3]int{"crowded": {7, 6, 4}, "sparse": {24, 40, 2}} {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			s := drawScene(t, size[0], size[1], size[2])
			if rapid.Bool().Draw(t, "everybody") {
				s.sources = crowd(0, uint32(s.vertices), 0).From
			}
			want := chokesOf(s.naive(), s.sources, s.targets)
			got := must(s.network().Chokes(context.Background(), s.sources, s.targets, s.filter))
			if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatal(diff)
			}
			_, takes, err := s.network().Takes(context.Background(), s.sources, s.targets, s.filter)
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				if diff := gocmp.Diff(lostOf(s.naive(), s.sources, s.targets, got[i].Step), takes(&got[i])); diff != "" {
					t.Fatalf("%v: %s", got[i], diff)
				}
			}
			s = s.shuffled(t)
			again := must(s.network().Chokes(context.Background(), s.sources, s.targets, s.filter))
			if diff := gocmp.Diff(got, again); diff != "" {
				t.Fatal(diff)
			}
		}))
	}
}

func TestChokesEnd(t *testing.T) {
	n := network.New(100_000, chain(100_000))
	for _, looks := range []int{0, 3, 60, 120, 200} {
		ctx := &ending{t.Context(), looks}
		if chokes, err := n.Chokes(ctx, []uint32{0}, []uint32{99_999}, nil); !errors.Is(err, context.Canceled) || chokes != nil {
			t.Errorf("after %d looks: %v", looks, err)
		}
	}
	if _, err := n.Chokes(t.Context(), nil, []uint32{100_000}, nil); err == nil {
		t.Error("a target that is no vertex")
	}
}
