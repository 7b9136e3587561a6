package paths

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
)

// Hop is one edge of a path with its evidence (E2).
type Hop struct {
	From, To    *Node  // To is nil for a resource
	Resource    string // of CAN_ACCESS
	Kind        Kind
	Technique   *Technique // nil for what is no technique
	Level       Level
	Steps       []Step   // the requests that it takes
	Facts       []string // what else the snapshot tells, in words
	Assumptions []string
}

// Step is one request of a hop.
type Step struct {
	Action   string
	Resource string            // the very resource; empty where any of the grant will do
	Grant    *evaluator.Access // what allows it, of whoever makes it
	who      *evaluator.Actor  // nil for outsiders
}

// Prove makes the step a concrete request, decided by the point engine.
func (s *Step) Prove() *evaluator.Proof { return s.Grant.Prove(s.who, s.Action, s.Resource) }

// Hops gives the evidence of a way, hop by hop.
func (g *Graph) Hops(w *Way) []*Hop {
	var out []*Hop
	for _, s := range w.Steps {
		out = append(out, g.hop(s.From, s.To, g.index.edges[s.Label]))
	}
	if t := w.target; t != nil && t.access != nil {
		out = append(out, t.access.hops(g, w.End())...)
	}
	return out
}

// hops are the last steps to a resource.
func (t *accessTarget) hops(g *Graph, n uint32) []*Hop {
	if t.opens != nil {
		return t.opens[n].hops(g, n)
	}
	return []*Hop{t.hop(g, n)}
}

// Node gives a node by its number.
func (g *Graph) Node(n uint32) *Node { return &g.nodes[n] }

// evidence gathers what a hop stands on.
type evidence struct {
	g     *Graph
	hop   *Hop
	from  uint32
	party *party
	actor *evaluator.Actor
}

// hop is the edge between two nodes with its evidence.
func (g *Graph) hop(from, to uint32, e *edge) *Hop {
	f, t := &g.nodes[from], &g.nodes[to]
	x := &evidence{
		g: g, hop: &Hop{From: f, To: t, Kind: e.kind, Technique: e.technique, Level: e.level}, from: from, party: &g.parties[f.party], actor: f.actor,
	}
	switch e.kind {
	case CanAssume:
		x.assume(t)
	case CanFederate:
		x.outsiderStep(f.outsider, t, withSAML, withWeb)
	case ServiceAssumes:
		x.outsiderStep(f.outsider, t, assumeRole)
	case RunsAs:
		x.fact("%s runs with %s", f.ARN, t.ARN)
		x.trust(computeServices(g.techniques)[f.Name], t)
	case GainPermissions:
		x.gain(to, e)
	case Become, PassRole, HijackCompute:
		x.technique(e.technique, t)
	case MemberOf, CanAccess, CanAssumeRoot, OpenResource, WeakenGuardrail:
	}
	return x.hop
}

// leaf is an edge that nobody walks with its evidence. A target that is a principal stands as its first node would.
func (g *Graph) leaf(from uint32, to string, thing uint32, e *edge) *Hop {
	f := &g.nodes[from]
	x := &evidence{
		g: g, hop: &Hop{From: f, Resource: to, Kind: e.kind, Technique: e.technique, Level: e.level}, from: from, party: &g.parties[f.party], actor: f.actor,
	}
	target := &Node{ARN: to, Principal: thing}
	if to != "" {
		target.Kind, target.Account = g.things.list[thing].kind, g.things.list[thing].account
	}
	switch {
	case e.kind == CanAssumeRoot:
		x.step(assumeRoot, to, x.best(assumeRoot, to))
		x.fact("the session has one of the five task policies of AWS, which allow nothing beyond their task")
	case e.kind == GainPermissions:
		x.gainOnly(e.technique, target)
	case e.technique != nil:
		x.technique(e.technique, target)
	}
	return x.hop
}

// best gives the grant of an action on a thing that is had at the best level; nil: none is.
func (x *evidence) best(action, arn string) *evaluator.Access {
	var best *evaluator.Access
	for _, a := range x.grants(action) {
		if arn != "" && !isOf(a, arn) {
			continue
		}
		if best == nil || levelOf(a) > levelOf(best) {
			best = a
		}
	}
	return best
}

// grants lists what the party may do with an action.
func (x *evidence) grants(action string) []*evaluator.Access {
	at, ok := x.g.places[strings.ToLower(action)]
	if !ok || !at.asked || at.poll >= len(x.party.grants) {
		return nil
	}
	var out []*evaluator.Access
	for _, a := range x.party.grants[at.poll] {
		if a.HasAt(at.action) {
			out = append(out, a)
		}
	}
	return out
}

