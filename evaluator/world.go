package evaluator

import (
	"bytes"
	"context"
	"fmt"
	"sort"
	"strings"
	"sync"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
)

// World is one snapshot made ready for questions: every principal with the layers that bind it, every resource with its own
// policy, and the organization's tree. It is immutable after Compile and safe for concurrent use.
type World struct {
	facts     *graph.Facts
	catalog   *catalog.Catalog
	accounts  map[string]*account
	order     []*account // the accounts that were read, by id
	callers   []*caller  // by account, then ARN
	resources []*resource
	org       *organization
	byARN     map[string]*resource
	docs      *documents
	endpoints []*endpoint
	shares    map[graph.ARN][]accountShare // while compiling
	known     *resourceTypes
	readsTime bool // some document reads the time of the request
	providers bool // every identity provider is there that a policy names
	part      *part
}

// part is what a world that holds some accounts of a snapshot needs to know of the others.
type part struct {
	account *account               // takes the place of the one with its id; nil: none does
	knows   func(arn string) bool  // whether the snapshot has a principal of that ARN
	has     func(arn string) bool  // whether it has a resource of that ARN
	service func(name string) bool // whether resources of a service are in question
	owners  []*account             // accounts whose resources are there; nil: those of order
	asking  *asking                // knows what the others say, for what an answer as a whole names; nil: nobody asks
	reads   []string               // keys that documents in play read, whether they are compiled or not
	adopted bool                   // the organization is as another snapshot has it
}

// account gives an account by id, nil when nobody knows it.
func (w *World) account(id string) *account {
	if w.part != nil && w.part.account != nil && w.part.account.id == id {
		return w.part.account
	}
	return w.accounts[id]
}

// owners are the accounts whose resources are there, by id.
func (w *World) owners() []*account {
	switch {
	case w.part != nil && w.part.owners != nil:
		return w.part.owners
	case w.part != nil:
		return w.order
	}
	out := make([]*account, 0, len(w.accounts))
	for _, id := range sortedKeys(w.accounts) {
		out = append(out, w.accounts[id])
	}
	return out
}

// organization is the tree and where each policy hangs.
type organization struct {
	id         string
	management string
	parents    map[string]string // OU or account id -> parent id
	names      map[string]string // OU id -> name
	tags       map[string][]graph.Tag
	accounts   map[string]bool
	attached   map[string]map[string][]graph.OrganizationPolicy // policy type -> target id -> policies
	enabled    map[string]bool
	allFeature bool
	treeKnown  bool // false: a member account's view, which has neither tree nor policies (F10)
}

// account is one account: read, or only known from the organization.
type account struct {
	id         string
	partition  string
	facts      *graph.Account // nil when it was not read
	inOrg      bool
	management bool
	path       string // o-…/r-…/ou-…/…/ (C33); empty when in no organization, or when its place there is not known
	ancestors  []string
	scps, rcps [][]Policy
	policies   map[graph.ARN]*graph.ManagedPolicy
	groups     map[string]*graph.Group
	coverage   map[string]graph.CoverageState
	public     *graph.PublicAccessBlock
	populated  bool // it has principals, groups or policies, which facts do not list
	keyed      bool // it has KMS keys, which facts do not list
}

// documents compiles each policy document once per kind, when it is first needed.
type documents struct {
	compile func(documentKey) *policy.Document
	mu      sync.Mutex
	done    map[documentKey]*documentSlot
	keys    map[*policy.Document]documentKey // which is which; nil where nobody asks
	allOnce sync.Once
	all     *policy.Document // see World.everything
	denials sync.Map         // documents -> what they deny; see World.denialsOf
}

// newDocuments compiles documents from their texts. One that is not there is missing (D18).
func newDocuments(texts map[graph.DocumentHash]*graph.Document) *documents {
	return &documents{done: make(map[documentKey]*documentSlot, len(texts)), compile: func(key documentKey) *policy.Document {
		raw := texts[key.hash]
		if raw == nil {
			return policy.Missing(key.kind)
		}
		return policy.Parse(key.kind, raw.Canonical)
	}}
}

type documentKey struct {
	hash graph.DocumentHash
	kind policy.Kind
}

type documentSlot struct {
	once sync.Once
	doc  *policy.Document
}

func (d *documents) get(hash graph.DocumentHash, kind policy.Kind) *policy.Document {
	key := documentKey{hash, kind}
	d.mu.Lock()
	slot := d.done[key]
	if slot == nil {
		slot = &documentSlot{}
		d.done[key] = slot
	}
	d.mu.Unlock()
	slot.once.Do(func() {
		slot.doc = d.compile(key)
		if d.keys != nil {
			d.mu.Lock()
			d.keys[slot.doc] = key
			d.mu.Unlock()
		}
	})
	return slot.doc
}

