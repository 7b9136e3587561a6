package shell

import (
	"strings"

	"github.com/accessgraph/accessgraph/query/syntax"
)

// paint gives what is typed with colours, as the language reads it. Nothing else is changed: the editor counts on it.
func paint(text string) string {
	if strings.HasPrefix(strings.TrimSpace(text), `\`) {
		return color(syntax.KeywordToken, text)
	}
	var b strings.Builder
	end := 0
	for _, t := range syntax.Tokens(text) {
		b.WriteString(text[end:t.Offset])
		end = t.Offset + t.Length
		b.WriteString(color(t.Kind, text[t.Offset:end]))
	}
	b.WriteString(text[end:])
	return b.String()
}

// color paints a piece of text, line by line: the editor draws lines apart.
func color(kind syntax.TokenKind, text string) string {
	code := map[syntax.TokenKind]string{syntax.KeywordToken: "1;34", syntax.ActionToken: "36", syntax.NameToken: "35", syntax.RefToken: "33",
		syntax.StringToken: "32", syntax.NumberToken: "33", syntax.CommentToken: "2", syntax.ErrorToken: "4;31"}[kind]
	if code == "" {
		return text
	}
	begin, end := "\x1b["+code+"m", "\x1b[0m"
	return begin + strings.ReplaceAll(text, "\n", end+"\n"+begin) + end
}
