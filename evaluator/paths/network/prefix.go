package network

import "slices"

// prefix is the beginning of a path: a source, or a prefix and a step more. Before the sources stands one empty prefix, the root.
type prefix struct {
	parent, jump *prefix // jump leads some way up, so that an ancestor is found in logarithmic time
	depth        int32   // of the root 0, of a source 1
	place        int     // which of the ways on from the parent it is
	vertex       uint32
	label        int32 // of the step to vertex

	walked length
	whole  length  // of the shortest path that begins like this; not less, while it is not exact
	exact  bool    // whole is
	clear  bool    // the way of the tree goes on from here and meets no vertex of the prefix
	rest   []ahead // otherwise, once exact: a shortest way on that meets none
}

// ahead is a vertex of a way, and how long the way is from there on.
type ahead struct {
	vertex uint32
	length
}

// child is the prefix with one step more, by the way at that place.
func (p *prefix) child(place int, w way) *prefix {
	c := &prefix{parent: p, jump: p, depth: p.depth + 1, place: place, vertex: w.to, label: w.label,
		walked: p.walked.plus(w.step), whole: p.walked.plus(w.whole)}
	if far := p.jump; p.depth > 0 && p.depth-far.depth == far.depth-far.jump.depth {
		c.jump = far.jump
	}
	return c
}

// above is the ancestor of that depth, or p.
func (p *prefix) above(depth int32) *prefix {
	for p.depth > depth {
		if p.jump.depth >= depth {
			p = p.jump
		} else {
			p = p.parent
		}
	}
	return p
}

// before is the order in which paths come: by length, then by their first difference. There is one: of the prefixes in the queue none begins
// another, for each leaves it before its children come.
func (p *prefix) before(q *prefix) bool {
	if p.whole != q.whole {
		return p.whole.less(q.whole)
	}
	depth := min(p.depth, q.depth)
	a, b := p.above(depth), q.above(depth)
	for a.parent != b.parent {
		if a.jump != b.jump {
			a, b = a.jump, b.jump
		} else {
			a, b = a.parent, b.parent
		}
	}
	if a.vertex != b.vertex {
		return a.vertex < b.vertex
	}
	return a.label < b.label
}

// steps is the prefix, walked.
func (p *prefix) steps() []Step {
	steps := make([]Step, 0, p.depth-1)
	for ; p.depth > 1; p = p.parent {
		steps = append(steps, Step{From: p.parent.vertex, To: p.vertex, Label: p.label})
	}
	slices.Reverse(steps)
	return steps
}
