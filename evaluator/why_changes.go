package evaluator

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// Changes are sought among those that could matter: every Deny in play, and an Allow in every layer that can hold one. Each of them
// permits more and none less, so that what all of them together do not allow nothing does, and a change without which all others are not
// enough is in every set. What is left are few alternatives (whether the principal's or the resource's side grants), of which every
// combination is tried, small ones first.

// maxAlternatives bounds how many changes are combined with each other: 2 to their number settings are decided at most.
const maxAlternatives = 10

// changes finds the smallest sets of changes that allow a denied request.
func (x *explaining) changes(r *Reason, p *pointed) error {
	if r.Fixed = x.unchangeable(p); r.Fixed != "" {
		return nil
	}
	all := x.candidates(p)
	set, err := x.enough(all)
	if err != nil {
		return err
	}
	if set == nil {
		r.Fixed = "no change of the policies in the snapshot is known to be enough"
		if x.caller.principal.ServiceLinked || reservedRole(p.resource) {
			r.Fixed = "no change is known to be enough of the policies that others than AWS can change"
		}
		return nil
	}
	var needed, optional []Change
	for i := range all {
		if p.bars(&all[i]) { // saves a decision where there are many
			needed = append(needed, all[i])
			continue
		}
		others := slices.Delete(slices.Clone(all), i, i+1)
		set, err := x.enough(others)
		if err != nil {
			return err
		}
		if set == nil {
			needed = append(needed, all[i])
		} else {
			optional = append(optional, all[i])
		}
	}
	if r.More = len(optional) > maxAlternatives; r.More {
		optional, err = x.reduced(needed, optional)
		if err != nil {
			return err
		}
	}
	return x.combine(r, needed, optional)
}

// bars tells a Deny that matches every request that is asked about, so that nothing is allowed while it stands (D2).
func (p *pointed) bars(c *Change) bool {
	return c.Kind == ExemptDeny && !p.overridden(c.Layer) && slices.ContainsFunc(p.traced, func(t *tracing) bool {
		return t.reason.StatementRef == *c.Statement && t.reason.Holds == Everywhere
	})
}

// reduced leaves out of the alternatives what is not needed, one by one, until few enough are left to be combined.
func (x *explaining) reduced(needed, optional []Change) ([]Change, error) {
	for i := len(optional) - 1; i >= 0 && len(optional) > maxAlternatives; i-- {
		rest := slices.Delete(slices.Clone(optional), i, i+1)
		set, err := x.enough(slices.Concat(needed, rest))
		if err != nil {
			return nil, err
		}
		if set != nil {
			optional = rest
		}
	}
	return optional, nil
}

// combine tries the subsets of the alternatives, small ones first, and leaves out what contains a set that was found.
func (x *explaining) combine(r *Reason, needed, optional []Change) error {
	if len(optional) > maxAlternatives {
		r.Fixed = "too many changes would be needed to look at their combinations"
		return nil
	}
	var found []uint
	masks := make([]uint, 1<<len(optional))
	for i := range masks {
		masks[i] = uint(i)
	}
	slices.SortStableFunc(masks, func(a, b uint) int { return ones(a) - ones(b) })
	for _, mask := range masks {
		if slices.ContainsFunc(found, func(f uint) bool { return f&mask == f }) {
			continue
		}
		chosen := slices.Clone(needed)
		for i := range optional {
			if mask&(1<<i) != 0 {
				chosen = append(chosen, optional[i])
			}
		}
		set, err := x.enough(chosen)
		if err != nil {
			return err
		}
		if set != nil {
			found = append(found, mask)
			r.Changes = append(r.Changes, *set)
		}
	}
	return nil
}

func ones(mask uint) int {
	n := 0
	for ; mask != 0; mask &= mask - 1 {
		n++
	}
	return n
}

// enough applies changes and decides again; nil: the request is not known to be allowed then. The point engine must agree.
func (x *explaining) enough(changes []Change) (*ChangeSet, error) {
	s := x.inForce()
	for i := range changes {
		x.apply(&changes[i], s)
	}
	p, err := x.decide(s, false)
	if err != nil {
		return nil, err
	}
	v, grant := p.verdict()
	if err := p.e.budget.Err(); err != nil {
		return nil, err
	}
	if v < Conditional {
		return nil, nil
	}
	if _, agrees := p.confirmed(grant); !agrees {
		return nil, nil
	}
	set := &ChangeSet{Changes: inOrder(changes), Verdict: v}
	if v == Conditional {
		set.Conditions, _ = p.e.symbols.residual(grant.node, p.part.care)
	}
	return set, nil
}

func inOrder(changes []Change) []Change {
	out := slices.Clone(changes)
	slices.SortStableFunc(out, func(a, b Change) int {
		if a.Layer != b.Layer {
			return int(a.Layer) - int(b.Layer)
		}
		return a.Level - b.Level
	})
	return out
}

func (x *explaining) apply(c *Change, s *setting) {
	switch {
	case c.Kind == Unrestrict:
		s.restricted = false
	case c.Layer == LayerEndpoint:
		s.endpoints = slices.Clone(s.endpoints)
		ep := *s.endpoints[c.Level]
		l := &Layers{Endpoint: ep.policy}
		c.Apply(l)
		ep.policy = l.Endpoint
		s.endpoints[c.Level] = &ep
	default:
		c.Apply(&s.layers)
	}
}

