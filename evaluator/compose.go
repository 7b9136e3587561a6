package evaluator

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// byKind are formulas by the match kind under which their statements name the caller.
type byKind [bits.UintSize]*formula

func (k *byKind) add(kinds Match, f *formula) {
	for m := kinds; m != 0; m &= m - 1 {
		i := bits.TrailingZeros(uint(m))
		k[i] = disj(k[i], f)
	}
}

// of is the OR over some kinds.
func (k *byKind) of(kinds Match) *formula {
	out := formulaFalse
	for m := kinds; m != 0; m &= m - 1 {
		if f := k[bits.TrailingZeros(uint(m))]; f != nil {
			out = disj(out, f)
		}
	}
	return out
}

const allKinds = MatchWildcard | MatchAccount | MatchExact | MatchRole | MatchIssuer | MatchService | MatchFederated

// composer builds D5 for one action class on one cell, as formulas.
type composer struct {
	e        *evaluation
	part     *verdictPart
	action   string
	resource string
	l        *lowering
	target   Target

	identity, boundary, session, endpoint []*formula
	scp                                   [][]*formula // allows by level
	denies, policyDenies                  []*formula   // the latter of the resource's own policy
	stops                                 []stop       // each of the denies, with its statement, where the evaluation attributes them
	through, stopped                      [][]*formula // allows and denies of the snapshot's VPC endpoints
	own, grants, issued                   byKind       // resource policy; KMS grants; those of the caller's own account
	drafts                                []drafted    // what statements say that bind nobody
}

// stop is when a Deny statement denies.
type stop struct {
	in      *instance
	formula *formula
}

// drafted is when a draft matches.
type drafted struct {
	index   int // among the drafts
	formula *formula
}

// compose sets the part's context and result formulas.
func (e *evaluation) compose(p *verdictPart) {
	var c composer // large, and of no use afterwards: it stays on the stack
	c.begin(e, p)
	if p.when.kind == formFalse {
		p.result = formulaFalse
		return
	}
	c.collect()
	p.result = c.result()
	p.passage = c.passage()
}

// composer makes the composer of a part, and sets the part's context.
func (e *evaluation) composer(p *verdictPart) *composer {
	c := new(composer)
	c.begin(e, p)
	return c
}

func (c *composer) begin(e *evaluation, p *verdictPart) {
	m := &e.asking.members[p.class.first]
	c.e, c.part, c.action, c.l = e, p, m.name, &lowering{symbols: e.symbols, facts: e.situate(m)}
	p.facts = c.l.facts
	c.resource = p.cell.pieces[0].sample()
	c.target = e.target(c.resource)
	if s, ok := c.l.facts.(*situation); ok {
		s.region = p.cell.region
	}
	p.when = conj(c.question(e.asking.When), c.question(e.apart))
}

// regionOf is the Region that every resource of a cell is in as its ARN tells, empty where it does not.
func (e *evaluation) regionOf(c *cell) string {
	var region string
	for i := range c.pieces {
		at := e.pieceRegion(&c.pieces[i])
		if at == "" || region != "" && at != region {
			return ""
		}
		region = at
	}
	return region
}

func (e *evaluation) pieceRegion(p *piece) string {
	if p.item.literal {
		return arnField(p.item.text, 4)
	}
	if !p.whole {
		for i, at := range p.split.tests {
			if !p.bits.Has(i) {
				continue
			}
			if region := regionField(e.tests.list[at].pattern); region != "" {
				return region
			}
		}
	}
	return regionField(p.item.pattern)
}

// regionField is the fourth field of a pattern, empty where it is not fixed.
func regionField(p region.Pattern) string {
	var b strings.Builder
	field := 1
	for _, t := range p.Tokens {
		switch {
		case t.Kind == region.TokenRune && t.Rune == ':':
			if field++; field > 4 {
				return b.String()
			}
		case t.Kind != region.TokenRune && (t.Kind != region.TokenStarInField && t.Kind != region.TokenAnyInField || field == 4):
			return "" // it runs across colons, or the Region is open
		case field == 4:
			b.WriteRune(t.Rune)
		}
	}
	return ""
}

// sample is some resource string of a piece; cells of patterns know one, and for a whole pattern the text itself serves, its
// stars being characters like any other.
func (p *piece) sample() string {
	if p.witness != "" {
		return p.witness
	}
	return p.item.text
}

