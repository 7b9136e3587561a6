package evaluator

import (
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
	bare     map[string]string // ARN of a resource that does not say whose it is -> its account
	patterns []policy.ActionPattern
	pattern  map[string]int32 // text -> place in patterns
	lists    []actionList
	list     map[string]int32 // what a list says -> place in lists
	rosters  rosters
	docs     sharedDocuments
}

// actionList is an action element, its patterns by place among those of the fleet.
type actionList struct {
	not      bool
	patterns []int32
}

// segmented is one account of a fleet.
type segmented struct {
	account *account
	data    []byte
	portal  *segment.Account // as every account would see it (see segment.Neutral), or, where it has a name of its own in any sight, so
	lists   []int32          // of its action lists, among those of the fleet
}

// AccountSegment is an account's segment, as Segment made it.
type AccountSegment struct {
	ID   string
	Data []byte
}

// OpenFleet makes a fleet of the segments of all accounts of a snapshot. The shared facts are those that belong to no account.
func OpenFleet(ctx context.Context, shared *graph.Facts, segments []AccountSegment, cat *catalog.Catalog) (*Fleet, error) {
	f := &Fleet{byID: map[string]*segmented{}, bare: map[string]string{}, pattern: map[string]int32{}, list: map[string]int32{}}
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
		seg := s.portal
		id := string(seg.Facts.ID)
		s.account = w.accounts[s.id()]
		s.account.partition = seg.Partition
		s.account.populated = len(seg.Shapes)+len(seg.Facts.Groups)+len(seg.Facts.Policies) > 0
		f.byID[s.id()] = s
		w.readsTime = w.readsTime || seg.ReadsTime
		for _, r := range seg.Facts.Resources {
			s.account.keyed = s.account.keyed || kmsKey(string(r.ARN))
			if r.ARN.Account() == "" {
				if owner := f.bare[strings.ReplaceAll(string(r.ARN), id, s.id())]; owner != "" && owner != s.id() {
					return nil, &OddAccountError{s.id(), fmt.Sprintf("%s is a resource of account %s too", r.ARN, owner)}
				}
				f.bare[strings.ReplaceAll(string(r.ARN), id, s.id())] = s.id()
			}
			if r.Type == "AWS::EC2::VPCEndpoint" && (!r.Policy.IsZero() || s.account.denied(r.Type, r.Region)) {
				return nil, &OddAccountError{s.id(), "it has a VPC endpoint with a policy, or may have"}
			}
		}
		s.lists = make([]int32, len(seg.Lists))
		for i := range seg.Lists {
			s.lists[i] = f.listed(&seg.Lists[i])
		}
	}
	f.list = nil // all lists are there
	return f, nil
}

// listed gives the place of an action list among those of the fleet.
func (f *Fleet) listed(l *segment.Actions) int32 {
	k := &keyWriter{}
	k.flags(l.Not)
	for _, p := range l.Patterns {
		k.text(p)
	}
	if at, ok := f.list[k.String()]; ok {
		return at
	}
	a := actionList{not: l.Not, patterns: make([]int32, len(l.Patterns))}
	for i, text := range l.Patterns {
		at, ok := f.pattern[text]
		if !ok {
			at = int32(len(f.patterns))
			f.pattern[text] = at
			f.patterns = append(f.patterns, policy.NewActionPattern(text))
		}
		a.patterns[i] = at
	}
	at := int32(len(f.lists))
	f.list[k.String()] = at
	f.lists = append(f.lists, a)
	return at
}

func openSegment(in AccountSegment) (*segmented, error) {
	s := &segmented{data: in.Data, account: &account{id: in.ID}}
	var err error
	if s.portal, err = segment.Decode(in.Data, in.ID, segment.Neutral); err == nil && !s.portal.Portable {
		s.portal, err = s.whole()
	}
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", in.ID, err)
	}
	return s, nil
}

func (s *segmented) id() string { return s.account.id }

// whole is the account in its own name.
func (s *segmented) whole() (*segment.Account, error) { return segment.Decode(s.data, "", "") }

