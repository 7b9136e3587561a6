package evaluator

import (
	"fmt"
	"sort"
	"strings"
	"sync"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// domain is what one request-time key can be: absent, or one of the cells into which the tests in play cut its values. A
// multivalued key is a set: one variable says whether it is there, one for each cell whether a value of the cell is in it.
type domain struct {
	key       string
	written   string
	fact      keyFact
	multi     bool // settled when the domain is sealed
	unsettled bool // the catalogue does not tell whether the key is multivalued: its uses do
	uses      [3]bool
	tests     []region.Test
	index     map[string]int // test text -> position in tests
	cells     []region.Cell
	typed     bool         // every value passes the first test: an address, a number, an instant
	presence  region.Var   // single: 0 absent, 1+i cell i; multi: 0 absent, 1 present
	inhabited []region.Var // multi only, one a cell: 1 when a value of the cell is in the set
	atoms     []*keyTest   // distinct tests, for print
}

// keyUse is what a test tells of a key's cardinality.
type keyUse uint8

const (
	usedPresence keyUse = iota // nothing
	usedAsSet                  // with a set operator
	usedWhole                  // without one, or as a variable, which a multivalued key never satisfies (C10, B12)
)

// keyTest is one condition on one domain, ready to be turned into a node.
type keyTest struct {
	dom     *domain
	cond    policy.Condition
	accept  []int // the tests that its policy values stand for; a value in any of them matches
	valid   int   // index of "the operator can read it" (addresses, ARNs); -1: always
	effect  policy.Effect
	relates []*opaque // values that depend on other request-time keys
	empty   bool      // the policy lists no value (C18)
	every   bool      // any value matches
	// setRelation stands for all of relates where the key is multivalued.
	setRelation *opaque

	malformed bool // a policy value is no ARN (C26)
}

// opaque is a fact that is kept as a variable of its own: a constraint between two request-time keys (C47), or something
// that the snapshot does not tell.
type opaque struct {
	name     string
	variable region.Var
	// For a relation: the key that is compared (empty: the resource), the template and the keys that it reads.
	key      string
	template *policy.Template
	shown    *policy.Template // the template for print
	reads    []string
	text     string // the literal it is compared with, when key is empty
	cond     policy.Condition
	set      *keyTest // the fact is about a multivalued key as a whole, see keyTest.setRelation
	// For what the snapshot does not tell.
	cause      policy.Cause // unknown fact, with its D54 name
	assumption string       // assumed true unless strict
}

// symbols holds the variables of one evaluation.
type symbols struct {
	budget  *region.Budget
	space   *region.Space
	domains map[string]*domain
	order   []*domain
	opaques map[string]*opaque
	olist   []*opaque
	ready   bool
	axioms  region.Node
	memo    map[*formula]region.Node
	lits    []literal
	world   *World

	spare      *region.Budget // for what sharpens relations: to run out of it costs precision alone
	partitions *sync.Map      // shared by the evaluations of a question: names of tests -> []region.Cell
}

// spareSteps is small beside DefaultBudget.
const spareSteps = 1 << 14

func newSymbols(w *World, budget *region.Budget) *symbols {
	return &symbols{
		world: w, budget: budget, domains: map[string]*domain{}, opaques: map[string]*opaque{},
		memo: map[*formula]region.Node{}, spare: region.NewBudget(spareSteps),
	}
}

// domainOf gives the domain of a key that is not known, creating it at its first use.
func (s *symbols) domainOf(key, written string, fact keyFact, use keyUse) *domain {
	d := s.domains[key]
	if d == nil {
		d = &domain{key: key, written: s.world.spelling(key, written), fact: fact, index: map[string]int{}, presence: -1}
		if multi, known := s.world.multivalued(key); known {
			d.multi = multi
		} else {
			d.unsettled = true
		}
		if name, test, ok := validity(s.world.keyType(key)); ok {
			d.addTest(name, func() region.Test { return test })
			d.typed = true
		}
		s.domains[key] = d
		s.order = append(s.order, d)
	}
	d.uses[use] = true
	if fact.state == keyFree && d.fact.state == keyPresent {
		d.fact = fact // one caller may lack it: the wider of the two
	}
	return d
}

func (d *domain) addTest(name string, make func() region.Test) int {
	if i, ok := d.index[name]; ok {
		return i
	}
	d.tests = append(d.tests, make())
	d.index[name] = len(d.tests) - 1
	return len(d.tests) - 1
}

// unknown gives the variable of a fact that the snapshot does not tell.
func (s *symbols) unknown(cause policy.Cause, name string) *formula {
	return s.unknownEither(cause, name, policy.Allow)
}

// unknownEither is unknown where one name stands for two facts, one of either effect.
func (s *symbols) unknownEither(cause policy.Cause, name string, effect policy.Effect) *formula {
	return s.opaqueNamed("unknown\x00"+string(cause)+"\x00"+name+"\x00"+effect.String(), func() *opaque { return &opaque{name: name, cause: cause} })
}

// assume gives the variable of a named assumption.
func (s *symbols) assume(text string) *formula {
	return s.opaqueNamed("assume\x00"+text, func() *opaque { return &opaque{name: text, assumption: text} })
}

func (s *symbols) opaqueNamed(id string, make func() *opaque) *formula {
	o := s.opaques[id]
	if o == nil {
		o = make()
		o.variable = -1
		s.opaques[id] = o
		s.olist = append(s.olist, o)
	}
	return &formula{kind: formOpaque, opaque: o}
}

// seal ends the collecting of tests: it cuts every domain into cells and orders the variables: keys as the statements brought them up,
// so that those of one statement stand together and diagrams stay small, then relations, assumptions and unknown facts, so that
// the latter can be quantified at the bottom of the diagram.
func (s *symbols) seal() error {
	s.space = region.NewSpace(s.budget)
	for _, d := range s.order {
		if d.unsettled {
			d.multi = d.uses[usedAsSet] && !d.uses[usedWhole]
		}
		if err := s.cut(d); err != nil {
			return fmt.Errorf("cells of %s: %w", d.written, err)
		}
		if d.multi {
			d.presence = s.space.Var(2)
			for range d.cells {
				d.inhabited = append(d.inhabited, s.space.Var(2))
			}
		} else {
			d.presence = s.space.Var(1 + len(d.cells))
		}
	}
	sort.SliceStable(s.olist, func(i, j int) bool { return s.olist[i].class() < s.olist[j].class() })
	for _, o := range s.olist {
		o.variable = s.space.Var(2)
	}
	s.axioms = s.buildAxioms()
	s.ready = true
	return s.budget.Err()
}

// cut partitions a domain's values. Domains with the same tests have the same cells, so that questions share them.
func (s *symbols) cut(d *domain) error {
	shared := s.partitions
	var key string
	if shared != nil && d.fact.universe == nil {
		names := make([]string, len(d.tests))
		for name, i := range d.index {
			names[i] = name
		}
		key = d.key + "\x01" + strings.Join(names, "\x01")
		if cells, ok := shared.Load(key); ok {
			d.cells = cells.([]region.Cell)
			return nil
		}
	}
	p, err := region.Partition(s.budget, s.world.universe(d), d.tests)
	if err != nil {
		return err
	}
	d.cells = p.Cells
	if d.typed {
		d.cells = wellTyped(d.cells)
	}
	if key != "" && p.Exact {
		shared.Store(key, d.cells)
	}
	return nil
}

// wellTyped keeps the cells whose values have the key's type.
func wellTyped(cells []region.Cell) []region.Cell {
	kept := cells[:0:0]
	for _, c := range cells {
		if c.In.Has(0) {
			kept = append(kept, c)
		}
	}
	return kept
}

// class orders opaque variables: relations first, then assumptions, then unknown facts.
func (o *opaque) class() int {
	switch {
	case o.cause != "":
		return 2
	case o.assumption != "":
		return 1
	}
	return 0
}

// node turns a formula into a node of the diagram.
func (s *symbols) node(f *formula) region.Node {
	switch f.kind {
	case formFalse:
		return s.space.False()
	case formTrue:
		return s.space.True()
	case formOpaque:
		return s.bit(f.opaque.variable)
	}
	if n, ok := s.memo[f]; ok {
		return n
	}
	var n region.Node
	switch f.kind {
	case formNot:
		n = s.space.Not(s.node(f.subs[0]))
	case formAnd, formOr:
		n = s.fold(f.kind, f.subs)
	case formTest:
		n = s.testNode(f.test)
	}
	s.memo[f] = n
	return n
}

// fold joins many formulas by halves, which keeps what is built on the way small.
func (s *symbols) fold(kind formulaKind, fs []*formula) region.Node {
	switch {
	case len(fs) == 1:
		return s.node(fs[0])
	case len(fs) == 0 && kind == formAnd:
		return s.space.True()
	case len(fs) == 0:
		return s.space.False()
	}
	half := len(fs) / 2
	left, right := s.fold(kind, fs[:half]), s.fold(kind, fs[half:])
	if kind == formAnd {
		return s.space.And(left, right)
	}
	return s.space.Or(left, right)
}

func (s *symbols) bit(v region.Var) region.Node {
	set := region.NewSet(2)
	set.Add(1)
	return s.space.In(v, set)
}

// testNode is the presence table (C5–C14) over cells.
func (s *symbols) testNode(t *keyTest) region.Node {
	if t.dom.multi {
		return s.multiNode(t)
	}
	return s.singleNode(t)
}

// holds tells what the operator says of a value in cell c, relations aside.
func (t *keyTest) holds(c region.Cell) bool {
	negated := t.cond.Op.Negated()
	switch {
	case t.empty:
		return false // C18
	case t.accepts(c):
		return !negated
	case t.valid >= 0 && !c.In.Has(t.valid):
		return false // C24, C26: what is no address or no ARN matches neither operator
	case t.malformed:
		return t.effect == policy.Deny // C26
	}
	return negated
}

func (t *keyTest) accepts(c region.Cell) bool {
	if t.every {
		return true
	}
	for _, i := range t.accept {
		if c.In.Has(i) {
			return true
		}
	}
	return false
}

// acceptsText tells whether one of the known policy values accepts a request value.
func (t *keyTest) acceptsText(value string) bool {
	for _, i := range t.accept {
		if t.dom.tests[i].Holds(value) {
			return true
		}
	}
	return false
}

// absentHolds tells what the condition says of an absent key (C5–C9).
func (t *keyTest) absentHolds() bool {
	switch t.cond.Set {
	case policy.ForAllValues:
		return true
	case policy.ForAnyValue:
		return false
	}
	return t.cond.IfExists || t.cond.Op.Negated()
}

func (s *symbols) singleNode(t *keyTest) region.Node {
	d := t.dom
	n := 1 + len(d.cells)
	if t.cond.Op == policy.Null {
		return s.nullNode(t, n)
	}
	plain := region.NewSet(n)
	if t.absentHolds() {
		plain.Add(0)
	}
	for i, c := range d.cells {
		if t.holds(c) {
			plain.Add(1 + i)
		}
	}
	node := s.space.In(d.presence, plain)
	if len(t.relates) == 0 {
		return node
	}
	// A value that matches through a relation: positive operators gain, negated ones lose.
	related := s.space.False()
	for _, o := range t.relates {
		related = s.space.Or(related, s.bit(o.variable))
	}
	present := region.NewSet(n)
	for i := range d.cells {
		present.Add(1 + i)
	}
	related = s.space.And(related, s.space.In(d.presence, present))
	if t.cond.Op.Negated() {
		return s.space.Diff(node, related)
	}
	return s.space.Or(node, related)
}

// nullNode is Null (C14, C19): several values are alternatives.
func (s *symbols) nullNode(t *keyTest, n int) region.Node {
	set := region.NewSet(n)
	for _, v := range t.cond.Values {
		if v.Invalid {
			continue
		}
		if v.Bool {
			set.Add(0)
			continue
		}
		for i := 1; i < n; i++ {
			set.Add(i)
		}
	}
	return s.space.In(t.dom.presence, set)
}

func (s *symbols) multiNode(t *keyTest) region.Node {
	d := t.dom
	if t.cond.Op == policy.Null {
		return s.nullNode(t, 2)
	}
	absent, present := region.NewSet(2), region.NewSet(2)
	absent.Add(0)
	present.Add(1)
	out := s.space.False()
	if t.absentHolds() {
		out = s.space.In(d.presence, absent)
	}
	if t.cond.Set == policy.NoSet {
		return out // C10: a list never matches without a set operator
	}
	if t.setRelation != nil {
		related := s.bit(t.setRelation.variable)
		if t.cond.Op.Negated() {
			related = s.space.Not(related)
		}
		return s.space.Or(out, s.space.And(s.space.In(d.presence, present), related))
	}
	values := s.space.True()
	if t.cond.Set == policy.ForAnyValue {
		values = s.space.False()
	}
	for i := len(d.cells) - 1; i >= 0; i-- {
		has := s.bit(d.inhabited[i])
		switch holds := t.holds(d.cells[i]); {
		case t.cond.Set == policy.ForAllValues && !holds:
			values = s.space.And(s.space.Not(has), values)
		case t.cond.Set == policy.ForAnyValue && holds:
			values = s.space.Or(has, values)
		}
	}
	return s.space.Or(out, s.space.And(s.space.In(d.presence, present), values))
}

// buildAxioms says which contexts can occur: keys that are always there, absent sets without members, and the
// documented ties between keys (C31, C32).
func (s *symbols) buildAxioms() region.Node {
	u := s.space.True()
	for _, d := range s.order {
		absent := region.NewSet(s.width(d))
		absent.Add(0)
		isAbsent := s.space.In(d.presence, absent)
		if d.fact.state == keyPresent {
			u = s.space.Diff(u, isAbsent)
		}
		for i := len(d.inhabited) - 1; i >= 0; i-- {
			u = s.space.Diff(u, s.space.And(isAbsent, s.bit(d.inhabited[i])))
		}
	}
	u = s.space.And(u, s.keyAxioms())
	return s.space.And(u, s.relationAxioms())
}

func (s *symbols) width(d *domain) int {
	if d.multi {
		return 2
	}
	return 1 + len(d.cells)
}

// absentNode is "key is absent"; ok is false when the key is not in play.
func (s *symbols) absentNode(key string) (region.Node, bool) {
	d := s.domains[key]
	if d == nil {
		return s.space.True(), false
	}
	set := region.NewSet(s.width(d))
	set.Add(0)
	return s.space.In(d.presence, set), true
}

// keyAxioms are the documented ties between request-time keys that are both in play.
func (s *symbols) keyAxioms() region.Node {
	u := s.space.True()
	noIP, ipInPlay := s.absentNode("aws:sourceip")
	noEndpoint, endpointInPlay := s.absentNode("aws:sourcevpce")
	if ipInPlay && endpointInPlay { // C32: SourceIp is there exactly when SourceVpce is not
		u = s.space.And(u, s.space.Or(s.space.And(noIP, s.space.Not(noEndpoint)), s.space.And(s.space.Not(noIP), noEndpoint)))
	}
	noAge, ageInPlay := s.absentNode("aws:multifactorauthage")
	if mfa := s.domains["aws:multifactorauthpresent"]; ageInPlay && mfa != nil { // C31: an age implies MFA
		set := region.NewSet(s.width(mfa))
		for i, c := range mfa.cells {
			if strings.EqualFold(c.Witness, "true") {
				set.Add(1 + i)
			}
		}
		u = s.space.And(u, s.space.Or(noAge, s.space.In(mfa.presence, set)))
	}
	if via := s.domains["aws:viaawsservice"]; via != nil { // C34: absent for direct calls
		direct := region.NewSet(s.width(via))
		for i, c := range via.cells {
			if strings.EqualFold(c.Witness, "false") {
				direct.Add(1 + i)
			}
		}
		for _, key := range []string{"kms:viaservice", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast"} {
			if none, inPlay := s.absentNode(key); inPlay {
				u = s.space.And(u, s.space.Or(none, s.space.Not(s.space.In(via.presence, direct))))
			}
		}
	}
	return u
}

func (s *symbols) cellNode(d *domain, i int) region.Node {
	set := region.NewSet(s.width(d))
	set.Add(1 + i)
	return s.space.In(d.presence, set)
}
