// Package storetest is the conformance suite of graph.Store: every engine passes it.
package storetest

import (
	"bytes"
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
	"pgregory.net/rapid"

	"github.com/accessgraph/accessgraph/graph"
)

// Run runs the suite; open gives a new empty store, which the suite closes. A store that is no whole engine leaves out tests by name, and says why.
func Run(t *testing.T, open func(t testing.TB) graph.Store, without ...string) {
	for name, test := range map[string]func(*testing.T, graph.Store){
		"content":      testContent,
		"large":        testLargeContent,
		"batches":      testBatches,
		"history":      testHistory,
		"refs":         testRefs,
		"resolve":      testResolve,
		"derived":      testDerived,
		"staging":      testStaging,
		"unchanged":    testUnchanged,
		"round trip":   testRoundTrip,
		"observations": testObservations,
		"invalid":      testInvalid,
		"readers":      testReaders,
		"cancel":       testCancel,
		"show":         testShow,

		"remove":            testRemove,
		"prune":             testPrune,
		"prune shared":      testPruneShared,
		"prune and readers": testPruneReaders,
		"collect refuses":   testCollectRefuses,
	} {
		if !slices.Contains(without, name) {
			t.Run(name, func(t *testing.T) { test(t, opened(t, open)) })
		}
	}
}

