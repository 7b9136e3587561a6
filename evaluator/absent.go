package evaluator

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// Absence is an identity provider that trust policies of its own account name and that is not there, though the account's providers were read (D29).
// Whoever creates it signs in to those roles (E11).
type Absence struct {
	ARN     string
	Kind    string // SAML or OIDC
	Account string
	Roles   []string // whose trust policies name it in an Allow, by ARN
}

// Absent lists the identity providers that are named and not there, by ARN.
func (w *World) Absent() []*Absence {
	byARN := map[string]*Absence{}
	for _, r := range w.resources {
		if !r.trust || r.owner.facts == nil {
			continue
		}
		for _, arn := range w.absentOf(r) {
			a := byARN[arn]
			if a == nil {
				a = &Absence{ARN: arn, Kind: "OIDC", Account: r.owner.id}
				if federatedKind(arn) == SAMLFederated {
					a.Kind = "SAML"
				}
				byARN[arn] = a
			}
			a.Roles = append(a.Roles, r.arn)
		}
	}
	out := make([]*Absence, 0, len(byARN))
	for _, arn := range sortedKeys(byARN) {
		slices.Sort(byARN[arn].Roles)
		out = append(out, byARN[arn])
	}
	return out
}

// absentOf gives the providers that a role's trust policy names and that its account does not have, each once.
func (w *World) absentOf(r *resource) []string {
	var out []string
	for i := range r.policy.Doc.Statements {
		s := &r.policy.Doc.Statements[i]
		if s.Effect != policy.Allow || s.Principals.Not {
			continue
		}
		for _, e := range s.Principals.Entries {
			if e.Kind != policy.PrincipalFederated || arnAccount(e.Text) != r.owner.id || !w.noProvider(e.Text, federatedKind(e.Text)) {
				continue
			}
			if !slices.Contains(out, e.Text) {
				out = append(out, e.Text)
			}
		}
	}
	return out
}

// addAbsent makes the providers that are named and not there things that can be acted on: created.
func (w *World) addAbsent() {
	for _, a := range w.Absent() {
		owner := w.account(a.Account)
		r := &resource{arn: a.ARN, typ: "AWS::IAM::" + a.Kind + "Provider", service: "iam", owner: owner}
		r.seal(owner)
		w.resources = append(w.resources, r)
		w.byARN[r.arn] = r
	}
}

// WithProviders is the world in which every identity provider is there that a policy names.
func (w *World) WithProviders() *World {
	own := *w
	own.providers = true
	return &own
}

// federatedKind is what signs in with an identity provider of an ARN.
func federatedKind(provider string) PrincipalKind {
	if strings.Contains(provider, ":saml-provider/") {
		return SAMLFederated
	}
	return OIDCFederated
}
