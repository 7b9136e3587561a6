package paths

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// lacking finds the graph of a snapshot without some statements of identity and trust policies, from that of the snapshot as it is: only whoever has such
// a policy is asked anew, whoever edits them, and whoever gets into a role that trusts somebody less. Everybody else does the same as before.
type lacking struct {
	ctx  context.Context
	g    *Graph
	seed *builder // the questions; nil: not asked yet

	bounds map[string]bool // managed policies that bound somebody
}

// policyKey is an inline policy by the name that its holders quote: of a user or role by its ARN, of a group by its account.
type policyKey struct{ owner, name string }

// less is the statements that are gone, by the policies that they are in.
type less struct {
	managed map[string][]int            // by ARN
	trust   map[string]*policy.Document // what is left of the trust policies of roles, by ARN
	inline  map[policyKey][]int         // by owner, and the name as its holders quote it
	docs    map[docKey]*policy.Document
}

// docKey is a document and the places of the statements that it lacks.
type docKey struct {
	doc *policy.Document
	at  string
}

// without gives the graph without statements, and whose nodes were asked anew; ok is false where it takes the whole snapshot to be built: statements of the
// resource side, of boundaries, and of what edits put in place or take away for what it says.
func (l *lacking) without(gone []Statement) (_ *Graph, asked []uint32, ok bool, err error) {
	s, ok := l.less(gone)
	if !ok {
		return nil, nil, false, nil
	}
	if err := l.prepare(); err != nil {
		return nil, nil, false, err
	}
	g := l.copied()
	b := newBuilder(l.ctx, g)
	b.lessen = s.lessen
	b.usable, b.opened = l.seed.usable, l.seed.opened
	changed := roaring.New() // nodes
	edited := roaring.New()  // principals of which some state with edits of its own is changed
	for i := range g.nodes {
		n := &g.nodes[i]
		if n.actor == nil {
			continue
		}
		if n.Chained && n.Change == nil {
			b.sends[n.Principal] = true
		}
		if n.Principal != uint32(i) {
			b.made[madeKey(n.Principal, n.Chained, n.Change)] = uint32(i)
		}
		other := s.lessen(n, n.actor)
		if other == n.actor {
			continue
		}
		if !s.apart(n.actor, other) {
			return nil, nil, false, nil
		}
		if s.tips(n.actor, other) {
			l.addUndenying(changed)
		}
		if other.FromAssumeRole() { // as all its sessions are then
			other = other.Chained()
		}
		n.actor = other
		changed.Add(uint32(i))
		if n.Change != nil && !n.Change.Edit.Everything {
			edited.Add(n.Principal)
		}
	}
	if !edited.IsEmpty() && !l.addEditors(edited, changed) {
		return nil, nil, false, nil
	}
	known, parties := len(g.nodes), len(g.parties)
	if err := l.question(b, s, changed); err != nil {
		return nil, nil, false, err
	}
	l.leave(g, changed)
	b.queue = changed.ToArray()
	for first := len(s.trust) > 0; first || len(b.queue) > 0; first = false {
		from := len(g.parties)
		if err := b.survey(false); err != nil {
			return nil, nil, false, err
		}
		if first {
			b.addAbroad()
		}
		if !l.tellsApart(b, from) {
			return nil, nil, false, nil
		}
		for i := from; i < len(g.parties); i++ {
			if err := l.ctx.Err(); err != nil {
				return nil, nil, false, err
			}
			b.findEdges(&g.parties[i])
		}
		if first {
			b.addStatic()
		}
		if b.err != nil {
			return nil, nil, false, b.err
		}
	}
	l.settle(b, parties)
	for i := known; i < len(g.nodes); i++ {
		g.byARN[g.nodes[i].ARN] = append(slices.Clip(g.byARN[g.nodes[i].ARN]), uint32(i))
		changed.Add(uint32(i))
	}
	return g, changed.ToArray(), true, nil
}

