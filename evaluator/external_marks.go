package evaluator

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/issuers"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// Breadth is for whom tokens of an identity provider are accepted (E6).
type Breadth string

// The breadths: one subject of several fixed ones; those of one tenant, or some of the provider's; all of it, or of a provider with many
// tenants those of any. Callers that are no identity provider's have none.
const (
	SubjectFixed   Breadth = "fixed"
	SubjectBounded Breadth = "bounded"
	SubjectOpen    Breadth = "open"
)

// marks are what is said of a grant to somebody outside.
type marks struct {
	externalID bool
	subject    Breadth
	risks      []Risk // in the order of their declaration
	assumes    string
}

// joined are the marks of two grants that are one row.
func (m marks) joined(o marks) marks {
	for _, r := range o.risks {
		if !slices.Contains(m.risks, r) {
			m.risks = append(slices.Clip(m.risks), r)
		}
	}
	if m.assumes == "" {
		m.assumes = o.assumes
	}
	return m.sorted()
}

func (m marks) sorted() marks {
	order := Risks()
	slices.SortFunc(m.risks, func(a, b Risk) int { return slices.Index(order, a) - slices.Index(order, b) })
	return m
}

func (m *marks) mark(on bool, r Risk) {
	if on {
		m.risks = append(m.risks, r)
	}
}

// marksOf looks at a grant. What bounds it is read off its contexts; what a statement writes, off those that grant.
func (e *evaluation) marksOf(r *raw, c *outsider, z *zone) marks {
	var m marks
	m.mark(c.anyone, RiskPublic)
	m.mark(c.anyone && c.caller.principal.Kind == Anonymous, RiskAnonymous)
	m.mark(c.grantee.Kind == GranteeOrganization, RiskOrganizationWide)
	switch c.grantee.Kind {
	case GranteeAccount, GranteeUser, GranteeRole, GranteeSession, GranteeOrganization:
		if e.assumes(r) {
			m.externalID = e.unbounded(r.node, []bound{{"sts:externalid", isFixed}}) == e.symbols.space.False()
			m.mark(!m.externalID, RiskNoExternalID)
		}
	case GranteeService:
		m.mark(e.deputy(r) && actsForCustomers(c.grantee.ID, e.group), RiskConfusedDeputy)
		m.mark(e.outsideSource(r, z), RiskOutsideSource)
	case GranteeProvider:
		e.markSubject(r, c.grantee.ID, &m)
	}
	for _, in := range r.via {
		if s := in.statement; s != nil {
			m.mark(wildcardActions(&s.Actions) && s.Cause != policy.ServiceRuleMissing && !slices.Contains(m.risks, RiskWildcard), RiskWildcard)
			m.mark(s.Principals.Not && !slices.Contains(m.risks, RiskNotPrincipal), RiskNotPrincipal)
		}
	}
	return m.sorted()
}

// assumes tells whether a grant is of sts:AssumeRole, whose callers may say for whom they act.
func (e *evaluation) assumes(r *raw) bool {
	found := false
	r.members.Each(func(i int) { found = found || strings.EqualFold(e.asking.members[i].name, "sts:AssumeRole") })
	return found
}

// wildcardActions tells elements that grant all actions of a service, or of all.
func wildcardActions(a *policy.Actions) bool {
	if a.Not {
		return true
	}
	return slices.ContainsFunc(a.Patterns, func(p policy.ActionPattern) bool {
		_, name, ok := strings.Cut(p.Text, ":")
		return !ok || strings.Trim(name, "*") == ""
	})
}

// sourceBounds are the keys that say for whom an AWS service acts, where they are bound (E15).
var sourceBounds = []bound{
	{"aws:sourceaccount", isFixed},
	{"aws:sourceowner", isFixed},
	{"kms:calleraccount", isFixed},
	{"aws:principalaccount", isFixed},
	{"aws:userid", func(p region.Pattern) bool { return isFixed(p) || userOf(p) != "" }},
	{"aws:sourcearn", func(p region.Pattern) bool { return isFixed(p) || accountOfPattern(p) != "" }},
	{"aws:sourceorgid", isFixed},
	{"aws:sourceorgpaths", func(p region.Pattern) bool { return organizationOf(p) != "" }},
	{"s3:dataaccesspointaccount", isFixed}, // what comes through an access point is for the policy of that (D41)
	{"s3:dataaccesspointarn", func(p region.Pattern) bool { return isFixed(p) || accountOfPattern(p) != "" }},
}

// deputy tells whether an AWS service may be made to act by whoever it serves (E15, D46). Where an RCP speaks of the source, requests behind
// which there is no account are the service's own.
func (e *evaluation) deputy(r *raw) bool {
	return e.unbounded(e.behind(r), sourceBounds) != e.symbols.space.False()
}

