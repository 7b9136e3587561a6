package syntax

import (
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// TokenKind says what a token is to a reader.
type TokenKind string

// The kinds of tokens.
const (
	KeywordToken TokenKind = "keyword"
	WordToken    TokenKind = "word"   // a name, a field, a value
	ActionToken  TokenKind = "action" // with a colon or a star: an action, a condition key
	NameToken    TokenKind = "name"   // an ARN, or role/NAME and its like
	RefToken     TokenKind = "ref"    // a snapshot, or @write and its like
	StringToken  TokenKind = "string"
	NumberToken  TokenKind = "number"
	MarkToken    TokenKind = "mark" // operators and punctuation
	CommentToken TokenKind = "comment"
	ErrorToken   TokenKind = "error" // what cannot stand there
)

// Token is a piece of a text: where it is, and what it says, without quotes.
type Token struct {
	Kind           TokenKind
	Offset, Length int // in bytes
	Text           string
}

// maxMarked is the longest text, in bytes, of which keywords and errors are found: it is done again for every key that is typed.
const maxMarked = 4 << 10

// Tokens cuts a text that is being written into tokens, in order; what is between them is white space. Nothing is an error as
// long as it may become right by going on.
func Tokens(text string) []Token {
	var out []Token
	var read []lexer.Token // those that the grammar knows of, which are at places of out
	var places []int
	eachRaw(text, func(t lexer.Token, length int) bool {
		b := build()
		switch t.Type {
		case b.blank:
			out = append(out, comments(text, t, length)...)
			return true
		case b.stray:
			out = append(out, Token{Kind: ErrorToken, Offset: t.Pos.Offset, Length: len(text) - t.Pos.Offset, Text: text[t.Pos.Offset:]})
			return false
		case b.open:
			out = append(out, Token{Kind: StringToken, Offset: t.Pos.Offset, Length: len(text) - t.Pos.Offset, Text: text[t.Pos.Offset+1:]})
			return false
		}
		shaped := tokenOf(t)
		shaped.Length = length
		read, places = append(read, t), append(places, len(out))
		out = append(out, shaped)
		return true
	})
	if len(text) <= maxMarked {
		markRead(text, out, read, places)
	}
	return out
}

// markRead finds the keywords among the tokens, and the first that cannot stand where it does.
func markRead(text string, out []Token, read []lexer.Token, places []int) {
	read = splitQuestionMarks(append(read, lexer.EOFToken(lexer.Position{Offset: len(text)})))
	read = read[:len(read)-1]
	at := make(map[int]int, len(places)) // offset -> place in out
	for _, i := range places {
		at[out[i].Offset] = i
	}
	if n := len(read); n > 0 && read[n-1].Type == build().mark { // a question mark that closes the query
		if place, known := at[read[n-1].Pos.Offset]; known {
			out[place].Kind = MarkToken
		}
	}
	n, _, _, ok := grammarNetwork().run("Query", read, func(i int, literal bool) {
		if place, known := at[read[i].Pos.Offset]; known && literal && read[i].Type == build().word {
			out[place].Kind = KeywordToken
		}
	})
	if !ok || n == len(read) {
		return
	}
	if place, known := at[read[n].Pos.Offset]; known && out[place].Offset+out[place].Length < len(text) {
		out[place].Kind = ErrorToken // a word that the text ends in may still become another
	}
}

// comments finds the comments in white space.
func comments(text string, blank lexer.Token, length int) (out []Token) {
	begin, end := blank.Pos.Offset, blank.Pos.Offset+length
	for begin < end {
		i := strings.IndexByte(text[begin:end], '#')
		if i < 0 {
			return out
		}
		begin += i
		n := strings.IndexByte(text[begin:end], '\n')
		if n < 0 {
			n = end - begin
		}
		out = append(out, Token{Kind: CommentToken, Offset: begin, Length: n, Text: text[begin : begin+n]})
		begin += n
	}
	return out
}

// tokenOf is a token of the lexer as others see it.
func tokenOf(t lexer.Token) Token {
	out := Token{Offset: t.Pos.Offset, Length: len(t.Value), Kind: WordToken}
	out.Text, _ = unquote(t.Value)
	b := build()
	switch t.Type {
	case b.int:
		out.Kind = NumberToken
	case b.pair, b.star:
		out.Kind = ActionToken
	case b.arn:
		out.Kind = NameToken
	case b.ref:
		out.Kind = RefToken
	case b.str, b.quoted:
		out.Kind = StringToken
	case b.op, b.mark:
		out.Kind = MarkToken
	}
	return out
}
