package paths

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/graph"
)

// Options are how a graph is made.
type Options struct {
	Budget int64 // engine steps for one principal and question; 0: the default
	// Leaves asks for the edges that nobody walks too: memberships, sessions of root users, open resources, weakened guardrails, and techniques that
	// yield less than the target's power.
	Leaves bool
	Now    time.Time // when requests are made (C34); zero: at any time
	// Zone and Also say who is inside, as evaluator.ExternalOptions do.
	Zone, Also []string
}

// Graph is the access edges of a snapshot: who can become whom (E1–E14). It is immutable once built, and its searches may run side by side.
type Graph struct {
	Assumptions []string // what it stands on as a whole
	Warnings    []string

	world      *evaluator.World
	facts      *graph.Facts
	catalog    *catalog.Catalog
	techniques *List
	things     *things
	options    Options
	nodes      []Node
	parties    []party
	twins      map[uint32]uint32 // role -> the node of its sessions without MFA, where there are two
	outside    []uint32          // nodes of outsiders and compute
	byARN      map[string][]uint32
	places     map[string]place                        // where actions, in lower case, are asked about
	services   map[string]leveled                      // service principal -> roles that trust it
	accepts    map[string]leveled                      // provider -> roles that it signs in to
	bares      map[*evaluator.Access]*evaluator.Access // see bare
	givens     map[givenKey]*evaluator.Access          // grants where a key is given, for evidence
	choosy     map[*evaluator.Access]bool              // grants whose condition names the managed policy that is put in place
	offered    []string                                // the policies that they admit, sorted
	index      *index

	adminMu sync.Mutex
	admins  map[uint32]*Administrator // nil: nobody asked yet
}

// party is nodes that share all their edges, but for those that lead a node to itself.
type party struct {
	members []uint32 // nodes
	account string
	grants  [][]*evaluator.Access // by poll
	edges   []edge
}

// held is what a party may do with one action.
type held struct {
	on     leveled // things of the snapshot
	new    Level   // on something that is not there
	any    Level   // on anything
	grants []*evaluator.Access
	id     int // equal for those that nothing tells apart
}

// edge leads every member of a party to every node of a set.
type edge struct {
	kind      Kind
	technique *Technique // nil for what is no technique
	level     Level
	to        *roaring.Bitmap // nodes; things for edges that nobody walks
	self      bool            // it leads each member to what it makes of itself, and to is such nodes
	leaf      bool            // it is no step of a path (E10 without control, E14, E23, limited techniques)
}

// builder finds the edges.
type builder struct {
	*Graph
	ctx        context.Context
	polls      []*evaluator.Poll
	asked      [][]string                  // the actions of each poll
	gates      []*place                    // of each poll: who has no finding there is not asked; nil: all are
	opened     *evaluator.Poll             // sts:AssumeRole where every trust policy lets everybody of the account in
	lists      map[*string]*roaring.Bitmap // by where a list begins
	levels     map[*evaluator.Access]Level
	made       map[string]uint32 // nodes that are no principal as it is, by what they are
	queue      []uint32
	sends      map[uint32]bool // roles whose edges hang on MFA
	static     []outsideEdge
	abroad     map[uint32]map[int][]*evaluator.Access // of outsiders, by poll
	strangers  map[string]uint32                      // nodes of outsiders
	beyond     func(kind, arn, account string) bool   // outside of the zone of trust
	usable     []*Technique                           // those that can lead anywhere
	losers     map[string]*roaring.Bitmap             // see gainers
	joiners    map[uint32]*roaring.Bitmap             // see joining
	managed    map[string][]string                    // see attachable
	classes    map[changed]string                     // see classOf
	plain      map[uint32]bool                        // see simple
	kinds      map[editKind]int
	changed    map[changesKey][]levelChange // see changes
	controlled map[string]leveled           // see findControlled
	actions    []string                     // all that polls ask about, in lower case
	helds      map[heldKey]*held
	admitted   map[string]leveled // see admitting
	openedBy   map[string]leveled // see openedTo
	shared     sharing
	everything *Change
	lessen     func(*Node, *evaluator.Actor) *evaluator.Actor // of a graph that lacks statements of another: what an actor is without them
	err        error                                          // of a survey within a survey
}

