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
