package evaluator

import (
	"context"
	"slices"
	"sort"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
	"github.com/accessgraph/accessgraph/evaluator/segment"
)

// WhoCan answers as a World of the whole snapshot would, where the question names resources of the snapshot that few accounts have to do with:
// only those are compiled. ok is false for any other question. The filter speaks of accounts alone; nil takes all.
func (f *Fleet) WhoCan(ctx context.Context, q Question, filter func(*Subject) bool) (answer *Answer, ok bool, err error) {
	k, err := f.ask(q)
	if err != nil {
		return nil, false, err
	}
	plan := newPlan(fromIndex)
	ids, seen, err := k.concerned(ctx)
	if err != nil || len(ids) == 0 {
		return nil, false, err
	}
	w, err := k.compiled(ctx, ids, seen)
	if err != nil {
		return nil, false, err
	}
	plan.add("accounts", int64(len(f.accounts)))
	plan.add("accounts that have to do with the resources", int64(len(ids)))
	plan.stage("compile their principals and resources")
	t := w.newTargets(k.question)
	plan.stage("group resources")
	var chosen []*caller
	for _, c := range w.callers {
		if filter == nil || filter(w.subject(c)) {
			chosen = append(chosen, c)
		}
	}
	rows, err := w.judgeAll(ctx, t, chosen, plan)
	if err != nil {
		return nil, false, err
	}
	outside, err := w.judgeOutside(ctx, t, filter)
	if err != nil {
		return nil, false, err
	}
	plan.stage("callers of outside")
	rows = append(rows, outside...)
	sortRows(rows)
	return &Answer{Rows: rows, Assumptions: t.standing(), Warnings: k.question.warnings, Plan: plan}, true, nil
}

// maxConcerned is how many accounts may have to do with a question that is answered from them alone.
const maxConcerned = 50

// concerned lists the accounts that have to do with the question: those that own what it names, which it has looked at, and those that the
// policies of that let in. There are none where that is not known, or where too many have.
func (k *asking) concerned(ctx context.Context) (ids []string, seen map[string]*sight, err error) {
	if len(k.question.Resources) == 0 {
		return nil, nil, nil
	}
	found := map[string]bool{}
	seen = map[string]*sight{}
	for i, text := range k.question.Resources {
		owner := k.ownerOf(text, k.question.patterns[i])
		if owner == "" {
			return nil, nil, nil
		}
		found[owner] = true
	}
	owners := sortedKeys(found)
	for _, id := range owners {
		v, err := k.seeAll(k.fleet.byID[id])
		if err != nil {
			return nil, nil, err
		}
		seen[id] = v
		t := v.world.newTargets(k.question)
		for _, g := range t.cross {
			if g.outsiders.everyone {
				return nil, nil, nil
			}
			for account := range g.outsiders.accounts {
				if k.fleet.byID[account] != nil {
					found[account] = true
				}
			}
		}
	}
	if len(found) > maxConcerned {
		return nil, nil, nil
	}
	return sortedKeys(found), seen, ctx.Err()
}

// seeAll makes a sight of an account in its own name, with its resources that are in question.
func (k *asking) seeAll(s *segmented) (*sight, error) {
	seg, err := s.whole()
	if err != nil {
		return nil, err
	}
	return k.furnished(s, seg)
}

// ownerOf gives the account of the snapshot that owns all that a resource of the question can be: it is a resource of the snapshot, or lies
// under one.
func (k *asking) ownerOf(text string, p region.Pattern) string {
	name, literal := p.Literal()
	if literal {
		if id := k.fleet.holder(name); id != "" {
			return id
		}
	} else {
		name = literalPrefix(p)
	}
	for i, r := range name {
		if r == '/' || r == ':' {
			if id := k.fleet.holder(name[:i]); id != "" && arnField(name[:i], 6) != "" {
				return id
			}
		}
	}
	return ""
}

// holder gives the account that has a resource of that ARN.
func (f *Fleet) holder(arn string) string {
	if !f.has(arn) {
		return ""
	}
	if id := arnAccount(arn); id != "" {
		return id
	}
	return f.bare[arn]
}

