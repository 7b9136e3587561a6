package changes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
)

// Kinds of rows, beside those of access.
const (
	KindUser         = "user"
	KindGroup        = "group"
	KindRole         = "role"
	KindPolicy       = "policy"
	KindResource     = "resource"
	KindCompute      = "compute"
	KindGrant        = "grant"
	KindProvider     = "provider"
	KindShare        = "share"
	KindAccount      = "account"
	KindAliases      = "aliases"
	KindSettings     = "settings"
	KindPassword     = "password policy"
	KindOrganization = "organization"
	KindRoot         = "root"
	KindUnit         = "ou"
	KindSCP          = "scp"
	KindRCP          = "rcp"
	KindOrgPolicy    = "organization policy" // of other types
	KindDelegated    = "delegated administrator"
	KindCoverage     = "coverage"
)

// Kinds lists them in the order in which answers have them.
func Kinds() []string {
	return []string{
		KindOrganization, KindRoot, KindUnit, KindSCP, KindRCP, KindOrgPolicy, KindDelegated, KindAccount, KindUser, KindGroup, KindRole, KindPolicy,
		KindResource, KindGrant, KindShare, KindProvider, KindCompute, KindSettings, KindPassword, KindAliases, KindCoverage,
	}
}

// writer puts changes into rows.
type writer struct {
	changes        *graph.Changes
	earlier, later places
	called         func(graph.SnapshotID) string
	rows           []*answer.ChangeRow
}

// Facts gives a row for every fact that differs: the organization first, then account by account. What is written in other words and means
// the same has none. called is how the reader calls a snapshot; earlier and later are the whole organizations, which lend names to
// their parts, and both may be nil.
func Facts(c *graph.Changes, called func(graph.SnapshotID) string, earlier, later *graph.Organization) []*answer.ChangeRow {
	w := &writer{changes: c, called: called, earlier: placesOf(earlier), later: placesOf(later)}
	if c.Organization != nil {
		w.organization(c.Organization)
	}
	rowsOf(w, KindCoverage, "", c.Coverage, coverageID, (*details).coverage)
	for _, a := range c.Accounts {
		w.account(a)
	}
	Sort(w.rows)
	return w.rows
}

// Sort puts rows together that are about one account, what belongs to none first: what the organization says of an account is of the account.
func Sort(rows []*answer.ChangeRow) {
	slices.SortStableFunc(rows, func(a, b *answer.ChangeRow) int { return strings.Compare(a.Account, b.Account) })
}

// rowsOf adds a row for each change of one kind.
func rowsOf[T any](w *writer, kind, account string, list []graph.Change[T], id func(*T) string, compare func(d *details, before, after *T)) {
	for _, c := range list {
		if row := rowOf(w, kind, account, c, id, compare); row != nil {
			w.rows = append(w.rows, row)
		}
	}
}

// rowOf is the row of one change; nil where both versions mean the same.
func rowOf[T any](w *writer, kind, account string, c graph.Change[T], id func(*T) string, compare func(d *details, before, after *T)) *answer.ChangeRow {
	d := &details{documents: w.changes.Documents}
	if c.Kind != graph.UnknownChange {
		var none T
		compare(d, cmp.Or(c.Before, &none), cmp.Or(c.After, &none))
	}
	switch {
	case c.Kind == graph.Changed && len(d.list) == 0:
		return nil
	case c.Kind == graph.Added || c.Kind == graph.Removed:
		d.list = slices.DeleteFunc(d.list, func(d answer.Detail) bool { return known[d.What] })
	}
	return tidy(&answer.ChangeRow{Kind: kind, ID: id(cmp.Or(c.After, c.Before)), Account: account, Change: string(c.Kind), Gap: w.gap(c.Gap), Details: d.list})
}

// known is what says nothing of an entity that came or went: its id tells it, or it is only what AWS numbers it by.
var known = map[string]bool{"unique id": true, "name": true, "path": true, "created": true, "updated": true, "versions": true, "type": true, "region": true}

// gap says in words which snapshot did not read something, and why.
func (w *writer) gap(g graph.Gap) string {
	if g.IsZero() {
		return ""
	}
	return "not read in " + w.called(g.In) + ": " + g.Why
}

// tidy makes missing lists empty, as answers have them, and says that the row is a fact.
func tidy(r *answer.ChangeRow) *answer.ChangeRow {
	if r.Details == nil {
		r.Details = []answer.Detail{}
	}
	r.Gained, r.Lost, r.Section = []answer.Grant{}, []answer.Grant{}, answer.SectionFacts
	return r
}

