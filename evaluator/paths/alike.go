package paths

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/accessgraph/accessgraph/evaluator"
)

// sharing is what parties have in common whose permissions come to the same: they are told apart by the proofs of what they may do, not by that.
type sharing struct {
	nothing *held             // by whoever may do nothing
	sets    map[string]int    // numbers of sets, by what is in them
	kept    []*roaring.Bitmap // one of each of them, by number
	helds   map[string]int    // numbers of what is held, by what it comes to
	grants  map[*evaluator.Access]int
	numbers map[*roaring.Bitmap]int    // of sets that were numbered
	touched map[string]*roaring.Bitmap // see edits
	edges   map[string]*findings       // by signature
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
	return sharing{nothing: &held{on: none()}, sets: map[string]int{}, helds: map[string]int{}, grants: map[*evaluator.Access]int{}, numbers: map[*roaring.Bitmap]int{}, touched: map[string]*roaring.Bitmap{}, edges: map[string]*findings{}}
}

// held numbers what grants come to, from 1. A grant that more is asked of is like no other.
func (s *sharing) held(h *held) int {
	key := []byte{byte(h.new), byte(h.any)}
	for at := unknown; at <= certain; at++ {
		n := s.set(h.on[at])
		key, h.on[at] = binary.AppendUvarint(key, uint64(n)), s.kept[n-1]
	}
	for _, g := range h.grants {
		if len(g.Keys()) > 0 {
			key = binary.AppendUvarint(key, uint64(number(s.grants, g)))
		}
	}
	return number(s.helds, string(key))
}

// set numbers a set by what is in it, from 1.
func (s *sharing) set(set *roaring.Bitmap) int {
	if n, ok := s.numbers[set]; ok {
		return n
	}
	bytes, err := set.ToBytes()
	key := string(bytes)
	if err != nil { // a set like no other
		key = fmt.Sprintf("%p", set)
	}
	n := number(s.sets, key)
	if n > len(s.kept) {
		s.kept, s.numbers[set] = append(s.kept, set), n
	}
	return n
}

// one gives the same sets, each the one that is kept of those with the same things in them. They must not be changed.
func (s *sharing) one(l leveled) leveled {
	var out leveled
	for at, set := range l {
		switch {
		case set == nil:
		case at > 0 && set == l[at-1]:
			out[at] = out[at-1]
		default:
			out[at] = s.kept[s.set(set)-1]
		}
	}
	return out
}

// edits names edits by what they do to whom, and gives all whom they touch.
func (s *sharing) edits(edits []edit) (touched *roaring.Bitmap, name []byte) {
	for i := range edits {
		e := &edits[i]
		if whom := e.on.any(); !e.direct { // of a group or policy: there are few of these sets, which many edits share
			s.numbers[whom] = s.set(whom)
		}
		e.on = s.one(e.on)
		name = binary.AppendUvarint(name, uint64(e.kind))
		for at := unknown; at <= certain; at++ {
			name = binary.AppendUvarint(name, uint64(s.numbers[e.on[at]]))
		}
	}
	touched, ok := s.touched[string(name)]
	if !ok {
		touched = roaring.New()
		for i := range edits {
			touched.Or(edits[i].on.any())
		}
		s.touched[string(name)] = touched
	}
	return touched, name
}

// settle keeps sets that are alike once, and lets go of what only the search for the edges needed.
func (s *sharing) settle(f *findings) {
	f.control = leveled{}
	for i := range f.edges {
		e := &f.edges[i]
		e.to = s.kept[s.set(e.to)-1]
	}
	f.edits, f.edges = slices.Clip(f.edits), slices.Clip(f.edges)
}

func number[K comparable](of map[K]int, key K) int {
	n, ok := of[key]
	if !ok {
		n = len(of) + 1
		of[key] = n
	}
	return n
}
