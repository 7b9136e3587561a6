//go:build !linux

package badgerstore

import "os"

// allocate makes the file system set n bytes aside for f.
func allocate(f *os.File, n int64) error { return writeZeros(f, n) }
