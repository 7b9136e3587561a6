package syntax

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2/lexer"
)

// Limits on what is read. A text beyond them is refused before work is spent on it.
const (
	MaxBytes = 64 << 10 // the length of a query
	MaxDepth = 200      // parentheses within parentheses, and not after not
	MaxItems = 4096     // one list
)

// tokenize cuts text into tokens, the last of which is EOF, with words sorted by shape and final question marks as tokens
// of their own.
func tokenize(text string) ([]lexer.Token, error) {
	tokens, err := scan(text)
	if err != nil {
		return nil, err
	}
	return splitQuestionMarks(tokens), nil
}

// scan is tokenize without the reading of final question marks.
func scan(text string) ([]lexer.Token, error) {
	if len(text) > MaxBytes {
		return nil, newError(text, Pos{Line: 1, Column: 1}, 0,
			fmt.Sprintf("the query is %d bytes long and may be %d at most", len(text), MaxBytes))
	}
	if at := invalidUTF8(text); at >= 0 {
		return nil, newError(text, posAt(text, at), 1, "the query is not UTF-8 here")
	}
	b := build()
	lex, err := b.lexer.StatefulDefinition.LexString("", blankLeadingComment(text))
	if err != nil {
		return nil, err
	}
	var tokens []lexer.Token
	depth := 0
	for {
		t, err := lex.Next()
		if err != nil {
			return nil, newError(text, position(t.Pos), 1, err.Error())
		}
		b.sort(&t)
		switch t.Type {
		case b.blank:
			continue
		case b.open:
			return nil, &Error{Offset: t.Pos.Offset, Line: t.Pos.Line, Column: t.Pos.Column, Length: 1, Query: text,
				Message: "the quote that opens here is not closed", unfinished: true}
		case b.stray:
			return nil, newError(text, position(t.Pos), len(t.Value), stray(t.Value))
		case b.mark:
			switch t.Value {
			case "(":
				if depth++; depth > MaxDepth {
					return nil, newError(text, position(t.Pos), 1, fmt.Sprintf("parentheses are nested more than %d deep", MaxDepth))
				}
			case ")":
				depth--
			}
		}
		tokens = append(tokens, t)
		if t.EOF() {
			return tokens, nil
		}
	}
}

// stray says what is wrong with a character that begins no token.
func stray(char string) string {
	if strings.Contains("“”‘’", char) {
		return fmt.Sprintf(`%s is a typographic quote: write ' or ", or put what has it inside in quotes`, char)
	}
	return fmt.Sprintf("%s cannot stand here: a name or value that has it inside needs quotes", show(char))
}

// sort gives a token the type that its shape has in the grammar.
func (b *built) sort(t *lexer.Token) {
	switch t.Type {
	case b.cannot:
		t.Type, t.Value = b.word, "can't"
	case b.word:
		t.Type = b.shape(t.Value)
	case b.str:
		if inner, ok := unquote(t.Value); ok && isNamed(inner) {
			t.Type = b.quoted
		}
	}
}

// shape sorts an unquoted word.
func (b *built) shape(word string) lexer.TokenType {
	switch {
	case strings.Contains(word, ":"):
		return b.pair
	case word[0] == '*':
		return b.star
	case allDigits(word):
		return b.int
	}
	return b.word
}

// splitQuestionMarks cuts the question mark off the token that ends the text, the question before the first stage, or the
// question in the parentheses of changes. There it is punctuation, and elsewhere a wildcard.
func splitQuestionMarks(tokens []lexer.Token) []lexer.Token {
	b := build()
	out := make([]lexer.Token, 0, len(tokens)+2)
	var inner []bool // for each open parenthesis: does it hold a question?
	staged := false
	for i, t := range tokens {
		ends := t.EOF()
		if t.Type == b.mark {
			switch t.Value {
			case "(":
				inner = append(inner, opensQuestion(b, tokens[:i]))
			case ")":
				if n := len(inner); n > 0 {
					ends, inner = inner[n-1], inner[:n-1]
				}
			case "|":
				ends, staged = !staged && len(inner) == 0, true
			}
		}
		if ends && len(out) > 0 {
			out = cutQuestionMark(b, out)
		}
		out = append(out, t)
	}
	return out
}

// opensQuestion tells whether a parenthesis after these tokens is that of "changes … to @REF in (question)": a list of values
// follows a key or field, never a snapshot.
func opensQuestion(b *built, before []lexer.Token) bool {
	n := len(before)
	if n < 2 || before[n-1].Type != b.word || !strings.EqualFold(before[n-1].Value, "in") {
		return false
	}
	ref := before[n-2]
	return ref.Type == b.ref || ref.Type == b.str && len(ref.Value) > 1 && ref.Value[1] == '@'
}

// cutQuestionMark sets the question mark at the end of the last token apart, if there is one outside quotes.
func cutQuestionMark(b *built, tokens []lexer.Token) []lexer.Token {
	last := &tokens[len(tokens)-1]
	word, found := strings.CutSuffix(last.Value, "?")
	if !found || last.Type == b.mark {
		return tokens
	}
	if word == "" {
		last.Type = b.mark
		return tokens
	}
	mark := lexer.Token{Type: b.mark, Value: "?", Pos: last.Pos}
	mark.Pos.Offset += len(word)
	mark.Pos.Column += utf8.RuneCountInString(word)
	last.Value = word
	if last.Type != b.arn && last.Type != b.ref {
		last.Type = b.shape(word)
	}
	return append(tokens, mark)
}

// blankLeadingComment covers a comment at the very beginning with spaces. Elsewhere a comment needs white space before
// it, since # may be a character of a word.
func blankLeadingComment(text string) string {
	if !strings.HasPrefix(text, "#") {
		return text
	}
	end := strings.IndexByte(text, '\n')
	if end < 0 {
		end = len(text)
	}
	return strings.Repeat(" ", end) + text[end:]
}

// isNamed tells whether a text begins as an ARN or as role/NAME and its like do.
func isNamed(s string) bool {
	for _, prefix := range []string{"arn:", "role/", "user/", "group/"} {
		if hasPrefixFold(s, prefix) {
			return true
		}
	}
	return false
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// invalidUTF8 gives the offset of the first byte that is not UTF-8, -1 if there is none.
func invalidUTF8(s string) int {
	if utf8.ValidString(s) {
		return -1
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// posAt gives the position of an offset. What precedes it need not be UTF-8: a bad byte counts as a character.
func posAt(text string, offset int) Pos {
	before := text[:offset]
	line := strings.LastIndexByte(before, '\n') + 1
	return Pos{Offset: offset, Line: strings.Count(before, "\n") + 1, Column: utf8.RuneCountInString(before[line:]) + 1}
}
