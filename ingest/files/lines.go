package files

import (
	"bytes"
	"context"
	"fmt"
	"io"
)

// mostUnread bounds what a decoder may hold back at once: no value of an export is longer, and a hostile one must not
// fill the memory. Policy documents are at most some tens of kilobytes (A13).
const mostUnread = 16 << 20

// lineReader hands the bytes of one file to a decoder, counts lines as the decoder advances, and stops it when the
// context ends or one value grows beyond mostUnread. It keeps only the bytes that the decoder has not passed yet.
type lineReader struct {
	ctx       context.Context
	r         io.Reader
	consumed  func() int64 // the decoder's offset
	pending   []byte       // bytes from base on, behind passed ones that are forgotten
	passed    int
	base      int64
	delivered int64
	line      int // the line in which base lies, from 1
}

func newLineReader(ctx context.Context, r io.Reader) *lineReader {
	return &lineReader{ctx: ctx, r: r, line: 1, consumed: func() int64 { return 0 }}
}

// tooLargeError is the error of a value that grows beyond mostUnread.
type tooLargeError struct{}

func (tooLargeError) Error() string {
	return fmt.Sprintf("one value is longer than %d MiB", mostUnread>>20)
}

// Read implements io.Reader.
func (l *lineReader) Read(p []byte) (int, error) {
	if err := l.ctx.Err(); err != nil {
		return 0, err
	}
	at := l.consumed()
	if l.delivered-at > mostUnread {
		return 0, tooLargeError{}
	}
	l.at(at)
	n, err := l.r.Read(p)
	if l.ctx.Err() != nil { // a pipe that was waited for ends with an error of its own
		return 0, l.ctx.Err()
	}
	l.pending = append(l.pending[:copy(l.pending, l.pending[l.passed:])], p[:n]...)
	l.passed = 0
	l.delivered += int64(n)
	return n, err
}

// at gives the line of an offset and forgets what lies before it. Offsets that were forgotten give the line of the first
// byte still known, offsets not read yet that of the last.
func (l *lineReader) at(offset int64) int {
	known := l.pending[l.passed:]
	n := min(offset-l.base, int64(len(known)))
	if n <= 0 {
		return l.line
	}
	l.line += bytes.Count(known[:n], []byte{'\n'})
	l.passed += int(n)
	l.base += n
	return l.line
}
