package segment

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/accessgraph/accessgraph/graph"
)

// A segment is pieces, each compressed, and before each stands its size.
const (
	headPiece = iota
	factsPiece
	shapesPiece
	membersPiece
	idsPiece
	textsPiece
	// Pieces is how many a segment has.
	Pieces
)

// maxPiece bounds what one piece may become when it is read: far more than the largest account needs.
const maxPiece = 1 << 30

var codecs = sync.OnceValues(func() (*codec, error) {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderCRC(false))
	if err != nil {
		return nil, err
	}
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxPiece))
	return &codec{w, r}, err
})

type codec struct {
	w *zstd.Encoder
	r *zstd.Decoder
}

// Encode writes a segment: the account, its members, who must be sorted by entity, their unique ids in the same order, and the texts of its
// documents.
func Encode(h *Head, a *Account, members []Member, ids, texts []string) ([]byte, error) {
	facts, err := graph.EncodeAccount(a.Facts)
	if err != nil {
		return nil, err
	}
	id := string(a.Facts.ID)
	shapes, packedTexts := encodeShapes(a, id), encodeTexts(texts, id)
	if h.Portable {
		ok, err := renamable(a.Facts, facts)
		if err != nil {
			return nil, err
		}
		named := *h
		named.Portable = ok && shapes.renamable() && packedTexts.renamable()
		h = &named
	}
	head, err := encodeHead(h)
	if err != nil {
		return nil, err
	}
	z, err := codecs()
	if err != nil {
		return nil, err
	}
	all := [Pieces][]byte{head, facts, shapes.out, encodeMembers(members), encodeTexts(ids, "").out, packedTexts.out}
	for i, raw := range all {
		all[i] = z.w.EncodeAll(raw, nil)
	}
	return Join(all), nil
}

// renamable tells whether an account's number stands in its encoded facts where it does in its texts, and nowhere else: the length of a text may
// look like a digit, and together with the text's own digits like the number.
func renamable(a *graph.Account, encoded []byte) (bool, error) {
	texts, err := json.Marshal(a)
	if err != nil {
		return false, fmt.Errorf("segment: %w", err)
	}
	places := 0 // of documents, which are no texts
	for _, r := range a.Resources {
		if _, ok := PlaceOf(string(a.ID), r.Policy); ok {
			places++
		}
	}
	id := []byte(a.ID)
	return bytes.Count(encoded, id) == bytes.Count(texts, id)+places, nil
}

// Join makes a segment of its pieces.
func Join(pieces [Pieces][]byte) []byte {
	size := 0
	for _, p := range pieces {
		size += len(p) + binary.MaxVarintLen32
	}
	out := make([]byte, 0, size)
	for _, p := range pieces {
		out = append(binary.AppendUvarint(out, uint64(len(p))), p...)
	}
	return out
}

// Split gives the pieces of a segment. What does not change in an account does not change the pieces that it is in.
func Split(data []byte) (pieces [Pieces][]byte, err error) {
	for i := range pieces {
		n, used := binary.Uvarint(data)
		if used <= 0 || n > uint64(len(data)-used) {
			return pieces, errEnds
		}
		pieces[i], data = data[used:used+int(n)], data[used+int(n):]
	}
	if len(data) > 0 {
		return pieces, errors.New("segment: bytes after the end")
	}
	return pieces, nil
}

// Packed is a segment of which only the head was read.
type Packed struct {
	Head   *Head
	pieces [Pieces][]byte
}

// Open reads the head of a segment. The data must not change afterwards.
func Open(data []byte) (*Packed, error) {
	split, err := Split(data)
	if err != nil {
		return nil, err
	}
	p := &Packed{pieces: split}
	raw, err := p.piece(headPiece)
	if err != nil {
		return nil, err
	}
	p.Head, err = decodeHead(raw)
	return p, err
}

func (p *Packed) piece(i int) ([]byte, error) {
	z, err := codecs()
	if err != nil {
		return nil, err
	}
	raw, err := z.r.DecodeAll(p.pieces[i], nil)
	if err != nil {
		return nil, fmt.Errorf("segment: %w", err)
	}
	return raw, nil
}

