package query_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/accessgraph/accessgraph/ingest/files"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// engineOf is an engine over an export directory.
func engineOf(dir string) (*query.Engine, error) {
	facts, _, err := files.Read(context.Background(), []string{dir}, files.Options{})
	if err != nil {
		return nil, err
	}
	taken := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	return query.New(context.Background(), facts, answer.Snapshot{ID: strings.Repeat("ab", 32), Time: taken})
}

var (
	sampleEngine = sync.OnceValues(func() (*query.Engine, error) { return engineOf("../testdata/sample/org") })
	smallEngine  = sync.OnceValues(func() (*query.Engine, error) { return engineOf("testdata/small") })
)

// sample is the sample organization.
func sample(t testing.TB) *query.Engine { return made(t, sampleEngine) }

// small is the organization of testdata/small: two accounts of which one page of JSON each says everything.
func small(t testing.TB) *query.Engine { return made(t, smallEngine) }

func made(t testing.TB, make func() (*query.Engine, error)) *query.Engine {
	t.Helper()
	e, err := make()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// ask gives an answer's rows and its summary.
func ask(t testing.TB, e *query.Engine, question string) ([]answer.Row, answer.Summary) {
	t.Helper()
	a, err := e.Ask(t.Context(), question, query.Options{})
	if err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	rows, err := answer.Collect(a.Rows)
	if err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	return rows, a.Summary()
}

// principals lists the principals of an answer by what follows the account.
func principals(rows []answer.Row) []string {
	var out []string
	for _, r := range rows {
		v, _ := r.Field("principal")
		text := v.(string)
		if fields := strings.SplitN(text, ":", 6); len(fields) == 6 {
			text = fields[4][:4] + " " + fields[5]
		}
		out = append(out, text)
	}
	return out
}

func TestScopes(t *testing.T) {
	for _, test := range []struct {
		clauses string
		want    []string
	}{
		{"", []string{"1111 role/ci/Deploy", "1111 role/Admin", "1111 user/staff/ann", "2222 role/Reader", "9999 root"}},
		{"in account 111122223333", []string{"1111 role/ci/Deploy", "1111 role/Admin", "1111 user/staff/ann"}},
		{"in 111122223333", []string{"1111 role/ci/Deploy", "1111 role/Admin", "1111 user/staff/ann"}},
		{"in account 1111-2222-3333", []string{"1111 role/ci/Deploy", "1111 role/Admin", "1111 user/staff/ann"}},
		{"in ou Prod", []string{"2222 role/Reader"}},
		{"in ou ou-ab12-11111111", []string{"2222 role/Reader"}},
		{"in ou Prod, account 999900001111", []string{"2222 role/Reader", "9999 root"}},
		{"in org o-a1b2c3d4e5", []string{"1111 role/ci/Deploy", "1111 role/Admin", "1111 user/staff/ann", "2222 role/Reader"}},
		{"in outside", []string{"9999 root"}},
		{"in tag team = data", []string{"2222 role/Reader"}},
		{"except outside", []string{"1111 role/ci/Deploy", "1111 role/Admin", "1111 user/staff/ann", "2222 role/Reader"}},
		{"except role/Deploy, ou Prod, outside", []string{"1111 role/Admin", "1111 user/staff/ann"}},
		{"except user/*, role/ci/*, outside", []string{"1111 role/Admin", "2222 role/Reader"}},
		{"except arn:aws:iam::111122223333:*, account 222233334444", []string{"9999 root"}},
		{"except root", []string{"1111 role/ci/Deploy", "1111 role/Admin", "1111 user/staff/ann", "2222 role/Reader", "9999 root"}},
		{"in account 111122223333 except tag Team = platform", []string{"1111 role/Admin", "1111 user/staff/ann"}},
	} {
		question := "who can s3:GetObject on arn:aws:s3:::data/* " + test.clauses
		rows, summary := ask(t, small(t), question)
		got := principals(rows)
		got = slices.DeleteFunc(got, func(s string) bool { return s == "1111 root" || s == "2222 root" }) // root users can everything in their account
		slices.Sort(got)
		want := slices.Sorted(slices.Values(test.want))
		if !slices.Equal(got, want) {
			t.Errorf("%s\ngot  %q\nwant %q", question, got, want)
		}
		if len(summary.Warnings) > 0 {
			t.Errorf("%s: warnings %q", question, summary.Warnings)
		}
	}
}

// TestUnknownNames holds that what the snapshot does not know is pointed at, with what was probably meant.
func TestUnknownNames(t *testing.T) {
	for _, test := range []struct{ question, marked, message, suggestion string }{
		{"who can s3:* in account 111122223334", "account 111122223334", "the snapshot knows no account 111122223334", "account 111122223333"},
		{"who can s3:* in ou Prd", "ou Prd", "the snapshot knows no OU Prd", "ou Prod"},
		{"who can s3:* in ou prod", "ou prod", "the snapshot knows no OU prod", "ou Prod"},
		{"who can s3:* in org o-z", "org o-z", "the snapshot's organization is o-a1b2c3d4e5", "org o-a1b2c3d4e5"},
		{"who can s3:* except account 5", "5", "no account ID", ""},
		{"who can s3:* except user/anm", "user/anm", `no principal "user/anm" in the snapshot`, "user/ann"},
		{"who can s3:* except arn:aws:iam::111122223333:role/Admim", "arn:aws:iam::111122223333:role/Admim", "no principal", "arn:aws:iam::111122223333:role/Admin"},
		{"who can s3:* except group/Staff", "group/Staff", "a group is no principal", ""},
		{"can role/admin do s3:*", "role/admin", `no principal "role/admin"`, "role/Admin"},
		{"can group/Staf do s3:*", "group/Staf", `no principal "group/Staf"`, "group/Staff"},
		{"what can account 999999999999 do", "account 999999999999", "holds no principal of account 999999999999", ""},
		{"can arn:aws:iam::111122223333:user/staff/nn do s3:*", "arn:aws:iam::111122223333:user/staff/nn", "no principal", "arn:aws:iam::111122223333:user/staff/ann"},
		{"can user/ann do s3:* in ou Prod", "ou Prod", `"can" takes no in`, ""},
		{"what can user/ann do except outside", "outside", `"what can" takes no except`, ""},
		{"who can nosuch:@write", "nosuch:@write", `no service "nosuch"`, ""},
		{"who can s3:* when aws:CurrentTime < soon", "soon", "neither a number nor a date", ""},
		{"who can s3:* when aws:SourceIp = here", "here", "aws:SourceIp is an address", ""},
		{"who can s3:* when aws:MultiFactorAuthPresent != yes", "yes", "aws:MultiFactorAuthPresent is true or false", ""},
		{"who can s3:* when aws:MultiFactorAuthAge in (1, x)", "x", "aws:MultiFactorAuthAge is a number", ""},
		{"who can s3:* | where verdict = alowed", "alowed", "verdict is one of allowed, conditional, unknown, denied", "allowed"},
		{"who can s3:* | where kind in (user, rol)", "rol", "kind is one of", "role"},
		{"who can s3:* when resource < 5", "resource < 5", "the resource is compared with", ""},
		{"who can s3:* | where prinicpal = x", "prinicpal", "no field", "principal"},
		{"who can s3:* | select grants.condition", "grants.condition", "no field", "grants.conditions"},
		{"who can s3:* | where can('s3:*')", "can", "no function can", ""},
	} {
		_, err := small(t).Ask(t.Context(), test.question, query.Options{})
		var e *syntax.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v, want an *syntax.Error", test.question, err)
			continue
		}
		if marked := test.question[e.Offset : e.Offset+e.Length]; marked != test.marked {
			t.Errorf("%s: %q is marked, want %q", test.question, marked, test.marked)
		}
		if !strings.Contains(e.Message, test.message) || e.Suggestion != test.suggestion {
			t.Errorf("%s: %q suggests %q, want %q and %q", test.question, e.Message, e.Suggestion, test.message, test.suggestion)
		}
	}
}

