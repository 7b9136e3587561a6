package complete

import (
	"strings"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// values adds what the key or field before the cursor can be compared with.
func (w *work) values() {
	if w.last(0) == "=" && w.last(2) == "tag" && !w.ofRows() { // in tag KEY = VALUE
		w.names(syntax.ValueSlot, TagValue, w.before[len(w.before)-2].Text, "")
		return
	}
	name, call := subject(w.before)
	switch {
	case call && strings.EqualFold(name, "can"):
		w.actions(syntax.ValueSlot)
	case call || name == "":
	case w.ofRows():
		w.valuesOfField(name)
	default:
		w.valuesOfKey(name)
	}
}

// subject finds what is compared with the value that comes after some words: KEY =, KEY not in (a, and so on. call tells that it is
// the function whose argument comes.
func subject(before []syntax.Token) (name string, call bool) {
	i := len(before) - 1
	at := func(words ...string) bool {
		if i < 0 || before[i].Kind == syntax.StringToken {
			return false
		}
		for _, word := range words {
			if strings.EqualFold(before[i].Text, word) {
				return true
			}
		}
		return false
	}
	if at(",", "(") { // back to where the list opens
		for i >= 0 && !at("(") {
			i--
		}
		i--
		if !at("in", "like", "arnlike", "~=") {
			if i < 0 {
				return "", false
			}
			return before[i].Text, true
		}
	}
	if !at("=", "!=", "~=", "<", "<=", ">", ">=", "like", "arnlike", "contains", "in") {
		return "", false
	}
	if i--; at("not") {
		i--
	}
	if i < 0 {
		return "", false
	}
	return before[i].Text, false
}

// valuesOfField adds the values that a field of rows can have.
func (w *work) valuesOfField(name string) {
	s := w.schema()
	if s == nil {
		return
	}
	column, ok := s.Column(name)
	if !ok {
		return
	}
	w.words(column.Words...)
	if column.Type == answer.Bool {
		w.words("true", "false")
	}
	kind := map[string]Kind{"principal": ARN, "account": Account, "actions": Action, "grants.actions": Action, "resource": Resource,
		"resources": Resource, "grants.resources": Resource, "service": Prefix}[column.Name]
	if kind != "" {
		w.names(syntax.ValueSlot, kind, "", "")
	}
}

// valuesOfKey adds the values that a condition key can have, where those are known.
func (w *work) valuesOfKey(name string) {
	lower := strings.ToLower(name)
	for _, family := range tagKeys() {
		if key, ok := cutPrefixFold(name, family); ok {
			w.names(syntax.ValueSlot, TagValue, key, "")
			return
		}
	}
	switch lower {
	case "aws:principalaccount", "aws:resourceaccount", "aws:sourceaccount":
		w.names(syntax.ValueSlot, Account, "", "")
	case "aws:principalorgid", "aws:resourceorgid", "aws:sourceorgid":
		w.names(syntax.ValueSlot, Organization, "", "")
	case "aws:principalarn":
		w.names(syntax.ValueSlot, ARN, "", "")
	case "aws:principalservicename", "iam:passedtoservice", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast":
		w.names(syntax.ValueSlot, Service, "", "")
	case "aws:sourcearn", "resource":
		w.names(syntax.ValueSlot, Resource, "", "")
	default:
		if w.isBool(name) {
			w.words("true", "false")
		}
	}
}

// isBool tells whether a source says of a key that its values are true and false.
func (w *work) isBool(key string) bool {
	for _, s := range w.Sources {
		found, _ := s.Names(Key, "", key, w.Most)
		for _, n := range found {
			if strings.EqualFold(n.Text, key) {
				return n.About == boolean
			}
		}
	}
	return false
}

// boolean is what sources say of keys whose values are true and false.
const boolean = "Bool"
