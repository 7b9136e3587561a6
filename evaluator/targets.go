package evaluator

import (
	"fmt"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
	"github.com/accessgraph/accessgraph/graph"
)

// resourceType is one resource type of the catalogue with its ARN template as a language. Types whose template goes on where this
// one ends (an object after its bucket) are its children: their ARNs are not its own.
type resourceType struct {
	key      string // service/name
	service  string
	template string
	pattern  region.Pattern
	matcher  region.Matcher
	children []*resourceType
	// others are the children that are no resources of the type itself; an alias of a function is one (D47).
	others []*resourceType
}

// matches tells whether an ARN is of this type and of none of its children's.
func (t *resourceType) matches(arn string) bool {
	if !t.matcher.Match(arn) {
		return false
	}
	for _, c := range t.others {
		if c.matcher.Match(arn) {
			return false
		}
	}
	return true
}

// item is whatever is of the type in one partition and account ("" for any).
func (t *resourceType) item(partition, account string) *item {
	it := patternItem(templatePattern(t.template, partition, account))
	it.types, it.service = []string{t.key}, t.service
	if len(t.others) > 0 {
		not := region.Lang{Not: true}
		for _, c := range t.others {
			not.Patterns = append(not.Patterns, c.pattern)
		}
		it.langs = append(it.langs, not)
	}
	return it
}

// templatePattern turns arn:${Partition}:kms:${Region}:${Account}:key/${KeyId} into a pattern: a variable is any run of
// characters, within its field where a colon follows.
func templatePattern(template, partition, account string) region.Pattern {
	var p region.Pattern
	field := 1
	for len(template) > 0 {
		if strings.HasPrefix(template, "${") {
			end := strings.IndexByte(template, '}')
			if end < 0 {
				end = len(template) - 1
			}
			name := template[2:end]
			template = template[end+1:]
			fixed := map[string]string{"Partition": partition, "Account": account, "AccountId": account}[name]
			switch {
			case fixed != "":
				p.Tokens = append(p.Tokens, region.Literal(fixed).Tokens...)
			case field < 6:
				p.Tokens = append(p.Tokens, region.Token{Kind: region.TokenStarInField})
			default:
				p.Tokens = append(p.Tokens, region.Token{Kind: region.TokenStar})
			}
			continue
		}
		r := rune(template[0])
		if r == ':' {
			field++
		}
		p.Tokens = append(p.Tokens, region.Token{Kind: region.TokenRune, Rune: r})
		template = template[1:]
	}
	return p
}

// resourceTypes are the resource types of the services that somebody asked for.
type resourceTypes struct {
	mu        sync.Mutex
	byService map[string][]*resourceType
}

// types gives the resource types of a service, children linked.
func (w *World) types(service string) []*resourceType {
	w.known.mu.Lock()
	defer w.known.mu.Unlock()
	if ts, ok := w.known.byService[service]; ok {
		return ts
	}
	var out []*resourceType
	if s, ok := w.catalog.Service(service); ok {
		for i := range s.ResourceTypes {
			out = append(out, newResourceType(service, s.ResourceTypes[i]))
		}
	}
	if service == "es" {
		out = append(out, domainPaths())
	}
	for _, t := range out {
		for _, other := range out {
			rest, ok := strings.CutPrefix(other.template, t.template)
			if ok && rest != "" && (rest[0] == '/' || rest[0] == ':') {
				t.children = append(t.children, other)
				if !qualifies(other.key) {
					t.others = append(t.others, other)
				}
			}
		}
	}
	w.known.byService[service] = out
	return out
}

func newResourceType(service string, rt *catalog.ResourceType) *resourceType {
	t := &resourceType{key: service + "/" + rt.Name, service: service, template: rt.ARN}
	t.pattern = templatePattern(t.template, "", "")
	t.matcher = region.Compile(t.pattern)
	return t
}

// searchPath is what lies in a search domain. The reference has no type for it, but requests to a domain's endpoint are on the path that they ask
// for, and access policies grant on domain/NAME/* (D47).
const searchPath = "es/domain path"