// Account reads the account. Where now is not empty, the account, its number, is now everywhere: both have twelve digits.
func (p *Packed) Account(now string) (*Account, error) {
	a := &Account{packed: p, was: string(p.Head.Facts.ID), now: now}
	raw, err := p.piece(factsPiece)
	if err != nil {
		return nil, err
	}
	if a.Facts, err = graph.DecodeAccount(Renamed(raw, a.was, now)); err != nil {
		return nil, fmt.Errorf("segment: %w", err)
	}
	if raw, err = p.piece(shapesPiece); err != nil {
		return nil, err
	}
	return a, decodeShapes(Renamed(raw, a.was, now), a)
}

// Renamed gives a text in which the account was has the number now; the same text where now is empty.
func Renamed(text []byte, was, now string) []byte {
	if was == "" || now == "" || was == now {
		return text
	}
	return bytes.ReplaceAll(text, []byte(was), []byte(now))
}

// Members gives the principals, by entity, as they are called in truth.
func (a *Account) Members() ([]Member, error) {
	raw, err := a.packed.piece(membersPiece)
	if err != nil {
		return nil, err
	}
	r := &reader{in: raw}
	out := make([]Member, r.count())
	for i := range out {
		out[i] = Member{Entity: r.text(), Shape: int32(r.int()), Profiles: r.texts()}
		if s := out[i].Shape; s < 0 || int(s) >= len(a.Shapes) {
			r.fail()
		}
	}
	return out, r.finish()
}

// IDs gives the unique ids of the members, in their order.
func (a *Account) IDs() ([]string, error) {
	raw, err := a.packed.piece(idsPiece)
	if err != nil {
		return nil, err
	}
	r := &reader{in: raw}
	out := r.texts()
	return out, r.finish()
}

// Texts gives the texts of the documents, in their order, in the name that the account was read with.
func (a *Account) Texts() ([][]byte, error) {
	raw, err := a.packed.piece(textsPiece)
	if err != nil {
		return nil, err
	}
	r := &reader{in: Renamed(raw, a.was, a.now)}
	out := make([][]byte, r.count())
	for i := range out {
		out[i] = r.piece()
	}
	if r.err == nil && len(out) != len(a.Documents) {
		r.fail()
	}
	return out, r.finish()
}

func encodeHead(h *Head) ([]byte, error) {
	facts, err := graph.EncodeAccount(h.Facts)
	if err != nil {
		return nil, err
	}
	w := &writer{}
	w.text(string(facts))
	w.text(h.Partition)
	w.flags(h.ReadsTime, h.Portable, h.Populated, h.Keyed)
	w.texts(h.Bare)
	w.int(len(h.Reading))
	for _, r := range h.Reading {
		w.flags(r.Not, r.Transport, r.Clock)
		w.texts(r.Patterns)
	}
	return w.out, nil
}

func decodeHead(raw []byte) (*Head, error) {
	r := &reader{in: raw}
	facts, err := graph.DecodeAccount([]byte(r.text()))
	if err != nil {
		return nil, fmt.Errorf("segment: %w", err)
	}
	h := &Head{Facts: facts, Partition: r.text()}
	r.flags(&h.ReadsTime, &h.Portable, &h.Populated, &h.Keyed)
	h.Bare = r.texts()
	h.Reading = make([]Reading, r.count())
	for i := range h.Reading {
		one := &h.Reading[i]
		r.flags(&one.Not, &one.Transport, &one.Clock)
		one.Patterns = r.texts()
	}
	return h, r.finish()
}

func encodeMembers(members []Member) []byte {
	w := &writer{}
	w.int(len(members))
	for i := range members {
		w.text(members[i].Entity)
		w.int(int(members[i].Shape))
		w.texts(members[i].Profiles)
	}
	return w.out
}

func encodeTexts(texts []string, id string) *writer {
	w := &writer{id: id}
	w.texts(texts)
	return w
}

