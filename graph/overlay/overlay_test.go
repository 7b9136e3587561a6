package overlay_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
	"github.com/accessgraph/accessgraph/graph/overlay"
	"github.com/accessgraph/accessgraph/graph/storetest"
)

// TestStore runs the suite but for what counts entries of the history or sets refs: an overlay has none of its own, and nothing is collected.
func TestStore(t *testing.T) {
	storetest.Run(t, func(testing.TB) graph.Store { return overlay.New(memstore.New()) }, "history", "refs", "resolve", "show", "batches", "readers", "unchanged",
		"cancel", "remove", "prune", "prune shared", "prune and readers", "collect refuses")
}

func account(id graph.AccountID, users ...string) *graph.Facts {
	a := &graph.Account{ID: id}
	for _, name := range users {
		a.Users = append(a.Users, &graph.User{ARN: graph.ARN(fmt.Sprintf("arn:aws:iam::%s:user/%s", id, name)), Name: name, Path: "/"})
	}
	return &graph.Facts{Accounts: []*graph.Account{a}}
}

func publish(t *testing.T, s graph.Store, f *graph.Facts) graph.Entry {
	t.Helper()
	e, err := graph.Publish(context.Background(), s, f, graph.Meta{Time: time.Unix(1_700_000_000, 0)})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestPlanned: what is published on top is @planned, can be read beside what is below, and is in no history.
func TestPlanned(t *testing.T) {
	ctx := context.Background()
	base := memstore.New()
	first := publish(t, base, account("111122223333", "alice"))
	s := overlay.New(base)
	if _, err := graph.Resolve(ctx, s, "@planned"); !errors.Is(err, graph.ErrNoSnapshot) {
		t.Fatalf("@planned of nothing: %v", err)
	}
	facts, err := graph.Load(ctx, s, first.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	facts.Accounts[0].Users[0].Path = "/new/"
	planned := publish(t, s, facts)
	for ref, want := range map[string]graph.SnapshotID{"@latest": first.Snapshot, "planned": planned.Snapshot, "@planned": planned.Snapshot} {
		e, err := graph.Resolve(ctx, s, ref)
		if err != nil || e.Snapshot != want {
			t.Errorf("%s is %s, %v; want %s", ref, e.Snapshot, err, want)
		}
		if _, err := graph.Load(ctx, s, e.Snapshot); err != nil {
			t.Errorf("load %s: %v", ref, err)
		}
	}
	if history, err := s.History(ctx); err != nil || len(history) != 1 {
		t.Errorf("the history is %v, %v", history, err)
	}
	if _, err := graph.Load(ctx, base, planned.Snapshot); !errors.Is(err, graph.ErrNoSnapshot) {
		t.Errorf("the store below has it too: %v", err)
	}
	if _, err := graph.Resolve(ctx, base, "@planned"); !errors.Is(err, graph.ErrNoSnapshot) {
		t.Errorf("the store below plans: %v", err)
	}
	if err := s.SetRef(ctx, "prod", 0, 1); !errors.Is(err, overlay.ErrBelow) {
		t.Errorf("a name was given: %v", err)
	}
	if err := s.Remove(ctx, 1); !errors.Is(err, overlay.ErrBelow) {
		t.Errorf("an entry was removed: %v", err)
	}
	if _, err := s.Collect(ctx, false, nil); !errors.Is(err, overlay.ErrBelow) {
		t.Errorf("it was collected: %v", err)
	}
	if err := graph.CheckName("planned"); err == nil {
		t.Error("a snapshot may be called planned")
	}
}

// TestMerged: whatever lies above and whatever below, an overlay reads as one store that holds both.
func TestMerged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		base, both := memstore.New(), memstore.New()
		s := overlay.New(base)
		put := func(to graph.Store, contents []int) {
			b, err := to.Begin(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range contents {
				if _, err := b.Put("a", fmt.Append(nil, c)); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := b.Commit(ctx, graph.Entry{}); err != nil {
				t.Fatal(err)
			}
		}
		below := rapid.SliceOf(rapid.IntRange(0, 30)).Draw(t, "below")
		above := rapid.SliceOf(rapid.IntRange(0, 30)).Draw(t, "above")
		put(base, below)
		put(s, above)
		put(both, slices.Concat(below, above))
		ends := []graph.Hash{graph.HashOf(fmt.Append(nil, rapid.IntRange(0, 40).Draw(t, "from"))), graph.HashOf(fmt.Append(nil, rapid.IntRange(0, 40).Draw(t, "to")))}
		slices.SortFunc(ends, func(a, b graph.Hash) int { return bytes.Compare(a[:], b[:]) })
		scan := func(of graph.Store) (out []string) {
			if err := of.Scan(ctx, "a", ends[0], ends[1], func(_ graph.Hash, content []byte) error {
				out = append(out, string(content))
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			return out
		}
		if diff := cmp.Diff(scan(both), scan(s)); diff != "" {
			t.Fatalf("scan: %s", diff)
		}
		var hashes []graph.Hash
		for i := range 31 {
			hashes = append(hashes, graph.HashOf(fmt.Append(nil, i)))
		}
		slices.SortFunc(hashes, func(a, b graph.Hash) int { return bytes.Compare(a[:], b[:]) })
		for i := range hashes {
			one := hashes[i : i+1]
			want := both.Fetch(ctx, "a", one, func(int, []byte) error { return nil })
			got := s.Fetch(ctx, "a", one, func(int, []byte) error { return nil })
			if errors.Is(want, graph.ErrNotFound) != errors.Is(got, graph.ErrNotFound) {
				t.Fatalf("%s: %v and %v", one[0], want, got)
			}
		}
	})
}
