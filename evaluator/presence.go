package evaluator

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// Many questions want to know who, not what: how many there are, in which accounts. Then one request that is allowed settles a caller, and
// nothing further need be known of it. Callers, groups and accounts that no fact in play tells apart share what was found.

// held is what of a question somebody has for certain, under some context or other, and what else they may have.
type held struct {
	sure, maybe region.Set
	spent       int64 // steps of the budget
}

// holdings are what was found for a question so far, whatever the account.
type holdings struct {
	mu     sync.Mutex
	done   map[digest]*held
	asked  atomic.Int64
	judged atomic.Int64
}

// explain adds how often what was found for one class served others.
func (h *holdings) explain(p *Plan) {
	p.add("evaluations asked for (class by resource group)", h.asked.Load())
	p.add("evaluated", h.judged.Load())
	p.add("taken over from an equal one", h.asked.Load()-h.judged.Load())
}

// The sources of answers.
const (
	fromSnapshot = "the whole snapshot"
	fromIndex    = "the index"
)

// wanted are the members that must be decided: any one settles a question about any of several actions, all of them one about all.
func (c *compiledQuestion) wanted() region.Set {
	if !c.AllOf {
		return c.all()
	}
	out := c.none()
	for _, a := range c.asked {
		a.members.Each(func(i int) {
			if !c.members[i].other {
				out.Add(i)
			}
		})
	}
	return out
}

// settled tells whether nothing more need be known of a caller who has these for certain.
func (c *compiledQuestion) settled(wanted, sure region.Set) bool {
	if c.AllOf {
		return wanted.SubsetOf(sure)
	}
	return sure.Intersects(wanted)
}

// holds gives the verdict of somebody who has sure for certain and may have maybe: Denied, Unknown, or Conditional for any better one. It is
// the verdict of sum, as far as that.
func (c *compiledQuestion) holds(wanted, sure, maybe region.Set) Verdict {
	switch {
	case c.settled(wanted, sure) && !sure.Empty():
		return Conditional
	case c.settled(wanted, sure.Or(maybe)) && !(sure.Empty() && maybe.Empty()):
		return Unknown
	}
	return Denied
}

// presence finds out whether one caller has what the question asks about.
type presence struct {
	t      *targets
	side   *callerSide
	found  *holdings
	budget *region.Budget

	wanted, sure, maybe region.Set
}

func (p *presence) begin() {
	q := p.t.question
	p.wanted, p.sure, p.maybe = q.wanted(), q.none(), q.none()
}

// look looks at groups of targets, list by list, until the caller is settled.
func (p *presence) look(ctx context.Context, lists ...[]*targetGroup) error {
	if p.many() {
		for _, groups := range lists {
			if done, err := p.try(ctx, groups); done || err != nil {
				return err
			}
		}
	}
	for _, groups := range lists {
		if len(groups) == 0 {
			continue
		}
		for _, g := range p.t.mergeFor(p.side, groups) {
			if err := ctx.Err(); err != nil {
				return err
			}
			h, err := p.t.heldOn(p.side, g, p.wanted, p.budget, p.found)
			if errors.Is(err, region.ErrBudget) {
				p.maybe = p.maybe.Or(g.actions)
				return nil
			}
			if err != nil {
				return err
			}
			p.sure, p.maybe = p.sure.Or(h.sure), p.maybe.Or(h.maybe)
			if p.t.question.settled(p.wanted, p.sure) {
				return nil
			}
		}
	}
	return nil
}

// manyActions is how many actions a question about any of them must ask for before a few are tried first.
const manyActions = 512

// mostTried is how many actions are tried on one group of targets.
const mostTried = 16

// many tells whether a few actions are to be tried first.
func (p *presence) many() bool {
	return !p.t.question.AllOf && len(p.t.question.members) >= manyActions
}

