package stage

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// where keeps the rows that a predicate holds for.
func (p *pipeline) where(s *syntax.Where) error {
	c := &compiler{pipeline: p}
	holds, err := c.predicate(s.Predicate)
	if err != nil {
		return err
	}
	inner := p.rows
	if len(c.dear) > 0 {
		p.whereAsked(inner, s.Predicate, holds, c.dear)
		return nil
	}
	p.rows = func(yield func(answer.Row, error) bool) {
		for r, err := range inner {
			if err == nil && holds(r) != yes {
				continue
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
	return nil
}

// truth is what a test says of a row. Whatever asks nobody is yes or no.
type truth uint8

const (
	no truth = iota
	unknown
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// filter decides a predicate for a row.
type filter func(r answer.Row) truth

// compiler makes a filter, and collects what it must ask before it is certain.
type compiler struct {
	*pipeline
	dear []*asked
}

// predicate compiles a predicate; its depth is bounded by the parser.
func (p *compiler) predicate(predicate syntax.Predicate) (filter, error) {
	switch x := predicate.(type) {
	case *syntax.PredicateAnd:
		terms, err := p.predicates(x.Terms)
		return func(r answer.Row) truth {
			all := yes
			for _, t := range terms {
				if all = min(all, t(r)); all == no {
					break
				}
			}
			return all
		}, err
	case *syntax.PredicateOr:
		terms, err := p.predicates(x.Terms)
		return func(r answer.Row) truth {
			some := no
			for _, t := range terms {
				if some = max(some, t(r)); some == yes {
					break
				}
			}
			return some
		}, err
	case *syntax.PredicateNot:
		term, err := p.predicate(x.Term)
		return func(r answer.Row) truth { return yes - term(r) }, err
	case *syntax.FieldTest:
		return p.fieldTest(x)
	case *syntax.Call:
		return p.call(x)
	}
	return nil, p.errorf(predicate.Position(), "", "%s cannot be decided for a row", predicate)
}

func (p *compiler) predicates(predicates []syntax.Predicate) ([]filter, error) {
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
func (p *compiler) fieldTest(x *syntax.FieldTest) (filter, error) {
	c, err := p.column(x.Field, x.Pos)
	if err != nil {
		return nil, err
	}
	holds, err := p.fieldHolds(c, x)
	if err != nil {
		return nil, err
	}
	if c.Dear {
		return p.dearTest(c, x, holds), nil
	}
	return func(r answer.Row) truth {
		v, _ := r.Field(c.Name)
		return truthOf(holds(v))
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
