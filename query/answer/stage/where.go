package stage

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// where keeps the rows that a predicate holds for.
func (p *pipeline) where(s *syntax.Where) error {
	holds, err := p.predicate(s.Predicate)
	if err != nil {
		return err
	}
	inner := p.rows
	p.rows = func(yield func(answer.Row, error) bool) {
		for r, err := range inner {
			if err == nil && !holds(r) {
				continue
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
	return nil
}

// filter decides a predicate for a row.
type filter func(r answer.Row) bool

// predicate compiles a predicate; its depth is bounded by the parser.
func (p *pipeline) predicate(predicate syntax.Predicate) (filter, error) {
	switch x := predicate.(type) {
	case *syntax.PredicateAnd:
		terms, err := p.predicates(x.Terms)
		return func(r answer.Row) bool {
			for _, t := range terms {
				if !t(r) {
					return false
				}
			}
			return true
		}, err
	case *syntax.PredicateOr:
		terms, err := p.predicates(x.Terms)
		return func(r answer.Row) bool {
			for _, t := range terms {
				if t(r) {
					return true
				}
			}
			return false
		}, err
	case *syntax.PredicateNot:
		term, err := p.predicate(x.Term)
		return func(r answer.Row) bool { return !term(r) }, err
	case *syntax.FieldTest:
		return p.fieldTest(x)
	case *syntax.Call:
		return nil, p.errorf(x.Pos, x.Function, "these rows have no function %s", x.Function)
	}
	return nil, p.errorf(predicate.Position(), "", "%s cannot be decided for a row", predicate)
}

func (p *pipeline) predicates(predicates []syntax.Predicate) ([]filter, error) {
	all := make([]filter, len(predicates))
	for i, x := range predicates {
		var err error
		if all[i], err = p.predicate(x); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// fieldTest compiles the test of one field.
func (p *pipeline) fieldTest(x *syntax.FieldTest) (filter, error) {
	c, err := p.column(x.Field, x.Pos)
	if err != nil {
		return nil, err
	}
	holds, err := p.fieldHolds(c, x)
	if err != nil {
		return nil, err
	}
	return func(r answer.Row) bool {
		v, _ := r.Field(c.Name)
		return holds(v)
	}, nil
}

func (p *pipeline) fieldHolds(c answer.Column, x *syntax.FieldTest) (test, error) {
	switch {
	case c.Type == answer.Object:
		return nil, p.errorf(x.Pos, x.Field, "%s is a structure; test one of its own fields", c.Name)
	case x.Bare:
		return truthy, nil
	case x.Op == syntax.Null:
		return isNull, nil
	}
	tests := make([]test, len(x.Values))
	for i, v := range x.Values {
		exact := x.Op == syntax.Equal || x.Op == syntax.NotEqual || x.Op == syntax.In
		if exact && len(c.Words) > 0 && !slices.Contains(c.Words, v.Text) {
			err := p.errorf(v.Pos, v.Text, "%s is one of %s, and %q is none of them", c.Name, strings.Join(c.Words, ", "), v.Text)
			err.Suggestion = syntax.Nearest(v.Text, c.Words)
			return nil, err
		}
		var err error
		if tests[i], err = compile(c, x.Op, v.Text, p.now); err != nil {
			return nil, p.errorf(v.Pos, v.Text, "%v", err)
		}
	}
	return func(v any) bool {
		for _, t := range tests {
			if t(v) {
				return true
			}
		}
		return false
	}, nil
}
