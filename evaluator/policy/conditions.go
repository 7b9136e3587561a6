package policy

// conditions reads Condition (C1, C2, C16–C18). A test that could not be read is left out, which is the wide side, and the
// statement is unanalysable.
func (s *statementReader) conditions(m *node) {
	at := s.at.member("Condition")
	if m.kind != '{' {
		s.broke("C1", at, m.offset, "Condition is an object of operators, not %s", m.what())
		return
	}
	type operator struct {
		op       Base
		set      SetOperator
		ifExists bool
	}
	names := make([]operator, len(m.children))
	known := make([]bool, len(m.children))
	var seen map[operator]int // of a single one it is not worth making
	if len(m.children) > 1 {
		seen = make(map[operator]int, len(m.children))
	}
	for i := range m.children {
		n := &names[i]
		if n.op, n.set, n.ifExists, known[i] = ParseOperator(m.children[i].name); known[i] && seen != nil {
			seen[*n]++
		}
	}
	for i := range m.children {
		child, n := &m.children[i], names[i]
		place := at.member(child.name)
		switch {
		case child.twin:
			s.twice(child, "Condition")
		case !known[i]:
			s.broke("C16", place, child.nameAt, "unknown condition operator %s; write [ForAllValues:|ForAnyValue:]Operator[IfExists], like StringEquals%s", clip(child.name), nullHint(child.name))
		case seen[n] > 1:
			s.broke("C17", place, child.nameAt, "the operator %s stands in the Condition twice, in different capitals; put its keys together", clip(child.name))
		case child.kind != '{':
			s.broke("C16", place, child.offset, "an operator holds an object of condition keys, not %s", child.what())
		case len(child.children) == 0:
			s.broke("C16", place, child.offset, "the operator %s has no condition key; add one or remove it", clip(child.name))
		default:
			s.operatorFlaws(child, n.op, n.set, n.ifExists, place)
			s.keys(child, Condition{Op: n.op, Set: n.set, IfExists: n.ifExists}, place)
		}
	}
}

func nullHint(name string) string {
	if sameName(name, "NullIfExists") {
		return "; Null takes no IfExists"
	}
	return ""
}

// operatorFlaws are the findings about an operator that never invalidate.
func (s *statementReader) operatorFlaws(m *node, op Base, set SetOperator, ifExists bool, at *path) {
	switch {
	case set == ForAnyValue && ifExists:
		s.lint("C9", at, m.nameAt, "ForAnyValue with IfExists is false when the key is absent; use Null to allow its absence")
	case op == Null && set != NoSet:
		s.lint("C14", at, m.nameAt, "a set operator does nothing before Null; remove it")
	}
}

// keys reads the condition keys of one operator (C2).
func (s *statementReader) keys(m *node, test Condition, at *path) {
	var spelled map[string]int // of a single one it is not worth making
	if len(m.children) > 1 {
		spelled = make(map[string]int, len(m.children))
		for i := range m.children {
			spelled[CanonicalKey(m.children[i].name)]++
		}
	}
	for i := range m.children {
		key := &m.children[i]
		place := at.member(key.name)
		test.Key, test.Written = CanonicalKey(key.name), key.name
		switch {
		case key.twin:
			s.twice(key, m.name)
			continue
		case spelled[test.Key] > 1:
			s.broke("C2", place, key.nameAt, "the key %s stands under %s twice, in different capitals; put its values together", clip(key.name), m.name)
			continue
		}
		if values, ok := s.values(key, test.Op, place); ok {
			test.Values = values
			s.out.Conditions = append(s.out.Conditions, test)
		}
	}
}

// values reads the policy values of one key (A8, C18).
func (s *statementReader) values(m *node, op Base, at *path) ([]Value, bool) {
	list, index := []node{*m}, alone
	if m.kind == '[' {
		list, index = m.children, 0
		if len(list) == 0 {
			s.lint("C18", at, m.offset, "an empty list of values never matches a key that is present; list at least one value")
		}
	}
	out, ok := make([]Value, 0, len(list)), true
	for i := range list {
		v := &list[i]
		p := placed{v.text, v.offset, at, index}
		if index != alone {
			index++
		}
		if !v.isScalar() {
			s.broke("A8", p.path(), v.offset, "a condition value is a string, a number or a boolean, not %s", v.what())
			ok = false
			continue
		}
		text := v.text
		if v.kind == '0' {
			text = canonicalNumber(text)
		}
		value, found := compileValue(op, text, s.doc.Variables)
		s.flaws(&p, found)
		out = append(out, value)
	}
	return out, ok
}