// unchangeable tells why no policy can change a denial, empty where one may.
func (x *explaining) unchangeable(p *pointed) string {
	refusal := serviceRefusal(p.action, &x.caller.principal, &p.target, p.e.outsider)
	switch {
	case !p.possible():
		return "nothing: no request for this action on this resource has such a context"
	case refusal != "":
		return "nothing: the service refuses it whatever the policies say (" + refusal + ")"
	case p.e.outsider && !p.e.caller.outside && !x.carriesPolicy(p):
		return "nothing: resources of " + ActionService(p.action) + " have no policies of their own, so that no other account has access to them (D47)"
	case RetiresGrant(p.action):
		return "nothing: policies do not permit retiring a grant: the grant itself names who may (D33)"
	}
	return ""
}

// candidates are all changes that could take part.
func (x *explaining) candidates(p *pointed) []Change {
	var out []Change
	for _, t := range p.traced {
		r := t.reason
		same := func(c Change) bool {
			return c.Layer == r.Layer && documentName(c.Policy) == documentName(r.Policy) && c.Statement.Index == r.Index
		}
		if r.Effect != policy.Deny || r.Holds == Nowhere || slices.ContainsFunc(out, same) || x.reserved(r.Layer, p.resource) {
			continue
		}
		ref := r.StatementRef
		out = append(out, Change{
			Kind: ExemptDeny, Layer: r.Layer, Level: t.level, Owner: t.owner, Policy: r.Policy, Statement: &ref, Cause: t.cause, Principal: x.caller.arn,
		})
	}
	if x.focus.group.restricted && p.e.outsider {
		out = append(out, Change{Kind: Unrestrict, Layer: LayerResource, Owner: p.policyOwner()})
	}
	add := func(c Change) {
		c.Kind, c.Action, c.Resource = AddAllow, p.action, p.resource
		out = append(out, c)
	}
	c, l := x.caller, p.e.layers
	if hasPolicies(&c.principal) && !c.outside && !c.principal.ServiceLinked { // whose policies its service alone writes
		add(Change{Layer: LayerIdentity, Owner: c.arn})
		if l.Boundary != nil {
			add(Change{Layer: LayerBoundary, Owner: c.arn, Policy: l.Boundary.Name})
		}
		if c.principal.Kind == FederatedUser {
			add(Change{Layer: LayerSession, Owner: c.arn})
		}
	}
	if SCPLimits(p.action, &c.principal) {
		for level := range l.SCP {
			add(Change{Layer: LayerSCP, Level: level, Owner: x.w.placeOf(c.account, level)})
		}
	}
	if x.carriesPolicy(p) {
		owner := Change{Layer: LayerResource, Owner: p.policyOwner()}
		if l.Resource != nil {
			owner.Policy = l.Resource.Name
		}
		for _, who := range x.named() {
			named := owner
			named.Principal = who
			add(named)
		}
		if c.principal.Kind == RoleSession && !p.e.outsider && x.limited(p) { // what names a role is limited by its boundary, this is not (D21)
			owner.Principal, owner.Held = "*", c.principal.RoleARN
			add(owner)
		}
	}
	for i, ep := range p.e.endpoints {
		if p.passesBy(i) {
			continue
		}
		add(Change{Layer: LayerEndpoint, Level: i, Owner: ep.id, Policy: ep.policy.Name, Principal: "*"})
	}
	return out
}

// limited tells whether a boundary keeps back what is asked.
func (x *explaining) limited(p *pointed) bool {
	return p.e.boundary() && p.extent(p.e.symbols.node(p.limit(true, p.boundary))) != Everywhere
}

// named are the ways in which a resource's policy can name the caller: by itself and, for what the account's own policies then decide,
// by its account (D21, D25, D32).
func (x *explaining) named() []string {
	c := &x.caller.principal
	if x.caller.kind == "group" { // which no policy can name (A32)
		return []string{c.Account}
	}
	switch c.Kind {
	case User, FederatedUser:
		return []string{c.ARN, c.Account}
	case RoleSession:
		if x.caller.kind == "account" || c.Account == strangerAccount {
			return []string{c.Account}
		}
		return []string{c.RoleARN, c.Account}
	case Root:
		return []string{c.Account}
	case Anonymous:
		return []string{"*"}
	}
	return []string{c.ARN}
}

// carriesPolicy tells whether the resource has, or could have, a policy of its own that takes part (D47).
func (x *explaining) carriesPolicy(p *pointed) bool {
	g := p.e.group
	switch {
	case g.star, !OwnPolicyApplies(p.action, p.resource), reservedRole(p.resource):
		return false
	case p.e.layers.Resource != nil:
		return true
	}
	return TakesPolicy(ActionService(p.action))
}

// reserved tells policies that nobody but AWS can change: those of service-linked roles, and trust policies of AWS's own roles.
func (x *explaining) reserved(layer Layer, resource string) bool {
	return layer == LayerIdentity && x.caller.principal.ServiceLinked || layer == LayerResource && reservedRole(resource)
}

// reservedRole tells the roles that AWS keeps, whose trust policies nobody else can change: service-linked ones and those of IAM Identity
// Center.
func reservedRole(arn string) bool {
	name := arnField(arn, 6)
	return iamRole(arn) && (strings.HasPrefix(name, "role/aws-service-role/") || strings.HasPrefix(name, "role/aws-reserved/"))
}