// try looks whether a few actions, one of each Allow in play, settle a question about many: who may do anything at all is seen on the first
// thing that it may do. It has a budget of its own, and what it does not settle it leaves open.
func (p *presence) try(ctx context.Context, groups []*targetGroup) (settled bool, err error) {
	q := p.t.question
	if len(groups) == 0 {
		return false, nil
	}
	budget := region.NewBudget(q.Budget).Within(ctx)
	for _, g := range p.t.mergeFor(p.side, groups) {
		few, n := q.none(), 0
		take := func(from region.Set) {
			if at := from.And(g.actions).First(); at >= 0 && n < mostTried {
				few.Add(at)
				n++
			}
		}
		for i := range p.side.statements {
			if st := &p.side.statements[i]; st.instance.layer == LayerIdentity && st.instance.statement.Effect == policy.Allow {
				take(st.instance.members)
			}
		}
		for _, s := range g.spoken {
			if s.Effect == policy.Allow {
				take(q.matching(&s.Actions))
			}
		}
		if n == 0 {
			continue
		}
		one := *g
		one.actions, one.memo = few, &groupMemo{}
		if len(g.parts) == 0 && !g.star { // most of what an account may have besides has nothing to do with these
			one.items = nil
			for _, it := range g.items {
				if p.t.acts(it, few) {
					one.items = append(one.items, it)
				}
			}
		}
		h, err := p.t.heldOn(p.side, &one, p.wanted, budget, p.found)
		switch {
		case errors.Is(err, region.ErrBudget):
			return false, nil
		case err != nil:
			return false, err
		case q.settled(p.wanted, h.sure):
			p.sure = p.sure.Or(h.sure)
			return true, nil
		}
	}
	return false, nil
}

// acts tells whether some of a few members act on an item.
func (t *targets) acts(it *item, few region.Set) bool {
	for _, key := range it.types {
		if set, ok := t.types[key]; ok && set.Intersects(few) {
			return true
		}
	}
	set, ok := t.unknown[it.service]
	return ok && set.Intersects(few)
}

// verdict is Denied, Unknown, or Conditional for any better one.
func (p *presence) verdict() Verdict { return p.t.question.holds(p.wanted, p.sure, p.maybe) }

// presence looks everywhere for one caller.
func (w *World) presence(ctx context.Context, t *targets, c *caller, found *holdings) (Verdict, error) {
	p := &presence{t: t, side: t.sideOf(c), found: found, budget: region.NewBudget(t.question.Budget).Within(ctx)}
	p.begin()
	own, abroad, rest := t.groupsAround(c)
	err := p.look(ctx, rest, own, abroad) // the fewest and the likeliest first
	return p.verdict(), err
}

// groupsAround are the groups that a caller can have access to: of its own account, of others, and what the snapshot does not have.
func (t *targets) groupsAround(c *caller) (own, abroad, rest []*targetGroup) {
	for _, g := range t.groupsFor(c) {
		switch {
		case !g.snapshot || g.star:
			rest = append(rest, g)
		case g.owner == c.account:
			own = append(own, g)
		default:
			abroad = append(abroad, g)
		}
	}
	return own, abroad, rest
}

// heldOn finds what a caller has on a group of targets. Whoever takes over what was found is charged the steps that it took.
func (t *targets) heldOn(side *callerSide, g *targetGroup, wanted region.Set, budget *region.Budget, found *holdings) (*held, error) {
	found.asked.Add(1)
	text, ok := t.holdingKey(side, g)
	key := digestOf(text)
	if !ok {
		return t.findHeld(side, g, wanted, budget, found)
	}
	found.mu.Lock()
	h := found.done[key]
	found.mu.Unlock()
	if h != nil {
		budget.Spend(h.spent)
		return h, budget.Err()
	}
	h, err := t.findHeld(side, g, wanted, budget, found)
	if err != nil {
		return nil, err
	}
	found.mu.Lock()
	defer found.mu.Unlock()
	if have := found.done[key]; have != nil {
		return have, nil
	}
	if found.done == nil {
		found.done = map[digest]*held{}
	}
	found.done[key] = h
	return h, nil
}

