package syntax

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// quote puts a text in quotes: single ones, or double ones if it holds single quotes alone. Backslashes, the quote itself,
// and whatever does not print (a hostile policy must not drive a terminal) are escaped.
func quote(s string) string {
	if strings.ContainsRune(s, '\'') && !strings.ContainsRune(s, '"') {
		return quoteIn(s, '"')
	}
	return quoteIn(s, '\'')
}

// Spell writes a name or a value as a query has it: in quotes only where it needs them, or in the given mark (' or "), which is 0 for
// none. It is harmless to a terminal.
func Spell(s string, mark rune) string {
	if mark == 0 {
		return word(s, names()...)
	}
	return quoteIn(s, mark)
}

func quoteIn(s string, mark rune) string {
	var b strings.Builder
	b.WriteRune(mark)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == mark || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
		i += n
	}
	b.WriteRune(mark)
	return b.String()
}

// unquote gives the text of a token: of one in quotes what they hold, of any other the token itself. ok is false when an
// escape is none that quote writes.
func unquote(token string) (text string, ok bool) {
	if token == "" || token[0] != '\'' && token[0] != '"' {
		return token, true
	}
	inner := token[1 : len(token)-1]
	if !strings.ContainsRune(inner, '\\') {
		return inner, true
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(inner, `\`)
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		if after == "" {
			return "", false
		}
		rest := after[1:]
		switch after[0] {
		case '\\', '\'', '"':
			b.WriteByte(after[0])
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'x':
			if len(rest) < 2 {
				return "", false
			}
			n, err := strconv.ParseUint(rest[:2], 16, 8)
			if err != nil {
				return "", false
			}
			b.WriteByte(byte(n))
			rest = rest[2:]
		case 'u':
			code, tail, closed := strings.Cut(strings.TrimPrefix(rest, "{"), "}")
			n, err := strconv.ParseUint(code, 16, 32)
			if !strings.HasPrefix(rest, "{") || !closed || err != nil || !utf8.ValidRune(rune(n)) {
				return "", false
			}
			b.WriteRune(rune(n))
			rest = tail
		default:
			return "", false
		}
		inner = rest
	}
}

// show puts a piece of the query into a message: in quotes, short, and harmless to a terminal.
func show(s string) string {
	const most = 60
	shown := printable(s[:min(len(s), 4*(most+1))])
	if len(shown) > most {
		shown = append(shown[:most-1], '…')
	}
	return `"` + string(shown) + `"`
}
