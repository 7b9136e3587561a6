package stage

import (
	"fmt"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// Functions and fields that somebody must work out are asked last, once for all rows that hang on them: those that the rest of their
// predicate has not settled.

// Asker works out what rows do not hold.
type Asker interface {
	// Functions names the functions that rows of the question have.
	Functions() []string
	// CheckCall tells what is wrong with the arguments of a function that Functions names, by the place of the argument; 0 for none
	// in particular.
	CheckCall(c *syntax.Call) (argument int, err error)
	// Call decides a function for rows; nil is not known.
	Call(c *syntax.Call, rows []answer.Row) ([]*bool, error)
	// Fill puts a field that is worked out on demand into rows.
	Fill(field string, rows []answer.Row) error
}

// asked is one thing to ask, and what it gave so far.
type asked struct {
	ask   func(rows []answer.Row) error
	known map[answer.Row]bool
}

// call compiles a function.
func (p *compiler) call(x *syntax.Call) (filter, error) {
	var names []string
	asker := p.asker // later stages may make rows of which nothing can be asked
	if asker != nil {
		names = asker.Functions()
	}
	known := false
	for _, n := range names {
		known = known || n == x.Function
	}
	if !known {
		err := p.errorf(x.Pos, x.Function, "these rows have no function %s%s", x.Function, thereAre(names))
		err.Suggestion = syntax.Nearest(x.Function, names)
		return nil, err
	}
	if i, err := asker.CheckCall(x); err != nil {
		if i >= len(x.Arguments) {
			return nil, p.errorf(x.Pos, x.Function, "%v", err)
		}
		return nil, p.errorf(x.Arguments[i].Pos, x.Arguments[i].Text, "%v", err)
	}
	results := map[answer.Row]*bool{}
	a := &asked{known: map[answer.Row]bool{}}
	a.ask = func(rows []answer.Row) error {
		found, err := asker.Call(x, rows)
		for i := range found {
			results[rows[i]] = found[i]
		}
		return err
	}
	p.dear = append(p.dear, a)
	return func(r answer.Row) truth {
		if v := results[r]; v != nil {
			return truthOf(*v)
		}
		return unknown
	}, nil
}

func thereAre(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("; they have %s", names[0])
}

// dearTest compiles the test of a field that is worked out on demand. What nobody can work out is unknown, unless the test asks for that.
func (p *compiler) dearTest(c answer.Column, x *syntax.FieldTest, holds test) filter {
	a, asker := &asked{known: map[answer.Row]bool{}}, p.asker
	a.ask = func(rows []answer.Row) error {
		if asker == nil {
			return nil
		}
		return asker.Fill(c.Name, rows)
	}
	p.dear = append(p.dear, a)
	return func(r answer.Row) truth {
		v, _ := r.Field(c.Name)
		switch {
		case !a.known[r], v == nil && x.Op != syntax.Null:
			return unknown
		}
		return truthOf(holds(v))
	}
}

// whereAsked keeps the rows that a predicate holds for which must ask. Rows for which it stays unknown are none, and are told apart.
func (p *pipeline) whereAsked(inner answer.Rows, predicate syntax.Predicate, holds filter, dear []*asked) {
	t := p.tally
	p.rows = func(yield func(answer.Row, error) bool) {
		rows, err := answer.Collect(inner)
		for _, d := range dear {
			if err != nil {
				break
			}
			var open []answer.Row
			for _, r := range rows {
				if holds(r) == unknown {
					open = append(open, r)
				}
			}
			if len(open) > 0 {
				err = d.ask(open)
			}
			for _, r := range open {
				d.known[r] = true
			}
		}
		if err != nil {
			yield(nil, err)
			return
		}
		for _, r := range rows {
			switch holds(r) {
			case yes:
				if !yield(r, nil) {
					return
				}
			case unknown:
				t.undecided = append(t.undecided, Undecided{Predicate: predicate, Row: r})
			case no:
			}
		}
	}
}

// Undecided is a row that was left out because nobody can tell whether a predicate holds for it.
type Undecided struct {
	Predicate syntax.Predicate
	Row       answer.Row
}

// Undecided lists the rows that were left out so. It is for after the last row.
func (r *Result) Undecided() []Undecided { return r.tally.undecided }

// filled works out fields of rows before they are read.
func (p *pipeline) filled(columns []answer.Column) {
	inner := p.rows
	for _, c := range columns {
		if !c.Dear || p.asker == nil {
			continue
		}
		from, asker, name := inner, p.asker, c.Name
		inner = func(yield func(answer.Row, error) bool) {
			rows, err := answer.Collect(from)
			if err == nil && len(rows) > 0 {
				err = asker.Fill(name, rows)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			answer.Of(rows...)(yield)
		}
	}
	p.rows = inner
}
