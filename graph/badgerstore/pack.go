package badgerstore

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"github.com/accessgraph/accessgraph/graph"
)

const (
	packFile = "PACK"
	// externalMagic is in Badger's own manifest, so that a foreign Badger directory is refused.
	externalMagic = 0xac65
	// wholeHash is the size up to which all files of a pack are hashed when it is opened: about 5 ms.
	// Packs at least double in size, so all that are hashed whole take twice that.
	wholeHash = 8 << 20
	// tailBytes is how much before the index of a table is hashed too: opening a table reads its last block, which holds
	// little more than one chunk.
	tailBytes = 2 * chunkBytes
)

// description is the PACK file: what a pack consists of.
type description struct {
	Items int64      `json:"items"` // contents
	Bytes int64      `json:"bytes"` // of content, before compression
	Keys  string     `json:"keys"`  // SHA-256 of all keys in order
	Files []fileInfo `json:"files"` // all files but PACK, by name
}

// fileInfo pins one file.
type fileInfo struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	// Of a table: where the part begins that Badger reads at opening, and the hash from there to the end.
	Tail       int64  `json:"tail,omitempty"`
	TailSHA256 string `json:"tail_sha256,omitempty"`
}

// pack is an open pack. Its methods may be called from several goroutines until close.
type pack struct {
	ref  packRef
	seal *seal
	desc description
	dir  string
	lock *os.File
	db   *badger.DB
}

// options are those of every opening. Caches are limits, not allocations.
func badgerOptions(dir string, s *seal) badger.Options {
	opts := badger.DefaultOptions(dir)
	if s != nil {
		opts = opts.WithEncryptionKey(s.packs).WithIndexCacheSize(16 << 20) // where there is no cache, it decrypts an index at every look
	}
	return opts.
		WithLogger(nil).
		WithMetricsEnabled(false).
		WithExternalMagic(externalMagic).
		WithBypassLockGuard(true). // the locks of this package cover more
		WithDetectConflicts(false).
		WithCompression(options.ZSTD).
		WithZSTDCompressionLevel(1).
		WithBlockSize(64 << 10).
		WithBlockCacheSize(4 << 20).
		WithMemTableSize(2 << 20). // not used, but made
		WithValueLogFileSize(1 << 20).
		WithValueThreshold(2 * chunkBytes).
		WithNumCompactors(0)
}

// errGone is returned when the pack is not there: removed by a merge, or lost.
var errGone = errors.New("pack is gone")

// openPack locks a pack, checks its files and opens it.
func openPack(dir string, ref packRef, whole int64, s *seal) (*pack, error) {
	p := &pack{ref: ref, seal: s, dir: dir}
	path := filepath.Join(dir, packFile)
	var err error
	if p.lock, err = lockShared(path); err != nil {
		return nil, err
	}
	if err = p.open(whole); err != nil {
		return nil, errors.Join(err, p.lock.Close())
	}
	return p, nil
}

// lockShared opens a PACK file and holds its shared lock; errGone when the file was removed meanwhile.
func lockShared(path string) (*os.File, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errGone
	}
	if err != nil {
		return nil, readError(path, err)
	}
	if err := tryLock(f, false); err != nil {
		f.Close()
		if errors.Is(err, errBusy) {
			return nil, errGone // a writer is removing it
		}
		return nil, fmt.Errorf("lock pack %s: %w", path, err)
	}
	mine, err1 := f.Stat()
	now, err2 := os.Stat(path)
	if err1 != nil || err2 != nil || !os.SameFile(mine, now) {
		f.Close()
		return nil, errGone
	}
	return f, nil
}

func (p *pack) open(whole int64) error {
	if err := p.describe(); err != nil {
		return err
	}
	var size int64
	for _, f := range p.desc.Files {
		size += f.Size
	}
	all := size <= whole
	if err := p.checkFiles(all); err != nil {
		return err
	}
	opts := badgerOptions(p.dir, p.seal).WithReadOnly(true)
	if !all {
		opts = opts.WithChecksumVerificationMode(options.OnBlockRead)
	}
	return p.guard(func() (err error) {
		p.db, err = badger.Open(opts)
		if err != nil {
			return damaged(p.dir, "Badger cannot open it: %v", err)
		}
		return nil
	})
}

// describe reads PACK.
func (p *pack) describe() error {
	path := filepath.Join(p.dir, packFile)
	data, err := os.ReadFile(path)
	if err != nil {
		return readError(path, err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != p.ref.SHA256 {
		return damaged(path, "it does not have the hash in %s", manifestName)
	}
	if data, err = p.seal.open(path, packFile, data); err != nil {
		return err
	}
	if err := json.Unmarshal(data, &p.desc); err != nil {
		return damaged(path, "%v", err)
	}
	return nil
}

// checkFiles compares the files with PACK: names and sizes, and the hashes of small files and of what Badger reads of
// tables at opening; with all, of everything.
func (p *pack) checkFiles(all bool) error {
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return readError(p.dir, err)
	}
	for _, e := range entries {
		known := slices.ContainsFunc(p.desc.Files, func(f fileInfo) bool { return f.Name == e.Name() })
		if !known && e.Name() != packFile {
			return damaged(filepath.Join(p.dir, e.Name()), "does not belong to the pack")
		}
	}
	for _, f := range p.desc.Files {
		if err := p.checkFile(f, all); err != nil {
			return err
		}
	}
	return nil
}

func (p *pack) checkFile(f fileInfo, all bool) error {
	path := filepath.Join(p.dir, f.Name)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return damaged(path, "is missing")
	}
	if err != nil {
		return readError(path, err)
	}
	if info.Size() != f.Size {
		return damaged(path, "has %d bytes, not %d", info.Size(), f.Size)
	}
	offset, want := int64(0), f.SHA256
	if !all && f.TailSHA256 != "" {
		offset, want = f.Tail, f.TailSHA256
	}
	got, err := hashFile(path, offset)
	if err != nil {
		return readError(path, err)
	}
	if got != want {
		return damaged(path, "its content does not have the hash in %s", packFile)
	}
	return nil
}

// tableTail finds where the part of a table begins that Badger reads at opening: some bytes before its index. A table that
// does not look as expected is read whole.
func tableTail(path string, size, before int64) int64 {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	end := size
	number := func() int64 { // the big-endian number that ends at end
		var b [4]byte
		if end -= 4; end < 0 {
			return 0
		}
		if _, err := f.ReadAt(b[:], end); err != nil {
			return 0
		}
		return int64(binary.BigEndian.Uint32(b[:]))
	}
	checksum := number()
	end -= checksum
	index := number()
	end -= index
	return max(0, end-before)
}

// isTable tells whether a file of a Badger directory is a table.
func isTable(name string) bool { return strings.HasSuffix(name, ".sst") }

// close releases the pack; no read may be under way.
func (p *pack) close() error {
	var err error
	if p.db != nil {
		err = p.guard(p.db.Close)
	}
	return errors.Join(err, p.lock.Close())
}

// name calls the pack in errors.
func (p *pack) contentName(part graph.Partition, h graph.Hash) string {
	return fmt.Sprintf("%s: content %s/%s", p.dir, part, h)
}
