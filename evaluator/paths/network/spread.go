package network

import "context"

// spread grows a tree from its roots, one level of hops after the other. A set is entered once, at the first level that meets it: whoever it leads
// to is reached then, and at no later level better.
type spread struct {
	near, far *sets // the sets that the tree grows from, and those that it grows to
	arcs      *table[arc]
	labels    []int32
	costs     []int
	stop      []bool // vertices that the tree does not grow from, unless they are roots; nil: none

	tree     *Tree
	frontier []uint32
	nearMet  meetings
	farMet   meetings
	watch    watch
}

// meetings is, by set, the level at which it was met and the best way by which; and the sets of the level at hand.
type meetings struct {
	level []int32 // -1: not yet
	best  []offer
	now   []uint32
}

// offer is a way to go on: over the vertex, by an edge of the label.
type offer struct {
	cost  int64
	via   uint32
	label int32
}

func (o offer) better(p offer) bool {
	switch {
	case o.cost != p.cost:
		return o.cost < p.cost
	case o.via != p.via:
		return o.via < p.via
	}
	return o.label < p.label
}

func newMeetings(n int) meetings {
	m := meetings{level: make([]int32, n), best: make([]offer, n)}
	for i := range m.level {
		m.level[i] = -1
	}
	return m
}

// meet notes that the set can be met in this way, unless an earlier level did.
func (m *meetings) meet(set uint32, level int32, o offer) {
	switch {
	case m.level[set] < 0:
		m.level[set], m.best[set] = level, o
		m.now = append(m.now, set)
	case m.level[set] == level && o.better(m.best[set]):
		m.best[set] = o
	}
}

// backward grows ways to the roots.
func (n *Network) backward(ctx context.Context, roots []uint32, costs []int) *spread {
	return n.spread(ctx, roots, costs, true)
}

// forward grows ways from the roots.
func (n *Network) forward(ctx context.Context, roots []uint32, costs []int) *spread {
	return n.spread(ctx, roots, costs, false)
}

func (n *Network) spread(ctx context.Context, roots []uint32, costs []int, toward bool) *spread {
	s := &spread{near: &n.leave, far: &n.enter, arcs: &n.out, labels: n.labels, costs: costs, watch: watch{ctx: ctx}}
	if toward {
		s.near, s.far, s.arcs = s.far, s.near, &n.in
	}
	s.nearMet, s.farMet = newMeetings(s.near.count()), newMeetings(s.far.count())
	s.tree = &Tree{toward: toward, hops: make([]int32, n.vertices), cost: make([]int64, n.vertices), next: make([]uint32, n.vertices),
		label: make([]int32, n.vertices)}
	for v := range s.tree.hops {
		s.tree.hops[v] = -1
	}
	for _, v := range roots {
		s.tree.hops[v], s.tree.next[v] = 0, v
	}
	s.frontier = append(s.frontier, roots...)
	return s
}

// grow goes on until nothing is new or the limit is reached. It looks one level beyond the limit, to know whether there is something.
func (s *spread) grow(limit int) (*Tree, error) {
	for level := int32(0); len(s.frontier) > 0; level++ {
		if err := s.level(level); err != nil {
			return nil, err
		}
		if limit > 0 && int(level) == limit {
			s.prune()
			break
		}
	}
	return s.tree, nil
}

// prune takes the last level out again.
func (s *spread) prune() {
	s.tree.cut = len(s.frontier) > 0
	for _, v := range s.frontier {
		s.tree.hops[v], s.tree.cost[v], s.tree.next[v], s.tree.label[v] = -1, 0, 0, 0
	}
}

// level goes from the vertices of one level to those of the next.
func (s *spread) level(level int32) error {
	if err := s.approach(level); err != nil {
		return err
	}
	if err := s.cross(level); err != nil {
		return err
	}
	return s.arrive(level)
}

// approach meets the near sets of the frontier.
func (s *spread) approach(level int32) error {
	s.nearMet.now = s.nearMet.now[:0]
	for _, v := range s.frontier {
		if level > 0 && s.stop != nil && s.stop[v] {
			continue
		}
		of := s.near.of.at(v)
		if err := s.watch.step(1 + len(of)); err != nil {
			return err
		}
		for _, set := range of {
			s.nearMet.meet(set, level, offer{cost: s.tree.cost[v], via: v})
		}
	}
	return nil
}

// cross meets the far sets, by the bundles that count.
func (s *spread) cross(level int32) error {
	s.farMet.now = s.farMet.now[:0]
	for _, set := range s.nearMet.now {
		arcs := s.arcs.at(set)
		if err := s.watch.step(1 + len(arcs)); err != nil {
			return err
		}
		best := s.nearMet.best[set]
		for _, a := range arcs {
			if cost := s.costs[a.label]; cost >= 0 {
				s.farMet.meet(a.set, level, offer{cost: best.cost + int64(cost), via: best.via, label: s.labels[a.label]})
			}
		}
	}
	return nil
}

// arrive reaches the vertices of the far sets that no level has reached yet. One of an earlier level stays as it is, so that no vertex is reached
// by an edge from itself.
func (s *spread) arrive(level int32) error {
	s.frontier = s.frontier[:0]
	for _, set := range s.farMet.now {
		members := s.far.members.at(set)
		if err := s.watch.step(1 + len(members)); err != nil {
			return err
		}
		best := s.farMet.best[set]
		for _, v := range members {
			switch {
			case s.tree.hops[v] < 0:
				s.tree.hops[v] = level + 1
				s.frontier = append(s.frontier, v)
			case s.tree.hops[v] <= level || !best.better(offer{s.tree.cost[v], s.tree.next[v], s.tree.label[v]}):
				continue
			}
			s.tree.cost[v], s.tree.next[v], s.tree.label[v] = best.cost, best.via, best.label
		}
	}
	return nil
}
