package query

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// Simulate decides one request on the engine's snapshot. The principal is written as in questions (an ARN, role/NAME, user/NAME,
// root, service NAME); context keys that are not given are absent, but for the defaults, which the result lists.
func (e *Engine) Simulate(ctx context.Context, principal, action, resource string, given []evaluator.KeyValue, now time.Time) (*evaluator.Simulation, error) {
	who, err := ParsePrincipal(principal)
	if err != nil {
		return nil, err
	}
	w, err := e.compiled(ctx)
	if err != nil {
		return nil, err
	}
	given = slices.Clone(given)
	for i := range given {
		if info, ok := e.catalog.ConditionKey(given[i].Key); ok && info.Multivalued {
			given[i].Multi = true // C10: a set, also when it has one value
		}
	}
	s, err := w.Simulate(who, action, resource, given, now)
	var nobody *evaluator.NoPrincipalError
	if near := ""; errors.As(err, &nobody) {
		if near = nearestPrincipal(w, nobody.Selector); near != "" {
			return nil, fmt.Errorf("%w; did you mean %s?", err, near)
		}
	}
	return s, err
}

// ParsePrincipal reads a principal as questions write it.
func ParsePrincipal(text string) (evaluator.Selector, error) {
	q, err := syntax.Parse("can " + text + " do sts:GetCallerIdentity")
	if err != nil {
		return evaluator.Selector{}, fmt.Errorf("principal %q: want an ARN, role/NAME, user/NAME, group/NAME, root, account ID or service NAME", text)
	}
	can, ok := q.Question.(*syntax.Can)
	if !ok || len(can.Clauses.Names()) > 0 || len(q.Stages) > 0 || len(can.Access.Actions) != 1 {
		return evaluator.Selector{}, fmt.Errorf("principal %q: want one principal and nothing else", strings.TrimSpace(text))
	}
	return selector(can.Principal), nil
}

// Classify is the three-valued engine for self-contained cases, with the residual in the words of the query language.
func Classify(cat *catalog.Catalog) func(r *evaluator.Request, l *evaluator.Layers, free []string) (class, residual string) {
	return func(r *evaluator.Request, l *evaluator.Layers, free []string) (class, residual string) {
		c := evaluator.Classify(r, l, free, cat)
		switch c.Class {
		case evaluator.Always:
			return c.Class.String(), "true"
		case evaluator.Never:
			return c.Class.String(), "false"
		}
		return c.Class.String(), Words(c.Residual, cat)
	}
}
