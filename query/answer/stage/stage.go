// Package stage runs rows through the stages of a query: where, select, group by, sort by, limit and count.
//
// Stages are checked against the schema of the rows before the first row is asked for: an unknown field or a comparison
// that has no meaning is an error with its position. Rows stream: where, select and limit hold none, and nothing after the
// last row that limit lets through is asked for; group by holds one entry a group, and sort by holds all rows.
//
// A list field is compared by its elements (one that fits is enough; != is the exact complement of =) and grouped by them:
// a row counts once in the group of each.
package stage

import (
	"time"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// Result is what the stages make: rows of a schema. Tally is for after the last row.
type Result struct {
	Schema *answer.Schema
	Rows   answer.Rows
	tally  *tally
}

// Tally tells how many rows came out and how many verdicts among them are unknown. Rows that were grouped or counted are
// counted with their groups.
func (r *Result) Tally() (count, unknown int) { return r.tally.count, r.tally.unknown }

type tally struct {
	count, unknown int
	undecided      []Undecided
}

// pipeline is a Result in the making.
type pipeline struct {
	schema *answer.Schema
	rows   answer.Rows
	text   string
	now    time.Time
	tally  *tally
	asker  Asker // nil: the rows hold all that can be asked of them
}

// Apply puts the stages of q behind the rows of its question. text is what q was parsed from, for errors, which are
// *syntax.Error. now is what ages are counted from: the time of the snapshot, so that the answer depends on nothing else.
func Apply(schema *answer.Schema, rows answer.Rows, q *syntax.Query, text string, now time.Time) (*Result, error) {
	return ApplyAsking(schema, rows, q.Stages, text, now, nil)
}

// ApplyAsking does so for rows of which an asker can work out more than they hold.
func ApplyAsking(schema *answer.Schema, rows answer.Rows, stages []syntax.Stage, text string, now time.Time, asker Asker) (*Result, error) {
	p := &pipeline{schema: schema, rows: rows, text: text, now: now, tally: &tally{}, asker: asker}
	for _, s := range stages {
		if err := p.add(s); err != nil {
			return nil, err
		}
	}
	p.filled(p.schema.Columns)
	inner, t := p.rows, p.tally
	counted := func(yield func(answer.Row, error) bool) {
		for r, err := range inner {
			if err == nil {
				t.add(r)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
	return &Result{Schema: p.schema, Rows: counted, tally: t}, nil
}

func (t *tally) add(r answer.Row) {
	t.count += answer.Times(r)
	t.verdict(r)
}

func (t *tally) verdict(r answer.Row) {
	if r.RowVerdict() == answer.Unknown {
		t.unknown += answer.Times(r)
	}
}

func (p *pipeline) add(s syntax.Stage) error {
	switch s := s.(type) {
	case *syntax.Where:
		return p.where(s)
	case *syntax.Select:
		return p.selectFields(s)
	case *syntax.GroupBy:
		return p.groupBy(s)
	case *syntax.SortBy:
		return p.sortBy(s)
	case *syntax.Limit:
		p.limit(s.Rows)
	case *syntax.Count:
		p.count()
	}
	return nil
}

// limit lets n rows through and asks for no more.
func (p *pipeline) limit(n int) {
	inner := p.rows
	p.rows = func(yield func(answer.Row, error) bool) {
		if n <= 0 {
			return
		}
		left := n
		for r, err := range inner {
			if !yield(r, err) || err != nil {
				return
			}
			if left--; left == 0 {
				return
			}
		}
	}
}

// count makes one row of the number of rows.
func (p *pipeline) count() {
	inner, t := p.rows, p.tally
	schema := &answer.Schema{Kind: answer.KindRecord, Columns: []answer.Column{countColumn()}}
	p.becomes(schema)
	p.rows = func(yield func(answer.Row, error) bool) {
		n := 0
		for r, err := range inner {
			if err != nil {
				yield(nil, err)
				return
			}
			n += answer.Times(r)
			t.verdict(r)
		}
		yield(&answer.Record{Schema: schema, Values: []any{float64(n)}}, nil)
	}
}

// becomes makes the rows records, which hold all that can be asked of them.
func (p *pipeline) becomes(schema *answer.Schema) {
	for i := range schema.Columns {
		schema.Columns[i].Dear = false
	}
	p.schema, p.asker = schema, nil
}

func countColumn() answer.Column { return answer.Column{Name: "count", Type: answer.Number} }
