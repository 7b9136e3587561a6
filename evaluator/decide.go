package evaluator

import (
	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// ResourceTypes tells whether an action has a resource type; known is false for an action that the data lacks (B10, D14, D48).
type ResourceTypes interface {
	HasResourceType(action string) (has, known bool)
}

// Decider decides requests one after the other and keeps its working memory between them: the Statements of a Decision stay
// valid until the next call. The zero Decider is ready; it is not safe for concurrent use.
type Decider struct {
	// Actions says which actions have resource types; nil when there is no such data, and then the resource "*" tells.
	Actions ResourceTypes

	request *Request
	layers  *Layers
	facts   facts
	tally   tally
	hits    []hit
	refs    []StatementRef
}

// facts are what a decision reads off its request once.
type facts struct {
	service   string // of the action, lower case
	resource  string // the request's, or "*" for an action without a resource type (D48)
	star      bool   // the action is authorised against "*" (B10)
	owner     string // account that owns the resource, empty when unknown (D6)
	mandatory bool   // D5
	boundary  bool   // the caller has a permissions boundary (D18, D43)
}

// hit is a statement, or a KMS grant, that matched.
type hit struct {
	layer  Layer
	policy *Policy           // nil for a grant
	st     *policy.Statement // nil for a grant
	grant  int
	kinds  Match
	doubt  causes // not zero: it may match, or not
}

// Decide decides one request (D1–D54). It is a Decider's Decide with nothing known of the action beyond its name.
func Decide(r *Request, l *Layers) Decision {
	var d Decider
	return d.Decide(r, l)
}

// Decide decides one request. The effect is the inclusive reading: what could not be understood counts for the caller, and
// Uncertainties name it whenever the opposite reading has another effect (D54).
func (d *Decider) Decide(r *Request, l *Layers) Decision {
	if NoPolicyNeeded(r.Action, &r.Principal) {
		return Decision{Effect: Allowed, Layer: LayerService}
	}
	d.start(r, l)
	d.gatherIdentitySide()
	d.gatherOrganization()
	d.gatherResourceSide()
	return d.conclude()
}

func (d *Decider) start(r *Request, l *Layers) {
	d.request, d.layers = r, l
	d.hits, d.refs = d.hits[:0], d.refs[:0]
	d.tally = tally{}
	f := &d.facts
	f.service = ActionService(r.Action)
	f.resource = r.Target.Resource
	f.star = f.resource == "*"
	if d.Actions != nil {
		if has, known := d.Actions.HasResourceType(r.Action); known {
			f.star = !has
		}
	}
	if f.star {
		f.resource = "*"
	}
	f.owner = Owner(&r.Target)
	f.mandatory = !f.star && TrustMandatory(r.Action, f.resource)
	f.boundary = l.Boundary != nil && hasPolicies(&r.Principal)
}

// hasIdentitySide tells callers that belong to an account, with an identity side to evaluate (D5).
func hasIdentitySide(c *Principal) bool {
	switch c.Kind {
	case User, RoleSession, FederatedUser, Root:
		return true
	}
	return false
}

// hasPolicies tells callers that identity policies and boundaries can bind; the root user has none (D18, D20).
func hasPolicies(c *Principal) bool { return hasIdentitySide(c) && c.Kind != Root }

// conclude compares the readings: the inclusive one is the answer, and where the strict one or another owner would change its
// effect, the reasons are named.
func (d *Decider) conclude() Decision {
	outsider, known := d.outsider()
	best := d.judge(inclusive, outsider)
	var doubts causes
	if d.doubtful(&best, outsider) {
		doubts |= d.tally.doubts
	}
	if !known { // D6: both ways
		other := d.judge(inclusive, !outsider)
		if d.doubtful(&other, !outsider) {
			doubts |= d.tally.doubts
		}
		if other.effect != best.effect {
			doubts |= causeBit(policy.UnknownOwner)
		}
		if permits(other.effect) > permits(best.effect) {
			best = other
		}
	}
	if best.effect == Allowed && throughAccessPoint(d.request.Action, &d.request.Target) {
		doubts |= causeBit(policy.CollectionGap)
	}
	return Decision{Effect: best.effect, Layer: best.layer, Statements: d.statements(&best), Uncertainties: doubts.list()}
}

// doubtful tells whether the strict reading has another effect.
func (d *Decider) doubtful(v *verdict, outsider bool) bool {
	return d.tally.doubts != 0 && d.judge(strict, outsider).effect != v.effect
}

// outsider tells whether the caller is not of the account that owns the resource; known is false when that cannot be told (D6).
func (d *Decider) outsider() (outsider, known bool) {
	c := &d.request.Principal
	switch {
	case c.Kind == Anonymous:
		return true, true
	case !hasIdentitySide(c), d.facts.star, d.facts.owner == awsAccount: // D48, D6
		return false, true
	case d.facts.owner == "" || c.Account == "":
		return false, false
	}
	return d.facts.owner != c.Account, true
}

// permits orders effects by what they let through.
func permits(e Effect) int {
	switch e {
	case Allowed:
		return 2
	case ImplicitDeny:
		return 1
	}
	return 0
}

// statements lists what decided: every matching Deny for an explicit deny, the Allows that grant for an allow, nothing for an
// implicit deny, which no statement makes.
func (d *Decider) statements(v *verdict) []StatementRef {
	for i := range d.hits {
		h := &d.hits[i]
		switch v.effect {
		case ExplicitDeny:
			if h.st != nil && h.st.Effect == policy.Deny && h.doubt == 0 && v.denied.has(h.layer) {
				d.refs = append(d.refs, h.ref(d.layers))
			}
		case Allowed:
			if v.uses(h) {
				d.refs = append(d.refs, h.ref(d.layers))
			}
		}
	}
	if v.cut {
		d.refs = appendPublic(d.refs, d.layers.Resource)
	}
	return d.refs
}

func (h *hit) ref(l *Layers) StatementRef {
	if h.st == nil {
		return StatementRef{Layer: h.layer, Policy: l.Grants[h.grant].ID, Index: h.grant}
	}
	return StatementRef{Layer: h.layer, Policy: h.policy.Name, Sid: h.st.Sid, Index: h.st.Index}
}

// appendPublic lists the statements that make a bucket policy public (D39).
func appendPublic(refs []StatementRef, p *Policy) []StatementRef {
	for i := range p.Doc.Statements {
		if st := &p.Doc.Statements[i]; StatementIsPublic(st) && st.Unanalysable == "" {
			refs = append(refs, StatementRef{Layer: LayerResource, Policy: p.Name, Sid: st.Sid, Index: st.Index})
		}
	}
	return refs
}
