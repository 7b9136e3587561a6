package inventory

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
)

// Role is a row of show roles.
type Role struct {
	entity
	Policies
	Tags     Pairs
	Trusts   []string
	Linked   bool
	Profiles []string
	LastUsed *time.Time
	Region   string
}

var roleTable = sync.OnceValue(func() *table[Role] {
	return newTable(
		entityFields("principal", func(r *Role) *entity { return &r.entity }),
		[]field[Role]{
			list("trusts", "whom its trust policy names in an Allow: account numbers, ARNs, services, providers, or * for everyone",
				func(r *Role) []string { return r.Trusts }).arn().main(),
		},
		policyFields(func(r *Role) *Policies { return &r.Policies }),
		[]field[Role]{
			boundaryField(func(r *Role) *Policies { return &r.Policies }),
			tagField("its tags", func(r *Role) Pairs { return r.Tags }),
			list("instance_profiles", "the names of its instance profiles", func(r *Role) []string { return r.Profiles }),
			flag("service_linked", "it is a service-linked role", func(r *Role) *bool { return &r.Linked }),
			moment("last_used", "when it was last used; never, if it is known that it was not within 400 days", func(r *Role) *time.Time { return r.LastUsed }).main(),
			text("last_used_region", "in which Region", func(r *Role) string { return r.Region }),
			externalField(aboutExternal, func(r *Role) *About { return r.Self() }),
			adminField(aboutAdmin, func(r *Role) *About { return r.Self() }),
			reachField(aboutReach, func(r *Role) *About { return r.Self() }),
		},
	)
})

// Field gives the value of a field of the schema of roles.
func (r *Role) Field(name string) (any, bool) { return roleTable().value(r, name) }

// MarshalJSONTo writes all fields in the order of the schema.
func (r *Role) MarshalJSONTo(enc *jsontext.Encoder) error { return roleTable().write(enc, r) }

func (v *Inventory) roles(ctx context.Context) ([]Row, error) {
	var rows []*Role
	trusted := map[graph.DocumentHash][]string{}
	err := v.eachAccount(ctx, func(a *graph.Account) {
		for _, r := range a.Roles {
			row := v.role(a, r)
			names, ok := trusted[r.Trust]
			if !ok {
				names = v.trusts(r.Trust)
				trusted[r.Trust] = names
			}
			row.Trusts = names
			rows = append(rows, row)
		}
	})
	return sorted(rows, func(r *Role) string { return r.entity.ARN }), err
}

// role makes a row of everything but what the trust policy says.
func (v *Inventory) role(a *graph.Account, r *graph.Role) *Role {
	row := &Role{
		entity: v.entity(a.ID, r.ARN, r.Name, r.Path, r.ID, r.Created), Policies: policiesOf(r.Attached, r.Inline, r.Boundary), Tags: known(r.Tags),
		Linked: strings.Contains(string(r.ARN), ":role/aws-service-role/"),
	}
	for _, p := range r.InstanceProfiles {
		row.Profiles = append(row.Profiles, p.Name)
	}
	o := v.of(a.ID)
	if used := o.roles[string(r.ARN)]; used != nil {
		row.LastUsed, row.Region = &used.Time, used.Region
	}
	row.LastUsed = latest(row.LastUsed, o.accessed[string(r.ARN)])
	row.principal("role", r.Tags)
	row.Open = row.entity.ARN
	return row
}

// trusts lists whom the Allow statements of a trust policy name. Allow with NotPrincipal is everyone (A31).
func (v *Inventory) trusts(h graph.DocumentHash) []string {
	doc := v.parsed(h, policy.Trust)
	var out []string
	for i := range doc.Statements {
		s := &doc.Statements[i]
		if s.Effect != policy.Allow || s.Cause == policy.MissingDocument {
			continue
		}
		if s.Principals.Not {
			out = append(out, "*")
			continue
		}
		for _, e := range s.Principals.Entries {
			name := e.Text
			if e.Kind == policy.PrincipalAccount {
				name = e.Account
			}
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
