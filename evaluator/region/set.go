package region

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// Set is a set of small integers below a fixed bound. Two sets that are combined must have the same bound. Operations
// return new sets; only Add changes its receiver (and its copies, which share the members).
type Set struct {
	n     int
	words []uint64
}

// NewSet returns the empty subset of 0 … n-1.
func NewSet(n int) Set { return Set{n: n, words: make([]uint64, (n+63)/64)} }

// FullSet returns 0 … n-1.
func FullSet(n int) Set { return NewSet(n).Not() }

// SetOf returns the subset of 0 … n-1 with the given members.
func SetOf(n int, members ...int) Set {
	s := NewSet(n)
	for _, i := range members {
		s.Add(i)
	}
	return s
}

// Len is the bound: the number of integers the set is about, members or not.
func (s Set) Len() int { return s.n }

// Add makes i a member.
func (s Set) Add(i int) { s.words[i/64] |= 1 << (i % 64) }

// Has tells whether i is a member.
func (s Set) Has(i int) bool { return i >= 0 && i < s.n && s.words[i/64]&(1<<(i%64)) != 0 }

func (s Set) combine(t Set, f func(a, b uint64) uint64) Set {
	out := Set{n: s.n, words: make([]uint64, len(s.words))}
	for i, w := range s.words {
		out.words[i] = f(w, t.words[i])
	}
	return out
}

// And is the intersection.
func (s Set) And(t Set) Set { return s.combine(t, func(a, b uint64) uint64 { return a & b }) }

// Or is the union.
func (s Set) Or(t Set) Set { return s.combine(t, func(a, b uint64) uint64 { return a | b }) }

// AndNot is the difference.
func (s Set) AndNot(t Set) Set { return s.combine(t, func(a, b uint64) uint64 { return a &^ b }) }

// Not is the complement below the bound.
func (s Set) Not() Set {
	out := Set{n: s.n, words: make([]uint64, len(s.words))}
	for i, w := range s.words {
		out.words[i] = ^w
	}
	if s.n%64 != 0 {
		out.words[len(out.words)-1] &= 1<<(s.n%64) - 1
	}
	return out
}

// Empty tells whether there are no members.
func (s Set) Empty() bool {
	for _, w := range s.words {
		if w != 0 {
			return false
		}
	}
	return true
}

// Full tells whether every integer below the bound is a member.
func (s Set) Full() bool { return s.Count() == s.n }

// Count is the number of members.
func (s Set) Count() int {
	n := 0
	for _, w := range s.words {
		n += bits.OnesCount64(w)
	}
	return n
}

// First is the least member, -1 when there is none.
func (s Set) First() int {
	for i, w := range s.words {
		if w != 0 {
			return i*64 + bits.TrailingZeros64(w)
		}
	}
	return -1
}

// Equal tells whether both have the same bound and members.
func (s Set) Equal(t Set) bool { return s.n == t.n && slices.Equal(s.words, t.words) }

// SubsetOf tells whether every member of s is one of t.
func (s Set) SubsetOf(t Set) bool {
	for i, w := range s.words {
		if w&^t.words[i] != 0 {
			return false
		}
	}
	return true
}

// Intersects tells whether both have a member in common.
func (s Set) Intersects(t Set) bool {
	for i, w := range s.words {
		if w&t.words[i] != 0 {
			return true
		}
	}
	return false
}

// Each calls f for every member in rising order.
func (s Set) Each(f func(i int)) {
	for i, w := range s.words {
		for ; w != 0; w &= w - 1 {
			f(i*64 + bits.TrailingZeros64(w))
		}
	}
}

// EachCommon calls f for every member of both in rising order.
func (s Set) EachCommon(t Set, f func(i int)) {
	for i, w := range s.words {
		for w &= t.words[i]; w != 0; w &= w - 1 {
			f(i*64 + bits.TrailingZeros64(w))
		}
	}
}

// Key is a string that is equal for sets of equal members and bound, for use in maps.
func (s Set) Key() string {
	buf := make([]byte, 0, 8*len(s.words))
	for _, w := range s.words {
		buf = binary.LittleEndian.AppendUint64(buf, w)
	}
	return string(buf)
}
