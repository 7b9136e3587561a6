package segment_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"github.com/accessgraph/accessgraph/evaluator/segment"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/storetest"
)

const account = "123456789012"

// sample is an account with something in every field.
func sample() (a *segment.Account, members []segment.Member, ids, texts []string) {
	facts := &graph.Account{
		ID: account, Aliases: []string{"a-" + account}, Resources: []*graph.Resource{
			{ARN: "arn:aws:s3:::b-" + account, Type: "AWS::S3::Bucket", Region: "us-east-1", Policy: segment.DocumentAt(account, 1), TagsKnown: true},
			{ARN: "arn:aws:sqs:us-east-1:" + account + ":q", Type: "AWS::SQS::Queue", Region: "us-east-1"},
		},
	}
	a = &segment.Account{
		Facts:      facts,
		Lists:      []segment.Actions{{Patterns: []string{"s3:Get*", "kms:*"}}, {Not: true, Patterns: []string{"iam:*"}}, {Patterns: []string{"*"}}},
		Reads:      [][]string{nil, {"aws:username", "aws:principaltag/team"}},
		Documents:  []segment.Document{{Kind: 1, Portable: true, To: 2}, {Kind: 3, From: 2, To: 3}},
		Statements: []segment.Statement{{List: 2, Allow: true, Reads: 1}, {List: 1}, {List: 0, Allow: true}},
		Shapes: []segment.Shape{
			{
				Role: true, Linked: true, Identity: []segment.Policy{{Name: "inline", Document: 0}, {Name: "gone", Document: segment.Missing}}, Boundary: &segment.Policy{Name: "b", Document: 0},
				Trust: 1, Tags: []graph.Tag{{Key: "team", Value: account}}, Count: 2, Open: true, FreeTags: true, Services: []string{"ec2.amazonaws.com"}, Anyone: true, Federated: true, Cognito: true,
			},
			{Identity: []segment.Policy{}, Trust: segment.Missing, Tags: []graph.Tag{}, Count: 1, Services: []string{}},
		},
		Open: []bool{true, false},
	}
	members = []segment.Member{
		{Entity: "role/x/A", Shape: 0, Profiles: []string{"arn:aws:iam::" + account + ":instance-profile/A"}}, {Entity: "role/B", Shape: 0}, {Entity: "user/c", Shape: 1},
	}
	return a, members, []string{"AROA1", "AROA2", ""}, []string{`{"Principal":"` + account + `"}`, ""}
}

// write encodes an account with a head that says little.
func write(a *segment.Account, members []segment.Member, ids, texts []string) ([]byte, error) {
	return segment.Encode(&segment.Head{
		Facts: &graph.Account{ID: a.Facts.ID}, Partition: "aws", ReadsTime: true, Portable: true, Bare: []string{"arn:aws:s3:::b"},
		Reading: []segment.Reading{{Actions: segment.Actions{Patterns: []string{"s3:*"}}, Clock: true}},
	}, a, members, ids, texts)
}

// read opens a segment, in another name where one is given.
func read(data []byte, now string) (*segment.Account, error) {
	p, err := segment.Open(data)
	if err != nil {
		return nil, err
	}
	return p.Account(now)
}

var unpacked = cmpopts.IgnoreUnexported(segment.Account{})

