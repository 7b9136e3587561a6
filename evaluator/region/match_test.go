package region

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// naiveMatch is the definition of matching, written for clarity only.
func naiveMatch(tokens []Token, fold bool, s []rune) bool {
	if len(tokens) == 0 {
		return len(s) == 0
	}
	t := tokens[0]
	inField := t.Kind == TokenStarInField || t.Kind == TokenAnyInField
	if t.star() && naiveMatch(tokens[1:], fold, s) {
		return true
	}
	if len(s) == 0 || inField && s[0] == ':' {
		return false
	}
	if t.star() {
		return naiveMatch(tokens, fold, s[1:])
	}
	if t.Kind == TokenRune && t.Rune != s[0] && (!fold || unicode.ToLower(t.Rune) != unicode.ToLower(s[0])) {
		return false
	}
	return naiveMatch(tokens[1:], fold, s[1:])
}

var (
	testToken = rapid.Custom(func(t *rapid.T) Token {
		kind := rapid.SampledFrom([]TokenKind{TokenRune, TokenRune, TokenRune, TokenAny, TokenAnyInField, TokenStar, TokenStarInField}).Draw(t, "kind")
		if kind != TokenRune {
			return Token{Kind: kind}
		}
		return Token{Rune: rapid.SampledFrom([]rune("abA:kK\u212a\ufffd")).Draw(t, "rune")}
	})
	anyString = rapid.StringOfN(rapid.SampledFrom([]rune("aabbA::kK\u212ai\u0130")), 0, 7, -1)
)

func TestMatchIsTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Pattern{Tokens: rapid.SliceOfN(testToken, 0, 6).Draw(t, "tokens"), Fold: rapid.Bool().Draw(t, "fold")}
		m := Compile(p)
		for i := 0; i < 4; i++ {
			s := anyString.Draw(t, "s")
			if rapid.IntRange(0, 9).Draw(t, "bad") == 0 {
				s += "\xff"
			}
			if got, want := m.Match(s), naiveMatch(p.Tokens, p.Fold, []rune(s)); got != want {
				t.Fatalf("%q (%v) matches %q: got %v, want %v", p, p.Tokens, s, got, want)
			}
		}
	})
}

func TestMatch(t *testing.T) {
	inField := func(text string) Pattern {
		p := Glob(text, false)
		for i, tok := range p.Tokens {
			switch tok.Kind {
			case TokenStar:
				p.Tokens[i].Kind = TokenStarInField
			case TokenAny:
				p.Tokens[i].Kind = TokenAnyInField
			}
		}
		return p
	}
	long := Glob(strings.Repeat("*a", 700)+"b", false)
	tests := []struct {
		p    Pattern
		s    string
		want bool
	}{
		{Pattern{}, "", true},
		{Pattern{}, "a", false},
		{Glob("s3:Get*", true), "S3:getObject", true},
		{Glob("s3:Get*", true), "s3:Ge", false},
		{Glob("*", false), "", true},
		{Glob("?", false), "é", true},
		{Glob("?", false), "", false},
		{Glob("??", false), "\xff\xfe", true},
		{Glob("a*b*c", false), "a-b-b-c", true},
		{Glob("a*b*c", false), "a-c", false},
		{Glob("ab*ba", false), "aba", false},
		{Literal("a*"), "ab", false},
		{Literal("a*"), "a*", true},
		{Glob("k", true), "\u212a", true},
		{Glob("straße", true), "STRASSE", false},
		{inField("a*:c"), "abb:c", true},
		{inField("a*:c"), "ab:b:c", false},
		{inField("a?c"), "a:c", false},
		{long, strings.Repeat("a", 3000), false},
		{inField(strings.Repeat("*a", 700) + "b"), strings.Repeat("a", 1000), false},
		{inField(strings.Repeat("*a", 700) + "b"), strings.Repeat("a", 1000) + "b", true},
	}
	for _, test := range tests {
		if got := test.p.Match(test.s); got != test.want {
			t.Errorf("%q matches %q: got %v, want %v", test.p, test.s, got, test.want)
		}
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	p := Glob("arn:aws:s3:::*/logs/*", false)
	p.Tokens[3] = Token{Kind: TokenStarInField}
	for _, p := range []Pattern{p, Glob("s3:*Object*", true), Glob("a*b*c*d", false), Literal("x")} {
		m := Compile(p)
		if n := testing.AllocsPerRun(10, func() { m.Match("arn:aws:s3:::bucket/logs/2026/s3:GetObject") }); n != 0 {
			t.Errorf("%q: %v allocations", p, n)
		}
	}
}

func TestPatternText(t *testing.T) {
	tests := []struct {
		p       Pattern
		text    string
		literal bool
	}{
		{Glob("a*?b", false), "a*?b", false},
		{Literal("a*?${b"), "a${*}${?}${$}{b", true},
		{Glob("abc", true), "abc", false},
		{Glob("12-3", true), "12-3", true},
		{Pattern{}, "", true},
	}
	for _, test := range tests {
		if got := test.p.String(); got != test.text {
			t.Errorf("text %q, want %q", got, test.text)
		}
		if _, ok := test.p.Literal(); ok != test.literal {
			t.Errorf("%q: literal %v, want %v", test.text, ok, test.literal)
		}
	}
	if !Glob("a?", false).HasWildcard() || Literal("a?").HasWildcard() {
		t.Error("HasWildcard confuses ? with a literal ?")
	}
}

func TestUnlowerIsTheInverseOfToLower(t *testing.T) {
	for c := rune(0); c <= unicode.MaxRune; c++ {
		lower, found := unicode.ToLower(c), false
		for _, r := range unlower(lower) {
			found = found || r == c
		}
		if !found {
			t.Fatalf("unlower(%U) misses %U", lower, c)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	cases := map[string]struct {
		p Pattern
		s string
	}{
		"literal": {Glob("arn:aws:s3:::bucket/key", false), "arn:aws:s3:::bucket/key"},
		"prefix":  {Glob("arn:aws:s3:::bucket/*", false), "arn:aws:s3:::bucket/reports/2026/11/24.csv"},
		"action":  {Glob("s3:Get*", true), "s3:GetObjectVersion"},
		"middle":  {Glob("arn:aws:ec2:*:111111111111:instance/*", false), "arn:aws:ec2:us-east-1:111111111111:instance/i-0123456789"},
		"ends":    {Glob("*-logs", false), "arn:aws:s3:::company-logs"},
		"hostile": {Glob("*a*a*a*b", false), strings.Repeat("a", 60)},
	}
	for name, c := range cases {
		b.Run(name, func(b *testing.B) {
			m := Compile(c.p)
			b.ReportAllocs()
			for b.Loop() {
				m.Match(c.s)
			}
		})
	}
}
