package gates

import (
	"fmt"

	"github.com/accessgraph/accessgraph/query/answer"
)

// maxRows is how many rows a report shows of one kind of problem; the rest are counted.
const maxRows = 25

// The kinds of problems.
const (
	Unexpected = "unexpected" // a row that must not be there
	Missing    = "missing"    // a row that must be there and is not
	Uncertain  = "unknown"    // a row of verdict unknown, on which it hangs whether the assertion holds
	WrongCount = "count"      // too many rows or too few
	Gap        = "incomplete" // data that was given or asked for and could not be used
	Warned     = "warning"    // a warning of the answer
	Unasked    = "error"      // the question could not be answered
)

// Problem is one thing for which an assertion does not hold.
type Problem struct {
	Kind   string
	Text   string
	Detail []string   // of a row: what it says, a line each
	Row    answer.Row // nil: it is about no row
}

// tally is the rows of an answer as an expectation sees them, while they pass.
type tally struct {
	schema  *answer.Schema
	only    *Only          // nil: rows are not held against a list
	verdict answer.Verdict // empty: rows are not held against a verdict

	known, unknown    int    // rows
	doubtful          int    // rows of verdict unknown, also those of which that is expected
	listed, perhaps   []bool // for each of the list: a row that is known to be there fits; one that may be there does
	strangers, maybes sample // rows that fit nothing, or have another verdict, or are not wanted at all
	unknowns          sample // all rows of verdict unknown
}

// sample is the first of some rows.
type sample struct {
	rows  []answer.Row
	count int
}

func (s *sample) add(r answer.Row) {
	s.count += answer.Times(r)
	if len(s.rows) < maxRows {
		s.rows = append(s.rows, r)
	}
}

func tallyFor(e Expectation, schema *answer.Schema) *tally {
	t := &tally{schema: schema}
	switch e := e.(type) {
	case *Only:
		t.only, t.listed, t.perhaps = e, make([]bool, len(e.Listed)), make([]bool, len(e.Listed))
	case VerdictIs:
		t.verdict = answer.Verdict(e)
	}
	return t
}

// see takes a row in.
func (t *tally) see(r answer.Row) {
	if r.RowVerdict() == answer.Unknown {
		t.doubtful += answer.Times(r)
	}
	unknown := r.RowVerdict() == answer.Unknown && t.verdict == ""
	fits := false
	switch {
	case t.verdict != "":
		fits = r.RowVerdict() == t.verdict
	case t.only != nil:
		for i := range t.only.Listed {
			l := &t.only.Listed[i]
			if !l.fits(r) {
				continue
			}
			fits, unknown = true, unknown && !l.ofVerdict()
		}
		for i := range t.only.Listed {
			if t.only.Listed[i].fits(r) {
				t.listed[i] = t.listed[i] || !unknown
				t.perhaps[i] = true
			}
		}
	}
	if t.verdict != "" && !fits && r.RowVerdict() == answer.Unknown {
		t.known += answer.Times(r)
		t.maybes.add(r)
		return
	}
	if unknown {
		t.unknown += answer.Times(r)
		t.unknowns.add(r)
		if !fits {
			t.maybes.add(r)
		}
		return
	}
	t.known += answer.Times(r)
	if !fits {
		t.strangers.add(r)
	}
}

func (Empty) problems(t *tally, lenient bool) []Problem {
	return t.strange("no rows were expected", lenient)
}

func (n RowCount) problems(t *tally, lenient bool) []Problem {
	if n == 0 {
		return Empty{}.problems(t, lenient)
	}
	least, most := t.known, t.known+t.unknown
	if least == int(n) && most == int(n) || lenient && least <= int(n) && int(n) <= most {
		return nil
	}
	text := fmt.Sprintf("%s were expected, and there are %d", n, least)
	if int(n) == 1 {
		text = fmt.Sprintf("1 row was expected, and there are %d", least)
	}
	if most > least {
		text += fmt.Sprintf(" and %d of verdict unknown", most-least)
	}
	return append([]Problem{{Kind: WrongCount, Text: text}}, append(t.rows(Unexpected, &t.strangers), t.rows(Uncertain, &t.unknowns)...)...)
}

func (v VerdictIs) problems(t *tally, lenient bool) []Problem {
	if t.known == 0 {
		return []Problem{{Kind: Missing, Text: "no row"}}
	}
	return t.strange("", lenient)
}

func (o *Only) problems(t *tally, lenient bool) []Problem {
	out := t.strange("", lenient)
	if !o.All {
		return out
	}
	for i := range o.Listed {
		switch {
		case t.listed[i], lenient && t.perhaps[i]:
		case t.perhaps[i]:
			out = append(out, Problem{Kind: Uncertain, Text: o.Listed[i].String() + " is expected, and there are only rows of verdict unknown for it"})
			for _, r := range t.unknowns.rows {
				if o.Listed[i].fits(r) {
					out = append(out, t.row(Uncertain, r))
				}
			}
		default:
			out = append(out, Problem{Kind: Missing, Text: o.Listed[i].String()})
		}
	}
	return out
}

// strange tells of the rows that must not be there, and of those that may be.
func (t *tally) strange(text string, lenient bool) []Problem {
	var out []Problem
	if !lenient {
		out = t.rows(Uncertain, &t.maybes)
	}
	out = append(t.rows(Unexpected, &t.strangers), out...)
	if text != "" && len(out) > 0 {
		n := t.strangers.count
		if !lenient {
			n += t.maybes.count
		}
		out = append([]Problem{{Kind: WrongCount, Text: fmt.Sprintf("%s, and there %s", text, isAre(n))}}, out...)
	}
	return out
}

func isAre(n int) string {
	if n == 1 {
		return "is 1"
	}
	return fmt.Sprintf("are %d", n)
}

// rows tells of the rows of a sample.
func (t *tally) rows(kind string, s *sample) []Problem {
	var out []Problem
	shown := 0
	for _, r := range s.rows {
		out = append(out, t.row(kind, r))
		shown += answer.Times(r)
	}
	if n := s.count - shown; n > 0 {
		out = append(out, Problem{Kind: kind, Text: fmt.Sprintf("and %s more", counted(n, "row", "rows"))})
	}
	return out
}
