package graph_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
	"github.com/accessgraph/accessgraph/graph/storetest"
)

func TestNormalizeTwiceChangesNothing(t *testing.T) {
	var seed uint64
	rapid.Check(t, func(t *rapid.T) {
		f := storetest.Random(t)
		f.Normalize()
		once := fmt.Sprintf("%+v", dump(f))
		f.Normalize()
		if twice := fmt.Sprintf("%+v", dump(f)); twice != once {
			t.Fatalf("normalizing twice differs:\n%s\n%s", once, twice)
		}
		seed++
		storetest.Shuffle(f, seed)
		f.Normalize()
		if shuffled := fmt.Sprintf("%+v", dump(f)); shuffled != once {
			t.Fatalf("normalizing in another order differs:\n%s\n%s", once, shuffled)
		}
	})
}

// dump follows pointers, which fmt alone does not.
func dump(f *graph.Facts) string {
	return cmp.Diff(&graph.Facts{}, f)
}

// counting counts the contents that a publication adds.
type counting struct {
	*memstore.Store
	put map[graph.Hash]bool
}

type countingBatch struct {
	graph.Batch
	s *counting
}

func (s *counting) Begin(ctx context.Context) (graph.Batch, error) {
	b, err := s.Store.Begin(ctx)
	return countingBatch{b, s}, err
}

func (b countingBatch) Put(p graph.Partition, content []byte) (graph.Hash, error) {
	h, err := b.Batch.Put(p, content)
	b.s.put[h] = true
	return h, err
}

// TestLeaves changes, adds and removes a role among 5,000 and counts the contents that are new.
func TestLeaves(t *testing.T) {
	s := &counting{memstore.New(), map[graph.Hash]bool{}}
	publish := func(change func(a *graph.Account)) (fresh int) {
		t.Helper()
		f := storetest.Account("111111111111", 5000)
		f.Observations = nil
		change(f.Accounts[0])
		before := len(s.put)
		if _, err := graph.Publish(context.Background(), s, f, graph.Meta{}); err != nil {
			t.Fatal(err)
		}
		return len(s.put) - before
	}
	publish(func(*graph.Account) {})
	sections, err := graph.Show(context.Background(), s, mustLatest(t, s).Snapshot)
	if err != nil || sections.Accounts[0].Counts[0].N != 5000 {
		t.Fatalf("%v, %v", sections, err)
	}
	for name, change := range map[string]func(a *graph.Account){
		"a changed role": func(a *graph.Account) { a.Roles[2500].Tags = nil },
		"a role less":    func(a *graph.Account) { a.Roles = append(a.Roles[:77], a.Roles[78:]...) },
		"a role more": func(a *graph.Account) {
			a.Roles = append(a.Roles, &graph.Role{ARN: "arn:aws:iam::111111111111:role/service/app-01234-rolf"})
		},
	} {
		if fresh := publish(change); fresh < 3 || fresh > 5 {
			t.Errorf("%s makes %d new contents; want a leaf or two, the account and the snapshot", name, fresh)
		}
	}
}

func mustLatest(t *testing.T, s graph.Store) graph.Entry {
	t.Helper()
	e, err := graph.Resolve(context.Background(), s, "@latest")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestHostileNames publishes names chosen so that no leaf would ever end, or each would at once.
func TestHostileNames(t *testing.T) {
	a := &graph.Account{ID: "111111111111"}
	for range 5000 {
		a.Shares = append(a.Shares, &graph.Share{ARN: "same", Permission: fmt.Sprint(len(a.Shares))})
	}
	a.Users = []*graph.User{{ARN: graph.ARN(strings.Repeat("x", 2<<20)), Name: "a long one"}, {ARN: "b"}}
	s := memstore.New()
	e, err := graph.Publish(context.Background(), s, &graph.Facts{Accounts: []*graph.Account{a}}, graph.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := graph.Load(context.Background(), s, e.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a, f.Accounts[0]); diff != "" {
		t.Error(diff)
	}
}

// losing is a store that loses or exchanges content.
type losing struct {
	*memstore.Store
	lose func(p graph.Partition, h graph.Hash) bool
}

func (s *losing) Fetch(ctx context.Context, p graph.Partition, hashes []graph.Hash, fn func(int, []byte) error) error {
	for _, h := range hashes {
		if s.lose(p, h) {
			return fmt.Errorf("%s/%s: %w", p, h, graph.ErrNotFound)
		}
	}
	return s.Store.Fetch(ctx, p, hashes, fn)
}

// TestLostContent loses one content after another: loading says damaged and where, verify names it.
func TestLostContent(t *testing.T) {
	ctx := context.Background()
	counted := &counting{memstore.New(), map[graph.Hash]bool{}}
	f := storetest.Everything()
	e, err := graph.Publish(ctx, counted, f, graph.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	for h := range counted.put {
		s := &losing{Store: counted.Store, lose: func(_ graph.Partition, asked graph.Hash) bool { return asked == h }}
		_, err := graph.Load(ctx, s, e.Snapshot)
		if err == nil {
			_, err = graph.LoadObservations(ctx, s, e)
		}
		if !errors.Is(err, graph.ErrDamaged) {
			t.Errorf("without %s loading says %v", h, err)
		}
		if err == nil || !strings.Contains(err.Error(), h.String()) {
			t.Errorf("the error does not name %s: %v", h, err)
		}
		found := ""
		if err := graph.Verify(ctx, s, func(d graph.Damage) { found += d.String() }); err != nil {
			t.Error(err)
		}
		if !strings.Contains(found, h.String()) {
			t.Errorf("verify does not name %s: %s", h, found)
		}
	}
	if len(counted.put) < 30 {
		t.Errorf("only %d contents", len(counted.put))
	}
}

func TestAmbiguousPrefix(t *testing.T) {
	s := memstore.New()
	for i := range 2 {
		b, err := s.Begin(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Commit(context.Background(), graph.Entry{Snapshot: graph.SnapshotID(fmt.Sprintf("abcdef0123456789%d", i))}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := graph.Resolve(context.Background(), s, "@abcd")
	if !errors.Is(err, graph.ErrAmbiguous) || !strings.Contains(err.Error(), "@abcdef012345") {
		t.Errorf("an ambiguous prefix says %v", err)
	}
	if e, err := graph.Resolve(context.Background(), s, "@abcdef01234567891"); err != nil || e.Number != 2 {
		t.Errorf("%d, %v", e.Number, err)
	}
}
