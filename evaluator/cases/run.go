package cases

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// MaxLine is the longest line that is read, in bytes; a longer one is answered with an error.
const MaxLine = 64 << 20

// Summary counts the cases that said what they expect.
type Summary struct {
	Passed, Failed int
}

// Expecting tells whether any case said what it expects.
func (s Summary) Expecting() bool { return s.Passed+s.Failed > 0 }

// Run answers every line of in, one line each, in order; empty lines are passed over. It ends early only when ctx is done, or
// when reading or writing fails. The report function, when not nil, is told of every case that did not get what it expected.
func (r *Runner) Run(ctx context.Context, in io.Reader, out io.Writer, report func(line int, a *Answer)) (Summary, error) {
	var sum Summary
	src := bufio.NewReaderSize(in, 1<<16)
	dst := bufio.NewWriter(out)
	var line []byte
	for n := 1; ; n++ {
		if err := ctx.Err(); err != nil {
			return sum, errors.Join(err, dst.Flush())
		}
		var tooLong bool
		var err error
		line, tooLong, err = readLine(src, line[:0], MaxLine)
		if err != nil && !errors.Is(err, io.EOF) {
			return sum, errors.Join(fmt.Errorf("read cases, line %d: %w", n, err), dst.Flush())
		}
		last := err != nil
		if len(bytes.TrimSpace(line)) == 0 && !tooLong {
			if last {
				break
			}
			continue
		}
		a := r.answerLine(line, n, tooLong)
		sum.count(&a, n, report)
		text, err := a.MarshalJSON()
		if err != nil {
			return sum, errors.Join(fmt.Errorf("write the answer to line %d: %w", n, err), dst.Flush())
		}
		dst.Write(text)
		if err := dst.WriteByte('\n'); err != nil { // a bufio.Writer keeps the first error
			return sum, fmt.Errorf("write answers: %w", err)
		}
		if last {
			break
		}
	}
	if err := dst.Flush(); err != nil {
		return sum, fmt.Errorf("write answers: %w", err)
	}
	return sum, nil
}

func (r *Runner) answerLine(line []byte, n int, tooLong bool) Answer {
	if tooLong {
		return Answer{}.fail(fmt.Errorf("line %d: longer than %d bytes", n, MaxLine))
	}
	a := r.Answer(line)
	if a.Decision == Failed {
		a.Error = fmt.Sprintf("line %d: %s", n, a.Error)
	}
	return a
}

func (s *Summary) count(a *Answer, n int, report func(line int, a *Answer)) {
	if a.Expected == "" {
		return
	}
	if a.Passed() {
		s.Passed++
		return
	}
	s.Failed++
	if report != nil {
		report(n, a)
	}
}

// readLine appends the next line to buf, without its end. Of a line that is longer than the limit it drops the rest and says so.
// The error is io.EOF with the last line.
func readLine(src *bufio.Reader, buf []byte, limit int) (line []byte, tooLong bool, err error) {
	for {
		part, err := src.ReadSlice('\n')
		if len(buf)+len(part) > limit+1 {
			tooLong = true
			buf = buf[:0]
		}
		if !tooLong {
			buf = append(buf, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		return bytes.TrimSuffix(buf, []byte("\n")), tooLong, err
	}
}
