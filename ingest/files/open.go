package files

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// content is what the first bytes of a file say it holds.
type content int

const (
	contentUnknown content = iota
	contentEmpty
	contentJSON
	contentCredentialReport
	contentUTF16
)

const (
	peekSize  = 4 << 10
	readSize  = 256 << 10
	zstdMost  = 128 << 20 // the most memory a zstd frame may ask for
	byteOrder = "\xef\xbb\xbf"
)

// opened is one open file behind its decompression.
type opened struct {
	io.Reader
	content content
	close   func()
}

// open opens a source, looks through gzip and zstd by their first bytes, and tells what it holds. count is called with the
// number of bytes taken from disk.
func open(ctx context.Context, s *source, stdin io.Reader, count func(n int)) (_ *opened, err error) {
	o := &opened{close: func() {}}
	defer func() {
		if err != nil {
			o.close()
		}
	}()
	raw := stdin
	if s.path != "-" {
		f, err := openFile(ctx, s.path)
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return nil, ctx.Err()
		default:
			return nil, unreadable(s.path, err)
		}
		// Ends the reading of a pipe that nobody writes to; files have no deadlines and need none.
		stop := context.AfterFunc(ctx, func() { _ = f.SetReadDeadline(time.Unix(1, 0)) })
		raw, o.close = f, func() { stop(); _ = f.Close() } // read only: nothing is lost
	}
	disk := &countingReader{r: raw, count: count}
	in, head, err := peek(disk)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, unreadable(s.path, err)
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, damagedArchive(s, &archiveError{"gzip", err})
		}
		if in, head, err = peek(&unpacker{z, disk, "gzip", 0}); err != nil {
			return nil, damagedArchive(s, err)
		}
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(zstdMost), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, damagedArchive(s, &archiveError{"zstd", err})
		}
		file := o.close
		o.close = func() { z.Close(); file() }
		if in, head, err = peek(&unpacker{z, disk, "zstd", 0}); err != nil {
			return nil, damagedArchive(s, err)
		}
	}
	if bytes.HasPrefix(head, []byte(byteOrder)) {
		head = head[len(byteOrder):]
		if _, err := in.Discard(len(byteOrder)); err != nil {
			return nil, unreadable(s.path, err)
		}
	}
	o.Reader, o.content = in, sniff(head)
	return o, nil
}

// peek buffers r and gives its beginning, which is empty at the end of input. An error behind the beginning comes later.
func peek(r io.Reader) (*bufio.Reader, []byte, error) {
	in := bufio.NewReaderSize(r, readSize)
	head, err := in.Peek(peekSize)
	if len(head) == 0 && err != nil && err != io.EOF {
		return nil, nil, err
	}
	return in, head, nil
}

// openFile opens a file. Opening a named pipe waits for somebody who writes to it, at most until ctx is done.
func openFile(ctx context.Context, path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		return os.Open(path)
	}
	type result struct {
		file *os.File
		err  error
	}
	done := make(chan result)
	go func() {
		f, err := os.Open(path)
		select {
		case done <- result{f, err}:
		case <-ctx.Done():
			if err == nil {
				_ = f.Close() // too late: nobody reads it
			}
		}
	}()
	select {
	case r := <-done:
		return r.file, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A packed file may grow to unpackedAlways in any case, and beyond that to unpackedMost times its size. Exports, which say the same
// again and again, grow some twenty times, with every account alike perhaps a hundred; what is made to fill a memory, a thousand.
const (
	unpackedAlways = 64 << 20
	unpackedMost   = 300
)

var errBomb = fmt.Errorf("it grows to more than %d times its size; unpack it first if that is right", unpackedMost)

// unpacker reads what a packed file holds. Its errors, other than io.EOF, are *archiveError.
type unpacker struct {
	r        io.Reader
	packed   *countingReader
	format   string
	unpacked int64
}

// Read implements io.Reader.
func (u *unpacker) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	u.unpacked += int64(n)
	switch {
	case u.unpacked > unpackedAlways && u.unpacked/unpackedMost > u.packed.read:
		err = errBomb
	case err == nil || err == io.EOF:
		return n, err
	case err == io.ErrUnexpectedEOF:
		err = errors.New("it ends too early; pack or copy it again")
	}
	return n, &archiveError{u.format, err}
}

// archiveError is the error of a file that cannot be unpacked.
type archiveError struct {
	format string
	err    error
}

func (e *archiveError) Error() string {
	return "damaged " + e.format + ": " + strings.TrimPrefix(e.err.Error(), e.format+": ")
}
func (e *archiveError) Unwrap() error { return e.err }

// damagedArchive gives the Error of a file that cannot be unpacked even at its beginning.
func damagedArchive(s *source, err error) error {
	var damaged *archiveError
	if !errors.As(err, &damaged) {
		return err
	}
	return &Error{File: s.path, Problem: damaged.Error(), Err: damaged.err, stops: true}
}

// sniff tells what a file holds by its beginning, behind a byte order mark.
func sniff(head []byte) content {
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return contentUTF16
	case bytes.HasPrefix(head, []byte(credentialReportStart)):
		return contentCredentialReport
	}
	text := bytes.TrimLeft(head, " \t\r\n")
	switch {
	case len(text) == 0 && len(head) < peekSize:
		return contentEmpty
	case len(text) == 0 || text[0] == '{':
		return contentJSON
	default:
		return contentUnknown
	}
}

// countingReader reports the bytes that pass.
type countingReader struct {
	r     io.Reader
	count func(n int)
	read  int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.read += int64(n)
	c.count(n)
	return n, err
}
