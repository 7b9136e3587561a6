package badgerstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/accessgraph/accessgraph/graph"
)

// Store is an open store directory. Opening reads the manifest only; packs are opened by the first read.
type Store struct {
	dir   string
	seal  *seal // nil: the store is not encrypted
	whole int64 // packs up to this size are hashed when they are opened; tests choose others
	tail  int64 // how much before the index of a table is hashed in larger ones
	// hook, when set by a test, is called before each step of a publication and can make it fail.
	hook func(step string) error

	mu      sync.Mutex
	current *view
	closed  bool
}

var _ graph.Store = (*Store)(nil)

// view is a manifest with its packs, open. Reads use one view to their end, whatever is published meanwhile.
type view struct {
	manifest *manifest
	packs    []*sharedPack
	users    int // reads under way, and one while it is the current view; guarded by Store.mu
}

// sharedPack is a pack that several views use.
type sharedPack struct {
	*pack
	views int // guarded by Store.mu
}

// Option is an option of Open and Create.
type Option func(*settings)

type settings struct{ key *Key }

// WithKey gives the key of an encrypted store; Create makes an encrypted store with it.
func WithKey(key Key) Option { return func(o *settings) { o.key = &key } }

func settingsOf(given []Option) (o settings) {
	for _, option := range given {
		option(&o)
	}
	return o
}

// Open opens the store in dir for reading and, if the user can write there, writing. The error wraps ErrNoStore,
// ErrFormat, ErrKey or ErrDamaged of package graph where these fit.
func Open(dir string, given ...Option) (*Store, error) {
	encrypted, err := checkFormat(dir)
	if err != nil {
		return nil, err
	}
	key := settingsOf(given).key
	var s *seal
	switch {
	case encrypted && key == nil:
		return nil, keyError(dir, "it is encrypted, and no key was given", "give it with --key-file or --key-command")
	case !encrypted && key != nil:
		return nil, keyError(dir, "it is not encrypted, and a key was given", "leave out the key, or export what it holds and ingest it with the key into a new store")
	case encrypted:
		if s, err = openSeal(dir, *key); err != nil {
			return nil, err
		}
	}
	m, err := readManifest(dir, s)
	if err != nil {
		return nil, err
	}
	return &Store{dir: dir, seal: s, whole: wholeHash, tail: tailBytes, current: &view{manifest: m, users: 1}}, nil
}

// Create opens the store in dir and makes an empty one when dir is missing or empty. A directory that holds anything else
// is ErrNoStore.
func Create(dir string, given ...Option) (*Store, error) {
	s, err := Open(dir, given...)
	if !errors.Is(err, graph.ErrNoStore) {
		return s, err
	}
	if info, statErr := os.Stat(dir); statErr == nil {
		if !info.IsDir() {
			return nil, err
		}
		ok, blankErr := blank(dir)
		if blankErr != nil {
			return nil, storeError(dir, "create store", blankErr)
		}
		if !ok {
			return nil, &graph.StoreError{Path: dir, What: "the directory holds other files", Err: graph.ErrNoStore, Hint: "name an empty or new directory with --store"}
		}
	}
	if err := create(dir, settingsOf(given).key); err != nil {
		return nil, err
	}
	return Open(dir, given...)
}

// create makes an empty store; FORMAT, which makes it one, comes last.
func create(dir string, key *Key) error {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return storeError(dir, "create store", err)
	}
	lock, err := lockWriter(dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	if exists(filepath.Join(dir, formatName)) {
		return nil // another process was faster
	}
	err = os.MkdirAll(filepath.Join(dir, packsName), dirMode)
	format := formatNumber
	var s *seal
	if err == nil && key != nil {
		format = formatEncrypted
		s, err = newSeal(dir, *key)
	}
	if err == nil {
		err = (&manifest{Next: 1, NextPack: 1, Refs: map[string]int64{}}).write(dir, s)
	}
	if err == nil {
		err = writeDurably(dir, formatName, fmt.Appendf(nil, "%s%d\n", formatPrefix, format))
	}
	return storeError(dir, "create store", err)
}

