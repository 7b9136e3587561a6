package paths

import (
	"context"
	"slices"

	"github.com/accessgraph/accessgraph/evaluator"
)

// Target is where paths lead: principals, administrators, or whoever may do something.
type Target struct {
	nodes  [certain + 1][]uint32     // by level: those that are it at that level or a better one
	admins map[uint32]*Administrator // why a node is an administrator
	access *accessTarget
	opened *Target // being able to open a resource first (E14); nil: nobody is

	account  string              // of administrators: where they are some; empty: anywhere
	question *evaluator.Question // of access
	via      Via

	// again finds what the same words mean in another graph.
	again func(ctx context.Context, in *Graph) (*Target, error)
}

// at gives the nodes of a target at a level or better.
func (t *Target) at(level Level) []uint32 { return t.nodes[level] }

// add counts a node in, at a level.
func (t *Target) add(n uint32, level Level) {
	for at := unknown; at <= level; at++ {
		t.nodes[at] = append(t.nodes[at], n)
	}
}

// Level tells how sure it is that a node is the target.
func (t *Target) Level(n uint32) Level {
	for level := certain; level >= unknown; level-- {
		if _, ok := slices.BinarySearch(t.nodes[level], n); ok {
			return level
		}
	}
	return evaluator.Denied
}

func (t *Target) sort() {
	for level := range t.nodes {
		slices.Sort(t.nodes[level])
		t.nodes[level] = slices.Compact(t.nodes[level])
	}
}

// Administrator says why a node is administrator-equivalent (E22).
type Administrator struct {
	Escalation bool // by what it can give itself (E10), not by its own permissions
	Level      Level
	Withheld   []string
	step       func() *Hop
}

// Step is what the node does to itself; nil where it is an administrator by its own permissions. It is found each time anew.
func (a *Administrator) Step() *Hop {
	if a.step == nil {
		return nil
	}
	return a.step()
}

// Administrator says why a node is an administrator; nil where it is none, or the target is something else.
func (t *Target) Administrator(n uint32) *Administrator { return t.admins[n] }

// Principals is the target of being one of some principals, in whatever state.
func (g *Graph) Principals(takes func(*Node) bool) *Target {
	t := &Target{again: func(_ context.Context, in *Graph) (*Target, error) { return in.Principals(takes), nil }}
	for i := range g.nodes {
		if n := &g.nodes[i]; n.actor != nil && takes(n) {
			t.add(uint32(i), certain)
		}
	}
	t.sort()
	return t
}

// Admins is the target of being administrator-equivalent (E22), in an account or anywhere. Where paths may use no escalation, what somebody can give
// itself does not count.
func (g *Graph) Admins(ctx context.Context, account string, via Via) (*Target, error) {
	all, err := g.administrators(ctx)
	if err != nil {
		return nil, err
	}
	t := &Target{admins: map[uint32]*Administrator{}, account: account, via: via, again: func(ctx context.Context, in *Graph) (*Target, error) { return in.Admins(ctx, account, via) }}
	for n, a := range all {
		if account != "" && g.nodes[n].Account != account || a.Escalation && !via.uses(GainPermissions) {
			continue
		}
		t.add(n, a.Level)
		t.admins[n] = a
	}
	t.sort()
	return t, nil
}

// administrators finds them once: those that are some by their permissions, and those that can make themselves some.
func (g *Graph) administrators(ctx context.Context) (map[uint32]*Administrator, error) {
	g.adminMu.Lock()
	defer g.adminMu.Unlock()
	if g.admins != nil {
		return g.admins, nil
	}
	var who []*evaluator.Actor
	var nodes []uint32
	for i := range g.nodes {
		if a := g.nodes[i].actor; a != nil {
			who, nodes = append(who, a), append(nodes, uint32(i))
		}
	}
	found, err := g.world.AdminsAmong(ctx, evaluator.Question{Budget: g.options.Budget, Now: g.options.Now}, who)
	if err != nil {
		return nil, err
	}
	out := map[uint32]*Administrator{}
	withheld := map[string][]string{}
	for i, f := range found {
		level := certain
		switch f.Answer {
		case evaluator.Exceeds:
			continue
		case evaluator.Uncertain:
			level = unknown
		}
		out[nodes[i]] = &Administrator{Level: level, Withheld: g.ceiling(f.Account, withheld)}
	}
	for label, e := range g.index.edges {
		if !e.self {
			continue
		}
		e.to.Iterate(func(to uint32) bool {
			a := out[to]
			if a == nil || a.Escalation { // what takes two edits is a path (E22)
				return true
			}
			for _, from := range g.parties[g.index.party[label]].members {
				if g.nodes[from].Principal != g.nodes[to].Principal || from == to {
					continue
				}
				level := min(a.Level, e.level)
				if have := out[from]; have == nil || have.Level < level {
					out[from] = &Administrator{
						Escalation: true, Level: level, Withheld: a.Withheld, step: func() *Hop { return g.hop(from, to, e) },
					}
				}
			}
			return true
		})
	}
	g.admins = out
	return out, nil
}

