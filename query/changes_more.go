package query

import (
	"context"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/changes"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// observations are the rows of what changes by itself.
func (b *between) observations(ctx context.Context) ([]*answer.ChangeRow, error) {
	var sides [2][]*graph.AccountObservations
	for x, entry := range b.entries {
		if entry.Observations == b.entries[1-x].Observations {
			return nil, nil
		}
		list, err := graph.LoadObservations(ctx, b.engine.store, entry)
		if err != nil {
			return nil, err
		}
		sides[x] = list
	}
	return changes.Observations(sides[0], sides[1], [2]graph.SnapshotID{b.entries[0].Snapshot, b.entries[1].Snapshot}, b.called), nil
}

// pathQuestions are what with paths asks of both snapshots.
var pathQuestions = []struct{ kind, text string }{
	{"reaches admin", "who can reach admin"},
	{"path from external", "paths from external to admin"},
	{"external grant", "external access"},
}

// paths are the rows of the access graph that differ: who reaches an administrator, and who of outside gets in.
func (b *between) paths(ctx context.Context) ([]*answer.ChangeRow, error) {
	var out []*answer.ChangeRow
	if b.diff.Empty() {
		return nil, nil
	}
	for _, q := range pathQuestions {
		parsed, err := syntax.Parse(q.text)
		if err != nil {
			return nil, err
		}
		rows, err := b.inQuestion(ctx, parsed.Question)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			r.Kind, r.Section = q.kind, answer.SectionPaths
		}
		out = append(out, rows...)
	}
	return out, nil
}
