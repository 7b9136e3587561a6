package inventory

import (
	"cmp"
	"context"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/graph"
)

// Compute is a row of show compute: what runs with a role.
type Compute struct {
	place
	ARN, Type, Region, Role, Profile string
	Tags, Attributes                 Pairs
}

var computeTable = sync.OnceValue(func() *table[Compute] {
	return newTable(
		[]field[Compute]{
			text("arn", "its ARN", func(c *Compute) string { return c.ARN }).arn().main(),
			text("type", "what it is, as CloudFormation names it: AWS::Lambda::Function", func(c *Compute) string { return c.Type }).main(),
		},
		placed(func(c *Compute) *place { return &c.place }),
		[]field[Compute]{
			text("region", "the Region", func(c *Compute) string { return c.Region }),
			text("role", "the ARN of the role that it runs with, also by its instance profile", func(c *Compute) string { return c.Role }).arn().main(),
			text("instance_profile", "the ARN of its instance profile", func(c *Compute) string { return c.Profile }).arn(),
			tagField("its tags", func(c *Compute) Pairs { return c.Tags }),
			pairs("attributes", "what else the export says of it", func(c *Compute) Pairs { return c.Attributes }),
			adminField("its role is an administrator", func(c *Compute) *About { return c.Self() }),
			reachField("an access path leads from its role to an administrator, or that is one, and the role trusts its service", func(c *Compute) *About { return c.Self() }),
		},
	)
})

// Field gives the value of a field of the schema of compute.
func (c *Compute) Field(name string) (any, bool) { return computeTable().value(c, name) }

// MarshalJSONTo writes all fields in the order of the schema.
func (c *Compute) MarshalJSONTo(enc *jsontext.Encoder) error { return computeTable().write(enc, c) }

func (v *Inventory) compute(ctx context.Context) ([]Row, error) {
	var rows []*Compute
	err := v.eachAccount(ctx, func(a *graph.Account) {
		profiles := map[graph.ARN]graph.ARN{}
		for _, r := range a.Roles {
			for _, p := range r.InstanceProfiles {
				profiles[p.ARN] = r.ARN
			}
		}
		for _, c := range a.Compute {
			role := c.Role
			if role == "" {
				role = profiles[c.InstanceProfile]
			}
			row := &Compute{place: v.in(a.ID), ARN: string(c.ARN), Type: c.Type, Region: c.Region, Role: string(role), Profile: string(c.InstanceProfile), Tags: known(c.Tags), Attributes: known(c.Attributes)}
			row.About.Tags = c.Tags
			row.About.Compute = row.ARN
			row.Caller = cmp.Or(row.Role, row.Profile) // of a profile that no role is known to have, nobody knows what it can do
			rows = append(rows, row)
		}
	})
	return sorted(rows, func(c *Compute) string { return c.ARN }), err
}
