package evaluator

import (
	"fmt"
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// Simulation is one concrete request, decided on a snapshot.
type Simulation struct {
	Request     Request
	Decision    Decision
	Defaults    []KeyValue // keys that were not given and have a value all the same (C34)
	Layers      Layers     // the policies that it was decided under
	Assumptions []string
	Warnings    []string
}

// Simulate decides one request on the snapshot. Keys that are not in the given context are absent, but for what the snapshot knows
// of the principal and the resource and for the defaults of C34, with now as the time. A resource that the snapshot does not hold is
// judged as questions judge it.
func (w *World) Simulate(who Selector, action, resource string, given []KeyValue, now time.Time) (*Simulation, error) {
	callers, err := w.find(who)
	if err != nil {
		return nil, err
	}
	if len(callers) != 1 {
		arns := make([]string, 0, len(callers))
		for _, c := range callers[:min(len(callers), 5)] {
			arns = append(arns, c.arn)
		}
		return nil, badQuestion(who.String(), "%q names %d principals; give the ARN of one: %s", who, len(callers), strings.Join(arns, ", "))
	}
	c := callers[0]
	if strings.ContainsAny(action, "*?@") || strings.Count(action, ":") != 1 {
		return nil, badQuestion(action, "action %q: want one action, such as kms:Decrypt", action)
	}
	if resource != "*" && (!strings.HasPrefix(resource, "arn:") || strings.Count(resource, ":") < 5) {
		return nil, badQuestion(resource, "resource %q: want an ARN, or * for an action that has none", resource)
	}
	q, err := w.compile(Question{Actions: []string{action}})
	if err != nil {
		return nil, err
	}
	t := w.newTargets(q)
	g, assumption := t.groupOf(c, resource)
	e, _ := evaluationFor(t, t.sideOf(c), g, region.NewBudget(DefaultBudget))
	sk := &sketch{member: &q.members[0], resource: resource, request: given, region: arnField(resource, 4)}
	s := &Simulation{Warnings: q.warnings}
	has := map[string]bool{}
	for _, kv := range given {
		has[policy.CanonicalKey(kv.Key)] = true
	}
	for _, d := range defaults(now) {
		if !has[policy.CanonicalKey(d.Key)] && hasIdentitySide(&c.principal) {
			s.Defaults = append(s.Defaults, d)
		}
	}
	sk.request = append(append([]KeyValue{}, given...), s.Defaults...)
	s.Request = *e.request(sk, c, policy.NewContext(24))
	layers := *e.layers
	if c.outside && hasIdentitySide(&c.principal) {
		layers.Identity = []Policy{{Name: "assumed", Doc: allowAll()}}
		s.Assumptions = append(s.Assumptions, outsideAssumption)
	}
	if ep := endpointOf(w.endpoints, &s.Request.Context); ep != nil {
		layers.Endpoint, layers.EndpointKind = ep.policy, ep.kind
	}
	if assumption != "" {
		s.Assumptions = append(s.Assumptions, assumption)
	}
	if g.assumption != "" && g.assumption != notInSnapshot && TrustMandatory(action, resource) {
		layers.Resource = &Policy{Name: "assumed", Doc: delegating(s.Request.Target.Account)}
	}
	d := Decider{Actions: CatalogTypes(w.catalog)}
	s.Decision = d.Decide(&s.Request, &layers)
	s.Layers = layers
	s.Decision.Statements = append([]StatementRef{}, s.Decision.Statements...)
	return s, nil
}

// defaults are the keys that every request has, with the value they have unless said otherwise (C34).
func defaults(now time.Time) []KeyValue {
	one := func(key, value string) KeyValue { return KeyValue{Key: key, Values: []string{value}} }
	return []KeyValue{
		one("aws:CurrentTime", now.UTC().Format(time.RFC3339)), one("aws:EpochTime", fmt.Sprint(now.Unix())),
		one("aws:SecureTransport", "true"), one("aws:ViaAWSService", "false"),
	}
}

// groupOf finds the group of targets that a resource belongs to: that of the snapshot's resource of that ARN, or under which it
// lies, else one that stands for a resource that is not in the snapshot.
func (t *targets) groupOf(c *caller, resource string) (*targetGroup, string) {
	if t.question.members[0].action != nil && len(t.question.members[0].action.Resources) == 0 || resource == "*" {
		return &targetGroup{owner: c.account, ownerID: c.principal.Account, star: true, snapshot: true, actions: t.star, items: []*item{{text: "*", literal: true}}}, ""
	}
	for _, listed := range []bool{true, false} { // a resource of its own before what lies under another
		for _, g := range t.groups {
			for _, it := range g.items {
				if it.literal && listed && it.text == resource || !it.literal && !listed && it.pattern.Match(resource) {
					one := g.alike()
					one.items = []*item{it}
					return one, g.assumption
				}
			}
		}
	}
	owner := t.world.account(arnAccount(resource))
	if arnAccount(resource) == "" {
		owner = c.account
	}
	g := &targetGroup{
		owner: owner, ownerID: arnAccount(resource), actions: t.question.all(), assumption: notInSnapshot,
		items: []*item{{text: resource, literal: true, service: arnField(resource, 3)}},
	}
	switch {
	case g.ownerAccount() != "" && g.ownerAccount() != c.principal.Account:
		return g, "" // without the resource's own policy nothing crosses accounts
	case TrustMandatory(t.question.members[0].name, resource) && owner != nil && !owner.consentRead(ActionService(t.question.members[0].name)):
		g.assumption = consentAssumption(ActionService(t.question.members[0].name))
		return g, g.assumption
	}
	return g, notInSnapshot
}
