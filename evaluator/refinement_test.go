package evaluator

import (
	"fmt"
	"sort"
	"testing"

	"pgregory.net/rapid"

	"github.com/accessgraph/accessgraph/evaluator/region"
)

// TestRefinement holds the parts against grouping the members by which sets they are in.
func TestRefinement(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 150).Draw(t, "n")
		someOf := func(name string) region.Set {
			return region.SetOf(n, rapid.SliceOf(rapid.IntRange(0, n-1)).Draw(t, name)...)
		}
		all := someOf("all")
		classes := make([]int32, n)
		for i := range classes {
			classes[i] = int32(rapid.IntRange(0, 2).Draw(t, "class"))
		}
		r := newRefinement(all, classes, make([]int32, all.Len()))
		sets := make([]region.Set, rapid.IntRange(0, 5).Draw(t, "sets"))
		for i := range sets {
			sets[i] = someOf("set")
			r.split(sets[i])
		}
		groups := map[string][]int{}
		all.Each(func(i int) {
			key := fmt.Sprint(classes[i])
			for _, s := range sets {
				key += fmt.Sprint(s.Has(i))
			}
			groups[key] = append(groups[key], i)
		})
		var want, got []string
		for _, g := range groups {
			want = append(want, fmt.Sprint(g))
		}
		for _, part := range r.parts() {
			var g []int
			part.Each(func(i int) { g = append(g, i) })
			got = append(got, fmt.Sprint(g))
		}
		sort.Strings(want)
		sort.Strings(got)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}
