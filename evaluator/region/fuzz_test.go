package region

import (
	"errors"
	"testing"
	"unicode/utf8"
)

// fuzzPattern reads a pattern from a text: * and ? stand for wildcards, + and - for those that stop at a colon.
func fuzzPattern(text string) Pattern {
	const most = 6
	p := Pattern{}
	for i, c := range []byte(text) {
		switch {
		case i == 0 && c == '~':
			p.Fold = true
		case len(p.Tokens) == most:
			return p
		case c == '*':
			p.Tokens = append(p.Tokens, Token{Kind: TokenStar})
		case c == '?':
			p.Tokens = append(p.Tokens, Token{Kind: TokenAny})
		case c == '+':
			p.Tokens = append(p.Tokens, Token{Kind: TokenStarInField})
		case c == '-':
			p.Tokens = append(p.Tokens, Token{Kind: TokenAnyInField})
		default:
			p.Tokens = append(p.Tokens, Token{Rune: rune("abA:"[c%4])})
		}
	}
	return p
}

// fuzzLang reads a union of up to three patterns, separated by spaces; behind a ! it is everything else.
func fuzzLang(text string) Lang {
	var l Lang
	if text != "" && text[0] == '!' {
		l.Not, text = true, text[1:]
	}
	at := 0
	for i := 0; i <= len(text) && len(l.Patterns) < 3; i++ {
		if i == len(text) || text[i] == ' ' {
			l.Patterns = append(l.Patterns, fuzzPattern(text[at:i]))
			at = i + 1
		}
	}
	return l
}

// FuzzGlobAlgebra holds intersection, subtraction, covering, emptiness and partition of sets of patterns against the strings of up to
// three characters, and their witnesses against the definition of matching.
func FuzzGlobAlgebra(f *testing.F) {
	for _, s := range [][2]string{
		{"", ""}, {"*", "!"}, {"*a*b", "*b*a"}, {"a*", "~A*"}, {"!a* b*", "*a"}, {"?*", "!-"}, {"a+:b", "a*:*b"}, {"+", "*"}, {"*a?", "*b?"}, {"~a", "A a"},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		a, b := fuzzLang(first), fuzzLang(second)
		in := func(l Lang, s string) bool {
			for _, p := range l.Patterns {
				if naiveMatch(p.Tokens, p.Fold, []rune(s)) {
					return !l.Not
				}
			}
			return l.Not
		}
		for name, set := range map[string][]Lang{"a": {a}, "a and b": {a, b}, "a without b": {a, b.Complement()}, "neither": {a.Complement(), b.Complement()}} {
			all := func(s string) bool {
				for _, l := range set {
					if !in(l, s) {
						return false
					}
				}
				return true
			}
			witness, found, err := Find(NewBudget(1_000_000), set...)
			if err != nil {
				t.Fatal(err)
			}
			if found && !all(witness) {
				t.Fatalf("%s of %s; %s: %q is not in it", name, text(a), text(b), witness)
			}
			for _, s := range shortStrings {
				if all(s) && (!found || utf8.RuneCountInString(witness) > utf8.RuneCountInString(s)) {
					t.Fatalf("%s of %s; %s: %q is in it, and found is %v %q", name, text(a), text(b), s, found, witness)
				}
			}
		}
		cells, err := Cells(NewBudget(1_000_000), nil, []Lang{a, b})
		if err != nil {
			t.Fatal(err)
		}
		known := map[[2]bool]bool{}
		for _, c := range cells {
			known[[2]bool{c.In.Has(0), c.In.Has(1)}] = true
			if in(a, c.Witness) != c.In.Has(0) || in(b, c.Witness) != c.In.Has(1) {
				t.Fatalf("%s; %s: %q is not in its cell", text(a), text(b), c.Witness)
			}
		}
		for _, s := range shortStrings {
			if !known[[2]bool{in(a, s), in(b, s)}] {
				t.Fatalf("%s; %s: no cell for %q", text(a), text(b), s)
			}
		}
		meets, err := Intersects(NewBudget(1_000_000), a, b)
		_, both, err2 := Find(nil, a, b)
		covers, err3 := Covers(NewBudget(1_000_000), a, b)
		_, outside, err4 := Find(nil, b, a.Complement())
		if err := errors.Join(err, err2, err3, err4); err != nil {
			t.Fatal(err)
		}
		if meets != both || covers == outside {
			t.Fatalf("%s; %s: meets %v, though they have a string in common is %v; covers %v, though one lies outside is %v", text(a), text(b), meets, both, covers, outside)
		}
	})
}

// FuzzMatch holds matching against its definition.
func FuzzMatch(f *testing.F) {
	for _, s := range [][2]string{{"*a*a*a*a*b", "aaaaaaaab"}, {"~k", "\u212a"}, {"+:-", "a:b"}, {"?", "\xff"}, {"~*I*", "\u0130i"}, {"", ""}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		const most = 12 // the definition takes exponential time
		p := Glob(pattern, false)
		if pattern != "" && pattern[0] == '~' {
			p = Glob(pattern[1:], true)
		}
		for i, tok := range p.Tokens {
			if tok == (Token{Rune: '+'}) {
				p.Tokens[i] = Token{Kind: TokenStarInField}
			}
			if tok == (Token{Rune: '-'}) {
				p.Tokens[i] = Token{Kind: TokenAnyInField}
			}
		}
		if len(p.Tokens) > most || utf8.RuneCountInString(s) > most {
			return
		}
		if got, want := p.Match(s), naiveMatch(p.Tokens, p.Fold, []rune(s)); got != want {
			t.Fatalf("%q matches %q: got %v, want %v", p, s, got, want)
		}
	})
}
