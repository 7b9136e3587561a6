package verify_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/ingest/files"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
)

// TestSampleLaws asks again about every conditional grant of the sample organization: when its residual holds the answer is allowed,
// and when it does not there is no row.
func TestSampleLaws(t *testing.T) {
	facts, _, err := files.Read(t.Context(), []string{filepath.Join("..", "..", "testdata", "sample", "org")}, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := query.New(t.Context(), facts, answer.Snapshot{})
	if err != nil {
		t.Fatal(err)
	}
	asked, complements := 0, 0
	for _, question := range []struct{ text, context string }{
		{text: "who can do kms:*"},
		{text: "who can do s3:*"},
		{text: "who can do s3:GetObject on arn:aws:s3:::payroll/*", context: "aws:MultiFactorAuthPresent is absent"},
		{text: "who can do iam:*"},
		{text: "who can do sts:*"},
		{text: "who can do lambda:*"},
		{text: "who can do secretsmanager:*, sqs:*, sns:*"},
		{text: "who can do @write on arn:aws:s3:::payroll, arn:aws:s3:::payroll/*, arn:aws:s3:::logs/*"},
	} {
		text := question.text
		if question.context != "" {
			text += " when " + question.context
		}
		rows, err := answerRows(t.Context(), e, text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		for id, row := range rows {
			for _, g := range row.grants {
				if g.Verdict != answer.Conditional {
					continue
				}
				asked++
				begin := "who outside can do "
				if kind, arn, _ := strings.Cut(id, " "); kind == "user" || kind == "role" || kind == "root" {
					begin = "who in account " + strings.Split(arn, ":")[4] + " can do "
				}
				if err := g.allowed(t.Context(), e, begin, id, question.context); err != nil {
					t.Errorf("%s\n  %s: %v", text, id, err)
				}
				complement, err := g.denied(t.Context(), e, begin, id, question.context)
				if complement {
					complements++
				}
				if err != nil {
					t.Errorf("%s\n  %s: %v", text, id, err)
				}
			}
		}
	}
	t.Logf("%d conditional grants, %d complements", asked, complements)
	if asked == 0 || complements < asked*9/10 {
		t.Errorf("%d conditional grants were asked again, only %d of them under the complement", asked, complements)
	}
}
