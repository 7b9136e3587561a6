package region

import "strings"

// Partitioned is the partition of the values of one key by a family of tests.
type Partitioned struct {
	Cells []Cell
	Exact bool // no combination of tests that some value satisfies is missing, and every Single is right
}

// Partition divides the strings of the universe (all strings, when nil) into cells by which of the tests hold: the tests'
// indexes are the members of Cell.In. Tests of strings alone are decided by Cells, and tests of numbers, instants and
// addresses alone by their intervals; both are exact. When wildcards meet intervals, combinations are looked for among the
// notations of the values on the intervals' borders and between them; where some combination is neither found nor refuted,
// Exact is false. The only error is ErrBudget.
func Partition(b *Budget, universe *Lang, tests []Test) (Partitioned, error) {
	p := partition{b: b, tests: tests, exact: true, index: map[string]int{}, cost: 1}
	for i, t := range tests {
		p.kinds[t.kind] = true
		p.cost += t.cost()
		if t.kind == testString {
			p.strings = append(p.strings, i)
		}
	}
	p.mixes = len(p.strings) > 0 || universe != nil
	values := p.classes()
	if universe != nil {
		p.within = []Lang{*universe}
	}
	switch {
	case b.Err() != nil:
		return Partitioned{}, b.Err()
	case len(p.strings) == len(tests):
		return p.onlyStrings()
	case !p.mixes:
		for _, v := range values {
			p.add(v.in, v.texts[0], false)
		}
	default:
		if err := p.mixed(values); err != nil {
			return Partitioned{}, err
		}
	}
	return Partitioned{Cells: p.cells, Exact: p.exact}, nil
}

// partition is the work of one call of Partition.
type partition struct {
	b       *Budget
	tests   []Test
	kinds   [4]bool // which kinds of test there are
	strings []int   // the indexes of the string tests
	within  []Lang
	cells   []Cell
	index   map[string]int // cells by the key of their membership
	exact   bool
	mixes   bool  // strings matter too: a value's other notations may lie in other cells
	cost    int64 // steps of evaluating all tests once
}

// onlyStrings is the case of Cells. With no tests at all the one cell is the universe.
func (p *partition) onlyStrings() (Partitioned, error) {
	langs := make([]Lang, len(p.tests))
	for i, t := range p.tests {
		langs[i] = t.lang
	}
	cells, err := Cells(p.b, p.within, langs)
	if err != nil {
		return Partitioned{}, err
	}
	return Partitioned{Cells: cells, Exact: true}, nil
}

// add enters a value; single says that it is alone in its part of the cell.
func (p *partition) add(in Set, witness string, single bool) {
	key := in.Key()
	i, ok := p.index[key]
	if !ok {
		p.index[key] = len(p.cells)
		p.cells = append(p.cells, Cell{In: in, Witness: witness, Single: single})
		return
	}
	p.cells[i].Single = p.cells[i].Single && single && p.cells[i].Witness == witness
}

// holds evaluates all tests.
func (p *partition) holds(value string) Set {
	d := denotes(value)
	in := p.holdsFor(&d)
	for _, i := range p.strings {
		if p.tests[i].match.Match(value) {
			in.Add(i)
		}
	}
	return in
}

// holdsFor evaluates the tests that are not of strings.
func (p *partition) holdsFor(d *denoted) Set {
	in := NewSet(len(p.tests))
	for i := range p.tests {
		if t := &p.tests[i]; t.kind != testString && t.holdsFor(d) {
			in.Add(i)
		}
	}
	return in
}

// mixed combines cells of strings with classes of values.
func (p *partition) mixed(values []valueClass) error {
	langs, families := p.stringLangs()
	cells, err := Cells(p.b, p.within, langs)
	if err != nil {
		return err
	}
	matchers, within := compileLangs(langs), compileLangs(p.within)
	found := map[string]map[int]string{} // by string cell: the value classes that have a notation there
	for i, v := range values {
		for _, text := range v.texts {
			if !p.b.Spend(int64(1 + len(langs))) {
				return p.b.Err()
			}
			in, ok := membership(within, matchers, text)
			if !ok {
				continue
			}
			key := in.Key()
			if found[key] == nil {
				found[key] = map[int]string{}
			}
			if _, known := found[key][i]; !known {
				found[key][i] = text
			}
		}
	}
	var undecided []Set
	for _, c := range cells {
		if !p.b.Spend(p.cost + int64(len(values))) {
			return p.b.Err()
		}
		p.add(p.holds(c.Witness), c.Witness, c.Single)
		if c.Single {
			continue
		}
		for i, v := range values {
			if text, ok := found[c.In.Key()][i]; ok {
				if !p.b.Spend(p.cost) {
					return p.b.Err()
				}
				p.add(p.holds(text), text, false)
				continue
			}
			if bad, ok := families[v.family]; ok && c.In.Has(bad) {
				continue // some character of every such string is in no value of the family
			}
			in := NewSet(len(p.tests)).Or(v.in)
			for k, t := range p.strings {
				if c.In.Has(k) {
					in.Add(t)
				}
			}
			undecided = append(undecided, in)
		}
	}
	for _, in := range undecided {
		i, ok := p.index[in.Key()]
		if !ok || p.cells[i].Single {
			p.exact = false
		}
		if ok {
			p.cells[i].Single = false
		}
	}
	return nil
}

// stringLangs are the languages by which strings are told apart before the classes of values are looked at: those of the
// string tests first, then for each family of values the strings that have a character no value of it has, then each listed
// name alone.
func (p *partition) stringLangs() (langs []Lang, families map[family]int) {
	all := append([]Lang(nil), p.within...)
	for _, i := range p.strings {
		langs = append(langs, p.tests[i].lang)
		all = append(all, p.tests[i].lang)
	}
	families = map[family]int{}
	for _, f := range []family{familyNumber, familyInstant, familyBoth, familyAddress} {
		if p.has(f) {
			families[f] = len(langs)
			langs = append(langs, strange(alphabets[f]))
		}
	}
	names := map[string]bool{}
	for _, l := range all {
		for _, pattern := range l.Patterns {
			if s, ok := pattern.Literal(); ok {
				names[s] = true
			}
		}
	}
	for _, name := range sortedKeys(names) {
		langs = append(langs, Lang{Patterns: []Pattern{Literal(name)}})
	}
	return langs, families
}

// alphabets are the characters of which the values of each family are written.
var alphabets = map[family]string{
	familyNumber:  "0123456789+-.eE",
	familyInstant: "0123456789+-.:TZ",
	familyBoth:    "0123456789+-.",
	familyAddress: "0123456789abcdefABCDEF.:",
}

// strange are the strings with some printable character outside the alphabet.
func strange(alphabet string) Lang {
	var l Lang
	for c := rune(' '); c <= '~'; c++ {
		if !strings.ContainsRune(alphabet, c) {
			l.Patterns = append(l.Patterns, Pattern{Tokens: []Token{{Kind: TokenStar}, {Rune: c}, {Kind: TokenStar}}})
		}
	}
	return l
}

func compileLangs(langs []Lang) []LangMatcher {
	out := make([]LangMatcher, len(langs))
	for i, l := range langs {
		out[i] = l.Compile()
	}
	return out
}

// membership tells which of langs hold s; ok is false when s is not in all of within.
func membership(within, langs []LangMatcher, s string) (in Set, ok bool) {
	for i := range within {
		if !within[i].Match(s) {
			return Set{}, false
		}
	}
	in = NewSet(len(langs))
	for i := range langs {
		if langs[i].Match(s) {
			in.Add(i)
		}
	}
	return in, true
}