// target is the resource as the service rules read it.
func (e *evaluation) target(resource string) Target {
	g := e.group
	t := Target{
		Resource: resource, Account: g.ownerAccount(), RestrictPublicBuckets: g.restricted, KeyManagedByAWS: g.keyByAWS,
		ServiceLinkedRole: g.linkedRole, Management: g.management, SignedURL: g.urlAuth == "AWS_IAM",
		AccessPoint: g.through,
	}
	if g.owner != nil {
		t.Management = g.owner.management
	}
	return t
}

// question is the question's context on this cell.
func (c *composer) question(x Expr) *formula {
	switch x := x.(type) {
	case nil:
		return formulaTrue
	case Const:
		return constant(x.Value)
	case Not:
		return negate(c.question(x.Of))
	case And:
		return conj(c.questions(x.Of)...)
	case Or:
		return disj(c.questions(x.Of)...)
	case Test:
		if x.Condition.Key == ResourceKey {
			return c.resourceTest(&x.Condition)
		}
		return c.l.condition(&x.Condition, policy.Allow)
	}
	return formulaFalse
}

func (c *composer) questions(xs []Expr) []*formula {
	parts := make([]*formula, 0, len(xs))
	for _, x := range xs {
		parts = append(parts, c.question(x))
	}
	return parts
}

// resourceTest is `resource like pattern…` on the part's cell: every pattern was registered as a test, so that cells decide.
func (c *composer) resourceTest(cond *policy.Condition) *formula {
	var parts []*formula
	for _, v := range cond.Values {
		if v.Template == nil {
			continue
		}
		i, ok := c.e.tests.find(v.Template)
		if !ok {
			continue
		}
		switch {
		case c.part.cell.in.Has(i):
			return formulaTrue
		case c.part.cell.depends.Has(i):
			parts = append(parts, c.e.dependent(c.e.tests.list[i], c.part.cell, c.l))
		}
	}
	return disj(parts...)
}

// collect lowers every statement in play and sorts it by layer and match kind.
func (c *composer) collect() {
	c.scp = make([][]*formula, len(c.e.layers.SCP))
	c.through, c.stopped = make([][]*formula, len(c.e.endpoints)), make([][]*formula, len(c.e.endpoints))
	for _, in := range c.part.class.in {
		if in.grant != nil {
			c.collectGrant(in)
			continue
		}
		f := c.effect(in)
		if f.kind == formFalse {
			continue
		}
		if in.layer == layerDraft {
			c.drafts = append(c.drafts, drafted{in.statement.Index, f})
			continue
		}
		if in.statement.Effect == policy.Deny {
			c.collectDeny(in, f)
		} else {
			c.collectAllow(in, f)
		}
	}
}

// effect is when a statement has one.
func (c *composer) effect(in *instance) *formula {
	if !c.layerApplies(in) {
		return formulaFalse
	}
	f, doubt := c.matches(in)
	if f.kind == formFalse {
		return f
	}
	return conj(f, c.conditions(in), doubt, c.doubt(in), c.sessions(in))
}

// conditions lowers a statement's conditions, once for all actions where they cannot differ.
func (c *composer) conditions(in *instance) *formula {
	if !in.anywhere {
		return c.l.conditions(in.statement.Conditions, in.statement.Effect)
	}
	if in.lowered == nil {
		in.lowered = c.l.conditions(in.statement.Conditions, in.statement.Effect)
	}
	return in.lowered
}

// matches is the statement's resource element on the cell, and what is doubtful about it (B10).
func (c *composer) matches(in *instance) (f, doubt *formula) {
	f = c.e.matchFormula(in, c.part.cell, c.l)
	rs := &in.statement.Resources
	if !c.e.group.star || rs.Implicit {
		return f, formulaTrue
	}
	if bucketsOfAll(c.action) {
		for i := range rs.Patterns {
			if allBuckets(rs.Patterns[i].Text) {
				return constant(!rs.Not), formulaTrue
			}
		}
	}
	if f.kind != formFalse && !rs.Not || f.kind == formFalse && rs.Not {
		return f, formulaTrue
	}
	could := c.couldMatchPseudo(in)
	doubt = c.unknown(policy.ServiceRuleMissing, in)
	if rs.Not { // what cannot match is not among the resources left out
		return formulaTrue, disj(negate(could), doubt)
	}
	return could, doubt
}