func TestWarnings(t *testing.T) {
	for question, want := range map[string]string{
		"who can s3x:*": "did you mean s3:*?",
		"who can s3:GetObject when aws:SourceIpp is present":      "did you mean aws:SourceIp?",
		"who can s3:GetObject when aws:SourceIp = kms:ViaService": "no request for the actions that are asked about holds kms:ViaService",
		"who can s3:GetObjekt":                                    "action s3:GetObjekt is not in the catalogue",
		"who can s3:GetObject in tag teem = data":                 "no principal of the snapshot has a tag teem; did you mean Team?",
		"can service nosuch.amazonaws.com do s3:GetObject":        "no policy of the snapshot names the service nosuch.amazonaws.com",
		"who can s3:GetObject except service x.amazonaws.com":     "no policy of the snapshot names the service x.amazonaws.com",
	} {
		_, summary := ask(t, small(t), question)
		if len(summary.Warnings) != 1 || !strings.Contains(summary.Warnings[0], want) {
			t.Errorf("%s: warnings %q, want %q", question, summary.Warnings, want)
		}
	}
}

// TestPrincipals holds whom each way of naming a principal means.
func TestPrincipals(t *testing.T) {
	for who, want := range map[string][]string{
		"user/ann":                            {"1111 user/staff/ann"},
		"user/staff/ann":                      {"1111 user/staff/ann"},
		"user/*":                              {"1111 user/staff/ann"},
		"role/*":                              {"1111 role/Admin", "1111 role/ci/Deploy", "2222 role/Reader"},
		"role/ci/*":                           {"1111 role/ci/Deploy"},
		"arn:aws:iam::*:role/*e*":             {"1111 role/ci/Deploy", "2222 role/Reader"},
		"root":                                {"1111 root", "2222 root"},
		"account 222233334444":                {"2222 role/Reader", "2222 root"},
		"group/Staff":                         {"1111 group/Staff"},
		"service sns.amazonaws.com":           {"sns.amazonaws.com"},
		"arn:aws:iam::999900001111:role/else": {"9999 role/else"},
		"arn:aws:sts::111122223333:assumed-role/Admin/me": {"1111 assumed-role/Admin/me"},
		"arn:aws:iam::111122223333:group/Staff":           {"1111 group/Staff"},
		"arn:aws:iam::111122223333:role/ci/Deploy":        {"1111 role/ci/Deploy"},
	} {
		rows, _ := ask(t, small(t), "can "+who+" do s3:GetObject on arn:aws:s3:::data/x")
		if got := principals(rows); !slices.Equal(got, want) {
			t.Errorf("can %s: %q, want %q", who, got, want)
		}
	}
}

