package inventory

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
)

// Statement is a row of show statements: one statement of a policy, of whatever layer.
type Statement struct {
	place
	Policy                      string // as answers quote it
	Owner                       string // ARN of what the policy belongs to: an entity, a resource, the policy itself
	Layer                       string
	Sid                         string
	Index                       int
	Effect                      string // empty: it has none that AWS knows
	Actions, NotActions         []string
	Resources, NotResources     []string
	Principals, NotPrincipals   []string
	Conditions, Problem, keyARN string
}

// The layers of show statements, in the words of decisions.
func layers() []string {
	return []string{policy.Identity.String(), policy.Boundary.String(), policy.SCP.String(), policy.RCP.String(), policy.Resource.String(), policy.Trust.String(), policy.VPCEndpoint.String()}
}

var statementTable = sync.OnceValue(func() *table[Statement] {
	return newTable(
		[]field[Statement]{
			text("policy", "the policy as grants quote it: an ARN, or the name of an inline policy, SCP or RCP", func(s *Statement) string { return s.Policy }).arn(),
			text("owner", "the ARN of what the policy belongs to: a user, group, role or resource; of a managed policy its own", func(s *Statement) string { return s.Owner }).arn().main(),
			text("layer", "the kind of policy; that of a managed policy is boundary where it is nothing else",
				func(s *Statement) string { return s.Layer }).words(layers()...),
		},
		placed(func(s *Statement) *place { return &s.place }),
		[]field[Statement]{
			text("sid", "its Sid", func(s *Statement) string { return s.Sid }),
			number("index", "its place in the document, from 0", func(s *Statement) *int { return &s.Index }),
			text("effect", "Allow or Deny; null where it has neither", func(s *Statement) string { return s.Effect }).words("Allow", "Deny").main(),
			list("actions", "the patterns of Action", func(s *Statement) []string { return s.Actions }).main(),
			list("not_actions", "the patterns of NotAction", func(s *Statement) []string { return s.NotActions }),
			list("resources", "the patterns of Resource", func(s *Statement) []string { return s.Resources }).arn().main(),
			list("not_resources", "the patterns of NotResource", func(s *Statement) []string { return s.NotResources }).arn(),
			list("principals", "whom Principal names", func(s *Statement) []string { return s.Principals }).arn(),
			list("not_principals", "whom NotPrincipal names", func(s *Statement) []string { return s.NotPrincipals }).arn(),
			text("conditions", "its conditions, as operator(key, values), joined by and", func(s *Statement) string { return s.Conditions }).main(),
			text("problem", "why it cannot be understood", func(s *Statement) string { return s.Problem }),
		},
	)
})

// Field gives the value of a field of the schema of statements.
func (s *Statement) Field(name string) (any, bool) { return statementTable().value(s, name) }

// MarshalJSONTo writes all fields in the order of the schema.
func (s *Statement) MarshalJSONTo(enc *jsontext.Encoder) error { return statementTable().write(enc, s) }

func (v *Inventory) statements(ctx context.Context) ([]Row, error) {
	var rows []*Statement
	err := v.eachAccount(ctx, func(a *graph.Account) {
		for _, p := range v.accountPolicies(a) {
			kind := policy.Identity
			if len(p.BoundaryOf) > 0 && len(p.AttachedTo) == 0 {
				kind = policy.Boundary
			}
			if p.Given {
				rows = append(rows, v.statementsOf(p.place, p.Policy, cmp.Or(p.Owner, p.Policy), kind, p.document)...)
			}
		}
		for _, r := range a.Roles {
			if v.facts.Documents[r.Trust] != nil {
				rows = append(rows, v.statementsOf(v.in(a.ID), string(r.ARN), string(r.ARN), policy.Trust, v.parsed(r.Trust, policy.Trust))...)
			}
		}
		for _, r := range a.Resources {
			kind := resourceKind(r)
			if v.facts.Documents[r.Policy] != nil {
				rows = append(rows, v.statementsOf(v.in(a.ID), string(r.ARN), string(r.ARN), kind, v.parsed(r.Policy, kind))...)
			}
		}
	})
	for _, p := range v.organizationPolicies() {
		if p.Given {
			rows = append(rows, v.statementsOf(p.place, p.Name, p.Policy, p.document.Kind, p.document)...)
		}
	}
	return sorted(rows, func(s *Statement) string { return s.keyARN }), err
}

// resourceKind tells what the document of a resource is: an endpoint's is no policy on it (D42).
func resourceKind(r *graph.Resource) policy.Kind {
	if r.Type == "AWS::EC2::VPCEndpoint" {
		return policy.VPCEndpoint
	}
	return policy.Resource
}

// statementsOf lists the statements of one document.
func (v *Inventory) statementsOf(at place, name, owner string, kind policy.Kind, doc *policy.Document) []*Statement {
	var rows []*Statement
	for i := range doc.Statements {
		s := &doc.Statements[i]
		if n := len(rows); n > 0 && rows[n-1].Index == s.Index { // its effect is not known, so that it is there twice
			rows[n-1].Effect = ""
			continue
		}
		row := &Statement{
			place: at, Policy: name, Owner: owner, Layer: kind.String(), Sid: s.Sid, Index: s.Index, Effect: s.Effect.String(),
			Conditions: conditionText(s.Conditions), Problem: s.Unanalysable, keyARN: fmt.Sprintf("%s\x00%s\x00%s\x00%06d", owner, kind, name, s.Index),
		}
		put := func(not bool, texts []string, yes, no *[]string) {
			if not {
				*no = texts
			} else {
				*yes = texts
			}
		}
		var actions, resources, principals []string
		for j := range s.Actions.Patterns {
			actions = append(actions, s.Actions.Patterns[j].Text)
		}
		for j := range s.Resources.Patterns {
			resources = append(resources, s.Resources.Patterns[j].Text)
		}
		for j := range s.Principals.Entries {
			principals = append(principals, s.Principals.Entries[j].Text)
		}
		put(s.Actions.Not, actions, &row.Actions, &row.NotActions)
		put(s.Resources.Not, resources, &row.Resources, &row.NotResources)
		put(s.Principals.Not, principals, &row.Principals, &row.NotPrincipals)
		rows = append(rows, row)
	}
	return rows
}

func conditionText(conditions []policy.Condition) string {
	texts := make([]string, len(conditions))
	for i := range conditions {
		texts[i] = conditions[i].String()
	}
	return strings.Join(texts, " and ")
}
