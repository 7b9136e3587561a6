package format

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/zstd"
)

// Encode writes d as a file. The same data and library version give the same bytes.
func Encode(d *Data) ([]byte, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true))
	if err != nil {
		return nil, fmt.Errorf("start compressor: %w", err)
	}
	defer enc.Close()

	var header, keys, chunk writer
	var chunks [][]byte
	header.text(d.Version)
	header.text(d.Date)
	header.number(len(d.Services))
	for i := range d.Services {
		s := &d.Services[i]
		start := len(chunk.b)
		chunk.service(s)
		header.text(s.Prefix)
		header.text(s.Name)
		header.number(bit(s.RCP))
		header.number(len(chunks))
		header.number(start)
		if len(chunk.b) >= chunkSize || i == len(d.Services)-1 {
			chunks = append(chunks, enc.EncodeAll(chunk.b, nil))
			chunk.b = nil
		}
	}
	keys.number(len(d.Keys))
	for _, k := range d.Keys {
		keys.text(k.Name)
		keys.number(int(k.Type)<<2 | bit(k.Multi)<<1 | bit(k.Global))
	}

	var body writer
	body.block(enc.EncodeAll(header.b, nil))
	body.block(enc.EncodeAll(keys.b, nil))
	body.number(len(chunks))
	for _, c := range chunks {
		body.block(c)
	}
	out := append([]byte(magic), 0, 0, 0, 0)
	binary.BigEndian.PutUint32(out[len(magic):], crc32.ChecksumIEEE(body.b))
	return append(out, body.b...), nil
}

// writer appends the primitives of the format.
type writer struct{ b []byte }

func (w *writer) number(n int) { w.b = binary.AppendUvarint(w.b, uint64(n)) }

func (w *writer) text(s string) {
	w.number(len(s))
	w.b = append(w.b, s...)
}

func (w *writer) block(b []byte) {
	w.number(len(b))
	w.b = append(w.b, b...)
}

// rising writes a strictly rising list as differences.
func (w *writer) rising(list []int) {
	w.number(len(list))
	last := -1
	for _, n := range list {
		w.number(n - last - 1)
		last = n
	}
}

// service writes everything of s but what the header says. Actions go by columns, which compress better than rows.
func (w *writer) service(s *Service) {
	w.rising(s.Keys)
	w.number(len(s.KeyLists))
	for _, l := range s.KeyLists {
		w.rising(l)
	}
	w.number(len(s.Types))
	for _, t := range s.Types {
		w.text(t.Name)
		w.text(t.ARN)
		w.number(t.Keys)
	}
	w.number(len(s.ResourceLists))
	for _, l := range s.ResourceLists {
		w.number(len(l))
		for _, r := range l {
			w.number(r.Type<<1 | bit(r.Required))
			w.number(r.Keys)
		}
	}
	w.number(len(s.Actions))
	for _, a := range s.Actions {
		w.number(int(a.Access))
	}
	for _, a := range s.Actions {
		w.number(a.Keys)
	}
	for _, a := range s.Actions {
		w.number(a.Resources)
	}
	for _, a := range s.Actions {
		w.text(a.Name)
	}
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
