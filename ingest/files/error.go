package files

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Error says what in the input could not be used, where, and what would have been right.
type Error struct {
	File     string // as given; "-" for standard input
	Line     int    // from 1; 0 when the whole file is meant
	Path     string // JSON path, RoleDetailList[3].Arn; empty for the whole file
	Problem  string // what is wrong
	Expected string // what would have been right; may be empty
	Other    string // the second place of a contradiction; may be empty
	Hint     string // what to do; may be empty
	Err      error  // the cause, when there is one

	stops bool // reading cannot go on behind it: the text itself is damaged
}

// Error gives the whole of e on one line: FILE:LINE: PATH: PROBLEM, expected EXPECTED (also OTHER): HINT.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	if e.Path != "" {
		b.WriteString(": " + e.Path)
	}
	b.WriteString(": " + e.Problem)
	if e.Expected != "" {
		b.WriteString(", expected " + e.Expected)
	}
	if e.Other != "" {
		b.WriteString(" (the other is at " + e.Other + ")")
	}
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return printable(b.String())
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrUnrecognized is the cause of an Error about a file that is none of the kinds this package reads.
var ErrUnrecognized = errors.New("not a recognized export")

// place is where an entity was read.
type place struct {
	file  *source
	list  string
	line  int32
	index int32
}

// path gives the JSON path of p.
func (p place) path() string {
	if p.list == "" || p.index < 0 {
		return p.list
	}
	return p.list + "[" + strconv.Itoa(int(p.index)) + "]"
}

// String gives p as file, line and path.
func (p place) String() string {
	s := p.file.path + ":" + strconv.Itoa(int(p.line))
	if path := p.path(); path != "" {
		s += ": " + path
	}
	return s
}

// errorAt gives an Error about the entity read at p.
func (p place) errorAt(problem, expected, hint string) *Error {
	return &Error{File: p.file.path, Line: int(p.line), Path: p.path(), Problem: problem, Expected: expected, Hint: hint}
}

// jsonPath prints a JSON pointer as people write paths: members after a dot, array indices in brackets. A number of up to
// nine digits is taken for an index: no member of an export is named so (account numbers have twelve).
func jsonPath(p jsontext.Pointer) string {
	var b strings.Builder
	for token := range p.Tokens() {
		if _, err := strconv.ParseUint(token, 10, 32); err == nil && len(token) <= 9 {
			b.WriteString("[" + token + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(cmp.Or(shorten(token), `""`))
	}
	return shorten(b.String())
}

// shorten cuts what the input wrote to what a message can carry.
func shorten(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// printable escapes what would do something to a terminal: names of the input reach messages.
func printable(s string) string {
	if !strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) || c == utf8.RuneError }) {
		return s
	}
	var b strings.Builder
	for i, c := range s {
		switch {
		case c == utf8.RuneError && s[i] != "\uFFFD"[0]:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(c):
			b.WriteRune(c)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(c), "'"))
		}
	}
	return b.String()
}

// quote prints a value of the input inside a message.
func quote(s string) string { return strconv.Quote(shorten(s)) }
