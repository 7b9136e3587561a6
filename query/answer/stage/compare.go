package stage

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/evaluator/region"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// test decides one comparison for a field's value; nil is null. A comparison with null is false, but for != and is null:
// != is the exact complement of =.
type test func(value any) bool

// Matches makes the test that tells whether a field's value is as a text says, for those who hold rows against what they expect: texts and elements of
// lists are like it, all else is equal to it. now is what ages are counted from.
func Matches(c answer.Column, literal string, now time.Time) (func(value any) bool, error) {
	op := syntax.Equal
	if c.Type == answer.Text || c.Type == answer.List {
		op = syntax.Like
	}
	return compile(c, op, literal, now)
}

// compile makes the test "field op text"; in is = for each of its values. The literal is its text alone: what it means follows from the field's type, so
// that an account number is a text where accounts are texts. now is what ages are counted from.
func compile(c answer.Column, op syntax.Op, literal string, now time.Time) (test, error) {
	if op == syntax.NotEqual {
		same, err := compile(c, syntax.Equal, literal, now)
		if err != nil {
			return nil, err
		}
		return func(v any) bool { return !same(v) }, nil
	}
	switch c.Type {
	case answer.Text, answer.List:
		return compileText(c, op, literal)
	case answer.Number:
		n, err := strconv.ParseFloat(literal, 64)
		if err != nil || math.IsNaN(n) {
			return nil, fmt.Errorf("%s is a number, and %q is none", c.Name, literal)
		}
		return ordered(c, op, func(v any) (int, bool) {
			x, ok := v.(float64)
			return cmp.Compare(x, n), ok
		})
	case answer.Bool:
		want, ok := map[string]bool{"true": true, "false": false}[strings.ToLower(literal)]
		if !ok {
			return nil, fmt.Errorf("%s is true or false, and %q is neither", c.Name, literal)
		}
		if op != syntax.Equal && op != syntax.In {
			return nil, fmt.Errorf("%s is true or false: only = and != compare it", c.Name)
		}
		return func(v any) bool { x, ok := v.(bool); return ok && x == want }, nil
	case answer.Duration:
		d, ok := parseDuration(literal)
		if !ok {
			return nil, fmt.Errorf("%s is a duration, and %q is none; write 90d, 12h or 30m", c.Name, literal)
		}
		return ordered(c, op, func(v any) (int, bool) {
			x, ok := v.(time.Duration)
			return cmp.Compare(x, d), ok
		})
	case answer.Time:
		return compileTime(c, op, literal, now)
	}
	return nil, fmt.Errorf("%s is %s and has no single value; compare one of its own fields", c.Name, c.Type)
}

// ordered makes the test for op from a comparison with the literal; ok is false for null.
func ordered(c answer.Column, op syntax.Op, compare func(v any) (order int, ok bool)) (test, error) {
	holds, err := orderOf(c, op)
	if err != nil {
		return nil, err
	}
	return func(v any) bool {
		order, ok := compare(v)
		return ok && holds(order)
	}, nil
}

func orderOf(c answer.Column, op syntax.Op) (func(order int) bool, error) {
	switch op {
	case syntax.Equal, syntax.In:
		return func(o int) bool { return o == 0 }, nil
	case syntax.Less:
		return func(o int) bool { return o < 0 }, nil
	case syntax.LessEqual:
		return func(o int) bool { return o <= 0 }, nil
	case syntax.Greater:
		return func(o int) bool { return o > 0 }, nil
	case syntax.GreaterEqual:
		return func(o int) bool { return o >= 0 }, nil
	}
	return nil, fmt.Errorf("%s is %s: this test is not one for it", c.Name, c.Type)
}

