package evaluator

import (
	"sort"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// literal is one test that a residual can be written with, and the contexts in which it holds.
type literal struct {
	expr     Expr
	order    string
	presence bool
	node     region.Node
}

// literals lists what residuals are written with: the positive form of every test in play (a negated operator is the
// complement of it, C45), presence of the keys, and relations.
func (s *symbols) literals() []literal {
	if s.lits != nil {
		return s.lits
	}
	for _, d := range s.order {
		seen := map[region.Node]bool{} // equal texts may be two tests, for their documents' versions have a say (A2)
		for _, t := range d.atoms {
			for _, p := range append(t.positives(), t.validities()...) {
				node := s.testNode(p)
				if seen[node] {
					continue
				}
				seen[node] = true
				s.lits = append(s.lits, literal{expr: Test{Condition: p.cond}, order: d.key + "\x00" + p.cond.String(), node: node})
			}
			if len(t.relates) > 0 {
				s.addRelations(t)
			}
		}
		if s.world.keyType(d.key) == catalog.Bool && !d.multi { // both words for a Bool, so that "true" need not be "not false, and present"
			for i, c := range d.cells {
				cond := policy.NewCondition(policy.Bool, policy.NoSet, false, d.written, c.Witness)
				if node := s.cellNode(d, i); c.Single && !seen[node] {
					seen[node] = true
					s.lits = append(s.lits, literal{expr: Test{Condition: cond}, order: d.key + "\x00" + cond.String(), node: node})
				}
			}
		}
		if d.multi { // of an empty set every ForAllValues is true (C46)
			some := policy.NewCondition(policy.StringLike, policy.ForAnyValue, false, d.written, "*")
			p := &keyTest{dom: d, cond: some, valid: -1, every: true}
			s.lits = append(s.lits, literal{expr: Test{Condition: some}, order: d.key + "\x00}", presence: true, node: s.testNode(p)})
		}
		null := *absentCondition(d.key)
		null.Written = d.written
		s.lits = append(s.lits, literal{
			expr: Test{Condition: null}, order: d.key + "\x00~", presence: true,
			node: s.testNode(&keyTest{dom: d, cond: null, valid: -1}),
		})
	}
	for _, o := range s.olist {
		if o.class() == 0 && o.key == "" {
			s.lits = append(s.lits, literal{expr: o.expr(), order: "~" + o.name + o.text, node: s.bit(o.variable)})
		}
	}
	return s.lits
}

// addRelations adds a condition's values that read other keys, each a literal of its own.
func (s *symbols) addRelations(t *keyTest) {
	if t.dom.multi {
		if t.setRelation == nil {
			return
		}
		p := *t
		p.cond = t.setRelation.cond
		s.lits = append(s.lits, literal{expr: Test{Condition: p.cond}, order: t.dom.key + "\x00" + p.cond.String(), node: s.testNode(&p)})
		return
	}
	for _, o := range t.relates {
		c := t.cond
		c.Op, c.Set, c.IfExists, c.Written = c.Op.Positive(), policy.NoSet, false, t.dom.written
		c.Values = []policy.Value{{Text: o.name, Template: o.shown}}
		s.lits = append(s.lits, literal{expr: Test{Condition: c}, order: t.dom.key + "\x00" + c.String(), node: s.bit(o.variable)})
	}
}

// expr is a relation with the resource in words: `resource like 'arn:…/${key}/*'`.
func (o *opaque) expr() Expr { return resourceLike([]string{SpellTemplate(o.shown, true)}) }

// positives are the positive tests from which a condition is made: its own operator without negation and IfExists, and for a
// multivalued key both of ForAllValues and ForAnyValue, since each negated form is the complement of the other's positive.
func (t *keyTest) positives() []*keyTest {
	if t.cond.Op == policy.Null || t.empty || len(t.accept) == 0 || t.dom.all(t.accepts) {
		return nil // what accepts every value says no more than presence
	}
	base := *t
	base.relates, base.setRelation, base.malformed = nil, nil, false
	base.cond.Values = readable(t.cond.Values)
	base.cond.Written = t.dom.written
	base.cond.Op, base.cond.IfExists = t.cond.Op.Positive(), false
	if base.cond.Op == policy.BinaryEquals {
		base.cond = binaryTexts(&base.cond)
	}
	if !t.dom.multi {
		base.cond.Set = policy.NoSet
		return []*keyTest{&base}
	}
	if t.cond.Set == policy.NoSet {
		return nil
	}
	other := base
	if base.cond.Set == policy.ForAllValues {
		other.cond.Set = policy.ForAnyValue
	} else {
		other.cond.Set = policy.ForAllValues
	}
	if t.cond.Op.Negated() {
		return []*keyTest{&other}
	}
	return []*keyTest{&base}
}

// binaryTexts says the same as a BinaryEquals by the texts that it accepts (C28).
func binaryTexts(c *policy.Condition) policy.Condition {
	var texts []string
	for _, v := range c.Values {
		texts = append(texts, policy.BinaryTexts(v.Bytes)...)
	}
	out := *textCondition(policy.StringEquals, c.Written, texts...)
	out.Set = c.Set
	return out
}

// all tells whether something holds of every cell.
func (d *domain) all(holds func(region.Cell) bool) bool {
	for _, c := range d.cells {
		if !holds(c) {
			return false
		}
	}
	return true
}

// readable keeps the values that can match: the others say nothing in a positive test.
func readable(values []policy.Value) []policy.Value {
	kept := make([]policy.Value, 0, len(values))
	for _, v := range values {
		if v.Invalid || v.Template != nil && (v.Template.Never || v.Template.Malformed) {
			continue
		}
		kept = append(kept, v)
	}
	return kept
}

// validities are the tests "is an ARN" and "is an address", for keys that may hold other text: negated operators are not their
// positive forms' complement there (C24, C26).
func (t *keyTest) validities() []*keyTest {
	if t.valid < 0 || t.dom.multi && t.cond.Set == policy.NoSet {
		return nil
	}
	if t.dom.all(func(c region.Cell) bool { return c.In.Has(t.valid) }) {
		return nil // of a key of that type presence says the same
	}
	v := *t
	v.relates, v.setRelation, v.malformed, v.empty = nil, nil, false, false
	v.accept = []int{t.valid}
	switch family(t.cond.Op) {
	case familyARN:
		v.cond = policy.NewCondition(policy.ARNLike, t.cond.Set, false, t.dom.written, "*:*:*:*:*:*")
	default:
		v.cond = policy.NewCondition(policy.IPAddress, t.cond.Set, false, t.dom.written, "0.0.0.0/0", "::/0")
	}
	if !t.dom.multi {
		v.cond.Set = policy.NoSet
	}
	return []*keyTest{&v}
}

// cube is a conjunction of literals: the index of each, and whether it holds.
type cube []cubeLiteral

type cubeLiteral struct {
	at int
	on bool
}

// maxCubes bounds the alternatives of a residual before they are minimised.
const maxCubes = 1024

// residual writes the contexts of n, within care, as an irredundant combination of literals: no literal and no alternative can be
// dropped without changing the set. Where the alternatives are too many, it says what is excluded instead. ok is false when the
// budget ended first, or neither can be written.
func (s *symbols) residual(n, care region.Node) (Expr, bool) {
	n = s.space.And(n, care)
	if n == care {
		return Const{Value: true}, true
	}
	if cubes, ok := s.cubes(n, care); ok {
		return s.write(cubes), true
	}
	cubes, ok := s.cubes(s.space.Diff(care, n), care)
	if !ok {
		return nil, false
	}
	return Not{Of: s.write(cubes)}, true
}

// cubes is an irredundant cover of n within care by conjunctions of literals.
func (s *symbols) cubes(n, care region.Node) ([]cube, bool) {
	space := s.space
	lits := s.literals()
	var relevant []int
	for i := range lits {
		both := space.And(care, lits[i].node)
		if both != space.False() && both != care {
			relevant = append(relevant, i)
		}
	}
	var cubes []cube
	if !s.split(n, care, relevant, nil, &cubes) || s.budget.Err() != nil {
		return nil, false
	}
	cubes = s.minimise(cubes, n, care)
	return cubes, s.budget.Err() == nil
}

// split is Shannon's expansion over literals: contexts in which everything or nothing is allowed end it.
func (s *symbols) split(n, care region.Node, lits []int, path cube, out *[]cube) bool {
	space := s.space
	n = space.And(n, care)
	if n == space.False() {
		return true
	}
	if n == care {
		if len(*out) >= maxCubes {
			return false
		}
		*out = append(*out, append(cube{}, path...))
		return true
	}
	if !s.budget.Spend(1) {
		return false
	}
	for at, i := range lits {
		on := space.And(care, s.lits[i].node)
		if on == space.False() || on == care {
			continue
		}
		rest := lits[at+1:]
		off := space.Diff(care, s.lits[i].node)
		return s.split(n, on, rest, append(path, cubeLiteral{i, true}), out) &&
			s.split(n, off, rest, append(path[:len(path):len(path)], cubeLiteral{i, false}), out)
	}
	return false // the literals do not determine n: a fact that has no words
}

func (s *symbols) cubeNode(c cube) region.Node {
	n := s.space.True()
	for _, l := range c {
		if l.on {
			n = s.space.And(n, s.lits[l.at].node)
		} else {
			n = s.space.Diff(n, s.lits[l.at].node)
		}
	}
	return n
}

// minimise drops from every cube the literals that it can do without, presence first, then the cubes that the others cover.
func (s *symbols) minimise(cubes []cube, n, care region.Node) []cube {
	space := s.space
	seen := map[string]bool{}
	var primes []cube
	for _, c := range cubes {
		for _, presence := range []bool{true, false} {
			for i := len(c) - 1; i >= 0; i-- {
				if s.lits[c[i].at].presence != presence {
					continue
				}
				shorter := append(append(cube{}, c[:i]...), c[i+1:]...)
				if space.Diff(space.And(s.cubeNode(shorter), care), n) == space.False() {
					c = shorter
				}
			}
		}
		if id := c.key(); !seen[id] {
			seen[id] = true
			primes = append(primes, c)
		}
	}
	sort.SliceStable(primes, func(i, j int) bool { return len(primes[i]) > len(primes[j]) })
	for i := 0; i < len(primes) && s.budget.Err() == nil; {
		others := space.False()
		for j, c := range primes {
			if j != i {
				others = space.Or(others, s.cubeNode(c))
			}
		}
		if space.Diff(n, others) == space.False() {
			primes = append(primes[:i], primes[i+1:]...)
		} else {
			i++
		}
	}
	for _, c := range primes {
		sort.SliceStable(c, func(i, j int) bool { return s.lits[c[i].at].order < s.lits[c[j].at].order })
	}
	sort.SliceStable(primes, func(i, j int) bool { return s.sortText(primes[i]) < s.sortText(primes[j]) })
	return primes
}

// sortText is what the alternatives of a residual are sorted by: keys, then tests.
func (s *symbols) sortText(c cube) string {
	var b strings.Builder
	for _, l := range c {
		b.WriteString(s.lits[l.at].order)
		if !l.on {
			b.WriteByte('!')
		}
		b.WriteByte(0)
	}
	return b.String()
}

func (c cube) key() string {
	var b strings.Builder
	for _, l := range c {
		b.WriteByte(byte(l.at >> 8))
		b.WriteByte(byte(l.at))
		if l.on {
			b.WriteByte('+')
		} else {
			b.WriteByte('-')
		}
	}
	return b.String()
}

func (s *symbols) write(cubes []cube) Expr {
	alternatives := make([]Expr, 0, len(cubes))
	for _, c := range cubes {
		terms := make([]Expr, 0, len(c))
		for _, l := range c {
			x := s.lits[l.at].expr
			if !l.on {
				x = complement(x)
			}
			terms = append(terms, x)
		}
		if len(terms) == 1 {
			alternatives = append(alternatives, terms[0])
		} else {
			alternatives = append(alternatives, And{Of: terms})
		}
	}
	if len(alternatives) == 1 {
		return alternatives[0]
	}
	return Or{Of: alternatives}
}

// complement negates a literal; absence turns into presence.
func complement(x Expr) Expr {
	if t, ok := x.(Test); ok && t.Condition.Op == policy.Null && len(t.Condition.Values) == 1 {
		v := t.Condition.Values[0]
		t.Condition.Values = []policy.Value{{Text: map[bool]string{true: "false", false: "true"}[v.Bool], Bool: !v.Bool}}
		return t
	}
	return Not{Of: x}
}
