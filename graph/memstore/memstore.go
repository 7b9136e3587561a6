// Package memstore is a graph.Store in memory: for the demo, for tests, and as the shortest description of what a store
// does. It has one process and no disk, so nothing survives and nothing can be damaged.
package memstore

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/accessgraph/accessgraph/graph"
)

// New gives an empty store.
func New() *Store {
	return &Store{content: map[place][]byte{}, refs: map[string]int64{}, derived: map[string][]byte{}, staged: map[string]map[string][]byte{}}
}

// Store is a graph.Store in memory.
type Store struct {
	mu      sync.RWMutex
	content map[place][]byte
	history []graph.Entry
	last    int64 // number of the last entry
	refs    map[string]int64
	derived map[string][]byte
	staged  map[string]map[string][]byte
	writing bool
}

var _ graph.Store = (*Store)(nil)

type place struct {
	partition graph.Partition
	hash      graph.Hash
}

// Fetch is graph.Store's.
func (s *Store) Fetch(ctx context.Context, p graph.Partition, hashes []graph.Hash, fn func(int, []byte) error) error {
	for i, h := range hashes {
		if err := ctx.Err(); err != nil {
			return err
		}
		if i > 0 && bytes.Compare(hashes[i-1][:], h[:]) >= 0 {
			return fmt.Errorf("fetch from %s: hashes are not ascending at %d", p, i)
		}
		s.mu.RLock()
		content, ok := s.content[place{p, h}]
		s.mu.RUnlock()
		if !ok {
			return fmt.Errorf("%s/%s: %w", p, h, graph.ErrNotFound)
		}
		if err := fn(i, content); err != nil {
			return err
		}
	}
	return nil
}

// Scan is graph.Store's.
func (s *Store) Scan(ctx context.Context, p graph.Partition, from, to graph.Hash, fn func(graph.Hash, []byte) error) error {
	s.mu.RLock()
	var found []graph.Hash
	for at := range s.content {
		if at.partition == p && bytes.Compare(from[:], at.hash[:]) <= 0 && bytes.Compare(at.hash[:], to[:]) <= 0 {
			found = append(found, at.hash)
		}
	}
	s.mu.RUnlock()
	slices.SortFunc(found, func(a, b graph.Hash) int { return bytes.Compare(a[:], b[:]) })
	return s.Fetch(ctx, p, found, func(i int, content []byte) error { return fn(found[i], content) })
}

