package evaluator

import (
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// ruling names the layer that decided, and the rule by which it did.
func (p *pointed) ruling(v Verdict) Ruling {
	switch {
	case !p.possible():
		return Ruling{Layer: LayerService, Rule: "C30"}
	case NoPolicyNeeded(p.action, &p.e.caller.principal):
		return Ruling{Layer: LayerService, Rule: "D4"}
	case v == Denied:
		return p.denial()
	case v == Unknown:
		return Ruling{Layer: p.grantor(), Rule: "D54"}
	}
	layer := p.grantor()
	return Ruling{Layer: layer, Rule: p.grantRule(layer)}
}

// grantor is the layer that an allow is put down to, as the point engine does: the caller's own side where it takes part.
func (p *pointed) grantor() Layer {
	layer := LayerResource
	for i, in := range p.e.via(p.part) {
		if in.layer == LayerIdentity {
			return LayerIdentity
		}
		if i == 0 {
			layer = in.layer
		}
	}
	if c := &p.e.caller.principal; c.Kind == Root && !p.e.outsider {
		return LayerIdentity
	}
	return layer
}

// grantRule is the rule by which a layer's Allow is enough.
func (p *pointed) grantRule(layer Layer) string {
	c := &p.e.caller.principal
	mandatory := TrustMandatory(p.action, p.resource) && !p.e.group.star
	switch {
	case layer == LayerGrant, RetiresGrant(p.action):
		return "D33"
	case c.Kind == Service:
		return "D46"
	case c.Kind == Anonymous:
		return "D45"
	case c.Kind == OIDCFederated || c.Kind == SAMLFederated:
		return "D29"
	case mandatory && iamRole(p.resource) && p.e.outsider:
		return "D27"
	case mandatory && iamRole(p.resource):
		return "D26"
	case p.e.outsider:
		return "D8"
	case mandatory:
		return "D32"
	case c.Kind == Root:
		return "D20"
	case p.e.group.star:
		return "D48"
	case layer == LayerResource:
		return "D21"
	}
	return "D7"
}

// denial finds the layer that leaves nothing: explicit denies first, then the service, then what would have to grant, in the order in
// which they are asked (D2, D5).
func (p *pointed) denial() Ruling {
	space := p.e.symbols.space
	left := p.part.care
	for layer := LayerIdentity; layer < LayerService; layer++ {
		for _, t := range p.traced {
			if t.reason.Effect != policy.Deny || t.reason.Layer != layer || p.overridden(layer) {
				continue
			}
			if left = space.Diff(left, p.certainly(t.effect)); left == space.False() {
				return Ruling{Layer: layer, Rule: "D2", Owner: t.owner}
			}
		}
	}
	if p.cut() != space.False() && space.Diff(left, p.cut()) == space.False() {
		return Ruling{Layer: LayerService, Rule: "D39"}
	}
	if rule := serviceRefusal(p.action, &p.e.caller.principal, &p.target, p.e.outsider); rule != "" {
		return Ruling{Layer: LayerService, Rule: rule}
	}
	if r, ok := p.withheld(left); ok {
		return r
	}
	return p.ceiling(left)
}

// certainly is where a formula holds whatever the snapshot does not tell.
func (p *pointed) certainly(f *formula) region.Node {
	n := p.e.symbols.node(f)
	if unknown := p.e.unknowns(); len(unknown) > 0 {
		n = p.e.symbols.space.ForAll(n, unknown...)
	}
	return n
}

// overridden tells the denies that the owner's root user can pass over (D38).
func (p *pointed) overridden(layer Layer) bool {
	return layer == LayerResource && p.e.caller.principal.Kind == Root && !p.e.outsider && RootOverridesBucketPolicy(p.action)
}

func (p *pointed) cut() region.Node { return p.e.symbols.node(p.public) }

// withheld is the first layer without which nothing is granted (D5, D7, D8).
func (p *pointed) withheld(left region.Node) (Ruling, bool) {
	space, c := p.e.symbols.space, &p.e.caller.principal
	silent := func(fs ...*formula) bool {
		n := left
		for _, f := range fs {
			n = space.And(n, p.e.symbols.node(f))
		}
		return n == space.False()
	}
	resource := disj(p.own.of(allKinds), p.grants.of(allKinds), p.issued.of(allKinds))
	if !hasIdentitySide(c) {
		return Ruling{Layer: LayerResource, Rule: p.grantRule(LayerResource)}, silent(resource)
	}
	boundary, session := p.limit(p.e.boundary(), p.boundary), p.sessionLimit()
	mandatory := TrustMandatory(p.action, p.resource) && !p.e.group.star
	direct := disj(p.own.of(MatchWildcard|MatchExact), p.grants.of(MatchWildcard|MatchExact), p.issued.of(MatchWildcard|MatchExact))
	through := disj(p.own.of(MatchRole|MatchIssuer), p.grants.of(MatchRole|MatchIssuer), p.issued.of(MatchRole|MatchIssuer))
	identity := p.identitySide()
	switch {
	case RetiresGrant(p.action) && silent(resource):
		return Ruling{Layer: LayerResource, Rule: "D33"}, true
	case mandatory && silent(resource):
		return Ruling{Layer: LayerResource, Rule: map[bool]string{true: "D25", false: "D32"}[iamRole(p.resource)]}, true
	case p.e.outsider && !p.e.caller.outside && silent(identity):
		return Ruling{Layer: LayerIdentity, Rule: "D8"}, true
	case p.e.outsider && silent(resource):
		return Ruling{Layer: LayerResource, Rule: "D8"}, true
	case !p.e.outsider && silent(disj(identity, direct, through)):
		return Ruling{Layer: LayerIdentity, Rule: "D3"}, true
	case silent(disj(boundary, direct)) || p.e.outsider && silent(boundary):
		return Ruling{Layer: LayerBoundary, Rule: "D18"}, true
	case silent(disj(session, direct)) || p.e.outsider && silent(session):
		return Ruling{Layer: LayerSession, Rule: "D19"}, true
	case mandatory && silent(disj(p.own.of(MatchAccount), p.grants.of(MatchAccount), direct, through)):
		return Ruling{Layer: LayerResource, Rule: map[bool]string{true: "D26", false: "D32"}[iamRole(p.resource)]}, true
	}
	return Ruling{Layer: LayerIdentity, Rule: "D5"}, silent(p.grant)
}

// ceiling is the first of the ceilings that lets nothing through of what was granted: SCP levels, then the endpoint (D13, D42).
func (p *pointed) ceiling(left region.Node) Ruling {
	space := p.e.symbols.space
	left = space.And(left, p.e.symbols.node(p.grant))
	if SCPLimits(p.action, &p.e.caller.principal) {
		for level := range p.scp {
			if left = space.And(left, p.e.symbols.node(disj(p.scp[level]...))); left == space.False() {
				return Ruling{Layer: LayerSCP, Rule: "D13", Owner: p.e.w.placeOf(p.e.caller.account, level)}
			}
		}
	}
	if p.e.endpoints != nil && space.And(left, p.e.symbols.node(p.part.passage)) == space.False() {
		return Ruling{Layer: LayerEndpoint, Rule: "D42"}
	}
	return Ruling{Layer: LayerService, Rule: "D5"} // conditions of several layers that no request meets together
}