func domainPaths() *resourceType {
	return newResourceType("es", &catalog.ResourceType{Name: strings.TrimPrefix(searchPath, "es/"), ARN: "arn:${Partition}:es:${Region}:${Account}:domain/${DomainName}/${Path}"})
}

// searches tells the actions on what lies in a search domain.
func searches(action string) bool {
	service, name := cutAction(action)
	return service == "es" && hasFoldPrefix(name, "ESHttp")
}

// item is a piece of the resource dimension: one ARN, or the ARNs under one (the objects of a bucket), or any other resource
// of a type.
type item struct {
	text    string // as answers show it; see spelled
	literal bool
	langs   []region.Lang // their intersection, for a piece that is no single ARN
	pattern region.Pattern
	matcher region.Matcher // of the pattern
	types   []string
	service string
	claimed bool   // the snapshot's own resources are to be taken out of it
	shown   string // what answers show in place of text, where that is not for people
	apart   bool   // lies under a resource of the snapshot, whose policy does not speak of it (D47)
}

// spelled is the item as answers show it.
func (it *item) spelled() string {
	if it.shown != "" {
		return it.shown
	}
	return it.text
}

// patternItem is whatever a pattern matches.
func patternItem(p region.Pattern) *item {
	return &item{text: p.String(), pattern: p, matcher: region.Compile(p), langs: []region.Lang{{Patterns: []region.Pattern{p}}}}
}

// qualifies tells the types that are a resource of another type with a qualifier: actions on a function act on its aliases and versions.
func qualifies(typ string) bool {
	return typ == "lambda/function alias" || typ == "lambda/function version"
}

// underPolicy tells the types whose resources the policy of what they lie under speaks of: a bucket's of its objects. Aliases and versions of
// a function, versions of a layer, streams and backups of a table have policies of their own, or none (D47).
func underPolicy(typ string) bool {
	switch typ {
	case "lambda/function alias", "lambda/function version", "lambda/layerVersion", "lambda/durable execution",
		"dynamodb/stream", "dynamodb/backup", "dynamodb/export", "dynamodb/import":
		return false
	}
	return true
}

// targetGroup is a set of resources that no policy in play can tell apart by anything but their ARN: they share owner, policy,
// tags and settings.
type targetGroup struct {
	owner      *account
	ownerID    string // when the owner was not read
	region     string
	tags       []graph.Tag
	tagsKnown  bool
	policy     *Policy
	trust      bool
	grants     []Grant
	restricted bool
	keyByAWS   bool
	linkedRole bool
	urlAuth    string // FunctionUrlAuthType, empty when it was not collected (D47)
	// through tells access points: the bucket behind one is not in the snapshot (D41).
	through       bool
	boundary      string // of a user or role that is acted on (C35)
	boundaryKnown bool
	items         []*item
	snapshot      bool // false: not in the snapshot
	star          bool // the resource-less "*"
	unread        bool // another account's resource whose policy was not read
	assumption    string
	management    bool   // the owner is the management account, where the owner was not read
	base          string // all that tells groups apart but their policies; see mergeFor
	parts         []*targetGroup
	spoken        []*policy.Statement // of a merged group: the policy statements in view, of its first part
	twins         [][]StatementRef    // their like in the policies of all parts
	retired       []StatementRef      // the KMS grants of all parts, which do not name the caller
	outsiders     outsiders
	actions       region.Set // members that apply to some item
	place         int        // among the snapshot's groups
	rank          int        // among those of its owner
	patterns      bool       // some items are no single ARN
	memo          *groupMemo // nil while the group is put together
}

// groupMemo is what was found about one group, for all callers of a question.
type groupMemo struct {
	cuts       cuts
	judgements judgements
	bareOnce   sync.Once
	bare       *targetGroup // see settled
}