// isOf tells whether a grant is of a thing of the snapshot.
func isOf(a *evaluator.Access, arn string) bool {
	found := false
	a.Named(func(list []string) {
		found = found || slices.ContainsFunc(list, func(text string) bool { return plain(text) == arn })
	})
	return found
}

// step notes a request that a grant allows.
func (x *evidence) step(action, resource string, a *evaluator.Access) {
	if a == nil {
		return
	}
	x.hop.Steps = append(x.hop.Steps, Step{Action: action, Resource: resource, Grant: a, who: x.actor})
	for _, text := range a.Assumptions {
		if !contains(x.hop.Assumptions, text) && resource != "" {
			x.hop.Assumptions = append(x.hop.Assumptions, text)
		}
	}
}

func (x *evidence) fact(format string, args ...any) {
	x.hop.Facts = append(x.hop.Facts, fmt.Sprintf(format, args...))
}

// assume is sts:AssumeRole on a role, and what its sessions must be allowed beside it (D30).
func (x *evidence) assume(t *Node) {
	var best, bare *evaluator.Access
	for _, a := range x.grants(assumeRole) {
		if !isOf(a, t.ARN) {
			continue
		}
		without := x.g.bare(a)
		switch {
		case best == nil, without != nil && bare == nil, without != nil && levelOf(without) > levelOf(bare), without == nil && bare == nil && levelOf(a) > levelOf(best):
			best, bare = a, without
		}
	}
	if bare != nil {
		x.step(assumeRole, t.ARN, bare)
		return
	}
	x.step(assumeRole, t.ARN, best)
	if best == nil {
		return
	}
	for _, action := range []string{tagSession, sourceIdentity} {
		if a := x.best(action, t.ARN); a != nil {
			x.step(action, t.ARN, a)
		}
	}
}

// bare is a grant of sts:AssumeRole for a session without tags and source identity; nil: there is none.
func (g *Graph) bare(a *evaluator.Access) *evaluator.Access {
	if without, ok := g.bares[a]; ok {
		return without
	}
	return a
}

// outsiderStep is a request of somebody outside.
func (x *evidence) outsiderStep(o *evaluator.Outsider, t *Node, actions ...string) {
	for _, action := range actions {
		at := x.g.places[strings.ToLower(action)]
		for _, a := range o.Grants {
			if a.HasAt(at.action) && isOf(a, t.ARN) {
				x.step(action, t.ARN, a)
				return
			}
		}
	}
}

// trust notes that a role lets a service in.
func (x *evidence) trust(service string, t *Node) {
	for i := range x.g.outside {
		o := x.g.nodes[x.g.outside[i]].outsider
		if o == nil || o.ARN != service && !(o.Kind == "service" && o.ARN == "*") {
			continue
		}
		own, before := &evidence{g: x.g, hop: x.hop, party: x.party}, len(x.hop.Steps)
		own.outsiderStep(o, t, assumeRole, withWeb)
		if len(x.hop.Steps) > before { // a service can stand there several times, with the roles that name it and those that let every service in
			return
		}
	}
}

// technique is the requests of a technique, and what the snapshot tells beside them.
func (x *evidence) technique(t *Technique, to *Node) {
	through := x.through(t, to)
	for _, r := range t.Requires {
		switch {
		case strings.EqualFold(r.Action, passRole) && t.Service != "":
			x.step(r.Action, to.ARN, x.passing(to.ARN, t.Service))
		case r.On == OnTarget && t.Target == "provider", r.On == OnCompute:
			x.step(r.Action, through, x.best(r.Action, through))
		case r.On == OnTarget && t.Target != "organization":
			x.step(r.Action, to.ARN, x.best(r.Action, to.ARN))
		default:
			x.step(r.Action, "", x.bestNew(r))
		}
	}
	switch {
	case t.Kind == HijackCompute:
		x.fact("%s runs with %s", through, to.ARN)
	case t.Target == "provider":
		x.fact("%s trusts %s", to.ARN, through)
		if hasFact(t, Absent) {
			x.fact("%s is not there", through)
		}
		if x.g.things.presumed.Contains(x.g.things.by[through]) {
			x.hop.Assumptions = append(x.hop.Assumptions, through+" is there, which was not read")
		}
	}
	if t.Service != "" {
		x.trust(t.Service, to)
	}
	x.hop.Assumptions = append(x.hop.Assumptions, t.Prerequisites...)
	for _, f := range t.Facts {
		if has := x.g.things.facts[f]; has != nil && !has.Contains(to.Principal) && x.g.things.open[f].Contains(to.Principal) {
			x.hop.Assumptions = append(x.hop.Assumptions, factWords(f))
		}
	}
}

