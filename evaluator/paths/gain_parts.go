package paths

import (
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/graph"
)

// part is one thing that a change is made of.
type part struct {
	kinds  []Edit                                   // the edits that make it, best ones first
	makes  func(t *Technique, resource string) bool // whether one of them does, used on a resource
	values func(t *Technique) []string              // the managed policies that the request may put in place
}

// taken is a technique that makes part of a change, used on a resource with one of some managed policies.
type taken struct {
	technique *Technique
	resource  string
	names     []string
}

// makes tells whether a technique that was taken makes a part too.
func (t *taken) makes(p *part) bool {
	return contains(p.kinds, t.technique.Edit) && p.makes(t.technique, t.resource) &&
		(choosing(t.technique) == "" || slices.Equal(t.names, p.values(t.technique)))
}

// edits gives the techniques that make a node's change, with their requests as steps.
func (x *evidence) edits(n *Node) []*Technique {
	var all []taken
	for _, part := range x.parts(n) {
		if !slices.ContainsFunc(all, func(t taken) bool { return t.makes(&part) }) {
			all = x.pick(n, &part, all)
		}
	}
	out := make([]*Technique, len(all))
	for i, t := range all {
		out[i] = t.technique
	}
	return out
}

// parts divides a change: what gives everything, what is added, what happens to the boundary, and what is gone. What was done before is left out.
func (x *evidence) parts(n *Node) []part {
	want := n.Change.Edit
	if from := x.hop.From; from.Principal == n.Principal && from.Change != nil {
		want = beyond(want, &from.Change.Edit)
	}
	var out []part
	anywhere := func(*Technique, string) bool { return true }
	if want.Everything {
		makes := func(t *Technique, resource string) bool {
			return t.Edit != EditVersion || x.attachedTo(resource, n.Principal)
		}
		kinds := []Edit{EditInline, EditVersion, EditAttach}
		if n.Change.attached {
			kinds = []Edit{EditAttach}
		}
		out = append(out, part{kinds, makes, x.all})
	}
	boundary := x.g.nodes[n.Principal].actor.Boundary()
	if want.Unbound {
		makes := func(t *Technique, resource string) bool { return t.Edit != EditVersion || resource == boundary }
		out = append(out, part{[]Edit{EditUnbound, EditVersion}, makes, x.all})
	}
	if want.Bound != nil {
		arn, _, version := strings.Cut(want.Bound.Name, " version ")
		makes := func(t *Technique, resource string) bool {
			return version && t.Edit == EditSetVersion && resource == arn || !version && choosing(t) == boundaryARN
		}
		out = append(out, part{[]Edit{EditUnbound, EditSetVersion}, makes, only(arn)})
	}
	for _, p := range want.With {
		switch arn, _, version := strings.Cut(p.Name, " version "); {
		case strings.HasPrefix(p.Name, "group/"):
			out = append(out, part{[]Edit{EditMembership}, func(_ *Technique, group string) bool { return x.ofGroup(p.Name, group) }, x.all})
		case version:
			out = append(out, part{[]Edit{EditSetVersion}, func(_ *Technique, resource string) bool { return resource == arn }, x.all})
		default:
			out = append(out, part{[]Edit{EditAttach}, anywhere, only(p.Name)})
		}
	}
	for _, name := range want.Without {
		makes := func(t *Technique, resource string) bool { return x.ends(t, resource, n, name) }
		values := func(t *Technique) []string {
			if t.Edit == EditUndeny && choosing(t) != "" {
				return []string{ownName(name)}
			}
			return x.all(t)
		}
		out = append(out, part{[]Edit{EditInline, EditVersion, EditUndeny, EditSetVersion}, makes, values})
	}
	return out
}

// beyond is what an edit does that another one has not done.
func beyond(e evaluator.Edit, had *evaluator.Edit) evaluator.Edit {
	e.Unbound = e.Unbound && !had.Unbound
	if e.Bound != nil && had.Bound != nil && e.Bound.Name == had.Bound.Name {
		e.Bound = nil
	}
	e.With = slices.DeleteFunc(slices.Clone(e.With), func(p evaluator.Policy) bool {
		return slices.ContainsFunc(had.With, func(have evaluator.Policy) bool { return have.Name == p.Name })
	})
	e.Without = slices.DeleteFunc(slices.Clone(e.Without), func(name string) bool { return contains(had.Without, name) })
	return e
}

// only are the values of a request that puts one policy in place.
func only(name string) func(*Technique) []string {
	return func(*Technique) []string { return []string{name} }
}

// all are the policies that give everything.
func (x *evidence) all(t *Technique) []string {
	if choosing(t) == "" {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(x.g.offered), func(arn string) bool {
		return !evaluator.AllowsEverything(x.g.world.Managed(x.party.account, arn).Doc)
	})
}

// attachedTo tells whether a policy is attached to a principal, itself or through a group.
func (x *evidence) attachedTo(policy string, principal uint32) bool {
	return slices.ContainsFunc(x.before(principal).actor.Policies(), func(p evaluator.Policy) bool { return isPolicy(p.Name, policy) })
}