// appliesIn gives the members of the question that act on an item of a group.
func (t *targets) appliesIn(g *targetGroup, it *item) region.Set {
	if g.star {
		return t.star
	}
	return t.applies(it).And(g.actions)
}

// outsiders says whom a resource policy can speak of beyond its own account.
type outsiders struct {
	everyone bool
	accounts map[string]bool
}

func (o *outsiders) admits(account string) bool { return o.everyone || o.accounts[account] }

// targets lists the groups of resources that a question ranges over.
type targets struct {
	world      *World
	question   *compiledQuestion
	types      map[string]region.Set // resource type -> members that act on it
	applied    sync.Map              // see applies
	star       region.Set            // members without resource type
	unknown    map[string]region.Set // service -> members that the catalogue does not know
	groups     []*targetGroup        // of the snapshot
	byOwner    map[*account][]*targetGroup
	cross      []*targetGroup // those that may admit someone of another account
	others     map[*account][]*targetGroup
	speaks     map[*policy.Document]bool   // documents that speak of the question's actions; see classKey
	spoken     map[*policy.Document]string // see spokenOf
	once       sync.Once
	tagKeys    map[string]bool     // resource tags that documents in play read, lower case
	keysRead   map[string]bool     // keys that documents in play read
	regions    bool                // documents in play read the Region
	transport  bool                // documents in play read aws:SecureTransport
	clock      bool                // documents in play read the time of the request
	boundaries bool                // documents in play read the boundary of the entity that is acted on
	shared     *readers            // of the resource side
	seenByAll  *readers            // the same, as far as it can see callers of any account
	seenFrom   map[string]*readers // beside these: as far as it can see callers of one account
	named      map[string][]int    // callers that the resource side spells out, and the groups that do, by place
	views      views
	abroad     *abroadView                // where callers are looked at as resources of other accounts see them
	asks       atomic.Int64               // judgements that were asked for
	decided    atomic.Int64               // those of them that were not there yet
	only       map[*account]bool          // whose callers are judged; nil: everybody's; see targetsFor
	across     map[string][]*resourceType // see typesAcross
	unproved   bool                       // nobody asks for the proofs of what is found, so that the names of policies and statements tell nobody apart

	holding map[string][]int // ARN -> the groups that hold it, by place
	meets   sync.Map         // encounter -> region.Set; see met
}

func (w *World) newTargets(q *compiledQuestion, also ...*policy.Document) *targets {
	return w.targetsFor(nil, q, also...)
}

// targetsFor is newTargets where callers of some accounts alone are judged: of other accounts' resources it has those that have a policy or grants.
func (w *World) targetsFor(callers []*caller, q *compiledQuestion, also ...*policy.Document) *targets {
	t := &targets{
		world: w, question: q, types: map[string]region.Set{}, star: region.NewSet(len(q.members)),
		unknown: map[string]region.Set{}, byOwner: map[*account][]*targetGroup{}, others: map[*account][]*targetGroup{}, speaks: map[*policy.Document]bool{},
		holding: map[string][]int{}, spoken: map[*policy.Document]string{},
	}
	if callers != nil {
		t.only = map[*account]bool{}
		for _, c := range callers {
			t.only[c.account] = true
		}
	}
	t.indexMembers()
	t.scanDocuments(also)
	t.groupSnapshot()
	return t
}

func addMember(m map[string]region.Set, key string, n, i int) {
	set, ok := m[key]
	if !ok {
		set = region.NewSet(n)
		m[key] = set
	}
	set.Add(i)
}

func (t *targets) indexMembers() {
	n := len(t.question.members)
	for i := range t.question.members {
		m := &t.question.members[i]
		service := ActionService(m.name)
		switch {
		case m.action == nil: // B10: the data lacks the action, so its resource is free
			addMember(t.unknown, service, n, i)
			t.star.Add(i)
		case len(m.action.Resources) == 0:
			t.star.Add(i)
		default:
			for _, r := range m.action.Resources {
				addMember(t.types, service+"/"+r.Type.Name, n, i)
			}
			if searches(m.name) {
				addMember(t.types, searchPath, n, i)
			}
		}
	}
}