// compiled makes a world of some accounts, with their principals and with their resources that are in question.
func (k *asking) compiled(ctx context.Context, ids []string, seen map[string]*sight) (*World, error) {
	all := &part{asking: k, knows: k.fleet.knows, has: k.fleet.has, service: func(name string) bool { return k.services[name] }}
	w := k.world(all, func(key documentKey) *policy.Document { return policy.Missing(key.kind) })
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		v := seen[id]
		if v == nil {
			var err error
			if v, err = k.seeAll(k.fleet.byID[id]); err != nil {
				return nil, err
			}
		}
		callers, err := v.everybody()
		if err != nil {
			return nil, err
		}
		w.callers = append(w.callers, callers...)
		w.order = append(w.order, v.account)
		w.resources = append(w.resources, v.world.resources...)
		all.reads = append(all.reads, v.world.part.reads...)
	}
	for _, r := range w.resources {
		w.byARN[r.arn] = r
	}
	return w, nil
}

// WorldOf makes a world of all that can matter to a question about one principal of the snapshot: its account, and the resources of others that
// may let in somebody of outside theirs. ok is false where the selector does not name one principal by its ARN.
func (f *Fleet) WorldOf(ctx context.Context, q Question, who Selector) (_ *World, ok bool, err error) {
	if who.Kind != SelectARN || !f.knows(who.Name) {
		return nil, false, nil
	}
	if len(q.Actions) == 0 {
		q.Actions = []string{"*"}
	}
	k, err := f.ask(q)
	if err != nil {
		return nil, false, err
	}
	id := arnAccount(who.Name)
	if len(q.Resources) > 0 { // all that they can be is its own or their owners'
		ids := map[string]bool{id: true}
		for i, text := range k.question.Resources {
			owner := k.ownerOf(text, k.question.patterns[i])
			if owner == "" {
				return nil, false, nil
			}
			ids[owner] = true
		}
		w, err := k.compiled(ctx, sortedKeys(ids), nil)
		return w, err == nil, err
	}
	t, _, err := k.open(ctx)
	if err != nil {
		return nil, false, err
	}
	w, err := k.worldOf(ctx, id, t)
	return w, err == nil, err
}

// Can answers as a World of the whole snapshot would, for one principal of the snapshot; see WorldOf. ok is false, too, where the answer hangs
// on resources of other accounts that let nobody in: that they deny it what it could do elsewhere.
func (f *Fleet) Can(ctx context.Context, q Question, who Selector) (_ *Answer, ok bool, err error) {
	w, ok, err := f.WorldOf(ctx, q, who)
	if !ok || err != nil {
		return nil, false, err
	}
	a, err := w.Can(ctx, q, who)
	if err != nil || len(q.Resources) > 0 || len(f.accounts) == 1 {
		return a, err == nil, err
	}
	for _, r := range a.Rows {
		if r.Covers || r.elsewhere {
			return nil, false, nil
		}
	}
	return a, true, nil
}

// worldOf makes a world of an account and of the resources of others that may let in somebody of outside theirs, which t has.
func (k *asking) worldOf(ctx context.Context, id string, t *targets) (*World, error) {
	w, err := k.compiled(ctx, []string{id}, nil)
	if err != nil {
		return nil, err
	}
	mine := w.order[0]
	w.part.owners = []*account{mine}
	for _, a := range t.world.order {
		if a.id != id {
			w.part.owners = append(w.part.owners, a)
		}
	}
	for _, r := range t.world.resources {
		if r.owner.id != id {
			w.resources = append(w.resources, r)
			w.byARN[r.arn] = r
		}
	}
	w.part.reads = append(w.part.reads, t.world.part.reads...)
	return w, nil
}

// FirstWhoCan gives the first rows that WhoCan of the whole snapshot would give, and looks at no account after those that they are of. There is no
// answer, nor an error, for a question about all of several actions on every one of some resources that many accounts have to do with.
func (f *Fleet) FirstWhoCan(ctx context.Context, q Question, filter func(*Subject) bool, most int) (*Answer, error) {
	if a, ok, err := f.WhoCan(ctx, q, filter); ok || err != nil {
		return a, err
	}
	if q.AllOf && len(q.Resources) > 0 {
		return nil, nil // what lets nobody in counts, too
	}
	k, err := f.ask(q)
	if err != nil {
		return nil, err
	}
	plan := newPlan(fromIndex)
	plan.add("accounts", int64(len(f.accounts)))
	t, _, err := k.open(ctx)
	if err != nil {
		return nil, err
	}
	plan.stage("resources that are open to other accounts")
	outside, err := t.world.judgeOutside(ctx, t, filter)
	if err != nil {
		return nil, err
	}
	sortRows(outside)
	plan.stage("callers of outside")
	var rows []*Row
	for _, s := range f.accounts {
		before := slices.IndexFunc(outside, func(r *Row) bool { return r.Account >= s.id() })
		if before < 0 {
			before = len(outside)
		}
		rows, outside = append(rows, outside[:before]...), outside[before:]
		if len(rows) >= most {
			break
		}
		if filter != nil && !filter(f.base.subject(&caller{account: s.account, principal: Principal{Account: s.id()}})) {
			continue
		}
		w, err := k.worldOf(ctx, s.id(), t)
		if err != nil {
			return nil, err
		}
		found, err := w.judgeAll(ctx, w.newTargets(k.question), w.callers, nil)
		if err != nil {
			return nil, err
		}
		plan.add("accounts looked at", 1)
		plan.add("principals", int64(len(w.callers)))
		for len(outside) > 0 && outside[0].Account == s.id() {
			found, outside = append(found, outside[0]), outside[1:]
		}
		sortRows(found)
		rows = append(rows, found...)
	}
	rows = append(rows, outside...)
	plan.stage("evaluate account by account")
	return &Answer{Rows: rows[:min(most, len(rows))], Assumptions: t.standing(), Warnings: k.question.warnings, Plan: plan}, nil
}

