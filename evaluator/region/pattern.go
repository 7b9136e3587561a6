package region

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// TokenKind says what one token of a Pattern stands for.
type TokenKind uint8

// The kinds of token.
const (
	TokenRune        TokenKind = iota // exactly Rune (or, in a folded pattern, either case of it)
	TokenAny                          // exactly one character
	TokenAnyInField                   // exactly one character other than ':'
	TokenStar                         // any run of characters, empty included
	TokenStarInField                  // any run of characters other than ':'
)

// Token is one element of a Pattern. Rune is meaningful for TokenRune only.
type Token struct {
	Kind TokenKind
	Rune rune
}

// star tells whether the token stands for a run of characters.
func (t Token) star() bool { return t.Kind == TokenStar || t.Kind == TokenStarInField }

// takes tells whether the token can consume the character c. In folded patterns both sides are lower case already.
func (t Token) takes(c rune) bool {
	switch t.Kind {
	case TokenRune:
		return t.Rune == c
	case TokenAnyInField, TokenStarInField:
		return c != ':'
	default:
		return true
	}
}

// Pattern is one glob: the language of all strings that its tokens spell. Fold makes letters match in either case
// (by lower-casing both, C21). The zero Pattern matches the empty string only. A byte that is not UTF-8 is one character,
// U+FFFD.
type Pattern struct {
	Tokens []Token
	Fold   bool
}

// Glob reads a text in which * is any run of characters and ? is any one character; everything else is literal (B2, C22).
func Glob(text string, fold bool) Pattern {
	tokens := make([]Token, 0, len(text))
	for _, c := range text {
		switch c {
		case '*':
			tokens = append(tokens, Token{Kind: TokenStar})
		case '?':
			tokens = append(tokens, Token{Kind: TokenAny})
		default:
			tokens = append(tokens, Token{Rune: c})
		}
	}
	return Pattern{Tokens: tokens, Fold: fold}
}

// Literal is the pattern that matches exactly s; wildcard characters in s are plain characters (B15).
func Literal(s string) Pattern {
	tokens := make([]Token, 0, len(s))
	for _, c := range s {
		tokens = append(tokens, Token{Rune: c})
	}
	return Pattern{Tokens: tokens}
}

// HasWildcard tells whether some token stands for more than one character or run. A folded pattern without wildcards still
// may match several strings.
func (p Pattern) HasWildcard() bool {
	for _, t := range p.Tokens {
		if t.Kind != TokenRune {
			return true
		}
	}
	return false
}

// Literal returns the one string that p matches; ok is false when p may match others (wildcards, or letters that fold).
func (p Pattern) Literal() (s string, ok bool) {
	if p.Fold {
		for _, t := range p.Tokens {
			if t.Kind == TokenRune && len(unlower(unicode.ToLower(t.Rune))) > 1 {
				return "", false
			}
		}
	}
	if p.HasWildcard() {
		return "", false
	}
	return runesOf(p.Tokens), true
}

// String is the text of p with * and ? for its wildcards, whether or not they stay inside a field; literal wildcard
// characters are escaped as ${*} and ${?}, and a $ before { as ${$} (B14).
func (p Pattern) String() string {
	var sb strings.Builder
	for i, t := range p.Tokens {
		switch {
		case t.Kind == TokenAny || t.Kind == TokenAnyInField:
			sb.WriteByte('?')
		case t.star():
			sb.WriteByte('*')
		case t.Rune == '*' || t.Rune == '?':
			sb.WriteString("${" + string(t.Rune) + "}")
		case t.Rune == '$' && i+1 < len(p.Tokens) && p.Tokens[i+1] == Token{Rune: '{'}:
			sb.WriteString("${$}")
		default:
			sb.WriteRune(t.Rune)
		}
	}
	return sb.String()
}

// Match tells whether s is in the language of p. Use Compile where the same pattern is matched often.
func (p Pattern) Match(s string) bool {
	m := Compile(p)
	return m.Match(s)
}

// normal is p with letters lowered when they fold, runs of stars merged and every ? before the star beside it, so that
// patterns of equal languages usually have equal tokens.
func (p Pattern) normal() []Token {
	out := make([]Token, 0, len(p.Tokens))
	for _, t := range p.Tokens {
		if t.Kind == TokenRune {
			if p.Fold {
				t.Rune = unicode.ToLower(t.Rune)
			}
			if !utf8.ValidRune(t.Rune) {
				t.Rune = utf8.RuneError
			}
			out = append(out, t)
			continue
		}
		t.Rune = 0
		n := len(out)
		switch {
		case n > 0 && t.star() && out[n-1].star():
			if t.Kind == TokenStar {
				out[n-1].Kind = TokenStar
			}
		case n > 0 && (t.Kind == TokenAny && out[n-1].Kind == TokenStar ||
			t.Kind == TokenAnyInField && out[n-1].Kind == TokenStarInField):
			last := out[n-1]
			out = append(out[:n-1], t, last)
		default:
			out = append(out, t)
		}
	}
	return out
}

// runesOf spells the runes of tokens that have no wildcard.
func runesOf(tokens []Token) string {
	var sb strings.Builder
	sb.Grow(len(tokens))
	for _, t := range tokens {
		sb.WriteRune(t.Rune)
	}
	return sb.String()
}

// unlower lists the characters whose lower case is c, c itself first when it is one. Lower-casing stays inside the orbit of
// simple folding but for U+0130, whose lower case is a plain i.
func unlower(c rune) []rune {
	var out []rune
	for r := c; ; {
		if unicode.ToLower(r) == c {
			out = append(out, r)
		}
		if r = unicode.SimpleFold(r); r == c {
			break
		}
	}
	if c == 'i' {
		out = append(out, 'İ')
	}
	return out
}
