package format

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"sync"
	"unsafe"

	"github.com/klauspost/compress/zstd"
)

// ErrDamaged is returned when a file is not a catalogue, is of another format, or its bytes have changed.
var ErrDamaged = errors.New("catalogue data is damaged or of another format")

// File is an opened catalogue: its header is read, the rest is expanded when asked for. It is safe for concurrent use.
type File struct {
	Version string
	Date    string
	Entries []Entry // sorted by prefix

	keys   string // compressed
	chunks []chunk
	decode func() (*zstd.Decoder, error)
}

// Entry is one service in the header.
type Entry struct {
	Prefix string
	Name   string
	RCP    bool
	chunk  int
	offset int
}

// chunk is expanded once; the strings of its services point into text.
type chunk struct {
	packed string
	once   sync.Once
	text   string
	err    error
}

// Open reads the header of a file that Encode wrote. An error is ErrDamaged.
func Open(file string) (*File, error) {
	if !strings.HasPrefix(file, magic) || len(file) < len(magic)+4 {
		return nil, fmt.Errorf("open: %w", ErrDamaged)
	}
	body := file[len(magic)+4:]
	if crc32.ChecksumIEEE(view(body)) != binary.BigEndian.Uint32(view(file[len(magic):])) {
		return nil, fmt.Errorf("checksum: %w", ErrDamaged)
	}
	f := &File{decode: sync.OnceValues(func() (*zstd.Decoder, error) {
		return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBlock))
	})}
	r := reader{s: body}
	header := r.text()
	f.keys = r.text()
	f.chunks = make([]chunk, r.count())
	for i := range f.chunks {
		f.chunks[i].packed = r.text()
	}
	if r.bad {
		return nil, fmt.Errorf("blocks: %w", ErrDamaged)
	}
	text, err := f.expand(header)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	return f, f.readHeader(text)
}

func (f *File) readHeader(text string) error {
	r := reader{s: text}
	f.Version, f.Date = r.text(), r.text()
	f.Entries = make([]Entry, r.count())
	for i := range f.Entries {
		e := &f.Entries[i]
		e.Prefix, e.Name, e.RCP = r.text(), r.text(), r.number() == 1
		e.chunk, e.offset = r.number(), r.number()
		if e.chunk >= len(f.chunks) {
			r.bad = true
		}
	}
	if r.bad {
		return fmt.Errorf("header: %w", ErrDamaged)
	}
	return nil
}

// Keys expands the condition keys. An error is ErrDamaged.
func (f *File) Keys() ([]Key, error) {
	text, err := f.expand(f.keys)
	if err != nil {
		return nil, fmt.Errorf("condition keys: %w", err)
	}
	r := reader{s: text}
	keys := make([]Key, r.count())
	for i := range keys {
		keys[i].Name = r.text()
		flags := r.number()
		keys[i].Type, keys[i].Multi, keys[i].Global = uint8(flags>>2), flags&2 != 0, flags&1 != 0
	}
	if r.bad {
		return nil, fmt.Errorf("condition keys: %w", ErrDamaged)
	}
	return keys, nil
}

// Service expands the service of entry i. Its strings share the chunk's memory. An error is ErrDamaged.
func (f *File) Service(i int) (Service, error) {
	e := f.Entries[i]
	c := &f.chunks[e.chunk]
	c.once.Do(func() { c.text, c.err = f.expand(c.packed) })
	if c.err != nil {
		return Service{}, fmt.Errorf("service %s: %w", e.Prefix, c.err)
	}
	if e.offset > len(c.text) {
		return Service{}, fmt.Errorf("service %s: %w", e.Prefix, ErrDamaged)
	}
	r := reader{s: c.text[e.offset:]}
	s := r.service()
	s.Prefix, s.Name, s.RCP = e.Prefix, e.Name, e.RCP
	if r.bad || !s.consistent() {
		return Service{}, fmt.Errorf("service %s: %w", e.Prefix, ErrDamaged)
	}
	return s, nil
}

func (f *File) expand(packed string) (string, error) {
	d, err := f.decode()
	if err != nil {
		return "", fmt.Errorf("start decompressor: %w", err)
	}
	b, err := d.DecodeAll(view(packed), nil)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return unsafe.String(unsafe.SliceData(b), len(b)), nil // b is ours alone and never written again
}

// view is the bytes of s, for functions that only read them: the file is embedded, and copying it at each start is waste.
func view(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// consistent tells whether every position that s holds is inside its list.
func (s *Service) consistent() bool {
	for _, l := range s.KeyLists {
		for _, k := range l {
			if k >= len(s.Keys) {
				return false
			}
		}
	}
	for _, t := range s.Types {
		if t.Keys >= len(s.KeyLists) {
			return false
		}
	}
	for _, l := range s.ResourceLists {
		for _, r := range l {
			if r.Type >= len(s.Types) || r.Keys >= len(s.KeyLists) {
				return false
			}
		}
	}
	for _, a := range s.Actions {
		if a.Keys >= len(s.KeyLists) || a.Resources >= len(s.ResourceLists) {
			return false
		}
	}
	return true
}

// reader takes the primitives of the format off a string; bad is set, and stays, when the text does not hold what was asked.
type reader struct {
	s   string
	bad bool
}

// number reads a varint below 1<<31.
func (r *reader) number() int {
	var n uint64
	for i := 0; i < len(r.s) && i < 5; i++ {
		b := r.s[i]
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			if n >= 1<<31 {
				break
			}
			r.s = r.s[i+1:]
			return int(n)
		}
	}
	r.bad, r.s = true, ""
	return 0
}

// count reads a number of elements, each of which takes at least one byte of what follows.
func (r *reader) count() int {
	n := r.number()
	if n > len(r.s) {
		r.bad, r.s = true, ""
		return 0
	}
	return n
}

func (r *reader) text() string {
	n := r.count()
	t := r.s[:n]
	r.s = r.s[n:]
	return t
}

func (r *reader) rising() []int {
	list := make([]int, r.count())
	last := -1
	for i := range list {
		last += 1 + r.number()
		list[i] = last
	}
	return list
}

func (r *reader) service() Service {
	var s Service
	s.Keys = r.rising()
	s.KeyLists = make([][]int, r.count())
	for i := range s.KeyLists {
		s.KeyLists[i] = r.rising()
	}
	s.Types = make([]Type, r.count())
	for i := range s.Types {
		s.Types[i] = Type{Name: r.text(), ARN: r.text(), Keys: r.number()}
	}
	s.ResourceLists = make([][]Resource, r.count())
	for i := range s.ResourceLists {
		l := make([]Resource, r.count())
		for j := range l {
			t := r.number()
			l[j] = Resource{Type: t >> 1, Required: t&1 == 1, Keys: r.number()}
		}
		s.ResourceLists[i] = l
	}
	s.Actions = make([]Action, r.count())
	for i := range s.Actions {
		s.Actions[i].Access = uint8(r.number())
	}
	for i := range s.Actions {
		s.Actions[i].Keys = r.number()
	}
	for i := range s.Actions {
		s.Actions[i].Resources = r.number()
	}
	for i := range s.Actions {
		s.Actions[i].Name = r.text()
	}
	return s
}
