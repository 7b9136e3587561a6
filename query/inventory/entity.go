package inventory

import (
	"slices"
	"time"

	"github.com/accessgraph/accessgraph/graph"
)

// entity is what users, groups and roles have in common.
type entity struct {
	place
	ARN     string
	Name    string
	Path    string
	ID      string
	Created *time.Time
	Age     *time.Duration
}

// entityFields are the fields of an entity; lead is what its ARN is called.
func entityFields[T any](lead string, of func(*T) *entity) []field[T] {
	return slices.Concat(
		part(of, []field[entity]{
			text(lead, "its ARN", func(e *entity) string { return e.ARN }).arn().main(),
			text("name", "its name", func(e *entity) string { return e.Name }),
			text("path", "its path", func(e *entity) string { return e.Path }),
		}),
		placed(func(row *T) *place { return &of(row).place }),
		part(of, []field[entity]{
			text("id", "its unique id", func(e *entity) string { return e.ID }),
			moment("created", "when it was made", func(e *entity) *time.Time { return e.Created }),
			span("age", "how long ago that was", func(e *entity) *time.Duration { return e.Age }).main(),
		}),
	)
}

// entity makes what is common.
func (v *Inventory) entity(account graph.AccountID, arn graph.ARN, name, path, id string, created time.Time) entity {
	e := entity{place: v.in(account), ARN: string(arn), Name: name, Path: path, ID: id}
	e.Created, e.Age = v.since(created)
	return e
}

// principal marks an entity as a principal: scopes and functions speak of it.
func (e *entity) principal(kind string, tags []graph.Tag) {
	e.About.ARN, e.About.Kind, e.About.Name, e.About.Tags, e.About.Caller = e.ARN, kind, e.Name, tags, e.ARN
}

// Policies are the policies that an entity has, by name and by ARN.
type Policies struct {
	Names    []string
	Attached []string
	Inline   []string
	Boundary string
}

func policyFields[T any](of func(*T) *Policies) []field[T] {
	return part(of, []field[Policies]{
		list("policies", "the names of its policies, attached and inline", func(p *Policies) []string { return p.Names }).main(),
		list("attached", "the ARNs of the managed policies attached to it", func(p *Policies) []string { return p.Attached }).arn(),
		list("inline", "the names of its inline policies", func(p *Policies) []string { return p.Inline }),
	})
}

func boundaryField[T any](of func(*T) *Policies) field[T] {
	return text("boundary", "the ARN of its permissions boundary", func(row *T) string { return of(row).Boundary }).arn()
}

func tagField[T any](about string, of func(*T) Pairs) field[T] { return pairs("tags", about, of) }

func policiesOf(attached []graph.ARN, inline []graph.InlinePolicy, boundary graph.ARN) Policies {
	p := Policies{Boundary: string(boundary)}
	for _, arn := range attached {
		p.Attached = append(p.Attached, string(arn))
		p.Names = append(p.Names, lastName(string(arn)))
	}
	for _, i := range inline {
		p.Inline = append(p.Inline, i.Name)
		p.Names = append(p.Names, i.Name)
	}
	return p
}

// lastName is what follows the path of an ARN.
func lastName(arn string) string {
	for i := len(arn) - 1; i >= 0; i-- {
		if arn[i] == '/' || arn[i] == ':' {
			return arn[i+1:]
		}
	}
	return arn
}

// adminField tells administrators; externalField who is open to the outside.
func adminField[T any](about string, of func(*T) *About) field[T] {
	return flag("admin", about, func(row *T) *bool { return of(row).judged("admin") }).dear()
}

// reachField tells who reaches an administrator.
func reachField[T any](about string, of func(*T) *About) field[T] {
	return flag("reaches_admin", about, func(row *T) *bool { return of(row).judged("reaches_admin") }).dear()
}

func externalField[T any](about string, of func(*T) *About) field[T] {
	return flag("external", about, func(row *T) *bool { return of(row).judged("external") }).dear()
}

const (
	aboutAdmin    = "it may do everything that the SCPs of its account leave, or can give itself that"
	aboutReach    = "an access path leads from it to an administrator, or it is one"
	aboutExternal = "somebody outside the zone of trust may become it: of another account, by an identity provider, or anybody"
)
