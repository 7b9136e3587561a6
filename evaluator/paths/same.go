package paths

import (
	"context"

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
// to, and what makes somebody the target is no part of them. What may be done is asked again, and so is who an administrator is of states that are new.
func (t *Target) held(ctx context.Context, from, in *Graph) (*Target, error) {
	again, err := t.again(ctx, in)
	if err != nil || t.admins == nil {
		return again, err
	}
	levels := make(map[state]Level, len(from.nodes))
	for i := range from.nodes {
		levels[from.nodes[i].state()] = t.Level(uint32(i))
	}
	out, states := &Target{admins: again.admins, again: t.again}, in.states()
	for i := range in.nodes {
		n := &in.nodes[i]
		if n.actor == nil {
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
			level = again.Level(uint32(i))
		case two && !still: // it told them apart, and does no more
			level = min(level, was)
		}
		if level > evaluator.Denied {
			out.add(uint32(i), level)
		}
	}
	out.sort()
	return out, nil
}
