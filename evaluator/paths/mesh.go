package paths

import (
	"context"
	"slices"

	"github.com/accessgraph/accessgraph/evaluator/paths/network"
)

// mesh is the edges that paths to a target may go by, at the level conditional or better: what hangs on something unknown is no path here. Its vertices
// are the nodes and, where the target is access, one more that every node with access has an edge to, CAN_ACCESS or OPEN_RESOURCE.
type mesh struct {
	vertices int
	links    []link
	into     [][]int32 // links, by the vertex that they lead to
	targets  []uint32
}

// link is one edge of a party, or the access of a node: what it has, or what it has once it opened a resource (E14).
type link struct {
	kind     Kind
	from, to []uint32
	party    int32
	edge     *edge // nil: access
}

// meshOf takes the edges of a graph that a search may use.
func (g *Graph) meshOf(t *Target, s Search) *mesh {
	m := &mesh{vertices: len(g.nodes), targets: t.at(conditional)}
	for i := range g.parties {
		p := &g.parties[i]
		for j := range p.edges {
			e := &p.edges[j]
			if len(p.members) == 0 || e.leaf || e.level < conditional || !s.Via.uses(e.kind) {
				continue
			}
			g.each(p, e, func(from, to []uint32) { m.links = append(m.links, link{e.kind, from, to, int32(i), e}) })
		}
	}
	if t.access != nil {
		sink := uint32(m.vertices)
		m.vertices++
		for _, n := range t.at(conditional) {
			m.links = append(m.links, link{kind: CanAccess, from: []uint32{n}, to: []uint32{sink}})
		}
		if t.opened != nil {
			for _, n := range t.opened.at(conditional) {
				m.links = append(m.links, link{kind: OpenResource, from: []uint32{n}, to: []uint32{sink}})
			}
		}
		m.targets = []uint32{sink}
	}
	m.into = make([][]int32, m.vertices)
	for i := range m.links {
		for _, to := range m.links[i].to {
			m.into[to] = append(m.into[to], int32(i))
		}
	}
	return m
}

// hole says which steps of a link are taken out.
type hole func(l *link) holes

// holes are steps of a link that are taken out: those of some members to the vertices that shut tells, and all of some others. Both are ascending.
type holes struct {
	members []uint32
	shut    func(to uint32) bool
	closed  []uint32
}

// reaching tells which vertices have a path to a target with some steps taken out; without a hole none are.
func (m *mesh) reaching(ctx context.Context, h hole) ([]bool, error) {
	type state struct {
		holes
		opened  bool // those without a hole are through
		through bool // the others are
	}
	states := make([]state, len(m.links))
	reached := make([]bool, m.vertices)
	var queue []uint32
	reach := func(v uint32) {
		if !reached[v] {
			reached[v] = true
			queue = append(queue, v)
		}
	}
	for _, v := range m.targets {
		reach(v)
	}
	for steps := 0; len(queue) > 0; steps++ {
		if steps%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		v := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, i := range m.into[v] {
			l, s := &m.links[i], &states[i]
			if !s.opened {
				s.opened = true
				if h != nil {
					s.holes = h(l)
				}
				for _, from := range l.from {
					_, holed := slices.BinarySearch(s.members, from)
					_, closed := slices.BinarySearch(s.closed, from)
					if !holed && !closed {
						reach(from)
					}
				}
				s.through = len(s.members) == 0
			}
			if !s.through && !s.shut(v) {
				s.through = true
				for _, from := range s.members {
					if _, closed := slices.BinarySearch(s.closed, from); !closed {
						reach(from)
					}
				}
			}
		}
	}
	return reached, nil
}

// crowd is principals that paths begin at, each with the nodes of its ARN.
type crowd struct {
	nodes [][]uint32
}

// crowdOf puts nodes of one ARN together. Who is the target already is left out.
func (g *Graph) crowdOf(sources []uint32, t *Target) *crowd {
	c := &crowd{}
	place := map[string]int{}
	there := map[string]bool{}
	for _, n := range sources {
		arn := g.nodes[n].ARN
		at, ok := place[arn]
		if !ok {
			at = len(c.nodes)
			place[arn] = at
			c.nodes = append(c.nodes, nil)
		}
		c.nodes[at] = append(c.nodes[at], n)
		there[arn] = there[arn] || t.access == nil && t.Level(n) >= conditional
	}
	c.nodes = slices.DeleteFunc(c.nodes, func(nodes []uint32) bool { return there[g.nodes[nodes[0]].ARN] })
	return c
}

// among gives the places of those who have a path, ascending.
func (c *crowd) among(reached []bool) []int { return among(c.nodes, reached) }

func among(crowd [][]uint32, reached []bool) []int {
	var out []int
	for i, nodes := range crowd {
		if slices.ContainsFunc(nodes, func(n uint32) bool { return reached[n] }) {
			out = append(out, i)
		}
	}
	return out
}

// network makes the network of a mesh, with a vertex for every principal of several nodes, from which edges of the label own lead to these. Edges of one
// kind between two nodes are one edge: labels are places in the list of kinds.
func (m *mesh) network(c *crowd) (net *network.Network, vertices []uint32, kinds []Kind, own int32) {
	labels := map[Kind]int32{}
	bundles := make([]network.Bundle, 0, len(m.links))
	for i := range m.links {
		l := &m.links[i]
		label, ok := labels[l.kind]
		if !ok {
			label = int32(len(kinds))
			labels[l.kind] = label
			kinds = append(kinds, l.kind)
		}
		bundles = append(bundles, network.Bundle{From: l.from, To: l.to, Label: label})
	}
	own = int32(len(kinds))
	next := uint32(m.vertices)
	for _, nodes := range c.nodes {
		if len(nodes) == 1 {
			vertices = append(vertices, nodes[0])
			continue
		}
		bundles = append(bundles, network.Bundle{From: []uint32{next}, To: nodes, Label: own})
		vertices = append(vertices, next)
		next++
	}
	return network.New(int(next), bundles), vertices, kinds, own
}