// couldMatchPseudo is when one of the statement's patterns meets the ARN on which the service authorises a resource-less action (B10):
// a pattern with variables needs a value for each (B12).
func (c *composer) couldMatchPseudo(in *instance) *formula {
	p := &c.e.caller.principal
	pseudo, has := PseudoARN(c.action, arnField(p.ARN, 2), p.Account)
	if !has {
		return formulaFalse
	}
	var any []*formula
	for _, i := range in.resources {
		t := c.e.tests.list[i]
		if t.template.Never {
			continue
		}
		meets, err := region.Intersects(c.e.budget, region.Lang{Patterns: []region.Pattern{t.pattern}}, region.Lang{Patterns: []region.Pattern{pseudo}})
		if !meets && err == nil {
			continue
		}
		var filled []*formula
		if !t.static {
			for _, seg := range t.template.Segments {
				if seg.Kind == policy.SegmentVariable && !seg.HasDefault {
					filled = append(filled, negate(c.l.condition(absentCondition(seg.Written), policy.Allow)))
				}
			}
		}
		any = append(any, conj(filled...))
	}
	return disj(any...)
}

// doubt is what stands between a statement's match and its effect where that is not known.
func (c *composer) doubt(in *instance) *formula {
	f := formulaTrue
	if in.statement.Unanalysable != "" {
		f = conj(f, c.unknown(in.statement.Cause, in))
	}
	if in.doubtful && len(in.listed) == 0 {
		f = conj(f, c.unknown(policy.NotPrincipalUncertain, in))
	}
	if in.layer == LayerRCP && c.e.group.star { // D14: a listed service, but an action without resource type
		f = conj(f, c.unknown(policy.ServiceRuleMissing, in))
	}
	if in.layer == LayerEndpoint && in.statement.Effect == policy.Allow && in.kinds == MatchAccount && c.e.caller.principal.Kind != Root {
		kind := c.e.layers.EndpointKind
		if c.e.endpoints != nil {
			kind = c.e.endpoints[in.level].kind
		}
		switch endpointKindFor(kind, ActionService(c.action)) { // D42
		case EndpointGateway:
			return formulaFalse
		case EndpointUnknown:
			f = conj(f, c.unknown(policy.CollectionGap, in))
		}
	}
	return f
}

// unknown is the variable of what is doubtful about a statement. A document that is missing stands for an Allow and a Deny, each of
// which may be there without the other (D18).
func (c *composer) unknown(cause policy.Cause, in *instance) *formula {
	in = in.sameDoubt(cause)
	name := fmt.Sprintf("%s policy %s, statement %d", in.layer, in.policy, in.statement.Index)
	if in.beside != nil {
		name = "the other " + name
	}
	return c.e.symbols.unknownEither(cause, name, in.statement.Effect)
}

// layerApplies selects the layers (D10–D16, D25, D46).
func (c *composer) layerApplies(in *instance) bool {
	p := &c.e.caller.principal
	switch in.layer {
	case LayerSCP:
		return SCPLimits(c.action, p)
	case LayerRCP:
		return RCPApplies(ActionService(c.action)) && !RCPExempt(c.action, p, &c.target)
	case LayerResource:
		return OwnPolicyApplies(c.action, c.resource)
	case LayerEndpoint:
		return p.Kind != Service
	}
	return true
}

// sessions is for which sessions of the caller's role a statement speaks (D22): one with NotPrincipal as it lists each of them, and a
// Deny that names the caller by nothing but sessions for these. What an Allow grants to sessions is collected apart.
func (c *composer) sessions(in *instance) *formula {
	if len(in.listed) == 0 {
		if in.kinds != 0 || in.statement.Effect == policy.Allow {
			return formulaTrue
		}
		named := make([]*formula, 0, len(in.sessions))
		for _, name := range in.sessions {
			named = append(named, c.sessionNamed(name))
		}
		return disj(named...)
	}
	speaks := func(kinds Match, doubtful bool) *formula {
		if kinds != 0 && doubtful {
			return c.unknown(policy.NotPrincipalUncertain, in)
		}
		return constant(kinds != 0)
	}
	rest := speaks(in.kinds, in.doubtful)
	var parts []*formula
	for _, l := range in.listed {
		is := c.sessionNamed(l.name)
		parts = append(parts, conj(is, speaks(l.kinds, l.doubtful)))
		rest = conj(rest, negate(is))
	}
	return disj(append(parts, rest)...)
}

