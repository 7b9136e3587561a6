package policy

import (
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/region"
)

// Actions is Action or NotAction (Not). Patterns match case-insensitively (B2); an empty list matches nothing, so with Not
// everything (A16).
type Actions struct {
	Not      bool
	Patterns []ActionPattern
}

// ActionPattern is one action glob; Text is as written, Pattern is folded.
type ActionPattern struct {
	Text    string
	Pattern region.Pattern
	matcher region.Matcher
}

// NewActionPattern compiles an action glob (B2): `*` is any run of characters, `?` any one, the rest is literal, in either
// case.
func NewActionPattern(text string) ActionPattern {
	p := region.Glob(text, true)
	return ActionPattern{Text: text, Pattern: p, matcher: region.Compile(p)}
}

// Match tells whether the pattern matches a concrete action.
func (p *ActionPattern) Match(action string) bool { return p.matcher.Match(action) }

// Match tells whether the statement's action element covers a concrete action, `service:Name` (B2, B4).
func (a *Actions) Match(action string) bool {
	for i := range a.Patterns {
		if a.Patterns[i].matcher.Match(action) {
			return !a.Not
		}
	}
	return a.Not
}

// everyAction is what an action element that was not understood may cover.
func everyAction() Actions { return Actions{Patterns: []ActionPattern{NewActionPattern("*")}} }

// actionFlaws are the findings about one action string that never invalidate: B1, B3.
func actionFlaws(text string) []flaw {
	if starsAlone(text) {
		return nil
	}
	prefix, name, ok := strings.Cut(text, ":")
	switch {
	case !ok:
		return []flaw{{"B1", "an action is service:Name, or * alone; " + clip(text) + " has no colon"}}
	case strings.Contains(name, ":"):
		return []flaw{{"B1", "an action is service:Name with one colon; " + clip(text) + " has more and matches none"}}
	case strings.ContainsAny(prefix, "*?"):
		return []flaw{{"B3", "a wildcard in the service prefix of " + clip(text) + " is refused by validators; name the services one by one"}}
	}
	return nil
}

// starsAlone tells whether a text consists of stars, at least one (B10).
func starsAlone(s string) bool { return s != "" && strings.Trim(s, "*") == "" }
