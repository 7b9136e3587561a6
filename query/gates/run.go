package gates

import (
	"context"
	"errors"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// Status is how an assertion came out.
type Status string

// The statuses.
const (
	Passed  Status = "passed"
	Failed  Status = "failed"
	Errored Status = "error" // it could not be asked: the snapshot does not know what it names, for example
)

// Result is one assertion, asked.
type Result struct {
	File      *File
	Assertion *Assertion
	Status    Status
	Snapshot  answer.Snapshot // zero where the snapshot could not be opened
	Rows      int             // of the answer
	Unknown   int             // of them, or of what was grouped or counted, those of verdict unknown
	Problems  []Problem       // none where it passed
	Allowed   []Problem       // what it passed in spite of
	Assumes   []string        // what the answer rests on
}

// Report is what a run found, in the order of the files and their assertions.
type Report struct {
	Results                 []*Result
	Passed, Failed, Errored int
}

// Run asks the assertions of files about the snapshots of a store. The options are for all of them; At is for those that name no snapshot. What is wrong
// with one assertion is said in its result; the error is about the store, or ctx.
func Run(ctx context.Context, store graph.Store, files []*File, o query.Options) (*Report, error) {
	r := &runner{store: store, options: o, engines: map[string]*query.Engine{}}
	out := &Report{}
	for _, f := range files {
		for _, a := range f.Assertions {
			result, err := r.run(ctx, f, a)
			if err != nil {
				return nil, err
			}
			out.Results = append(out.Results, result)
			switch result.Status {
			case Passed:
				out.Passed++
			case Failed:
				out.Failed++
			case Errored:
				out.Errored++
			}
		}
	}
	return out, nil
}

type runner struct {
	store   graph.Store
	options query.Options
	engines map[string]*query.Engine // by reference
}

func (r *runner) run(ctx context.Context, f *File, a *Assertion) (*Result, error) {
	out := &Result{File: f, Assertion: a}
	err := r.ask(ctx, a, out)
	var damaged *graph.StoreError
	switch {
	case err == nil:
		out.Status = Passed
		if len(out.Problems) > 0 {
			out.Status = Failed
		}
		return out, nil
	case ctx.Err() != nil, errors.Is(err, graph.ErrDamaged), errors.As(err, &damaged):
		return nil, err
	}
	text := err.Error()
	var place *syntax.Error
	if errors.As(err, &place) {
		text = place.Display()
	}
	out.Status, out.Problems = Errored, []Problem{{Kind: Unasked, Text: text}}
	return out, nil
}

func (r *runner) ask(ctx context.Context, a *Assertion, out *Result) error {
	q, err := query.Check(a.Question)
	if err != nil {
		return err
	}
	at := a.At
	if at == "" {
		at = r.options.At
	}
	engine, err := r.open(ctx, query.Reference(q, at))
	if err != nil {
		return err
	}
	out.Snapshot = engine.Snapshot()
	result, err := engine.Ask(ctx, a.Question, r.options)
	if err != nil {
		return err
	}
	t := tallyFor(a.Expect, result.Schema)
	for row, err := range result.Rows {
		if err != nil {
			return err
		}
		t.see(row)
	}
	s := result.Summary()
	out.Rows, out.Unknown, out.Assumes = s.Count, s.Unknown, s.Assumptions
	out.Problems, out.Allowed = judge(t, a.Expect, a.Allow, &s, result.Snapshot.Complete)
	return nil
}

func (r *runner) open(ctx context.Context, ref string) (*query.Engine, error) {
	if e := r.engines[ref]; e != nil {
		return e, nil
	}
	e, err := query.Open(ctx, r.store, ref)
	if err == nil {
		r.engines[ref] = e
	}
	return e, err
}

// judge holds an answer whose rows were seen against an expectation: what it fails for, and what it would fail for if that were not allowed.
func judge(t *tally, e Expectation, allow Allowances, s *answer.Summary, complete bool) (problems, allowed []Problem) {
	put := func(may bool, p Problem) {
		if may {
			allowed = append(allowed, p)
			return
		}
		problems = append(problems, p)
	}
	problems = e.problems(t, allow.Unknown)
	if hidden := s.Unknown - t.doubtful; hidden > 0 {
		put(allow.Unknown, Problem{Kind: Uncertain, Text: counted(hidden, "row", "rows") + " of verdict unknown among what was grouped or counted"})
	}
	if s.Undecided > 0 {
		put(allow.Unknown, Problem{Kind: Uncertain, Text: counted(s.Undecided, "row was", "rows were") + " left out because nobody can tell whether a predicate holds"})
	}
	if allow.Unknown {
		allowed = append(allowed, t.rows(Uncertain, &t.unknowns)...)
	}
	gaps := s.Incomplete
	if !complete && len(gaps) == 0 {
		gaps = []string{"the snapshot is not complete"}
	}
	for _, gap := range gaps {
		put(allow.Incomplete, Problem{Kind: Gap, Text: gap})
	}
	for _, w := range s.Warnings {
		put(allow.Warnings, Problem{Kind: Warned, Text: w})
	}
	return problems, allowed
}

// Watch holds an answer against an expectation while somebody else ranges over its rows, and gives what to call after the last of them: it tells the
// problems, none where the expectation holds.
func Watch(a *answer.Answer, e Expectation, allow Allowances) (problems func() []Problem) {
	t := tallyFor(e, a.Schema)
	rows := a.Rows
	a.Rows = func(yield func(answer.Row, error) bool) {
		for r, err := range rows {
			if err == nil {
				t.see(r)
			}
			if !yield(r, err) {
				return
			}
		}
	}
	return func() []Problem {
		s := a.Summary()
		problems, _ := judge(t, e, allow, &s, a.Snapshot.Complete)
		return problems
	}
}

// Check tells what cannot be expected of a question's rows, before it is asked.
func Check(e Expectation, q *syntax.Query, schema *answer.Schema) error { return e.check(q, schema) }

func (t *tally) row(kind string, r answer.Row) Problem {
	lines := render.Describe(t.schema, r)
	return Problem{Kind: kind, Text: lines[0], Detail: lines[1:], Row: r}
}
