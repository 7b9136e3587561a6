package evaluator

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// scene is one kind of resource that a party meets, and who owns it.
type scene struct {
	star    bool // of actions without a resource
	group   *targetGroup
	actions region.Set // that are asked of it; the group has those that stand for others
	home    bool       // the caller is of the account that owns the resource
	abroad  bool       // it is of another one
	supply  func(*Request, *Layers)
}

// scenes are the kinds of resource that rules of AWS tell apart, in the caller's own account and in others.
func (s *sheet) scenes(one *party) []*scene {
	switch s.asked.Kind {
	case policy.Resource:
		return slices.Concat(s.owned(one, "kms", "key/"), s.owned(one, "", ""))
	case policy.Trust:
		return s.owned(one, "iam", "role/")
	case policy.RCP, policy.VPCEndpoint:
		out := s.owned(one, "", "")
		if s.asked.Kind == policy.VPCEndpoint {
			out = append(out, s.starred(one)...)
		}
		return out
	}
	out := s.arns(one, scene{home: true, supply: consentsTo}, one.principal.Account, []*item{anyARN("", "", "")}, s.typed())
	provided := &targetGroup{ownerID: awsAccount, items: []*item{anyARN("iam", awsAccount, "")}}
	out = append(out, s.put(one, scene{supply: consentsTo}, provided, s.of("iam"))...)
	return append(out, s.starred(one)...)
}

// consentsTo makes a resource delegate to the caller's account, whichever that is.
func consentsTo(r *Request, l *Layers) {
	consent := consenting(r.Principal.Account)
	consent.Resource.Name = givenName
	l.Resource, l.Grants = consent.Resource, consent.Grants
}

// givenName is the name of the policies that stand for a consent.
const givenName = "given"

// typed are the actions that can have a resource, starry those that can have none.
func (s *sheet) typed() region.Set {
	out := s.question.none()
	for i := range s.question.members {
		if m := &s.question.members[i]; m.action == nil || len(m.action.Resources) > 0 {
			out.Add(i)
		}
	}
	return out
}

func (s *sheet) starry() region.Set {
	out := s.question.none()
	for i := range s.question.members {
		if m := &s.question.members[i]; m.action == nil || len(m.action.Resources) == 0 {
			out.Add(i)
		}
	}
	return out
}

// of are the actions of a service.
func (s *sheet) of(service string) region.Set {
	out := s.question.none()
	for i := range s.question.members {
		if ActionService(s.question.members[i].name) == service {
			out.Add(i)
		}
	}
	return out
}

// starred is the scene of actions without a resource, where these are in question.
func (s *sheet) starred(one *party) []*scene {
	ask := len(s.asked.Resources) == 0
	for _, r := range s.asked.Resources {
		ask = ask || strings.Trim(r, "*") == ""
	}
	if !ask {
		return nil
	}
	g := &targetGroup{ownerID: one.principal.Account, star: true, items: []*item{{text: "*", literal: true}}}
	return s.put(one, scene{home: true, star: true, supply: s.starSupply()}, g, s.starry())
}

func (s *sheet) starSupply() func(*Request, *Layers) {
	if s.asked.Kind == policy.VPCEndpoint {
		return nil
	}
	return consentsTo
}

// owned are the scenes of a kind of resource: of the caller's account, and of others. Of a caller of no account one stands for all.
func (s *sheet) owned(one *party, service, resource string) []*scene {
	actions := s.actionsOn(service)
	account := one.principal.Account
	if !hasIdentitySide(&one.principal) {
		owner := nobodys
		if a := arnAccount(one.principal.ARN); isAccountID(a) && one.principal.Kind != Service {
			owner = a // a provider lets callers into its own account alone (D29)
		}
		return s.arns(one, scene{}, owner, s.items(service, "", resource), actions)
	}
	var out []*scene
	if !almighty(&one.principal) || service != "" || s.asked.Kind != policy.Resource { // to the owner's root user a policy gives nothing that it has not
		out = s.arns(one, scene{home: true}, account, slices.Concat(s.items(service, account, resource), s.items(service, noAccount, resource)), actions)
	}
	elsewhere := s.items(service, "", resource)
	for _, it := range elsewhere {
		it.langs = append(it.langs, except(anyARN(service, account, resource)))
	}
	return append(out, s.arns(one, scene{abroad: true}, nobodys, elsewhere, actions)...)
}

