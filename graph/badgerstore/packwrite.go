package badgerstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/pb"
	"github.com/dgraph-io/ristretto/v2/z"
)

// content is one item on its way into a pack.
type content struct {
	key   []byte
	value []byte
}

// writePack writes a pack of the contents, which must ascend by key, into the empty directory dir and reads all of it
// back. Badger's files that a read-only opening does not need are removed.
func (s *Store) writePack(ctx context.Context, dir string, contents iter.Seq2[content, error], estimate int64) (packRef, error) {
	if err := s.at("reserve"); err != nil {
		return packRef{}, err
	}
	// Tables are a little larger than incompressible content; Badger's own logs take about 4 MB while it is open.
	if err := reserve(dir, estimate+estimate/8+16<<20); err != nil {
		return packRef{}, storeError(dir, "make room for a pack", err)
	}
	desc, err := writeTables(ctx, dir, s.seal, contents, estimate)
	if err != nil {
		return packRef{}, storeError(dir, "write pack", err)
	}
	if err := s.at("tables"); err != nil {
		return packRef{}, err
	}
	ref, err := describePack(dir, s.seal, desc, s.tail)
	if err != nil {
		return packRef{}, storeError(dir, "write pack", err)
	}
	if err := s.at("described"); err != nil {
		return packRef{}, err
	}
	return ref, readBack(ctx, dir, ref, s.seal)
}

// writeTables has Badger write the contents.
func writeTables(ctx context.Context, dir string, s *seal, contents iter.Seq2[content, error], estimate int64) (description, error) {
	// A table is 32 times the base size when it is compressed. Until it is on disk Badger keeps some ten times that in
	// memory, and on a slow disk up to 16 tables at once.
	base := min(max(estimate/32, 16<<10), 32<<10)
	db, err := badger.Open(badgerOptions(dir, s).WithBaseTableSize(base))
	if err != nil {
		return description{}, err
	}
	desc, err := stream(ctx, db, contents)
	return desc, errors.Join(err, db.Close())
}

// batchBytes is how much is handed to Badger at a time.
const batchBytes = 4 << 20

func stream(ctx context.Context, db *badger.DB, contents iter.Seq2[content, error]) (desc description, err error) {
	w := db.NewStreamWriter()
	if err := w.Prepare(); err != nil {
		return desc, err
	}
	defer func() {
		if err != nil {
			w.Cancel()
		}
	}()
	buf := z.NewBuffer(64<<10, "accessgraph pack") // grows
	defer func() { _ = buf.Release() }()
	keys := sha256.New()
	var last []byte
	for c, err := range contents {
		if err != nil {
			return desc, err
		}
		if err := ctx.Err(); err != nil {
			return desc, err
		}
		// Badger ends the process when keys do not ascend.
		if bytes.Compare(last, c.key) >= 0 {
			return desc, fmt.Errorf("keys are not in order: %x before %x", last, c.key)
		}
		last = c.key
		keys.Write(c.key)
		desc.Items++
		desc.Bytes += int64(len(c.value))
		if err := appendChunks(buf, c); err != nil {
			return desc, err
		}
		if buf.LenNoPadding() > batchBytes {
			if err := w.Write(buf); err != nil {
				return desc, err
			}
			buf.Reset()
		}
	}
	if err := w.Write(buf); err != nil {
		return desc, err
	}
	desc.Keys = hex.EncodeToString(keys.Sum(nil))
	return desc, w.Flush()
}

// appendChunks adds the pieces of one content to buf.
func appendChunks(buf *z.Buffer, c content) error {
	if len(c.value) > maxChunks*chunkBytes {
		return fmt.Errorf("content of %d bytes is larger than %d", len(c.value), maxChunks*chunkBytes)
	}
	key, rest := c.key, c.value
	for n := 1; ; n++ {
		piece := rest[:min(len(rest), chunkBytes)]
		rest = rest[len(piece):]
		kv := pb.KV{Key: key, Value: piece, Version: 1, StreamId: 1}
		if len(rest) > 0 {
			kv.UserMeta = []byte{moreFollows}
		}
		badger.KVToBuffer(&kv, buf)
		if len(rest) == 0 {
			return nil
		}
		key = chunkKey(c.key, n)
	}
}

// describePack removes what is not needed, makes the rest durable, and writes PACK.
func describePack(dir string, s *seal, desc description, tail int64) (packRef, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return packRef{}, err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		keys := e.Name() == badger.KeyRegistryFileName && s != nil
		if !isTable(e.Name()) && e.Name() != badger.ManifestFilename && !keys {
			if err := os.Remove(path); err != nil {
				return packRef{}, err
			}
			continue
		}
		f, err := describeFile(path, e.Name(), tail)
		if err != nil {
			return packRef{}, err
		}
		desc.Files = append(desc.Files, f)
	}
	data, err := json.MarshalIndent(desc, "", " ")
	if err != nil {
		return packRef{}, err
	}
	data = s.close(packFile, data)
	if err := writeDurably(dir, packFile, data); err != nil {
		return packRef{}, err
	}
	sum := sha256.Sum256(data)
	return packRef{SHA256: hex.EncodeToString(sum[:]), Bytes: desc.Bytes}, nil
}

func describeFile(path, name string, tail int64) (f fileInfo, err error) {
	if err = os.Chmod(path, fileMode); err != nil {
		return f, err
	}
	if err = syncFile(path); err != nil {
		return f, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return f, err
	}
	f = fileInfo{Name: name, Size: info.Size()}
	if f.SHA256, err = hashFile(path, 0); err != nil || !isTable(name) {
		return f, err
	}
	if f.Tail = tableTail(path, f.Size, tail); f.Tail > 0 {
		f.TailSHA256, err = hashFile(path, f.Tail)
	}
	return f, err
}

// readBack opens the pack as a query would and compares all of it with what it was written from.
func readBack(ctx context.Context, dir string, ref packRef, s *seal) error {
	p, err := openPack(dir, ref, wholeHash, s)
	if err == nil {
		err = errors.Join(p.all(ctx, func([]byte, []byte) error { return nil }), p.close())
	}
	if err != nil {
		return fmt.Errorf("the pack just written does not read back: %w", err)
	}
	return nil
}

// merged gives the union of ascending sequences, ascending, without repetitions.
func merged(sources []iter.Seq2[content, error]) iter.Seq2[content, error] {
	return func(yield func(content, error) bool) {
		type head struct {
			next func() (content, error, bool)
			c    content
		}
		var heads []*head
		for _, s := range sources {
			next, stop := iter.Pull2(s)
			defer stop()
			h := &head{next: next}
			c, err, ok := next()
			if err != nil {
				yield(content{}, err)
				return
			}
			if ok {
				h.c = c
				heads = append(heads, h)
			}
		}
		var last []byte
		for len(heads) > 0 {
			least := 0
			for i := range heads {
				if bytes.Compare(heads[i].c.key, heads[least].c.key) < 0 {
					least = i
				}
			}
			h := heads[least]
			if !bytes.Equal(h.c.key, last) && !yield(h.c, nil) {
				return
			}
			last = h.c.key
			c, err, ok := h.next()
			if err != nil {
				yield(content{}, err)
				return
			}
			if h.c = c; !ok {
				heads = append(heads[:least], heads[least+1:]...)
			}
		}
	}
}

// contents gives all of a pack as a sequence.
func (p *pack) contents(ctx context.Context) iter.Seq2[content, error] {
	return func(yield func(content, error) bool) {
		err := p.all(ctx, func(key, value []byte) error {
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
