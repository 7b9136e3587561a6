package syntax

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// slot is a production that takes a single word, which is for the user to choose.
type slot struct {
	kind  CandidateKind
	words string // in "expected …"
	// For a word that does not have the slot's shape: what it is not, and what to write. Empty where any word fits.
	noun, advice string
}

var slots = map[string]slot{
	"Action":      {ActionSlot, "an action", "an action", "actions are service:Name, with * and ? as wildcards, or * alone"},
	"Named":       {PrincipalSlot, "a principal", "a principal", "write role/NAME, user/NAME, group/NAME, service NAME or an ARN"},
	"Resource":    {ResourceSlot, "a resource", "a resource", "give its ARN, or an ARN with * and ?"},
	"Key":         {KeySlot, "a condition key", "a condition key", "they look like aws:SourceIp"},
	"Snapshot":    {SnapshotSlot, "a snapshot", "a snapshot", "write @latest, @latest~1, @2026-11-01, @NAME or @ID"},
	"Number":      {NumberSlot, "a whole number", "a whole number", "write it in digits"},
	"BareAccount": {AccountSlot, "an account ID", "a scope", "write account ID, ou NAME, org ID, tag KEY = VALUE or outside"},
	"Account":     {AccountSlot, "an account ID", "", ""},
	"Value":       {ValueSlot, "a value", "", ""},
	"Name":        {NameSlot, "a name", "", ""},
	"Field":       {FieldSlot, "a field", "", ""},
	"Call":        {FunctionSlot, "a function", "", ""},
}

// wrong says that a piece of text is not what a slot takes.
func (s slot) wrong(text string) string {
	return fmt.Sprintf("%s is not %s: %s", show(text), s.noun, s.advice)
}

// explain finds out what is wrong with tokens that the parser refused. fallback is the offset of the parser's own error.
func explain(text string, tokens []lexer.Token, whole bool, fallback int) error {
	start := "Context"
	if whole {
		start = "Query"
	}
	last := len(tokens) - 1 // EOF
	read, next, _, ok := grammarNetwork().run(start, tokens[:last], nil)
	if !ok || read == last && tokens[last].Pos.Offset != fallback {
		read, next = slices.IndexFunc(tokens, func(t lexer.Token) bool { return t.Pos.Offset >= fallback }), nil
		if read < 0 {
			read = last
		}
	}
	found := tokens[read]
	e := &Error{Query: text, Expected: expected(next)}
	if ends(tokens[read:]) {
		at := Pos{Line: 1, Column: 1}
		if read > 0 {
			before := tokens[read-1]
			at = posAt(text, min(before.Pos.Offset+len(before.Value), len(text)))
		}
		e.Offset, e.Line, e.Column = at.Offset, at.Line, at.Column
		e.Message, e.unfinished = "the query ends too early", true
		if read == 0 {
			e.Message = "there is no question"
		}
		return e
	}
	e.Offset, e.Line, e.Column, e.Length = found.Pos.Offset, found.Pos.Line, found.Pos.Column, len(found.Value)
	e.Message = "unexpected " + show(found.Value)
	if found.Type == build().word {
		var keywords []string
		for _, x := range next {
			keywords = append(keywords, x.token.literal)
		}
		e.Suggestion = Nearest(found.Value, keywords)
	}
	if e.Suggestion == "" {
		if m := misshapen(tokens[:read+1], next); m != "" {
			e.Message, e.complete = m, true
		}
	}
	return e
}

// ends tells whether only the mark that closes a query is left.
func ends(tokens []lexer.Token) bool {
	return tokens[0].EOF() || tokens[0].Value == "?" && tokens[0].Type == build().mark
}

// expected puts expectations into words, each once, what the user chooses before keywords and those before punctuation.
func expected(next []expectation) []string {
	var chosen, keywords, marks []string
	for _, x := range next {
		d := describe(x)
		list := &keywords
		switch {
		case d == "":
			continue
		case x.token.literal == "":
			list = &chosen
		case d[0] == '"':
			list = &marks
		}
		if !slices.Contains(*list, d) {
			*list = append(*list, d)
		}
	}
	return slices.Concat(chosen, keywords, marks)
}

// misshapen says what is the matter with the last of the tokens where that is clearer than what could have stood there.
func misshapen(tokens []lexer.Token, next []expectation) string {
	b := build()
	found := tokens[len(tokens)-1]
	if found.Type == b.op || found.Type == b.mark && found.Value == "(" || found.Type == b.str {
		if n := len(tokens); n > 1 {
			before := tokens[n-2]
			if before.Type != b.mark && before.Type != b.op && before.Pos.Offset+len(before.Value) == found.Pos.Offset {
				return fmt.Sprintf("unexpected %s: a name or value that has it inside needs quotes", show(found.Value))
			}
		}
		return ""
	}
	if found.Type == b.mark {
		return ""
	}
	if strings.EqualFold(tokens[0].Value, "what") && (found.Type == b.pair || found.Type == b.star || found.Type == b.ref) {
		return fmt.Sprintf("unexpected %s: about given actions ask can … do …", show(found.Value))
	}
	var fit []slot
	for _, x := range next {
		if s := slots[x.production]; s.noun != "" && x.token.literal == "" && !slices.Contains(fit, s) {
			fit = append(fit, s)
		}
	}
	switch len(fit) {
	case 1:
		return fit[0].wrong(found.Value)
	case 2:
		return fmt.Sprintf("%s is neither %s (%s) nor %s (%s)", show(found.Value), fit[0].noun, fit[0].advice, fit[1].noun, fit[1].advice)
	}
	return ""
}
