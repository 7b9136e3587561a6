package evaluator

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// maxMeetings bounds the patterns that two patterns have in common, maxMeetingSteps the work to find them.
const (
	maxMeetings     = 32
	maxMeetingSteps = 1 << 14
)

// meetTexts are resource patterns which together match what one of the first and one of the second match: of two patterns with stars that is
// always a finite union of such. Where variables stand in the way, or the union is too long, it is the second ones, which is too much.
func meetTexts(as, bs []string) []string {
	var out []string
	for _, a := range as {
		for _, b := range bs {
			s, t := policy.ResourceTemplate(a, policy.Identity, true), policy.ResourceTemplate(b, policy.Identity, true)
			if s.Static == nil || t.Static == nil {
				out = append(out, b)
				continue
			}
			switch {
			case covers(*s.Static, *t.Static):
				out = append(out, b)
			case covers(*t.Static, *s.Static):
				out = append(out, a)
			default:
				m := meeting{}
				m.meet(nil, singleStars(s.Static.Tokens), singleStars(t.Static.Tokens))
				if m.ended() {
					out = append(out, b)
					continue
				}
				for _, tokens := range m.found {
					var text strings.Builder
					spellTokens(&text, tokens, true)
					out = append(out, text.String())
				}
			}
		}
	}
	return union(out, nil)
}

// meeting collects what two patterns have in common.
type meeting struct {
	found [][]region.Token
	steps int
}

func (m *meeting) ended() bool { return len(m.found) > maxMeetings || m.steps > maxMeetingSteps }

func (m *meeting) meet(before, a, b []region.Token) {
	if m.steps++; m.ended() {
		return
	}
	switch {
	case len(a) == 0 && len(b) == 0:
		m.found = append(m.found, slices.Clone(before))
	case len(a) == 0 && isStarToken(b[0]):
		m.meet(before, a, b[1:])
	case len(b) == 0 && isStarToken(a[0]):
		m.meet(before, a[1:], b)
	case len(a) == 0 || len(b) == 0:
	case isStarToken(a[0]) && isStarToken(b[0]): // the one ends before the other, or with it
		narrow := a[0]
		if b[0].Kind == region.TokenStarInField {
			narrow = b[0]
		}
		m.meet(withStar(before, narrow), a[1:], b)
		m.meet(withStar(before, narrow), a, b[1:])
	case isStarToken(a[0]):
		m.meet(before, a[1:], b)
		if within(a[0], b[0]) {
			m.meet(with(before, b[0]), a, b[1:])
		}
	case isStarToken(b[0]):
		m.meet(before, a, b[1:])
		if within(b[0], a[0]) {
			m.meet(with(before, a[0]), a[1:], b)
		}
	case a[0].Kind == region.TokenRune && b[0].Kind == region.TokenRune:
		if a[0].Rune == b[0].Rune {
			m.meet(with(before, a[0]), a[1:], b[1:])
		}
	case a[0].Kind == region.TokenRune:
		if within(b[0], a[0]) {
			m.meet(with(before, a[0]), a[1:], b[1:])
		}
	default:
		if within(a[0], b[0]) {
			m.meet(with(before, b[0]), a[1:], b[1:])
		}
	}
}

// within tells whether a wildcard may stand for what another token stands for.
func within(wild, t region.Token) bool {
	inside := wild.Kind == region.TokenStarInField || wild.Kind == region.TokenAnyInField
	return !inside || t.Kind != region.TokenRune || t.Rune != ':'
}

func with(before []region.Token, t region.Token) []region.Token {
	return append(before[:len(before):len(before)], t)
}

// singleStars are tokens without stars that follow one of their kind.
func singleStars(tokens []region.Token) []region.Token {
	return slices.CompactFunc(slices.Clone(tokens), func(a, b region.Token) bool { return isStarToken(a) && a == b })
}

func withStar(before []region.Token, t region.Token) []region.Token {
	if n := len(before); n > 0 && isStarToken(before[n-1]) {
		return before
	}
	return with(before, t)
}

func isStarToken(t region.Token) bool {
	return t.Kind == region.TokenStar || t.Kind == region.TokenStarInField
}
