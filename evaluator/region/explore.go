package region

import "encoding/binary"

// state is one explored state of the product automaton.
type state struct {
	set    []int32
	parent int32
	via    rune
	ok     bool // all the languages that must hold accept here
}

type edge struct {
	from, to int32
	size     int64
}

// explorer walks the reachable states of an automaton breadth first, so that the first way to a state is a shortest one.
type explorer struct {
	a      *automaton
	b      *Budget
	states []state
	edges  []edge // only kept when count is asked for
	index  map[string]int32
	key    []byte
	in     []bool
}

func newExplorer(b *Budget, a *automaton) *explorer {
	return &explorer{a: a, b: b, index: map[string]int32{}, in: make([]bool, len(a.langs))}
}

// run explores; visit is called once for every state where the languages that must hold accept, in breadth-first order,
// with the membership of all languages, and ends the exploration by returning false.
func (e *explorer) run(keepEdges bool, visit func(id int32, in []bool) bool) error {
	s := stepper{a: e.a}
	if e.a.dead(e.a.start) {
		return nil
	}
	e.intern(e.a.start, -1, 0)
	if !e.visit(0, visit) {
		return nil
	}
	for id := int32(0); int(id) < len(e.states); id++ {
		classes := s.step(e.states[id].set)
		cost := int64(1 + len(e.states[id].set))
		for _, k := range classes {
			cost += int64(1 + len(k.next))
		}
		if !e.b.Spend(cost) {
			return e.b.Err()
		}
		for _, k := range classes {
			if e.a.dead(k.next) {
				continue
			}
			to, isNew := e.intern(k.next, id, k.char)
			if keepEdges {
				e.edges = append(e.edges, edge{id, to, k.size})
			}
			if isNew && !e.visit(to, visit) {
				return nil
			}
		}
	}
	return nil
}

func (e *explorer) visit(id int32, visit func(id int32, in []bool) bool) bool {
	e.a.member(e.states[id].set, e.in)
	for _, in := range e.in[:e.a.within] {
		if !in {
			return true
		}
	}
	e.states[id].ok = true
	return visit(id, e.in[e.a.within:])
}

func (e *explorer) intern(set []int32, parent int32, via rune) (id int32, isNew bool) {
	e.key = e.key[:0]
	for _, i := range set {
		e.key = binary.LittleEndian.AppendUint32(e.key, uint32(i))
	}
	if id, ok := e.index[string(e.key)]; ok {
		return id, false
	}
	id = int32(len(e.states))
	e.index[string(e.key)] = id
	e.states = append(e.states, state{set: append([]int32(nil), set...), parent: parent, via: via})
	return id, true
}

// witness spells the shortest string that leads to the state.
func (e *explorer) witness(id int32) string {
	var chars []rune
	for ; e.states[id].parent >= 0; id = e.states[id].parent {
		chars = append(chars, e.states[id].via)
	}
	for i, j := 0, len(chars)-1; i < j; i, j = i+1, j-1 {
		chars[i], chars[j] = chars[j], chars[i]
	}
	return string(chars)
}

// counts tells for each state how many strings lead to it, at most many. States that a cycle leads to have many.
func (e *explorer) counts() []int64 {
	n := len(e.states)
	incoming, first := make([]int32, n), make([]int32, n+1)
	for _, x := range e.edges {
		incoming[x.to]++
		first[x.from+1]++
	}
	for i := range n {
		first[i+1] += first[i]
	}
	// Edges are in the order of their source already: a breadth-first walk emits them state by state.
	counts := make([]int64, n)
	for i := range counts {
		counts[i] = many
	}
	sums := make([]int64, n)
	if n > 0 {
		sums[0] = 1
	}
	ready := make([]int32, 0, n)
	if n > 0 && incoming[0] == 0 {
		ready = append(ready, 0)
	}
	for i := 0; i < len(ready); i++ {
		id := ready[i]
		counts[id] = sums[id]
		for _, x := range e.edges[first[id]:first[id+1]] {
			sums[x.to] = min(many, sums[x.to]+min(many, counts[id]*x.size))
			if incoming[x.to]--; incoming[x.to] == 0 {
				ready = append(ready, x.to)
			}
		}
	}
	return counts
}