// findHeld decides part by part, until what was found settles the question. The point engine confirms each on a concrete request.
func (t *targets) findHeld(side *callerSide, g *targetGroup, wanted region.Set, budget *region.Budget, found *holdings) (*held, error) {
	found.judged.Add(1)
	before := budget.Used()
	h := &held{sure: t.question.none(), maybe: t.question.none()}
	e, ok := newEvaluation(t, side, g, budget)
	if !ok {
		return h, budget.Err()
	}
	parts, err := e.composeAll(&coverage{gaps: t.question.none(), denied: t.question.none()})
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		if p.class.members.SubsetOf(h.sure) || !p.class.members.Intersects(wanted) {
			continue
		}
		open, err := e.decidePart(p)
		if err != nil {
			return nil, err
		}
		if !open {
			continue
		}
		for _, r := range e.resolve(p, t.question.Strict) {
			sk, ok := e.sketchOf(r)
			if !ok {
				return nil, e.wordless(r)
			}
			_, agrees := e.confirm(sk, side.caller, r.assumes, r.verdict == Unknown, &side.room)
			if r.verdict == Unknown || !agrees {
				h.maybe = h.maybe.Or(r.members)
			} else {
				h.sure = h.sure.Or(r.members)
			}
		}
		if t.question.settled(wanted, h.sure) {
			break
		}
	}
	h.spent = budget.Used() - before
	return h, budget.Err()
}

// Holding is how many principals of one account and kind have what a question asks about.
type Holding struct {
	Account string // empty for callers of no account
	Kind    string
	Verdict Verdict // Unknown, or Conditional for anything better
	Count   int
}

// headcount adds up holdings.
type headcount map[Holding]int

func (y headcount) add(account, kind string, v Verdict, n int) {
	if v != Denied {
		y[Holding{Account: account, Kind: kind, Verdict: v}] += n
	}
}

// holdings gives them by account, kind and verdict.
func (y headcount) holdings() []Holding {
	out := make([]Holding, 0, len(y))
	for h, n := range y {
		h.Count = n
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b Holding) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Verdict, b.Verdict))
	})
	return out
}

// Counted is the answer of a question that asks how many there are.
type Counted struct {
	Holdings    []Holding
	Assumptions []string
	Warnings    []string
	Plan        *Plan
}

// CountCan counts, by account and kind, the rows that WhoCan would give.
func (w *World) CountCan(ctx context.Context, q Question, filter func(*Subject) bool) (*Counted, error) {
	c, err := w.compile(q)
	if err != nil {
		return nil, err
	}
	plan := newPlan(fromSnapshot)
	t := w.newTargets(c)
	t.unproved = true
	plan.stage("group resources")
	var chosen []*caller
	for _, p := range w.callers {
		if filter == nil || filter(w.subject(p)) {
			chosen = append(chosen, p)
		}
	}
	counts := headcount{}
	found := &holdings{}
	if err := w.countAll(ctx, t, chosen, found, counts, plan); err != nil {
		return nil, err
	}
	found.explain(plan)
	outside, err := w.judgeOutside(ctx, t, filter)
	if err != nil {
		return nil, err
	}
	plan.stage("callers of outside")
	for _, r := range outside {
		counts.add(r.Account, r.Kind, min(r.Verdict, Conditional), 1)
	}
	return &Counted{Holdings: counts.holdings(), Assumptions: t.standing(), Warnings: c.warnings, Plan: plan}, nil
}

func (w *World) countAll(ctx context.Context, t *targets, callers []*caller, found *holdings, counts headcount, plan *Plan) error {
	classes := t.classesOf(callers)
	plan.add("principals", int64(len(callers)))
	plan.add("classes", int64(len(classes)))
	plan.stage("divide principals into classes")
	verdicts := make([]Verdict, len(classes))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	t.prepare()
	for i, cl := range classes {
		group.Go(func() (err error) {
			if err := gctx.Err(); err != nil {
				return err
			}
			verdicts[i], err = w.presence(gctx, t, cl.first, found)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	plan.stage("evaluate")
	for i, cl := range classes {
		for _, m := range cl.members {
			counts.add(m.principal.Account, m.kind, verdicts[i], 1)
		}
	}
	return nil
}
