package evaluator

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
	"github.com/accessgraph/accessgraph/evaluator/segment"
	"github.com/accessgraph/accessgraph/graph"
)

func limited(ctx context.Context) (*errgroup.Group, context.Context) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	return group, ctx
}

// leftover is callers that what their own account holds does not settle: whether another account lets them in is left to see.
type leftover struct {
	in          *segmented
	shape       int32
	member      int // place among the account's members, -1 where all of these are alike
	count       int
	root        bool
	sure, maybe region.Set
	verdict     Verdict // so far
	kind        string
	reach       reach
}

// reach is on what resources the Allows of a caller's identity policies may match.
type reach struct {
	everywhere bool
	tests      []*resourceTest
	as         string // the number that the caller's account has in the tests
}

// CountCan counts, by account and kind, the rows that a World's WhoCan would give. The filter speaks of accounts alone; nil takes all, and
// callers of outside.
func (f *Fleet) CountCan(ctx context.Context, q Question, filter func(*Subject) bool) (*Counted, error) {
	k, err := f.ask(q)
	if err != nil {
		return nil, err
	}
	err = onAllCores(ctx, len(f.accounts), func(i int) error {
		s := f.accounts[i]
		inside := filter == nil || filter(f.base.subject(&caller{account: s.account, principal: Principal{Account: s.id()}}))
		if err := k.count(ctx, s, inside); err != nil {
			return fmt.Errorf("account %s: %w", s.id(), err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	t, err := k.countAbroad(ctx, filter)
	if err != nil {
		return nil, err
	}
	t.transport, t.clock = k.transport, k.clock
	w := *t.world
	w.order = f.base.order
	t.world = &w
	return &Counted{Holdings: k.counts.holdings(), Assumptions: t.standing(), Warnings: k.question.warnings}, nil
}

// guard is what of an SCP or RCP tells accounts apart beside what it says.
type guard struct {
	text     []byte
	portable bool
}

// portable tells whether an account can be judged as everybody's: nothing in play speaks of it alone, or of parts of its number.
func (k *asking) portable(s *segmented, relevant []int) bool {
	if !k.neutral || s.portal == nil || k.names(s.id()) {
		return false
	}
	for _, i := range relevant {
		if !s.portal.Documents[i].Portable {
			return false
		}
	}
	for _, levels := range [][][]Policy{s.account.scps, s.account.rcps} {
		for _, level := range levels {
			for i := range level {
				g := k.guardOf(level[i].Doc)
				if !g.portable || bytes.Contains(g.text, []byte(s.id())) {
					return false
				}
			}
		}
	}
	return true
}

// guardOf looks at the document of an SCP or RCP.
func (k *asking) guardOf(d *policy.Document) *guard {
	if have, ok := k.scps.Load(d); ok {
		return have.(*guard)
	}
	g := &guard{portable: true}
	k.fleet.base.docs.each(func(key documentKey, doc *policy.Document) {
		if doc != d {
			return
		}
		if raw := k.fleet.base.facts.Documents[key.hash]; raw != nil {
			g.text = raw.Canonical
			g.portable = !partialNumber(g.text) && !bytes.Contains(g.text, []byte(segment.Neutral))
		}
	})
	for i := range d.Statements {
		for j := range d.Statements[i].Conditions {
			g.portable = g.portable && portable(&d.Statements[i].Conditions[j])
		}
	}
	k.scps.Store(d, g)
	return g
}

// sight is an account as a question sees it.
type sight struct {
	*segmented
	seg     *segment.Account
	world   *World
	account *account
	docs    []*policy.Document // by place; nil: it does not speak of the question
	alone   []*policy.Document // those of them that are no other account's
}

// leave drops what was kept of documents that are this account's alone.
func (v *sight) leave(k *asking) {
	for _, d := range v.alone {
		k.question.forget(d)
	}
}

// see makes a world of one account with its resources that are in question, without callers: in its own name, or, where nothing in play tells
// accounts apart, in everybody's.
func (k *asking) see(s *segmented) (*sight, error) {
	relevant := k.relevant(s)
	seg := s.portal
	if !k.portable(s, relevant) {
		var err error
		if seg, err = s.whole(); err != nil {
			return nil, err
		}
	}
	v, err := k.sight(s, seg, relevant)
	if err != nil {
		return nil, err
	}
	facts, err := v.resourceFacts(k.entities)
	if err != nil {
		return nil, err
	}
	v.settle(facts)
	return v, nil
}

// relevant lists the documents of an account that speak of the question's actions, by place.
func (k *asking) relevant(s *segmented) []int {
	var out []int
	for i := range s.seen().Documents {
		if k.speaks(s, &s.seen().Documents[i]) {
			out = append(out, i)
		}
	}
	return out
}

// sight makes a sight of an account with the documents that are relevant, and nothing in its world yet.
func (k *asking) sight(s *segmented, seg *segment.Account, relevant []int) (*sight, error) {
	texts, err := seg.Texts()
	if err != nil {
		return nil, err
	}
	own := *s.account
	own.id, own.facts, own.policies, own.groups = string(seg.Facts.ID), seg.Facts, nil, nil
	v := &sight{segmented: s, seg: seg, account: &own, docs: make([]*policy.Document, len(seg.Documents))}
	compiled := map[documentKey]*policy.Document{}
	for _, i := range relevant {
		kind := policy.Kind(seg.Documents[i].Kind)
		doc, kept := k.fleet.docs.get(kind, texts[i])
		v.docs[i] = doc
		compiled[documentKey{segment.DocumentAt(own.id, int32(i)), kind}] = doc
		if !kept {
			v.alone = append(v.alone, doc)
		}
	}
	v.world = k.world(compiled, &part{
		account: &own, service: func(name string) bool { return k.services[name] },
		knows: func(arn string) bool { return k.fleet.knows(s.true(arn, own.id)) },
		has:   func(arn string) bool { return k.fleet.has(s.true(arn, own.id)) },
	})
	return v, nil
}

// settle gives the world of a sight the resources of some facts.
func (v *sight) settle(facts *graph.Account) {
	v.account.facts = facts
	v.world.order = []*account{v.account}
	for _, share := range facts.Shares {
		v.world.shares[share.ARN] = append(v.world.shares[share.ARN], accountShare{share, v.account.id})
	}
	v.world.compileResources(v.account)
	v.world.compileShares()
	for _, r := range v.world.resources {
		v.world.byARN[r.arn] = r
	}
}

// true gives an ARN in the account's own name.
func (s *segmented) true(arn, as string) string {
	if as == s.id() {
		return arn
	}
	return strings.ReplaceAll(arn, as, s.id())
}

// resourceFacts are an account's facts as far as its resources go: with its IAM entities where they are in question.
func (v *sight) resourceFacts(entities bool) (*graph.Account, error) {
	facts := *v.seg.Facts
	if !entities {
		facts.Policies, facts.Groups, facts.Providers = nil, nil, nil
		return &facts, nil
	}
	if err := v.names(); err != nil {
		return nil, err
	}
	for _, m := range v.members {
		v.addEntity(&facts, &m)
	}
	return &facts, nil
}

// addEntity adds a principal to facts, as what others act on.
func (v *sight) addEntity(facts *graph.Account, m *segment.Member) {
	shape := &v.seg.Shapes[m.Shape]
	arn, boundary := graph.ARN(v.arn(m)), graph.ARN("")
	if shape.Boundary != nil {
		boundary = graph.ARN(shape.Boundary.Name)
	}
	if !shape.Role {
		facts.Users = append(facts.Users, &graph.User{ARN: arn, Tags: shape.Tags, Boundary: boundary})
		return
	}
	r := &graph.Role{ARN: arn, Tags: shape.Tags, Boundary: boundary}
	if shape.Trust != segment.Missing {
		r.Trust = segment.DocumentAt(v.account.id, shape.Trust)
	}
	for _, p := range m.Profiles {
		r.InstanceProfiles = append(r.InstanceProfiles, graph.InstanceProfile{ARN: graph.ARN(strings.ReplaceAll(p, v.id(), v.account.id))})
	}
	facts.Roles = append(facts.Roles, r)
}

// arn is a principal's ARN as the sight shows it.
func (v *sight) arn(m *segment.Member) string {
	return strings.ReplaceAll("arn:"+v.account.partition+":iam::"+v.id()+":"+m.Entity, v.id(), v.account.id)
}

// world makes an empty world for some accounts.
func (k *asking) world(compiled map[documentKey]*policy.Document, p *part) *World {
	w := *k.fleet.base
	w.callers, w.resources, w.order, w.byARN, w.part = nil, nil, nil, map[string]*resource{}, p
	w.shares = map[graph.ARN][]accountShare{}
	w.docs = &documents{done: map[documentKey]*documentSlot{}, compile: func(key documentKey) *policy.Document {
		switch d := compiled[key]; {
		case d != nil:
			return d
		case key.hash.IsZero():
			return policy.Missing(key.kind) // D18
		}
		return silent
	}}
	for key := range compiled {
		w.docs.get(key.hash, key.kind)
	}
	k.fleet.base.docs.each(func(key documentKey, _ *policy.Document) { w.docs.done[key] = k.fleet.base.docs.done[key] })
	return &w
}

// note keeps the facts of the request that the answer as a whole names.
func (k *asking) note(t *targets) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.transport, k.clock = k.transport || t.transport, k.clock || t.clock
}

// silent is a document that does not speak of the question.
var silent = &policy.Document{Variables: true}

// callerOf makes a caller of a shape, with the policies that speak of the question: a member, or, without one, somebody of whom nothing else
// is known.
func (v *sight) callerOf(shape *segment.Shape, m *segment.Member, id string) *caller {
	c := &caller{kind: "user", account: v.account, tags: shape.Tags}
	c.principal = Principal{Kind: User, UniqueID: id, Account: v.account.id, Management: v.account.management}
	entity := "user/" + nobody
	if shape.Role {
		c.kind, entity = "role", "role/"+nobody
	}
	c.arn = "arn:" + v.account.partition + ":iam::" + v.account.id + ":" + entity
	if m != nil {
		c.arn = v.arn(m)
	}
	c.name = afterLast(c.arn, "/")
	c.principal.ARN = c.arn
	if shape.Role {
		c.principal.Kind, c.principal.RoleARN, c.principal.ServiceLinked = RoleSession, c.arn, shape.Linked
		c.principal.ARN = sessionARN(v.account, c.name, anySession)
		c.freeTags = shape.FreeTags
		c.origins = origins{services: shape.Services, anyone: shape.Anyone, federated: shape.Federated, cognito: shape.Cognito}
	}
	for _, p := range shape.Identity {
		if doc := v.document(p.Document, policy.Identity); doc != silent {
			c.identity = append(c.identity, Policy{Name: p.Name, Doc: doc})
		}
	}
	if shape.Boundary != nil {
		c.boundary = &Policy{Name: shape.Boundary.Name, Doc: v.document(shape.Boundary.Document, policy.Boundary)}
	}
	return c
}

// nobody is a name that no principal has.
const nobody = "\x00"

// document gives a document by its place; silent when it does not speak of the question.
func (v *sight) document(place int32, kind policy.Kind) *policy.Document {
	if place == segment.Missing {
		return v.world.docs.missing(kind)
	}
	if d := v.docs[place]; d != nil {
		return d
	}
	return silent
}

// crowd is callers of an account that nothing in play tells apart.
type crowd struct {
	caller *caller
	shape  int32
	member int // -1: none in particular
	count  int
	root   bool
}

// crowds lists the callers of an account, alike ones together.
func (v *sight) crowds(t *targets) ([]*crowd, error) {
	named, err := v.namedMembers(t)
	if err != nil {
		return nil, err
	}
	var out []*crowd
	byKey := map[string]*crowd{}
	add := func(key string, c *caller, shape int32, member, count int) {
		if have := byKey[key]; have != nil {
			have.count += count
			return
		}
		have := &crowd{caller: c, shape: shape, member: member, count: count}
		byKey[key] = have
		out = append(out, have)
	}
	counts := make([]int, len(v.seg.Shapes))
	for i := range counts {
		counts[i] = v.seg.Shapes[i].Count
	}
	known := map[string]*readers{}
	readersOf := func(base string, c *caller) *readers {
		rd := known[base]
		if rd == nil {
			rd = t.readersFor(c)
			known[base] = rd
		}
		return rd
	}
	one := func(at int) error {
		m := &v.members[at]
		c, err := v.memberCaller(at)
		if err != nil {
			return err
		}
		base := t.classKey(c)
		add(base+readersOf(base, c).vector(t, c), c, m.Shape, at, 1)
		return nil
	}
	for _, at := range named {
		counts[v.members[at].Shape]--
		if err := one(at); err != nil {
			return nil, err
		}
	}
	apart := map[int32]bool{}
	isNamed := map[int]bool{}
	for _, at := range named {
		isNamed[at] = true
	}
	for i := range v.seg.Shapes {
		if counts[i] == 0 {
			continue
		}
		c := v.callerOf(&v.seg.Shapes[i], nil, "")
		base := t.classKey(c)
		rd := readersOf(base, c)
		if rd.individual() {
			apart[int32(i)] = true
			continue
		}
		add(base+rd.vector(t, c), c, int32(i), -1, counts[i])
	}
	if len(apart) > 0 {
		if err := v.names(); err != nil {
			return nil, err
		}
		for at := range v.members {
			if apart[v.members[at].Shape] && !isNamed[at] {
				if err := one(at); err != nil {
					return nil, err
				}
			}
		}
	}
	root := v.world.rootCaller(v.account)
	return append(out, &crowd{caller: root, member: -1, count: 1, root: true}), nil
}

// memberCaller makes a caller of one member.
func (v *sight) memberCaller(at int) (*caller, error) {
	if err := v.names(); err != nil {
		return nil, err
	}
	m := &v.members[at]
	return v.callerOf(&v.seg.Shapes[m.Shape], m, v.ids[at]), nil
}

// namedMembers are the members that the resource side spells out, by place.
func (v *sight) namedMembers(t *targets) ([]int, error) {
	t.resourceReaders()
	if len(t.named) == 0 {
		return nil, nil
	}
	if err := v.names(); err != nil {
		return nil, err
	}
	var out []int
	note := func(text string) {
		text = v.true(text, v.account.id)
		switch {
		case !strings.HasPrefix(text, "arn:"):
			if at, ok := v.byID[text]; ok {
				out = append(out, at)
			}
		case arnAccount(text) != v.id():
		case arnField(text, 3) == "iam":
			if at, ok := v.entities[arnField(text, 6)]; ok {
				out = append(out, at)
			}
		default:
			out = append(out, v.roles[afterLast(text, "/")]...)
		}
	}
	for text := range t.named {
		note(text)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// individual tells whether readers see more of a caller than its shape.
func (r *readers) individual() bool {
	beyond := func(key string) bool { return callerKey(key) && !strings.HasPrefix(key, "aws:principaltag/") }
	for _, c := range r.conditions {
		if beyond(c.Key) {
			return true
		}
	}
	return slices.ContainsFunc(r.keys, beyond)
}

// count counts the callers of one account whom its own resources, and what the snapshot does not have, settle; the others are left over.
func (k *asking) count(ctx context.Context, s *segmented, inside bool) error {
	v, err := k.see(s)
	if err != nil {
		return err
	}
	t := v.world.newTargets(k.question)
	t.unproved = true
	defer v.leave(k)
	if k.note(t); !inside {
		return nil
	}
	crowds, err := v.crowds(t)
	if err != nil {
		return err
	}
	t.prepare()
	counts := headcount{}
	var left []*leftover
	for _, c := range crowds {
		p := &presence{t: t, side: t.sideOf(c.caller), found: &k.found, budget: region.NewBudget(k.question.Budget).Within(ctx)}
		p.begin()
		own, _, rest := t.groupsAround(c.caller)
		if err := p.look(ctx, rest, own); err != nil {
			return err
		}
		so := p.verdict()
		far := p.side.reach(v.account.id)
		if so == Conditional || !far.everywhere && len(far.tests) == 0 {
			counts.add(s.id(), c.caller.kind, so, c.count)
			continue
		}
		left = append(left, &leftover{
			in: s, shape: c.shape, member: c.member, root: c.root, count: c.count, sure: p.sure, maybe: p.maybe, verdict: so, kind: c.caller.kind, reach: far,
		})
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for h, n := range counts {
		k.counts[h] += n
	}
	k.left = append(k.left, left...)
	return nil
}

// reach tells where the caller's own policies allow it anything, which they must if a resource of another account is to let it in (D5).
func (s *callerSide) reach(as string) reach {
	out := reach{everywhere: s.unlimited, as: as}
	for i := range s.statements {
		if st := &s.statements[i]; st.instance.layer == LayerIdentity && st.instance.statement.Effect == policy.Allow {
			out.everywhere = out.everywhere || st.everywhere()
			out.tests = append(out.tests, st.tests...)
		}
	}
	return out
}

// gates are the groups of resources that may let in somebody of another account.
type gates struct {
	t        *targets
	byNumber map[string][]int // account -> gates of others with the account's number in their ARN, by place in cross
	mu       sync.Mutex
	met      map[string][]int // pattern -> gates that it may match
}

func gatesOf(t *targets) *gates {
	g := &gates{t: t, byNumber: map[string][]int{}, met: map[string][]int{}}
	for place, group := range t.cross {
		for _, it := range group.items {
			for i := 0; i+12 <= len(it.text); i++ {
				if id := it.text[i : i+12]; isAccountID(id) && id != group.owner.id {
					if at := g.byNumber[id]; len(at) == 0 || at[len(at)-1] != place {
						g.byNumber[id] = append(at, place)
					}
				}
			}
		}
	}
	return g
}

// admit tells whether some gate may let a caller in to what it lacks. It may say yes too often, never no.
func (g *gates) admit(l *leftover, wanted region.Set, all bool) bool {
	lacks := wanted.AndNot(l.sure)
	gained := region.NewSet(wanted.Len())
	try := func(place int) bool {
		group := g.t.cross[place]
		if group.owner.id == l.in.id() || !group.outsiders.admits(l.in.id()) {
			return false
		}
		gained = gained.Or(group.actions.And(lacks))
		if all {
			return lacks.SubsetOf(gained)
		}
		return !gained.Empty()
	}
	if l.reach.everywhere {
		for place := range g.t.cross {
			if try(place) {
				return true
			}
		}
		return false
	}
	for _, test := range l.reach.tests {
		places := g.byNumber[l.in.id()]
		if !strings.Contains(test.text, l.reach.as) {
			places = append(g.of(test), places...)
		}
		for _, place := range places {
			if try(place) {
				return true
			}
		}
	}
	return false
}

// of gives the gates that a pattern may match.
func (g *gates) of(test *resourceTest) []int {
	g.mu.Lock()
	have, ok := g.met[test.text]
	g.mu.Unlock()
	if ok {
		return slices.Clip(have)
	}
	for place, group := range g.t.cross {
		if group.mayMeet(test, true) {
			have = append(have, place)
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.met[test.text] = have
	return slices.Clip(have)
}

// countAbroad counts whom resources of other accounts let in, and those who are no principals of the snapshot.
func (k *asking) countAbroad(ctx context.Context, filter func(*Subject) bool) (*targets, error) {
	w := k.world(map[documentKey]*policy.Document{}, &part{
		knows: k.fleet.knows, has: k.fleet.has, service: func(name string) bool { return k.services[name] },
	})
	sights := make([]*sight, len(k.fleet.accounts))
	err := onAllCores(ctx, len(sights), func(i int) (err error) {
		sights[i], err = k.seeOpen(k.fleet.accounts[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	bySegment := map[*segmented]*sight{}
	for _, v := range sights {
		if v == nil {
			continue
		}
		bySegment[v.segmented] = v
		w.order = append(w.order, v.account)
		w.resources = append(w.resources, v.world.resources...)
		v.world.docs.each(func(key documentKey, d *policy.Document) { w.docs.done[key] = v.world.docs.done[key] })
	}
	for _, r := range w.resources {
		w.byARN[r.arn] = r
	}
	t := w.newTargets(k.question)
	t.unproved = true
	t.resourceReaders()
	slices.SortFunc(k.left, func(a, b *leftover) int {
		return cmp.Or(strings.Compare(a.in.id(), b.in.id()), cmp.Compare(a.shape, b.shape), cmp.Compare(a.member, b.member))
	})
	gates := gatesOf(t)
	wanted := k.question.wanted()
	err = onAllCores(ctx, len(k.left), func(i int) error {
		l := k.left[i]
		if !gates.admit(l, wanted, k.question.AllOf) {
			return nil
		}
		c, err := k.leftCaller(bySegment, l, w)
		if err != nil {
			return err
		}
		p := &presence{t: t, found: &k.found, budget: region.NewBudget(k.question.Budget).Within(ctx), wanted: wanted, sure: l.sure, maybe: l.maybe}
		if _, abroad, _ := t.groupsAround(c); len(abroad) > 0 {
			p.side = t.sideOf(c)
			if err := p.look(ctx, abroad); err != nil {
				return err
			}
		}
		l.verdict = p.verdict()
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, l := range k.left {
		k.counts.add(l.in.id(), l.kind, l.verdict, l.count)
	}
	outside, err := w.judgeOutside(ctx, t, filter)
	if err != nil {
		return nil, err
	}
	for _, r := range outside {
		k.counts.add(r.Account, r.Kind, min(r.Verdict, Conditional), 1)
	}
	return t, nil
}

// leftCaller makes the caller of a leftover again, in its account's own name.
func (k *asking) leftCaller(sights map[*segmented]*sight, l *leftover, w *World) (*caller, error) {
	if l.root {
		if v := sights[l.in]; v != nil {
			return w.rootCaller(v.account), nil
		}
		return w.rootCaller(l.in.account), nil
	}
	v := sights[l.in]
	if v == nil {
		var err error
		if v, err = k.seeCallers(l.in); err != nil {
			return nil, err
		}
	}
	if l.member < 0 {
		return v.callerOf(&v.seg.Shapes[l.shape], nil, ""), nil
	}
	return v.memberCaller(l.member)
}

// seeCallers makes a sight of an account in its own name, without resources.
func (k *asking) seeCallers(s *segmented) (*sight, error) {
	seg, err := s.whole()
	if err != nil {
		return nil, err
	}
	return k.sight(s, seg, k.relevant(s))
}

// seeOpen makes a sight of the resources of an account that may let in somebody of outside it; nil when there are none in question.
func (k *asking) seeOpen(s *segmented) (*sight, error) {
	seg := s.seen()
	open := false
	for i, r := range seg.Facts.Resources {
		open = open || seg.Open[i] && k.services[r.ARN.Service()]
	}
	if k.services["sts"] {
		open = open || slices.ContainsFunc(seg.Shapes, func(s segment.Shape) bool { return s.Open })
	}
	if !open && len(seg.Facts.Shares) == 0 {
		return nil, nil
	}
	v, err := k.seeCallers(s)
	if err != nil {
		return nil, err
	}
	facts := *v.seg.Facts
	facts.Resources, facts.Policies, facts.Groups, facts.Providers = nil, nil, nil, nil
	for i, r := range v.seg.Facts.Resources {
		if v.seg.Open[i] {
			facts.Resources = append(facts.Resources, r)
		}
	}
	if k.services["sts"] {
		if err := v.names(); err != nil {
			return nil, err
		}
		for i := range v.members {
			if v.seg.Shapes[v.members[i].Shape].Open {
				v.addEntity(&facts, &v.members[i])
			}
		}
	}
	v.settle(&facts)
	return v, nil
}
