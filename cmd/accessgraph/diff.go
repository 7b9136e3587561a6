package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/accessgraph/accessgraph/query/syntax"
)

// newDiff makes the command diff, which is short for a changes question.
func newDiff(a *app) *cobra.Command {
	f := &queryFlags{}
	c := &syntax.Changes{}
	var in string
	cmd := &cobra.Command{
		Use:   "diff [@FROM [@TO]]",
		Short: "Show what changed between two snapshots",
		Long: `Shows what changed between two snapshots: the last two, or one that is named and the latest, or two. With --with the second is what is
planned on top of the first, the latest unless it is named. It is short for

  accessgraph query 'changes from @FROM to @TO [in (QUESTION)] [with observations, paths]'

Facts come first: what was added, removed, changed, made again under its name, with policy documents statement by statement; then whose
access changed, in what. What one of the snapshots did not read is unknown, never removed.`,
		Example: `  accessgraph diff
  accessgraph diff @2026-11-01
  accessgraph diff @before @after -o json
  accessgraph diff --with plan.json                                   # what a Terraform plan changes
  accessgraph diff @2026-11-01 @latest --in 'who can do kms:*'`,
		Args: cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := f.diffText(c, args, in)
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
	flags.BoolVar(&c.Observations, "observations", false, "compare what was observed, too: when things were last used, credential reports")
	flags.BoolVar(&c.Paths, "paths", false, "compare access paths, too: who reaches an administrator, and how outsiders get in")
	flags.BoolVar(&f.strict, "strict", false, "leave out grants that stand on an assumption about a resource's own consent")
	flags.Int64Var(&f.budget, "budget", 0, "engine steps for one verdict before it is unknown (0: the default)")
	flags.DurationVar(&f.timeout, "timeout", 0, "end with an error after this time (0: none)")
	flags.BoolVar(&f.timing, "timing", false, "print on stderr how long it took")
	f.output = addOutput(cmd)
	f.zone.add(cmd)
	f.with.add(cmd)
	return cmd
}

// diffText is the question that the command line stands for.
func (f *queryFlags) diffText(c *syntax.Changes, args []string, in string) (string, error) {
	refs := []string{"latest~1", "latest"}
	if len(f.with.paths) > 0 {
		if refs = []string{"latest", "planned"}; len(args) > 1 {
			return "", usageError{errors.New("--with says what the second snapshot is: give the one that it is put on top of alone")}
		}
	}
	for i, arg := range args {
		refs[i] = strings.TrimPrefix(arg, "@")
	}
	if len(f.with.paths) > 0 {
		f.at = refs[0]
	}
	c.From, c.To = syntax.Snapshot{Ref: refs[0]}, syntax.Snapshot{Ref: refs[1]}
	if in == "" {
		return c.String(), nil
	}
	if c.Observations || c.Paths {
		return "", usageError{errors.New("--in compares the answers to one question, --observations and --paths all that changed: give one or the other")}
	}
	return c.String() + " in (" + in + ")", nil
}
