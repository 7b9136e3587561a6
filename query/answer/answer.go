package answer

import (
	"iter"
	"time"
)

// Verdict is the answer for a region of requests.
type Verdict string

// The verdicts, best first.
const (
	Allowed     Verdict = "allowed"     // some request of the question is allowed whatever the free keys are
	Conditional Verdict = "conditional" // allowed under the residual
	Unknown     Verdict = "unknown"     // hangs on something that could not be analysed, is missing, or cost too much (D54)
	Denied      Verdict = "denied"      // nothing of the question is allowed
)

// Rank orders verdicts from best (0) to worst, for summaries that take the best; an unknown word ranks last.
func (v Verdict) Rank() int {
	switch v {
	case Allowed:
		return 0
	case Conditional:
		return 1
	case Unknown:
		return 2
	case Denied:
		return 3
	}
	return 4
}

// Snapshot says which facts were asked. Complete is false when something given or asked for could not be used; coverage
// says what.
type Snapshot struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Time     time.Time `json:"time"`
	Complete bool      `json:"complete"`
}

// Many is rows that differ in nothing that anybody asks about, Times of them.
type Many struct {
	Row
	Times int
}

// Times tells how many rows a row stands for.
func Times(r Row) int {
	if m, ok := r.(*Many); ok {
		return m.Times
	}
	return 1
}

// Rows is a stream of rows. An error ends it.
type Rows = iter.Seq2[Row, error]

// Answer is one answered question. Rows can be ranged over once; Summary is called after that.
type Answer struct {
	About    []Fact // of an answer that is to no question and about no snapshot: what it is, in the order of its JSON
	Query    string
	Snapshot Snapshot
	From     *Snapshot // of changes: the snapshot that they are counted from; nil otherwise
	Schema   *Schema
	Rows     Rows
	Cut      []*CutOff // of "what can": what was granted and is cut off; nil where the rows went through stages
	Document []byte    // of "what can", where it was asked for: one policy that allows the same
	Summary  func() Summary
}

// Summary is what is known when the last row is out. Warnings are for people (stderr) and no part of the JSON.
type Summary struct {
	Count       int      // rows given
	Unknown     int      // rows with the verdict unknown among the rows given, or among those that were grouped or counted
	Undecided   int      // rows left out because nobody can tell whether a predicate holds for them; Assumptions say which
	Assumptions []string // what the answer rests on, sorted
	Incomplete  []string // what coverage says is missing, sorted
	Notes       []string // what else the answer says as a whole
	Warnings    []string
	Plan        *Plan // how it was answered; nil where nothing is told
}

// Plan is how a question was answered: from what, how much was looked at and left aside, and where the time went.
type Plan struct {
	Source string
	Counts []PlanCount
	Times  []PlanTime
}

// PlanCount is a number of things.
type PlanCount struct {
	What  string
	Count int64
}

// PlanTime is how long a stage took.
type PlanTime struct {
	Stage string
	Took  time.Duration
}

// Of gives a stream of rows that are already there.
func Of(rows ...Row) Rows {
	return func(yield func(Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Collect ranges over rows and keeps them all; it stops at the first error.
func Collect(rows Rows) ([]Row, error) {
	var all []Row
	for r, err := range rows {
		if err != nil {
			return all, err
		}
		all = append(all, r)
	}
	return all, nil
}

// Fact is something that is said of an answer as a whole: a text or a list of texts.
type Fact struct {
	Name  string
	Value any
}
