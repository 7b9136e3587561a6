package policy

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/accessgraph/accessgraph/evaluator/region"
)

// SegmentKind tells the parts of a Template apart.
type SegmentKind uint8

// The kinds of segment: pattern tokens, or a policy variable.
const (
	SegmentTokens SegmentKind = iota
	SegmentVariable
)

// Segment is a run of tokens, or one policy variable with its optional default (B11, B13).
type Segment struct {
	Kind       SegmentKind
	Tokens     []region.Token
	Key        string // canonical: lower case
	Written    string // the key as the document spells it, for print
	Default    string
	HasDefault bool
	literal    string // the text of Tokens up to the first wildcard
}

// Template is a pattern that may hold policy variables. Text is as written. Static is its pattern when it has none.
type Template struct {
	Text      string
	Segments  []Segment
	Static    *region.Pattern // nil when the template has variables
	StarOnly  bool            // stars alone: the only thing that matches resource "*" (B10)
	Never     bool            // matches nothing whatever the request (B9 in resource policies, malformed)
	Malformed bool            // an ARN condition's value of fewer than six fields (C26); Never is set too
	arn       bool            // fields are those of the pattern after substitution (C26), else those before (B8)
	fold      bool            // letters match in either case (C21)
	ends      bool            // literals and variables, at most with one unrestricted star at the very end
	matcher   region.Matcher  // of Static
}

// KeyState is what Substitute may know of a variable's key.
type KeyState uint8

// The states of a key: Known to be there with one value, known to be Absent, Free (the request will tell), or Unusable as a
// variable because it is multivalued (B13); FreeList is a multivalued key of which the request will tell whether it has values, so
// that a default stands where it has none.
const (
	Known KeyState = iota
	Absent
	Free
	Unusable
	FreeList
)

// fieldRule says what colons mean for the wildcards of a template.
type fieldRule uint8

const (
	noFields       fieldRule = iota // wildcards match anything
	resourceFields                  // B8: wildcards of fields 1–5 stay inside, but for a star that ends its field
	arnFields                       // C26: all wildcards of fields 1–5 stay inside
)

// syntax is how a template's text is to be read.
type syntax struct {
	variables bool // ${…} means something (A2, B14)
	wildcards bool // * and ? mean something
	fields    fieldRule
	fold      bool
}

// StaticTemplate is a template without variables that matches what p does.
func StaticTemplate(text string, p region.Pattern) *Template {
	t := Template{Text: text, Segments: []Segment{newTokens(p.Tokens)}, fold: p.Fold}
	t.seal()
	return &t
}

// Same tells whether two templates read alike: equal texts may not be, for their documents' versions (A2) and kinds (B9) have a say.
func (t *Template) Same(u *Template) bool {
	if t.Never != u.Never || t.StarOnly != u.StarOnly || t.fold != u.fold || t.arn != u.arn || len(t.Segments) != len(u.Segments) {
		return false
	}
	for i := range t.Segments {
		a, b := &t.Segments[i], &u.Segments[i]
		if a == b {
			return true // copies of one template share their segments
		}
		if a.Kind != b.Kind || a.Key != b.Key || a.Default != b.Default || a.HasDefault != b.HasDefault || !slices.Equal(a.Tokens, b.Tokens) {
			return false
		}
	}
	return true
}

// compileTemplate reads a template; the flaws are lint findings.
func compileTemplate(text string, syn syntax) (Template, []flaw) {
	t := Template{Text: text, arn: syn.fields == arnFields, fold: syn.fold}
	var found []flaw
	tokens := make([]region.Token, 0, len(text))
	colons := 0
	for i := 0; i < len(text); {
		if syn.variables && strings.HasPrefix(text[i:], "${") {
			v, length, why := readVariable(text[i:])
			switch {
			case why != "":
				found = noteOnce(found, flaw{"B16", why + " in " + clip(text) + "; it is read as ordinary text"})
			case v.escape != 0:
				tokens = append(tokens, region.Token{Rune: v.escape})
				i += length
				continue
			default:
				if colons < 5 && syn.fields == resourceFields {
					found = noteOnce(found, flaw{"B11", "the variable ${" + v.segment.Written + "} stands before the fifth colon, where AWS does not document variables"})
				}
				t.add(tokens)
				tokens = nil
				t.Segments = append(t.Segments, v.segment)
				i += length
				continue
			}
		}
		c, size := utf8.DecodeRuneInString(text[i:])
		i += size
		if c == ':' {
			colons++
		}
		tokens = append(tokens, syn.token(c, text[i:], colons))
	}
	t.add(tokens)
	t.seal()
	return t, found
}

// noteOnce adds a finding unless there is one of its rule: a hostile text may repeat a flaw a million times.
func noteOnce(found []flaw, f flaw) []flaw {
	for _, have := range found {
		if have.rule == f.rule {
			return found
		}
	}
	return append(found, f)
}

// token is the token of character c, which rest follows, behind so many colons.
func (syn syntax) token(c rune, rest string, colons int) region.Token {
	if !syn.wildcards || c != '*' && c != '?' {
		return region.Token{Rune: c}
	}
	inside := syn.fields != noFields && colons < 5
	if c == '?' {
		if inside {
			return region.Token{Kind: region.TokenAnyInField}
		}
		return region.Token{Kind: region.TokenAny}
	}
	if last := rest == "" || rest[0] == ':'; inside && (syn.fields == arnFields || !last) {
		return region.Token{Kind: region.TokenStarInField}
	}
	return region.Token{Kind: region.TokenStar}
}

