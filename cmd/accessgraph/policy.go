package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/render"
)

// maxPolicyBytes bounds what is read of a policy document: AWS stores no longer one than 20 KB.
const maxPolicyBytes = 1 << 22

// newPolicy makes the commands about policy documents that are in no snapshot yet.
func newPolicy(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Compare and check policy documents, without a snapshot",
		Args:  noSuchCommand,
		RunE:  needsCommand,
	}
	cmd.AddCommand(newPolicyDiff(a), newPolicyCheck(a))
	return cmd
}

// policyFlags are what the commands have in common.
type policyFlags struct {
	query.PolicyOptions
}

func (f *policyFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.Type, "type", "", "kind of the documents: identity, resource, trust, scp, rcp, boundary, session or vpc-endpoint (default: what they read like)")
	cmd.Flags().Int64Var(&f.Budget, "budget", 0, "engine steps for one kind of caller before it is unknown (0: the default)")
}

func newPolicyDiff(a *app) *cobra.Command {
	f := &policyFlags{}
	var output *outputFlag
	exitCode := false
	cmd := &cobra.Command{
		Use:   "diff OLD.json NEW.json",
		Short: "Tell what a new policy document allows that an old one does not, and the reverse",
		Long: `Compares two policy documents exactly: each line is access that one of them allows and the other does not, with the
condition under which it does; -o wide and json show a request that proves it. One of the files may be - for standard input.

The exit code is 0 whatever the difference, unless --exit-code asks for 1.`,
		Example: `  accessgraph policy diff old.json new.json
  git show HEAD:policy.json | accessgraph policy diff - policy.json --exit-code`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			texts, err := a.policyTexts(cmd.Context(), args...)
			if err != nil {
				return err
			}
			result, err := query.DiffPolicies(cmd.Context(), texts[0], texts[1], f.PolicyOptions)
			if err != nil {
				return policyErrorOf(err)
			}
			if err := render.Write(a.stdout, output.format, result, a.renderOptions()); err != nil {
				return err
			}
			for _, w := range result.Summary().Warnings {
				a.warn("%s", w)
			}
			if exitCode && result.Summary().Count > 0 {
				return silentExit(exitFailed)
			}
			return nil
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&exitCode, "exit-code", false, "exit with 1 if there is a difference in access")
	output = addOutput(cmd)
	return cmd
}

// policyTexts reads policy documents; - is standard input, once.
func (a *app) policyTexts(ctx context.Context, paths ...string) ([]query.PolicyText, error) {
	if len(paths) == 2 && paths[0] == "-" && paths[1] == "-" {
		return nil, usageError{errors.New("standard input can be one of the documents, not both")}
	}
	var out []query.PolicyText
	for _, path := range paths {
		text, err := a.policyText(ctx, path)
		if err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, nil
}

func (a *app) policyText(ctx context.Context, path string) (query.PolicyText, error) {
	name := path
	in := interruptible(ctx, a.stdin)
	if path == "-" {
		name = "stdin"
	} else {
		file, err := os.Open(path)
		if err != nil {
			return query.PolicyText{}, inputError{fmt.Errorf("read the policy: %w", err)}
		}
		defer file.Close()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, maxPolicyBytes+1))
	switch {
	case err != nil:
		return query.PolicyText{}, inputError{fmt.Errorf("read the policy %s: %w", name, err)}
	case len(text) > maxPolicyBytes:
		return query.PolicyText{}, inputError{fmt.Errorf("read the policy %s: it is longer than %d MB; AWS stores no policy of more than 20 KB", name, maxPolicyBytes>>20)}
	case strings.TrimSpace(string(text)) == "":
		return query.PolicyText{}, inputError{fmt.Errorf("read the policy %s: it is empty; want one JSON policy document", name)}
	}
	return query.PolicyText{Name: name, Text: text}, nil
}

// policyErrorOf says whose fault an error is: the document's or the command line's.
func policyErrorOf(err error) error {
	var usage *query.PolicyUsageError
	var invalid *query.PolicyError
	switch {
	case errors.As(err, &usage):
		return usageError{err}
	case errors.As(err, &invalid):
		return inputError{err}
	}
	return err
}
