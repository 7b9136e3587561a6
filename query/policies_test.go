package query_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
)

const (
	readPayroll = `{"Version":"2012-10-17","Statement":[{"Sid":"Read","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::payroll/*"}]}`
	readMore    = `{"Version":"2012-10-17","Statement":[{"Sid":"Read","Effect":"Allow","Action":["s3:GetObject","s3:GetObjectAcl"],"Resource":"arn:aws:s3:::payroll/*"},
{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`
)

func named(name, text string) query.PolicyText {
	return query.PolicyText{Name: name, Text: []byte(text)}
}

// policyRows are the rows of an answer about documents.
func policyRows(t *testing.T, a *answer.Answer, err error) []*answer.PolicyGrant {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := answer.Collect(a.Rows)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]*answer.PolicyGrant, len(rows))
	for i, r := range rows {
		out[i] = r.(*answer.PolicyGrant)
	}
	return out
}

func TestDiffPolicies(t *testing.T) {
	a, err := query.DiffPolicies(t.Context(), named("old", readPayroll), named("new", readMore), query.PolicyOptions{})
	var got []string
	for _, r := range policyRows(t, a, err) {
		got = append(got, strings.Join([]string{r.Change, string(r.Verdict), strings.Join(r.Actions, ","), strings.Join(r.Resources, ","), r.Conditions, r.Witness.Action}, " | "))
		if len(r.Via) != 1 || r.Via[0].Sid != "Read" {
			t.Errorf("%s %v is by %v", r.Change, r.Actions, r.Via)
		}
	}
	want := []string{
		"gained | conditional | s3:GetObjectAcl | arn:aws:s3:::payroll/* | aws:SecureTransport != false | s3:GetObjectAcl",
		"lost | conditional | s3:GetObject | arn:aws:s3:::payroll/* | aws:SecureTransport = false | s3:GetObject",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	statements := a.About[slices.IndexFunc(a.About, func(f answer.Fact) bool { return f.Name == "statements" })].Value
	if diff := cmp.Diff([]string{
		`changed statement 0 (Read): Action: added s3:GetObjectAcl`,
		`added statement 1: {"Action":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny","Resource":"*"}`,
	}, statements); diff != "" {
		t.Errorf("statements (-want +got):\n%s", diff)
	}
}

// TestPoliciesThatAreOne holds that texts which say the same differ in nothing.
func TestPoliciesThatAreOne(t *testing.T) {
	for _, other := range []string{
		`{"Version":"2012-10-17","Statement":{"Action":["S3:getobject"],"Effect":"Allow","Resource":["arn:aws:s3:::payroll/*","arn:aws:s3:::payroll/x/*"]}}`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::payroll/*","Condition":{"Bool":{"aws:SecureTransport":"true"}}},
			{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::payroll/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"},{"Effect":"Deny","Action":"s3:GetObject","NotResource":"arn:aws:s3:::payroll/*"}]}`,
	} {
		a, err := query.DiffPolicies(t.Context(), named("old", readPayroll), named("new", other), query.PolicyOptions{})
		for _, r := range policyRows(t, a, err) {
			t.Errorf("%s\n%s %v %v %s", other, r.Change, r.Actions, r.Resources, r.Conditions)
		}
	}
}

func TestCheckPolicy(t *testing.T) {
	bucket := func(principal, condition string) query.PolicyText {
		return named("bucket", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":`+principal+`,"Action":"sqs:SendMessage","Resource":"*"`+condition+`}}`)
	}
	condition := func(operator, key, value string) string {
		return `,"Condition":{"` + operator + `":{"` + key + `":"` + value + `"}}`
	}
	for _, test := range []struct {
		name string
		doc  query.PolicyText
		want string
	}{
		{"everyone", bucket(`"*"`, ""), query.CheckFailed},
		{"an account", bucket(`{"AWS":"111122223333"}`, ""), query.CheckPassed},
		{"a service", bucket(`{"Service":"sns.amazonaws.com"}`, ""), query.CheckPassed},
		{"everyone of an organization", bucket(`"*"`, condition("StringEquals", "aws:PrincipalOrgID", "o-1")), query.CheckPassed},
		{"everyone under a unit", bucket(`"*"`, condition("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-1/r-1/*")), query.CheckPassed},
		{"everyone of just any organization", bucket(`"*"`, condition("StringLike", "aws:PrincipalOrgID", "o-*")), query.CheckFailed},
		{"everyone of an account", bucket(`"*"`, condition("StringEquals", "aws:PrincipalAccount", "111122223333")), query.CheckPassed},
		{"roles of an account", bucket(`"*"`, condition("ArnLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/*")), query.CheckPassed},
		{"roles of any account", bucket(`"*"`, condition("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/deploy")), query.CheckFailed},
		{"through an endpoint", bucket(`"*"`, condition("StringEquals", "aws:SourceVpce", "vpce-1")), query.CheckPassed},
		{"who says so", bucket(`"*"`, condition("StringEquals", "aws:UserAgent", "me")), query.CheckFailed},
		{"from a network", bucket(`"*"`, condition("IpAddress", "aws:SourceIp", "203.0.113.0/24")), query.CheckFailed},
	} {
		r, err := query.CheckPolicy(t.Context(), test.doc, query.PolicyCheck{NotPublic: true}, query.PolicyOptions{})
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if r.Result != test.want || r.Kind != policy.Resource {
			t.Errorf("%s: %s, want %s (%s)", test.name, r.Result, test.want, r.Kind)
		}
		for _, row := range policyRows(t, r.Answer, nil) {
			if row.Witness == nil || row.Witness.Action != "sqs:SendMessage" {
				t.Errorf("%s: the witness is %v", test.name, row.Witness)
			}
		}
	}
}

// TestUnknownIsNotPassed holds that what AWS's own pages leave open (D44) passes no check.
func TestUnknownIsNotPassed(t *testing.T) {
	old := named("old", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"},{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*"}]}`)
	now := named("new", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"},{"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:role/App"},"Action":"sqs:*","Resource":"*"}]}`)
	r, err := query.CheckPolicy(t.Context(), now, query.PolicyCheck{NoNewAccess: &old}, query.PolicyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Result != query.CheckUnknown {
		t.Errorf("the result is %s", r.Result)
	}
	for _, row := range policyRows(t, r.Answer, nil) {
		if !slices.ContainsFunc(row.Causes, func(c string) bool { return strings.HasPrefix(c, "notprincipal-uncertain") }) {
			t.Errorf("%s: %v", row.Principal, row.Causes)
		}
	}
	same, err := query.CheckPolicy(t.Context(), now, query.PolicyCheck{NoNewAccess: &now}, query.PolicyOptions{})
	if err != nil || same.Result != query.CheckPassed {
		t.Errorf("a document beside itself: %v, %v", same, err)
	}
}

func TestPolicyKinds(t *testing.T) {
	for text, want := range map[string]policy.Kind{
		readPayroll: policy.Identity,
		`{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}}`:                                             policy.Resource,
		`{"Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession"]}]}`: policy.Trust,
		`{"Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole","Resource":"*"}]}`:     policy.Resource,
		`{"Statement":[{"Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},"Action":"sqs:*","Resource":"*"}]}`:                     policy.Resource,
		`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":["sts:AssumeRole","s3:GetObject"]}]}`:            policy.Resource,
		`nothing that could be read`: policy.Identity,
	} {
		if got := query.GuessPolicyKind([]byte(text)); got != want {
			t.Errorf("%s reads like %s, want %s", text, got, want)
		}
	}
}

func TestStatementLines(t *testing.T) {
	for text, want := range map[string][]int{
		"{\n \"Statement\": [\n  {},\n\n  {\"a\": {\n  }}, {}\n ]\n}": {3, 5, 6},
		"{\"Version\": \"x\",\n\"Statement\":\n{}}":                   {3},
		"[]":                 nil,
		"{\"Statement\": 7}": {1},
		"{\"Statement\": [":  nil,
	} {
		if got := query.StatementLines([]byte(text)); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestInvalidPolicies(t *testing.T) {
	_, err := query.DiffPolicies(t.Context(), named("old.json", readPayroll), named("new.json", `{"Statement":[{"Effect":"Allow","Action":"s3:*"}]}`), query.PolicyOptions{Type: "identity"})
	var invalid *query.PolicyError
	if !errors.As(err, &invalid) || invalid.Name != "new.json" || len(invalid.Problems) != 1 || invalid.Problems[0].Rule != "A6" {
		t.Errorf("the error is %v", err)
	}
}

// FuzzPolicies reads what is no policy: no text makes it panic, and whatever is compared with itself differs in nothing.
func FuzzPolicies(f *testing.F) {
	for _, text := range []string{readPayroll, readMore, `{"Statement":{}}`, `{"Statement":[{"Effect":"Allow","Principal":{"AWS":["111122223333","*"]},"NotAction":"sts:*"}]}`, `[`, `{"Statement":[1,{"Sid":"`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		lines := query.StatementLines(text)
		for _, line := range lines {
			if line < 1 || line > 1+strings.Count(string(text), "\n") {
				t.Fatalf("line %d of %q", line, text)
			}
		}
		one := query.PolicyText{Name: "one", Text: text}
		a, err := query.DiffPolicies(t.Context(), one, one, query.PolicyOptions{Budget: 200_000})
		var invalid *query.PolicyError
		var usage *query.PolicyUsageError
		if errors.As(err, &invalid) || errors.As(err, &usage) {
			return
		}
		for _, r := range policyRows(t, a, err) {
			if r.Verdict != answer.Unknown {
				t.Fatalf("%q exceeds itself: %s %v", text, r.Change, r.Actions)
			}
		}
	})
}
