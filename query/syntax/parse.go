package syntax

import (
	"errors"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// Parse reads a query. Its error is a *Error.
func Parse(text string) (*Query, error) {
	tree, err := parse(text, build().parser)
	if err != nil {
		return nil, err
	}
	c := converter{text: text}
	q := c.query(tree)
	if c.err != nil {
		return nil, c.err
	}
	return q, nil
}

// ParseExpr reads the expression of a when clause alone, such as a condition that an answer printed. Its error is a *Error.
func ParseExpr(text string) (Expr, error) {
	tree, err := parse(text, build().condition)
	if err != nil {
		return nil, err
	}
	c := converter{text: text}
	e := c.context(tree)
	if c.err != nil {
		return nil, c.err
	}
	return e, nil
}

// Grammar gives the EBNF of the parser, with the shapes of its tokens.
func Grammar() string {
	return build().parser.String() + "\n\n" + tokenNotes
}

const tokenNotes = `Keywords are case-insensitive. Tokens:
<word>    letters, digits and any other characters but white space and ( ) , | ' " = < > ! ~
<int>     digits alone
<pair>    a word with a colon: kms:Decrypt, aws:SourceIp
<star>    a word that begins with * and has no colon
<ref>     a word that begins with @; it may hold ~
<arn>     arn:…, role/…, user/…, group/…, where = < > ! ~ are ordinary characters
<quoted>  the same in quotes, as <string>
<string>  '…' or "…", with the escapes \\ \' \" \n \r \t \xHH \u{H…}
A # after white space starts a comment. A ? at the end of a question is a mark, anywhere else part of its word.
`

func parse[T any](text string, parser *participle.Parser[T]) (*T, error) {
	tokens, err := tokenize(text)
	if err != nil {
		return nil, err
	}
	stream, err := lexer.Upgrade(&tokenList{tokens: tokens})
	if err != nil {
		return nil, err
	}
	tree, err := parser.ParseFromLexer(stream)
	if err == nil {
		return tree, nil
	}
	at := 0
	var failed participle.Error
	if errors.As(err, &failed) {
		at = failed.Position().Offset
	}
	_, whole := any(tree).(*query)
	return nil, explain(text, tokens, whole, at)
}
