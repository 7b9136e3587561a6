package paths

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// opening is how a node opens a resource to itself (E14).
type opening struct {
	technique *Technique
	resource  string
	grants    []*evaluator.Access // of the technique's requests, in order
	uses      []use               // what it may do then
	level     Level
}

// use is an action of the question that a grant allows once the resource is open.
type use struct {
	action string
	access *evaluator.Access
}

// yields tells whether a technique opens resources to an action.
func (t *Technique) yields(action string) bool {
	return len(t.Yields) == 0 || slices.ContainsFunc(t.Yields, func(y string) bool { return strings.EqualFold(y, action) })
}

// openPolicy is a resource's own policy that lets everybody do everything.
const openPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`

// opened is the target of being able to do something of a question once a resource's policy is rewritten: by whoever may rewrite it, as far as its SCPs, the
// RCPs over the resource and the Denies of its own policies leave. nil: nobody is. Outsiders are not looked at: whom a policy of another account lets change
// it, AWS does not let in (D37).
func (g *Graph) opened(ctx context.Context, q evaluator.Question, t *Target, who []*evaluator.Actor, nodes []uint32) (*Target, error) {
	openings := map[uint32]map[string][]*opening{} // by node and resource
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
			o := bestOpening(poll, openings[n], f.Grants, t.access.grants[n])
			if o == nil {
				continue
			}
			if poll.AllOf() {
				o.level = min(o.level, f.All)
			}
			if o.level > evaluator.Denied {
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
func (g *Graph) openers(ctx context.Context, t *Technique, who []*evaluator.Actor, nodes []uint32, into map[uint32]map[string][]*opening) error {
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
				have = map[string][]*opening{}
				into[nodes[m]] = have
			}
			for arn, o := range openings {
				have[arn] = append(have[arn], o)
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

// bestOpening picks the opening after which the question is met most surely, by some grants on the resource or on what lies under it; nil: none does.
// Where all of several actions are asked about, those that are had without opening anything need no opening.
func bestOpening(poll *evaluator.Poll, openings map[string][]*opening, grants, had []*evaluator.Access) *opening {
	var resources []string
	for arn := range openings {
		resources = append(resources, arn)
	}
	slices.Sort(resources)
	var best *opening
	for _, arn := range resources {
		for _, o := range openings[arn] {
			one := *o
			one.uses, one.level = o.meets(poll, grants, had)
			if len(one.uses) > 0 && (best == nil || one.level > best.level) {
				best = &one
			}
		}
	}
	return best
}

// meets gives the actions of the question that an opening opens its resource to, all that are needed or the most sure one, and how sure they are.
func (o *opening) meets(poll *evaluator.Poll, grants, had []*evaluator.Access) (uses []use, level Level) {
	level = evaluator.Denied
	if poll.AllOf() {
		level = o.level
	}
	for i, action := range poll.Members() {
		var one *evaluator.Access
		sure := evaluator.Denied
		if o.technique.yields(action) {
			for _, a := range grants {
				if l := min(levelOf(a), o.level); l > sure && a.HasAt(i) && o.covers(a) {
					one, sure = a, l
				}
			}
		}
		switch {
		case poll.AllOf():
			for _, a := range had {
				if l := levelOf(a); l > sure && a.HasAt(i) {
					one, sure = nil, l
				}
			}
			if level = min(level, sure); level == evaluator.Denied {
				return nil, level
			}
			if one != nil {
				uses = append(uses, use{action, one})
			}
		case sure > level:
			uses, level = []use{{action, one}}, sure
		}
	}
	return uses, level
}

// covers tells whether a grant is of the resource of an opening, or of what lies under it.
func (o *opening) covers(a *evaluator.Access) bool {
	found := false
	a.Named(func(list []string) {
		found = found || slices.ContainsFunc(list, func(text string) bool { return under(plain(text), o.resource) })
	})
	return found
}

// under tells whether a resource is another one or lies under it, up to a slash or colon.
func under(arn, owner string) bool {
	rest, ok := strings.CutPrefix(arn, owner)
	return ok && (rest == "" || rest[0] == '/' || rest[0] == ':')
}

// hops are the two last steps of a path: the resource is opened, and then used.
func (o *opening) hops(g *Graph, n uint32) []*Hop {
	node := &g.nodes[n]
	open := &Hop{From: node, Resource: o.resource, Kind: OpenResource, Technique: o.technique, Level: o.level, Assumptions: o.technique.Prerequisites}
	for i, a := range o.grants {
		open.Steps = append(open.Steps, Step{Action: o.technique.Requires[i].Action, Resource: o.resource, Grant: a, who: node.actor})
	}
	use := &Hop{From: node, Kind: CanAccess, Level: o.level}
	for _, u := range o.uses {
		if proof := u.access.Prove(node.actor, u.action, ""); proof.Witness != nil {
			use.Resource = cmp.Or(use.Resource, proof.Witness.Resource)
			use.Steps = append(use.Steps, Step{Action: proof.Witness.Action, Resource: proof.Witness.Resource, Grant: u.access, who: node.actor})
		}
	}
	return []*Hop{open, use}
}
