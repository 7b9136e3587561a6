package evaluator

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// party is a kind of caller that the documents tell from all others: everyone is of one party.
type party struct {
	label     string // as answers show it
	kind      string
	account   string // of an account that the documents name
	principal Principal
	keys      map[string]keyFact // what being of this party says about keys
	apart     Expr               // the names that other parties have
	bounded   bool               // the documents name it, so that what it may do is not public (D50)
}

// named are the callers that the documents spell out, by the form in which they do, and the accounts that they speak of.
type named struct {
	users, roles, sessions, federated, ids, canonical, services, providers []string
	accounts                                                               []string
	partition                                                              string
}

// note adds a text once.
func note(to *[]string, text string) {
	if !slices.Contains(*to, text) {
		*to = append(*to, text)
	}
}

// namesIn collects whom documents spell out.
func namesIn(docs ...*policy.Document) *named {
	n := &named{partition: "aws"}
	for _, doc := range docs {
		for i := range doc.Statements {
			s := &doc.Statements[i]
			for j := range s.Principals.Entries {
				n.entry(&s.Principals.Entries[j])
			}
			for j := range s.Conditions {
				if c := &s.Conditions[j]; tellsAccount(c.Key) || c.Key == "aws:resourceaccount" {
					for k := range c.Values {
						n.numbers(c.Values[k].Text)
					}
				}
			}
			for j := range s.Resources.Patterns { // whose own principals are another matter than those of other accounts
				n.numbers(s.Resources.Patterns[j].Text)
			}
		}
	}
	slices.Sort(n.accounts)
	return n
}

// entry adds one value of a principal element.
func (n *named) entry(e *policy.PrincipalEntry) {
	if e.Account != "" && isAccountID(e.Account) {
		note(&n.accounts, e.Account)
	}
	if strings.HasPrefix(e.Text, "arn:") {
		n.partition = arnField(e.Text, 2)
	}
	switch e.Kind {
	case policy.PrincipalID:
		note(&n.ids, e.Text)
	case policy.PrincipalCanonicalUser:
		note(&n.canonical, e.Text)
	case policy.PrincipalService:
		note(&n.services, e.Text)
	case policy.PrincipalFederated:
		note(&n.providers, e.Text)
	case policy.PrincipalARN:
		if e.Account == "" { // A29: an origin access identity
			note(&n.services, e.Text)
			return
		}
		switch kind, _, _ := strings.Cut(arnField(e.Text, 6), "/"); kind {
		case "user":
			note(&n.users, e.Text)
		case "role":
			note(&n.roles, e.Text)
		case "assumed-role":
			note(&n.sessions, e.Text)
		case "federated-user":
			note(&n.federated, e.Text)
		}
	}
}

// numbers adds the account numbers in a text.
func (n *named) numbers(text string) {
	for _, field := range strings.FieldsFunc(text, func(r rune) bool { return r < '0' || r > '9' }) {
		if isAccountID(field) {
			note(&n.accounts, field)
		}
	}
}

// parties divides everyone who may call: those that the documents name, one by one, the others of each account that they name, and, for all
// else, anyone of an account that they do not name, any service, and whoever comes without credentials. Documents without Principal elements speak of
// whom they are attached to.
func (s *sheet) parties() []*party {
	switch s.asked.Kind {
	case policy.Identity, policy.Boundary, policy.Session, policy.SCP:
		return []*party{attached(s.asked.Kind)}
	}
	n := s.names
	var out []*party
	out = append(out, n.everyone()...)
	if s.asked.Kind == policy.RCP { // which speaks of what identity providers vouch for too (D29)
		out = append(out, n.anyProviders()...)
	}
	for _, account := range n.accounts {
		out = append(out, n.ofAccount(account)...)
	}
	for _, p := range out {
		s.setApart(n, p)
	}
	if s.asked.Public {
		out = slices.DeleteFunc(out, func(p *party) bool { return p.bounded })
	}
	return out
}

// attached is whom an identity policy, or a ceiling, is attached to: any user or role.
func attached(kind policy.Kind) *party {
	p := &party{kind: "principal", principal: Principal{Kind: User, ARN: "arn:aws:iam::" + paperAccount + ":user/anyone", Account: paperAccount, UniqueID: "AIDAANYONE"}}
	if kind == policy.Session {
		p.principal = Principal{
			Kind: RoleSession, ARN: "arn:aws:sts::" + paperAccount + ":assumed-role/anyone/" + witnessSession,
			RoleARN: "arn:aws:iam::" + paperAccount + ":role/anyone", Account: paperAccount, UniqueID: "AROAANYONE",
		}
	}
	present := keyFact{state: keyPresent}
	p.keys = map[string]keyFact{
		"aws:principalarn": present, "aws:principalaccount": present, "aws:principaltype": {state: keyPresent, universe: principalTypes}, "aws:userid": present,
		"kms:calleraccount": present, "aws:principalisawsservice": known("false"), "aws:principalservicename": {}, "aws:principalservicenameslist": {},
	}
	return p
}