func newBuilder(ctx context.Context, g *Graph) *builder {
	b := &builder{
		Graph: g, ctx: ctx, lists: map[*string]*roaring.Bitmap{}, levels: map[*evaluator.Access]Level{},
		made: map[string]uint32{}, sends: map[uint32]bool{},
		abroad: map[uint32]map[int][]*evaluator.Access{}, strangers: map[string]uint32{},
		losers: map[string]*roaring.Bitmap{}, joiners: map[uint32]*roaring.Bitmap{}, managed: map[string][]string{}, classes: map[changed]string{},
		plain: map[uint32]bool{},
		kinds: map[editKind]int{}, controlled: map[string]leveled{}, changed: map[changesKey][]levelChange{}, helds: map[heldKey]*held{},
		admitted: map[string]leveled{}, openedBy: map[string]leveled{}, shared: newSharing(),
		everything: &Change{Edit: evaluator.Edit{Everything: true}},
	}
	b.everything.seal()
	return b
}

// Build finds every access edge of a snapshot by asking the evaluator.
func Build(ctx context.Context, facts *graph.Facts, cat *catalog.Catalog, o Options) (*Graph, error) {
	techniques, err := Techniques()
	if err != nil {
		return nil, err
	}
	w, err := evaluator.CompileWithCompute(ctx, facts, cat)
	if err != nil {
		return nil, err
	}
	actors := w.Actors()
	g := &Graph{
		twins: map[uint32]uint32{}, bares: map[*evaluator.Access]*evaluator.Access{}, givens: map[givenKey]*evaluator.Access{},
		choosy: map[*evaluator.Access]bool{}, services: map[string]leveled{}, accepts: map[string]leveled{}, world: w, facts: facts, catalog: cat,
		techniques: techniques, options: o, byARN: map[string][]uint32{},
	}
	g.things = newThings(w, facts, actors)
	b := newBuilder(ctx, g)
	if b.beyond, err = w.Outside(o.Zone, o.Also); err != nil {
		return nil, err
	}
	for i, a := range actors {
		if a.FromAssumeRole() {
			a = a.Chained()
		}
		g.nodes = append(g.nodes, Node{
			Kind: a.Kind(), ARN: a.ARN(), Name: a.Subject().Name, Account: a.Account(), Principal: uint32(i), Outside: b.beyond(a.Kind(), a.ARN(), a.Account()),
			actor: a, party: -1,
		})
		b.queue = append(b.queue, uint32(i))
	}
	if err := b.preparePolls(); err != nil {
		return nil, err
	}
	if err := b.prepareTechniques(o.Leaves); err != nil {
		return nil, err
	}
	if err := b.addOutsidersBeyond(); err != nil {
		return nil, err
	}
	for first := true; len(b.queue) > 0; first = false {
		from := len(g.parties)
		if err := b.survey(first); err != nil {
			return nil, err
		}
		if first {
			b.addAbroad()
		}
		for i := from; i < len(g.parties); i++ {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			b.findEdges(&g.parties[i])
		}
		if first {
			b.addStatic()
		}
		if b.err != nil {
			return nil, b.err
		}
	}
	b.settle()
	for i := range g.nodes {
		g.byARN[g.nodes[i].ARN] = append(g.byARN[g.nodes[i].ARN], uint32(i))
	}
	g.index = newIndex(g)
	return g, nil
}

const (
	assumeRole     = "sts:AssumeRole"
	tagSession     = "sts:TagSession"
	sourceIdentity = "sts:SetSourceIdentity"
	withSAML       = "sts:AssumeRoleWithSAML"
	withWeb        = "sts:AssumeRoleWithWebIdentity"
	assumeRoot     = "sts:AssumeRoot"
	passRole       = "iam:PassRole"
	updateTrust    = "iam:UpdateAssumeRolePolicy"
	passedTo       = "iam:PassedToService"
	policyARN      = "iam:PolicyARN"
	boundaryARN    = "iam:PermissionsBoundary"
)

// signIns are the actions that make a session of a role, and what they take besides (D30).
var signIns = []string{assumeRole, tagSession, sourceIdentity, withSAML, withWeb}

// preparePolls divides the actions of all techniques into questions: those that act on the same type of resource are asked together.
func (b *builder) preparePolls() error {
	for _, a := range b.facts.Accounts { // what edits may put in force is to be known before questions are made of what is there
		for _, p := range a.Policies {
			b.world.Managed(string(a.ID), string(p.ARN))
			for _, v := range p.Versions {
				if !v.Default {
					b.world.VersionOf(string(a.ID), string(p.ARN), v.ID, "")
				}
			}
		}
	}
	b.places = map[string]place{}
	if err := b.addPoll(nil, signIns...); err != nil {
		return err
	}
	if b.lessen == nil { // else they are there
		if err := b.addOutsiders(); err != nil {
			return err
		}
	}
	if err := b.addPoll(nil, passRole); err != nil {
		return err
	}
	if b.options.Leaves && len(b.world.RootSessions()) > 0 {
		if err := b.addPoll(nil, assumeRoot); err != nil {
			return err
		}
	}
	return b.prepareOpened()
}

