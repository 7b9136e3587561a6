package query_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/ingest/files"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render"
)

const mainQuestion = "who can do kms:* ?"

// answered are the questions of the language's first page of one snapshot that ask for no paths.
func answered() []string {
	return []string{
		mainQuestion,
		"who can kms:Decrypt on arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab ?",
		"who can do s3:GetObject on arn:aws:s3:::payroll/* when aws:MultiFactorAuthPresent is absent",
		"who can do iam:CreateUser with *",
		"who can do all of iam:PassRole, lambda:CreateFunction | group by account count",
		"who in account 111122223333 can @write on arn:aws:s3:::payroll, arn:aws:s3:::payroll/*",
		"who outside can * on arn:aws:sns:*:111122223333:*",
		"can role/Deploy do iam:PassRole on arn:aws:iam::111122223333:role/Admin when iam:PassedToService = ec2.amazonaws.com ?",
		"why cannot user/alice do s3:PutObject on arn:aws:s3:::logs/x",
		"why can role/App do s3:GetObject on arn:aws:s3:::payroll/2026/01.csv",
		"why cannot role/Deploy do kms:Decrypt",
		"what can role/App do on arn:aws:s3:::payroll/*",
	}
}

// TestSampleIsClean holds that nothing of the sample is passed over.
func TestSampleIsClean(t *testing.T) {
	_, report, err := files.Read(t.Context(), []string{filepath.Join("..", "testdata", "sample", "org")}, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Warnings) > 0 || len(report.Incomplete) > 0 || report.UnknownFields > 0 {
		t.Errorf("the sample is not clean: %+v", report)
	}
}

// asked is one answer whose rows can be read again and again.
type asked struct {
	*answer.Answer
	rows []answer.Row
}

func keep(t *testing.T, e *query.Engine, question string) asked {
	t.Helper()
	a, err := e.Ask(t.Context(), question, query.Options{})
	if err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	rows, err := answer.Collect(a.Rows)
	if err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	return asked{a, rows}
}

func (a asked) render(t *testing.T, f render.Format) string {
	t.Helper()
	a.Rows = answer.Of(a.rows...)
	var b bytes.Buffer
	if err := render.Write(&b, f, a.Answer, render.Options{}); err != nil {
		t.Fatalf("%s as %s: %v", a.Query, f, err)
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got, -update writes it anew):\n%s", path, diff)
	}
}

// TestSampleMainQuestion holds the whole answer to the question that the README begins with: every grant, its statements, its
// assumptions and the request of its witness. testdata/sample/DERIVATIONS.md derives it by hand.
func TestSampleMainQuestion(t *testing.T) {
	var b strings.Builder
	for _, r := range keep(t, sample(t), mainQuestion).rows {
		row := r.(*answer.WhoCan).Whole()
		b.WriteString(row.Principal + "\n")
		for _, g := range row.Grants {
			b.WriteString("  " + string(g.Verdict) + " " + strings.Join(g.Actions, " ") + "\n")
			for _, resource := range g.Resources {
				b.WriteString("    on " + resource + "\n")
			}
			if g.Conditions != "" {
				b.WriteString("    when " + g.Conditions + "\n")
			}
			for _, v := range g.Via {
				b.WriteString("    via " + render.Statement(v) + "\n")
			}
			for _, text := range g.Assumptions {
				b.WriteString("    assumes " + text + "\n")
			}
			b.WriteString("    witness " + g.Witness.Principal + " " + g.Witness.Action + " " + g.Witness.Resource + "\n")
		}
	}
	golden(t, "sample-kms.golden", b.String())
}