// question gives a builder its questions: those of the graph, or, where a role trusts somebody less, the same ones of a world in which it does. In that world
// whoever is outside is found anew, and whoever had to do with the role is asked again.
func (l *lacking) question(b *builder, s *less, changed *roaring.Bitmap) error {
	if len(s.trust) == 0 {
		b.polls, b.gates, b.actions = l.seed.polls, l.seed.gates, l.seed.actions
		return nil
	}
	l.meet(s, changed)
	g := b.Graph
	g.world = g.world.WithTrustOf(s.trust)
	g.services, g.accepts = map[string]leveled{}, map[string]leveled{}
	var err error
	if b.beyond, err = g.world.Outside(g.options.Zone, g.options.Also); err != nil {
		return err
	}
	outside := roaring.New()
	for _, n := range g.outside {
		node := &g.nodes[n]
		b.strangers[node.Kind+"\x00"+node.ARN+"\x00"+node.Name] = n
		node.outsider = nil
		outside.Add(n)
	}
	l.leave(g, outside)
	for i, actions := range l.seed.asked {
		if err := b.addPoll(l.seed.gates[i], actions...); err != nil {
			return err
		}
		if i == 0 {
			if err := b.addOutsiders(); err != nil {
				return err
			}
		}
	}
	return b.addOutsidersBeyond()
}

// alters tells whether a role does anything else itself with another trust policy: by where its sessions come from, it is of another class in some question.
func (l *lacking) alters(a *evaluator.Actor, trust *policy.Document, t *Target) bool {
	other := a.Trusting(trust)
	if other.FromAssumeRole() {
		other = other.Chained()
	}
	differs := func(p *evaluator.Poll) bool { return p.Class(a) != p.Class(other) }
	return slices.ContainsFunc(l.seed.polls, differs) || differs(l.seed.opened) || t.access != nil && differs(t.access.poll)
}

// meet adds whoever has a step to a role that trusts somebody less, or a grant that its trust policy is part of, and the role itself.
func (l *lacking) meet(s *less, changed *roaring.Bitmap) {
	roles := roaring.New()
	for arn := range s.trust {
		for _, n := range l.g.byARN[arn] {
			roles.Add(n)
		}
	}
	for i := range l.g.parties {
		p := &l.g.parties[i]
		if l.g.nodes[p.members[0]].actor == nil {
			continue
		}
		steps := slices.ContainsFunc(p.edges, func(e edge) bool { return !e.leaf && e.to.Intersects(roles) })
		if steps || slices.ContainsFunc(p.grants, func(grants []*evaluator.Access) bool { return slices.ContainsFunc(grants, s.lets) }) {
			changed.AddMany(p.members)
		}
	}
}

// lets tells whether the trust policy of one of the roles may be part of a grant: it is about the role, and some resource's policy is.
func (s *less) lets(a *evaluator.Access) bool {
	if !slices.ContainsFunc(a.Via(), func(ref evaluator.StatementRef) bool { return ref.Layer == evaluator.LayerResource }) {
		return false
	}
	found := false
	a.Named(func(list []string) {
		found = found || slices.ContainsFunc(list, func(text string) bool { return s.trust[plain(text)] != nil })
	})
	return found
}

// prepare makes the questions of the graph anew: those that it was found by are let go of.
func (l *lacking) prepare() error {
	if l.seed != nil {
		return nil
	}
	scratch := l.copied()
	b := newBuilder(l.ctx, scratch)
	b.lessen = func(_ *Node, a *evaluator.Actor) *evaluator.Actor { return a }
	if err := b.preparePolls(); err != nil {
		return err
	}
	if err := b.prepareTechniques(l.g.options.Leaves); err != nil {
		return err
	}
	l.seed = b
	return nil
}

