package files

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
)

// FuzzRead reads anything: it comes back, with an error that names a place and can be printed, or with facts that are the same when they
// were stored; what could not be used is in the report and in the coverage; and --partial changes nothing for input that is in order.
func FuzzRead(f *testing.F) {
	for _, content := range wholeExport(f) {
		f.Add([]byte(content))
	}
	for _, bad := range badFiles() {
		if len(bad.content) < 4096 {
			f.Add([]byte(bad.content))
		}
	}
	for _, content := range []string{`{"Coverage":{"":[{"Kind":"organization","State":"failed","Error":"x"}],"111122223333":[{"Kind":"iam","Region":"r","State":"denied"}]}}`,
		`{"RoleLastUsed":[{"Arn":"arn:aws:iam::111122223333:role/r","LastUsedDate":1,"Region":"r"}],"AttachmentCounts":[{"Arn":"arn:aws:iam::111122223333:policy/p","AttachmentCount":2}]}`} {
		f.Add([]byte(content))
	}
	const user = `{"UserDetailList":[{"Arn":"arn:aws:iam::111122223333:user/u",`
	for _, control := range []string{`"\u001b[31mX":1,"UserPolicyList":[{"PolicyName":"\u001b[32m","PolicyDocument":"["}]}]}`, `"\u001b[31m`, `"\u001b[31mX":`} {
		f.Add([]byte(user + control))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		read := func(partial bool) *graph.Facts {
			facts, report, err := Read(ctx, []string{"-"}, Options{Stdin: bytes.NewReader(data), Partial: partial})
			checkIncomplete(t, facts, report, err)
			if err != nil {
				checkError(t, err, data)
				return nil
			}
			wantPrintable(t, report.Warnings...)
			wantPrintable(t, report.Incomplete...)
			for _, f := range report.UnknownNames {
				wantPrintable(t, f.Name)
			}
			return facts
		}
		strict, partial := read(false), read(true)
		if partial != nil {
			id, observations := idsOf(t, partial)
			if strict != nil {
				if sameID, sameObservations := idsOf(t, strict); id != sameID || observations != sameObservations {
					t.Error("--partial changes input that is in order")
				}
				checkStored(ctx, t, strict)
			}
		} else if strict != nil {
			t.Error("--partial reads nothing of input that is in order")
		}
	})
}

func checkError(t *testing.T, err error, data []byte) {
	var bad *Error
	if !errors.As(err, &bad) || bad.File != "-" || bad.Problem == "" || bad.Line < 0 || bad.Line > 1+bytes.Count(data, []byte{'\n'}) {
		t.Fatalf("the error names no place: %#v", err)
	}
	wantPrintable(t, err.Error())
}

// wantPrintable holds that a message can be shown on a terminal.
func wantPrintable(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsPrint(c) }) || len(text) > 5000 {
			t.Fatalf("the message cannot be shown: %q", text)
		}
	}
}

func checkStored(ctx context.Context, t *testing.T, facts *graph.Facts) {
	store := memstore.New()
	entry, err := graph.Publish(ctx, store, facts, graph.Meta{Time: time.Unix(0, 0)})
	if err != nil {
		t.Fatalf("cannot be stored: %v", err)
	}
	loaded, err := graph.Load(ctx, store, entry.Snapshot)
	if err != nil {
		t.Fatalf("cannot be loaded: %v", err)
	}
	loaded.Observations = facts.Observations // stored beside the snapshot
	if diff := cmp.Diff(facts, loaded); diff != "" {
		t.Fatalf("stored and loaded it differs:\n%s", diff)
	}
}
