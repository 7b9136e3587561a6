package files

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// cursor walks one JSON file. Its errors are *Error, or the context's. Duplicate members are found here and not by the
// decoder, because a document inside the export may have them and must not spoil the file (A9, A15).
type cursor struct {
	dec     *jsontext.Decoder
	lines   *lineReader
	file    *source
	strings *interner
	unknown *unknownFields

	seen  []int  // ends of the member names of the open objects, in names
	names []byte // the bytes of those names
}

func newCursor(ctx context.Context, r io.Reader, file *source, strings *interner, unknown *unknownFields) *cursor {
	lines := newLineReader(ctx, r)
	dec := jsontext.NewDecoder(lines, jsontext.AllowDuplicateNames(true))
	lines.consumed = dec.InputOffset
	return &cursor{dec: dec, lines: lines, file: file, strings: strings, unknown: unknown}
}

// line gives the line of the value that comes next.
func (c *cursor) line() int {
	rest := c.dec.UnreadBuffer()
	skip := len(rest) - len(bytes.TrimLeft(rest, " \t\r\n,:"))
	return c.lines.at(c.dec.InputOffset() + int64(skip))
}

// errorHere gives an Error about the value read last.
func (c *cursor) errorHere(line int, problem, expected string) *Error {
	return &Error{File: c.file.path, Line: line, Path: jsonPath(c.dec.StackPointer()), Problem: problem, Expected: expected}
}

// syntax turns an error of the decoder into ours; nil stays nil.
func (c *cursor) syntax(err error) error {
	if err == nil {
		return nil
	}
	e := &Error{File: c.file.path, Line: c.lines.at(c.dec.InputOffset()), Path: jsonPath(c.dec.StackPointer()), Err: err, stops: true}
	var damaged *jsontext.SyntacticError
	var large tooLargeError
	var archive *archiveError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &archive):
		e.Problem = archive.Error()
	case errors.As(err, &large):
		e.Problem = large.Error()
		e.Hint = "exports have no such values: is the file damaged?"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		e.Problem = "the file ends in the middle of the JSON"
		e.Hint = "it was cut off: export it again"
	case errors.As(err, &damaged):
		e.Line = c.lines.at(damaged.ByteOffset)
		e.Path = jsonPath(damaged.JSONPointer)
		e.Problem = "not JSON: " + damaged.Err.Error()
	default:
		e.Problem = "cannot be read: " + err.Error()
	}
	return e
}

// wrong passes over the next value and says that something else was expected.
func (c *cursor) wrong(expected string) error {
	line, kind := c.line(), c.dec.PeekKind()
	if err := c.dec.SkipValue(); err != nil {
		return c.syntax(err)
	}
	return c.errorHere(line, "found "+kindName(kind), expected)
}

func kindName(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '{':
		return "an object"
	default:
		return "a list"
	}
}

// null passes over a null, which everywhere means the same as nothing, and tells whether there was one.
func (c *cursor) null() (bool, error) {
	if c.dec.PeekKind() != 'n' {
		return false, nil
	}
	_, err := c.dec.ReadToken()
	return true, c.syntax(err)
}

// object calls member for each member of the next value, an object or null. member must read the value; name stays valid
// while it does. A member that comes twice is an error.
func (c *cursor) object(member func(name []byte) error) error {
	if null, err := c.null(); null || err != nil {
		return err
	}
	if c.dec.PeekKind() != '{' {
		return c.wrong("an object")
	}
	if _, err := c.dec.ReadToken(); err != nil {
		return c.syntax(err)
	}
	first, start := len(c.seen), len(c.names)
	var many map[string]struct{}
	for c.dec.PeekKind() != '}' {
		line := 0
		raw, err := c.dec.ReadValue()
		if err != nil {
			return c.syntax(err)
		}
		from := len(c.names)
		if bytes.IndexByte(raw, '\\') < 0 {
			c.names = append(c.names, raw[1:len(raw)-1]...)
		} else if c.names, err = jsontext.AppendUnquote(c.names, raw); err != nil {
			return c.syntax(err)
		}
		name := c.names[from:]
		if c.repeated(first, start, name, &many) {
			line = c.lines.at(c.dec.InputOffset())
			return c.errorHere(line, "the member is there twice", "each member once")
		}
		c.seen = append(c.seen, len(c.names))
		if err := member(name); err != nil {
			return err
		}
	}
	_, err := c.dec.ReadToken()
	c.seen, c.names = c.seen[:first], c.names[:start]
	return c.syntax(err)
}

// repeated tells whether an object whose names begin at seen[first] and names[start] has had name before. Objects with
// few members are searched, others go through a set.
func (c *cursor) repeated(first, start int, name []byte, many *map[string]struct{}) bool {
	const few = 24
	if len(c.seen)-first < few {
		for _, end := range c.seen[first:] {
			if bytes.Equal(c.names[start:end], name) {
				return true
			}
			start = end
		}
		return false
	}
	if *many == nil {
		*many = make(map[string]struct{}, 4*few)
		for _, end := range c.seen[first:] {
			(*many)[string(c.names[start:end])] = struct{}{}
			start = end
		}
	}
	if _, ok := (*many)[string(name)]; ok {
		return true
	}
	(*many)[string(name)] = struct{}{}
	return false
}