// Begin is graph.Store's.
func (s *Store) Begin(ctx context.Context) (graph.Batch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writing {
		return nil, graph.ErrLocked
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.writing = true
	return &batch{store: s, content: map[place][]byte{}}, nil
}

type batch struct {
	store   *Store
	content map[place][]byte
}

func (b *batch) Has(ctx context.Context, p graph.Partition, h graph.Hash) (bool, error) {
	b.store.mu.RLock()
	defer b.store.mu.RUnlock()
	_, ok := b.store.content[place{p, h}]
	return ok, ctx.Err()
}

func (b *batch) Put(p graph.Partition, content []byte) (graph.Hash, error) {
	if len(p) == 0 || len(p) > graph.MaxPartition {
		return graph.Hash{}, fmt.Errorf("partition %.80q: want 1 to %d bytes", p, graph.MaxPartition)
	}
	h := graph.HashOf(content)
	b.content[place{p, h}] = content
	return h, nil
}

func (b *batch) Commit(ctx context.Context, e graph.Entry) (graph.Entry, error) {
	s := b.store
	if s == nil {
		return graph.Entry{}, fmt.Errorf("commit: the batch has ended")
	}
	if err := ctx.Err(); err != nil {
		return graph.Entry{}, err
	}
	s.mu.Lock()
	maps.Copy(s.content, b.content)
	s.last++
	e.Number = s.last
	e.Sources = slices.Clone(e.Sources)
	s.history = append(s.history, e)
	s.mu.Unlock()
	b.Discard()
	return e, nil
}

func (b *batch) Discard() {
	if s := b.store; s != nil {
		s.mu.Lock()
		s.writing = false
		s.mu.Unlock()
		b.store = nil
	}
}

// History is graph.Store's.
func (s *Store) History(ctx context.Context) ([]graph.Entry, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	history := slices.Clone(s.history)
	graph.SortHistory(history)
	return history, ctx.Err()
}

// Refs is graph.Store's.
func (s *Store) Refs(ctx context.Context) (map[string]int64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return maps.Clone(s.refs), ctx.Err()
}

// SetRef is graph.Store's.
func (s *Store) SetRef(_ context.Context, name string, from, to int64) error {
	if err := graph.CheckName(name); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refs[name] != from {
		return fmt.Errorf("@%s stands for entry %d, not %d: %w", name, s.refs[name], from, graph.ErrConflict)
	}
	if to == 0 {
		delete(s.refs, name)
		return nil
	}
	if !s.has(to) {
		return fmt.Errorf("entry %d: %w", to, graph.ErrNotFound)
	}
	s.refs[name] = to
	return nil
}

// has tells whether there is an entry of this number; the mutex is held.
func (s *Store) has(number int64) bool {
	return slices.ContainsFunc(s.history, func(e graph.Entry) bool { return e.Number == number })
}

// Remove is graph.Store's.
func (s *Store) Remove(ctx context.Context, numbers ...int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writing {
		return graph.ErrLocked
	}
	for _, n := range numbers {
		if !s.has(n) {
			return fmt.Errorf("entry %d: %w", n, graph.ErrNotFound)
		}
	}
	s.history = slices.DeleteFunc(slices.Clone(s.history), func(e graph.Entry) bool { return slices.Contains(numbers, e.Number) })
	maps.DeleteFunc(s.refs, func(_ string, n int64) bool { return slices.Contains(numbers, n) })
	return ctx.Err()
}

// Collect is graph.Store's.
func (s *Store) Collect(ctx context.Context, dryRun bool, needs func(context.Context, []graph.Entry) (*graph.Needs, error)) (graph.Collected, error) {
	b, err := s.Begin(ctx)
	if err != nil {
		return graph.Collected{}, err
	}
	defer b.Discard()
	history, err := s.History(ctx)
	if err != nil {
		return graph.Collected{}, err
	}
	s.mu.RLock()
	derived := slices.Collect(maps.Keys(s.derived)) // what is made meanwhile stays
	s.mu.RUnlock()
	n, err := needs(ctx, history)
	if err != nil {
		return graph.Collected{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for p, hashes := range n.Content {
		for h := range hashes {
			if _, ok := s.content[place{p, h}]; !ok {
				return graph.Collected{}, fmt.Errorf("%s/%s: %w: it is missing", p, h, graph.ErrDamaged)
			}
		}
	}
	var c graph.Collected
	for at, content := range s.content {
		if _, ok := n.Content[at.partition][at.hash]; !ok {
			c.Contents, c.Bytes = c.Contents+1, c.Bytes+int64(len(content))
			if !dryRun {
				delete(s.content, at)
			}
		}
	}
	for _, name := range derived {
		if _, ok := n.Derived[name]; !ok {
			c.Derived++
			if !dryRun {
				delete(s.derived, name)
			}
		}
	}
	return c, nil
}

type blob []byte

func (b blob) Bytes() []byte { return b }
func (b blob) Close() error  { return nil }

// Derived is graph.Store's.
func (s *Store) Derived(ctx context.Context, name string) (graph.Blob, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	data, ok := s.derived[name]
	if !ok {
		return nil, fmt.Errorf("derived %q: %w", name, graph.ErrNotFound)
	}
	return blob(data), ctx.Err()
}

// PutDerived is graph.Store's.
func (s *Store) PutDerived(ctx context.Context, name string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.derived[name] = bytes.Clone(data)
	return ctx.Err()
}

// Stage is graph.Store's.
func (s *Store) Stage(ctx context.Context, stage, key string, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.staged[stage] == nil {
		s.staged[stage] = map[string][]byte{}
	}
	s.staged[stage][key] = bytes.Clone(value)
	return ctx.Err()
}

// Staged is graph.Store's.
func (s *Store) Staged(ctx context.Context, stage, key string) ([]byte, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	value, ok := s.staged[stage][key]
	if !ok {
		return nil, fmt.Errorf("stage %q, key %q: %w", stage, key, graph.ErrNotFound)
	}
	return bytes.Clone(value), ctx.Err()
}

// Unstage is graph.Store's.
func (s *Store) Unstage(ctx context.Context, stage string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.staged, stage)
	return ctx.Err()
}

// Check is graph.Store's: memory holds what was put into it.
func (s *Store) Check(ctx context.Context, _ func(graph.Damage)) error { return ctx.Err() }

// Close is graph.Store's and keeps everything.
func (s *Store) Close() error { return nil }
