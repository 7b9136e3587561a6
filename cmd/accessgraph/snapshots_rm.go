package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/render"
)

func newSnapshotsRemove(a *app) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "rm @REF…",
		Short: "Remove snapshots from the history",
		Long: `Takes snapshots out of the history, all or none. What they hold stays on disk until 'accessgraph snapshots gc', which frees what no
other snapshot needs. A tagged snapshot is removed with --force only, and its tags with it.`,
		Example:           `  accessgraph snapshots rm @latest~3 @2026-11-01`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: a.completeSnapshots,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.removeSnapshots(cmd.Context(), args, force) },
	}
	cmd.Flags().BoolVarP(&force, "force", "f", false, "remove tagged snapshots too, with their tags")
	return cmd
}

// completeSnapshots completes any number of references.
func (a *app) completeSnapshots(cmd *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return a.completeSnapshot(cmd, nil, begun)
}

func (a *app) removeSnapshots(ctx context.Context, refs []string, force bool) error {
	store, err := a.openStore(ctx, forReading)
	if err != nil {
		return err
	}
	defer store.Close()
	history, tags, err := taggedHistory(ctx, store)
	if err != nil {
		return err
	}
	var numbers []int64
	var lines []string
	for _, ref := range refs {
		e, err := graph.Resolve(ctx, store, ref)
		if err != nil {
			return storeErrorOf(ctx, err)
		}
		if slices.Contains(numbers, e.Number) {
			continue
		}
		line := "removed " + snapshotTitle(e)
		if names := tags[e.Number]; len(names) > 0 {
			list := "@" + strings.Join(names, ", @")
			if !force {
				return usageError{fmt.Errorf("%s is tagged %s: nothing was removed; --force removes it with its tags", snapshotTitle(e), list)}
			}
			line += ", tagged " + list
		}
		numbers, lines = append(numbers, e.Number), append(lines, line)
	}
	if err := store.Remove(ctx, numbers...); err != nil {
		return storeErrorOf(ctx, err)
	}
	for _, line := range lines {
		fmt.Fprintln(a.stdout, render.Neutral(line))
	}
	left := "no snapshot is left"
	if n := len(history) - len(numbers); n > 0 {
		left = fmt.Sprintf("%d left", n)
	}
	a.say("%s; 'accessgraph snapshots gc' frees the space", left)
	return nil
}
