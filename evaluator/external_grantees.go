package evaluator

import (
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// outsider is one grantee outside the zone of trust with the caller that stands for it.
type outsider struct {
	grantee Grantee
	caller  *caller
	anyone  bool // stands for whoever a wildcard lets in and no condition spells out
	// spelled: a condition speaks of it, not the principal element of a statement: where anybody may do the same, it is no grantee of its own.
	spelled bool
}

// outsiders lists everyone outside the zone of trust whom a group's own policy and grants let in, or may: those that principal elements name and, where
// a wildcard stands there, anybody, with the accounts and organizations that conditions spell out apart. Anybody comes first.
func (x *external) outsiders(g *targetGroup) []*outsider {
	l := &outsiderList{external: x, partition: g.owner.partition, seen: map[Grantee]bool{}}
	everyone := false
	if g.policy != nil {
		for i := range g.policy.Doc.Statements {
			s := &g.policy.Doc.Statements[i]
			if s.Effect != policy.Allow || x.targets.question.matching(&s.Actions).And(g.actions).Empty() {
				continue
			}
			everyone = everyone || s.Principals.Not || s.Principals.None
			for k := range s.Principals.Entries {
				e := &s.Principals.Entries[k]
				everyone = everyone || e.Kind == policy.PrincipalEveryone
				if !s.Principals.Not {
					l.entry(e, false)
				}
			}
		}
	}
	for _, gr := range g.grants {
		for _, who := range []string{gr.Grantee, gr.Retiring, gr.IssuingAccount} { // D33
			if who != "" {
				e := principalText(who)
				l.entry(&e, false)
			}
		}
	}
	if everyone {
		l.spared(g)
		l.everyone(g)
	}
	return append(l.first, l.list...)
}

// spared adds whom a deny of everybody else spares, which a wildcard beside it lets in (D44).
func (l *outsiderList) spared(g *targetGroup) {
	if g.policy == nil {
		return
	}
	for i := range g.policy.Doc.Statements {
		s := &g.policy.Doc.Statements[i]
		if s.Effect != policy.Deny || !s.Principals.Not {
			continue
		}
		for k := range s.Principals.Entries {
			l.entry(&s.Principals.Entries[k], true)
		}
	}
}

// outsiderList collects outsiders, each once.
type outsiderList struct {
	*external
	partition   string
	first, list []*outsider
	seen        map[Grantee]bool
}

func (l *outsiderList) add(o *outsider) {
	if l.seen[o.grantee] {
		return
	}
	l.seen[o.grantee] = true
	o.caller.zone = l.zone
	l.list = append(l.list, o)
}

// entry adds whom a principal entry names, if that is somebody outside. Spelled: it only says who is spared.
func (l *outsiderList) entry(e *policy.PrincipalEntry, spelled bool) {
	switch e.Kind {
	case policy.PrincipalService:
		l.add(&outsider{grantee: Grantee{Kind: GranteeService, ID: e.Text}, caller: serviceCaller(e.Text), spelled: spelled})
	case policy.PrincipalFederated:
		if c := l.world.grantee(e, l.partition); c != nil && !l.zone.trusts(e.Text) {
			l.add(&outsider{grantee: Grantee{Kind: GranteeProvider, ID: e.Text, Account: arnAccount(e.Text)}, caller: c, spelled: spelled})
		}
	case policy.PrincipalCanonicalUser: // A29
		l.add(&outsider{grantee: Grantee{Kind: GranteeAccount, ID: e.Text}, caller: l.world.grantee(e, l.partition), spelled: spelled})
	case policy.PrincipalID: // of a principal of the snapshot that is outside; one that nobody has is dangling (A30)
		if c := l.ids[e.Text]; c != nil {
			l.principal(&policy.PrincipalEntry{Kind: policy.PrincipalARN, Text: c.arn, Account: c.principal.Account}, e.Text, spelled)
		}
	case policy.PrincipalAccount, policy.PrincipalARN:
		switch {
		case e.Account != "":
			l.principal(e, "", spelled)
		case arnAccount(e.Text) == "cloudfront":
			l.add(&outsider{grantee: Grantee{Kind: GranteeService, ID: e.Text}, caller: serviceCaller(e.Text), spelled: spelled})
		}
	}
}

func serviceCaller(name string) *caller {
	return &caller{kind: "service", arn: name, name: name, outside: true, principal: Principal{Kind: Service, ARN: name}}
}

// principal adds an account outside, or a principal of one, whose unique id may be known.
func (l *outsiderList) principal(e *policy.PrincipalEntry, id string, spelled bool) {
	if l.zone.has(e.Account) {
		return
	}
	c := l.world.outsidePrincipal(e, l.partition)
	if c.account != nil {
		c.account = c.account.unlimited()
	}
	if id != "" {
		c.principal.UniqueID = id
	}
	grantee := Grantee{Kind: GranteeKind(c.kind), ID: c.arn, Account: e.Account}
	if c.kind == "account" {
		grantee.ID = e.Account
	}
	l.add(&outsider{grantee: grantee, caller: c, spelled: spelled})
}

// unlimited is an account as outsiders have it: where it is in the organization is known, and nothing of its own stops anybody (E20).
func (a *account) unlimited() *account {
	return &account{id: a.id, partition: a.partition, inOrg: a.inOrg, management: a.management, path: a.path, ancestors: a.ancestors}
}

// everyone adds whom a wildcard lets in: whoever is left when the accounts and organizations that conditions speak of are looked at one by one.
func (l *outsiderList) everyone(g *targetGroup) {
	named := l.world.spelledOut(g, l.targets.question)
	var accounts, orgs []string
	for _, id := range sortedKeys(named.accounts) {
		if !l.zone.has(id) {
			accounts = append(accounts, id)
		}
	}
	for _, id := range sortedKeys(named.orgs) {
		if !l.zone.hasOrg(id) {
			orgs = append(orgs, id)
		}
	}
	list := l.list
	l.list = nil
	public := Grantee{Kind: GranteePublic, ID: "*"}
	anonymous := &caller{kind: "public", arn: "*", name: "anonymous", outside: true, zone: l.zone, principal: Principal{Kind: Anonymous, ARN: "anonymous"}}
	anybody := stranger("public", "*", "any AWS account", l.partition)
	anybody.zone = l.zone.widened(accounts, orgs)
	l.first = []*outsider{{grantee: public, caller: anonymous, anyone: true}, {grantee: public, caller: anybody, anyone: true}}
	l.add(&outsider{grantee: Grantee{Kind: GranteeService, ID: "*"}, caller: serviceCaller(anyService), spelled: true})
	for _, id := range orgs {
		c := stranger("organization", id, id, l.partition)
		c.org = id
		if own := l.world.org; own != nil && own.id == id && !l.world.someOutside(l.zone) {
			continue
		}
		o := &outsider{grantee: Grantee{Kind: GranteeOrganization, ID: id}, caller: c, spelled: true}
		l.add(o)
		c.zone = anybody.zone // its accounts that conditions spell out are apart
	}
	l.list = append(l.list, list...)
	for _, id := range accounts {
		l.principal(&policy.PrincipalEntry{Kind: policy.PrincipalAccount, Text: id, Account: id}, "", true)
	}
}

// someOutside tells whether some member of the organization is outside a zone of trust.
func (w *World) someOutside(z *zone) bool {
	for id := range w.org.accounts {
		if !z.has(id) {
			return true
		}
	}
	return false
}

// spelledOut are the accounts and organizations that conditions in play speak of. Too many do no harm: each is judged by itself.
type spelledOut struct{ accounts, orgs map[string]bool }

func (w *World) spelledOut(g *targetGroup, q *compiledQuestion) *spelledOut {
	s := &spelledOut{accounts: map[string]bool{}, orgs: map[string]bool{}}
	read := func(doc *policy.Document) {
		for i := range doc.Statements {
			for k := range doc.Statements[i].Conditions {
				s.condition(&doc.Statements[i].Conditions[k])
			}
		}
	}
	if g.policy != nil {
		read(g.policy.Doc)
	}
	for _, level := range g.owner.rcps {
		for i := range level {
			read(level[i].Doc)
		}
	}
	s.expression(q.When)
	return s
}

func (s *spelledOut) expression(e Expr) {
	switch e := e.(type) {
	case And:
		for _, sub := range e.Of {
			s.expression(sub)
		}
	case Or:
		for _, sub := range e.Of {
			s.expression(sub)
		}
	case Not:
		s.expression(e.Of)
	case Test:
		s.condition(&e.Condition)
	}
}

func (s *spelledOut) condition(c *policy.Condition) {
	for i := range c.Values {
		p := c.Values[i].Template
		if p == nil || p.Static == nil {
			continue
		}
		text := literalPrefix(*p.Static)
		switch c.Key {
		case "aws:principalaccount", "kms:calleraccount":
			s.account(text)
		case "aws:principalarn":
			s.account(accountOfPattern(*p.Static))
		case "aws:userid":
			s.account(accountIDOf(*p.Static))
		case "aws:principalorgid":
			s.org(text)
		case "aws:principalorgpaths":
			id, _, _ := strings.Cut(text, "/")
			s.org(id)
		}
	}
}

func (s *spelledOut) account(id string) {
	if isAccountID(id) {
		s.accounts[id] = true
	}
}

func (s *spelledOut) org(id string) {
	if organizationID(id) {
		s.orgs[id] = true
	}
}

// accountOfPattern is the account that every ARN of a pattern is of, empty where that is open.
func accountOfPattern(p region.Pattern) string {
	if id := arnAccount(literalPrefix(p)); isAccountID(id) {
		return id
	}
	field, at := 1, ""
	for _, t := range p.Tokens {
		switch {
		case t.Kind == region.TokenRune && t.Rune == ':':
			if field++; field == 6 {
				if isAccountID(at) {
					return at
				}
				return ""
			}
		case field == 5 && t.Kind == region.TokenRune:
			at += string(t.Rune)
		case t.Kind != region.TokenRune && (field == 5 || t.Kind == region.TokenStar || t.Kind == region.TokenAny):
			return "" // it runs across colons, or the account is open
		}
	}
	return ""
}
