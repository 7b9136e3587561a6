package syntax

import (
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// Cut cuts a text after its first statement, which ends at a semicolon outside quotes and comments. found is false when there is
// none. A semicolon is no character of the language: names that hold one stand in quotes.
func Cut(text string) (statement, rest string, found bool) {
	at := -1
	eachRaw(text, func(t lexer.Token, length int) bool {
		b := build()
		switch t.Type {
		case b.open:
			return false
		case b.blank, b.str, b.cannot:
			return true
		}
		if i := strings.IndexByte(text[t.Pos.Offset:t.Pos.Offset+length], ';'); i >= 0 {
			at = t.Pos.Offset + i
			return false
		}
		return true
	})
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+1:], true
}

// eachRaw calls fn with the tokens of a text as the lexer finds them, white space and what is no token among them, and with their
// length in bytes, until fn gives false. Words are sorted by their shape.
func eachRaw(text string, fn func(t lexer.Token, length int) bool) {
	if len(text) > MaxBytes || invalidUTF8(text) >= 0 {
		return
	}
	b := build()
	lex, err := b.lexer.StatefulDefinition.LexString("", blankLeadingComment(text))
	if err != nil {
		return
	}
	for {
		t, err := lex.Next()
		if err != nil || t.EOF() {
			return
		}
		length := len(t.Value)
		b.sort(&t)
		if !fn(t, length) {
			return
		}
	}
}
