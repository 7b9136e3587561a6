package region

import (
	"cmp"
	"slices"
	"unicode"
	"unicode/utf8"
)

// position is one place in one pattern of one language: the token that comes next, or its end.
type position struct {
	token Token
	fold  bool
	end   bool // the pattern is spelled: its language accepts here
	every bool // from here the language accepts everything
	lang  int32
	first int32 // where its pattern begins
	// A star makes the earlier positions down to dominates superfluous when they are active together with it: what they
	// accept, it accepts.
	dominates int32
}

// automaton is the product of the automata of several languages. A state of it is the sorted set of active positions.
type automaton struct {
	langs     []Lang
	within    int // the first so many languages must all hold; others only classify
	positions []position
	home      []int32 // by language: the position that stands for "this language accepts everything from here"
	allFold   bool
	anyFold   bool
	start     []int32
}

func newAutomaton(within, langs []Lang) *automaton {
	a := &automaton{within: len(within), allFold: true}
	a.langs = append(append(make([]Lang, 0, len(within)+len(langs)), within...), langs...)
	size := 0
	for _, l := range a.langs {
		size++
		for _, p := range l.Patterns {
			size += len(p.Tokens) + 1
			a.allFold = a.allFold && p.Fold
			a.anyFold = a.anyFold || p.Fold
		}
	}
	a.positions = make([]position, 0, size)
	var start []int32
	for i, l := range a.langs {
		a.home = append(a.home, int32(len(a.positions)))
		a.positions = append(a.positions, position{every: true, lang: int32(i)})
		for _, p := range l.Patterns {
			start = a.activate(start, a.add(p, int32(i)))
		}
	}
	a.start = a.reduce(start)
	return a
}

// add appends the positions of p and returns the first.
func (a *automaton) add(p Pattern, lang int32) int32 {
	first := int32(len(a.positions))
	tokens := p.normal()
	field := first // the earliest position from which no ':' can have been consumed
	for i, t := range tokens {
		pos := position{token: t, fold: p.Fold, lang: lang, first: first}
		at := first + int32(i)
		switch t.Kind {
		case TokenStar:
			pos.dominates = first
			pos.every = i == len(tokens)-1
			field = at + 1
		case TokenStarInField:
			pos.dominates = field
		default:
			if t.takes(':') {
				field = at + 1
			}
		}
		a.positions = append(a.positions, pos)
	}
	a.positions = append(a.positions, position{end: true, lang: lang, first: first})
	return first
}

// activate appends position i and, since a star may stand for nothing, the one behind it.
func (a *automaton) activate(set []int32, i int32) []int32 {
	for {
		set = append(set, i)
		if p := &a.positions[i]; p.end || !p.token.star() {
			return set
		}
		i++
	}
}

// reduce sorts a set of positions and drops what other members make superfluous, in place.
func (a *automaton) reduce(set []int32) []int32 {
	slices.Sort(set)
	set = slices.Compact(set)
	out := set[:0]
	for i := 0; i < len(set); {
		lang, j, every := a.positions[set[i]].lang, i, false
		for ; j < len(set) && a.positions[set[j]].lang == lang; j++ {
			every = every || a.positions[set[j]].every
		}
		if every {
			out = append(out, a.home[lang])
			i = j
			continue
		}
		for ; i < j; i++ {
			if !a.dominated(set[i], set[i+1:j]) {
				out = append(out, set[i])
			}
		}
	}
	return out
}

func (a *automaton) dominated(i int32, later []int32) bool {
	for _, j := range later {
		p := &a.positions[j]
		if p.first > i {
			return false // another pattern
		}
		if p.token.star() && !p.end && p.dominates <= i {
			return true
		}
	}
	return false
}

// member tells which languages accept in the state, each complemented if it says so.
func (a *automaton) member(set []int32, in []bool) {
	for i, l := range a.langs {
		in[i] = l.Not
	}
	for _, i := range set {
		if p := &a.positions[i]; p.end || p.every {
			in[p.lang] = !a.langs[p.lang].Not
		}
	}
}

