package stage

import (
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// column looks up a field, letter case ignored.
func (p *pipeline) column(name string, at syntax.Pos) (answer.Column, error) {
	c, ok := p.schema.Column(name)
	if ok {
		return c, nil
	}
	names := p.schema.Names()
	err := p.errorf(at, name, "these rows have no field %q; they have %s", name, strings.Join(names, ", "))
	err.Suggestion = syntax.Nearest(name, names)
	return answer.Column{}, err
}

// errorf makes the error about the word at a place of the query.
func (p *pipeline) errorf(at syntax.Pos, word string, format string, args ...any) *syntax.Error {
	return &syntax.Error{Offset: at.Offset, Line: at.Line, Column: at.Column, Length: len(word), Message: fmt.Sprintf(format, args...), Query: p.text}
}

// columns looks up the fields that a stage names, each once.
func (p *pipeline) columns(fields []syntax.Field, more ...string) ([]answer.Column, error) {
	taken := make(map[string]bool)
	for _, name := range more {
		taken[name] = true
	}
	columns := make([]answer.Column, 0, len(fields)+len(more))
	for _, f := range fields {
		c, err := p.column(f.Name, f.Pos)
		if err != nil {
			return nil, err
		}
		if taken[c.Name] {
			return nil, p.errorf(f.Pos, f.Name, "the rows would have two fields called %s", c.Name)
		}
		taken[c.Name] = true
		columns = append(columns, c)
	}
	return columns, nil
}

// selectFields keeps some fields of each row.
func (p *pipeline) selectFields(s *syntax.Select) error {
	columns, err := p.columns(s.Fields)
	if err != nil {
		return err
	}
	p.filled(columns)
	inner := p.rows
	schema := &answer.Schema{Kind: answer.KindRecord, Columns: columns}
	p.becomes(schema)
	p.rows = func(yield func(answer.Row, error) bool) {
		for r, err := range inner {
			if err != nil {
				yield(nil, err)
				return
			}
			record := &answer.Record{Schema: schema, Values: make([]any, len(columns)), Verdict: r.RowVerdict()}
			for i, c := range columns {
				record.Values[i], _ = r.Field(c.Name)
			}
			if !yield(record, nil) {
				return
			}
		}
	}
	return nil
}

// sortBy orders the rows by a field, null first; equal ones keep their order.
func (p *pipeline) sortBy(s *syntax.SortBy) error {
	c, err := p.column(s.Field.Name, s.Field.Pos)
	if err != nil {
		return err
	}
	if c.Type == answer.Object {
		return p.errorf(s.Field.Pos, s.Field.Name, "%s is a structure and has no order", c.Name)
	}
	p.filled([]answer.Column{c})
	inner := p.rows
	p.rows = func(yield func(answer.Row, error) bool) {
		rows, err := answer.Collect(inner)
		if err != nil {
			yield(nil, err)
			return
		}
		slices.SortStableFunc(rows, func(a, b answer.Row) int {
			x, _ := a.Field(c.Name)
			y, _ := b.Field(c.Name)
			if s.Descending {
				x, y = y, x
			}
			return compareValues(x, y)
		})
		answer.Of(rows...)(yield)
	}
	return nil
}

// group is the rows that agree in the fields of group by.
type group struct {
	values []any
	count  int
}

// groupBy makes one row a group, in the order in which the groups first appear.
func (p *pipeline) groupBy(s *syntax.GroupBy) error {
	columns, err := p.columns(s.Fields, "count")
	if err != nil {
		return err
	}
	out := slices.Clone(columns)
	for i, c := range columns {
		switch c.Type {
		case answer.Object:
			return p.errorf(s.Fields[i].Pos, s.Fields[i].Name, "%s is a structure; group by one of its own fields", c.Name)
		case answer.List:
			out[i].Type = answer.Text // a group holds one element
		}
	}
	p.filled(columns)
	inner, t := p.rows, p.tally
	schema := &answer.Schema{Kind: answer.KindRecord, Columns: append(out, countColumn())}
	p.becomes(schema)
	p.rows = func(yield func(answer.Row, error) bool) {
		var order []*group
		groups := make(map[string]*group)
		for r, err := range inner {
			if err != nil {
				yield(nil, err)
				return
			}
			t.verdict(r)
			for _, values := range combinations(r, columns) {
				key := groupKey(values)
				g := groups[key]
				if g == nil {
					g = &group{values: values}
					groups[key] = g
					order = append(order, g)
				}
				g.count += answer.Times(r)
			}
		}
		for _, g := range order {
			if !yield(&answer.Record{Schema: schema, Values: append(g.values, float64(g.count))}, nil) {
				return
			}
		}
	}
	return nil
}

// combinations gives the values of the columns, with one element of each list: all combinations of them.
func combinations(r answer.Row, columns []answer.Column) [][]any {
	all := [][]any{make([]any, 0, len(columns)+1)}
	for _, c := range columns {
		v, _ := r.Field(c.Name)
		elements := []any{v}
		if list, ok := v.([]string); ok {
			elements = elements[:0]
			for _, e := range list {
				elements = append(elements, e)
			}
			if len(list) == 0 {
				elements = append(elements, nil)
			}
		}
		var longer [][]any
		for _, head := range all {
			for _, e := range elements {
				longer = append(longer, append(slices.Clone(head), e))
			}
		}
		all = longer
	}
	return all
}

// groupKey is equal for equal values only: each part carries its type and length.
func groupKey(values []any) string {
	var b strings.Builder
	for _, v := range values {
		part := fmt.Sprintf("%T:%v", v, v)
		fmt.Fprintf(&b, "%d:%s", len(part), part)
	}
	return b.String()
}