// paperAccount is the account of callers and resources where no document names one; nobody's is that of a resource's owner who is
// none of the callers.
const (
	paperAccount = "111122223333"
	nobodys      = "000000000000"
)

// everyone are the parties of no account that the documents name.
func (n *named) everyone() []*party {
	out := []*party{{label: "*", kind: "public", principal: Principal{Kind: Anonymous, ARN: "anonymous"}}}
	out = append(out, n.others(strangerAccount)...)
	for _, name := range append([]string{anyService}, n.services...) {
		p := &party{label: name, kind: "service", bounded: true, principal: Principal{Kind: Service, ARN: name}}
		if name == anyService { // it acts for anyone, unless something fixed says for whom (E15)
			p.label, p.bounded = "any AWS service", false
		}
		out = append(out, p)
	}
	for _, id := range n.canonical { // A29: it may be the name of an identity of CloudFront
		out = append(out, &party{label: id, kind: "service", bounded: true, principal: Principal{Kind: Service, ARN: "cloudfront", UniqueID: id}})
	}
	for _, name := range n.providers {
		kind := OIDCFederated
		if strings.Contains(name, ":saml-provider/") {
			kind = SAMLFederated
		}
		out = append(out, &party{label: name, kind: "provider", bounded: true, principal: Principal{Kind: kind, ARN: name}})
	}
	return out
}

// anyProviders are the identity providers that the account of an RCP may have.
func (n *named) anyProviders() []*party {
	return []*party{
		{label: "any identity provider", kind: "provider", principal: Principal{Kind: OIDCFederated, ARN: n.iam(paperAccount, "oidc-provider/example.com")}},
		{label: "any SAML provider", kind: "provider", principal: Principal{Kind: SAMLFederated, ARN: n.iam(paperAccount, "saml-provider/example")}},
	}
}

// ofAccount are the parties of an account that the documents name.
func (n *named) ofAccount(account string) []*party {
	var out []*party
	add := func(label, kind string, p Principal) {
		p.Account = account
		out = append(out, n.variants(&party{label: label, kind: kind, account: account, principal: p, bounded: true})...)
	}
	roles := n.rolesOf(account)
	for _, arn := range of(account, n.users) {
		add(arn, "user", Principal{Kind: User, ARN: arn})
	}
	for _, role := range roles {
		if slices.Contains(n.roles, role) {
			add(role, "role", n.session(role, n.freeSession()))
		}
	}
	for _, arn := range of(account, n.sessions) {
		for _, role := range roles {
			if afterLast(role, "/") == roleName(arn) {
				add(arn, "session", n.session(role, afterLast(arn, "/")))
			}
		}
	}
	for _, arn := range of(account, n.federated) {
		for _, issuer := range n.issuers(account) {
			add(arn, "session", Principal{Kind: FederatedUser, ARN: arn, Issuer: issuer})
		}
	}
	return append(out, n.others(account)...)
}

// others are those of an account whom no document names.
func (n *named) others(account string) []*party {
	var out []*party
	base := party{label: n.iam(account, "root"), kind: "account", account: account, bounded: true}
	if account == strangerAccount {
		base = party{label: "*", kind: "public"}
	}
	add := func(p Principal) {
		one := base
		one.principal = p
		one.principal.Account = account
		out = append(out, n.variants(&one)...)
	}
	add(n.session(n.free(n.roles, n.iam(account, "role/anyone")), n.freeSession()))
	add(Principal{Kind: User, ARN: n.free(n.users, n.iam(account, "user/someone"))})
	add(Principal{Kind: Root, ARN: n.iam(account, "root"), UniqueID: account})
	for _, issuer := range n.issuers(account) {
		arn := n.free(n.federated, "arn:"+n.partition+":sts::"+account+":federated-user/someone")
		add(Principal{Kind: FederatedUser, ARN: arn, Issuer: issuer})
	}
	return out
}

// issuers are those who may federate users of an account (D19).
func (n *named) issuers(account string) []string {
	return append(of(account, n.users), n.iam(account, "root"), n.free(n.users, n.iam(account, "user/someone")))
}

// free lengthens an ARN until it is none that the documents name.
func (n *named) free(taken []string, arn string) string {
	for slices.Contains(taken, arn) {
		arn += "-else"
	}
	return arn
}

