package badgerstore

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/storetest"
)

// publishDir, when set in the environment, makes the test binary a process that publishes into that store for ever.
const publishDir = "ACCESSGRAPH_TEST_PUBLISH"

func TestMain(m *testing.M) {
	if dir := os.Getenv(publishDir); dir != "" {
		fmt.Fprintln(os.Stderr, publishForEver(dir))
		os.Exit(1)
	}
	if dir := os.Getenv(visitDir); dir != "" {
		fmt.Println(visit(dir))
		os.Exit(0)
	}
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// publishForEver publishes one account after another and prints the number of each entry that was acknowledged.
func publishForEver(dir string) error {
	s, err := Create(dir)
	if err != nil {
		return err
	}
	history, err := s.History(context.Background())
	if err != nil {
		return err
	}
	for i := range 1 << 20 {
		id := graph.AccountID(fmt.Sprintf("%012d", (len(history)+i)/2)) // every second one brings nothing new
		e, err := graph.Publish(context.Background(), s, storetest.Account(id, 40), graph.Meta{Name: "killed"})
		if err != nil {
			return err
		}
		fmt.Println(e.Number)
	}
	return nil
}

// TestKilledWriter kills a publishing process at random moments: what was acknowledged is there, everything that the
// history names is whole, and the next writer removes what was left behind.
func TestKilledWriter(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	r := rand.New(rand.NewPCG(3, 4))
	acknowledged := 0
	for round := range 10 {
		acknowledged = max(acknowledged, publishAndKill(t, dir, time.Duration(r.IntN(250))*time.Millisecond))
		s, err := Create(dir) // the process may have been killed before the store was made
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		history, err := s.History(context.Background())
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if len(history) < acknowledged {
			t.Fatalf("round %d: %d entries were acknowledged and %d are there", round, acknowledged, len(history))
		}
		if err := graph.Verify(context.Background(), s, func(d graph.Damage) { t.Errorf("round %d: %s", round, d) }); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d entries survived", acknowledged)
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := graph.Publish(context.Background(), s, storetest.Account("222222222222", 5), graph.Meta{}); err != nil {
		t.Fatal(err)
	}
	wantTidy(t, s)
}

// publishAndKill gives the number of the last entry that the killed process acknowledged.
func publishAndKill(t *testing.T, dir string, after time.Duration) int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), publishDir+"="+dir)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatalf("the publishing process ended by itself: %v: %s", err, &stderr)
	}
	_ = cmd.Wait() // says that it was killed
	if stderr.Len() > 0 {
		t.Fatalf("the publishing process failed: %s", &stderr)
	}
	last := 0
	for lines := bufio.NewScanner(&stdout); lines.Scan(); {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatal(err)
		}
		last = n
	}
	return last
}

