package badgerstore

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
	"github.com/accessgraph/accessgraph/graph/storetest"
)

var update = flag.Bool("update", false, "write the store of the present format, and its golden file, again")

// TestOldStores reads the store that is kept of each format, and checks that facts still get the ids that they had then.
func TestOldStores(t *testing.T) {
	t.Run("plain", func(t *testing.T) { readOldStore(t, "../../testdata/stores/v1") })
	t.Run("encrypted", func(t *testing.T) { readOldStore(t, "../../testdata/stores/v2", WithKey(testKey())) })
}

func readOldStore(t *testing.T, dir string, with ...Option) {
	golden := dir + ".json"
	ctx := context.Background()
	if *update {
		keepStore(t, dir, golden, with...)
	}
	data, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	want := &graph.Facts{}
	if err := json.Unmarshal(data, want); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir, with...)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	e, err := graph.Resolve(ctx, s, "@kept")
	if err != nil {
		t.Fatal(err)
	}
	got, err := graph.Load(ctx, s, e.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	if got.Observations, err = graph.LoadObservations(ctx, s, e); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the old store reads as other facts (-golden +read):\n%s", diff)
	}
	if err := graph.Verify(ctx, s, func(d graph.Damage) { t.Errorf("damage: %s", d) }); err != nil {
		t.Error(err)
	}
	now, err := graph.Publish(ctx, memstore.New(), want, graph.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	if now.Snapshot != e.Snapshot || now.Observations != e.Observations {
		t.Errorf("facts that made the snapshot %s make %s today: the layout of records changed", e.Snapshot, now.Snapshot)
	}
}

// keepStore writes the kept store and its golden file.
func keepStore(t *testing.T, dir, golden string, with ...Option) {
	t.Helper()
	ctx := context.Background()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := Create(dir, with...)
	if err != nil {
		t.Fatal(err)
	}
	f := storetest.Everything()
	if _, err := graph.Publish(ctx, s, f, graph.Meta{Name: "first", Time: time.Unix(1_700_000_000, 0), Sources: []string{"exports"}, Tool: "accessgraph test"}); err != nil {
		t.Fatal(err)
	}
	if err := s.SetRef(ctx, "kept", 0, 1); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(golden, append(data, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