func encodeShapes(a *Account, id string) *writer {
	w := &writer{id: id}
	w.int(len(a.Lists))
	for i := range a.Lists {
		w.flags(a.Lists[i].Not)
		w.texts(a.Lists[i].Patterns)
	}
	w.int(len(a.Reads))
	for _, keys := range a.Reads {
		w.texts(keys)
	}
	w.int(len(a.Documents))
	for i := range a.Documents {
		d := &a.Documents[i]
		w.int(int(d.Kind))
		w.flags(d.Portable)
		w.int(int(d.To - d.From))
		for _, s := range a.Statements[d.From:d.To] {
			w.int(int(s.List))
			w.flags(s.Allow)
			w.int(int(s.Reads))
		}
	}
	names := w.table(a)
	w.int(len(a.Shapes))
	for i := range a.Shapes {
		s := &a.Shapes[i]
		w.flags(s.Role, s.Linked, s.Boundary != nil, s.Open, s.FreeTags, s.Anyone, s.Federated, s.Cognito)
		w.int(s.Count)
		w.int(len(s.Identity))
		for _, p := range s.Identity {
			w.int(names[p.Name])
			w.int(int(p.Document) + 1)
		}
		if s.Boundary != nil {
			w.int(names[s.Boundary.Name])
			w.int(int(s.Boundary.Document) + 1)
		}
		w.int(int(s.Trust) + 1)
		w.int(len(s.Tags))
		for _, t := range s.Tags {
			w.int(names[t.Key])
			w.int(names[t.Value])
		}
		w.int(len(s.Services))
		for _, name := range s.Services {
			w.int(names[name])
		}
	}
	w.int(len(a.Open))
	w.flags(a.Open...)
	return w
}

// unique writes texts in order, once each, and gives their places.
func (w *writer) unique(texts []string) map[string]int {
	slices.Sort(texts)
	texts = slices.Compact(texts)
	w.texts(texts)
	places := make(map[string]int, len(texts))
	for i, t := range texts {
		places[t] = i
	}
	return places
}

// table writes the texts of shapes, once each, and gives their places.
func (w *writer) table(a *Account) map[string]int {
	var texts []string
	for i := range a.Shapes {
		s := &a.Shapes[i]
		for _, p := range s.Identity {
			texts = append(texts, p.Name)
		}
		if s.Boundary != nil {
			texts = append(texts, s.Boundary.Name)
		}
		for _, t := range s.Tags {
			texts = append(texts, t.Key, t.Value)
		}
		texts = append(texts, s.Services...)
	}
	return w.unique(texts)
}

func decodeShapes(raw []byte, a *Account) error {
	r := &reader{in: raw}
	a.Lists = make([]Actions, r.count())
	for i := range a.Lists {
		r.flags(&a.Lists[i].Not)
		a.Lists[i].Patterns = r.texts()
	}
	a.Reads = make([][]string, r.count())
	for i := range a.Reads {
		a.Reads[i] = r.texts()
	}
	a.Documents = make([]Document, r.count())
	for i := range a.Documents {
		d := &a.Documents[i]
		d.Kind = uint8(r.below(256))
		r.flags(&d.Portable)
		d.From = int32(len(a.Statements))
		for range r.count() {
			s := Statement{List: int32(r.below(len(a.Lists)))}
			r.flags(&s.Allow)
			s.Reads = int32(r.below(len(a.Reads)))
			a.Statements = append(a.Statements, s)
		}
		d.To = int32(len(a.Statements))
	}
	a.Statements = slices.Clip(a.Statements)
	texts := r.texts()
	var sets [][]graph.Tag // shapes of one team have the same tags
	name := func() string {
		if at := r.below(len(texts)); r.err == nil {
			return texts[at]
		}
		return ""
	}
	document := func() int32 { return int32(r.below(len(a.Documents)+1)) - 1 }
	a.Shapes = make([]Shape, r.count())
	for i := range a.Shapes {
		s := &a.Shapes[i]
		var bounded bool
		r.flags(&s.Role, &s.Linked, &bounded, &s.Open, &s.FreeTags, &s.Anyone, &s.Federated, &s.Cognito)
		s.Count = r.int()
		s.Identity = make([]Policy, r.count())
		for j := range s.Identity {
			s.Identity[j] = Policy{name(), document()}
		}
		if bounded {
			s.Boundary = &Policy{name(), document()}
		}
		s.Trust = document()
		tags := make([]graph.Tag, r.count())
		for j := range tags {
			tags[j] = graph.Tag{Key: name(), Value: name()}
		}
		s.Tags = shared(&sets, tags)
		if n := r.count(); n > 0 {
			s.Services = make([]string, n)
		}
		for j := range s.Services {
			s.Services[j] = name()
		}
	}
	a.Open = make([]bool, r.length(8*len(r.in))) // a bit each
	open := make([]*bool, len(a.Open))
	for i := range open {
		open[i] = &a.Open[i]
	}
	r.flags(open...)
	if r.err == nil && len(a.Open) != len(a.Facts.Resources) {
		r.fail()
	}
	return r.finish()
}

