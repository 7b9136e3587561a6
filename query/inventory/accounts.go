package inventory

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/graph"
)

// Account is a row of show accounts: one that was read, or that the organization lists.
type Account struct {
	place
	Email, Status          string
	OU, OUID               string
	Aliases, Delegated     []string
	Gaps                   []string
	Tags                   Pairs
	Management, Read       *bool
	Complete               *bool
	Report                 *bool
	Blocked                *bool
	Users, Groups, Roles   *int
	Policies, Resources    *int
	Compute, ProviderCount *int
}

var accountTable = sync.OnceValue(func() *table[Account] {
	count := func(name, what string, get func(*Account) *int) field[Account] {
		return number(name, "how many "+what+"; null where it was not read", get)
	}
	return newTable([]field[Account]{
		text("account", "its number", func(a *Account) string { return a.place.Account }).main(),
		text("name", "its name in the organization", func(a *Account) string { return a.AccountName }).main(),
		list("aliases", "its aliases", func(a *Account) []string { return a.Aliases }),
		text("email", "the address of its root user", func(a *Account) string { return a.Email }),
		text("status", "ACTIVE, SUSPENDED or PENDING_CLOSURE", func(a *Account) string { return a.Status }).main(),
		text("ou", "the names of the root and OUs above it, joined by /", func(a *Account) string { return a.OU }).main(),
		text("ou_id", "the id of the root or OU that it is in", func(a *Account) string { return a.OUID }),
		tagField("its tags", func(a *Account) Pairs { return a.Tags }),
		flag("management", "it is the management account", func(a *Account) *bool { return a.Management }).main(),
		list("delegated", "the services that it administers for the organization", func(a *Account) []string { return a.Delegated }),
		flag("read", "the snapshot holds what is in it", func(a *Account) *bool { return a.Read }).main(),
		flag("complete", "everything that was given or asked for of it could be used", func(a *Account) *bool { return a.Complete }),
		list("gaps", "what could not", func(a *Account) []string { return a.Gaps }),
		flag("credential_report", "its credential report was given", func(a *Account) *bool { return a.Report }),
		flag("public_access_blocked", "S3's RestrictPublicBuckets is on for the whole account", func(a *Account) *bool { return a.Blocked }),
		count("users", "users it has", func(a *Account) *int { return a.Users }).main(),
		count("groups", "groups", func(a *Account) *int { return a.Groups }),
		count("roles", "roles", func(a *Account) *int { return a.Roles }).main(),
		count("policies", "managed policies, AWS's among them", func(a *Account) *int { return a.Policies }),
		count("resources", "resources", func(a *Account) *int { return a.Resources }).main(),
		count("compute", "functions, instances and others that run with a role", func(a *Account) *int { return a.Compute }),
		count("providers", "identity providers", func(a *Account) *int { return a.ProviderCount }),
	})
})

// Field gives the value of a field of the schema of accounts.
func (a *Account) Field(name string) (any, bool) { return accountTable().value(a, name) }

// MarshalJSONTo writes all fields in the order of the schema.
func (a *Account) MarshalJSONTo(enc *jsontext.Encoder) error { return accountTable().write(enc, a) }

func (v *Inventory) accountRows(ctx context.Context) ([]Row, error) {
	rows := map[graph.AccountID]*Account{}
	row := func(id graph.AccountID) *Account {
		if rows[id] == nil {
			rows[id] = &Account{place: v.in(id), Read: pointer(false)}
		}
		return rows[id]
	}
	if o := v.facts.Organization; o != nil {
		for i := range o.Accounts {
			v.member(row(o.Accounts[i].ID), &o.Accounts[i])
		}
		if o.ManagementAccount != "" {
			row(o.ManagementAccount)
		}
		for _, d := range o.Delegated {
			row(d.ID).Delegated = d.ServicePrincipals
		}
	}
	if err := v.eachAccount(ctx, func(a *graph.Account) { v.readAccount(row(a.ID), a) }); err != nil {
		return nil, err
	}
	out := make([]Row, 0, len(rows))
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		r := rows[id]
		if o := v.facts.Organization; o != nil {
			r.Management = pointer(id == o.ManagementAccount)
		}
		out = append(out, r)
	}
	return out, nil
}

// member puts in what the organization says.
func (v *Inventory) member(row *Account, a *graph.OrganizationAccount) {
	row.Email, row.Status, row.OUID, row.Tags = a.Email, a.Status, a.ParentID, known(a.Tags)
	row.About.Tags = a.Tags
	var names []string
	for _, unit := range v.Above(a.ID) {
		names = append(names, unit.Name)
	}
	row.OU = strings.Join(names, "/")
}

// readAccount puts in what was read of an account.
func (v *Inventory) readAccount(row *Account, a *graph.Account) {
	row.Read, row.Aliases = pointer(true), a.Aliases
	row.Report = pointer(len(v.of(a.ID).report) > 0)
	row.Users, row.Groups, row.Roles = pointer(len(a.Users)), pointer(len(a.Groups)), pointer(len(a.Roles))
	row.Policies, row.Resources = pointer(len(a.Policies)), pointer(len(a.Resources))
	row.Compute, row.ProviderCount = pointer(len(a.Compute)), pointer(len(a.Providers))
	if a.Settings != nil && a.Settings.S3PublicAccessBlock != nil {
		row.Blocked = pointer(a.Settings.S3PublicAccessBlock.RestrictPublicBuckets)
	}
	for _, c := range a.Coverage {
		if c.Incomplete() {
			row.Gaps = append(row.Gaps, c.String())
		}
	}
	row.Complete = pointer(len(row.Gaps) == 0)
}
