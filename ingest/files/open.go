package files

import (
	"bufio"
	"bytes"
	"io"
	"os"

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
func open(s *source, stdin io.Reader, count func(n int)) (_ *opened, err error) {
	o := &opened{close: func() {}}
	defer func() {
		if err != nil {
			o.close()
		}
	}()
	raw := stdin
	if s.path != "-" {
		f, err := os.Open(s.path)
		if err != nil {
			return nil, unreadable(s.path, err)
		}
		raw, o.close = f, func() { _ = f.Close() } // read only: nothing is lost
	}
	in, head, err := peek(&countingReader{raw, count})
	if err != nil {
		return nil, unreadable(s.path, err)
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, damagedArchive(s, "gzip", err)
		}
		if in, head, err = peek(z); err != nil {
			return nil, damagedArchive(s, "gzip", err)
		}
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(zstdMost), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, damagedArchive(s, "zstd", err)
		}
		file := o.close
		o.close = func() { z.Close(); file() }
		if in, head, err = peek(z); err != nil {
			return nil, damagedArchive(s, "zstd", err)
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

func damagedArchive(s *source, format string, err error) *Error {
	return &Error{File: s.path, Problem: "damaged " + format + ": " + err.Error(), Err: err, stops: true}
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
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.count(n)
	return n, err
}
