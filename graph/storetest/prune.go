package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/accessgraph/accessgraph/graph"
)

// testRemove takes entries out of the history: what was named before stands for others or for nothing, and numbers are not used again.
func testRemove(t *testing.T, s graph.Store) {
	ctx := context.Background()
	for i := range 4 {
		_, err := graph.Publish(ctx, s, Account(graph.AccountID(fmt.Sprintf("%012d", i/2)), 3), graph.Meta{Name: "weekly", Time: time.Unix(int64(i), 0)})
		must(t, err)
	}
	must(t, s.SetRef(ctx, "first", 0, 1))
	must(t, s.SetRef(ctx, "last", 0, 4))
	wantError(t, s.Remove(ctx, 2, 5), graph.ErrNotFound)
	must(t, s.Remove(ctx, 2, 4))
	must(t, s.Remove(ctx))
	history, err := s.History(ctx)
	must(t, err)
	if len(history) != 2 || history[0].Number != 1 || history[1].Number != 3 {
		t.Fatalf("history is %v", history)
	}
	refs, err := s.Refs(ctx)
	must(t, err)
	if diff := cmp.Diff(map[string]int64{"first": 1}, refs); diff != "" {
		t.Fatalf("refs: %s", diff)
	}
	for ref, want := range map[string]int64{"@latest": 3, "@latest~1": 1, "@weekly": 3, "@first": 1} {
		if e, err := graph.Resolve(ctx, s, ref); err != nil || e.Number != want {
			t.Errorf("%s is entry %d, %v; want %d", ref, e.Number, err, want)
		}
	}
	for _, ref := range []string{"@last", "@latest~2"} {
		_, err := graph.Resolve(ctx, s, ref)
		wantError(t, err, graph.ErrNoSnapshot)
	}
	wantError(t, s.SetRef(ctx, "again", 0, 4), graph.ErrNotFound)
	e, err := graph.Publish(ctx, s, Account("000000000001", 3), graph.Meta{})
	must(t, err)
	if e.Number != 5 {
		t.Fatalf("the entry after removed ones has number %d", e.Number)
	}
	b, err := s.Begin(ctx)
	must(t, err)
	defer b.Discard()
	wantError(t, s.Remove(ctx, 1), graph.ErrLocked)
	_, err = graph.Prune(ctx, s, graph.Pruning{})
	wantError(t, err, graph.ErrLocked)
}

// wantWhole holds that the history has these entries and that all they name is there; content is checked against its name.
func wantWhole(t fataler, s graph.Store, want []graph.Entry) {
	t.Helper()
	ctx := context.Background()
	history, err := s.History(ctx)
	must(t, err)
	if diff := cmp.Diff(want, history, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("history: %s", diff)
	}
	must(t, graph.Verify(ctx, s, func(d graph.Damage) { t.Fatalf("damage: %s", d) }))
}

// testPrune publishes and removes at random: what is kept stays as it was, and what nothing needs is gone.
func testPrune(t *testing.T, s graph.Store) {
	ctx := context.Background()
	r := rand.New(rand.NewPCG(1, 2))
	indexName := func(id graph.SnapshotID) string { return "index-" + string(id) }
	p := graph.Pruning{Derived: func(_ context.Context, ids []graph.SnapshotID) (names []string, err error) {
		for _, id := range ids {
			names = append(names, indexName(id))
		}
		return names, nil
	}}
	for range 8 {
		for range 1 + r.IntN(4) {
			f := Account(graph.AccountID(fmt.Sprintf("%012d", r.IntN(4))), r.IntN(60))
			if r.IntN(2) == 0 {
				f.Observations = nil
			}
			e, err := graph.Publish(ctx, s, f, graph.Meta{})
			must(t, err)
			must(t, s.PutDerived(ctx, indexName(e.Snapshot), []byte("x")))
		}
		history, err := s.History(ctx)
		must(t, err)
		p.Remove = nil
		kept := map[graph.SnapshotID]bool{}
		var left []graph.Entry
		for _, e := range history {
			if r.IntN(2) == 0 {
				p.Remove = append(p.Remove, e.Number)
				continue
			}
			kept[e.Snapshot], left = true, append(left, e)
		}
		p.DryRun = true
		would, err := graph.Prune(ctx, s, p)
		must(t, err)
		wantWhole(t, s, history)
		p.DryRun = false
		did, err := graph.Prune(ctx, s, p)
		must(t, err)
		if would != did {
			t.Fatalf("a dry run tells %+v, and %+v are dropped", would, did)
		}
		wantWhole(t, s, left)
		for _, e := range history {
			_, err := graph.Load(ctx, s, e.Snapshot)
			b, derr := s.Derived(ctx, indexName(e.Snapshot))
			if kept[e.Snapshot] {
				must(t, derr)
				must(t, b.Close())
				continue
			}
			wantError(t, err, graph.ErrNoSnapshot)
			wantError(t, derr, graph.ErrNotFound)
		}
		again, err := graph.Prune(ctx, s, graph.Pruning{Derived: p.Derived})
		must(t, err)
		if again != (graph.Collected{}) {
			t.Fatalf("a second prune drops %+v", again)
		}
	}
}

