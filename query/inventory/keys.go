package inventory

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/graph"
)

// Key is a row of show keys: an access key, as the credential report tells of it (F4).
type Key struct {
	place
	User     string // ARN
	Name     string
	Number   int
	Active   *bool
	Created  *time.Time
	Age      *time.Duration
	LastUsed *time.Time
	Service  string
	Region   string
}

var keyTable = sync.OnceValue(func() *table[Key] {
	return newTable(
		[]field[Key]{
			text("principal", "the ARN of the user or root user that has it", func(k *Key) string { return k.User }).arn().main(),
			text("name", "the user's name", func(k *Key) string { return k.Name }),
		},
		placed(func(k *Key) *place { return &k.place }),
		[]field[Key]{
			number("number", "1 or 2: which of the user's keys the report calls it", func(k *Key) *int { return &k.Number }).main(),
			flag("active", "it can be used", func(k *Key) *bool { return k.Active }).main(),
			moment("created", "when it was made", func(k *Key) *time.Time { return k.Created }).main(),
			span("age", "how long ago that was", func(k *Key) *time.Duration { return k.Age }).main(),
			moment("last_used", "when it was last used; never, if it is known that it was not", func(k *Key) *time.Time { return k.LastUsed }).main(),
			text("last_used_service", "of which service", func(k *Key) string { return k.Service }).main(),
			text("last_used_region", "in which Region", func(k *Key) string { return k.Region }).main(),
			adminField("its user is an administrator", func(k *Key) *About { return k.Self() }),
		},
	)
})

// Field gives the value of a field of the schema of keys.
func (k *Key) Field(name string) (any, bool) { return keyTable().value(k, name) }

// MarshalJSONTo writes all fields in the order of the schema.
func (k *Key) MarshalJSONTo(enc *jsontext.Encoder) error { return keyTable().write(enc, k) }

func (v *Inventory) keys(ctx context.Context) ([]Row, error) {
	var rows []*Key
	err := v.eachAccount(ctx, func(a *graph.Account) {
		tags := map[string][]graph.Tag{}
		for _, u := range a.Users {
			tags[string(u.ARN)] = u.Tags
		}
		for _, r := range v.of(a.ID).report {
			for _, k := range v.reportedKeys(r) {
				kind := "user"
				if r.User == "<root_account>" {
					kind, k.Name = "root", "root"
				}
				k.place = v.in(a.ID)
				k.About.ARN, k.About.Kind, k.About.Name, k.About.Caller, k.About.Tags = k.User, kind, k.Name, k.User, tags[k.User]
				rows = append(rows, k)
			}
		}
	})
	return sorted(rows, func(k *Key) string { return fmt.Sprintf("%s %d", k.User, k.Number) }), err
}

// reportedKeys gives the access keys of a line of the report. A key that is not active and was never made is none.
func (v *Inventory) reportedKeys(r *graph.CredentialReportRow) []*Key {
	var out []*Key
	for n := 1; n <= 2; n++ {
		name := func(field string) string { return fmt.Sprintf("access_key_%d_%s", n, field) }
		k := &Key{User: string(r.ARN), Name: r.User, Number: n, Active: reported(r, name("active")), Created: on(r, name("last_rotated"))}
		if k.Created == nil && (k.Active == nil || !*k.Active) {
			continue
		}
		if k.Created != nil {
			k.Created, k.Age = v.since(*k.Created)
		}
		k.LastUsed = keyUsed(r, name("last_used_date"))
		k.Service, k.Region = named(r, name("last_used_service")), named(r, name("last_used_region"))
		out = append(out, k)
	}
	return out
}

// keyUsed reads when a key was used that exists: N/A then says that it never was.
func keyUsed(r *graph.CredentialReportRow, name string) *time.Time {
	if column(r, name) == "N/A" {
		return pointer(time.Time{})
	}
	return used(r, name)
}

// named reads a name; N/A is none.
func named(r *graph.CredentialReportRow, name string) string {
	if s := column(r, name); s != "N/A" {
		return s
	}
	return ""
}
