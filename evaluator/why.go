package evaluator

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// Reason is why a principal can or cannot do something: the verdict on everything that was asked, and one action on one resource of it
// looked at layer by layer. Where everything is denied, every request that was asked for is; the one shown stands for the others.
type Reason struct {
	Row      *Row   // the verdict on everything that was asked
	Action   string // of the request that is shown; empty: nothing in the snapshot can be asked for
	Resource string
	Whole    bool // the action and the resource shown are all that was asked

	Verdict     Verdict
	Conditions  Expr           // of Conditional and Unknown
	Causes      []policy.Cause // of Unknown, with Notes in words
	Notes       []string
	Assumptions []string
	Ruling      Ruling
	Strata      []*Stratum
	Witness     *Witness // one allowed request; nil for a denial

	Changes []ChangeSet // for a denial: what would allow it, the smallest sets first
	More    bool        // there may be further sets: not all were looked at
	Fixed   string      // for a denial without changes: why none helps
}

// Ruling is the layer that decided and the rule by which it did.
type Ruling struct {
	Layer Layer
	Owner string // the place in the organization, for a level of SCPs or RCPs
	Rule  string // number of the semantics
}

// focus is the request that a reason shows.
type focus struct {
	member   *member
	resource string
	group    *targetGroup
}

// AmbiguousError is returned for a selector that must name one principal and names several.
type AmbiguousError struct {
	Selector Selector
	ARNs     []string // of all of them
}

func (e *AmbiguousError) Error() string {
	const shown = 5
	text := strings.Join(e.ARNs[:min(len(e.ARNs), shown)], ", ")
	if len(e.ARNs) > shown {
		text += ", …"
	}
	return fmt.Sprintf("%q names %d principals; give the ARN of one: %s", e.Selector, len(e.ARNs), text)
}

// one finds the single principal that a selector names.
func (w *World) one(who Selector) (*caller, error) {
	callers, err := w.find(who)
	if err != nil {
		return nil, err
	}
	if len(callers) > 1 {
		e := &AmbiguousError{Selector: who}
		for _, c := range callers {
			e.ARNs = append(e.ARNs, c.arn)
		}
		return nil, e
	}
	return callers[0], nil
}

// Why explains the verdict on one principal.
func (w *World) Why(ctx context.Context, q Question, who Selector) (*Reason, *Answer, error) {
	p, err := w.one(who)
	if err != nil {
		return nil, nil, err
	}
	c, err := w.compile(q)
	if err != nil {
		return nil, nil, err
	}
	t := w.newTargets(c)
	t.prepareFor(p)
	row, err := w.canOne(ctx, t, p)
	if err != nil {
		return nil, nil, err
	}
	a := &Answer{Rows: []*Row{row}, Assumptions: t.standing(), Warnings: c.warnings}
	r := &Reason{Row: row, Verdict: row.Verdict, Ruling: Ruling{Layer: row.Layer}}
	f, err := w.focusOf(ctx, t, p, row)
	if err != nil || f == nil {
		for _, g := range row.Grants { // of what the budget did not reach
			r.Causes, r.Notes = g.Causes, g.Notes
		}
		return r, a, err
	}
	narrow, err := w.compile(c.about(f.member))
	if err != nil {
		return nil, nil, err
	}
	r.Action, r.Resource = f.member.name, f.resource
	r.Whole = len(c.members) == 1 && (f.group.star || len(c.Resources) == 1 && c.Resources[0] == f.resource)
	x := &explaining{w: w, ctx: ctx, asking: narrow, caller: p, focus: f}
	if err := x.explain(r); errors.Is(err, region.ErrBudget) {
		r.Notes = append(r.Notes, "budget-exceeded: the explanation would take more than the allowed steps; raise --budget")
		r.Verdict, r.Causes = Unknown, appendCause(r.Causes, policy.BudgetExceeded)
	} else if err != nil {
		return nil, nil, err
	}
	return r, a, nil
}

// canOne judges one principal, denied or not.
func (w *World) canOne(ctx context.Context, t *targets, p *caller) (*Row, error) {
	if p.outside {
		return w.judgeStranger(ctx, t, p)
	}
	found, err := w.judgeClass(ctx, t, &class{first: p, members: []*caller{p}})
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		return found[0], nil
	}
	layer, elsewhere, err := w.withholding(ctx, t, p)
	if err != nil {
		return nil, err
	}
	return &Row{Principal: p.arn, Kind: p.kind, Account: p.principal.Account, Layer: layer, elsewhere: elsewhere}, nil
}

