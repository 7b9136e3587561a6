package policy

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// FuzzParse holds what Parse promises of any text: it always comes back, with problems that have their places, the same for the same
// text, and for a valid document the same however its JSON is spaced.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		``, `null`, `[]`, `{"Statement":[]}`, `{"Statement":{` + plain + `}}`, statementOf(plain), statementOf(denial),
		statementOf(`"Sid":"a","Effect":"Allow","Principal":{"AWS":["111122223333","*"],"Service":"ec2.amazonaws.com"},"NotAction":["iam:*","s3:?et"],"NotResource":"arn:aws:s3:::${aws:username}/*"`),
		statementOf(plain + `,"Condition":{"StringLike":{"aws:PrincipalTag/a":["${aws:username, 'x'}","${*}"]},"ForAllValues:NumericLessThanIfExists":{"s3:max-keys":[10,"1e9",true]},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},"DateLessThan":{"aws:CurrentTime":"2026-01-01"},"Null":{"aws:TokenIssueTime":"true"},"BinaryEquals":{"k":"aGk="}}`),
		`{"Version":"2012-10-17","Version":"2008-10-17","Statement":[{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}]}`,
		`{"Statement":` + strings.Repeat("[", 40), "\xef\xbb\xbf{}", "{\"Statement\":\"\xff\"}", `{"Statement":[{}]} {}`,
	} {
		for kind := Identity; kind <= VPCEndpoint; kind++ {
			f.Add(uint8(kind), []byte(s))
		}
	}
	cases, err := os.ReadFile("testdata/parse.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for _, line := range bytes.Split(cases, []byte("\n")) {
		var c struct{ Text string }
		if json.Unmarshal(line, &c) == nil {
			f.Add(uint8(Resource), []byte(c.Text))
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, text []byte) {
		k := Kind(kind) % (VPCEndpoint + 1)
		doc := Parse(k, text)
		checkProblems(t, doc, text)
		if again := Parse(k, bytes.Clone(text)); !reflect.DeepEqual(doc, again) {
			t.Fatalf("parsed twice it differs:\n%+v\n%+v", doc, again)
		}
		matchAll(doc)
		if !doc.Valid() {
			return
		}
		if len(doc.Statements) == 0 {
			t.Fatal("a valid document without statements")
		}
		for i := range doc.Statements {
			if doc.Statements[i].Unanalysable != "" || doc.Statements[i].Cause != "" {
				t.Fatalf("statement %d of a valid document is unanalysable: %s", i, doc.Statements[i].Unanalysable)
			}
		}
		for name, write := range map[string]func(*jsontext.Value, ...jsontext.Options) error{
			"indented": (*jsontext.Value).Indent, "compact": (*jsontext.Value).Compact,
		} {
			spaced := jsontext.Value(bytes.Clone(text))
			if err := write(&spaced); err != nil {
				t.Fatalf("a valid document that is no JSON: %v", err)
			}
			again := Parse(k, spaced)
			if !again.Valid() || !reflect.DeepEqual(again.Statements, doc.Statements) || again.Variables != doc.Variables {
				t.Fatalf("%s it is another document:\n%+v\n%+v", name, doc, again)
			}
		}
	})
}

// matchAll has every statement match something: it must come back.
func matchAll(doc *Document) {
	ctx := NewContext(1)
	ctx.Set("a:b", Single("arn:aws:iam::1:x"))
	for i := range doc.Statements {
		s := &doc.Statements[i]
		s.Actions.Match("s3:GetObject")
		s.Resources.Match("arn:aws:s3:::b", ctx)
		for j := range s.Conditions {
			s.Conditions[j].Eval(ctx, s.Effect)
		}
	}
}

// checkProblems holds that each problem says what, by which rule and where, in order, and that they are few.
func checkProblems(t *testing.T, doc *Document, text []byte) {
	t.Helper()
	if len(doc.Problems) > 2*maxFindings+2 {
		t.Fatalf("%d problems", len(doc.Problems))
	}
	last := 0
	for _, p := range doc.Problems {
		if p.Rule == "" || p.Message == "" || p.Offset < last || p.Offset > len(text) || p.Line != 1+bytes.Count(text[:p.Offset], []byte{'\n'}) {
			t.Fatalf("problem %+v, text of %d bytes, last at %d", p, len(text), last)
		}
		last = p.Offset
		if len(p.Message) > 1000 {
			t.Fatalf("a message of %d bytes: %s", len(p.Message), p.Message)
		}
	}
	if !doc.Valid() && len(doc.Statements) == 0 && !emptyStatements(doc) {
		t.Fatalf("a document with problems has no statements, and is not empty: %+v", doc.Problems)
	}
}

// emptyStatements tells whether what is wrong with the document is that it has no statements (A3).
func emptyStatements(doc *Document) bool {
	for _, p := range doc.Problems {
		if p.Rule == "A3" {
			return true
		}
	}
	return false
}

// TestParseIsLinear holds that ten times the text makes no more than some ten times the memory.
func TestParseIsLinear(t *testing.T) {
	resource := func(s string) string { return statementOf(`"Effect":"Allow","Action":"*","Resource":"` + s + `"`) }
	for name, shape := range map[string]func(n int) string{
		"statements": func(n int) string { return `{"Statement":[` + strings.Repeat(`{`+plain+`},`, n) + `{` + plain + `}]}` },
		"one Sid": func(n int) string {
			return `{"Statement":[` + strings.Repeat(`{"Sid":"a",`+plain+`},`, n) + `{` + plain + `}]}`
		},
		"twins":   func(n int) string { return `{` + strings.Repeat(`"Statement":1,`, n) + `"Statement":1}` },
		"unknown": func(n int) string { return statementOf(plain + strings.Repeat(`,"Unknown":[[[]]]`, n)) },
		"bad actions": func(n int) string {
			return statementOf(plain[:len(plain)-1] + `","NotAction":[` + strings.Repeat(`"bad",`, n) + `1]`)
		},
		"variables":      func(n int) string { return resource(strings.Repeat("${a}", n)) },
		"open variables": func(n int) string { return resource(strings.Repeat("${", n)) },
		"stars":          func(n int) string { return resource(strings.Repeat("*a", n)) },
		"closed depth":   func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) },
	} {
		few, many := allocated(shape(1000)), allocated(shape(10_000))
		if many > 20*few+1<<20 {
			t.Errorf("%s: %d bytes of memory for 1,000 and %d for 10,000", name, few, many)
		}
	}
}

// allocated is the memory that parsing a text takes.
func allocated(text string) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	Parse(Identity, []byte(text))
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
