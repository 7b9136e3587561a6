package syntax

import "strings"

// Operators by how tightly they bind, loosest first.
const (
	bindsOr = iota
	bindsAnd
	bindsNot
)

// String gives the expression with no more parentheses than it needs.
func (e *And) String() string {
	if len(e.Terms) == 0 {
		return "true"
	}
	return joinWith(len(e.Terms), " and ", func(i int) string { return within(e.Terms[i], exprBinds(e.Terms[i]), bindsAnd, len(e.Terms)) })
}

// String gives the expression with no more parentheses than it needs.
func (e *Or) String() string {
	if len(e.Terms) == 0 {
		return "false"
	}
	return joinWith(len(e.Terms), " or ", func(i int) string { return within(e.Terms[i], exprBinds(e.Terms[i]), bindsOr, len(e.Terms)) })
}

// String gives the expression with no more parentheses than it needs.
func (e *Not) String() string { return "not " + within(e.Term, exprBinds(e.Term), bindsNot-1, 2) }

// String gives true or false.
func (e *Const) String() string {
	if e.Value {
		return "true"
	}
	return "false"
}

// String gives the test.
func (e *Compare) String() string {
	var b strings.Builder
	switch e.Set {
	case ForAllValues:
		b.WriteString("all ")
	case ForAnyValue:
		b.WriteString("any ")
	case NoSetOperator:
	}
	if e.Key == ResourceKey {
		b.WriteString(ResourceKey)
	} else {
		b.WriteString(word(e.Key, tokenPair))
	}
	b.WriteByte(' ')
	b.WriteString(e.Op.String())
	switch e.Op {
	case Present, Absent:
		return b.String()
	case In:
	case Equal, NotEqual, EqualFold, Like, ArnLike, Less, LessEqual, Greater, GreaterEqual, InNetwork, Contains, Null:
		if len(e.Operands) == 1 {
			b.WriteByte(' ')
			b.WriteString(e.operand(0))
			return b.String()
		}
	}
	b.WriteString(" (")
	b.WriteString(join(len(e.Operands), e.operand))
	b.WriteByte(')')
	return b.String()
}

func (e *Compare) operand(i int) string {
	o := &e.Operands[i]
	if e.Op == In && !o.Key && isNetwork(o.Text) {
		return quote(o.Text) // without quotes it would be a network
	}
	return o.String()
}

// String gives the right side: a value in quotes where it needs them or would read as a key.
func (o *Operand) String() string {
	switch {
	case !o.Key && isKey(o.Text):
		return quote(o.Text)
	case !o.Key:
		return word(o.Text, names()...)
	case isKey(o.Text) && bareType(o.Text) == tokenPair:
		return o.Text
	}
	return "${" + o.Text + "}"
}

// String gives the operator as the language writes it.
func (o Op) String() string {
	switch o {
	case Equal:
		return "="
	case NotEqual:
		return "!="
	case EqualFold:
		return "~="
	case Like:
		return "like"
	case ArnLike:
		return "arnlike"
	case Less:
		return "<"
	case LessEqual:
		return "<="
	case Greater:
		return ">"
	case GreaterEqual:
		return ">="
	case In, InNetwork:
		return "in"
	case Present:
		return "is present"
	case Absent:
		return "is absent"
	case Contains:
		return "contains"
	case Null:
		return "is null"
	}
	return "?"
}

func exprBinds(e Expr) int {
	switch e := e.(type) {
	case *Or:
		if len(e.Terms) != 1 {
			return bindsOr
		}
		return exprBinds(e.Terms[0])
	case *And:
		if len(e.Terms) != 1 {
			return bindsAnd
		}
		return exprBinds(e.Terms[0])
	case *Not, *Const, *Compare:
	}
	return bindsNot
}

// within prints a term of an operator that binds as tightly as outer and has n terms. A term that does not bind more
// tightly stands in parentheses; the only term of a degenerate operator never does.
func within(term Node, binds, outer, n int) string {
	if binds <= outer && n > 1 {
		return "(" + term.String() + ")"
	}
	return term.String()
}

// String gives the predicate with no more parentheses than it needs.
func (p *PredicateAnd) String() string {
	return joinWith(len(p.Terms), " and ", func(i int) string {
		return within(p.Terms[i], predicateBinds(p.Terms[i]), bindsAnd, len(p.Terms))
	})
}

// String gives the predicate with no more parentheses than it needs.
func (p *PredicateOr) String() string {
	return joinWith(len(p.Terms), " or ", func(i int) string {
		return within(p.Terms[i], predicateBinds(p.Terms[i]), bindsOr, len(p.Terms))
	})
}

// String gives the predicate with no more parentheses than it needs.
func (p *PredicateNot) String() string {
	return "not " + within(p.Term, predicateBinds(p.Term), bindsNot-1, 2)
}

// String gives the test.
func (p *FieldTest) String() string {
	field := fieldName(p.Field)
	switch {
	case p.Bare:
		return field
	case p.Op == Null:
		return field + " is null"
	case p.Op == In:
		return field + " in (" + join(len(p.Values), func(i int) string { return p.Values[i].String() }) + ")"
	case len(p.Values) == 0:
		return field
	}
	return field + " " + p.Op.String() + " " + p.Values[0].String()
}

// String gives the call.
func (p *Call) String() string {
	return p.Function + "(" + join(len(p.Arguments), func(i int) string { return p.Arguments[i].String() }) + ")"
}

// String gives the value, in quotes where it needs them.
func (v *Value) String() string { return word(v.Text, names()...) }

func predicateBinds(p Predicate) int {
	switch p := p.(type) {
	case *PredicateOr:
		if len(p.Terms) != 1 {
			return bindsOr
		}
		return predicateBinds(p.Terms[0])
	case *PredicateAnd:
		if len(p.Terms) != 1 {
			return bindsAnd
		}
		return predicateBinds(p.Terms[0])
	case *PredicateNot, *FieldTest, *Call:
	}
	return bindsNot
}