// before is a principal as it is before the change: as it is in the snapshot, or as it has changed itself already.
func (x *evidence) before(principal uint32) *Node {
	if from := x.hop.From; from.Principal == principal && from.Change != nil {
		return from
	}
	return &x.g.nodes[principal]
}

// ofGroup tells whether a policy, by the name that answers quote, is one of a group's.
func (x *evidence) ofGroup(name, group string) bool {
	g := x.g.things.groupFacts[x.g.things.by[group]]
	return g != nil && strings.HasPrefix(name, "group/"+g.Name+": ")
}

// ends tells whether a technique on a resource does away with a policy of a principal, by the name that answers quote: takes it away, writes over
// it or puts another version of it in force.
func (x *evidence) ends(t *Technique, resource string, n *Node, name string) bool {
	own := ownName(name)
	held := resource == n.ARN && own == name || own != name && x.ofGroup(name, resource)
	switch t.Edit {
	case EditVersion:
		return own == resource
	case EditSetVersion:
		return own == resource && (x.harmlessVersion(own) || slices.ContainsFunc(n.Change.Edit.With, func(p evaluator.Policy) bool { return strings.HasPrefix(p.Name, own+" version ") }))
	case EditInline:
		return held && !strings.HasPrefix(own, "arn:")
	}
	return held && takesAway(t, name)
}

// ownName is the name of a policy without the group that has it.
func ownName(name string) string {
	if group, rest, ok := strings.Cut(name, ": "); ok && strings.HasPrefix(group, "group/") {
		return rest
	}
	return name
}

// harmlessVersion tells whether a policy has a version that is not in force and denies nothing.
func (x *evidence) harmlessVersion(arn string) bool {
	p := x.g.things.policyOf[x.g.things.by[arn]]
	return p != nil && slices.ContainsFunc(p.Versions, func(v graph.PolicyVersion) bool {
		doc, ok := x.g.world.VersionOf(x.party.account, arn, v.ID, "")
		return ok && !v.Default && !evaluator.Denies(doc.Doc)
	})
}

// pick takes the technique that makes part of a change at the best level, and of several the first one.
func (x *evidence) pick(n *Node, part *part, all []taken) []taken {
	var best *taken
	level := evaluator.Denied
	for _, kind := range part.kinds {
		for i := range x.g.techniques.All {
			t := &x.g.techniques.All[i]
			if t.Edit != kind || len(t.Requires) == 0 {
				continue
			}
			names := part.values(t)
			for _, resource := range x.resources(t, n) {
				if l := x.able(t, resource, names); l > level && part.makes(t, resource) {
					best, level = &taken{t, resource, names}, l
				}
			}
		}
	}
	if best == nil {
		return all
	}
	for _, r := range best.technique.Requires {
		x.step(r.Action, best.resource, x.choice(best.technique, r.Action, best.resource, best.names))
	}
	return append(all, *best)
}

// choice is the best grant of a request that edits a resource; where its condition names the managed policy that the request puts in place, for one
// of some policies.
func (x *evidence) choice(t *Technique, action, resource string, names []string) *evaluator.Access {
	key := choosing(t)
	if key == "" {
		return x.best(action, resource)
	}
	var best *evaluator.Access
	for _, a := range x.grants(action) {
		if !isOf(a, resource) {
			continue
		}
		fitting := []*evaluator.Access{a}
		if x.g.choosy[a] {
			fitting = nil
			for _, name := range names {
				fitting = append(fitting, x.g.givens[givenKey{a, key, name}])
			}
		}
		for _, given := range fitting {
			if given != nil && (best == nil || levelOf(given) > levelOf(best)) {
				best = given
			}
		}
	}
	return best
}

// able tells how sure it is that the party may do all that a technique takes on a resource, where the snapshot says nothing against it.
func (x *evidence) able(t *Technique, resource string, names []string) Level {
	id := x.g.things.by[resource]
	for _, f := range t.Facts {
		if has := x.g.things.facts[f]; has != nil && !has.Contains(id) && !x.g.things.open[f].Contains(id) {
			return evaluator.Denied
		}
	}
	level := certain
	for _, r := range t.Requires {
		a := x.choice(t, r.Action, resource, names)
		if a == nil {
			return evaluator.Denied
		}
		level = min(level, levelOf(a))
	}
	return level
}

// resources are what a technique may act on to edit a principal: itself, its groups, its policies, or groups that it is put in.
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
			in := th.members[id] != nil && th.members[id].Contains(n.Principal)
			if th.list[id].account == n.Account && !in {
				out = append(out, th.list[id].arn)
			}
		}
	case t.Target == "group":
		in(th.members)
	case t.Target == "policy":
		in(th.attached)
		in(th.bounds)
	}
	if from := x.before(n.Principal); from.Change != nil && t.Edit != EditMembership {
		for _, got := range from.Change.Edit.With {
			for _, id := range x.g.origins(from, got.Name) {
				if th.list[id].kind == t.Target && !contains(out, th.list[id].arn) {
					out = append(out, th.list[id].arn)
				}
			}
		}
	}
	slices.Sort(out)
	return out
}
