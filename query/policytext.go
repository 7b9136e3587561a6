package query

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// rawStatements are a document's statements as they stand in the text; none where it cannot be read.
func rawStatements(text []byte) []map[string]any {
	var doc struct{ Statement json.RawMessage }
	if json.Unmarshal(text, &doc) != nil {
		return nil
	}
	var list []map[string]any
	if json.Unmarshal(doc.Statement, &list) == nil {
		return list
	}
	var one map[string]any
	if json.Unmarshal(doc.Statement, &one) != nil {
		return nil
	}
	return []map[string]any{one}
}

// textsOf are the texts of a string or a list.
func textsOf(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, x := range v {
			if s, ok := x.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// StatementLines gives the line, from 1, at which each statement of a document begins, by position; none where the text cannot be read.
func StatementLines(text []byte) []int {
	dec := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != '{' {
		return nil
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil
		}
		if name.String() == "Statement" {
			return statementLines(dec, text)
		}
		if dec.SkipValue() != nil {
			return nil
		}
	}
	return nil
}

func statementLines(dec *jsontext.Decoder, text []byte) []int {
	line := func() int { // of the value that comes next
		at := int(dec.InputOffset())
		for at < len(text) && strings.IndexByte(" \t\r\n,:", text[at]) >= 0 {
			at++
		}
		return 1 + bytes.Count(text[:at], []byte{'\n'})
	}
	if dec.PeekKind() != '[' {
		return []int{line()}
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil
	}
	var out []int
	for dec.PeekKind() == '{' {
		out = append(out, line())
		if dec.SkipValue() != nil {
			break
		}
	}
	return out
}

// textChanges says what changed between two documents, statement by statement: statements that stand in both unchanged are left out, those of one
// Sid, or else of one place, are taken for the same.
func textChanges(old, now []byte) []string {
	before, after := rawStatements(old), rawStatements(now)
	gone := make([]bool, len(before))
	same := make([]bool, len(after))
	for i, s := range after {
		for j, o := range before {
			if !gone[j] && !same[i] && spell(s) == spell(o) {
				gone[j], same[i] = true, true
			}
		}
	}
	var out []string
	for i, s := range after {
		if same[i] {
			continue
		}
		j := counterpart(s, i, before, gone)
		if j < 0 {
			out = append(out, fmt.Sprintf("added statement %d%s: %s", i, sidOf(s), spell(s)))
			continue
		}
		gone[j] = true
		for _, member := range membersOf(before[j], s) {
			if was, is := before[j][member], s[member]; spell(was) != spell(is) {
				out = append(out, fmt.Sprintf("changed statement %d%s: %s: %s", i, sidOf(s), member, valueChange(was, is)))
			}
		}
	}
	for j, o := range before {
		if !gone[j] {
			out = append(out, fmt.Sprintf("removed statement %d%s: %s", j, sidOf(o), spell(o)))
		}
	}
	return slices.Concat([]string{}, out)
}

// valueChange says what changed in a member: of lists of texts, what came and what went.
func valueChange(was, is any) string {
	before, after := textsOf(was), textsOf(is)
	if len(before) == 0 || len(after) == 0 {
		return spell(was) + " is now " + spell(is)
	}
	less := func(from, without []string) (out []string) {
		for _, v := range from {
			if !slices.Contains(without, v) {
				out = append(out, v)
			}
		}
		return out
	}
	var parts []string
	if came := less(after, before); len(came) > 0 {
		parts = append(parts, "added "+strings.Join(came, ", "))
	}
	if went := less(before, after); len(went) > 0 {
		parts = append(parts, "removed "+strings.Join(went, ", "))
	}
	if len(parts) == 0 {
		return "the same in another form"
	}
	return strings.Join(parts, "; ")
}

// counterpart finds the statement that another one took the place of; -1 where there is none.
func counterpart(s map[string]any, place int, before []map[string]any, gone []bool) int {
	sid, _ := s["Sid"].(string)
	for j, o := range before {
		if was, _ := o["Sid"].(string); sid != "" && was == sid && !gone[j] {
			return j
		}
	}
	if place < len(before) && !gone[place] && sid == "" && before[place]["Sid"] == nil && spell(s["Effect"]) == spell(before[place]["Effect"]) {
		return place
	}
	return -1
}

// membersOf are the names of the members of two statements, in order.
func membersOf(a, b map[string]any) []string {
	var out []string
	for _, m := range []map[string]any{a, b} {
		for name := range m {
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return out
}

func sidOf(s map[string]any) string {
	if sid, _ := s["Sid"].(string); sid != "" {
		return " (" + sid + ")"
	}
	return ""
}

// spell writes a value as JSON on one line; nothing is "none".
func spell(v any) string {
	if v == nil {
		return "none"
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "?"
	}
	return strings.TrimSpace(b.String())
}
