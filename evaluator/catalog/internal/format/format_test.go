package format

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// rising draws a strictly rising list of numbers below n.
func rising(t *rapid.T, n int, name string) []int {
	list := []int{}
	for i := range n {
		if rapid.Bool().Draw(t, name) {
			list = append(list, i)
		}
	}
	return list
}

func drawService(t *rapid.T, prefix string, keys int) Service {
	text := rapid.StringN(0, 12, -1)
	s := Service{Prefix: prefix, Name: text.Draw(t, "name"), RCP: rapid.Bool().Draw(t, "rcp")}
	s.Keys = rising(t, keys, "keys")
	s.KeyLists = [][]int{{}}
	for range rapid.IntRange(0, 3).Draw(t, "key lists") {
		s.KeyLists = append(s.KeyLists, rising(t, len(s.Keys), "list"))
	}
	list := rapid.IntRange(0, len(s.KeyLists)-1)
	s.Types = []Type{{Name: "t", ARN: "arn", Keys: 0}}
	for range rapid.IntRange(0, 3).Draw(t, "types") {
		s.Types = append(s.Types, Type{Name: text.Draw(t, "type"), ARN: text.Draw(t, "arn"), Keys: list.Draw(t, "type keys")})
	}
	s.ResourceLists = [][]Resource{{}}
	for range rapid.IntRange(0, 3).Draw(t, "resource lists") {
		l := []Resource{}
		for range rapid.IntRange(0, 3).Draw(t, "resources") {
			l = append(l, Resource{
				Type: rapid.IntRange(0, len(s.Types)-1).Draw(t, "type"), Required: rapid.Bool().Draw(t, "required"), Keys: list.Draw(t, "resource keys"),
			})
		}
		s.ResourceLists = append(s.ResourceLists, l)
	}
	s.Actions = []Action{}
	for range rapid.IntRange(0, 5).Draw(t, "actions") {
		s.Actions = append(s.Actions, Action{
			Name: text.Draw(t, "action"), Access: rapid.Uint8Max(31).Draw(t, "access"), Keys: list.Draw(t, "action keys"),
			Resources: rapid.IntRange(0, len(s.ResourceLists)-1).Draw(t, "action resources"),
		})
	}
	return s
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := &Data{Version: rapid.String().Draw(t, "version"), Date: "2026-09-26", Keys: []Key{}}
		for range rapid.IntRange(0, 5).Draw(t, "keys") {
			d.Keys = append(d.Keys, Key{
				Name: rapid.String().Draw(t, "key"), Type: rapid.Uint8Max(6).Draw(t, "type"), Multi: rapid.Bool().Draw(t, "multi"),
				Global: rapid.Bool().Draw(t, "global"),
			})
		}
		for i := range rapid.IntRange(0, 4).Draw(t, "services") {
			d.Services = append(d.Services, drawService(t, string(rune('a'+i)), len(d.Keys)))
		}
		got := decodeAll(t, d)
		if diff := cmp.Diff(d, got); diff != "" {
			t.Errorf("written and read again (-written +read):\n%s", diff)
		}
	})
}

// TestManyChunks has more text than one chunk holds.
func TestManyChunks(t *testing.T) {
	d := &Data{Version: "1", Date: "d", Keys: []Key{}}
	long := string(make([]byte, chunkSize/3))
	for i := range 9 {
		d.Services = append(d.Services, Service{
			Prefix: string(rune('a' + i)), Keys: []int{}, KeyLists: [][]int{{}}, Types: []Type{{Name: long}},
			ResourceLists: [][]Resource{}, Actions: []Action{},
		})
	}
	got := decodeAll(t, d)
	if diff := cmp.Diff(d, got); diff != "" {
		t.Errorf("written and read again (-written +read):\n%s", diff)
	}
}

type fataler interface {
	Helper()
	Fatal(...any)
}

func decodeAll(t fataler, d *Data) *Data {
	t.Helper()
	b, err := Encode(d)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Open(string(b))
	if err != nil {
		t.Fatal(err)
	}
	got := &Data{Version: f.Version, Date: f.Date}
	if got.Keys, err = f.Keys(); err != nil {
		t.Fatal(err)
	}
	for i := range f.Entries {
		s, err := f.Service(i)
		if err != nil {
			t.Fatal(err)
		}
		got.Services = append(got.Services, s)
	}
	return got
}

// FuzzReader: whatever a block holds, reading it ends, and says so when it is no service.
func FuzzReader(f *testing.F) {
	var w writer
	w.service(&Service{Keys: []int{1, 5}, KeyLists: [][]int{{0, 1}}, Types: []Type{{Name: "key", ARN: "arn"}},
		ResourceLists: [][]Resource{{{Required: true}}}, Actions: []Action{{Name: "Decrypt", Access: 4}}})
	f.Add(string(w.b))
	f.Add("\xff\xff\xff\xff\xff")
	f.Add("\x01\x00\xff\xff\xff\xff\x07")
	f.Fuzz(func(t *testing.T, text string) {
		r := reader{s: text}
		s := r.service()
		if r.bad || !s.consistent() {
			return
		}
		var w writer
		w.service(&s)
		again := reader{s: string(w.b)}
		if diff := cmp.Diff(s, again.service()); diff != "" || again.bad {
			t.Errorf("read, written and read again:\n%s", diff)
		}
	})
}

// FuzzOpen: a file that is not ours is refused with ErrDamaged.
func FuzzOpen(f *testing.F) {
	b, err := Encode(&Data{Version: "1", Services: []Service{{Prefix: "a", KeyLists: [][]int{{}}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(b))
	f.Add(magic)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := Open(text); err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("error %v is not ErrDamaged", err)
		}
	})
}
