package syntax

import "strings"

func (c *converter) context(t *context) Expr {
	c.items(t.Pos, len(t.Terms), "terms")
	terms := make([]Expr, len(t.Terms))
	for i := range t.Terms {
		and := &t.Terms[i]
		c.items(and.Pos, len(and.Terms), "terms")
		parts := make([]Expr, len(and.Terms))
		for j := range and.Terms {
			parts[j] = c.condition(&and.Terms[j])
		}
		terms[i] = parts[0]
		if len(parts) > 1 {
			terms[i] = &And{Terms: parts, Pos: position(and.Pos)}
		}
	}
	if len(terms) == 1 {
		return terms[0]
	}
	return &Or{Terms: terms, Pos: position(t.Pos)}
}

func (c *converter) condition(t *condition) Expr {
	var e Expr
	switch {
	case t.Group != nil:
		e = c.context(t.Group)
	case t.Const != nil:
		e = &Const{Value: strings.EqualFold(t.Const.Word, "true"), Pos: position(t.Const.Pos)}
	default:
		e = c.test(t.Test)
	}
	c.nots(t.Nots)
	for i := len(t.Nots) - 1; i >= 0; i-- {
		e = &Not{Term: e, Pos: position(t.Nots[i].Pos)}
	}
	return e
}

func (c *converter) nots(list []not) {
	if len(list) > MaxDepth {
		c.fail(position(list[0].Pos), len("not"), "not stands %d times in a row: at most %d", len(list), MaxDepth)
	}
}

// operator gives the comparison that is written as s.
func operator(s string) Op {
	switch strings.ToLower(s) {
	case "!=":
		return NotEqual
	case "~=":
		return EqualFold
	case "<":
		return Less
	case "<=":
		return LessEqual
	case ">":
		return Greater
	case ">=":
		return GreaterEqual
	case "like":
		return Like
	case "arnlike":
		return ArnLike
	case "in":
		return In
	case "contains":
		return Contains
	}
	return Equal
}

func (c *converter) test(t *test) Expr {
	e := &Compare{Key: c.key(&t.Key), Pos: position(t.Pos)}
	switch {
	case strings.EqualFold(t.Set, "all"):
		e.Set = ForAllValues
	case t.Set != "":
		e.Set = ForAnyValue
	}
	negated := t.Not
	switch {
	case t.State != "":
		e.Op = Present
		if strings.EqualFold(t.State, "absent") {
			e.Op = Absent
		}
		if e.Set != NoSetOperator {
			c.fail(e.Pos, len(t.Set), "%s tests the values of a key: leave it out before is present and is absent", strings.ToLower(t.Set))
		}
		negated = t.IsNot
	case t.One != nil:
		e.Op = operator(t.Op)
		e.Operands = []Operand{c.operand(t.One)}
	default:
		e.Op = operator(t.Many + t.Word)
		list := t.List
		if t.Only != nil {
			list = []value{*t.Only}
		}
		c.items(list[0].Pos, len(list), "values")
		for i := range list {
			e.Operands = append(e.Operands, c.operand(&list[i]))
		}
		if e.Op == In {
			c.in(e, list, t.Only != nil)
		}
	}
	if negated {
		return &Not{Term: e, Pos: e.Pos}
	}
	return e
}

// in decides between values and networks: unquoted addresses and CIDRs are networks, and the two do not mix.
func (c *converter) in(e *Compare, list []value, alone bool) {
	networks := 0
	for i := range list {
		if isNetwork(list[i].Text) {
			networks++
		}
	}
	first := &e.Operands[0]
	switch {
	case networks == len(list):
		e.Op = InNetwork
	case networks > 0:
		c.fail(first.Pos, len(list[0].Text), "the list mixes addresses with other values: put the addresses in quotes to compare them as text")
	case alone:
		c.fail(first.Pos, len(list[0].Text), "%s is no network: in takes a CIDR, or values in parentheses", show(list[0].Text))
	}
}

func (c *converter) key(t *key) string {
	text := c.word(t.Pos, t.Text)
	if key, ok := variableKey(text); ok && text == t.Text {
		return key
	}
	switch {
	case strings.EqualFold(t.Text, ResourceKey):
		return ResourceKey
	case text == "":
		c.fail(position(t.Pos), len(t.Text), "a condition key has a name")
	}
	return text
}

func (c *converter) operand(t *value) Operand {
	o := Operand{Text: c.word(t.Pos, t.Text), Pos: position(t.Pos)}
	if o.Text != t.Text || t.Text[0] == '\'' || t.Text[0] == '"' {
		return o // in quotes it is a value, whatever its shape
	}
	if key, ok := variableKey(o.Text); ok {
		o.Text, o.Key = key, true
	} else if isKey(o.Text) {
		o.Key = true
	}
	return o
}

func (c *converter) predicate(t *predicate) Predicate {
	c.items(t.Pos, len(t.Terms), "terms")
	terms := make([]Predicate, len(t.Terms))
	for i := range t.Terms {
		and := &t.Terms[i]
		c.items(and.Pos, len(and.Terms), "terms")
		parts := make([]Predicate, len(and.Terms))
		for j := range and.Terms {
			parts[j] = c.predicateTerm(&and.Terms[j])
		}
		terms[i] = parts[0]
		if len(parts) > 1 {
			terms[i] = &PredicateAnd{Terms: parts, Pos: position(and.Pos)}
		}
	}
	if len(terms) == 1 {
		return terms[0]
	}
	return &PredicateOr{Terms: terms, Pos: position(t.Pos)}
}

func (c *converter) predicateTerm(t *predicateTerm) Predicate {
	var p Predicate
	switch {
	case t.Group != nil:
		p = c.predicate(t.Group)
	case t.Call != nil:
		p = &Call{Function: strings.ToLower(t.Call.Function), Arguments: c.values(t.Call.Arguments), Pos: position(t.Call.Pos)}
	default:
		p = c.fieldTest(t.Test)
	}
	c.nots(t.Nots)
	for i := len(t.Nots) - 1; i >= 0; i-- {
		p = &PredicateNot{Term: p, Pos: position(t.Nots[i].Pos)}
	}
	return p
}

func (c *converter) fieldTest(t *fieldTest) Predicate {
	f := c.field(&t.Field)
	p := &FieldTest{Field: f.Name, Pos: f.Pos}
	negated := t.Not
	switch {
	case t.Null:
		p.Op, negated = Null, t.IsNot
	case t.One != nil:
		p.Op, p.Values = operator(t.Op), []Value{c.value(t.One)}
	case t.Only != nil:
		p.Op, p.Values = operator(t.Word), []Value{c.value(t.Only)}
	case t.List != nil:
		p.Op, p.Values = In, c.values(t.List)
	default:
		p.Bare = true
	}
	if negated {
		return &PredicateNot{Term: p, Pos: p.Pos}
	}
	return p
}

func (c *converter) values(list []value) []Value {
	c.items(list[0].Pos, len(list), "values")
	out := make([]Value, len(list))
	for i := range list {
		out[i] = c.value(&list[i])
	}
	return out
}

func (c *converter) value(t *value) Value {
	return Value{Text: c.word(t.Pos, t.Text), Pos: position(t.Pos)}
}
