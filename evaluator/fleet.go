package evaluator

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/segment"
	"github.com/accessgraph/accessgraph/graph"
)

// Fleet is a snapshot that is opened account by account, from segments: only what a question touches is compiled, and accounts that no fact
// in play tells apart share what was found. It is safe for concurrent use.
type Fleet struct {
	base     *World // the organization and its accounts, without principals and resources
	accounts []*segmented
	byID     map[string]*segmented
	bare     map[string]bool // ARNs of resources that do not say whose they are
	lists    numbering[string]
	texts    []*policy.Actions // of lists
	docs     sharedDocuments
}

// segmented is one account of a fleet.
type segmented struct {
	account *account
	data    []byte
	portal  *segment.Account // as every account would see it; see segment.Neutral
	own     *segment.Account // in its own name
	lists   []int32          // of its action lists, among those of the fleet

	wholeOnce sync.Once
	wholeErr  error

	namesOnce sync.Once
	namesErr  error
	members   []segment.Member
	entities  map[string]int // by entity
	ids       []string
	byID      map[string]int
	roles     map[string][]int // by name
	arns      map[string]bool  // of resources and of what the iam service has besides principals
}

// AccountSegment is an account's segment, as Segment made it.
type AccountSegment struct {
	ID   string
	Data []byte
}

