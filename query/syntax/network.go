package syntax

import (
	"strings"
	"sync"

	"github.com/alecthomas/participle/v2/lexer"
)

// network is the grammar as a recursive transition network: for each production the states between its symbols. It is
// made from the EBNF of the parser itself, so that messages and completion cannot disagree with what is parsed.
type network struct {
	states      []state
	productions []production
	byName      map[string]int
}

type production struct {
	name        string
	first, last int // states
}

type state struct {
	production int
	free       []int // states that are reached without reading anything
	arcs       []arc
}

// arc leads to a state over a token or over a whole production.
type arc struct {
	token      *terminal // nil for a production
	production int
	to         int
}

// terminal is a token of the grammar: a literal, or any token of a type.
type terminal struct {
	literal string
	name    string // of the type, empty for a literal
	typ     lexer.TokenType
}

// fits tells whether a token is the terminal. Literals that are words match in any letter case, as they do in the parser.
func (t *terminal) fits(tok *lexer.Token) bool {
	switch {
	case t.name != "":
		return tok.Type == t.typ
	case tok.Type == build().word:
		return strings.EqualFold(tok.Value, t.literal)
	}
	return tok.Value == t.literal
}

// expectation is a token that could stand somewhere, and the production that asks for it.
type expectation struct {
	token      *terminal
	production string
}

// item is a place in a production that began before the token numbered origin.
type item struct{ state, origin int }

// itemSet holds the items before one token.
type itemSet struct {
	items   []item
	known   map[item]bool
	waiting map[int][]item // items that wait for a production, as they will be after it
	done    map[int]bool   // productions that read nothing here
}

func newItemSet() *itemSet {
	return &itemSet{known: map[item]bool{}, waiting: map[int][]item{}, done: map[int]bool{}}
}

func (s *itemSet) add(i item) {
	if !s.known[i] {
		s.known[i] = true
		s.items = append(s.items, i)
	}
}

// maxItems bounds the work that is spent on explaining an error.
const maxItems = 2_000_000

// run reads tokens (without EOF) as a production, by Earley's method. It gives how many could be read, what could have stood
// after them, and whether what was read is complete. ok is false when that would cost too much. seen, unless nil, is called with the
// number of each token that was read, and whether a literal of the grammar read it.
func (n *network) run(start string, tokens []lexer.Token, seen func(i int, literal bool)) (read int, next []expectation, complete, ok bool) {
	goal := n.byName[start]
	sets := []*itemSet{newItemSet()}
	sets[0].add(item{n.productions[goal].first, 0})
	spent := 0
	for {
		set := sets[read]
		n.close(sets, read)
		if spent += len(set.items); spent > maxItems {
			return 0, nil, false, false
		}
		if read < len(tokens) {
			after, literal := newItemSet(), false
			for _, it := range set.items {
				for _, a := range n.states[it.state].arcs {
					if a.token != nil && a.token.fits(&tokens[read]) {
						after.add(item{a.to, it.origin})
						literal = literal || a.token.literal != ""
					}
				}
			}
			if len(after.items) > 0 {
				if seen != nil {
					seen(read, literal)
				}
				sets = append(sets, after)
				read++
				continue
			}
		}
		for _, it := range set.items {
			st := &n.states[it.state]
			for _, a := range st.arcs {
				if a.token != nil {
					next = append(next, expectation{a.token, n.productions[st.production].name})
				}
			}
		}
		return read, next, set.known[item{n.productions[goal].last, 0}], true
	}
}

// close adds to the set before token number at everything that follows without reading.
func (n *network) close(sets []*itemSet, at int) {
	set := sets[at]
	for i := 0; i < len(set.items); i++ {
		it := set.items[i]
		st := &n.states[it.state]
		for _, to := range st.free {
			set.add(item{to, it.origin})
		}
		for _, a := range st.arcs {
			if a.token != nil {
				continue
			}
			after := item{a.to, it.origin}
			set.waiting[a.production] = append(set.waiting[a.production], after)
			set.add(item{n.productions[a.production].first, at})
			if set.done[a.production] {
				set.add(after)
			}
		}
		if p := st.production; it.state == n.productions[p].last {
			if it.origin == at {
				set.done[p] = true
			}
			for _, after := range sets[it.origin].waiting[p] {
				set.add(after)
			}
		}
	}
}

