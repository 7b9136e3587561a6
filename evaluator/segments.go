package evaluator

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/segment"
	"github.com/accessgraph/accessgraph/graph"
)

// OddAccountError is returned for an account that has something that segments do not hold. Questions are then answered from the facts.
type OddAccountError struct{ Account, What string }

func (e *OddAccountError) Error() string { return "account " + e.Account + ": " + e.What }

// Segment makes an account's segment. The error is an *OddAccountError, or one of encoding.
func Segment(facts *graph.Account, documents map[graph.DocumentHash]*graph.Document) ([]byte, error) {
	return (&segmenter{documents: documents}).segment(facts)
}

// segmenter makes the segments of accounts that share documents, such as AWS's managed policies.
type segmenter struct {
	documents map[graph.DocumentHash]*graph.Document
	shared    sharedDocuments
}

func (m *segmenter) compile(key documentKey) *policy.Document {
	raw := m.documents[key.hash]
	if raw == nil {
		return policy.Missing(key.kind)
	}
	d, _ := m.shared.get(key.kind, raw.Canonical)
	return d
}

func (m *segmenter) segment(facts *graph.Account) ([]byte, error) {
	texts := m.documents
	if !isAccountID(string(facts.ID)) {
		return nil, &OddAccountError{string(facts.ID), "it is not called by twelve digits"}
	}
	w := &World{accounts: map[string]*account{}, byARN: map[string]*resource{}}
	w.docs = &documents{done: map[documentKey]*documentSlot{}, compile: m.compile, keys: map[*policy.Document]documentKey{}}
	w.facts = &graph.Facts{Documents: texts}
	w.compileAccount(facts)
	a := w.accounts[string(facts.ID)]
	b := &segmentBuilder{world: w, account: a, facts: facts, lists: map[string]int32{}, places: map[documentKey]int32{}, shapes: map[string]int32{}}
	b.out = &segment.Account{Reads: [][]string{nil}}
	b.head = &segment.Head{Partition: a.partition}
	if err := b.principals(); err != nil {
		return nil, err
	}
	if err := b.resources(); err != nil {
		return nil, err
	}
	return b.encode()
}

// segmentBuilder makes one segment.
type segmentBuilder struct {
	world   *World
	account *account
	facts   *graph.Account
	head    *segment.Head
	out     *segment.Account
	lists   map[string]int32
	places  map[documentKey]int32 // of documents
	shapes  map[string]int32      // by what they hold
	members []segment.Member
	ids     []string
	texts   []string // of documents
	kept    []*graph.Resource
	native  bool // some text has the neutral number already, or the account's own as a part of a longer one
}

func (b *segmentBuilder) odd(format string, args ...any) error {
	return &OddAccountError{string(b.facts.ID), fmt.Sprintf(format, args...)}
}

func (b *segmentBuilder) principals() error {
	type entry struct {
		member segment.Member
		id     string
	}
	var all []entry
	prefix := "arn:" + b.account.partition + ":iam::" + b.account.id + ":"
	add := func(c *caller, entity string, shape *segment.Shape, profiles []graph.InstanceProfile) error {
		rest, ok := strings.CutPrefix(c.arn, prefix)
		if !ok || !strings.HasPrefix(rest, entity+"/") || afterLast(rest, "/") != c.name {
			return b.odd("%s is no ARN of the %s %q", c.arn, entity, c.name)
		}
		m := segment.Member{Entity: rest, Shape: b.shape(shape)}
		for _, p := range profiles {
			m.Profiles = append(m.Profiles, string(p.ARN))
		}
		b.out.Shapes[m.Shape].Count++
		all = append(all, entry{m, c.principal.UniqueID})
		return nil
	}
	for _, u := range b.facts.Users {
		c := b.caller(b.world.userCaller(b.account, u))
		if err := add(c, "user", b.shapeOf(c), nil); err != nil {
			return err
		}
	}
	for _, r := range b.facts.Roles {
		c := b.caller(b.world.roleCaller(b.account, r))
		s := b.shapeOf(c)
		s.Role, s.Linked, s.FreeTags = true, c.principal.ServiceLinked, c.freeTags
		s.Services, s.Anyone, s.Federated, s.Cognito = c.origins.services, c.origins.anyone, c.origins.federated, c.origins.cognito
		trust := b.world.trustOf(r)
		s.Trust, s.Open = b.document(r.Trust, policy.Trust), b.opens(trust)
		if err := add(c, "role", s, r.InstanceProfiles); err != nil {
			return err
		}
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.member.Entity, b.member.Entity) })
	for i := range all {
		if i > 0 && all[i-1].member.Entity == all[i].member.Entity {
			return b.odd("%s is there twice", all[i].member.Entity)
		}
		b.members, b.ids = append(b.members, all[i].member), append(b.ids, all[i].id)
	}
	return nil
}