// prepareTechniques makes a poll of the actions that act on the same type of resource, for the techniques that can lead anywhere in this snapshot. What
// only somebody who can pass a role has use for is asked of those alone.
func (b *builder) prepareTechniques(leaves bool) error {
	type group struct {
		gated   bool
		service string
	}
	groups := map[group][]string{}
	var order []group
	gated := b.gated(leaves)
	for i := range b.techniques.All {
		t := &b.techniques.All[i]
		if !b.possible(t, leaves) {
			continue
		}
		b.usable = append(b.usable, t)
		for _, r := range t.Requires {
			key := strings.ToLower(r.Action)
			if _, asked := b.places[key]; asked {
				continue
			}
			b.places[key] = place{}
			g := group{gated[key], evaluator.ActionService(r.Action)}
			if known, ok := b.catalog.Action(r.Action); ok && len(known.Resources) > 0 {
				g.service += "/" + known.Resources[0].Type.Name
			}
			if groups[g] == nil {
				order = append(order, g)
			}
			groups[g] = append(groups[g], r.Action)
		}
	}
	for _, g := range order {
		var gate *place
		if g.gated {
			at := b.places[strings.ToLower(passRole)]
			gate = &at
		}
		if err := b.addPoll(gate, groups[g]...); err != nil {
			return err
		}
	}
	return nil
}

// gated gives the actions, in lower case, that are of use only beside iam:PassRole.
func (b *builder) gated(leaves bool) map[string]bool {
	out := map[string]bool{}
	for i := range b.techniques.All {
		t := &b.techniques.All[i]
		if !b.possible(t, leaves) {
			continue
		}
		passes := false
		for _, r := range t.Requires {
			passes = passes || strings.EqualFold(r.Action, passRole)
		}
		for _, r := range t.Requires {
			key := strings.ToLower(r.Action)
			if have, seen := out[key]; !seen || have {
				out[key] = passes
			}
		}
	}
	return out
}

// possible tells whether a technique can lead anywhere: some role trusts its service, some compute of its kind runs with a role, there is a
// provider. Leaves are what nobody walks on from; they are looked for where somebody asks.
func (b *builder) possible(t *Technique, leaves bool) bool {
	switch {
	case len(t.Combines) > 0:
		return false
	case t.Kind == OpenResource || t.Kind == WeakenGuardrail || t.Limited != "":
		return leaves
	case t.Target == "provider" && b.things.providers.IsEmpty(), hasFact(t, Absent) && b.things.facts[Absent].IsEmpty():
		return false
	case hasFact(t, SSORole) && b.things.facts[SSORole].IsEmpty():
		return false
	case t.Service != "" && b.admitting(t.Service).empty():
		return false
	}
	if t.Kind != HijackCompute {
		return true
	}
	for c := range b.things.runs {
		if contains(t.Compute, b.things.list[c].typ) {
			return true
		}
	}
	return false
}

// place is where an action is asked about.
type place struct {
	poll   int
	action int
	asked  bool
}

// addPoll makes a poll of actions. With a gate it is for those alone who have a finding there.
func (b *builder) addPoll(gate *place, actions ...string) error {
	p, err := b.world.NewPoll(evaluator.Question{Actions: actions, Budget: b.options.Budget, Now: b.options.Now}, false)
	if err != nil {
		return fmt.Errorf("techniques: %w", err)
	}
	p.Settle(telling)
	for _, a := range actions {
		at, ok := p.Action(a)
		b.places[strings.ToLower(a)] = place{len(b.polls), at, ok}
		b.actions = append(b.actions, strings.ToLower(a))
	}
	b.polls, b.gates, b.asked = append(b.polls, p), append(b.gates, gate), append(b.asked, actions)
	for _, a := range p.Assumptions() {
		if !contains(b.Assumptions, a) {
			b.Assumptions = append(b.Assumptions, a)
		}
	}
	b.Warnings = append(b.Warnings, p.Warnings()...)
	return b.ctx.Err()
}

