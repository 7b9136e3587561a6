package network_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/accessgraph/accessgraph/evaluator/paths/network"
)

const plenty = 1_000_000

func TestMinCut(t *testing.T) {
	crew := []uint32{10, 11, 12}
	bundles := []network.Bundle{
		{From: crew, To: []uint32{1, 2}, Label: 4},
		{From: []uint32{1, 2}, To: []uint32{3}, Label: 4},
		{From: []uint32{3}, To: []uint32{5}, Label: 4},
		{From: []uint32{3}, To: []uint32{5}, Label: 6},
		{From: []uint32{5, 10}, To: []uint32{6, 5}, Label: 4},
		{From: []uint32{6}, To: []uint32{10, 7}, Label: 4},
	}
	n := network.New(20, bundles)
	for _, test := range []struct {
		name             string
		sources, targets []uint32
		want             []network.Step
	}{
		{"two edges of equal ends, and one beside", crew, []uint32{5},
			[]network.Step{{From: 3, To: 5, Label: 4}, {From: 3, To: 5, Label: 6}, {From: 10, To: 5, Label: 4}}},
		{"the cut nearest to the targets", []uint32{11}, []uint32{7}, []network.Step{{From: 6, To: 7, Label: 4}}},
		{"from a source to a target at once", []uint32{10}, []uint32{6, 5}, []network.Step{
			{From: 3, To: 5, Label: 4}, {From: 3, To: 5, Label: 6}, {From: 10, To: 5, Label: 4}, {From: 10, To: 6, Label: 4}}},
		{"no path", []uint32{7}, []uint32{5}, nil},
		{"a target is no source", []uint32{5}, []uint32{5}, nil},
	} {
		got := must(n.MinCut(t.Context(), test.sources, test.targets, nil, plenty))
		if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// cuts is every set of so many edges without which no source has a path.
func (n naive) cuts(sources, targets []uint32, size, from int) (left []naive) {
	if size == 0 {
		if n.reaching(sources, targets) == 0 {
			return []naive{n}
		}
		return nil
	}
	for i := from; i < len(n.edges); i++ {
		left = append(left, n.without(n.edges[i]).cuts(sources, targets, size-1, i)...)
	}
	return left
}

// disjoint is how many paths that share no edge there are at once (Menger 1927: as many as must go), found one by one over edges that are free, and
// back over edges that are taken.
func (n naive) disjoint(sources, targets []uint32) int {
	taken := map[network.Step]bool{}
	for count := 0; ; count++ {
		came := map[uint32]network.Step{}
		queue, seen := []uint32(nil), map[uint32]bool{}
		for _, v := range sources {
			if !slices.Contains(targets, v) && !seen[v] {
				seen[v], queue = true, append(queue, v)
			}
		}
		end := slices.IndexFunc(queue, func(v uint32) bool { return slices.Contains(targets, v) })
		for i := 0; i < len(queue) && end < 0; i++ {
			for _, e := range n.edges {
				next, free := e.To, e.From == queue[i] && !taken[e]
				if e.To == queue[i] && taken[e] {
					next, free = e.From, true
				}
				if free && !seen[next] {
					seen[next], came[next], queue = true, e, append(queue, next)
				}
			}
			end = slices.IndexFunc(queue, func(v uint32) bool { return slices.Contains(targets, v) })
		}
		if end < 0 {
			return count
		}
		for v := queue[end]; ; {
			e, some := came[v]
			if !some {
				break
			}
			taken[e] = e.To == v
			if v = e.From; !taken[e] {
				v = e.To
			}
		}
	}
}

// checkCut: the edges are there, each once, and no source has a path without them.
func checkCut(t *rapid.T, s scene, cut []network.Step) {
	left := s.naive()
	for i, e := range cut {
		if !slices.Contains(left.edges, e) || i > 0 && compareSteps(cut[i-1], e) >= 0 {
			t.Fatalf("edge %v of the cut is none, or out of order", e)
		}
		left = left.without(e)
	}
	if count := left.reaching(s.sources, s.targets); count > 0 {
		t.Fatalf("%d sources have a path without %v", count, cut)
	}
}

// TestMinCutAgrees tries all sets of edges out: none smaller is enough, and each of the same size leaves to the targets whom the cut leaves them.
func TestMinCutAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t, 6, 5, 3)
		cut := must(s.network().MinCut(context.Background(), s.sources, s.targets, s.filter, plenty))
		checkCut(t, s, cut)
		if len(cut) > 3 {
			return
		}
		n := s.naive()
		for size := range cut {
			if smaller := n.cuts(s.sources, s.targets, size, 0); len(smaller) > 0 {
				t.Fatalf("%d edges are cut, and %d are enough: %v is left", len(cut), size, smaller[0].edges)
			}
		}
		left := naive{n.vertices, slices.DeleteFunc(slices.Clone(n.edges), func(e network.Step) bool { return slices.Contains(cut, e) })}
		reaching := left.reaches(s.targets)
		for _, other := range n.cuts(s.sources, s.targets, len(cut), 0) {
			for v, still := range other.reaches(s.targets) {
				if reaching[v] && !still {
					t.Fatalf("vertex %d reaches a target past %v, and not when %v is left", v, cut, other.edges)
				}
			}
		}
	})
}

// TestMinCutOfMoreAgrees counts disjoint paths instead, and tells the question in another order.
func TestMinCutOfMoreAgrees(t *testing.T) {
	for name, size := range map[string][3]int{"crowded": {12, 10, 6}, "sparse": {24, 40, 2}} {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			s := drawScene(t, size[0], size[1], size[2])
			cut := must(s.network().MinCut(context.Background(), s.sources, s.targets, s.filter, plenty))
			checkCut(t, s, cut)
			if paths := s.naive().disjoint(s.sources, s.targets); len(cut) != paths {
				t.Fatalf("%d edges cut and %d disjoint paths", len(cut), paths)
			}
			s = s.shuffled(t)
			again := must(s.network().MinCut(context.Background(), s.sources, s.targets, s.filter, plenty))
			if diff := cmp.Diff(cut, again); diff != "" {
				t.Fatal(diff)
			}
		}))
	}
}

func TestMinCutTooLarge(t *testing.T) {
	crew, beyond := crowd(0, 1000, 1), crowd(1001, 400, 0).From
	n := network.New(2000, []network.Bundle{crew, {From: []uint32{999}, To: []uint32{1500}}, {From: []uint32{1500}, To: beyond},
		{From: beyond, To: []uint32{0, 1500}}})
	// Neither what leads into the source nor what lies behind the target matters: 1,000 by 999 of the crew, and one edge to the target.
	var large *network.TooLargeError
	_, err := n.MinCut(t.Context(), []uint32{0}, []uint32{1500}, nil, 999_000)
	if !errors.As(err, &large) || *large != (network.TooLargeError{Edges: 999_001, Most: 999_000}) {
		t.Errorf("the error is %v", err)
	}
	cut := must(n.MinCut(t.Context(), []uint32{0}, []uint32{1500}, nil, 999_001))
	if diff := cmp.Diff([]network.Step{{From: 999, To: 1500}}, cut); diff != "" {
		t.Error(diff)
	}
}

func TestMinCutEnds(t *testing.T) {
	n := network.New(50_000, chain(50_000))
	for _, looks := range []int{0, 10, 60, 100} {
		ctx := &ending{t.Context(), looks}
		if cut, err := n.MinCut(ctx, []uint32{0}, []uint32{49_999}, nil, plenty); !errors.Is(err, context.Canceled) || cut != nil {
			t.Errorf("after %d looks: %v", looks, err)
		}
	}
}
