package render_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sample answers, one a kind of row, with everything that formats treat differently.
func samples() map[string]func() *answer.Answer {
	snapshot := answer.Snapshot{ID: strings.Repeat("ab", 32), Name: "weekly", Time: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC), Complete: false}
	frame := func(query string, schema *answer.Schema, summary answer.Summary, rows ...answer.Row) func() *answer.Answer {
		return func() *answer.Answer {
			summary.Count = len(rows)
			return &answer.Answer{Query: query, Snapshot: snapshot, Schema: schema, Rows: answer.Of(rows...), Summary: func() answer.Summary { return summary }}
		}
	}
	via := []answer.StatementRef{{Layer: "identity", Policy: "arn:aws:iam::111122223333:policy/Ops", Sid: "Keys", Index: 1}, {Layer: "resource", Policy: "key/1234", Index: 0}}
	key := "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	alice := "arn:aws:iam::111122223333:user/alice"
	witness := &answer.Witness{Principal: alice, Action: "kms:Decrypt", Resource: key, Context: map[string]answer.ContextValue{
		"aws:MultiFactorAuthPresent": {Values: []string{"true"}}, "aws:TagKeys": {Values: []string{"a", "b"}, Multi: true}}}
	mfa := answer.Grant{Actions: []string{"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"}, Resources: []string{key},
		Verdict: answer.Conditional, Conditions: "aws:MultiFactorAuthPresent is present and aws:MultiFactorAuthPresent = true and aws:SourceIp in 203.0.113.0/24", Via: via, Witness: witness}
	all := answer.Grant{Actions: []string{"kms:*"}, Resources: []string{"*"}, Verdict: answer.Allowed, Via: via[:1], Assumptions: []string{"key-delegates-to-account"}, Witness: witness}
	hang := answer.Grant{Actions: []string{"kms:*"}, Resources: []string{"*"}, Verdict: answer.Unknown, Causes: []string{"missing-document: arn:aws:iam::111122223333:policy/Gone"}}
	many := make([]answer.Grant, 12)
	for i := range many {
		many[i] = all
		many[i].Conditions = fmt.Sprintf("aws:PrincipalTag/n = %d", i)
	}
	wide := "arn:aws:iam::111122223333:role/" + strings.Repeat("long/", 20) + "Deploy"
	return map[string]func() *answer.Answer{
		"whocan": frame("who can do kms:* ?", answer.WhoCanSchema(),
			answer.Summary{Unknown: 1, Assumptions: []string{"no-organization-data"}, Incomplete: []string{"111122223333 document arn:aws:iam::111122223333:policy/Gone: missing"}},
			&answer.WhoCan{Principal: alice, Kind: "user", Account: "111122223333", Verdict: answer.Allowed, Actions: []string{"kms:*"}, ActionCount: 54, Resources: []string{"*"}, Grants: []answer.Grant{all, mfa}},
			&answer.WhoCan{Principal: wide, Kind: "role", Account: "111122223333", Verdict: answer.Conditional, Actions: mfa.Actions, ActionCount: 5, Resources: mfa.Resources, Grants: []answer.Grant{mfa}},
			&answer.WhoCan{Principal: "arn:aws:iam::111122223333:role/Many", Kind: "role", Account: "111122223333", Verdict: answer.Allowed, Actions: all.Actions, ActionCount: 54, Resources: all.Resources, Grants: many},
			&answer.WhoCan{Principal: "arn:aws:iam::111122223333:user/\x1b[31mred\u202e|日本<b>", Kind: "user", Account: "111122223333", Verdict: answer.Unknown, Actions: []string{"kms:*"}, ActionCount: 54, Resources: []string{"*"}, Grants: []answer.Grant{hang}},
			&answer.WhoCan{Principal: "lambda.amazonaws.com", Kind: "service", Verdict: answer.Allowed, Actions: []string{"kms:Decrypt"}, ActionCount: 1, Resources: []string{key}, Grants: []answer.Grant{all}},
		),
		"joined": frame("who can do kms:* ?", answer.WhoCanSchema(), answer.Summary{},
			&answer.WhoCan{Principal: alice, Kind: "user", Account: "111122223333", Verdict: answer.Allowed, Actions: []string{"kms:*"}, ActionCount: 54, Resources: []string{"*"},
				Grants: []answer.Grant{
					{Verdict: answer.Allowed, Actions: []string{"kms:Decrypt", "kms:Encrypt"}, Resources: []string{key}},
					{Verdict: answer.Allowed, Actions: []string{"kms:ListKeys"}, Resources: []string{"*"}},
				}}),
		"empty": frame("who can do kms:* ?", answer.WhoCanSchema(), answer.Summary{}),
		"can": frame("can user/alice do kms:Decrypt ?", answer.CanSchema(), answer.Summary{Assumptions: []string{"no-organization-data"}},
			&answer.Can{Principal: alice, Action: "kms:Decrypt", Resource: "*", Verdict: answer.Conditional, Grants: []answer.Grant{mfa}},
			&answer.Can{Principal: "arn:aws:iam::444455556666:user/alice", Action: "kms:Decrypt", Resource: "*", Verdict: answer.Denied, Layer: "scp"},
		),
		"whatcan": frame("what can user/alice do", answer.WhatCanSchema(), answer.Summary{},
			&answer.WhatCan{Principal: alice, Account: "111122223333", Service: "kms", Access: "Write", Actions: mfa.Actions, ActionCount: 5, Resources: mfa.Resources,
				Verdict: mfa.Verdict, Conditions: mfa.Conditions, Via: via, Witness: witness},
		),
		"paths": frame("who can reach admin", answer.PathSchema(),
			answer.Summary{Unknown: 1, Assumptions: []string{"no-organization-data"}}, pathRows()...),
		"manypaths": frame("who can reach admin", answer.PathSchema(), answer.Summary{Unknown: 3}, slices.Concat(pathRows(), pathRows(), pathRows())...),
		"nopaths":   frame("who can reach admin", answer.PathSchema(), answer.Summary{}),
		"chokes":    frame("choke points to admin", answer.ChokeSchema(), answer.Summary{Notes: []string{"9 principals have a path"}}, chokeRows()...),
		"changes":   frame("changes from @a to @b", answer.ChangeSchema(), answer.Summary{Unknown: 7, Notes: []string{"paths are not compared"}}, changeRows()...),
		"record": frame("who can do kms:* | group by account count", recordSchema(), answer.Summary{Unknown: 2},
			&answer.Record{Schema: recordSchema(), Values: []any{"111122223333", []string{"a;b", `say "c"`}, 3.0}},
			&answer.Record{Schema: recordSchema(), Values: []any{nil, []string(nil), 12.0}},
		),
	}
}

