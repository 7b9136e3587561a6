package evaluator

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// Resources whose policies differ only in statements that do not speak of the caller or of the question's actions are one to
// it: they are judged together. Key policies are the usual case: the same delegation in each, with other names beside it.

// mergeFor joins the groups that a caller cannot tell apart, and leaves out those that it cannot have access to.
func (t *targets) mergeFor(side *callerSide, groups []*targetGroup) []*targetGroup {
	c := side.caller
	side.view, side.named = t.views.of(t.viewClass(c), len(t.groups)), t.namedBy(c)
	if t.abroad != nil && !c.outside {
		side.named = append(side.named, t.abroad.naming[c.principal.Account]...)
	}
	byKey := map[mergeKey]int{} // -> place in out
	var out []*targetGroup
	var parts []mergeParts // by place in out
	for _, g := range groups {
		if !g.snapshot || g.star {
			out, parts = append(out, g), append(parts, mergeParts{})
			continue
		}
		retiring, named := grantView(g, &c.principal)
		abroad := retiring != 0 && g.ownerAccount() != c.principal.Account // only the grants let it in
		if named || abroad {
			out, parts = append(out, g), append(parts, mergeParts{})
			continue
		}
		reached := side.unlimited || t.mayReach(side, g)
		if !reached && side.foreign(g) {
			continue // D5: its own policies must allow it too
		}
		v := t.viewFor(side, g)
		if !reached && !v.consents || !v.admits {
			continue
		}
		key := mergeKey{view: v.id, retiring: retiring, reads: t.readsOf(side, g)}
		at, ok := byKey[key]
		if !ok {
			at = len(out)
			byKey[key] = at
			out, parts = append(out, nil), append(parts, mergeParts{})
		}
		parts[at].groups, parts[at].views = append(parts[at].groups, g), append(parts[at].views, v)
	}
	for at := range out {
		if out[at] == nil {
			out[at] = t.views.merged(&parts[at])
		}
	}
	return out
}

// misses tells whether a group of the snapshot is another account's, and no Allow of the caller's own policies reaches it.
func (t *targets) misses(s *callerSide, g *targetGroup) bool {
	return !s.unlimited && s.foreign(g) && !t.mayReach(s, g)
}

// foreign tells whether a group is another account's than the caller's.
func (s *callerSide) foreign(g *targetGroup) bool {
	c := s.caller
	return g.owner != c.account && g.owner != nil && g.owner.id != c.principal.Account
}

// mergeKey is what groups must share to be one to a caller.
type mergeKey struct {
	view     int
	retiring Match
	reads    string
}

// mergeParts are groups that are one to a caller, and what it sees of each.
type mergeParts struct {
	groups []*targetGroup
	views  []*groupView
}

// merge makes them one group.
func (p *mergeParts) merge() *targetGroup {
	g := p.groups[0].alike()
	g.parts, g.spoken, g.memo = p.groups, p.views[0].spoken, &groupMemo{}
	g.retired = nil
	g.twins = make([][]StatementRef, len(g.spoken))
	for i, part := range p.groups {
		g.items = append(g.items, part.items...)
		g.actions = g.actions.Or(part.actions)
		g.retired = append(g.retired, grantRefs(part)...)
		for j, s := range p.views[i].spoken {
			g.twins[j] = append(g.twins[j], part.refOf(s))
		}
	}
	return g
}

// alike is a group without resources that shares everything else with g.
func (g *targetGroup) alike() *targetGroup {
	one := *g
	one.items, one.parts, one.memo = nil, nil, nil
	return &one
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

// contentOf numbers statements by what they say, Sid and place aside. Texts are quoted, as everywhere in such keys: none can pass for several.
func (t *targets) contentOf(s *policy.Statement) int {
	if n, ok := t.question.contents.Load(s); ok {
		return n.(int)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d %q %q %t", s.Effect, s.Unanalysable, s.Cause, s.Actions.Not)
	for i := range s.Actions.Patterns {
		b.WriteString(strconv.Quote(s.Actions.Patterns[i].Text))
	}
	fmt.Fprintf(&b, "\x01%t %t", s.Resources.Not, s.Resources.Implicit)
	for i := range s.Resources.Patterns {
		r := &s.Resources.Patterns[i]
		fmt.Fprintf(&b, "\x00%q %t %t", r.Text, r.Static == nil, r.Never)
	}
	for i := range s.Conditions {
		fmt.Fprintf(&b, "\x01%q %q", s.Conditions[i].Key, s.Conditions[i].String())
		for j := range s.Conditions[i].Values {
			v := &s.Conditions[i].Values[j]
			fmt.Fprintf(&b, "\x00%q %t", v.Text, v.Template != nil && v.Template.Static == nil)
		}
	}
	n := t.question.numbers.of(digestOf(b.String()))
	t.question.contents.Store(s, n)
	return n
}

// possible tells whether the conditions of a statement that are decided by what is known of the caller hold.
func possible(s *policy.Statement, facts keyFacts) bool {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if !strings.HasPrefix(c.Key, "aws:principal") && c.Key != "kms:calleraccount" || !staticValues(c) {
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
