package evaluator

import "github.com/accessgraph/accessgraph/evaluator/policy"

// verdict is a decision in one reading, with what is needed to name the statements behind it.
type verdict struct {
	effect   Effect
	layer    Layer
	denied   layerSet // layers with a Deny that counts
	cut      bool     // RestrictPublicBuckets (D39)
	identity bool     // the identity side takes part in the grant
	kinds    Match    // forms of the resource side's Allows that take part
}

// uses tells whether a matching statement takes part in what was granted.
func (v *verdict) uses(h *hit) bool {
	if h.st != nil && h.st.Effect == policy.Deny {
		return false
	}
	switch h.layer {
	case LayerIdentity:
		return v.identity
	case LayerResource, LayerGrant:
		return h.kinds&v.kinds != 0
	}
	return false
}

// side is one reading of the tally, for D5.
type side struct {
	identity, boundary, session bool
	kinds, grant, ownGrant      Match
}

// judge composes the layers in one reading (D5). Nothing is left out once the outcome is known but what it hangs on.
func (d *Decider) judge(rd reading, outsider bool) verdict {
	t, c, r := &d.tally, &d.request.Principal, d.request
	v := verdict{denied: t.denied[rd]}
	if c.Kind == Root && !outsider && RootOverridesBucketPolicy(r.Action) {
		v.denied &^= 1 << LayerResource // D38
	}
	v.cut = t.public[rd] && outsider // D39
	if v.denied != 0 || v.cut {
		v.effect, v.layer = ExplicitDeny, firstLayer(v.denied) // D2
		return v
	}
	if ServiceRefuses(r.Action, c, &r.Target, outsider) {
		v.layer = LayerService
		return v
	}
	s := side{
		identity: t.identity[rd], boundary: t.boundary[rd], session: t.session[rd],
		kinds: t.kinds[rd], grant: t.grant[rd], ownGrant: t.ownGrant[rd],
	}
	granted := d.grants(&s, &v, outsider)
	switch {
	case !granted:
		v.layer = d.withheld(&s, outsider)
	case !t.scp[rd]: // D10, D13
		v.layer = LayerSCP
	case !t.endpoint[rd]: // D42
		v.layer = LayerEndpoint
	default:
		v.effect = Allowed
		v.layer = d.grantingLayer(&v)
	}
	return v
}

// firstLayer gives the first of the layers that deny; a cut without one is the service's (D39).
func firstLayer(s layerSet) Layer {
	for l := LayerIdentity; l < LayerService; l++ {
		if s.has(l) {
			return l
		}
	}
	return LayerService
}

// grants is G of D5 in one reading; it notes in v what the grant is made of.
func (d *Decider) grants(s *side, v *verdict, outsider bool) bool {
	switch d.request.Principal.Kind {
	case Service: // D46
		v.kinds = (s.kinds | s.grant) & (MatchService | MatchWildcard)
		return v.kinds != 0
	case Anonymous: // D45
		v.kinds = s.kinds & MatchWildcard
		return v.kinds != 0
	case OIDCFederated, SAMLFederated: // D29
		v.kinds = s.kinds & MatchFederated
		return v.kinds != 0
	}
	ceilings := s.boundary && s.session
	whole := s.identity && ceilings
	if outsider { // D8, D27, D33
		if kinds := s.kinds | s.grant; whole && kinds != 0 {
			v.identity = true
			v.kinds |= kinds
		}
		if ceilings { // an account as grantee still delegates to its identities
			v.kinds |= s.ownGrant &^ MatchAccount
		}
		if whole && s.ownGrant != 0 {
			v.identity = true
			v.kinds |= s.ownGrant
		}
		return v.kinds != 0
	}
	kinds := s.kinds | s.grant | s.ownGrant
	v.kinds = kinds & (MatchWildcard | MatchExact) // D21
	if ceilings {
		v.kinds |= kinds & (MatchRole | MatchIssuer) // D21
	}
	if whole && (!d.facts.mandatory || kinds&MatchAccount != 0) { // D7, D25, D32
		v.identity = true
		if d.facts.mandatory {
			v.kinds |= kinds & MatchAccount
		}
	}
	return v.identity || v.kinds != 0
}

// withheld names the layer without which nothing is granted: the first one, in the order of the layers, that is silent.
func (d *Decider) withheld(s *side, outsider bool) Layer {
	kinds := s.kinds | s.grant | s.ownGrant
	if !hasIdentitySide(&d.request.Principal) {
		return LayerResource
	}
	if kinds == 0 && d.facts.mandatory && !outsider {
		return LayerResource
	}
	throughRole := !outsider && kinds&(MatchRole|MatchIssuer) != 0
	switch {
	case !s.identity && !throughRole:
		return LayerIdentity
	case !s.boundary:
		return LayerBoundary
	case !s.session:
		return LayerSession
	}
	return LayerResource
}

// grantingLayer names the layer that an allow is put down to.
func (d *Decider) grantingLayer(v *verdict) Layer {
	if v.identity || v.kinds == 0 {
		return LayerIdentity
	}
	for i := range d.hits {
		if h := &d.hits[i]; h.layer != LayerIdentity && v.uses(h) {
			return h.layer
		}
	}
	return LayerResource
}