// everybody lists the principals of an account, by ARN.
func (v *sight) everybody() ([]*caller, error) {
	r, err := v.roster()
	if err != nil {
		return nil, err
	}
	models := make([]*caller, len(v.seg.Shapes))
	out := make([]*caller, 0, len(r.members)+1)
	for at := range r.members {
		m := &r.members[at]
		shape := &v.seg.Shapes[m.Shape]
		if models[m.Shape] == nil {
			models[m.Shape] = v.callerOf(shape, nil, "")
		}
		c := *models[m.Shape]
		c.called(v, m, r.ids[at])
		out = append(out, &c)
	}
	out = append(out, v.world.rootCaller(v.account))
	sort.Slice(out, func(i, j int) bool { return out[i].arn < out[j].arn })
	return out, nil
}

// called gives a caller of a shape the name of a member.
func (c *caller) called(v *sight, m *segment.Member, id string) {
	c.arn = v.arn(m)
	c.name = afterLast(c.arn, "/")
	c.principal.ARN, c.principal.UniqueID = c.arn, id
	if c.principal.Kind == RoleSession {
		c.principal.RoleARN, c.principal.ARN = c.arn, sessionARN(v.account, c.name, anySession)
	}
}

// sortRows orders rows by account, then ARN.
func sortRows(rows []*Row) {
	sort.SliceStable(rows, func(i, j int) bool {
		if rows[i].Account != rows[j].Account {
			return rows[i].Account < rows[j].Account
		}
		return rows[i].Principal < rows[j].Principal
	})
}

// Why explains as a World of the whole snapshot would; see WorldOf. What is shown is looked for among all that has to do with the question, and
// then explained with all that the policies of the two accounts say, of other actions too.
func (f *Fleet) Why(ctx context.Context, q Question, who Selector) (_ *Reason, _ *Answer, ok bool, err error) {
	w, ok, err := f.WorldOf(ctx, q, who)
	if !ok || err != nil {
		return nil, nil, false, err
	}
	found, a, err := w.Why(ctx, q, who)
	if err != nil || found.Action == "" {
		return found, a, err == nil, err
	}
	shown := q
	shown.Actions, shown.Resources, shown.AllOf = []string{found.Action}, []string{found.Resource}, false
	if found.Resource == "*" {
		shown.Resources = nil
	}
	wide, err := f.whole(ctx, shown, arnAccount(who.Name))
	if err != nil {
		return nil, nil, false, err
	}
	r, _, err := wide.Why(ctx, shown, who)
	if err != nil {
		return nil, nil, false, err
	}
	if r.Action != found.Action || r.Resource != found.Resource || r.Verdict != found.Verdict {
		return nil, nil, false, nil // it hangs on more than these accounts
	}
	r.Row, r.Whole = found.Row, found.Whole
	return r, a, true, nil
}

// whole makes a world of all that is in an account and in those of the question's resources, whatever the action.
func (f *Fleet) whole(ctx context.Context, q Question, id string) (*World, error) {
	q.Actions = []string{"*"}
	k, err := f.ask(q)
	if err != nil {
		return nil, err
	}
	ids := map[string]bool{id: true}
	for i, text := range k.question.Resources {
		if owner := k.ownerOf(text, k.question.patterns[i]); owner != "" {
			ids[owner] = true
		}
	}
	return k.compiled(ctx, sortedKeys(ids), nil)
}
