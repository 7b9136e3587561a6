package verify_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/paths"
)

// confirm holds that the point engine allows every request of a way, on a witness; that they are as sure as the hop is said to be; and that they are all
// that the technique requires.
func (s *seeker) confirm(g *paths.Graph, way *paths.Way, sum *tally) error {
	if way == nil {
		return nil
	}
	sum.hops[len(way.Steps)]++
	for _, hop := range g.Hops(way) {
		name := string(hop.Kind)
		if hop.Technique != nil {
			name += " " + hop.Technique.ID
		}
		sum.techniques[name]++
		if hop.Level < way.Level {
			return fmt.Errorf("level: %s is %s on a way that is %s", name, levelOf(hop.Level), levelOf(way.Level))
		}
		for i := range hop.Steps {
			sum.steps++
			if err := s.step(hop, &hop.Steps[i], levelOf(way.Level)); err != nil {
				return fmt.Errorf("%w\n  %s from %s to %s", err, name, hop.From.ARN, hop.To.ARN)
			}
		}
		if err := s.complete(hop); err != nil {
			return fmt.Errorf("%w\n  %s from %s to %s", err, name, hop.From.ARN, hop.To.ARN)
		}
	}
	return nil
}

// step decides one request of a hop: its witness, and how sure it is.
func (s *seeker) step(hop *paths.Hop, step *paths.Step, at level) error {
	proof := step.Prove()
	if proof.Witness == nil || !proof.Agrees {
		return fmt.Errorf("proof: %s on %q: %+v", step.Action, step.Resource, proof)
	}
	w := proof.Witness
	who := s.stateOf(hop.From)
	if who == nil {
		return nil // nobody of the snapshot
	}
	if hop.Kind != paths.CanAssume && w.Action == "sts:AssumeRole" && !strings.Contains(w.Principal, ":") { // the service's own request
		if p := s.named(w.Resource); s.serves(w.Principal, p) < at {
			return fmt.Errorf("trust: %s does not let %s in", p.arn, w.Principal)
		}
		return nil
	}
	fixed := s.fixed(w.Action, w.Resource, s.about(who, w.Resource))
	if fixed == nil {
		fixed = map[string]string{}
	}
	for _, kv := range w.Context {
		switch {
		case strings.EqualFold(kv.Key, "iam:PassedToService"):
			fixed[kv.Key] = kv.Values[0]
		case strings.EqualFold(kv.Key, "iam:PolicyARN"):
			fixed["iam:PolicyARN"] = kv.Values[0]
		case strings.EqualFold(kv.Key, "iam:PermissionsBoundary") && strings.HasPrefix(w.Action, "iam:Put") && strings.HasSuffix(w.Action, "PermissionsBoundary"):
			fixed["iam:PermissionsBoundary"] = kv.Values[0]
		}
	}
	if got := s.can(who, ask{action: w.Action, resource: w.Resource, fixed: fixed}); got < at {
		return fmt.Errorf("step: %s on %s with %v is allowed %s, and the way is %s", w.Action, w.Resource, fixed, got, at)
	}
	return nil
}

// about is the principal that a request is about, as it is: the caller itself as it has changed.
func (s *seeker) about(who *state, arn string) *principal {
	if who.arn == arn {
		return who.principal
	}
	return s.named(arn)
}

// stateOf is a node as the naive side sees it; nil for nobody of the snapshot.
func (s *seeker) stateOf(n *paths.Node) *state {
	p := s.named(n.ARN)
	if p == nil {
		return nil
	}
	out := s.start(p)
	out.chained = out.chained || n.Chained
	if n.Change == nil {
		return out
	}
	own := *p
	own.identity = nil
	e := n.Change.Edit
	if e.Everything {
		own.identity = append(own.identity, evaluator.Policy{Name: madeUp, Doc: s.everything})
	}
	for _, i := range p.identity {
		if !slices.Contains(e.Without, i.Name) {
			own.identity = append(own.identity, i)
		}
	}
	own.identity = append(own.identity, e.With...)
	switch {
	case e.Unbound:
		own.boundary = nil
	case e.Bound != nil:
		own.boundary = e.Bound
	}
	out.principal, out.edited = &own, "as the graph has it: "+nameOf(&own)
	return out
}

// complete holds that a hop has every request that its technique requires.
func (s *seeker) complete(hop *paths.Hop) error {
	t := hop.Technique
	if t == nil {
		if hop.Kind != paths.CanAssume {
			return fmt.Errorf("no technique: of a hop that is no assumption of a role")
		}
		return nil
	}
	wanted := []paths.Technique{*t}
	for _, id := range t.Combines {
		for _, one := range s.techniques {
			if one.ID == id {
				wanted = append(wanted, one)
			}
		}
	}
	for _, one := range wanted {
		for _, r := range one.Requires {
			if !slices.ContainsFunc(hop.Steps, func(step paths.Step) bool { return strings.EqualFold(step.Action, r.Action) }) {
				return fmt.Errorf("incomplete: no request of %s", r.Action)
			}
		}
	}
	return nil
}
