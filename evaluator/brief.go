package evaluator

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// Line is what a table shows of some grants of a row that have a verdict and conditions in common. It reads as a policy statement
// does: of the actions, each resource gets those that can be asked of it.
type Line struct {
	Actions     []string
	Resources   []string
	Verdict     Verdict
	Conditions  Expr
	Assumptions []string
	Notes       []string
}

// Brief sums up the row's grants for people. Resources stand in one line if each of them gets all of the line's actions that apply to it;
// those of the snapshot are never mixed with what it does not hold.
func (r *Row) Brief() []Line {
	grants := r.Grants
	type key struct{ verdict, conditions, notes, assumptions string }
	var keys []key
	together := map[key][]*Access{}
	for _, g := range grants {
		k := key{g.Verdict.String(), exprText(g.Conditions), strings.Join(g.Notes, "\x00"), assumed(g)}
		if together[k] == nil {
			keys = append(keys, k)
		}
		together[k] = append(together[k], g)
	}
	var out []Line
	for _, k := range keys {
		for _, c := range clusters(together[k]) {
			out = append(out, c.line())
		}
	}
	return out
}

// assumed joins what a grant stands on, but for that a resource is not in the snapshot.
func assumed(g *Access) string {
	var b strings.Builder
	for _, a := range g.Assumptions {
		if a != notInSnapshot {
			b.WriteString(a + "\x00")
		}
	}
	return b.String()
}

// cluster is resources that can stand in one line.
type cluster struct {
	resources []string
	members   region.Set // that one of them gets
	kinds     []kindOfUse
	stored    bool
	assumes   []string
	of        *Access // one of the grants
	grants    []*Access
}

// kindOfUse is what resources get, of what applies to them.
type kindOfUse struct{ members, applying region.Set }

// use is what some resources get of the grants that name them.
type use struct {
	kindOfUse
	stored  bool
	assumes []string
	grants  []*Access
	more    map[*Access]*use // with one more grant
	in      *cluster
}

// with is what resources get that another grant names too; nil is what those get that none did.
func (u *use) with(g *Access) *use {
	if u == nil {
		return &use{kindOfUse: kindOfUse{members: g.members, applying: g.applying}, stored: g.stored, assumes: g.Assumptions, grants: []*Access{g}}
	}
	next := u.more[g]
	if next == nil {
		next = &use{
			kindOfUse: kindOfUse{members: u.members.Or(g.members), applying: u.applying.Or(g.applying)}, stored: u.stored && g.stored,
			assumes: joined(slices.Clip(u.assumes), g.Assumptions), grants: append(slices.Clip(u.grants), g),
		}
		if u.more == nil {
			u.more = map[*Access]*use{}
		}
		u.more[g] = next
	}
	return next
}

// clusters sorts the resources of some grants: first what each gets in all, then those that get the same, then those that a line can
// hold together.
func clusters(grants []*Access) []*cluster {
	if len(grants) == 1 { // nothing to put together
		g := grants[0]
		return []*cluster{{
			resources: g.Resources(), members: g.members, kinds: []kindOfUse{{g.members, g.applying}}, stored: g.stored, assumes: g.Assumptions, of: g, grants: grants,
		}}
	}
	n := 0
	for _, g := range grants {
		n += len(g.Resources())
	}
	order, uses := make([]string, 0, n), make(map[string]*use, n)
	for _, g := range grants {
		first := (*use)(nil).with(g)
		for _, res := range g.Resources() {
			if u := uses[res]; u != nil {
				uses[res] = u.with(g)
				continue
			}
			uses[res] = first
			order = append(order, res)
		}
	}
	var out []*cluster
	same := map[string]*cluster{}
	for _, res := range order {
		u := uses[res]
		if u.in == nil {
			u.join(&out, same)
		}
		u.in.resources = append(u.in.resources, res)
	}
	return out
}

// join finds the line for what some resources get, or makes it.
func (u *use) join(all *[]*cluster, same map[string]*cluster) {
	id := u.members.Key() + "|" + u.applying.Key()
	if u.stored {
		id += "|stored"
	}
	c := same[id]
	for i := 0; c == nil && i < len(*all); i++ {
		if at := (*all)[i]; at.stored == u.stored && at.service() == service(at.of.question, u.members) && at.takes(&u.kindOfUse) {
			c = at
			c.members = c.members.Or(u.members)
			c.kinds = append(c.kinds, u.kindOfUse)
		}
	}
	if c == nil {
		c = &cluster{members: u.members, kinds: []kindOfUse{u.kindOfUse}, stored: u.stored, of: u.grants[0]}
		*all = append(*all, c)
	}
	same[id], u.in = c, c
	c.assumes = joined(c.assumes, u.assumes)
	c.grants = joined(c.grants, u.grants)
}

// service is that of the line's first action: services are lines of their own.
func (c *cluster) service() string { return service(c.of.question, c.members) }

func service(q *compiledQuestion, members region.Set) string {
	if q == nil || members.Empty() {
		return ""
	}
	return ActionService(q.members[members.First()].name)
}

// takes tells whether a line that has more members still says the truth of all its resources.
func (c *cluster) takes(u *kindOfUse) bool {
	all := c.members.Or(u.members)
	for _, k := range append(c.kinds[:len(c.kinds):len(c.kinds)], *u) {
		if !all.And(k.applying).SubsetOf(k.members) {
			return false
		}
	}
	return true
}

func (c *cluster) line() Line {
	return Line{
		Actions: c.actions(), Resources: c.resources, Verdict: c.of.Verdict, Conditions: c.of.Conditions, Assumptions: c.assumes, Notes: c.of.Notes,
	}
}

// fewExceptions is how many actions a line names as those that are missing.
const fewExceptions = 3

// actions spells the line's actions: as what was asked where that is all, or all but a few (kms:* except kms:ScheduleKeyDeletion), of
// what can be asked of resources of the snapshot; else as the grants do.
func (c *cluster) actions() []string {
	q := c.of.question
	if q == nil {
		return c.of.Actions // nothing was decided: the budget ended
	}
	if len(q.asked) == 1 {
		all := q.asked[0].members
		if c.stored {
			applying := q.none()
			for _, k := range c.kinds {
				applying = applying.Or(k.applying)
			}
			all = all.And(applying)
		}
		missing := all.AndNot(c.members)
		n := missing.Count()
		if n == 0 {
			return []string{q.asked[0].text}
		}
		if n <= fewExceptions && n*4 <= all.Count() && !missing.Intersects(q.others) {
			var names []string
			missing.Each(func(i int) { names = append(names, q.members[i].name) })
			return []string{q.asked[0].text + " except " + strings.Join(names, ", ")}
		}
	}
	var hints []*policy.Actions
	for _, g := range c.grants {
		hints = joined(hints, g.hints)
	}
	names, _ := q.spell(c.members, hints)
	return names
}
