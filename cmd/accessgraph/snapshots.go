package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render"
)

func newSnapshots(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "snapshots", Short: "List, show, tag, verify, export and remove what is stored", Args: noSuchCommand, RunE: needsCommand}
	cmd.AddCommand(newSnapshotsList(a), newSnapshotsShow(a), newSnapshotsVerify(a), newSnapshotsTag(a), newSnapshotsRemove(a), newSnapshotsCollect(a), newSnapshotsExport(a))
	return cmd
}

func newSnapshotsList(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the snapshots, newest first", Args: cobra.NoArgs}
	output := addOutput(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.listSnapshots(cmd.Context(), output.format) }
	return cmd
}

func (a *app) listSnapshots(ctx context.Context, format render.Format) error {
	store, err := a.openStore(ctx, forReading)
	if err != nil {
		return err
	}
	defer store.Close()
	list, err := snapshotList(ctx, store, format)
	if err != nil {
		return err
	}
	return render.Write(a.stdout, format, list, a.renderOptions())
}

// taggedHistory gives the history, oldest first, and the tags of its entries by their numbers.
func taggedHistory(ctx context.Context, store graph.Store) ([]graph.Entry, map[int64][]string, error) {
	history, err := store.History(ctx)
	if err != nil {
		return nil, nil, storeErrorOf(ctx, err)
	}
	refs, err := store.Refs(ctx)
	if err != nil {
		return nil, nil, storeErrorOf(ctx, err)
	}
	tags := map[int64][]string{}
	for _, name := range slices.Sorted(maps.Keys(refs)) {
		tags[refs[name]] = append(tags[refs[name]], name)
	}
	return history, tags, nil
}

// snapshotList is the history of a store as an answer, newest first.
func snapshotList(ctx context.Context, store graph.Store, format render.Format) (*answer.Answer, error) {
	history, tags, err := taggedHistory(ctx, store)
	if err != nil {
		return nil, err
	}
	schema := &answer.Schema{Kind: answer.KindRecord, Columns: []answer.Column{
		{Name: "ref"}, {Name: "name"}, {Name: "time", Type: answer.Time}, {Name: "id"}, {Name: "sources", Type: answer.List}, {Name: "tool"}, {Name: "tags", Type: answer.List}}}
	if format != render.Table {
		schema.Columns = append(schema.Columns, answer.Column{Name: "observations"})
	}
	rows := make([]answer.Row, len(history))
	for i, e := range history {
		back := len(history) - 1 - i
		id := string(e.Snapshot)
		if format == render.Table {
			id = shortID(e.Snapshot)
		}
		values := []any{latestRef(back), nullable(e.Name), e.Time, id, e.Sources, nullable(e.Tool), tags[e.Number], nullable(e.Observations)}
		rows[back] = &answer.Record{Schema: schema, Values: values[:len(schema.Columns)]}
	}
	return listing(schema, rows), nil
}

// latestRef is the reference of the snapshot that is so many before the latest.
func latestRef(back int) string {
	if back == 0 {
		return "@latest"
	}
	return fmt.Sprintf("@latest~%d", back)
}

// listing is rows that answer no question.
func listing(schema *answer.Schema, rows []answer.Row) *answer.Answer {
	return &answer.Answer{Schema: schema, Rows: answer.Of(rows...), Summary: func() answer.Summary { return answer.Summary{Count: len(rows)} }}
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func newSnapshotsShow(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "show [@REF]", Short: "Show what a snapshot holds and how completely it was read", Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeSnapshot}
	output := addOutput(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.showSnapshot(cmd.Context(), refArgument(args), output.format)
	}
	return cmd
}

// refArgument is the reference that was given, else the latest snapshot.
func refArgument(args []string) string {
	if len(args) == 0 {
		return "latest"
	}
	return strings.TrimPrefix(args[0], "@")
}

// shownSnapshot is the JSON of snapshots show.
type shownSnapshot struct {
	ID           graph.SnapshotID `json:"id"`
	Name         string           `json:"name"`
	Time         string           `json:"time"`
	Sources      []string         `json:"sources"`
	Tool         string           `json:"tool"`
	Complete     bool             `json:"complete"`
	Incomplete   []string         `json:"incomplete,omitempty"`
	Documents    int              `json:"documents"`
	Organization map[string]int   `json:"organization"`
	Accounts     []shownAccount   `json:"accounts"`
	Coverage     []shownCoverage  `json:"coverage"`
}

type shownAccount struct {
	ID        graph.AccountID `json:"id"`
	Counts    map[string]int  `json:"counts"`
	Documents int             `json:"documents"`
	Coverage  []shownCoverage `json:"coverage"`
}

type shownCoverage struct {
	Kind   string              `json:"kind"`
	Region string              `json:"region"`
	State  graph.CoverageState `json:"state"`
	Error  string              `json:"error,omitempty"`
}

func (a *app) showSnapshot(ctx context.Context, ref string, format render.Format) error {
	store, err := a.openStore(ctx, forReading)
	if err != nil {
		return err
	}
	defer store.Close()
	entry, err := graph.Resolve(ctx, store, ref)
	if err != nil {
		return storeErrorOf(ctx, err)
	}
	summary, err := graph.Show(ctx, store, entry.Snapshot)
	if err != nil {
		return storeErrorOf(ctx, err)
	}
	shown := shownOf(entry, summary)
	if format == render.JSON {
		return writeJSON(a, shown)
	}
	people := format == render.Table || format == render.Wide
	schema, rows := shownRows(shown, !people)
	out := &answer.Answer{Schema: schema, Rows: answer.Of(rows...)}
	if people { // gaps stand below the table, where there is room for them
		fmt.Fprintf(a.stdout, "snapshot      %s\nid            %s\nsources       %s\ntool          %s\norganization  %s\ncomplete      %t\n\n", snapshotTitle(entry), entry.Snapshot,
			render.Neutral(strings.Join(entry.Sources, ", ")), render.Neutral(entry.Tool), organizationTitle(summary.Organization), shown.Complete)
		out.Summary = func() answer.Summary { return answer.Summary{Count: len(rows), Incomplete: shown.Incomplete} }
	}
	return render.Write(a.stdout, format, out, a.renderOptions())
}

