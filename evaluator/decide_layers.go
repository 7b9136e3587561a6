package evaluator

import (
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// reading is one way to take what is uncertain: for the caller, or against it (D54).
type reading uint8

const (
	inclusive reading = iota // uncertain Allows count, uncertain Denies do not
	strict                   // the other way round
	readings
)

// layerSet is a set of layers.
type layerSet uint16

func (s layerSet) has(l Layer) bool { return s&(1<<l) != 0 }

// tally is what the layers say, in both readings. A layer that does not apply allows and does not deny (D5).
type tally struct {
	identity, boundary, session, scp, endpoint [readings]bool
	kinds                                      [readings]Match // forms of the resource policy's Allows
	grant                                      [readings]Match // forms of KMS grants that act like the key policy
	ownGrant                                   [readings]Match // forms of grants that the caller's own account issued (D33)
	public                                     [readings]bool  // the bucket policy is public and restricted (D39)
	denied                                     [readings]layerSet
	doubts                                     causes
}

// allow records a matching Allow in one layer's pair.
func allow(pair *[readings]bool, doubt causes) {
	pair[inclusive] = true
	if doubt == 0 {
		pair[strict] = true
	}
}

func (t *tally) deny(l Layer, doubt causes) {
	t.denied[strict] |= 1 << l
	if doubt == 0 {
		t.denied[inclusive] |= 1 << l
	}
}

func addKinds(pair *[readings]Match, kinds Match, doubt causes) {
	pair[inclusive] |= kinds
	if doubt == 0 {
		pair[strict] |= kinds
	}
}

var both = [readings]bool{true, true}

// gatherIdentitySide reads the caller's own policies: identity, boundary and session (D18–D23). Callers that belong to no account
// have none of them (D45, D46, D29).
func (d *Decider) gatherIdentitySide() {
	c, l, t := &d.request.Principal, d.layers, &d.tally
	t.boundary, t.session = both, both
	if !hasIdentitySide(c) {
		return
	}
	if c.Kind == Root {
		t.identity = both // D20
		d.gatherAssumedRoot()
		return
	}
	for i := range l.Identity {
		d.scan(LayerIdentity, &l.Identity[i], &t.identity)
	}
	if c.Kind == FederatedUser && c.Account != "" && strings.HasSuffix(c.Issuer, ":root") {
		t.identity = both // D20: what the root user federates with are all permissions
	}
	if l.Boundary != nil {
		t.boundary = [readings]bool{}
		d.scan(LayerBoundary, l.Boundary, &t.boundary)
	}
	if l.HasSession || c.Kind == FederatedUser { // D19: a federated user without a session policy has nothing
		t.session = [readings]bool{}
		for i := range l.Session {
			d.scan(LayerSession, &l.Session[i], &t.session)
		}
	}
}

// gatherAssumedRoot reads the task policy of an AssumeRoot session, which only denies (D20).
func (d *Decider) gatherAssumedRoot() {
	if !d.request.Principal.AssumedRoot {
		return
	}
	if !d.layers.HasSession {
		d.tally.session[strict] = false
		d.tally.doubts |= causeBit(policy.MissingDocument)
		return
	}
	var ceiling [readings]bool
	for i := range d.layers.Session {
		d.scan(LayerSession, &d.layers.Session[i], &ceiling)
	}
}

// gatherOrganization reads SCPs and RCPs (D10–D17).
func (d *Decider) gatherOrganization() {
	r, l, t := d.request, d.layers, &d.tally
	t.scp = both
	if SCPLimits(r.Action, &r.Principal) {
		for _, level := range l.SCP {
			var passes [readings]bool // D13: an empty level passes nothing
			for i := range level {
				d.scan(LayerSCP, &level[i], &passes)
			}
			t.scp[inclusive] = t.scp[inclusive] && passes[inclusive]
			t.scp[strict] = t.scp[strict] && passes[strict]
		}
	}
	if len(l.RCP) == 0 || !RCPApplies(d.facts.service) || RCPExempt(r.Action, &r.Principal, &r.Target) {
		return
	}
	var allowed [readings]bool // RCPFullAWSAccess is at every level, so only Denies matter (D15)
	for _, level := range l.RCP {
		for i := range level {
			d.scan(LayerRCP, &level[i], &allowed)
		}
	}
}

// gatherResourceSide reads the resource's policy, the grants on it and the endpoint's policy.
func (d *Decider) gatherResourceSide() {
	c, l, t := &d.request.Principal, d.layers, &d.tally
	if l.Resource != nil && !d.facts.star && OwnPolicyApplies(d.request.Action, d.facts.resource) { // D48
		var ignored [readings]bool
		d.scan(LayerResource, l.Resource, &ignored)
		if d.request.Target.RestrictPublicBuckets && d.facts.service == "s3" && c.Kind != Service {
			public, uncertain := PolicyIsPublic(l.Resource.Doc)
			t.public = [readings]bool{public, public || uncertain}
			if uncertain {
				t.doubts |= causeBit(policy.UnanalysableStatement)
			}
		}
	}
	if RetiresGrant(d.request.Action) {
		t.kinds = [readings]Match{} // D33: policies do not permit it
	}
	d.gatherGrants()
	if c.Kind == Anonymous && t.kinds[strict] != 0 && !TakesAnonymous(d.request.Action) {
		t.kinds[strict] = 0 // D45
		t.doubts |= causeBit(policy.ServiceRuleMissing)
	}
	t.endpoint = both
	if l.Endpoint != nil && c.Kind != Service { // D42, D46
		t.endpoint = [readings]bool{}
		d.scan(LayerEndpoint, l.Endpoint, &t.endpoint)
	}
}

// scan matches every statement of a document. It goes on after the first Deny or Allow: a decision names all that decided.
func (d *Decider) scan(layer Layer, p *Policy, allowed *[readings]bool) {
	doc := p.Doc
	if doc == nil {
		doc = policy.Missing(policy.Identity) // D18: not known, so neither absent
	}
	for i := range doc.Statements {
		st := &doc.Statements[i]
		kinds, doubt, ok := d.match(layer, st)
		if !ok {
			continue
		}
		d.tally.doubts |= doubt
		d.hits = append(d.hits, hit{layer: layer, policy: p, st: st, kinds: kinds, doubt: doubt})
		switch {
		case st.Effect == policy.Deny:
			d.tally.deny(layer, doubt)
		case layer == LayerResource:
			addKinds(&d.tally.kinds, kinds, doubt)
		default:
			allow(allowed, doubt)
		}
	}
}

// match tells whether a statement speaks of the request, in which forms it names the caller, and what is doubtful about it.
func (d *Decider) match(layer Layer, st *policy.Statement) (kinds Match, doubt causes, ok bool) {
	if !st.Actions.Match(d.request.Action) {
		return 0, 0, false
	}
	kinds = MatchWildcard
	if layer == LayerResource || layer == LayerEndpoint {
		var uncertain bool
		kinds, uncertain = MatchPrincipal(&st.Principals, &d.request.Principal, st.Effect, d.facts.boundary)
		if kinds == 0 {
			return 0, 0, false
		}
		if uncertain {
			doubt |= causeBit(policy.NotPrincipalUncertain)
		}
		if layer == LayerEndpoint && st.Effect == policy.Allow && kinds == MatchAccount && d.request.Principal.Kind != Root {
			switch endpointKindFor(d.layers.EndpointKind, d.facts.service) {
			case EndpointGateway:
				return 0, 0, false
			case EndpointUnknown:
				doubt |= causeBit(policy.CollectionGap)
			}
		}
	}
	resourceDoubt, ok := d.matchResource(st)
	if !ok {
		return 0, 0, false
	}
	doubt |= resourceDoubt
	for i := range st.Conditions {
		if !st.Conditions[i].Eval(&d.request.Context, st.Effect) {
			return 0, 0, false
		}
	}
	if st.Unanalysable != "" {
		doubt |= causeBit(st.Cause)
	}
	if layer == LayerRCP && d.facts.star { // D14: documentation and captures disagree
		doubt |= causeBit(policy.ServiceRuleMissing)
	}
	return kinds, doubt, true
}

// endpointKindFor gives the kind of the endpoint in use: only S3 and DynamoDB have gateways (D42).
func endpointKindFor(known EndpointKind, service string) EndpointKind {
	switch {
	case known != EndpointUnknown:
		return known
	case service == "s3" || service == "dynamodb":
		return EndpointUnknown
	}
	return EndpointInterface
}

// matchResource is Resource or NotResource against the request (B6–B19).
func (d *Decider) matchResource(st *policy.Statement) (doubt causes, ok bool) {
	rs := &st.Resources
	ok = rs.Match(d.facts.resource, &d.request.Context)
	if !d.facts.star || rs.Implicit {
		return 0, ok
	}
	if bucketsOfAll(d.request.Action) { // B10: both spellings
		for i := range rs.Patterns {
			if allBuckets(rs.Patterns[i].Text) {
				return 0, !rs.Not
			}
		}
	}
	if ok == rs.Not && d.couldMatchPseudoARN(rs) {
		// Whether the service compares with "*" or with its pseudo-ARN is not documented: the statement may match.
		return causeBit(policy.ServiceRuleMissing), true
	}
	return 0, ok
}

// couldMatchPseudoARN tells whether a pattern of the list could match the ARN on which the service authorises the action (B10).
func (d *Decider) couldMatchPseudoARN(rs *policy.Resources) bool {
	c := &d.request.Principal
	pseudo, has := PseudoARN(d.request.Action, arnField(c.ARN, 2), c.Account)
	if !has {
		return false
	}
	const steps = 1 << 16 // far more than two patterns of any sane length need
	for i := range rs.Patterns {
		tpl := &rs.Patterns[i]
		pattern := tpl.Static
		if tpl.Never {
			continue
		}
		if pattern == nil {
			resolved, ok := tpl.Resolve(&d.request.Context)
			if !ok {
				continue
			}
			pattern = &resolved
		}
		could, err := region.Intersects(region.NewBudget(steps),
			region.Lang{Patterns: []region.Pattern{*pattern}}, region.Lang{Patterns: []region.Pattern{pseudo}})
		if could || err != nil {
			return true
		}
	}
	return false
}