// grammarNetwork is made when first needed: parsing a query that is right never needs it.
var grammarNetwork = sync.OnceValue(func() *network {
	return readNetwork(build().parser.String(), build().lexer.symbols)
})

// readNetwork reads the EBNF that participle writes: Name = … . with literals in Go quotes, <types>, groups and ? * +.
func readNetwork(ebnf string, symbols map[string]lexer.TokenType) *network {
	n := &network{byName: map[string]int{}}
	types := map[string]lexer.TokenType{}
	for name, t := range symbols {
		types[strings.ToLower(name)] = t
	}
	lines := strings.Split(ebnf, "\n")
	for i, line := range lines {
		name, _, _ := strings.Cut(line, " ")
		n.byName[name] = i
		n.productions = append(n.productions, production{name: name})
	}
	for i, line := range lines {
		_, right, _ := strings.Cut(line, " = ")
		r := ebnfReader{network: n, production: i, symbols: strings.Fields(spaced(right)), types: types}
		n.productions[i].first = r.state()
		n.productions[i].last = r.choice(n.productions[i].first)
	}
	return n
}

// spaced puts spaces around the marks of EBNF. No literal of the grammar holds a space; those that are marks stand in
// quotes and stay whole.
func spaced(s string) string {
	var b strings.Builder
	quoted := false
	for _, r := range s {
		if r == '"' {
			quoted = !quoted
		}
		if !quoted && strings.ContainsRune("()?*+|", r) {
			b.WriteString(" " + string(r) + " ")
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// ebnfReader adds one production to a network.
type ebnfReader struct {
	*network
	production int
	symbols    []string
	at         int
	types      map[string]lexer.TokenType
}

func (r *ebnfReader) state() int {
	r.states = append(r.states, state{production: r.production})
	return len(r.states) - 1
}

func (r *ebnfReader) free(from, to int) { r.states[from].free = append(r.states[from].free, to) }

func (r *ebnfReader) peek() string {
	if r.at < len(r.symbols) {
		return r.symbols[r.at]
	}
	return "."
}

// choice reads alternatives that begin at a state, and gives the state where they end.
func (r *ebnfReader) choice(from int) int {
	end := r.state()
	for {
		r.free(r.sequence(from), end)
		if r.peek() != "|" {
			return end
		}
		r.at++
	}
}

func (r *ebnfReader) sequence(from int) int {
	for {
		switch r.peek() {
		case ".", "|", ")":
			return from
		}
		from = r.repeated(from)
	}
}

func (r *ebnfReader) repeated(from int) int {
	begin := r.state()
	r.free(from, begin)
	end := r.single(begin)
	out := r.state()
	r.free(end, out)
	switch r.peek() {
	case "?":
		r.free(begin, out)
	case "*":
		r.free(begin, out)
		r.free(end, begin)
	case "+":
		r.free(end, begin)
	default:
		return out
	}
	r.at++
	return out
}

func (r *ebnfReader) single(from int) int {
	symbol := r.peek()
	r.at++
	if symbol == "(" {
		end := r.choice(from)
		r.at++ // the closing parenthesis
		return end
	}
	a := arc{to: r.state()}
	switch symbol[0] {
	case '"':
		a.token = &terminal{literal: strings.Trim(symbol, `"`)}
	case '<':
		name := strings.Trim(symbol, "<>")
		a.token = &terminal{name: name, typ: r.types[name]}
	default:
		a.production = r.byName[symbol]
	}
	r.states[from].arcs = append(r.states[from].arcs, a)
	return a.to
}
