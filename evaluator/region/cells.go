package region

import (
	"slices"
	"unicode/utf8"
)

// Cell is one class of strings that a family of languages does not tell apart. It is never empty.
type Cell struct {
	In      Set    // which of the languages contain it
	Witness string // a shortest member
	Single  bool   // Witness is the only member
}

// Cells partitions the strings that are in all of within by membership in langs: one cell for every combination that some
// string has, and no other. Cells come in a fixed order. The only error is ErrBudget.
//
// Patterns without wildcards are kept out of the automaton, since lists of a thousand names are common: a name is classified
// by matching it, and the automaton is about the strings that are none of the names.
func Cells(b *Budget, within []Lang, langs []Lang) ([]Cell, error) {
	names := newNames(within, langs)
	if err := names.classify(b); err != nil {
		return nil, err
	}
	known := map[string]bool{} // names the automaton must leave out explicitly
	for batch := 1; ; batch *= 2 {
		found, err := wildCells(b, names.wildWithin, names.wildLangs, known)
		if err != nil {
			return nil, err
		}
		if !names.hide(found, known, batch) {
			return names.merge(found), nil
		}
	}
}

// countedCell is a cell with the number of its strings, at most many.
type countedCell struct {
	Cell
	count int64
}

// wildCells is the partition by automaton alone, of the strings other than those left out.
func wildCells(b *Budget, within, langs []Lang, out map[string]bool) ([]countedCell, error) {
	if len(out) > 0 {
		left := Lang{Not: true}
		for _, name := range sortedKeys(out) {
			left.Patterns = append(left.Patterns, Literal(name))
		}
		within = append(within[:len(within):len(within)], left)
	}
	e := newExplorer(b, newAutomaton(within, langs))
	var cells []countedCell
	var of []int // by state: its cell
	var ids []int32
	index := map[string]int{}
	err := e.run(true, func(id int32, in []bool) bool {
		set := NewSet(len(langs))
		for i, ok := range in {
			if ok {
				set.Add(i)
			}
		}
		k, ok := index[set.Key()]
		if !ok {
			k = len(cells)
			index[set.Key()] = k
			cells = append(cells, countedCell{Cell: Cell{In: set, Witness: e.witness(id)}})
		}
		ids, of = append(ids, id), append(of, k)
		return true
	})
	if err != nil {
		return nil, err
	}
	counts := e.counts()
	for i, id := range ids {
		c := &cells[of[i]]
		c.count = min(many, c.count+counts[id])
	}
	for i := range cells {
		cells[i].Single = cells[i].count == 1
	}
	return cells, nil
}

// names are the strings that patterns without wildcards spell, apart from the languages of the patterns that have some.
type names struct {
	wildWithin, wildLangs []Lang
	literal               []map[string]bool // by language, within first: the names it lists
	wild                  [][]Matcher       // by language, within first
	not                   []bool
	within                int
	all                   []string
	points                []point
	byWild                map[string][]int // points by what the wildcard patterns alone say of them
}

// point is one name with its membership.
type point struct {
	name   string
	in     Set
	inside bool   // in all of within
	wild   string // key of the membership that the wildcard patterns alone give it; "" when that is outside within
}

func newNames(within, langs []Lang) *names {
	n := &names{within: len(within), byWild: map[string][]int{}}
	all := map[string]bool{}
	for i, l := range append(within[:len(within):len(within)], langs...) {
		rest := Lang{Not: l.Not}
		literal := map[string]bool{}
		var wild []Matcher
		for _, p := range l.Patterns {
			if s, ok := p.Literal(); ok {
				literal[s], all[s] = true, true
				continue
			}
			rest.Patterns = append(rest.Patterns, p)
			wild = append(wild, Compile(p))
		}
		if i < len(within) {
			n.wildWithin = append(n.wildWithin, rest)
		} else {
			n.wildLangs = append(n.wildLangs, rest)
		}
		n.literal, n.wild, n.not = append(n.literal, literal), append(n.wild, wild), append(n.not, l.Not)
	}
	n.all = sortedKeys(all)
	return n
}

// classify computes the membership of every name.
func (n *names) classify(b *Budget) error {
	cost := int64(1)
	for _, wild := range n.wild {
		cost += int64(1 + len(wild))
	}
	for _, name := range n.all {
		if !b.Spend(cost) {
			return b.Err()
		}
		in, wildIn := NewSet(len(n.wild)-n.within), NewSet(len(n.wild)-n.within)
		inside, wildInside := true, true
		for i, wild := range n.wild {
			matches := slices.ContainsFunc(wild, func(m Matcher) bool { return m.Match(name) })
			real := (matches || n.literal[i][name]) != n.not[i]
			matches = matches != n.not[i]
			if i < n.within {
				inside, wildInside = inside && real, wildInside && matches
				continue
			}
			if real {
				in.Add(i - n.within)
			}
			if matches {
				wildIn.Add(i - n.within)
			}
		}
		p := point{name: name, in: in, inside: inside}
		if wildInside {
			// The automaton, which knows nothing of the names, counts this one where the wildcard patterns put it.
			p.wild = "+" + wildIn.Key()
			n.byWild[p.wild] = append(n.byWild[p.wild], len(n.points))
		}
		n.points = append(n.points, p)
	}
	return nil
}

// hide decides which names the automaton must leave out before its answer can be used, and tells whether there are any
// new ones: those it took for a witness, and all of a cell that has few strings beside its names. Of a cell with a wrong
// witness some more are left out, twice as many in each round, so that rounds are few.
func (n *names) hide(found []countedCell, known map[string]bool, batch int) bool {
	before := len(known)
	for _, c := range found {
		points := n.byWild["+"+c.In.Key()]
		if len(points) == 0 {
			continue
		}
		hidden := 0
		wrong := false
		for _, i := range points {
			if !known[n.points[i].name] {
				hidden++
				wrong = wrong || n.points[i].name == c.Witness
			}
		}
		limit := 0
		if c.count < int64(hidden)+2 {
			limit = hidden
		} else if wrong {
			limit = batch
			known[c.Witness] = true
		}
		for _, i := range points {
			if name := n.points[i].name; limit > 0 && !known[name] {
				known[name] = true
				limit--
			}
		}
	}
	return len(known) > before
}

// merge joins the cells of names and those of all other strings.
func (n *names) merge(found []countedCell) []Cell {
	var cells []Cell
	index := map[string]int{}
	add := func(c Cell) {
		key := c.In.Key()
		i, ok := index[key]
		if !ok {
			index[key] = len(cells)
			cells = append(cells, c)
			return
		}
		cells[i].Single = false
		if shorter(c.Witness, cells[i].Witness) {
			cells[i].Witness = c.Witness
		}
	}
	for _, p := range n.points {
		if p.inside {
			add(Cell{In: p.in, Witness: p.name, Single: true})
		}
	}
	for _, c := range found {
		add(c.Cell)
	}
	return cells
}

// shorter orders witnesses: fewer characters win.
func shorter(s, t string) bool { return utf8.RuneCountInString(s) < utf8.RuneCountInString(t) }

func sortedKeys(m map[string]bool) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(s, t string) int {
		if shorter(s, t) != shorter(t, s) {
			if shorter(s, t) {
				return -1
			}
			return 1
		}
		if s < t {
			return -1
		}
		if s > t {
			return 1
		}
		return 0
	})
	return keys
}
