package evaluator

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// maxTerms bounds the alternatives of one written condition: each becomes a statement.
const maxTerms = 256

// term is one alternative of a condition: tests that must hold, and what is said of the resource.
type term struct {
	tests  []policy.Condition
	like   [][]string // the resource is like one of each of these
	unlike []string   // and like none of these
}

// termsOf writes an expression as alternatives of tests in policy vocabulary; ok is false where they are too many.
func termsOf(x Expr, negated bool) (terms []term, ok bool) {
	switch x := x.(type) {
	case nil:
		if negated {
			return nil, true
		}
		return []term{{}}, true
	case Const:
		if x.Value != negated {
			return []term{{}}, true
		}
		return nil, true
	case Not:
		return termsOf(x.Of, !negated)
	case And:
		return combine(x.Of, negated, !negated)
	case Or:
		return combine(x.Of, negated, negated)
	case Test:
		return testTerms(&x.Condition, negated), true
	}
	return nil, false
}

// combine joins the alternatives of several expressions: all of them at once, or each by itself.
func combine(xs []Expr, negated, all bool) ([]term, bool) {
	out := []term{}
	if all {
		out = []term{{}}
	}
	for _, x := range xs {
		next, ok := termsOf(x, negated)
		if !ok {
			return nil, false
		}
		if !all {
			out = append(out, next...)
		} else {
			var product []term
			for i := range out {
				for j := range next {
					product = append(product, out[i].and(&next[j]))
				}
			}
			out = product
		}
		if len(out) > maxTerms {
			return nil, false
		}
	}
	return out, true
}

func (t *term) and(o *term) term {
	return term{tests: slices.Concat(t.tests, o.tests), like: slices.Concat(t.like, o.like), unlike: slices.Concat(t.unlike, o.unlike)}
}

// testTerms writes one test, or its exact complement (C45). A complement that the language has no words for is left out, which makes the term
// wider: statements of the other effect take back what is too much.
func testTerms(c *policy.Condition, negated bool) []term {
	if c.Key == ResourceKey {
		texts := make([]string, 0, len(c.Values))
		for i := range c.Values {
			if t := c.Values[i].Template; t != nil {
				texts = append(texts, SpellTemplate(t, true))
			}
		}
		if negated {
			return []term{{unlike: texts}}
		}
		return []term{{like: [][]string{texts}}}
	}
	own := written(c)
	if !negated {
		return []term{{tests: []policy.Condition{own}}}
	}
	opposite, ok := opposites(&own)
	if !ok {
		return []term{{}}
	}
	out := make([]term, 0, len(opposite))
	for _, o := range opposite {
		out = append(out, term{tests: []policy.Condition{o}})
	}
	return out
}

// written is a test with its values as a document of Version 2012-10-17 has to spell them.
func written(c *policy.Condition) policy.Condition {
	out := *c
	out.Values = slices.Clone(c.Values)
	for i := range out.Values {
		v := &out.Values[i]
		if v.Template == nil {
			continue
		}
		wildcards := family(c.Op) == familyARN || c.Op.Positive() == policy.StringLike
		v.Text = SpellTemplate(v.Template, wildcards)
	}
	return out
}

// opposites are tests of which one or the other holds exactly where the given positive one does not, absence included (C45). ok is false
// where the language has no such tests: their values may be of no type that the operator reads.
func opposites(c *policy.Condition) (tests []policy.Condition, ok bool) {
	o := *c
	switch c.Op {
	case policy.Null:
		o.Values = slices.Clone(c.Values)
		for i := range o.Values {
			o.Values[i] = boolValue(!o.Values[i].Bool)
		}
		return []policy.Condition{o}, len(o.Values) == 1
	case policy.Bool:
		if len(c.Values) != 1 || c.Values[0].Invalid {
			return nil, false
		}
		o.Values = []policy.Value{boolValue(!c.Values[0].Bool)}
		o.IfExists = c.Set == policy.NoSet // C27: what is not true is false
	case policy.StringEquals:
		o.Op = policy.StringNotEquals
	case policy.StringEqualsIgnoreCase:
		o.Op = policy.StringNotEqualsIgnoreCase
	case policy.StringLike:
		o.Op = policy.StringNotLike
	case policy.NumericEquals:
		o.Op = policy.NumericNotEquals
	case policy.DateEquals:
		o.Op = policy.DateNotEquals
	case policy.IPAddress: // C24: of a key that holds nothing but addresses
		o.Op = policy.NotIPAddress
	case policy.ARNEquals, policy.ARNLike:
		o.Op = policy.ARNNotLike // C26: of a key that holds nothing but ARNs
		if plainFields(c.Values) {
			o.Op = policy.StringNotLike // as a text the pattern means the same, and of what is no ARN it says so too
		}
	default:
		reverse, ordered := map[policy.Base]policy.Base{
			policy.NumericLessThan: policy.NumericGreaterThanEquals, policy.NumericLessThanEquals: policy.NumericGreaterThan,
			policy.NumericGreaterThan: policy.NumericLessThanEquals, policy.NumericGreaterThanEquals: policy.NumericLessThan,
			policy.DateLessThan: policy.DateGreaterThanEquals, policy.DateLessThanEquals: policy.DateGreaterThan,
			policy.DateGreaterThan: policy.DateLessThanEquals, policy.DateGreaterThanEquals: policy.DateLessThan,
		}[c.Op]
		if !ordered || len(c.Values) != 1 { // C23, C25: of a key that holds nothing but numbers or instants
			return nil, false
		}
		o.Op, o.IfExists = reverse, c.Set == policy.NoSet
	}
	switch c.Set {
	case policy.ForAllValues:
		o.Set = policy.ForAnyValue
	case policy.ForAnyValue:
		o.Set = policy.ForAllValues
	}
	return []policy.Condition{o}, true
}

// plainFields tells whether ARN patterns have no wildcard before their fifth colon, or nothing but stars there: then a glob over the whole
// text matches the same ARNs.
func plainFields(values []policy.Value) bool {
	for i := range values {
		fields := strings.SplitN(values[i].Text, ":", 6)
		if len(fields) < 6 {
			return false
		}
		if strings.Trim(values[i].Text, "*:") == "" && !strings.Contains(values[i].Text, "**") {
			continue
		}
		for _, f := range fields[:5] {
			if strings.ContainsAny(f, "*?$") {
				return false
			}
		}
	}
	return true
}

func boolValue(v bool) policy.Value {
	if v {
		return policy.Value{Text: "true", Bool: true}
	}
	return policy.Value{Text: "false"}
}

// spelledResources are resource patterns of an answer, in which ${ is text like any other but where it escapes a character (B11), as a document
// spells them.
func spelledResources(patterns []string) []string {
	out := make([]string, 0, len(patterns))
	for _, p := range patterns {
		if escaped := policy.ResourceTemplate(p, policy.Identity, true); strings.Contains(p, "${") && escaped.Static == nil {
			t := policy.ResourceTemplate(p, policy.Identity, false)
			p = SpellTemplate(&t, true)
		}
		out = append(out, p)
	}
	return out
}

// covers tells whether one pattern matches all that another one does.
func covers(a, b region.Pattern) bool {
	yes, err := region.Covers(nil, region.Lang{Patterns: []region.Pattern{a}}, region.Lang{Patterns: []region.Pattern{b}})
	return err == nil && yes
}