// caller looks for the neutral number in what shapes hold of a caller.
func (b *segmentBuilder) caller(c *caller) *caller {
	for _, t := range c.tags {
		b.native = b.native || strings.Contains(t.Key, segment.Neutral) || strings.Contains(t.Value, segment.Neutral) ||
			embedded([]byte(t.Key), b.account.id) || embedded([]byte(t.Value), b.account.id)
	}
	return c
}

// shapeOf is what binds a caller.
func (b *segmentBuilder) shapeOf(c *caller) *segment.Shape {
	s := &segment.Shape{Tags: c.tags, Trust: segment.Missing}
	for i := range c.identity {
		s.Identity = append(s.Identity, b.policy(&c.identity[i]))
	}
	if c.boundary != nil {
		p := b.policy(c.boundary)
		s.Boundary = &p
	}
	return s
}

func (b *segmentBuilder) policy(p *Policy) segment.Policy {
	b.native = b.native || strings.Contains(p.Name, segment.Neutral) || embedded([]byte(p.Name), b.account.id)
	place := int32(segment.Missing)
	if key, ok := b.world.docs.keys[p.Doc]; ok {
		place = b.document(key.hash, key.kind)
	}
	return segment.Policy{Name: p.Name, Document: place}
}

// shape gives the place of a shape.
func (b *segmentBuilder) shape(s *segment.Shape) int32 {
	k := &keyWriter{}
	k.flags(s.Role, s.Linked, s.Open, s.FreeTags, s.Anyone, s.Federated, s.Cognito, s.Boundary != nil)
	policies := s.Identity
	if s.Boundary != nil {
		policies = append(slices.Clip(policies), *s.Boundary)
	}
	k.int(len(policies))
	for _, p := range policies {
		k.text(p.Name)
		k.int(int(p.Document))
	}
	k.int(int(s.Trust))
	k.int(len(s.Services))
	for _, name := range s.Services {
		k.text(name)
	}
	for _, t := range s.Tags {
		k.text(t.Key)
		k.text(t.Value)
	}
	at, ok := b.shapes[k.String()]
	if !ok {
		at = int32(len(b.out.Shapes))
		b.shapes[k.String()] = at
		b.out.Shapes = append(b.out.Shapes, *s)
	}
	return at
}

// document gives the place of a document.
func (b *segmentBuilder) document(hash graph.DocumentHash, kind policy.Kind) int32 {
	key := documentKey{hash, kind}
	if at, ok := b.places[key]; ok {
		return at
	}
	raw := b.world.facts.Documents[hash]
	if raw == nil {
		b.places[key] = segment.Missing
		return segment.Missing
	}
	d := segment.Document{Kind: uint8(kind), Portable: !partialNumber(raw.Canonical) && !embedded(raw.Canonical, b.account.id)}
	b.native = b.native || bytes.Contains(raw.Canonical, []byte(segment.Neutral))
	doc := b.world.docs.get(hash, kind)
	d.From = int32(len(b.out.Statements))
	for i := range doc.Statements {
		s := &doc.Statements[i]
		for j := range s.Conditions {
			d.Portable = d.Portable && portable(&s.Conditions[j])
		}
		var reads []string
		(&readers{}).statement(s, func(key string) bool {
			if tellsApart(key) && !slices.Contains(reads, key) {
				reads = append(reads, key)
			}
			return false
		})
		b.note(&s.Actions, reads)
		b.out.Statements = append(b.out.Statements, segment.Statement{List: b.list(&s.Actions), Reads: b.reading(reads), Allow: s.Effect == policy.Allow})
	}
	d.To = int32(len(b.out.Statements))
	at := int32(len(b.out.Documents))
	b.places[key] = at
	b.out.Documents = append(b.out.Documents, d)
	b.texts = append(b.texts, string(raw.Canonical))
	b.head.ReadsTime = b.head.ReadsTime || readsTime(raw)
	return at
}

