package query_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/render"
)

// TestSampleDocuments holds the policies that are written for principals of the sample organization.
func TestSampleDocuments(t *testing.T) {
	e := sample(t)
	var b strings.Builder
	for _, q := range []string{
		"what can role/App do",
		"what can role/App do on arn:aws:s3:::payroll/*",
		"what can role/Deploy do",
		"what can role/AWSReservedSSO_Developer_* do",
		"what can user/alice do when aws:MultiFactorAuthPresent = true",
		"what can role/WebApp do on arn:aws:kms:*:*:key/*",
		"what can group/* do",
	} {
		b.WriteString("> " + q + "\n")
		a, err := e.Ask(t.Context(), q, query.Options{Document: true})
		if err != nil {
			b.WriteString(err.Error() + "\n\n")
			continue
		}
		if a.Cut != nil {
			t.Errorf("%s: a policy says nothing of what is cut off", q)
		}
		var out bytes.Buffer
		if err := render.Write(&out, render.Policy, a, render.Options{}); err != nil {
			t.Fatal(err)
		}
		doc := policy.Parse(policy.Identity, out.Bytes())
		if len(doc.Problems) > 0 {
			t.Errorf("%s: %v", q, doc.Problems)
		}
		b.Write(out.Bytes())
		for _, w := range a.Summary().Warnings {
			b.WriteString("warning: " + w + "\n")
		}
		b.WriteByte('\n')
	}
	golden(t, "sample-documents.golden", b.String())
}

func TestDocumentDeterministic(t *testing.T) {
	first := ""
	for range 3 {
		a, err := sample(t).Ask(t.Context(), "what can user/staff/bob do", query.Options{Document: true})
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(a.Document)
		}
		if string(a.Document) != first {
			t.Errorf("another document:\n%s\nthan before:\n%s", a.Document, first)
		}
	}
}
