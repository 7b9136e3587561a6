package verify_test

import (
	"flag"
	"path/filepath"
	"testing"
	"time"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/ingest/files"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
)

var show = flag.Bool("show-documents", false, "print every policy document")

func TestDocumentsOfSample(t *testing.T) {
	facts, _, err := files.Read(t.Context(), []string{filepath.Join("..", "..", "testdata", "sample", "org")}, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := query.New(t.Context(), facts, answer.Snapshot{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := e.World(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	writer, err := w.Consolidator(evaluator.Question{})
	if err != nil {
		t.Fatal(err)
	}
	for x := range w.Subjects {
		if x.Outside {
			continue
		}
		start := time.Now()
		c, err := writer.Of(t.Context(), evaluator.Selector{Kind: evaluator.SelectARN, Name: x.ARN})
		if err != nil {
			t.Errorf("%s (%v): %v", x.ARN, time.Since(start), err)
			continue
		}
		t.Logf("%s: %d statements, %d bytes, %v", x.ARN, c.Statements, len(c.Document), time.Since(start))
		if *show {
			t.Logf("%s", c.Document)
		}
	}
}