func (g *Graph) ceiling(account string, known map[string][]string) []string {
	list, ok := known[account]
	if !ok {
		list = g.world.Ceiling(account)
		known[account] = list
	}
	return list
}

// accessTarget is being able to do something: what nodes may do of a question, and what opens the resource to them where it takes that.
type accessTarget struct {
	poll   *evaluator.Poll
	grants map[uint32][]*evaluator.Access
	opens  map[uint32]*opening
	// strangers is what everybody outside may do at best, those too that are in no graph because they take no step.
	strangers map[state]Level
}

// tail is how many hops end a path to the target: the access, and the opening of the resource before it.
func (t *Target) tail() int {
	switch {
	case t.access == nil:
		return 0
	case t.access.opens != nil:
		return 2
	}
	return 1
}

// Access is the target of being able to do something of a question. Every node is asked: the edited and chained ones too. Where paths may use
// escalation, it is enough to be able to open the resource first (E14).
func (g *Graph) Access(ctx context.Context, q evaluator.Question, via Via) (*Target, []string, error) {
	poll, err := g.world.NewPoll(q, false)
	if err != nil {
		return nil, nil, err
	}
	var who []*evaluator.Actor
	var nodes []uint32
	for i := range g.nodes {
		if a := g.nodes[i].actor; a != nil {
			who, nodes = append(who, a), append(nodes, uint32(i))
		}
	}
	found, err := poll.Ask(ctx, who)
	if err != nil {
		return nil, nil, err
	}
	t := newAccess(poll)
	t.question, t.via = &q, via
	t.again = func(ctx context.Context, in *Graph) (*Target, error) {
		again, _, err := in.Access(ctx, q, via)
		return again, err
	}
	for _, f := range found {
		for _, m := range f.Members {
			t.note(nodes[m], f.Grants, f.All)
		}
	}
	outside, err := poll.Outside(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, o := range outside {
		for _, n := range g.outside {
			if have := g.nodes[n].outsider; have != nil && have.Kind == o.Kind && have.ARN == o.ARN && have.Name == o.Name {
				t.note(n, o.Grants, o.All)
			}
		}
		who := state{kind: o.Kind, arn: o.ARN, name: o.Name}
		t.access.strangers[who] = o.All
		for _, a := range o.Grants {
			if !poll.AllOf() {
				t.access.strangers[who] = max(t.access.strangers[who], levelOf(a))
			}
		}
	}
	t.sort()
	if via.uses(OpenResource) {
		if t.opened, err = g.opened(ctx, q, t, who, nodes); err != nil {
			return nil, nil, err
		}
	}
	return t, append(poll.Assumptions(), poll.Warnings()...), nil
}

func newAccess(poll *evaluator.Poll) *Target {
	return &Target{access: &accessTarget{poll: poll, grants: map[uint32][]*evaluator.Access{}, strangers: map[state]Level{}}}
}

// note counts a node in, with what it may do. Where all of several actions are asked about, it must have them all.
func (t *Target) note(n uint32, grants []*evaluator.Access, all Level) {
	best := all
	if !t.access.poll.AllOf() {
		for _, a := range grants {
			best = max(best, levelOf(a))
		}
	}
	if best > evaluator.Denied {
		t.add(n, best)
	}
	t.access.grants[n] = append(t.access.grants[n], grants...)
}
