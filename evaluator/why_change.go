package evaluator

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// ChangeKind is what a change does.
type ChangeKind string

// The kinds of change: an Allow where none matches; a Deny that no longer speaks of the request; a bucket whose public policy is no longer
// restricted (D39).
const (
	AddAllow   ChangeKind = "add-allow"
	ExemptDeny ChangeKind = "exempt"
	Unrestrict ChangeKind = "unrestrict"
)

// Change is one change of policies that takes part in allowing a request.
type Change struct {
	Kind      ChangeKind
	Layer     Layer
	Level     int           // of SCPs and RCPs, from the root; of endpoints, which one
	Owner     string        // whose policy: the principal, a place in the organization, the resource, an endpoint
	Policy    string        // the policy to change; empty: any of its owner
	Statement *StatementRef // for ExemptDeny
	Cause     policy.Cause  // for ExemptDeny: why the statement could not be read; empty where it was
	Principal string        // whom to exempt; for an AddAllow on the resource's side whom to name, as its policy does
	Held      string        // for a Principal of everyone: the role to which a condition on aws:PrincipalArn holds it (D21)
	Action    string        // for AddAllow
	Resource  string        // for AddAllow
}

// ChangeSet is changes that allow the request together, none of which can be left out; with the verdict that they lead to.
type ChangeSet struct {
	Changes    []Change
	Verdict    Verdict
	Conditions Expr // of Conditional
}

// Apply makes the change in a request's policies. Documents are copied, never changed. A change of a bucket's settings or of the
// snapshot's endpoints is not in the layers: see Target and Layers.Endpoint.
func (c *Change) Apply(l *Layers) {
	switch c.Kind {
	case AddAllow:
		c.allow(l)
	case ExemptDeny:
		c.exempt(l)
	case Unrestrict:
	}
}

// allow adds the statement as a policy of its own where several stand side by side, and else to the one that there is.
func (c *Change) allow(l *Layers) {
	added := Policy{Name: "(added)", Doc: c.document()}
	switch c.Layer {
	case LayerIdentity:
		l.Identity = append(slices.Clone(l.Identity), added)
	case LayerSession:
		l.Session, l.HasSession = append(slices.Clone(l.Session), added), true
	case LayerSCP:
		l.SCP = slices.Clone(l.SCP)
		l.SCP[c.Level] = append(slices.Clone(l.SCP[c.Level]), added)
	case LayerBoundary:
		l.Boundary = extended(l.Boundary, &added)
	case LayerResource:
		l.Resource = extended(l.Resource, &added)
	case LayerEndpoint:
		l.Endpoint = extended(l.Endpoint, &added)
	}
}

// extended is a policy with the statements of another.
func extended(p, more *Policy) *Policy {
	if p == nil || p.Doc == nil {
		return more
	}
	doc := *p.Doc
	doc.Statements = slices.Concat(doc.Statements, more.Doc.Statements)
	return &Policy{Name: p.Name, Doc: &doc}
}

func (c *Change) exempt(l *Layers) {
	each := func(policies []Policy) []Policy {
		out := slices.Clone(policies)
		for i := range out {
			if documentName(out[i].Name) == documentName(c.Policy) {
				out[i] = *c.without(&out[i])
			}
		}
		return out
	}
	levels := func(levels [][]Policy) [][]Policy { // wherever it is attached, it is one document
		out := slices.Clone(levels)
		for i := range out {
			out[i] = each(out[i])
		}
		return out
	}
	switch c.Layer {
	case LayerIdentity:
		l.Identity = each(l.Identity)
	case LayerSession:
		l.Session = each(l.Session)
	case LayerSCP:
		l.SCP = levels(l.SCP)
	case LayerRCP:
		l.RCP = levels(l.RCP)
	case LayerBoundary:
		l.Boundary = c.without(l.Boundary)
	case LayerResource:
		l.Resource = c.without(l.Resource)
	case LayerEndpoint:
		l.Endpoint = c.without(l.Endpoint)
	}
}

// documentName tells documents apart however they are attached: a managed policy by its ARN, through a group too.
func documentName(policy string) string {
	if _, arn, ok := strings.Cut(policy, ": arn:"); ok {
		return "arn:" + arn
	}
	return policy
}

// without is a policy without the change's Deny, as the caller sees it once it is exempt.
func (c *Change) without(p *Policy) *Policy {
	if p == nil || p.Doc == nil {
		return p
	}
	doc := *p.Doc
	doc.Statements = slices.DeleteFunc(slices.Clone(doc.Statements), func(s policy.Statement) bool {
		return s.Effect == policy.Deny && s.Index == c.Statement.Index
	})
	return &Policy{Name: p.Name, Doc: &doc}
}

// document is the Allow as a policy of the layer's kind.
func (c *Change) document() *policy.Document {
	literal := func(text string) string { return strings.ReplaceAll(text, "${", "${$}{") }
	st := map[string]any{"Effect": "Allow", "Action": strings.ReplaceAll(c.Action, OtherName, "*"), "Resource": literal(c.Resource)}
	kind := map[Layer]policy.Kind{
		LayerIdentity: policy.Identity, LayerBoundary: policy.Boundary, LayerSession: policy.Session, LayerSCP: policy.SCP,
		LayerResource: policy.Resource, LayerEndpoint: policy.VPCEndpoint,
	}[c.Layer]
	if c.Layer == LayerResource && iamRole(c.Resource) {
		kind = policy.Trust
		delete(st, "Resource")
	}
	if c.Layer == LayerResource || c.Layer == LayerEndpoint {
		st["Principal"] = principalElement(c.Principal)
	}
	if c.Held != "" {
		st["Condition"] = map[string]any{"ArnEquals": map[string]string{"aws:PrincipalArn": literal(c.Held)}}
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{st}})
	if err != nil { // not reachable with texts
		return policy.Missing(kind)
	}
	return policy.Parse(kind, text)
}

// principalElement writes whom a statement names.
func principalElement(who string) any {
	switch {
	case who == "*":
		return "*"
	case strings.Contains(who, ":oidc-provider/"), strings.Contains(who, ":saml-provider/"):
		return map[string]string{"Federated": who}
	case strings.HasPrefix(who, "arn:"), isAccountID(who):
		return map[string]string{"AWS": who}
	}
	return map[string]string{"Service": who}
}