// behind is a grant's contexts but those of requests that an AWS service makes for itself, where an RCP tells them apart.
func (e *evaluation) behind(r *raw) region.Node {
	if e.sourceByRCP() {
		if none, inPlay := e.symbols.absentNode("aws:sourceaccount"); inPlay {
			return e.symbols.space.Diff(r.node, none)
		}
	}
	return r.node
}

// sourceByRCP tells whether an RCP in play denies by the source of a service's request.
func (e *evaluation) sourceByRCP() bool {
	return slices.ContainsFunc(e.instances, func(in *instance) bool {
		return in.layer == LayerRCP && in.statement.Effect == policy.Deny && slices.ContainsFunc(in.statement.Conditions, func(c policy.Condition) bool {
			return slices.ContainsFunc(sourceBounds, func(b bound) bool { return b.key == c.Key })
		})
	})
}

// outsideSource tells whether an AWS service may act for an account or an organization outside that is spelled out, alone or beside those inside. A
// source account that is not the one of the source's ARN is nobody's.
func (e *evaluation) outsideSource(r *raw, z *zone) bool {
	spelled, inside := e.symbols.space.False(), e.symbols.space.False()
	for _, src := range sources {
		spelled = e.symbols.space.Or(spelled, e.within(bound{src.key, func(p region.Pattern) bool { return src.id(p) != "" }}))
		inside = e.symbols.space.Or(inside, e.within(bound{src.key, func(p region.Pattern) bool { return src.id(p) != "" && z.holds(src.id(p)) }}))
	}
	return e.symbols.space.Diff(e.symbols.space.And(e.behind(r), spelled), inside) != e.symbols.space.False()
}

// sources are the keys that name the account or the organization for which an AWS service acts.
var sources = []struct {
	key string
	id  func(region.Pattern) string
}{
	{"aws:sourceaccount", literalAccount},
	{"aws:sourceowner", literalAccount},
	{"aws:sourcearn", accountOfPattern},
	{"aws:sourceorgid", literalOrganization},
	{"aws:sourceorgpaths", organizationOf},
}

func literalAccount(p region.Pattern) string {
	if text := literalOf(p); isAccountID(text) {
		return text
	}
	return ""
}

func literalOrganization(p region.Pattern) string {
	if text := literalOf(p); organizationID(text) {
		return text
	}
	return ""
}

// markSubject says for whom tokens of an identity provider are accepted (E6, E21). What a SAML provider says of its users is its owner's business.
func (e *evaluation) markSubject(r *raw, provider string, m *marks) {
	if e.caller.principal.Kind != OIDCFederated {
		return
	}
	issuer, url := issuers.Of(provider), issuers.URL(provider)
	fixed, bounding, hangs := []bound{}, []bound{}, false
	claims := []issuers.Claim{{Name: "sub"}}
	if issuer.Shared() {
		claims = issuer.Claims
	}
	for _, c := range claims {
		key := policy.CanonicalKey(url + ":" + c.Name)
		if slices.ContainsFunc(fixed, func(b bound) bool { return b.key == key }) {
			continue
		}
		fixed = append(fixed, bound{key, isFixed})
		bounding = append(bounding, bound{key, func(p region.Pattern) bool { return issuer.Shared() && issuer.Bounds(c.Name, p) }})
		hangs = hangs || e.hangsOn(r, key)
	}
	none := e.symbols.space.False()
	switch {
	case e.unbounded(r.node, fixed) == none:
		m.subject = SubjectFixed
	case issuer.Shared() && e.unbounded(r.node, bounding) == none, !issuer.Shared() && hangs:
		m.subject = SubjectBounded
	default:
		m.subject = SubjectOpen
		m.mark(hangs, RiskOpenSubject)
		m.mark(!hangs, RiskNoSubject)
	}
	anonymous := issuer != nil && issuer.Anonymous && e.unauthenticated(r, url)
	m.mark(anonymous, RiskAnonymous)
	m.mark(issuer.Shared() && (m.subject == SubjectOpen || anonymous), RiskPublic)
	if anonymous {
		m.assumes = "the identity pool allows the classic flow: in the enhanced flow AWS limits unauthenticated roles with session policies of its own"
	}
}

// unauthenticated tells whether a token of a Cognito identity pool that nobody signed in for is accepted: its amr is that alone, or not there (E21).
func (e *evaluation) unauthenticated(r *raw, url string) bool {
	s := e.symbols
	key := policy.CanonicalKey(url + ":amr")
	d := s.domains[key]
	if d == nil {
		return true
	}
	none, _ := s.absentNode(key)
	alone := s.space.Not(none)
	for i := range d.cells {
		in := s.holdsCell(d, i)
		if !e.inCell(d, i, "unauthenticated") {
			in = s.space.Not(in)
		}
		alone = s.space.And(alone, in)
	}
	return s.space.And(r.node, s.space.Or(none, alone)) != s.space.False()
}
