package evaluator

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

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
	reading  []segment.Reading // of any account
	patterns sync.Map          // text -> *policy.ActionPattern
	rosters  rosters
	docs     sharedDocuments
}

// segmented is one account of a fleet.
type segmented struct {
	account *account
	packed  *segment.Packed

	once   sync.Once
	portal *segment.Account
	err    error
}

// seen is the account as every account would see it (see segment.Neutral), or, where it has a name of its own in any sight, so.
func (s *segmented) seen() (*segment.Account, error) {
	s.once.Do(func() {
		now := segment.Neutral
		if !s.packed.Head.Portable {
			now = ""
		}
		s.portal, s.err = s.packed.Account(now)
	})
	return s.portal, s.err
}

// AccountSegment is an account's segment, as Segment made it.
type AccountSegment struct {
	ID   string
	Data []byte
}

// OpenFleet makes a fleet of the segments of all accounts of a snapshot. The shared facts are those that belong to no account.
func OpenFleet(ctx context.Context, shared *graph.Facts, segments []AccountSegment, cat *catalog.Catalog) (*Fleet, error) {
	f := &Fleet{byID: map[string]*segmented{}, bare: map[string]string{}}
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
		facts.Accounts = append(facts.Accounts, s.packed.Head.Facts)
	}
	w, err := Compile(ctx, facts, cat)
	if err != nil {
		return nil, err
	}
	w.callers = nil
	f.base = w
	known := map[string]bool{}
	for _, s := range f.accounts {
		head := s.packed.Head
		s.account = w.accounts[s.id()]
		s.account.partition, s.account.populated, s.account.keyed = head.Partition, head.Populated, head.Keyed
		f.byID[s.id()] = s
		w.readsTime = w.readsTime || head.ReadsTime
		for _, arn := range head.Bare {
			if owner := f.bare[arn]; owner != "" && owner != s.id() {
				return nil, &OddAccountError{s.id(), fmt.Sprintf("%s is a resource of account %s too", arn, owner)}
			}
			f.bare[arn] = s.id()
		}
		for _, r := range head.Reading {
			if key := fmt.Sprintf("%t %t %t %q", r.Not, r.Transport, r.Clock, r.Patterns); !known[key] {
				known[key] = true
				f.reading = append(f.reading, r)
			}
		}
	}
	return f, nil
}

func openSegment(in AccountSegment) (*segmented, error) {
	packed, err := segment.Open(in.Data)
	if err == nil && string(packed.Head.Facts.ID) != in.ID {
		err = fmt.Errorf("it is the segment of account %s", packed.Head.Facts.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", in.ID, err)
	}
	return &segmented{account: &account{id: in.ID}, packed: packed}, nil
}

func (s *segmented) id() string { return s.account.id }

// whole is the account in its own name.
func (s *segmented) whole() (*segment.Account, error) { return s.packed.Account("") }

// pattern compiles an action pattern, once for all accounts.
func (f *Fleet) pattern(text string) *policy.ActionPattern {
	if p, ok := f.patterns.Load(text); ok {
		return p.(*policy.ActionPattern)
	}
	p := policy.NewActionPattern(text)
	kept, _ := f.patterns.LoadOrStore(text, &p)
	return kept.(*policy.ActionPattern)
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
	seg, err := s.seen()
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", s.id(), err)
	}
	members, err := seg.Members()
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", s.id(), err)
	}
	ids, err := seg.IDs()
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
		return false // whoever looks at the account itself is told
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
	seg, err := s.seen()
	if err != nil {
		return false // whoever looks at the account itself is told
	}
	facts := seg.Facts
	as := graph.ARN(strings.ReplaceAll(arn, id, string(facts.ID)))
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
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
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
	spoken   sync.Map // *segmented -> []bool: by action list, whether it speaks of the question's actions
	neutral  bool     // the question does not tell accounts apart by parts of their numbers
	texts    []string
	found    holdings
	services map[string]bool
	entities bool // IAM entities are resources of it

	plan    *Plan
	mu      sync.Mutex
	counts  headcount
	left    []*leftover
	scps    sync.Map            // *policy.Document of SCPs and RCPs -> *guard
	spelled map[string][]string // account -> those of it whom resources of any account spell out; "": whose they are is not said
}

func (f *Fleet) ask(q Question) (*asking, error) {
	c, err := f.base.compile(q)
	if err != nil {
		return nil, err
	}
	k := &asking{fleet: f, question: c, counts: headcount{}, services: map[string]bool{}}
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

// speaking tells of each action list of an account whether it speaks of the question's actions.
func (k *asking) speaking(s *segmented, seg *segment.Account) []bool {
	if have, ok := k.spoken.Load(s); ok {
		return have.([]bool)
	}
	out := make([]bool, len(seg.Lists))
	for i := range seg.Lists {
		out[i] = k.covers(&seg.Lists[i])
	}
	k.spoken.Store(s, out)
	return out
}

// covers tells whether an action element speaks of the question's actions.
func (k *asking) covers(l *segment.Actions) bool {
	if !l.Not {
		return slices.ContainsFunc(l.Patterns, func(text string) bool { return !k.question.patternMembers(k.fleet.pattern(text)).Empty() })
	}
	left := k.question.all()
	for _, text := range l.Patterns {
		left = left.AndNot(k.question.patternMembers(k.fleet.pattern(text)))
	}
	return !left.Empty()
}

// readings notes the facts of the request that statements on the question's actions read in any account.
func (k *asking) readings(t *targets) {
	for i := range k.fleet.reading {
		if r := &k.fleet.reading[i]; k.covers(&r.Actions) {
			t.transport, t.clock = t.transport || r.Transport, t.clock || r.Clock
		}
	}
}
