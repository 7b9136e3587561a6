package evaluator

import (
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// exprText spells an expression in policy vocabulary (C48), for keys and for messages; answers use the query language.
func exprText(x Expr) string {
	switch x := x.(type) {
	case nil:
		return "true"
	case Const:
		if x.Value {
			return "true"
		}
		return "false"
	case Not:
		return "NOT " + exprText(x.Of)
	case And:
		return joinExprs(x.Of, " AND ", "true")
	case Or:
		return joinExprs(x.Of, " OR ", "false")
	case Test:
		return x.Condition.String()
	}
	return ""
}

func joinExprs(xs []Expr, sep, empty string) string {
	if len(xs) == 0 {
		return empty
	}
	parts := make([]string, len(xs))
	for i, x := range xs {
		parts[i] = exprText(x)
	}
	return "(" + strings.Join(parts, sep) + ")"
}

// SpellTemplate writes a template so that it reads back as the same one: literal characters that would be read as a wildcard (where the
// operator has them) or as a variable are escaped (B14).
func SpellTemplate(t *policy.Template, wildcards bool) string {
	var b strings.Builder
	for i := range t.Segments {
		seg := &t.Segments[i]
		if seg.Kind == policy.SegmentVariable {
			b.WriteString("${" + seg.Written)
			if seg.HasDefault {
				b.WriteString(", '" + seg.Default + "'")
			}
			b.WriteByte('}')
			continue
		}
		spellTokens(&b, seg.Tokens, wildcards)
	}
	return b.String()
}

func spellTokens(b *strings.Builder, tokens []region.Token, wildcards bool) {
	for i, tok := range tokens {
		switch tok.Kind {
		case region.TokenAny, region.TokenAnyInField:
			b.WriteByte('?')
		case region.TokenStar, region.TokenStarInField:
			b.WriteByte('*')
		default:
			switch {
			case tok.Rune == '*' && wildcards:
				b.WriteString("${*}")
			case tok.Rune == '?' && wildcards:
				b.WriteString("${?}")
			case tok.Rune == '$' && i+1 < len(tokens) && tokens[i+1].Rune == '{':
				b.WriteString("${$}")
			default:
				b.WriteRune(tok.Rune)
			}
		}
	}
}