// wantTidy checks that a store's directory holds what its manifest names and nothing else, with nobody else's access.
func wantTidy(t *testing.T, s *Store) {
	t.Helper()
	m, err := readManifest(s.dir, s.seal)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Packs) > maxPacks {
		t.Errorf("%d packs, more than %d", len(m.Packs), maxPacks)
	}
	named := map[string]bool{}
	for _, p := range m.Packs {
		named[p.Name] = true
	}
	err = filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(s.dir, path)
		if err != nil {
			return err
		}
		if strings.Contains(rel, ".new-") || rel == tmpName || filepath.Dir(rel) == packsName && !named[d.Name()] {
			t.Errorf("%s was left behind", rel)
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", rel, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestFailedSteps makes a publication fail at each of its steps: the error arrives, nothing of it is visible, earlier
// snapshots are whole, and the next publication works.
func TestFailedSteps(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	defer s.Close()
	if _, err := graph.Publish(ctx, s, storetest.Account("111111111111", 100), graph.Meta{}); err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	entries := 1
	for i, step := range []string{"reserve", "tables", "described", "renamed", "manifest"} {
		reached := false
		s.hook = func(at string) error {
			if at == step {
				reached = true
				return boom
			}
			return nil
		}
		f := storetest.Account(graph.AccountID(fmt.Sprintf("%012d", i)), 30)
		if _, err := graph.Publish(ctx, s, f, graph.Meta{}); !errors.Is(err, boom) || !reached {
			t.Errorf("%s: the error is %v", step, err)
		}
		s.hook = nil
		if history, err := s.History(ctx); err != nil || len(history) != entries {
			t.Errorf("%s: history is %v, %v", step, history, err)
		}
		if err := graph.Verify(ctx, s, func(d graph.Damage) { t.Errorf("%s: %s", step, d) }); err != nil {
			t.Fatal(err)
		}
		if _, err := graph.Publish(ctx, s, f, graph.Meta{}); err != nil {
			t.Errorf("%s: publish afterwards: %v", step, err)
		}
		entries++
		wantTidy(t, s)
	}
}

// TestCancelledPublish cancels a publication while its pack is being written.
func TestCancelledPublish(t *testing.T) {
	s := newStore(t)
	defer s.Close()
	publish(t, s, storetest.Account("111111111111", 50))
	for _, step := range []string{"reserve", "tables", "manifest"} {
		ctx, cancel := context.WithCancel(context.Background())
		s.hook = func(at string) error {
			if at == step {
				cancel()
			}
			return nil
		}
		if _, err := graph.Publish(ctx, s, storetest.Account("222222222222", 2000), graph.Meta{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: the error is %v", step, err)
		}
		s.hook = nil
		cancel()
	}
	if history, err := s.History(context.Background()); err != nil || len(history) != 1 {
		t.Errorf("history is %v, %v", history, err)
	}
	publish(t, s, storetest.Account("333333333333", 50))
	wantTidy(t, s)
}

// TestFailedCollect makes a collection fail at each of its steps: what is kept stays whole, and the next one works.
func TestFailedCollect(t *testing.T) {
	ctx := context.Background()
	boom := errors.New("boom")
	for _, step := range []string{"reserve", "tables", "described", "renamed", "manifest", ""} {
		s := newStore(t)
		for i := range 6 {
			publish(t, s, storetest.Account(graph.AccountID(fmt.Sprintf("%012d", i)), 30+20*i))
		}
		s.hook = func(at string) error {
			if at == step {
				return boom
			}
			return nil
		}
		if _, err := graph.Prune(ctx, s, graph.Pruning{Remove: []int64{1, 3, 6}}); (step != "") != errors.Is(err, boom) {
			t.Errorf("%s: the error is %v", step, err)
		}
		s.hook = nil
		if err := graph.Verify(ctx, s, func(d graph.Damage) { t.Errorf("%s: %s", step, d) }); err != nil {
			t.Fatal(err)
		}
		c, err := graph.Prune(ctx, s, graph.Pruning{})
		if err != nil || (c.Contents > 0) != (step != "") {
			t.Errorf("%s: the next collection drops %+v, %v", step, c, err)
		}
		history, err := s.History(ctx)
		if err != nil || len(history) != 3 {
			t.Errorf("%s: history is %v, %v", step, history, err)
		}
		for _, e := range history {
			if _, err := graph.Load(ctx, s, e.Snapshot); err != nil {
				t.Errorf("%s: %v", step, err)
			}
		}
		wantTidy(t, s)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestCollectDropsPacks collects beside a reader that holds a pack of which nothing is needed: it reads on, and a later writer removes the pack.
func TestCollectDropsPacks(t *testing.T) {
	ctx := context.Background()
	s := newStore(t)
	defer s.Close()
	first := publish(t, s, storetest.Account("000000000001", 400))
	second := publish(t, s, storetest.Account("000000000002", 0))
	reader, err := Open(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	want, err := graph.Load(ctx, reader, first.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	before := packsOf(t, s)
	if _, err := graph.Prune(ctx, s, graph.Pruning{Remove: []int64{first.Number}}); err != nil {
		t.Fatal(err)
	}
	after := packsOf(t, s)
	if len(before) != 2 || len(after) != 1 {
		t.Fatalf("%d packs became %d", len(before), len(after))
	}
	got, err := graph.Load(ctx, reader, first.Snapshot)
	if err != nil || !cmp.Equal(want, got) {
		t.Errorf("a reader of before sees other facts: %v", err)
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	publish(t, s, storetest.Account("000000000003", 1))
	wantTidy(t, s)
	if _, err := graph.Load(ctx, s, second.Snapshot); err != nil {
		t.Error(err)
	}
}