// dead tells whether no string from this state on can satisfy all the languages that must hold.
func (a *automaton) dead(set []int32) bool {
	next := 0
	for lang := range a.within {
		for next < len(set) && a.positions[set[next]].lang < int32(lang) {
			next++
		}
		some := next < len(set) && a.positions[set[next]].lang == int32(lang)
		if a.langs[lang].Not {
			if some && set[next] == a.home[lang] {
				return true
			}
		} else if !some {
			return true
		}
	}
	return false
}

// class is a set of characters that no active position tells apart, with the positions they lead to.
type class struct {
	char rune // its representative
	size int64
	next []int32
}

// many is the size of classes that hold almost all of Unicode, and the cap of counts of strings.
const many = 1 << 20

type runeMove struct {
	char rune
	to   int32
}

// stepper computes the classes of states; its buffers are reused.
type stepper struct {
	a       *automaton
	moves   []runeMove
	chars   []rune
	wild    []int32
	colon   []int32
	classes []class
}

// step returns the classes of characters at a state in the order of preference for witnesses. They are valid until the
// next call.
func (s *stepper) step(set []int32) []class {
	a := s.a
	s.moves, s.wild, s.colon, s.chars = s.moves[:0], s.wild[:0], s.colon[:0], s.chars[:0]
	field := false
	for _, i := range set {
		p := &a.positions[i]
		switch {
		case p.end:
		case i == a.home[p.lang]:
			s.wild, s.colon = append(s.wild, i), append(s.colon, i)
		case p.token.Kind != TokenRune:
			to := i
			if !p.token.star() {
				to++
			}
			s.wild = a.activate(s.wild, to)
			if p.token.takes(':') {
				s.colon = a.activate(s.colon, to)
			} else {
				field = true
			}
		case p.fold && !a.allFold:
			for _, c := range unlower(p.token.Rune) {
				s.moves = append(s.moves, runeMove{c, i + 1})
			}
		default:
			s.moves = append(s.moves, runeMove{p.token.Rune, i + 1})
		}
	}
	slices.SortStableFunc(s.moves, func(x, y runeMove) int {
		return cmp.Or(cmp.Compare(rank(x.char), rank(y.char)), cmp.Compare(x.char, y.char))
	})
	used := 0
	colon := false
	for i := 0; i < len(s.moves); {
		c := s.moves[i].char
		s.chars = append(s.chars, c)
		base := s.wild
		if c == ':' {
			base, colon = s.colon, true
		}
		k := s.slot(&used, c, s.size(c), base)
		for ; i < len(s.moves) && s.moves[i].char == c; i++ {
			k.next = a.activate(k.next, s.moves[i].to)
		}
		k.next = a.reduce(k.next)
	}
	if field && !colon {
		s.chars = append(s.chars, ':')
		k := s.slot(&used, ':', 1, s.colon)
		k.next = a.reduce(k.next)
	}
	k := s.slot(&used, s.other(), many, s.wild)
	k.next = a.reduce(k.next)
	return s.classes[:used]
}

// slot returns the next class of the buffer, filled.
func (s *stepper) slot(used *int, c rune, size int64, base []int32) *class {
	if *used == len(s.classes) {
		s.classes = append(s.classes, class{})
	}
	k := &s.classes[*used]
	*used++
	k.char, k.size, k.next = c, size, append(k.next[:0], base...)
	return k
}

// size is the number of characters that the move on c stands for.
func (s *stepper) size(c rune) int64 {
	if s.a.allFold && s.a.anyFold {
		return int64(len(unlower(c)))
	}
	return 1
}

// readable are the characters that stand for "any other" in witnesses, in this order.
const readable = "xyzabcdefghijklmnopqrstuvw0123456789-_.ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// other is a character that no active position names.
func (s *stepper) other() rune {
	taken := func(c rune) bool {
		if s.a.anyFold && s.a.allFold {
			c = unicode.ToLower(c)
		}
		return slices.Contains(s.chars, c)
	}
	for _, c := range readable {
		if !taken(c) {
			return c
		}
	}
	c := rune(0x100) // beyond here are more characters than positions can name
	for taken(c) || !utf8.ValidRune(c) {
		c++
	}
	return c
}

// rank orders characters for witnesses: letters and digits first.
func rank(c rune) int {
	switch {
	case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
		return 0
	case 'A' <= c && c <= 'Z' || c == '-' || c == '_' || c == '.' || c == '/' || c == ':':
		return 1
	default:
		return 2
	}
}