// passing is the grant by which a role is passed to a service.
func (x *evidence) passing(role, service string) *evaluator.Access {
	var best *evaluator.Access
	for _, a := range x.grants(passRole) {
		if !isOf(a, role) {
			continue
		}
		if given, ok := x.g.givens[givenKey{a, passedTo, service}]; ok {
			a = given
		}
		if a != nil && (best == nil || levelOf(a) > levelOf(best)) {
			best = a
		}
	}
	return best
}

// bestNew is the best grant of a requirement that is of nothing in particular.
func (x *evidence) bestNew(r Requirement) *evaluator.Access {
	var best *evaluator.Access
	for _, a := range x.grants(r.Action) {
		if r.On == OnNew && a.Stored() && !a.Starred() {
			continue
		}
		if best == nil || levelOf(a) > levelOf(best) {
			best = a
		}
	}
	return best
}

// through is the compute or the provider by which a technique leads to a role: one that meets every requirement.
func (x *evidence) through(t *Technique, to *Node) string {
	fits := func(arn string) bool {
		for _, r := range t.Requires {
			if (r.On == OnCompute || r.On == OnTarget && t.Target == "provider") && x.best(r.Action, arn) == nil {
				return false
			}
		}
		return true
	}
	var found []string
	switch {
	case t.Kind == HijackCompute:
		for c, role := range x.g.things.runs {
			if th := x.g.things.list[c]; role == to.Principal && contains(t.Compute, th.typ) && fits(th.arn) {
				found = append(found, th.arn)
			}
		}
	case t.Target == "provider":
		for arn, roles := range x.g.accepts {
			absent := x.g.things.facts[Absent].Contains(x.g.things.by[arn])
			if roles.any().Contains(to.Principal) && absent == hasFact(t, Absent) && fits(arn) {
				found = append(found, arn)
			}
		}
	}
	if len(found) == 0 {
		return ""
	}
	return slices.Min(found)
}

// hop is the last step to a resource.
func (t *accessTarget) hop(g *Graph, n uint32) *Hop {
	h := &Hop{From: &g.nodes[n], Kind: CanAccess}
	if t.poll.AllOf() {
		t.every(g, n, h)
		return h
	}
	for _, a := range t.grants[n] {
		if l := levelOf(a); l > h.Level {
			h.Level = l
		}
	}
	for _, a := range t.grants[n] {
		if levelOf(a) < h.Level {
			continue
		}
		proof := a.Prove(g.nodes[n].actor, "", "")
		if proof.Witness != nil {
			h.Resource = proof.Witness.Resource
			h.Steps = append(h.Steps, Step{Action: proof.Witness.Action, Resource: proof.Witness.Resource, Grant: a, who: g.nodes[n].actor})
			break
		}
	}
	return h
}

// every notes a request of every action that is asked about, by the most sure grant of each.
func (t *accessTarget) every(g *Graph, n uint32, h *Hop) {
	h.Level = certain
	for i, action := range t.poll.Members() {
		var best *evaluator.Access
		for _, a := range t.grants[n] {
			if a.HasAt(i) && (best == nil || levelOf(a) > levelOf(best)) {
				best = a
			}
		}
		if best == nil {
			continue
		}
		h.Level = min(h.Level, levelOf(best))
		if proof := best.Prove(g.nodes[n].actor, action, ""); proof.Witness != nil {
			h.Resource = cmp.Or(h.Resource, proof.Witness.Resource)
			h.Steps = append(h.Steps, Step{Action: proof.Witness.Action, Resource: proof.Witness.Resource, Grant: best, who: g.nodes[n].actor})
		}
	}
}

// factWords is a fact of a technique as an assumption: what the snapshot does not tell and is taken to be so.
func factWords(f Fact) string {
	switch f {
	case NoPassword:
		return "the user has no console password"
	case Password:
		return "the user has a console password"
	case OneKey:
		return "the user has at most one access key"
	case TwoKeys:
		return "the user has two access keys"
	case ACLs:
		return "the bucket honours access control lists"
	case InstanceProfile, NoInstanceProfile, FourVersions, FiveVersions, OtherVersion, Absent, SSORole: // the snapshot tells them
	}
	return string(f)
}