// survey asks every poll about the nodes of the queue, and divides these into parties. In the first survey roles whose edges hang on MFA get a node for sessions
// that carry none.
func (b *builder) survey(first bool) error {
	queue := b.queue
	b.queue = nil
	who := make([]*evaluator.Actor, len(queue))
	for i, n := range queue {
		who[i] = b.nodes[n].actor
	}
	keys := make([][]byte, len(queue))
	var found [][]evaluator.Finding
	for at, p := range b.polls {
		asked, places := who, []int(nil)
		if gate := b.gates[at]; gate != nil {
			asked, places = through(who, found[gate.poll])
		}
		fs, err := p.Ask(b.ctx, asked)
		if err != nil {
			return err
		}
		found = append(found, fs)
		for i, f := range fs {
			for _, m := range f.Members {
				if places != nil {
					m = places[m]
				}
				keys[m] = binary.AppendUvarint(binary.AppendUvarint(keys[m], uint64(at)), uint64(i))
			}
		}
	}
	apart := b.openers(who, found)
	byKey := map[string]int32{}
	for i, n := range queue {
		if len(keys[i]) == 0 {
			continue
		}
		own := string(keys[i]) + apart[i] + b.nodes[n].own()
		at, ok := byKey[own]
		if !ok {
			at = int32(len(b.parties))
			byKey[own] = at
			p := party{account: b.nodes[n].Account, grants: make([][]*evaluator.Access, len(b.polls))}
			for key := keys[i]; len(key) > 0; {
				poll, k := binary.Uvarint(key)
				f, l := binary.Uvarint(key[k:])
				p.grants[poll] = found[poll][f].Grants
				key = key[k+l:]
			}
			b.parties = append(b.parties, p)
		}
		b.parties[at].members = append(b.parties[at].members, n)
		b.nodes[n].party = at
	}
	if first {
		b.findChained()
	}
	return nil
}

// own tells states of one principal apart that lead to others of it: what it makes of itself hangs on what it has changed.
func (n *Node) own() string {
	switch {
	case n.Change == nil:
		return ""
	case n.Change.invented():
		return "invented"
	}
	return fmt.Sprint(n.Chained, n.Change.key)
}

// openers tells apart those who may rewrite trust policies, by their place: what denies them sts:AssumeRole counts then, even where no role trusts them yet.
func (b *builder) openers(who []*evaluator.Actor, found [][]evaluator.Finding) map[int]string {
	at := b.places[strings.ToLower(updateTrust)]
	if !at.asked {
		return nil
	}
	out := map[int]string{}
	for _, f := range found[at.poll] {
		if !slices.ContainsFunc(f.Grants, func(g *evaluator.Access) bool { return g.HasAt(at.action) }) {
			continue
		}
		for _, m := range f.Members {
			out[m] = "\x00" + b.opened.Class(who[m])
		}
	}
	return out
}

// through gives those of a list who are in a finding, and their places.
func through(who []*evaluator.Actor, findings []evaluator.Finding) ([]*evaluator.Actor, []int) {
	var places []int
	for _, f := range findings {
		places = append(places, f.Members...)
	}
	slices.Sort(places)
	out := make([]*evaluator.Actor, len(places))
	for i, m := range places {
		out[i] = who[m]
	}
	return out, places
}

// telling tells the keys that the search for edges asks grants about.
func telling(key string) bool {
	switch key {
	case "aws:multifactorauthpresent", "aws:multifactorauthage", "sts:sourceidentity", strings.ToLower(passedTo), strings.ToLower(policyARN), strings.ToLower(boundaryARN),
		"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner":
		return true
	}
	return sessionTag(key)
}

// findChained notes the roles that can do other things with MFA than without.
func (b *builder) findChained() {
	for i := range b.parties {
		p := &b.parties[i]
		hangs := false
		for _, grants := range p.grants {
			for _, g := range grants {
				hangs = hangs || g.Reads("aws:MultiFactorAuthPresent") || g.Reads("aws:MultiFactorAuthAge")
			}
		}
		if !hangs {
			continue
		}
		for _, n := range p.members {
			b.sends[n] = b.nodes[n].Kind == "role" && !b.nodes[n].actor.FromAssumeRole()
		}
	}
}

// session is the node of a role's session that some step made, which carries no MFA information (E16); of anybody else it is the first node.
func (b *builder) session(principal uint32) uint32 {
	if !b.sends[principal] {
		return principal
	}
	return b.node(principal, true, nil)
}

