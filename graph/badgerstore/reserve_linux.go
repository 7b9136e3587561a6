package badgerstore

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// allocate makes the file system set n bytes aside for f.
func allocate(f *os.File, n int64) error {
	err := unix.Fallocate(int(f.Fd()), 0, 0, n)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return writeZeros(f, n)
	}
	return err
}
