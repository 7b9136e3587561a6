package main

import (
	"context"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/badgerstore"
)

// storeMode is what a command opens the store for.
type storeMode bool

const (
	forReading storeMode = false
	forWriting storeMode = true // makes the store when there is none
)

// openStore opens the user's store.
func (a *app) openStore(ctx context.Context, mode storeMode) (graph.Store, error) {
	dir, err := a.storeDir()
	if err != nil {
		return nil, err
	}
	open := badgerstore.Open
	if mode == forWriting {
		open = badgerstore.Create
	}
	store, err := open(dir)
	if err != nil {
		return nil, storeErrorOf(ctx, err)
	}
	return store, nil
}

// storeErrorOf marks an error of the store; an interrupted one is the user's.
func storeErrorOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return storeError{err}
}