// tellsApart tells the keys that a question must know of before it looks at anybody: what they read keeps principals or resources apart, or is
// said of the answer as a whole.
func tellsApart(key string) bool {
	family, _, tag := strings.Cut(key, "/")
	switch {
	case tag:
		return family == "aws:principaltag" || resourceTagFamily(family)
	case callerKey(key):
		return true
	}
	switch key {
	case "aws:requestedregion", "aws:securetransport", "aws:currenttime", "aws:epochtime", "iam:permissionsboundary":
		return true
	}
	return false
}

// embedded tells whether an account's number stands in a text as a part of a longer one.
func embedded(text []byte, id string) bool {
	digit := func(i int) bool { return i >= 0 && i < len(text) && text[i] >= '0' && text[i] <= '9' }
	for from := 0; ; {
		at := bytes.Index(text[from:], []byte(id))
		if at < 0 {
			return false
		}
		if at += from; digit(at-1) || digit(at+len(id)) {
			return true
		}
		from = at + len(id)
	}
}

// partialNumber tells whether a text may hold a pattern that matches a part of an account's number, or a value that is put together with other
// digits: digits beside a wildcard or a variable, or a variable beside one of these.
func partialNumber(text []byte) bool {
	digit := func(i int) bool { return i >= 0 && i < len(text) && text[i] >= '0' && text[i] <= '9' }
	for i, b := range text {
		switch b {
		case '*', '?':
			if digit(i-1) || digit(i+1) || i > 0 && text[i-1] == '}' || i+1 < len(text) && text[i+1] == '$' {
				return true
			}
		case '$':
			if i > 0 && (digit(i-1) || text[i-1] == '}') && i+1 < len(text) && text[i+1] == '{' {
				return true
			}
		case '}':
			if digit(i + 1) {
				return true
			}
		}
	}
	return false
}

// portable tells whether a condition cannot compare the number of an account as anything but a text.
func portable(c *policy.Condition) bool {
	switch c.Op {
	case policy.NumericEquals, policy.NumericNotEquals, policy.NumericLessThan, policy.NumericLessThanEquals, policy.NumericGreaterThan,
		policy.NumericGreaterThanEquals, policy.DateEquals, policy.DateNotEquals, policy.DateLessThan, policy.DateLessThanEquals,
		policy.DateGreaterThan, policy.DateGreaterThanEquals, policy.BinaryEquals:
		switch c.Key {
		case "aws:multifactorauthage", "aws:currenttime", "aws:epochtime", "aws:tokenissuetime", "s3:max-keys", "s3:signatureage":
			return true
		}
		return false
	}
	return true
}

// note keeps that a statement reads what an answer as a whole names.
func (b *segmentBuilder) note(a *policy.Actions, keys []string) {
	one := segment.Reading{
		Transport: slices.Contains(keys, "aws:securetransport"),
		Clock:     slices.Contains(keys, "aws:currenttime") || slices.Contains(keys, "aws:epochtime"),
	}
	if !one.Transport && !one.Clock {
		return
	}
	one.Actions = b.out.Lists[b.list(a)]
	for _, have := range b.head.Reading {
		if have.Not == one.Not && have.Transport == one.Transport && have.Clock == one.Clock && slices.Equal(have.Patterns, one.Patterns) {
			return
		}
	}
	b.head.Reading = append(b.head.Reading, one)
}

// reading gives the place of a set of keys.
func (b *segmentBuilder) reading(keys []string) int32 {
	slices.Sort(keys)
	for i, have := range b.out.Reads {
		if slices.Equal(have, keys) {
			return int32(i)
		}
	}
	b.out.Reads = append(b.out.Reads, keys)
	return int32(len(b.out.Reads) - 1)
}

func (b *segmentBuilder) list(a *policy.Actions) int32 {
	k := &keyWriter{}
	k.flags(a.Not)
	list := segment.Actions{Not: a.Not, Patterns: make([]string, len(a.Patterns))}
	for i := range a.Patterns {
		list.Patterns[i] = a.Patterns[i].Text
		k.text(a.Patterns[i].Text)
	}
	at, ok := b.lists[k.String()]
	if !ok {
		at = int32(len(b.out.Lists))
		b.lists[k.String()] = at
		b.out.Lists = append(b.out.Lists, list)
	}
	return at
}

