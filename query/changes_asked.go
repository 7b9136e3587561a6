package query

import (
	"reflect"
	"slices"
	"time"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
)

// asked are patterns of all actions whose access can differ between the snapshots. Where documents of identity policies and boundaries alone differ
// they are those that these speak of: of any other action the same statements speak in both. Everything else may matter to any action.
func (b *between) asked() []string {
	n := &narrowing{between: b}
	if !n.read() || len(n.actions) == 0 {
		return []string{"*"}
	}
	return n.actions
}

// narrowing gathers the actions that changed documents speak of.
type narrowing struct {
	*between
	actions []string
}

// read reads all that differs; false: it may matter to any action.
func (n *narrowing) read() bool {
	d := n.diff
	if d.Organization != nil || len(d.Coverage) > 0 {
		return false
	}
	for _, a := range d.Accounts {
		// What an account has beside its entities is left out so that nothing can be forgotten here.
		rest := *a
		rest.Users, rest.Groups, rest.Roles, rest.Policies = nil, nil, nil, nil
		if !reflect.DeepEqual(&rest, &graph.AccountChanges{ID: a.ID, Kind: graph.Changed}) {
			return false
		}
		ok := each(n, a.Users, func(u *graph.User) []graph.DocumentHash { return taken(&u.Inline) }) &&
			each(n, a.Groups, func(g *graph.Group) []graph.DocumentHash { return taken(&g.Inline) }) &&
			each(n, a.Roles, func(r *graph.Role) []graph.DocumentHash { return taken(&r.Inline) }) &&
			each(n, a.Policies, versions)
		if !ok {
			return false
		}
	}
	return true
}

// each reads changes of entities; take gives the documents of one, and takes them out of it.
func each[T any](n *narrowing, changes []graph.Change[T], take func(*T) []graph.DocumentHash) bool {
	for _, c := range changes {
		if c.Kind != graph.Changed {
			return false
		}
		before, after := *c.Before, *c.After
		old, current := take(&before), take(&after)
		unread := graph.DocumentHash{} // what it says in either snapshot nobody knows
		if !reflect.DeepEqual(before, after) || slices.Contains(old, unread) || slices.Contains(current, unread) {
			return false
		}
		for _, lists := range [][2][]graph.DocumentHash{{old, current}, {current, old}} {
			for _, h := range lists[0] {
				if !slices.Contains(lists[1], h) && !n.document(h) {
					return false
				}
			}
		}
	}
	return true
}

// taken gives the documents of inline policies and takes these away.
func taken(list *[]graph.InlinePolicy) []graph.DocumentHash {
	var out []graph.DocumentHash
	for _, p := range *list {
		out = append(out, p.Document)
	}
	*list = nil
	return out
}

// versions gives the document that is in force of a managed policy, and takes away all that says which one that is.
func versions(p *graph.ManagedPolicy) []graph.DocumentHash {
	h, _ := p.Default() // zero: it was not read
	p.Versions, p.DefaultVersion, p.Updated = nil, "", time.Time{}
	return []graph.DocumentHash{h}
}

// document notes the actions of a document; false where it may speak of any.
func (n *narrowing) document(h graph.DocumentHash) bool {
	doc := n.diff.Documents[h]
	if doc == nil {
		return false
	}
	parsed := policy.Parse(policy.Identity, doc.Canonical)
	if len(parsed.Statements) == 0 {
		return false
	}
	for i := range parsed.Statements {
		s := &parsed.Statements[i]
		if s.Unanalysable != "" || s.Actions.Not || !n.known(s) {
			return false
		}
		for j := range s.Actions.Patterns {
			if text := s.Actions.Patterns[j].Text; !slices.Contains(n.actions, text) {
				n.actions = append(n.actions, text)
			}
		}
	}
	return true
}

// known tells whether the catalogue has an action for each pattern of a statement: others cannot be asked about alone.
func (n *narrowing) known(s *policy.Statement) bool {
	for i := range s.Actions.Patterns {
		known := false
		for range n.engines[0].catalog.Actions(s.Actions.Patterns[i].Text) {
			known = true
			break
		}
		if !known {
			return false
		}
	}
	return true
}
