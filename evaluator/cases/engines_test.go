package cases_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/cases"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
)

// TestEnginesAgreeOnCases classifies every decision case with nothing free: the region engine then has one point to judge, and must
// say of it what the point engine says. What the point engine is unsure of has no class.
func TestEnginesAgreeOnCases(t *testing.T) {
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	decider := evaluator.Decider{Actions: evaluator.CatalogTypes(cat)}
	judged := 0
	for _, line := range caseLines(t) {
		c, err := cases.Read(line)
		if err != nil || c.Shape != cases.Decision {
			continue
		}
		judged++
		d := decider.Decide(&c.Request, &c.Layers)
		want := evaluator.Never // also where only the kind of deny is uncertain
		switch {
		case d.Effect == evaluator.Allowed && len(d.Uncertainties) > 0:
			want = evaluator.Undecided
		case d.Effect == evaluator.Allowed:
			want = evaluator.Always
		}
		if got := evaluator.Classify(&c.Request, &c.Layers, nil, cat); got.Class != want {
			t.Errorf("%s: the region engine says %s, the point engine %s %v", c.ID, got.Class, d.Effect, d.Uncertainties)
		}
	}
	if judged < 400 {
		t.Fatalf("%d decision cases, want those of all files", judged)
	}
}

// caseLines are the lines of every case file.
func caseLines(t *testing.T) [][]byte {
	t.Helper()
	files, err := filepath.Glob("../../testdata/cases/*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(data) {
			if len(bytes.TrimSpace(line)) > 0 {
				out = append(out, line)
			}
		}
	}
	return out
}