// light is what the others need to know of an account.
func (s *segmented) light() *graph.Account {
	seg := s.portal
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

// roster is who the principals of an account are, in its own name.
type roster struct {
	members []segment.Member // by entity
	ids     []string         // in their order
}

// find gives the place of a principal by its entity: "role/path/name".
func (r *roster) find(entity string) (int, bool) {
	return slices.BinarySearchFunc(r.members, entity, func(m segment.Member, e string) int { return strings.Compare(m.Entity, e) })
}

// roles gives the places of the roles of a name, whatever their paths.
func (r *roster) roles(name string) []int {
	var out []int
	for i := range r.members {
		if e := r.members[i].Entity; strings.HasSuffix(e, "/"+name) && strings.HasPrefix(e, "role/") {
			out = append(out, i)
		}
	}
	return out
}

// rosters are those that were read lately: all of them together are more than there is need for.
type rosters struct {
	mu     sync.Mutex
	read   map[*segmented]*roster
	lately []*segmented
}

const maxRosters = 64

// of gives the roster of an account.
func (r *rosters) of(s *segmented) (*roster, error) {
	r.mu.Lock()
	have := r.read[s]
	r.mu.Unlock()
	if have != nil {
		return have, nil
	}
	members, err := s.portal.Members()
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", s.id(), err)
	}
	ids, err := s.portal.IDs()
	if err == nil && len(ids) != len(members) {
		err = fmt.Errorf("%d ids of %d principals", len(ids), len(members))
	}
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", s.id(), err)
	}
	have = &roster{members, ids}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.read == nil {
		r.read = map[*segmented]*roster{}
	}
	if r.read[s] == nil {
		r.lately = append(r.lately, s)
	}
	r.read[s] = have
	if len(r.lately) > maxRosters {
		delete(r.read, r.lately[0])
		r.lately = r.lately[1:]
	}
	return have, nil
}

// knows tells whether the snapshot has a principal of that ARN, or the role of a session of that ARN; see World.has.
func (f *Fleet) knows(arn string) bool {
	s := f.byID[arnAccount(arn)]
	if s == nil {
		return false
	}
	r, err := f.rosters.of(s)
	if err != nil {
		return false // it was read when the fleet was opened: the names are of the same piece
	}
	if _, ok := r.find(arnField(arn, 6)); ok && arnField(arn, 3) == "iam" {
		return true
	}
	role := roleOfSession(arn)
	return role != arn && len(r.roles(afterLast(role, "/"))) > 0
}

// has tells whether the snapshot has a resource of that ARN.
func (f *Fleet) has(arn string) bool {
	if !strings.HasPrefix(arn, "arn:") || strings.Count(arn, ":") < 5 {
		return false
	}
	id := arnAccount(arn)
	if id == "" {
		return f.bare[arn] != ""
	}
	s := f.byID[id]
	if s == nil {
		return false
	}
	as := graph.ARN(strings.ReplaceAll(arn, id, string(s.portal.Facts.ID)))
	facts := s.portal.Facts
	switch {
	case slices.ContainsFunc(facts.Resources, func(r *graph.Resource) bool { return r.ARN == as }),
		slices.ContainsFunc(facts.Policies, func(p *graph.ManagedPolicy) bool { return p.ARN == as }),
		slices.ContainsFunc(facts.Groups, func(g *graph.Group) bool { return g.ARN == as }),
		slices.ContainsFunc(facts.Providers, func(p *graph.Provider) bool { return p.ARN == as }):
		return true
	case arnField(arn, 3) != "iam":
		return false
	}
	r, err := f.rosters.of(s)
	if err != nil {
		return false
	}
	if _, ok := r.find(arnField(arn, 6)); ok {
		return true
	}
	return strings.HasPrefix(arnField(arn, 6), "instance-profile/") && slices.ContainsFunc(r.members, func(m segment.Member) bool { return slices.Contains(m.Profiles, arn) })
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
	doc = policy.Parse(kind, text)
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

	plan      *Plan
	mu        sync.Mutex
	counts    headcount
	left      []*leftover
	transport bool
	clock     bool
	scps      sync.Map            // *policy.Document of SCPs and RCPs -> *guard
	spelled   map[string][]string // account -> those of it whom resources of any account spell out; "": whose they are is not said
}

func (f *Fleet) ask(q Question) (*asking, error) {
	c, err := f.base.compile(q)
	if err != nil {
		return nil, err
	}
	k := &asking{fleet: f, question: c, spoken: make([]bool, len(f.lists)), counts: headcount{}, services: map[string]bool{}}
	for i, l := range f.lists {
		set := c.none()
		for _, p := range l.patterns {
			set = set.Or(c.patternMembers(&f.patterns[p]))
		}
		k.spoken[i] = !set.Empty()
		if l.not {
			k.spoken[i] = !set.Not().Empty()
		}
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
	for _, st := range s.portal.Statements[d.From:d.To] {
		if k.spoken[s.lists[st.List]] {
			return true
		}
	}
	return false
}
