package evaluator

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// gates are the groups of resources that may let in somebody of another account.
type gates struct {
	t        *targets
	byNumber map[string][]int // account -> gates of others with the account's number in their ARN, by place in cross
	granted  []int            // gates with grants, which need no policy of the caller's own
	halves   map[string]int   // which half an account's belong to; noHalf: it has none
	mu       sync.Mutex
	met      map[string][]int // pattern -> gates that it may match
}

func gatesOf(t *targets) *gates {
	g := &gates{
		t: t, byNumber: map[string][]int{}, met: map[string][]int{}, halves: map[string]int{},
	}
	for place, group := range t.cross {
		if len(group.grants) > 0 {
			g.granted = append(g.granted, place)
		}
		if id := group.owner.id; g.halves[id] == noHalf {
			g.halves[id] = evenHalf + len(g.halves)%2
		}
		for _, it := range group.items {
			for i := 0; i+12 <= len(it.text); i++ {
				if id := it.text[i : i+12]; isAccountID(id) && id != group.owner.id {
					if at := g.byNumber[id]; len(at) == 0 || at[len(at)-1] != place {
						g.byNumber[id] = append(at, place)
					}
				}
			}
		}
	}
	return g
}

// admit tells whether some gate may let a caller in to what it lacks. It may say yes too often, never no.
func (g *gates) admit(l *leftover, wanted region.Set, all bool) bool {
	lacks := wanted.AndNot(l.sure)
	gained := region.NewSet(wanted.Len())
	try := func(place int) bool {
		group := g.t.cross[place]
		if group.owner.id == l.in.id() || !group.outsiders.admits(l.in.id()) {
			return false
		}
		gained = gained.Or(group.actions.And(lacks))
		if all {
			return lacks.AndNot(l.maybe).SubsetOf(gained)
		}
		return !gained.Empty()
	}
	for _, place := range g.granted {
		if try(place) {
			return true
		}
	}
	if l.reach.everywhere {
		for place := range g.t.cross {
			if try(place) {
				return true
			}
		}
		return false
	}
	for _, test := range l.reach.tests {
		places := g.byNumber[l.in.id()]
		if !strings.Contains(test.text, l.reach.as) {
			places = append(g.of(test), places...)
		}
		for _, place := range places {
			if try(place) {
				return true
			}
		}
	}
	return false
}

