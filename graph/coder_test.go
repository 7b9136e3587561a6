package graph

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
)

func sampleRole() *Role {
	return &Role{ARN: "arn:aws:iam::111111111111:role/a", Name: "a\xff", Created: time.Unix(1_700_000_000, 7).UTC(), Trust: DocumentHash{1},
		Inline: []InlinePolicy{{Name: "x"}, {}}, Tags: []Tag{{Key: "k", Value: strings.Repeat("v", 300)}}}
}

// TestRecordsAreCBOR has another decoder read what we write, in the deterministic form.
func TestRecordsAreCBOR(t *testing.T) {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		t.Fatal(err)
	}
	record, err := encode(sampleRole(), codeRole)
	if err != nil {
		t.Fatal(err)
	}
	var v []any
	if err := cbor.Unmarshal(record, &v); err != nil {
		t.Fatal(err)
	}
	if len(v) != 9 || v[0] != "arn:aws:iam::111111111111:role/a" || !bytes.Equal(v[1].([]byte), []byte("a\xff")) {
		t.Errorf("another decoder reads %v", v)
	}
	again, err := mode.Marshal(v)
	if err != nil || !bytes.Equal(record, again) {
		t.Errorf("the deterministic form is %x, ours %x: %v", again, record, err)
	}
}

func TestIntegersAndTimes(t *testing.T) {
	for _, want := range []int64{0, 1, -1, 23, 24, -24, -25, 255, 256, 65535, 65536, 1<<32 - 1, 1 << 32, -1 << 32, 1<<63 - 1, -1 << 63} {
		c := &coder{}
		intItem(c, &want)
		r := &coder{reading: true, in: string(c.out)}
		var got int64
		intItem(r, &got)
		if err := r.finish(); err != nil || got != want {
			t.Errorf("%d reads as %d: %v", want, got, err)
		}
		var v any
		if err := cbor.Unmarshal(c.out, &v); err != nil {
			t.Errorf("%d: %v", want, err)
		}
	}
	for _, want := range []time.Time{{}, time.Unix(0, 0).UTC(), time.Unix(-1, 5).UTC(), time.Unix(1<<35, 999_999_999).UTC()} {
		record, err := encode(&LastUsed{Time: want}, codeLastUsed)
		if err != nil {
			t.Fatal(err)
		}
		var got LastUsed
		r := &coder{reading: true, in: string(record)}
		codeLastUsed(r, &got)
		if err := r.finish(); err != nil || got.Time != want {
			t.Errorf("%v reads as %v: %v", want, got.Time, err)
		}
	}
}

// TestBadRecords reads records that are cut off, too long, of a newer version, or of other types.
func TestBadRecords(t *testing.T) {
	record, err := encode(sampleRole(), codeRole)
	if err != nil {
		t.Fatal(err)
	}
	read := func(in []byte) error {
		c := &coder{reading: true, in: string(in)}
		codeRole(c, &Role{})
		return c.finish()
	}
	if err := read(record); err != nil {
		t.Fatal(err)
	}
	for n := range record {
		if read(record[:n]) == nil {
			t.Errorf("a record cut off after %d of %d bytes was read", n, len(record))
		}
	}
	for name, in := range map[string][]byte{
		"more after the end":    append(bytes.Clone(record), 0),
		"more fields":           {0x8c, 0x60, 0x60, 0x60, 0x60, 0xf6, 0xf6, 0x80, 0x80, 0x80, 0x80, 0x60, 0x60},
		"a huge list":           {0x87, 0x60, 0x60, 0x60, 0x60, 0xf6, 0xf6, 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"a huge string":         {0x81, 0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"indefinite length":     {0x9f, 0xff},
		"a map":                 {0xa0},
		"a number for a string": {0x81, 0x01},
		"a short hash":          {0x86, 0x60, 0x60, 0x60, 0x60, 0xf6, 0x41, 0x00},
	} {
		if read(in) == nil {
			t.Errorf("%s was read", name)
		}
	}
}

// FuzzRecords reads any bytes as leaves and nodes: no panic, and what is read writes back to something that reads alike.
func FuzzRecords(f *testing.F) {
	a := &Account{Roles: []*Role{sampleRole()}, Coverage: []Coverage{{Kind: "iam"}}}
	for _, s := range accountSections {
		leaves, err := writeSection(s, a)
		if err != nil {
			f.Fatal(err)
		}
		for _, l := range leaves {
			f.Add(l.content)
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, s := range accountSections {
			got, again := &Account{}, &Account{}
			if readLeaf(s, in, 1, got) != nil {
				continue
			}
			leaves, err := writeSection(s, got)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range leaves {
				if err := readLeaf(s, l.content, l.count, again); err != nil {
					t.Fatalf("what was read of %x writes as %x: %v", in, l.content, err)
				}
			}
			if diff := cmp.Diff(got, again); diff != "" {
				t.Fatalf("%x: %s", in, diff)
			}
		}
		if n, err := parseNode(in, kindAccount, ""); err == nil && n == nil {
			t.Fatal("no node and no error")
		}
	})
}
