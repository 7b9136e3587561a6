package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/files"
)

func newIngest(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "ingest", Short: "Read who exists and what every policy says into a new snapshot", Args: noSuchCommand, RunE: needsCommand}
	cmd.AddCommand(newIngestFiles(a))
	return cmd
}

func newIngestFiles(a *app) *cobra.Command {
	var name string
	var partial bool
	var profiles *profileFlags
	cmd := &cobra.Command{
		Use:   "files PATH…",
		Short: "Read exports on disk",
		Long: `Reads what 'aws iam get-account-authorization-details' prints, and export directories with organization.json and one
folder an account. Kinds are recognized by content; pages are merged; gzip and zstd are read too; - is standard input.
A named file that cannot be used is an error, and nothing is stored, unless --partial was asked for.`,
		Example: `  aws iam get-account-authorization-details > export.json
  accessgraph ingest files export.json
  accessgraph ingest files exports/ --name weekly`,
		Args: func(_ *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				return errors.New("no files were given")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, paths []string) error {
			return a.profiled(cmd.Context(), profiles, func(ctx context.Context) error { return a.ingestFiles(ctx, paths, name, partial) })
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "name of the snapshot, for @NAME in queries")
	cmd.Flags().BoolVar(&partial, "partial", false, "leave out what cannot be used, and name it in the coverage")
	profiles = addProfiles(cmd)
	return cmd
}

func (a *app) ingestFiles(ctx context.Context, paths []string, name string, partial bool) error {
	if name != "" {
		if err := graph.CheckName(name); err != nil {
			return usageError{fmt.Errorf("--name: %w", err)}
		}
	}
	// The store is opened first: an hour of reading must not end at a store that cannot be written.
	store, err := a.openStore(ctx, forWriting)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := checkWritable(ctx, store); err != nil {
		return err
	}
	// All facts stay in memory until they are stored: half as much garbage beside them is worth a few percent of time.
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	show, done := a.ingestProgress()
	facts, report, err := files.Read(ctx, paths, files.Options{Partial: partial, Progress: show, Stdin: a.stdin})
	done()
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return inputError{err}
	}
	debug.SetGCPercent(garbage(25)) // publishing is short, and holds the facts a second time in their stored form
	entry, err := a.publish(ctx, store, facts, graph.Meta{Name: name, Sources: paths, Tool: toolVersion(), Time: time.Now().Truncate(time.Second)})
	if err != nil {
		return storeErrorOf(ctx, err)
	}
	if err := a.index(ctx, store, entry, facts); err != nil {
		return err
	}
	a.reportIngest(report, entry)
	if len(report.Incomplete) > 0 {
		return silentExit(exitIncomplete)
	}
	return nil
}

// manyFacts is how many bytes of facts take long to look through for garbage.
const manyFacts = 1 << 30

// garbage is how much of it may gather beside the facts before it is collected, in percent of them: more where each collection takes long.
func garbage(percent int) int {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if live[0].Value.Kind() == metrics.KindUint64 && live[0].Value.Uint64() > manyFacts {
		return percent + 25
	}
	return percent
}

// index makes the index that questions about many principals are answered from. A snapshot without one is answered from its facts: what goes
// wrong here is said, and nothing more.
func (a *app) index(ctx context.Context, store graph.Store, entry graph.Entry, facts *graph.Facts) error {
	// The stored form of the facts is gone by now, and what an index leaves behind account by account is much: collecting it all the time would
	// take longer than making it.
	debug.SetGCPercent(garbage(50))
	err := evaluator.WriteIndex(ctx, store, entry.Snapshot, facts)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var odd *evaluator.OddAccountError
	if err != nil && !errors.As(err, &odd) {
		a.warn("the snapshot is stored without an index, so that questions about many principals take longer: %v", err)
	}
	return nil
}

// lockPatience is how long publish waits before it tries again.
const lockPatience = 200 * time.Millisecond