// list calls element for each element of the next value: a list, null, or one object or string that stands for a list of
// one. Elements that are null are passed over.
func (c *cursor) list(element func(index int) error) error {
	switch c.dec.PeekKind() {
	case '[':
	case 'n':
		_, err := c.null()
		return err
	case '{', '"':
		return element(0)
	default:
		return c.wrong("a list")
	}
	if _, err := c.dec.ReadToken(); err != nil {
		return c.syntax(err)
	}
	for i := 0; ; i++ {
		switch c.dec.PeekKind() {
		case ']':
			_, err := c.dec.ReadToken()
			return c.syntax(err)
		case 'n':
			if _, err := c.null(); err != nil {
				return err
			}
		default:
			if err := element(i); err != nil {
				return err
			}
		}
	}
}

// skip passes over the value of a known member that says nothing about access.
func (c *cursor) skip() error { return c.syntax(c.dec.SkipValue()) }

// ignore passes over the value of a member this program does not know, and counts it.
func (c *cursor) ignore(of string, name []byte) error {
	c.unknown.count(of, name)
	return c.skip()
}

// raw reads a string and gives its contents, valid until the next read; null gives nil.
func (c *cursor) raw() ([]byte, error) {
	switch c.dec.PeekKind() {
	case '"':
	case 'n':
		_, err := c.null()
		return nil, err
	default:
		return nil, c.wrong("a string")
	}
	v, err := c.dec.ReadValue()
	if err != nil {
		return nil, c.syntax(err)
	}
	if bytes.IndexByte(v, '\\') < 0 {
		return v[1 : len(v)-1], nil
	}
	text, err := jsontext.AppendUnquote(nil, v)
	return text, c.syntax(err)
}

// text reads a string that is likely to come once.
func (c *cursor) text(to *string) error {
	b, err := c.raw()
	*to = string(b)
	return err
}

// word reads a string that is likely to come often, and shares it.
func (c *cursor) word(to *string) error {
	b, err := c.raw()
	*to = c.strings.get(b)
	return err
}

// words reads a list of strings.
func (c *cursor) words(to *[]string) error {
	return c.list(func(int) error {
		var s string
		err := c.word(&s)
		*to = append(*to, s)
		return err
	})
}

// boolean reads true or false; null is false.
func (c *cursor) boolean(to *bool) error {
	switch c.dec.PeekKind() {
	case 't', 'f':
		v, err := c.dec.ReadToken()
		if err != nil {
			return c.syntax(err)
		}
		*to = v.Bool()
		return nil
	case 'n':
		_, err := c.null()
		return err
	default:
		return c.wrong("true or false")
	}
}

// count reads a whole number that fits 32 bits.
func (c *cursor) count(to *int) error {
	switch c.dec.PeekKind() {
	case '0':
	case 'n':
		_, err := c.null()
		return err
	default:
		return c.wrong("a whole number")
	}
	line := c.line()
	v, err := c.dec.ReadValue()
	if err != nil {
		return c.syntax(err)
	}
	n, err := strconv.ParseInt(string(v), 10, 32)
	if err != nil {
		return c.errorHere(line, "found "+quote(string(v)), "a whole number of at most 32 bits")
	}
	*to = int(n)
	return nil
}

// timeLayouts are the ways in which the AWS CLI and the usual scripts around it print a time.
var timeLayouts = [...]string{time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05"}

// moment reads a time: text in one of timeLayouts, or a number of seconds since 1970. Null, "" and "N/A" are no time.
func (c *cursor) moment(to *time.Time) error {
	line := c.line()
	if c.dec.PeekKind() == '0' {
		v, err := c.dec.ReadValue()
		if err != nil {
			return c.syntax(err)
		}
		seconds, err := strconv.ParseFloat(string(v), 64)
		if err != nil || seconds < 0 || seconds > 253402300799 { // the year 9999 is the last that RFC 3339 can print
			return c.errorHere(line, "found "+quote(string(v)), "seconds since 1970")
		}
		*to = time.UnixMicro(int64(seconds * 1e6)).UTC()
		return nil
	}
	b, err := c.raw()
	if err != nil || len(b) == 0 || string(b) == "N/A" {
		return err
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, string(b)); err == nil {
			*to = t.UTC()
			return nil
		}
	}
	return c.errorHere(line, "found "+quote(string(b)), "a time such as 2026-01-31T12:00:00Z")
}

// scalar reads any value as text: strings as they are, everything else as compact JSON; null gives "".
func (c *cursor) scalar(to *string) error {
	if c.dec.PeekKind() == '"' {
		return c.text(to)
	}
	if null, err := c.null(); null || err != nil {
		return err
	}
	v, err := c.dec.ReadValue()
	if err != nil {
		return c.syntax(err)
	}
	v = v.Clone()
	if err := v.Compact(jsontext.AllowDuplicateNames(true)); err != nil {
		return c.syntax(err)
	}
	*to = string(v)
	return nil
}

// unwind passes over what remains of the value that was begun at depth.
func (c *cursor) unwind(depth int) error {
	for c.dec.StackDepth() > depth {
		var err error
		switch c.dec.PeekKind() {
		case '}', ']':
			_, err = c.dec.ReadToken()
		default:
			err = c.dec.SkipValue()
		}
		if err != nil {
			return c.syntax(err)
		}
	}
	return nil
}

// interner shares equal strings: attached ARNs, group names and tags repeat thousands of times.
type interner struct{ known map[string]string }

// mostInterned bounds the strings that are remembered for sharing.
const mostInterned = 1 << 18

func (i *interner) get(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := i.known[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(i.known) < mostInterned && len(b) <= 256 {
		i.known[s] = s
	}
	return s
}
