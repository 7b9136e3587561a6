package evaluator

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// maxSolutions bounds the closed form of variables inside a pattern; beyond it the constraint stays opaque.
const maxSolutions = 256

// maxSteps bounds the search for them.
const maxSteps = 1 << 15

// literalMatches is "the template, its variables filled in, matches this text": the sets of values that make it so, or an opaque
// relation where they are too many (C47). Of an ARN condition the fields are those after substitution (C26).
func (l *lowering) literalMatches(t *policy.Template, text string, c *policy.Condition) *formula {
	op := policy.StringEquals
	if c != nil && (c.Op == policy.StringEqualsIgnoreCase || c.Op == policy.StringNotEqualsIgnoreCase) {
		op = policy.StringEqualsIgnoreCase
	}
	s := solver{segments: t.Segments, text: text, fold: op == policy.StringEqualsIgnoreCase}
	if c != nil && family(c.Op) == familyARN {
		s.segments, s.whole = unfielded(t.Segments), t
	}
	s.lists = func(key string) bool {
		multi, ok := l.symbols.world.multivalued(key)
		return ok && multi
	}
	s.globs = make([]region.Matcher, len(s.segments))
	for i, seg := range s.segments {
		s.globs[i] = region.Compile(region.Pattern{Tokens: seg.Tokens, Fold: s.fold})
	}
	solved := s.solve(0, 0)
	l.symbols.budget.Spend(int64(s.steps))
	if !solved {
		if c != nil { // a known key, not the resource
			return l.relation(c.Key, t, *c, text)
		}
		return l.relation("", t, policy.Condition{}, text)
	}
	var alone []string // values of the variable, when there is but one
	var out []*formula
	for _, solution := range s.found {
		if len(solution) == 1 && solution[0].present {
			alone = append(alone, solution[0].text)
			continue
		}
		parts := make([]*formula, 0, len(solution))
		for _, b := range solution {
			if b.present {
				parts = append(parts, l.condition(textCondition(op, b.written, b.text), policy.Allow))
			} else {
				parts = append(parts, l.valueless(b.written))
			}
		}
		out = append(out, conj(parts...))
	}
	if len(alone) > 0 {
		out = append(out, l.condition(textCondition(op, s.found[0][0].written, alone...), policy.Allow))
	}
	return disj(out...)
}

// valueless is "the key has no value, so that a default stands" (B12, B13).
func (l *lowering) valueless(key string) *formula {
	if multi, ok := l.symbols.world.multivalued(policy.CanonicalKey(key)); ok && multi {
		some := policy.NewCondition(policy.StringLike, policy.ForAnyValue, false, key, "*")
		return negate(l.condition(&some, policy.Allow))
	}
	return l.condition(absentCondition(key), policy.Allow)
}

// unfielded lets every wildcard match colons, so that all solutions of an ARN pattern are found, and others, which are then tried.
func unfielded(segments []policy.Segment) []policy.Segment {
	out := make([]policy.Segment, len(segments))
	for i, seg := range segments {
		out[i] = seg
		out[i].Tokens = nil
		for _, t := range seg.Tokens {
			switch t.Kind {
			case region.TokenAnyInField:
				t.Kind = region.TokenAny
			case region.TokenStarInField:
				t.Kind = region.TokenStar
			}
			out[i].Tokens = append(out[i].Tokens, t)
		}
	}
	return out
}

// binding is what a variable must be for a template to match a text: a value, or absent so that its default stands.
type binding struct {
	key     string
	written string // as the policy spells the key
	text    string
	present bool
}

// solver finds what the variables of a template must be for it to match a text. Substituted text is literal (B15), so that a value is
// a piece of the text.
type solver struct {
	segments []policy.Segment
	text     string
	fold     bool
	whole    *policy.Template      // an ARN pattern, on which solutions are tried
	lists    func(key string) bool // tells multivalued keys, whose values are of no use

	path  []binding
	found [][]binding
	seen  map[string]bool
	globs []region.Matcher // of the segments, by index
	steps int
}

// solve matches segment i and those behind it from a place in the text on; it is false when there is too much to find.
func (s *solver) solve(i, from int) bool {
	if i == len(s.segments) {
		return from < len(s.text) || s.enter()
	}
	seg := &s.segments[i]
	if seg.Kind == policy.SegmentTokens {
		if literal, ok := (region.Pattern{Tokens: seg.Tokens, Fold: s.fold}).Literal(); ok && !strings.ContainsRune(literal, utf8.RuneError) {
			return !strings.HasPrefix(s.text[from:], literal) || s.solve(i+1, from+len(literal))
		}
		return s.ends(from, func(end int) bool {
			return !s.globs[i].Match(s.text[from:end]) || s.solve(i+1, end)
		})
	}
	for _, b := range s.path {
		if b.key != seg.Key {
			continue
		}
		value := b.text // a variable has one value throughout
		switch {
		case !b.present && !seg.HasDefault:
			return true
		case !b.present:
			value = seg.Default
		}
		if !s.fold {
			return !strings.HasPrefix(s.text[from:], value) || s.solve(i+1, from+len(value))
		}
		return s.ends(from, func(end int) bool {
			return !s.equal(s.text[from:end], value) || s.solve(i+1, end)
		})
	}
	return s.ends(from, func(end int) bool {
		value := s.text[from:end]
		fine := true
		if !s.lists(seg.Key) {
			s.path = append(s.path, binding{key: seg.Key, written: seg.Written, text: value, present: true})
			fine = s.solve(i+1, end)
			s.path = s.path[:len(s.path)-1]
		}
		if !fine || !seg.HasDefault || !s.equal(value, seg.Default) {
			return fine
		}
		s.path = append(s.path, binding{key: seg.Key, written: seg.Written})
		fine = s.solve(i+1, end)
		s.path = s.path[:len(s.path)-1]
		return fine
	})
}

// ends visits the places where a piece of the text that begins at from can end.
func (s *solver) ends(from int, visit func(end int) bool) bool {
	for end := from; end <= len(s.text); end++ {
		if end < len(s.text) && s.text[end]&0xC0 == 0x80 {
			continue // inside a character
		}
		if s.steps++; s.steps > maxSteps || !visit(end) {
			return false
		}
	}
	return true
}

func (s *solver) equal(a, b string) bool {
	if !s.fold {
		return a == b
	}
	return region.Pattern{Tokens: region.Literal(a).Tokens, Fold: true}.Match(b)
}

// enter takes over the path as a solution; it is false when there are too many.
func (s *solver) enter() bool {
	if s.whole != nil && !s.holds() {
		return true
	}
	var id strings.Builder
	for _, b := range s.path {
		fmt.Fprintf(&id, "%q %v %q,", b.key, b.present, b.text)
	}
	if s.seen[id.String()] {
		return true
	}
	if len(s.found) == maxSolutions {
		return false
	}
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	s.seen[id.String()] = true
	s.found = append(s.found, append([]binding(nil), s.path...))
	return true
}

// holds tries the path on the whole pattern.
func (s *solver) holds() bool {
	ctx := policy.NewContext(len(s.path))
	for _, b := range s.path {
		if b.present {
			ctx.Set(b.key, policy.Single(b.text))
		}
	}
	p, ok := s.whole.Resolve(ctx)
	return ok && p.Match(s.text)
}
