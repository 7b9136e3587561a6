package evaluator

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
	"github.com/accessgraph/accessgraph/evaluator/segment"
)

// leftover is callers that what their own account holds does not settle: whether another account lets them in is left to see.
type leftover struct {
	in  *segmented
	key string // see relative
	crowd
	sure, maybe region.Set
	verdict     Verdict // so far
	kind        string
	reach       reach
	named       map[int]bool // members of its shapes who are judged by themselves
}

// reach is on what resources the Allows of a caller's identity policies may match.
type reach struct {
	everywhere bool
	tests      []*resourceTest
	as         string // the number that the caller's account has in the tests
}

// CountCan counts, by account and kind, the rows that a World's WhoCan would give. The filter speaks of accounts alone; nil takes all, and
// callers of outside.
func (f *Fleet) CountCan(ctx context.Context, q Question, filter func(*Subject) bool) (*Counted, error) {
	if a, ok, err := f.WhoCan(ctx, q, filter); ok || err != nil {
		return counted(a), err
	}
	k, err := f.ask(q)
	if err != nil {
		return nil, err
	}
	k.plan = newPlan(fromIndex)
	k.plan.add("accounts", int64(len(f.accounts)))
	t, owners, err := k.open(ctx)
	if err != nil {
		return nil, err
	}
	k.plan.stage("resources that are open to other accounts")
	k.spellsOut(t)
	err = onAllCores(ctx, len(f.accounts), func(i int) error {
		s := f.accounts[i]
		inside := filter == nil || filter(f.base.subject(&caller{account: s.account, principal: Principal{Account: s.id()}}))
		if err := k.count(ctx, s, inside); err != nil {
			return fmt.Errorf("account %s: %w", s.id(), err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	k.plan.stage("evaluate each account on its own")
	slices.SortFunc(k.left, func(a, b *leftover) int {
		return cmp.Or(strings.Compare(a.in.id(), b.in.id()), slices.Compare(a.shapes, b.shapes), slices.Compare(a.members, b.members))
	})
	if err := k.admitAbroad(ctx, t, owners); err != nil {
		return nil, err
	}
	k.plan.add("classes left to other accounts' resources", int64(len(k.left)))
	k.plan.stage("evaluate what other accounts give")
	for _, l := range k.left {
		k.counts.add(l.in.id(), l.kind, l.verdict, l.count)
	}
	outside, err := t.world.judgeOutside(ctx, t, filter)
	if err != nil {
		return nil, err
	}
	k.plan.stage("callers of outside")
	k.found.explain(k.plan)
	for _, r := range outside {
		k.counts.add(r.Account, r.Kind, min(r.Verdict, Conditional), 1)
	}
	return &Counted{Holdings: k.counts.holdings(), Assumptions: t.standing(), Warnings: k.question.warnings, Plan: k.plan}, nil
}

// counted counts the rows of an answer; nil of none.
func counted(a *Answer) *Counted {
	if a == nil {
		return nil
	}
	counts := headcount{}
	for _, r := range a.Rows {
		counts.add(r.Account, r.Kind, min(r.Verdict, Conditional), 1)
	}
	return &Counted{Holdings: counts.holdings(), Assumptions: a.Assumptions, Warnings: a.Warnings, Plan: a.Plan}
}

// spellsOut notes whom the resources of other accounts spell out: they are judged by themselves.
func (k *asking) spellsOut(t *targets) {
	k.spelled = map[string][]string{}
	for text := range t.named {
		id := "" // an id: whose it is, it does not say
		if strings.HasPrefix(text, "arn:") {
			id = arnAccount(text)
		}
		k.spelled[id] = append(k.spelled[id], text)
	}
}

// count counts the callers of one account whom its own resources, and what the snapshot does not have, settle; the others are left over.
func (k *asking) count(ctx context.Context, s *segmented, inside bool) error {
	if !inside {
		return nil
	}
	v, err := k.see(s)
	if err != nil {
		return err
	}
	defer v.leave()
	t := v.world.newTargets(k.question)
	t.unproved = true
	t.prepare()
	counts := headcount{}
	begin := func(c *caller) (*presence, error) {
		p := &presence{t: t, side: t.sideOf(c), found: &k.found, budget: region.NewBudget(k.question.Budget).Within(ctx)}
		p.begin()
		return p, nil
	}
	r, err := v.roll(t)
	if err != nil {
		return err
	}
	if err := r.settle(ctx, begin, counts); err != nil {
		return err
	}
	if err := r.divide(); err != nil {
		return err
	}
	k.explain(v, r)
	var left []*leftover
	for _, c := range r.crowds {
		p, err := begin(c.caller)
		if err != nil {
			return err
		}
		own, _, rest := t.groupsAround(c.caller)
		if err := p.look(ctx, rest, own); err != nil {
			return err
		}
		so := p.verdict()
		far := p.side.reach(v.account.id)
		if so == Conditional || !far.everywhere && len(far.tests) == 0 && !k.services["kms"] { // a grant of a key asks for no more
			counts.add(s.id(), c.caller.kind, so, c.count)
			continue
		}
		left = append(left, &leftover{
			in: s, key: v.relative(c), crowd: crowd{shapes: c.shapes, members: c.members, count: c.count, root: c.root}, named: r.named, sure: p.sure, maybe: p.maybe, verdict: so, kind: c.caller.kind, reach: far,
		})
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for h, n := range counts {
		k.counts[h] += n
	}
	k.left = append(k.left, left...)
	return nil
}

// explain counts what was looked at of an account.
func (k *asking) explain(v *sight, r *roll) {
	shared, principals := int64(0), 1 // the root user
	if v.account.id == segment.Neutral {
		shared = 1
	}
	speaking := 0
	for i := range v.seg.Shapes {
		s := &v.seg.Shapes[i]
		principals += s.Count
		if slices.ContainsFunc(s.Identity, func(p segment.Policy) bool { return p.Document == segment.Missing || v.relevant[p.Document] }) {
			speaking++
		}
	}
	k.plan.add("accounts that share evaluations with others", shared)
	k.plan.add("principals", int64(principals))
	k.plan.add("makes of principals (equal but for their names)", int64(len(v.seg.Shapes)))
	k.plan.add("with no policy on the actions, by the index", int64(len(v.seg.Shapes)-speaking))
	k.plan.add("classes settled by a resource's own policy", int64(r.settled))
	k.plan.add("classes evaluated", int64(len(r.crowds)))
}

// relative spells what a crowd is to resources of other accounts that do not speak of its own: equal for crowds that those treat alike. It is
// empty for a crowd that is judged by itself.
func (v *sight) relative(c *crowd) string {
	a := v.account
	if a.id != segment.Neutral || c.abroad {
		return ""
	}
	k := &keyWriter{}
	k.text(c.plain)
	k.flags(a.management, a.inOrg)
	k.text(a.path)
	for _, level := range a.scps {
		k.int(-1)
		for i := range level {
			k.text(fmt.Sprintf("%p", level[i].Doc)) // of the fleet, for good
		}
	}
	return k.String()
}

// reach tells where the caller's own policies allow it anything, which they must if a resource of another account is to let it in (D5).
func (s *callerSide) reach(as string) reach {
	out := reach{everywhere: s.unlimited, as: as}
	for i := range s.statements {
		if st := &s.statements[i]; st.instance.layer == LayerIdentity && st.instance.statement.Effect == policy.Allow {
			out.everywhere = out.everywhere || st.everywhere()
			out.tests = append(out.tests, st.tests...)
		}
	}
	return out
}
