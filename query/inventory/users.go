package inventory

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/graph"
)

// User is a row of show users.
type User struct {
	entity
	Policies
	Credentials
	Groups   []string
	Tags     Pairs
	External *bool
}

var userTable = sync.OnceValue(func() *table[User] {
	return newTable(
		entityFields("principal", func(u *User) *entity { return &u.entity }),
		[]field[User]{list("groups", "the names of its groups", func(u *User) []string { return u.Groups }).main()},
		policyFields(func(u *User) *Policies { return &u.Policies }),
		[]field[User]{
			boundaryField(func(u *User) *Policies { return &u.Policies }),
			tagField("its tags", func(u *User) Pairs { return u.Tags }),
		},
		credentialFields(func(u *User) *Credentials { return &u.Credentials }),
		[]field[User]{
			moment("last_used", "when it was last active: by password, access key or service; never, if it is known that it was not",
				func(u *User) *time.Time { return u.LastUsed }).main(),
			flag("external", "its account is none of the organization's", func(u *User) *bool { return u.External }),
			adminField(aboutAdmin, func(u *User) *About { return u.Self() }),
			reachField(aboutReach, func(u *User) *About { return u.Self() }),
		},
	)
})

// Field gives the value of a field of the schema of users.
func (u *User) Field(name string) (any, bool) { return userTable().value(u, name) }

// MarshalJSONTo writes all fields in the order of the schema.
func (u *User) MarshalJSONTo(enc *jsontext.Encoder) error { return userTable().write(enc, u) }

func (v *Inventory) users(ctx context.Context) ([]Row, error) {
	var rows []*User
	err := v.eachAccount(ctx, func(a *graph.Account) {
		for _, u := range a.Users {
			rows = append(rows, v.user(a, u))
		}
	})
	return sorted(rows, func(u *User) string { return u.entity.ARN }), err
}

func (v *Inventory) user(a *graph.Account, u *graph.User) *User {
	row := &User{
		entity: v.entity(a.ID, u.ARN, u.Name, u.Path, u.ID, u.Created), Policies: policiesOf(u.Attached, u.Inline, u.Boundary),
		Credentials: v.credentials(a.ID, string(u.ARN)), Groups: u.Groups, Tags: known(u.Tags), External: v.Stranger(a.ID),
	}
	row.principal("user", u.Tags)
	return row
}

// Group is a row of show groups.
type Group struct {
	entity
	Policies
	Members []string
}

var groupTable = sync.OnceValue(func() *table[Group] {
	return newTable(
		entityFields("group", func(g *Group) *entity { return &g.entity }),
		[]field[Group]{
			list("members", "the names of the users in it", func(g *Group) []string { return g.Members }).main(),
			number("member_count", "how many they are", func(g *Group) *int { return pointer(len(g.Members)) }),
		},
		policyFields(func(g *Group) *Policies { return &g.Policies }),
	)
})

// Field gives the value of a field of the schema of groups.
func (g *Group) Field(name string) (any, bool) { return groupTable().value(g, name) }

// MarshalJSONTo writes all fields in the order of the schema.
func (g *Group) MarshalJSONTo(enc *jsontext.Encoder) error { return groupTable().write(enc, g) }

func (v *Inventory) groups(ctx context.Context) ([]Row, error) {
	var rows []*Group
	err := v.eachAccount(ctx, func(a *graph.Account) {
		members := map[string][]string{}
		for _, u := range a.Users {
			for _, g := range u.Groups {
				members[g] = append(members[g], u.Name)
			}
		}
		for _, g := range a.Groups {
			row := &Group{entity: v.entity(a.ID, g.ARN, g.Name, g.Path, g.ID, g.Created), Policies: policiesOf(g.Attached, g.Inline, ""), Members: members[g.Name]}
			slices.SortFunc(row.Members, strings.Compare)
			row.Caller = row.entity.ARN
			rows = append(rows, row)
		}
	})
	return sorted(rows, func(g *Group) string { return g.entity.ARN }), err
}
