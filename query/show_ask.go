package query

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/inventory"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// asking asks the engine what the facts alone do not say of the rows of show: can(…), external and public.
type asking struct {
	plan        *plan
	ctx         context.Context // of the question: rows stream through stages that have none
	kind        syntax.Kind
	inventory   *inventory.Inventory
	assumptions []string
	warnings    []string
	open        map[bool]openings // by whether they are into roles
	graph       *onPaths          // nil: nobody asked yet
}

// openings tell what somebody outside may get into: by field, external and public, and ARN. What is not there is closed; nil is not known.
type openings map[string]map[string]*bool

const canFunction = "can"

// Functions names the functions that rows of the kind have: can, where a principal has to do with them.
func (a *asking) Functions() []string {
	switch a.kind {
	case syntax.Principals, syntax.Users, syntax.Groups, syntax.Roles, syntax.Compute, syntax.Keys:
		return []string{canFunction}
	case syntax.Policies, syntax.Statements, syntax.Resources, syntax.Accounts, syntax.Snapshots, syntax.Providers:
	}
	return nil
}

// CheckCall tells what is wrong with the arguments of can: an action, and perhaps a resource.
func (a *asking) CheckCall(c *syntax.Call) (int, error) {
	if len(c.Arguments) > 2 {
		return 2, errors.New("can takes an action, and after it a resource: can('s3:GetObject', 'arn:aws:s3:::payroll/*')")
	}
	for i := range c.Arguments {
		if _, err := callAccess(c.Arguments[:i+1]); err != nil {
			var bad *syntax.Error
			if errors.As(err, &bad) {
				return i, errors.New(bad.Message)
			}
			return i, err
		}
	}
	return 0, nil
}

// callAccess reads the arguments of can as a question would have them.
func callAccess(arguments []syntax.Value) (*syntax.Can, error) {
	text := "can root do " + (&syntax.ActionPattern{Text: arguments[0].Text}).String()
	if len(arguments) > 1 {
		text += " on " + (&syntax.Resource{Pattern: arguments[1].Text}).String()
	}
	q, err := syntax.Parse(text)
	if err != nil {
		return nil, err
	}
	can, ok := q.Question.(*syntax.Can)
	if !ok || len(can.Access.Actions) != 1 {
		return nil, fmt.Errorf("%q is not an action", arguments[0].Text)
	}
	return can, nil
}

// Call decides can(…) for rows: whether some request of it is allowed, under whatever conditions.
func (a *asking) Call(c *syntax.Call, rows []answer.Row) ([]*bool, error) {
	can, err := callAccess(c.Arguments)
	if err != nil {
		return nil, err
	}
	p := a.plan
	question, err := p.question(&can.Access, &can.Clauses)
	if err != nil {
		return nil, err
	}
	var callers []string
	for _, r := range rows {
		if who := caller(r); who != "" {
			callers = append(callers, who)
		}
	}
	slices.Sort(callers)
	found, err := a.decide(question, slices.Compact(callers))
	var bad *evaluator.QuestionError
	if errors.As(err, &bad) {
		at := c.Arguments[len(c.Arguments)-1]
		if bad.About == c.Arguments[0].Text {
			at = c.Arguments[0]
		}
		return nil, p.fail(at.Pos, at.Text, "", "%v", err)
	}
	if err != nil {
		return nil, err
	}
	out := make([]*bool, len(rows))
	for i, r := range rows {
		who := caller(r)
		if out[i] = found[who]; who == "" { // nobody can do nothing
			out[i] = new(bool)
		}
	}
	return out, nil
}

func caller(r answer.Row) string {
	if row, ok := r.(inventory.Row); ok {
		return row.Self().Caller
	}
	return ""
}

// few is how many principals are asked about one by one, from the index, rather than all at once from the whole snapshot.
const few = 4

// decide tells who of the principals can do something of what is asked. What is not known of somebody is nil.
func (a *asking) decide(question evaluator.Question, callers []string) (map[string]*bool, error) {
	out := map[string]*bool{}
	var many []string
	for _, who := range callers {
		if strings.Contains(who, ":group/") || a.plan.engine.fleet != nil && len(callers) <= few {
			verdict, err := a.decideOne(question, who)
			if err != nil {
				return nil, err
			}
			out[who] = verdict
			continue
		}
		many = append(many, who)
	}
	if len(many) == 0 {
		return out, nil
	}
	w, err := a.plan.engine.compiled(a.ctx)
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, who := range many {
		wanted[who] = true
	}
	answer, err := w.WhoCan(a.ctx, question, func(s *evaluator.Subject) bool {
		if s.Outside || !wanted[s.ARN] {
			return false
		}
		out[s.ARN] = new(bool)
		return true
	})
	if err != nil {
		return nil, err
	}
	for _, r := range answer.Rows {
		out[r.Principal] = decided(r.Verdict)
	}
	a.tell(answer)
	return out, nil
}

// decideOne asks about one principal.
func (a *asking) decideOne(question evaluator.Question, who string) (*bool, error) {
	answer, err := a.plan.canOf(a.ctx, question, &syntax.Principal{Kind: syntax.PrincipalARN, Name: who})
	var nobody *evaluator.NoPrincipalError
	if errors.As(err, &nobody) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	a.tell(answer)
	best := evaluator.Denied
	for _, r := range answer.Rows {
		best = max(best, r.Verdict)
	}
	return decided(best), nil
}

// decided is what a verdict says in a predicate.
func decided(v evaluator.Verdict) *bool {
	if v == evaluator.Unknown {
		return nil
	}
	can := v != evaluator.Denied
	return &can
}

// tell keeps what an answer of the engine rests on.
func (a *asking) tell(from *evaluator.Answer) {
	a.assumptions = append(a.assumptions, from.Assumptions...)
	a.warnings = distinct(append(a.warnings, from.Warnings...))
}
