package paths

import (
	"context"
	"slices"

	"github.com/accessgraph/accessgraph/evaluator"
)

// state names a node: equal for nodes of two graphs that are the same principal in the same state.
type state struct {
	kind, arn, name string
	chained         bool
	change          string
}

func (n *Node) state() state {
	s := state{kind: n.Kind, arn: n.ARN, name: n.Name, chained: n.Chained}
	if n.Change != nil {
		s.change = n.Change.key
	}
	return s
}

// states finds nodes by what they are.
func (g *Graph) states() map[state]uint32 {
	out := make(map[state]uint32, len(g.nodes))
	for i := range g.nodes {
		out[g.nodes[i].state()] = uint32(i)
	}
	return out
}

// held is a target of the graph in another one, of the same snapshot without some statement. Who was an administrator stays one: paths lead to whom they led
// to, and what makes somebody the target is no part of them. What may be done is asked again, and so is what edits make somebody.
func (t *Target) held(ctx context.Context, from, in *Graph) (*Target, error) {
	if t.admins == nil {
		return t.again(ctx, in)
	}
	levels := make(map[state]Level, len(from.nodes))
	for i := range from.nodes {
		levels[from.nodes[i].state()] = t.Level(uint32(i))
	}
	out, states := t.emptied(), in.states()
	var anew []uint32
	for i := range in.nodes {
		n := &in.nodes[i]
		switch {
		case n.actor == nil:
			continue
		case n.Change != nil:
			anew = append(anew, uint32(i))
			continue
		}
		as := n.state()
		level, known := levels[as]
		other := as
		other.chained = !as.chained
		was, two := levels[other]
		_, still := states[other]
		switch {
		case !known && two && as.chained: // MFA tells sessions apart that it did not before
			level = was
		case !known:
			anew = append(anew, uint32(i))
		case two && !still: // it told them apart, and does no more
			level = min(level, was)
		}
		if level > evaluator.Denied {
			out.add(uint32(i), level)
		}
	}
	return out, out.judge(ctx, in, anew)
}

// emptied is a target of the same words without nodes.
func (t *Target) emptied() *Target {
	return &Target{admins: t.admins, account: t.account, via: t.via, again: t.again}
}

// judge adds those of some states that were not there before who are administrators: with edits of their own they make no further ones (E19).
func (t *Target) judge(ctx context.Context, in *Graph, states []uint32) error {
	var who []*evaluator.Actor
	var nodes []uint32
	for _, n := range states {
		if t.account == "" || in.nodes[n].Account == t.account {
			who, nodes = append(who, in.nodes[n].actor), append(nodes, n)
		}
	}
	if len(who) == 0 {
		t.sort()
		return nil
	}
	found, err := in.world.AdminsAmong(ctx, evaluator.Question{Budget: in.options.Budget, Now: in.options.Now}, who)
	if err != nil {
		return err
	}
	for i, f := range found {
		switch f.Answer {
		case evaluator.Exceeds:
		case evaluator.Uncertain:
			t.add(nodes[i], unknown)
		default:
			t.add(nodes[i], certain)
		}
	}
	t.sort()
	return nil
}

// heldBy is held in a graph that keeps the numbers of its nodes: of some nodes it is asked again, for all others it is as it was.
func (t *Target) heldBy(ctx context.Context, from, in *Graph, asked []uint32) (*Target, error) {
	switch {
	case t.access != nil && in.world == from.world:
		return t.askedAgain(ctx, in, asked)
	case t.admins == nil:
		return t.again(ctx, in)
	}
	out := t.emptied()
	for level := range out.nodes {
		out.nodes[level] = slices.Clone(t.nodes[level])
	}
	again := map[uint32]bool{}
	var anew []uint32
	for _, n := range asked {
		known := int(n) < len(from.nodes)
		if !known || in.nodes[n].Change != nil && in.nodes[n].actor != from.nodes[n].actor && t.Level(n) > evaluator.Denied { // less makes nobody more
			again[n] = true
			anew = append(anew, n)
		}
	}
	for level := range out.nodes {
		out.nodes[level] = slices.DeleteFunc(out.nodes[level], func(n uint32) bool { return again[n] })
	}
	return out, out.judge(ctx, in, anew)
}

// askedAgain is access where some nodes are asked again.
func (t *Target) askedAgain(ctx context.Context, in *Graph, asked []uint32) (*Target, error) {
	again := map[uint32]bool{}
	var who []*evaluator.Actor
	for _, n := range asked {
		again[n] = true
		who = append(who, in.nodes[n].actor)
	}
	keep := func(of *Target) *Target {
		out := newAccess(of.access.poll)
		out.question, out.via, out.again = t.question, t.via, t.again
		out.access.strangers = of.access.strangers
		for level, nodes := range of.nodes {
			out.nodes[level] = slices.DeleteFunc(slices.Clone(nodes), func(n uint32) bool { return again[n] })
		}
		return out
	}
	out := keep(t)
	for n, grants := range t.access.grants {
		if !again[n] {
			out.access.grants[n] = grants
		}
	}
	found, err := t.access.poll.Ask(ctx, who)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		for _, m := range f.Members {
			out.note(asked[m], f.Grants, f.All)
		}
	}
	out.sort()
	if t.opened == nil {
		return out, nil
	}
	out.opened = keep(t.opened)
	out.opened.access.opens = map[uint32]*opening{}
	for n, o := range t.opened.access.opens {
		if !again[n] {
			out.opened.access.opens[n] = o
		}
	}
	more, err := in.opened(ctx, *t.question, out, who, asked)
	if err != nil || more == nil {
		return out, err
	}
	for n, o := range more.access.opens {
		out.opened.access.opens[n] = o
		out.opened.add(n, o.level)
	}
	out.opened.sort()
	return out, nil
}
