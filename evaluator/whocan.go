package evaluator

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
	"github.com/accessgraph/accessgraph/graph"
)

// Row is one principal of an answer with the access it has in the question's region.
type Row struct {
	Principal string
	Kind      string // user, role, root, group, account, service, provider, public
	Account   string
	Verdict   Verdict // the best of the grants; for a question about all of several actions, the worst of their best
	Covers    bool    // everything asked is allowed, whatever the open keys are
	Grants    []*Access
	Layer     Layer // for a denial: the layer that withheld

	Actions     []string // of all grants together
	ActionCount int

	caller    *caller
	elsewhere bool // the layer of a denial is that of a resource that the caller has nothing to do with
}

// Answer is what a question over many principals gave.
type Answer struct {
	Rows        []*Row
	Assumptions []string // of the answer as a whole: data that was not given
	Warnings    []string
	Plan        *Plan // nil for questions about one principal
}

// WhoCan lists every principal of the snapshot that passes the filter, and every outside grantee, whose effective permissions meet
// the question. Rows come by account, then ARN. A nil filter takes all.
func (w *World) WhoCan(ctx context.Context, q Question, filter func(*Subject) bool) (*Answer, error) {
	c, err := w.compile(q)
	if err != nil {
		return nil, err
	}
	plan := newPlan(fromSnapshot)
	t := w.newTargets(c)
	plan.stage("group resources")
	var chosen []*caller
	for _, p := range w.callers {
		if filter == nil || filter(w.subject(p)) {
			chosen = append(chosen, p)
		}
	}
	rows, err := w.judgeAll(ctx, t, chosen, plan)
	if err != nil {
		return nil, err
	}
	outside, err := w.judgeOutside(ctx, t, filter)
	if err != nil {
		return nil, err
	}
	plan.stage("callers of outside")
	rows = append(rows, outside...)
	sortRows(rows)
	return &Answer{Rows: rows, Assumptions: t.standing(), Warnings: c.warnings, Plan: plan}, nil
}

// EncryptedTransport is the assumption of an Answer that requests are encrypted in transit, where policies test it (C34).
const EncryptedTransport = "aws:SecureTransport is true"

// standing are the assumptions that hold for the whole answer because optional data was not given.
func (t *targets) standing() []string {
	w, c := t.world, t.question
	var out []string
	order := w.order
	if w.part != nil && w.part.asking != nil {
		order = w.part.asking.fleet.base.order
		w.part.asking.readings(t)
	}
	if w.org == nil {
		out = append(out, "no-organization-data: no SCP or RCP limits anybody, and organization keys are open")
	}
	if n := w.unreadAccounts(); n > 0 {
		out = append(out, fmt.Sprintf("accounts-not-read (%d): their principals are no rows unless a policy names them", n))
	}
	without, ungranted := 0, 0
	for _, a := range order {
		if !a.given(graph.KindResourcePolicies) {
			without++
		}
		if !a.given(graph.KindGrants) && a.hasKeys() {
			ungranted++
		}
	}
	switch {
	case without == len(order):
		out = append(out, "no-resource-policies: resources are judged by the principals' policies alone")
	case without > 0:
		out = append(out, fmt.Sprintf("no-resource-policies (%d of %d accounts): their resources are judged by the principals' policies alone", without, len(order)))
	}
	if ungranted > 0 && c.services["kms"] {
		out = append(out, fmt.Sprintf("no-kms-grants (%d of %d accounts): keys are judged without the grants on them", ungranted, len(order)))
	}
	if !c.named["aws:securetransport"] && t.transport {
		out = append(out, EncryptedTransport)
	}
	if c.fixesTime() && t.clock {
		out = append(out, "aws:CurrentTime is "+c.Now.UTC().Format(time.RFC3339))
	}
	return out
}

// given tells whether data of a kind was there to be read.
func (a *account) given(kind string) bool {
	state := a.coverage[kind]
	return state != "" && state != graph.CoverageNotAsked
}

// hasKeys tells whether the account has KMS keys in the snapshot.
func (a *account) hasKeys() bool {
	if a.keyed {
		return true
	}
	for _, r := range a.facts.Resources {
		if kmsKey(string(r.ARN)) {
			return true
		}
	}
	return false
}

// unreadAccounts counts the accounts inside whose users and roles are not in the snapshot.
func (w *World) unreadAccounts() int {
	n := 0
	for id, a := range w.accounts {
		if w.inZone(id) && !a.principalsRead() {
			n++
		}
	}
	return n
}

