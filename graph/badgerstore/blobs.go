package badgerstore

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/accessgraph/accessgraph/graph"
)

// A blob file is a SHA-256 of the rest, the length of the data in eight bytes, the data, and the name under which it is
// kept, which the hash so covers. The data begins at a multiple of eight.
const blobHead = sha256.Size + 8

var blobName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$`)

func checkBlobName(name string) error {
	if !blobName.MatchString(name) {
		return fmt.Errorf("name %.220q: want letters, digits, '.', '-' and '_', at most 200", name)
	}
	return nil
}

func writeBlob(dir, file, name string, data []byte, s *seal) error {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return storeError(dir, "write", err)
	}
	out := make([]byte, sha256.Size, blobHead+len(data)+len(name))
	out = binary.BigEndian.AppendUint64(out, uint64(len(data)))
	out = append(append(out, data...), name...)
	sum := sha256.Sum256(out[sha256.Size:])
	copy(out, sum[:])
	return storeError(filepath.Join(dir, file), "write", writeDurably(dir, file, s.close(sealedBlob, out)))
}

// blob is an open blob file.
type blob struct {
	data []byte
	name string
	free func() error
}

func (b *blob) Bytes() []byte { return b.data }

func (b *blob) Close() error {
	free := b.free
	b.data, b.free = nil, func() error { return nil }
	return free()
}

// sealedBlob is what an encrypted blob file is; which one it is stands in it.
const sealedBlob = "blob"

// openBlob maps a blob file and checks it. An encrypted one is decrypted into memory.
func openBlob(path string, s *seal) (*blob, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, graph.ErrNotFound
	}
	if err != nil {
		return nil, readError(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() < blobHead {
		return nil, damaged(path, "has %d bytes, fewer than the head of a blob", info.Size())
	}
	all, free, err := mapFile(f, int(info.Size()))
	if err != nil {
		return nil, err
	}
	if s != nil {
		sealed, release := all, free
		free = func() error { return nil }
		all, err = s.open(path, sealedBlob, sealed)
		if err = errors.Join(err, release()); err != nil {
			return nil, err
		}
		if len(all) < blobHead {
			return nil, damaged(path, "has %d bytes, fewer than the head of a blob", len(all))
		}
	}
	sum := sha256.Sum256(all[sha256.Size:])
	size := binary.BigEndian.Uint64(all[sha256.Size:])
	if string(sum[:]) != string(all[:sha256.Size]) || size > uint64(len(all)-blobHead) {
		return nil, errors.Join(damaged(path, "its content does not have the hash it claims"), free())
	}
	data := all[blobHead : blobHead+int(size)]
	return &blob{data: data, name: string(all[blobHead+int(size):]), free: free}, nil
}

// unfinishedAge is how old a blob that was never finished must be before it is removed: its writer holds no lock.
const unfinishedAge = time.Hour

// tidyBlobs removes what crashed writers of blobs left.
func (s *Store) tidyBlobs() error {
	for _, pattern := range []string{filepath.Join(derivedName, "*.new-*"), filepath.Join(stagingName, "*", "*.new-*")} {
		paths, err := filepath.Glob(filepath.Join(s.dir, pattern))
		if err != nil {
			return err
		}
		for _, path := range paths {
			info, err := os.Stat(path)
			if err != nil || time.Since(info.ModTime()) < unfinishedAge {
				continue
			}
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return storeError(path, "remove what an earlier process left", err)
			}
		}
	}
	return nil
}

// Derived is graph.Store's; the blob is mapped into memory.
func (s *Store) Derived(_ context.Context, name string) (graph.Blob, error) {
	if err := checkBlobName(name); err != nil {
		return nil, err
	}
	path := filepath.Join(s.dir, derivedName, s.seal.name(derivedName, name))
	b, err := openBlob(path, s.seal)
	if err != nil {
		return nil, fmt.Errorf("derived %q: %w", name, err)
	}
	if b.name != name {
		return nil, errors.Join(damaged(path, "is the blob %q", b.name), b.Close())
	}
	return b, nil
}

// PutDerived is graph.Store's.
func (s *Store) PutDerived(_ context.Context, name string, data []byte) error {
	if err := checkBlobName(name); err != nil {
		return err
	}
	return writeBlob(filepath.Join(s.dir, derivedName), s.seal.name(derivedName, name), name, data, s.seal)
}

// stagePath is where a staged value is: keys may be anything, so the file is named by a hash.
func (s *Store) stagePath(stage, key string) (dir, file string, err error) {
	if err := checkBlobName(stage); err != nil {
		return "", "", err
	}
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(s.dir, stagingName, s.seal.name(stagingName, stage)), s.seal.name(stage, hex.EncodeToString(sum[:])), nil
}

// Stage is graph.Store's.
func (s *Store) Stage(_ context.Context, stage, key string, value []byte) error {
	dir, file, err := s.stagePath(stage, key)
	if err != nil {
		return err
	}
	return writeBlob(dir, file, key, value, s.seal)
}

// Staged is graph.Store's.
func (s *Store) Staged(_ context.Context, stage, key string) ([]byte, error) {
	dir, file, err := s.stagePath(stage, key)
	if err != nil {
		return nil, err
	}
	b, err := openBlob(filepath.Join(dir, file), s.seal)
	if err != nil {
		return nil, fmt.Errorf("stage %q, key %q: %w", stage, key, err)
	}
	value := append([]byte{}, b.data...)
	if b.name != key {
		err = damaged(filepath.Join(dir, file), "is the value of %q", b.name)
	}
	return value, errors.Join(err, b.Close())
}

// Unstage is graph.Store's.
func (s *Store) Unstage(_ context.Context, stage string) error {
	dir, _, err := s.stagePath(stage, "")
	if err != nil {
		return err
	}
	return storeError(dir, "remove", os.RemoveAll(dir))
}