// almighty tells root users, and the users that they federate, who need no policy in their own account (D20).
func almighty(p *Principal) bool {
	return p.Kind == Root || p.Kind == FederatedUser && arnField(p.Issuer, 6) == "root"
}

// actionsOn are the actions that are asked of a kind of resource.
func (s *sheet) actionsOn(service string) region.Set {
	typed := s.typed()
	if service == "" && s.asked.Kind != policy.Resource {
		return typed
	}
	out := s.question.none()
	typed.Each(func(i int) {
		of := ActionService(s.question.members[i].name)
		switch {
		case s.asked.Kind == policy.Trust && of == "sts", s.asked.Kind == policy.Resource && (of == "kms") == (service == "kms"):
			out.Add(i)
		}
	})
	return out
}

// items are the ARNs of a kind of resource that a policy of the documents' kind can stand at.
func (s *sheet) items(service, account, resource string) []*item {
	it := anyARN(service, account, resource)
	if s.asked.Kind == policy.Resource && service == "" { // of these keys are a kind of their own, and roles have another kind of policy
		it.langs = append(it.langs, except(anyARN("kms", "", "")), except(anyARN("iam", "", "role/")))
	}
	return []*item{it}
}

// arns is a scene of ARNs, but for AWS's own managed policies, and of others' but for all that AWS itself owns (D6).
func (s *sheet) arns(one *party, base scene, owner string, items []*item, actions region.Set) []*scene {
	provided := anyARN("", awsAccount, "")
	if base.home {
		provided = anyARN("iam", awsAccount, "")
	}
	for _, it := range items {
		it.langs = append(it.langs, except(provided))
		for _, account := range s.names.accounts { // a star in the place of the Region runs across colons (B8), and meets ARNs that no service has
			if s.spelled(account) {
				continue
			}
			within := anyARN("", "", "")
			within.pattern.Tokens = append(within.pattern.Tokens, region.Literal(":"+account+":*").Tokens...)
			within.pattern.Tokens[len(within.pattern.Tokens)-1].Kind = region.TokenStar
			it.langs = append(it.langs, except(anyARN("", "", account+":")), except(within))
		}
	}
	return s.put(one, base, &targetGroup{ownerID: owner, items: items}, actions)
}

// spelled tells whether a document spells out ARNs with an account between colons of the last part: the key of an object of S3 can be such.
func (s *sheet) spelled(account string) bool {
	for _, doc := range []*policy.Document{s.asked.Old, s.asked.New} {
		for i := range doc.Statements {
			for _, p := range doc.Statements[i].Resources.Patterns {
				if strings.Contains(":"+arnField(p.Text, 6), ":"+account+":") {
					return true
				}
			}
		}
	}
	for _, text := range s.asked.Resources {
		if strings.Contains(":"+arnField(text, 6), ":"+account+":") {
			return true
		}
	}
	return false
}

// put makes a scene of a group, none where no action is asked of it. What a service refuses to the caller, or needs no policy for, is not: neither
// document has a say.
func (s *sheet) put(one *party, base scene, g *targetGroup, actions region.Set) []*scene {
	few := s.question.none()
	base.actions = s.question.none()
	target := Target{Account: g.ownerID}
	outsider, _ := relation(&one.principal, g.ownerID, g.star)
	s.few.Each(func(i int) {
		name := s.question.members[i].name
		if !actions.Has(i) || s.asked.Kind == policy.Resource && RetiresGrant(name) || NoPolicyNeeded(name, &one.principal) || ServiceRefuses(name, &one.principal, &target, outsider) {
			return
		}
		few.Add(i)
		base.actions = base.actions.Or(s.stand[i])
	})
	if few.Empty() {
		return nil
	}
	g.actions, g.snapshot = few, true
	base.group = g
	return []*scene{&base}
}

// noAccount is the account of an ARN that names none.
const noAccount = "-"

