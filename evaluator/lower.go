package evaluator

import (
	"slices"
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
	var f *formula
	switch {
	case fact.state == keyFree || fact.state == keyPresent:
		f = l.freeTest(c, fact, static, related, effect)
	case fact.state == keyAbsent:
		return constant(l.evaluate(c, nil, static, effect))
	case len(related) == 0:
		return constant(l.evaluate(c, &fact.value, static, effect))
	default:
		f = l.knownLeft(c, fact.value, static, related, effect)
	}
	return l.perhapsMalformed(f, c, related, effect)
}

// perhapsMalformed adds to an ARN condition the cases in which a value turns out to be no ARN once its variables are filled in: in an
// Allow it then cannot grant, in a Deny it counts, as far as the request's value is an ARN (C26).
func (l *lowering) perhapsMalformed(f *formula, c *policy.Condition, related []policy.Template, effect policy.Effect) *formula {
	if family(c.Op) != familyARN || (effect == policy.Deny) == c.Op.Negated() {
		return f
	}
	for i := range related {
		missing := 5 - writtenColons(&related[i])
		if missing <= 0 {
			continue
		}
		set := c.Set
		if set == policy.ForAllValues {
			set = policy.ForAnyValue // of an absent key nothing is malformed
		}
		arn := policy.NewCondition(policy.ARNLike, set, false, c.Written, "*:*:*:*:*:*")
		wrong := conj(l.condition(&arn, effect), l.malformed(c, &related[i], missing))
		if effect == policy.Deny {
			f = disj(f, wrong)
		} else {
			f = conj(f, negate(wrong))
		}
	}
	return f
}

// malformed is "the template has fewer fields than an ARN", which misses so many colons as it is written: of one variable that is a
// matter of the colons in its value.
func (l *lowering) malformed(c *policy.Condition, t *policy.Template, missing int) *formula {
	multi, told := l.symbols.world.multivalued(c.Key)
	single := c.Set == policy.NoSet || told && !multi
	var seg *policy.Segment
	for i := range t.Segments {
		if t.Segments[i].Kind != policy.SegmentVariable {
			continue
		}
		if seg != nil || isStar(t.Segments[:i]) || isStar(t.Segments[i+1:]) || !single {
			return l.symbols.unknown(policy.FreeCondition, "whether "+t.Text+" is an ARN")
		}
		seg = &t.Segments[i]
	}
	colons := policy.NewCondition(policy.StringLike, policy.NoSet, false, seg.Written, strings.Repeat("*:", missing)+"*")
	few := conj(negate(l.valueless(seg.Written)), negate(l.condition(&colons, policy.Allow)))
	if seg.HasDefault && strings.Count(seg.Default, ":") < missing {
		few = disj(few, l.valueless(seg.Written))
	}
	return few
}

// isStar tells whether segments are stars alone: with an empty value they match everything (C26).
func isStar(segments []policy.Segment) bool {
	return len(segments) == 1 && len(segments[0].Tokens) == 1 && segments[0].Tokens[0].Kind != region.TokenRune
}

// writtenColons counts the colons that a template has whatever its variables are.
func writtenColons(t *policy.Template) int {
	n := 0
	for i := range t.Segments {
		for _, token := range t.Segments[i].Tokens {
			if token == (region.Token{Rune: ':'}) {
				n++
			}
		}
	}
	return n
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
		switch {
		case !f.value.Multi:
		case len(f.value.List) == 0:
			return "", policy.Absent // B12: no value, so that a default applies
		default:
			return "", policy.Unusable // B13
		}
		return f.value.Single, policy.Known
	case keyAbsent:
		return "", policy.Absent
	}
	if multi, ok := l.symbols.world.multivalued(key); ok && multi {
		return "", policy.FreeList
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
			l.symbols.domainOf(seg.Key, seg.Written, fact, usedWhole)
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
	use := usedWhole
	switch {
	case c.Op == policy.Null:
		use = usedPresence
	case c.Set != policy.NoSet:
		use = usedAsSet
	}
	d := l.symbols.domainOf(c.Key, c.Written, fact, use)
	t := &keyTest{dom: d, cond: *c, valid: -1, effect: effect, empty: len(c.Values) == 0}
	t.cond.Values = static
	if c.Op != policy.Null {
		l.accept(t, static)
	}
	for i := range related {
		t.relates = append(t.relates, l.relation(c.Key, &related[i], *c, "").opaque)
	}
	if len(related) > 0 && use == usedAsSet {
		t.setRelation = l.setRelation(t)
	}
	d.atoms = append(d.atoms, t)
	return &formula{kind: formTest, test: t}
}

// setRelation is the fact of a set operator some of whose values read other keys, for a multivalued key: the positive form of the test,
// of which the negated one is the complement with the other operator (C45).
func (l *lowering) setRelation(t *keyTest) *opaque {
	c := t.cond
	c.Set, c.Op, c.IfExists = positiveSet(&t.cond), t.cond.Op.Positive(), false
	c.Values = readable(t.cond.Values)
	for _, o := range t.relates {
		c.Values = append(c.Values, policy.Value{Text: o.name, Template: o.shown})
	}
	return l.symbols.opaqueNamed("set\x00"+c.String(), func() *opaque {
		return &opaque{name: c.String(), key: c.Key, cond: c, set: t}
	}).opaque
}

// positiveSet is the set operator of the positive test that a condition is, or is the complement of.
func positiveSet(c *policy.Condition) policy.SetOperator {
	switch {
	case !c.Op.Negated():
		return c.Set
	case c.Set == policy.ForAllValues:
		return policy.ForAnyValue
	}
	return policy.ForAllValues
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
				t.accept = append(t.accept, d.addTest("binary "+string(v.Bytes), func() region.Test {
					var lang region.Lang
					for _, text := range policy.BinaryTexts(v.Bytes) {
						lang.Patterns = append(lang.Patterns, region.Literal(text))
					}
					return region.StringIn(lang)
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

// noARNs are all strings of fewer than six colon-separated fields.
func noARNs() []region.Pattern {
	var out []region.Pattern
	field := region.Token{Kind: region.TokenStarInField}
	tokens := []region.Token{field}
	for range 5 {
		out = append(out, region.Pattern{Tokens: slices.Clone(tokens)})
		tokens = append(tokens, region.Token{Kind: region.TokenRune, Rune: ':'}, field)
	}
	return out
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
