package region

import "math"

// Var is a variable of a Space. Variables are ordered as they were made.
type Var int32

// Node is a set of assignments of cells to the variables of one Space. Equal sets are equal nodes. Nodes of different spaces
// must not be mixed.
type Node int32

const (
	falseNode Node = 0
	trueNode  Node = 1
)

// Space is a store of ordered multi-valued decision diagrams: reduced, shared, and built by memoised operations that are
// counted in a Budget. Once that is exceeded every operation returns False at once and Err says so; results are to be used
// only while Err is nil. A Space is not safe for concurrent use.
type Space struct {
	b       *Budget
	cells   []int // by variable
	nodes   []decision
	kids    []Node
	unique  map[uint64]Node // by hash of a decision: the newest such node, others behind its next
	results map[operation]Node
	implied map[[2]Node]bool
	scratch []Node // a stack of children under construction
}

// decision is one node: the children of variable v are kids[at : at+cells[v]].
type decision struct {
	v    Var
	at   int
	next Node // another decision of the same hash, or False
}

type operator uint8

const (
	opAnd operator = iota
	opOr
	opDiff
)

type operation struct {
	op   operator
	a, b Node
}

// NewSpace returns a space without variables.
func NewSpace(b *Budget) *Space {
	last := Var(math.MaxInt32)
	return &Space{
		b:       b,
		nodes:   []decision{{v: last}, {v: last}},
		unique:  map[uint64]Node{},
		results: map[operation]Node{},
		implied: map[[2]Node]bool{},
	}
}

// Err is the error of the space's budget.
func (s *Space) Err() error { return s.b.Err() }

// Var makes a new variable, last in the order, that takes one of the given number of cells (at least one).
func (s *Space) Var(cells int) Var {
	s.cells = append(s.cells, max(cells, 1))
	return Var(len(s.cells) - 1)
}

// Vars is the number of variables.
func (s *Space) Vars() int { return len(s.cells) }

// CellsOf is the number of cells of a variable.
func (s *Space) CellsOf(v Var) int { return s.cells[v] }

// False is the empty set.
func (s *Space) False() Node { return falseNode }

// True is the set of all assignments.
func (s *Space) True() Node { return trueNode }

// In is the set of assignments that give v one of the cells.
func (s *Space) In(v Var, cells Set) Node {
	base := len(s.scratch)
	for i := range s.cells[v] {
		kid := falseNode
		if cells.Has(i) {
			kid = trueNode
		}
		s.scratch = append(s.scratch, kid)
	}
	return s.finish(v, base)
}

// Is is the set of assignments that give v this cell.
func (s *Space) Is(v Var, cell int) Node { return s.In(v, SetOf(s.cells[v], cell)) }

// And is the intersection; of nothing, True.
func (s *Space) And(nodes ...Node) Node {
	out := trueNode
	for _, n := range nodes {
		out = s.apply(opAnd, out, n)
	}
	return out
}

// Or is the union; of nothing, False.
func (s *Space) Or(nodes ...Node) Node {
	out := falseNode
	for _, n := range nodes {
		out = s.apply(opOr, out, n)
	}
	return out
}

// Not is the complement.
func (s *Space) Not(n Node) Node { return s.apply(opDiff, trueNode, n) }

// Diff is what is in a and not in b.
func (s *Space) Diff(a, b Node) Node { return s.apply(opDiff, a, b) }

// Implies tells whether every assignment in a is in b; false when the budget is exceeded.
func (s *Space) Implies(a, b Node) bool {
	switch {
	case a == falseNode || b == trueNode || a == b:
		return s.Err() == nil
	case a == trueNode || b == falseNode:
		return false // a reduced node that is not True lacks something
	}
	if known, ok := s.implied[[2]Node{a, b}]; ok {
		return known && s.Err() == nil
	}
	v := min(s.nodes[a].v, s.nodes[b].v)
	if !s.b.Spend(1 + int64(s.cells[v])) {
		return false
	}
	holds := true
	for i := 0; i < s.cells[v] && holds; i++ {
		holds = s.Implies(s.kid(a, v, i), s.kid(b, v, i))
	}
	if s.Err() == nil {
		s.implied[[2]Node{a, b}] = holds
	}
	return holds
}

// kid is what remains of n when v, which is not behind n's variable, takes cell i.
func (s *Space) kid(n Node, v Var, i int) Node {
	if d := &s.nodes[n]; d.v == v {
		return s.kids[d.at+i]
	}
	return n
}

// applied is what an operation on two nodes costs beside its cells: looking it up, and the node that it makes.
const applied = 4

// apply is the memoised product construction.
func (s *Space) apply(op operator, a, b Node) Node {
	if s.Err() != nil {
		return falseNode
	}
	if op != opDiff && a > b {
		a, b = b, a
	}
	if n, ok := trivial(op, a, b); ok {
		return n
	}
	key := operation{op, a, b}
	if n, ok := s.results[key]; ok {
		return n
	}
	v := min(s.nodes[a].v, s.nodes[b].v)
	if !s.b.Spend(applied + int64(s.cells[v])) {
		return falseNode
	}
	base := len(s.scratch)
	var lastA, lastB, last Node = -1, -1, falseNode
	for i := range s.cells[v] {
		if ka, kb := s.kid(a, v, i), s.kid(b, v, i); ka != lastA || kb != lastB {
			lastA, lastB, last = ka, kb, s.apply(op, ka, kb)
		}
		s.scratch = append(s.scratch, last)
	}
	n := s.finish(v, base)
	if s.Err() != nil {
		return falseNode
	}
	s.results[key] = n
	return n
}