// testPruneShared removes one of two entries of one snapshot, which stays whole, and then the other.
func testPruneShared(t *testing.T, s graph.Store) {
	ctx := context.Background()
	first := roundTrip(t, s, Account("000000000001", 60))
	f := Account("000000000001", 60)
	f.Observations[0].RoleLastUsed[3].Region = "us-east-1"
	second := roundTrip(t, s, f)
	c, err := graph.Prune(ctx, s, graph.Pruning{Remove: []int64{first.Number}})
	must(t, err)
	if c.Contents == 0 {
		t.Fatal("the observations of the removed entry stay")
	}
	_, err = graph.LoadObservations(ctx, s, first)
	wantError(t, err, graph.ErrNoSnapshot)
	wantWhole(t, s, []graph.Entry{second})
	if roundTrip(t, s, f).Observations != second.Observations {
		t.Fatal("the observations of the other entry changed")
	}
	_, err = graph.Prune(ctx, s, graph.Pruning{Remove: []int64{second.Number, second.Number + 1}})
	must(t, err)
	_, err = graph.Load(ctx, s, second.Snapshot)
	wantError(t, err, graph.ErrNoSnapshot)
	if third := roundTrip(t, s, f); third.Snapshot != second.Snapshot {
		t.Fatal("the same facts have another id afterwards")
	}
}

// testCollectRefuses holds that nothing is dropped when what is needed cannot be told, or is not there.
func testCollectRefuses(t *testing.T, s graph.Store) {
	ctx := context.Background()
	e := roundTrip(t, s, Account("000000000001", 5))
	must(t, s.PutDerived(ctx, "index", []byte("x")))
	boom := errors.New("boom")
	_, err := s.Collect(ctx, false, func(context.Context, []graph.Entry) (*graph.Needs, error) { return nil, boom })
	wantError(t, err, boom)
	_, err = graph.Prune(ctx, s, graph.Pruning{Derived: func(context.Context, []graph.SnapshotID) ([]string, error) { return nil, boom }})
	wantError(t, err, boom)
	nowhere := &graph.Needs{Content: map[graph.Partition]map[graph.Hash]struct{}{"000000000001": {graph.HashOf([]byte("nowhere")): {}}}}
	_, err = s.Collect(ctx, false, func(_ context.Context, history []graph.Entry) (*graph.Needs, error) {
		if len(history) != 1 || history[0].Number != e.Number {
			t.Errorf("the history is %v", history)
		}
		_, err := s.Begin(ctx)
		wantError(t, err, graph.ErrLocked)
		return nowhere, nil
	})
	wantError(t, err, graph.ErrDamaged)
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	_, err = graph.Prune(stopped, s, graph.Pruning{})
	wantError(t, err, context.Canceled)
	roundTrip(t, s, Account("000000000001", 5))
	b, err := s.Derived(ctx, "index")
	must(t, err)
	must(t, b.Close())
}

// testPruneReaders loads snapshots while others are removed: each is whole, or it is said that there is no such snapshot.
func testPruneReaders(t *testing.T, s graph.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var want []*graph.Facts
	var entries []graph.Entry
	for i := range 6 {
		f := Account(graph.AccountID(fmt.Sprintf("%012d", i)), 20+10*i)
		e, err := graph.Publish(ctx, s, f, graph.Meta{})
		must(t, err)
		want, entries = append(want, f), append(entries, e)
	}
	var group sync.WaitGroup
	for n := range 3 {
		group.Go(func() {
			for i := n; ctx.Err() == nil; i++ {
				e := entries[i%len(entries)]
				got, err := graph.Load(context.Background(), s, e.Snapshot)
				switch {
				case errors.Is(err, graph.ErrNoSnapshot) && e.Number != int64(len(entries)):
				case err != nil:
					t.Errorf("entry %d: %v", e.Number, err)
					return
				default:
					got.Observations = want[i%len(entries)].Observations
					if !cmp.Equal(want[i%len(entries)], got) {
						t.Errorf("entry %d changed", e.Number)
					}
				}
			}
		})
	}
	for _, e := range entries[:len(entries)-1] {
		_, err := graph.Prune(ctx, s, graph.Pruning{Remove: []int64{e.Number}})
		must(t, err)
	}
	cancel()
	group.Wait()
	must(t, graph.Verify(context.Background(), s, func(d graph.Damage) { t.Errorf("damage: %s", d) }))
	if slices.ContainsFunc(entries[:5], func(e graph.Entry) bool {
		_, err := graph.Load(context.Background(), s, e.Snapshot)
		return err == nil || strings.Contains(err.Error(), "damaged")
	}) {
		t.Error("a removed snapshot is there")
	}
}
