// Package overlay is a graph.Store on top of another: what is published into it lives in memory, and everything else is the other store's. It holds a
// snapshot with changes that are not in force yet, which is asked like any other as @planned, and compared with those of the history.
//
// The history, the names and the files of the store below are never touched: it may be open for reading alone.
package overlay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
)

// ErrBelow is returned for what would have to change the store below.
var ErrBelow = errors.New("the changes of an overlay are of no history, and have no names")

// Store is a graph.Store over another.
type Store struct {
	graph.Store // below: its history, names and checks are those of the overlay
	top         *memstore.Store

	mu      sync.Mutex
	planned *graph.Entry // nil: nothing was published
}

var (
	_ graph.Store   = (*Store)(nil)
	_ graph.Planner = (*Store)(nil)
)

// New puts an empty overlay on a store, which closes with it.
func New(base graph.Store) *Store { return &Store{Store: base, top: memstore.New()} }

// Planned is graph.Planner's: what was published last.
func (s *Store) Planned(ctx context.Context) (graph.Entry, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.planned == nil {
		return graph.Entry{}, false, ctx.Err()
	}
	return *s.planned, true, ctx.Err()
}

// Fetch is graph.Store's.
func (s *Store) Fetch(ctx context.Context, p graph.Partition, hashes []graph.Hash, fn func(int, []byte) error) error {
	var below []graph.Hash
	var places []int
	for i, h := range hashes {
		if i > 0 && bytes.Compare(hashes[i-1][:], h[:]) >= 0 {
			return fmt.Errorf("fetch from %s: hashes are not ascending at %d", p, i)
		}
		stopped := false // an error of fn may be any error
		err := s.top.Fetch(ctx, p, hashes[i:i+1], func(_ int, content []byte) error {
			err := fn(i, content)
			stopped = err != nil
			return err
		})
		switch {
		case err == nil:
		case !stopped && errors.Is(err, graph.ErrNotFound):
			below, places = append(below, h), append(places, i)
		default:
			return err
		}
	}
	if len(below) == 0 {
		return nil
	}
	return s.Store.Fetch(ctx, p, below, func(i int, content []byte) error { return fn(places[i], content) })
}

// Scan is graph.Store's.
func (s *Store) Scan(ctx context.Context, p graph.Partition, from, to graph.Hash, fn func(graph.Hash, []byte) error) error {
	type piece struct {
		hash    graph.Hash
		content []byte
	}
	var own []piece
	err := s.top.Scan(ctx, p, from, to, func(h graph.Hash, content []byte) error {
		own = append(own, piece{h, content})
		return nil
	})
	if err != nil {
		return err
	}
	// upTo gives what is above and comes before h, and drops what is below too.
	upTo := func(h graph.Hash) error {
		for len(own) > 0 {
			switch order := bytes.Compare(own[0].hash[:], h[:]); {
			case order > 0:
				return nil
			case order < 0:
				if err := fn(own[0].hash, own[0].content); err != nil {
					return err
				}
			}
			own = own[1:]
		}
		return nil
	}
	err = s.Store.Scan(ctx, p, from, to, func(h graph.Hash, content []byte) error {
		if err := upTo(h); err != nil {
			return err
		}
		return fn(h, content)
	})
	for _, rest := range own {
		if err != nil {
			return err
		}
		err = fn(rest.hash, rest.content)
	}
	return err
}

// Begin is graph.Store's; the lock is of the overlay alone.
func (s *Store) Begin(ctx context.Context) (graph.Batch, error) {
	b, err := s.top.Begin(ctx)
	if err != nil {
		return nil, err
	}
	return &batch{Batch: b, store: s}, nil
}

type batch struct {
	graph.Batch
	store *Store
}

// Has is graph.Batch's: what the store below holds need not be put.
func (b *batch) Has(ctx context.Context, p graph.Partition, h graph.Hash) (bool, error) {
	if has, err := b.Batch.Has(ctx, p, h); has || err != nil {
		return has, err
	}
	err := b.store.Store.Fetch(ctx, p, []graph.Hash{h}, func(int, []byte) error { return nil })
	if errors.Is(err, graph.ErrNotFound) && !errors.Is(err, graph.ErrDamaged) {
		return false, nil
	}
	return err == nil, err
}

// Commit is graph.Batch's; the entry becomes the planned one, in place of the one before, and its number is none of the history's.
func (b *batch) Commit(ctx context.Context, e graph.Entry) (graph.Entry, error) {
	e, err := b.Batch.Commit(ctx, e)
	if err != nil {
		return e, err
	}
	e.Number, e.Name = 0, "planned"
	e.Sources = slices.Clone(e.Sources)
	b.store.mu.Lock()
	defer b.store.mu.Unlock()
	b.store.planned = &e
	return e, nil
}

// SetRef is ErrBelow.
func (s *Store) SetRef(context.Context, string, int64, int64) error { return ErrBelow }

// Remove is ErrBelow.
func (s *Store) Remove(context.Context, ...int64) error { return ErrBelow }

// Collect is ErrBelow.
func (s *Store) Collect(context.Context, bool, func(context.Context, []graph.Entry) (*graph.Needs, error)) (graph.Collected, error) {
	return graph.Collected{}, ErrBelow
}

// Derived is graph.Store's.
func (s *Store) Derived(ctx context.Context, name string) (graph.Blob, error) {
	b, err := s.top.Derived(ctx, name)
	if errors.Is(err, graph.ErrNotFound) {
		return s.Store.Derived(ctx, name)
	}
	return b, err
}

// PutDerived is graph.Store's, in memory.
func (s *Store) PutDerived(ctx context.Context, name string, data []byte) error {
	return s.top.PutDerived(ctx, name, data)
}

// Stage is graph.Store's, in memory: nothing of an overlay is for a process to come.
func (s *Store) Stage(ctx context.Context, stage, key string, value []byte) error {
	return s.top.Stage(ctx, stage, key, value)
}

// Staged is graph.Store's.
func (s *Store) Staged(ctx context.Context, stage, key string) ([]byte, error) {
	return s.top.Staged(ctx, stage, key)
}

// Unstage is graph.Store's.
func (s *Store) Unstage(ctx context.Context, stage string) error { return s.top.Unstage(ctx, stage) }
