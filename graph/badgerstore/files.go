package badgerstore

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/accessgraph/accessgraph/graph"
)

// errBusy is returned when another holds the lock.
var errBusy = errors.New("locked")

const (
	dirMode  = 0o700
	fileMode = 0o600
)

// storeError is the error of a write: it names the path and translates what the operating system says into the errors of
// package graph.
func storeError(path, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case isFull(err):
		return &graph.StoreError{Path: path, What: doing + ": " + reason(err), Err: graph.ErrFull, Hint: "what was stored before is untouched; make room and run the command again"}
	case isReadOnly(err):
		return &graph.StoreError{Path: path, What: doing + ": " + reason(err), Err: graph.ErrReadOnly, Hint: "check the owner and permissions, or choose another directory with --store"}
	}
	return fmt.Errorf("%s: %s: %w", path, doing, err)
}

// readError is the error of a read that failed: for want of permission, because the disk cannot read, or for another reason.
func readError(path string, err error) error {
	switch {
	case errors.Is(err, os.ErrPermission):
		return &graph.StoreError{Path: path, What: reason(err), Err: graph.ErrUnreadable, Hint: "check the owner and permissions, or choose another directory with --store"}
	case errors.Is(err, syscall.EIO):
		return damaged(path, "cannot be read: %s", reason(err))
	}
	return fmt.Errorf("%s: cannot be read: %w", path, err)
}

// reason is what the operating system says, without the path that the message names already.
func reason(err error) string {
	var of *fs.PathError
	if errors.As(err, &of) {
		return of.Err.Error()
	}
	return err.Error()
}

// damaged is the error for a file that is not as it was written.
func damaged(path, format string, args ...any) error {
	return &graph.StoreError{Path: path, What: fmt.Sprintf(format, args...), Err: graph.ErrDamaged,
		Hint: "run accessgraph snapshots verify, then restore the store from a backup or ingest again into a new one"}
}

// writeDurably replaces a file by a rename, so that it has either the old or the new content, also after a power failure.
func writeDurably(dir, name string, data []byte) error {
	f, err := os.CreateTemp(dir, name+".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(fileMode)
	}
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(dir)
}

// syncDir makes the names in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	return errors.Join(err, d.Close())
}

// syncFile makes the content of a file durable.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = f.Sync()
	return errors.Join(err, f.Close())
}

// hashFile gives the SHA-256 of a file from an offset to its end, in hex.
func hashFile(path string, offset int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return "", err
	}
	h := sha256.New()
	if _, err := io.CopyBuffer(struct{ io.Writer }{h}, struct{ io.Reader }{f}, make([]byte, 256<<10)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// reserve finds out whether dir has room for n bytes. Badger writes tables through memory maps, where a full disk kills
// the process; so the space is asked for in a way that can fail first.
func reserve(dir string, n int64) error {
	f, err := os.CreateTemp(dir, "reserve-*")
	if err != nil {
		return err
	}
	err = allocate(f, n)
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

func writeZeros(f *os.File, n int64) error {
	zeros := make([]byte, 1<<20)
	for ; n > 0; n -= int64(len(zeros)) {
		if _, err := f.Write(zeros[:min(n, int64(len(zeros)))]); err != nil {
			return err
		}
	}
	return f.Sync()
}

// exists tells whether there is something at path.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
