package gates

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/answer/stage"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// Expectation is what the rows of an answer must be.
type Expectation interface {
	// String says it in words, as "no rows".
	String() string
	// check tells what cannot be expected of the question, whose rows have the schema, before it is asked.
	check(q *syntax.Query, schema *answer.Schema) error
	// problems tells what the rows that were seen lack or have too much. With lenient, rows of verdict unknown may be there or not as it suits.
	problems(t *tally, lenient bool) []Problem
}

// Empty expects no rows.
type Empty struct{}

// RowCount expects so many rows.
type RowCount int

// VerdictIs expects one verdict of every row of "can".
type VerdictIs answer.Verdict

// Only expects rows that each are one of those that are listed. With All, each of those must also be there.
type Only struct {
	All    bool
	Listed []Listed
}

// Listed is a row that is expected: fields with patterns, which take * and ? and on ARNs are tried on the part after the account too.
type Listed struct {
	Fields []Field
	tests  []fieldTest
}

// Field is the name of a field and what its value must be.
type Field struct{ Name, Pattern string }

type fieldTest struct {
	name  string
	holds func(value any) bool
}

func (Empty) String() string { return "no rows" }

func (n RowCount) String() string { return counted(int(n), "row", "rows") }

func (v VerdictIs) String() string { return "the verdict " + string(v) }

func (o *Only) String() string {
	texts := make([]string, len(o.Listed))
	for i := range o.Listed {
		texts[i] = o.Listed[i].String()
	}
	if o.All {
		return "exactly " + strings.Join(texts, "; ")
	}
	return "nothing but " + strings.Join(texts, "; ")
}

// String gives the pattern of a principal alone, and other fields by name.
func (l *Listed) String() string {
	if len(l.Fields) == 1 && l.Fields[0].Name == "principal" {
		return l.Fields[0].Pattern
	}
	texts := make([]string, len(l.Fields))
	for i, f := range l.Fields {
		texts[i] = f.Name + " " + f.Pattern
	}
	return strings.Join(texts, " and ")
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// alwaysRows tells why a question has rows whatever the snapshot says; an expectation of none could never hold.
func alwaysRows(q *syntax.Query) error {
	if n := len(q.Stages); n > 0 {
		if _, ok := q.Stages[n-1].(*syntax.Count); ok {
			return fmt.Errorf("a question that ends in count always has one row; leave count out, and expect rows: 0 or empty")
		}
		return nil
	}
	switch q.Question.(type) {
	case *syntax.Can:
		return fmt.Errorf("a can question always has rows; expect a verdict: denied, unknown, conditional or allowed")
	case *syntax.Why:
		return fmt.Errorf("a why question always has a row; ask can, and expect a verdict")
	}
	return nil
}

func (Empty) check(q *syntax.Query, _ *answer.Schema) error { return alwaysRows(q) }

func (n RowCount) check(q *syntax.Query, _ *answer.Schema) error {
	if n == 0 {
		return alwaysRows(q)
	}
	return nil
}

func (v VerdictIs) check(q *syntax.Query, _ *answer.Schema) error {
	if _, ok := q.Question.(*syntax.Can); ok && len(q.Stages) == 0 {
		return nil
	}
	return fmt.Errorf("a verdict is expected of can questions without stages, and this is %q; say matching: [{verdict: %s}] of rows", q.Form(), string(v))
}

func (o *Only) check(_ *syntax.Query, schema *answer.Schema) error {
	for i := range o.Listed {
		l := &o.Listed[i]
		l.tests = nil
		for _, f := range l.Fields {
			c, ok := schema.Column(f.Name)
			if !ok {
				return fmt.Errorf("the rows have no field %q; they have %s", f.Name, strings.Join(schema.Names(), ", "))
			}
			holds, err := stage.Matches(c, f.Pattern, time.Time{})
			if err != nil {
				return err
			}
			l.tests = append(l.tests, fieldTest{c.Name, holds})
		}
	}
	return nil
}

// fits tells whether a row is as listed.
func (l *Listed) fits(r answer.Row) bool {
	for _, t := range l.tests {
		v, _ := r.Field(t.name)
		if !t.holds(v) {
			return false
		}
	}
	return true
}

// ofVerdict tells whether the verdict is part of what is listed: then it is what was asked for, also where it is unknown.
func (l *Listed) ofVerdict() bool {
	for _, t := range l.tests {
		if t.name == "verdict" {
			return true
		}
	}
	return false
}