// applies gives the members that act on an item. The set is that of all such items: it must not be changed.
func (t *targets) applies(it *item) region.Set {
	if len(it.types) == 1 { // mostly
		set, ok := t.types[it.types[0]]
		if _, unknown := t.unknown[it.service]; ok && !unknown {
			return set
		}
	}
	kind := it.service + "\x00" + strings.Join(it.types, "\x00")
	if set, ok := t.applied.Load(kind); ok {
		return set.(region.Set)
	}
	out := t.question.none()
	for _, key := range it.types {
		if set, ok := t.types[key]; ok {
			out = joinSets(out, set)
		}
	}
	if set, ok := t.unknown[it.service]; ok {
		out = joinSets(out, set)
	}
	t.applied.Store(kind, out)
	return out
}

// joinSets is a ∪ b, without a new set where one has all of the other.
func joinSets(a, b region.Set) region.Set {
	switch {
	case b.SubsetOf(a):
		return a
	case a.SubsetOf(b):
		return b
	}
	return a.Or(b)
}

// groupSnapshot groups the snapshot's resources that the question's actions can act on and its resource patterns reach.
func (t *targets) groupSnapshot() {
	byKey := map[string]*targetGroup{}
	for _, r := range t.world.resources {
		apart := t.only != nil && !t.only[r.owner] // only its own policy and grants can let a caller in
		if apart && r.policy == nil && len(r.grants) == 0 {
			continue
		}
		if r.compute && !apart {
			t.addAcross(byKey, r)
		}
		if !t.question.services[r.service] && !(r.trust && t.question.services["sts"]) {
			continue
		}
		if r.trust { // a role answers twice: to iam actions, and through its trust policy to sts actions
			if t.question.services["iam"] && !apart {
				t.addResource(byKey, r, "iam", false)
			}
			if t.question.services["sts"] {
				t.addResource(byKey, r, "sts", true)
			}
			continue
		}
		t.addResource(byKey, r, r.service, true)
	}
	for i, g := range t.groups {
		g.place, g.rank, g.memo = i, len(t.byOwner[g.owner]), &groupMemo{}
		t.byOwner[g.owner] = append(t.byOwner[g.owner], g)
		for _, it := range g.items {
			if it.literal {
				t.holding[it.text] = append(t.holding[it.text], i)
			} else {
				g.patterns = true
			}
		}
		g.outsiders = admitted(g)
		if g.outsiders.everyone || len(g.outsiders.accounts) > 0 {
			t.cross = append(t.cross, g)
		}
	}
}

// addAcross adds compute as what other services than its own act on: Systems Manager on an instance of EC2. No policy of its own speaks of that.
func (t *targets) addAcross(byKey map[string]*targetGroup, r *resource) {
	added := ""
	for _, typ := range t.typesAcross(arnField(r.arn, 3)) {
		if typ.service != added && typ.service != r.service && typ.matches(r.arn) {
			added = typ.service
			t.addResource(byKey, r, typ.service, false)
		}
	}
}

// typesAcross are the resource types of the question's services that its actions act on and whose ARNs name a service, by service.
func (t *targets) typesAcross(named string) []*resourceType {
	if types, ok := t.across[named]; ok {
		return types
	}
	var out []*resourceType
	for _, service := range sortedKeys(t.question.services) {
		for _, typ := range t.world.types(service) {
			field := arnField(typ.template, 3)
			if t.types[typ.key].Len() > 0 && (field == named || strings.Contains(field, "$")) {
				out = append(out, typ)
			}
		}
	}
	if t.across == nil {
		t.across = map[string][]*resourceType{}
	}
	t.across[named] = out
	return out
}

