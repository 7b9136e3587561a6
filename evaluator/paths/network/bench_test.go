package network_test

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator/paths/network"
)

// large is a million vertices and 20,000 bundles with up to a thousand vertices a side: half of them everybody of an account to some of another.
func large() (vertices int, bundles []network.Bundle) {
	const accounts, size = 1000, 1000
	random := rand.New(rand.NewPCG(1, 2))
	everybody := make([][]uint32, accounts)
	for a := range everybody {
		for i := range uint32(size) {
			everybody[a] = append(everybody[a], uint32(a*size)+i)
		}
	}
	some := func(most int) []uint32 {
		set, first := make([]uint32, 1+random.IntN(most)), random.IntN(accounts)*size
		for i := range set {
			set[i] = uint32(first + random.IntN(size))
		}
		return set
	}
	for i := range 20_000 {
		from := everybody[random.IntN(accounts)]
		if i%2 == 1 {
			from = some(size)
		}
		bundles = append(bundles, network.Bundle{From: from, To: some(size), Label: int32(random.IntN(40))})
	}
	return accounts * size, bundles
}

// held is the bytes of the heap.
func held() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// BenchmarkNew makes the network, and says how many bytes of it stay.
func BenchmarkNew(b *testing.B) {
	vertices, bundles := large()
	before := held()
	var n *network.Network
	for b.Loop() {
		n = network.New(vertices, bundles)
	}
	b.ReportMetric(held()-before, "bytes-held")
	runtime.KeepAlive(n)
	runtime.KeepAlive(bundles)
}

// tenTargets are ten vertices.
func tenTargets() []uint32 {
	return []uint32{5, 1234, 99_999, 250_001, 333_333, 500_500, 620_000, 700_007, 888_888, 999_999}
}

func BenchmarkToward(b *testing.B) {
	n := network.New(large())
	for b.Loop() {
		must(n.Toward(b.Context(), tenTargets(), nil, 0))
	}
}

func BenchmarkFrom(b *testing.B) {
	n := network.New(large())
	for b.Loop() {
		must(n.From(b.Context(), tenTargets(), nil, 0))
	}
}

// BenchmarkAll is the first thousand paths from everybody, the network made before.
func BenchmarkAll(b *testing.B) {
	vertices, bundles := large()
	n, everybody := network.New(vertices, bundles), crowd(0, uint32(vertices), 0).From
	for b.Loop() {
		if paths := first(b, 1000, n.All(b.Context(), everybody, tenTargets(), nil, 8)); len(paths) != 1000 {
			b.Fatalf("%d paths", len(paths))
		}
	}
}

// BenchmarkAllOfOne is the first thousand paths of one source.
func BenchmarkAllOfOne(b *testing.B) {
	n := network.New(large())
	for b.Loop() {
		if paths := first(b, 1000, n.All(b.Context(), []uint32{31_337}, tenTargets(), nil, 8)); len(paths) != 1000 {
			b.Fatalf("%d paths", len(paths))
		}
	}
}

// BenchmarkChokes has everybody come to ten vertices, from there to one, and by a single edge to the target.
func BenchmarkChokes(b *testing.B) {
	vertices, bundles := large()
	key, target := uint32(vertices), uint32(vertices)+1
	bundles = append(bundles, network.Bundle{From: tenTargets(), To: []uint32{key}}, network.Bundle{From: []uint32{key}, To: []uint32{target}})
	n, everybody := network.New(vertices+2, bundles), crowd(0, uint32(vertices), 0).From
	chokes := 0
	for b.Loop() {
		chokes = len(must(n.Chokes(b.Context(), everybody, []uint32{target}, nil)))
	}
	b.ReportMetric(float64(chokes), "chokes")
}

func BenchmarkLost(b *testing.B) {
	vertices, bundles := large()
	n, everybody := network.New(vertices, bundles), crowd(0, uint32(vertices), 0).From
	lost := 0
	for b.Loop() {
		lost = len(must(n.Lost(b.Context(), everybody, tenTargets(), nil, func(label int32) int { return int(label) - 20 })))
	}
	b.ReportMetric(float64(lost), "lost")
}

