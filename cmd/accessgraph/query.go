package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/gates"
	"github.com/accessgraph/accessgraph/query/render"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// maxQueryBytes bounds what is read of a query; the language's own limit is far below and has a better message.
const maxQueryBytes = 1 << 22

// queryFlags are the flags of the command query.
type queryFlags struct {
	file    string
	at      string
	strict  bool
	budget  int64
	timeout time.Duration
	explain bool
	timing  bool
	expectFlags
	grammar bool
	output  *outputFlag
	zone    zoneFlags
	with    withFlags
}

// newQuery makes the command query.
func newQuery(a *app) *cobra.Command {
	f := &queryFlags{}
	var profiles *profileFlags
	cmd := &cobra.Command{
		Use:   "query 'QUESTION' | -f FILE | -",
		Short: "Ask who can do what, and what there is",
		Long: `Asks a question about a snapshot, the latest unless --at or the question says otherwise.

  who can [do] ACTION, … [on RESOURCE, …] [when CONDITION] [in SCOPE] [except …] [at @REF]
  can PRINCIPAL [do] ACTION, … [on RESOURCE, …] [when CONDITION]
  why can|cannot PRINCIPAL [do] ACTION, … [on RESOURCE, …] [when CONDITION]
  what can PRINCIPAL [do] [on RESOURCE, …] [when CONDITION]
  external access|trust [on RESOURCE, …] [when CONDITION] [in SCOPE, …] [except SCOPE, …] [at @REF]
  show KIND [where PREDICATE] [in SCOPE, …] [except …] [at @REF]
    kinds: principals, users, groups, roles, policies, statements, resources, compute, accounts, snapshots, keys, providers
  changes from @REF to @REF [in (QUESTION)] [with observations, paths]

Stages follow after a bar: where, select, group by, sort by, limit, count. --help-grammar prints the whole grammar.`,
		Example: `  accessgraph query 'who can do kms:* ?'
  accessgraph query 'who can do s3:GetObject on arn:aws:s3:::payroll/* when aws:MultiFactorAuthPresent is absent'
  accessgraph query 'who can do all of iam:PassRole, lambda:CreateFunction | group by account count' -o json
  accessgraph query 'can role/Deploy do iam:PassRole on arn:aws:iam::111122223333:role/Admin ?'
  accessgraph query 'why cannot user/alice do s3:PutObject on arn:aws:s3:::logs/x'
  accessgraph query 'what can role/App do on arn:aws:s3:::payroll/*'
  accessgraph query 'what can role/App do' -o policy
  accessgraph query 'paths from external to admin' -o svg > paths.svg
  accessgraph query 'external trust | where third_party and not external_id' --trust o-a1b2c3d4e5,123456789012
  accessgraph query 'show users where mfa = false and console = true'
  accessgraph query 'who can kms:Decrypt' --with plan.json          # as it would be: terraform show -json, or a file of changes
  accessgraph query "show roles where last_used > 90d and can('iam:PassRole')"`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.profiled(cmd.Context(), profiles, func(ctx context.Context) error { return a.query(ctx, f, args) })
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.file, "file", "f", "", "read the question from a file; - is standard input")
	flags.StringVar(&f.at, "at", "", "the snapshot to ask: @latest, @latest~1, @2026-11-01, a name, or the beginning of an id")
	flags.BoolVar(&f.strict, "strict", false, "leave out grants that stand on an assumption about a resource's own consent")
	flags.Int64Var(&f.budget, "budget", 0, "engine steps for one verdict before it is unknown (0: the default)")
	flags.DurationVar(&f.timeout, "timeout", 0, "end with an error after this time (0: none)")
	flags.BoolVar(&f.timing, "timing", false, "print on stderr how long it took")
	flags.BoolVar(&f.explain, "explain-plan", false, "print on stderr what was looked at, what was left aside, and where the time went")
	f.expectFlags.add(cmd)
	flags.BoolVar(&f.grammar, "help-grammar", false, "print the grammar of the language and exit")
	completeFlag(cmd, "at", a.completeSnapshot)
	cmd.ValidArgsFunction = a.completeQuestion(&f.at)
	f.output = addOutput(cmd, append([]render.Format{render.Policy}, pictureFormats()...)...)
	f.zone.add(cmd)
	f.with.add(cmd)
	profiles = addProfiles(cmd)
	return cmd
}

