package complete

import (
	"strings"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// slot adds what can fill a slot.
func (w *work) slot(kind syntax.CandidateKind) {
	switch kind {
	case syntax.ActionSlot:
		w.actions(kind)
	case syntax.PrincipalSlot:
		w.names(kind, Principal, "", "")
	case syntax.ResourceSlot:
		w.names(kind, Resource, "", "")
	case syntax.KeySlot:
		w.keys()
	case syntax.ValueSlot:
		w.values()
	case syntax.NameSlot:
		w.names(kind, w.named(), "", "")
	case syntax.AccountSlot:
		w.names(kind, Account, "", "")
	case syntax.SnapshotSlot:
		w.names(kind, Snapshot, "", "")
	case syntax.FieldSlot:
		w.fields()
	case syntax.FunctionSlot:
		w.functions()
	case syntax.Keyword, syntax.Operator, syntax.NumberSlot:
	}
}

// actions adds actions, and the access levels of a service.
func (w *work) actions(slot syntax.CandidateKind) {
	if service, level, ok := strings.Cut(w.prefix, ":@"); ok && w.mark == 0 {
		for _, l := range []string{"list", "read", "write", "tagging", "permissions"} {
			if hasPrefixFold(l, level) {
				w.add(Candidate{Text: service + ":@" + l, Kind: slot, About: "all actions of the access level"})
			}
		}
		return
	}
	w.names(slot, Action, "", "")
}

// tagKeys are the keys that hold the value of a tag, whose name follows them.
func tagKeys() []string { return []string{"aws:PrincipalTag/", "aws:RequestTag/", "aws:ResourceTag/"} }

func (w *work) keys() {
	for _, family := range tagKeys() {
		if hasPrefixFold(w.prefix, family) {
			w.names(syntax.KeySlot, TagKey, "", family)
			return
		}
	}
	w.names(syntax.KeySlot, Key, "", "")
}

// last is the word before the cursor, the n-th from the end beginning with 0; empty where there is none.
func (w *work) last(n int) string {
	if i := len(w.before) - 1 - n; i >= 0 && w.before[i].Kind != syntax.StringToken {
		return strings.ToLower(w.before[i].Text)
	}
	return ""
}

// named tells what a name after ou, org, service or tag is the name of.
func (w *work) named() Kind {
	switch w.last(0) {
	case "ou":
		return Unit
	case "org":
		return Organization
	case "service":
		return Service
	}
	return TagKey
}

// bar is the place among the words before of the bar that begins the stage at the cursor; -1 where there is none.
func (w *work) bar() int {
	for i := len(w.before) - 1; i >= 0; i-- {
		if w.before[i].Kind == syntax.MarkToken && w.before[i].Text == "|" {
			return i
		}
	}
	return -1
}

// schema gives the fields of the rows that reach the cursor, nil where that cannot be told: those of what stands before the last
// bar, or of what is shown, before its where.
func (w *work) schema() *answer.Schema {
	end := w.bar()
	if end < 0 && w.shows() {
		for i, t := range w.before {
			if strings.EqualFold(t.Text, "where") {
				end = i
				break
			}
		}
	}
	if end < 0 || w.Schema == nil {
		return nil
	}
	return w.Schema(w.text[:w.before[end].Offset])
}

func (w *work) shows() bool { return len(w.before) > 0 && strings.EqualFold(w.before[0].Text, "show") }

// ofRows tells whether the cursor is among fields of rows, and not among the keys of a request.
func (w *work) ofRows() bool { return w.bar() >= 0 || w.shows() }

func (w *work) fields() {
	s := w.schema()
	if s == nil {
		return
	}
	for _, list := range [][]answer.Column{s.Columns, s.Nested} {
		for _, column := range list {
			if hasPrefixFold(column.Name, w.prefix) && w.mark == 0 { // names of ours, which need no quotes
				w.add(Candidate{Text: column.Name, About: column.Type.String(), Kind: syntax.FieldSlot})
			}
		}
	}
}

// functions adds what a predicate over the rows of show may call.
func (w *work) functions() {
	if w.bar() >= 0 || !w.shows() || w.mark != 0 || w.schema() == nil || !hasPrefixFold("can(", w.prefix) {
		return
	}
	w.add(Candidate{Text: "can(", About: "can(ACTION, …): whether it may do that", Kind: syntax.FunctionSlot, Open: true})
}
