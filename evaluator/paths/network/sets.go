package network

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"math"
	"slices"
)

// table is lists by number, one behind the other.
type table[T any] struct {
	start []uint32 // one more than there are lists
	items []T
}

func (t *table[T]) at(i uint32) []T { return t.items[t.start[i]:t.start[i+1]] }

func (t *table[T]) count() int { return len(t.start) - 1 }

// tabulate sorts items into rows, in the order in which they come.
func tabulate[S, T any](rows int, items []S, place func(S) (uint32, T)) table[T] {
	t := table[T]{start: make([]uint32, rows+1), items: make([]T, room(len(items)))}
	for _, item := range items {
		row, _ := place(item)
		t.start[row+1]++
	}
	for i := range rows {
		t.start[i+1] += t.start[i]
	}
	next := slices.Clone(t.start)
	for _, item := range items {
		row, cell := place(item)
		t.items[next[row]] = cell
		next[row]++
	}
	return t
}

// filter is the table with those items only that are to be kept.
func filter[T any](t *table[T], keep func(T) bool) table[T] {
	kept := table[T]{start: make([]uint32, 1, len(t.start))}
	for row := range uint32(t.count()) {
		for _, item := range t.at(row) {
			if keep(item) {
				kept.items = append(kept.items, item)
			}
		}
		kept.start = append(kept.start, uint32(len(kept.items)))
	}
	return kept
}

// room is n, which a table can number.
func room(n int) int {
	if int64(n) > math.MaxUint32 {
		panic(fmt.Sprintf("network: %d members of sets; up to %d can be", n, uint32(math.MaxUint32)))
	}
	return n
}

// sets is the distinct sets on one side of the bundles: whom each holds, ascending, and for every vertex which hold it.
type sets struct {
	members table[uint32]
	of      table[uint32]
}

func (s *sets) count() int { return s.members.count() }

// joint is one bundle, its sets by number and its label by place.
type joint struct{ from, to, label uint32 }

func (j joint) compare(k joint) int {
	return cmp.Or(cmp.Compare(j.from, k.from), cmp.Compare(j.to, k.to), cmp.Compare(j.label, k.label))
}

const noSet = math.MaxUint32

// pool gives equal sets one number.
type pool struct {
	vertices int
	members  table[uint32]
	seed     maphash.Seed
	known    map[uint64]uint32 // by hash: the last set
	before   []uint32          // by set: the one before with the same hash, or noSet
	scratch  []uint32
}

func newPool(vertices int) *pool {
	return &pool{vertices: vertices, members: table[uint32]{start: []uint32{0}}, seed: maphash.MakeSeed(), known: map[uint64]uint32{}}
}

func (p *pool) intern(set []uint32) uint32 {
	set = p.canonical(set)
	if greatest := set[len(set)-1]; int64(greatest) >= int64(p.vertices) {
		panic(fmt.Sprintf("network: a bundle holds %d, which is none of the %d vertices", greatest, p.vertices))
	}
	hash, before := p.hash(set), uint32(noSet)
	if last, some := p.known[hash]; some {
		before = last
	}
	for at := before; at != noSet; at = p.before[at] {
		if slices.Equal(p.members.at(at), set) {
			return at
		}
	}
	number := uint32(p.members.count())
	p.known[hash], p.before = number, append(p.before, before)
	p.members.items = append(p.members.items, set...)
	p.members.start = append(p.members.start, uint32(room(len(p.members.items))))
	return number
}

// canonical is the set ascending, each member once, in the scratch unless it is so already.
func (p *pool) canonical(set []uint32) []uint32 {
	ascends := true
	for i := 1; i < len(set) && ascends; i++ {
		ascends = set[i-1] < set[i]
	}
	if ascends {
		return set
	}
	p.scratch = append(p.scratch[:0], set...)
	slices.Sort(p.scratch)
	return slices.Compact(p.scratch)
}

func (p *pool) hash(set []uint32) uint64 {
	var h maphash.Hash
	h.SetSeed(p.seed)
	for _, v := range set {
		maphash.WriteComparable(&h, v)
	}
	return h.Sum64()
}

// sets ends the pool.
func (p *pool) sets() sets {
	s := sets{members: table[uint32]{start: slices.Clone(p.members.start), items: slices.Clone(p.members.items)}}
	s.of = table[uint32]{start: make([]uint32, p.vertices+1), items: make([]uint32, len(s.members.items))}
	for _, v := range s.members.items {
		s.of.start[v+1]++
	}
	for v := range p.vertices {
		s.of.start[v+1] += s.of.start[v]
	}
	next := slices.Clone(s.of.start)
	for number := range uint32(s.count()) {
		for _, v := range s.members.at(number) {
			s.of.items[next[v]] = number
			next[v]++
		}
	}
	return s
}
