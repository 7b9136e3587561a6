package paths

import "github.com/RoaringBitmap/roaring/v2"

// Edge is one access edge of a node (E2).
type Edge struct {
	From      *Node
	To        string // the ARN of what it leads to; empty for the organization's own policies
	Node      *Node  // the node that it leads to; nil for an edge that nobody walks
	Kind      Kind
	Technique *Technique // nil for what is no technique
	Level     Level
}

// NodesOf lists the nodes of an ARN: a principal as it is first, then its other states.
func (g *Graph) NodesOf(arn string) []uint32 { return g.byARN[arn] }

// EdgesFrom lists the edges of a node. Those that nobody walks are there where Options.Leaves asked for them, but for GAIN_PERMISSIONS, which always is.
func (g *Graph) EdgesFrom(n uint32) []Edge {
	from := &g.nodes[n]
	out := g.memberships(from)
	if from.party < 0 {
		return out
	}
	p := &g.parties[from.party]
	for i := range p.edges {
		e := &p.edges[i]
		one := Edge{From: from, Kind: e.kind, Technique: e.technique, Level: e.level}
		if e.leaf && e.to.IsEmpty() {
			out = append(out, one)
			continue
		}
		each(e.to, func(to uint32) {
			if e.leaf {
				one.To, one.Node = g.things.list[to].arn, nil
			} else {
				one.To, one.Node = g.nodes[to].ARN, &g.nodes[to]
				if e.self && one.Node.Principal != from.Principal {
					return
				}
			}
			out = append(out, one)
		})
	}
	return out
}

// memberships are the groups of a user, where Options.Leaves asked for edges that nobody walks (E4).
func (g *Graph) memberships(from *Node) []Edge {
	if !g.options.Leaves || from.Kind != "user" || from.actor == nil {
		return nil
	}
	var out []Edge
	for _, group := range g.things.groupsOf[from.Principal] {
		out = append(out, Edge{From: from, To: g.things.list[group].arn, Kind: MemberOf, Level: certain})
	}
	return out
}

func each(set *roaring.Bitmap, fn func(uint32)) {
	set.Iterate(func(x uint32) bool {
		fn(x)
		return true
	})
}

// Evidence gives the requests and facts that an edge to a node stands on, nil for an edge that nobody walks.
func (g *Graph) Evidence(from uint32, to *Node, kind Kind, technique *Technique) *Hop {
	p := &g.parties[g.nodes[from].party]
	for i := range p.edges {
		e := &p.edges[i]
		if e.leaf || e.kind != kind || e.technique != technique {
			continue
		}
		var found *Hop
		each(e.to, func(n uint32) {
			if found == nil && &g.nodes[n] == to {
				found = g.hop(from, n, e)
			}
		})
		if found != nil {
			return found
		}
	}
	return nil
}

// LeafEvidence is Evidence of an edge that nobody walks, by the ARN of what it leads to.
func (g *Graph) LeafEvidence(from uint32, to string, kind Kind, technique *Technique) *Hop {
	f := &g.nodes[from]
	if kind == MemberOf {
		h := &Hop{From: f, Resource: to, Kind: kind, Level: certain}
		h.Facts = append(h.Facts, f.ARN+" is in "+to)
		return h
	}
	if f.party < 0 {
		return nil
	}
	p := &g.parties[f.party]
	thing, known := g.things.by[to]
	for i := range p.edges {
		e := &p.edges[i]
		if e.leaf && e.kind == kind && e.technique == technique && (known && e.to.Contains(thing) || to == "" && e.to.IsEmpty()) {
			return g.leaf(from, to, thing, e)
		}
	}
	return nil
}