func encode(t testing.TB) []byte {
	t.Helper()
	data, err := write(sample())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestRoundTrip holds that all pieces come back, and are the same bytes when they are written again.
func TestRoundTrip(t *testing.T) {
	a, members, ids, texts := sample()
	data := encode(t)
	got, err := read(data, "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a, got, unpacked, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("account (-want +got):\n%s", diff)
	}
	gotMembers, err := got.Members()
	if diff := cmp.Diff(members, gotMembers); diff != "" || err != nil {
		t.Errorf("members: %v (-want +got):\n%s", err, diff)
	}
	gotIDs, err := got.IDs()
	if diff := cmp.Diff(ids, gotIDs); diff != "" || err != nil {
		t.Errorf("ids: %v (-want +got):\n%s", err, diff)
	}
	gotTexts, err := got.Texts()
	if err != nil || len(gotTexts) != len(texts) {
		t.Fatalf("texts: %q, %v", gotTexts, err)
	}
	for i := range texts {
		if string(gotTexts[i]) != texts[i] {
			t.Errorf("text %d is %q, want %q", i, gotTexts[i], texts[i])
		}
	}
	again, err := write(got, gotMembers, gotIDs, texts)
	if err != nil || !bytes.Equal(again, data) {
		t.Errorf("written again it is %d bytes, at first %d: %v", len(again), len(data), err)
	}
}

// TestEveryFact holds that facts of any kind come back.
func TestEveryFact(t *testing.T) {
	for _, facts := range storetest.Everything().Accounts {
		a := &segment.Account{Facts: facts, Reads: [][]string{nil}, Open: make([]bool, len(facts.Resources))}
		data, err := write(a, nil, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := read(data, "")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(facts, got.Facts, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("facts of %s (-want +got):\n%s", facts.ID, diff)
		}
	}
}

// TestRandomRoundTrip draws shapes, lists and members.
func TestRandomRoundTrip(t *testing.T) {
	texts := rapid.SliceOfN(rapid.StringN(0, 8, -1), 0, 4)
	flag := rapid.Bool()
	rapid.Check(t, func(t *rapid.T) {
		a := &segment.Account{Facts: &graph.Account{ID: account}}
		for range rapid.IntRange(0, 3).Draw(t, "lists") {
			a.Lists = append(a.Lists, segment.Actions{Not: flag.Draw(t, "not"), Patterns: texts.Draw(t, "patterns")})
		}
		a.Reads = [][]string{nil}
		for range rapid.IntRange(0, 2).Draw(t, "reads") {
			a.Reads = append(a.Reads, texts.Draw(t, "keys"))
		}
		var contents []string
		for range rapid.IntRange(0, 3).Draw(t, "documents") {
			d := segment.Document{Kind: rapid.Byte().Draw(t, "kind"), Portable: flag.Draw(t, "portable"), From: int32(len(a.Statements))}
			for range rapid.IntRange(0, 2).Draw(t, "statements") {
				if len(a.Lists) > 0 {
					list, reads := rapid.IntRange(0, len(a.Lists)-1).Draw(t, "list"), rapid.IntRange(0, len(a.Reads)-1).Draw(t, "reads")
					a.Statements = append(a.Statements, segment.Statement{List: int32(list), Allow: flag.Draw(t, "allow"), Reads: int32(reads)})
				}
			}
			d.To = int32(len(a.Statements))
			a.Documents = append(a.Documents, d)
			contents = append(contents, rapid.String().Draw(t, "text"))
		}
		place := rapid.Int32Range(segment.Missing, int32(len(a.Documents))-1)
		var members []segment.Member
		for i := range rapid.IntRange(0, 3).Draw(t, "shapes") {
			s := segment.Shape{
				Role: flag.Draw(t, "f"), Linked: flag.Draw(t, "f"), Open: flag.Draw(t, "f"), FreeTags: flag.Draw(t, "f"), Anyone: flag.Draw(t, "f"), Federated: flag.Draw(t, "f"), Cognito: flag.Draw(t, "f"),
				Trust: place.Draw(t, "trust"), Services: texts.Draw(t, "services"),
			}
			for _, name := range texts.Draw(t, "identity") {
				s.Identity = append(s.Identity, segment.Policy{Name: name, Document: place.Draw(t, "document")})
				s.Tags = append(s.Tags, graph.Tag{Key: name, Value: rapid.String().Draw(t, "value")})
			}
			if flag.Draw(t, "bounded") {
				s.Boundary = &segment.Policy{Name: "b", Document: place.Draw(t, "boundary")}
			}
			s.Count = rapid.IntRange(0, 3).Draw(t, "count")
			for j := range s.Count {
				members = append(members, segment.Member{Entity: fmt.Sprintf("role/%d-%d", i, j), Shape: int32(i), Profiles: texts.Draw(t, "profiles")})
			}
			a.Shapes = append(a.Shapes, s)
		}
		data, err := write(a, members, nil, contents)
		if err != nil {
			t.Fatal(err)
		}
		got, err := read(data, "")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, got, unpacked, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("account (-want +got):\n%s", diff)
		}
		gotMembers, err := got.Members()
		if diff := cmp.Diff(members, gotMembers, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Fatalf("members: %v (-want +got):\n%s", err, diff)
		}
		gotTexts, err := got.Texts()
		if err != nil || len(gotTexts) != len(contents) {
			t.Fatalf("texts: %q, %v", gotTexts, err)
		}
	})
}

// TestRenamed holds that a decoded account has the other number wherever it had its own, but for its members, who keep theirs.
func TestRenamed(t *testing.T) {
	a, err := read(encode(t), segment.Neutral)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := a.Texts()
	if err != nil {
		t.Fatal(err)
	}
	seen := fmt.Sprintf("%s %s %v %s %s", a.Facts.ID, a.Facts.Aliases, a.Shapes[0].Tags, a.Facts.Resources[0].ARN, texts)
	if strings.Contains(seen, account) || strings.Count(seen, segment.Neutral) != 5 {
		t.Errorf("renamed: %s", seen)
	}
	if place, ok := segment.PlaceOf(segment.Neutral, a.Facts.Resources[0].Policy); !ok || place != 1 {
		t.Errorf("the policy of the bucket is at %d, %t", place, ok)
	}
	members, err := a.Members()
	if err != nil || !strings.Contains(members[0].Profiles[0], account) {
		t.Errorf("members: %v, %v", members, err)
	}
	if same := segment.Renamed([]byte(account), "", segment.Neutral); string(same) != account {
		t.Errorf("renamed from nothing: %s", same)
	}
}

func TestPlaceOf(t *testing.T) {
	for _, place := range []int32{0, 1, 255, 256, 1<<31 - 2} {
		h := segment.DocumentAt(account, place)
		if got, ok := segment.PlaceOf(account, h); !ok || got != place {
			t.Errorf("place %d comes back as %d, %t", place, got, ok)
		}
		if _, ok := segment.PlaceOf("999999999999", h); ok {
			t.Errorf("place %d is there in another account", place)
		}
	}
	for _, h := range []graph.DocumentHash{{}, graph.CanonicalDocument([]byte("{}")).Hash} {
		if place, ok := segment.PlaceOf(account, h); ok {
			t.Errorf("%x is place %d", h, place)
		}
	}
}

// TestDamaged holds that no segment that was cut or changed makes anything panic, and that a cut one is refused.
func TestDamaged(t *testing.T) {
	data := encode(t)
	for n := range len(data) {
		if _, err := read(data[:n], ""); err == nil {
			t.Fatalf("%d of %d bytes are a segment", n, len(data))
		}
	}
	if _, err := read(append(bytes.Clone(data), 0), ""); err == nil {
		t.Error("a byte more is a segment")
	}
	for i := range data {
		for _, flip := range []byte{1, 0x80, 0xff} {
			changed := bytes.Clone(data)
			changed[i] ^= flip
			readAll(changed)
		}
	}
}

// readAll reads whatever there is to read.
func readAll(data []byte) {
	a, err := read(data, segment.Neutral)
	if err != nil {
		return
	}
	_, _ = a.Members()
	_, _ = a.IDs()
	_, _ = a.Texts()
}

// pieces takes a segment apart into what its pieces hold.
func pieces(data []byte) (out [][]byte, ok bool) {
	r, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(1<<20))
	if err != nil {
		return nil, false
	}
	defer r.Close()
	for len(data) > 0 {
		n, used := binary.Uvarint(data)
		if used <= 0 || n > uint64(len(data)-used) {
			return nil, false
		}
		raw, err := r.DecodeAll(data[used:used+int(n)], nil)
		if err != nil {
			return nil, false
		}
		out, data = append(out, raw), data[used+int(n):]
	}
	return out, true
}