func (w *writer) account(a *graph.AccountChanges) {
	id := string(a.ID)
	if a.Kind != graph.Changed {
		w.wholeAccount(a)
	}
	rowsOf(w, KindUser, id, a.Users, func(v *graph.User) string { return string(v.ARN) }, (*details).user)
	rowsOf(w, KindGroup, id, a.Groups, func(v *graph.Group) string { return string(v.ARN) }, (*details).group)
	rowsOf(w, KindRole, id, a.Roles, func(v *graph.Role) string { return string(v.ARN) }, (*details).role)
	rowsOf(w, KindPolicy, id, a.Policies, func(v *graph.ManagedPolicy) string { return string(v.ARN) }, (*details).policy)
	rowsOf(w, KindResource, id, a.Resources, func(v *graph.Resource) string { return string(v.ARN) }, (*details).resource)
	rowsOf(w, KindGrant, id, a.Grants, func(v *graph.KMSGrant) string { return string(v.Key) + " " + v.ID }, (*details).grant)
	rowsOf(w, KindShare, id, a.Shares, func(v *graph.Share) string { return string(v.ARN) }, (*details).share)
	rowsOf(w, KindProvider, id, a.Providers, func(v *graph.Provider) string { return string(v.ARN) }, (*details).provider)
	rowsOf(w, KindCompute, id, a.Compute, func(v *graph.Compute) string { return string(v.ARN) }, (*details).compute)
	oneOf(w, KindSettings, id, a.Settings, (*details).settings)
	oneOf(w, KindPassword, id, a.Password, (*details).password)
	oneOf(w, KindAliases, id, a.Aliases, (*details).aliases)
	rowsOf(w, KindCoverage, id, a.Coverage, coverageID, (*details).coverage)
}

// oneOf adds a row for what an account has one of.
func oneOf[T any](w *writer, kind, account string, c *graph.Change[T], compare func(d *details, before, after *T)) {
	if c != nil {
		rowsOf(w, kind, account, []graph.Change[T]{*c}, func(*T) string { return account }, compare)
	}
}

// wholeAccount says that an account is in one snapshot alone, unless the organization has said so.
func (w *writer) wholeAccount(a *graph.AccountChanges) {
	for _, r := range w.rows {
		if r.Kind == KindAccount && r.ID == string(a.ID) && a.Kind != graph.UnknownChange {
			return
		}
	}
	w.rows = append(w.rows, tidy(&answer.ChangeRow{Kind: KindAccount, ID: string(a.ID), Account: string(a.ID), Change: string(a.Kind), Gap: w.gap(a.Gap)}))
}

// coverageID names what coverage speaks of: "AWS::KMS::Key in eu-west-1".
func coverageID(c *graph.Coverage) string {
	if c.Region != "" {
		return fmt.Sprintf("%s in %s", c.Kind, c.Region)
	}
	return c.Kind
}

func (w *writer) organization(o *graph.OrganizationChanges) {
	if o.Kind != graph.Changed {
		w.rows = append(w.rows, tidy(&answer.ChangeRow{Kind: KindOrganization, Change: string(o.Kind), Gap: w.gap(o.Gap)}))
		return
	}
	if c := o.Head; c != nil {
		rowsOf(w, KindOrganization, "", []graph.Change[graph.Organization]{*c}, func(o *graph.Organization) string { return o.ID }, (*details).head)
	}
	rowsOf(w, KindRoot, "", o.Roots, func(r *graph.OrganizationRoot) string { return r.ID }, (*details).root)
	rowsOf(w, KindUnit, "", o.Units, func(u *graph.OrganizationalUnit) string { return u.ID }, w.unit)
	for _, c := range o.Policies {
		p := cmp.Or(c.After, c.Before)
		if row := rowOf(w, policyKind(p), "", c, func(p *graph.OrganizationPolicy) string { return p.ID }, w.organizationPolicy); row != nil {
			row.Name = p.Name
			w.rows = append(w.rows, row)
		}
	}
	rowsOf(w, KindDelegated, "", o.Delegated, func(a *graph.DelegatedAdministrator) string { return string(a.ID) }, (*details).delegated)
	rowsOf(w, KindAccount, "", o.Accounts, func(a *graph.OrganizationAccount) string { return string(a.ID) }, w.member)
	for _, r := range w.rows {
		switch r.Kind {
		case KindAccount, KindDelegated:
			r.Account = r.ID
		case KindUnit, KindRoot:
			r.Name = cmp.Or(w.later[r.ID], w.earlier[r.ID])
		}
	}
}

func policyKind(p *graph.OrganizationPolicy) string {
	switch p.Type {
	case graph.ServiceControlPolicy:
		return KindSCP
	case graph.ResourceControlPolicy:
		return KindRCP
	}
	return KindOrgPolicy
}