// focusOf chooses what a reason shows: a request of the best grant, or for a denial the first that was asked for.
func (w *World) focusOf(ctx context.Context, t *targets, p *caller, row *Row) (*focus, error) {
	var best *Access
	for _, g := range row.Grants {
		// Of several actions that must all be allowed, the verdict is the worst one's.
		better := best == nil || !t.question.AllOf && g.Verdict > best.Verdict || t.question.AllOf && best.Verdict != row.Verdict && g.Verdict == row.Verdict
		if g.sketch != nil && g.evaluation != nil && better {
			best = g
		}
	}
	switch {
	case row.Verdict != Denied && best == nil:
		return nil, nil
	case row.Verdict != Denied:
		f := &focus{member: best.sketch.member, resource: best.sketch.resource}
		f.group = holding(best.evaluation.group, f.resource)
		return f, nil
	}
	if t.question.AllOf {
		return w.lackingFocus(ctx, t, p)
	}
	return w.deniedFocus(ctx, t, p)
}

// lackingFocus is for a question about all of several actions: one that is denied, on a resource on which it is.
func (w *World) lackingFocus(ctx context.Context, t *targets, p *caller) (*focus, error) {
	may := t.question.none() // what is allowed on some resource or, where the question names them, on every one
	if !p.outside {
		grants, cover, err := w.judgeCaller(ctx, t, p)
		if err != nil {
			return nil, err
		}
		for _, g := range grants {
			may = may.Or(g.members)
		}
		if len(t.question.Resources) > 0 {
			may = may.AndNot(cover.denied)
		}
	}
	var fallback *focus
	budget := region.NewBudget(t.question.Budget).Within(ctx)
	for i := range t.question.members {
		if t.question.members[i].other || may.Has(i) {
			continue
		}
		f, certain, err := w.deniedOn(ctx, t, p, i, budget)
		if certain || err != nil && !errors.Is(err, region.ErrBudget) {
			return f, err
		}
		if fallback == nil {
			fallback = f
		}
		if err != nil {
			break
		}
	}
	return fallback, nil
}

// deniedOn finds a resource on which a member of the question is denied; certain is false where none was found, and then it is the first that
// there is.
func (w *World) deniedOn(ctx context.Context, t *targets, p *caller, i int, budget *region.Budget) (first *focus, certain bool, err error) {
	m := &t.question.members[i]
	narrow, err := w.compile(t.question.about(m))
	if err != nil {
		return nil, false, err
	}
	side := t.sideOf(p)
	for _, g := range append(append([]*targetGroup{}, t.groupsFor(p)...), t.groups...) {
		e, _ := evaluationFor(t, side, g, budget)
		e.symbols = newSymbols(w, budget)
		if err := e.cutCells(); err != nil {
			return first, false, err
		}
		for _, c := range e.cells {
			if !c.actions.Has(i) {
				continue
			}
			f := &focus{member: m, group: g, resource: e.sampleOf(&c.pieces[0])}
			x := &explaining{w: w, ctx: ctx, asking: narrow, caller: p, focus: f}
			decided, err := x.decide(x.inForce(), false)
			if err != nil {
				return first, false, err
			}
			if v, _ := decided.verdict(); v == Denied {
				return f, true, nil
			}
			if first == nil {
				first = f
			}
		}
	}
	return first, false, nil
}

// about is the question about one of its actions, on whatever resource.
func (c *compiledQuestion) about(m *member) Question {
	q := c.Question
	q.Actions, q.Resources, q.AllOf = []string{m.name}, nil, false
	return q
}

// holding is a group, or the part of a merged one, that holds a resource.
func holding(g *targetGroup, resource string) *targetGroup {
	for _, part := range g.parts {
		for _, it := range part.items {
			if it.literal && it.text == resource || !it.literal && it.pattern.Match(resource) {
				return part
			}
		}
	}
	return g
}

// deniedFocus is the first action on the first resource that a question asks for: one that the catalogue knows on a resource of the
// snapshot, where there is one.
func (w *World) deniedFocus(ctx context.Context, t *targets, p *caller) (*focus, error) {
	budget := region.NewBudget(t.question.Budget).Within(ctx)
	for _, groups := range [][]*targetGroup{t.groupsFor(p), t.groups} { // what lets nobody of another account in comes last
		if f, err := w.firstAsked(t, p, groups, budget); f != nil || err != nil {
			return f, err
		}
	}
	return nil, nil
}

// firstAsked is the first request that a question asks for of some groups.
func (w *World) firstAsked(t *targets, p *caller, groups []*targetGroup, budget *region.Budget) (*focus, error) {
	side := t.sideOf(p)
	var fallback *focus
	for _, g := range groups {
		e, _ := evaluationFor(t, side, g, budget)
		e.symbols = newSymbols(w, budget)
		if err := e.cutCells(); err != nil {
			if errors.Is(err, region.ErrBudget) {
				return fallback, nil
			}
			return nil, err
		}
		for _, c := range e.cells {
			f := &focus{group: g, resource: e.sampleOf(&c.pieces[0])}
			c.actions.Each(func(i int) {
				m := &t.question.members[i]
				if f.member == nil || f.member.action == nil && m.action != nil {
					f.member = m
				}
			})
			switch {
			case f.member == nil:
			case f.member.action != nil && g.snapshot && !g.star:
				return f, nil
			case fallback == nil || fallback.member.action == nil && f.member.action != nil:
				fallback = f
			}
		}
	}
	return fallback, nil
}
