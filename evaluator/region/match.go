package region

import (
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shape chooses how a Matcher works.
type shape uint8

const (
	shapeLiteral shape = iota // prefix is the whole pattern
	shapeEnds                 // prefix, one star, suffix
	shapeGlob                 // every star is unrestricted: the last star passed is the only one worth returning to
	shapeNFA                  // stars that stop at ':' are among them
)

// Matcher is a Pattern made ready for matching. It is immutable and safe for concurrent use; the zero Matcher matches the
// empty string only.
type Matcher struct {
	shape  shape
	fold   bool
	plain  bool // prefix and suffix may be compared bytewise: they hold no U+FFFD, which stands for bad bytes too
	prefix string
	suffix string
	tokens []Token // the whole normalised pattern
	skip   int     // how many tokens the prefix stands for
	least  int     // no shorter string (in bytes) can match
}

// Compile makes a Matcher of p.
func Compile(p Pattern) Matcher {
	m := Matcher{tokens: p.normal(), fold: p.Fold, plain: true}
	stars, restricted := 0, false
	for _, t := range m.tokens {
		switch {
		case t.star():
			stars++
			restricted = restricted || t.Kind == TokenStarInField
		case t.Kind == TokenRune && t.Rune == utf8.RuneError:
			m.plain = false
			m.least++
		default:
			m.least++
		}
	}
	n := len(m.tokens)
	for m.skip < n && m.tokens[m.skip].Kind == TokenRune {
		m.skip++
	}
	tail := n
	for tail > m.skip && m.tokens[tail-1].Kind == TokenRune {
		tail--
	}
	m.prefix, m.suffix = runesOf(m.tokens[:m.skip]), runesOf(m.tokens[tail:])
	switch {
	case m.skip == n:
		m.shape = shapeLiteral
	case stars == 1 && !restricted && tail-m.skip == 1:
		m.shape = shapeEnds
	case restricted:
		m.shape = shapeNFA
	default:
		m.shape = shapeGlob
	}
	return m
}

// Match tells whether s is in the pattern's language. It does not allocate for patterns below 1,024 tokens and takes time
// at most proportional to the product of both lengths.
func (m *Matcher) Match(s string) bool {
	if len(s) < m.least {
		return false
	}
	if m.fold || !m.plain {
		return m.matchFolded(s)
	}
	switch m.shape {
	case shapeLiteral:
		return s == m.prefix
	case shapeEnds:
		return len(s) >= len(m.prefix)+len(m.suffix) && strings.HasPrefix(s, m.prefix) && strings.HasSuffix(s, m.suffix)
	}
	if !strings.HasPrefix(s, m.prefix) || !strings.HasSuffix(s, m.suffix) {
		return false
	}
	return m.run(m.tokens[m.skip:], s[len(m.prefix):])
}

// matchFolded is Match for patterns whose characters cannot be compared bytewise; it tries ASCII first.
func (m *Matcher) matchFolded(s string) bool {
	if m.plain {
		ok, ascii := foldedPrefix(s, m.prefix)
		switch {
		case !ascii:
			return m.run(m.tokens, s)
		case !ok:
			return false
		}
		rest := s[len(m.prefix):]
		switch m.shape {
		case shapeLiteral:
			return rest == ""
		case shapeEnds:
			if m.suffix == "" {
				return true
			}
		}
		return m.run(m.tokens[m.skip:], rest)
	}
	return m.run(m.tokens, s)
}

// foldedPrefix tells whether s begins with p, which is lower case, when both are ASCII as far as they are compared; ascii
// is false when that cannot be told bytewise.
func foldedPrefix(s, p string) (ok, ascii bool) {
	for i := 0; i < len(p); i++ {
		if i >= len(s) {
			return false, true
		}
		c := s[i]
		if c >= utf8.RuneSelf || p[i] >= utf8.RuneSelf {
			return false, false
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != p[i] {
			return false, true
		}
	}
	return true, true
}

// run matches tokens against s character by character.
func (m *Matcher) run(tokens []Token, s string) bool {
	if m.shape == shapeNFA {
		return m.simulate(tokens, s)
	}
	ti, si := 0, 0
	star, back := -1, 0 // the last star passed, and where in s the next attempt behind it starts
	for si < len(s) {
		if ti < len(tokens) {
			t := tokens[ti]
			if t.Kind == TokenStar {
				if ti == len(tokens)-1 {
					return true
				}
				star, back = ti, si
				ti++
				continue
			}
			c, width := m.next(s, si)
			if t.takes(c) {
				ti++
				si += width
				continue
			}
		}
		if star < 0 {
			return false
		}
		_, width := m.next(s, back)
		back += width
		si, ti = back, star+1
	}
	for ti < len(tokens) && tokens[ti].Kind == TokenStar {
		ti++
	}
	return ti == len(tokens)
}

// next decodes the character of s at i, lowered when the pattern folds.
func (m *Matcher) next(s string, i int) (c rune, width int) {
	if b := s[i]; b < utf8.RuneSelf {
		if m.fold && 'A' <= b && b <= 'Z' {
			b += 'a' - 'A'
		}
		return rune(b), 1
	}
	c, width = utf8.DecodeRuneInString(s[i:])
	if m.fold {
		c = unicode.ToLower(c)
	}
	return c, width
}

// stackWords is how many words of active positions fit on the stack.
const stackWords = 16

// simulate runs the tokens as a nondeterministic automaton whose active positions are bits. A position is the index of the
// next token; len(tokens) is acceptance.
func (m *Matcher) simulate(tokens []Token, s string) bool {
	words := len(tokens)/64 + 1
	var nowArray, thenArray [stackWords]uint64
	now, then := nowArray[:], thenArray[:]
	if words > stackWords {
		now, then = make([]uint64, words), make([]uint64, words)
	} else {
		now, then = now[:words], then[:words]
	}
	activate(tokens, now, 0)
	for si := 0; si < len(s); {
		c, width := m.next(s, si)
		si += width
		clear(then)
		alive := false
		for w, word := range now {
			for ; word != 0; word &= word - 1 {
				i := w*64 + bits.TrailingZeros64(word)
				if i >= len(tokens) || !tokens[i].takes(c) {
					continue
				}
				alive = true
				if tokens[i].star() {
					activate(tokens, then, i)
				} else {
					activate(tokens, then, i+1)
				}
			}
		}
		if !alive {
			return false
		}
		now, then = then, now
	}
	return now[len(tokens)/64]&(1<<(len(tokens)%64)) != 0
}

// activate sets position i and, since a star may stand for nothing, the ones behind it.
func activate(tokens []Token, set []uint64, i int) {
	for {
		set[i/64] |= 1 << (i % 64)
		if i == len(tokens) || !tokens[i].star() {
			return
		}
		i++
	}
}
