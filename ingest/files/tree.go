package files

import (
	"cmp"
	"slices"

	"github.com/accessgraph/accessgraph/graph"
)

// organizationBuilder puts the organization together from the members of one or more files.
type organizationBuilder struct {
	seen  map[entityKey]item
	bad   map[entityKey]bool
	items []item // in the order read, for places
}

// isOrganizations tells whether v is a fact of the organization and not of an account.
func isOrganizations(v any) bool {
	switch v.(type) {
	case *graph.Organization, graph.OrganizationRoot, graph.OrganizationalUnit, graph.OrganizationAccount, graph.OrganizationPolicy, graph.DelegatedAdministrator:
		return true
	default:
		return false
	}
}

// nodeKey names a fact of the organization.
func nodeKey(v any) entityKey {
	switch v := v.(type) {
	case graph.OrganizationRoot:
		return entityKey{"root", v.ID}
	case graph.OrganizationalUnit:
		return entityKey{"organizational unit", v.ID}
	case graph.OrganizationAccount:
		return entityKey{"account", string(v.ID)}
	case graph.OrganizationPolicy:
		return entityKey{"organization policy", v.ID}
	case graph.DelegatedAdministrator:
		return entityKey{"delegated administrator", string(v.ID)}
	default:
		return entityKey{"organization", ""}
	}
}

// add takes one fact; the same fact again is no news, and another one of the same id is a contradiction.
func (o *organizationBuilder) add(it item, conflict func(before, it item, key entityKey) error) error {
	key := nodeKey(it.value)
	before, there := o.seen[key]
	if there {
		if sameNode(before.value, it.value) {
			return nil
		}
		if err := conflict(before, it, key); err != nil {
			return err
		}
		if o.bad == nil {
			o.bad = map[entityKey]bool{}
		}
		o.bad[key] = true
		return nil
	}
	o.seen[key] = it
	o.items = append(o.items, it)
	return nil
}

// sameNode compares two facts of the organization, whatever the order of their lists.
func sameNode(x, y any) bool {
	var a, b graph.Facts
	for f, v := range map[*graph.Facts]any{&a: x, &b: y} {
		f.Organization = &graph.Organization{}
		assign(f.Organization, v)
		f.Normalize()
	}
	return equal(a.Organization, b.Organization)
}

// assign puts one fact into its place in the organization.
func assign(o *graph.Organization, v any) {
	switch v := v.(type) {
	case *graph.Organization:
		o.ID, o.ARN, o.ManagementAccount, o.FeatureSet = v.ID, v.ARN, v.ManagementAccount, v.FeatureSet
	case graph.OrganizationRoot:
		o.Roots = append(o.Roots, v)
	case graph.OrganizationalUnit:
		o.Units = append(o.Units, v)
	case graph.OrganizationAccount:
		o.Accounts = append(o.Accounts, v)
	case graph.OrganizationPolicy:
		o.Policies = append(o.Policies, v)
	case graph.DelegatedAdministrator:
		o.Delegated = append(o.Delegated, v)
	}
}

// build gives the organization, nil when no file spoke of one, after checking that its tree is one (F9).
func (b *builder) buildOrganization() (*graph.Organization, error) {
	o := &b.organization
	if len(o.items) == 0 {
		return nil, nil
	}
	facts := &graph.Organization{}
	for _, it := range o.items {
		if !o.bad[nodeKey(it.value)] {
			assign(facts, it.value)
		}
	}
	if facts.ID == "" {
		return nil, o.items[0].place.errorAt("there are facts of an organization and no Organization", `{"Organization": {"Id", "Arn", "MasterAccountId", "FeatureSet"}}`, "")
	}
	if err := b.checkTree(facts); err != nil {
		return nil, err
	}
	for i := range facts.Policies {
		b.checkTargets(facts, &facts.Policies[i])
	}
	b.report.Entities["organizational units"] += len(facts.Units)
	b.report.Entities["organization accounts"] += len(facts.Accounts)
	b.report.Entities["organization policies"] += len(facts.Policies)
	return facts, nil
}

// checkTree checks that every parent exists and that no unit is above itself. An organization without roots is what a
// member account sees (F10): it has no tree to check.
func (b *builder) checkTree(o *graph.Organization) error {
	parents := map[string]string{}
	for _, r := range o.Roots {
		parents[r.ID] = ""
	}
	for _, u := range o.Units {
		parents[u.ID] = u.ParentID
	}
	missing := func(v any, what, id, parent string) error {
		p := b.organization.seen[nodeKey(v)].place
		return p.errorAt("the "+what+" "+quote(id)+" has ParentId "+quote(parent), "the Id of a root or organizational unit in the input", "")
	}
	if len(o.Roots) == 0 && len(o.Units) == 0 {
		return nil
	}
	for _, u := range o.Units {
		if _, ok := parents[u.ParentID]; !ok {
			return missing(u, "organizational unit", u.ID, u.ParentID)
		}
	}
	for _, a := range o.Accounts {
		if _, ok := parents[a.ParentID]; !ok {
			return missing(a, "account", string(a.ID), a.ParentID)
		}
	}
	rooted := map[string]bool{"": true}
	for _, u := range o.Units {
		var way []string
		onWay := map[string]bool{}
		for id := u.ID; !rooted[id]; id = parents[id] {
			if onWay[id] {
				p := b.organization.seen[entityKey{"organizational unit", id}].place
				return p.errorAt("the organizational unit "+quote(id)+" is above itself", "a tree", "")
			}
			onWay[id] = true
			way = append(way, id)
		}
		for _, id := range way {
			rooted[id] = true
		}
	}
	return nil
}

// checkTargets warns of a target that is not in the organization: the policy reaches nobody there.
func (b *builder) checkTargets(o *graph.Organization, p *graph.OrganizationPolicy) {
	for _, t := range p.Targets {
		known := slices.ContainsFunc([]string{"root", "organizational unit", "account"}, func(what string) bool {
			_, ok := b.organization.seen[entityKey{what, t}]
			return ok
		})
		if !known && len(o.Roots) > 0 {
			b.report.Warnings = append(b.report.Warnings, "organization policy "+cmp.Or(p.Name, p.ID)+" is attached to "+quote(t)+", which is not in the input")
		}
	}
}