// freeSession is the name of a session that the documents do not name.
func (n *named) freeSession() string {
	name := witnessSession
	for slices.ContainsFunc(n.sessions, func(arn string) bool { return afterLast(arn, "/") == name }) {
		name += "-else"
	}
	return name
}

// variants are a party as it is, and as one of those that the documents name by an id: which users, roles and accounts these are the documents do
// not tell (A29, A30).
func (n *named) variants(p *party) []*party {
	out := []*party{p}
	for _, id := range n.ids {
		if (p.principal.Kind == RoleSession) != strings.HasPrefix(id, "AROA") || p.principal.Kind == Root {
			continue
		}
		one := *p
		one.principal.UniqueID, one.bounded = id, true
		if one.kind == "public" || one.kind == "account" {
			one.label, one.kind = id, "id"
		}
		out = append(out, &one)
	}
	for _, base := range out[:len(out):len(out)] {
		for _, id := range n.canonical {
			one := *base
			one.principal.CanonicalID, one.bounded = id, true
			if one.kind == "public" {
				one.label, one.kind = id, "account"
			}
			out = append(out, &one)
		}
	}
	for _, one := range out {
		if one.principal.UniqueID == "" {
			one.principal.UniqueID = map[PrincipalKind]string{User: "AIDASOMEONE", RoleSession: "AROASOMEONE"}[one.principal.Kind]
		}
	}
	return out
}

// rolesOf are the roles of an account that documents name, and, for each session that they name, one of its role's name under a path that
// nobody names: the session does not say which it is of (A25).
func (n *named) rolesOf(account string) []string {
	roles := of(account, n.roles)
	for _, arn := range of(account, n.sessions) {
		role := n.iam(account, "role/"+roleName(arn))
		for slices.Contains(n.roles, role) {
			role = strings.Replace(role, "role/", "role/elsewhere/", 1)
		}
		note(&roles, role)
	}
	return roles
}

// session is a session of a role.
func (n *named) session(role, name string) Principal {
	return Principal{
		Kind: RoleSession, RoleARN: role,
		ARN: "arn:" + arnField(role, 2) + ":sts::" + arnAccount(role) + ":assumed-role/" + afterLast(role, "/") + "/" + name,
	}
}

func (n *named) iam(account, resource string) string {
	return "arn:" + n.partition + ":iam::" + account + ":" + resource
}

// of are the ARNs of an account.
func of(account string, arns []string) []string {
	var out []string
	for _, arn := range arns {
		if arnAccount(arn) == account {
			out = append(out, arn)
		}
	}
	return out
}

