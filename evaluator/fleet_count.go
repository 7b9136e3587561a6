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
	in  *segmented
	key string // see relative
	crowd
	sure, maybe region.Set
	verdict     Verdict // so far
	kind        string
	reach       reach
	named       map[int]bool // members of its shapes who are judged by themselves
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
	if a, ok, err := f.WhoCan(ctx, q, filter); ok || err != nil {
		return counted(a), err
	}
	k, err := f.ask(q)
	if err != nil {
		return nil, err
	}
	k.plan = newPlan(fromIndex)
	k.plan.add("accounts", int64(len(f.accounts)))
	t, owners, err := k.open(ctx)
	if err != nil {
		return nil, err
	}
	k.plan.stage("resources that are open to other accounts")
	k.spellsOut(t)
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
	k.plan.stage("evaluate each account on its own")
	slices.SortFunc(k.left, func(a, b *leftover) int {
		return cmp.Or(strings.Compare(a.in.id(), b.in.id()), slices.Compare(a.shapes, b.shapes), slices.Compare(a.members, b.members))
	})
	if err := k.admitAbroad(ctx, t, owners); err != nil {
		return nil, err
	}
	k.plan.add("classes left to other accounts' resources", int64(len(k.left)))
	k.plan.stage("evaluate what other accounts give")
	for _, l := range k.left {
		k.counts.add(l.in.id(), l.kind, l.verdict, l.count)
	}
	outside, err := t.world.judgeOutside(ctx, t, filter)
	if err != nil {
		return nil, err
	}
	k.plan.stage("callers of outside")
	k.found.explain(k.plan)
	for _, r := range outside {
		k.counts.add(r.Account, r.Kind, min(r.Verdict, Conditional), 1)
	}
	return &Counted{Holdings: k.counts.holdings(), Assumptions: t.standing(), Warnings: k.question.warnings, Plan: k.plan}, nil
}

// counted counts the rows of an answer; nil of none.
func counted(a *Answer) *Counted {
	if a == nil {
		return nil
	}
	counts := headcount{}
	for _, r := range a.Rows {
		counts.add(r.Account, r.Kind, min(r.Verdict, Conditional), 1)
	}
	return &Counted{Holdings: counts.holdings(), Assumptions: a.Assumptions, Warnings: a.Warnings, Plan: a.Plan}
}

// spellsOut notes whom the resources of other accounts spell out: they are judged by themselves.
func (k *asking) spellsOut(t *targets) {
	k.spelled = map[string][]string{}
	for text := range t.named {
		id := "" // an id: whose it is, it does not say
		if strings.HasPrefix(text, "arn:") {
			id = arnAccount(text)
		}
		k.spelled[id] = append(k.spelled[id], text)
	}
}

// guard is what of an SCP or RCP tells accounts apart beside what it says.
type guard struct {
	text     []byte
	portable bool
}

