package query

import (
	"context"
	"fmt"
	"slices"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/inventory"
)

// inventoryOf makes the inventory of the engine's snapshot, once.
func (e *Engine) inventoryOf(ctx context.Context) (*inventory.Inventory, error) {
	facts, err := e.factsOf(ctx)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.listed != nil {
		return e.listed, nil
	}
	observations, history := facts.Observations, []*inventory.Snapshot{e.alone(facts)}
	if e.store != nil {
		if observations, err = graph.LoadObservations(ctx, e.store, e.entry); err != nil {
			return nil, err
		}
		if history, err = e.history(ctx); err != nil {
			return nil, err
		}
	}
	e.listed = inventory.New(facts, observations, history, e.now())
	return e.listed, nil
}

// alone is the one snapshot that is known of where there is no store.
func (e *Engine) alone(facts *graph.Facts) *inventory.Snapshot {
	complete, accounts := len(facts.Incomplete()) == 0, len(facts.Accounts)
	return &inventory.Snapshot{Name: e.snapshot.Name, Time: e.snapshot.Time, ID: e.snapshot.ID, Latest: true, Asked: true, Complete: &complete, Accounts: &accounts}
}

// history lists the snapshots of the store, newest first.
func (e *Engine) history(ctx context.Context) ([]*inventory.Snapshot, error) {
	entries, err := e.store.History(ctx)
	if err != nil {
		return nil, err
	}
	refs, err := e.store.Refs(ctx)
	if err != nil {
		return nil, err
	}
	names := map[int64][]string{}
	for name, number := range refs {
		names[number] = append(names[number], name)
	}
	shown := map[graph.SnapshotID]*graph.Summary{}
	var out []*inventory.Snapshot
	for back, entry := range slices.Backward(entries) {
		summary := shown[entry.Snapshot]
		if summary == nil {
			if summary, err = graph.Show(ctx, e.store, entry.Snapshot); err != nil {
				return nil, err
			}
			shown[entry.Snapshot] = summary
		}
		complete, accounts := len(summary.Incomplete()) == 0, len(summary.Accounts)
		s := &inventory.Snapshot{
			Ref: "@latest", Names: names[entry.Number], Name: entry.Name, Time: entry.Time, ID: string(entry.Snapshot), Asked: entry.Number == e.entry.Number,
			Complete: &complete, Accounts: &accounts, Sources: entry.Sources, Tool: entry.Tool,
		}
		slices.Sort(s.Names)
		if n := len(entries) - 1 - back; n > 0 {
			s.Ref = fmt.Sprintf("@latest~%d", n)
		}
		s.Latest = s.Ref == "@latest"
		out = append(out, s)
	}
	return out, nil
}
