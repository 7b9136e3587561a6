package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render"
)

func newSnapshotsCollect(a *app) *cobra.Command {
	var r graph.Retention
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "gc",
		Short: "Remove old snapshots by a rule, and free what no snapshot needs",
		Long: `Frees the space of everything that no snapshot of the history needs: what 'rm' took out of it, and what interrupted commands left.

With --keep flags, the snapshots that none of them keeps are removed first. Each keeps the newest snapshot of every one of the latest N
periods that have one; days, weeks (from Monday) and so on are those of UTC. Tagged snapshots are always kept; names given by
'ingest --name' keep nothing. Queries that are under way go on.`,
		Example: `  accessgraph snapshots gc --keep-daily 30 --keep-monthly 12 --dry-run`,
		Args:    cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.IntVar(&r.Last, "keep-last", 0, "keep the latest N snapshots")
	flags.IntVar(&r.Daily, "keep-daily", 0, "keep the newest snapshot of each of the latest N days")
	flags.IntVar(&r.Weekly, "keep-weekly", 0, "the same for weeks")
	flags.IntVar(&r.Monthly, "keep-monthly", 0, "the same for months")
	flags.IntVar(&r.Yearly, "keep-yearly", 0, "the same for years")
	flags.BoolVarP(&dryRun, "dry-run", "n", false, "change nothing, and tell what would be removed")
	output := addOutput(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ruled := false
		cmd.Flags().Visit(func(f *pflag.Flag) { ruled = ruled || strings.HasPrefix(f.Name, "keep-") })
		if err := checkRetention(r, ruled); err != nil {
			return usageError{err}
		}
		return a.collect(cmd.Context(), r, ruled, dryRun, output.format)
	}
	return cmd
}

// checkRetention refuses a rule that keeps nothing.
func checkRetention(r graph.Retention, given bool) error {
	all := []int{r.Last, r.Daily, r.Weekly, r.Monthly, r.Yearly}
	if slices.Min(all) < 0 {
		return errors.New("a --keep flag takes a number of snapshots, 0 or more")
	}
	if given && slices.Max(all) == 0 {
		return errors.New("these --keep flags keep no snapshot; to remove all, name them: accessgraph snapshots rm @REF…")
	}
	return nil
}

func (a *app) collect(ctx context.Context, r graph.Retention, ruled, dryRun bool, format render.Format) error {
	store, err := a.openStore(ctx, forReading)
	if err != nil {
		return err
	}
	defer store.Close()
	p := graph.Pruning{DryRun: dryRun, Derived: func(ctx context.Context, ids []graph.SnapshotID) ([]string, error) {
		return evaluator.IndexBlobs(ctx, store, ids)
	}}
	var rows *answer.Answer
	if ruled {
		history, tags, err := taggedHistory(ctx, store)
		if err != nil {
			return err
		}
		var tagged []int64
		for number := range tags {
			tagged = append(tagged, number)
		}
		kept := r.Keep(history, tagged)
		for _, e := range history {
			if kept[e.Number] == nil {
				p.Remove = append(p.Remove, e.Number)
			}
		}
		rows = retained(history, kept, format)
	}
	done, err := graph.Prune(ctx, store, p)
	if err != nil {
		return storeErrorOf(ctx, err)
	}
	would := ""
	if dryRun {
		would = "would have "
	}
	if ruled {
		if err := render.Write(a.stdout, format, rows, a.renderOptions()); err != nil {
			return err
		}
		a.say("%sremoved %s", would, counted(len(p.Remove), "snapshot", "snapshots"))
	}
	a.say("%sfreed %s of content (%s) and %s", would, byteSize(done.Bytes), counted(int(done.Contents), "piece", "pieces"), counted(done.Derived, "index", "indexes"))
	return nil
}

// retained tells what becomes of each snapshot, newest first, and which rules keep it.
func retained(history []graph.Entry, kept map[int64][]string, format render.Format) *answer.Answer {
	schema := &answer.Schema{Kind: answer.KindRecord, Columns: []answer.Column{
		{Name: "action"}, {Name: "because", Type: answer.List}, {Name: "ref"}, {Name: "name"}, {Name: "time", Type: answer.Time}, {Name: "id"}}}
	rows := make([]answer.Row, len(history))
	for i, e := range history {
		back := len(history) - 1 - i
		action := "keep"
		if kept[e.Number] == nil {
			action = "remove"
		}
		id := string(e.Snapshot)
		if format == render.Table {
			id = shortID(e.Snapshot)
		}
		rows[back] = &answer.Record{Schema: schema, Values: []any{action, kept[e.Number], latestRef(back), nullable(e.Name), e.Time, id}}
	}
	return listing(schema, rows)
}

// counted is a number of things.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// byteSize is a number of bytes as people read it.
func byteSize(n int64) string {
	switch {
	case n < 1e3:
		return fmt.Sprintf("%d bytes", n)
	case n < 1e6:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1e9:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}
