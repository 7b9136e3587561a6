package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/gates"
	"github.com/accessgraph/accessgraph/query/render"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// expectFlags are the flags that say what an answer must be, by which the exit code is chosen.
type expectFlags struct {
	expect string
	empty  bool
	rows   *int // nil: not given
	allow  []string
}

func (e *expectFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&e.expect, "expect", "", "for can: exit with 1 unless every verdict is this: allowed, conditional, denied or unknown")
	flags.BoolVar(&e.empty, "expect-empty", false, "exit with 1 unless there are certainly no rows")
	flags.Func("expect-rows", "exit with 1 unless there are certainly so many rows", func(text string) error {
		n, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return fmt.Errorf("want a number of rows, from 0")
		}
		e.rows = new(int)
		*e.rows = int(n)
		return nil
	})
	flags.StringSliceVar(&e.allow, "allow", nil,
		"with --expect-empty and --expect-rows: what may be all the same, of "+strings.Join(gates.AllowanceNames(), ", "))
	completeFlag(cmd, "expect", oneOf(verdictWords()...))
	completeFlag(cmd, "allow", oneOf(gates.AllowanceNames()...))
}

// expected gives what the flags expect, nil when it is nothing.
func (e *expectFlags) expected() (gates.Expectation, gates.Allowances) {
	allow, _ := gates.ParseAllowances(e.allow) // check has told
	switch {
	case e.expect != "": // a verdict says itself what it hangs on
		return gates.VerdictIs(e.expect), gates.Allowances{Incomplete: true, Warnings: true}
	case e.empty:
		return gates.Empty{}, allow
	case e.rows != nil:
		return gates.RowCount(*e.rows), allow
	}
	return nil, allow
}

// check refuses expectations that make no sense for the question.
func (e *expectFlags) check(q *syntax.Query, text string) error {
	n := 0
	for _, given := range []bool{e.expect != "", e.empty, e.rows != nil} {
		if given {
			n++
		}
	}
	switch {
	case n > 1:
		return usageError{errors.New("give one of --expect, --expect-empty and --expect-rows")}
	case len(e.allow) > 0 && !e.empty && e.rows == nil:
		return usageError{errors.New("--allow goes with --expect-empty and --expect-rows")}
	}
	if _, err := gates.ParseAllowances(e.allow); err != nil {
		return usageError{fmt.Errorf("--allow: %w", err)}
	}
	if e.expect != "" {
		return e.checkVerdict(q)
	}
	expected, _ := e.expected()
	if expected == nil {
		return nil
	}
	schema, err := query.Schema(text)
	if err != nil {
		return err
	}
	if err := gates.Check(expected, q, schema); err != nil {
		return usageError{err}
	}
	return nil
}

func (e *expectFlags) checkVerdict(q *syntax.Query) error {
	if _, ok := q.Question.(*syntax.Can); !ok || len(q.Stages) > 0 {
		return usageError{fmt.Errorf("--expect is for can questions without stages, and this is %q", q.Form())}
	}
	switch answer.Verdict(e.expect) {
	case answer.Allowed, answer.Conditional, answer.Denied, answer.Unknown:
		return nil
	}
	return usageError{fmt.Errorf("--expect %q is not one of allowed, conditional, denied, unknown", e.expect)}
}

// unexpected says why an expectation does not hold. The rows themselves are on stdout.
func (a *app) unexpected(f *queryFlags, problems []gates.Problem) {
	if f.expect != "" {
		fmt.Fprintf(a.stderr, "accessgraph: expected %s\n", f.expect)
		return
	}
	expected, _ := f.expected()
	fmt.Fprintf(a.stderr, "accessgraph: expected %s\n", expected)
	for _, p := range problems {
		if p.Kind != gates.Unexpected {
			fmt.Fprintf(a.stderr, "  %s: %s\n", p.Kind, render.Neutral(p.Text))
		}
	}
}
