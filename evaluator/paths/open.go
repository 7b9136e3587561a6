package paths

import (
	"context"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// opening is how a node opens a resource to itself (E14).
type opening struct {
	technique *Technique
	resource  string
	grants    []*evaluator.Access // of the technique's requests, in order
	access    *evaluator.Access   // what it may do then
	level     Level
}

// openPolicy is a resource's own policy that lets everybody do everything.
const openPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`

// opened is the target of being able to do something of a question once a resource's policy is rewritten: by whoever may rewrite it, as far as its SCPs, the
// RCPs over the resource and the Denies of its own policies leave. nil: nobody is. Outsiders are not looked at: whom a policy of another account lets change
// it, AWS does not let in (D37).
func (g *Graph) opened(ctx context.Context, q evaluator.Question, who []*evaluator.Actor, nodes []uint32) (*Target, error) {
	openings := map[uint32]map[string]*opening{} // by node and resource
	for i := range g.techniques.All {
		t := &g.techniques.All[i]
		if t.Kind != OpenResource || !g.concerns(t, q) {
			continue
		}
		if err := g.openers(ctx, t, who, nodes, openings); err != nil {
			return nil, err
		}
	}
	if len(openings) == 0 {
		return nil, nil
	}
	rewritten := map[string]bool{}
	var some []*evaluator.Actor
	var places []uint32
	for i, n := range nodes {
		if openings[n] != nil {
			some, places = append(some, who[i]), append(places, n)
			for arn := range openings[n] {
				rewritten[arn] = true
			}
		}
	}
	world := g.world.WithPolicies(policy.Parse(policy.Resource, []byte(openPolicy)), func(arn string) bool { return rewritten[arn] })
	poll, err := world.NewPoll(q, false)
	if err != nil {
		return nil, err
	}
	found, err := poll.Ask(ctx, some)
	if err != nil {
		return nil, err
	}
	out := newAccess(poll)
	out.access.opens = map[uint32]*opening{}
	for _, f := range found {
		for _, m := range f.Members {
			n := places[m]
			if o := bestOpening(openings[n], f.Grants); o != nil {
				out.access.opens[n] = o
				out.add(n, o.level)
			}
		}
	}
	out.sort()
	return out, nil
}

// concerns tells whether a technique opens resources of a service that a question asks about.
func (g *Graph) concerns(t *Technique, q evaluator.Question) bool {
	own := evaluator.ActionService(t.Requires[0].Action)
	for _, a := range q.Actions {
		service := evaluator.ActionService(a)
		if service == own || service == "" || strings.Contains(service, "*") || strings.HasPrefix(a, "@") {
			return true
		}
	}
	return false
}

// openers finds who can use a technique on which resources.
func (g *Graph) openers(ctx context.Context, t *Technique, who []*evaluator.Actor, nodes []uint32, into map[uint32]map[string]*opening) error {
	var actions []string
	for _, r := range t.Requires {
		actions = append(actions, r.Action)
	}
	poll, err := g.world.NewPoll(evaluator.Question{Actions: actions, Budget: g.options.Budget, Now: g.options.Now}, false)
	if err != nil {
		return err
	}
	found, err := poll.Ask(ctx, who)
	if err != nil {
		return err
	}
	for _, f := range found {
		openings := g.openable(poll, t, f.Grants)
		if len(openings) == 0 {
			continue
		}
		for _, m := range f.Members {
			have := into[nodes[m]]
			if have == nil {
				have = map[string]*opening{}
				into[nodes[m]] = have
			}
			for arn, o := range openings {
				if old := have[arn]; old == nil || old.level < o.level {
					have[arn] = o
				}
			}
		}
	}
	return nil
}

// openable gives the resources on which grants meet every requirement of a technique.
func (g *Graph) openable(poll *evaluator.Poll, t *Technique, grants []*evaluator.Access) map[string]*opening {
	var out map[string]*opening
	for i, r := range t.Requires {
		at, ok := poll.Action(r.Action)
		if !ok {
			return nil
		}
		next := map[string]*opening{}
		for _, a := range grants {
			if !a.HasAt(at) {
				continue
			}
			level := levelOf(a)
			a.Named(func(list []string) {
				for _, text := range list {
					id, known := g.things.by[plain(text)]
					if !known || !g.things.resources.Contains(id) || !g.holdsFacts(t, id) {
						continue
					}
					arn := plain(text)
					o := &opening{technique: t, resource: arn, level: level}
					if i > 0 {
						before := out[arn]
						if before == nil {
							continue
						}
						o.grants, o.level = before.grants, min(before.level, level)
					}
					if have := next[arn]; have == nil || have.level < o.level {
						o.grants = append(o.grants[:len(o.grants):len(o.grants)], a)
						next[arn] = o
					}
				}
			})
		}
		out = next
	}
	return out
}

// holdsFacts tells whether the facts of a technique hold of a thing, or may.
func (g *Graph) holdsFacts(t *Technique, id uint32) bool {
	for _, f := range t.Facts {
		if has := g.things.facts[f]; has != nil && !has.Contains(id) && !g.things.open[f].Contains(id) {
			return false
		}
	}
	return true
}

// bestOpening picks the opening after which the most sure of some grants is had: on the resource, or on what lies under it.
func bestOpening(openings map[string]*opening, grants []*evaluator.Access) *opening {
	var best *opening
	for _, a := range grants {
		level := levelOf(a)
		a.Named(func(list []string) {
			for _, text := range list {
				o := openings[ownerOf(openings, plain(text))]
				if o == nil {
					continue
				}
				l := min(level, o.level)
				if best == nil || l > best.level || l == best.level && o.resource < best.resource {
					one := *o
					one.access, one.level = a, l
					best = &one
				}
			}
		})
	}
	return best
}

// ownerOf gives the resource that another one is or lies under, up to a slash or colon; empty: none of them.
func ownerOf(openings map[string]*opening, arn string) string {
	for end := len(arn); end > 0; end = strings.LastIndexAny(arn[:end], "/:") {
		if openings[arn[:end]] != nil {
			return arn[:end]
		}
	}
	return ""
}

// hops are the two last steps of a path: the resource is opened, and then used.
func (o *opening) hops(g *Graph, n uint32) []*Hop {
	node := &g.nodes[n]
	open := &Hop{From: node, Resource: o.resource, Kind: OpenResource, Technique: o.technique, Level: o.level, Assumptions: o.technique.Prerequisites}
	for i, a := range o.grants {
		open.Steps = append(open.Steps, Step{Action: o.technique.Requires[i].Action, Resource: o.resource, Grant: a, who: node.actor})
	}
	use := &Hop{From: node, Kind: CanAccess, Level: o.level}
	if proof := o.access.Prove(node.actor, "", ""); proof.Witness != nil {
		use.Resource = proof.Witness.Resource
		use.Steps = append(use.Steps, Step{Action: proof.Witness.Action, Resource: proof.Witness.Resource, Grant: o.access, who: node.actor})
	}
	return []*Hop{open, use}
}
