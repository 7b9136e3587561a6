package badgerstore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/storetest"
)

// TestStrangeDirectories opens what is not a store, or not all of one.
func TestStrangeDirectories(t *testing.T) {
	remove := func(pattern string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			paths, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil || len(paths) == 0 {
				t.Fatalf("nothing matches %s: %v", pattern, err)
			}
			for _, path := range paths {
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	write := func(name, text string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	chain := func(all ...func(t *testing.T, dir string)) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			for _, one := range all {
				one(t, dir)
			}
		}
	}
	for _, test := range []struct {
		name    string
		prepare func(t *testing.T, dir string)
		want    error
		say     string
		create  error // of Create; nil: it makes or opens a store
	}{
		{"missing", remove(""), graph.ErrNoStore, "does not exist", nil},
		{"empty", remove("*"), graph.ErrNoStore, "no FORMAT", nil},
		{"a file", chain(remove(""), func(t *testing.T, dir string) { write(filepath.Base(dir), "x")(t, filepath.Dir(dir)) }), graph.ErrNoStore, "is a file", graph.ErrNoStore},
		{"foreign files", chain(remove("*"), write("letter.txt", "x")), graph.ErrNoStore, "no FORMAT", graph.ErrNoStore},
		{"another format", write("FORMAT", "accessgraph store format 2\n"), graph.ErrFormat, "it has format 2", graph.ErrFormat},
		{"no format", remove("FORMAT"), graph.ErrDamaged, "FORMAT", graph.ErrDamaged},
		{"no format and no packs", chain(remove("FORMAT"), remove("packs")), graph.ErrDamaged, "there is a history", graph.ErrDamaged},
		{"format is junk", write("FORMAT", "hello"), graph.ErrDamaged, "FORMAT", graph.ErrDamaged},
		{"no manifest", remove("MANIFEST"), graph.ErrDamaged, "MANIFEST", graph.ErrDamaged},
		{"empty manifest", write("MANIFEST", ""), graph.ErrDamaged, "MANIFEST", graph.ErrDamaged},
		{"no packs", remove("packs"), graph.ErrDamaged, "is gone", nil},
		{"no PACK", remove("packs/*/PACK"), graph.ErrDamaged, "is gone", nil},
		{"no table", remove("packs/*/*.sst"), graph.ErrDamaged, "is missing", nil},
		{"no Badger manifest", remove("packs/*/MANIFEST"), graph.ErrDamaged, "is missing", nil},
		{"a stray file in a pack", func(t *testing.T, dir string) {
			packs, err := filepath.Glob(filepath.Join(dir, "packs", "*"))
			if err != nil {
				t.Fatal(err)
			}
			write("000099.sst", "x")(t, packs[0])
		}, graph.ErrDamaged, "does not belong", nil},
		{"a truncated table", func(t *testing.T, dir string) {
			tables, err := filepath.Glob(filepath.Join(dir, "packs", "*", "*.sst"))
			if err != nil || os.Truncate(tables[0], 100) != nil {
				t.Fatal(err)
			}
		}, graph.ErrDamaged, "has 100 bytes", nil},
		{"unfinished creation", chain(remove("*"), write("LOCK", ""), write("MANIFEST", "half")), graph.ErrNoStore, "no FORMAT", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := fullStore(t, tailBytes, 0)
			dir := s.dir
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			test.prepare(t, dir)
			err := readAll(dir)
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.say) {
				t.Errorf("reading says %v; want %q and %q", err, test.want, test.say)
			}
			for _, other := range []error{graph.ErrNoStore, graph.ErrFormat, graph.ErrDamaged} {
				if other != test.want && errors.Is(err, other) {
					t.Errorf("the error %v is also %q", err, other)
				}
			}
			var hint *graph.StoreError
			if !errors.As(err, &hint) || hint.Hint == "" {
				t.Errorf("the error %v does not say what to do", err)
			}
			s, err = Create(dir)
			if !errors.Is(err, test.create) {
				t.Errorf("create says %v, want %v", err, test.create)
			}
			if err == nil {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// readAll opens a store and loads its newest snapshot.
func readAll(dir string) error {
	s, err := Open(dir)
	if err != nil {
		return err
	}
	e, err := graph.Resolve(context.Background(), s, "@latest")
	if err == nil {
		_, err = graph.Load(context.Background(), s, e.Snapshot)
	}
	return errors.Join(err, s.Close())
}

// TestReadOnlyDirectory reads a store that nothing can be written to, as another user if this one may write everywhere.
func TestReadOnlyDirectory(t *testing.T) {
	s := fullStore(t, tailBytes, 0)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{packsName, "", tmpName} {
		if err := os.Chmod(filepath.Join(s.dir, path), 0o500); err != nil && path != tmpName {
			t.Fatal(err)
		}
	}
	defer os.Chmod(s.dir, 0o700)
	defer os.Chmod(filepath.Join(s.dir, packsName), 0o700)
	if err := os.Chmod(filepath.Join(s.dir, lockName), 0o400); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if syscall.Geteuid() == 0 {
		t.Log("run by root, who may write anyway: only reading is tested")
	} else {
		s, err := Open(s.dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := graph.Publish(context.Background(), s, storetest.Account("333333333333", 5), graph.Meta{}); !errors.Is(err, graph.ErrReadOnly) {
			t.Errorf("publishing says %v", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := readAll(s.dir); err != nil {
		t.Error(err)
	}
}