// BenchmarkMinCut cuts small bundles, 1 to 20 vertices a side between 100,000, which are two million edges.
func BenchmarkMinCut(b *testing.B) {
	const vertices, count, most = 100_000, 20_000, 20
	random := rand.New(rand.NewPCG(3, 4))
	some := func() []uint32 {
		set := make([]uint32, 1+random.IntN(most))
		for i := range set {
			set[i] = uint32(random.IntN(vertices))
		}
		return set
	}
	var bundles []network.Bundle
	for range count {
		bundles = append(bundles, network.Bundle{From: some(), To: some(), Label: int32(random.IntN(40))})
	}
	n := network.New(vertices, bundles)
	sources, targets := crowd(0, 1000, 0).From, crowd(1000, 1000, 0).From
	cut := 0
	for b.Loop() {
		cut = len(must(n.MinCut(b.Context(), sources, targets, nil, 10_000_000)))
	}
	b.ReportMetric(float64(cut), "edges-cut")
}

// pairs is the edges of the bundles one by one, as lists of whom each vertex leads to.
type pairs struct{ start, to []uint32 }

// expandPairs writes out the edges of every stride-th bundle: all of them would fill the memory of a large machine.
func expandPairs(vertices int, bundles []network.Bundle, stride int) pairs {
	p := pairs{start: make([]uint32, vertices+1)}
	for i := 0; i < len(bundles); i += stride {
		for _, from := range bundles[i].From {
			p.start[from+1] += uint32(len(bundles[i].To))
		}
	}
	for v := range vertices {
		p.start[v+1] += p.start[v]
	}
	p.to = make([]uint32, p.start[vertices])
	next := append([]uint32(nil), p.start...)
	for i := 0; i < len(bundles); i += stride {
		for _, from := range bundles[i].From {
			next[from] += uint32(copy(p.to[next[from]:], bundles[i].To))
		}
	}
	return p
}

// search is plain breadth-first search over the pairs.
func (p pairs) search(sources []uint32) []int32 {
	hops := make([]int32, len(p.start)-1)
	queue := append([]uint32(nil), sources...)
	for _, v := range sources {
		hops[v] = 1
	}
	for ; len(queue) > 0; queue = queue[1:] {
		v := queue[0]
		for _, w := range p.to[p.start[v]:p.start[v+1]] {
			if hops[w] == 0 {
				hops[w] = hops[v] + 1
				queue = append(queue, w)
			}
		}
	}
	return hops
}

// stride leaves 250 bundles for the pairs, some hundred million edges.
const stride = 80

// BenchmarkPairsNew expands one bundle of 80; bytes-all is what the edges of all of them would hold.
func BenchmarkPairsNew(b *testing.B) {
	vertices, bundles := large()
	before := held()
	var p pairs
	for b.Loop() {
		p = expandPairs(vertices, bundles, stride)
	}
	b.ReportMetric(held()-before, "bytes-held")
	all := 0
	for _, bundle := range bundles {
		all += 4 * len(bundle.From) * len(bundle.To)
	}
	b.ReportMetric(float64(all+4*vertices), "bytes-all")
	runtime.KeepAlive(p)
	runtime.KeepAlive(bundles)
}

// BenchmarkPairsFrom searches the expansion of one bundle of 80, and BenchmarkFewFrom the network of the same bundles.
func BenchmarkPairsFrom(b *testing.B) {
	vertices, bundles := large()
	p := expandPairs(vertices, bundles, stride)
	sources := everyHundredth(vertices)
	for b.Loop() {
		p.search(sources)
	}
}

func BenchmarkFewFrom(b *testing.B) {
	vertices, bundles := large()
	var few []network.Bundle
	for i := 0; i < len(bundles); i += stride {
		few = append(few, bundles[i])
	}
	n := network.New(vertices, few)
	sources := everyHundredth(vertices)
	for b.Loop() {
		must(n.From(b.Context(), sources, nil, 0))
	}
}

func everyHundredth(vertices int) (some []uint32) {
	for v := 0; v < vertices; v += 100 {
		some = append(some, uint32(v))
	}
	return some
}
