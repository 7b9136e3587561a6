package policy

import (
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/region"
)

// Resolve gives the pattern of the template for a request: every variable replaced by the value of its key, which is literal
// text (B15). ok is false when it matches nothing: a variable has no value and no default (B12, B13), or an ARN pattern
// turns out malformed (C26).
func (t *Template) Resolve(ctx *Context) (p region.Pattern, ok bool) {
	if t.Never {
		return region.Pattern{}, false
	}
	if t.Static != nil {
		return *t.Static, true
	}
	r, ok := t.resolved(ctx)
	if !ok || r.Never {
		return region.Pattern{}, false
	}
	return *r.Static, true
}

// resolved is the template with every variable replaced; ok is false when one has no value.
func (t *Template) resolved(ctx *Context) (Template, bool) {
	return t.Substitute(func(key string) (string, KeyState) {
		v := ctx.find(key)
		switch {
		case v == nil:
			return "", Absent
		case !v.Multi:
			return v.Single, Known
		case len(v.List) == 0:
			return "", Absent // B12: no value, so that a default applies
		}
		return "", Unusable
	})
}

// Substitute replaces the variables whose keys are not Free; the template that comes back has only Free ones left, and none
// at all when it is Static. ok is false when a variable has no value (B12, B13): then the template matches nothing whatever
// the free keys are.
func (t *Template) Substitute(known func(key string) (value string, state KeyState)) (out Template, ok bool) {
	if t.Static != nil || t.Never {
		return *t, true
	}
	out = Template{Text: t.Text, arn: t.arn, fold: t.fold}
	var tokens []region.Token
	for i := range t.Segments {
		s := &t.Segments[i]
		if s.Kind == SegmentTokens {
			tokens = append(tokens, s.Tokens...)
			continue
		}
		value, state := known(s.Key)
		switch {
		case state == Absent && s.HasDefault:
			value = s.Default
		case state == Free, state == FreeList && s.HasDefault:
			out.add(tokens)
			tokens = nil
			out.Segments = append(out.Segments, *s)
			continue
		case state != Known:
			return Template{Text: t.Text, Never: true}, false
		}
		for _, c := range value {
			tokens = append(tokens, region.Token{Rune: c})
		}
	}
	out.add(tokens)
	out.seal()
	return out, true
}

// match tells whether the template matches s for a request. It does not allocate when the template is static, or made of
// literals and variables with at most one star at its end.
func (t *Template) match(s string, ctx *Context) bool {
	switch {
	case t.Never:
		return false
	case t.Static != nil:
		return t.matcher.Match(s)
	case t.ends:
		return t.matchEnds(s, ctx)
	}
	r, ok := t.resolved(ctx)
	return ok && !r.Never && r.matcher.Match(s)
}

// matchEnds eats s from the front, literal by literal and value by value.
func (t *Template) matchEnds(s string, ctx *Context) bool {
	open, matched := false, true
	for i := range t.Segments {
		seg := &t.Segments[i]
		piece := seg.literal
		if seg.Kind == SegmentVariable {
			v := ctx.find(seg.Key)
			switch {
			case v != nil && !v.Multi:
				piece = v.Single
			case seg.HasDefault && (v == nil || len(v.List) == 0):
				piece = seg.Default
			default:
				return false // B12
			}
		} else {
			open = len(seg.Tokens) > 0 && star(seg.Tokens[len(seg.Tokens)-1])
		}
		if matched = strings.HasPrefix(s, piece); !matched {
			return false
		}
		s = s[len(piece):]
	}
	return open || s == ""
}