func (a *app) query(ctx context.Context, f *queryFlags, args []string) error {
	if f.grammar {
		_, err := io.WriteString(a.stdout, syntax.Grammar())
		return err
	}
	start := time.Now()
	// A process that answers one question and ends gains nothing by collecting its garbage early: the collector first runs when twice
	// this much is in use. It is address space, never touched, so that what a process takes is bounded by this much more than it needs.
	ballast := make([]byte, 128<<20)
	defer runtime.KeepAlive(ballast)
	text, err := a.questionText(f.file, args)
	if err != nil {
		return err
	}
	// What cannot be read is said before the store is touched.
	question, err := query.Check(text)
	if err != nil {
		return err
	}
	if err := f.check(question, text); err != nil {
		return err
	}
	if err := a.checkPicture(f.output.format, question); err != nil {
		return err
	}
	options, err := f.zone.options(query.Options{Strict: f.strict, Budget: f.budget, Document: f.output.format == render.Policy})
	if err != nil {
		return err
	}
	if f.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, f.timeout, fmt.Errorf("the query took longer than --timeout %s", f.timeout))
		defer cancel()
	}
	store, err := a.openStore(ctx, forReading)
	if err != nil {
		return cause(ctx, err)
	}
	defer store.Close()
	asked, err := a.planned(ctx, store, f.at, &f.with)
	if err != nil {
		return cause(ctx, err)
	}
	engine, err := query.Open(ctx, asked.store, query.Reference(question, asked.at))
	if err != nil {
		return cause(ctx, storeErrorOf(ctx, err))
	}
	opened := time.Now()
	result, err := engine.Ask(ctx, text, options)
	if err != nil {
		return cause(ctx, err)
	}
	asked.note(result)
	problems := func() []gates.Problem { return nil }
	if expected, allow := f.expected(); expected != nil {
		problems = gates.Watch(result, expected, allow)
	}
	if err := a.writeAnswer(ctx, f.output.format, result); err != nil {
		return cause(ctx, err)
	}
	a.notes(result.Summary(), f.output.format, f.explain)
	if f.timing {
		fmt.Fprintf(a.stderr, "open %s, answer %s\n", opened.Sub(start).Round(time.Microsecond), time.Since(opened).Round(time.Microsecond))
	}
	if found := problems(); len(found) > 0 {
		a.unexpected(f, found)
		return silentExit(exitFailed)
	}
	return nil
}

// notes tells what is said beside an answer: also what rows alone do not say.
func (a *app) notes(s answer.Summary, format render.Format, plan bool) {
	if (format.RowsAlone() || isPicture(format)) && !a.quiet {
		for _, n := range s.Notes {
			fmt.Fprintln(a.stderr, render.Neutral(n))
		}
		for _, n := range s.Assumptions {
			fmt.Fprintln(a.stderr, "assumes: "+render.Neutral(n))
		}
		for _, n := range s.Incomplete {
			fmt.Fprintln(a.stderr, "incomplete: "+render.Neutral(n))
		}
	}
	for _, w := range s.Warnings {
		a.warn("%s", render.Neutral(w))
	}
	if plan {
		a.explain(s.Plan)
	}
}

// explain shows how a question was answered.
func (a *app) explain(p *answer.Plan) {
	if p == nil {
		fmt.Fprintln(a.stderr, "plan: one principal, judged by itself from the whole snapshot")
		return
	}
	fmt.Fprintf(a.stderr, "plan: answered from %s\n", p.Source)
	w := tabwriter.NewWriter(a.stderr, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, c := range p.Counts {
		fmt.Fprintf(w, "%d\t %s\n", c.Count, c.What)
	}
	for _, t := range p.Times {
		fmt.Fprintf(w, "%s\t %s\n", t.Took.Round(10*time.Microsecond), t.Stage)
	}
	_ = w.Flush() // as any other line on stderr
}

// check refuses flags that make no sense for the question.
func (f *queryFlags) check(q *syntax.Query, text string) error {
	if f.budget < 0 || f.timeout < 0 {
		return usageError{errors.New("--budget and --timeout cannot be negative")}
	}
	if f.output.format == render.Policy {
		if _, ok := q.Question.(*syntax.WhatCan); !ok || len(q.Stages) > 0 {
			return usageError{fmt.Errorf("-o policy is for what can questions without stages, and this is %q", q.Form())}
		}
	}
	if _, ok := q.Question.(*syntax.Changes); ok && f.at != "" && len(f.with.paths) == 0 {
		return usageError{errors.New("changes names both of its snapshots; --at has no say in it")}
	}
	return f.expectFlags.check(q, text)
}

// questionText takes the question from the arguments, a file or standard input.
func (a *app) questionText(file string, args []string) (string, error) {
	if file == "" && len(args) == 1 && args[0] == "-" {
		file, args = "-", nil
	}
	switch {
	case file != "" && len(args) > 0:
		return "", usageError{errors.New("give the question as an argument or with -f, not both")}
	case file == "" && len(args) == 0:
		return "", usageError{errors.New("no question; for example: accessgraph query 'who can do kms:* ?'")}
	case file == "":
		return strings.Join(args, " "), nil
	}
	in := a.stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", usageError{fmt.Errorf("read the question: %w", err)}
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxQueryBytes))
	if err != nil {
		return "", usageError{fmt.Errorf("read the question: %w", err)}
	}
	return string(text), nil
}

// cause names the time limit where that is what ended the work.
func cause(ctx context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) && context.Cause(ctx) != nil {
		return context.Cause(ctx)
	}
	return err
}