func opened(t testing.TB, open func(t testing.TB) graph.Store) graph.Store {
	t.Helper()
	s := open(t)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func must(t fataler, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func wantError(t fataler, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want one that wraps %q", err, want)
	}
}

// commit publishes contents in one partition with an entry.
func commit(t fataler, s graph.Store, p graph.Partition, contents ...string) (graph.Entry, []graph.Hash) {
	t.Helper()
	ctx := context.Background()
	b, err := s.Begin(ctx)
	must(t, err)
	defer b.Discard()
	var hashes []graph.Hash
	for _, c := range contents {
		h, err := b.Put(p, []byte(c))
		must(t, err)
		hashes = append(hashes, h)
	}
	e, err := b.Commit(ctx, graph.Entry{Time: time.Unix(1_700_000_000, 0).UTC(), Snapshot: "00"})
	must(t, err)
	slices.SortFunc(hashes, func(a, b graph.Hash) int { return bytes.Compare(a[:], b[:]) })
	return e, hashes
}

func fetch(s graph.Store, p graph.Partition, hashes ...graph.Hash) ([]string, error) {
	out := make([]string, len(hashes))
	err := s.Fetch(context.Background(), p, hashes, func(i int, content []byte) error {
		out[i] = string(content)
		return nil
	})
	return out, err
}

func testContent(t *testing.T, s graph.Store) {
	ctx := context.Background()
	var texts []string
	for i := range 500 {
		texts = append(texts, fmt.Sprintf("content %d", i))
	}
	_, hashes := commit(t, s, "a", texts[:300]...)
	_, more := commit(t, s, "a", texts[200:]...)
	_, other := commit(t, s, "ab", "content 1", "")
	all := append(slices.Clone(hashes), more...)
	slices.SortFunc(all, func(a, b graph.Hash) int { return bytes.Compare(a[:], b[:]) })
	all = slices.Compact(all)
	got, err := fetch(s, "a", all...)
	must(t, err)
	for i, h := range all {
		if graph.HashOf([]byte(got[i])) != h {
			t.Fatalf("content %d is %q, which %s does not name", i, got[i], h)
		}
	}
	if got, err := fetch(s, "ab", other...); err != nil || len(strings.Join(got, "")) != len("content 1") {
		t.Fatalf("fetch from ab: %q, %v", got, err)
	}
	_, err = fetch(s, "b", all[0])
	wantError(t, err, graph.ErrNotFound)
	_, err = fetch(s, "ab", all...)
	wantError(t, err, graph.ErrNotFound)
	absent := slices.Clone(all)
	absent[17][31] ^= 1
	_, err = fetch(s, "a", absent...)
	wantError(t, err, graph.ErrNotFound)
	if _, err := fetch(s, "a", all[1], all[0]); err == nil {
		t.Fatal("hashes out of order were accepted")
	}
	stop := errors.New("stop")
	wantError(t, s.Fetch(ctx, "a", all, func(int, []byte) error { return stop }), stop)
	must(t, s.Fetch(ctx, "a", nil, func(int, []byte) error { return stop }))
	for _, r := range [][2]int{{0, len(all) - 1}, {3, 3}, {10, 200}} {
		var seen []graph.Hash
		must(t, s.Scan(ctx, "a", all[r[0]], all[r[1]], func(h graph.Hash, content []byte) error {
			if graph.HashOf(content) != h {
				t.Fatalf("scan gave %q for %s", content, h)
			}
			seen = append(seen, h)
			return nil
		}))
		if !slices.Equal(seen, all[r[0]:r[1]+1]) {
			t.Fatalf("scan of %v gave %d, want %d in order", r, len(seen), r[1]-r[0]+1)
		}
	}
	wantError(t, s.Scan(ctx, "a", all[0], all[9], func(graph.Hash, []byte) error { return stop }), stop)
	must(t, s.Check(ctx, func(d graph.Damage) { t.Errorf("damage: %s", d) }))
}

func testLargeContent(t *testing.T, s graph.Store) {
	var texts []string
	for _, n := range []int{512<<10 - 1, 512 << 10, 512<<10 + 1, 1 << 20, 3<<20 + 7} {
		texts = append(texts, strings.Repeat("x", n))
	}
	_, hashes := commit(t, s, "a", texts...)
	commit(t, s, "a", append(texts, "y")...)
	got, err := fetch(s, "a", hashes...)
	must(t, err)
	for i, h := range hashes {
		if graph.HashOf([]byte(got[i])) != h {
			t.Fatalf("content %d of %d bytes is not what was put", i, len(got[i]))
		}
	}
	must(t, s.Check(context.Background(), func(d graph.Damage) { t.Errorf("damage: %s", d) }))
}

func testBatches(t *testing.T, s graph.Store) {
	ctx := context.Background()
	b, err := s.Begin(ctx)
	must(t, err)
	h, err := b.Put("a", []byte("one"))
	must(t, err)
	_, err = s.Begin(ctx)
	wantError(t, err, graph.ErrLocked)
	_, err = fetch(s, "a", h)
	wantError(t, err, graph.ErrNotFound)
	b.Discard()
	b.Discard()
	if _, err := b.Commit(ctx, graph.Entry{}); err == nil {
		t.Fatal("a discarded batch was committed")
	}
	_, err = fetch(s, "a", h)
	wantError(t, err, graph.ErrNotFound)
	if history, err := s.History(ctx); err != nil || len(history) != 0 {
		t.Fatalf("history is %v, %v", history, err)
	}
	commit(t, s, "a", "one")
	b, err = s.Begin(ctx)
	must(t, err)
	defer b.Discard()
	for p, want := range map[graph.Partition]bool{"a": true, "b": false} {
		if got, err := b.Has(ctx, p, h); err != nil || got != want {
			t.Fatalf("has in %s: %v, %v", p, got, err)
		}
	}
	for _, p := range []graph.Partition{"", graph.Partition(strings.Repeat("p", graph.MaxPartition+1))} {
		if _, err := b.Put(p, nil); err == nil {
			t.Fatalf("partition %q was accepted", p)
		}
	}
}

func testHistory(t *testing.T, s graph.Store) {
	ctx := context.Background()
	times := []int64{50, 10, 50, 30}
	for i, sec := range times {
		e, err := graph.Publish(ctx, s, &graph.Facts{}, graph.Meta{Name: fmt.Sprintf("n%d", i), Time: time.Unix(sec, 5), Sources: []string{"x", "y"}, Tool: "test 1"})
		must(t, err)
		if e.Number != int64(i)+1 {
			t.Fatalf("entry %d has number %d", i+1, e.Number)
		}
	}
	history, err := s.History(ctx)
	must(t, err)
	var numbers []int64
	for _, e := range history {
		numbers = append(numbers, e.Number)
	}
	if !slices.Equal(numbers, []int64{2, 4, 1, 3}) {
		t.Fatalf("order of history is %v", numbers)
	}
	want := graph.Entry{Number: 2, Time: time.Unix(10, 5).UTC(), Name: "n1", Sources: []string{"x", "y"}, Tool: "test 1", Snapshot: history[3].Snapshot}
	if diff := cmp.Diff(want, history[0]); diff != "" {
		t.Fatalf("entry: %s", diff)
	}
}

func testRefs(t *testing.T, s graph.Store) {
	ctx := context.Background()
	commit(t, s, "a", "1")
	commit(t, s, "a", "2")
	must(t, s.SetRef(ctx, "prod", 0, 1))
	wantError(t, s.SetRef(ctx, "prod", 0, 2), graph.ErrConflict)
	wantError(t, s.SetRef(ctx, "prod", 1, 3), graph.ErrNotFound)
	must(t, s.SetRef(ctx, "prod", 1, 2))
	must(t, s.SetRef(ctx, "other", 0, 1))
	refs, err := s.Refs(ctx)
	must(t, err)
	if diff := cmp.Diff(map[string]int64{"prod": 2, "other": 1}, refs); diff != "" {
		t.Fatalf("refs: %s", diff)
	}
	must(t, s.SetRef(ctx, "prod", 2, 0))
	if refs, err = s.Refs(ctx); err != nil || len(refs) != 1 {
		t.Fatalf("refs: %v, %v", refs, err)
	}
	for _, name := range []string{"", "latest", "2026-01-02", "abcd", "../x", "a b"} {
		if s.SetRef(ctx, name, 0, 1) == nil {
			t.Errorf("the name %q was accepted", name)
		}
	}
}

func testResolve(t *testing.T, s graph.Store) {
	ctx := context.Background()
	_, err := graph.Resolve(ctx, s, "@latest")
	wantError(t, err, graph.ErrNoSnapshot)
	day := func(d, h int) time.Time { return time.Date(2026, 11, d, h, 0, 0, 0, time.UTC) }
	var ids []string
	for i, m := range []graph.Meta{{Name: "weekly", Time: day(1, 23)}, {Name: "prod-eu", Time: day(3, 0)}, {Name: "weekly", Time: day(8, 1)}} {
		e, err := graph.Publish(ctx, s, Account(graph.AccountID(fmt.Sprintf("%012d", i)), 1), m)
		must(t, err)
		ids = append(ids, string(e.Snapshot))
	}
	must(t, s.SetRef(ctx, "release", 0, 1))
	for ref, want := range map[string]int64{
		"@latest": 3, "latest~0": 3, "@latest~2": 1, "@2026-11-01": 1, "@2026-11-02": 1, "@2026-11-03": 2, "@2030-01-01": 3,
		"@weekly": 3, "prod-eu": 2, "@release": 1, "@" + ids[1]: 2, "@" + strings.ToUpper(ids[0][:20]): 1,
	} {
		if e, err := graph.Resolve(ctx, s, ref); err != nil || e.Number != want {
			t.Errorf("%s is entry %d, %v; want %d", ref, e.Number, err, want)
		}
	}
	for ref, hint := range map[string]string{
		"@latest~3": "@latest~2", "@2026-10-31": "2026-11-01", "@2026-02-30": "no such day", "@prod-us": "@prod-eu", "@": "@latest",
		"@zzz": "@latest", "@abc": "at least 4 digits", "@" + strings.Repeat("f", 64): "@latest",
	} {
		_, err := graph.Resolve(ctx, s, ref)
		wantError(t, err, graph.ErrNoSnapshot)
		if !strings.Contains(err.Error(), hint) {
			t.Errorf("%s: the error %q does not mention %q", ref, err, hint)
		}
	}
}

func testDerived(t *testing.T, s graph.Store) {
	ctx := context.Background()
	_, err := s.Derived(ctx, "index-1")
	wantError(t, err, graph.ErrNotFound)
	for _, data := range []string{"first", "", strings.Repeat("second", 10000)} {
		must(t, s.PutDerived(ctx, "index-1", []byte(data)))
		b, err := s.Derived(ctx, "index-1")
		must(t, err)
		if string(b.Bytes()) != data {
			t.Fatalf("derived is %d bytes, want %d", len(b.Bytes()), len(data))
		}
		must(t, b.Close())
	}
}

func testStaging(t *testing.T, s graph.Store) {
	ctx := context.Background()
	_, err := s.Staged(ctx, "org", "k")
	wantError(t, err, graph.ErrNotFound)
	must(t, s.Stage(ctx, "org", "k/../", []byte("v")))
	must(t, s.Stage(ctx, "org", "k2", nil))
	must(t, s.Stage(ctx, "other", "k2", []byte("w")))
	if v, err := s.Staged(ctx, "org", "k/../"); err != nil || string(v) != "v" {
		t.Fatalf("staged %q, %v", v, err)
	}
	must(t, s.Unstage(ctx, "org"))
	_, err = s.Staged(ctx, "org", "k2")
	wantError(t, err, graph.ErrNotFound)
	if v, err := s.Staged(ctx, "other", "k2"); err != nil || string(v) != "w" {
		t.Fatalf("staged %q, %v", v, err)
	}
}

// roundTrip publishes f and compares what is loaded with it.
func roundTrip(t fataler, s graph.Store, f *graph.Facts) graph.Entry {
	t.Helper()
	ctx := context.Background()
	e, err := graph.Publish(ctx, s, f, graph.Meta{Time: time.Unix(1, 0)})
	must(t, err)
	got, err := graph.Load(ctx, s, e.Snapshot)
	must(t, err)
	got.Observations, err = graph.LoadObservations(ctx, s, e)
	must(t, err)
	if diff := cmp.Diff(f, got); diff != "" {
		t.Fatalf("loaded facts differ (-published +loaded):\n%s", diff)
	}
	return e
}

func testUnchanged(t *testing.T, s graph.Store) {
	first := roundTrip(t, s, Account("111111111111", 50))
	second := roundTrip(t, s, Account("111111111111", 50))
	if first.Snapshot != second.Snapshot || first.Number == second.Number {
		t.Fatalf("the same facts twice are %v and %v", first, second)
	}
	f := Account("111111111111", 50)
	f.Observations = nil
	if third := roundTrip(t, s, f); third.Snapshot != first.Snapshot || third.Observations != "" {
		t.Fatal("observations have an influence on the id")
	}
	f = Account("111111111111", 50)
	f.Accounts[0].Roles[7].Tags = nil
	if changed := roundTrip(t, s, f); changed.Snapshot == first.Snapshot {
		t.Fatal("a changed role has no influence on the id")
	}
}

// testRoundTrip publishes and loads any facts, and the same facts in another order, which have the same id.
func testRoundTrip(t *testing.T, s graph.Store) {
	var seed uint64
	rapid.Check(t, func(t *rapid.T) {
		f := Random(t)
		first := roundTrip(t, s, f)
		seed++
		Shuffle(f, seed)
		if second := roundTrip(t, s, f); second.Snapshot != first.Snapshot || second.Observations != first.Observations {
			t.Fatalf("the order of the facts changes the id from %s to %s", first.Snapshot, second.Snapshot)
		}
	})
}

func testObservations(t *testing.T, s graph.Store) {
	f := Account("111111111111", 30)
	first := roundTrip(t, s, f)
	f = Account("111111111111", 30)
	f.Observations[0].RoleLastUsed[3].Region = "us-east-1"
	second := roundTrip(t, s, f)
	if first.Snapshot != second.Snapshot || first.Observations == second.Observations {
		t.Fatal("new observations must change the observations and nothing else")
	}
	old, err := graph.LoadObservations(context.Background(), s, first)
	must(t, err)
	if old[0].RoleLastUsed[3].Region != "eu-central-1" {
		t.Fatal("earlier observations changed")
	}
}

func testInvalid(t *testing.T, s graph.Store) {
	ctx := context.Background()
	d := graph.CanonicalDocument([]byte("{}"))
	wrong := graph.Document{Hash: d.Hash, Canonical: []byte("[]")}
	role := func(documents map[graph.DocumentHash]*graph.Document) *graph.Facts {
		return &graph.Facts{Documents: documents, Accounts: []*graph.Account{{ID: "1", Roles: []*graph.Role{{ARN: "a", Trust: d.Hash}}}}}
	}
	for name, f := range map[string]*graph.Facts{
		"missing document":                 role(nil),
		"wrong document":                   role(map[graph.DocumentHash]*graph.Document{d.Hash: &wrong}),
		"account twice":                    {Accounts: []*graph.Account{{ID: "1"}, {ID: "1"}}},
		"no account id":                    {Accounts: []*graph.Account{{}}},
		"a shared partition as account id": {Accounts: []*graph.Account{{ID: "~1"}}},
		"an account id of 65 bytes":        {Accounts: []*graph.Account{{ID: graph.AccountID(strings.Repeat("1", graph.MaxPartition+1))}}},
		"observations of no account":       {Observations: []*graph.AccountObservations{{}}},
		"observations twice":               {Observations: []*graph.AccountObservations{{Account: "1"}, {Account: "1"}}},
	} {
		if _, err := graph.Publish(ctx, s, f, graph.Meta{}); err == nil {
			t.Errorf("%s was published", name)
		}
	}
	if _, err := graph.Publish(ctx, s, &graph.Facts{}, graph.Meta{Name: "latest"}); err == nil {
		t.Error("the name latest was accepted")
	}
	if history, err := s.History(ctx); err != nil || len(history) != 0 {
		t.Errorf("history is %v, %v", history, err)
	}
	_, err := graph.Load(ctx, s, graph.SnapshotID(strings.Repeat("0", 64)))
	wantError(t, err, graph.ErrNoSnapshot)
	_, err = graph.Load(ctx, s, "junk")
	wantError(t, err, graph.ErrNoSnapshot)
}

// testReaders loads snapshots while others are published.
func testReaders(t *testing.T, s graph.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	first, err := graph.Publish(ctx, s, Account("000000000000", 40), graph.Meta{})
	must(t, err)
	want, err := graph.Load(ctx, s, first.Snapshot)
	must(t, err)
	var group sync.WaitGroup
	for n := range 3 {
		group.Go(func() {
			r := rand.New(rand.NewPCG(uint64(n), 0))
			for ctx.Err() == nil {
				history, err := s.History(context.Background())
				if err != nil {
					t.Errorf("history: %v", err)
					return
				}
				e := history[r.IntN(len(history))]
				got, err := graph.Load(context.Background(), s, e.Snapshot)
				if err != nil {
					t.Errorf("load while publishing: %v", err)
					return
				}
				if e.Snapshot == first.Snapshot && !cmp.Equal(want, got) {
					t.Error("a snapshot changed while others were published")
					return
				}
			}
		})
	}
	for i := range 12 {
		_, err := graph.Publish(ctx, s, Account(graph.AccountID(fmt.Sprintf("%012d", i)), 40*i), graph.Meta{})
		must(t, err)
	}
	cancel()
	group.Wait()
}

func testCancel(t *testing.T, s graph.Store) {
	ctx, cancel := context.WithCancel(context.Background())
	e, err := graph.Publish(ctx, s, Account("000000000001", 300), graph.Meta{})
	must(t, err)
	cancel()
	_, err = graph.Publish(ctx, s, Account("000000000002", 300), graph.Meta{})
	wantError(t, err, context.Canceled)
	_, err = graph.Load(ctx, s, e.Snapshot)
	wantError(t, err, context.Canceled)
	if history, err := s.History(context.Background()); err != nil || len(history) != 1 {
		t.Fatalf("history: %v, %v", history, err)
	}
	must(t, graph.Verify(context.Background(), s, func(d graph.Damage) { t.Errorf("damage: %s", d) }))
}

func testShow(t *testing.T, s graph.Store) {
	f := Account("000000000001", 300)
	f.Organization = &graph.Organization{ID: "o-1", Units: []graph.OrganizationalUnit{{ID: "ou-1"}, {ID: "ou-2"}}}
	f.Coverage = []graph.Coverage{{Kind: graph.KindOrganization, State: graph.CoverageComplete}}
	e, err := graph.Publish(context.Background(), s, f, graph.Meta{})
	must(t, err)
	got, err := graph.Show(context.Background(), s, e.Snapshot)
	must(t, err)
	configuration := got.Accounts[0].Configuration
	if configuration == (graph.Hash{}) {
		t.Error("the account's configuration has no name")
	}
	want := &graph.Summary{ID: e.Snapshot, Documents: 4 + 100 + 30, Organization: []graph.Count{{Kind: "units", N: 2}}, Coverage: f.Coverage,
		Accounts: []graph.AccountSummary{{ID: "000000000001", Configuration: configuration, Documents: 134, Coverage: f.Accounts[0].Coverage,
			Counts: []graph.Count{{Kind: "roles", N: 300}, {Kind: "policies", N: 15}}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("summary: %s", diff)
	}
}
