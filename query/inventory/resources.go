package inventory

import (
	"context"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/graph"
)

// Resource is a row of show resources.
type Resource struct {
	place
	ARN, Type, Region string
	Policy            *bool
	Statements        *int
	Tags              Pairs
	Shared            []string
	KeyManager        string
	Grants            int
	Blocked           *bool
}

var resourceTable = sync.OnceValue(func() *table[Resource] {
	return newTable(
		[]field[Resource]{
			text("arn", "its ARN", func(r *Resource) string { return r.ARN }).arn().main(),
			text("type", "what it is, as CloudFormation names it: AWS::KMS::Key", func(r *Resource) string { return r.Type }).main(),
		},
		shownPlace(func(r *Resource) *place { return &r.place }),
		[]field[Resource]{
			text("region", "the Region; null of global kinds", func(r *Resource) string { return r.Region }).main(),
			tagField("its tags; null where they were not collected", func(r *Resource) Pairs { return r.Tags }),
			flag("policy", "it has a policy of its own; null where that could not be read", func(r *Resource) *bool { return r.Policy }).main(),
			number("statements", "how many statements that has", func(r *Resource) *int { return r.Statements }),
			list("shared_with", "the accounts, organizations and OUs that it is shared with, or all", func(r *Resource) []string { return r.Shared }),
			number("grants", "of a KMS key: how many grants are on it", func(r *Resource) *int { return &r.Grants }),
			text("key_manager", "of a KMS key: CUSTOMER or AWS", func(r *Resource) string { return r.KeyManager }).words("CUSTOMER", "AWS"),
			flag("public_access_blocked", "of a bucket: RestrictPublicBuckets is on, for it or for its account", func(r *Resource) *bool { return r.Blocked }),
			flag("external", "somebody outside the zone of trust may do something with it, as the resource's side decides (D50); AWS services do not count",
				func(r *Resource) *bool { return r.judged("external") }).dear(),
			flag("public", "anybody may, be it under a condition (also one on the account or VPC endpoint that it comes from)", func(r *Resource) *bool { return r.judged("public") }).dear(),
		},
	)
})

// Field gives the value of a field of the schema of resources.
func (r *Resource) Field(name string) (any, bool) { return resourceTable().value(r, name) }

// MarshalJSONTo writes all fields in the order of the schema.
func (r *Resource) MarshalJSONTo(enc *jsontext.Encoder) error { return resourceTable().write(enc, r) }

func (v *Inventory) resources(ctx context.Context) ([]Row, error) {
	shares := map[graph.ARN][]string{}
	if err := v.eachAccount(ctx, func(a *graph.Account) {
		for _, s := range a.Shares {
			shares[s.ARN] = append(shares[s.ARN], s.Principals...)
		}
	}); err != nil {
		return nil, err
	}
	var rows []*Resource
	err := v.eachAccount(ctx, func(a *graph.Account) {
		grants := map[graph.ARN]int{}
		for _, g := range a.Grants {
			grants[g.Key]++
		}
		for _, r := range a.Resources {
			row := &Resource{
				place: v.in(a.ID), ARN: string(r.ARN), Type: r.Type, Region: r.Region, KeyManager: r.Attributes.KeyManager, Grants: grants[r.ARN],
				Shared: sortedTexts(append(append([]string{}, r.Attributes.SharedWith...), shares[r.ARN]...)),
			}
			row.Open, row.About.Tags = row.ARN, r.Tags
			if r.TagsKnown {
				row.Tags = known(r.Tags)
			}
			v.resourcePolicy(a, r, row)
			if r.Type == "AWS::S3::Bucket" {
				own, all := r.Attributes.BlockPublicAccess, (*graph.PublicAccessBlock)(nil)
				if a.Settings != nil {
					all = a.Settings.S3PublicAccessBlock
				}
				if own != nil || all != nil {
					row.Blocked = pointer(own != nil && own.RestrictPublicBuckets || all != nil && all.RestrictPublicBuckets)
				}
			}
			rows = append(rows, row)
		}
	})
	return sorted(rows, func(r *Resource) string { return r.ARN }), err
}

// resourcePolicy tells whether a resource has a policy. A key always has one (D32), and where the policies of a kind could not be read
// nobody knows.
func (v *Inventory) resourcePolicy(a *graph.Account, r *graph.Resource, row *Resource) {
	if r.Policy.IsZero() {
		if !unread(a, r) && r.Type != "AWS::KMS::Key" {
			row.Policy = pointer(false)
		}
		return
	}
	row.Policy = pointer(true)
	if v.facts.Documents[r.Policy] == nil {
		return
	}
	p := &Policy{Given: true, document: v.parsed(r.Policy, resourceKind(r))}
	row.Statements = p.statements()
}

// unread tells a resource of a kind that could not be read completely.
func unread(a *graph.Account, r *graph.Resource) bool {
	for _, c := range a.Coverage {
		if c.Kind == r.Type && (c.Region == "" || c.Region == r.Region) && c.Incomplete() {
			return true
		}
	}
	return false
}