// variable is what readVariable found: a literal character of an escape (B14), or a variable.
type variable struct {
	escape  rune
	segment Segment
}

// readVariable reads text, which begins with ${, up to the closing brace. why is set when it is no variable (B16).
func readVariable(text string) (v variable, length int, why string) {
	body := text[2:]
	if len(body) > 1 && body[1] == '}' && strings.IndexByte("*?$", body[0]) >= 0 {
		return variable{escape: rune(body[0])}, 4, ""
	}
	end := strings.IndexAny(body, "},{$'*?")
	switch {
	case end < 0:
		return v, 0, "${ without a closing brace"
	case body[end] != '}' && body[end] != ',':
		return v, 0, "a ${ that opens no variable"
	}
	name := strings.TrimSpace(body[:end])
	if name == "" {
		return v, 0, "${} without a name"
	}
	v.segment = Segment{Kind: SegmentVariable, Key: CanonicalKey(name), Written: name}
	length = 2 + end + 1
	if body[end] == '}' {
		return v, length, ""
	}
	const wrong = "a default that is not written ${key, 'text'}"
	rest := strings.TrimLeft(body[end+1:], " ")
	if rest == "" || rest[0] != '\'' {
		return v, 0, wrong
	}
	rest = rest[1:]
	quote := strings.IndexByte(rest, '\'')
	if quote < 0 {
		return v, 0, wrong
	}
	v.segment.Default, v.segment.HasDefault = rest[:quote], true
	rest = strings.TrimLeft(rest[quote+1:], " ")
	if rest == "" || rest[0] != '}' {
		return v, 0, wrong
	}
	return v, len(text) - len(rest) + 1, ""
}

func newTokens(tokens []region.Token) Segment {
	var b strings.Builder
	b.Grow(len(tokens))
	for _, t := range tokens {
		if t.Kind != region.TokenRune {
			break
		}
		b.WriteRune(t.Rune)
	}
	return Segment{Kind: SegmentTokens, Tokens: tokens, literal: b.String()}
}

// add appends tokens as a segment of their own.
func (t *Template) add(tokens []region.Token) {
	if len(tokens) > 0 {
		t.Segments = append(t.Segments, newTokens(tokens))
	}
}

// seal works out what depends on all segments.
func (t *Template) seal() {
	static := true
	t.ends = !t.fold && !t.arn
	for i := range t.Segments {
		s := &t.Segments[i]
		if s.Kind == SegmentVariable {
			static = false
			continue
		}
		literal := utf8.RuneCountInString(s.literal)
		last := i == len(t.Segments)-1
		star := last && literal == len(s.Tokens)-1 && s.Tokens[literal].Kind == region.TokenStar
		if literal != len(s.Tokens) && !star || strings.ContainsRune(s.literal, utf8.RuneError) {
			t.ends = false
		}
	}
	if !static {
		return
	}
	p := region.Pattern{Fold: t.fold}
	switch len(t.Segments) {
	case 0:
	case 1:
		p.Tokens = t.Segments[0].Tokens
	default:
		for _, s := range t.Segments {
			p.Tokens = append(p.Tokens, s.Tokens...)
		}
	}
	t.setStatic(p)
}

func (t *Template) setStatic(p region.Pattern) {
	if t.arn {
		var whole bool
		p, whole = fieldwise(p)
		t.StarOnly = isStar(p)
		if !whole && !t.StarOnly {
			t.Malformed, t.Never = true, true
		}
	}
	t.Static, t.matcher = &p, region.Compile(p)
}

// isStar tells whether a pattern is one star alone, which under ARN operators matches any value (C26).
func isStar(p region.Pattern) bool { return len(p.Tokens) == 1 && p.Tokens[0].Kind == region.TokenStar }

// fieldwise keeps the wildcards before the fifth colon inside their fields (C26); whole is false when there are fewer than six
// fields. Colons count wherever they come from, substituted values included, for the pattern is split after substitution.
func fieldwise(p region.Pattern) (out region.Pattern, whole bool) {
	if len(p.Tokens) == 1 && star(p.Tokens[0]) {
		return region.Pattern{Tokens: []region.Token{{Kind: region.TokenStar}}}, false
	}
	tokens := make([]region.Token, len(p.Tokens))
	colons := 0
	for i, t := range p.Tokens {
		switch {
		case t.Kind == region.TokenRune:
			if t.Rune == ':' {
				colons++
			}
		case colons < 5 && star(t):
			t.Kind = region.TokenStarInField
		case colons < 5:
			t.Kind = region.TokenAnyInField
		case star(t):
			t.Kind = region.TokenStar
		default:
			t.Kind = region.TokenAny
		}
		tokens[i] = t
	}
	return region.Pattern{Tokens: tokens, Fold: p.Fold}, colons >= 5
}

func star(t region.Token) bool {
	return t.Kind == region.TokenStar || t.Kind == region.TokenStarInField
}