func (c *composer) collectDeny(in *instance, f *formula) {
	if c.e.attributes {
		c.stops = append(c.stops, stop{in, f})
	}
	switch {
	case in.layer == LayerResource:
		c.policyDenies = append(c.policyDenies, f)
	case in.layer == LayerEndpoint && c.e.endpoints != nil:
		c.stopped[in.level] = append(c.stopped[in.level], f)
	default:
		c.denies = append(c.denies, f)
	}
}

func (c *composer) collectAllow(in *instance, f *formula) {
	switch in.layer {
	case LayerIdentity:
		c.identity = append(c.identity, f)
		c.granting(in, f, 0, false)
	case LayerBoundary:
		c.boundary = append(c.boundary, f)
	case LayerSession:
		c.session = append(c.session, f)
	case LayerSCP:
		c.scp[in.level] = append(c.scp[in.level], f)
	case LayerEndpoint:
		if c.e.endpoints != nil {
			c.through[in.level] = append(c.through[in.level], f)
			return
		}
		c.endpoint = append(c.endpoint, f)
	case LayerResource:
		if RetiresGrant(c.action) {
			return // D33: a policy alone never permits retiring
		}
		kinds := in.kinds
		if len(in.listed) > 0 {
			kinds = MatchWildcard // NotPrincipal with Allow grants to everyone else (A31)
		}
		c.own.add(kinds, f)
		for _, name := range in.sessions {
			named := conj(f, c.sessionNamed(name))
			c.own.add(MatchExact, named)
			c.granting(in, named, MatchExact, false)
		}
		c.granting(in, f, kinds, false)
	}
}

// granting notes a statement or grant that may be the proof of an allow, with the forms in which it names the caller: none for the
// caller's own statements.
func (c *composer) granting(in *instance, f *formula, kinds Match, issued bool) {
	c.part.granting = append(c.part.granting, &grantingPart{in: in, match: f, kinds: kinds, issued: issued, formula: formulaFalse})
}

// prove says when each granting statement bears the allow: when all that it needs beside itself is there too. needs tells that, by the
// forms in which it names the caller.
func (c *composer) prove(needs func(kinds Match, issued bool) *formula) {
	for _, g := range c.part.granting {
		g.formula = disj(g.formula, conj(g.match, needs(g.kinds, g.issued)))
	}
}

// sessionNamed is "the session is called name" (D22), told by aws:userid.
func (c *composer) sessionNamed(name string) *formula {
	id := c.e.caller.principal.UniqueID
	return c.l.condition(textCondition(policy.StringEquals, "aws:userid", id+":"+name), policy.Allow)
}

// collectGrant adds a KMS grant by its form and issuer (D33).
func (c *composer) collectGrant(in *instance) {
	if !TrustMandatory(c.action, c.resource) {
		return
	}
	g := in.grant
	_, operation := cutAction(c.action)
	if RetiresGrant(c.action) && in.retirers != 0 {
		c.grants.add(in.retirers, formulaTrue)
		c.granting(in, formulaTrue, in.retirers, false)
	}
	if RetiresGrant(c.action) {
		for _, name := range in.retiring {
			c.grants.add(MatchExact, c.sessionNamed(name))
			c.granting(in, c.sessionNamed(name), MatchExact, false)
		}
	}
	if !oneOf(operation, g.Operations...) {
		return
	}
	f := formulaTrue
	if constrainsGrant(operation) {
		f = c.l.conditions(g.Constraint, policy.Allow)
	}
	if g.Unknown {
		f = conj(f, c.e.symbols.unknown(policy.UnanalysableStatement, "grant "+g.ID))
	}
	if f.kind == formFalse {
		return
	}
	account := c.e.caller.principal.Account
	abroad := account != "" && account != c.target.Account
	add := func(kinds Match, f *formula) {
		if !abroad || g.IssuingAccount != account {
			c.grants.add(kinds, f)
			c.granting(in, f, kinds, false)
		}
		if abroad && g.IssuingAccount == "" {
			f = conj(f, c.e.symbols.unknown(policy.CollectionGap, "the issuer of grant "+g.ID))
		}
		if abroad && (g.IssuingAccount == "" || g.IssuingAccount == account) {
			c.issued.add(kinds, f)
			c.granting(in, f, kinds, true)
		}
	}
	if in.kinds != 0 {
		add(in.kinds, f)
	}
	for _, name := range in.sessions {
		add(MatchExact, conj(f, c.sessionNamed(name)))
	}
}