func (t *targets) addResource(byKey map[string]*targetGroup, r *resource, service string, withPolicy bool) {
	items := t.world.itemsOf(r, service)
	if len(t.question.patterns) > 0 { // otherwise what is said of a function is enough
		for _, it := range items {
			if it.apart && qualifies(it.types[0]) {
				it.types = append(it.types, "lambda/function")
			}
		}
	}
	var kept []*item
	actions := t.question.none()
	for _, it := range items {
		if !t.reaches(it) {
			continue
		}
		set := t.applies(it)
		if set.Empty() {
			continue
		}
		if it.apart {
			t.addApart(byKey, r, service, it, set)
			continue
		}
		actions = joinSets(actions, set)
		kept = append(kept, it)
	}
	if len(kept) == 0 {
		return
	}
	key := service + "\x00" + r.facts
	key += t.distinguishing(r)
	g := byKey[key]
	if g == nil {
		g = &targetGroup{
			owner: r.owner, region: r.region, tags: r.tags, tagsKnown: r.tagsKnown, grants: r.grants, restricted: r.restricted(),
			keyByAWS: r.attributes.KeyManager == "AWS", linkedRole: r.linkedRole(), snapshot: true, trust: r.trust && withPolicy,
			urlAuth: r.attributes.FunctionURLAuthType, through: r.accessPoint(), boundary: r.boundary, boundaryKnown: r.entity,
			actions: region.NewSet(len(t.question.members)),
		}
		if withPolicy {
			g.policy = r.policy
		}
		g.base = fmt.Sprintf("%s\x00%t%t\x00%q\x00%t%t%t%t%t\x00%q\x00%q", service, r.owner.management, r.owner.inOrg, r.typ, g.restricted, g.keyByAWS, g.linkedRole, g.trust, withPolicy, r.attributes.FunctionURLAuthType, t.boundaryOf(r))
		byKey[key] = g
		t.groups = append(t.groups, g)
	}
	g.items = append(g.items, kept...)
	g.actions = joinSets(g.actions, actions)
}

// addApart adds what lies under a resource of the snapshot and has no part in its policy: nothing is known of it.
func (t *targets) addApart(byKey map[string]*targetGroup, r *resource, service string, it *item, actions region.Set) {
	key := service + "\x00apart\x00" + r.owner.id + "\x00" + r.region
	g := byKey[key]
	if g == nil {
		g = &targetGroup{owner: r.owner, region: r.region, assumption: notInSnapshot, actions: t.question.none()}
		byKey[key] = g
		t.groups = append(t.groups, g)
	}
	g.items = append(g.items, it)
	g.actions = joinSets(g.actions, actions)
}

// read notes that something in play reads a key: facts of resources that nothing reads do not keep them apart.
func (t *targets) read(key string) {
	t.keysRead[key] = true
	if family, name, ok := strings.Cut(key, "/"); ok && resourceTagFamily(family) {
		t.tagKeys[name] = true
	}
	t.regions = t.regions || key == "aws:requestedregion"
	t.transport = t.transport || key == "aws:securetransport"
	t.clock = t.clock || key == "aws:currenttime" || key == "aws:epochtime"
	t.boundaries = t.boundaries || key == "iam:permissionsboundary"
}

// scanDocuments collects what the question and the documents in play read, those of nobody in the snapshot too.
func (t *targets) scanDocuments(also []*policy.Document) {
	t.tagKeys, t.keysRead = map[string]bool{}, map[string]bool{}
	note := t.read
	for k := range t.question.named {
		note(k)
	}
	if t.world.part != nil {
		for _, k := range t.world.part.reads {
			note(k)
		}
	}
	scan := func(_ documentKey, doc *policy.Document) {
		if !t.relevant(doc) {
			return
		}
		for i := range doc.Statements {
			s := &doc.Statements[i]
			if t.question.matching(&s.Actions).Empty() {
				continue
			}
			for j := range s.Resources.Patterns {
				addVariables(&s.Resources.Patterns[j], note)
			}
			for j := range s.Conditions {
				note(s.Conditions[j].Key)
				for k := range s.Conditions[j].Values {
					if v := s.Conditions[j].Values[k].Template; v != nil {
						addVariables(v, note)
					}
				}
			}
		}
	}
	t.world.docs.each(scan)
	for _, doc := range also {
		scan(documentKey{}, doc)
	}
}

