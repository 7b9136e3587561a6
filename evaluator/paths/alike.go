package paths

import (
	"encoding/binary"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/accessgraph/accessgraph/evaluator"
)

// sharing is what parties have in common whose permissions come to the same: they are told apart by the proofs of what they may do, not by that.
type sharing struct {
	nothing *held          // by whoever may do nothing
	sets    map[string]int // numbers of sets, by what is in them
	helds   map[string]int // numbers of what is held, by what it comes to
	grants  map[*evaluator.Access]int
	edges   map[string]*findings // by signature
}

// signature tells parties apart whose permissions, in their account, do not come to the same.
func (b *builder) signature(p *party) string {
	key := []byte(p.account)
	for _, action := range b.actions {
		key = binary.AppendUvarint(key, uint64(b.holds(p, action).id))
	}
	if actor := b.nodes[p.members[0]].actor; actor != nil && len(b.holds(p, updateTrust).grants) > 0 {
		key = append(key, b.opened.Class(actor)...)
	}
	return string(key)
}

// findings are what parties of one signature share: their edges, but for those that lead a node to itself, which have their place at own.
type findings struct {
	edges   []edge
	own     int
	edits   []edit
	control leveled // principals whose credentials they can get, themselves aside
}

func newSharing() sharing {
	return sharing{nothing: &held{on: none()}, sets: map[string]int{}, helds: map[string]int{}, grants: map[*evaluator.Access]int{}, edges: map[string]*findings{}}
}

// held numbers what grants come to, from 1. A grant that more is asked of is like no other.
func (s *sharing) held(h *held) int {
	key := []byte{byte(h.new), byte(h.any)}
	for at := unknown; at <= certain; at++ {
		key = binary.AppendUvarint(key, uint64(s.set(h.on[at])))
	}
	for _, g := range h.grants {
		if len(g.Keys()) > 0 {
			key = binary.AppendUvarint(key, uint64(number(s.grants, g)))
		}
	}
	return number(s.helds, string(key))
}

// set numbers a set by what is in it.
func (s *sharing) set(set *roaring.Bitmap) int {
	bytes, err := set.ToBytes()
	if err != nil {
		return -1
	}
	return number(s.sets, string(bytes))
}

func number[K comparable](of map[K]int, key K) int {
	n, ok := of[key]
	if !ok {
		n = len(of) + 1
		of[key] = n
	}
	return n
}
