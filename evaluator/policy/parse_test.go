package policy

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestAcceptanceCases runs the suite of document acceptance cases.
func TestAcceptanceCases(t *testing.T) {
	text, err := os.ReadFile("testdata/parse.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	ran := 0
	for lines.Scan() {
		var c struct{ ID, Rule, PolicyType, Text, Expect string }
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		kind, ok := ParseKind(c.PolicyType)
		if !ok {
			t.Fatalf("%s: kind %q is not known", c.ID, c.PolicyType)
		}
		doc := Parse(kind, []byte(c.Text))
		if doc.Valid() != (c.Expect == "valid") {
			t.Errorf("%s: valid %v, expected %s: %v", c.ID, doc.Valid(), c.Expect, doc.Problems)
		}
		if c.Expect == "invalid" && !names(doc, c.Rule, false) {
			t.Errorf("%s: no problem names %s: %v", c.ID, c.Rule, doc.Problems)
		}
		ran++
	}
	if ran != 11 {
		t.Errorf("%d cases ran", ran)
	}
}

func names(doc *Document, rule string, lint bool) bool {
	for _, p := range doc.Problems {
		if p.Rule == rule && p.Lint == lint {
			return true
		}
	}
	return false
}

// statementOf wraps one statement's members into a document.
func statementOf(members string) string {
	return `{"Version":"2012-10-17","Statement":[{` + members + `}]}`
}

const (
	plain  = `"Effect":"Allow","Action":"s3:GetObject","Resource":"*"`
	denial = `"Effect":"Deny","Action":"s3:*","Resource":"*"`
)

// TestRules has for every rule about documents one that breaks it and one that does not.
func TestRules(t *testing.T) {
	object := func(s string) string { return s }
	tests := []struct {
		rule string
		kind Kind
		wrap func(string) string
		good string
		bad  string
		lint bool
		kept bool // the statement of bad is still analysable
	}{
		{rule: "A1", wrap: object, good: `{"Statement":[{` + plain + `}]}` + "\n ", bad: `{"Statement":[{` + plain + `}]} {}`},
		{rule: "A1", wrap: object, good: `{"Statement":[{` + plain + `}]}`, bad: `[{` + plain + `}]`},
		{rule: "A1", wrap: object, good: `{"Statement":[{` + plain + `}]}`, bad: "\xEF\xBB\xBF" + `{"Statement":[{` + plain + `}]}`},
		{rule: "A1", wrap: object, good: `{"Statement":[{` + plain + `}]}`, bad: `{"Statement":[{` + plain + `}],}`},
		{rule: "A1", wrap: object, good: `{"Statement":[{` + plain + `}]}`, bad: `{"Statement":[{` + plain + `,"Sid":"` + "\xFF" + `"}]}`},
		{rule: "A1", wrap: object, good: `{"Statement":[{` + plain + `}]}`, bad: ``},
		{rule: "A1", wrap: object, good: `{"Statement":[{` + plain + `}]}`, bad: `{"Statement":`},
		{rule: "A1", wrap: object, good: `{"Statement":[{` + plain + `}]}`, bad: `{"Version":"2012-10-17"}`},
		{rule: "A1", wrap: object, good: `{"Statement":[{` + plain + `}]}`, bad: `{"statement":[{` + plain + `}]}`},
		{rule: "A1", wrap: object, good: `{"Statement":[{` + plain + `}]}`, bad: `{"Comment":"x","Statement":[{` + plain + `}]}`},
		{rule: "A1", wrap: object, good: `{"Statement":[{` + plain + `}]}`, bad: strings.Repeat(`{"a":`, 40) + `1` + strings.Repeat(`}`, 40)},
		{rule: "A2", wrap: object, good: `{"Version":"2008-10-17","Statement":[{` + plain + `}]}`, bad: `{"Version":"2012-10-18","Statement":[{` + plain + `}]}`},
		{rule: "A2", wrap: object, good: `{"Statement":[{` + plain + `}]}`, bad: `{"Version":null,"Statement":[{` + plain + `}]}`},
		{rule: "A3", wrap: object, good: `{"Statement":{` + plain + `}}`, bad: `{"Statement":"x"}`},
		{rule: "A3", wrap: object, good: `{"Statement":[{` + plain + `}]}`, bad: `{"Statement":[7]}`},
		{rule: "A3", wrap: object, good: `{"Statement":[{` + plain + `}]}`, bad: `{"Statement":[]}`, kept: true},
		{rule: "A4", good: plain, bad: `"Effect":"allow","Action":"s3:GetObject","Resource":"*"`},
		{rule: "A4", good: plain, bad: `"Action":"s3:GetObject","Resource":"*"`},
		{rule: "A5", good: plain, bad: `"Effect":"Allow","Resource":"*"`},
		{rule: "A5", good: `"Effect":"Allow","NotAction":"iam:*","Resource":"*"`, bad: `"Effect":"Allow","Action":"s3:*","NotAction":"iam:*","Resource":"*"`},
		{rule: "A6", good: `"Effect":"Allow","Action":"s3:*","NotResource":"*"`, bad: `"Effect":"Allow","Action":"s3:*","Resource":"*","NotResource":"*"`},
		{rule: "A6", kind: VPCEndpoint, good: plain, bad: `"Effect":"Allow","Action":"s3:*"`},
		{rule: "A6", kind: Trust, good: `"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}`, bad: `"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"},"Resource":"*"`},
		{rule: "A6", kind: Resource, good: `"Effect":"Allow","Action":"ecr:*","Principal":"*"`, bad: `"Effect":"Allow","Action":"ecr:*","Principal":"*","Resource":"*","NotResource":"*"`},
		{rule: "A7", kind: Resource, good: `"Principal":"*",` + plain, bad: plain},
		{rule: "A7", kind: RCP, good: `"Principal":"*",` + denial, bad: denial},
		{rule: "A7", kind: VPCEndpoint, good: plain, bad: `"Principal":"*","NotPrincipal":"*",` + denial},
		{rule: "A7", kind: Boundary, good: plain, bad: `"NotPrincipal":"*",` + denial},
		{rule: "A8", good: `"Effect":"Allow","Action":["s3:GetObject"],"Resource":["*"]`, bad: `"Effect":"Allow","Action":["s3:GetObject",["s3:PutObject"]],"Resource":"*"`},
		{rule: "A8", good: plain + `,"Condition":{"Bool":{"a:b":true},"NumericEquals":{"a:c":[1,"2"]}}`, bad: plain + `,"Condition":{"StringEquals":{"a:b":null}}`},
		{rule: "A8", good: plain, bad: plain + `,"Condition":{"StringEquals":{"a:b":[["x"]]}}`},
		{rule: "A8", good: plain, bad: `"Effect":"Allow","Action":"s3:GetObject","Resource":1`},
		{rule: "A9", wrap: object, good: `{"Id":"x","Statement":[{"Principal":"*",` + plain + `}]}`, kind: Resource, bad: `{"Id":"x","Id":"x","Statement":[{"Principal":"*",` + plain + `}]}`},
		{rule: "A9", good: plain, bad: plain + `,"Resource":"*"`},
		{rule: "A9", kind: Resource, good: `"Principal":{"AWS":"*"},` + plain, bad: `"Principal":{"AWS":"*","AWS":"111122223333"},` + plain},
		{rule: "A9", good: plain, bad: plain + `,"Condition":{"Bool":{"a:b":"true"},"Bool":{"a:c":"true"}}`},
		{rule: "A9", good: plain, bad: plain + `,"Condition":{"Bool":{"a:b":"true","a:b":"true"}}`},
		{rule: "A9", good: plain, bad: plain + `,"Sid":"\u0061","S\u0069d":"b"`},
		{rule: "A10", good: `"Sid":"x",` + plain, bad: `"Comment":"x",` + plain},
		{rule: "A10", good: plain, bad: `"effect":"Allow","Action":"s3:GetObject","Resource":"*"`},
		{rule: "A11", good: `"Sid":"Read1",` + plain, bad: `"Sid":"Read it",` + plain, lint: true},
		{rule: "A11", good: `"Sid":"Read1",` + plain, bad: `"Sid":1,` + plain, lint: true},
		{rule: "A11", good: `"Sid":"a",` + plain + `},{` + plain, bad: `"Sid":"a",` + plain + `},{"Sid":"a",` + plain, lint: true},
		{rule: "A12", kind: Resource, wrap: object, good: `{"Id":"x","Statement":{"Principal":"*",` + plain + `}}`, bad: `{"Id":1,"Statement":{"Principal":"*",` + plain + `}}`, kept: true},
		{rule: "A12", wrap: object, good: `{"Statement":{` + plain + `}}`, bad: `{"Id":"x","Statement":{` + plain + `}}`, kept: true},
		{rule: "A13", good: plain, bad: plain + `,"Condition":{"StringEquals":{"a:b":"` + strings.Repeat("x", 6200) + `"}}`, lint: true},
		{rule: "A16", good: plain, bad: `"Effect":"Allow","Action":[],"Resource":"*"`, lint: true},
		{rule: "A16", kind: Resource, good: `"Principal":"*",` + plain, bad: `"Principal":{},` + plain, lint: true},
		{rule: "A20", kind: Resource, good: `"Principal":{"Service":["a.amazonaws.com","b.amazonaws.com"]},` + plain, bad: `"Principal":"111122223333",` + plain},
		{rule: "A20", kind: Resource, good: `"Principal":{"CanonicalUser":"` + strings.Repeat("0f", 32) + `"},` + plain, bad: `"Principal":{"aws":"*"},` + plain},
		{rule: "A20", kind: Resource, good: `"Principal":{"AWS":"arn:aws:iam::111122223333:user/x"},` + plain, bad: `"Principal":{"AWS":"alice"},` + plain},
		{rule: "A22", kind: Resource, good: `"Principal":{"AWS":"*"},` + plain, bad: `"Principal":{"Service":"*"},` + plain},
		{rule: "A22", kind: Trust, good: `"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}`, bad: `"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"`, kept: true},
		{rule: "A22", kind: Trust, good: `"Effect":"Allow","Action":"sts:AssumeRoleWithSAML","Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/x"}`, bad: `"Effect":"Allow","Action":"sts:AssumeRoleWithSAML","Principal":{"Federated":"*"}`, lint: true},
		{rule: "A23", kind: Resource, good: `"Principal":{"AWS":"arn:aws:iam::111122223333:role/x"},` + plain, bad: `"Principal":{"AWS":"arn:aws:iam::111122223333:role/*"},` + plain, lint: true},
		{rule: "A23", kind: Resource, good: `"Principal":{"Service":"s3.amazonaws.com"},` + plain, bad: `"Principal":{"Service":"*.amazonaws.com"},` + plain, lint: true},
		{rule: "A28", kind: Trust, good: `"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"accounts.google.com"}`, bad: `"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":"*"`, kept: true},
		{rule: "A28", kind: Resource, good: `"Principal":"*",` + plain, bad: `"Principal":{"Federated":"accounts.google.com"},` + plain, lint: true},
		{rule: "A30", kind: Resource, good: `"Principal":{"AWS":"111122223333"},` + plain, bad: `"Principal":{"AWS":"AROAEXAMPLEEXAMPLE12"},` + plain, lint: true},
		{rule: "A31", kind: Resource, good: `"NotPrincipal":{"AWS":"111122223333"},` + denial, bad: `"NotPrincipal":{"AWS":"111122223333"},` + plain, kept: true},
		{rule: "A31", kind: Trust, good: `"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}`, bad: `"Effect":"Deny","Action":"sts:AssumeRole","NotPrincipal":{"AWS":"111122223333"}`},
		{rule: "A32", kind: Resource, good: `"Principal":{"AWS":"arn:aws:iam::111122223333:user/g"},` + plain, bad: `"Principal":{"AWS":"arn:aws:iam::111122223333:group/g"},` + plain, lint: true},
		{rule: "A34", kind: SCP, wrap: object, good: statementOf(plain), bad: `{"Statement":[{` + plain + `}]}`, kept: true},
		{rule: "A34", kind: SCP, wrap: object, good: statementOf(plain), bad: `{"Version":"2008-10-17","Statement":[{` + plain + `}]}`, kept: true},
		{rule: "A34", kind: Trust, good: `"Effect":"Allow","Action":"sts:*","Principal":{"AWS":"*"}`, bad: `"Effect":"Allow","Action":"s3:GetObject","Principal":{"AWS":"*"}`, lint: true},
		{rule: "B1", good: `"Effect":"Allow","Action":"*","Resource":"*"`, bad: `"Effect":"Allow","Action":"GetObject","Resource":"*"`, lint: true},
		{rule: "B3", good: `"Effect":"Allow","Action":"s3:G?t*","Resource":"*"`, bad: `"Effect":"Allow","Action":"s3*:Get*","Resource":"*"`, lint: true},
		{rule: "B9", good: plain, bad: `"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3"`, lint: true},
		{rule: "B11", good: `"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}"`, bad: `"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3::${aws:PrincipalAccount}:b"`, lint: true},
		{rule: "B16", good: `"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${*}"`, bad: `"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username"`, lint: true},
		{rule: "C1", good: plain + `,"Condition":{}`, bad: plain + `,"Condition":[]`},
		{rule: "C2", good: plain + `,"Condition":{"StringLike":{"a:b":"x"},"StringEquals":{"A:B":"x"}}`, bad: plain + `,"Condition":{"StringEquals":{"a:b":"x","A:B":"y"}}`},
		{rule: "C9", good: plain + `,"Condition":{"ForAllValues:StringEqualsIfExists":{"a:b":"x"}}`, bad: plain + `,"Condition":{"ForAnyValue:StringEqualsIfExists":{"a:b":"x"}}`, lint: true},
		{rule: "C14", good: plain + `,"Condition":{"Null":{"a:b":"TRUE"}}`, bad: plain + `,"Condition":{"Null":{"a:b":"maybe"}}`, lint: true},
		{rule: "C16", good: plain + `,"Condition":{"forallvalues:stringlikeifexists":{"a:b":"x"}}`, bad: plain + `,"Condition":{"StringMatches":{"a:b":"x"}}`},
		{rule: "C16", good: plain + `,"Condition":{"Null":{"a:b":"true"}}`, bad: plain + `,"Condition":{"NullIfExists":{"a:b":"true"}}`},
		{rule: "C16", good: plain, bad: plain + `,"Condition":{"StringEquals":{}}`},
		{rule: "C16", good: plain, bad: plain + `,"Condition":{"StringEquals":"x"}`},
		{rule: "C17", good: plain + `,"Condition":{"StringEquals":{"a:b":"x"},"StringEqualsIfExists":{"a:b":"x"}}`, bad: plain + `,"Condition":{"StringEquals":{"a:b":"x"},"stringequals":{"a:c":"x"}}`},
		{rule: "C18", good: plain + `,"Condition":{"StringEquals":{"a:b":["x"]}}`, bad: plain + `,"Condition":{"StringEquals":{"a:b":[]}}`, lint: true},
		{rule: "C23", good: plain + `,"Condition":{"NumericEquals":{"a:b":"+1e3"}}`, bad: plain + `,"Condition":{"NumericEquals":{"a:b":"ten"}}`, lint: true},
		{rule: "C24", good: plain + `,"Condition":{"IpAddress":{"a:b":"10.0.0.1/8"}}`, bad: plain + `,"Condition":{"IpAddress":{"a:b":"10.0.0"}}`, lint: true},
		{rule: "C24", good: plain + `,"Condition":{"IpAddress":{"a:b":"2001:db8::/32"}}`, bad: plain + `,"Condition":{"IpAddress":{"a:b":"2001:db8::1/32"}}`, lint: true},
		{rule: "C25", good: plain + `,"Condition":{"DateLessThan":{"a:b":"2030-01-01T00:00:00Z"}}`, bad: plain + `,"Condition":{"DateLessThan":{"a:b":"soon"}}`, lint: true},
		{rule: "C25", good: plain + `,"Condition":{"DateLessThan":{"a:b":1893456000}}`, bad: plain + `,"Condition":{"DateLessThan":{"a:b":2030}}`, lint: true},
		{rule: "C26", good: plain + `,"Condition":{"ArnLike":{"a:b":"*"}}`, bad: plain + `,"Condition":{"ArnLike":{"a:b":"user/alice"}}`, lint: true},
		{rule: "C27", good: plain + `,"Condition":{"Bool":{"a:b":"False"}}`, bad: plain + `,"Condition":{"Bool":{"a:b":"no"}}`, lint: true},
		{rule: "C28", good: plain + `,"Condition":{"BinaryEquals":{"a:b":"QQ=="}}`, bad: plain + `,"Condition":{"BinaryEquals":{"a:b":"?"}}`, lint: true},
		{rule: "C29", good: plain + `,"Condition":{"StringEquals":{"a:b":"${aws:username}"}}`, bad: plain + `,"Condition":{"Bool":{"a:b":"${aws:SecureTransport}"}}`, lint: true},
		{rule: "D17", kind: RCP, good: `"Principal":{"AWS":"*"},` + denial, bad: `"Principal":"*",` + plain, kept: true},
		{rule: "D17", kind: RCP, good: `"Principal":"*","Effect":"Deny","Action":"s3:*","NotResource":"*"`, bad: `"Principal":"*","Effect":"Deny","NotAction":"s3:*","Resource":"*"`},
		{rule: "D17", kind: RCP, good: `"Principal":"*",` + denial, bad: `"Principal":{"AWS":"111122223333"},` + denial},
		{rule: "D17", kind: RCP, good: `"Principal":"*",` + denial, bad: `"NotPrincipal":{"AWS":"111122223333"},` + denial},
		{rule: "D17", kind: RCP, good: `"Principal":"*",` + denial, bad: `"Principal":"*","Effect":"Deny","Action":"*","Resource":"*"`, kept: true},
	}
	for i, test := range tests {
		wrap := test.wrap
		if wrap == nil {
			wrap = statementOf
		}
		t.Run(fmt.Sprintf("%s/%d", test.rule, i), func(t *testing.T) {
			good := Parse(test.kind, []byte(wrap(test.good)))
			if !good.Valid() || names(good, test.rule, true) {
				t.Errorf("good: %v", good.Problems)
			}
			for _, s := range good.Statements {
				if s.Unanalysable != "" {
					t.Errorf("good is unanalysable: %s", s.Unanalysable)
				}
			}
			if test.rule == "A28" && test.kind == Trust {
				return // only the good half says something about this rule
			}
			bad := Parse(test.kind, []byte(wrap(test.bad)))
			if !names(bad, test.rule, test.lint) || bad.Valid() != test.lint {
				t.Errorf("bad: valid %v, problems %v", bad.Valid(), bad.Problems)
			}
			for _, s := range bad.Statements {
				if known := s.Unanalysable == ""; known != (test.lint || test.kept) {
					t.Errorf("bad: unanalysable %q", s.Unanalysable)
				}
			}
		})
	}
}

func TestProblemsHavePlaces(t *testing.T) {
	text := "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\"Effect\": \"Allow\", \"Action\": \"s3:*\", \"Resource\": \"*\"},\n" +
		"    {\"Effect\": \"Allow\", \"Action\": [\"s3:*\", 7],\n     \"Resource\": \"*\", \"Condition\": {\"Bool\": {\"a:b c\": {}}}}\n  ]\n}\n"
	doc := Parse(Identity, []byte(text))
	want := []Problem{
		{Rule: "A8", Path: "Statement[1].Action[1]", Message: "expected a string, not a number", Line: 5},
		{Rule: "A8", Path: `Statement[1].Condition.Bool["a:b c"]`, Message: "a condition value is a string, a number or a boolean, not an object", Line: 6},
	}
	if len(doc.Problems) != len(want) {
		t.Fatalf("%v", doc.Problems)
	}
	for i, w := range want {
		got := doc.Problems[i]
		if c := text[got.Offset]; c != '7' && c != '{' {
			t.Errorf("offset %d is at %q", got.Offset, c)
		}
		got.Offset = 0
		if got != w {
			t.Errorf("got %+v\nwant %+v", got, w)
		}
	}
	if got := doc.Problems[0].String(); got != "line 5: Statement[1].Action[1]: expected a string, not a number (A8)" {
		t.Errorf("printed %s", got)
	}
	if got := (Problem{Rule: "A1", Line: 1, Message: "m"}).String(); got != "line 1: document: m (A1)" {
		t.Errorf("printed %s", got)
	}
}

// TestUnanalysableIsWide holds what is kept of a statement that could not be understood whole (A15).
func TestUnanalysableIsWide(t *testing.T) {
	type want struct {
		effects   []Effect
		action    string // one that matches
		noAction  string // one that does not; empty when all do
		resource  string
		noRes     string
		tests     int
		everyone  bool
		noPrincip bool
	}
	tests := []struct {
		name string
		kind Kind
		text string
		want want
	}{
		{"unknown effect", Identity, `"Effect":"Maybe","Action":"s3:*","Resource":"arn:aws:s3:::b"`,
			want{effects: []Effect{Allow, Deny}, action: "s3:GetObject", noAction: "iam:X", resource: "arn:aws:s3:::b", noRes: "arn:aws:s3:::c", noPrincip: true}},
		{"two effects", Identity, `"Effect":"Allow","Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b"`,
			want{effects: []Effect{Allow, Deny}, action: "s3:GetObject", noAction: "iam:X", resource: "arn:aws:s3:::b", noRes: "arn:aws:s3:::c", noPrincip: true}},
		{"two actions", Identity, `"Effect":"Deny","Action":"s3:*","Action":"iam:*","Resource":"arn:aws:s3:::b"`,
			want{effects: []Effect{Deny}, action: "kms:X", resource: "arn:aws:s3:::b", noRes: "arn:aws:s3:::c", noPrincip: true}},
		{"action and not action", Identity, `"Effect":"Deny","Action":"s3:*","NotAction":"iam:*","Resource":"arn:aws:s3:::b"`,
			want{effects: []Effect{Deny}, action: "kms:X", resource: "arn:aws:s3:::b", noRes: "arn:aws:s3:::c", noPrincip: true}},
		{"bad resource", Identity, `"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::b",1]`,
			want{effects: []Effect{Allow}, action: "s3:X", noAction: "iam:X", resource: "arn:aws:s3:::other", noPrincip: true}},
		{"unknown operator beside a known one", Identity, `"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Strange":{"a:b":"c"},"Bool":{"a:b":"true"}}`,
			want{effects: []Effect{Allow}, action: "s3:X", noAction: "iam:X", resource: "arn:aws:s3:::b", tests: 1, noPrincip: true}},
		{"operator twice", Identity, `"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Bool":{"a:b":"true"},"bool":{"a:c":"true"}}`,
			want{effects: []Effect{Allow}, action: "s3:X", noAction: "iam:X", resource: "arn:aws:s3:::b", noPrincip: true}},
		{"unknown member", Identity, `"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b","When":"now"`,
			want{effects: []Effect{Allow}, action: "s3:X", noAction: "iam:X", resource: "arn:aws:s3:::b", noRes: "arn:aws:s3:::c", noPrincip: true}},
		{"unknown kind of principal", Resource, `"Effect":"Allow","Principal":{"AWS":"111122223333","Robot":"x"},"Action":"s3:*","Resource":"*"`,
			want{effects: []Effect{Allow}, action: "s3:X", noAction: "iam:X", resource: "arn:aws:s3:::b", everyone: true}},
		{"no principal", Resource, `"Effect":"Allow","Action":"s3:*","Resource":"*"`,
			want{effects: []Effect{Allow}, action: "s3:X", noAction: "iam:X", resource: "arn:aws:s3:::b", everyone: true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			doc := Parse(test.kind, []byte(`{"Statement":[{`+plainFor(test.kind)+`},{`+test.text+`}]}`))
			if doc.Valid() || doc.Statements[0].Unanalysable != "" {
				t.Fatalf("valid %v, first statement %q", doc.Valid(), doc.Statements[0].Unanalysable)
			}
			got := doc.Statements[1:]
			if len(got) != len(test.want.effects) {
				t.Fatalf("%d statements", len(got))
			}
			for i, s := range got {
				w := test.want
				if s.Index != 1 || s.Effect != w.effects[i] || s.Unanalysable == "" || s.Cause != UnanalysableStatement {
					t.Errorf("index %d, %s, %q, %s", s.Index, s.Effect, s.Unanalysable, s.Cause)
				}
				if !s.Actions.Match(w.action) || w.noAction != "" && s.Actions.Match(w.noAction) {
					t.Errorf("actions %+v", s.Actions)
				}
				if !s.Resources.Match(w.resource, nil) || w.noRes != "" && s.Resources.Match(w.noRes, nil) {
					t.Errorf("resources %+v", s.Resources)
				}
				if len(s.Conditions) != w.tests {
					t.Errorf("conditions %v", s.Conditions)
				}
				if s.Principals.None != w.noPrincip || w.everyone && !everyoneAlone(s.Principals.Entries) {
					t.Errorf("principals %+v", s.Principals)
				}
			}
		})
	}
}

func plainFor(kind Kind) string {
	if principalRuleOf(kind) == principalRequired {
		return `"Principal":"*",` + plain
	}
	return plain
}

func TestUnreadableDocumentMayDoAnything(t *testing.T) {
	texts := []string{``, `{`, `[]`, `{"Statement":1}`, `{"Version":"1","Statement":{` + plain + `}}`, `{"Statement":{` + plain + `},"Statement":{` + plain + `}}`}
	for _, text := range texts {
		doc := Parse(Resource, []byte(text))
		checkAnything(t, doc, UnanalysableStatement)
		if len(doc.Problems) == 0 || !strings.Contains(doc.Statements[0].Unanalysable, doc.Problems[0].Message) {
			t.Errorf("%q: reason %q", text, doc.Statements[0].Unanalysable)
		}
	}
	missing := Missing(Boundary)
	checkAnything(t, missing, MissingDocument)
	if !names(missing, "D18", false) {
		t.Errorf("missing: %v", missing.Problems)
	}
}

func checkAnything(t *testing.T, doc *Document, cause Cause) {
	t.Helper()
	if doc.Valid() || len(doc.Statements) != 2 || doc.Statements[0].Effect != Allow || doc.Statements[1].Effect != Deny {
		t.Fatalf("%+v", doc)
	}
	for _, s := range doc.Statements {
		if s.Unanalysable == "" || s.Cause != cause || !s.Actions.Match("a:B") || !s.Resources.Match("*", nil) || !s.Resources.Match("x", nil) {
			t.Errorf("%+v", s)
		}
		if doc.Kind == Resource != everyoneAlone(s.Principals.Entries) || doc.Kind == Resource == s.Principals.None {
			t.Errorf("principals %+v", s.Principals)
		}
	}
}

func TestUnknownTopLevelMemberTouchesEveryStatement(t *testing.T) {
	doc := Parse(Identity, []byte(`{"Also":1,"Statement":[{`+plain+`},{`+denial+`}]}`))
	if len(doc.Statements) != 2 {
		t.Fatalf("%+v", doc.Statements)
	}
	for _, s := range doc.Statements {
		if s.Unanalysable == "" || s.Actions.Match("iam:X") {
			t.Errorf("%+v", s)
		}
	}
}

func TestVersionDecidesOnVariables(t *testing.T) {
	for version, want := range map[string]bool{`"Version":"2012-10-17",`: true, `"Version":"2008-10-17",`: false, ``: false} {
		doc := Parse(Identity, []byte(`{`+version+`"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}","Condition":{"StringEquals":{"a:b":"${*}"}}}}`))
		if !doc.Valid() || doc.Variables != want {
			t.Errorf("%s: variables %v, %v", version, doc.Variables, doc.Problems)
		}
		ctx := NewContext(2)
		ctx.Set("aws:username", Single("alice"))
		ctx.Set("a:b", Single("*"))
		s := &doc.Statements[0]
		if got := s.Resources.Match("arn:aws:s3:::b/alice", ctx); got != want {
			t.Errorf("%s: resource %v", version, got)
		}
		if got := s.Resources.Match("arn:aws:s3:::b/${aws:username}", ctx); got == want {
			t.Errorf("%s: literal resource %v", version, got)
		}
		if got := s.Conditions[0].Eval(ctx, Allow); got != want {
			t.Errorf("%s: escape %v", version, got)
		}
	}
}

func TestCanonicalNumber(t *testing.T) {
	for text, want := range map[string]string{
		"10": "10", "-0": "0", "10.0": "10", "0.50": "0.5", "-0.0": "0", "1e3": "1000", "1.5e-3": "0.0015",
		"12345678901234567890": "12345678901234567890", "100": "100", "1e999999": "1e999999", "1e-999999": "1e-999999", "0e5": "0",
	} {
		if got := canonicalNumber(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestManyFindingsAreCounted(t *testing.T) {
	text := `{"Statement":{"Effect":"Allow","Action":[` + strings.Repeat(`1,`, 2000) + `1],"Resource":[` + strings.Repeat(`"arn:aws",`, 2000) + `"arn:aws"]}}`
	doc := Parse(Identity, []byte(text))
	if doc.Valid() || len(doc.Problems) > 2*maxFindings+10 {
		t.Errorf("valid %v, %d problems", doc.Valid(), len(doc.Problems))
	}
	if !names(doc, "A15", true) || !names(doc, "A15", false) {
		t.Errorf("the rest is not counted")
	}
}

func TestManyWildcards(t *testing.T) {
	star := strings.Repeat("a*", 10000)
	doc := Parse(Identity, []byte(statementOf(`"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::`+star+`"`)))
	if !doc.Valid() {
		t.Fatal(doc.Problems)
	}
	if doc.Statements[0].Resources.Match("arn:aws:s3:::"+strings.Repeat("a", 12000)+"b", nil) != true {
		t.Error("no match")
	}
	if doc.Statements[0].Resources.Match("arn:aws:s3:::"+strings.Repeat("a", 9999), nil) {
		t.Error("match")
	}
}

func BenchmarkParse(b *testing.B) {
	one := `{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:List*"],"Resource":["arn:aws:s3:::data/${aws:username}/*","arn:aws:s3:::data"],` +
		`"Condition":{"StringEquals":{"aws:PrincipalTag/team":["red","blue"]},"Bool":{"aws:SecureTransport":"true"}}}`
	text := []byte(`{"Version":"2012-10-17","Statement":[` + strings.Repeat(one+",", 9) + one + `]}`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Parse(Identity, text)
	}
}
