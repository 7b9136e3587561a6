package shell

import (
	"context"
	"slices"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query"
)

// maxEngines is how many snapshots are kept open: each may take as much memory as its facts.
const maxEngines = 3

// engines keeps the engines of the snapshots that were asked last. What a reference means is looked up for every question: another
// process may have ingested meanwhile.
type engines struct {
	store graph.Store
	kept  []opened // the last used first
}

type opened struct {
	entry  int64
	engine *query.Engine
}

func (e *engines) open(ctx context.Context, ref string) (*query.Engine, error) {
	entry, err := graph.Resolve(ctx, e.store, ref)
	if err != nil {
		return nil, &SnapshotError{err}
	}
	i := slices.IndexFunc(e.kept, func(o opened) bool { return o.entry == entry.Number })
	if i >= 0 {
		found := e.kept[i]
		e.kept = slices.Insert(slices.Delete(e.kept, i, i+1), 0, found)
		return found.engine, nil
	}
	engine, err := query.OpenEntry(ctx, e.store, entry)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &SnapshotError{err}
	}
	e.kept = slices.Insert(e.kept, 0, opened{entry.Number, engine})
	e.kept = e.kept[:min(len(e.kept), maxEngines)]
	return engine, nil
}
