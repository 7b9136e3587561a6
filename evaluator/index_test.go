package evaluator_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/accessgraph/accessgraph/bench/orggen/organization"
	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/segment"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
	"github.com/accessgraph/accessgraph/ingest/files"
	"github.com/accessgraph/accessgraph/query"
)

func indexName(id graph.SnapshotID) string { return fmt.Sprintf("segments-%d-%s", segment.Version, id) }

// organizationOf makes facts of a small organization.
func organizationOf(t *testing.T) *graph.Facts {
	t.Helper()
	dir := t.TempDir()
	if err := organization.Write(dir, organization.Options{Accounts: 4, Principals: 40, Seed: 7}); err != nil {
		t.Fatal(err)
	}
	facts, _, err := files.Read(t.Context(), []string{dir}, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

func publish(t *testing.T, s graph.Store, facts *graph.Facts) graph.SnapshotID {
	t.Helper()
	entry, err := graph.Publish(t.Context(), s, facts, graph.Meta{Time: time.Unix(1, 0)})
	if err != nil {
		t.Fatal(err)
	}
	return entry.Snapshot
}

func index(t *testing.T, s graph.Store, facts *graph.Facts) (id graph.SnapshotID, size int) {
	t.Helper()
	id = publish(t, s, facts)
	if err := evaluator.WriteIndex(t.Context(), s, id, facts); err != nil {
		t.Fatal(err)
	}
	b, err := s.Derived(t.Context(), indexName(id))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	return id, len(b.Bytes())
}

// sameCounts holds that the index of a snapshot counts as a world of its facts does.
func sameCounts(t *testing.T, s graph.Store, id graph.SnapshotID, facts *graph.Facts) {
	t.Helper()
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	w, err := evaluator.Compile(t.Context(), facts, cat)
	if err != nil {
		t.Fatal(err)
	}
	f, err := evaluator.OpenIndex(t.Context(), s, id, cat)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, action := range []string{"kms:Decrypt", "s3:PutObject", "sts:AssumeRole", "iam:PassRole"} {
		q := evaluator.Question{Actions: []string{action}}
		want, err := w.CountCan(t.Context(), q, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.CountCan(t.Context(), q, nil)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(evaluator.Counted{}, "Plan")); diff != "" || err != nil {
			t.Errorf("%s: %v (-world +index):\n%s", action, err, diff)
		}
		rows += len(want.Holdings)
	}
	if rows == 0 {
		t.Error("nothing was counted")
	}
}

// TestIndexTakesOver holds that a second snapshot takes over the segments of the accounts that did not change: its index holds one of four.
func TestIndexTakesOver(t *testing.T) {
	s, facts := memstore.New(), organizationOf(t)
	first, whole := index(t, s, facts)
	sameCounts(t, s, first, facts)
	changed := facts.Accounts[1]
	changed.Roles[0].Tags = append(changed.Roles[0].Tags, graph.Tag{Key: "zz", Value: "another"})
	alone, err := evaluator.Segment(changed, facts.Documents)
	if err != nil {
		t.Fatal(err)
	}
	second, size := index(t, s, facts)
	if size > len(alone)+4*512 || size > whole/2 {
		t.Errorf("the second index has %d bytes, the segment of the only changed account %d; the first index has %d", size, len(alone), whole)
	}
	sameCounts(t, s, second, facts)
	if err := evaluator.WriteIndex(t.Context(), s, second, facts); err != nil {
		t.Error("an index that is there already:", err)
	}
	facts.Accounts = append(facts.Accounts[:2], facts.Accounts[3:]...) // one account fewer: nothing is new
	third, size := index(t, s, facts)
	if size > 3*512 {
		t.Errorf("an index of accounts that are all known has %d bytes", size)
	}
	sameCounts(t, s, third, facts)
	sameCounts(t, s, second, mustLoad(t, s, second))
}

func mustLoad(t *testing.T, s graph.Store, id graph.SnapshotID) *graph.Facts {
	t.Helper()
	facts, err := graph.Load(t.Context(), s, id)
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

// spoiled is a store in which some derived blobs are others, or are not there.
type spoiled struct {
	graph.Store
	blobs map[string][]byte // nil: err
	err   error             // nil: not there
}

type bytesBlob []byte

func (b bytesBlob) Bytes() []byte { return b }
func (b bytesBlob) Close() error  { return nil }

func (s *spoiled) Derived(ctx context.Context, name string) (graph.Blob, error) {
	data, ok := s.blobs[name]
	switch {
	case !ok:
		return s.Store.Derived(ctx, name)
	case data == nil && s.err != nil:
		return nil, s.err
	case data == nil:
		return nil, graph.ErrNotFound
	}
	return bytesBlob(data), nil
}

// TestIndexDamaged holds that an index which is damaged or not there, itself or one that it takes segments from, leads to the same answers.
func TestIndexDamaged(t *testing.T) {
	s, facts := memstore.New(), organizationOf(t)
	first, _ := index(t, s, facts)
	facts.Accounts[1].Roles[0].Tags = append(facts.Accounts[1].Roles[0].Tags, graph.Tag{Key: "zz", Value: "another"})
	second, size := index(t, s, facts)
	b, err := s.Derived(t.Context(), indexName(second))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	const question = "who can do kms:Decrypt | group by account count"
	count := func(t *testing.T, s graph.Store) string {
		t.Helper()
		a, err := query.Run(t.Context(), s, question, query.Options{At: string(second)})
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for r, err := range a.Rows {
			if err != nil {
				t.Fatal(err)
			}
			account, _ := r.Field("account")
			n, _ := r.Field("count")
			text += fmt.Sprintln(account, n)
		}
		sum := a.Summary()
		return text + fmt.Sprint(sum.Count, sum.Unknown, sum.Assumptions, sum.Incomplete, sum.Warnings)
	}
	want := count(t, s)
	without := &spoiled{Store: s, blobs: map[string][]byte{indexName(first): nil, indexName(second): nil}}
	if got := count(t, without); got != want {
		t.Errorf("without an index: %s, want %s", got, want)
	}
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	cut := func(n int) []byte { return append([]byte{}, b.Bytes()[:n]...) }
	flipped := func(at int) []byte {
		out := cut(size)
		out[at] ^= 0xff
		return out
	}
	for name, blobs := range map[string]map[string][]byte{
		"no earlier one": {indexName(first): nil}, "an empty earlier one": {indexName(first): {}}, "a short earlier one": {indexName(first): cut(100)},
		"empty": {indexName(second): {}}, "short": {indexName(second): cut(7)}, "cut": {indexName(second): cut(size - 1)}, "half": {indexName(second): cut(size / 2)},
		"another size": {indexName(second): flipped(size - 8)}, "another smaller size": {indexName(second): flipped(size - 1)}, "another list": {indexName(second): flipped(size - 20)},
		"that of another snapshot": {indexName(second): func() []byte {
			b, err := s.Derived(t.Context(), indexName(first))
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			return append([]byte{}, b.Bytes()...)
		}()},
	} {
		t.Run(name, func(t *testing.T) {
			bad := &spoiled{Store: s, blobs: blobs}
			if _, err := evaluator.OpenIndex(t.Context(), bad, second, cat); !errors.Is(err, graph.ErrNotFound) {
				t.Errorf("it is opened: %v", err)
			}
			if got := count(t, bad); got != want {
				t.Errorf("it answers %s, want %s", got, want)
			}
		})
	}
	for name, blob := range map[string]string{"damaged": indexName(second), "earlier one damaged": indexName(first)} {
		t.Run(name, func(t *testing.T) {
			if got := count(t, &spoiled{Store: s, blobs: map[string][]byte{blob: nil}, err: graph.ErrDamaged}); got != want {
				t.Errorf("it answers %s, want %s", got, want)
			}
		})
	}
}

// TestIndexSurvivesPrune removes the snapshot that most of a later index was taken over from: the later one answers as before, and what no
// kept snapshot needs is gone.
func TestIndexSurvivesPrune(t *testing.T) {
	s := memstore.New()
	facts := organizationOf(t)
	first, _ := index(t, s, facts)
	changed := organizationOf(t)
	changed.Accounts[0].Roles[0].Tags = append(changed.Accounts[0].Roles[0].Tags, graph.Tag{Key: "new", Value: "tag"})
	second, _ := index(t, s, changed)
	prune := func(without ...int64) {
		t.Helper()
		_, err := graph.Prune(t.Context(), s, graph.Pruning{Remove: without, Derived: func(ctx context.Context, ids []graph.SnapshotID) ([]string, error) {
			return evaluator.IndexBlobs(ctx, s, ids)
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	prune(1)
	if _, err := graph.Load(t.Context(), s, first); !errors.Is(err, graph.ErrNoSnapshot) {
		t.Fatalf("the removed snapshot says %v", err)
	}
	sameCounts(t, s, second, changed)
	other := organizationOf(t)
	other.Accounts = other.Accounts[:1]
	other.Accounts[0].Roles = other.Accounts[0].Roles[:3]
	publish(t, s, other)
	prune(2)
	for _, id := range []graph.SnapshotID{first, second} {
		if _, err := s.Derived(t.Context(), indexName(id)); !errors.Is(err, graph.ErrNotFound) {
			t.Errorf("the index that nothing needs says %v", err)
		}
	}
}
