package badgerstore

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"github.com/accessgraph/accessgraph/graph"
)

// maxPacks is the greatest number of packs of a store: opening 8 takes under 20 ms.
const maxPacks = 8

// contentSeq is contents in ascending order of their keys.
type contentSeq = iter.Seq2[content, error]

// between gives the contents whose keys are from first to last.
func (p *pack) between(ctx context.Context, first, last []byte) contentSeq {
	return func(yield func(content, error) bool) {
		err := p.scan(ctx, first, last, func(key, value []byte) error {
			if !yield(content{key, value}, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(content{}, err)
		}
	}
}

// batch is a graph.Batch: new content in memory, under the writer lock.
type batch struct {
	store *Store
	lock  *os.File
	view  *view
	items map[string][]byte
}

// Begin is graph.Store's. It removes what crashed writers left behind.
func (s *Store) Begin(ctx context.Context) (graph.Batch, error) {
	b, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	return b, nil
}

func (s *Store) begin(ctx context.Context) (*batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	lock, err := lockWriter(s.dir)
	if err != nil {
		return nil, err
	}
	b := &batch{store: s, lock: lock, items: map[string][]byte{}}
	if _, err = s.refresh(); err == nil {
		b.view, err = s.acquire()
	}
	if err == nil {
		err = s.tidy(b.view.manifest)
	}
	if err != nil {
		b.Discard()
		return nil, err
	}
	return b, nil
}

// tidy removes what no manifest names; the writer lock is held.
func (s *Store) tidy(m *manifest) error {
	if err := os.RemoveAll(filepath.Join(s.dir, tmpName)); err != nil {
		return storeError(s.dir, "remove what an earlier process left", err)
	}
	stray, err := filepath.Glob(filepath.Join(s.dir, "*.new-*"))
	if err != nil {
		return err
	}
	for _, path := range stray {
		if err := os.Remove(path); err != nil {
			return storeError(path, "remove what an earlier process left", err)
		}
	}
	if err := s.tidyBlobs(); err != nil {
		return err
	}
	packs := filepath.Join(s.dir, packsName)
	entries, err := os.ReadDir(packs)
	if err != nil {
		return storeError(packs, "look for packs", err)
	}
	for _, e := range entries {
		if slices.ContainsFunc(m.Packs, func(p packRef) bool { return p.Name == e.Name() }) {
			continue
		}
		if err := s.removePack(filepath.Join(packs, e.Name())); err != nil {
			return storeError(packs, "remove a pack that no longer counts", err)
		}
	}
	return nil
}

// removePack removes a pack unless a reader uses it; a later writer tries again.
func (s *Store) removePack(path string) error {
	f, err := os.Open(filepath.Join(path, packFile))
	if err == nil {
		defer f.Close()
		if err := tryLock(f, true); err != nil {
			if errors.Is(err, errBusy) {
				return nil
			}
			return err
		}
	}
	// Out of packs first, so that nobody meets a half removed one.
	trash, err := s.tmpDir()
	if err != nil {
		return err
	}
	if err := os.Rename(path, filepath.Join(trash, filepath.Base(path))); err != nil {
		return err
	}
	return os.RemoveAll(trash)
}

// tmpDir makes a new directory under tmp.
func (s *Store) tmpDir() (string, error) {
	tmp := filepath.Join(s.dir, tmpName)
	if err := os.MkdirAll(tmp, dirMode); err != nil {
		return "", err
	}
	return os.MkdirTemp(tmp, "")
}

// Has is graph.Batch's.
func (b *batch) Has(ctx context.Context, p graph.Partition, h graph.Hash) (bool, error) {
	prefix, err := prefixOf(p)
	if err != nil {
		return false, err
	}
	key := keyOf(prefix, h)
	if _, ok := b.items[string(key)]; ok {
		return true, nil
	}
	found := false
	for _, pack := range b.view.packs {
		if err := pack.has(ctx, [][]byte{key}, func(int) { found = true }); err != nil || found {
			return found, err
		}
	}
	return false, ctx.Err()
}

// Put is graph.Batch's.
func (b *batch) Put(p graph.Partition, value []byte) (graph.Hash, error) {
	prefix, err := prefixOf(p)
	if err != nil {
		return graph.Hash{}, err
	}
	h := graph.HashOf(value)
	b.items[string(keyOf(prefix, h))] = value
	return h, nil
}

// Commit is graph.Batch's.
func (b *batch) Commit(ctx context.Context, e graph.Entry) (graph.Entry, error) {
	if b.lock == nil {
		return graph.Entry{}, errors.New("commit: the batch has ended")
	}
	defer b.Discard()
	items, size, err := b.fresh(ctx)
	if err != nil {
		return graph.Entry{}, err
	}
	m := b.view.manifest.clone()
	var retired []packRef
	if len(items) > 0 {
		if retired, err = b.absorb(ctx, m, items, size); err != nil {
			return graph.Entry{}, err
		}
	}
	e.Number = m.Next
	m.Next++
	m.History = append(m.History, e)
	if err := b.publish(ctx, m, retired); err != nil {
		return graph.Entry{}, err
	}
	return e, nil
}

// publish replaces the manifest, which ends the use of the batch's view, and removes the packs that no longer count.
func (b *batch) publish(ctx context.Context, m *manifest, retired []packRef) error {
	s := b.store
	if err := s.at("manifest"); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := m.write(s.dir, s.seal); err != nil {
		return storeError(s.dir, "publish what was written", err)
	}
	// From here on it counts; what goes wrong with tidying up is the next writer's work.
	s.release(b.view)
	b.view = nil
	if _, err := s.refresh(); err == nil {
		for _, p := range retired {
			_ = s.removePack(filepath.Join(s.dir, packsName, p.Name))
		}
		_ = os.RemoveAll(filepath.Join(s.dir, tmpName))
	}
	return nil
}

// fresh gives what no pack has yet, in order of keys, and its size.
func (b *batch) fresh(ctx context.Context) (items []content, size int64, err error) {
	keys := make([][]byte, 0, len(b.items))
	for key := range b.items {
		keys = append(keys, []byte(key))
	}
	slices.SortFunc(keys, bytes.Compare)
	known := make([]bool, len(keys))
	for _, p := range b.view.packs {
		if len(keys) == 0 {
			break
		}
		if err := p.has(ctx, keys, func(i int) { known[i] = true }); err != nil {
			return nil, 0, err
		}
	}
	for i, key := range keys {
		if !known[i] {
			value := b.items[string(key)]
			items, size = append(items, content{key, value}), size+int64(len(value))
		}
	}
	return items, size, nil
}

// absorb writes the items, merged with the packs that are to be merged now, as one pack in their place. It gives the packs
// that then no longer count.
func (b *batch) absorb(ctx context.Context, m *manifest, items []content, size int64) ([]packRef, error) {
	retired, estimate := toMerge(m.Packs, size)
	sources := []contentSeq{func(yield func(content, error) bool) {
		for _, c := range items {
			if !yield(c, nil) {
				return
			}
		}
	}}
	for _, p := range b.view.packs {
		if slices.Contains(retired, p.ref) {
			sources = append(sources, p.contents(ctx))
			estimate += p.desc.Items * perContent
		}
	}
	return retired, b.addPack(ctx, m, sources, estimate+int64(len(items))*perContent, retired)
}

// perContent is about what a content needs in a pack beside its own bytes.
const perContent = 64

// addPack writes contents as one pack, and puts it into the manifest in the place of those that then no longer count.
func (b *batch) addPack(ctx context.Context, m *manifest, sources []contentSeq, estimate int64, retired []packRef) error {
	s := b.store
	dir, err := s.tmpDir()
	if err != nil {
		return storeError(s.dir, "make a pack", err)
	}
	defer os.RemoveAll(dir) // does nothing after the rename
	ref, err := s.writePack(ctx, dir, merged(sources), estimate)
	if err != nil {
		return err
	}
	ref.Name = fmt.Sprintf("%06d-%s", m.NextPack, ref.SHA256[:8])
	m.NextPack++
	packs := filepath.Join(s.dir, packsName)
	err = os.Rename(dir, filepath.Join(packs, ref.Name))
	if err == nil {
		err = syncDir(packs)
	}
	if err != nil {
		return storeError(packs, "publish a pack", err)
	}
	m.Packs = slices.DeleteFunc(m.Packs, func(p packRef) bool { return slices.Contains(retired, p) })
	m.Packs = append(m.Packs, ref)
	// Large packs first: they have most of what is asked for.
	slices.SortFunc(m.Packs, func(a, b packRef) int { return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Name, b.Name)) })
	return s.at("renamed")
}

// toMerge chooses the packs that a new pack of size bytes absorbs, and gives the size of the result. Every pack left is
// more than twice as large as the next smaller one, so content is rewritten a number of times that grows with the
// logarithm of the store, and there are at most maxPacks.
func toMerge(packs []packRef, size int64) (absorbed []packRef, total int64) {
	bySize := slices.Clone(packs)
	slices.SortFunc(bySize, func(a, b packRef) int { return cmp.Or(cmp.Compare(a.Bytes, b.Bytes), cmp.Compare(a.Name, b.Name)) })
	total = size
	for _, p := range bySize {
		left := len(bySize) - len(absorbed)
		if p.Bytes > 2*total && left < maxPacks {
			break
		}
		absorbed, total = append(absorbed, p), total+p.Bytes
	}
	return absorbed, total
}

// Discard is graph.Batch's.
func (b *batch) Discard() {
	if b.lock == nil {
		return
	}
	if b.view != nil {
		b.store.release(b.view)
		b.view = nil
	}
	b.lock.Close()
	b.lock = nil
}
