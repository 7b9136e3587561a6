package inventory

import (
	"context"
	"slices"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/graph"
)

// Provider is a row of show providers: an identity provider of an account.
type Provider struct {
	place
	ARN, Name, Kind, URL        string
	Clients, Thumbprints, Roles []string
	Tags                        Pairs
}

var providerTable = sync.OnceValue(func() *table[Provider] {
	return newTable(
		[]field[Provider]{
			text("arn", "its ARN", func(p *Provider) string { return p.ARN }).arn().main(),
			text("name", "what follows the last slash of its ARN", func(p *Provider) string { return p.Name }),
			text("kind", "SAML or OIDC", func(p *Provider) string { return p.Kind }).words("SAML", "OIDC").main(),
		},
		placed(func(p *Provider) *place { return &p.place }),
		[]field[Provider]{
			text("url", "the address of an OIDC provider", func(p *Provider) string { return p.URL }),
			list("client_ids", "the client ids (audiences) that an OIDC provider serves", func(p *Provider) []string { return p.Clients }).main(),
			list("thumbprints", "the thumbprints of its certificates", func(p *Provider) []string { return p.Thumbprints }),
			list("roles", "the ARNs of the roles, of every account, whose trust policies name it", func(p *Provider) []string { return p.Roles }).arn().main(),
			tagField("its tags", func(p *Provider) Pairs { return p.Tags }),
		},
	)
})

// Field gives the value of a field of the schema of providers.
func (p *Provider) Field(name string) (any, bool) { return providerTable().value(p, name) }

// MarshalJSONTo writes all fields in the order of the schema.
func (p *Provider) MarshalJSONTo(enc *jsontext.Encoder) error { return providerTable().write(enc, p) }

func (v *Inventory) providers(ctx context.Context) ([]Row, error) {
	trusting := map[string][]string{}
	trusted := map[graph.DocumentHash][]string{}
	if err := v.eachAccount(ctx, func(a *graph.Account) {
		for _, r := range a.Roles {
			names, ok := trusted[r.Trust]
			if !ok {
				names = v.trusts(r.Trust)
				trusted[r.Trust] = names
			}
			for _, n := range names {
				trusting[n] = append(trusting[n], string(r.ARN))
			}
		}
	}); err != nil {
		return nil, err
	}
	var rows []*Provider
	err := v.eachAccount(ctx, func(a *graph.Account) {
		for _, p := range a.Providers {
			row := &Provider{
				place: v.in(a.ID), ARN: string(p.ARN), Name: lastName(string(p.ARN)), Kind: p.Kind, URL: p.URL, Clients: p.ClientIDs,
				Thumbprints: p.Thumbprints, Roles: trusting[string(p.ARN)], Tags: known(p.Tags),
			}
			slices.Sort(row.Roles)
			row.About.Tags = p.Tags
			rows = append(rows, row)
		}
	})
	return sorted(rows, func(p *Provider) string { return p.ARN }), err
}