// distinguishing spells the tags and the Region of a resource as far as something in play reads them.
func (t *targets) distinguishing(r *resource) string {
	var b strings.Builder
	if len(t.tagKeys) > 0 {
		fmt.Fprintf(&b, "\x00%t", r.tagsKnown)
		for _, tag := range r.tags {
			if t.tagKeys[strings.ToLower(tag.Key)] {
				fmt.Fprintf(&b, "\x00%q=%q", tag.Key, tag.Value)
			}
		}
	}
	if t.regions {
		b.WriteString("\x00" + r.region)
	}
	b.WriteString("\x00" + t.boundaryOf(r))
	return b.String()
}

// boundaryOf is the boundary of a user or role that is acted on, where something in play reads it (C35).
func (t *targets) boundaryOf(r *resource) string {
	if !t.boundaries {
		return ""
	}
	return r.boundary
}

// reaches tells whether the question's resource patterns can meet an item; cells decide it exactly later.
func (t *targets) reaches(it *item) bool {
	if len(t.question.patterns) == 0 {
		return true
	}
	for i := range t.question.patterns {
		p := t.question.patterns[i]
		if it.literal {
			m := region.Compile(p)
			if m.Match(it.text) {
				return true
			}
			continue
		}
		ok, err := region.Intersects(nil, region.Lang{Patterns: []region.Pattern{p}}, region.Lang{Patterns: []region.Pattern{it.pattern}})
		if err != nil || ok {
			return true
		}
	}
	return false
}

// itemsOf lists the pieces of a resource: itself, and what lies under it.
func (w *World) itemsOf(r *resource, service string) []*item {
	self := &item{text: r.arn, literal: true, service: r.service}
	items := []*item{self}
	types := w.types(service)
	if service != r.service {
		self.service = service
	}
	for _, t := range types {
		if !t.matches(r.arn) {
			continue
		}
		self.types = append(self.types, t.key)
		for _, c := range t.children {
			rest := c.template[len(t.template):]
			p := region.Literal(r.arn)
			p.Tokens = append(p.Tokens, templatePattern("::::::"+rest, "", "").Tokens[6:]...)
			below := patternItem(p)
			below.types, below.service = []string{c.key}, self.service
			below.claimed, below.apart = !underPolicy(c.key), !underPolicy(c.key)
			items = append(items, below)
		}
	}
	return items
}

// othersOf lists what the snapshot does not have in an account: any other resource of each type in play, and the
// resource-less "*".
func (t *targets) othersOf(a *account) []*targetGroup {
	groups, ok := t.others[a]
	if !ok {
		groups = t.othersAmong(a, t.question.all())
		t.others[a] = groups
	}
	return groups
}

// othersAmong is othersOf as far as some members act on it.
func (t *targets) othersAmong(a *account, members region.Set) []*targetGroup {
	n := len(t.question.members)
	rest := &targetGroup{owner: a, actions: region.NewSet(n), assumption: notInSnapshot}
	groups := []*targetGroup{}
	keys := make([]string, 0, len(t.types))
	for k, set := range t.types {
		if set.Intersects(members) {
			keys = append(keys, k)
		}
	}
	if _, known := t.types[kmsKeyType]; !known && t.unknown["kms"].Intersects(members) {
		keys = append(keys, kmsKeyType) // an action that nobody knows needs a key's consent too
	}
	sort.Strings(keys)
	for _, key := range keys {
		service, _, _ := strings.Cut(key, "/")
		for _, typ := range t.world.types(service) {
			if typ.key != key {
				continue
			}
			if g := t.otherOfType(a, typ, rest); g != nil {
				groups = append(groups, g)
			}
		}
	}
	for _, service := range sortedKeys(t.unknown) {
		if t.unknown[service].Intersects(members) && t.world.hasService(service) {
			for _, it := range t.world.anythingOf(a, service) {
				t.addOther(rest, it)
			}
		}
	}
	if len(rest.items) > 0 {
		groups = append(groups, rest)
	}
	if g := t.managedByAWS(a, members); g != nil {
		groups = append(groups, g)
	}
	if t.star.Intersects(members) && t.starAsked() {
		groups = append(groups, &targetGroup{
			owner: a, star: true, snapshot: true, actions: t.star, tagsKnown: false,
			items: []*item{{text: "*", literal: true}},
		})
	}
	for _, g := range groups {
		g.memo = &groupMemo{}
	}
	return groups
}

