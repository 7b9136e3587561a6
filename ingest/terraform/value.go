package terraform

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/accessgraph/accessgraph/ingest/edit"
)

// values are the attributes of a resource. What unknown marks is known only after the apply.
type values struct {
	known   map[string]any
	unknown any // true, or a map with marks
}

// errLater is why something is left out that hangs on a value that is known only after the apply.
var errLater = errors.New("it is known only after the apply")

// isUnknown tells whether an attribute, or a part of it, is known only after the apply.
func (v values) isUnknown(name string) bool {
	if all, ok := v.unknown.(bool); ok {
		return all
	}
	marks, _ := v.unknown.(map[string]any)
	return marked(marks[name])
}

// marked tells whether a mark is true anywhere. Plans are read by a reader that bounds how deep they are.
func marked(mark any) bool {
	switch m := mark.(type) {
	case bool:
		return m
	case map[string]any:
		for _, inner := range m {
			if marked(inner) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(m, marked)
	}
	return false
}

// text gives an attribute that is a text, empty where it is null; ok is false where it is not known.
func (v values) text(name string) (text string, ok bool) {
	if v.isUnknown(name) {
		return "", false
	}
	text, _ = v.known[name].(string)
	return text, true
}

// is gives an attribute that is true or false; ok is false where it is not known.
func (v values) is(name string) (yes, ok bool) {
	yes, _ = v.known[name].(bool)
	return yes, !v.isUnknown(name)
}

// texts gives an attribute that is a list or set of texts; ok is false where a part of it is not known.
func (v values) texts(name string) (out []string, ok bool) {
	list, _ := v.known[name].([]any)
	for _, element := range list {
		if text, is := element.(string); is {
			out = append(out, text)
		}
	}
	return out, !v.isUnknown(name)
}

// blocks gives the nested blocks of an attribute, each with its own marks.
func (v values) blocks(name string) []values {
	list, _ := v.known[name].([]any)
	marks, _ := v.unknown.(map[string]any)
	inner, _ := marks[name].([]any)
	var out []values
	for i, element := range list {
		known, is := element.(map[string]any)
		if !is {
			continue
		}
		block := values{known: known}
		switch {
		case i < len(inner):
			block.unknown = inner[i]
		case marks[name] == true:
			block.unknown = true
		}
		out = append(out, block)
	}
	return out
}

// document gives an attribute that holds a policy as JSON; given is false where it is null or empty.
func (v values) document(name string) (d edit.Document, given bool, err error) {
	text, ok := v.text(name)
	switch {
	case !ok:
		return d, true, nil
	case strings.TrimSpace(text) == "":
		return d, false, nil
	}
	var parsed any
	if err := json.Unmarshal([]byte(text), &parsed); err != nil {
		return d, false, fmt.Errorf("%s is no JSON: %w", name, err)
	}
	return edit.Document{Text: []byte(text)}, true, nil
}

// tags gives the tags with those of the provider where they are known; ok is false where some are not.
func (v values) tags() (tags map[string]string, ok bool) {
	name := "tags_all"
	if v.isUnknown(name) || v.known[name] == nil {
		name = "tags"
	}
	tags = map[string]string{}
	m, _ := v.known[name].(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if text, is := m[key].(string); is {
			tags[key] = text
		}
	}
	return tags, !v.isUnknown(name)
}