// lockWriter takes the store's writer lock.
func lockWriter(dir string) (*os.File, error) {
	path := filepath.Join(dir, lockName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, storeError(path, "lock the store for writing", err)
	}
	if err := tryLock(f, true); err != nil {
		f.Close()
		if errors.Is(err, errBusy) {
			return nil, &graph.StoreError{Path: dir, Err: graph.ErrLocked, Hint: "wait until it has ended; queries work meanwhile"}
		}
		return nil, storeError(path, "lock the store for writing", err)
	}
	return f, nil
}

// at calls the test hook.
func (s *Store) at(step string) error {
	if s.hook == nil {
		return nil
	}
	return s.hook(step)
}

var errClosed = errors.New("the store is closed")

// acquire gives the current view with its packs open; the caller releases it.
func (s *Store) acquire() (*view, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	if len(s.current.packs) != len(s.current.manifest.Packs) {
		if err := s.reopen(s.current.manifest); err != nil {
			return nil, err
		}
	}
	s.current.users++
	return s.current, nil
}

func (s *Store) release(v *view) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(v)
}

// drop ends one use of a view and closes what nobody uses any more; the mutex is held.
func (s *Store) drop(v *view) error {
	if v.users--; v.users > 0 {
		return nil
	}
	var errs []error
	for _, p := range v.packs {
		if p.views--; p.views == 0 {
			errs = append(errs, p.close())
		}
	}
	return errors.Join(errs...)
}

// refresh makes what is published now the current view and gives the hash of its manifest; the mutex is not held.
func (s *Store) refresh() (sum string, err error) {
	m, err := readManifest(s.dir, s.seal)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return "", errClosed
	}
	if m.sum != s.current.manifest.sum {
		err = s.reopen(m)
	}
	return s.current.manifest.sum, err
}

// attempts is how often a reader follows publications that remove packs while it opens them.
const attempts = 20

// reopen makes a view of m the current one; the mutex is held. When a pack of m is gone since m was replaced, it
// goes on with the newer manifest.
func (s *Store) reopen(m *manifest) error {
	for try := 0; ; try++ {
		v, err := s.openView(m)
		if err == nil {
			old := s.current
			s.current = v
			return s.drop(old)
		}
		if !errors.Is(err, errGone) {
			return err
		}
		newer, readErr := readManifest(s.dir, s.seal)
		if readErr != nil {
			return readErr
		}
		if newer.sum == m.sum || try == attempts {
			return damaged(s.dir, "%v", err)
		}
		m = newer
	}
}

