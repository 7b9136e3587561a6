package shell

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/accessgraph/accessgraph/query/syntax"
)

// finished tells whether Enter ends what was typed: it is whole or wrong, ends with ? or ;, or its last line is empty.
func finished(text string) bool {
	if _, _, ok := backslash(text); ok || strings.TrimSpace(text) == "" {
		return true
	}
	if last := strings.LastIndexByte(text, '\n'); last >= 0 && strings.TrimSpace(text[last:]) == "" {
		return true
	}
	for {
		_, rest, found := syntax.Cut(text)
		if !found {
			break
		}
		text = rest
	}
	return blank(text) || !goesOn(text)
}

// goesOn tells whether a question is not whole yet.
func goesOn(text string) bool {
	_, err := syntax.Parse(text)
	var e *syntax.Error
	return errors.As(err, &e) && e.Unfinished() && !asked(text)
}

// asked tells whether a text ends with a question mark outside quotes and comments.
func asked(text string) bool {
	tokens := syntax.Tokens(text)
	if len(tokens) == 0 {
		return false
	}
	last := tokens[len(tokens)-1]
	return last.Kind != syntax.StringToken && last.Kind != syntax.CommentToken && strings.HasSuffix(last.Text, "?")
}

// blank tells whether a text is white space and comments alone.
func blank(text string) bool {
	tokens := syntax.Tokens(text)
	for _, t := range tokens {
		if t.Kind != syntax.CommentToken {
			return false
		}
	}
	return len(tokens) > 0 || strings.TrimSpace(text) == "" // what cannot be cut into tokens has none either
}

// split cuts what was typed into its statements.
func split(text string) (statements []string) {
	if _, _, ok := backslash(text); ok {
		return []string{text}
	}
	for {
		statement, rest, found := syntax.Cut(text)
		if !blank(statement) {
			statements = append(statements, statement)
		}
		if !found {
			return statements
		}
		text = rest
	}
}

// statement is a statement of a script, with the place where it begins, from 1.
type statement struct {
	text         string
	line, column int
}

// maxLine bounds a line of a script.
const maxLine = 1 << 20

// reader reads the statements of a script.
type reader struct {
	in     *bufio.Reader
	eager  bool            // a line that is whole ends a statement, whatever the next one says: somebody is typing
	prompt func(more bool) // called before a line is waited for, which goes on with a statement where more is set; nil: nobody sees it

	text         string // read and not given yet
	line, column int    // where text begins
	ended        bool
}

func newReader(in io.Reader) *reader {
	return &reader{in: bufio.NewReader(in), line: 1, column: 1}
}

// next gives the next statement; io.EOF after the last one.
func (r *reader) next(ctx context.Context) (statement, error) {
	for {
		r.skip()
		if text, length, ok := r.cut(); ok {
			s := statement{text, r.line, r.column}
			r.drop(length)
			if !blank(s.text) {
				return s, nil
			}
			continue
		}
		if r.ended {
			return statement{}, io.EOF
		}
		if r.prompt != nil {
			r.prompt(r.text != "")
		}
		if err := r.fill(ctx); err != nil {
			return statement{}, err
		}
	}
}

// cut finds the first statement of what was read, and how many bytes it takes. ok is false when another line has to be read.
func (r *reader) cut() (text string, length int, ok bool) {
	if r.text == "" {
		return "", 0, false
	}
	if r.text[0] == '\\' { // a command takes its line
		end := strings.IndexByte(r.text, '\n')
		if end < 0 {
			return r.text, len(r.text), r.ended
		}
		return r.text[:end], end, true
	}
	// Lines are added to the statement one by one, as they would be typed.
	for end := 0; end < len(r.text); {
		line := strings.IndexByte(r.text[end:], '\n')
		if line < 0 {
			line = len(r.text) - end - 1
		}
		begin := end
		end += line + 1
		if s, _, found := syntax.Cut(r.text[:end]); found {
			return s, len(s) + 1, true
		}
		head := r.text[:end]
		if strings.TrimSpace(r.text[begin:end]) == "" || blank(head) { // an empty line, or nothing but a comment
			return head, end, true
		}
		if goesOn(head) {
			continue
		}
		if r.eager || asked(head) || !r.whole(head) {
			return head, end, true
		}
		rest := strings.TrimLeft(r.text[end:], " \t")
		switch next, _, all := strings.Cut(rest, "\n"); {
		case !all && !r.ended:
			return "", 0, false
		case strings.TrimSpace(next) == "" || next[0] == '\\' || !r.continues(head, next):
			return head, end, true
		}
	}
	return r.text, len(r.text), r.ended || len(r.text) > syntax.MaxBytes
}

// whole tells whether a text is a query and not a mistake.
func (r *reader) whole(text string) bool {
	_, err := syntax.Parse(text)
	return err == nil
}

// continues tells whether a line goes on with a question that is whole already.
func (r *reader) continues(text, line string) bool {
	if s, _, found := syntax.Cut(line); found {
		line = s
	}
	if blank(line) {
		return true
	}
	whole := text + line
	return r.whole(whole) || goesOn(whole)
}

// skip drops the white space before a statement.
func (r *reader) skip() { r.drop(len(r.text) - len(strings.TrimLeft(r.text, " \t\r\n"))) }

// drop takes the first n bytes off.
func (r *reader) drop(n int) {
	gone := r.text[:n]
	r.text = r.text[n:]
	if last := strings.LastIndexByte(gone, '\n'); last >= 0 {
		r.line += strings.Count(gone, "\n")
		r.column, gone = 1, gone[last+1:]
	}
	r.column += len([]rune(gone))
}

// fill reads another line.
func (r *reader) fill(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for {
		piece, err := r.in.ReadSlice('\n')
		r.text += string(piece)
		switch {
		case errors.Is(err, bufio.ErrBufferFull) && len(r.text) < maxLine:
			continue
		case errors.Is(err, bufio.ErrBufferFull):
			return misused("line %d is longer than %d bytes", r.line, maxLine)
		case errors.Is(err, io.EOF):
			r.ended = true
			return nil
		case err != nil:
			return fmt.Errorf("read statements: %w", err)
		}
		return nil
	}
}
