package evaluator

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/segment"
	"github.com/accessgraph/accessgraph/graph"
)

// The index of a snapshot is a derived blob: the pieces of segments that no earlier index has, then the list of all accounts with the hash of
// what each holds and where the pieces of its segment are, then the size of that list in eight bytes.

func indexName(id graph.SnapshotID) string { return fmt.Sprintf("segments-%d-%s", segment.Version, id) }

// listing is one account of an index.
type listing struct {
	account string
	hash    graph.Hash
	pieces  [segment.Pieces]stretch
}

// stretch is where a piece of a segment is.
type stretch struct {
	blob       string // the index that holds it
	from, size int
}

// WriteIndex makes the index of a snapshot whose facts are given, and takes over what the newest index there is has of what did not change.
// Without an index, questions are answered from the facts. It does nothing where there is one already, and for snapshots with accounts that
// segments do not hold; that is an *OddAccountError.
func WriteIndex(ctx context.Context, s graph.Store, id graph.SnapshotID, facts *graph.Facts) error {
	name := indexName(id)
	if b, err := s.Derived(ctx, name); err == nil {
		return b.Close()
	}
	hashes, err := graph.Accounts(ctx, s, id)
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	old, blobs, err := newestIndex(ctx, s)
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	defer closeAll(blobs)
	m := &segmenter{documents: facts.Documents}
	made := make([][segment.Pieces][]byte, len(facts.Accounts))
	err = onAllCores(ctx, len(made), func(i int) error {
		a := facts.Accounts[i]
		if have := old[string(a.ID)]; have != nil && have.hash == hashes[a.ID] {
			return nil
		}
		data, err := m.segment(a)
		if err == nil {
			made[i], err = segment.Split(data)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	var out []byte
	listings := make([]listing, len(made))
	for i, a := range facts.Accounts {
		have := old[string(a.ID)]
		if have != nil && have.hash == hashes[a.ID] {
			listings[i] = *have
			continue
		}
		listings[i] = listing{account: string(a.ID), hash: hashes[a.ID]}
		for j, data := range made[i] {
			if have != nil && bytes.Equal(have.pieces[j].in(blobs), data) {
				listings[i].pieces[j] = have.pieces[j]
				continue
			}
			listings[i].pieces[j] = stretch{name, len(out), len(data)}
			out = append(out, data...)
		}
		made[i] = [segment.Pieces][]byte{}
	}
	list := writeListings(listings)
	out = append(out, list...)
	out = binary.BigEndian.AppendUint64(out, uint64(len(list)))
	if err := s.PutDerived(ctx, name, out); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	return nil
}

// in gives a piece; nil when its blob is not there.
func (p stretch) in(blobs map[string]graph.Blob) []byte {
	b := blobs[p.blob]
	if b == nil || p.from+p.size > len(b.Bytes()) {
		return nil
	}
	return b.Bytes()[p.from : p.from+p.size]
}

func closeAll(blobs map[string]graph.Blob) {
	for _, b := range blobs {
		_ = b.Close() // it was only read
	}
}

// newestIndex opens the index of the newest snapshot that has one; there may be none.
func newestIndex(ctx context.Context, s graph.Store) (map[string]*listing, map[string]graph.Blob, error) {
	history, err := s.History(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range slices.Backward(history) {
		listings, blobs, err := openListings(ctx, s, e.Snapshot)
		if err != nil { // none, or one that is damaged: it is made again
			closeAll(blobs)
			continue
		}
		out := make(map[string]*listing, len(listings))
		for i := range listings {
			out[listings[i].account] = &listings[i]
		}
		return out, blobs, nil
	}
	return nil, nil, nil
}

// writeListings writes the names of blobs, then the accounts, which name blobs by their place.
func writeListings(listings []listing) []byte {
	var names []string
	places := map[string]int{}
	var accounts []byte
	number := func(n int) { accounts = binary.AppendUvarint(accounts, uint64(n)) }
	for i := range listings {
		l := &listings[i]
		number(len(l.account))
		accounts = append(append(accounts, l.account...), l.hash[:]...)
		for _, p := range l.pieces {
			at, ok := places[p.blob]
			if !ok {
				at = len(names)
				places[p.blob] = at
				names = append(names, p.blob)
			}
			number(at)
			number(p.from)
			number(p.size)
		}
	}
	list := binary.AppendUvarint(nil, uint64(len(names)))
	for _, name := range names {
		list = append(binary.AppendUvarint(list, uint64(len(name))), name...)
	}
	return append(list, accounts...)
}

var errIndex = errors.New("the index ends early or holds what none does")

// readListings reads the list at the end of an index.
func readListings(data []byte) ([]listing, error) {
	if len(data) < 8 {
		return nil, errIndex
	}
	size := binary.BigEndian.Uint64(data[len(data)-8:])
	if size > uint64(len(data)-8) {
		return nil, errIndex
	}
	list := data[len(data)-8-int(size) : len(data)-8]
	bad := false
	number := func() int {
		n, used := binary.Uvarint(list)
		if used <= 0 || n > 1<<40 {
			bad, list = true, nil
			return 0
		}
		list = list[used:]
		return int(n)
	}
	take := func(n int) []byte {
		if n > len(list) {
			bad, list = true, nil
			return nil
		}
		out := list[:n]
		list = list[n:]
		return out
	}
	var names []string
	for range min(number(), len(list)) {
		names = append(names, string(take(number())))
	}
	var out []listing
	for len(list) > 0 {
		l := listing{account: string(take(number()))}
		copy(l.hash[:], take(len(l.hash)))
		for i := range l.pieces {
			at := number()
			if at >= len(names) {
				return nil, errIndex
			}
			l.pieces[i] = stretch{names[at], number(), number()}
		}
		out = append(out, l)
	}
	if bad {
		return nil, errIndex
	}
	return out, nil
}

// OpenIndex opens a snapshot by its index. The error is graph.ErrNotFound where it has none that can be used.
func OpenIndex(ctx context.Context, s graph.Store, id graph.SnapshotID, cat *catalog.Catalog) (*Fleet, error) {
	listings, blobs, err := openListings(ctx, s, id)
	defer func() { closeAll(blobs) }()
	if err != nil {
		return nil, err
	}
	hashes, err := graph.Accounts(ctx, s, id)
	if err != nil {
		return nil, err
	}
	if len(listings) != len(hashes) {
		return nil, fmt.Errorf("index: %w: it has %d accounts, the snapshot %d", graph.ErrNotFound, len(listings), len(hashes))
	}
	segments := make([]AccountSegment, len(listings))
	for i := range listings {
		l := &listings[i]
		if hashes[graph.AccountID(l.account)] != l.hash {
			return nil, fmt.Errorf("index: %w: account %s is another one", graph.ErrNotFound, l.account)
		}
		var pieces [segment.Pieces][]byte
		for j, p := range l.pieces {
			if pieces[j] = p.in(blobs); pieces[j] == nil {
				return nil, fmt.Errorf("index: %w: a piece of account %s is not there", graph.ErrNotFound, l.account)
			}
		}
		segments[i] = AccountSegment{ID: l.account, Data: segment.Join(pieces)}
	}
	slices.SortFunc(segments, func(a, b AccountSegment) int { return strings.Compare(a.ID, b.ID) })
	shared, err := graph.LoadShared(ctx, s, id)
	if err != nil {
		return nil, err
	}
	f, err := OpenFleet(ctx, shared, segments, cat)
	var odd *OddAccountError
	if errors.As(err, &odd) {
		return nil, fmt.Errorf("index: %w: %w", graph.ErrNotFound, err)
	}
	return f, err
}

// IndexBlobs names the derived blobs that the indexes of snapshots consist of: an index has pieces in those of snapshots before it. Of a snapshot
// without an index that can be used there are none.
func IndexBlobs(ctx context.Context, s graph.Store, ids []graph.SnapshotID) ([]string, error) {
	names := map[string]bool{}
	for _, id := range ids {
		_, blobs, err := openListings(ctx, s, id)
		closeAll(blobs)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			continue // it is answered from its facts
		}
		for name := range blobs {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// openListings opens an index and those that it takes pieces from. What is damaged counts as not there: all of it can be made again.
func openListings(ctx context.Context, s graph.Store, id graph.SnapshotID) ([]listing, map[string]graph.Blob, error) {
	blobs := map[string]graph.Blob{}
	open := func(name string) error {
		if blobs[name] != nil {
			return nil
		}
		b, err := s.Derived(ctx, name)
		if err != nil {
			return fmt.Errorf("index: %w: %w", graph.ErrNotFound, err)
		}
		blobs[name] = b
		return nil
	}
	name := indexName(id)
	if err := open(name); err != nil {
		return nil, blobs, err
	}
	listings, err := readListings(blobs[name].Bytes())
	if err != nil {
		return nil, blobs, fmt.Errorf("index: %w: %w", graph.ErrNotFound, err)
	}
	for i := range listings {
		for _, p := range listings[i].pieces {
			if err := open(p.blob); err != nil {
				return nil, blobs, err
			}
		}
	}
	return listings, blobs, nil
}

// FleetOf makes a fleet of facts that are in memory. The error is an *OddAccountError for accounts that segments do not hold.
func FleetOf(ctx context.Context, facts *graph.Facts, cat *catalog.Catalog) (*Fleet, error) {
	m := &segmenter{documents: facts.Documents}
	segments := make([]AccountSegment, len(facts.Accounts))
	err := onAllCores(ctx, len(segments), func(i int) error {
		a := facts.Accounts[i]
		data, err := m.segment(a)
		segments[i] = AccountSegment{ID: string(a.ID), Data: data}
		return err
	})
	if err != nil {
		return nil, err
	}
	return OpenFleet(ctx, facts, segments, cat)
}

// Base gives the organization and its accounts as a world without principals: what it says of accounts holds, what it says of principals not.
func (f *Fleet) Base() *World { return f.base }
