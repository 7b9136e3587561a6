package evaluator

import (
	"fmt"
	"strings"
	"unicode/utf8"

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

// maxSolutions bounds the closed form of variables inside a pattern; beyond it the constraint stays opaque.
const maxSolutions = 256

// maxSteps bounds the search for them.
const maxSteps = 1 << 15

// literalMatches is "the template, its variables filled in, matches this text": the sets of values that make it so, or an opaque
// relation where they are too many (C47). Of an ARN condition the fields are those after substitution (C26).
func (l *lowering) literalMatches(t *policy.Template, text string, c *policy.Condition) *formula {
	op := policy.StringEquals
	if c != nil && (c.Op == policy.StringEqualsIgnoreCase || c.Op == policy.StringNotEqualsIgnoreCase) {
		op = policy.StringEqualsIgnoreCase
	}
	s := solver{segments: t.Segments, text: text, fold: op == policy.StringEqualsIgnoreCase}
	if c != nil && family(c.Op) == familyARN {
		s.segments, s.whole = unfielded(t.Segments), t
	}
	s.lists = func(key string) bool {
		multi, ok := l.symbols.world.multivalued(key)
		return ok && multi
	}
	s.globs = make([]region.Matcher, len(s.segments))
	for i, seg := range s.segments {
		s.globs[i] = region.Compile(region.Pattern{Tokens: seg.Tokens, Fold: s.fold})
	}
	solved := s.solve(0, 0)
	l.symbols.budget.Spend(int64(s.steps))
	if !solved {
		if c != nil { // a known key, not the resource
			return l.relation(c.Key, t, *c, text)
		}
		return l.relation("", t, policy.Condition{}, text)
	}
	var alone []string // values of the variable, when there is but one
	var out []*formula
	for _, solution := range s.found {
		if len(solution) == 1 && solution[0].present {
			alone = append(alone, solution[0].text)
			continue
		}
		parts := make([]*formula, 0, len(solution))
		for _, b := range solution {
			if b.present {
				parts = append(parts, l.condition(textCondition(op, b.written, b.text), policy.Allow))
			} else {
				parts = append(parts, l.valueless(b.written))
			}
		}
		out = append(out, conj(parts...))
	}
	if len(alone) > 0 {
		out = append(out, l.condition(textCondition(op, s.found[0][0].written, alone...), policy.Allow))
	}
	return disj(out...)
}

// valueless is "the key has no value, so that a default stands" (B12, B13).
func (l *lowering) valueless(key string) *formula {
	if multi, ok := l.symbols.world.multivalued(policy.CanonicalKey(key)); ok && multi {
		some := policy.NewCondition(policy.StringLike, policy.ForAnyValue, false, key, "*")
		return negate(l.condition(&some, policy.Allow))
	}
	return l.condition(absentCondition(key), policy.Allow)
}

// unfielded lets every wildcard match colons, so that all solutions of an ARN pattern are found, and others, which are then tried.
func unfielded(segments []policy.Segment) []policy.Segment {
	out := make([]policy.Segment, len(segments))
	for i, seg := range segments {
		out[i] = seg
		out[i].Tokens = nil
		for _, t := range seg.Tokens {
			switch t.Kind {
			case region.TokenAnyInField:
				t.Kind = region.TokenAny
			case region.TokenStarInField:
				t.Kind = region.TokenStar
			}
			out[i].Tokens = append(out[i].Tokens, t)
		}
	}
	return out
}

// binding is what a variable must be for a template to match a text: a value, or absent so that its default stands.
type binding struct {
	key     string
	written string
	text    string
	present bool
}

// solver finds what the variables of a template must be for it to match a text. Substituted text is literal (B15), so that a value is
// a piece of the text.
type solver struct {
	segments []policy.Segment
	text     string
	fold     bool
	whole    *policy.Template      // an ARN pattern, on which solutions are tried
	lists    func(key string) bool // tells multivalued keys, whose values are of no use

	path  []binding
	found [][]binding
	seen  map[string]bool
	globs []region.Matcher // of the segments, by index
	steps int
}

// solve matches segment i and those behind it from a place in the text on; it is false when there is too much to find.
func (s *solver) solve(i, from int) bool {
	if i == len(s.segments) {
		return from < len(s.text) || s.enter()
	}
	seg := &s.segments[i]
	if seg.Kind == policy.SegmentTokens {
		if literal, ok := (region.Pattern{Tokens: seg.Tokens, Fold: s.fold}).Literal(); ok && !strings.ContainsRune(literal, utf8.RuneError) {
			return !strings.HasPrefix(s.text[from:], literal) || s.solve(i+1, from+len(literal))
		}
		return s.ends(from, func(end int) bool {
			return !s.globs[i].Match(s.text[from:end]) || s.solve(i+1, end)
		})
	}
	for _, b := range s.path {
		if b.key != seg.Key {
			continue
		}
		value := b.text // a variable has one value throughout
		switch {
		case !b.present && !seg.HasDefault:
			return true
		case !b.present:
			value = seg.Default
		}
		if !s.fold {
			return !strings.HasPrefix(s.text[from:], value) || s.solve(i+1, from+len(value))
		}
		return s.ends(from, func(end int) bool {
			return !s.equal(s.text[from:end], value) || s.solve(i+1, end)
		})
	}
	return s.ends(from, func(end int) bool {
		value := s.text[from:end]
		fine := true
		if !s.lists(seg.Key) {
			s.path = append(s.path, binding{key: seg.Key, written: seg.Written, text: value, present: true})
			fine = s.solve(i+1, end)
			s.path = s.path[:len(s.path)-1]
		}
		if !fine || !seg.HasDefault || !s.equal(value, seg.Default) {
			return fine
		}
		s.path = append(s.path, binding{key: seg.Key, written: seg.Written})
		fine = s.solve(i+1, end)
		s.path = s.path[:len(s.path)-1]
		return fine
	})
}

// ends visits the places where a piece of the text that begins at from can end.
func (s *solver) ends(from int, visit func(end int) bool) bool {
	for end := from; end <= len(s.text); end++ {
		if end < len(s.text) && s.text[end]&0xC0 == 0x80 {
			continue // inside a character
		}
		if s.steps++; s.steps > maxSteps || !visit(end) {
			return false
		}
	}
	return true
}

func (s *solver) equal(a, b string) bool {
	if !s.fold {
		return a == b
	}
	return region.Pattern{Tokens: region.Literal(a).Tokens, Fold: true}.Match(b)
}

// enter takes over the path as a solution; it is false when there are too many.
func (s *solver) enter() bool {
	if s.whole != nil && !s.holds() {
		return true
	}
	var id strings.Builder
	for _, b := range s.path {
		fmt.Fprintf(&id, "%q %v %q,", b.key, b.present, b.text)
	}
	if s.seen[id.String()] {
		return true
	}
	if len(s.found) == maxSolutions {
		return false
	}
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	s.seen[id.String()] = true
	s.found = append(s.found, append([]binding(nil), s.path...))
	return true
}

// holds tries the path on the whole pattern.
func (s *solver) holds() bool {
	ctx := policy.NewContext(len(s.path))
	for _, b := range s.path {
		if b.present {
			ctx.Set(b.key, policy.Single(b.text))
		}
	}
	p, ok := s.whole.Resolve(ctx)
	return ok && p.Match(s.text)
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

// arnShape is every string of at least six colon-separated fields.
func arnShape() region.Lang {
	var p region.Pattern
	for range 5 {
		p.Tokens = append(p.Tokens, region.Token{Kind: region.TokenStarInField}, region.Token{Kind: region.TokenRune, Rune: ':'})
	}
	p.Tokens = append(p.Tokens, region.Token{Kind: region.TokenStar})
	return region.Lang{Patterns: []region.Pattern{p}}
}
