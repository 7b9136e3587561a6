package evaluator

import (
	"encoding/binary"
	"sync"

	"github.com/accessgraph/accessgraph/evaluator/region"
)

// judgement is what callers that cannot be told apart by a group of targets can do on it.
type judgement struct {
	decided bool // false: nothing can be allowed, whatever the question
	grants  []*Access
	cover   *coverage
	spent   int64 // steps of the budget
}

// judgements are those of one group: callers that see the same of it, and whose own policies say the same of it, share them. Most
// policies speak of few resources, so that what is left of them for one group is often nothing, or the same for many.
type judgements struct {
	mu   sync.Mutex
	done map[string]*judgement
}

// judge decides what a caller can do on a group of targets. Whoever takes over a judgement is charged the steps that it took, so that a
// verdict does not hang on who came first.
func (t *targets) judge(side *callerSide, g *targetGroup, budget *region.Budget) (*judgement, error) {
	t.asks.Add(1)
	if len(g.parts) == 0 || g.memo == nil { // it may name this very caller
		return t.decide(side, g, budget)
	}
	key := binary.AppendUvarint(nil, uint64(side.view.number))
	for i := range side.statements {
		st := &side.statements[i]
		if st.instance.members.Intersects(g.actions) && t.touches(st, g) {
			key = binary.AppendUvarint(key, uint64(st.number))
		}
	}
	memo := &g.memo.judgements
	memo.mu.Lock()
	j := memo.done[string(key)]
	memo.mu.Unlock()
	if j != nil {
		budget.Spend(j.spent)
		return j, budget.Err()
	}
	j, err := t.decide(side, g, budget)
	if err != nil {
		return nil, err
	}
	memo.mu.Lock()
	defer memo.mu.Unlock()
	if have := memo.done[string(key)]; have != nil {
		return have, nil
	}
	if memo.done == nil {
		memo.done = map[string]*judgement{}
	}
	memo.done[string(key)] = j
	return j, nil
}

// decide judges a caller by itself. The point engine confirms each grant on a concrete request.
func (t *targets) decide(side *callerSide, g *targetGroup, budget *region.Budget) (*judgement, error) {
	t.decided.Add(1)
	before := budget.Used()
	j := &judgement{cover: &coverage{gaps: t.question.none(), denied: t.question.none()}}
	e, ok := newEvaluation(t, side, g, budget)
	if !ok {
		return j, budget.Err()
	}
	j.decided = true
	grants, err := e.judge(j.cover)
	if err != nil {
		return nil, err
	}
	for _, a := range grants {
		if a.sketch == nil {
			continue
		}
		if _, agrees := e.confirm(a.sketch, side.caller, a.Assumptions, a.Verdict == Unknown, &side.room); !agrees {
			a.doubt()
		}
	}
	if keeps := t.question.keeps; keeps != nil {
		for _, a := range grants {
			if !keeps(a) {
				a.Settle()
			}
		}
	}
	j.grants, j.spent = grants, budget.Used()-before
	return j, nil
}
