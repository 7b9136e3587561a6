package evaluator

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// grantTo is one grant of an evaluation with whom it is to and what is said of it.
type grantTo struct {
	raw      *raw
	outsider *outsider
	marks    marks
}

// openings judges the evaluation's grantee and gives a row for each resource and product of a condition.
func (e *evaluation) openings(j *groupOpenings, c *outsider) ([]*Opening, error) {
	if c.anyone {
		e.tellConfinements()
	}
	cover := &coverage{gaps: e.asking.none(), denied: e.asking.none()}
	parts, err := e.run(cover)
	if err != nil {
		return nil, err
	}
	var raws []*raw
	for _, p := range parts {
		if e.settle(p, j.insideID) {
			raws = append(raws, e.resolve(p, e.asking.Strict)...)
		}
	}
	var all []*grantTo
	for _, r := range mergeRaw(raws) {
		all = append(all, e.grantsTo(r, c, j.zone)...)
	}
	var out []*Opening
	for _, res := range j.resources {
		rows, err := e.openingsOf(j, res, all)
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, e.budget.Err()
}

// grantsTo says whom a grant is to in the end, and marks it. AWS services are listed only for a finding (D50).
func (e *evaluation) grantsTo(r *raw, c *outsider, z *zone) []*grantTo {
	if !e.entrance(r) {
		return nil
	}
	if c.anyone {
		if parts, grantees := e.confined(r); len(parts) > 0 {
			var out []*grantTo
			for i, part := range parts {
				o := *c
				o.grantee, o.anyone, o.spelled = grantees[i], false, true
				out = append(out, &grantTo{part, &o, e.marksOf(part, &o, z)})
			}
			return out
		}
	}
	m := e.marksOf(r, c, z)
	if c.caller.principal.Kind == Service && !slices.Contains(m.risks, RiskConfusedDeputy) && !slices.Contains(m.risks, RiskOutsideSource) {
		return nil
	}
	return []*grantTo{{r, c, m}}
}

// entrance tells whether a grant lets anybody in: tagging a session goes with assuming a role and is nothing without (D30).
func (e *evaluation) entrance(r *raw) bool {
	if !e.group.trust {
		return true
	}
	in := false
	r.members.Each(func(i int) { in = in || strings.HasPrefix(strings.ToLower(e.asking.members[i].name), "sts:assumerole") })
	return in
}

// openingsOf words the grants on one resource.
func (e *evaluation) openingsOf(j *groupOpenings, r *resource, all []*grantTo) ([]*Opening, error) {
	var own []*grantTo
	for _, g := range all {
		if part := e.narrowed(g.raw, j, r); part != nil {
			own = append(own, &grantTo{part, g.outsider, g.marks})
		}
	}
	var out []*Opening
	for _, g := range joinGrantsTo(own) {
		words, err := e.put(g.raw)
		if err != nil {
			return nil, err
		}
		for _, a := range words {
			if !j.said(r, g.outsider, out, a) {
				out = append(out, e.opened(j, r, g, a))
			}
		}
	}
	return out, nil
}

// said tells whether the rows of a resource say a grant already: to the same grantee, or, of somebody whom a condition alone speaks of, to
// anybody, or to everybody of the organization that the condition asks for. What anybody may do any AWS service may.
func (j *groupOpenings) said(r *resource, c *outsider, fresh []*Opening, a *Access) bool {
	same := func(o *Opening) bool {
		public := c.spelled && o.Grantee.Kind == GranteePublic
		member := c.spelled && o.Grantee.Kind == GranteeOrganization
		switch {
		case o.Resource != r.arn || o.Access == nil || o.Grantee != c.grantee && !public && !member:
			return false
		case member:
			return a.asMemberOf(o.Grantee.ID, o.Access)
		case public && c.grantee.Kind == GranteeService:
			return true
		}
		return a.members.SubsetOf(o.Access.members) && a.Verdict == o.Access.Verdict && exprText(a.Conditions) == exprText(o.Access.Conditions) &&
			slices.Equal(a.Resources(), o.Access.Resources())
	}
	before := c.spelled || c.grantee.Kind == GranteePublic
	return slices.ContainsFunc(fresh, same) || before && slices.ContainsFunc(j.openings, same)
}

// asMemberOf tells whether a grant is to somebody as a member of an organization, every member of which has it.
func (a *Access) asMemberOf(org string, everybody *Access) bool {
	return asksForOrganization(a.Conditions, org) && exprText(everybody.Conditions) == "true" && a.Verdict <= everybody.Verdict &&
		a.members.SubsetOf(everybody.members) && slices.Equal(a.Resources(), everybody.Resources())
}

// asksForOrganization tells whether a condition holds for callers of one organization alone.
func asksForOrganization(e Expr, id string) bool {
	switch e := e.(type) {
	case And:
		return slices.ContainsFunc(e.Of, func(sub Expr) bool { return asksForOrganization(sub, id) })
	case Test:
		c := &e.Condition
		return c.Key == "aws:principalorgid" && c.Op == policy.StringEquals && !c.IfExists && c.Set == policy.NoSet && len(c.Values) == 1 && c.Values[0].Text == id
	}
	return false
}

// opened makes the row of a grant, its witness put through the point engine.
func (e *evaluation) opened(j *groupOpenings, r *resource, g *grantTo, a *Access) *Opening {
	a.Actions, a.ActionCount = j.spell(a)
	if g.marks.assumes != "" {
		a.assume(g.marks.assumes)
		a.Verdict = min(a.Verdict, Conditional)
	}
	if len(r.policyName()) > 0 {
		a.spelling.proof = e.proofOn(g.raw, r)
	}
	var w *Witness
	if a.sketch != nil {
		var agrees bool
		w, agrees = e.witness(a.sketch, e.caller, a.Assumptions, a.Verdict == Unknown)
		if !agrees {
			a.doubt()
		}
	}
	o := j.opening(r, g.outsider, a, w)
	o.ExternalID, o.Subject, o.Risks = g.marks.externalID, g.marks.subject, slices.Clone(g.marks.risks)
	return o
}

// spelledActions are the actions of a grant in words.
type spelledActions struct {
	patterns []string
	count    int
}

// spell writes a grant's actions as patterns that stand for what applies to its resources. Many resources have the same policies.
func (x *external) spell(a *Access) ([]string, int) {
	var hints strings.Builder
	for _, h := range a.hints {
		for i := range h.Patterns {
			hints.WriteString(h.Patterns[i].Text + "\x00")
		}
	}
	key := digestOf(a.members.Key() + a.applying.Key() + hints.String())
	if have, ok := x.spelled.Load(key); ok {
		s := have.(spelledActions)
		return s.patterns, s.count
	}
	patterns, count := x.targets.question.spellWith(nil, a.members, a.applying, a.hints)
	x.spelled.Store(key, spelledActions{patterns, count})
	return patterns, count
}

// policyName is what answers call the resource's own policy, empty where it has none.
func (r *resource) policyName() string {
	if r.policy == nil {
		return ""
	}
	return r.policy.Name
}

// proofOn are the statements of a grant, as those of one resource of the group: the others' policies say the same.
func (e *evaluation) proofOn(g *raw, r *resource) [][]StatementRef {
	var out [][]StatementRef
	for _, in := range g.via {
		refs := slices.Clone(e.refs(in))
		for i := range refs {
			if refs[i].Layer == LayerResource {
				refs[i].Policy = r.policyName()
			}
		}
		out = append(out, refs)
	}
	return out
}

// narrowed is a grant as far as it is on one resource or what lies under it; nil: it is not.
func (e *evaluation) narrowed(g *raw, j *groupOpenings, r *resource) *raw {
	out := *g
	out.cells = nil
	for _, c := range g.cells {
		cut := *c
		cut.pieces, cut.whole = nil, &names{}
		for _, p := range c.pieces {
			if !p.of(r, j) {
				continue
			}
			cut.pieces = append(cut.pieces, p)
			if p.whole {
				cut.whole.list = append(cut.whole.list, p.item.spelled())
			}
		}
		if len(cut.pieces) > 0 && cut.actions.Intersects(g.members) {
			out.cells = append(out.cells, &cut)
		}
	}
	if len(out.cells) == 0 {
		return nil
	}
	out.applying = e.asking.none()
	for _, c := range out.cells {
		out.applying = out.applying.Or(c.actions)
	}
	part := *g.part
	part.cell = out.cells[0]
	if members := g.members.And(part.cell.actions); !part.class.members.Intersects(members) {
		part.class = &actionClass{members: members, first: members.First(), in: part.class.in}
	}
	out.part = &part
	return &out
}

// of tells whether a piece is a resource, or lies under it.
func (p *piece) of(r *resource, j *groupOpenings) bool {
	text := p.item.text
	if !p.item.literal {
		text = literalPrefix(p.item.pattern)
	}
	rest, ok := strings.CutPrefix(text, r.arn)
	if !ok || rest != "" && rest[0] != '/' && rest[0] != ':' {
		return false
	}
	for _, other := range j.resources { // it may lie under a longer name
		if len(other.arn) > len(r.arn) && (text == other.arn || strings.HasPrefix(text, other.arn+"/") || strings.HasPrefix(text, other.arn+":")) {
			return false
		}
	}
	return true
}

// joinGrantsTo joins grants to the same grantee under the same condition whose actions are on other kinds of things: listing a bucket and reading
// its objects is one row, and every action of it is on whatever of its resources it applies to.
func joinGrantsTo(list []*grantTo) []*grantTo {
	var out []*grantTo
	for _, g := range list {
		at := slices.IndexFunc(out, func(have *grantTo) bool { return have.joins(g) })
		if at < 0 {
			out = append(out, g)
			continue
		}
		have := *out[at].raw
		have.members, have.applying = have.members.Or(g.raw.members), have.applying.Or(g.raw.applying)
		have.cells = append(slices.Clip(have.cells), g.raw.cells...)
		have.via = joinPlaces(have.via, g.raw.via)
		out[at] = &grantTo{&have, out[at].outsider, out[at].marks.joined(g.marks)}
	}
	return out
}

// joins tells whether two grants are one row.
func (g *grantTo) joins(o *grantTo) bool {
	if g.outsider.grantee != o.outsider.grantee || g.raw.key() != o.raw.key() || g.marks.externalID != o.marks.externalID || g.marks.subject != o.marks.subject {
		return false
	}
	return !applies(g.raw.members, o.raw.cells) && !applies(o.raw.members, g.raw.cells)
}

// applies tells whether some of the members act on a resource of the cells.
func applies(members region.Set, cells []*cell) bool {
	return slices.ContainsFunc(cells, func(c *cell) bool { return c.actions.Intersects(members) })
}
