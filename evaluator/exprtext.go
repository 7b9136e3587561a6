package evaluator

import "strings"

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
