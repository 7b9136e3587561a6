package badgerstore

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/storetest"
)

// answers is all that can be read of a store.
type answers struct {
	history      []graph.Entry
	refs         map[string]int64
	facts        map[int64]*graph.Facts
	observations map[int64][]*graph.AccountObservations
	derived      []byte
	staged       []byte
}

// ask reads everything and gives what could be read, with the errors of what could not.
func ask(s *Store) (a answers, errs []error) {
	ctx := context.Background()
	note := func(err error) bool {
		if err != nil {
			errs = append(errs, err)
		}
		return err == nil
	}
	var err error
	a.facts, a.observations = map[int64]*graph.Facts{}, map[int64][]*graph.AccountObservations{}
	a.history, err = s.History(ctx)
	note(err)
	a.refs, err = s.Refs(ctx)
	note(err)
	for _, e := range a.history {
		if f, err := graph.Load(ctx, s, e.Snapshot); note(err) {
			a.facts[e.Number] = f
		}
		if o, err := graph.LoadObservations(ctx, s, e); note(err) {
			a.observations[e.Number] = o
		}
	}
	if b, err := s.Derived(ctx, "index"); note(err) {
		a.derived = bytes.Clone(b.Bytes())
		note(b.Close())
	}
	a.staged, err = s.Staged(ctx, "stage", "key")
	note(err)
	return a, errs
}

// fullStore makes a store that has something of everything; big adds content that does not compress.
func fullStore(t *testing.T, tail int64, big int, with ...Option) *Store {
	t.Helper()
	ctx := context.Background()
	s := newStore(t, with...)
	s.tail = tail
	r := rand.New(rand.NewPCG(7, 7))
	for i, n := range []int{120, 3} {
		f := storetest.Account(graph.AccountID(fmt.Sprintf("%012d", i)), n)
		for range big * (1 - i) {
			text := make([]byte, 600)
			for j := range text {
				text[j] = byte(r.Uint32())
			}
			d := graph.CanonicalDocument(text)
			f.Documents[d.Hash] = &d
			f.Accounts[0].Resources = append(f.Accounts[0].Resources, &graph.Resource{ARN: graph.ARN(d.Hash.String()), Policy: d.Hash})
		}
		if _, err := graph.Publish(ctx, s, f, graph.Meta{Name: fmt.Sprintf("name-%d", i), Sources: []string{"source"}, Tool: "test"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.SetRef(ctx, "prod", 0, 1), s.PutDerived(ctx, "index", []byte("derived bytes")), s.Stage(ctx, "stage", "key", []byte("staged"))); err != nil {
		t.Fatal(err)
	}
	return s
}

// flips is how many bits are flipped anywhere in a store of small packs; in tables of large ones it is a third.
var flips = flag.Int("flips", 40, "bits of a store that are flipped, one after the other")

// TestFlippedBits flips one bit at a time anywhere in a store: the damage is an error at the opening or at a read, or
// every answer is the right one; and verify names it in any case.
func TestFlippedBits(t *testing.T) {
	for _, test := range []struct {
		name  string
		whole int64
		tail  int64
		big   int
		flips int
		only  string
		with  []Option
	}{
		{name: "small packs", whole: wholeHash, tail: tailBytes, flips: *flips},
		{name: "every file", whole: wholeHash, tail: tailBytes, flips: 4, only: "each"},
		{name: "large packs", whole: 0, tail: 64 << 10, big: 1500, flips: *flips / 3, only: ".sst"},
		{name: "encrypted, every file", whole: wholeHash, tail: tailBytes, flips: 4, only: "each", with: []Option{WithKey(testKey())}},
		{name: "encrypted, large packs", whole: 0, tail: 64 << 10, big: 1500, flips: *flips / 3, only: ".sst", with: []Option{WithKey(testKey())}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := fullStore(t, test.tail, test.big, test.with...)
			want, errs := ask(s)
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			files, sizes := storeFiles(t, s.dir)
			r := rand.New(rand.NewPCG(1, uint64(len(test.name))))
			silent := 0
			flip := func(path string, offset int64, bit uint) {
				if flipOne(t, s.dir, test.whole, path, offset, bit, want, test.with...) {
					silent++
				}
			}
			switch test.only {
			case "each":
				for i, path := range files {
					for range min(int64(test.flips), sizes[i]) {
						flip(path, r.Int64N(sizes[i]), uint(r.IntN(8)))
					}
				}
			default:
				var total int64
				for i := range files {
					if strings.HasSuffix(files[i], test.only) {
						total += sizes[i]
					}
				}
				for range test.flips {
					at := r.Int64N(total)
					for i := range files {
						if !strings.HasSuffix(files[i], test.only) {
							continue
						}
						if at < sizes[i] {
							flip(files[i], at, uint(r.IntN(8)))
							break
						}
						at -= sizes[i]
					}
				}
			}
			t.Logf("of the flips, %d were noticed by verify alone", silent)
		})
	}
}

// storeFiles lists the files of a store that have content, with sizes.
func storeFiles(t *testing.T, dir string) (paths []string, sizes []int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Size() > 0 {
			paths, sizes = append(paths, path), append(sizes, info.Size())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths, sizes
}

// flipOne flips a bit, asks everything, and flips it back. It tells whether only verify noticed.
func flipOne(t *testing.T, dir string, whole int64, path string, offset int64, bit uint, want answers, with ...Option) (silent bool) {
	t.Helper()
	flip := func() {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var b [1]byte
		if _, err := f.ReadAt(b[:], offset); err != nil {
			t.Fatal(err)
		}
		b[0] ^= 1 << bit
		if _, err := f.WriteAt(b[:], offset); err != nil {
			t.Fatal(err)
		}
	}
	flip()
	defer flip()
	place := fmt.Sprintf("bit %d of byte %d of %s", bit, offset, path)
	s, err := Open(dir, with...)
	if err != nil {
		if !errors.Is(err, graph.ErrDamaged) && !errors.Is(err, graph.ErrFormat) {
			t.Errorf("%s: the opening says %v", place, err)
		}
		return false
	}
	s.whole = whole
	defer func() {
		if err := s.Close(); err != nil {
			t.Errorf("%s: close: %v", place, err)
		}
	}()
	got, errs := ask(s)
	for _, err := range errs {
		if !errors.Is(err, graph.ErrDamaged) {
			t.Errorf("%s: an error that does not say damaged: %v", place, err)
		}
	}
	checkAnswers(t, place, want, got)
	found := 0
	if err := graph.Verify(context.Background(), s, func(graph.Damage) { found++ }); err != nil {
		t.Errorf("%s: verify: %v", place, err)
	}
	if found == 0 {
		t.Errorf("%s: verify finds nothing", place)
	}
	return len(errs) == 0
}

// checkAnswers compares what could be read with what is right.
func checkAnswers(t *testing.T, place string, want, got answers) {
	t.Helper()
	same := func(what string, want, got any) {
		if !cmp.Equal(want, got) {
			t.Errorf("%s: a wrong answer about %s", place, what)
		}
	}
	if got.history != nil {
		same("the history", want.history, got.history)
	}
	if got.refs != nil {
		same("the refs", want.refs, got.refs)
	}
	for n, f := range got.facts {
		same("a snapshot", want.facts[n], f)
	}
	for n, o := range got.observations {
		same("observations", want.observations[n], o)
	}
	if got.derived != nil {
		same("a derived blob", want.derived, got.derived)
	}
	if got.staged != nil {
		same("a staged value", want.staged, got.staged)
	}
}
