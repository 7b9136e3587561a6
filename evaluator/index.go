package evaluator

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/segment"
	"github.com/accessgraph/accessgraph/graph"
)

// The index of a snapshot is a derived blob: the segments that no earlier index has, then the list of all accounts with the hash of what each
// holds and where its segment is, then the size of that list in eight bytes.

func indexName(id graph.SnapshotID) string { return fmt.Sprintf("segments-%d-%s", segment.Version, id) }

// place is where a segment is.
type place struct {
	account string
	hash    graph.Hash
	blob    string // the index that holds it
	from    int
	size    int
}

// WriteIndex makes the index of a snapshot whose facts are given, and takes over what an earlier index has of unchanged accounts. Without an
// index, questions are answered from the facts. It does nothing where there is one already, and for snapshots with accounts that segments do
// not hold; that is an *OddAccountError.
func WriteIndex(ctx context.Context, s graph.Store, id graph.SnapshotID, facts *graph.Facts) error {
	name := indexName(id)
	if b, err := s.Derived(ctx, name); err == nil {
		return b.Close()
	}
	hashes, err := graph.Accounts(ctx, s, id)
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	known, err := knownSegments(ctx, s)
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	m := &segmenter{documents: facts.Documents}
	made := make([][]byte, len(facts.Accounts))
	err = onAllCores(ctx, len(facts.Accounts), func(i int) (err error) {
		a := facts.Accounts[i]
		if _, ok := known[hashes[a.ID]]; !ok {
			made[i], err = m.segment(a)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	size := 0
	for _, data := range made {
		size += len(data)
	}
	out := make([]byte, 0, size+128*len(made))
	var list []byte
	text := func(s string) { list = append(binary.AppendUvarint(list, uint64(len(s))), s...) }
	for i, a := range facts.Accounts {
		at, ok := known[hashes[a.ID]]
		if !ok {
			at = place{blob: name, from: len(out), size: len(made[i])}
			out = append(out, made[i]...)
			made[i] = nil
		}
		hash := hashes[a.ID]
		text(string(a.ID))
		list = append(list, hash[:]...)
		text(at.blob)
		list = binary.AppendUvarint(list, uint64(at.from))
		list = binary.AppendUvarint(list, uint64(at.size))
	}
	out = append(out, list...)
	out = binary.BigEndian.AppendUint64(out, uint64(len(list)))
	if err := s.PutDerived(ctx, name, out); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	return nil
}

// knownSegments are those of the newest snapshot that has an index.
func knownSegments(ctx context.Context, s graph.Store) (map[graph.Hash]place, error) {
	history, err := s.History(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range slices.Backward(history) {
		b, err := s.Derived(ctx, indexName(e.Snapshot))
		if err != nil {
			continue // none, or one that is damaged: it is made again
		}
		places, err := readPlaces(b.Bytes())
		if err = errors.Join(err, b.Close()); err != nil {
			continue
		}
		out := make(map[graph.Hash]place, len(places))
		for _, p := range places {
			out[p.hash] = p
		}
		return out, nil
	}
	return nil, nil
}

var errIndex = errors.New("the index ends early or holds what none does")

func readPlaces(data []byte) ([]place, error) {
	if len(data) < 8 {
		return nil, errIndex
	}
	size := binary.BigEndian.Uint64(data[len(data)-8:])
	if size > uint64(len(data)-8) {
		return nil, errIndex
	}
	list := data[len(data)-8-int(size) : len(data)-8]
	number := func() int {
		n, used := binary.Uvarint(list)
		if used <= 0 || n > 1<<40 {
			list = nil
			return -1
		}
		list = list[used:]
		return int(n)
	}
	piece := func(n int) []byte {
		if n < 0 || n > len(list) {
			list = nil
			return nil
		}
		out := list[:n]
		list = list[n:]
		return out
	}
	var out []place
	for len(list) > 0 {
		p := place{account: string(piece(number()))}
		if copy(p.hash[:], piece(len(p.hash))) != len(p.hash) {
			return nil, errIndex
		}
		p.blob = string(piece(number()))
		p.from, p.size = number(), number()
		if p.account == "" || p.blob == "" || p.from < 0 || p.size < 0 {
			return nil, errIndex
		}
		out = append(out, p)
	}
	return out, nil
}

// OpenIndex opens a snapshot by its index. The error is graph.ErrNotFound where it has none that can be used.
func OpenIndex(ctx context.Context, s graph.Store, id graph.SnapshotID, cat *catalog.Catalog) (*Fleet, error) {
	places, blobs, err := openPlaces(ctx, s, id)
	defer func() {
		for _, b := range blobs {
			_ = b.Close() // it was only read
		}
	}()
	if err != nil {
		return nil, err
	}
	hashes, err := graph.Accounts(ctx, s, id)
	if err != nil {
		return nil, err
	}
	if len(places) != len(hashes) {
		return nil, fmt.Errorf("index: %w: it has %d accounts, the snapshot %d", graph.ErrNotFound, len(places), len(hashes))
	}
	segments := make([]AccountSegment, len(places))
	for i, p := range places {
		data := blobs[p.blob].Bytes()
		if p.from+p.size > len(data) || hashes[graph.AccountID(p.account)] != p.hash {
			return nil, fmt.Errorf("index: %w: account %s is another one", graph.ErrNotFound, p.account)
		}
		segments[i] = AccountSegment{ID: p.account, Data: bytes.Clone(data[p.from : p.from+p.size])}
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

// openPlaces opens an index and those that it takes segments from. What is damaged counts as not there: all of it can be made again.
func openPlaces(ctx context.Context, s graph.Store, id graph.SnapshotID) ([]place, map[string]graph.Blob, error) {
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
	places, err := readPlaces(blobs[name].Bytes())
	if err != nil {
		return nil, blobs, fmt.Errorf("index: %w: %w", graph.ErrNotFound, err)
	}
	for _, p := range places {
		if err := open(p.blob); err != nil {
			return nil, blobs, err
		}
	}
	return places, blobs, nil
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
