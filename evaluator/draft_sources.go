package evaluator

import (
	"slices"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// source is a statement of the caller's side, ready to be drafted.
type source struct {
	policy.Draft
	actions   []region.Pattern
	resources []policy.Template
	anything  bool // it allows or denies everything, without a condition
}

// drafter drafts statements for one caller.
type drafter struct {
	t      *targets
	caller *caller
	facts  *lowering // what is known of the caller whatever the request
}

func (t *targets) newDrafter(c *caller) *drafter {
	facts := &situation{world: t.world, caller: c, asking: t.question}
	return &drafter{t: t, caller: c, facts: &lowering{symbols: newSymbols(t.world, nil), facts: facts}}
}

// sources are the statements of some policies; what could not be understood, or never matches, is left out.
func (d *drafter) sources(ps []Policy) []source {
	var out []source
	for i := range ps {
		if ps[i].Doc == nil {
			continue
		}
		for j := range ps[i].Doc.Statements {
			if s, ok := d.source(&ps[i].Doc.Statements[j]); ok {
				out = append(out, s)
			}
		}
	}
	return out
}

func (d *drafter) source(s *policy.Statement) (source, bool) {
	out := source{Draft: policy.Draft{Effect: s.Effect, NotAction: s.Actions.Not, NotResource: s.Resources.Not}}
	if s.Unanalysable != "" || s.Resources.Implicit {
		return out, false
	}
	for i := range s.Actions.Patterns {
		p := &s.Actions.Patterns[i]
		out.Actions, out.actions = append(out.Actions, p.Text), append(out.actions, p.Pattern)
	}
	for i := range s.Resources.Patterns {
		t := &s.Resources.Patterns[i]
		if t.Never {
			continue
		}
		out.Resources = append(out.Resources, templateText(t))
		out.resources = append(out.resources, *t)
	}
	if len(out.Actions) == 0 || len(out.Resources) == 0 {
		return out, false // an empty list means nothing, or everything: rare, and left to the engine
	}
	for i := range s.Conditions {
		switch f := d.facts.condition(&s.Conditions[i], s.Effect); f.kind {
		case formTrue:
		case formFalse:
			return out, false
		default:
			out.Conditions = append(out.Conditions, written(&s.Conditions[i]))
		}
	}
	star := slices.ContainsFunc(out.resources, func(t policy.Template) bool { return t.StarOnly })
	out.anything = len(out.Conditions) == 0 && !out.NotAction && !out.NotResource && star && slices.Contains(out.Actions, "*")
	return out, true
}

// templateText is a resource pattern as it is written, or, where its document has no variables and the text looks as if it had some, as a
// document that has them spells it.
func templateText(t *policy.Template) string {
	again := policy.ResourceTemplate(t.Text, policy.Identity, true)
	if again.Same(t) {
		return t.Text
	}
	return SpellTemplate(t, true)
}

// ceilings are the Allow statements of each layer that only limits: the boundary and the levels of SCPs. A layer that allows everything is
// left out.
func (d *drafter) ceilings() [][]source {
	c := d.caller
	var layers [][]Policy
	if c.boundary != nil && hasPolicies(&c.principal) {
		layers = append(layers, []Policy{*c.boundary})
	}
	if c.account != nil && !c.principal.ServiceLinked && !c.principal.Management {
		layers = append(layers, c.account.scps...)
	}
	var out [][]source
	for _, ps := range layers {
		list := slices.DeleteFunc(d.sources(ps), func(s source) bool { return s.Effect == policy.Deny })
		if !slices.ContainsFunc(list, func(s source) bool { return s.anything }) {
			out = append(out, list)
		}
	}
	return out
}

// denials are the Deny statements of the caller's side.
func (d *drafter) denials() []policy.Draft {
	c := d.caller
	ps := slices.Clone(c.identity)
	if c.boundary != nil && hasPolicies(&c.principal) {
		ps = append(ps, *c.boundary)
	}
	if c.account != nil {
		for _, level := range c.account.scps {
			ps = append(ps, level...)
		}
	}
	var out []policy.Draft
	for _, s := range d.sources(ps) {
		if s.Effect == policy.Deny {
			out = append(out, s.Draft)
		}
	}
	return out
}

// bars drafts Deny statements for what a ceiling does not allow. Each is a guess for the engine to judge.
func bars(ceiling []source) []policy.Draft {
	var out []policy.Draft
	var actions []string
	listed := true
	byActions := map[string]*policy.Draft{}
	var order []string
	for _, s := range ceiling {
		listed = listed && !s.NotAction
		actions = append(actions, s.Actions...)
		star := slices.Contains(s.Resources, "*")
		if !s.NotResource && !star && !s.NotAction {
			key := policy.Draft{Actions: s.Actions}
			id := key.Text()
			if byActions[id] == nil {
				byActions[id] = &policy.Draft{Effect: policy.Deny, Actions: s.Actions, NotResource: true}
				order = append(order, id)
			}
			byActions[id].Resources = append(byActions[id].Resources, s.Resources...)
		}
		if s.NotResource {
			out = append(out, policy.Draft{Effect: policy.Deny, NotAction: s.NotAction, Actions: s.Actions, Resources: s.Resources})
		}
		if s.NotAction {
			out = append(out, policy.Draft{Effect: policy.Deny, Actions: s.Actions, Resources: []string{"*"}})
		}
		for i := range s.Conditions {
			for _, t := range testTerms(&s.Conditions[i], true) {
				if len(t.tests) == 1 {
					no := s.Draft
					no.Effect, no.Conditions = policy.Deny, t.tests
					out = append(out, no)
				}
			}
		}
	}
	for _, id := range order {
		out = append(out, *byActions[id])
	}
	if listed && len(actions) > 0 {
		slices.Sort(actions)
		out = append(out, policy.Draft{Effect: policy.Deny, NotAction: true, Actions: slices.Compact(actions), Resources: []string{"*"}})
	}
	return out
}

// maxMeets bounds the statements that statements of several layers make together.
const maxMeets = 64

// meet drafts what statements of two layers allow together. Where the language has no pattern for it, the draft is left out or too wide,
// for the engine to judge.
func meet(as, bs []source) []source {
	var out []source
	for i := range as {
		for j := range bs {
			a, b := &as[i], &bs[j]
			actions, not, ok := meetActions(a, b)
			if !ok {
				continue
			}
			m := source{Draft: policy.Draft{Effect: policy.Allow, NotAction: not, Actions: actions}}
			if m.Resources, m.NotResource, ok = meetResources(a, b); !ok {
				continue
			}
			for _, text := range m.Actions {
				m.actions = append(m.actions, region.Glob(text, true))
			}
			for _, text := range m.Resources {
				m.resources = append(m.resources, policy.ResourceTemplate(text, policy.Identity, true))
			}
			m.Conditions = slices.Concat(a.Conditions, b.Conditions)
			if out = append(out, m); len(out) >= maxMeets {
				return out
			}
		}
	}
	return out
}

func meetActions(a, b *source) (texts []string, not, ok bool) {
	switch {
	case a.NotAction && b.NotAction:
		return union(a.Actions, b.Actions), true, true
	case a.NotAction:
		return outside(b.Actions, b.actions, a.actions)
	case b.NotAction:
		return outside(a.Actions, a.actions, b.actions)
	}
	for i := range a.actions {
		for j := range b.actions {
			switch {
			case covers(a.actions[i], b.actions[j]):
				texts = append(texts, b.Actions[j])
			case covers(b.actions[j], a.actions[i]):
				texts = append(texts, a.Actions[i])
			}
		}
	}
	return union(texts, nil), false, len(texts) > 0
}

// outside keeps the patterns that no pattern of others covers.
func outside(texts []string, patterns, others []region.Pattern) (kept []string, not, ok bool) {
	for i := range patterns {
		if !slices.ContainsFunc(others, func(o region.Pattern) bool { return covers(o, patterns[i]) }) {
			kept = append(kept, texts[i])
		}
	}
	return kept, false, len(kept) > 0
}

func meetResources(a, b *source) (texts []string, not, ok bool) {
	patterns := func(s *source) []region.Pattern {
		out := make([]region.Pattern, len(s.resources))
		for i := range s.resources {
			if out[i] = widened(&s.resources[i]); s.resources[i].Static != nil {
				out[i] = *s.resources[i].Static
			}
		}
		return out
	}
	pa, pb := patterns(a), patterns(b)
	switch {
	case a.NotResource && b.NotResource:
		return union(a.Resources, b.Resources), true, true
	case a.NotResource:
		return outside(b.Resources, pb, pa)
	case b.NotResource:
		return outside(a.Resources, pa, pb)
	}
	texts = meetTexts(a.Resources, b.Resources)
	return texts, false, len(texts) > 0
}

// union is the texts of both lists, sorted, each once.
func union(a, b []string) []string {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}