// node gives the node of a principal in a state, which is made when it is first needed.
func (b *builder) node(principal uint32, chained bool, change *Change) uint32 {
	base := &b.nodes[principal]
	chained = chained && base.Kind == "role"
	if !chained && change == nil {
		return principal
	}
	key := madeKey(principal, chained, change)
	if n, ok := b.made[key]; ok {
		return n
	}
	own := *base
	own.Chained, own.Change, own.party = chained, change, -1
	if chained {
		own.actor = own.actor.Chained()
	}
	if change != nil {
		own.actor = own.actor.After(&change.Edit)
	}
	if b.lessen != nil {
		own.actor = b.lessen(&own, own.actor)
	}
	n := uint32(len(b.nodes))
	b.nodes = append(b.nodes, own)
	b.made[key] = n
	if chained && change == nil {
		b.twins[principal] = n
	}
	b.queue = append(b.queue, n)
	return n
}

// madeKey names a state of a principal.
func madeKey(principal uint32, chained bool, change *Change) string {
	key := fmt.Sprintf("%d\x00%t", principal, chained)
	if change != nil {
		key += "\x00" + change.key
	}
	return key
}

// sessions are the nodes that steps lead to for a set of principals.
func (b *builder) sessions(set *roaring.Bitmap) *roaring.Bitmap {
	out := set
	set.Iterate(func(p uint32) bool {
		if n := b.session(p); n != p {
			if out == set {
				out = set.Clone()
			}
			out.Remove(p)
			out.Add(n)
		}
		return true
	})
	return out
}

// level is how sure a grant is, worked out once.
func (b *builder) level(a *evaluator.Access) Level {
	l, ok := b.levels[a]
	if !ok {
		l = levelOf(a)
		b.levels[a] = l
	}
	return l
}

// thingsOf gives the things that a grant is about.
func (b *builder) thingsOf(a *evaluator.Access) *roaring.Bitmap {
	var out *roaring.Bitmap
	shared := false
	a.Named(func(list []string) {
		set := b.lists[&list[0]]
		if set == nil {
			set = roaring.New()
			for _, text := range list {
				if id, ok := b.things.by[plain(text)]; ok {
					set.Add(id)
				}
			}
			b.lists[&list[0]] = set
		}
		switch {
		case out == nil:
			out, shared = set, true
		default:
			if shared {
				out, shared = out.Clone(), false
			}
			out.Or(set)
		}
	})
	if out == nil {
		return roaring.New()
	}
	return out
}

// plain undoes how answers write an ARN with wildcard characters of its own.
func plain(text string) string {
	if !strings.Contains(text, "${") {
		return text
	}
	return strings.NewReplacer("${*}", "*", "${?}", "?").Replace(text)
}

// holds gives what a party may do with an action.
func (b *builder) holds(p *party, action string) *held {
	key := strings.ToLower(action)
	at, ok := b.places[key]
	if !ok || !at.asked {
		return b.shared.nothing
	}
	return b.heldBy(p.grants[at.poll], key, func(h *held) {
		for _, g := range p.grants[at.poll] {
			if g.HasAt(at.action) {
				h.grants = append(h.grants, g)
				b.take(h, g)
			}
		}
	})
}

// heldBy is what grants of one poll come to, worked out once under a name.
func (b *builder) heldBy(grants []*evaluator.Access, name string, work func(*held)) *held {
	if len(grants) == 0 {
		return b.shared.nothing
	}
	key := heldKey{&grants[0], name}
	h, ok := b.helds[key]
	if !ok {
		h = &held{on: none()}
		work(h)
		h.id = b.shared.held(h)
		b.helds[key] = h
	}
	return h
}

// heldKey is a list of grants, by where it begins, and what is read of it.
type heldKey struct {
	grants **evaluator.Access
	name   string
}

// take counts a grant in.
func (b *builder) take(h *held, g *evaluator.Access) {
	level := b.level(g)
	set := b.thingsOf(g)
	if !set.IsEmpty() {
		h.on.add(set, level)
	}
	if !g.Stored() || g.Starred() {
		h.new = max(h.new, level)
	}
	h.any = max(h.any, level)
}

// settle lets go of what only the search for edges needs.
func (b *builder) settle() {
	for i := range b.parties {
		p := &b.parties[i]
		for _, grants := range p.grants {
			for _, g := range grants {
				g.Settle()
			}
		}
	}
	for _, n := range b.outside {
		if o := b.nodes[n].outsider; o != nil {
			for _, g := range o.Grants {
				g.Settle()
			}
		}
	}
	for _, g := range b.bares {
		if g != nil {
			g.Settle()
		}
	}
	for _, g := range b.givens {
		if g != nil {
			g.Settle()
		}
	}
}
