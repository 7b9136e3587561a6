package network

import "slices"

// detour is the search for a shortest way around blocked vertices. It goes best first, the remainder of each way judged by the tree of all ways,
// and by sets and not by pairs: a set is gone through once, with the first that comes to it, and its members come out as they are needed.
type detour struct {
	queue  heap[place]
	closed marks // vertices, then From sets, then To sets
	trail  []footstep
}

// footstep is a vertex that the search came to, and how.
type footstep struct {
	vertex uint32
	behind int // where in the trail the one before is, -1: none
	walked length
}

// place is where the search can go on: a From set or a member of a To set.
type place struct {
	whole   length // at least how long a way by it is
	walked  length
	behind  int
	set     uint32
	members []uint32 // of the To set, from the one meant on; nil: the From set is meant
}

func (a place) less(b place) bool { return a.whole.less(b.whole) }

// around is the vertices of a shortest way on from the end of the prefix that meets no blocked vertex, that end included. It is empty when there
// is none, or the path would be too long.
func (e *enumeration) around(p *prefix) ([]ahead, error) {
	d := &e.detour
	if d.closed.at == nil {
		d.closed.at = make([]uint32, e.vertices+e.leave.count()+e.enter.count())
		d.queue.less = place.less
	}
	d.closed.clear()
	d.queue.items, d.trail = d.queue.items[:0], d.trail[:0]
	limit := e.limit - p.walked.hops
	if err := e.visit(footstep{p.vertex, -1, length{}}, limit); err != nil {
		return nil, err
	}
	for len(d.queue.items) > 0 {
		at := d.queue.pop()
		var err error
		if at.members == nil {
			err = e.enterSets(at, limit)
		} else if v := at.members[0]; e.tree.hops[v] == 0 {
			return d.back(footstep{v, at.behind, at.walked}), nil
		} else {
			err = e.leaveSet(at, limit)
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// visit comes to a vertex: the From sets that hold it can be gone through.
func (e *enumeration) visit(at footstep, limit int32) error {
	d := &e.detour
	d.closed.add(at.vertex)
	d.trail = append(d.trail, at)
	of := e.leave.of.at(at.vertex)
	for _, set := range of {
		least, some := e.across(set)
		if whole := at.walked.plus(least); some && whole.hops <= limit && !d.closed.has(e.leaveMark(set)) {
			d.queue.push(place{whole: whole, walked: at.walked, behind: len(d.trail) - 1, set: set})
		}
	}
	return e.watch.step(1 + len(of))
}

// enterSets goes through a From set to the To sets that it leads to.
func (e *enumeration) enterSets(at place, limit int32) error {
	d := &e.detour
	if d.closed.has(e.leaveMark(at.set)) {
		return e.watch.step(1)
	}
	d.closed.add(e.leaveMark(at.set))
	arcs := e.out.at(at.set)
	for _, a := range arcs {
		least, some := e.through(a)
		if whole := at.walked.plus(least); some && whole.hops <= limit && !d.closed.has(e.enterMark(a.set)) {
			d.queue.push(place{whole: whole, walked: at.walked.plus(e.price(a)), behind: at.behind, set: a.set, members: e.rank(a.set)})
		}
	}
	return e.watch.step(1 + len(arcs))
}

// leaveSet comes out of a To set at one member, and puts the rest back.
func (e *enumeration) leaveSet(at place, limit int32) error {
	d, v := &e.detour, at.members[0]
	if whole := e.ranked[at.set]; len(whole) == len(at.members) { // the first member: the set is come to
		if d.closed.has(e.enterMark(at.set)) {
			return e.watch.step(1)
		}
		d.closed.add(e.enterMark(at.set))
	}
	if at.members = at.members[1:]; len(at.members) > 0 {
		if at.whole = at.walked.plus(e.remaining(at.members[0])); at.whole.hops <= limit {
			d.queue.push(at)
		}
	}
	if e.blocked.has(v) || d.closed.has(v) {
		return e.watch.step(1)
	}
	return e.visit(footstep{v, at.behind, at.walked}, limit)
}

func (e *enumeration) leaveMark(set uint32) uint32 { return uint32(e.vertices) + set }
func (e *enumeration) enterMark(set uint32) uint32 { return uint32(e.vertices+e.leave.count()) + set }

// back is the trail to the end, from its beginning on.
func (d *detour) back(end footstep) []ahead {
	var way []ahead
	for at := end; ; at = d.trail[at.behind] {
		way = append(way, ahead{at.vertex, length{end.walked.hops - at.walked.hops, end.walked.cost - at.walked.cost}})
		if at.behind < 0 {
			slices.Reverse(way)
			return way
		}
	}
}