// judgeAll judges callers class by class, on all cores, and gives the rows that are not denied.
func (w *World) judgeAll(ctx context.Context, t *targets, callers []*caller, plan *Plan) ([]*Row, error) {
	classes := t.classesOf(callers)
	plan.add("principals", int64(len(callers)))
	plan.add("classes", int64(len(classes)))
	plan.add("groups of resources", int64(len(t.groups)))
	plan.stage("divide principals into classes")
	results := make([][]*Row, len(classes))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	t.prepare()
	for i, cl := range classes {
		group.Go(func() error {
			if err := gctx.Err(); err != nil {
				return err
			}
			rows, err := w.judgeClass(gctx, t, cl)
			results[i] = rows
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	plan.stage("evaluate")
	plan.add("evaluations asked for (class by resource group)", t.asks.Load())
	plan.add("evaluated", t.decided.Load())
	plan.add("taken over from an equal one", t.asks.Load()-t.decided.Load())
	var rows []*Row
	for _, r := range results {
		rows = append(rows, r...)
	}
	return rows, nil
}

// coverage is what of a question a caller can do: members with some asked resource on which they are not always allowed, and
// members with one on which they never are.
type coverage struct{ gaps, denied region.Set }

func (w *World) judgeClass(ctx context.Context, t *targets, cl *class) ([]*Row, error) {
	grants, cover, err := w.judgeCaller(ctx, t, cl.first)
	if err != nil {
		return nil, err
	}
	verdict, covers := t.question.sum(grants, cover)
	if verdict == Denied {
		return nil, nil
	}
	actions, count := t.question.union(grants)
	rows := make([]*Row, 0, len(cl.members))
	for _, m := range cl.members {
		rows = append(rows, &Row{
			Principal: m.arn, Kind: m.kind, Account: m.principal.Account, Verdict: verdict, Covers: covers, Actions: actions,
			ActionCount: count, Grants: grants, caller: m,
		})
	}
	return rows, nil
}

// Witness gives one concrete request of a grant for the row's principal, put through the point engine; nil when there is none.
// Grants are shared by the rows of a class, witnesses are not.
func (r *Row) Witness(a *Access) *Witness {
	if a.witness != nil && (r.caller == nil || a.evaluation == nil || r.caller == a.evaluation.caller) {
		return a.witness
	}
	if a.sketch == nil || r.caller == nil {
		return nil
	}
	w, agrees := a.evaluation.witness(a.sketch, r.caller, a.Assumptions, a.Verdict == Unknown)
	if !agrees {
		return nil
	}
	return w
}

// doubt withdraws a verdict that the point engine does not confirm: no answer is better than a wrong one.
func (a *Access) doubt() {
	a.Verdict = Unknown
	a.Causes = appendCause(a.Causes, policy.FreeCondition)
	a.Notes = append(a.Notes, string(policy.FreeCondition)+": no concrete request could be shown for this grant")
}

// judgeCaller judges one caller against every group of targets that can matter to it.
func (w *World) judgeCaller(ctx context.Context, t *targets, c *caller) ([]*Access, *coverage, error) {
	cover := &coverage{gaps: t.question.none(), denied: t.question.none()}
	out, err := w.judgeApart(ctx, t, c, cover)
	if err != nil {
		return nil, nil, err
	}
	return t.question.joinGrants(out), cover, nil
}

// judgeApart is judgeCaller with the grants of each group by themselves. Without a coverage to fill nobody asks what is denied.
func (w *World) judgeApart(ctx context.Context, t *targets, c *caller, cover *coverage) ([]*Access, error) {
	budget := region.NewBudget(t.question.Budget).Within(ctx)
	var out []*Access
	judged := map[*targetGroup]bool{}
	side := t.sideOf(c)
	for _, g := range t.mergeFor(side, t.groupsFor(c)) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if budget.Err() != nil {
			out = append(out, exceeded(t.question, g))
			break
		}
		j, err := t.judge(side, g, budget)
		if errors.Is(err, region.ErrBudget) {
			j, err = &judgement{decided: true, grants: []*Access{exceeded(t.question, g)}, cover: &coverage{gaps: t.question.none(), denied: t.question.none()}}, nil
		}
		if err != nil {
			return nil, err
		}
		if !j.decided {
			continue
		}
		out = append(out, j.grants...)
		if cover == nil {
			continue
		}
		judged[g] = true
		for _, part := range g.parts {
			judged[part] = true
		}
		cover.gaps, cover.denied = cover.gaps.Or(j.cover.gaps), cover.denied.Or(j.cover.denied)
	}
	if cover == nil {
		return out, nil
	}
	return out, t.deny(side, judged, budget, cover)
}

// deny notes what is denied of the groups that were not judged.
func (t *targets) deny(side *callerSide, judged map[*targetGroup]bool, budget *region.Budget, cover *coverage) error {
	for _, g := range t.groups {
		if !judged[g] {
			cover.denied = cover.denied.Or(g.actions)
		}
	}
	for _, g := range t.others[side.caller.account] {
		if judged[g] {
			continue
		}
		asked, err := t.asked(side, g, budget)
		if err != nil && !errors.Is(err, region.ErrBudget) {
			return err
		}
		cover.denied = cover.denied.Or(asked)
	}
	return nil
}

// asked gives the members that the question asks about on what the snapshot does not have: none where its own resources are all that
// the question's patterns take in.
func (t *targets) asked(side *callerSide, g *targetGroup, budget *region.Budget) (region.Set, error) {
	if len(t.question.patterns) == 0 || g.star {
		return g.actions, nil
	}
	e, _ := evaluationFor(t, side, g, budget)
	if err := e.cutCells(); err != nil {
		return g.actions, err
	}
	out := t.question.none()
	for _, c := range e.cells {
		out = out.Or(c.actions)
	}
	return out, nil
}

func (e *evaluation) judge(cover *coverage) ([]*Access, error) {
	parts, err := e.run(cover)
	if err != nil || len(parts) == 0 {
		return nil, err
	}
	return e.grantsOf(parts, cover)
}

// exceeded is the honest answer when the budget ended before the verdict: nothing of the group is decided.
func exceeded(q *compiledQuestion, g *targetGroup) *Access {
	a := &Access{
		Verdict: Unknown, Causes: []policy.Cause{policy.BudgetExceeded}, members: g.actions,
		applying: g.actions, stored: g.snapshot && !g.star,
		Notes: []string{"budget-exceeded: the verdict would take more than the allowed steps; raise --budget"},
	}
	n := &names{}
	for _, it := range g.items {
		n.list = append(n.list, it.spelled())
	}
	if len(q.Resources) > 0 && !g.snapshot {
		n.list = q.Resources
	}
	a.spelling = &spelling{named: []*names{n}}
	return a
}

// groupsFor lists the groups that a caller can have access to: those of its own account, those elsewhere whose policy may
// let it in, and what the snapshot does not have.
func (t *targets) groupsFor(c *caller) []*targetGroup {
	var out []*targetGroup
	if c.account != nil && !c.outside {
		out = append(out, t.byOwner[c.account]...)
	}
	for _, g := range t.cross {
		if g.owner != c.account && g.outsiders.admits(c.principal.Account) {
			out = append(out, g)
		}
	}
	if c.account != nil && !c.outside {
		out = append(out, t.others[c.account]...)
		out = append(out, t.foreign(c)...)
	}
	return out
}

// prepare builds what classes share, so that they can be judged side by side.
func (t *targets) prepare() {
	for _, a := range t.world.order {
		t.othersOf(a)
	}
}

// prepareFor is prepare where few callers are judged: what their accounts need, which of a large snapshot is little.
func (t *targets) prepareFor(callers ...*caller) {
	for _, c := range callers {
		if c.account != nil {
			t.othersOf(c.account)
		}
	}
}

// sum is a row's verdict and whether everything asked is allowed. For a question about all of several actions the verdict is that
// of the worst: on some resource each, or, where the question names resources, on every one of them.
func (c *compiledQuestion) sum(grants []*Access, cover *coverage) (Verdict, bool) {
	best := Denied
	perMember := make([]Verdict, len(c.members))
	for _, g := range grants {
		best = max(best, g.Verdict)
		g.members.Each(func(i int) { perMember[i] = max(perMember[i], g.Verdict) })
	}
	covers := best == AllowedAlways
	verdict := best
	for _, a := range c.asked {
		a.members.Each(func(i int) {
			v := perMember[i]
			if v != AllowedAlways || cover.denied.Has(i) || cover.gaps.Has(i) {
				covers = false
			}
			if !c.AllOf || c.members[i].other {
				return
			}
			if len(c.Resources) > 0 && cover.denied.Has(i) {
				v = Denied
			} else if len(c.Resources) > 0 && cover.gaps.Has(i) {
				v = min(v, Conditional)
			}
			verdict = min(verdict, v)
		})
	}
	return verdict, covers
}

// union spells the actions of all grants together.
func (c *compiledQuestion) union(grants []*Access) ([]string, int) {
	all := c.none()
	var hints []*policy.Actions
	for _, g := range grants {
		all = all.Or(g.members)
		hints = joined(hints, g.hints)
	}
	return c.spell(all, hints)
}