func recordSchema() *answer.Schema {
	return &answer.Schema{Kind: answer.KindRecord, Columns: []answer.Column{{Name: "account"}, {Name: "actions", Type: answer.List}, {Name: "count", Type: answer.Number}}}
}

func write(t *testing.T, f render.Format, a *answer.Answer, o render.Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := render.Write(&b, f, a, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for name, sample := range samples() {
		for _, f := range render.Formats() {
			t.Run(name+"."+string(f), func(t *testing.T) {
				got := write(t, f, sample(), render.Options{Width: 100})
				if again := write(t, f, sample(), render.Options{Width: 100}); again != got {
					t.Error("a second rendering differs")
				}
				file := filepath.Join("testdata", name+"."+string(f))
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", file, diff)
				}
			})
		}
	}
}

// TestNarrow holds what a table looks like where columns do not fit, and that a line is as long as it must be without a terminal.
func TestNarrow(t *testing.T) {
	got := write(t, render.Table, samples()["can"](), render.Options{Width: 60})
	want := `111122223333 user/alice
  VERDICT    conditional
  COVERS     no
  ACTIONS    kms:Decrypt, kms:Encrypt, kms:GenerateDataKey,
             +2 more
  RESOURCES  key/1234abcd-12ab-34cd-56ef-1234567890ab
  WHEN       aws:MultiFactorAuthPresent is present and
             aws:MultiFactorAuthPresent = true and
             aws:SourceIp in 203.0.113.0/24
444455556666 user/alice
  VERDICT    denied
  COVERS     no
  ACTIONS    kms:Decrypt
  RESOURCES  *
  WHEN       never (scp)

2 principals
assumes: no-organization-data
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := strings.Count(write(t, render.Table, samples()["can"](), render.Options{}), "\n"); n != 6 {
		t.Errorf("without a terminal there are %d lines, want one a grant", n)
	}
}

// TestTablesFit holds that a table keeps to the width it was given.
func TestTablesFit(t *testing.T) {
	for name, sample := range samples() {
		for _, total := range []int{72, 80, 100, 120, 200} {
			for line := range strings.Lines(write(t, render.Table, sample(), render.Options{Width: total})) {
				line = strings.TrimRight(line, "\n")
				if strings.HasPrefix(line, "incomplete:") {
					continue
				}
				if n := render.Columns(line); n > total {
					t.Errorf("%s at %d columns has a line of %d: %s", name, total, n, line)
				}
				if strings.HasSuffix(line, " ") {
					t.Errorf("%s has a line that ends in blanks: %q", name, line)
				}
			}
		}
	}
}

// TestNoControlCharacters holds that nothing in the data reaches a terminal as a command.
func TestNoControlCharacters(t *testing.T) {
	for _, f := range []render.Format{render.Table, render.Wide, render.Markdown} {
		out := write(t, f, samples()["whocan"](), render.Options{})
		if strings.ContainsAny(out, "\x1b\u202e") {
			t.Errorf("%s lets a control character through:\n%q", f, out)
		}
		if !strings.Contains(out, `x1b`) {
			t.Errorf("%s does not show the control character", f)
		}
	}
}

func TestColor(t *testing.T) {
	out := write(t, render.Table, samples()["whocan"](), render.Options{Color: true})
	for _, want := range []string{"\x1b[32mallowed\x1b[0m", "\x1b[33mconditional\x1b[0m", "\x1b[35munknown\x1b[0m"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if out := write(t, render.Table, samples()["can"](), render.Options{Color: true}); !strings.Contains(out, "\x1b[31mdenied\x1b[0m") {
		t.Errorf("denied is not red:\n%s", out)
	}
}

// TestMachineFormatsParse reads the output back with the standard readers.
func TestMachineFormatsParse(t *testing.T) {
	for name, sample := range samples() {
		if out := write(t, render.JSON, sample(), render.Options{}); !jsontext.Value(out).IsValid() {
			t.Errorf("%s: JSON is not valid", name)
		}
		for line := range strings.Lines(write(t, render.NDJSON, sample(), render.Options{})) {
			if !jsontext.Value(line).IsValid() {
				t.Errorf("%s: line is not valid JSON: %s", name, line)
			}
		}
		records, err := csv.NewReader(strings.NewReader(write(t, render.CSV, sample(), render.Options{}))).ReadAll()
		if err != nil {
			t.Errorf("%s: CSV: %v", name, err)
		} else if n := sample().Summary().Count; len(records) != n+1 {
			t.Errorf("%s: CSV has %d records for %d rows", name, len(records), n)
		}
	}
}

// TestNDJSONStreams holds that a row is out before the next one is asked for.
func TestNDJSONStreams(t *testing.T) {
	var b bytes.Buffer
	rows := func(yield func(answer.Row, error) bool) {
		for n := 1; n <= 3; n++ {
			if !yield(&answer.Can{}, nil) {
				return
			}
			if lines := strings.Count(b.String(), "\n"); lines != n {
				t.Errorf("after %d rows there are %d lines", n, lines)
			}
		}
	}
	if err := render.Write(&b, render.NDJSON, &answer.Answer{Schema: answer.CanSchema(), Rows: rows}, render.Options{}); err != nil {
		t.Fatal(err)
	}
}

type full struct{}

var errFull = errors.New("no space left")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestErrorsCome(t *testing.T) {
	fault := errors.New("fault")
	for _, f := range render.Formats() {
		failing := samples()["whocan"]()
		failing.Rows = func(yield func(answer.Row, error) bool) { yield(nil, fault) }
		if err := render.Write(&bytes.Buffer{}, f, failing, render.Options{}); !errors.Is(err, fault) {
			t.Errorf("%s: error of the rows is %v", f, err)
		}
		if err := render.Write(full{}, f, samples()["whocan"](), render.Options{}); !errors.Is(err, errFull) {
			t.Errorf("%s: error of the writer is %v", f, err)
		}
	}
	if err := render.Write(&bytes.Buffer{}, "xml", samples()["can"](), render.Options{}); err == nil {
		t.Error("no error for an unknown format")
	}
}

func TestParseFormat(t *testing.T) {
	for _, f := range render.Formats() {
		if got, err := render.ParseFormat(string(f)); err != nil || got != f {
			t.Errorf("%s: %v, %v", f, got, err)
		}
	}
	_, err := render.ParseFormat("xml")
	if err == nil || !strings.Contains(err.Error(), "table, wide, json, ndjson, csv, markdown") {
		t.Errorf("error is %v", err)
	}
}

// TestManyGaps holds that a table does not drown in what is incomplete, and that wide names all of it.
func TestManyGaps(t *testing.T) {
	for n, want := range map[int]int{1: 1, 8: 8, 9: 9, 10: 9, 5000: 9} {
		sample := func() *answer.Answer {
			gaps := make([]string, n)
			for i := range gaps {
				gaps[i] = fmt.Sprintf("gap %d", i)
			}
			return &answer.Answer{Schema: recordSchema(), Rows: answer.Of(), Summary: func() answer.Summary { return answer.Summary{Incomplete: gaps} }}
		}
		text := write(t, render.Table, sample(), render.Options{})
		if got := strings.Count(text, "incomplete: "); got != want {
			t.Errorf("%d gaps make %d lines, want %d", n, got, want)
		}
		if more := fmt.Sprintf("and %d more", n-8); n > 9 && !strings.Contains(text, more) {
			t.Errorf("%d gaps: no %q in %s", n, more, text)
		}
		if got := strings.Count(write(t, render.Wide, sample(), render.Options{}), "incomplete: "); got != n {
			t.Errorf("wide names %d of %d gaps", got, n)
		}
	}
}
