package evaluator

import (
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// Witness is one concrete request that a grant allows.
type Witness struct {
	Principal string
	Action    string
	Resource  string
	Context   []KeyValue // by key
}

// KeyValue is one present key of a witness; Values has one value unless the key is multivalued.
type KeyValue struct {
	Key    string
	Values []string
	Multi  bool
}

// sketch is a witness before it is tied to one principal of a class: what the request-time keys are.
type sketch struct {
	member   *member
	resource string
	request  []KeyValue // the keys that the verdict reads and only the request knows
	region   string     // of the resource, where the verdict takes it from the ARN
}

// sketchOf picks one context of a grant.
func (e *evaluation) sketchOf(r *raw) (*sketch, bool) {
	s := e.symbols
	at, ok := s.space.Pick(r.node)
	if !ok {
		return nil, false
	}
	sk := &sketch{member: &e.asking.members[e.bestMember(r)], resource: e.sampleOf(&r.part.cell.pieces[0]), region: r.part.cell.region}
	if e.whole != nil {
		e.makeLikely(r, sk)
	}
	for _, d := range s.order {
		f := r.part.facts.fact(d.key)
		if f.state != keyFree && f.state != keyPresent {
			continue // known or absent for these actions, whatever it is for others
		}
		if kv, ok := d.value(at); ok {
			e.likelyType(d, at, &kv)
			sk.request = append(sk.request, kv)
		}
	}
	e.relateValues(sk, at, &r.part.cell.pieces[0])
	return sk, true
}

// likelyType makes somebody of an outside account a session or a user where either will do: not everything is for root users (D20).
func (e *evaluation) likelyType(d *domain, at []int, kv *KeyValue) {
	if d.key != "aws:principaltype" || d.multi || at[d.presence] < 1 {
		return
	}
	for _, kind := range []string{"AssumedRole", "User"} {
		if e.inCell(d, at[d.presence]-1, kind) {
			kv.Values = []string{kind}
			return
		}
	}
}

// bestMember prefers an action of the catalogue to the symbolic other.
func (e *evaluation) bestMember(r *raw) int {
	best := r.part.class.first
	found := false
	r.members.Each(func(i int) {
		if !found && e.asking.members[i].action != nil && r.part.class.members.Has(i) {
			best, found = i, true
		}
	})
	return best
}

// sampleOf is some resource of a piece, a likely one where there is a choice.
func (e *evaluation) sampleOf(p *piece) string {
	if p.item.literal {
		return p.item.text
	}
	candidates := []region.Pattern{p.item.pattern}
	if !p.whole {
		for i, at := range p.split.tests {
			if p.bits.Has(i) {
				candidates = append(candidates, e.tests.list[at].pattern)
			}
		}
	}
	for i := len(candidates) - 1; i >= 0; i-- {
		if text := likely(candidates[i]); e.inPiece(p, text) {
			return text
		}
	}
	if p.witness != "" {
		return p.witness
	}
	if w, ok, err := region.Find(e.budget, p.item.langs...); err == nil && ok {
		if p.item.claimed && e.w.holds(w) {
			return e.unclaimed(w)
		}
		return w
	}
	return p.item.text
}

// inPiece tells whether a resource lies in a piece of the resource dimension.
func (e *evaluation) inPiece(p *piece, text string) bool {
	if p.item.claimed && e.w.holds(text) {
		return false
	}
	for _, l := range p.item.langs {
		if !l.Match(text) {
			return false
		}
	}
	if p.whole && p.split == nil {
		return true
	}
	for i, at := range p.split.tests {
		if e.tests.list[at].matcher.Match(text) != p.bits.Has(i) {
			return false
		}
	}
	return !p.item.claimed || p.item.apart || !e.claimedUnder(text)
}

// claimedUnder tells whether something of the snapshot claims a resource as lying under it.
func (e *evaluation) claimedUnder(text string) bool {
	for i, r := range text {
		if (r == '/' || r == ':') && e.w.holds(text[:i]) {
			return true
		}
	}
	return false
}

// likely fills a pattern's wildcards with what such a field usually holds.
func likely(p region.Pattern) string {
	var b strings.Builder
	field := 1
	for _, t := range p.Tokens {
		switch t.Kind {
		case region.TokenRune:
			b.WriteRune(t.Rune)
			if t.Rune == ':' {
				field++
			}
		case region.TokenAny, region.TokenAnyInField:
			b.WriteByte('x')
		default:
			if field == 2 {
				b.WriteString("aws")
			} else if field == 4 {
				b.WriteString("us-east-1")
			} else {
				b.WriteString("example")
			}
		}
	}
	return b.String()
}

// value is the key's value in an assignment; a key that does not matter is left out where it may be.
func (d *domain) value(at []int) (KeyValue, bool) {
	kv := KeyValue{Key: d.written, Multi: d.multi}
	choice := at[d.presence]
	if d.multi {
		if choice != 1 {
			return kv, false
		}
		for i, v := range d.inhabited {
			if at[v] == 1 {
				kv.Values = append(kv.Values, d.cells[i].Witness)
			}
		}
		return kv, true
	}
	if choice <= 0 {
		if d.fact.state == keyPresent && len(d.cells) > 0 && choice < 0 {
			kv.Values = []string{d.cells[0].Witness}
			return kv, true
		}
		return kv, false
	}
	kv.Values = []string{d.cells[choice-1].Witness}
	return kv, true
}

// relateValues makes keys that the assignment relates agree: the compared key takes the value that the template spells, and so does the
// resource where it is a piece of its item.
func (e *evaluation) relateValues(sk *sketch, at []int, p *piece) {
	for _, o := range e.symbols.olist {
		if o.set != nil && at[o.variable] == 1 {
			e.relateSet(sk, o)
		}
		if o.class() != 0 || o.shown == nil {
			continue
		}
		if at[o.variable] != 1 {
			e.keepApart(sk, at, o)
			continue
		}
		pattern, ok := o.shown.Resolve(sk.context())
		if !ok {
			continue
		}
		value, found, err := region.Find(e.budget, region.Lang{Patterns: []region.Pattern{pattern}})
		if err != nil || !found {
			continue
		}
		if o.key == "" {
			if !p.item.literal && o.text == p.item.text && e.inPiece(p, value) {
				sk.resource = value
			}
			continue
		}
		for i := range sk.request {
			kv := &sk.request[i]
			if policy.CanonicalKey(kv.Key) == o.key && !kv.Multi {
				kv.Values = []string{value}
			}
		}
	}
}

// relateSet gives a multivalued key the value that the template of another key spells: beside the others where one must match, in place
// of those that nothing else accepts where all must (C46).
func (e *evaluation) relateSet(sk *sketch, o *opaque) {
	t := o.set
	if !t.dom.multi {
		return
	}
	var value string
	found := false
	for _, r := range t.relates {
		pattern, ok := r.shown.Resolve(sk.context())
		if !ok {
			continue
		}
		text, some, err := region.Find(e.budget, region.Lang{Patterns: []region.Pattern{pattern}})
		if found = some && err == nil; found {
			value = text
			break
		}
	}
	for i := range sk.request {
		kv := &sk.request[i]
		if !found || !kv.Multi || policy.CanonicalKey(kv.Key) != o.key {
			continue
		}
		var kept []string
		for _, v := range kv.Values {
			if o.cond.Set == policy.ForAnyValue || t.acceptsText(v) {
				kept = append(kept, v)
			}
		}
		if o.cond.Set == policy.ForAnyValue || len(kept) < len(kv.Values) {
			kept = append(kept, value)
		}
		kv.Values = kept
	}
}

// context is the sketch's single-valued keys.
func (sk *sketch) context() *policy.Context {
	ctx := policy.NewContext(len(sk.request))
	for _, kv := range sk.request {
		if !kv.Multi && len(kv.Values) == 1 {
			ctx.Set(kv.Key, policy.Single(kv.Values[0]))
		}
	}
	return ctx
}

// keepApart makes keys that must not be related differ: two keys whose cells are open have the same sample value by chance. One of
// them gets another value of its cell.
func (e *evaluation) keepApart(sk *sketch, at []int, o *opaque) {
	if o.key == "" || o.template == nil {
		return
	}
	related := func() bool {
		ctx := sk.context()
		pattern, ok := o.shown.Resolve(ctx)
		v, there := ctx.Lookup(o.key)
		return ok && there && pattern.Match(v.Single)
	}
	for _, key := range append([]string{o.key}, o.reads...) {
		d := e.symbols.domains[key]
		for i := range sk.request {
			kv := &sk.request[i]
			if d == nil || kv.Multi || len(kv.Values) != 1 || policy.CanonicalKey(kv.Key) != key || at[d.presence] < 1 || !related() {
				continue
			}
			had := kv.Values
			for _, other := range []string{had[0] + "x", "x" + had[0], "other", had[0] + "1"} {
				kv.Values = []string{other}
				if e.inCell(d, at[d.presence]-1, other) && !related() {
					return
				}
			}
			kv.Values = had
		}
	}
}

// inCell tells whether a value lies in a cell of a key's domain.
func (e *evaluation) inCell(d *domain, cell int, value string) bool {
	if u := e.w.universe(d); u != nil && !u.Match(value) {
		return false
	}
	for i, t := range d.tests {
		if t.Holds(value) != d.cells[cell].In.Has(i) {
			return false
		}
	}
	return true
}

// request makes a sketch a concrete request of one principal, its context in the room of another that is needed no more.
func (e *evaluation) request(sk *sketch, c *caller, room *policy.Context) *Request {
	if e.ask != nil {
		return e.ask(sk)
	}
	r := &Request{Principal: c.principal, Action: sk.member.name, Target: e.target(sk.resource)}
	ctx := room
	ctx.Reset()
	facts := &situation{world: e.w, caller: c, target: e.group, asking: e.asking, member: sk.member, action: sk.member.name, region: sk.region}
	e.standardKeys(c, func(key contextKey) {
		if f := facts.fact(key.canonical); f.state == keyKnown {
			ctx.Put(key.canonical, f.value)
		}
	})
	open := c.principal.Kind == RoleSession && strings.HasSuffix(c.principal.ARN, "/"+anySession)
	if open {
		r.Principal.ARN += witnessSession
		if !c.outside {
			ctx.Set("aws:userid", policy.Single(c.principal.UniqueID+":"+witnessSession))
		}
	}
	for _, kv := range sk.request {
		if kv.Multi {
			ctx.Set(kv.Key, policy.Multi(kv.Values...))
		} else if len(kv.Values) == 1 {
			ctx.Set(kv.Key, policy.Single(kv.Values[0]))
		}
		if c.outside && c.principal.Kind == RoleSession && len(kv.Values) == 1 {
			r.Principal = become(r.Principal, kv.Key, kv.Values[0])
		}
		if open && strings.EqualFold(kv.Key, "aws:userid") && len(kv.Values) == 1 {
			if _, session, ok := strings.Cut(kv.Values[0], ":"); ok && session != "" {
				r.Principal.ARN = strings.TrimSuffix(c.principal.ARN, anySession) + session
			}
		}
	}
	if _, ok := ctx.Lookup("aws:currenttime"); !ok && !c.outside {
		ctx.Set("aws:CurrentTime", policy.Single(witnessTime))
	}
	r.Context = *ctx
	return r
}

// become makes somebody of an outside account the one that a key says: of that kind, or with that ARN.
func become(p Principal, key, value string) Principal {
	iam := "arn:" + arnField(p.ARN, 2) + ":iam::" + p.Account + ":"
	name := afterLast(value, "/")
	switch k := policy.CanonicalKey(key); {
	case k == "aws:principaltype" && value == "User":
		p.Kind, p.ARN, p.RoleARN, p.UniqueID = User, iam+"user/someone", "", "AIDASOMEONE"
	case k == "aws:principaltype" && value == "Account":
		p.Kind, p.ARN, p.RoleARN, p.UniqueID = Root, iam+"root", "", p.Account
	case k == "aws:principalarn" && strings.HasPrefix(value, iam+"role/") && p.Kind == RoleSession:
		p.RoleARN = value
		p.ARN = "arn:" + arnField(p.ARN, 2) + ":sts::" + p.Account + ":assumed-role/" + name + "/" + afterLast(p.ARN, "/")
	case k == "aws:principalarn" && strings.HasPrefix(value, iam+"user/"):
		p.Kind, p.ARN, p.RoleARN, p.UniqueID = User, value, "", "AIDASOMEONE"
	}
	return p
}

// witnessTime is the time of a witness where no policy reads it: a fixed one, so that answers are the same everywhere.
const witnessTime = "2026-01-01T00:00:00Z"

// contextKey is a key as AWS writes it, and in its canonical spelling.
type contextKey struct{ written, canonical string }

func contextKeys(written ...string) []contextKey {
	keys := make([]contextKey, len(written))
	for i, w := range written {
		keys[i] = contextKey{w, policy.CanonicalKey(w)}
	}
	return keys
}

// everyContext are the keys that a complete context has for callers of an account.
var everyContext = contextKeys(
	"aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalType", "aws:userid", "aws:username", "aws:PrincipalOrgID",
	"aws:PrincipalOrgPaths", "aws:PrincipalIsAWSService", "aws:ResourceAccount", "aws:ResourceOrgID", "aws:ResourceOrgPaths",
	"aws:RequestedRegion", "aws:SecureTransport", "kms:CallerAccount", "aws:PrincipalServiceName", "aws:PrincipalServiceNamesList",
	"iam:PermissionsBoundary", "lambda:FunctionUrlAuthType", "aws:CurrentTime", "aws:EpochTime", "aws:ViaAWSService",
)

// standardKeys visits the keys that a complete context of a caller has, as far as they are known.
func (e *evaluation) standardKeys(c *caller, visit func(contextKey)) {
	for _, k := range everyContext {
		visit(k)
	}
	for _, t := range c.tags {
		visit(e.asking.tagKey("aws:PrincipalTag", t.Key))
	}
	if c.chained {
		visit(contextKey{"aws:MultiFactorAuthPresent", "aws:multifactorauthpresent"})
	}
	if len(e.group.tags) == 0 {
		return
	}
	service := e.group.service()
	for _, t := range e.group.tags {
		visit(e.asking.tagKey("aws:ResourceTag", t.Key))
		visit(e.asking.tagKey(service+":ResourceTag", t.Key))
		switch service {
		case "s3":
			visit(e.asking.tagKey("s3:BucketExistingTag", t.Key))
		case "sts": // whose resources are those of IAM
			visit(e.asking.tagKey("iam:ResourceTag", t.Key))
		}
	}
}

// tagKey is the key of a tag; tags recur, so that each is put together once.
func (c *compiledQuestion) tagKey(family, tag string) contextKey {
	id := [2]string{family, tag}
	if k, ok := c.tagKeys.Load(id); ok {
		return k.(contextKey)
	}
	k := contextKeys(family + "/" + tag)[0]
	c.tagKeys.Store(id, k)
	return k
}

func (g *targetGroup) service() string {
	if len(g.items) == 0 {
		return ""
	}
	return g.items[0].service
}

// confirm puts a sketch through the point engine for one principal; what is assumed is supplied. It gives the request and whether the
// point engine allows it, and without uncertainty unless the grant itself has one.
func (e *evaluation) confirm(sk *sketch, c *caller, assumes []string, unknown bool, room *policy.Context) (*Request, bool) {
	r := e.request(sk, c, room)
	got := e.decideUnder(r, *layersOf(c, e.group), e.w.endpoints, assumes)
	return r, unknown || got.Effect == Allowed && len(got.Uncertainties) == 0
}

// decideUnder decides a request by the point engine under policies and endpoints that need not be those in force, what is assumed being
// supplied.
func (e *evaluation) decideUnder(r *Request, layers Layers, endpoints []*endpoint, assumes []string) Decision {
	for _, a := range assumes {
		switch a {
		case outsideAssumption:
			layers.Identity = []Policy{{Name: "assumed", Doc: allowAll()}}
			layers.Session, layers.HasSession = layers.Identity, r.Principal.Kind == FederatedUser
		case e.group.assumption:
			if a != notInSnapshot {
				layers.Resource = &Policy{Name: "assumed", Doc: delegating(r.Target.Account)}
			}
		}
	}
	if ep := endpointOf(endpoints, &r.Context); ep != nil && !e.alone {
		layers.Endpoint, layers.EndpointKind = ep.policy, ep.kind
	}
	if e.supply != nil {
		e.supply(r, &layers)
	}
	d := Decider{Actions: CatalogTypes(e.w.catalog)}
	return d.Decide(r, &layers)
}

// witness makes a sketch a request of one principal, as answers show it.
func (e *evaluation) witness(sk *sketch, c *caller, assumes []string, unknown bool) (*Witness, bool) {
	r, agrees := e.confirm(sk, c, assumes, unknown, policy.NewContext(24))
	return e.show(r, sk, c), agrees
}

// show writes a request that was made of a sketch as answers do.
func (e *evaluation) show(r *Request, sk *sketch, c *caller) *Witness {
	w := &Witness{Principal: r.Principal.ARN, Action: r.Action, Resource: r.Target.Resource}
	r.Context.Each(func(key string, v policy.ContextValue) {
		kv := KeyValue{Key: e.spelled(key, sk, c), Multi: v.Multi, Values: v.List}
		if !v.Multi {
			kv.Values = []string{v.Single}
		}
		w.Context = append(w.Context, kv)
	})
	return w
}

// spelled gives a key of a witness as AWS and the policies write it.
func (e *evaluation) spelled(key string, sk *sketch, c *caller) string {
	if name, ok := spelledKeys[key]; ok {
		return name
	}
	for _, kv := range sk.request {
		if policy.CanonicalKey(kv.Key) == key {
			if info, ok := e.w.catalog.ConditionKey(key); ok && !info.Family() {
				return info.Name
			}
			return kv.Key
		}
	}
	written := key
	e.standardKeys(c, func(k contextKey) {
		if k.canonical == key {
			written = k.written
		}
	})
	return written
}

// spelledKeys are the keys that every complete context has.
var spelledKeys = func() map[string]string {
	out := map[string]string{"aws:currenttime": "aws:CurrentTime"}
	for _, k := range everyContext {
		out[k.canonical] = k.written
	}
	return out
}()

// allowAll is the identity policy that stands in for the unknown side of an outside account (D50).
func allowAll() *policy.Document {
	return policy.Parse(policy.Identity, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`))
}

// delegating is AWS's default key policy, and the usual trust policy, of an account.
func delegating(account string) *policy.Document {
	return policy.Parse(policy.Resource, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"`+account+`"},"Action":"*","Resource":"*"}}`))
}