// compileText compares a text, or any element of a list. like takes * and ?, and on an ARN also tries the part after the
// account; contains looks inside a text, and for an element of a list.
func compileText(c answer.Column, op syntax.Op, literal string) (test, error) {
	var holds func(s string) bool
	switch op {
	case syntax.Like:
		m := region.Compile(region.Glob(literal, false))
		holds = m.Match
		if c.ARN {
			holds = func(s string) bool {
				if m.Match(s) {
					return true
				}
				_, _, _, _, resource, ok := graph.ARN(s).Split()
				return ok && m.Match(resource)
			}
		}
	case syntax.Contains:
		holds = func(s string) bool { return strings.Contains(s, literal) }
		if c.Type == answer.List {
			holds = func(s string) bool { return s == literal }
		}
	default:
		order, err := orderOf(c, op)
		if err != nil {
			return nil, err
		}
		if c.Type == answer.List && op != syntax.Equal && op != syntax.In {
			return nil, fmt.Errorf("%s is a list: it has no order; use contains, like, = or !=", c.Name)
		}
		holds = func(s string) bool { return order(strings.Compare(s, literal)) }
	}
	return func(v any) bool {
		switch v := v.(type) {
		case string:
			return holds(v)
		case []string:
			return slices.ContainsFunc(v, holds)
		}
		return false
	}, nil
}

// compileTime compares a time with a date, which means that whole day in UTC, with an instant, or with an age: last_used >
// 90d is what was last used more than 90 days before now.
func compileTime(c answer.Column, op syntax.Op, literal string, now time.Time) (test, error) {
	if age, ok := parseDuration(literal); ok {
		return ordered(c, op, func(v any) (int, bool) {
			t, ok := v.(time.Time)
			return cmp.Compare(now.Sub(t), age), ok
		})
	}
	first, last, ok := parseTime(literal)
	if !ok {
		return nil, fmt.Errorf("%s is a time, and %q is none; write 2026-11-01, 2026-11-01T08:00:00Z, or an age such as 90d", c.Name, literal)
	}
	return ordered(c, op, func(v any) (int, bool) {
		t, ok := v.(time.Time)
		switch {
		case t.Before(first):
			return -1, ok
		case t.After(last):
			return 1, ok
		}
		return 0, ok
	})
}

// parseTime reads a date as its first and last instant, or an instant as itself twice.
func parseTime(s string) (first, last time.Time, ok bool) {
	if day, err := time.Parse(time.DateOnly, s); err == nil {
		return day, day.AddDate(0, 0, 1).Add(-1), true
	}
	at, err := time.Parse(time.RFC3339, s)
	return at, at, err == nil
}

// parseDuration reads a whole number and a unit: s, m (minutes), h, d, w or y (365 days).
func parseDuration(s string) (time.Duration, bool) {
	const day = 24 * time.Hour
	if len(s) < 2 {
		return 0, false
	}
	unit, ok := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': day, 'w': 7 * day, 'y': 365 * day}[s[len(s)-1]]
	n, err := strconv.ParseInt(s[:len(s)-1], 10, 64)
	if !ok || err != nil || n < 0 || n > int64((1<<63-1)/unit) {
		return 0, false
	}
	return time.Duration(n) * unit, true
}

// truthy is what a field's name alone means in a predicate: there is something, and it is not false or zero.
func truthy(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		return v != ""
	case float64:
		return v != 0
	case []string:
		return len(v) > 0
	case time.Time:
		return !v.IsZero()
	case time.Duration:
		return v != 0
	}
	return false
}

// isNull tells whether a field has no value. An empty list has none.
func isNull(v any) bool {
	if list, ok := v.([]string); ok {
		return len(list) == 0
	}
	return v == nil
}

// compareValues orders two values of one field: null first, then by the type's own order.
func compareValues(a, b any) int {
	if a == nil || b == nil {
		return cmp.Compare(boolRank(a != nil), boolRank(b != nil))
	}
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b)
		}
	case float64:
		if b, ok := b.(float64); ok {
			return cmp.Compare(a, b)
		}
	case bool:
		if b, ok := b.(bool); ok {
			return cmp.Compare(boolRank(a), boolRank(b))
		}
	case time.Time:
		if b, ok := b.(time.Time); ok {
			return a.Compare(b)
		}
	case time.Duration:
		if b, ok := b.(time.Duration); ok {
			return cmp.Compare(a, b)
		}
	case []string:
		if b, ok := b.([]string); ok {
			return slices.Compare(a, b)
		}
	}
	return 0
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}
