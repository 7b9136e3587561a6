package syntax

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestPrintedQueriesReadBack holds that both texts of any tree read back as the tree.
func TestPrintedQueriesReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := genQuery(t)
		for _, text := range []string{q.String(), q.Pretty()} {
			again, err := Parse(text)
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			if d := cmp.Diff(q, again, samePlacesApart); d != "" {
				t.Fatalf("%q reads differently:\n%s", text, d)
			}
		}
	})
}

// TestPrintedExpressionsReadBack holds the same for the conditions that answers print.
func TestPrintedExpressionsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := genExpr(t, 4)
		text := e.String()
		again, err := ParseExpr(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if d := cmp.Diff(e, again, samePlacesApart); d != "" {
			t.Fatalf("%q reads differently:\n%s", text, d)
		}
	})
}

// TestBareWords holds that a text which prints without quotes is one token, of the type that bareType says.
func TestBareWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genText().Draw(t, "text")
		want := bareType(s)
		if want == "" {
			return
		}
		tokens, err := tokenize(s)
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if len(tokens) != 2 || tokens[0].Value != s || tokens[0].Type != build().lexer.symbols[want] {
			t.Fatalf("%q should be one %s, got %v", s, want, tokens)
		}
	})
}

func TestExprPrinting(t *testing.T) {
	a := &Compare{Key: "aws:a", Op: Equal, Operands: []Operand{{Text: "1"}}}
	b := &Compare{Key: "aws:b", Op: Present}
	c := &Compare{Key: "aws:c", Op: Like, Set: ForAnyValue, Operands: []Operand{{Text: "x*"}, {Text: "a b"}}}
	for _, test := range []struct {
		expr Expr
		want string
	}{
		{NewAnd(), "true"},
		{NewOr(), "false"},
		{&And{}, "true"},
		{&Or{}, "false"},
		{&Not{Term: &Or{}}, "not (false)"},
		{NewAnd(a), "aws:a = 1"},
		{NewAnd(a, &Const{}), "false"},
		{NewOr(a, &Const{Value: true}), "true"},
		{NewAnd(a, &Const{Value: true}, b), "aws:a = 1 and aws:b is present"},
		{NewOr(a, NewOr(b, c)), "aws:a = 1 or aws:b is present or any aws:c like (x*, 'a b')"},
		{NewAnd(a, NewAnd(b, c)), "aws:a = 1 and aws:b is present and any aws:c like (x*, 'a b')"},
		{NewAnd(a, NewOr(b, c)), "aws:a = 1 and (aws:b is present or any aws:c like (x*, 'a b'))"},
		{NewOr(a, NewAnd(b, c)), "aws:a = 1 or aws:b is present and any aws:c like (x*, 'a b')"},
		{&And{Terms: []Expr{a, &And{Terms: []Expr{b, b}}}}, "aws:a = 1 and (aws:b is present and aws:b is present)"},
		{&And{Terms: []Expr{a, &Or{Terms: []Expr{b}}}}, "aws:a = 1 and aws:b is present"},
		{&Not{Term: a}, "not aws:a = 1"},
		{&Not{Term: &Not{Term: b}}, "not not aws:b is present"},
		{&Not{Term: NewAnd(a, b)}, "not (aws:a = 1 and aws:b is present)"},
		{&Compare{Key: "aws:x", Op: In, Operands: []Operand{{Text: "10.0.0.1"}}}, "aws:x in ('10.0.0.1')"},
		{&Compare{Key: "aws:x", Op: InNetwork, Operands: []Operand{{Text: "10.0.0.0/8"}}}, "aws:x in 10.0.0.0/8"},
		{&Compare{Key: "aws:x", Op: InNetwork, Operands: []Operand{{Text: "10.0.0.0/8"}, {Text: "::1"}}}, "aws:x in (10.0.0.0/8, ::1)"},
		{&Compare{Key: "aws:x", Op: Equal, Operands: []Operand{{Text: "aws:y", Key: true}}}, "aws:x = aws:y"},
		{&Compare{Key: "aws:x", Op: Equal, Operands: []Operand{{Text: "aws:y"}}}, "aws:x = 'aws:y'"},
		{&Compare{Key: "aws:x", Op: Equal, Operands: []Operand{{Text: "aws:ResourceTag/a b", Key: true}}}, "aws:x = ${aws:ResourceTag/a b}"},
		{&Compare{Key: "aws:x", Op: NotEqual, Operands: []Operand{{Text: ""}}}, "aws:x != ''"},
		{&Compare{Key: "aws:x", Op: ArnLike, Operands: []Operand{{Text: "arn:aws:iam::*:role/*"}}}, "aws:x arnlike arn:aws:iam::*:role/*"},
	} {
		if got := test.expr.String(); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

func TestPretty(t *testing.T) {
	q := mustParse(t, "who can kms:* on * when aws:x = 1 in outside | group by account count | limit 3")
	want := "who can kms:*\n  on *\n  when aws:x = 1\n  in outside\n| group by account count\n| limit 3"
	if got := q.Pretty(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