// copied is the graph with lists of its own.
func (l *lacking) copied() *Graph {
	g := l.g
	return &Graph{
		world: g.world, facts: g.facts, catalog: g.catalog, techniques: g.techniques, things: g.things, options: g.options,
		nodes: slices.Clone(g.nodes), parties: slices.Clone(g.parties), twins: maps.Clone(g.twins), outside: g.outside, byARN: maps.Clone(g.byARN),
		places: maps.Clone(g.places), services: g.services, accepts: g.accepts, bares: maps.Clone(g.bares), givens: maps.Clone(g.givens),
		choosy: maps.Clone(g.choosy), offered: slices.Clone(g.offered),
	}
}

// less sorts statements by policy; ok is false for such as say more than what their holders may do.
func (l *lacking) less(gone []Statement) (*less, bool) {
	s := &less{managed: map[string][]int{}, inline: map[policyKey][]int{}, trust: map[string]*policy.Document{}, docs: map[docKey]*policy.Document{}}
	for i := range gone {
		st := &gone[i]
		switch {
		case st.Layer == evaluator.LayerResource:
			doc := s.trust[st.Owner]
			if doc == nil {
				doc = l.g.world.TrustOf(st.Owner)
			}
			if doc == nil || !allowsAt(doc, []int{st.Index}) || l.g.options.Leaves {
				return nil, false
			}
			s.trust[st.Owner] = evaluator.WithoutAllows(doc, []int{st.Index})
		case st.Layer != evaluator.LayerIdentity || st.Version != "" || l.bounding(st.Owner) || contains(l.g.offered, st.Owner):
			return nil, false
		case st.Policy == "":
			s.managed[st.Owner] = append(s.managed[st.Owner], st.Index)
		default:
			key := policyKey{st.Owner, st.Policy}
			if id, ok := l.g.things.by[st.Owner]; ok && l.g.things.groupFacts[id] != nil {
				t := l.g.things.list[id]
				key = policyKey{t.account, "group/" + l.g.things.groupFacts[id].Name + ": " + st.Policy}
			}
			s.inline[key] = append(s.inline[key], st.Index)
		}
	}
	return s, true
}

// bounding tells managed policies that bound somebody.
func (l *lacking) bounding(arn string) bool {
	if l.bounds == nil {
		l.bounds = map[string]bool{}
		for i := range l.g.nodes {
			if a := l.g.nodes[i].actor; a != nil && a.Bounded() {
				l.bounds[a.Boundary()] = true
			}
		}
	}
	return l.bounds[arn]
}

// lessen is an actor without the statements.
func (s *less) lessen(n *Node, a *evaluator.Actor) *evaluator.Actor {
	if trust := s.trust[n.ARN]; trust != nil && n.Kind == "role" {
		a = a.Trusting(trust)
	}
	return a.Mapped(func(p evaluator.Policy) *policy.Document {
		name := p.Name
		if rest, of := strings.CutPrefix(name, "group/"); of {
			_, name, _ = strings.Cut(rest, ": ")
		}
		at := s.managed[name]
		if len(at) == 0 {
			if at = s.inline[policyKey{n.ARN, p.Name}]; len(at) == 0 {
				at = s.inline[policyKey{n.Account, p.Name}]
			}
		}
		if len(at) == 0 || !allowsAt(p.Doc, at) {
			return p.Doc
		}
		key := docKey{p.Doc, fmt.Sprint(at)}
		if s.docs[key] == nil {
			s.docs[key] = evaluator.WithoutAllows(p.Doc, at)
		}
		return s.docs[key]
	})
}

// allowsAt tells whether a document has an Allow at one of some places.
func allowsAt(d *policy.Document, at []int) bool {
	return slices.ContainsFunc(d.Statements, func(s policy.Statement) bool { return s.Effect == policy.Allow && slices.Contains(at, s.Index) })
}

// apart is false where an actor without the statements is another one to those who edit it in ways that are not looked for here: by its group, or because
// what could not be understood may have been a Deny.
func (s *less) apart(before, after *evaluator.Actor) bool {
	was := before.Policies()
	for i, p := range after.Policies() {
		of := strings.HasPrefix(p.Name, "group/")
		if p.Doc != was[i].Doc && (of && evaluator.DeniesOnly(p.Doc) || evaluator.Denies(p.Doc) != evaluator.Denies(was[i].Doc)) {
			return false
		}
	}
	return true
}