// each calls fn with every document that was needed so far.
func (d *documents) each(fn func(documentKey, *policy.Document)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for key, slot := range d.done {
		if slot.doc != nil {
			fn(key, slot.doc)
		}
	}
}

// missing is the stand-in for a document that was not collected, one for each kind, so that what lacks one is alike.
func (d *documents) missing(kind policy.Kind) *policy.Document {
	return d.get(graph.DocumentHash{}, kind)
}

// Compile makes a snapshot's facts ready for questions. The facts must not change afterwards.
func Compile(ctx context.Context, facts *graph.Facts, cat *catalog.Catalog) (*World, error) {
	w := &World{
		facts: facts, catalog: cat, accounts: map[string]*account{}, byARN: map[string]*resource{},
		known: &resourceTypes{byService: map[string][]*resourceType{}},
		docs:  newDocuments(facts.Documents),
	}
	w.compileOrganization()
	for _, a := range facts.Accounts {
		w.compileAccount(a)
	}
	for _, id := range w.org.memberIDs() {
		if w.accounts[id] == nil {
			w.accounts[id] = w.newAccount(id, nil)
		}
	}
	sort.Slice(w.order, func(i, j int) bool { return w.order[i].id < w.order[j].id })
	for _, a := range w.accounts { // members that were not read too: their SCPs bind whom resource policies name
		w.compileLevels(a)
	}
	if err := w.compileCallers(ctx); err != nil {
		return nil, fmt.Errorf("compile snapshot: %w", err)
	}
	w.shares = map[graph.ARN][]accountShare{}
	for _, a := range w.order {
		for _, s := range a.facts.Shares {
			w.shares[s.ARN] = append(w.shares[s.ARN], accountShare{s, a.id})
		}
	}
	for _, a := range w.order {
		w.compileResources(a)
	}
	w.compileShares()
	for _, r := range w.resources {
		w.byARN[r.arn] = r
	}
	w.scanDocuments()
	return w, nil
}

func (w *World) newAccount(id string, facts *graph.Account) *account {
	a := &account{
		id: id, partition: "aws", facts: facts, policies: map[graph.ARN]*graph.ManagedPolicy{},
		groups: map[string]*graph.Group{}, coverage: map[string]graph.CoverageState{},
	}
	if w.org != nil && w.org.accounts[id] {
		a.inOrg = true
		a.management = w.org.management == id
		a.ancestors = w.org.ancestors(id)
		a.path = w.org.path(a.ancestors)
	}
	return a
}

func (w *World) compileAccount(facts *graph.Account) {
	a := w.newAccount(string(facts.ID), facts)
	for _, p := range facts.Policies {
		a.policies[p.ARN] = p
	}
	for _, g := range facts.Groups {
		a.groups[g.Name] = g
	}
	for _, c := range facts.Coverage {
		state, seen := a.coverage[c.Kind]
		if !seen || state == graph.CoverageComplete {
			a.coverage[c.Kind] = c.State
		}
	}
	if facts.Settings != nil {
		a.public = facts.Settings.S3PublicAccessBlock
	}
	for _, arn := range firstARNs(facts) {
		if partition, _, _, _, _, ok := arn.Split(); ok {
			a.partition = partition
			break
		}
	}
	w.accounts[a.id] = a
	w.order = append(w.order, a)
}

func firstARNs(facts *graph.Account) []graph.ARN {
	var out []graph.ARN
	if len(facts.Users) > 0 {
		out = append(out, facts.Users[0].ARN)
	}
	if len(facts.Roles) > 0 {
		out = append(out, facts.Roles[0].ARN)
	}
	if len(facts.Resources) > 0 {
		out = append(out, facts.Resources[0].ARN)
	}
	return out
}

func (w *World) compileOrganization() {
	o := w.facts.Organization
	if o == nil {
		return
	}
	org := &organization{
		id: o.ID, management: string(o.ManagementAccount), parents: map[string]string{}, names: map[string]string{},
		tags: map[string][]graph.Tag{}, accounts: map[string]bool{}, enabled: map[string]bool{},
		attached:   map[string]map[string][]graph.OrganizationPolicy{graph.ServiceControlPolicy: {}, graph.ResourceControlPolicy: {}},
		allFeature: o.FeatureSet != "CONSOLIDATED_BILLING", treeKnown: len(o.Roots) > 0,
	}
	for _, r := range o.Roots {
		org.parents[r.ID] = ""
		for _, t := range r.PolicyTypes {
			org.enabled[t] = true
		}
	}
	for _, u := range o.Units {
		org.parents[u.ID] = u.ParentID
		org.names[u.ID] = u.Name
	}
	for _, a := range o.Accounts {
		org.parents[string(a.ID)] = a.ParentID
		org.accounts[string(a.ID)] = true
		org.tags[string(a.ID)] = a.Tags
	}
	if org.management != "" {
		org.accounts[org.management] = true
	}
	for _, p := range o.Policies {
		byTarget := org.attached[p.Type]
		if byTarget == nil {
			continue
		}
		for _, t := range p.Targets {
			byTarget[t] = append(byTarget[t], p)
		}
	}
	w.org = org
}

