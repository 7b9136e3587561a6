package query

import (
	"cmp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/query/answer"
)

// rowWriter makes changes of the rows of a question that differ between two snapshots.
type rowWriter struct {
	*between
	schema *answer.Schema
	lacks  [2]*unreadOf
	rows   []*answer.ChangeRow
}

// group compares the rows that are about the same: those that say the same in both fall out, and of the rest the first is the first's
// other version.
func (w *rowWriter) group(older, newer []*sideRow) {
	said := map[string]int{}
	for _, r := range newer {
		said[r.content]++
	}
	older = slices.DeleteFunc(slices.Clone(older), func(r *sideRow) bool {
		said[r.content]--
		return said[r.content] >= 0
	})
	left := map[string]int{} // of what is said in the older snapshot too, how often
	for content, n := range said {
		left[content] = n
	}
	newer = slices.DeleteFunc(slices.Clone(newer), func(r *sideRow) bool {
		left[r.content]--
		return left[r.content] < 0
	})
	for i := range max(len(older), len(newer)) {
		switch {
		case i >= len(newer):
			w.one(older[i], 0)
		case i >= len(older):
			w.one(newer[i], 1)
		default:
			w.both(older[i], newer[i])
		}
	}
}

// one is a row that snapshot x alone has.
func (w *rowWriter) one(r *sideRow, x int) {
	row := w.begin(r)
	row.Gap = w.lacks[1-x].why(r.json)
	switch {
	case row.Gap != "":
		row.Change = answer.ChangeUnknown
	case x == 0:
		row.Change = answer.ChangeRemoved
	default:
		row.Change = answer.ChangeAdded
	}
	if x == 0 {
		row.Before = r.json
	} else {
		row.After = r.json
	}
	switch row.Change { // what may only not have been read is neither gained nor lost
	case answer.ChangeAdded:
		row.Gained = grantsOf(r.row)
	case answer.ChangeRemoved:
		row.Lost = grantsOf(r.row)
	}
	w.rows = append(w.rows, row)
}

// sorted gives the rows by account and what they are about.
func (w *rowWriter) sorted() []*answer.ChangeRow {
	slices.SortStableFunc(w.rows, func(x, y *answer.ChangeRow) int {
		return cmp.Or(strings.Compare(x.Account, y.Account), strings.Compare(x.ID, y.ID), strings.Compare(x.Name, y.Name))
	})
	return w.rows
}

// both is a row that is otherwise than it was.
func (w *rowWriter) both(older, newer *sideRow) {
	row := w.begin(newer)
	row.Change, row.Before, row.After, row.Details = answer.ChangeChanged, older.json, newer.json, memberDetails(older.content, newer.content)
	row.Gap = cmp.Or(w.lacks[0].why(newer.json), w.lacks[1].why(older.json))
	w.rows = append(w.rows, row)
}

// begin names what a row is about.
func (w *rowWriter) begin(r *sideRow) *answer.ChangeRow {
	field := func(names ...string) string {
		for _, n := range names {
			if v, ok := r.row.Field(n); ok {
				if texts := fieldTexts(v); len(texts) > 0 && texts[0] != "" {
					return texts[0]
				}
			}
		}
		return ""
	}
	row := &answer.ChangeRow{Account: field("account"), Gained: []answer.Grant{}, Lost: []answer.Grant{}, Details: []answer.Detail{}}
	switch w.schema.Kind {
	case answer.KindWhoCan, answer.KindCan, answer.KindWhy:
		row.Kind, row.ID = "principal", field("principal")
	case answer.KindWhatCan:
		row.Kind, row.ID, row.Name = "grant", field("principal"), field("service")
	case answer.KindPath:
		row.Kind, row.ID, row.Name = "path", field("from"), "to "+field("to")
	case answer.KindChoke:
		row.Kind, row.ID, row.Name = "choke point", field("from", "owner"), field("to", "statement.sid")
	case answer.KindExternal:
		row.Kind, row.ID, row.Name = "external grant", field("resource"), field("grantee.kind")+" "+field("grantee.id")
	default:
		row.Kind, row.ID = w.schema.Of[0], field("arn", "principal", "id", "key", "owner", "policy", "user", "name")
		if policy := field("policy"); policy != row.ID { // a policy that lives in its owner, or a statement of one
			row.Name = policy
		}
	}
	return row
}

// grantsOf is the access that a row speaks of.
func grantsOf(r answer.Row) []answer.Grant {
	switch r := r.(type) {
	case *answer.WhoCan:
		return slices.Concat([]answer.Grant{}, r.Whole().Grants)
	case *answer.Can:
		return slices.Concat([]answer.Grant{}, r.Grants)
	case *answer.WhatCan:
		return []answer.Grant{{Actions: r.Actions, Resources: r.Resources, Verdict: r.Verdict, Conditions: r.Conditions, Via: r.Via,
			Assumptions: r.Assumptions, Causes: r.Causes, Witness: r.Witness}}
	case *answer.External:
		return []answer.Grant{{Actions: r.Actions, Resources: r.Resources, Verdict: r.Verdict, Conditions: r.Conditions, Via: r.Via,
			Assumptions: r.Assumptions, Causes: r.Causes, Witness: r.Witness}}
	}
	return []answer.Grant{}
}

// memberDetails are the members of two rows that differ: texts and numbers with both values, lists of texts with what came and went, and of
// anything else that it did.
func memberDetails(before, after string) []answer.Detail {
	var a, b map[string]jsontext.Value
	if json.Unmarshal([]byte(before), &a) != nil || json.Unmarshal([]byte(after), &b) != nil {
		return []answer.Detail{}
	}
	var names []string
	for _, members := range []map[string]jsontext.Value{a, b} {
		for n := range members {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	out := []answer.Detail{}
	for _, n := range slices.Compact(names) {
		if string(a[n]) != string(b[n]) {
			out = append(out, memberDetail(n, a[n], b[n]))
		}
	}
	return out
}

func memberDetail(name string, before, after jsontext.Value) answer.Detail {
	d := answer.Detail{What: name, Change: answer.ChangeChanged}
	x, isList := listOf(before)
	y, areList := listOf(after)
	if isList && areList {
		d.Added = slices.DeleteFunc(slices.Clone(y), func(s string) bool { return slices.Contains(x, s) })
		d.Removed = slices.DeleteFunc(slices.Clone(x), func(s string) bool { return slices.Contains(y, s) })
		return d
	}
	d.Before, d.After = scalar(before), scalar(after)
	return d
}

// listOf reads a list of texts, which an absent one is too.
func listOf(v jsontext.Value) (out []string, ok bool) {
	if len(v) == 0 || string(v) == "null" {
		return nil, true
	}
	return out, json.Unmarshal(v, &out) == nil
}

// scalar is a text, number or truth value in words; structures have none.
func scalar(v jsontext.Value) string {
	switch v.Kind() {
	case '"':
		var s string
		if json.Unmarshal(v, &s) == nil {
			return s
		}
	case '0', 't', 'f':
		return string(v)
	}
	return ""
}