// openView opens the packs of m, sharing those that the current view has.
func (s *Store) openView(m *manifest) (*view, error) {
	v := &view{manifest: m, packs: make([]*sharedPack, len(m.Packs)), users: 1}
	var g errgroup.Group
	for i, ref := range m.Packs {
		n := slices.IndexFunc(s.current.packs, func(p *sharedPack) bool { return p.ref == ref })
		if n >= 0 {
			v.packs[i] = s.current.packs[n]
			continue
		}
		g.Go(func() error {
			p, err := openPack(filepath.Join(s.dir, packsName, ref.Name), ref, s.whole, s.seal)
			if errors.Is(err, errGone) {
				return fmt.Errorf("pack %s: %w", ref.Name, err)
			}
			if err == nil {
				v.packs[i] = &sharedPack{pack: p}
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		for _, p := range v.packs {
			if p != nil && p.views == 0 {
				err = errors.Join(err, p.close())
			}
		}
		return nil, err
	}
	for _, p := range v.packs {
		p.views++
	}
	return v, nil
}

// Fetch is graph.Store's.
func (s *Store) Fetch(ctx context.Context, p graph.Partition, hashes []graph.Hash, fn func(int, []byte) error) error {
	prefix, err := prefixOf(p)
	if err != nil {
		return err
	}
	want := make([]int, len(hashes))
	for i := range want {
		want[i] = i
		if i > 0 && slices.Compare(hashes[i-1][:], hashes[i][:]) >= 0 {
			return fmt.Errorf("fetch from %s: hashes are not ascending at %d", p, i)
		}
	}
	for {
		var looked string
		if want, looked, err = s.fetch(ctx, prefix, hashes, want, fn); err != nil || len(want) == 0 {
			return err
		}
		if err := s.at("missed"); err != nil {
			return err
		}
		// Another process, or another goroutine of this one, may have published since this one looked.
		if now, err := s.refresh(); err != nil || now == looked {
			return errors.Join(err, missingError(s.dir, p, hashes[want[0]]))
		}
	}
}

// fetch looks for what is wanted in all packs of the current view, and gives what none has and the hash of the manifest it looked by.
func (s *Store) fetch(ctx context.Context, prefix []byte, hashes []graph.Hash, want []int, fn func(int, []byte) error) ([]int, string, error) {
	v, err := s.acquire()
	if err != nil {
		return nil, "", err
	}
	defer s.release(v)
	for _, p := range v.packs {
		if len(want) == 0 {
			break
		}
		if want, err = p.fetch(ctx, prefix, hashes, want, fn); err != nil {
			return nil, "", err
		}
	}
	return want, v.manifest.sum, ctx.Err()
}

// Scan is graph.Store's.
func (s *Store) Scan(ctx context.Context, part graph.Partition, from, to graph.Hash, fn func(graph.Hash, []byte) error) error {
	prefix, err := prefixOf(part)
	if err != nil {
		return err
	}
	if _, err := s.refresh(); err != nil {
		return err
	}
	v, err := s.acquire()
	if err != nil {
		return err
	}
	defer s.release(v)
	var sources []contentSeq
	for _, p := range v.packs {
		sources = append(sources, p.between(ctx, keyOf(prefix, from), keyOf(prefix, to)))
	}
	for c, err := range merged(sources) {
		if err != nil {
			return err
		}
		_, h, _ := splitKey(c.key)
		if err := fn(h, c.value); err != nil {
			return err
		}
	}
	return nil
}

// History is graph.Store's; it sees what other processes published.
func (s *Store) History(context.Context) ([]graph.Entry, error) {
	m, err := readManifest(s.dir, s.seal)
	if err != nil {
		return nil, err
	}
	graph.SortHistory(m.History)
	return m.History, nil
}

// Refs is graph.Store's; it sees what other processes set.
func (s *Store) Refs(context.Context) (map[string]int64, error) {
	m, err := readManifest(s.dir, s.seal)
	if err != nil {
		return nil, err
	}
	if m.Refs == nil {
		m.Refs = map[string]int64{}
	}
	return m.Refs, nil
}

// SetRef is graph.Store's.
func (s *Store) SetRef(_ context.Context, name string, from, to int64) error {
	if err := graph.CheckName(name); err != nil {
		return err
	}
	lock, err := lockWriter(s.dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	m, err := readManifest(s.dir, s.seal)
	if err != nil {
		return err
	}
	if m.Refs[name] != from {
		return fmt.Errorf("@%s stands for entry %d, not %d: %w", name, m.Refs[name], from, graph.ErrConflict)
	}
	refs := maps.Clone(m.Refs)
	if refs == nil {
		refs = map[string]int64{}
	}
	if to == 0 {
		delete(refs, name)
	} else if !slices.ContainsFunc(m.History, func(e graph.Entry) bool { return e.Number == to }) {
		return fmt.Errorf("entry %d: %w", to, graph.ErrNotFound)
	} else {
		refs[name] = to
	}
	m.Refs = refs
	return storeError(s.dir, "set @"+name, m.write(s.dir, s.seal))
}

// Remove is graph.Store's.
func (s *Store) Remove(_ context.Context, numbers ...int64) error {
	lock, err := lockWriter(s.dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	m, err := readManifest(s.dir, s.seal)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		if !slices.ContainsFunc(m.History, func(e graph.Entry) bool { return e.Number == n }) {
			return fmt.Errorf("entry %d: %w", n, graph.ErrNotFound)
		}
	}
	m.History = slices.DeleteFunc(m.History, func(e graph.Entry) bool { return slices.Contains(numbers, e.Number) })
	maps.DeleteFunc(m.Refs, func(_ string, n int64) bool { return slices.Contains(numbers, n) })
	return storeError(s.dir, "remove from the history", m.write(s.dir, s.seal))
}

// Close is graph.Store's. It must not be called while a batch is open.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return s.drop(s.current)
}
