package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/render"
)

func newSnapshotsTag(a *app) *cobra.Command {
	var force, remove bool
	cmd := &cobra.Command{
		Use:   "tag @REF NAME",
		Short: "Give a snapshot a name of its own",
		Long: `Makes @NAME stand for a snapshot. Unlike the --name of an ingest, which the next ingest of that name takes over, a tag stays
where it is, and a tagged snapshot is kept by gc and by rm.`,
		Example: `  accessgraph snapshots tag @latest audit-2026
  accessgraph query 'who can do kms:* at @audit-2026'
  accessgraph snapshots tag --delete audit-2026`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case remove && force:
				return errors.New("--force moves a tag and --delete removes one; leave one out")
			case remove && len(args) != 1:
				return errors.New("--delete takes the name of one tag")
			case !remove && len(args) != 2:
				return errors.New("a snapshot and a name are needed: tag @REF NAME")
			}
			return nil
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return a.completeSnapshot(cmd, args, begun)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if remove {
				return a.removeTag(cmd.Context(), strings.TrimPrefix(args[0], "@"))
			}
			return a.tag(cmd.Context(), refArgument(args), strings.TrimPrefix(args[1], "@"), force)
		},
	}
	cmd.Flags().BoolVarP(&force, "force", "f", false, "move a tag that stands for another snapshot")
	cmd.Flags().BoolVarP(&remove, "delete", "d", false, "remove the tag NAME; the snapshot stays")
	return cmd
}

func (a *app) tag(ctx context.Context, ref, name string, force bool) error {
	if err := graph.CheckName(name); err != nil {
		return usageError{err}
	}
	store, err := a.openStore(ctx, forReading)
	if err != nil {
		return err
	}
	defer store.Close()
	entry, err := graph.Resolve(ctx, store, ref)
	if err != nil {
		return storeErrorOf(ctx, err)
	}
	history, tags, err := taggedHistory(ctx, store)
	if err != nil {
		return err
	}
	var from int64
	for _, e := range history {
		if slices.Contains(tags[e.Number], name) && e.Number != entry.Number && !force {
			return usageError{fmt.Errorf("@%s is a tag already, of %s; --force moves it", name, snapshotTitle(e))}
		}
		if slices.Contains(tags[e.Number], name) {
			from = e.Number
		}
	}
	if err := store.SetRef(ctx, name, from, entry.Number); err != nil {
		return storeErrorOf(ctx, err)
	}
	if slices.ContainsFunc(history, func(e graph.Entry) bool { return e.Name == name }) {
		a.warn("snapshots were ingested under the name %s, too; @%s means the tag from now on", name, name)
	}
	_, err = fmt.Fprintf(a.stdout, "@%s is %s\n", name, render.Neutral(snapshotTitle(entry)))
	return err
}

func (a *app) removeTag(ctx context.Context, name string) error {
	store, err := a.openStore(ctx, forReading)
	if err != nil {
		return err
	}
	defer store.Close()
	refs, err := store.Refs(ctx)
	if err != nil {
		return storeErrorOf(ctx, err)
	}
	number, ok := refs[name]
	if !ok {
		return storeErrorOf(ctx, fmt.Errorf("@%s: %w: there is no tag of that name", name, graph.ErrNoSnapshot))
	}
	if err := store.SetRef(ctx, name, number, 0); err != nil {
		return storeErrorOf(ctx, err)
	}
	_, err = fmt.Fprintf(a.stdout, "removed the tag @%s\n", render.Neutral(name))
	return err
}