// OpenFleet makes a fleet of the segments of all accounts of a snapshot. The shared facts are those that belong to no account.
func OpenFleet(ctx context.Context, shared *graph.Facts, segments []AccountSegment, cat *catalog.Catalog) (*Fleet, error) {
	f := &Fleet{byID: map[string]*segmented{}, bare: map[string]bool{}}
	facts := &graph.Facts{Organization: shared.Organization, Coverage: shared.Coverage, Documents: shared.Documents}
	f.accounts = make([]*segmented, len(segments))
	err := onAllCores(ctx, len(segments), func(i int) (err error) {
		f.accounts[i], err = openSegment(segments[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, s := range f.accounts {
		facts.Accounts = append(facts.Accounts, s.light())
	}
	w, err := Compile(ctx, facts, cat)
	if err != nil {
		return nil, err
	}
	w.callers = nil
	f.base = w
	for _, s := range f.accounts {
		seg := s.seen()
		id := string(seg.Facts.ID)
		s.account = w.accounts[s.id()]
		s.account.partition = seg.Partition
		s.account.populated = len(seg.Shapes)+len(seg.Facts.Groups)+len(seg.Facts.Policies) > 0
		f.byID[s.id()] = s
		w.readsTime = w.readsTime || seg.ReadsTime
		for _, r := range seg.Facts.Resources {
			s.account.keyed = s.account.keyed || kmsKey(string(r.ARN))
			if r.ARN.Account() == "" {
				f.bare[strings.ReplaceAll(string(r.ARN), id, s.id())] = true
			}
			if r.Type == "AWS::EC2::VPCEndpoint" && (!r.Policy.IsZero() || s.account.denied(r.Type, r.Region)) {
				return nil, &OddAccountError{s.id(), "it has a VPC endpoint with a policy, or may have"}
			}
		}
		s.lists = make([]int32, len(seg.Lists))
		for i := range seg.Lists {
			s.lists[i] = f.list(&seg.Lists[i])
		}
	}
	return f, nil
}

// list numbers an action list among those of the fleet.
func (f *Fleet) list(l *segment.Actions) int32 {
	key := fmt.Sprintf("%t %q", l.Not, l.Patterns)
	at := f.lists.of(key)
	if at == len(f.texts) {
		a := &policy.Actions{Not: l.Not}
		for _, p := range l.Patterns {
			a.Patterns = append(a.Patterns, policy.NewActionPattern(p))
		}
		f.texts = append(f.texts, a)
	}
	return int32(at)
}

func openSegment(in AccountSegment) (*segmented, error) {
	s := &segmented{data: in.Data}
	local, err := segment.Decode(in.Data, in.ID, segment.Neutral)
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", in.ID, err)
	}
	s.account = &account{id: in.ID}
	if local.Portable {
		s.portal = local
		return s, nil
	}
	_, err = s.whole()
	return s, err
}

func (s *segmented) id() string { return s.account.id }

// seen is the account in whatever name it is there already.
func (s *segmented) seen() *segment.Account {
	if s.portal != nil {
		return s.portal
	}
	return s.own
}

// whole is the account in its own name.
func (s *segmented) whole() (*segment.Account, error) {
	s.wholeOnce.Do(func() { s.own, s.wholeErr = segment.Decode(s.data, "", "") })
	return s.own, s.wholeErr
}

// light is what the others need to know of an account.
func (s *segmented) light() *graph.Account {
	seg := s.seen()
	a := &graph.Account{ID: graph.AccountID(s.id()), Coverage: slices.Clone(seg.Facts.Coverage), Settings: seg.Facts.Settings}
	for i := range a.Coverage { // it quotes the ARNs of what could not be used
		c := &a.Coverage[i]
		c.Error = strings.ReplaceAll(c.Error, string(seg.Facts.ID), s.id())
	}
	for _, p := range seg.Facts.Providers {
		own := *p
		own.ARN = graph.ARN(strings.ReplaceAll(string(p.ARN), string(seg.Facts.ID), s.id()))
		a.Providers = append(a.Providers, &own)
	}
	return a
}

// names reads who the principals are, in the account's own name.
func (s *segmented) names() error {
	s.namesOnce.Do(func() {
		seg := s.seen()
		if s.members, s.namesErr = seg.Members(); s.namesErr != nil {
			return
		}
		if s.ids, s.namesErr = seg.IDs(); s.namesErr == nil && len(s.ids) != len(s.members) {
			s.namesErr = fmt.Errorf("account %s: %d ids of %d principals", s.id(), len(s.ids), len(s.members))
		}
		if s.namesErr != nil {
			return
		}
		s.entities, s.byID = make(map[string]int, len(s.members)), make(map[string]int, len(s.members))
		s.roles, s.arns = map[string][]int{}, map[string]bool{}
		for i, m := range s.members {
			s.entities[m.Entity], s.byID[s.ids[i]] = i, i
			if name := afterLast(m.Entity, "/"); seg.Shapes[m.Shape].Role {
				s.roles[name] = append(s.roles[name], i)
			}
		}
		mine := func(arn graph.ARN) { s.arns[strings.ReplaceAll(string(arn), string(seg.Facts.ID), s.id())] = true }
		for _, r := range seg.Facts.Resources {
			mine(r.ARN)
		}
		for _, p := range seg.Facts.Policies {
			mine(p.ARN)
		}
		for _, g := range seg.Facts.Groups {
			mine(g.ARN)
		}
		for _, p := range seg.Facts.Providers {
			mine(p.ARN)
		}
	})
	return s.namesErr
}

// knows tells whether the snapshot has a principal of that ARN, or the role of a session of that ARN; see World.has.
func (f *Fleet) knows(arn string) bool {
	s := f.byID[arnAccount(arn)]
	if s == nil || s.names() != nil {
		return false
	}
	if _, ok := s.entities[arnField(arn, 6)]; ok && arnField(arn, 3) == "iam" {
		return true
	}
	role := roleOfSession(arn)
	return role != arn && len(s.roles[afterLast(role, "/")]) > 0
}

// has tells whether the snapshot has a resource of that ARN.
func (f *Fleet) has(arn string) bool {
	if !strings.HasPrefix(arn, "arn:") || strings.Count(arn, ":") < 5 {
		return false
	}
	id := arnAccount(arn)
	if id == "" {
		return f.bare[arn]
	}
	s := f.byID[id]
	if s == nil || s.names() != nil {
		return false
	}
	if _, ok := s.entities[arnField(arn, 6)]; ok && arnField(arn, 3) == "iam" {
		return true
	}
	return s.arns[arn]
}

// sharedDocuments compiles documents once for all accounts that have the same one. It keeps those that a second account asks for: most of the
// others are one account's alone, and all of them together are more than memory holds.
type sharedDocuments struct {
	mu   sync.Mutex
	once map[sharedKey]bool // documents that one account needed so far
	done map[sharedKey]*policy.Document
}

// sharedKey is what a document says and what it was read as.
type sharedKey struct {
	text digest
	kind policy.Kind
}

// get compiles a document; kept tells whether others will find it.
func (d *sharedDocuments) get(kind policy.Kind, text []byte) (doc *policy.Document, kept bool) {
	key := sharedKey{digestOf(text), kind}
	d.mu.Lock()
	doc = d.done[key]
	d.mu.Unlock()
	if doc != nil {
		return doc, true
	}
	doc = policy.Parse(kind, bytes.Clone(text)) // the text is a part of all texts of the account
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.done == nil {
		d.done, d.once = map[sharedKey]*policy.Document{}, map[sharedKey]bool{}
	}
	switch have := d.done[key]; {
	case have != nil:
		return have, true // somebody else was first
	case !d.once[key]:
		d.once[key] = true
		return doc, false
	}
	delete(d.once, key)
	d.done[key] = doc
	return doc, true
}

// onAllCores calls fn for 0 … n-1.
func onAllCores(ctx context.Context, n int, fn func(i int) error) error {
	group, ctx := limited(ctx)
	for i := range n {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return fn(i)
		})
	}
	return group.Wait()
}

// asking is a question to a fleet.
type asking struct {
	fleet    *Fleet
	question *compiledQuestion
	spoken   []bool // by action list: it speaks of the question's actions
	neutral  bool   // the question does not tell accounts apart by parts of their numbers
	texts    []string
	found    holdings
	services map[string]bool
	entities bool // IAM entities are resources of it

	mu        sync.Mutex
	counts    headcount
	left      []*leftover
	transport bool
	clock     bool
	scps      sync.Map // documentKey of SCPs and RCPs -> *guard
}

func (f *Fleet) ask(q Question) (*asking, error) {
	c, err := f.base.compile(q)
	if err != nil {
		return nil, err
	}
	k := &asking{fleet: f, question: c, spoken: make([]bool, len(f.texts)), counts: headcount{}, services: map[string]bool{}}
	for i, a := range f.texts {
		k.spoken[i] = !c.matching(a).Empty()
	}
	for s := range c.services {
		k.services[s] = true
	}
	k.entities = k.services["iam"] || k.services["sts"]
	k.texts = append(k.texts, q.Resources...)
	k.texts = append(k.texts, exprText(q.When))
	k.neutral = true
	for _, text := range k.texts {
		k.neutral = k.neutral && !partialNumber([]byte(text)) && !strings.Contains(text, segment.Neutral) && !numbers(q.When)
	}
	return k, nil
}

// numbers tells whether a context compares keys as anything but texts.
func numbers(x Expr) bool {
	switch x := x.(type) {
	case And:
		return slices.ContainsFunc(x.Of, numbers)
	case Or:
		return slices.ContainsFunc(x.Of, numbers)
	case Not:
		return numbers(x.Of)
	case Test:
		return !portable(&x.Condition)
	}
	return false
}

// names tells whether the question names an account.
func (k *asking) names(id string) bool {
	return slices.ContainsFunc(k.texts, func(text string) bool { return strings.Contains(text, id) })
}

// speaks tells whether a document speaks of the question's actions.
func (k *asking) speaks(s *segmented, d *segment.Document) bool {
	for _, st := range d.Statements {
		if k.spoken[s.lists[st.List]] {
			return true
		}
	}
	return false
}
