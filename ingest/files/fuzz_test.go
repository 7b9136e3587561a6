package files

import (
	"bytes"
	"errors"
	"testing"

	"github.com/accessgraph/accessgraph/graph"
)

// FuzzRead reads anything: it never panics, an error is an *Error, what is read can be published, what could not be used is in
// the report and in the coverage, and --partial changes nothing for input that is in order.
func FuzzRead(f *testing.F) {
	for _, content := range wholeExport(f) {
		f.Add([]byte(content))
	}
	for _, bad := range badFiles() {
		if len(bad.content) < 4096 {
			f.Add([]byte(bad.content))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		read := func(partial bool) *graph.Facts {
			facts, report, err := Read(t.Context(), []string{"-"}, Options{Stdin: bytes.NewReader(data), Partial: partial})
			checkIncomplete(t, facts, report, err)
			var bad *Error
			if err != nil && !errors.As(err, &bad) {
				t.Fatalf("the error is %T: %v", err, err)
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
			}
		} else if strict != nil {
			t.Error("--partial reads nothing of input that is in order")
		}
	})
}
