package syntax

import (
	"io"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// Names of the token types that the grammar refers to. The lexer finds Word, Ref, Arn, String, Op and Mark; the pass in
// tokens.go then sorts words by their shape into Word, Int, Pair and Star, and
// strings into String and Quoted.
const (
	tokenWord   = "Word"   // a plain word
	tokenInt    = "Int"    // digits alone
	tokenPair   = "Pair"   // a word with a colon: an action, a condition key, an IPv6 address
	tokenStar   = "Star"   // a word that begins with * and has no colon
	tokenRef    = "Ref"    // a word that begins with @
	tokenArn    = "Arn"    // arn:…, role/…, user/…, group/…
	tokenString = "String" // text in quotes, quotes and escapes still on
	tokenQuoted = "Quoted" // the same where what the quotes hold begins as an Arn
	tokenOp     = "Op"     // = != ~= < <= > >=
	tokenMark   = "Mark"   // ( ) , | ?
)

// Characters that no unquoted text holds: white space, control characters and the grammar's own marks. Operators end words
// too, but not ARNs and names, where = is an ordinary character. Typographic quotes are pasted by accident: as part of a
// word they would silently change it.
const (
	notInArn  = `\s\p{Z}\p{Cc}(),|'"“”‘’`
	notInWord = notInArn + `=<>!~`
	variable  = `\$\{[^}\n]*\}` // a policy variable is one piece, whatever it holds
)

// rules are those of the stateful lexer. Rules with small names make no tokens for the parser; the last two are there to
// say what is wrong.
func rules() lexer.Rules {
	return lexer.Rules{
		"Root": {
			{Name: "Blank", Pattern: `[\s\p{Z}]+(?:#[^\n]*[\s\p{Z}]*)*`},
			{Name: tokenMark, Pattern: `[(),|]`},
			{Name: "Cannot", Pattern: `(?i)can['’]t`},
			{Name: tokenArn, Pattern: `(?:[aA][rR][nN]:|[rR][oO][lL][eE]/|[uU][sS][eE][rR]/|[gG][rR][oO][uU][pP]/)(?:` + variable + `|[^` + notInArn + `])*`},
			{Name: tokenRef, Pattern: `@[^` + notInArn + `=<>!]*`},
			{Name: tokenWord, Pattern: `(?:` + variable + `|[^` + notInWord + `])+`},
			{Name: tokenOp, Pattern: `!=|~=|<=|>=|[=<>]`},
			{Name: tokenString, Pattern: `(?s)'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"`},
			{Name: "Open", Pattern: `['"]`},
			{Name: "Stray", Pattern: `(?s).`},
		},
	}
}

// definition is the lexer with the token types that the pass over the tokens adds. The parser reads tokens that were
// lexed before, so Lex only completes the interface.
type definition struct {
	*lexer.StatefulDefinition
	symbols map[string]lexer.TokenType
}

func newDefinition() (*definition, error) {
	inner, err := lexer.New(rules())
	if err != nil {
		return nil, err
	}
	d := &definition{StatefulDefinition: inner, symbols: map[string]lexer.TokenType{}}
	lowest := lexer.EOF
	for name, t := range inner.Symbols() {
		d.symbols[name] = t
		lowest = min(lowest, t)
	}
	for i, name := range []string{tokenInt, tokenPair, tokenStar, tokenQuoted} {
		d.symbols[name] = lowest - lexer.TokenType(i) - 1
	}
	return d, nil
}

// Symbols names the token types for participle.
func (d *definition) Symbols() map[string]lexer.TokenType { return d.symbols }

// Lex reads tokens for participle.
func (d *definition) Lex(_ string, r io.Reader) (lexer.Lexer, error) {
	var text strings.Builder
	if _, err := io.Copy(&text, r); err != nil {
		return nil, err
	}
	return d.LexString("", text.String())
}

// LexString is Lex for a string.
func (d *definition) LexString(_ string, text string) (lexer.Lexer, error) {
	tokens, err := tokenize(text)
	if err != nil {
		return nil, err
	}
	return &tokenList{tokens: tokens}, nil
}

// tokenList gives out tokens that were lexed before.
type tokenList struct {
	tokens []lexer.Token // ends with EOF
	next   int
}

// Next gives the next token, and EOF ever after.
func (l *tokenList) Next() (lexer.Token, error) {
	t := l.tokens[l.next]
	if l.next < len(l.tokens)-1 {
		l.next++
	}
	return t, nil
}
