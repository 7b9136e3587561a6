package syntax

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Error says why a text is no query: where, what was expected and what may have been meant. Parse and ParseExpr return no
// other error.
type Error struct {
	Offset int // in bytes, from 0
	Line   int // from 1
	Column int // in characters, from 1
	Length int // in bytes, of what is wrong; 0 where something is missing
	// One line, without the place.
	Message string
	// What could stand here: keywords as they are, anything else in words. Empty where the shape is right and the word wrong.
	Expected []string
	// The word that was probably meant; empty if none is near.
	Suggestion string
	// The text that was parsed.
	Query string

	complete   bool // Message already says what to write
	unfinished bool // nothing is wrong with what there is
}

// Unfinished tells whether the text is right as far as it goes: it ends before the query does, or within quotes.
func (e *Error) Unfinished() bool { return e.unfinished }

func newError(text string, at Pos, length int, message string) error {
	return &Error{Offset: at.Offset, Line: at.Line, Column: at.Column, Length: length, Message: message, Query: text}
}

// Error gives the whole message in one line: the place, what is wrong, and the suggestion or else what was expected.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "line %d, column %d: %s", e.Line, e.Column, e.Message)
	switch {
	case e.Suggestion != "":
		fmt.Fprintf(&b, "; did you mean %s?", e.Suggestion)
	case len(e.Expected) > 0 && !e.complete:
		b.WriteString(", expected " + alternatives(e.Expected))
	}
	return b.String()
}

// Display gives the message over several lines, without a last line break: what is wrong, the line of the query with a mark
// under the place, what was expected, and the suggestion.
func (e *Error) Display() string {
	var b strings.Builder
	fmt.Fprintf(&b, "line %d, column %d: %s\n", e.Line, e.Column, e.Message)
	line, pad, width := e.excerpt()
	fmt.Fprintf(&b, "  %s\n  %s%s", line, strings.Repeat(" ", pad), strings.Repeat("^", width))
	if len(e.Expected) > 0 {
		b.WriteString("\nexpected " + alternatives(e.Expected))
	}
	if e.Suggestion != "" {
		fmt.Fprintf(&b, "\ndid you mean %s?", e.Suggestion)
	}
	return b.String()
}

// Characters of a long line that are shown before the place, and at most in all.
const (
	shownBefore = 60
	shownInAll  = 110
)

// excerpt gives the line that the error is in, or the part of a long one around it, and in columns of a terminal how far
// the mark stands from its beginning and how wide it is.
func (e *Error) excerpt() (line string, pad, width int) {
	offset := min(max(e.Offset, 0), len(e.Query))
	begin := strings.LastIndexByte(e.Query[:offset], '\n') + 1
	end := len(e.Query)
	if i := strings.IndexByte(e.Query[offset:], '\n'); i >= 0 {
		end = offset + i
	}
	marked := min(offset+max(e.Length, 0), end)
	// Bytes are cut far beyond what is shown before they are turned into characters: a line may be a megabyte.
	before := printable(e.Query[max(begin, offset-8*shownBefore):offset])
	wrong := printable(e.Query[offset:min(marked, offset+8*shownInAll)])
	after := printable(e.Query[marked:min(end, marked+8*shownInAll)])
	if n := len(before) - shownBefore; n > 0 {
		before = append([]rune{'…'}, before[n:]...)
	}
	if n := shownInAll - len(before); len(wrong) > n {
		wrong, after = append(wrong[:n:n], '…'), nil
	} else if n -= len(wrong); len(after) > n {
		after = append(after[:n:n], '…')
	}
	pad = uniseg.StringWidth(string(before))
	width = max(1, uniseg.StringWidth(string(wrong)))
	return strings.TrimRight(string(before)+string(wrong)+string(after), " "), pad, width
}

// printable turns text into characters that keep their place on a terminal.
func printable(s string) []rune {
	for len(s) > 0 && !utf8.RuneStart(s[0]) {
		s = s[1:]
	}
	out := make([]rune, 0, len(s))
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			r = ' '
		case !unicode.IsPrint(r) || r == utf8.RuneError:
			r = '·'
		}
		out = append(out, r)
	}
	return out
}

// alternatives joins what was expected: a, b or c.
func alternatives(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// describe says in words what an expectation asks for, empty for what is punctuation only.
func describe(x expectation) string {
	switch {
	case x.token.literal == "?":
		return ""
	case x.token.literal == "":
		if s, ok := slots[x.production]; ok {
			return s.words
		}
		return "<" + x.token.name + ">"
	case unicode.IsLetter(rune(x.token.literal[0])):
		return x.token.literal
	}
	return strconv.Quote(x.token.literal)
}