// anyARN is every ARN of a service, an account and a beginning of the resource; empty stands for any.
func anyARN(service, account, resource string) *item {
	field := func(text string) []region.Token {
		switch text {
		case "":
			return []region.Token{{Kind: region.TokenStarInField}}
		case noAccount:
			return nil
		}
		return region.Literal(text).Tokens
	}
	p := region.Literal("arn:aws") // and the other partitions
	for _, text := range []string{"", service, "", account} {
		p.Tokens = append(append(p.Tokens, field(text)...), region.Token{Rune: ':'})
	}
	p.Tokens = append(append(p.Tokens, region.Literal(resource).Tokens...), region.Token{Kind: region.TokenStar})
	it := patternItem(p)
	it.service, it.shown = service, "*"
	if account == awsAccount {
		it.shown = ""
	}
	return it
}

// except is whatever an item is not.
func except(it *item) region.Lang {
	return region.Lang{Not: true, Patterns: []region.Pattern{it.pattern}}
}

// layers are the policies in force with one of the documents in its place, all else consenting.
func (s *sheet) layers(one *party, sc *scene, doc *policy.Document) *Layers {
	name := "new"
	if doc == s.asked.Old {
		name = "old"
	}
	p := Policy{Name: name, Doc: doc}
	all := []Policy{{Name: givenName, Doc: allowAll()}}
	l := &Layers{Identity: all}
	if one.principal.Kind == FederatedUser {
		l.Session, l.HasSession = all, true
	}
	switch s.asked.Kind {
	case policy.Resource, policy.Trust:
		l.Resource = &p
		if sc.home && s.asked.Kind == policy.Resource && sc.group.items[0].service != "kms" {
			l.Identity = nil // what the document gives by itself
		}
		return l
	case policy.RCP:
		l.Resource, l.RCP = &Policy{Name: givenName, Doc: toEveryone()}, [][]Policy{{p}}
		if k := one.principal.Kind; k == OIDCFederated || k == SAMLFederated {
			l.Resource.Doc = toProvider(one.principal.ARN)
		}
		return l
	case policy.VPCEndpoint:
		l.Resource, l.Endpoint = &Policy{Name: givenName, Doc: toEveryone()}, &p
		return l
	case policy.Boundary:
		l.Boundary = &p
	case policy.Session:
		l.Session, l.HasSession = []Policy{p}, true
	case policy.SCP:
		l.SCP = [][]Policy{{p}}
	default:
		l.Identity = []Policy{p}
	}
	consentsTo(&Request{Principal: one.principal}, l)
	return l
}

// toEveryone is a resource policy that allows everything to everyone.
func toEveryone() *policy.Document {
	return policy.Parse(policy.Resource, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}`))
}

// toProvider is a trust policy that lets in whomever an identity provider vouches for.
func toProvider(arn string) *policy.Document {
	return policy.Parse(policy.Trust, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"`+arn+`"},"Action":"sts:*"}}`))
}

// paperFacts is keyFacts for documents without a snapshot: what the kind of caller says of a key is known, all else is open.
type paperFacts struct {
	situation
	one  *party
	kind policy.Kind
}

func (s *sheet) situate(one *party, c *caller, m *member) keyFacts {
	outside := *c
	outside.outside = true // of whom nothing is known but what its party says
	f := &paperFacts{one: one, kind: s.asked.Kind, situation: situation{world: s.w, caller: &outside, asking: s.question, member: m}}
	if m != nil {
		f.action = m.name
	}
	return f
}

func (f *paperFacts) fact(key string) keyFact {
	if known, ok := f.one.keys[key]; ok {
		return known
	}
	free := keyFact{state: keyFree}
	if f.one.kind == "principal" && (isPrincipalKey(key) || strings.Contains(key, "/")) {
		return free
	}
	if hasIdentitySide(&f.caller.principal) && isPrincipalKey(key) {
		return free
	}
	switch key {
	case "aws:securetransport", "aws:requestedregion":
		return keyFact{state: keyPresent}
	}
	if f.caller.principal.Kind == Root && strings.HasPrefix(key, "aws:principaltag/") {
		return keyFact{} // C31
	}
	if i := strings.IndexByte(key, '/'); i > 0 {
		if fact, ok := f.tagFact(key[:i], key[i+1:]); ok {
			return fact
		}
	}
	if fact, ok := f.principalFact(key); ok {
		return fact
	}
	if fact, ok := f.requestFact(key); ok {
		return fact
	}
	if !f.world.serviceKey(key) || strings.HasPrefix(key, "saml:") { // a claim of an identity provider (C37)
		if f.kind == policy.Trust {
			return f.serviceFact(key)
		}
		return free
	}
	return free
}
