package evaluator

import (
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// lowering turns statements into formulas: what is known of a key is decided at once (C41), the rest becomes tests.
type lowering struct {
	symbols *symbols
	facts   keyFacts
}

// conditions is the AND of a statement's condition block (C1).
func (l *lowering) conditions(cs []policy.Condition, effect policy.Effect) *formula {
	parts := make([]*formula, 0, len(cs))
	for i := range cs {
		f := l.condition(&cs[i], effect)
		if f.kind == formFalse {
			return f
		}
		parts = append(parts, f)
	}
	return conj(parts...)
}

// condition lowers one test. A value that reads other request-time keys becomes a relation (C47).
func (l *lowering) condition(c *policy.Condition, effect policy.Effect) *formula {
	fact := l.facts.fact(c.Key)
	static, related := l.splitValues(c)
	switch fact.state {
	case keyFree, keyPresent:
		return l.freeTest(c, fact, static, related, effect)
	case keyAbsent:
		return constant(l.evaluate(c, nil, static, effect))
	}
	if len(related) == 0 {
		return constant(l.evaluate(c, &fact.value, static, effect))
	}
	return l.knownLeft(c, fact.value, static, related, effect)
}

// splitValues substitutes what is known into the values (B11). Values that can match nothing are kept as such, so that the
// list does not become empty (C18, C22).
func (l *lowering) splitValues(c *policy.Condition) (static []policy.Value, related []policy.Template) {
	for _, v := range c.Values {
		if v.Template == nil || v.Template.Static != nil {
			static = append(static, v)
			continue
		}
		t, ok := v.Template.Substitute(l.known)
		switch {
		case !ok:
			static = append(static, policy.Value{Text: v.Text, Template: &policy.Template{Text: v.Text, Never: true}, Invalid: v.Invalid})
		case t.Static != nil:
			static = append(static, policy.Value{Text: v.Text, Template: &t, Invalid: v.Invalid})
		default:
			related = append(related, t)
		}
	}
	return static, related
}

// known answers Template.Substitute from the facts.
func (l *lowering) known(key string) (string, policy.KeyState) {
	f := l.facts.fact(key)
	switch f.state {
	case keyKnown:
		if f.value.Multi {
			return "", policy.Unusable // B13
		}
		return f.value.Single, policy.Known
	case keyAbsent:
		return "", policy.Absent
	}
	if multi, ok := l.symbols.world.multivalued(key); ok && multi {
		return "", policy.Unusable
	}
	return "", policy.Free
}

// evaluate decides a condition whose key is known or absent with the matcher that the point engine uses.
func (l *lowering) evaluate(c *policy.Condition, value *policy.ContextValue, values []policy.Value, effect policy.Effect) bool {
	concrete := *c
	concrete.Values = values
	ctx := policy.NewContext(1)
	if value != nil {
		ctx.Set(c.Key, *value)
	}
	return concrete.Eval(ctx, effect)
}

// knownLeft is a condition whose key is known and some of whose values read keys that are not.
func (l *lowering) knownLeft(c *policy.Condition, left policy.ContextValue, static []policy.Value, related []policy.Template, effect policy.Effect) *formula {
	one := func(value string) *formula {
		v := policy.Single(value)
		plain := *c
		plain.Set, plain.IfExists = policy.NoSet, false
		if len(static) == 0 {
			static = []policy.Value{{Template: &policy.Template{Never: true}}}
		}
		base := l.evaluate(&plain, &v, static, effect)
		var hits []*formula
		for i := range related {
			hits = append(hits, l.literalMatches(&related[i], value, c))
		}
		if c.Op.Negated() {
			return conj(constant(base), negate(disj(hits...)))
		}
		return disj(constant(base), disj(hits...))
	}
	if !left.Multi {
		return one(left.Single)
	}
	parts := make([]*formula, 0, len(left.List))
	for _, v := range left.List {
		parts = append(parts, one(v))
	}
	switch c.Set {
	case policy.ForAllValues:
		return conj(parts...)
	case policy.ForAnyValue:
		return disj(parts...)
	}
	return formulaFalse // C10
}

// maxSolutions bounds the closed form of a variable inside a pattern; beyond it the constraint stays opaque.
const maxSolutions = 256

// literalMatches is "the template, its variables filled in, matches this text": with one variable the set of its values, else
// an opaque relation (C47).
func (l *lowering) literalMatches(t *policy.Template, text string, c *policy.Condition) *formula {
	at := -1
	for i, seg := range t.Segments {
		if seg.Kind != policy.SegmentVariable {
			continue
		}
		if at >= 0 {
			return l.relation("", t, policy.Condition{}, text)
		}
		at = i
	}
	if at < 0 {
		return formulaFalse
	}
	fold := c != nil && (c.Op == policy.StringEqualsIgnoreCase || c.Op == policy.StringNotEqualsIgnoreCase)
	values, ok := solutions(t, at, text, fold)
	if !ok {
		return l.relation("", t, policy.Condition{}, text)
	}
	seg := t.Segments[at]
	op := policy.StringEquals
	if fold {
		op = policy.StringEqualsIgnoreCase
	}
	out := formulaFalse
	if len(values) > 0 {
		out = l.condition(textCondition(op, seg.Written, values...), policy.Allow)
	}
	if seg.HasDefault {
		ctx := policy.NewContext(0)
		if pattern, ok := t.Resolve(ctx); ok && pattern.Match(text) {
			out = disj(out, l.condition(absentCondition(seg.Written), policy.Allow))
		}
	}
	return out
}

// solutions are the values of the variable at segment `at` that make the template match the text. Substituted text is
// literal (B15), so a solution is a piece of the text between what comes before and what comes after.
func solutions(t *policy.Template, at int, text string, fold bool) ([]string, bool) {
	var before, after []region.Token
	for i, seg := range t.Segments {
		if i < at {
			before = append(before, seg.Tokens...)
		} else if i > at {
			after = append(after, seg.Tokens...)
		}
	}
	head := region.Compile(region.Pattern{Tokens: before, Fold: fold})
	tail := region.Compile(region.Pattern{Tokens: after, Fold: fold})
	var starts, ends []int
	for i := 0; i <= len(text); i++ {
		if i < len(text) && text[i]&0xC0 == 0x80 {
			continue // inside a character
		}
		if head.Match(text[:i]) {
			starts = append(starts, i)
		}
		if tail.Match(text[i:]) {
			ends = append(ends, i)
		}
		if len(starts) > maxSolutions || len(ends) > maxSolutions {
			return nil, false
		}
	}
	seen := map[string]bool{}
	var out []string
	for _, i := range starts {
		for _, j := range ends {
			if j < i || seen[text[i:j]] {
				continue
			}
			if len(out) == maxSolutions {
				return nil, false
			}
			seen[text[i:j]] = true
			out = append(out, text[i:j])
		}
	}
	return out, true
}

// relation keeps a constraint between request-time keys, or between a key and the resource, as a fact of its own.
func (l *lowering) relation(key string, t *policy.Template, c policy.Condition, text string) *formula {
	var reads []string
	for _, seg := range t.Segments {
		if seg.Kind != policy.SegmentVariable {
			continue
		}
		reads = append(reads, seg.Key)
		fact := l.facts.fact(seg.Key)
		if fact.state == keyFree || fact.state == keyPresent {
			l.symbols.domainOf(seg.Key, seg.Written, fact, false)
		}
	}
	// A negated operator is the complement of the same relation (C45), and letter case in a key's name says nothing (C2).
	id := "relation\x00" + key + "\x00" + c.Op.Positive().String() + "\x00" + substitutedText(t) + "\x00" + text
	return l.symbols.opaqueNamed(id, func() *opaque {
		return &opaque{name: substitutedText(t), key: key, template: t, shown: t, reads: reads, cond: c, text: text}
	})
}

// freeTest registers a test of a key whose value only the request knows.
func (l *lowering) freeTest(c *policy.Condition, fact keyFact, static []policy.Value, related []policy.Template, effect policy.Effect) *formula {
	d := l.symbols.domainOf(c.Key, c.Written, fact, c.Set != policy.NoSet)
	t := &keyTest{dom: d, cond: *c, valid: -1, effect: effect, empty: len(c.Values) == 0}
	t.cond.Values = static
	if c.Op != policy.Null {
		l.accept(t, static)
	}
	for i := range related {
		f := l.relation(c.Key, &related[i], *c, "")
		if d.multi {
			f.opaque.template = nil // a set against a value: no axiom ties it
		}
		t.relates = append(t.relates, f.opaque)
	}
	d.atoms = append(d.atoms, t)
	return &formula{kind: formTest, test: t}
}

// accept registers the tests that a condition's values stand for.
func (l *lowering) accept(t *keyTest, values []policy.Value) {
	d := t.dom
	switch family(t.cond.Op) {
	case familyString, familyARN:
		l.acceptText(t, values)
	case familyNumber:
		t.valid = -1
		for _, v := range values {
			if v.Number != nil {
				t.accept = append(t.accept, d.addTest(t.cond.Op.Positive().String()+" "+v.Text, func() region.Test { return numberTest(t.cond.Op, *v.Number) }))
			}
		}
	case familyDate:
		for _, v := range values {
			if v.Time != nil {
				t.accept = append(t.accept, d.addTest(t.cond.Op.Positive().String()+" "+v.Text, func() region.Test { return instantTest(t.cond.Op, *v.Time) }))
			}
		}
	case familyAddress:
		t.valid = d.addTest("address", func() region.Test { return region.IsAddress() })
		var prefixes []region.Prefix
		var name strings.Builder
		for _, v := range values {
			if v.Prefix != nil {
				prefixes = append(prefixes, *v.Prefix)
				name.WriteString(" " + v.Text)
			}
		}
		if len(prefixes) > 0 {
			t.accept = append(t.accept, d.addTest("in"+name.String(), func() region.Test { return region.AddressIn(prefixes) }))
		}
	case familyBool:
		for _, v := range values {
			if v.Invalid {
				continue
			}
			isTrue := region.Lang{Patterns: []region.Pattern{region.Glob("true", true)}, Not: !v.Bool}
			t.accept = append(t.accept, d.addTest("bool "+v.Text, func() region.Test { return region.StringIn(isTrue) }))
		}
	case familyBinary:
		for _, v := range values {
			if !v.Invalid {
				t.accept = append(t.accept, d.addTest("binary "+v.Text, func() region.Test {
					return region.StringIn(region.Lang{Patterns: []region.Pattern{region.Literal(v.Text)}})
				}))
			}
		}
	}
}

// acceptText registers the union of the values' patterns; ARN operators read well-formed ARNs only (C26).
func (l *lowering) acceptText(t *keyTest, values []policy.Value) {
	d := t.dom
	var lang region.Lang
	var name strings.Builder
	name.WriteString(t.cond.Op.Positive().String())
	isARN := family(t.cond.Op) == familyARN
	for _, v := range values {
		switch {
		case v.Template == nil:
		case isARN && v.Template.Malformed:
			t.malformed = true
		case v.Template.Never || v.Template.Static == nil:
		default:
			lang.Patterns = append(lang.Patterns, *v.Template.Static)
			name.WriteString("\x00" + v.Template.Static.String())
		}
	}
	if isARN {
		t.valid = d.addTest("arn", func() region.Test { return region.StringIn(arnShape()) })
	}
	if len(lang.Patterns) > 0 {
		t.accept = append(t.accept, d.addTest(name.String(), func() region.Test { return region.StringIn(lang) }))
	}
}

// arnShape is every string of at least six colon-separated fields.
func arnShape() region.Lang {
	var p region.Pattern
	for range 5 {
		p.Tokens = append(p.Tokens, region.Token{Kind: region.TokenStarInField}, region.Token{Kind: region.TokenRune, Rune: ':'})
	}
	p.Tokens = append(p.Tokens, region.Token{Kind: region.TokenStar})
	return region.Lang{Patterns: []region.Pattern{p}}
}
