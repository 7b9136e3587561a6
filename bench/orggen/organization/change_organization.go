package organization

import (
	"slices"
	"strings"
)

// targetPair is an SCP and a place where it is attached, or could be.
type targetPair struct {
	policy *organizationPolicy
	target string
}

func (p targetPair) key() string { return p.policy.Id + " " + p.target }

// changeTargets attaches an SCP to an OU or account, detaches one from an OU, or moves one from an OU to another place. No pair of SCP and
// place is used twice: no change undoes another.
func (g *org) changeTargets(r random, round int) (Change, bool) {
	var attached, possible []targetPair
	for i := range g.policies {
		p := &g.policies[i]
		// What allows is left alone: without it, an account has no access at all.
		if p.Type != serviceControl || p.AwsManaged || p.Name == "sandbox-services" {
			continue
		}
		for _, t := range g.places() {
			pair := targetPair{p, t}
			switch {
			case g.taken[pair.key()]:
			case slices.Contains(p.Targets, t):
				attached = append(attached, pair)
			case !slices.ContainsFunc(g.chain(t), func(id string) bool { return slices.Contains(p.Targets, id) }):
				possible = append(possible, pair)
			}
		}
	}
	detaching, moving := round%3 == 1, round%3 == 2
	if (detaching || moving) && len(attached) == 0 {
		detaching, moving = false, false
	}
	var from, to targetPair
	if detaching || moving {
		from = attached[r.IntN(len(attached))]
		possible = slices.DeleteFunc(possible, func(p targetPair) bool { return p.policy != from.policy })
	}
	if !detaching {
		if len(possible) == 0 {
			return Change{}, false
		}
		to = possible[r.IntN(len(possible))]
	}
	c := Change{Account: g.accounts[0].id}
	var effects []string
	p := from.policy
	if p == nil {
		p = to.policy
	}
	after := slices.Clone(p.Targets)
	c.Entity, c.Before = p.Id, p.Targets
	if from.policy != nil {
		g.taken[from.key()] = true
		after = slices.DeleteFunc(after, func(t string) bool { return t == from.target })
		if n := g.membersBelow(from.target); n > 0 {
			effects = append(effects, "principals of "+counted(n, "account", "accounts")+" below "+g.placeName(from.target)+": "+p.Name+" binds them no longer")
		}
	}
	if to.policy != nil {
		g.taken[to.key()] = true
		after = append(after, to.target)
		if n := g.membersBelow(to.target); n > 0 {
			effects = append(effects, "principals of "+counted(n, "account", "accounts")+" below "+g.placeName(to.target)+": "+p.Name+" binds them from now on")
		}
	}
	p.Targets, c.After, c.Access = after, after, inWords(effects)
	return c, true
}

// move puts an account into another OU, one with other policies if there is such.
func (g *org) move(r random, _ int) (Change, bool) {
	var movable []int
	for i, a := range g.accounts {
		if !g.taken[a.id] && (i > 0 || len(g.accounts) == 1) {
			movable = append(movable, i)
		}
	}
	if len(movable) == 0 {
		return Change{}, false
	}
	a := &g.accounts[movable[r.IntN(len(movable))]]
	before := g.inForce(a.unit)
	var same, other []string
	for _, u := range g.units {
		switch {
		case u.Id == a.unit:
		case slices.Equal(g.inForce(u.Id), before):
			same = append(same, u.Id)
		default:
			other = append(other, u.Id)
		}
	}
	if len(other) == 0 {
		other = same
	}
	g.taken[a.id] = true
	c := Change{Account: a.id, Entity: a.id, Before: a.unit}
	infrastructure := g.unitAt["Infrastructure"]
	was := slices.Contains(g.chain(a.unit), infrastructure)
	a.unit = r.pick(other)
	after := g.inForce(a.unit)
	var effects []string
	if a.kind != management { // which no policy of the organization binds
		without := func(list, but []string) string {
			return strings.Join(slices.DeleteFunc(slices.Clone(list), func(p string) bool { return slices.Contains(but, p) }), ", ")
		}
		if gone := without(before, after); gone != "" {
			effects = append(effects, "principals and resources of the account: no longer bound by "+gone)
		}
		if come := without(after, before); come != "" {
			effects = append(effects, "principals and resources of the account: bound by "+come+" from now on")
		}
	}
	if was != slices.Contains(g.chain(a.unit), infrastructure) {
		effects = append(effects, "principals of the account: roles that trust OU Infrastructure")
	}
	c.After, c.Access = a.unit, inWords(effects)
	return c, true
}

func inWords(effects []string) string {
	if len(effects) == 0 {
		return noAccess
	}
	return strings.Join(effects, "; ")
}

// places are where a policy can be attached and detached without touching the whole organization: every OU and account, but neither the
// root nor the management account.
func (g *org) places() []string {
	var out []string
	for _, u := range g.units {
		out = append(out, u.Id)
	}
	for _, a := range g.accounts[1:] {
		out = append(out, a.id)
	}
	return out
}

// placeName is what people call an OU or account.
func (g *org) placeName(id string) string {
	for path, u := range g.unitAt {
		if u == id {
			return "OU " + path
		}
	}
	return "account " + id
}

// chain is the way from an account or OU up to the root, both included.
func (g *org) chain(id string) []string {
	out := []string{id}
	for id != g.root {
		parent := g.root
		if i := slices.IndexFunc(g.units, func(u unit) bool { return u.Id == id }); i >= 0 {
			parent = g.units[i].ParentId
		} else if i := slices.IndexFunc(g.accounts, func(a member) bool { return a.id == id }); i >= 0 {
			parent = g.accounts[i].unit
		}
		id = parent
		out = append(out, id)
	}
	return out
}

// membersBelow counts the accounts that a policy attached to an OU or account binds.
func (g *org) membersBelow(target string) int {
	n := 0
	for _, a := range g.accounts[1:] {
		if slices.Contains(g.chain(a.id), target) {
			n++
		}
	}
	return n
}

// inForce are the names of the policies that bind the accounts of an OU for its sake or for that of one above.
func (g *org) inForce(unit string) []string {
	chain := g.chain(unit)
	var out []string
	for _, p := range g.policies {
		if slices.ContainsFunc(p.Targets, func(t string) bool { return slices.Contains(chain, t) }) {
			out = append(out, p.Name)
		}
	}
	return out
}