// result composes the layers (D5).
func (c *composer) result() *formula {
	if NoPolicyNeeded(c.action, &c.e.caller.principal) { // D4
		return formulaTrue
	}
	if !c.e.unsure {
		return c.decide(c.e.outsider)
	}
	unknown := c.e.symbols.unknown(policy.UnknownOwner, "the owner of "+c.resource)
	return disj(conj(unknown, c.decide(false)), conj(negate(unknown), c.decide(true)))
}

func (c *composer) decide(outsider bool) *formula {
	p := &c.e.caller.principal
	if ServiceRefuses(c.action, p, &c.target, outsider) {
		return formulaFalse
	}
	granted := c.granted(outsider)
	if granted.kind == formFalse {
		return granted
	}
	denies := disj(c.denies...)
	if !(p.Kind == Root && !outsider && RootOverridesBucketPolicy(c.action)) { // D38
		denies = disj(denies, disj(c.policyDenies...))
	}
	denies = disj(denies, c.publicCut(outsider))
	return conj(granted, c.ceilings(), negate(denies), c.behind())
}

// behind is the consent of the bucket behind an access point, which the snapshot does not name (D41).
func (c *composer) behind() *formula {
	if !throughAccessPoint(c.action, &c.target) {
		return formulaTrue
	}
	return c.e.symbols.unknown(policy.CollectionGap, "the policy of the bucket behind "+c.resource)
}

// publicCut is RestrictPublicBuckets (D39).
func (c *composer) publicCut(outsider bool) *formula {
	l := c.e.layers
	if !c.target.RestrictPublicBuckets || l.Resource == nil || !outsider || c.e.caller.principal.Kind == Service || ActionService(c.action) != "s3" ||
		c.e.group.star {
		return formulaFalse
	}
	public, uncertain := PolicyIsPublic(l.Resource.Doc)
	switch {
	case public:
		return formulaTrue
	case uncertain:
		return c.e.symbols.unknown(policy.UnanalysableStatement, "bucket policy of "+c.resource)
	}
	return formulaFalse
}

// ceilings are the SCP levels, each of which must allow (D13), and the endpoint's policy (D42).
func (c *composer) ceilings() *formula {
	parts := []*formula{}
	if SCPLimits(c.action, &c.e.caller.principal) {
		for _, level := range c.scp {
			parts = append(parts, disj(level...))
		}
	}
	if c.e.layers.Endpoint != nil && c.e.caller.principal.Kind != Service {
		parts = append(parts, disj(c.endpoint...))
	}
	return conj(parts...)
}

// passage is what the snapshot's VPC endpoints let through: a request that goes through one of them needs its consent (D42).
func (c *composer) passage() *formula {
	parts := make([]*formula, 0, len(c.through))
	for i := range c.through {
		parts = append(parts, disj(negate(c.goesThrough(i)), conj(disj(c.through[i]...), negate(disj(c.stopped[i]...)))))
	}
	return conj(parts...)
}

// goesThrough is when the request goes through one of the endpoints (D42).
func (c *composer) goesThrough(i int) *formula {
	return c.l.condition(textCondition(policy.StringEquals, sourceEndpoint, c.e.endpoints[i].id), policy.Allow)
}

// sourceEndpoint is the key that tells through which VPC endpoint a request goes.
const sourceEndpoint = "aws:SourceVpce"