func packed(all [][]byte) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	defer w.Close()
	var out []byte
	for _, raw := range all {
		p := w.EncodeAll(raw, nil)
		out = append(binary.AppendUvarint(out, uint64(len(p))), p...)
	}
	return out
}

// FuzzDecode reads changed segments, and segments whose pieces were changed before they were packed.
func FuzzDecode(f *testing.F) {
	data := encode(f)
	f.Add(data, byte(0), []byte{})
	if all, ok := pieces(data); ok {
		for i, raw := range all {
			f.Add(data, byte(i+1), raw)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, which byte, piece []byte) {
		if all, ok := pieces(data); ok && which > 0 && int(which) <= len(all) {
			all[which-1] = piece
			data = packed(all)
		} else if !ok && which > 0 {
			return
		}
		if len(data) > 1<<16 || len(piece) > 1<<16 {
			return
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		readAll(data)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
			t.Errorf("%d bytes took %d MB", len(data), used>>20)
		}
	})
}

// TestHostileCounts holds that lists which claim to be long, and are not there, take no memory.
func TestHostileCounts(t *testing.T) {
	all, ok := pieces(encode(t))
	if !ok {
		t.Fatal("the sample is in no pieces")
	}
	for which := range all {
		for at := range all[which] {
			changed := make([][]byte, len(all))
			copy(changed, all)
			raw := bytes.Clone(all[which][:at])
			raw = binary.AppendUvarint(raw, 1<<31)
			changed[which] = append(raw, all[which][at:]...)
			readAll(packed(changed))
		}
	}
}

// TestNumberAcrossTexts holds that an account keeps its own number where that stands in the encoded form but in no text: a text of 49 bytes
// has the length '1'.
func TestNumberAcrossTexts(t *testing.T) {
	for _, c := range []struct {
		name     string
		portable bool
	}{
		{strings.Repeat("x", 49), true},
		{"11122223333" + strings.Repeat("x", 49-11), false},
		{"111122223333" + strings.Repeat("x", 49-12), true},
		{"111122223333" + strings.Repeat("x", 30), true},
	} {
		a := &segment.Account{
			Facts: &graph.Account{ID: "111122223333"}, Reads: [][]string{nil},
			Shapes: []segment.Shape{{Role: true, Trust: segment.Missing, Identity: []segment.Policy{{Name: c.name, Document: segment.Missing}}}},
		}
		data, err := segment.Encode(&segment.Head{Facts: a.Facts, Portable: true}, a, nil, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		p, err := segment.Open(data)
		if err != nil {
			t.Fatal(err)
		}
		if p.Head.Portable != c.portable {
			t.Errorf("%q: portable %t, want %t", c.name, p.Head.Portable, c.portable)
		}
	}
}
