package policy

import (
	"bytes"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/region"
)

// Condition is one (operator, key, values) test. Key is canonical: lower case throughout (A14, C2, C3); Written is the key
// as the document spells it, for print.
type Condition struct {
	Op       Base
	Set      SetOperator
	IfExists bool
	Key      string
	Written  string
	Values   []Value
}

// Value is one policy value of a condition, compiled for its operator: a Template for String and ARN operators, a region
// predicate for the others. A value that its operator cannot read has Invalid set and matches as the rules say (C23–C26).
type Value struct {
	Text     string
	Template *Template       // String…, Arn…: wildcards only where the operator has them
	Number   *region.Number  // Numeric…
	Time     *region.Instant // Date…
	Prefix   *region.Prefix  // IpAddress, NotIpAddress
	Bool     bool            // Bool, Null
	Bytes    []byte          // BinaryEquals
	Invalid  bool
}

// Operator is the operator as documents write it, with set prefix and IfExists.
func (c *Condition) Operator() string {
	name := c.Op.String()
	if c.IfExists {
		name += "IfExists"
	}
	if c.Set != NoSet {
		name = c.Set.String() + ":" + name
	}
	return name
}

// String is the test in policy vocabulary: StringEquals(aws:SourceVpce, vpce-1), with further values behind the first.
func (c Condition) String() string {
	var b strings.Builder
	b.WriteString(c.Operator())
	b.WriteByte('(')
	if c.Written != "" {
		b.WriteString(c.Written)
	} else {
		b.WriteString(c.Key)
	}
	for i := range c.Values {
		b.WriteString(", ")
		b.WriteString(c.Values[i].Text)
	}
	b.WriteByte(')')
	return b.String()
}

// Eval tells whether the test holds for a request, by the presence table (C5–C19) and the operators' own rules (C20–C29).
// The effect of its statement decides what a malformed ARN among the policy values does (C26). It does not allocate for
// String and Arn operators whose values have no variables.
func (c *Condition) Eval(ctx *Context, effect Effect) bool {
	v := ctx.find(c.Key)
	if c.Op == Null {
		return c.null(v != nil)
	}
	switch {
	case v == nil:
		return c.absent()
	case !v.Multi:
		return c.holds(v.Single, ctx, effect)
	}
	switch c.Set {
	case ForAllValues: // C11, C13; true of the empty list
		for _, s := range v.List {
			if !c.holds(s, ctx, effect) {
				return false
			}
		}
		return true
	case ForAnyValue: // C12, C13; false of the empty list
		for _, s := range v.List {
			if c.holds(s, ctx, effect) {
				return true
			}
		}
	}
	return false // C10
}

// absent is the first column of the presence table (C5–C9).
func (c *Condition) absent() bool {
	switch c.Set {
	case ForAllValues:
		return true
	case ForAnyValue:
		return false // with IfExists too
	}
	return c.IfExists || c.Op.Negated()
}

// null is the Null operator: true asks for absence, false for presence (C14); several values are alternatives (C19).
func (c *Condition) null(present bool) bool {
	for i := range c.Values {
		if v := &c.Values[i]; !v.Invalid && v.Bool != present {
			return true
		}
	}
	return false
}

// holds tells whether the operator accepts one request value: some policy value matches it, or, negated, none does (C1). It
// is false whenever the policy lists no value (C18).
func (c *Condition) holds(value string, ctx *Context, effect Effect) bool {
	if len(c.Values) == 0 {
		return false
	}
	switch c.Op.family() {
	case familyString:
		return c.matchesText(value, ctx) != c.Op.Negated()
	case familyARN:
		return c.holdsARN(value, ctx, effect)
	case familyNumber:
		return c.holdsNumber(value)
	case familyDate:
		return c.holdsDate(value)
	case familyIP:
		return c.holdsAddress(value)
	case familyBool:
		return c.holdsBool(value)
	case familyBinary:
		return c.holdsBinary(value)
	}
	return false
}

// matchesText is C20–C22: a value whose variable has no value never matches.
func (c *Condition) matchesText(value string, ctx *Context) bool {
	for i := range c.Values {
		if t := c.Values[i].Template; t != nil && t.match(value, ctx) {
			return true
		}
	}
	return false
}

// holdsARN is C26. A malformed policy value settles what no well-formed one does: it cannot grant in an Allow, and in a Deny
// it counts, whether the operator is negated or not. A request value that is no ARN matches only a pattern that is `*`.
func (c *Condition) holdsARN(value string, ctx *Context, effect Effect) bool {
	wellFormed := isARN(value)
	malformed := false
	for i := range c.Values {
		t := c.Values[i].Template
		if t == nil {
			continue
		}
		if t.Static == nil && !t.Never {
			r, ok := t.resolved(ctx)
			if !ok {
				continue // C22
			}
			t = &r
		}
		switch {
		case t.Malformed:
			malformed = true
		case t.StarOnly, wellFormed && t.match(value, ctx):
			return !c.Op.Negated()
		}
	}
	if !wellFormed {
		return false
	}
	if malformed {
		return effect == Deny
	}
	return c.Op.Negated()
}

// isARN tells whether a value has the six fields of an ARN (C26).
func isARN(s string) bool { return strings.Count(s, ":") >= 5 }

// holdsNumber is C23.
func (c *Condition) holdsNumber(value string) bool {
	n, ok := region.ParseNumber(value)
	if !ok {
		return c.Op.Negated()
	}
	for i := range c.Values {
		if m := c.Values[i].Number; m != nil && ordered(c.Op, n.Compare(*m)) {
			return !c.Op.Negated()
		}
	}
	return c.Op.Negated()
}

// holdsDate is C25.
func (c *Condition) holdsDate(value string) bool {
	t, ok := region.ParseInstant(value)
	if !ok {
		return c.Op.Negated()
	}
	for i := range c.Values {
		if u := c.Values[i].Time; u != nil && ordered(c.Op, t.Compare(*u)) {
			return !c.Op.Negated()
		}
	}
	return c.Op.Negated()
}

// ordered tells whether the positive form of a numeric or date operator accepts a request value that compares so with the
// policy value.
func ordered(op Base, compared int) bool {
	switch op {
	case NumericLessThan, DateLessThan:
		return compared < 0
	case NumericLessThanEquals, DateLessThanEquals:
		return compared <= 0
	case NumericGreaterThan, DateGreaterThan:
		return compared > 0
	case NumericGreaterThanEquals, DateGreaterThanEquals:
		return compared >= 0
	}
	return compared == 0
}

// holdsAddress is C24: what is no address matches neither operator.
func (c *Condition) holdsAddress(value string) bool {
	a, ok := region.ParseAddr(value)
	if !ok {
		return false
	}
	for i := range c.Values {
		if p := c.Values[i].Prefix; p != nil && p.Contains(a) {
			return !c.Op.Negated()
		}
	}
	return c.Op.Negated()
}

// holdsBool is C27: every request value but true is false.
func (c *Condition) holdsBool(value string) bool {
	is := sameName(value, "true")
	for i := range c.Values {
		if v := &c.Values[i]; !v.Invalid && v.Bool == is {
			return true
		}
	}
	return false
}

// holdsBinary is C28.
func (c *Condition) holdsBinary(value string) bool {
	raw, ok := decodeBinary(value)
	if !ok {
		return false
	}
	for i := range c.Values {
		if v := &c.Values[i]; !v.Invalid && bytes.Equal(v.Bytes, raw) {
			return true
		}
	}
	return false
}
