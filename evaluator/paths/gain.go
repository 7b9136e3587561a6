package paths

import "github.com/accessgraph/accessgraph/evaluator"

// gain is the evidence of GAIN_PERMISSIONS: the edits that make the change, and how the target is then taken over where it is somebody else.
func (x *evidence) gain(to uint32, e *edge) {
	n := &x.g.nodes[to]
	edits := x.edits(n)
	for _, t := range edits {
		x.hop.Assumptions = append(x.hop.Assumptions, t.Prerequisites...)
	}
	if len(edits) > 0 {
		x.hop.Technique = edits[0]
	}
	x.fact("%s then has %s", n.ARN, n.Change.Words)
	if e.self {
		return
	}
	control := x.control(n, e.level)
	if control == nil {
		return
	}
	own := x.g.hop(x.from, x.first(n, control), control)
	x.hop.Steps = append(x.hop.Steps, own.Steps...)
	x.hop.Facts = append(x.hop.Facts, own.Facts...)
	for _, a := range own.Assumptions {
		if !contains(x.hop.Assumptions, a) {
			x.hop.Assumptions = append(x.hop.Assumptions, a)
		}
	}
	x.hop.Technique = x.g.combined(edits, control, x.hop.Technique)
}

// gainOnly is the evidence of a change of permissions of somebody whom the party has not got hold of.
func (x *evidence) gainOnly(t *Technique, to *Node) {
	for _, resource := range x.resources(t, to) {
		names := x.g.offered
		if x.able(t, resource, names) == evaluator.Denied {
			continue
		}
		for _, r := range t.Requires {
			x.step(r.Action, resource, x.choice(t, r.Action, resource, names))
		}
		x.hop.Assumptions = append(x.hop.Assumptions, t.Prerequisites...)
		return
	}
}

// first is the node of a principal that an edge leads to.
func (x *evidence) first(n *Node, e *edge) uint32 {
	out := n.Principal
	e.to.Iterate(func(to uint32) bool {
		if x.g.nodes[to].Principal == n.Principal {
			out = to
			return false
		}
		return true
	})
	return out
}

// control is the edge by which the party takes a principal over, at a level or better.
func (x *evidence) control(n *Node, level Level) *edge {
	var best *edge
	for i := range x.party.edges {
		e := &x.party.edges[i]
		if e.leaf || e.kind == GainPermissions || e.level < level || !x.leads(e, n.Principal) {
			continue
		}
		if best == nil || e.level > best.level || e.level == best.level && e.needs() < best.needs() {
			best = e
		}
	}
	return best
}

// needs counts what the snapshot does not tell of an edge.
func (e *edge) needs() int {
	if e.technique == nil {
		return 0
	}
	return len(e.technique.Prerequisites)
}

// leads tells whether an edge leads to a principal as it is.
func (x *evidence) leads(e *edge, principal uint32) bool {
	if e.to.Contains(principal) {
		return true
	}
	twin, ok := x.g.twins[principal]
	return ok && e.to.Contains(twin)
}

// combined is the technique that stands for an edit and the way to take the target over, the first edit where none does.
func (g *Graph) combined(edits []*Technique, control *edge, first *Technique) *Technique {
	taking := "assume-role"
	if control.technique != nil {
		taking = control.technique.ID
	}
	for i := range g.techniques.All {
		t := &g.techniques.All[i]
		for _, e := range edits {
			if len(t.Combines) == 2 && t.Combines[0] == e.ID && t.Combines[1] == taking {
				return t
			}
		}
	}
	return first
}