// managedByAWS is AWS's own managed policies, which an account reads as if they were its own and never writes (D6).
func (t *targets) managedByAWS(a *account, members region.Set) *targetGroup {
	reads := t.question.none()
	t.types["iam/policy"].Each(func(i int) {
		if !writesManagedPolicy(cutAction(t.question.members[i].name)) {
			reads.Add(i)
		}
	})
	if !reads.Intersects(members) {
		return nil
	}
	for _, typ := range t.world.types("iam") {
		if typ.key != "iam/policy" {
			continue
		}
		it := typ.item(a.partition, awsAccount)
		if t.reaches(it) {
			return &targetGroup{ownerID: awsAccount, items: []*item{it}, actions: reads}
		}
	}
	return nil
}

// notInSnapshot marks grants on resources that the snapshot does not hold.
const notInSnapshot = "resource not in the snapshot: judged by the principal's policies alone"

// starAsked tells whether the question's resources include the resource-less "*".
func (t *targets) starAsked() bool {
	if len(t.question.patterns) == 0 {
		return true
	}
	for _, r := range t.question.Resources {
		if strings.Trim(r, "*") == "" {
			return true
		}
	}
	return false
}

// otherOfType adds "any other resource" of a type to the rest, or gives it a group of its own where the resource's own
// consent is needed.
func (t *targets) otherOfType(a *account, typ *resourceType, rest *targetGroup) *targetGroup {
	it := typ.item(a.partition, a.id)
	it.claimed = true
	mandatory := typ.key == kmsKeyType || typ.service == "sts" && strings.Contains(typ.template, ":role/")
	if !mandatory {
		t.addOther(rest, it)
		return nil
	}
	kind := "AWS::KMS::Key"
	if typ.service == "sts" {
		kind = graph.KindIAM
	}
	if a.coverage[kind] == graph.CoverageComplete || a.consentRead(typ.service) {
		return nil // the kind was read completely: there is no other one
	}
	if !t.reaches(it) {
		return nil
	}
	return &targetGroup{owner: a, actions: t.applies(it), items: []*item{it}, assumption: consentAssumption(typ.service)}
}

// consentAssumption is what a grant stands on where the resource's own consent is needed and not in the snapshot.
func consentAssumption(service string) string {
	if service == "sts" {
		return "role not in the snapshot: its trust policy is assumed to delegate to its account"
	}
	return "key not in the snapshot: its key policy is assumed to delegate to its account"
}

