package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/accessgraph/accessgraph/query/syntax"
)

// newDiff makes the command diff, which is short for a changes question.
func newDiff(a *app) *cobra.Command {
	f := &queryFlags{}
	var in string
	var also []string
	cmd := &cobra.Command{
		Use:   "diff [@FROM [@TO]]",
		Short: "Show what changed between two snapshots",
		Long: `Shows what changed between two snapshots: the last two, or one that is named and the latest, or two; or with --with, what a Terraform plan or a
file of changes would change. It is short for

  accessgraph query 'changes from @FROM to @TO [in (QUESTION)] [with observations, paths]'

Facts come first: what was added, removed, changed, made again under its name, with policy documents statement by statement; then whose
access changed, in what. What one of the snapshots did not read is unknown, never removed.`,
		Example: `  accessgraph diff
  accessgraph diff @2026-11-01
  accessgraph diff @before @after -o json
  accessgraph diff @2026-11-01 @latest --in 'who can do kms:*'
  accessgraph diff --with plan.json`,
		Args: cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := f.diffText(args, in, also)
			if err != nil {
				return err
			}
			return a.query(cmd.Context(), f, []string{text})
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 { // as the first
				args = nil
			}
			return a.completeSnapshot(cmd, args, word)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&in, "in", "", "compare the answers to this question instead")
	flags.StringSliceVar(&also, "also", nil, "compare these too: observations, paths")
	flags.BoolVar(&f.strict, "strict", false, "leave out grants that stand on an assumption about a resource's own consent")
	flags.Int64Var(&f.budget, "budget", 0, "engine steps for one verdict before it is unknown (0: the default)")
	flags.DurationVar(&f.timeout, "timeout", 0, "end with an error after this time (0: none)")
	flags.BoolVar(&f.timing, "timing", false, "print on stderr how long it took")
	f.with.add(cmd)
	completeFlag(cmd, "also", oneOf("observations", "paths"))
	f.output = addOutput(cmd)
	f.zone.add(cmd)
	return cmd
}

// diffText is the question that the command line stands for.
func (f *queryFlags) diffText(args []string, in string, also []string) (string, error) {
	refs := [2]string{"latest~1", "latest"}
	if len(f.with.paths) > 0 {
		if refs = [2]string{"latest", "planned"}; len(args) > 1 {
			return "", usageError{errors.New("--with says what the second snapshot is: give the one that it is put on top of alone")}
		}
	}
	for i, arg := range args {
		refs[i] = strings.TrimPrefix(arg, "@")
	}
	if len(f.with.paths) > 0 {
		f.at = refs[0]
	}
	c := &syntax.Changes{From: syntax.Snapshot{Ref: refs[0]}, To: syntax.Snapshot{Ref: refs[1]}}
	for _, word := range also {
		switch strings.TrimSpace(word) {
		case "observations":
			c.Observations = true
		case "paths":
			c.Paths = true
		default:
			return "", usageError{fmt.Errorf("--also %q is neither observations nor paths", word)}
		}
	}
	if in == "" {
		return c.String(), nil
	}
	if len(also) > 0 {
		return "", usageError{errors.New("--in compares the answers to one question; --also is for all that changed: give one of them")}
	}
	return c.String() + " in (" + in + ")", nil
}