// roleName is the name of the role of a session.
func roleName(session string) string {
	_, rest, _ := strings.Cut(arnField(session, 6), "/")
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// setApart says which keys a party's requests have, and keeps it apart from those that the documents name.
func (s *sheet) setApart(n *named, p *party) {
	p.keys = map[string]keyFact{}
	present := keyFact{state: keyPresent}
	c := &p.principal
	switch c.Kind {
	case User, RoleSession, FederatedUser, Root:
	default:
		s.setExcept(n, p, false, true)
		return
	}
	set := func(key string, f keyFact) { p.keys[key] = f }
	stranger := c.Account == strangerAccount
	spelledOut := p.kind != "account" && p.kind != "public" && p.kind != "id"
	set("aws:principaltype", known(map[PrincipalKind]string{User: "User", RoleSession: "AssumedRole", FederatedUser: "FederatedUser", Root: "Account"}[c.Kind]))
	set("aws:principalaccount", known(c.Account))
	set("kms:calleraccount", known(c.Account))
	arn := c.ARN
	if c.Kind == RoleSession {
		arn = c.RoleARN
	}
	set("aws:principalarn", known(arn))
	if stranger {
		set("aws:principalaccount", keyFact{state: keyPresent, universe: anyNumber()})
		set("kms:calleraccount", keyFact{state: keyPresent, universe: anyNumber()})
	}
	switch shape := map[PrincipalKind]string{User: "iam::%:user/", RoleSession: "iam::%:role/", Root: "iam::%:root", FederatedUser: "sts::%:federated-user/"}[c.Kind]; {
	case stranger:
		before, after, _ := strings.Cut(shape, "%")
		set("aws:principalarn", keyFact{state: keyPresent, universe: patternLang(arnOf(before, after), c.Kind != Root)})
	case p.kind == "session" && c.Kind == RoleSession && !slices.Contains(n.roles, c.RoleARN): // of any path
		role, name := n.iam(c.Account, "role/"), roleName(c.ARN)
		set("aws:principalarn", keyFact{state: keyPresent, universe: &region.Lang{Patterns: []region.Pattern{region.Literal(role + name), underPaths(role, name)}}})
	case !spelledOut && c.Kind != Root:
		set("aws:principalarn", keyFact{state: keyPresent, universe: patternLang(region.Literal("arn:"+n.partition+":"+strings.Replace(shape, "%", c.Account, 1)), true)})
	}
	set("aws:principalisawsservice", known("false"))
	set("aws:principalservicename", keyFact{})
	set("aws:principalservicenameslist", keyFact{})
	set("aws:userid", present)
	s.setKindKeys(p)
	s.setExcept(n, p, stranger, spelledOut)
}

// setKindKeys are the keys that hang on the kind of caller (C31).
func (s *sheet) setKindKeys(p *party) {
	c := &p.principal
	set := func(key string, f keyFact) { p.keys[key] = f }
	switch c.Kind {
	case User:
		set("aws:username", keyFact{state: keyPresent})
		if p.kind == "user" {
			set("aws:username", known(afterLast(c.ARN, "/")))
		}
		set("aws:federatedprovider", keyFact{})
		set("aws:sourceidentity", keyFact{})
	case RoleSession:
		set("aws:username", keyFact{})
		set("aws:tokenissuetime", keyFact{state: keyPresent})
		set("aws:multifactorauthpresent", keyFact{state: keyPresent})
	case FederatedUser:
		set("aws:username", keyFact{})
		set("aws:tokenissuetime", keyFact{state: keyPresent})
		set("aws:federatedprovider", keyFact{})
		set("aws:sourceidentity", keyFact{})
	case Root:
		set("aws:username", keyFact{})
		set("aws:federatedprovider", keyFact{})
		set("aws:sourceidentity", keyFact{})
	}
}

// setExcept keeps those whom no document names apart from those that one does, as far as a condition asks.
func (s *sheet) setExcept(n *named, p *party, stranger, spelledOut bool) {
	c := &p.principal
	var all []Expr
	except := func(key string, op policy.Base, values []string) {
		if len(values) > 0 && s.reads(key) {
			set := policy.NoSet
			if multi, ok := s.w.multivalued(policy.CanonicalKey(key)); ok && multi {
				set = policy.ForAnyValue
			}
			cond := policy.NewCondition(op, set, false, key, values...)
			all = append(all, Not{Of: Test{Condition: cond}})
		}
	}
	switch {
	case stranger:
		except("aws:PrincipalAccount", policy.StringEquals, n.accounts)
		except("kms:CallerAccount", policy.StringEquals, n.accounts)
		var arns []string
		for _, a := range n.accounts {
			arns = append(arns, "arn:*:*::"+a+":*")
		}
		except("aws:PrincipalArn", policy.StringLike, arns)
	case !spelledOut || p.kind == "session" && c.Kind == RoleSession && !slices.Contains(n.roles, c.RoleARN):
		except("aws:PrincipalArn", policy.StringEquals, slices.Concat(of(p.account, n.users), of(p.account, n.roles), of(p.account, n.federated)))
	}
	if s.asked.Public {
		fixed := s.fixed(c.Kind == Service)
		for _, key := range sortedKeys(fixed) {
			except(key, policy.StringLike, fixed[key])
		}
	}
	if len(all) > 0 {
		p.apart = And{Of: all}
	}
}

// become tells the principal of a witness by what its keys say.
func (p *party) become(c Principal, key, value string) Principal {
	if key != "aws:principalarn" || !strings.HasPrefix(value, "arn:") {
		return c
	}
	f, ok := p.keys[key]
	if !ok || f.state != keyPresent {
		return c
	}
	account := arnAccount(value)
	switch c.Kind {
	case User, Root:
		c.ARN = value
	case RoleSession:
		c.RoleARN = value
		c.ARN = "arn:" + arnField(value, 2) + ":sts::" + account + ":assumed-role/" + afterLast(value, "/") + "/" + afterLast(c.ARN, "/")
	}
	return c
}

// anyNumber is every account number.
func anyNumber() *region.Lang {
	return &region.Lang{Patterns: []region.Pattern{region.Glob("????????????", false)}}
}

// arnOf is an ARN of any partition and account.
func arnOf(service, resource string) region.Pattern {
	p := region.Literal("arn:")
	field := region.Token{Kind: region.TokenStarInField}
	p.Tokens = append(append(p.Tokens, field), region.Literal(":"+service).Tokens...)
	p.Tokens = append(append(p.Tokens, field), region.Literal(resource).Tokens...)
	return p
}
