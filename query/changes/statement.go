package changes

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
)

// statement is one statement as it is compared: its elements by what they mean, with their texts as they are written.
type statement struct {
	index    int
	sid      string
	elements []element
	raw      jsontext.Value // nil where the document is no JSON
}

// element is one element of a statement with its values, which are a set.
type element struct {
	name   string // Effect, Action, NotAction, …; a condition's is its operator and key
	values []value
}

// value is one value: what it means, and how it is written.
type value struct{ key, text string }

// statementsOf reads the statements of a document. A statement that cannot be understood is compared as it is written.
func statementsOf(kind policy.Kind, d *graph.Document) []*statement {
	doc := policy.Parse(kind, d.Canonical)
	raw := rawStatements(d.Canonical)
	var out []*statement
	for i := range doc.Statements {
		s := &doc.Statements[i]
		if n := len(out); n > 0 && out[n-1].index == s.Index { // its effect is not known, so that it is there twice
			continue
		}
		one := &statement{index: s.Index, sid: s.Sid}
		if s.Index < len(raw) {
			one.raw = raw[s.Index]
		}
		if s.Unanalysable != "" {
			text := string(one.raw)
			if one.raw == nil {
				text = string(d.Canonical)
			}
			one.elements = []element{{name: "statement", values: []value{{text, text}}}}
		} else {
			one.elements = elementsOf(s)
		}
		out = append(out, one)
	}
	return out
}

// rawStatements gives the statements as they are written; nil where there are none that can be told apart.
func rawStatements(text []byte) []jsontext.Value {
	var doc struct{ Statement jsontext.Value }
	if json.Unmarshal(text, &doc, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) != nil {
		return nil
	}
	if doc.Statement.Kind() == '{' {
		return []jsontext.Value{doc.Statement}
	}
	var list []jsontext.Value
	if json.Unmarshal(doc.Statement, &list, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) != nil {
		return nil
	}
	return list
}

func elementsOf(s *policy.Statement) []element {
	out := []element{{"Effect", []value{{s.Effect.String(), s.Effect.String()}}}}
	if !s.Principals.None {
		e := element{name: negated("Principal", s.Principals.Not)}
		for _, p := range s.Principals.Entries {
			e.values = append(e.values, principalValue(p))
		}
		out = append(out, e.tidy())
	}
	e := element{name: negated("Action", s.Actions.Not)}
	for _, p := range s.Actions.Patterns {
		e.values = append(e.values, value{strings.ToLower(p.Text), p.Text})
	}
	out = append(out, e.tidy())
	if !s.Resources.Implicit {
		e := element{name: negated("Resource", s.Resources.Not)}
		for i := range s.Resources.Patterns {
			e.values = append(e.values, value{s.Resources.Patterns[i].Text, s.Resources.Patterns[i].Text})
		}
		out = append(out, e.tidy())
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		e := element{name: c.Operator() + "(" + cmp.Or(c.Written, c.Key) + ")"}
		for _, v := range c.Values {
			e.values = append(e.values, value{v.Text, v.Text})
		}
		out = append(out, e.tidy())
	}
	return out
}

// negated is the name of an element or of the one that means all but it.
func negated(name string, not bool) string {
	if not {
		return "Not" + name
	}
	return name
}

// principalValue is a principal by what it means: an account has two ways to be written (A21), and everyone three (A22).
func principalValue(p policy.PrincipalEntry) value {
	text := p.Text
	switch p.Kind {
	case policy.PrincipalEveryone:
		return value{"*", "*"}
	case policy.PrincipalAccount:
		return value{"account " + p.Account, text}
	case policy.PrincipalService, policy.PrincipalFederated, policy.PrincipalCanonicalUser:
		return value{fmt.Sprintf("%d %s", p.Kind, text), text}
	}
	return value{text, text}
}

// tidy sorts the values and leaves out repetitions.
func (e element) tidy() element {
	slices.SortFunc(e.values, func(a, b value) int { return cmp.Or(strings.Compare(a.key, b.key), strings.Compare(a.text, b.text)) })
	e.values = slices.CompactFunc(e.values, func(a, b value) bool { return a.key == b.key })
	return e
}

// condition tells whether the element is a test, by whose operator and key it is called.
func (e *element) condition() bool { return strings.HasSuffix(e.name, ")") }

// id is what the element is told apart by: keys of conditions may be in any letter case (A14).
func (e *element) id() string {
	if e.condition() {
		return strings.ToLower(e.name)
	}
	return e.name
}

// meaning spells all that counts of a statement; its Sid does not (A11).
func (s *statement) meaning() string {
	parts := make([]string, 0, len(s.elements))
	for i := range s.elements {
		e := &s.elements[i]
		b := bytes.NewBufferString(e.id())
		for _, v := range e.values {
			fmt.Fprintf(b, "\x00%d:%s", len(v.key), v.key)
		}
		parts = append(parts, b.String())
	}
	slices.Sort(parts)
	return strings.Join(parts, "\x01")
}

// tokens are the parts by which statements are like each other.
func (s *statement) tokens() map[string]bool {
	out := map[string]bool{}
	for i := range s.elements {
		e := &s.elements[i]
		for _, v := range e.values {
			out[e.id()+"\x00"+v.key] = true
		}
	}
	return out
}

// line is the statement on one line.
func (s *statement) line() string {
	var b strings.Builder
	if s.sid != "" {
		b.WriteString(s.sid + ": ")
	}
	tests := 0
	for i := range s.elements {
		e := &s.elements[i]
		texts := strings.Join(e.texts(), ", ")
		switch e.name {
		case "Effect", "statement":
			b.WriteString(texts)
		case "Principal":
			b.WriteString(" to " + texts)
		case "NotPrincipal":
			b.WriteString(" to all but " + texts)
		case "Action":
			b.WriteString(" " + texts)
		case "NotAction":
			b.WriteString(" all but " + texts)
		case "Resource":
			b.WriteString(" on " + texts)
		case "NotResource":
			b.WriteString(" on all but " + texts)
		default:
			b.WriteString([]string{" if ", " and "}[min(tests, 1)] + e.test())
			tests++
		}
	}
	return b.String()
}

func (e *element) texts() []string {
	out := make([]string, len(e.values))
	for i, v := range e.values {
		out[i] = v.text
	}
	return out
}

// test is a condition as answers write it: StringEquals(aws:SourceVpce, vpce-1).
func (e *element) test() string {
	return strings.TrimSuffix(e.name, ")") + ", " + strings.Join(e.texts(), ", ") + ")"
}
