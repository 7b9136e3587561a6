package evaluator

import (
	"fmt"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// Resources whose policies differ only in statements that do not speak of the caller or of the question's actions are one to
// it: they are judged together. Key policies are the usual case: the same delegation in each, with other names beside it.

// mergeFor joins the groups that a caller cannot tell apart.
func (t *targets) mergeFor(side *callerSide, groups []*targetGroup) []*targetGroup {
	c := side.caller
	byKey := map[string]*targetGroup{}
	var out []*targetGroup
	for _, g := range groups {
		retiring, named := grantView(g, &c.principal)
		abroad := retiring != 0 && g.ownerAccount() != c.principal.Account // only the grants let it in
		if !g.snapshot || g.star || named || abroad {
			out = append(out, g)
			continue
		}
		key, spoken, ok := t.viewOf(side, g)
		if !ok {
			continue // of another account, and nothing lets the caller in
		}
		key += string(rune('0' + int(retiring)))
		have := byKey[key]
		if have == nil {
			merged := *g
			merged.items = g.items[:len(g.items):len(g.items)]
			merged.retired = grantRefs(g)
			merged.twins = [][]StatementRef{}
			for _, s := range spoken {
				merged.twins = append(merged.twins, []StatementRef{g.refOf(s)})
			}
			merged.spoken = spoken
			merged.parts = []*targetGroup{g}
			byKey[key] = &merged
			out = append(out, &merged)
			continue
		}
		have.items = append(have.items, g.items...)
		have.actions = have.actions.Or(g.actions)
		have.parts = append(have.parts, g)
		have.retired = append(have.retired, grantRefs(g)...)
		for i, s := range spoken {
			have.twins[i] = append(have.twins[i], g.refOf(s))
		}
	}
	return out
}

// grantView tells how a group's KMS grants look to a caller: the forms in which it may retire some of them without being named,
// which groups can share, and whether one names the caller, which sets the group apart (D33).
func grantView(g *targetGroup, p *Principal) (retiring Match, named bool) {
	for i := range g.grants {
		gr := &g.grants[i]
		entry, retirer := principalText(gr.Grantee), principalText(gr.Retiring)
		if matchEntry(&entry, p) != 0 || gr.Retiring != "" && matchEntry(&retirer, p) != 0 ||
			roleOfSession(gr.Grantee) == roleOfSession(p.ARN) || roleOfSession(gr.Retiring) == roleOfSession(p.ARN) {
			return 0, true
		}
		retiring |= retirers(gr, p)
	}
	return retiring, false
}

func grantRefs(g *targetGroup) []StatementRef {
	var out []StatementRef
	for i := range g.grants {
		out = append(out, StatementRef{Layer: LayerGrant, Policy: g.grants[i].ID})
	}
	return out
}

// resourceKey tells the keys that hold facts of the resource (C33, C34).
func resourceKey(key string) bool {
	if family, _, ok := strings.Cut(key, "/"); ok {
		return resourceTagFamily(family)
	}
	switch key {
	case "aws:requestedregion", "iam:permissionsboundary":
		return true
	}
	return strings.HasPrefix(key, "aws:resource")
}

func (g *targetGroup) refOf(s *policy.Statement) StatementRef {
	return StatementRef{Layer: LayerResource, Policy: g.policy.Name, Sid: s.Sid, Index: s.Index}
}

// viewOf names what a caller can see of a group: what its own policies read of the resources, and of the resource side's policies the
// statements that speak of the caller and the question. ok is false when the group is of another account and no Allow can let the
// caller in.
func (t *targets) viewOf(side *callerSide, g *targetGroup) (key string, spoken []*policy.Statement, ok bool) {
	c := side.caller
	if !side.unlimited && !side.reaches(g) && !t.consents(side, g) {
		return "", nil, false
	}
	var b strings.Builder
	b.WriteString(g.base)
	facts := &situation{world: t.world, caller: c, target: g, asking: t.question}
	side.reads.spell(&b, facts)
	outsider, unsure := relation(&c.principal, g.ownerAccount(), false)
	admits := !outsider || unsure
	fmt.Fprintf(&b, "\x00%t%t", outsider, unsure)
	if g.owner != nil {
		for _, level := range g.owner.rcps {
			for i := range level {
				t.viewDocument(&b, c, g, facts, level[i].Doc, nil)
			}
		}
	}
	for _, ep := range t.world.endpoints {
		t.viewDocument(&b, c, g, facts, ep.policy.Doc, nil)
	}
	if g.policy == nil {
		return b.String(), nil, admits
	}
	if g.restricted {
		fmt.Fprintf(&b, "\x00%p", g.policy.Doc) // D39 looks at the policy as a whole
	}
	t.viewDocument(&b, c, g, facts, g.policy.Doc, &spoken)
	for _, s := range spoken {
		admits = admits || s.Effect == policy.Allow
	}
	return b.String(), spoken, admits
}

// viewDocument spells the statements of a resource-side document that speak of the caller.
func (t *targets) viewDocument(b *strings.Builder, c *caller, g *targetGroup, facts *situation, doc *policy.Document, spoken *[]*policy.Statement) {
	e := &evaluation{caller: c, layers: &Layers{Boundary: c.boundary}}
	for i := range doc.Statements {
		s := &doc.Statements[i]
		if !t.question.matching(&s.Actions).Intersects(g.actions) {
			continue
		}
		kinds, doubtful := MatchPrincipal(&s.Principals, &c.principal, s.Effect, e.boundary())
		sessions := e.namedSessions(s)
		if kinds == 0 && len(sessions) == 0 || s.Unanalysable == "" && !possible(s, facts) {
			continue
		}
		fmt.Fprintf(b, "\x00%d %d %t %v", t.contentOf(s), kinds, doubtful, sessions)
		rd := &readers{}
		rd.statement(s, resourceKey)
		rd.spell(b, facts)
		if spoken != nil {
			*spoken = append(*spoken, s)
		}
	}
}

// contentOf numbers statements by what they say, Sid and place aside.
func (t *targets) contentOf(s *policy.Statement) int {
	t.contentMu.Lock()
	defer t.contentMu.Unlock()
	if n, ok := t.contents[s]; ok {
		return n
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s %s %t", s.Effect, s.Unanalysable, s.Cause, s.Actions.Not)
	for i := range s.Actions.Patterns {
		b.WriteString("\x00" + s.Actions.Patterns[i].Text)
	}
	fmt.Fprintf(&b, "\x01%t %t", s.Resources.Not, s.Resources.Implicit)
	for i := range s.Resources.Patterns {
		r := &s.Resources.Patterns[i]
		fmt.Fprintf(&b, "\x00%s %t %t", r.Text, r.Static == nil, r.Never)
	}
	for i := range s.Conditions {
		b.WriteString("\x01" + s.Conditions[i].Key + "\x00" + s.Conditions[i].String())
		for j := range s.Conditions[i].Values {
			v := &s.Conditions[i].Values[j]
			fmt.Fprintf(&b, "\x00%s %t", v.Text, v.Template != nil && v.Template.Static == nil)
		}
	}
	n, ok := t.contentIDs[b.String()]
	if !ok {
		n = len(t.contentIDs)
		t.contentIDs[b.String()] = n
	}
	t.contents[s] = n
	return n
}

// possible tells whether the conditions of a statement that are decided by what is known of the caller hold.
func possible(s *policy.Statement, facts keyFacts) bool {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if !strings.HasPrefix(c.Key, "aws:principal") || !staticValues(c) {
			continue
		}
		f := facts.fact(c.Key)
		ctx := policy.NewContext(1)
		switch f.state {
		case keyKnown:
			ctx.Set(c.Key, f.value)
		case keyAbsent:
		default:
			continue
		}
		if !c.Eval(ctx, s.Effect) {
			return false
		}
	}
	return true
}
