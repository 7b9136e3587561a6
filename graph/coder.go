package graph

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// coder writes or reads records in deterministic CBOR (RFC 8949 §4.2): one function per type, in records.go, describes
// both directions, so they cannot differ. A record is an array of its fields in order with trailing empty ones left off:
// nil, missing and empty are one thing, and a field added at the end changes the bytes of no record that lacks it.
//
// Reading is bounded by the input: a length that the rest of the input cannot hold is an error, and strings share the
// memory of the input.
type coder struct {
	reading bool
	out     []byte // writing: what was written
	in      string // reading: the input
	pos     int
	rec     record
	err     error // the first one; later reads give zero values
}

// record is the array that is being written or read.
type record struct {
	start int // writing: offset of the array's head
	end   int // writing: offset after the last field that was not empty
	n     int // writing: fields so far
	used  int // writing: fields up to the last that was not empty
	left  int // reading: fields still to come
}

// CBOR major types and simple values.
const (
	majorUint   = 0
	majorNegint = 1
	majorBytes  = 2
	majorText   = 3
	majorArray  = 4
	cborFalse   = 0xf4
	cborTrue    = 0xf5
	cborNull    = 0xf6
)

// maxFields is the greatest number of fields of a record: its head is one byte.
const maxFields = 23

func (c *coder) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("byte %d: "+format, append([]any{c.pos}, args...)...)
	}
}

// begin opens a record inside the current one, end closes it.
func (c *coder) begin() (outer record) {
	outer = c.rec
	if c.reading {
		c.rec = record{left: c.length(majorArray)}
		return outer
	}
	c.rec = record{start: len(c.out), end: len(c.out) + 1}
	c.out = append(c.out, majorArray<<5)
	return outer
}

func (c *coder) end(outer record) {
	switch {
	case c.reading && c.rec.left > 0:
		c.fail("a record has %d fields more than this version knows", c.rec.left)
	case !c.reading && c.rec.used > maxFields:
		c.fail("a record has %d fields, more than %d", c.rec.used, maxFields)
	case !c.reading:
		c.out = c.out[:c.rec.end]
		c.out[c.rec.start] = byte(majorArray<<5 | c.rec.used)
	}
	c.rec = outer
}

// field steps to the next field of the record; false: it is not in the input and stays empty.
func (c *coder) field() bool {
	if !c.reading {
		c.rec.n++
		return true
	}
	if c.rec.left == 0 || c.err != nil {
		return false
	}
	c.rec.left--
	return true
}

// filled marks the field just written as not empty.
func (c *coder) filled(full bool) {
	if full && !c.reading {
		c.rec.used, c.rec.end = c.rec.n, len(c.out)
	}
}