// organizationTitle says what a snapshot has of the organization.
func organizationTitle(counts []graph.Count) string {
	if len(counts) == 0 {
		return "not given"
	}
	parts := make([]string, len(counts))
	for i, c := range counts {
		parts[i] = fmt.Sprintf("%s %d", c.Kind, c.N)
	}
	return strings.Join(parts, ", ")
}

func shownOf(e graph.Entry, s *graph.Summary) *shownSnapshot {
	shown := &shownSnapshot{ID: s.ID, Name: e.Name, Time: e.Time.UTC().Format("2006-01-02T15:04:05Z"), Sources: e.Sources, Tool: e.Tool,
		Documents: s.Documents, Organization: countsOf(s.Organization), Coverage: coverageOf(s.Coverage), Incomplete: s.Incomplete()}
	shown.Complete = len(shown.Incomplete) == 0
	for _, acc := range s.Accounts {
		shown.Accounts = append(shown.Accounts, shownAccount{ID: acc.ID, Counts: countsOf(acc.Counts), Documents: acc.Documents, Coverage: coverageOf(acc.Coverage)})
	}
	return shown
}

func countsOf(counts []graph.Count) map[string]int {
	m := make(map[string]int, len(counts))
	for _, c := range counts {
		m[c.Kind] = c.N
	}
	return m
}

func coverageOf(list []graph.Coverage) []shownCoverage {
	out := make([]shownCoverage, len(list))
	for i, c := range list {
		out[i] = shownCoverage(c)
	}
	return out
}

// shownRows makes one row an account, for programs with what is incomplete of it, and then one row more for what belongs to
// no account when that has gaps.
func shownRows(s *shownSnapshot, withGaps bool) (*answer.Schema, []answer.Row) {
	kinds := []string{"users", "groups", "roles", "policies", "resources", "compute", "grants", "providers", "shares"}
	schema := &answer.Schema{Kind: answer.KindRecord, Columns: []answer.Column{{Name: "account"}}}
	for _, k := range append(kinds, "documents") {
		schema.Columns = append(schema.Columns, answer.Column{Name: k, Type: answer.Number})
	}
	if withGaps {
		schema.Columns = append(schema.Columns, answer.Column{Name: "incomplete", Type: answer.List})
	}
	row := func(account string, counts map[string]int, documents int, missing []string) answer.Row {
		values := []any{nullable(account)}
		for _, k := range kinds {
			values = append(values, float64(counts[k]))
		}
		values = append(values, float64(documents))
		if withGaps {
			values = append(values, missing)
		}
		return &answer.Record{Schema: schema, Values: values}
	}
	var rows []answer.Row
	for _, acc := range s.Accounts {
		rows = append(rows, row(string(acc.ID), acc.Counts, acc.Documents, gaps(acc.Coverage)))
	}
	if missing := gaps(s.Coverage); withGaps && len(missing) > 0 {
		rows = append(rows, row("", nil, 0, missing))
	}
	return schema, rows
}

// gaps names what is incomplete.
func gaps(list []shownCoverage) []string {
	var out []string
	for _, c := range list {
		if gap := graph.Coverage(c); gap.Incomplete() {
			out = append(out, gap.String())
		}
	}
	return out
}

func newSnapshotsVerify(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "verify [@REF]",
		Short: "Read everything that is stored and check it against its hashes",
		Long: `Reads the whole store, or one snapshot, and checks every file and every value against its hash. Damage is listed on
stdout, and the exit code is 1.`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeSnapshot,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.verifySnapshots(cmd.Context(), args) },
	}
}

func (a *app) verifySnapshots(ctx context.Context, args []string) error {
	found := 0
	report := func(d graph.Damage) {
		found++
		fmt.Fprintln(a.stdout, render.Neutral(d.String()))
	}
	what, err := a.verify(ctx, args, report)
	if errors.Is(err, graph.ErrDamaged) { // what keeps a store from being opened is damage found, too
		report(graph.Damage{What: "store", Err: err})
		err = nil
	}
	if err != nil {
		return err
	}
	if found > 0 {
		fmt.Fprintf(a.stderr, "accessgraph: %d damaged; restore the store from a backup, or ingest the exports again into a new one (--store)\n", found)
		return silentExit(exitFailed)
	}
	fmt.Fprintf(a.stdout, "%s: no damage\n", what)
	return nil
}

func (a *app) verify(ctx context.Context, args []string, report func(graph.Damage)) (what string, err error) {
	store, err := a.openStore(ctx, forReading)
	if err != nil {
		return "", err
	}
	defer store.Close()
	var entries []graph.Entry
	what = "the whole store"
	if len(args) > 0 {
		entry, err := graph.Resolve(ctx, store, refArgument(args))
		if err != nil {
			return "", storeErrorOf(ctx, err)
		}
		entries, what = []graph.Entry{entry}, "snapshot "+snapshotTitle(entry)
	}
	if err := graph.Verify(ctx, store, report, entries...); err != nil {
		return "", storeErrorOf(ctx, err)
	}
	return what, nil
}
