package complete

import (
	"context"
	"sync"
	"time"

	"github.com/accessgraph/accessgraph/graph"
)

// Live is the source of a store that others write to meanwhile: its history as it is now, and the names of one snapshot, which are
// read in the background when somebody first asks for one. It is safe for concurrent use.
type Live struct {
	store    graph.Store
	ref      func() string
	patience time.Duration
	ctx      context.Context
	cancel   context.CancelFunc

	mu      sync.Mutex
	reading *reading // of the snapshot that was asked about last
}

// reading is the reading of a snapshot's names, which is over when done is closed.
type reading struct {
	id     graph.SnapshotID
	cancel context.CancelFunc
	done   chan struct{}
	names  *Vocabulary // nil when they could not be read
}

// NewLive makes a source of a store. ref gives the reference of the snapshot whose names are meant, without its @; who asks for a
// name waits for the reading as long as patience, and gets none before it is over.
func NewLive(store graph.Store, ref func() string, patience time.Duration) *Live {
	l := &Live{store: store, ref: ref, patience: patience}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l
}

// Close stops what is being read, and waits until it has stopped: the store may be closed afterwards.
func (l *Live) Close() {
	l.cancel()
	l.mu.Lock()
	r := l.reading
	l.mu.Unlock()
	if r != nil {
		<-r.done
	}
}

// Names gives references of the store's snapshots, and names of the one that is meant. There are none where the store cannot be
// read: the question itself will say why.
func (l *Live) Names(kind Kind, of, prefix string, most int) (names []Name, more bool) {
	if kind == Action || kind == Key || kind == Prefix {
		return nil, false // those of the catalogue
	}
	if kind == Snapshot {
		entries, err := l.store.History(l.ctx)
		if err != nil {
			return nil, false
		}
		refs, err := l.store.Refs(l.ctx)
		if err != nil {
			return nil, false
		}
		return History(entries, refs).Names(kind, of, prefix, most)
	}
	r := l.current()
	if r == nil {
		return nil, false
	}
	select {
	case <-r.done:
		if r.names != nil {
			return r.names.Names(kind, of, prefix, most)
		}
	case <-time.After(l.patience):
	}
	return nil, false
}

// Reading tells whether names are still being read, so that more may be known later.
func (l *Live) Reading() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reading == nil {
		return false
	}
	select {
	case <-l.reading.done:
		return false
	default:
		return true
	}
}

// current gives the reading of the snapshot that is meant now, begun if need be; nil when there is no such snapshot.
func (l *Live) current() *reading {
	entry, err := graph.Resolve(l.ctx, l.store, l.ref())
	if err != nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() != nil || l.reading != nil && l.reading.id == entry.Snapshot {
		return l.reading
	}
	last := l.reading
	ctx, cancel := context.WithCancel(l.ctx)
	r := &reading{id: entry.Snapshot, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		defer cancel()
		if last != nil { // one at a time
			last.cancel()
			<-last.done
		}
		r.names, _ = Read(ctx, l.store, r.id) // what cannot be read is not completed; a question will say why
	}()
	l.reading = r
	return r
}
