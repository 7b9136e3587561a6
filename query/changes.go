package query

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/answer/stage"
	"github.com/accessgraph/accessgraph/query/changes"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// answerableChanges tells what cannot be asked of two snapshots.
func answerableChanges(c *syntax.Changes, text string) error {
	if c.In == nil {
		return nil
	}
	at := c.In.Position()
	switch in := c.In.(type) {
	case *syntax.Changes:
		return fail(text, at, in.String(), "", "changes compares two snapshots, and what is in the parentheses is asked of each: ask something else than changes")
	case *syntax.Show:
		if in.Kind == syntax.Snapshots {
			return fail(text, at, in.String(), "", "snapshots are of no snapshot, so that they do not differ between two: ask show snapshots by itself")
		}
	}
	if clauses := syntax.ClausesOf(c.In); clauses != nil && clauses.At != nil {
		return fail(text, clauses.At.Pos, clauses.At.String(), "", "changes says which snapshots are asked: leave the at out")
	}
	return answerable(&syntax.Query{Question: c.In}, text)
}

// between is a comparison of two snapshots of a store.
type between struct {
	engine  *Engine // of either, or of another snapshot of the store
	engines [2]*Engine
	from    answer.Snapshot
	entries [2]graph.Entry
	names   [2]string // the references as they were asked by
	text    string
	options Options
	diff    *graph.Changes
	notes   []string
	// Of users, roles, groups and policies: what those are called now that had another name, and which were made anew under theirs.
	newNames  map[string]string
	recreated map[string]bool
	judged    judgements
}

// judgements is what the questions behind an answer said beside their rows.
type judgements struct{ assumptions, warnings []string }

// changes answers what differs between two snapshots.
func (e *Engine) changes(ctx context.Context, q *syntax.Query, c *syntax.Changes, text string, o Options) (*answer.Answer, error) {
	b, err := e.open(ctx, c, text, o)
	if err != nil {
		return nil, err
	}
	var rows []*answer.ChangeRow
	switch {
	case c.In != nil:
		rows, err = b.inQuestion(ctx, c.In)
	default:
		rows, err = b.all(ctx, c)
	}
	if err != nil {
		return nil, err
	}
	all := make([]answer.Row, len(rows))
	for i, r := range rows {
		all[i] = r
	}
	staged, err := stage.Apply(answer.ChangeSchema(), answer.Of(all...), q, text, b.engines[1].now())
	if err != nil {
		return nil, err
	}
	a := &answer.Answer{Query: strings.TrimSpace(text), From: &b.from, Snapshot: b.engines[1].snapshot, Schema: staged.Schema, Rows: staged.Rows}
	a.Summary = func() answer.Summary {
		count, unknown := staged.Tally()
		return answer.Summary{Count: count, Unknown: unknown, Assumptions: distinctTexts(b.judged.assumptions), Incomplete: b.incomplete(), Notes: b.notes,
			Warnings: distinctTexts(b.judged.warnings)}
	}
	return a, nil
}

// open finds the two snapshots and what differs between them.
func (e *Engine) open(ctx context.Context, c *syntax.Changes, text string, o Options) (*between, error) {
	if e.store == nil {
		return nil, errors.New("changes needs a store that holds both snapshots, and these facts are in memory alone")
	}
	b := &between{engine: e, text: text, options: o, names: [2]string{c.From.String(), c.To.String()}}
	for x, ref := range []syntax.Snapshot{c.From, c.To} {
		entry, err := graph.Resolve(ctx, e.store, ref.Ref)
		if err != nil {
			return nil, err
		}
		b.entries[x] = entry
		if x == 1 && entry.Number == e.entry.Number {
			b.engines[x] = e
		} else if b.engines[x], err = OpenEntry(ctx, e.store, entry); err != nil {
			return nil, err
		}
	}
	b.from = b.engines[0].snapshot
	// Both are asked as of one time: what a condition on the time, or an age, makes of the days between is no change of facts.
	b.engines[0].snapshot.Time = b.entries[1].Time
	var err error
	if b.diff, err = graph.Diff(ctx, e.store, b.entries[0].Snapshot, b.entries[1].Snapshot); err != nil {
		return nil, err
	}
	b.noteNames()
	return b, nil
}

// called is how the question calls a snapshot.
func (b *between) called(id graph.SnapshotID) string {
	if id == b.entries[0].Snapshot {
		return b.names[0]
	}
	return b.names[1]
}

// all are the rows of all that differs: of facts, of the access that they make, and of what else the question asks for.
func (b *between) all(ctx context.Context, c *syntax.Changes) ([]*answer.ChangeRow, error) {
	rows, err := b.facts(ctx)
	if err != nil {
		return nil, err
	}
	if c.Observations {
		seen, err := b.observations(ctx)
		if err != nil {
			return nil, err
		}
		rows = append(rows, seen...)
		changes.Sort(rows)
	}
	if !b.diff.Empty() {
		access, err := b.accessRows(ctx)
		if err != nil {
			return nil, err
		}
		countAccess(rows, access)
		rows = append(rows, access...)
	}
	if c.Paths {
		found, err := b.paths(ctx)
		return append(rows, found...), err
	}
	if !b.diff.Empty() {
		b.notes = append(b.notes, "paths are not compared: ask changes … with paths")
	}
	return rows, nil
}

// facts are the rows of all facts that differ.
func (b *between) facts(ctx context.Context) ([]*answer.ChangeRow, error) {
	var organizations [2]*graph.Organization
	if b.diff.Organization != nil { // it lends names to its parts
		for x := range organizations {
			shared, err := graph.LoadShared(ctx, b.engine.store, b.entries[x].Snapshot)
			if err != nil {
				return nil, err
			}
			organizations[x] = shared.Organization
		}
	}
	return changes.Facts(b.diff, b.called, organizations[0], organizations[1]), nil
}

// incomplete names what either snapshot could not read, once where both say so.
func (b *between) incomplete() []string {
	var said [2][]string
	for x, e := range b.engines {
		if w, err := e.base(context.Background()); err == nil { // it was opened with it
			_, said[x] = w.Complete()
		}
	}
	var out []string
	for _, gap := range said[0] {
		if slices.Contains(said[1], gap) {
			out = append(out, gap)
		} else {
			out = append(out, b.names[0]+": "+gap)
		}
	}
	for _, gap := range said[1] {
		if !slices.Contains(said[0], gap) {
			out = append(out, b.names[1]+": "+gap)
		}
	}
	return out
}

// distinctTexts sorts texts and leaves out repetitions.
func distinctTexts(texts []string) []string {
	out := slices.Clone(texts)
	slices.Sort(out)
	return slices.Compact(out)
}
