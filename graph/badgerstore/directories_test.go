package badgerstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/storetest"
)

// closedStore makes a store that has something of everything and gives its directory.
func closedStore(t *testing.T) string {
	t.Helper()
	s := fullStore(t, tailBytes, 0)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return s.dir
}

// copyOf copies the directory of a store.
func copyOf(t *testing.T, store string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	if err := os.CopyFS(dir, os.DirFS(store)); err != nil {
		t.Fatal(err)
	}
	return dir
}

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
	whole := closedStore(t)
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
		{"another format", write("FORMAT", "accessgraph store format 3\n"), graph.ErrFormat, "it has format 3", graph.ErrFormat},
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
			dir := copyOf(t, whole)
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
			s, err := Create(dir)
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
func readAll(dir string, with ...Option) error {
	s, err := Open(dir, with...)
	if err != nil {
		return err
	}
	e, err := graph.Resolve(context.Background(), s, "@latest")
	if err == nil {
		_, err = graph.Load(context.Background(), s, e.Snapshot)
	}
	return errors.Join(err, s.Close())
}

// visitDir, when set in the environment, makes the test binary visit that store and print what it met.
const visitDir = "ACCESSGRAPH_TEST_VISIT"

// visit reads, checks and writes a store, and says how each went.
func visit(dir string) string {
	word := func(err error) string {
		for _, known := range []error{graph.ErrReadOnly, graph.ErrUnreadable, graph.ErrDamaged, graph.ErrNoStore, graph.ErrLocked} {
			if errors.Is(err, known) {
				var says *graph.StoreError
				if !errors.As(err, &says) || says.Hint == "" || strings.Count(err.Error(), says.Path) != 1 {
					return "an error that does not help: " + err.Error()
				}
				return known.Error()
			}
		}
		return fmt.Sprint(err)
	}
	read := word(readAll(dir))
	check, write := read, read
	if s, err := Open(dir); err == nil {
		damage := 0
		err := s.Check(context.Background(), func(graph.Damage) { damage++ })
		check = word(err)
		if damage > 0 {
			check = fmt.Sprintf("%d damaged", damage)
		}
		_, err = graph.Publish(context.Background(), s, storetest.Account("333333333333", 5), graph.Meta{})
		write = word(err)
		if err := s.Close(); err != nil {
			write += ", closing: " + err.Error()
		}
	}
	return read + "; " + check + "; " + write
}

// visitAsAnother visits a store as a user who does not own it and is not root.
func visitAsAnother(t *testing.T, dir string) string {
	t.Helper()
	if syscall.Geteuid() != 0 {
		return visit(dir) // the owner, whom the modes bind too
	}
	binary, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	program := filepath.Join(home, "visitor")
	if err := os.WriteFile(program, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{home, filepath.Dir(home)} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program)
	cmd.Dir = home
	cmd.Env = []string{visitDir + "=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) {
		t.Skipf("this system does not let a test become another user: %v", err)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// TestOtherUsers visits a store whose files another user may read but not write, or not read.
func TestOtherUsers(t *testing.T) {
	whole := closedStore(t)
	for _, test := range []struct {
		name   string
		hidden string // pattern of what may not be read
		want   string
	}{
		{"readable", "", "<nil>; <nil>; the store cannot be written to"},
		{"no directory", ".", "the store cannot be read; the store cannot be read; the store cannot be read"},
		{"no FORMAT", formatName, "the store cannot be read; the store cannot be read; the store cannot be read"},
		{"no manifest", manifestName, "the store cannot be read; the store cannot be read; the store cannot be read"},
		{"no packs", packsName, "the store cannot be read; the store cannot be read; the store cannot be written to"},
		{"no PACK", "packs/*/PACK", "the store cannot be read; the store cannot be read; the store cannot be written to"},
		{"no table", "packs/*/*.sst", "the store cannot be read; the store cannot be read; the store cannot be written to"},
		{"no derived blob", "derived/index", "<nil>; the store cannot be read; the store cannot be written to"},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := copyOf(t, whole)
			var dirs []string
			err := filepath.WalkDir(store, func(path string, d fs.DirEntry, err error) error {
				if err != nil {
					return err
				}
				mode := fs.FileMode(0o444)
				if d.IsDir() {
					mode = 0o555
					dirs = append(dirs, path)
				}
				return os.Chmod(path, mode)
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				for _, path := range dirs {
					_ = os.Chmod(path, 0o700) // so that the test's directory can be removed
				}
			})
			for dir := filepath.Dir(store); dir != os.TempDir() && len(dir) > 1; dir = filepath.Dir(dir) {
				if err := os.Chmod(dir, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			if test.hidden != "" {
				paths, err := filepath.Glob(filepath.Join(store, test.hidden))
				if err != nil || len(paths) == 0 {
					t.Fatalf("nothing matches %s: %v", test.hidden, err)
				}
				for _, path := range paths {
					if err := os.Chmod(path, 0); err != nil {
						t.Fatal(err)
					}
				}
			}
			if got := visitAsAnother(t, store); got != test.want {
				t.Errorf("reading, checking, writing:\n got %s\nwant %s", got, test.want)
			}
		})
	}
}
