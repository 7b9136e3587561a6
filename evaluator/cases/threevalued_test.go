package cases_test

import (
	"bufio"
	"os"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/cases"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
)

// TestThreeValued runs the conformance cases whose contexts have free keys through the region engine.
func TestThreeValued(t *testing.T) {
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	runner := cases.Runner{Classify: func(r *evaluator.Request, l *evaluator.Layers, free []string) (string, string) {
		c := evaluator.Classify(r, l, free, cat)
		return c.Class.String(), ""
	}}
	f, err := os.Open("../../testdata/cases/partial.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	n := 0
	for lines.Scan() {
		n++
		if a := runner.Answer(lines.Bytes()); !a.Passed() {
			t.Errorf("%s: got %s (%s), want %s", a.ID, a.Decision, a.Error, a.Expected)
		}
	}
	if n < 10 {
		t.Fatalf("%d cases, want the whole suite", n)
	}
}
