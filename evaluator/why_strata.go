package evaluator

import (
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// strata lists the layers with what each says, in the order of the layers.
func (p *pointed) strata() []*Stratum {
	var out []*Stratum
	at := map[stratumKey]*Stratum{}
	add := func(layer Layer, level int, s *Stratum) {
		s.Layer = layer
		at[stratumKey{layer, level}] = s
		out = append(out, s)
	}
	p.addOwnStrata(add)
	p.addOrganizationStrata(add)
	p.addResourceStrata(add)
	i := 0
	p.eachPolicy(func(layer Layer, level int, doc *Policy) {
		n := 2 // of a document that is missing
		if doc.Doc != nil {
			n = len(doc.Doc.Statements)
		}
		for range n {
			p.place(at[stratumKey{layer, level}], p.traced[i])
			i++
		}
	})
	for ; i < len(p.traced); i++ {
		p.place(at[stratumKey{LayerGrant, 0}], p.traced[i])
	}
	return out
}

type stratumKey struct {
	layer Layer
	level int
}

// place adds a statement to its layer.
func (p *pointed) place(s *Stratum, t *tracing) {
	r := p.settle(t)
	if s == nil {
		return
	}
	t.owner = s.Owner
	s.Reasons = append(s.Reasons, r)
	if r.Effect == policy.Deny {
		s.Denies = max(s.Denies, r.Holds)
	} else {
		s.Allows = max(s.Allows, r.Holds)
	}
}

// addOwnStrata are the caller's own policies (D18–D20, D45, D46, D50).
func (p *pointed) addOwnStrata(add func(Layer, int, *Stratum)) {
	c, l := p.e.caller, p.e.layers
	own := &Stratum{Owner: c.arn}
	switch {
	case !hasIdentitySide(&c.principal):
		own.Absent, own.Rule = "it has no identity policies", map[PrincipalKind]string{Service: "D46", Anonymous: "D45"}[c.principal.Kind]
		if own.Rule == "" {
			own.Rule = "D29"
		}
	case c.outside:
		own.Absent, own.Rule = "its account's policies are not in the snapshot", "D50"
	case c.principal.Kind == Root:
		own.Absent, own.Rule = "the root user may do everything in its account", "D20"
	case len(l.Identity) == 0:
		own.Absent = "none"
	}
	add(LayerIdentity, 0, own)
	if l.Boundary != nil && hasPolicies(&c.principal) {
		add(LayerBoundary, 0, &Stratum{Owner: c.arn})
	}
	if c.principal.Kind == FederatedUser && !c.outside {
		s := &Stratum{Owner: c.arn}
		if !l.HasSession {
			s.Absent, s.Rule = "no session policy: what names the session, and nothing else", "D19"
		}
		add(LayerSession, 0, s)
	}
}

// addOrganizationStrata are the SCPs of the caller's account and the RCPs of the owner's (D10–D16).
func (p *pointed) addOrganizationStrata(add func(Layer, int, *Stratum)) {
	c, g := p.e.caller, p.e.group
	for level := range p.e.layers.SCP {
		s := &Stratum{Owner: p.e.w.placeOf(c.account, level)}
		switch {
		case SCPLimits(p.action, &c.principal):
		case c.principal.Management:
			s.Absent, s.Rule = "SCPs do not bind the management account", "D11"
		default:
			s.Absent, s.Rule = "SCPs do not bind it", "D12"
		}
		add(LayerSCP, level, s)
	}
	for level := range p.e.layers.RCP {
		s := &Stratum{Owner: p.e.w.placeOf(g.owner, level)}
		switch {
		case !RCPApplies(ActionService(p.action)):
			s.Absent, s.Rule = "RCPs do not limit "+ActionService(p.action), "D14"
		case RCPExempt(p.action, &c.principal, &p.target):
			s.Absent, s.Rule = "RCPs do not limit this request", "D16"
		}
		add(LayerRCP, level, s)
	}
}

// addResourceStrata are the resource's policy, the grants on it and the endpoints on the way (D32, D33, D42, D48).
func (p *pointed) addResourceStrata(add func(Layer, int, *Stratum)) {
	g := p.e.group
	own := &Stratum{Owner: p.policyOwner()}
	switch {
	case g.star:
		own.Absent, own.Rule = "the action has no resource", "D48"
	case p.e.layers.Resource != nil && !OwnPolicyApplies(p.action, p.resource):
		own.Absent, own.Rule = "it takes no part in this action", map[bool]string{true: "D25", false: "D32"}[iamRole(p.resource)]
	case p.e.layers.Resource != nil:
	case !g.snapshot:
		own.Absent = "the resource is not in the snapshot"
	default:
		own.Absent = "none"
	}
	add(LayerResource, 0, own)
	if len(p.e.layers.Grants) > 0 {
		add(LayerGrant, 0, &Stratum{Owner: p.resource})
	}
	for i, ep := range p.e.endpoints {
		way := &Stratum{Owner: ep.id}
		if p.passesBy(i) {
			way.Absent, way.Rule = "the request does not go through it", "D42"
		}
		add(LayerEndpoint, i, way)
	}
}

// passesBy tells an endpoint that the request never goes through.
func (p *pointed) passesBy(endpoint int) bool {
	return p.extent(p.e.symbols.node(p.goes[endpoint])) == Nowhere
}

// policyOwner is the resource whose policy takes part: that of an object is its bucket's (D36).
func (p *pointed) policyOwner() string {
	if l := p.e.layers; l.Resource != nil {
		return l.Resource.Name
	}
	if bucket, _, ok := strings.Cut(p.resource, "/"); ok && arnField(p.resource, 3) == "s3" && arnAccount(p.resource) == "" {
		return bucket
	}
	return p.resource
}

// placeOf names a level above an account: the root, an OU, or the account itself.
func (w *World) placeOf(a *account, level int) string {
	if a == nil || w.org == nil || !w.org.treeKnown || level >= len(a.ancestors) {
		return ""
	}
	id := a.ancestors[level]
	switch name := w.org.names[id]; {
	case id == a.id:
		return "account " + id
	case w.org.parents[id] == "":
		return "root " + id
	case name != "":
		return "ou " + name + " (" + id + ")"
	}
	return "ou " + id
}
