package query

import (
	"context"
	"fmt"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/answer/stage"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// Who asks how many there are need not know who they are: such questions are answered from the index, class by class.

// countable tells whether the rows of a question are only counted, all of them or account by account, and nobody is left out but with whole
// accounts.
func countable(q *syntax.Query) bool {
	who, ok := q.Question.(*syntax.WhoCan)
	if !ok || len(q.Stages) == 0 {
		return false
	}
	if who.Access.Quantifier == syntax.AllOf && len(who.Clauses.On) > 0 {
		return false // on every one of the resources: one request settles nobody
	}
	switch s := q.Stages[0].(type) {
	case *syntax.Count:
		return true
	case *syntax.GroupBy:
		return len(s.Fields) == 1 && strings.EqualFold(s.Fields[0].Name, "account")
	}
	return false
}

// wholeAccounts tells whether nobody is left out of a question but with whole accounts, and those are accounts that the index knows.
func (e *Engine) wholeAccounts(c *syntax.Clauses) bool {
	if len(c.Except) > 0 {
		return false
	}
	for i := range c.In {
		switch s := &c.In[i]; s.Kind {
		case syntax.ScopeAccount:
			if !e.fleet.Base().Read(s.Name) {
				return false // it is known, if at all, from policies that only the facts have
			}
		case syntax.ScopeOU, syntax.ScopeOrg:
		default:
			return false
		}
	}
	return true
}

// maxCounted is how many counted questions an engine remembers.
const maxCounted = 64

// count answers a question that only counts; nil when it is none, or when there is no index to answer from.
func (e *Engine) count(ctx context.Context, q *syntax.Query, text string, o Options) (*answer.Answer, error) {
	if e.fleet == nil || !countable(q) || !e.wholeAccounts(syntax.ClausesOf(q.Question)) {
		return nil, nil
	}
	who, _ := q.Question.(*syntax.WhoCan)
	base := e.fleet.Base()
	p := &plan{engine: e, world: base, text: text, options: o}
	question, err := p.question(&who.Access, &who.Clauses)
	if err != nil {
		return nil, err
	}
	filter, err := p.filter(&who.Clauses)
	if err != nil {
		return nil, err
	}
	counted, err := e.remembered(fmt.Sprintf("%s %t %d", q.Question, o.Strict, o.Budget), func() (*evaluator.Counted, error) {
		return e.fleet.CountCan(ctx, question, filter)
	})
	if err != nil {
		return nil, p.place(err, &who.Access, nil, &who.Clauses)
	}
	rows := make([]answer.Row, 0, len(counted.Holdings))
	for _, h := range counted.Holdings {
		row := &answer.WhoCan{Kind: h.Kind, Account: h.Account, Verdict: answer.Conditional}
		if h.Verdict == evaluator.Unknown {
			row.Verdict = answer.Unknown
		}
		rows = append(rows, &answer.Many{Row: row, Times: h.Count})
	}
	staged, err := stage.Apply(answer.WhoCanSchema(), answer.Of(rows...), q, text, e.now())
	if err != nil {
		return nil, err
	}
	return &answer.Answer{
		Query: strings.TrimSpace(text), Snapshot: e.snapshot, Schema: staged.Schema, Rows: staged.Rows,
		Summary: func() answer.Summary {
			count, unknown := staged.Tally()
			_, incomplete := base.Complete()
			return answer.Summary{
				Count: count, Unknown: unknown, Assumptions: counted.Assumptions, Incomplete: incomplete,
				Warnings: append(p.warnings, counted.Warnings...), Plan: planOf(counted.Plan),
			}
		},
	}, nil
}

// remembered gives what was counted for a question before, or counts.
func (e *Engine) remembered(key string, count func() (*evaluator.Counted, error)) (*evaluator.Counted, error) {
	e.mu.Lock()
	have := e.counted[key]
	e.mu.Unlock()
	if have != nil {
		return have, nil
	}
	have, err := count()
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.counted == nil || len(e.counted) >= maxCounted {
		e.counted = map[string]*evaluator.Counted{}
	}
	e.counted[key] = have
	return have, nil
}