// of gives the gates that a pattern may match.
func (g *gates) of(test *resourceTest) []int {
	g.mu.Lock()
	have, ok := g.met[test.text]
	g.mu.Unlock()
	if ok {
		return slices.Clip(have)
	}
	for place, group := range g.t.cross {
		if group.mayMeet(test, true) {
			have = append(have, place)
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.met[test.text] = have
	return slices.Clip(have)
}

// open makes targets of all resources that may let in somebody of outside their account, with the accounts that own them.
func (k *asking) open(ctx context.Context) (*targets, map[string]*account, error) {
	all := &part{asking: k, knows: k.fleet.knows, has: k.fleet.has, service: func(name string) bool { return k.services[name] }}
	w := k.world(all, func(key documentKey) *policy.Document { return policy.Missing(key.kind) })
	sights := make([]*sight, len(k.fleet.accounts))
	err := onAllCores(ctx, len(sights), func(i int) (err error) {
		sights[i], err = k.seeOpen(k.fleet.accounts[i])
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	owners := map[string]*account{}
	for _, v := range sights {
		if v == nil {
			continue
		}
		owners[v.id()] = v.account
		w.order = append(w.order, v.account)
		w.resources = append(w.resources, v.world.resources...)
		all.reads = append(all.reads, v.world.part.reads...)
	}
	for _, r := range w.resources {
		w.byARN[r.arn] = r
	}
	t := w.newTargets(k.question)
	t.unproved = true
	t.lookAbroad()
	return t, owners, nil
}

// admitAbroad finds out whom of the leftovers resources of other accounts let in: first those that speak of a leftover's account, then those
// that let in everybody who meets their conditions, which treat leftovers of one sort alike wherever they are.
func (k *asking) admitAbroad(ctx context.Context, t *targets, owners map[string]*account) error {
	a := &admission{asking: k, t: t, gates: gatesOf(t), owners: owners}
	if err := a.tellApart(ctx); err != nil {
		return err
	}
	wanted := k.question.wanted()
	admitted := make([]bool, len(k.left))
	err := onAllCores(ctx, len(k.left), func(i int) error {
		if l := k.left[i]; a.gates.admit(l, wanted, k.question.AllOf) {
			admitted[i] = true
			return a.special(ctx, l)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var sorts [][]*leftover
	bySort := map[string]int{}
	for i, l := range k.left {
		if !admitted[i] || l.verdict == Conditional {
			continue
		}
		alone := l.key == "" || k.question.AllOf || !l.maybe.Empty() || t.abroad.accounts ||
			t.abroad.barred[l.in.id()] || len(a.gates.byNumber[l.in.id()]) > 0 || a.askedElsewhere(l.in.id())
		at, known := bySort[l.key]
		if alone || !known {
			at = len(sorts)
			sorts = append(sorts, nil)
		}
		if !alone {
			bySort[l.key] = at
		}
		sorts[at] = append(sorts[at], l)
	}
	return onAllCores(ctx, len(sorts), func(i int) error { return a.sort(ctx, sorts[i], false) })
}

// admission judges leftovers by what resources of other accounts give them.
type admission struct {
	*asking
	t      *targets
	gates  *gates
	owners map[string]*account // accounts that have some of those resources
}

// tellApart divides leftovers by what resources of other accounts read of them.
func (a *admission) tellApart(ctx context.Context) error {
	rd := a.t.resourceReaders()
	if len(rd.conditions)+len(rd.keys) == 0 {
		return nil
	}
	wanted := a.question.wanted()
	divided := make([][]*leftover, len(a.left))
	err := onAllCores(ctx, len(a.left), func(i int) (err error) {
		l := a.left[i]
		divided[i] = []*leftover{l}
		switch {
		case !a.gates.admit(l, wanted, a.question.AllOf):
		case l.root:
			var c *caller
			if c, err = a.leftCaller(a.owners, l); err == nil && l.key != "" {
				l.key += "\x00" + rd.vector(a.t, c)
			}
		default:
			divided[i], err = a.divide(l, rd)
		}
		return err
	})
	a.left = slices.Concat(divided...)
	return err
}

// divide divides one leftover by what readers see of its members.
func (a *admission) divide(l *leftover, rd *readers) ([]*leftover, error) {
	v, err := a.seeCallers(l.in)
	if err != nil {
		return nil, err
	}
	var out []*leftover
	byVector := map[string]*leftover{}
	add := func(c *caller, shape int32, member, count int) {
		vector := rd.vector(a.t, c)
		one := byVector[vector]
		if one == nil {
			copied := *l
			one = &copied
			one.shapes, one.members, one.count = nil, nil, 0
			if l.key != "" {
				one.key = l.key + "\x00" + vector
			}
			byVector[vector] = one
			out = append(out, one)
		}
		if one.count += count; member >= 0 {
			one.members = append(one.members, member)
		} else {
			one.shapes = append(one.shapes, shape)
		}
	}
	roster, err := v.roster()
	if err != nil {
		return nil, err
	}
	individual, inShapes := rd.individual(), make([]int, len(v.seg.Shapes))
	for at := range roster.members {
		if shape := roster.members[at].Shape; !l.named[at] && slices.Contains(l.shapes, shape) {
			if inShapes[shape]++; individual {
				c, err := v.memberCaller(at)
				if err != nil {
					return nil, err
				}
				add(c, shape, at, 1)
			}
		}
	}
	for _, shape := range l.shapes {
		if !individual {
			add(v.callerOf(&v.seg.Shapes[shape], nil, ""), shape, -1, inShapes[shape])
		}
	}
	for _, at := range l.members {
		c, err := v.memberCaller(at)
		if err != nil {
			return nil, err
		}
		add(c, 0, at, 1)
	}
	return out, nil
}

// askedElsewhere tells whether a condition of another account's resource names an account.
func (a *admission) askedElsewhere(id string) bool {
	return slices.ContainsFunc(a.t.abroad.asked[id], func(place int) bool { return a.t.groups[place].owner.id != id })
}

// special judges a leftover on the gates that speak of its account.
func (a *admission) special(ctx context.Context, l *leftover) error {
	var groups []*targetGroup
	for _, g := range a.t.cross {
		if g.owner.id != l.in.id() && len(g.outsiders.accounts) > 0 && g.outsiders.admits(l.in.id()) {
			groups = append(groups, g)
		}
	}
	if len(groups) == 0 {
		return nil
	}
	p, err := a.begin(ctx, l)
	if err != nil {
		return err
	}
	if err := p.look(ctx, groups); err != nil {
		return err
	}
	l.verdict, l.sure, l.maybe = p.verdict(), p.sure, p.maybe
	return nil
}

// begin makes a presence of a leftover as far as it is known.
func (a *admission) begin(ctx context.Context, l *leftover) (*presence, error) {
	c, err := a.leftCaller(a.owners, l)
	if err != nil {
		return nil, err
	}
	return &presence{
		t: a.t, side: a.t.sideOf(c), found: &a.found, budget: region.NewBudget(a.question.Budget).Within(ctx), wanted: a.question.wanted(),
		sure: l.sure, maybe: l.maybe,
	}, nil
}

// sort judges leftovers of one sort on the gates that speak of no account. Whatever lets one of them in lets in all but those of the account
// that owns it, to whom it is no other account's; so gates are tried in two halves: where each has one that does, everybody has. With denied,
// somebody of another account was let in by nothing.
func (a *admission) sort(ctx context.Context, alike []*leftover, denied bool) error {
	first, rest := alike[0], alike[1:]
	opened, err := a.judge(ctx, first, len(rest) > 0)
	if err != nil || len(rest) == 0 {
		return err
	}
	switch {
	case first.verdict == Unknown:
		return a.each(ctx, rest)
	case first.verdict == Conditional:
		var owners []*leftover
		for _, l := range rest {
			if opened != bothHalves && a.gates.halves[l.in.id()] == opened {
				owners = append(owners, l)
			} else {
				l.verdict = Conditional
			}
		}
		return a.each(ctx, owners)
	case a.gates.halves[first.in.id()] != noHalf && !denied: // what it owns was not tried yet
		return a.sort(ctx, rest, true)
	}
	for _, l := range rest {
		l.verdict = first.verdict
	}
	return nil
}

func (a *admission) each(ctx context.Context, alone []*leftover) error {
	for _, l := range alone {
		if _, err := a.judge(ctx, l, false); err != nil {
			return err
		}
	}
	return nil
}

// The halves of gates, by the account that owns them.
const (
	noHalf = iota
	evenHalf
	oddHalf
	bothHalves
)

// judge judges one leftover and tells in which halves something lets it in: in one of them, unless all are asked for.
func (a *admission) judge(ctx context.Context, l *leftover, all bool) (opened int, err error) {
	begun, err := a.begin(ctx, l)
	if err != nil {
		return noHalf, err
	}
	for _, half := range []int{evenHalf, oddHalf} {
		var groups []*targetGroup
		for _, g := range a.t.cross {
			if g.owner.id != l.in.id() && len(g.outsiders.accounts) == 0 && a.gates.halves[g.owner.id] == half {
				groups = append(groups, g)
			}
		}
		p := *begun
		if err := p.look(ctx, groups); err != nil {
			return noHalf, err
		}
		l.verdict = max(l.verdict, p.verdict())
		if p.verdict() == Conditional {
			opened |= half
		}
		if !all { // what both halves give counts together
			begun.sure, begun.maybe = p.sure, p.maybe
		}
		if opened != noHalf && !all {
			break
		}
	}
	return opened, nil
}

// leftCaller makes the caller of a leftover again, in its account's own name.
func (k *asking) leftCaller(owners map[string]*account, l *leftover) (*caller, error) {
	v, err := k.seeCallers(l.in)
	if err != nil {
		return nil, err
	}
	if a := owners[l.in.id()]; a != nil {
		v.account = a
	}
	switch {
	case l.root:
		return v.world.rootCaller(v.account), nil
	case len(l.members) > 0:
		return v.memberCaller(l.members[0])
	}
	return v.callerOf(&v.seg.Shapes[l.shapes[0]], nil, ""), nil
}
