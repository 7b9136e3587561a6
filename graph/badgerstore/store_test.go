package badgerstore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/storetest"
)

// newStore makes a store in a new directory.
func newStore(t testing.TB, with ...Option) *Store {
	t.Helper()
	s, err := Create(filepath.Join(t.TempDir(), "store"), with...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t testing.TB) graph.Store { return newStore(t) })
}

func publish(t testing.TB, s graph.Store, f *graph.Facts) graph.Entry {
	t.Helper()
	e, err := graph.Publish(context.Background(), s, f, graph.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func packsOf(t testing.TB, s *Store) []packRef {
	t.Helper()
	m, err := readManifest(s.dir, s.seal)
	if err != nil {
		t.Fatal(err)
	}
	return m.Packs
}

func TestUnchangedWritesNoPack(t *testing.T) {
	s := newStore(t)
	defer s.Close()
	publish(t, s, storetest.Account("111111111111", 50))
	first := packsOf(t, s)
	publish(t, s, storetest.Account("111111111111", 50))
	if diff := cmp.Diff(first, packsOf(t, s)); diff != "" || len(first) != 1 {
		t.Errorf("an unchanged publication changed the packs: %s", diff)
	}
}

// TestChangedRoleWritesLittle counts what one changed role among 2,000 adds to the store: a leaf, the account, the
// snapshot, and the new document.
func TestChangedRoleWritesLittle(t *testing.T) {
	s := newStore(t)
	defer s.Close()
	publish(t, s, storetest.Account("111111111111", 2000))
	f := storetest.Account("111111111111", 2000)
	f.Observations = nil
	d := graph.CanonicalDocument([]byte(`{"Version":"2012-10-17","Statement":[]}`))
	f.Documents[d.Hash] = &d
	f.Accounts[0].Roles[1000].Inline = []graph.InlinePolicy{{Name: "new", Document: d.Hash}}
	publish(t, s, f)
	packs := packsOf(t, s)
	if len(packs) != 2 {
		t.Fatalf("%d packs", len(packs))
	}
	p, err := openPack(filepath.Join(s.dir, packsName, packs[1].Name), packs[1], wholeHash, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if p.desc.Items != 4 {
		t.Errorf("one changed role writes %d contents of %d bytes, want 4", p.desc.Items, p.desc.Bytes)
	}
}

// TestMergesStayFew publishes many small snapshots: there are never more than maxPacks packs, and everything stays
// readable through a handle that was opened before.
func TestMergesStayFew(t *testing.T) {
	s := newStore(t)
	defer s.Close()
	var ids []graph.SnapshotID
	for i := range 40 {
		ids = append(ids, publish(t, s, storetest.Account(graph.AccountID(fmt.Sprintf("%012d", i)), 1+(i*37)%90)).Snapshot)
		if n := len(packsOf(t, s)); n > maxPacks {
			t.Fatalf("%d packs after %d publications", n, i+1)
		}
	}
	for i, id := range ids {
		if _, err := graph.Load(context.Background(), s, id); err != nil {
			t.Errorf("snapshot %d: %v", i, err)
		}
	}
	wantTidy(t, s)
}

func TestToMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var packs []packRef
		var written, content int64
		for i := range rapid.IntRange(1, 200).Draw(t, "publications") {
			size := rapid.Int64Range(1, 1<<rapid.IntRange(1, 30).Draw(t, "scale")).Draw(t, "size")
			absorbed, total := toMerge(packs, size)
			var left []packRef
			for _, p := range packs {
				keep := true
				for _, a := range absorbed {
					keep = keep && a != p
				}
				if keep {
					left = append(left, p)
				}
			}
			packs = append(left, packRef{Name: fmt.Sprint(i), Bytes: total})
			written, content = written+total, content+size
			if len(packs) > maxPacks {
				t.Fatalf("%d packs", len(packs))
			}
			var sum int64
			for _, p := range packs {
				sum += p.Bytes
			}
			if sum != content {
				t.Fatalf("the packs have %d bytes, of %d", sum, content)
			}
		}
	})
}

// TestOtherHandles reads through handles of their own, as other processes do, while packs are merged and removed.
func TestOtherHandles(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := newStore(t)
	defer s.Close()
	first := publish(t, s, storetest.Account("000000000000", 40))
	keeper, err := Open(s.dir) // holds the first packs to the end
	if err != nil {
		t.Fatal(err)
	}
	defer keeper.Close()
	want, err := graph.Load(ctx, keeper, first.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for ctx.Err() == nil {
				if err := readAll(s.dir); err != nil {
					t.Errorf("reading beside a writer: %v", err)
					return
				}
			}
		})
	}
	for i := range 25 {
		publish(t, s, storetest.Account(graph.AccountID(fmt.Sprintf("%012d", i+1)), 10+i))
	}
	cancel()
	group.Wait()
	got, err := graph.Load(context.Background(), keeper, first.Snapshot)
	if err != nil || !cmp.Equal(want, got) {
		t.Errorf("a handle opened before sees other facts: %v", err)
	}
	e, err := graph.Resolve(context.Background(), keeper, "@latest")
	if err != nil || e.Number != 26 {
		t.Errorf("the handle opened before sees entry %d as the latest: %v", e.Number, err)
	}
	if _, err := graph.Load(context.Background(), keeper, e.Snapshot); err != nil {
		t.Errorf("the handle opened before cannot load what came later: %v", err)
	}
}

func TestSecondWriterIsRefused(t *testing.T) {
	s := newStore(t)
	defer s.Close()
	b, err := s.Begin(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Discard()
	other, err := Open(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.Begin(context.Background()); !errors.Is(err, graph.ErrLocked) {
		t.Errorf("a second writer gets %v", err)
	}
	if err := other.SetRef(context.Background(), "prod", 0, 1); !errors.Is(err, graph.ErrLocked) {
		t.Errorf("a second writer's ref gets %v", err)
	}
}

func TestClosedStore(t *testing.T) {
	s := newStore(t)
	e := publish(t, s, storetest.Account("000000000000", 1))
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := graph.Load(context.Background(), s, e.Snapshot); !errors.Is(err, errClosed) {
		t.Errorf("a closed store says %v", err)
	}
}

// TestViewChangesMeanwhile reads what is published, and becomes the current view, between a look and the second look.
func TestViewChangesMeanwhile(t *testing.T) {
	ctx := context.Background()
	writer := newStore(t)
	defer writer.Close()
	first := publish(t, writer, storetest.Account("000000000001", 3))
	reader, err := Open(writer.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if _, err := graph.Load(ctx, reader, first.Snapshot); err != nil {
		t.Fatal(err)
	}
	second := publish(t, writer, storetest.Account("000000000002", 3))
	missed := 0
	reader.hook = func(step string) error {
		if step != "missed" {
			return nil
		}
		missed++
		_, err := reader.refresh() // as another goroutine does
		return err
	}
	if _, err := graph.Load(ctx, reader, second.Snapshot); err != nil || missed != 1 {
		t.Errorf("missed %d times: %v", missed, err)
	}
}
