package inventory

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
)

// The kinds of policies that show policies lists.
const (
	awsManaged      = "aws"
	customerManaged = "customer"
	inlinePolicy    = "inline"
	scp             = "scp"
	rcp             = "rcp"
)

// Policy is a row of show policies: a managed or inline policy, an SCP or an RCP.
type Policy struct {
	place
	Policy     string // ARN; of an inline policy its name
	Name       string
	Kind       string
	Owner      string // of an inline policy: ARN of the user, group or role
	Path, ID   string
	AttachedTo []string
	BoundaryOf []string
	Created    *time.Time
	Age        *time.Duration
	Updated    *time.Time
	Versions   *int
	Version    string
	Attachable *bool
	Given      bool // the document is there
	document   *policy.Document
	raw        []byte
}

var policyTable = sync.OnceValue(func() *table[Policy] {
	return newTable(
		[]field[Policy]{
			text("policy", "its ARN; of an inline policy its name", func(p *Policy) string { return p.Policy }).arn(),
			text("name", "its name", func(p *Policy) string { return p.Name }).main(),
			text("kind", "aws and customer are managed policies, inline lives in its owner, scp and rcp are the organization's",
				func(p *Policy) string { return p.Kind }).words(awsManaged, customerManaged, inlinePolicy, scp, rcp).main(),
			text("owner", "of an inline policy the ARN of its user, group or role", func(p *Policy) string { return p.Owner }).arn().main(),
		},
		shownPlace(func(p *Policy) *place { return &p.place }),
		[]field[Policy]{
			text("path", "the path of a managed policy", func(p *Policy) string { return p.Path }),
			text("id", "its unique id", func(p *Policy) string { return p.ID }),
			number("attachments", "to how many users, groups, roles, or roots, OUs and accounts it is attached, as the snapshot has them",
				func(p *Policy) *int { return pointer(len(p.AttachedTo)) }).main(),
			list("attached_to", "their ARNs, or the ids of roots, OUs and accounts", func(p *Policy) []string { return p.AttachedTo }).arn(),
			list("boundary_of", "the ARNs of the users and roles whose permissions boundary it is", func(p *Policy) []string { return p.BoundaryOf }).arn(),
			moment("created", "when it was made", func(p *Policy) *time.Time { return p.Created }),
			span("age", "how long ago that was", func(p *Policy) *time.Duration { return p.Age }),
			moment("updated", "when its default version was set", func(p *Policy) *time.Time { return p.Updated }).main(),
			number("versions", "how many versions are kept", func(p *Policy) *int { return p.Versions }).main(),
			text("default_version", "the version that counts", func(p *Policy) string { return p.Version }),
			flag("attachable", "it can be attached", func(p *Policy) *bool { return p.Attachable }),
			number("statements", "how many statements its document has", func(p *Policy) *int { return p.statements() }).main(),
			flag("valid", "AWS would store its document", func(p *Policy) *bool { return p.valid() }),
			{answer.Column{Name: "document", Type: answer.Object, About: "its document, as JSON"}, func(p *Policy) any { return p.text() }},
		},
	)
})

// Field gives the value of a field of the schema of policies.
func (p *Policy) Field(name string) (any, bool) { return policyTable().value(p, name) }

// MarshalJSONTo writes all fields in the order of the schema.
func (p *Policy) MarshalJSONTo(enc *jsontext.Encoder) error { return policyTable().write(enc, p) }

func (p *Policy) statements() *int {
	if !p.Given {
		return nil
	}
	places := map[int]bool{} // a statement without a known effect is there twice
	for i := range p.document.Statements {
		places[p.document.Statements[i].Index] = true
	}
	return pointer(len(places))
}

func (p *Policy) valid() *bool {
	if !p.Given {
		return nil
	}
	return pointer(p.document.Valid())
}

// text is the document as it is stored: JSON, or a text where it is none.
func (p *Policy) text() any {
	if !p.Given {
		return nil
	}
	if v := jsontext.Value(p.raw); v.IsValid() {
		return v
	}
	return string(p.raw)
}

// with puts the document in.
func (p *Policy) with(v *Inventory, h graph.DocumentHash, kind policy.Kind) *Policy {
	if d := v.facts.Documents[h]; d != nil {
		p.Given, p.raw = true, d.Canonical
	}
	p.document = v.parsed(h, kind)
	return p
}

func (v *Inventory) policies(ctx context.Context) ([]Row, error) {
	var rows []*Policy
	err := v.eachAccount(ctx, func(a *graph.Account) { rows = append(rows, v.accountPolicies(a)...) })
	rows = append(rows, v.organizationPolicies()...)
	return sorted(rows, func(p *Policy) string { return cmp.Or(p.Owner, p.Policy) + "\x00" + p.Policy }), err
}

// accountPolicies lists the managed policies that an account reads, and the inline policies in it.
func (v *Inventory) accountPolicies(a *graph.Account) []*Policy {
	var rows []*Policy
	attached, bounded := map[graph.ARN][]string{}, map[graph.ARN][]string{}
	entity := func(arn graph.ARN, inline []graph.InlinePolicy, to []graph.ARN, boundary graph.ARN) {
		for _, p := range to {
			attached[p] = append(attached[p], string(arn))
		}
		if boundary != "" {
			bounded[boundary] = append(bounded[boundary], string(arn))
		}
		for _, p := range inline {
			row := &Policy{place: v.in(a.ID), Policy: p.Name, Name: p.Name, Kind: inlinePolicy, Owner: string(arn), AttachedTo: []string{string(arn)}}
			rows = append(rows, row.with(v, p.Document, policy.Identity))
		}
	}
	for _, u := range a.Users {
		entity(u.ARN, u.Inline, u.Attached, u.Boundary)
	}
	for _, g := range a.Groups {
		entity(g.ARN, g.Inline, g.Attached, "")
	}
	for _, r := range a.Roles {
		entity(r.ARN, r.Inline, r.Attached, r.Boundary)
	}
	for _, p := range a.Policies {
		row := &Policy{
			place: v.in(a.ID), Policy: string(p.ARN), Name: p.Name, Kind: customerManaged, Path: p.Path, ID: p.ID, Version: p.DefaultVersion,
			AttachedTo: sortedTexts(attached[p.ARN]), BoundaryOf: sortedTexts(bounded[p.ARN]), Versions: pointer(len(p.Versions)), Attachable: pointer(p.Attachable),
		}
		if p.ARN.Account() == "aws" {
			row.Kind = awsManaged
		}
		row.Created, row.Age = v.since(p.Created)
		row.Updated, _ = v.since(p.Updated)
		h, _ := p.Default()
		rows = append(rows, row.with(v, h, policy.Identity))
	}
	return rows
}

// organizationPolicies lists SCPs and RCPs, which are in the management account.
func (v *Inventory) organizationPolicies() []*Policy {
	o := v.facts.Organization
	if o == nil {
		return nil
	}
	var rows []*Policy
	for i := range o.Policies {
		p := &o.Policies[i]
		row := &Policy{place: v.in(o.ManagementAccount), Policy: string(p.ARN), Name: p.Name, Kind: scp, ID: p.ID, AttachedTo: sortedTexts(slices.Clone(p.Targets))}
		kind := policy.SCP
		if p.Type != graph.ServiceControlPolicy {
			if p.Type != graph.ResourceControlPolicy {
				continue
			}
			row.Kind, kind = rcp, policy.RCP
		}
		rows = append(rows, row.with(v, p.Document, kind))
	}
	return rows
}

func sortedTexts(list []string) []string {
	slices.SortFunc(list, strings.Compare)
	return list
}