// publish stores facts as a snapshot. What took hours to read is not lost because another process is writing just now.
func (a *app) publish(ctx context.Context, store graph.Store, facts *graph.Facts, m graph.Meta) (graph.Entry, error) {
	for said := false; ; said = true {
		entry, err := graph.Publish(ctx, store, facts, m)
		if !errors.Is(err, graph.ErrLocked) {
			return entry, err
		}
		if !said {
			a.warn("waiting for another process that is writing to the store")
		}
		select {
		case <-ctx.Done():
			return graph.Entry{}, ctx.Err()
		case <-time.After(lockPatience):
		}
	}
}

// checkWritable tells whether the store can be written to now, before hours of reading.
func checkWritable(ctx context.Context, store graph.Store) error {
	batch, err := store.Begin(ctx)
	if err != nil {
		return storeErrorOf(ctx, err)
	}
	batch.Discard()
	return nil
}

// maxIncomplete is how many of the things that could not be used are named one by one; the coverage has them all.
const maxIncomplete = 20

// reportIngest says what was read and what was not: the snapshot on stdout, everything else on stderr.
func (a *app) reportIngest(r *files.Report, e graph.Entry) {
	for _, w := range r.Warnings {
		a.warn("%s", w)
	}
	if r.UnknownFields > 0 {
		names := make([]string, len(r.UnknownNames))
		for i, f := range r.UnknownNames {
			names[i] = f.Name
		}
		a.warn("%d unknown fields were passed over: %s", r.UnknownFields, strings.Join(names, ", "))
	}
	for i, text := range r.Incomplete {
		if left := len(r.Incomplete) - i; i == maxIncomplete && left > 1 {
			a.warn("incomplete: and %d more; accessgraph snapshots show -o wide names them all", left)
			break
		}
		a.warn("incomplete: %s", text)
	}
	var entities []string
	for _, kind := range slices.Sorted(maps.Keys(r.Entities)) {
		entities = append(entities, fmt.Sprintf("%s %d", kind, r.Entities[kind]))
	}
	fmt.Fprintf(a.stdout, "snapshot %s\n", snapshotTitle(e))
	if !a.quiet {
		fmt.Fprintf(a.stderr, "files %d, %s, documents %d (%d distinct)\n", r.Files, strings.Join(entities, ", "), r.Documents, r.DistinctDocuments)
	}
}

// ingestProgress draws a bar on stderr when that is a terminal. done clears it.
func (a *app) ingestProgress() (show func(files.Progress), done func()) {
	if _, ok := terminal(a.stderr); !ok || a.noProgress || a.quiet {
		return nil, func() {}
	}
	return newBar(a.stderr)
}

func newBar(w io.Writer) (show func(files.Progress), done func()) {
	var bar *progressbar.ProgressBar
	show = func(p files.Progress) {
		if bar == nil {
			total := p.Total
			if total == 0 {
				total = -1 // standard input: a spinner
			}
			bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(w), progressbar.OptionShowBytes(true), progressbar.OptionSetWidth(24),
				progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetRenderBlankState(true))
		}
		bar.Describe(fmt.Sprintf("%d entities", p.Entities))
		// A bar that cannot be drawn is no reason to stop reading.
		_ = bar.Set64(p.Bytes)
	}
	return show, func() {
		if bar != nil {
			_ = bar.Finish()
		}
	}
}

// toolVersion names this program in the history.
func toolVersion() string { return "accessgraph " + buildVersion() }

// snapshotTitle is a snapshot as people tell it from others: id, name, time.
func snapshotTitle(e graph.Entry) string {
	title := shortID(e.Snapshot)
	if e.Name != "" {
		title += " @" + e.Name
	}
	return title + " of " + e.Time.UTC().Format("2006-01-02 15:04:05 UTC")
}

// shortID is enough of an id to be unique in any store.
func shortID(id graph.SnapshotID) string { return string(id[:min(len(id), 12)]) }
