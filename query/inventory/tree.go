package inventory

import (
	"slices"

	"github.com/accessgraph/accessgraph/graph"
)

// Unit is a root or OU.
type Unit struct{ ID, Name, parent string }

// units are the organization's roots and OUs by id.
func units(o *graph.Organization) map[string]Unit {
	out := map[string]Unit{}
	if o == nil {
		return out
	}
	for i := range o.Roots {
		out[o.Roots[i].ID] = Unit{ID: o.Roots[i].ID, Name: o.Roots[i].Name}
	}
	for i := range o.Units {
		out[o.Units[i].ID] = Unit{o.Units[i].ID, o.Units[i].Name, o.Units[i].ParentID}
	}
	return out
}

// maxDepth bounds the way up; ingest has checked that the tree has no cycle.
const maxDepth = 64

// Above lists the root and the OUs above an account, top down; none where the organization does not say.
func (v *Inventory) Above(id graph.AccountID) []Unit {
	a := v.accounts[string(id)]
	if a == nil {
		return nil
	}
	var out []Unit
	for at := a.ParentID; len(out) < maxDepth; {
		u, ok := v.units[at]
		if !ok {
			break
		}
		out = append(out, u)
		at = u.parent
	}
	slices.Reverse(out)
	return out
}

// Member tells whether an account is one of the organization's.
func (v *Inventory) Member(id graph.AccountID) bool {
	o := v.facts.Organization
	return o != nil && (v.accounts[string(id)] != nil || o.ManagementAccount == id)
}

// Stranger tells an account that was read and is none of the organization's; nil where no organization is known.
func (v *Inventory) Stranger(id graph.AccountID) *bool {
	if v.facts.Organization == nil {
		return nil
	}
	return pointer(!v.Member(id))
}

// Incomplete names what was given or asked for and could not be used.
func (v *Inventory) Incomplete() []string { return v.facts.Incomplete() }
