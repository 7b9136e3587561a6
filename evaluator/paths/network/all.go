package network

import (
	"context"
	"iter"
	"math"
	"slices"
)

// All yields every simple path (no vertex twice) from a source to the first target that it meets, at most so many hops long (0: however long):
// the fewest hops first, of those the least cost, of those by source and then by the vertices and labels of its steps. Targets are not sources. A
// path is found when it is asked for: the work before each is polynomial in the network, however many there are. An error is the last that comes.
// To know whether a limit leaves out any path, ask without one and stop at the first that is longer.
//
// It goes best first over the beginnings of paths. How long the shortest path is that begins in a given way is at least what the tree of Toward
// says, and that is so wherever the tree's way meets no vertex of the beginning; only otherwise it is searched for, around those vertices. So
// each beginning that is gone on from leads to a path.
func (n *Network) All(ctx context.Context, sources, targets []uint32, f Filter, hops int) iter.Seq2[[]Step, error] {
	return func(yield func([]Step, error) bool) {
		e, err := n.enumerate(ctx, sources, targets, f, hops)
		for err == nil && len(e.queue.items) > 0 {
			var path []Step
			if path, err = e.next(); err == nil && path != nil && !yield(path, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// enumeration is the state of All between two paths.
type enumeration struct {
	guide
	limit   int32
	first   *ways // the sources
	queue   heap[*prefix]
	blocked marks // the vertices of the prefix at hand
	detour  detour
}

// marks is a set of numbers that is emptied at once.
type marks struct {
	round uint32
	at    []uint32
}

func (m *marks) clear() {
	if m.round++; m.round == 0 {
		clear(m.at)
		m.round = 1
	}
}

func (m *marks) add(i uint32)      { m.at[i] = m.round }
func (m *marks) has(i uint32) bool { return m.at[i] == m.round }

func (n *Network) enumerate(ctx context.Context, sources, targets []uint32, f Filter, hops int) (*enumeration, error) {
	from, to, err := n.ends(sources, targets)
	if err != nil {
		return nil, err
	}
	costs := n.costs(f)
	tree, err := n.backward(ctx, to, costs).grow(hops)
	if err != nil {
		return nil, err
	}
	e := &enumeration{limit: math.MaxInt32, queue: heap[*prefix]{less: (*prefix).before}}
	if hops > 0 && hops < math.MaxInt32 {
		e.limit = int32(hops)
	}
	e.guide = guide{Network: n, costs: costs, tree: tree, watch: watch{ctx: ctx},
		ranked: map[uint32][]uint32{}, leaves: map[uint32]*ways{}, least: map[uint32]length{}}
	e.blocked.at = make([]uint32, n.vertices)
	e.begin(from)
	return e, nil
}

// begin makes the sources the ways on from the root.
func (e *enumeration) begin(sources []uint32) {
	var reaching []uint32
	for _, v := range sources {
		if e.tree.hops[v] >= 0 {
			reaching = append(reaching, v)
		}
	}
	slices.SortFunc(reaching, e.compare)
	e.first = &ways{}
	for _, v := range reaching {
		e.first.made = append(e.first.made, way{to: v, whole: e.remaining(v)})
	}
	root := &prefix{}
	root.jump = root
	e.offer(root, e.first, 0)
}

// offer puts the prefix with one step more into the queue, by the way at the place, if there is one and it is not too long. Later ways are no
// shorter.
func (e *enumeration) offer(p *prefix, ways *ways, place int) {
	w, ok := e.way(ways, place)
	if ok && int64(p.walked.hops)+int64(w.whole.hops) <= int64(e.limit) {
		e.queue.push(p.child(place, w))
	}
}

// next takes one prefix on; when it is a path, that is the next.
func (e *enumeration) next() ([]Step, error) {
	if err := e.watch.step(1); err != nil {
		return nil, err
	}
	p := e.queue.pop()
	if !p.exact {
		return nil, e.settle(p)
	}
	if e.tree.hops[p.vertex] == 0 {
		return p.steps(), nil
	}
	ways, err := e.waysFrom(p.vertex)
	if err == nil {
		e.offer(p, ways, 0)
	}
	return nil, err
}

// settle finds how long the shortest path is that begins with the prefix, and puts it back, or leaves it out when there is none. Its next sibling
// comes into the queue, now that it can be the best.
func (e *enumeration) settle(p *prefix) error {
	siblings := e.first
	if p.depth > 1 {
		siblings = e.leaves[p.parent.vertex]
	}
	e.offer(p.parent, siblings, p.place+1)
	found, err := e.complete(p)
	if found {
		p.exact = true
		e.queue.push(p)
	}
	return err
}

// complete finds a shortest way on that meets no vertex of the prefix.
func (e *enumeration) complete(p *prefix) (bool, error) {
	switch q := p.parent; {
	case p.depth == 1, q.clear && e.tree.next[q.vertex] == p.vertex:
		p.clear = true
		return true, nil
	case len(q.rest) > 0 && q.rest[0].vertex == p.vertex:
		p.rest, p.whole = q.rest[1:], p.walked.plus(q.rest[0].length)
		return true, nil
	}
	if free, err := e.block(p); !free || err != nil {
		return false, err
	}
	if clear, err := e.clear(p); clear || err != nil {
		p.clear = clear
		return clear, err
	}
	rest, err := e.around(p)
	if len(rest) == 0 || err != nil {
		return false, err
	}
	p.rest, p.whole = rest[1:], p.walked.plus(rest[0].length)
	return true, nil
}

// block marks the vertices before the last; it is false when the last is one of them.
func (e *enumeration) block(p *prefix) (bool, error) {
	e.blocked.clear()
	for q := p.parent; q.depth > 0; q = q.parent {
		e.blocked.add(q.vertex)
	}
	return !e.blocked.has(p.vertex), e.watch.step(int(p.depth))
}

// clear tells whether the tree's way from the end of the prefix meets no blocked vertex.
func (e *enumeration) clear(p *prefix) (bool, error) {
	v := p.vertex
	for e.tree.hops[v] > 0 {
		if v = e.tree.next[v]; e.blocked.has(v) {
			return false, nil
		}
	}
	return true, e.watch.step(1 + int(e.tree.hops[p.vertex]))
}