// opens tells whether a policy may let in somebody who is no principal of the account's own in the snapshot.
func (b *segmentBuilder) opens(d *policy.Document) bool {
	if !b.account.principalsRead() {
		return true
	}
	for i := range d.Statements {
		s := &d.Statements[i]
		if s.Effect != policy.Allow {
			continue
		}
		if s.Unanalysable != "" || s.Principals.Not || s.Principals.None {
			return true
		}
		for _, e := range s.Principals.Entries {
			if e.Account != b.account.id || strings.HasPrefix(arnField(e.Text, 6), "federated-user/") {
				return true
			}
		}
	}
	return false
}

func (b *segmentBuilder) resources() error {
	shared := map[graph.ARN]bool{}
	for _, s := range b.facts.Shares {
		if string(s.ARN.Account()) != b.account.id {
			return b.odd("the share of %s is of another account's resource", s.ARN)
		}
		shared[s.ARN] = true
	}
	granted := map[graph.ARN]bool{} // keys with a grant to somebody else
	for _, g := range b.facts.Grants {
		for _, who := range []string{g.Grantee, g.RetiringPrincipal, g.IssuingAccount} {
			if who != "" && (accountOf(who) != b.account.id || !b.account.principalsRead()) {
				granted[g.Key] = true
			}
		}
	}
	for _, r := range b.facts.Resources {
		if id := string(r.ARN.Account()); id != "" && id != b.account.id {
			return b.odd("the resource %s is of another account", r.ARN)
		}
		open := granted[r.ARN] || shared[r.ARN] || len(r.Attributes.SharedWith) > 0 || len(r.Attributes.ACL) > 0 || b.account.denied(r.Type, r.Region)
		doc := b.world.docs.get(r.Policy, policy.Resource)
		switch {
		case r.Type == "AWS::EC2::VPCEndpoint" && (!r.Policy.IsZero() || b.account.denied(r.Type, r.Region)):
			return b.odd("the VPC endpoint %s has a policy, which binds callers of every account", r.ARN)
		case !r.Policy.IsZero():
			own := *r
			place := b.document(r.Policy, policy.Resource)
			if place == segment.Missing {
				return b.odd("the policy of %s is named and not there", r.ARN)
			}
			own.Policy = segment.DocumentAt(b.account.id, place)
			r = &own
			open = open || b.opens(doc)
		case kmsKey(string(r.ARN)), r.Type == "AWS::EFS::FileSystem":
			open = true
		}
		b.out.Open = append(b.out.Open, open)
		b.kept = append(b.kept, r)
		b.head.Keyed = b.head.Keyed || kmsKey(string(r.ARN))
		if r.ARN.Account() == "" {
			b.head.Bare = append(b.head.Bare, string(r.ARN))
		}
	}
	return nil
}

func (b *segmentBuilder) encode() ([]byte, error) {
	rest := *b.facts
	rest.Users, rest.Roles, rest.Compute, rest.Password = nil, nil, nil, nil
	rest.Policies = make([]*graph.ManagedPolicy, len(b.facts.Policies))
	for i, p := range b.facts.Policies {
		rest.Policies[i] = &graph.ManagedPolicy{ARN: p.ARN, Name: p.Name}
	}
	rest.Groups = make([]*graph.Group, len(b.facts.Groups))
	for i, g := range b.facts.Groups {
		rest.Groups[i] = &graph.Group{ARN: g.ARN, Name: g.Name}
	}
	b.out.Facts = &rest
	rest.Resources = b.kept
	text, err := graph.EncodeAccount(&rest)
	if err != nil {
		return nil, err
	}
	b.native = b.native || bytes.Contains(text, []byte(segment.Neutral)) || embedded(text, b.account.id)
	b.head.Portable = !b.native && b.account.id != segment.Neutral
	for _, m := range b.members {
		b.head.Portable = b.head.Portable && !strings.Contains(m.Entity, segment.Neutral) && !embedded([]byte(m.Entity), b.account.id)
	}
	b.head.Populated = len(b.out.Shapes)+len(rest.Groups)+len(rest.Policies) > 0
	b.head.Facts = &graph.Account{ID: b.facts.ID, Coverage: b.facts.Coverage, Settings: b.facts.Settings, Providers: b.facts.Providers}
	return segment.Encode(b.head, b.out, b.members, b.ids, b.texts)
}
