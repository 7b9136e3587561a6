package main

import (
	"context"
	"os"
	"runtime"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/badgerstore"
)

// storeMode is what a command opens the store for.
type storeMode bool

const (
	forReading storeMode = false
	forWriting storeMode = true // makes the store when there is none
)

// openStore opens the user's store, and warns when others can read it.
func (a *app) openStore(ctx context.Context, mode storeMode) (graph.Store, error) {
	store, dir, err := a.open(ctx, mode)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(dir); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		a.warn("the store %s can be read by other users of this machine (mode %04o); chmod 700 %s keeps them out", dir, info.Mode().Perm(), dir)
	}
	return store, nil
}

// open opens the user's store and gives its folder.
func (a *app) open(ctx context.Context, mode storeMode) (graph.Store, string, error) {
	dir, err := a.storeDir()
	if err != nil {
		return nil, "", err
	}
	key, err := a.keyOptions(ctx)
	if err != nil {
		return nil, "", err
	}
	open := badgerstore.Open
	if mode == forWriting {
		open = badgerstore.Create
	}
	store, err := open(dir, key...)
	if err != nil {
		return nil, "", storeErrorOf(ctx, err)
	}
	return store, dir, nil
}

// storeErrorOf marks an error of the store; an interrupted one is the user's.
func storeErrorOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return storeError{err}
}
