package evaluator

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// CutBy is one layer that withholds what another one grants: a layer that would do so alone, were it the only one.
type CutBy struct {
	Layer      Layer
	Level      string         // of SCPs and RCPs: the root, OU or account that they are attached to
	Statements []StatementRef // those that deny; none where nothing of the layer allows it, and for RestrictPublicBuckets, which is the service's (D39)
}

// CutOff is a part of what a principal was granted and may not do all the same: within one service and access level, for one set of layers that
// withhold it.
type CutOff struct {
	Principal string
	Account   string
	Service   string // as in Power
	Access    string
	Grant     *Access // of verdict Denied
	By        []CutBy // by layer, then level; never empty
}

// bar is a layer, or a level of one, and when it alone withholds what is granted.
type bar struct {
	layer   Layer
	level   int
	formula *formula
	stops   []stop // its Deny statements
}

// CutOff lists what each principal that the selector names was granted, by its own policies or by the resources', and other layers take
// away: by service and access level, exactly, each part with all the layers that withhold it. What is unknown is no part of it, and what
// an AWS service refuses whatever the policies say is not either.
func (w *World) CutOff(ctx context.Context, q Question, who Selector) ([]*CutOff, error) {
	q.Actions = []string{"*"}
	t, callers, err := w.about(q, who)
	if err != nil {
		return nil, err
	}
	var out []*CutOff
	for _, p := range callers {
		if p.outside || !hasIdentitySide(&p.principal) {
			continue // what they are granted by their own side is not in the snapshot
		}
		found, err := t.cutOff(ctx, p)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

func (t *targets) cutOff(ctx context.Context, c *caller) ([]*CutOff, error) {
	budget := region.NewBudget(t.question.Budget).Within(ctx)
	side := t.sideOf(c)
	sets := map[string]*withheld{}
	var order []string
	near := t.groupsFor(c)
	groups := t.mergeFor(side, near)
	for _, g := range near { // what only the resource's side grants
		if g.snapshot && !g.star && t.misses(side, g) && !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}
	for _, g := range groups {
		found, err := t.withheldOn(side, g, budget)
		if err != nil {
			return nil, fmt.Errorf("what is cut off of the grants of %s: %w", c.arn, err)
		}
		for _, one := range found {
			key := one.key()
			if sets[key] == nil {
				sets[key] = one
				order = append(order, key)
				continue
			}
			sets[key].grants = append(sets[key].grants, one.grants...)
		}
	}
	slices.Sort(order)
	var out []*CutOff
	for _, key := range order {
		row := &Row{Principal: c.arn, Account: c.principal.Account, Grants: t.question.joinGrants(sets[key].grants), caller: c}
		for _, p := range powersOf(row) {
			out = append(out, &CutOff{Principal: p.Principal, Account: p.Account, Service: p.Service, Access: p.Access, Grant: p.Grant, By: sets[key].by})
		}
	}
	slices.SortStableFunc(out, func(a, b *CutOff) int {
		if n := strings.Compare(a.Service, b.Service); n != 0 {
			return n
		}
		return accessOrder(a.Access) - accessOrder(b.Access)
	})
	return out, nil
}

// withheld is what the same layers and statements withhold.
type withheld struct {
	by     []CutBy
	grants []*Access
}

func (w *withheld) key() string {
	var b strings.Builder
	for _, by := range w.by {
		fmt.Fprintf(&b, "%d %q %+q\x00", by.Layer, by.Level, fmt.Sprint(by.Statements))
	}
	return b.String()
}

// withheldOn cuts what a caller is granted on a group of targets, and may not do, by the layers that withhold it.
func (t *targets) withheldOn(side *callerSide, g *targetGroup, budget *region.Budget) ([]*withheld, error) {
	e, ok := newEvaluation(t, side, g, budget)
	e.attributes = true
	if !ok {
		return nil, budget.Err()
	}
	e.live = e.live.And(e.grantable()) // root users may do all that nobody takes away: see granting
	if side.unlimited {
		e.live = g.actions
	}
	if err := e.cut(); err != nil {
		return nil, err
	}
	type composed struct {
		part    *verdictPart
		granted *formula
		bars    []bar
	}
	var all []composed
	for _, c := range e.cells {
		classes, err := e.classes(c)
		if err != nil {
			return nil, err
		}
		for _, cl := range classes {
			if !budget.Spend(1 + int64(len(cl.in))) {
				return nil, budget.Err()
			}
			p := &verdictPart{class: cl, cell: c}
			co := e.composer(p)
			co.collect()
			granted := co.anyGrant()
			if granted.kind == formFalse || NoPolicyNeeded(co.action, &side.caller.principal) || ServiceRefuses(co.action, &side.caller.principal, &co.target, e.outsider) {
				continue
			}
			p.result, p.passage = co.result(), co.passage()
			all = append(all, composed{p, granted, co.bars()})
		}
	}
	if len(all) == 0 {
		return nil, budget.Err()
	}
	if err := e.symbols.seal(); err != nil {
		return nil, err
	}
	space := e.symbols.space
	found := map[string]*withheld{}
	parts := map[string][]*raw{}
	var order []string
	for i := range all {
		p := all[i].part
		if _, err := e.decidePart(p); err != nil {
			return nil, err
		}
		cut := space.Diff(space.And(e.certain(e.symbols.node(all[i].granted)), p.care), e.possible(p.node))
		for _, s := range e.shares(cut, p, all[i].bars) {
			one := &withheld{by: s.by}
			key := one.key()
			if found[key] == nil {
				found[key] = one
				order = append(order, key)
			}
			parts[key] = append(parts[key], &raw{
				members: p.class.members, applying: p.cell.actions, cells: []*cell{p.cell}, node: s.node, part: p, verdict: Denied,
			})
		}
	}
	out := make([]*withheld, 0, len(order))
	for _, key := range order {
		for _, r := range mergeRaw(parts[key]) {
			grants, err := e.phrase(r)
			if err != nil {
				return nil, err
			}
			found[key].grants = append(found[key].grants, grants...)
		}
		out = append(out, found[key])
	}
	return out, budget.Err()
}

// share is contexts that the same layers withhold.
type share struct {
	node region.Node
	by   []CutBy
}

// shares divides contexts by the layers that withhold them, and by their statements.
func (e *evaluation) shares(cut region.Node, p *verdictPart, bars []bar) []share {
	space := e.symbols.space
	left := []share{{node: cut}}
	for i := range bars {
		b := &bars[i]
		if b.layer == LayerEndpoint && !p.tied {
			continue // it may come another way
		}
		n := e.certain(e.symbols.node(b.formula))
		var next []share
		for _, s := range left {
			if out := space.Diff(s.node, n); out != space.False() {
				next = append(next, share{out, s.by})
			}
			in := space.And(s.node, n)
			if in == space.False() {
				continue
			}
			by := CutBy{Layer: b.layer}
			if b.level >= 0 {
				by.Level = e.levelName(b)
			}
			for _, st := range b.stops {
				if space.And(in, e.certain(e.symbols.node(st.formula))) != space.False() {
					by.Statements = append(by.Statements, e.refs(st.in)...)
				}
			}
			by.Statements = sortedRefs(by.Statements)
			next = append(next, share{in, append(s.by[:len(s.by):len(s.by)], by)})
		}
		left = next
	}
	return slices.DeleteFunc(left, func(s share) bool { return len(s.by) == 0 || s.node == space.False() })
}

// levelName is the root, OU or account to which a level's policies are attached.
func (e *evaluation) levelName(b *bar) string {
	a := e.caller.account
	if b.layer == LayerRCP {
		a = e.group.owner
	}
	if a == nil || b.level >= len(a.ancestors) {
		return ""
	}
	return a.ancestors[b.level]
}

// phrase puts what is withheld into words.
func (e *evaluation) phrase(r *raw) ([]*Access, error) {
	residual, ok := e.symbols.residual(r.node, r.part.care)
	if !ok {
		return nil, e.wordless(r)
	}
	if c, isConst := residual.(Const); isConst && c.Value {
		residual = nil
	}
	var out []*Access
	for _, d := range e.describe(r.cells) {
		a := &Access{
			Verdict: Denied, Conditions: residual, spelling: &spelling{named: d.patterns, known: &e.asking.spellings}, members: r.members,
			evaluation: e, question: e.asking, hints: r.hints(), applying: r.applying, stored: e.group.snapshot && !e.group.star,
		}
		if d.condition != nil {
			a.Conditions = d.condition
			if residual != nil {
				a.Conditions = And{Of: []Expr{d.condition, residual}}
			}
		}
		out = append(out, a)
	}
	return out, nil
}

// anyGrant is when some Allow grants: of the caller's own policies, or of the resource's side where it names more than the caller's account.
func (c *composer) anyGrant() *formula {
	return disj(c.identitySide(), c.resourceGrants(allKinds&^MatchAccount))
}

// resourceGrants is when the resource's side names the caller in these forms.
func (c *composer) resourceGrants(kinds Match) *formula {
	return disj(c.own.of(kinds), c.grants.of(kinds), c.issued.of(kinds))
}

// denied is when an explicit Deny of a layer denies.
func (c *composer) denied(layer Layer) *formula {
	var out []*formula
	for _, s := range c.stops {
		if s.in.layer == layer {
			out = append(out, s.formula)
		}
	}
	return disj(out...)
}

// bars are the layers that can withhold what is granted, each with when it does so alone.
func (c *composer) bars() []bar {
	e, p := c.e, &c.e.caller.principal
	direct := formulaFalse // D21: what no ceiling stands over
	if !e.outsider {
		direct = c.resourceGrants(MatchWildcard | MatchExact)
	}
	var out []bar
	add := func(layer Layer, level int, silent *formula) {
		b := bar{layer: layer, level: level, formula: silent}
		for _, s := range c.stops {
			if s.in.layer != layer || level >= 0 && s.in.level != level {
				continue
			}
			if layer == LayerResource && p.Kind == Root && !e.outsider && RootOverridesBucketPolicy(c.action) { // D38
				continue
			}
			b.stops = append(b.stops, s)
			b.formula = disj(b.formula, s.formula)
		}
		if b.formula.kind != formFalse {
			out = append(out, b)
		}
	}
	identity := formulaFalse
	if e.outsider { // D8, D33
		identity = negate(disj(c.identitySide(), c.issued.of(allKinds&^MatchAccount)))
	}
	add(LayerIdentity, -1, identity)
	add(LayerBoundary, -1, conj(negate(direct), negate(c.limit(e.boundary(), c.boundary))))
	add(LayerSession, -1, conj(negate(direct), negate(c.sessionLimit())))
	if SCPLimits(c.action, p) {
		for level := range c.scp {
			add(LayerSCP, level, negate(disj(c.scp[level]...)))
		}
	}
	for level := range e.layers.RCP {
		add(LayerRCP, level, formulaFalse)
	}
	add(LayerResource, -1, c.withoutConsent(e.outsider))
	if b := c.endpointBar(); b.formula.kind != formFalse {
		out = append(out, b)
	}
	add(LayerService, -1, c.publicCut(e.outsider)) // D39: no statement makes it
	return out
}

// endpointBar is what the snapshot's VPC endpoints do not let through (D42).
func (c *composer) endpointBar() bar {
	b := bar{layer: LayerEndpoint, level: -1, formula: negate(c.passage())}
	for _, s := range c.stops {
		if s.in.layer == LayerEndpoint && c.e.endpoints != nil {
			b.stops = append(b.stops, stop{s.in, conj(c.goesThrough(s.in.level), s.formula)})
		}
	}
	return b
}

// withoutConsent is when the resource's own side is silent where it must speak (D8, D25, D32).
func (c *composer) withoutConsent(outsider bool) *formula {
	account := formulaFalse
	if c.e.group.unread {
		account = c.e.symbols.unknown(policy.CollectionGap, "the policy of "+c.resource)
	}
	switch {
	case outsider:
		return negate(disj(c.resourceGrants(allKinds), account))
	case TrustMandatory(c.action, c.resource) && !c.e.group.star:
		consent := disj(c.resourceGrants(allKinds), account)
		if c.e.group.assumption != "" && !c.e.group.snapshot && !RetiresGrant(c.action) {
			consent = disj(consent, c.e.symbols.assume(c.e.group.assumption))
		}
		return negate(consent)
	}
	return formulaFalse
}