// granted is G of D5.
func (c *composer) granted(outsider bool) *formula {
	only := func(kinds Match) { // of callers without an identity side
		c.prove(func(k Match, _ bool) *formula { return constant(k&kinds != 0) })
	}
	switch c.e.caller.principal.Kind {
	case Service: // D46
		only(MatchService | MatchWildcard)
		return disj(c.own.of(MatchService|MatchWildcard), c.grants.of(MatchService|MatchWildcard))
	case Anonymous: // D45
		only(MatchWildcard)
		f := c.own.of(MatchWildcard)
		switch {
		case f.kind == formFalse:
		case !TakesAnonymous(c.action):
			f = conj(f, c.e.symbols.unknown(policy.ServiceRuleMissing, "unsigned calls of "+c.action))
		case c.e.group.urlAuth != "" || ActionService(c.action) != "lambda":
		case strings.EqualFold(c.action, "lambda:InvokeFunctionUrl"): // D47: the URL takes unsigned calls where its type is NONE
			f = conj(f, c.l.condition(textCondition(policy.StringEquals, "lambda:FunctionUrlAuthType", "NONE"), policy.Allow))
		default: // D47: they come through a URL alone
			f = conj(f, c.e.symbols.unknown(policy.CollectionGap, "the function URL of "+c.resource))
		}
		return f
	case OIDCFederated, SAMLFederated: // D29
		only(MatchFederated)
		return c.own.of(MatchFederated)
	}
	ceilings := conj(c.limit(c.e.boundary(), c.boundary), c.sessionLimit())
	whole := conj(c.identitySide(), ceilings)
	account := formulaFalse
	if c.e.group.unread { // whether the resource's side consents is not in the snapshot
		account = c.e.symbols.unknown(policy.CollectionGap, "the policy of "+c.resource)
	}
	if outsider { // D8, D27, D33
		consent := disj(c.own.of(allKinds), c.grants.of(allKinds), account, c.issued.of(MatchAccount))
		c.prove(func(kinds Match, issued bool) *formula {
			switch {
			case kinds == 0:
				return conj(ceilings, consent)
			case issued && kinds&^MatchAccount != 0:
				return ceilings
			}
			return whole
		})
		return disj(
			conj(whole, disj(c.own.of(allKinds), c.grants.of(allKinds), account)),
			conj(ceilings, c.issued.of(allKinds&^MatchAccount)),
			conj(whole, c.issued.of(MatchAccount)),
		)
	}
	if c.e.caller.outside { // its boundary is not in the snapshot either
		ceilings = conj(ceilings, c.e.symbols.assume(outsideAssumption))
	}
	of := func(kinds Match) *formula { return disj(c.own.of(kinds), c.grants.of(kinds), c.issued.of(kinds)) }
	through, consent, mandatory := whole, formulaTrue, false
	if TrustMandatory(c.action, c.resource) && !c.e.group.star { // D25, D32
		mandatory = true
		consent = disj(of(MatchAccount), account)
		if c.e.group.assumption != "" && !c.e.group.snapshot && !RetiresGrant(c.action) { // D33: no key policy permits retiring
			consent = disj(consent, c.e.symbols.assume(c.e.group.assumption))
		}
		through = conj(whole, consent)
	}
	c.prove(func(kinds Match, _ bool) *formula {
		switch {
		case kinds == 0:
			return conj(ceilings, consent)
		case kinds&(MatchWildcard|MatchExact) != 0:
			return formulaTrue
		case kinds&(MatchRole|MatchIssuer) != 0:
			return ceilings
		case mandatory:
			return whole
		}
		return formulaFalse // the account's own policies grant, with or without it
	})
	return disj(of(MatchWildcard|MatchExact), conj(ceilings, of(MatchRole|MatchIssuer)), through) // D7, D21
}

func (c *composer) limit(exists bool, allows []*formula) *formula {
	if !exists {
		return formulaTrue
	}
	return disj(allows...)
}

// sessionLimit is the session policy (D19, D20, D22).
func (c *composer) sessionLimit() *formula {
	p := &c.e.caller.principal
	switch {
	case p.Kind == Root && p.AssumedRoot && !c.e.layers.HasSession:
		return c.e.symbols.unknown(policy.MissingDocument, "the task policy of the AssumeRoot session")
	case p.Kind == Root, c.e.caller.outside:
		return formulaTrue
	}
	return c.limit(c.e.layers.HasSession || p.Kind == FederatedUser, c.session)
}

// identitySide is what the caller's own policies allow (D20, D50).
func (c *composer) identitySide() *formula {
	p := &c.e.caller.principal
	switch {
	case c.e.caller.outside:
		return c.e.symbols.assume(outsideAssumption)
	case p.Kind == Root, p.Kind == FederatedUser && p.Account != "" && arnField(p.Issuer, 6) == "root":
		return formulaTrue
	}
	return disj(c.identity...)
}

// outsideAssumption is the identity side of a caller whose account is not in the snapshot (D50).
const outsideAssumption = "the outside principal's own account allows it"
