package evaluator

import (
	"context"
	"slices"

	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// CompareFleets is CompareSnapshots from indexes: only accounts that are not as they were are compiled, and of others those whom what changed in
// these can concern, a few at a time. ok is false where the snapshots are to be compared as a whole: one of them has no organization data.
func CompareFleets(ctx context.Context, older, newer *Fleet, q Question) (_ *AccessChanges, ok bool, err error) {
	f := &fleets{of: [2]*Fleet{older, newer}}
	if older.base.treeRead() != newer.base.treeRead() {
		return nil, false, nil
	}
	if err := f.ask(q); err != nil {
		return nil, false, err
	}
	out := &AccessChanges{}
	changed := f.changed()
	if len(changed) == 0 {
		return out, true, nil
	}
	m, err := f.moments(ctx, changed)
	if err != nil {
		return nil, false, err
	}
	if err := m.principals(ctx, out); err != nil {
		return nil, false, err
	}
	for _, ids := range f.concerned(m, changed) {
		if err := f.swap(ctx, m, ids); err != nil {
			return nil, false, err
		}
		if err := m.principals(ctx, out); err != nil {
			return nil, false, err
		}
	}
	return out, true, m.finish(ctx, out)
}

// fleets are two snapshots that are opened account by account.
type fleets struct {
	of     [2]*Fleet
	asks   [2]*asking
	lately []*sight // of the accounts that were compared last
}

// ask puts one question to both.
func (f *fleets) ask(q Question) (err error) {
	for x, fleet := range f.of {
		if f.asks[x], err = fleet.ask(q); err != nil {
			return err
		}
	}
	first := f.asks[0]
	if f.of[1].base.readsTime { // the time is in the question where somebody reads it
		first = f.asks[1]
	}
	f.asks[0].question, f.asks[1].question = first.question, first.question
	return nil
}

// changed lists the accounts that are not as they were: that hold something else, or stand or are limited otherwise.
func (f *fleets) changed() []string {
	ids := map[string]bool{}
	for x, fleet := range f.of {
		for id, s := range fleet.byID {
			other := f.of[1-x].byID[id]
			if other == nil || !s.packed.Equal(other.packed) || f.placed(0, id) != f.placed(1, id) {
				ids[id] = true
			}
		}
	}
	return sortedKeys(ids)
}

// placed spells where an account stands in the organization, and what limits it.
func (f *fleets) placed(x int, id string) string {
	k := &keyWriter{}
	w := f.of[x].base
	a := w.account(id)
	if a == nil {
		return ""
	}
	k.flags(a.inOrg, a.management, a.scps != nil, a.rcps != nil)
	if w.org != nil {
		k.text(w.org.id)
	}
	k.text(a.path)
	numbers := &targets{question: f.asks[x].question}
	for _, levels := range [][][]Policy{a.scps, a.rcps} {
		k.int(len(levels))
		for _, level := range levels {
			var said []int
			for i := range level {
				said = append(said, numbers.documentNumber(level[i].Doc))
			}
			slices.Sort(said)
			k.int(len(said))
			for _, n := range said {
				k.int(n)
			}
		}
	}
	return k.String()
}

// moments compares the accounts that changed, with the resources of others that may let their principals in.
func (f *fleets) moments(ctx context.Context, changed []string) (*moments, error) {
	var worlds [2]*World
	for x, k := range f.asks {
		var ids []string
		for _, id := range changed {
			if f.of[x].byID[id] != nil {
				ids = append(ids, id)
			}
		}
		w, err := k.worldOfSome(ctx, ids)
		if err != nil {
			return nil, err
		}
		worlds[x] = w
	}
	return newMoments(worlds[0], worlds[1], f.asks[0].question), nil
}

// worldOfSome makes a world of some accounts, and of the resources of others that may let in somebody of outside theirs.
func (k *asking) worldOfSome(ctx context.Context, ids []string) (*World, error) {
	w, err := k.compiled(ctx, ids, nil)
	if err != nil {
		return nil, err
	}
	w.part.owners = slices.Clone(w.order)
	sights := make([]*sight, len(k.fleet.accounts))
	err = onAllCores(ctx, len(sights), func(i int) (err error) {
		if s := k.fleet.accounts[i]; !slices.Contains(ids, s.id()) {
			sights[i], err = k.seeOpen(s)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, v := range sights {
		if v == nil {
			continue
		}
		w.part.owners = append(w.part.owners, v.account)
		w.part.reads = append(w.part.reads, v.world.part.reads...)
		for _, r := range v.world.resources {
			w.resources = append(w.resources, r)
			w.byARN[r.arn] = r
		}
	}
	return w, nil
}

// atOnce is how many accounts that are as they were are looked at together.
const atOnce = 32

// concerned lists the accounts that are as they were and that what changed elsewhere can concern, so many at a time.
func (f *fleets) concerned(m *moments, changed []string) [][]string {
	u := m.unsettled()
	var out [][]string
	for _, s := range f.of[1].accounts {
		if id := s.id(); !slices.Contains(changed, id) && (u.everyone || u.admits[id]) {
			if n := len(out); n > 0 && len(out[n-1]) < atOnce {
				out[n-1] = append(out[n-1], id)
			} else {
				out = append(out, []string{id})
			}
		}
	}
	return out
}

// swap puts the principals of some accounts in the place of those that were compared.
func (f *fleets) swap(ctx context.Context, m *moments, ids []string) error {
	for _, v := range f.lately {
		v.leave()
	}
	f.lately = nil
	for x, k := range f.asks {
		t := m.targets[x]
		t.views, t.speaks, t.spoken = views{}, map[*policy.Document]bool{}, map[*policy.Document]string{} // the next are others
		m.worlds[x].callers = nil
		for _, id := range ids {
			if err := ctx.Err(); err != nil {
				return err
			}
			v, err := k.seeCallers(k.fleet.byID[id])
			if err != nil {
				return err
			}
			callers, err := v.everybody()
			if err != nil {
				return err
			}
			f.lately = append(f.lately, v)
			m.worlds[x].callers = append(m.worlds[x].callers, callers...)
		}
	}
	return nil
}