func (o *organization) memberIDs() []string {
	if o == nil {
		return nil
	}
	ids := make([]string, 0, len(o.accounts))
	for id := range o.accounts {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	return ids
}

// ancestors lists root, each OU and the account itself, top down. Ingest has checked that the tree has no cycle; the bound
// holds for facts that came another way.
func (o *organization) ancestors(id string) []string {
	var up []string
	for at := id; at != "" && len(up) < 64; at = o.parents[at] {
		up = append(up, at)
	}
	for i, j := 0, len(up)-1; i < j; i, j = i+1, j-1 {
		up[i], up[j] = up[j], up[i]
	}
	return up
}

// path is the organization path of an account (C33, F10).
func (o *organization) path(ancestors []string) string {
	if len(ancestors) < 2 {
		return "" // not known (F10)
	}
	return o.id + "/" + strings.Join(ancestors[:len(ancestors)-1], "/") + "/"
}

// compileLevels gives an account its SCP and RCP levels, root first (D13, D15). A type that is not enabled, or an account in no
// organization, has no such layer (D52).
func (w *World) compileLevels(a *account) {
	if w.org == nil || !w.org.allFeature || w.org.treeKnown && !a.inOrg {
		return
	}
	if !w.org.treeKnown { // F10: what is attached above the account was not read
		a.scps = [][]Policy{{{Name: "the SCPs of " + a.id, Doc: policy.Missing(policy.SCP)}}}
		a.rcps = [][]Policy{{{Name: "the RCPs of " + a.id, Doc: policy.Missing(policy.RCP)}}}
		return
	}
	if w.org.enabled[graph.ServiceControlPolicy] {
		a.scps = w.levels(a, graph.ServiceControlPolicy, policy.SCP)
	}
	if w.org.enabled[graph.ResourceControlPolicy] {
		a.rcps = w.levels(a, graph.ResourceControlPolicy, policy.RCP)
	}
}

func (w *World) levels(a *account, policyType string, kind policy.Kind) [][]Policy {
	byTarget := w.org.attached[policyType]
	levels := make([][]Policy, 0, len(a.ancestors))
	for _, id := range a.ancestors {
		level := []Policy{}
		for _, p := range byTarget[id] {
			if kind == policy.RCP && p.AWSManaged {
				continue // RCPFullAWSAccess: implied, allows everything (D15)
			}
			level = append(level, Policy{Name: p.Name, Doc: w.docs.get(p.Document, kind)})
		}
		sort.Slice(level, func(i, j int) bool { return level[i].Name < level[j].Name })
		levels = append(levels, level)
	}
	return levels
}

// multivalued tells whether a key holds a list, as far as the catalogue knows it (C4).
func (w *World) multivalued(key string) (multi, known bool) {
	if strings.HasSuffix(key, ":amr") {
		return true, true
	}
	if w == nil || w.catalog == nil {
		return false, false
	}
	info, ok := w.catalog.ConditionKey(key)
	return info.Multivalued, ok
}

// scanDocuments notes whether any document reads the time, which then is a fact of the answer. It reads text, so that no document need be
// compiled for it.
func (w *World) scanDocuments() {
	for _, d := range w.facts.Documents {
		if w.readsTime = readsTime(d); w.readsTime {
			return
		}
	}
}

// readsTime tells whether a document may read the time of the request.
func readsTime(d *graph.Document) bool {
	text := bytes.ToLower(d.Canonical)
	return bytes.Contains(text, []byte("aws:currenttime")) || bytes.Contains(text, []byte("aws:epochtime"))
}

// Complete tells whether everything that was asked for could be read, and names what could not.
func (w *World) Complete() (bool, []string) {
	missing := w.facts.Incomplete()
	return len(missing) == 0, missing
}

// Catalog gives the catalogue of actions that questions are answered with.
func (w *World) Catalog() *catalog.Catalog { return w.catalog }

// holds tells whether the snapshot has a resource of that ARN.
func (w *World) holds(arn string) bool {
	return w.byARN[arn] != nil || w.part != nil && w.part.has(arn)
}
