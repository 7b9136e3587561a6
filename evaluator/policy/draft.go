package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Draft is a statement of an identity policy that is yet to be written. Its texts are read as a document of Version 2012-10-17 reads them.
type Draft struct {
	Sid         string
	Effect      Effect
	NotAction   bool
	Actions     []string
	NotResource bool
	Resources   []string
	Conditions  []Condition // AND (C1)
}

// UnwritableError is returned for a condition that one Condition block cannot say.
type UnwritableError struct{ Condition string }

func (e *UnwritableError) Error() string {
	return fmt.Sprintf("the policy language has no words for the condition %s", e.Condition)
}

type draftedDocument struct {
	Version   string
	Statement []draftedStatement
}

type draftedStatement struct {
	Sid         string `json:",omitempty"`
	Effect      string
	Action      any                       `json:",omitempty"`
	NotAction   any                       `json:",omitempty"`
	Resource    any                       `json:",omitempty"`
	NotResource any                       `json:",omitempty"`
	Condition   map[string]map[string]any `json:",omitempty"`
}

// Write writes drafts as one document, indented by two blanks, with a newline at its end. The same drafts give the same bytes. The only
// error is UnwritableError.
func Write(drafts []Draft) ([]byte, error) {
	doc := draftedDocument{Version: version2012, Statement: make([]draftedStatement, 0, len(drafts))}
	for i := range drafts {
		d := &drafts[i]
		s := draftedStatement{Sid: d.Sid, Effect: d.Effect.String()}
		if d.NotAction {
			s.NotAction = oneOrMore(d.Actions)
		} else {
			s.Action = oneOrMore(d.Actions)
		}
		if d.NotResource {
			s.NotResource = oneOrMore(d.Resources)
		} else {
			s.Resource = oneOrMore(d.Resources)
		}
		var err error
		if s.Condition, err = conditionBlock(d.Conditions); err != nil {
			return nil, err
		}
		doc.Statement = append(doc.Statement, s)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return nil, fmt.Errorf("write the policy document: %w", err)
	}
	return b.Bytes(), nil
}

// oneOrMore is a list as people write it: one text alone, or an array (A8).
func oneOrMore(texts []string) any {
	if len(texts) == 1 {
		return texts[0]
	}
	return texts
}

// conditionBlock writes tests as a Condition (C1). One operator takes a key once: a second test of it moves to an operator that says the
// same, or, of the negated ones, joins the first.
func conditionBlock(cs []Condition) (map[string]map[string]any, error) {
	if len(cs) == 0 {
		return nil, nil
	}
	type slot struct{ operator, key string }
	values, spelled := map[slot][]string{}, map[slot]string{}
	for i := range cs {
		c := &cs[i]
		texts := make([]string, len(c.Values))
		for j := range c.Values {
			texts[j] = c.Values[j].Text
		}
		slices.Sort(texts)
		texts = slices.Compact(texts)
		placed := false
		for _, same := range synonyms(c) {
			at := slot{same.Operator(), c.Key}
			have, taken := values[at]
			switch {
			case !taken:
				values[at], spelled[at] = texts, c.Written
				placed = true
			case slices.Equal(have, texts):
				placed = true
			case c.Op.Negated() && c.Set != ForAnyValue: // none of these and none of those (C1, C13)
				joined := slices.Concat(have, texts)
				slices.Sort(joined)
				values[at] = slices.Compact(joined)
				placed = true
			}
			if placed {
				break
			}
		}
		if !placed {
			return nil, &UnwritableError{Condition: c.String()}
		}
	}
	out := map[string]map[string]any{}
	for at, texts := range values {
		if out[at.operator] == nil {
			out[at.operator] = map[string]any{}
		}
		key := spelled[at]
		if key == "" {
			key = at.key
		}
		out[at.operator][key] = oneOrMore(texts)
	}
	return out, nil
}

// synonyms are the operators that say the same as a test, beside the test itself: IfExists adds nothing to what another test of the same
// block has decided of an absent key (C7, C15), ArnEquals is ArnLike (C26).
func synonyms(c *Condition) []Condition {
	out := []Condition{*c}
	twins := map[Base]Base{ARNEquals: ARNLike, ARNLike: ARNEquals, ARNNotEquals: ARNNotLike, ARNNotLike: ARNNotEquals}
	if twin, ok := twins[c.Op]; ok {
		other := *c
		other.Op = twin
		out = append(out, other)
	}
	if c.Op == Null || c.IfExists || c.Op.Negated() && c.Set == NoSet {
		return out
	}
	for _, o := range slices.Clone(out) {
		o.IfExists = true
		out = append(out, o)
	}
	return out
}

// Text is the draft as one line, by which drafts are told apart and put in order.
func (d *Draft) Text() string {
	var b strings.Builder
	b.WriteString(d.Effect.String())
	fmt.Fprintf(&b, " %t %q %t %q", d.NotAction, d.Actions, d.NotResource, d.Resources)
	for i := range d.Conditions {
		fmt.Fprintf(&b, " %q", d.Conditions[i].String())
	}
	return b.String()
}