// trivial is the result of an operation that needs no descent; a is at most b for And and Or.
func trivial(op operator, a, b Node) (Node, bool) {
	switch {
	case op == opAnd && a == falseNode, op == opDiff && (a == falseNode || b == trueNode || a == b):
		return falseNode, true
	case op == opAnd && (a == trueNode || a == b), op == opOr && (a == falseNode || a == b):
		return b, true
	case op == opOr && a == trueNode:
		return trueNode, true
	case op == opDiff && b == falseNode:
		return a, true
	}
	return falseNode, false
}

// finish makes the node of v whose children are on the scratch stack from base on, and takes them off.
func (s *Space) finish(v Var, base int) Node {
	kids := s.scratch[base:]
	s.scratch = s.scratch[:base]
	same := true
	hash := uint64(v) + 0x9e3779b97f4a7c15
	for _, k := range kids {
		same = same && k == kids[0]
		hash = (hash ^ uint64(k)) * 0x100000001b3
		hash ^= hash >> 29
	}
	if same {
		return kids[0]
	}
	for n := s.unique[hash]; n != falseNode; n = s.nodes[n].next {
		if s.nodes[n].v == v && equalNodes(s.kids[s.nodes[n].at:s.nodes[n].at+len(kids)], kids) {
			return n
		}
	}
	if !s.b.Spend(int64(len(kids))) {
		return falseNode
	}
	n := Node(len(s.nodes))
	s.nodes = append(s.nodes, decision{v: v, at: len(s.kids), next: s.unique[hash]})
	s.kids = append(s.kids, kids...)
	s.unique[hash] = n
	return n
}

func equalNodes(a, b []Node) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Exists is the set of assignments that are in n for some cells of the variables.
func (s *Space) Exists(n Node, vars ...Var) Node { return s.quantify(opOr, n, vars) }

// ForAll is the set of assignments that are in n for all cells of the variables.
func (s *Space) ForAll(n Node, vars ...Var) Node { return s.quantify(opAnd, n, vars) }

func (s *Space) quantify(op operator, n Node, vars []Var) Node {
	bound := NewSet(len(s.cells))
	for _, v := range vars {
		bound.Add(int(v))
	}
	return s.rebuild(n, map[Node]Node{}, func(v Var, kids []Node) (Node, bool) {
		if !bound.Has(int(v)) {
			return falseNode, false
		}
		out := kids[0]
		for _, k := range kids[1:] {
			out = s.apply(op, out, k)
		}
		return out, true
	})
}

// Restrict is the set of assignments that are in n once v takes the cell; v itself then matters no more.
func (s *Space) Restrict(n Node, v Var, cell int) Node {
	return s.rebuild(n, map[Node]Node{}, func(w Var, kids []Node) (Node, bool) {
		if w != v {
			return falseNode, false
		}
		return kids[cell], true
	})
}

// rebuild copies n from the leaves up; replace may give another node in the place of the decision over v with these
// children. The children are valid during the call only.
func (s *Space) rebuild(n Node, done map[Node]Node, replace func(v Var, kids []Node) (Node, bool)) Node {
	if s.Err() != nil {
		return falseNode
	}
	if n == falseNode || n == trueNode {
		return n
	}
	if out, ok := done[n]; ok {
		return out
	}
	d := s.nodes[n]
	if !s.b.Spend(1 + int64(s.cells[d.v])) {
		return falseNode
	}
	base := len(s.scratch)
	for i := range s.cells[d.v] {
		kid := s.rebuild(s.kids[d.at+i], done, replace)
		s.scratch = append(s.scratch, kid)
	}
	out, ok := replace(d.v, append([]Node(nil), s.scratch[base:]...))
	if ok {
		s.scratch = s.scratch[:base]
	} else {
		out = s.finish(d.v, base)
	}
	if s.Err() != nil {
		return falseNode
	}
	done[n] = out
	return out
}

// Children is the variable that n decides on and what remains for each of its cells; v is -1 for True and False. The slice
// must not be changed.
func (s *Space) Children(n Node) (v Var, kids []Node) {
	if n == falseNode || n == trueNode {
		return -1, nil
	}
	d := s.nodes[n]
	return d.v, s.kids[d.at : d.at+s.cells[d.v] : d.at+s.cells[d.v]]
}

// Pick returns an assignment in n, by variable, with the least cells: -1 where any cell will do. ok is false when n is
// empty.
func (s *Space) Pick(n Node) (assignment []int, ok bool) {
	if n == falseNode {
		return nil, false
	}
	assignment = make([]int, len(s.cells))
	for i := range assignment {
		assignment[i] = -1
	}
	for n != trueNode {
		v, kids := s.Children(n)
		for i, k := range kids {
			if k != falseNode {
				assignment[v], n = i, k
				break
			}
		}
	}
	return assignment, true
}

// Support lists the variables that n depends on, in order.
func (s *Space) Support(n Node) []Var {
	seen, in := map[Node]bool{}, NewSet(len(s.cells))
	stack := []Node{n}
	for len(stack) > 0 {
		n, stack = stack[len(stack)-1], stack[:len(stack)-1]
		v, kids := s.Children(n)
		if v < 0 || seen[n] {
			continue
		}
		seen[n] = true
		in.Add(int(v))
		stack = append(stack, kids...)
	}
	var out []Var
	in.Each(func(i int) { out = append(out, Var(i)) })
	return out
}
