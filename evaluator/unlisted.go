package evaluator

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
)

// Unlisted is an identity provider that trust policies of its own account name and that is not among those of the snapshot (D29).
type Unlisted struct {
	ARN     string
	Kind    string // SAML or OIDC
	Account string
	Roles   []string // whose trust policies name it in an Allow, by ARN
	Absent  bool     // it is not there: the account's providers were read. Else it is taken to be there
}

// Unlisted lists the identity providers that are named and not listed, by ARN.
func (w *World) Unlisted() []*Unlisted {
	byARN := map[string]*Unlisted{}
	for _, r := range w.resources {
		if !r.trust || r.owner.facts == nil {
			continue
		}
		for _, arn := range unlistedOf(r) {
			p := byARN[arn]
			if p == nil {
				kind := federatedKind(arn)
				p = &Unlisted{ARN: arn, Kind: "OIDC", Account: r.owner.id, Absent: w.noProvider(arn, kind)}
				if kind == SAMLFederated {
					p.Kind = "SAML"
				}
				byARN[arn] = p
			}
			p.Roles = append(p.Roles, r.arn)
		}
	}
	out := make([]*Unlisted, 0, len(byARN))
	for _, arn := range sortedKeys(byARN) {
		slices.Sort(byARN[arn].Roles)
		out = append(out, byARN[arn])
	}
	return out
}

// unlistedOf gives the providers of its account that a role's trust policy names and that are not listed, each once.
func unlistedOf(r *resource) []string {
	var out []string
	for i := range r.policy.Doc.Statements {
		s := &r.policy.Doc.Statements[i]
		if s.Effect != policy.Allow || s.Principals.Not {
			continue
		}
		for _, e := range s.Principals.Entries {
			own := e.Kind == policy.PrincipalFederated && arnAccount(e.Text) == r.owner.id
			listed := func(p *graph.Provider) bool { return string(p.ARN) == e.Text }
			if own && !slices.Contains(out, e.Text) && !slices.ContainsFunc(r.owner.facts.Providers, listed) {
				out = append(out, e.Text)
			}
		}
	}
	return out
}

// addUnlisted makes the providers that are named and not listed things that can be acted on: created or changed.
func (w *World) addUnlisted() {
	for _, p := range w.Unlisted() {
		owner := w.account(p.Account)
		r := &resource{arn: p.ARN, typ: "AWS::IAM::" + p.Kind + "Provider", service: "iam", owner: owner}
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