// portable tells whether an account can be judged as everybody's: nothing in play speaks of it alone, or of parts of its number.
func (k *asking) portable(s *segmented, seg *segment.Account, relevant []bool) bool {
	if !k.neutral || !s.packed.Head.Portable || k.names(s.id()) {
		return false
	}
	for i := range seg.Documents {
		if !seg.Documents[i].Portable && relevant[i] {
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
	asking   *asking
	seg      *segment.Account
	world    *World
	account  *account
	relevant []bool // by document: it speaks of the question's actions
	denies   []bool // by document: with a Deny
	texts    [][]byte
	mu       sync.Mutex
	docs     []*policy.Document // by place, those that were needed so far
	alone    []*policy.Document // those of them that are no other account's
}

// roster is who the principals are.
func (v *sight) roster() (*roster, error) { return v.asking.fleet.rosters.of(v.segmented) }

// leave drops what was kept of documents that are this account's alone.
func (v *sight) leave() {
	for _, d := range v.alone {
		v.asking.question.forget(d)
	}
}

// document gives a document by its place; silent when it does not speak of the question.
func (v *sight) document(place int32, kind policy.Kind) *policy.Document {
	switch {
	case place == segment.Missing:
		return v.world.docs.missing(kind)
	case !v.relevant[place]:
		return silent
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.docs[place] == nil {
		doc, kept := v.asking.fleet.docs.get(kind, v.texts[place])
		v.docs[place] = doc
		if !kept {
			v.alone = append(v.alone, doc)
		}
	}
	return v.docs[place]
}

// see makes a world of one account with its resources that are in question, without callers: in its own name, or, where nothing in play tells
// accounts apart, in everybody's.
func (k *asking) see(s *segmented) (*sight, error) {
	seg, err := s.seen()
	if err != nil {
		return nil, err
	}
	if relevant, _, _ := k.relevant(s, seg); !k.portable(s, seg, relevant) {
		if seg, err = s.whole(); err != nil {
			return nil, err
		}
	}
	v, err := k.sight(s, seg)
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

// relevant tells which documents of an account speak of the question's actions, and which of those with a Deny, and what keys they read.
func (k *asking) relevant(s *segmented, seg *segment.Account) (relevant, denies []bool, reads []string) {
	documents, spoken := seg.Documents, k.speaking(s, seg)
	relevant, denies = make([]bool, len(documents)), make([]bool, len(documents))
	seen := map[string]bool{}
	for i := range documents {
		for _, st := range seg.Statements[documents[i].From:documents[i].To] {
			if !spoken[st.List] {
				continue
			}
			relevant[i], denies[i] = true, denies[i] || !st.Allow
			for _, key := range seg.Reads[st.Reads] {
				if !seen[key] {
					seen[key] = true
					reads = append(reads, key)
				}
			}
		}
	}
	return relevant, denies, reads
}

// sight makes a sight of an account, in the name that seg has it in, with nothing in its world yet.
func (k *asking) sight(s *segmented, seg *segment.Account) (*sight, error) {
	texts, err := seg.Texts()
	if err != nil {
		return nil, err
	}
	own := *s.account
	own.id, own.facts, own.policies, own.groups = string(seg.Facts.ID), seg.Facts, nil, nil
	v := &sight{segmented: s, asking: k, seg: seg, account: &own, texts: texts, docs: make([]*policy.Document, len(seg.Documents))}
	p := &part{
		account: &own, service: func(name string) bool { return k.services[name] },
		knows: func(arn string) bool { return k.fleet.knows(s.true(arn, own.id)) },
		has:   func(arn string) bool { return k.fleet.has(s.true(arn, own.id)) },
	}
	v.relevant, v.denies, p.reads = k.relevant(s, seg)
	v.world = k.world(p, func(key documentKey) *policy.Document {
		place, ok := segment.PlaceOf(own.id, key.hash)
		if !ok || int(place) >= len(v.docs) {
			return policy.Missing(key.kind) // D18
		}
		return v.document(place, key.kind)
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
	r, err := v.roster()
	if err != nil {
		return nil, err
	}
	for i := range r.members {
		v.addEntity(&facts, &r.members[i])
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
func (k *asking) world(p *part, compile func(documentKey) *policy.Document) *World {
	w := *k.fleet.base
	w.callers, w.resources, w.order, w.byARN, w.part = nil, nil, nil, map[string]*resource{}, p
	w.shares = map[graph.ARN][]accountShare{}
	w.docs = &documents{done: map[documentKey]*documentSlot{}, compile: compile}
	k.fleet.base.docs.each(func(key documentKey, _ *policy.Document) { w.docs.done[key] = k.fleet.base.docs.done[key] })
	return &w
}

// silent is a document that does not speak of the question.
var silent = &policy.Document{Variables: true}

// callerOf makes a caller of a shape, with the policies that speak of the question: a member, or, without one, somebody of whom nothing else
// is known.
func (v *sight) callerOf(shape *segment.Shape, m *segment.Member, id string) *caller {
	c := &caller{kind: "user", account: v.account, tags: shape.Tags}
	c.principal = Principal{Kind: User, Account: v.account.id, Management: v.account.management}
	entity := "user/" + nobody
	if shape.Role {
		c.kind, entity = "role", "role/"+nobody
	}
	c.arn = "arn:" + v.account.partition + ":iam::" + v.account.id + ":" + entity
	c.name = nobody
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
	if m != nil {
		c.called(v, m, id)
	}
	return c
}

// nobody is a name that no principal has.
const nobody = "\x00"

// crowd is callers of an account that nothing in play tells apart.
type crowd struct {
	caller  *caller
	alike   string  // what tells them apart from others
	plain   string  // the same, whoever spells them out
	abroad  bool    // another account's resource spells them out
	shapes  []int32 // all members of these, but for those who are judged by themselves
	members []int   // and these
	count   int
	root    bool
}

// roll is the principals of an account, while they are divided into crowds.
type roll struct {
	*sight
	all     *roster
	t       *targets
	counts  []int // by shape: members who are not counted yet
	named   map[int]bool
	abroad  map[int]bool // those of them whom other accounts' resources spell out
	known   map[string]*readers
	crowds  []*crowd
	byKey   map[string]*crowd
	settled int // bunches whom a resource's own policy lets in
}

func (v *sight) roll(t *targets) (*roll, error) {
	named, abroad, err := v.namedMembers(t)
	if err != nil {
		return nil, err
	}
	r := &roll{sight: v, abroad: abroad, t: t, counts: make([]int, len(v.seg.Shapes)), named: map[int]bool{}, known: map[string]*readers{}, byKey: map[string]*crowd{}}
	for i := range r.counts {
		r.counts[i] = v.seg.Shapes[i].Count
	}
	if len(named) > 0 {
		if r.all, err = v.roster(); err != nil {
			return nil, err
		}
	}
	for _, at := range named {
		r.named[at] = true
		r.counts[r.all.members[at].Shape]--
		if err := r.one(at); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// key spells what tells a caller apart, with the readers that see something of it.
func (r *roll) key(c *caller) (string, *readers) {
	base := r.t.classKey(c)
	rd := r.known[base]
	if rd == nil {
		rd = r.t.readersFor(c)
		r.known[base] = rd
	}
	return base, rd
}

func (r *roll) crowd(key string, c *caller) *crowd {
	have := r.byKey[key]
	if have == nil {
		have = &crowd{caller: c, alike: key}
		r.byKey[key] = have
		r.crowds = append(r.crowds, have)
	}
	return have
}

// one adds a member by itself.
func (r *roll) one(at int) error {
	c, err := r.memberCaller(at)
	if err != nil {
		return err
	}
	base, rd := r.key(c)
	plain := base + r.t.spelled(rd, c)
	key := base + rd.vector(r.t, c)
	if r.named[at] { // by another account's resource, of which r.t does not know
		key += "\x00named " + c.arn
	}
	cr := r.crowd(key, c)
	cr.plain, cr.abroad = plain, cr.abroad || r.abroad[at]
	cr.members, cr.count = append(cr.members, at), cr.count+1
	return nil
}

// bunch is shapes that differ in nothing but documents that are not in question.
type bunch struct {
	shapes []int32
	count  int
}

// bunches joins the shapes that are not counted yet by what of them is in question: all of it, or what can forbid them something.
func (r *roll) bunches(denies bool) []*bunch {
	tags := slices.ContainsFunc(r.world.part.reads, readsPrincipalTag) || r.t.question.readsPrincipalTags() || r.t.guardsReadTags(r.account)
	var out []*bunch
	byKey := map[string]*bunch{}
	for i := range r.seg.Shapes {
		if r.counts[i] == 0 {
			continue
		}
		s := &r.seg.Shapes[i]
		k := &keyWriter{}
		k.flags(s.Role, s.Linked, s.FreeTags, s.Anyone, s.Federated, s.Cognito, s.Boundary != nil)
		for _, name := range s.Services {
			k.text(name)
		}
		k.int(-2)
		for _, p := range s.Identity {
			if p.Document == segment.Missing || r.relevant[p.Document] && (!denies || r.denies[p.Document]) {
				k.int(int(p.Document))
			}
		}
		k.int(-2)
		if b := s.Boundary; b != nil && (b.Document == segment.Missing || r.relevant[b.Document]) {
			k.int(int(b.Document))
		}
		if tags {
			for _, tag := range s.Tags {
				k.text(tag.Key)
				k.text(tag.Value)
			}
		}
		b := byKey[k.String()]
		if b == nil {
			b = &bunch{}
			byKey[k.String()] = b
			out = append(out, b)
		}
		b.shapes, b.count = append(b.shapes, int32(i)), b.count+r.counts[i]
	}
	return out
}

func readsPrincipalTag(key string) bool { return strings.HasPrefix(key, "aws:principaltag/") }

func (c *compiledQuestion) readsPrincipalTags() bool {
	for key := range c.named {
		if readsPrincipalTag(key) {
			return true
		}
	}
	return false
}

// guardsReadTags tells whether an SCP or RCP of an account reads tags of the caller.
func (t *targets) guardsReadTags(a *account) bool {
	for _, levels := range [][][]Policy{a.scps, a.rcps} {
		for _, level := range levels {
			for i := range level {
				for j := range level[i].Doc.Statements {
					rd := &readers{}
					rd.statement(&level[i].Doc.Statements[j], readsPrincipalTag)
					if len(rd.conditions)+len(rd.keys) > 0 {
						return true
					}
				}
			}
		}
	}
	return false
}

// settle counts those whom the account's resources let in whatever their own policies allow: a policy of a resource is enough (D21). What
// forbids them something counts.
func (r *roll) settle(ctx context.Context, found func(*caller) (*presence, error), counts headcount) error {
	for _, b := range r.bunches(true) {
		shape := &r.seg.Shapes[b.shapes[0]]
		c := r.callerOf(shape, nil, "")
		c.identity = c.identity[:0]
		for _, p := range shape.Identity {
			if p.Document == segment.Missing || r.denies[p.Document] {
				if doc := r.document(p.Document, policy.Identity); doc != silent {
					c.identity = append(c.identity, Policy{Name: p.Name, Doc: doc})
				}
			}
		}
		if _, rd := r.key(c); rd.individual() {
			continue
		}
		p, err := found(c)
		if err != nil {
			return err
		}
		own, _, _ := r.t.groupsAround(c)
		if err := p.look(ctx, own); err != nil {
			return err
		}
		if p.verdict() != Conditional {
			continue
		}
		counts.add(r.id(), c.kind, Conditional, b.count)
		r.settled++
		for _, at := range b.shapes {
			r.counts[at] = 0
		}
	}
	return nil
}

// divide makes crowds of all who are not counted yet.
func (r *roll) divide() error {
	apart := map[int32]bool{}
	for _, b := range r.bunches(false) {
		c := r.callerOf(&r.seg.Shapes[b.shapes[0]], nil, "")
		base, rd := r.key(c)
		if !rd.individual() {
			cr := r.crowd(base+rd.vector(r.t, c), c)
			cr.plain = base + r.t.spelled(rd, c)
			cr.shapes, cr.count = append(cr.shapes, b.shapes...), cr.count+b.count
			continue
		}
		for _, at := range b.shapes {
			apart[at] = true
		}
	}
	if len(apart) == 0 {
		return r.addRoot()
	}
	all, err := r.roster()
	if err != nil {
		return err
	}
	r.all = all
	for at := range all.members {
		if apart[r.all.members[at].Shape] && !r.named[at] {
			if err := r.one(at); err != nil {
				return err
			}
		}
	}
	return r.addRoot()
}

func (r *roll) addRoot() error {
	root := r.world.rootCaller(r.account)
	base, rd := r.key(root)
	r.crowds = append(r.crowds, &crowd{caller: root, plain: base + r.t.spelled(rd, root), count: 1, root: true})
	return nil
}

// memberCaller makes a caller of one member.
func (v *sight) memberCaller(at int) (*caller, error) {
	r, err := v.roster()
	if err != nil {
		return nil, err
	}
	m := &r.members[at]
	return v.callerOf(&v.seg.Shapes[m.Shape], m, r.ids[at]), nil
}

// namedMembers are the members that the resource side spells out, by place, and which of them that of other accounts does.
func (v *sight) namedMembers(t *targets) (named []int, abroad map[int]bool, err error) {
	t.resourceReaders()
	elsewhere := slices.Concat(v.asking.spelled[v.id()], v.asking.spelled[""])
	if len(t.named)+len(elsewhere) == 0 {
		return nil, nil, nil
	}
	r, err := v.roster()
	if err != nil {
		return nil, nil, err
	}
	var out []int
	note := func(text string) {
		text = v.true(text, v.account.id)
		switch {
		case !strings.HasPrefix(text, "arn:"):
			if at := slices.Index(r.ids, text); at >= 0 {
				out = append(out, at)
			}
		case arnAccount(text) != v.id():
		case arnField(text, 3) == "iam":
			if at, ok := r.find(arnField(text, 6)); ok {
				out = append(out, at)
			}
		default:
			out = append(out, r.roles(afterLast(text, "/"))...)
		}
	}
	for _, text := range elsewhere {
		note(text)
	}
	abroad = map[int]bool{}
	for _, at := range out {
		abroad[at] = true
	}
	for text := range t.named {
		note(text)
	}
	slices.Sort(out)
	return slices.Compact(out), abroad, nil
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
	if !inside {
		return nil
	}
	v, err := k.see(s)
	if err != nil {
		return err
	}
	defer v.leave()
	t := v.world.newTargets(k.question)
	t.unproved = true
	t.prepare()
	counts := headcount{}
	begin := func(c *caller) (*presence, error) {
		p := &presence{t: t, side: t.sideOf(c), found: &k.found, budget: region.NewBudget(k.question.Budget).Within(ctx)}
		p.begin()
		return p, nil
	}
	r, err := v.roll(t)
	if err != nil {
		return err
	}
	if err := r.settle(ctx, begin, counts); err != nil {
		return err
	}
	if err := r.divide(); err != nil {
		return err
	}
	k.explain(v, r)
	var left []*leftover
	for _, c := range r.crowds {
		p, err := begin(c.caller)
		if err != nil {
			return err
		}
		own, _, rest := t.groupsAround(c.caller)
		if err := p.look(ctx, rest, own); err != nil {
			return err
		}
		so := p.verdict()
		far := p.side.reach(v.account.id)
		if so == Conditional || !far.everywhere && len(far.tests) == 0 && !k.services["kms"] { // a grant of a key asks for no more
			counts.add(s.id(), c.caller.kind, so, c.count)
			continue
		}
		left = append(left, &leftover{
			in: s, key: v.relative(c), crowd: crowd{shapes: c.shapes, members: c.members, count: c.count, root: c.root}, named: r.named, sure: p.sure, maybe: p.maybe, verdict: so, kind: c.caller.kind, reach: far,
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

// explain counts what was looked at of an account.
func (k *asking) explain(v *sight, r *roll) {
	shared, principals := int64(0), 1 // the root user
	if v.account.id == segment.Neutral {
		shared = 1
	}
	speaking := 0
	for i := range v.seg.Shapes {
		s := &v.seg.Shapes[i]
		principals += s.Count
		if slices.ContainsFunc(s.Identity, func(p segment.Policy) bool { return p.Document == segment.Missing || v.relevant[p.Document] }) {
			speaking++
		}
	}
	k.plan.add("accounts that share evaluations with others", shared)
	k.plan.add("principals", int64(principals))
	k.plan.add("makes of principals (equal but for their names)", int64(len(v.seg.Shapes)))
	k.plan.add("with no policy on the actions, by the index", int64(len(v.seg.Shapes)-speaking))
	k.plan.add("classes settled by a resource's own policy", int64(r.settled))
	k.plan.add("classes evaluated", int64(len(r.crowds)))
}

// relative spells what a crowd is to resources of other accounts that do not speak of its own: equal for crowds that those treat alike. It is
// empty for a crowd that is judged by itself.
func (v *sight) relative(c *crowd) string {
	a := v.account
	if a.id != segment.Neutral || c.abroad {
		return ""
	}
	k := &keyWriter{}
	k.text(c.plain)
	k.flags(a.management, a.inOrg)
	k.text(a.path)
	for _, level := range a.scps {
		k.int(-1)
		for i := range level {
			k.text(fmt.Sprintf("%p", level[i].Doc)) // of the fleet, for good
		}
	}
	return k.String()
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
	granted  []int            // gates with grants, which need no policy of the caller's own
	halves   map[string]int   // which half an account's belong to; noHalf: it has none
	mu       sync.Mutex
	met      map[string][]int // pattern -> gates that it may match
}

func gatesOf(t *targets) *gates {
	g := &gates{
		t: t, byNumber: map[string][]int{}, met: map[string][]int{}, halves: map[string]int{},
	}
	for place, group := range t.cross {
		if len(group.grants) > 0 {
			g.granted = append(g.granted, place)
		}
		if id := group.owner.id; g.halves[id] == noHalf {
			g.halves[id] = evenHalf + len(g.halves)%2
		}
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
			return lacks.AndNot(l.maybe).SubsetOf(gained)
		}
		return !gained.Empty()
	}
	for _, place := range g.granted {
		if try(place) {
			return true
		}
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

// open makes targets of all resources that may let in somebody of outside their account, with the accounts that own them.
func (k *asking) open(ctx context.Context) (*targets, map[string]*account, error) {
	all := &part{asking: k, knows: k.fleet.knows, has: k.fleet.has, service: func(name string) bool { return k.services[name] }}
	w := k.world(all, func(key documentKey) *policy.Document { return policy.Missing(key.kind) })
	sights := make([]*sight, len(k.fleet.accounts))
	err := onAllCores(ctx, len(sights), func(i int) (err error) {
		sights[i], err = k.seeOpen(k.fleet.accounts[i])
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	owners := map[string]*account{}
	for _, v := range sights {
		if v == nil {
			continue
		}
		owners[v.id()] = v.account
		w.order = append(w.order, v.account)
		w.resources = append(w.resources, v.world.resources...)
		all.reads = append(all.reads, v.world.part.reads...)
	}
	for _, r := range w.resources {
		w.byARN[r.arn] = r
	}
	t := w.newTargets(k.question)
	t.unproved = true
	t.lookAbroad()
	return t, owners, nil
}

// admitAbroad finds out whom of the leftovers resources of other accounts let in: first those that speak of a leftover's account, then those
// that let in everybody who meets their conditions, which treat leftovers of one sort alike wherever they are.
func (k *asking) admitAbroad(ctx context.Context, t *targets, owners map[string]*account) error {
	a := &admission{asking: k, t: t, gates: gatesOf(t), owners: owners}
	if err := a.tellApart(ctx); err != nil {
		return err
	}
	wanted := k.question.wanted()
	admitted := make([]bool, len(k.left))
	err := onAllCores(ctx, len(k.left), func(i int) error {
		if l := k.left[i]; a.gates.admit(l, wanted, k.question.AllOf) {
			admitted[i] = true
			return a.special(ctx, l)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var sorts [][]*leftover
	bySort := map[string]int{}
	for i, l := range k.left {
		if !admitted[i] || l.verdict == Conditional {
			continue
		}
		alone := l.key == "" || k.question.AllOf || !l.maybe.Empty() || t.abroad.accounts ||
			t.abroad.barred[l.in.id()] || len(a.gates.byNumber[l.in.id()]) > 0 || a.askedElsewhere(l.in.id())
		at, known := bySort[l.key]
		if alone || !known {
			at = len(sorts)
			sorts = append(sorts, nil)
		}
		if !alone {
			bySort[l.key] = at
		}
		sorts[at] = append(sorts[at], l)
	}
	return onAllCores(ctx, len(sorts), func(i int) error { return a.sort(ctx, sorts[i], false) })
}

// admission judges leftovers by what resources of other accounts give them.
type admission struct {
	*asking
	t      *targets
	gates  *gates
	owners map[string]*account // accounts that have some of those resources
}

// tellApart divides leftovers by what resources of other accounts read of them.
func (a *admission) tellApart(ctx context.Context) error {
	rd := a.t.resourceReaders()
	if len(rd.conditions)+len(rd.keys) == 0 {
		return nil
	}
	wanted := a.question.wanted()
	divided := make([][]*leftover, len(a.left))
	err := onAllCores(ctx, len(a.left), func(i int) (err error) {
		divided[i] = []*leftover{a.left[i]}
		if !a.left[i].root && a.gates.admit(a.left[i], wanted, a.question.AllOf) {
			divided[i], err = a.divide(a.left[i], rd)
		}
		return err
	})
	a.left = slices.Concat(divided...)
	return err
}

// divide divides one leftover by what readers see of its members.
func (a *admission) divide(l *leftover, rd *readers) ([]*leftover, error) {
	v, err := a.seeCallers(l.in)
	if err != nil {
		return nil, err
	}
	var out []*leftover
	byVector := map[string]*leftover{}
	add := func(c *caller, shape int32, member, count int) {
		vector := rd.vector(a.t, c)
		one := byVector[vector]
		if one == nil {
			copied := *l
			one = &copied
			one.shapes, one.members, one.count = nil, nil, 0
			if l.key != "" {
				one.key = l.key + "\x00" + vector
			}
			byVector[vector] = one
			out = append(out, one)
		}
		if one.count += count; member >= 0 {
			one.members = append(one.members, member)
		} else {
			one.shapes = append(one.shapes, shape)
		}
	}
	roster, err := v.roster()
	if err != nil {
		return nil, err
	}
	individual, inShapes := rd.individual(), make([]int, len(v.seg.Shapes))
	for at := range roster.members {
		if shape := roster.members[at].Shape; !l.named[at] && slices.Contains(l.shapes, shape) {
			if inShapes[shape]++; individual {
				c, err := v.memberCaller(at)
				if err != nil {
					return nil, err
				}
				add(c, shape, at, 1)
			}
		}
	}
	for _, shape := range l.shapes {
		if !individual {
			add(v.callerOf(&v.seg.Shapes[shape], nil, ""), shape, -1, inShapes[shape])
		}
	}
	for _, at := range l.members {
		c, err := v.memberCaller(at)
		if err != nil {
			return nil, err
		}
		add(c, 0, at, 1)
	}
	return out, nil
}

// askedElsewhere tells whether a condition of another account's resource names an account.
func (a *admission) askedElsewhere(id string) bool {
	return slices.ContainsFunc(a.t.abroad.asked[id], func(place int) bool { return a.t.groups[place].owner.id != id })
}

// special judges a leftover on the gates that speak of its account.
func (a *admission) special(ctx context.Context, l *leftover) error {
	var groups []*targetGroup
	for _, g := range a.t.cross {
		if g.owner.id != l.in.id() && len(g.outsiders.accounts) > 0 && g.outsiders.admits(l.in.id()) {
			groups = append(groups, g)
		}
	}
	if len(groups) == 0 {
		return nil
	}
	p, err := a.begin(ctx, l)
	if err != nil {
		return err
	}
	if err := p.look(ctx, groups); err != nil {
		return err
	}
	l.verdict, l.sure, l.maybe = p.verdict(), p.sure, p.maybe
	return nil
}

// begin makes a presence of a leftover as far as it is known.
func (a *admission) begin(ctx context.Context, l *leftover) (*presence, error) {
	c, err := a.leftCaller(a.owners, l)
	if err != nil {
		return nil, err
	}
	return &presence{
		t: a.t, side: a.t.sideOf(c), found: &a.found, budget: region.NewBudget(a.question.Budget).Within(ctx), wanted: a.question.wanted(),
		sure: l.sure, maybe: l.maybe,
	}, nil
}

// sort judges leftovers of one sort on the gates that speak of no account. Whatever lets one of them in lets in all but those of the account
// that owns it, to whom it is no other account's; so gates are tried in two halves: where each has one that does, everybody has. With denied,
// somebody of another account was let in by nothing.
func (a *admission) sort(ctx context.Context, alike []*leftover, denied bool) error {
	first, rest := alike[0], alike[1:]
	opened, err := a.judge(ctx, first, len(rest) > 0)
	if err != nil || len(rest) == 0 {
		return err
	}
	switch {
	case first.verdict == Unknown:
		return a.each(ctx, rest)
	case first.verdict == Conditional:
		var owners []*leftover
		for _, l := range rest {
			if opened != bothHalves && a.gates.halves[l.in.id()] == opened {
				owners = append(owners, l)
			} else {
				l.verdict = Conditional
			}
		}
		return a.each(ctx, owners)
	case a.gates.halves[first.in.id()] != noHalf && !denied: // what it owns was not tried yet
		return a.sort(ctx, rest, true)
	}
	for _, l := range rest {
		l.verdict = first.verdict
	}
	return nil
}

func (a *admission) each(ctx context.Context, alone []*leftover) error {
	for _, l := range alone {
		if _, err := a.judge(ctx, l, false); err != nil {
			return err
		}
	}
	return nil
}

// The halves of gates, by the account that owns them.
const (
	noHalf = iota
	evenHalf
	oddHalf
	bothHalves
)

// judge judges one leftover and tells in which halves something lets it in: in one of them, unless all are asked for.
func (a *admission) judge(ctx context.Context, l *leftover, all bool) (opened int, err error) {
	begun, err := a.begin(ctx, l)
	if err != nil {
		return noHalf, err
	}
	for _, half := range []int{evenHalf, oddHalf} {
		var groups []*targetGroup
		for _, g := range a.t.cross {
			if g.owner.id != l.in.id() && len(g.outsiders.accounts) == 0 && a.gates.halves[g.owner.id] == half {
				groups = append(groups, g)
			}
		}
		p := *begun
		if err := p.look(ctx, groups); err != nil {
			return noHalf, err
		}
		l.verdict = max(l.verdict, p.verdict())
		if p.verdict() == Conditional {
			opened |= half
		}
		if !all { // what both halves give counts together
			begun.sure, begun.maybe = p.sure, p.maybe
		}
		if opened != noHalf && !all {
			break
		}
	}
	return opened, nil
}

// leftCaller makes the caller of a leftover again, in its account's own name.
func (k *asking) leftCaller(owners map[string]*account, l *leftover) (*caller, error) {
	v, err := k.seeCallers(l.in)
	if err != nil {
		return nil, err
	}
	if a := owners[l.in.id()]; a != nil {
		v.account = a
	}
	switch {
	case l.root:
		return v.world.rootCaller(v.account), nil
	case len(l.members) > 0:
		return v.memberCaller(l.members[0])
	}
	return v.callerOf(&v.seg.Shapes[l.shapes[0]], nil, ""), nil
}

// seeCallers makes a sight of an account in its own name, without resources.
func (k *asking) seeCallers(s *segmented) (*sight, error) {
	seg, err := s.whole()
	if err != nil {
		return nil, err
	}
	return k.sight(s, seg)
}

// seeOpen makes a sight of the resources of an account that may let in somebody of outside it; nil when there are none in question.
func (k *asking) seeOpen(s *segmented) (*sight, error) {
	seg, err := s.seen()
	if err != nil {
		return nil, err
	}
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
		r, err := v.roster()
		if err != nil {
			return nil, err
		}
		for i := range r.members {
			if v.seg.Shapes[r.members[i].Shape].Open {
				v.addEntity(&facts, &r.members[i])
			}
		}
	}
	v.settle(&facts)
	return v, nil
}
