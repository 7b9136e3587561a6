package paths

import (
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/accessgraph/accessgraph/evaluator"
)

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
	own := x.g.hop(x.nodeOf(), x.first(n, control), control)
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
		if !x.able(t, resource) {
			continue
		}
		for _, r := range t.Requires {
			x.step(r.Action, resource, x.best(r.Action, resource))
		}
		x.hop.Assumptions = append(x.hop.Assumptions, t.Prerequisites...)
		return
	}
}

func (x *evidence) nodeOf() uint32 { return x.party.members[0] }

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

// edits gives the techniques that make a node's change, with their requests as steps.
func (x *evidence) edits(n *Node) []*Technique {
	want := n.Change.Edit
	var out []*Technique
	take := func(t *Technique, resource string) {
		out = append(out, t)
		for _, r := range t.Requires {
			x.step(r.Action, resource, x.best(r.Action, resource))
		}
	}
	if want.Everything {
		x.pick(n, take, EditInline, EditVersion, EditAttach)
	}
	if want.Unbound {
		x.pickUnbound(n, take)
	}
	if !want.Everything && len(want.Without) > 0 && len(want.With) == 0 {
		x.pick(n, take, EditUndeny)
	}
	for _, p := range want.With {
		switch {
		case strings.HasPrefix(p.Name, "group/"):
			x.pick(n, take, EditMembership)
		case strings.Contains(p.Name, " version "):
			x.pick(n, take, EditSetVersion)
		default:
			x.pick(n, take, EditAttach)
		}
	}
	return out
}

// pick takes the first technique that makes an edit of a principal, the kinds of edits in the given order.
func (x *evidence) pick(n *Node, take func(*Technique, string), kinds ...Edit) {
	for _, kind := range kinds {
		for i := range x.g.techniques.All {
			t := &x.g.techniques.All[i]
			if t.Edit != kind {
				continue
			}
			for _, resource := range x.resources(t, n) {
				if x.able(t, resource) {
					take(t, resource)
					return
				}
			}
		}
	}
}

// pickUnbound takes a technique that removes or rewrites a boundary.
func (x *evidence) pickUnbound(n *Node, take func(*Technique, string)) {
	found := false
	x.pick(n, func(t *Technique, resource string) { found = true; take(t, resource) }, EditUnbound)
	if boundary := x.g.nodes[n.Principal].actor.Boundary(); !found && boundary != "" {
		for i := range x.g.techniques.All {
			if t := &x.g.techniques.All[i]; t.Edit == EditVersion && x.able(t, boundary) {
				take(t, boundary)
				return
			}
		}
	}
}

// able tells whether the party may do all that a technique takes on a resource, and the snapshot says nothing against it.
func (x *evidence) able(t *Technique, resource string) bool {
	id := x.g.things.by[resource]
	for _, f := range t.Facts {
		if has := x.g.things.facts[f]; has != nil && !has.Contains(id) && !x.g.things.open[f].Contains(id) {
			return false
		}
	}
	for _, r := range t.Requires {
		if x.best(r.Action, resource) == nil {
			return false
		}
	}
	return true
}

// resources are what a technique may act on to edit a principal: itself, its groups, its policies. Of a node without a change it is whatever may do.
func (x *evidence) resources(t *Technique, n *Node) []string {
	th := x.g.things
	var out []string
	in := func(of map[uint32]*roaring.Bitmap) {
		for id, set := range of {
			if set.Contains(n.Principal) {
				out = append(out, th.list[id].arn)
			}
		}
	}
	switch {
	case t.Target == n.Kind:
		out = append(out, n.ARN)
	case t.Target == "group" && t.Edit == EditMembership:
		for id := range th.groupFacts {
			if th.list[id].account == n.Account && (n.Change == nil || slices.ContainsFunc(n.Change.Edit.With, func(p evaluator.Policy) bool {
				return strings.HasPrefix(p.Name, "group/"+th.groupFacts[id].Name+": ")
			})) {
				out = append(out, th.list[id].arn)
			}
		}
	case t.Target == "group":
		in(th.members)
	case t.Target == "policy":
		in(th.attached)
		if n.Change == nil {
			in(th.bounds)
		}
	}
	slices.Sort(out)
	return out
}
