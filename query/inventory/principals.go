package inventory

import (
	"context"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/graph"
)

// Principal is a row of show principals: a user, a role or a root user.
type Principal struct {
	entity
	Policies
	Credentials
	Kind   string
	Groups []string
	Tags   Pairs
}

var principalTable = sync.OnceValue(func() *table[Principal] {
	return newTable(
		entityFields("principal", func(p *Principal) *entity { return &p.entity }),
		[]field[Principal]{
			text("kind", "user, role or root", func(p *Principal) string { return p.Kind }).words("user", "role", "root").main(),
			list("groups", "the names of its groups", func(p *Principal) []string { return p.Groups }),
		},
		policyFields(func(p *Principal) *Policies { return &p.Policies }),
		[]field[Principal]{
			boundaryField(func(p *Principal) *Policies { return &p.Policies }),
			tagField("its tags", func(p *Principal) Pairs { return p.Tags }),
		},
		credentialFields(func(p *Principal) *Credentials { return &p.Credentials }),
		[]field[Principal]{
			moment("last_used", "when it was last active; never, if it is known that it was not", func(p *Principal) *time.Time { return p.LastUsed }).main(),
			externalField("of roles as for roles, of users as for users", func(p *Principal) *About { return p.Self() }),
			adminField(aboutAdmin, func(p *Principal) *About { return p.Self() }),
			reachField(aboutReach, func(p *Principal) *About { return p.Self() }),
		},
	)
})

// Field gives the value of a field of the schema of principals.
func (p *Principal) Field(name string) (any, bool) { return principalTable().value(p, name) }

// MarshalJSONTo writes all fields in the order of the schema.
func (p *Principal) MarshalJSONTo(enc *jsontext.Encoder) error { return principalTable().write(enc, p) }

func (v *Inventory) principals(ctx context.Context) ([]Row, error) {
	var rows []*Principal
	err := v.eachAccount(ctx, func(a *graph.Account) {
		for _, u := range a.Users {
			row := v.user(a, u)
			rows = append(rows, &Principal{entity: row.entity, Policies: row.Policies, Credentials: row.Credentials, Kind: "user", Groups: row.Groups, Tags: row.Tags})
		}
		for _, r := range a.Roles {
			row := v.role(a, r)
			rows = append(rows, &Principal{entity: row.entity, Policies: row.Policies, Credentials: Credentials{LastUsed: row.LastUsed}, Kind: "role", Tags: row.Tags})
		}
		rows = append(rows, v.root(a))
	})
	return sorted(rows, func(p *Principal) string { return p.entity.ARN }), err
}

// root makes the row of an account's root user: it has no policies, and its line of the credential report.
func (v *Inventory) root(a *graph.Account) *Principal {
	arn := rootARN(a)
	row := &Principal{entity: v.entity(a.ID, graph.ARN(arn), "root", "", "", time.Time{}), Kind: "root", Credentials: v.credentials(a.ID, arn), Tags: Pairs{}}
	row.principal("root", nil)
	if r := v.of(a.ID).report[arn]; r != nil {
		if created := on(r, "user_creation_time"); created != nil {
			row.Created, row.Age = v.since(*created)
		}
	}
	return row
}

// rootARN is the ARN of an account's root user, in the partition of what the account holds.
func rootARN(a *graph.Account) string {
	partition := "aws"
	for _, arn := range someARNs(a) {
		if p, _, _, _, _, ok := arn.Split(); ok {
			partition = p
			break
		}
	}
	return "arn:" + partition + ":iam::" + string(a.ID) + ":root"
}

func someARNs(a *graph.Account) []graph.ARN {
	var out []graph.ARN
	if len(a.Users) > 0 {
		out = append(out, a.Users[0].ARN)
	}
	if len(a.Roles) > 0 {
		out = append(out, a.Roles[0].ARN)
	}
	if len(a.Resources) > 0 {
		out = append(out, a.Resources[0].ARN)
	}
	return out
}