// tips tells whether a policy of an actor does nothing but deny now: it is one that may be taken away (E10).
func (s *less) tips(before, after *evaluator.Actor) bool {
	was := before.Policies()
	return slices.ContainsFunc(after.Policies(), func(p evaluator.Policy) bool {
		return evaluator.DeniesOnly(p.Doc) && !slices.ContainsFunc(was, func(old evaluator.Policy) bool { return old.Doc == p.Doc })
	})
}

// addUndenying adds whoever may take policies away from anybody.
func (l *lacking) addUndenying(changed *roaring.Bitmap) {
	for i := range l.g.techniques.All {
		t := &l.g.techniques.All[i]
		if t.Edit != EditUndeny {
			continue
		}
		at, ok := l.g.places[strings.ToLower(t.Requires[0].Action)]
		if !ok || !at.asked {
			continue
		}
		for i := range l.g.parties {
			p := &l.g.parties[i]
			if at.poll < len(p.grants) && l.g.nodes[p.members[0]].actor != nil &&
				slices.ContainsFunc(p.grants[at.poll], func(a *evaluator.Access) bool { return a.HasAt(at.action) }) {
				changed.AddMany(p.members)
			}
		}
	}
}

// addEditors adds whoever changes the policies of some principals: what they make of them may be told apart otherwise. ok is false where one of them is
// nobody of the snapshot.
func (l *lacking) addEditors(principals, changed *roaring.Bitmap) (ok bool) {
	for i := range l.g.parties {
		p := &l.g.parties[i]
		if !slices.ContainsFunc(p.edges, func(e edge) bool { return e.kind == GainPermissions && e.leaf && e.to.Intersects(principals) }) {
			continue
		}
		for _, n := range p.members {
			if l.g.nodes[n].actor == nil {
				return false
			}
			changed.Add(n)
		}
	}
	return true
}

// leave takes nodes out of their parties.
func (l *lacking) leave(g *Graph, nodes *roaring.Bitmap) {
	left := map[int32]bool{}
	each(nodes, func(n uint32) {
		if at := g.nodes[n].party; at >= 0 {
			left[at] = true
			g.nodes[n].party = -1
		}
	})
	for at := range left {
		p := &g.parties[at]
		p.members = slices.DeleteFunc(slices.Clone(p.members), nodes.Contains)
	}
}

// tellsApart is false when MFA tells sessions of a role apart that it did not before: whoever steps to it steps to another node then.
func (l *lacking) tellsApart(b *builder, from int) bool {
	for i := from; i < len(b.parties); i++ {
		p := &b.parties[i]
		hangs := slices.ContainsFunc(p.grants, func(grants []*evaluator.Access) bool {
			return slices.ContainsFunc(grants, func(g *evaluator.Access) bool {
				return g.Reads("aws:MultiFactorAuthPresent") || g.Reads("aws:MultiFactorAuthAge")
			})
		})
		for _, n := range p.members {
			node := &b.nodes[n]
			if hangs && node.Kind == "role" && node.Change == nil && !node.Chained && !node.actor.FromAssumeRole() && !b.sends[node.Principal] {
				return false
			}
		}
	}
	return true
}

// settle lets go of what the search for the new edges needed.
func (l *lacking) settle(b *builder, from int) {
	for i := from; i < len(b.parties); i++ {
		for _, grants := range b.parties[i].grants {
			for _, g := range grants {
				g.Settle()
			}
		}
	}
	for key, g := range b.bares {
		if _, old := l.g.bares[key]; !old && g != nil {
			g.Settle()
		}
	}
	for key, g := range b.givens {
		if _, old := l.g.givens[key]; !old && g != nil {
			g.Settle()
		}
	}
}
