package badgerstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/dgraph-io/badger/v4"

	"github.com/accessgraph/accessgraph/graph"
)

// guard runs fn and makes a panic of Badger, or a fault in a memory map (a disk that cannot read a page), an error: both
// mean that the files are not as they were written.
func (p *pack) guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		r := recover()
		if c, ok := r.(callerPanic); ok {
			panic(c.value)
		}
		if r != nil {
			err = damaged(p.dir, "reading it failed: %.200v", r)
		}
	}()
	return fn()
}

// callerPanic carries a panic of a caller's function through guard.
type callerPanic struct{ value any }

// outside calls a caller's function from within guard.
func outside(fn func() error) error {
	defer func() {
		if r := recover(); r != nil {
			panic(callerPanic{r})
		}
	}()
	return fn()
}

// reader is a position in a pack that moves forward.
type reader struct {
	pack *pack
	it   *badger.Iterator
	last []byte
}

// maxSteps is how many keys a reader steps over before it seeks.
const maxSteps = 12

// read calls fn with a reader at the first key.
func (p *pack) read(fn func(r *reader) error) error {
	return p.guard(func() error {
		txn := p.db.NewTransaction(false)
		defer txn.Discard()
		opts := badger.DefaultIteratorOptions
		opts.PrefetchValues = false
		r := &reader{pack: p, it: txn.NewIterator(opts)}
		defer r.it.Close()
		return fn(r)
	})
}

// next steps to the next key. Keys that do not ascend are damage, and would make some loop endless.
func (r *reader) next() error {
	r.last = append(r.last[:0], r.it.Item().Key()...)
	r.it.Next()
	if r.it.Valid() && bytes.Compare(r.it.Item().Key(), r.last) <= 0 {
		return damaged(r.pack.dir, "its keys are not in order")
	}
	return nil
}

// seek moves forward to the first key not before key and tells whether it is key.
func (r *reader) seek(key []byte) (bool, error) {
	for steps := 0; r.it.Valid(); steps++ {
		switch c := bytes.Compare(r.it.Item().Key(), key); {
		case c == 0:
			return true, nil
		case c > 0:
			return false, nil
		case steps == maxSteps:
			r.it.Seek(key)
			return r.it.Valid() && bytes.Equal(r.it.Item().Key(), key), nil
		}
		if err := r.next(); err != nil {
			return false, err
		}
	}
	return false, nil
}

// content reads the content at the position, which key names, with all its pieces, and checks it against its hash. The
// position is then at its last piece.
func (r *reader) content(key []byte) ([]byte, error) {
	out := []byte{}
	for n := 1; ; n++ {
		item := r.it.Item()
		more := item.UserMeta() == moreFollows
		if err := item.Value(func(v []byte) error {
			out = append(out, v...)
			return nil
		}); err != nil {
			return nil, damaged(r.pack.dir, "%v", err)
		}
		if !more {
			break
		}
		if err := r.next(); err != nil {
			return nil, err
		}
		if n == maxChunks || !r.it.Valid() || !bytes.Equal(r.it.Item().Key(), chunkKey(key, n)) {
			return nil, damaged(r.pack.dir, "piece %d of a content is missing", n)
		}
	}
	part, h, ok := splitKey(key)
	if !ok {
		return nil, damaged(r.pack.dir, "a key of %d bytes names no content", len(key))
	}
	if graph.HashOf(out) != h {
		return nil, damaged(r.pack.contentName(part, h), "does not have the hash that names it")
	}
	return out, nil
}

// fetch calls fn with the content of those of hashes, which ascend, whose indexes want lists, and gives the indexes of
// those that the pack does not have.
func (p *pack) fetch(ctx context.Context, prefix []byte, hashes []graph.Hash, want []int, fn func(int, []byte) error) (missing []int, err error) {
	err = p.read(func(r *reader) error {
		r.it.Seek(keyOf(prefix, hashes[want[0]]))
		for n, i := range want {
			if n&63 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			key := keyOf(prefix, hashes[i])
			found, err := r.seek(key)
			if err != nil {
				return err
			}
			if !found {
				missing = append(missing, i)
				continue
			}
			content, err := r.content(key)
			if err != nil {
				return err
			}
			if err := outside(func() error { return fn(i, content) }); err != nil {
				return err
			}
		}
		return nil
	})
	return missing, err
}

// has tells for each of keys, which ascend, whether the pack has it; values are not read.
func (p *pack) has(ctx context.Context, keys [][]byte, found func(i int)) error {
	if len(keys) == 1 { // the bloom filters answer
		return p.guard(func() error {
			txn := p.db.NewTransaction(false)
			defer txn.Discard()
			_, err := txn.Get(keys[0])
			if err == nil {
				found(0)
			}
			if errors.Is(err, badger.ErrKeyNotFound) {
				return nil
			}
			return err
		})
	}
	return p.read(func(r *reader) error {
		r.it.Rewind()
		for i, key := range keys {
			if i&1023 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			ok, err := r.seek(key)
			if err != nil {
				return err
			}
			if ok {
				found(i)
			}
		}
		return nil
	})
}

// scan calls fn with all content whose key is from first to last, in order.
func (p *pack) scan(ctx context.Context, first, last []byte, fn func(key, content []byte) error) error {
	return p.read(func(r *reader) error {
		for r.it.Seek(first); r.it.Valid(); {
			if err := ctx.Err(); err != nil {
				return err
			}
			key := r.it.Item().KeyCopy(nil)
			if last != nil && bytes.Compare(key, last) > 0 {
				return nil
			}
			content, err := r.content(key)
			if err != nil {
				return err
			}
			if err := outside(func() error { return fn(key, content) }); err != nil {
				return err
			}
			if err := r.next(); err != nil {
				return err
			}
		}
		return nil
	})
}

// errStop ends a scan early.
var errStop = errors.New("stop")

// all reads everything and compares what it found with PACK.
func (p *pack) all(ctx context.Context, fn func(key, content []byte) error) error {
	keys := sha256.New()
	var items, size int64
	err := p.scan(ctx, nil, nil, func(key, content []byte) error {
		keys.Write(key)
		items++
		size += int64(len(content))
		return fn(key, content)
	})
	if err != nil {
		return err
	}
	if items != p.desc.Items || size != p.desc.Bytes || hex.EncodeToString(keys.Sum(nil)) != p.desc.Keys {
		return damaged(p.dir, "it has %d contents of %d bytes, or other ones, not the %d of %d bytes it was written with", items, size, p.desc.Items, p.desc.Bytes)
	}
	return nil
}

// missingError names content that no pack has.
func missingError(dir string, part graph.Partition, h graph.Hash) error {
	return fmt.Errorf("%s: content %s/%s: %w", dir, part, h, graph.ErrNotFound)
}