// head writes the head of an item: its major type and its argument, in the shortest form.
func (c *coder) head(major byte, n uint64) {
	m := major << 5
	switch {
	case n < 24:
		c.out = append(c.out, m|byte(n))
	case n < 1<<8:
		c.out = append(c.out, m|24, byte(n))
	case n < 1<<16:
		c.out = append(c.out, m|25, byte(n>>8), byte(n))
	case n < 1<<32:
		c.out = append(c.out, m|26, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	default:
		c.out = append(c.out, m|27, byte(n>>56), byte(n>>48), byte(n>>40), byte(n>>32), byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
}

// readHead reads the head of any item.
func (c *coder) readHead() (major byte, n uint64) {
	if c.err != nil || c.pos >= len(c.in) {
		c.fail("the content ends early")
		return 0, 0
	}
	b := c.in[c.pos]
	c.pos++
	major, low := b>>5, b&31
	if low < 24 {
		return major, uint64(low)
	}
	size := 0
	if low <= 27 {
		size = 1 << (low - 24)
	}
	if size == 0 || c.pos+size > len(c.in) {
		c.fail("bad head %#x", b)
		return 0, 0
	}
	for _, d := range []byte(c.in[c.pos : c.pos+size]) {
		n = n<<8 | uint64(d)
	}
	c.pos += size
	return major, n
}

// length reads the head of an item of the given major type whose elements take at least a byte each.
func (c *coder) length(major byte) int {
	got, n := c.readHead()
	if c.err == nil && got != major {
		c.fail("found type %d, want %d", got, major)
	}
	if c.err == nil && n > uint64(len(c.in)-c.pos) {
		c.fail("length %d is more than the %d bytes that follow", n, len(c.in)-c.pos)
	}
	if c.err != nil {
		return 0
	}
	return int(n)
}

// null reads a null if one is next.
func (c *coder) null() bool {
	if c.err == nil && c.pos < len(c.in) && c.in[c.pos] == cborNull {
		c.pos++
		return true
	}
	return false
}

// textItem writes or reads a string: as text where it is valid UTF-8, as bytes where it is not.
func textItem[T ~string](c *coder, p *T) {
	if !c.reading {
		major := byte(majorText)
		if !utf8.ValidString(string(*p)) {
			major = majorBytes
		}
		c.head(major, uint64(len(*p)))
		c.out = append(c.out, *p...)
		return
	}
	major, n := c.readHead()
	if c.err == nil && (major != majorText && major != majorBytes || n > uint64(len(c.in)-c.pos)) {
		c.fail("bad string")
	}
	if c.err == nil {
		*p = T(c.in[c.pos : c.pos+int(n)])
		c.pos += int(n)
	}
}

func text[T ~string](c *coder, p *T) {
	if c.field() {
		textItem(c, p)
		c.filled(*p != "")
	}
}

func texts[T ~string](c *coder, p *[]T) { list(c, p, textItem[T]) }

func hashItem(c *coder, p *Hash) {
	if !c.reading {
		c.head(majorBytes, uint64(len(p)))
		c.out = append(c.out, p[:]...)
		return
	}
	if n := c.length(majorBytes); n != len(p) {
		c.fail("a hash of %d bytes", n)
		return
	}
	c.pos += copy(p[:], c.in[c.pos:])
}

// hash is a field that names a document; "no document" is null.
func hash(c *coder, p *DocumentHash) {
	if !c.field() {
		return
	}
	switch {
	case c.reading && c.null():
	case !c.reading && p.IsZero():
		c.out = append(c.out, cborNull)
	default:
		h := Hash(*p)
		hashItem(c, &h)
		*p = DocumentHash(h)
		c.filled(true)
	}
}

func flag(c *coder, p *bool) {
	if !c.field() {
		return
	}
	if !c.reading {
		b := byte(cborFalse)
		if *p {
			b = cborTrue
		}
		c.out = append(c.out, b)
		c.filled(*p)
		return
	}
	if c.pos >= len(c.in) || c.in[c.pos] != cborFalse && c.in[c.pos] != cborTrue {
		c.fail("want true or false")
		return
	}
	*p = c.in[c.pos] == cborTrue
	c.pos++
}

func intItem(c *coder, p *int64) {
	if !c.reading {
		if *p < 0 {
			c.head(majorNegint, uint64(-(*p + 1)))
		} else {
			c.head(majorUint, uint64(*p))
		}
		return
	}
	major, n := c.readHead()
	switch {
	case major == majorUint && n < 1<<63:
		*p = int64(n)
	case major == majorNegint && n < 1<<63:
		*p = -int64(n) - 1
	default:
		c.fail("want an integer of 64 bits")
	}
}

func number(c *coder, p *int) {
	if c.field() {
		n := int64(*p)
		intItem(c, &n)
		*p = int(n)
		c.filled(n != 0)
	}
}

// when is a time: null for the zero time, whole seconds since 1970, or [seconds, nanoseconds]. Times are read as UTC.
func when(c *coder, p *time.Time) {
	if !c.field() {
		return
	}
	if c.reading {
		if c.null() {
			return
		}
		var sec, nsec int64
		if c.pos < len(c.in) && c.in[c.pos]>>5 == majorArray {
			if c.length(majorArray) != 2 {
				c.fail("want [seconds, nanoseconds]")
			}
			intItem(c, &sec)
			intItem(c, &nsec)
		} else {
			intItem(c, &sec)
		}
		if c.err == nil {
			*p = time.Unix(sec, nsec).UTC()
		}
		return
	}
	if p.IsZero() {
		c.out = append(c.out, cborNull)
		return
	}
	sec, nsec := p.Unix(), int64(p.Nanosecond())
	if nsec != 0 {
		c.head(majorArray, 2)
	}
	intItem(c, &sec)
	if nsec != 0 {
		intItem(c, &nsec)
	}
	c.filled(true)
}

// list is a slice whose elements each writes or reads.
func list[T any](c *coder, p *[]T, each func(*coder, *T)) {
	if !c.field() {
		return
	}
	if c.reading {
		if n := c.length(majorArray); n > 0 {
			*p = make([]T, n)
		}
	} else {
		c.head(majorArray, uint64(len(*p)))
	}
	outer := c.rec
	for i := range *p {
		if c.err != nil {
			break
		}
		each(c, &(*p)[i])
	}
	c.rec = outer
	c.filled(len(*p) > 0)
}

// pointer is a record that may be missing.
func pointer[T any](c *coder, p **T, each func(*coder, *T)) {
	if !c.field() {
		return
	}
	switch {
	case c.reading && c.null():
	case !c.reading && *p == nil:
		c.out = append(c.out, cborNull)
	default:
		if c.reading {
			*p = new(T)
		}
		each(c, *p)
		c.filled(true)
	}
}

// nested is a record that is part of another one.
func nested[T any](c *coder, p *T, each func(*coder, *T)) {
	if c.field() {
		start := len(c.out)
		each(c, p)
		c.filled(!c.reading && len(c.out)-start > 1)
	}
}

var errTrailing = errors.New("bytes after the end")

// finish tells whether the whole input was read without an error.
func (c *coder) finish() error {
	if c.err == nil && c.pos != len(c.in) {
		return errTrailing
	}
	return c.err
}

// encode gives the record of v.
func encode[T any](v *T, each func(*coder, *T)) ([]byte, error) {
	c := &coder{out: make([]byte, 0, 256)} // most records are smaller
	each(c, v)
	return c.out, c.err
}
