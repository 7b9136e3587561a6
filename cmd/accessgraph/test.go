package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/gates"
	"github.com/accessgraph/accessgraph/query/render"
)

// maxTestBytes bounds what is read of a file of assertions.
const maxTestBytes = 4 << 20

// testFlags are the flags of the command test.
type testFlags struct {
	at      string
	budget  int64
	timeout time.Duration
	output  string
	zone    zoneFlags
	with    withFlags
}

// The formats that reports of assertions have beside table and json.
const junit = "junit"

func newTest(a *app) *cobra.Command {
	f := &testFlags{}
	cmd := &cobra.Command{
		Use:   "test FILE.yaml …",
		Short: "Hold a snapshot to assertions, for pipelines",
		Long: `Asks the questions of files of assertions, and fails unless every answer is as expected.

  assertions:
    - name: only the key's administrators and break-glass can decrypt the payroll key
      question: who can kms:Decrypt on arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
      severity: high
      expect: {only: [role/KeyAdmin, role/BreakGlass]}

An assertion expects: empty; a verdict (of can questions); rows: N; principals: [PATTERN, …], exactly those; only: [PATTERN, …], nobody else;
or matching: [{FIELD: PATTERN}, …], exactly such rows. It fails too if that hangs on something unknown, if the data is not complete, and if the
answer has a warning; allow: [unknown, incomplete, warnings] names what it may pass in spite of. "at" names the snapshot.

Exit codes: 0 all hold; 1 one does not, or could not be asked; 2 a file that cannot be read, with file and line; 4 the store could not be used.`,
		Example: `  accessgraph test access.yaml
  accessgraph test access/*.yaml -o junit > report.xml
  accessgraph test access.yaml -o sarif > access.sarif
  accessgraph test access.yaml --with plan.json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("no files of assertions were given; see accessgraph test --help")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.test(cmd.Context(), f, args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.at, "at", "", "the snapshot of assertions that name none: @latest, @latest~1, @2026-11-01, a name, or the beginning of an id")
	flags.Int64Var(&f.budget, "budget", 0, "engine steps for one verdict before it is unknown (0: the default)")
	flags.DurationVar(&f.timeout, "timeout", 0, "end with an error after this time (0: none)")
	flags.StringVarP(&f.output, "output", "o", string(render.Table), "format: table, json, junit or sarif")
	completeFlag(cmd, "at", a.completeSnapshot)
	completeFlag(cmd, "output", oneOf(string(render.Table), string(render.JSON), junit, sarif))
	f.zone.add(cmd)
	f.with.add(cmd)
	return cmd
}

func (a *app) test(ctx context.Context, f *testFlags, paths []string) error {
	switch f.output {
	case string(render.Table), string(render.JSON), junit, sarif:
	default:
		return usageError{fmt.Errorf("output format %q is not one of table, json, junit, sarif", f.output)}
	}
	if f.budget < 0 || f.timeout < 0 {
		return usageError{errors.New("--budget and --timeout cannot be negative")}
	}
	files, err := a.assertions(paths)
	if err != nil {
		return err
	}
	options, err := f.zone.options(query.Options{Budget: f.budget})
	if err != nil {
		return err
	}
	if f.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, f.timeout, fmt.Errorf("the assertions took longer than --timeout %s", f.timeout))
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
	options.At = asked.at
	report, err := gates.Run(ctx, asked.store, files, options)
	if err != nil {
		return cause(ctx, err)
	}
	if !a.quiet {
		for _, n := range asked.notes {
			fmt.Fprintln(a.stderr, render.Neutral(n))
		}
	}
	if err := a.writeReport(report, f.output); err != nil {
		return err
	}
	if report.Failed+report.Errored > 0 {
		return silentExit(exitFailed)
	}
	return nil
}

// assertions reads the files; - is standard input. Nothing is asked before all can be.
func (a *app) assertions(paths []string) ([]*gates.File, error) {
	var files []*gates.File
	for _, path := range paths {
		var text []byte
		var err error
		if path == "-" {
			text, err = io.ReadAll(io.LimitReader(a.stdin, maxTestBytes+1))
		} else {
			text, err = readBounded(path, maxTestBytes)
		}
		if err != nil {
			return nil, usageError{fmt.Errorf("read assertions: %w", err)}
		}
		f, err := gates.Read(path, text)
		if err != nil {
			return nil, usageError{err}
		}
		files = append(files, f)
	}
	return files, nil
}

func (a *app) writeReport(r *gates.Report, format string) error {
	switch format {
	case string(render.JSON):
		return r.WriteJSON(a.stdout)
	case junit:
		return r.WriteJUnit(a.stdout)
	case sarif:
		tool, err := currentVersion()
		if err != nil {
			return err
		}
		return r.WriteSARIF(a.stdout, tool.Version)
	}
	return r.WriteText(a.stdout, a.renderOptions().Color)
}
