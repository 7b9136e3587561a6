package evaluator

import (
	"bytes"
	"slices"
	"strings"
	"sync"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/segment"
	"github.com/accessgraph/accessgraph/graph"
)

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
	return k.furnished(s, seg)
}

// furnished makes a sight of an account with its resources that are in question.
func (k *asking) furnished(s *segmented, seg *segment.Account) (*sight, error) {
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
