package export

import (
	"context"

	"github.com/accessgraph/accessgraph/graph"
)

// WriteUnchecked writes an export without reading it back.
func WriteUnchecked(ctx context.Context, s graph.Store, e graph.Entry, dir string) error {
	return (&writer{dir: dir}).snapshot(ctx, s, e)
}
