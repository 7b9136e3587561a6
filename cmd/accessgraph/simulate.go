package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/cases"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/complete"
)

// simulateFlags are the flags of simulate.
type simulateFlags struct {
	principal, action, resource string
	context                     []string
	expect                      string
	at                          string
	cases                       string
	output                      string
}

func newSimulate(a *app) *cobra.Command {
	f := &simulateFlags{}
	cmd := &cobra.Command{
		Use:   "simulate --principal P --action A --resource R [--context K=V]… | --cases FILE.jsonl",
		Short: "Decide single requests, with the statements that decided",
		Long: `Decides one request of a principal of the snapshot. Context keys that are not given are absent, but for those that AWS
always sends; these are printed. --context may be repeated; a key given twice is multivalued.

With --cases, decides a batch of self-contained cases, one JSON object a line, without the store. Where cases say what they
expect, stderr ends with a count, and the exit code is 1 if one failed.`,
		Example: `  accessgraph simulate --principal user/alice --action kms:Decrypt --resource arn:aws:kms:us-east-1:111122223333:key/1234 \
      --context aws:MultiFactorAuthPresent=true --expect allowed
  accessgraph simulate --cases cases.jsonl`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			single := f.principal != "" || f.action != "" || f.resource != "" || f.expect != "" || len(f.context) > 0
			switch {
			case f.cases != "" && single:
				return usageError{errors.New("--cases goes without the flags of a single request")}
			case f.cases != "":
				return a.simulateCases(cmd.Context(), f)
			}
			return a.simulate(cmd.Context(), f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.principal, "principal", "", "who asks: an ARN, user/NAME, role/NAME, root or service NAME")
	flags.StringVar(&f.action, "action", "", "the action, as kms:Decrypt")
	flags.StringVar(&f.resource, "resource", "", "the ARN of what is acted on, or *")
	flags.StringArrayVar(&f.context, "context", nil, "a context key and its value, KEY=VALUE")
	flags.StringVar(&f.expect, "expect", "", "exit with 1 unless the decision is this: allowed (or allow), denied (either deny), implicit_deny, explicit_deny")
	flags.StringVar(&f.at, "at", "", "the snapshot to ask (default @latest)")
	flags.StringVar(&f.cases, "cases", "", "a file of cases, one JSON object a line; - is standard input")
	flags.StringVarP(&f.output, "output", "o", "table", "format of a single decision: table or json")
	completeFlag(cmd, "at", a.completeSnapshot)
	completeFlag(cmd, "expect", oneOf(slices.Sorted(maps.Keys(expectations()))...))
	completeFlag(cmd, "output", oneOf("table", "json"))
	completeFlag(cmd, "principal", a.completeName(&f.at, complete.Principal))
	completeFlag(cmd, "action", a.completeName(&f.at, complete.Action))
	completeFlag(cmd, "resource", a.completeName(&f.at, complete.Resource))
	return cmd
}

// simulateCases answers a batch of cases, one line each, in order.
func (a *app) simulateCases(ctx context.Context, f *simulateFlags) error {
	var in io.Reader = a.stdin
	if f.cases != "-" {
		file, err := os.Open(f.cases)
		if err != nil {
			return inputError{fmt.Errorf("read cases: %w", err)}
		}
		defer file.Close()
		in = file
	}
	c, err := catalog.Load()
	if err != nil {
		return err
	}
	runner := &cases.Runner{Classify: query.Classify(c), Actions: evaluator.CatalogTypes(c)}
	sum, err := runner.Run(ctx, in, a.stdout, func(line int, answer *cases.Answer) {
		fmt.Fprintf(a.stderr, "line %d: %s: expected %s, got %s\n", line, answer.ID, answer.Expected, answer.Decision)
	})
	if err != nil {
		return err
	}
	if !sum.Expecting() {
		return nil
	}
	fmt.Fprintf(a.stderr, "%d passed, %d failed\n", sum.Passed, sum.Failed)
	if sum.Failed > 0 {
		return silentExit(exitFailed)
	}
	return nil
}