// TestReferenceExamples asks every example of the users' reference of the sample organization.
func TestReferenceExamples(t *testing.T) {
	data, err := os.ReadFile("../docs/query-language.md")
	if err != nil {
		t.Fatal(err)
	}
	now := 0
	for _, block := range strings.Split(string(data), "```accessgraph\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		for line := range strings.Lines(block) {
			q, err := query.Check(line)
			if err != nil {
				t.Errorf("%s: %v", line, err)
				continue
			}
			if _, ok := q.Question.(*syntax.Changes); ok { // TestChangesOfSample asks them, of two snapshots
				continue
			}
			now++
			a, err := sample(t).Ask(t.Context(), line, query.Options{})
			if err != nil {
				t.Errorf("%s: %v", line, err)
				continue
			}
			var out bytes.Buffer
			if err := render.Write(&out, render.Table, a, render.Options{}); err != nil || out.Len() == 0 {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
	if now < 50 {
		t.Errorf("%d examples were asked, want more", now)
	}
}

// TestConditionsReadBack holds that conditions are in the language: they parse, and print as they were.
func TestConditionsReadBack(t *testing.T) {
	seen := 0
	for _, question := range []string{"who can kms:*", "who can s3:GetObject, s3:PutObject", "who can sts:AssumeRole*", "who can iam:*"} {
		rows, _ := ask(t, sample(t), question)
		for _, r := range rows {
			for _, g := range r.(*answer.WhoCan).Whole().Grants {
				if g.Conditions == "" {
					continue
				}
				seen++
				x, err := syntax.ParseExpr(g.Conditions)
				if err != nil {
					t.Errorf("%s: %s: %v", question, g.Conditions, err)
				} else if x.String() != g.Conditions {
					t.Errorf("%s prints as %s", g.Conditions, x)
				}
			}
		}
	}
	if seen < 20 {
		t.Errorf("%d conditions, want more", seen)
	}
}

// TestKeysAreSpelled holds that conditions write keys as AWS or the policy does (C2).
func TestKeysAreSpelled(t *testing.T) {
	rows, _ := ask(t, small(t), "who can s3:PutObject on arn:aws:s3:::data/*")
	var got []string
	for _, r := range rows {
		for _, g := range r.(*answer.WhoCan).Whole().Grants {
			if g.Conditions != "" {
				got = append(got, g.Conditions)
			}
		}
	}
	want := []string{
		"aws:MultiFactorAuthPresent = true",
		"resource like 'arn:aws:s3:::data/${s3:X-Amz-Acl}/*'",
		"s3:x-amz-storage-class = s3:x-amz-acl",
	}
	for _, w := range want {
		if !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, w) }) {
			t.Errorf("no condition holds %s: %q", w, got)
		}
	}
}
