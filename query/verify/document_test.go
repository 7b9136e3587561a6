package verify_test

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	orggen "github.com/accessgraph/accessgraph/bench/orggen/organization"
	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/files"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
)

var (
	documents     = flag.Int("documents", 12, "for how many principals of a generated organization a policy is written; the acceptance run has 1000")
	documentOrgs  = flag.Int("document-organizations", 1, "for how many random organizations policies are written")
	showDocuments = flag.Bool("show-documents", false, "print every policy that is written")
)

// written is what came of writing policies for the principals of one organization.
type written struct {
	principals, refused, statements, bytes, longest int
	took, slowest                                   time.Duration
}

func (w *written) String() string {
	n := max(w.principals-w.refused, 1)
	return fmt.Sprintf("%d principals, %d refused; %.1f statements and %d bytes on average, %d bytes at most; %v, %v at most", w.principals, w.refused,
		float64(w.statements)/float64(n), w.bytes/n, w.longest, w.took.Round(time.Millisecond), w.slowest.Round(time.Millisecond))
}

// TestDocumentsOfSample writes a policy for every principal of the sample organization.
func TestDocumentsOfSample(t *testing.T) {
	facts, _, err := files.Read(t.Context(), []string{filepath.Join("..", "..", "testdata", "sample", "org")}, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(writeDocuments(t, facts, 1<<30))
}

// TestDocumentsOfGenerated writes policies for principals of a generated organization.
func TestDocumentsOfGenerated(t *testing.T) {
	dir := t.TempDir()
	if err := orggen.Write(dir, orggen.Options{Accounts: 2 + *documents/100, Principals: 100, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	facts, _, err := files.Read(t.Context(), []string{dir}, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(writeDocuments(t, facts, *documents))
}

// TestDocumentsOfOdd writes policies for the principals of random organizations, which hold whatever the policy language has.
func TestDocumentsOfOdd(t *testing.T) {
	for i := range uint64(*documentOrgs) {
		facts, err := generate(*firstSeed+i).ingest(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("organization %d: %v", *firstSeed+i, writeDocuments(t, facts, 1<<30))
	}
}

// writeDocuments writes policies for so many principals, spread over all accounts.
func writeDocuments(t *testing.T, facts *graph.Facts, most int) *written {
	t.Helper()
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
	var all []string
	for x := range w.Subjects {
		if !x.Outside {
			all = append(all, x.ARN)
		}
	}
	out := &written{}
	step := max(len(all)/most, 1)
	for i := 0; i < len(all) && out.principals < most; i += step {
		if err := writeDocument(t.Context(), t, writer, all[i], out); err != nil {
			out.refused++
			t.Errorf("%s: %v", all[i], err)
		}
	}
	return out
}

func writeDocument(ctx context.Context, t *testing.T, writer *evaluator.Consolidator, arn string, out *written) error {
	t.Helper()
	out.principals++
	start := time.Now()
	c, err := writer.Of(ctx, evaluator.Selector{Kind: evaluator.SelectARN, Name: arn})
	took := time.Since(start)
	out.took += took
	out.slowest = max(out.slowest, took)
	if err != nil {
		return err
	}
	if *showDocuments {
		t.Logf("%s: %d statements, %d bytes, %v\n%s", arn, c.Statements, len(c.Document), took, c.Document)
	}
	out.statements += c.Statements
	out.bytes += len(c.Document)
	out.longest = max(out.longest, len(c.Document))
	return nil
}

// TestDocumentsCompared holds documents against what the comparison of two stacks says: in the place of the principal's own policies, with
// SCPs, RCPs and the resources' side as they are, a document allows the same. A boundary is gone there, so that what it withholds of the
// resources' own grants comes back: then nothing may be missing, at least.
func TestDocumentsCompared(t *testing.T) {
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
	for _, name := range []string{"role/KeyAdmin", "role/Deploy", "user/alice", "user/legacy"} {
		kind, name, _ := strings.Cut(name, "/")
		who := evaluator.Selector{Kind: evaluator.SelectUser, Name: name}
		if kind == "role" {
			who.Kind = evaluator.SelectRole
		}
		c, err := writer.Of(t.Context(), who)
		if err != nil {
			t.Fatal(err)
		}
		alternative := &evaluator.Alternative{Identity: []evaluator.Policy{{Name: "document", Doc: policy.Parse(policy.Identity, c.Document)}}}
		for _, d := range []evaluator.Direction{evaluator.More, evaluator.Less} {
			got, shown, err := w.Includes(t.Context(), evaluator.Question{Actions: []string{"*"}}, who, alternative, d)
			if err != nil {
				t.Fatal(err)
			}
			bounded := name == "Deploy"
			if got[0] == evaluator.Exceeds && (d == evaluator.More || !bounded) {
				t.Errorf("%s, direction %d: %v %v\n%s", c.Principal, d, shown[0].Actions, shown[0].Resources(), c.Document)
			}
		}
	}
}
