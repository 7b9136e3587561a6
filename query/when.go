package query

import (
	"fmt"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// The two directions of a context's words: what a question says with `when` becomes an evaluator.Expr, and a residual becomes
// words that mean exactly the same when asked again.

// reader turns expressions of the language into conditions; the catalogue says what type a key has.
type reader struct {
	catalog *catalog.Catalog
	text    string
}

func (r *reader) expr(x syntax.Expr) (evaluator.Expr, error) {
	switch x := x.(type) {
	case nil:
		return nil, nil
	case *syntax.Const:
		return evaluator.Const{Value: x.Value}, nil
	case *syntax.Not:
		sub, err := r.expr(x.Term)
		if err != nil {
			return nil, err
		}
		return evaluator.Not{Of: sub}, nil
	case *syntax.And:
		subs, err := r.exprs(x.Terms)
		return evaluator.And{Of: subs}, err
	case *syntax.Or:
		subs, err := r.exprs(x.Terms)
		return evaluator.Or{Of: subs}, err
	case *syntax.Compare:
		return r.compare(x)
	}
	return nil, fmt.Errorf("unknown expression %T", x)
}

func (r *reader) exprs(xs []syntax.Expr) ([]evaluator.Expr, error) {
	out := make([]evaluator.Expr, 0, len(xs))
	for _, x := range xs {
		sub, err := r.expr(x)
		if err != nil {
			return nil, err
		}
		out = append(out, sub)
	}
	return out, nil
}

func (r *reader) compare(x *syntax.Compare) (evaluator.Expr, error) {
	if strings.EqualFold(x.Key, evaluator.ResourceKey) {
		return r.resource(x)
	}
	set := map[syntax.SetOperator]policy.SetOperator{
		syntax.NoSetOperator: policy.NoSet, syntax.ForAllValues: policy.ForAllValues, syntax.ForAnyValue: policy.ForAnyValue,
	}[x.Set]
	test := func(op policy.Base, set policy.SetOperator, values ...string) evaluator.Expr {
		return evaluator.Test{Condition: policy.NewCondition(op, set, false, x.Key, values...)}
	}
	values := make([]string, 0, len(x.Operands))
	for _, o := range x.Operands {
		if o.Key {
			values = append(values, "${"+o.Text+"}")
		} else {
			values = append(values, o.Text)
		}
	}
	switch x.Op {
	case syntax.Present:
		return test(policy.Null, policy.NoSet, "false"), nil
	case syntax.Absent:
		return test(policy.Null, policy.NoSet, "true"), nil
	case syntax.Equal, syntax.NotEqual, syntax.In:
		if err := r.readable(x, r.equality(x), set); err != nil {
			return nil, err
		}
	}
	switch x.Op {
	case syntax.NotEqual: // the exact complement of =
		return evaluator.Not{Of: test(r.equality(x), set, values...)}, nil
	case syntax.Equal, syntax.In:
		return test(r.equality(x), set, values...), nil
	case syntax.EqualFold:
		return test(policy.StringEqualsIgnoreCase, set, values...), nil
	case syntax.Like:
		return test(policy.StringLike, set, values...), nil
	case syntax.ArnLike:
		return test(policy.ARNLike, set, values...), nil
	case syntax.InNetwork:
		return test(policy.IPAddress, set, values...), nil
	case syntax.Less, syntax.LessEqual, syntax.Greater, syntax.GreaterEqual:
		op, err := r.order(x)
		if err != nil {
			return nil, err
		}
		return test(op, set, values...), nil
	}
	return nil, r.fail(x.Pos, x.String(), "a context is compared with =, !=, ~=, like, arnlike, <, <=, >, >=, in, is present or is absent")
}

// equality chooses the operator behind = by the key's type.
func (r *reader) equality(x *syntax.Compare) policy.Base {
	for _, o := range x.Operands {
		if o.Key || strings.Contains(o.Text, "${") {
			return policy.StringEquals
		}
	}
	switch keyType(r.catalog, x.Key) {
	case catalog.Bool:
		return policy.Bool
	case catalog.Numeric:
		return policy.NumericEquals
	case catalog.Date:
		return policy.DateEquals
	case catalog.IPAddress:
		return policy.IPAddress
	}
	return policy.StringEquals
}

// readable refuses a value that a key of its type never has: the answer would be empty for no reason that one sees.
func (r *reader) readable(x *syntax.Compare, op policy.Base, set policy.SetOperator) error {
	what := map[policy.Base]string{policy.Bool: "true or false", policy.NumericEquals: "a number", policy.DateEquals: "a time", policy.IPAddress: "an address"}[op]
	for _, o := range x.Operands {
		c := policy.NewCondition(op, set, false, x.Key, o.Text)
		bad := len(c.Values) == 1 && c.Values[0].Invalid
		if op == policy.Bool {
			bad = !strings.EqualFold(o.Text, "true") && !strings.EqualFold(o.Text, "false")
		}
		if what != "" && bad {
			return r.fail(o.Pos, o.Text, fmt.Sprintf("%s is %s, and %q is none", x.Key, what, o.Text))
		}
	}
	return nil
}

// order chooses numbers or dates for < and its kin: by the key's type, else by what the value can be read as.
func (r *reader) order(x *syntax.Compare) (policy.Base, error) {
	text := x.Operands[0].Text
	_, number := region.ParseNumber(text)
	_, date := region.ParseInstant(text)
	isDate := keyType(r.catalog, x.Key) == catalog.Date && date || !number && date
	if !number && !isDate {
		return 0, r.fail(x.Operands[0].Pos, text, fmt.Sprintf("%s is compared with %q, which is neither a number nor a date", x.Key, text))
	}
	numbers := map[syntax.Op]policy.Base{
		syntax.Less: policy.NumericLessThan, syntax.LessEqual: policy.NumericLessThanEquals,
		syntax.Greater: policy.NumericGreaterThan, syntax.GreaterEqual: policy.NumericGreaterThanEquals,
	}
	dates := map[syntax.Op]policy.Base{
		syntax.Less: policy.DateLessThan, syntax.LessEqual: policy.DateLessThanEquals,
		syntax.Greater: policy.DateGreaterThan, syntax.GreaterEqual: policy.DateGreaterThanEquals,
	}
	if isDate {
		return dates[x.Op], nil
	}
	return numbers[x.Op], nil
}

// resource is a test of the request's resource: `resource like PATTERN`, or = for one ARN.
func (r *reader) resource(x *syntax.Compare) (evaluator.Expr, error) {
	c := policy.Condition{Op: policy.StringLike, Key: evaluator.ResourceKey, Written: evaluator.ResourceKey}
	for _, o := range x.Operands {
		t := policy.ResourceTemplate(o.Text, policy.Identity, strings.Contains(o.Text, "${"))
		c.Values = append(c.Values, policy.Value{Text: o.Text, Template: &t})
	}
	switch x.Op {
	case syntax.Equal, syntax.Like, syntax.In, syntax.ArnLike:
		return evaluator.Test{Condition: c}, nil
	case syntax.NotEqual:
		return evaluator.Not{Of: evaluator.Test{Condition: c}}, nil
	}
	return nil, r.fail(x.Pos, x.String(), "the resource is compared with =, != or like")
}

func (r *reader) fail(at syntax.Pos, shown, message string) error {
	return fail(r.text, at, shown, "", "%s", message)
}

func keyType(c *catalog.Catalog, key string) catalog.KeyType {
	if c == nil {
		return catalog.String
	}
	info, _ := c.ConditionKey(policy.CanonicalKey(key))
	return info.Type
}

// writer turns conditions into expressions of the language.
type writer struct{ catalog *catalog.Catalog }

// Words gives an expression in the query language; nil is the empty text, and asking again with the words gives the very
// same contexts.
func Words(x evaluator.Expr, cat *catalog.Catalog) string {
	if x == nil {
		return ""
	}
	w := writer{cat}
	return w.expr(x).String()
}

func (w *writer) expr(x evaluator.Expr) syntax.Expr {
	switch x := x.(type) {
	case evaluator.Const:
		return &syntax.Const{Value: x.Value}
	case evaluator.Not:
		return w.not(x.Of)
	case evaluator.And:
		return syntax.NewAnd(w.exprs(x.Of)...)
	case evaluator.Or:
		return syntax.NewOr(w.exprs(x.Of)...)
	case evaluator.Test:
		return w.test(&x.Condition)
	}
	return &syntax.Const{}
}

func (w *writer) exprs(xs []evaluator.Expr) []syntax.Expr {
	out := make([]syntax.Expr, 0, len(xs))
	for _, x := range xs {
		out = append(out, w.expr(x))
	}
	return out
}

// not writes a complement, with != where a test of one value allows it.
func (w *writer) not(x evaluator.Expr) syntax.Expr {
	inner := w.expr(x)
	if c, ok := inner.(*syntax.Compare); ok && c.Op == syntax.Equal && c.Set == syntax.NoSetOperator {
		c.Op = syntax.NotEqual
		return c
	}
	if n, ok := inner.(*syntax.Not); ok {
		return n.Term
	}
	return &syntax.Not{Term: inner}
}

func (w *writer) test(c *policy.Condition) syntax.Expr {
	set := map[policy.SetOperator]syntax.SetOperator{
		policy.NoSet: syntax.NoSetOperator, policy.ForAllValues: syntax.ForAllValues, policy.ForAnyValue: syntax.ForAnyValue,
	}[c.Set]
	key := c.Written
	if key == "" {
		key = c.Key
	}
	compare := func(op syntax.Op, texts ...string) syntax.Expr {
		out := &syntax.Compare{Set: set, Key: key, Op: op}
		for _, t := range texts {
			out.Operands = append(out.Operands, syntax.Operand{Text: t})
		}
		return out
	}
	switch c.Op {
	case policy.Null:
		set = syntax.NoSetOperator
		if len(c.Values) > 0 && c.Values[0].Bool {
			return compare(syntax.Absent)
		}
		return compare(syntax.Present)
	case policy.StringEquals, policy.BinaryEquals:
		return w.equal(c, compare)
	case policy.StringEqualsIgnoreCase:
		return compare(syntax.EqualFold, texts(c, false)...)
	case policy.StringLike:
		return compare(syntax.Like, texts(c, true)...)
	case policy.ARNLike, policy.ARNEquals:
		return compare(syntax.ArnLike, texts(c, true)...)
	case policy.IPAddress:
		return compare(syntax.InNetwork, networks(c)...)
	case policy.Bool:
		return w.boolean(c, key, compare)
	}
	return w.ordered(c, compare)
}

type comparison func(op syntax.Op, texts ...string) syntax.Expr

// equal writes exact equality. On a key whose type gives = another meaning, a pattern without wildcards says it.
func (w *writer) equal(c *policy.Condition, compare comparison) syntax.Expr {
	ts := texts(c, false)
	if key, ok := soleVariable(c); ok {
		out := compare(syntax.Equal, key).(*syntax.Compare)
		out.Operands[0].Key = true
		return out
	}
	if t := keyType(w.catalog, c.Key); t != catalog.String && t != catalog.ARN && t != catalog.Binary {
		return compare(syntax.Like, texts(c, true)...)
	}
	if len(ts) == 1 {
		return compare(syntax.Equal, ts...)
	}
	return compare(syntax.In, ts...)
}

// soleVariable tells a comparison with the value of another key.
func soleVariable(c *policy.Condition) (key string, ok bool) {
	if len(c.Values) != 1 || c.Values[0].Template == nil || len(c.Values[0].Template.Segments) != 1 {
		return "", false
	}
	s := &c.Values[0].Template.Segments[0]
	return s.Written, s.Kind == policy.SegmentVariable && !s.HasDefault
}

// boolean writes Bool: any text but true is false (C27).
func (w *writer) boolean(c *policy.Condition, key string, compare comparison) syntax.Expr {
	var out []syntax.Expr
	for _, v := range c.Values {
		if keyType(w.catalog, c.Key) == catalog.Bool {
			out = append(out, compare(syntax.Equal, map[bool]string{true: "true", false: "false"}[v.Bool]))
			continue
		}
		yes := compare(syntax.EqualFold, "true")
		if v.Bool {
			out = append(out, yes)
			continue
		}
		present := &syntax.Compare{Key: key, Op: syntax.Present}
		out = append(out, syntax.NewAnd(present, &syntax.Not{Term: yes}))
	}
	return syntax.NewOr(out...)
}

// ordered writes numbers and dates; equality is both bounds, so that it does not hang on the key's type.
func (w *writer) ordered(c *policy.Condition, compare comparison) syntax.Expr {
	var out []syntax.Expr
	for _, v := range c.Values {
		var text string
		switch {
		case v.Number != nil:
			text = v.Number.String()
		case v.Time != nil:
			text = v.Time.String()
		default:
			continue
		}
		switch c.Op {
		case policy.NumericLessThan, policy.DateLessThan:
			out = append(out, compare(syntax.Less, text))
		case policy.NumericLessThanEquals, policy.DateLessThanEquals:
			out = append(out, compare(syntax.LessEqual, text))
		case policy.NumericGreaterThan, policy.DateGreaterThan:
			out = append(out, compare(syntax.Greater, text))
		case policy.NumericGreaterThanEquals, policy.DateGreaterThanEquals:
			out = append(out, compare(syntax.GreaterEqual, text))
		default:
			out = append(out, syntax.NewAnd(compare(syntax.GreaterEqual, text), compare(syntax.LessEqual, text)))
		}
	}
	return syntax.NewOr(out...)
}

// texts spells the values so that they read back as the same patterns: with wildcards where the operator has them, and with what
// would be read as a variable or a wildcard escaped (B14).
func texts(c *policy.Condition, wildcards bool) []string {
	out := make([]string, 0, len(c.Values))
	for _, v := range c.Values {
		if v.Template == nil {
			out = append(out, v.Text)
			continue
		}
		out = append(out, evaluator.SpellTemplate(v.Template, wildcards))
	}
	return out
}

func networks(c *policy.Condition) []string {
	out := make([]string, 0, len(c.Values))
	for _, v := range c.Values {
		if v.Prefix != nil && !v.Prefix.Empty() {
			out = append(out, v.Prefix.String())
		}
	}
	return out
}