// maxShared is how many sets are looked through for an equal one.
const maxShared = 64

// shared gives the set among those there are that is equal to one.
func shared(sets *[][]graph.Tag, one []graph.Tag) []graph.Tag {
	if len(one) == 0 {
		return nil
	}
	for _, s := range (*sets)[max(0, len(*sets)-maxShared):] {
		if slices.Equal(s, one) {
			return s
		}
	}
	*sets = append(*sets, one)
	return one
}

// writer appends values; the reader takes them back in the same order.
type writer struct {
	out []byte
	id  string // the account's number, where it is counted
	ids int    // how often it stands in texts
}

// renamable tells whether the account's number stands in texts alone.
func (w *writer) renamable() bool { return bytes.Count(w.out, []byte(w.id)) == w.ids }

func (w *writer) int(n int) { w.out = binary.AppendUvarint(w.out, uint64(n)) }

func (w *writer) text(s string) {
	if w.id != "" {
		w.ids += strings.Count(s, w.id)
	}
	w.int(len(s))
	w.out = append(w.out, s...)
}

func (w *writer) texts(list []string) {
	w.int(len(list))
	for _, s := range list {
		w.text(s)
	}
}

// flags takes a byte for up to eight.
func (w *writer) flags(on ...bool) {
	for len(on) > 0 {
		var b byte
		for i, f := range on[:min(8, len(on))] {
			if f {
				b |= 1 << i
			}
		}
		w.out, on = append(w.out, b), on[min(8, len(on)):]
	}
}

var errEnds = errors.New("segment: it ends early or holds what no segment does")

type reader struct {
	in  []byte
	err error
}

func (r *reader) fail() { r.err, r.in = errEnds, nil }

func (r *reader) int() int {
	n, used := binary.Uvarint(r.in)
	if used <= 0 || n > 1<<31 {
		r.fail()
		return 0
	}
	r.in = r.in[used:]
	return int(n)
}

// count is the length of a list whose elements take at least a byte each.
func (r *reader) count() int { return r.length(len(r.in)) }

func (r *reader) length(most int) int {
	n := r.int()
	if n > most {
		r.fail()
		return 0
	}
	return n
}

// below is a place in a list.
func (r *reader) below(n int) int {
	at := r.int()
	if r.err == nil && at >= n {
		r.fail()
		return 0
	}
	return at
}

func (r *reader) text() string { return string(r.piece()) }

func (r *reader) piece() []byte {
	n := r.int()
	if n > len(r.in) {
		r.fail()
		return nil
	}
	s := r.in[:n]
	r.in = r.in[n:]
	return s
}

func (r *reader) texts() []string {
	n := r.count()
	if n == 0 {
		return nil
	}
	out := make([]string, n)
	for i := range out {
		out[i] = r.text()
	}
	return out
}

func (r *reader) flags(to ...*bool) {
	for len(to) > 0 {
		if len(r.in) == 0 {
			r.fail()
			return
		}
		for i, p := range to[:min(8, len(to))] {
			*p = r.in[0]&(1<<i) != 0
		}
		r.in, to = r.in[1:], to[min(8, len(to)):]
	}
}

func (r *reader) finish() error {
	if r.err == nil && len(r.in) > 0 {
		return errors.New("segment: bytes after the end")
	}
	return r.err
}

// Equal tells whether two segments say the same.
func (p *Packed) Equal(q *Packed) bool {
	for i := range p.pieces {
		if !bytes.Equal(p.pieces[i], q.pieces[i]) {
			return false
		}
	}
	return true
}
