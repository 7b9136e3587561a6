package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/export"
	"github.com/accessgraph/accessgraph/query/render"
)

func newSnapshotsExport(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "export @REF DIR",
		Short: "Write a snapshot as an export directory",
		Long: `Writes everything that a snapshot holds, its coverage and its observations into the new directory DIR, in the formats that AWS prints.
'accessgraph ingest files DIR' makes the same snapshot of it, with the same id, here or in another store; the export reads itself back
and makes sure of that before DIR appears.`,
		Example: `  accessgraph snapshots export @latest exports/2026-11`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return errors.New("a snapshot and a new directory are needed: export @REF DIR")
			}
			return nil
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
			return a.completeSnapshot(cmd, args, begun)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.export(cmd.Context(), refArgument(args), args[1])
		},
	}
}

func (a *app) export(ctx context.Context, ref, dir string) error {
	store, err := a.openStore(ctx, forReading)
	if err != nil {
		return err
	}
	defer store.Close()
	entry, err := graph.Resolve(ctx, store, ref)
	if err != nil {
		return storeErrorOf(ctx, err)
	}
	done, err := export.Write(ctx, store, entry, dir)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, export.ErrExists):
		return usageError{err}
	case err != nil:
		return fmt.Errorf("export: %w", err)
	}
	_, err = fmt.Fprintln(a.stdout, render.Neutral(fmt.Sprintf("%s: snapshot %s in %d files, %s", dir, snapshotTitle(entry), done.Files, byteSize(done.Bytes))))
	return err
}
