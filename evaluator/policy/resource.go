package policy

import (
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/region"
)

// Resources is Resource or NotResource (Not). Implicit means that the document has neither and the statement speaks of the
// resource it is attached to (A6): it matches every resource.
type Resources struct {
	Not      bool
	Implicit bool
	Patterns []Template // compiled with ResourceTemplate
}

// noResource is the resource string of actions that support no resource type (B10).
const noResource = "*"

// Match tells whether the statement's resource element covers a resource of a request (B6–B17). The resource "*" of an action
// without resource types is matched by a pattern of stars alone only (B10), hence by every NotResource without one.
func (r *Resources) Match(resource string, ctx *Context) bool {
	if r.Implicit {
		return true
	}
	for i := range r.Patterns {
		t := &r.Patterns[i]
		if t.StarOnly || resource != noResource && t.match(resource, ctx) {
			return !r.Not
		}
	}
	return r.Not
}

// ResourceTemplate compiles one value of Resource or NotResource for a kind of policy (B6–B16); variables tells whether ${…}
// means something (A2).
func ResourceTemplate(text string, kind Kind, variables bool) Template {
	t, _ := compileResource(text, kind, variables)
	return t
}

func compileResource(text string, kind Kind, variables bool) (Template, []flaw) {
	t, found := compileTemplate(text, syntax{variables: variables, wildcards: true, fields: resourceFields})
	t.StarOnly = starsAlone(text)
	if t.Static == nil || !strings.HasPrefix(text, "arn:") {
		return t, found
	}
	missing := 5
	for _, token := range t.Static.Tokens {
		if token == (region.Token{Rune: ':'}) {
			missing--
		}
	}
	if missing <= 0 {
		return t, found
	}
	if !completes(kind) {
		if !t.Static.HasWildcard() {
			t.Never = true
			return t, append(found, flaw{"B9", "the ARN " + clip(text) + " has fewer than six fields and matches nothing"})
		}
		return t, append(found, flaw{"B9", "the ARN " + clip(text) + " has fewer than six fields; write all six"})
	}
	whole, _ := compileTemplate(text+strings.Repeat(":*", missing), syntax{variables: variables, wildcards: true, fields: resourceFields})
	whole.Text = text
	return whole, append(found, flaw{"B9", "the ARN " + clip(text) + " has fewer than six fields and is read as if the rest were *; write all six"})
}

// completes tells whether short ARNs are completed in a kind of policy (B9).
func completes(kind Kind) bool {
	switch kind {
	case Identity, Boundary, Session, SCP:
		return true
	}
	return false
}