// TestSampleAnswers holds what the questions give as tables, and that every format has the same number of rows.
func TestSampleAnswers(t *testing.T) {
	e := sample(t)
	var b strings.Builder
	for _, q := range answered() {
		a := keep(t, e, q)
		if len(a.rows) == 0 {
			t.Errorf("%s has no answer on the sample", q)
		}
		b.WriteString("> " + q + "\n" + a.render(t, render.Table) + "\n")
		for _, f := range render.Formats() {
			text := a.render(t, f)
			if got := countRows(t, f, text); got != len(a.rows) {
				t.Errorf("%s as %s has %d rows, want %d:\n%s", q, f, got, len(a.rows), text)
			}
		}
	}
	golden(t, "sample-answers.golden", b.String())
}

// countRows reads how many rows a rendered answer says or holds.
func countRows(t *testing.T, f render.Format, text string) int {
	t.Helper()
	switch f {
	case render.JSON:
		var out struct {
			Query    string            `json:"query"`
			Rows     []json.RawMessage `json:"rows"`
			Count    int               `json:"count"`
			Snapshot map[string]any    `json:"snapshot"`
		}
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			t.Fatal(err)
		}
		if out.Query == "" || out.Snapshot["complete"] != true || out.Count != len(out.Rows) {
			t.Errorf("the document says %d rows of %q, snapshot %v, and has %d", out.Count, out.Query, out.Snapshot, len(out.Rows))
		}
		return len(out.Rows)
	case render.NDJSON:
		n := 0
		for line := range strings.Lines(text) {
			if !json.Valid([]byte(line)) {
				t.Errorf("no JSON: %s", line)
			}
			n++
		}
		return n
	case render.CSV:
		records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return len(records) - 1
	}
	if strings.Contains(text, "decided by ") { // a tree, of one row
		return 1
	}
	// The formats for people end with the number of rows, before what the answer rests on.
	n, found := 0, false
	for line := range strings.Lines(text) {
		count, noun, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "- ")), " ")
		if slices.Contains([]string{"principal", "principals", "grant", "grants", "row", "rows"}, noun) {
			if err := json.Unmarshal([]byte(count), &n); err != nil {
				t.Fatal(err)
			}
			found = true
		}
	}
	if !found {
		t.Errorf("%s does not say how many rows it has:\n%s", f, text)
	}
	return n
}

// TestSampleWitnesses holds that simulate allows the witness of every grant of every answer.
func TestSampleWitnesses(t *testing.T) {
	e := sample(t)
	seen := 0
	for _, q := range answered() {
		for _, r := range keep(t, e, q).rows {
			for _, g := range grantsOf(r) {
				if g.Verdict == answer.Unknown {
					continue
				}
				if g.Witness == nil {
					t.Errorf("%s: a grant of %v has no witness", q, r)
					continue
				}
				seen++
				simulateWitness(t, e, q, g.Witness)
			}
		}
	}
	if seen == 0 {
		t.Error("no witness was simulated")
	}
}

func simulateWitness(t *testing.T, e *query.Engine, q string, w *answer.Witness) {
	t.Helper()
	var context []evaluator.KeyValue
	for key, v := range w.Context {
		context = append(context, evaluator.KeyValue{Key: key, Values: v.Values, Multi: v.Multi})
	}
	principal := w.Principal
	if strings.HasSuffix(principal, ".amazonaws.com") {
		principal = "service " + principal
	}
	s, err := e.Simulate(t.Context(), principal, w.Action, w.Resource, context, time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Errorf("%s: simulate %+v: %v", q, *w, err)
		return
	}
	if s.Decision.Effect != evaluator.Allowed {
		t.Errorf("%s: simulate says %s to %+v", q, s.Decision.Effect, *w)
	}
}

func grantsOf(r answer.Row) []answer.Grant {
	switch r := r.(type) {
	case *answer.WhoCan:
		return r.Whole().Grants
	case *answer.Can:
		return r.Grants
	case *answer.WhatCan:
		return []answer.Grant{{Verdict: r.Verdict, Actions: r.Actions, Resources: r.Resources, Conditions: r.Conditions, Witness: r.Witness}}
	}
	return nil // of grouped rows
}
