package changes

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
)

// places calls the roots, OUs and accounts of an organization by their names.
type places map[string]string

// placesOf reads the names of an organization, OUs with the way to them; without one it knows none.
func placesOf(o *graph.Organization) places {
	out := places{}
	if o == nil {
		return out
	}
	for _, r := range o.Roots {
		out[r.ID] = strings.TrimSpace("root " + r.Name)
	}
	units := map[string]*graph.OrganizationalUnit{}
	for i := range o.Units {
		units[o.Units[i].ID] = &o.Units[i]
	}
	for id := range units {
		var way []string
		for at, left := units[id], len(units); at != nil && left > 0; at, left = units[at.ParentID], left-1 {
			way = append(way, at.Name)
		}
		slices.Reverse(way)
		out[id] = "ou " + strings.Join(way, "/")
	}
	for _, a := range o.Accounts {
		out[string(a.ID)] = strings.TrimSpace("account " + string(a.ID) + " " + a.Name)
	}
	return out
}

// called names a place; one that is not known keeps its id.
func (p places) called(id string) string {
	if name := p[id]; name != "" && !strings.HasPrefix(name, "account ") {
		return name + " (" + id + ")"
	} else if name != "" {
		return name
	}
	return id
}

func (p places) all(ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = p.called(id)
	}
	return out
}

func (d *details) head(a, b *graph.Organization) {
	d.text("id", a.ID, b.ID)
	d.text("management account", string(a.ManagementAccount), string(b.ManagementAccount))
	d.text("feature set", a.FeatureSet, b.FeatureSet)
}

func (d *details) delegated(a, b *graph.DelegatedAdministrator) {
	set(d, "services", a.ServicePrincipals, b.ServicePrincipals)
}

func (d *details) root(a, b *graph.OrganizationRoot) {
	d.text("name", a.Name, b.Name)
	set(d, "policy types", a.PolicyTypes, b.PolicyTypes)
}

func (w *writer) unit(d *details, a, b *graph.OrganizationalUnit) {
	d.text("name", a.Name, b.Name)
	if a.ParentID != b.ParentID { // a parent of another name has a row of its own
		d.text("parent", w.earlier.called(a.ParentID), w.later.called(b.ParentID))
	}
}

func (w *writer) member(d *details, a, b *graph.OrganizationAccount) {
	d.text("name", a.Name, b.Name)
	d.text("email", a.Email, b.Email)
	d.text("status", a.Status, b.Status)
	if a.ParentID != b.ParentID {
		d.text("parent", w.earlier.called(a.ParentID), w.later.called(b.ParentID))
	}
	d.tags("tag ", a.Tags, b.Tags)
}

func (w *writer) organizationPolicy(d *details, a, b *graph.OrganizationPolicy) {
	kind := policy.SCP
	if a.Type == graph.ResourceControlPolicy || b.Type == graph.ResourceControlPolicy {
		kind = policy.RCP
	}
	d.text("name", a.Name, b.Name)
	d.text("type", a.Type, b.Type)
	attached, detached := without(b.Targets, a.Targets), without(a.Targets, b.Targets)
	set(d, "attached to", w.earlier.all(detached), w.later.all(attached))
	d.document("document", kind, slot{a.ID != "", a.Document}, slot{b.ID != "", b.Document})
}

// without gives the texts of list that other does not have.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}