func (t *targets) addOther(rest *targetGroup, it *item) {
	if !t.reaches(it) {
		return
	}
	rest.items = append(rest.items, it)
	rest.actions = joinSets(rest.actions, t.applies(it))
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// kmsKeyType is the one resource type whose own policy must consent to everything (D32).
const kmsKeyType = "kms/key"

// anythingOf is what actions that nobody knows may act on: whatever is called after a service and the account, or, where the service
// has such ARNs, after no account. What needs a consent of its own is apart.
func (w *World) anythingOf(a *account, service string) []*item {
	templates := []string{"arn:${Partition}:" + service + ":${Region}:${Account}:${Resource}"}
	if w.namesNoAccount(service) {
		templates = append(templates, "arn:${Partition}:"+service+":::${Resource}")
	}
	items := make([]*item, len(templates))
	for i, template := range templates {
		p := templatePattern(template, a.partition, a.id)
		items[i] = patternItem(p)
		items[i].service, items[i].claimed = service, true
		for _, typ := range w.types(service) {
			if typ.key == kmsKeyType {
				items[i].langs = append(items[i].langs, region.Lang{Not: true, Patterns: []region.Pattern{typ.pattern}})
			}
		}
	}
	return items
}

// namesNoAccount tells services some of whose ARNs hold no account, such as buckets: their owner is taken to be the caller's account.
func (w *World) namesNoAccount(service string) bool {
	for _, t := range w.types(service) {
		if arnField(t.template, 5) == "" {
			return true
		}
	}
	return false
}

func (w *World) hasService(service string) bool {
	return w.catalog.Known(service)
}

// admitted says whom a group's own policy and grants can let in beyond the owner's account.
func admitted(g *targetGroup) outsiders {
	o := outsiders{accounts: map[string]bool{}}
	for _, gr := range g.grants {
		for _, who := range []string{gr.Grantee, gr.Retiring, gr.IssuingAccount} { // the latter two may retire it (D33)
			if id := accountOf(who); id != "" && id != g.owner.id {
				o.accounts[id] = true
			}
		}
	}
	if g.policy == nil {
		return o
	}
	for i := range g.policy.Doc.Statements {
		s := &g.policy.Doc.Statements[i]
		if s.Effect != policy.Allow {
			continue
		}
		if s.Principals.Not || s.Principals.None {
			o.everyone = true
		}
		for _, e := range s.Principals.Entries {
			switch {
			case e.Kind == policy.PrincipalEveryone, e.Kind == policy.PrincipalID:
				o.everyone = true
			case e.Account != "" && e.Account != g.owner.id:
				o.accounts[e.Account] = true
			}
		}
	}
	return o
}

// foreign are groups for resource patterns of the question that name another account whose resource was not read: whether its
// own policy consents is not in the snapshot.
func (t *targets) foreign(c *caller) []*targetGroup {
	var out []*targetGroup
	for i, text := range t.question.Resources {
		id := arnAccount(text)
		if !isAccountID(id) || id == c.principal.Account {
			continue
		}
		p := t.question.patterns[i]
		if name, literal := p.Literal(); literal && t.world.holds(name) {
			continue
		}
		service := arnField(text, 3)
		owner := t.world.account(id)
		if owner != nil && owner.facts != nil && owner.consentRead(service) {
			continue
		}
		if service == "iam" {
			service = "sts" // D47: of iam's, roles alone have a policy of their own, and sts actions are all that it speaks of
		}
		if noPolicy(service, arnField(text, 6)) {
			continue
		}
		it := patternItem(p)
		it.text, it.service, it.claimed = text, service, true
		if name, literal := p.Literal(); literal {
			it.literal, it.text = true, name
		}
		for _, typ := range t.world.types(service) {
			meets, err := region.Intersects(nil, region.Lang{Patterns: []region.Pattern{typ.pattern}}, region.Lang{Patterns: []region.Pattern{p}})
			if err != nil || meets {
				it.types = append(it.types, typ.key)
			}
		}
		actions := t.applies(it)
		if actions.Empty() {
			continue
		}
		g := &targetGroup{owner: owner, ownerID: id, items: []*item{it}, unread: true, actions: actions}
		out = append(out, g)
	}
	return out
}

// consentRead tells whether the resource side of a service was read completely in an account. What coverage says of a type
// (AWS::KMS::Key) goes before what it says of resource policies as a whole.
func (a *account) consentRead(service string) bool {
	if service == "iam" || service == "sts" {
		return a.coverage[graph.KindIAM] == graph.CoverageComplete
	}
	for kind, state := range a.coverage {
		if parts := strings.Split(kind, "::"); len(parts) == 3 && strings.EqualFold(parts[1], service) && state != graph.CoverageComplete {
			return false
		}
	}
	return a.coverage[graph.KindResourcePolicies] == graph.CoverageComplete
}
