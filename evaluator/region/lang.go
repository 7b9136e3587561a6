package region

import (
	"strings"
	"unicode"
)

// Lang is a set of strings: the union of its patterns, or with Not everything else. The zero Lang is empty; Lang{Not: true}
// is every string.
type Lang struct {
	Patterns []Pattern
	Not      bool
}

// Complement is the set of all other strings.
func (l Lang) Complement() Lang { return Lang{Patterns: l.Patterns, Not: !l.Not} }

// Match tells whether s is in the set. Use Compile where the same language is matched often.
func (l Lang) Match(s string) bool {
	m := l.Compile()
	return m.Match(s)
}

// LangMatcher is a Lang made ready for matching. It is immutable and safe for concurrent use.
type LangMatcher struct {
	matchers []Matcher
	not      bool
}

// Compile makes a LangMatcher of l.
func (l Lang) Compile() LangMatcher {
	m := LangMatcher{matchers: make([]Matcher, len(l.Patterns)), not: l.Not}
	for i, p := range l.Patterns {
		m.matchers[i] = Compile(p)
	}
	return m
}

// Match tells whether s is in the language. It does not allocate.
func (m *LangMatcher) Match(s string) bool {
	for i := range m.matchers {
		if m.matchers[i].Match(s) {
			return !m.not
		}
	}
	return m.not
}

// Find returns a shortest string that is in all the languages; ok is false when there is none. The only error is ErrBudget.
func Find(b *Budget, within ...Lang) (witness string, ok bool, err error) {
	e := newExplorer(b, newAutomaton(within, nil))
	err = e.run(false, func(id int32, _ []bool) bool {
		witness, ok = e.witness(id), true
		return false
	})
	return witness, ok, err
}

// Empty tells whether no string is in all the languages.
func Empty(b *Budget, within ...Lang) (bool, error) {
	_, found, err := Find(b, within...)
	return !found && err == nil, err
}

// Intersects tells whether some string is in both a and c. The only error is ErrBudget.
func Intersects(b *Budget, a, c Lang) (bool, error) {
	if a.Not || c.Not {
		empty, err := Empty(b, a, c)
		return !empty && err == nil, err
	}
	as, cs := ends(a), ends(c)
	if !b.Spend(1 + int64(len(as))*int64(len(cs))) {
		return false, b.Err()
	}
	hardA, hardC := NewSet(len(as)), NewSet(len(cs))
	for i := range as {
		for j := range cs {
			switch quickIntersects(&as[i], &cs[j]) {
			case yes:
				return true, nil
			case unsure:
				hardA.Add(i)
				hardC.Add(j)
			}
		}
	}
	if hardA.Empty() {
		return false, nil
	}
	empty, err := Empty(b, a.only(hardA), c.only(hardC))
	return !empty && err == nil, err
}

// Covers tells whether a covers c: every string of c is in a. The only error is ErrBudget.
func Covers(b *Budget, a, c Lang) (bool, error) {
	if a.Not || c.Not {
		return Empty(b, c, a.Complement())
	}
	as, cs := ends(a), ends(c)
	if !b.Spend(1 + int64(len(as))*int64(len(cs))) {
		return false, b.Err()
	}
	var hard Lang
	for j := range cs {
		covered := false
		for i := range as {
			if quickCovers(&as[i], &cs[j]) {
				covered = true
				break
			}
		}
		switch {
		case covered:
		case cs[j].shape == shapeLiteral && !cs[j].fold, len(as) == 1 && neverCovers(&as[0], &cs[j]):
			return false, nil
		default:
			hard.Patterns = append(hard.Patterns, c.Patterns[j])
		}
	}
	if len(hard.Patterns) == 0 {
		return true, nil
	}
	return Empty(b, hard, a.Complement())
}

// only is the union of the chosen patterns.
func (l Lang) only(chosen Set) Lang {
	var out Lang
	chosen.Each(func(i int) { out.Patterns = append(out.Patterns, l.Patterns[i]) })
	return out
}

func ends(l Lang) []Matcher {
	out := make([]Matcher, len(l.Patterns))
	for i, p := range l.Patterns {
		out[i] = Compile(p)
	}
	return out
}

type answer uint8

const (
	unsure answer = iota
	yes
	no
)

// quickIntersects decides from the literal ends of two patterns where that is enough.
func quickIntersects(p, q *Matcher) answer {
	switch {
	case q.shape == shapeLiteral && !q.fold:
		return decided(p.Match(q.prefix))
	case p.shape == shapeLiteral && !p.fold:
		return decided(q.Match(p.prefix))
	}
	fold := p.fold || q.fold
	if !startsAlike(p.prefix, q.prefix, fold) {
		return no
	}
	if p.shape == shapeLiteral || q.shape == shapeLiteral {
		return unsure
	}
	if !endsAlike(p.suffix, q.suffix, fold) {
		return no
	}
	if p.starEnds() && q.starEnds() {
		return yes // each star beside an end takes what the other pattern wants there, and its middle
	}
	return unsure
}

// Apart is true only when no string matches both patterns: their literal ends show it. It costs next to nothing.
func (m *Matcher) Apart(o *Matcher) bool { return quickIntersects(m, o) == no }

// starEnds tells whether the first and the last wildcard of the pattern are unrestricted stars.
func (m *Matcher) starEnds() bool {
	last := len(m.tokens)
	for last > m.skip && m.tokens[last-1].Kind == TokenRune {
		last--
	}
	return last > m.skip && m.tokens[m.skip].Kind == TokenStar && m.tokens[last-1].Kind == TokenStar
}

// quickCovers is true only when p covers q.
func quickCovers(p, q *Matcher) bool {
	if q.shape == shapeLiteral && !q.fold {
		return p.Match(q.prefix)
	}
	if p.shape != shapeEnds || q.fold && !p.fold {
		return false
	}
	prefix, suffix := q.prefix, q.suffix
	if p.fold && !q.fold {
		prefix, suffix = lower(prefix), lower(suffix)
	}
	if p.suffix == "" {
		return strings.HasPrefix(prefix, p.prefix)
	}
	// The ends of q must not overlap: only then is every string of q long enough for both ends of p.
	return q.shape != shapeLiteral && strings.HasPrefix(prefix, p.prefix) && strings.HasSuffix(suffix, p.suffix)
}

// neverCovers is true only when p does not cover q, which is not a plain literal.
func neverCovers(p, q *Matcher) bool {
	if !startsAlike(p.prefix, q.prefix, p.fold || q.fold) {
		return true
	}
	if p.fold || q.fold || q.shape == shapeLiteral {
		return false
	}
	// q has a wildcard behind its prefix, which takes a character that p does not have there.
	return len(q.prefix) < len(p.prefix) || p.shape == shapeLiteral
}

func decided(b bool) answer {
	if b {
		return yes
	}
	return no
}

// lower is the lower case of s character by character (C21).
func lower(s string) string { return strings.Map(unicode.ToLower, s) }

// startsAlike tells whether one of the texts begins with the other.
func startsAlike(s, t string, fold bool) bool {
	if fold {
		s, t = lower(s), lower(t)
	}
	return strings.HasPrefix(s, t) || strings.HasPrefix(t, s)
}

// endsAlike tells whether one of the texts ends with the other.
func endsAlike(s, t string, fold bool) bool {
	if fold {
		s, t = lower(s), lower(t)
	}
	return strings.HasSuffix(s, t) || strings.HasSuffix(t, s)
}
