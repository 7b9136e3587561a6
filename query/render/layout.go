package render

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
)

// What a table shows of long lists; wide and the machine formats show everything.
const (
	maxGrants    = 4
	maxActions   = 3
	maxResources = 2
)

// heading is one column of a table. A column with a share may be narrowed, and then gets room in proportion to it; its
// cells take up to lines lines.
type heading struct {
	title   string
	share   int
	lines   int
	right   bool
	verdict bool
}

// layout says how the rows of one kind become lines of a table. entries gives one or more lines for a row; full asks for
// everything, otherwise lists are shortened.
type layout struct {
	headings []heading
	entries  func(r answer.Row, full bool) [][]string
	noun     [2]string // one, many
}

// grantHeadings are the columns of grantCells.
func grantHeadings() []heading {
	return []heading{
		{title: "VERDICT", verdict: true},
		{title: "ACTIONS", share: 3, lines: 4},
		{title: "RESOURCES", share: 4, lines: 6},
		{title: "WHEN", share: 5, lines: 8},
	}
}

// layoutOf chooses the columns for rows of the schema; wide adds those that prove the answer.
func layoutOf(s *answer.Schema, wide bool) *layout {
	lead := []heading{{title: "PRINCIPAL", share: 4, lines: 8}}
	who := short
	if wide {
		lead[0].share = 0
		who = func(principal string) string { return principal }
	}
	var l *layout
	switch s.Kind {
	case answer.KindWhoCan:
		l = &layout{headings: append(lead, grantHeadings()...), noun: [2]string{"principal", "principals"}}
		l.entries = func(r answer.Row, full bool) [][]string {
			row := r.(*answer.WhoCan)
			whole := answer.Grant{Verdict: row.Verdict, Actions: row.Actions, Resources: row.Resources}
			grants := row.Grants
			if !wide {
				grants = summarized(grants, whole)
			}
			return grantEntries([]string{who(row.Principal)}, nil, whole, grants, full)
		}
	case answer.KindCan:
		l = &layout{headings: append(append(lead, grantHeadings()...), heading{title: "COVERS"}), noun: [2]string{"principal", "principals"}}
		l.entries = func(r answer.Row, full bool) [][]string {
			row := r.(*answer.Can)
			whole := answer.Grant{Verdict: row.Verdict, Actions: []string{row.Action}, Resources: []string{row.Resource}}
			if row.Verdict == answer.Denied {
				whole.Conditions = "never (" + row.Layer + ")"
			}
			grants := row.Grants
			if !wide {
				grants = summarized(grants, answer.Grant{})
			}
			return grantEntries([]string{who(row.Principal)}, []string{yesNo(row.Covers)}, whole, grants, full)
		}
	case answer.KindWhatCan:
		l = &layout{headings: append(append(lead, heading{title: "SERVICE", share: 2, lines: 2}, heading{title: "ACCESS", share: 2, lines: 3}), grantHeadings()...), noun: [2]string{"grant", "grants"}}
		l.entries = func(r answer.Row, full bool) [][]string {
			row := r.(*answer.WhatCan)
			grant := answer.Grant{Verdict: row.Verdict, Actions: row.Actions, Resources: row.Resources, Conditions: row.Conditions,
				Via: row.Via, Assumptions: row.Assumptions, Causes: row.Causes, Witness: row.Witness}
			return grantEntries([]string{who(row.Principal), row.Service, row.Access}, nil, grant, nil, full)
		}
	default:
		return recordLayout(s)
	}
	if wide {
		for _, title := range []string{"ASSUMES", "VIA", "WITNESS"} {
			l.headings = append(l.headings, heading{title: title})
		}
	} else {
		l.entries = narrowed(l.entries, len(l.headings))
	}
	return l
}

// narrowed drops the cells that only a wide table has.
func narrowed(entries func(answer.Row, bool) [][]string, columns int) func(answer.Row, bool) [][]string {
	return func(r answer.Row, full bool) [][]string {
		all := entries(r, full)
		for i := range all {
			all[i] = all[i][:columns]
		}
		return all
	}
}

// summarized joins the grants that have the same verdict under the same conditions: what they allow together, without saying
// which action goes with which resource. Where all have the same, the whole row's own summary is shorter.
func summarized(grants []answer.Grant, whole answer.Grant) []answer.Grant {
	type key struct {
		verdict answer.Verdict
		when    string
	}
	var out []answer.Grant
	at := make(map[key]int)
	for i := range grants {
		g := &grants[i]
		k := key{g.Verdict, when(g)}
		n, known := at[k]
		if !known {
			at[k] = len(out)
			joined := *g
			joined.Actions, joined.Resources = slices.Clone(g.Actions), slices.Clone(g.Resources)
			out = append(out, joined)
			continue
		}
		out[n].Actions = union(out[n].Actions, g.Actions)
		out[n].Resources = union(out[n].Resources, g.Resources)
	}
	if len(out) == 1 && len(whole.Actions) > 0 {
		out[0].Actions = whole.Actions
	}
	return out
}

// union appends what is new of more.
func union(to, more []string) []string {
	have := make(map[string]bool, len(to))
	for _, s := range to {
		have[s] = true
	}
	for _, s := range more {
		if !have[s] {
			have[s] = true
			to = append(to, s)
		}
	}
	return to
}

// grantEntries makes one line a grant, the leading cells on the first line only. A row without grants shows whole.
func grantEntries(lead, tail []string, whole answer.Grant, grants []answer.Grant, full bool) [][]string {
	if len(grants) == 0 {
		grants = []answer.Grant{whole}
	}
	shown := grants
	if !full && len(grants) > maxGrants+1 {
		shown = grants[:maxGrants]
	}
	var out [][]string
	for i := range shown {
		before, after := lead, tail
		if i > 0 {
			before, after = make([]string, len(lead)), make([]string, len(tail))
		}
		out = append(out, slices.Concat(before, grantCells(&shown[i], full), after, proofCells(&shown[i])))
	}
	if rest := len(grants) - len(shown); rest > 0 {
		more := grantCells(&answer.Grant{Actions: []string{fmt.Sprintf("… %d more (-o wide)", rest)}}, full)
		out = append(out, slices.Concat(make([]string, len(lead)), more, make([]string, len(tail)+3)))
	}
	return out
}

func grantCells(g *answer.Grant, full bool) []string {
	actions, resources := len(g.Actions), len(g.Resources)
	if !full {
		actions, resources = maxActions, maxResources
	}
	return []string{string(g.Verdict), listed(g.Actions, actions), listed(g.Resources, resources), when(g)}
}

func proofCells(g *answer.Grant) []string {
	via := make([]string, len(g.Via))
	for i, ref := range g.Via {
		via[i] = Statement(ref)
	}
	return []string{strings.Join(g.Assumptions, "; "), strings.Join(via, ", "), witness(g.Witness)}
}

// when is the residual, or what an unknown verdict hangs on.
func when(g *answer.Grant) string {
	if g.Verdict == answer.Unknown && len(g.Causes) > 0 {
		return strings.Join(g.Causes, "; ")
	}
	return g.Conditions
}

// Statement quotes a statement as layer:policy#sid, by position where it has no Sid.
func Statement(ref answer.StatementRef) string {
	name := ref.Sid
	if name == "" {
		name = strconv.Itoa(ref.Index)
	}
	return ref.Layer + ":" + ref.Policy + "#" + name
}

func witness(w *answer.Witness) string {
	if w == nil {
		return ""
	}
	text := w.Action + " on " + w.Resource
	for i, key := range slices.Sorted(maps.Keys(w.Context)) {
		if i == 0 {
			text += " with "
		} else {
			text += ", "
		}
		text += key + "=" + contextText(w.Context[key])
	}
	return text
}

func contextText(v answer.ContextValue) string {
	if v.Multi {
		return "(" + strings.Join(v.Values, ", ") + ")"
	}
	return strings.Join(v.Values, "")
}

// listed joins items, at most limit of them, saying how many are left out.
func listed(items []string, limit int) string {
	if len(items) <= limit+1 {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s, +%d", strings.Join(items[:limit], ", "), len(items)-limit)
}

// short gives an IAM or STS ARN as its account and what follows; any other principal stays as it is.
func short(principal string) string {
	_, service, _, account, resource, ok := graph.ARN(principal).Split()
	if !ok || (service != "iam" && service != "sts") {
		return principal
	}
	return account + " " + resource
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// recordLayout shows each column of a record as it is.
func recordLayout(s *answer.Schema) *layout {
	l := &layout{noun: [2]string{"row", "rows"}}
	for _, c := range s.Columns {
		title := strings.ToUpper(strings.ReplaceAll(c.Name, "_", " "))
		h := heading{title: title, right: c.Type == answer.Number, verdict: c.Name == "verdict"}
		if c.Type == answer.Text || c.Type == answer.List || c.Type == answer.Object {
			h.share, h.lines = 1, 8
		}
		l.headings = append(l.headings, h)
	}
	l.entries = func(r answer.Row, _ bool) [][]string {
		cells := make([]string, len(s.Columns))
		for i, c := range s.Columns {
			v, _ := r.Field(c.Name)
			cells[i] = plainValue(v, ", ")
		}
		return [][]string{cells}
	}
	return l
}

// plainValue shows a field's value as text, lists joined by sep, structures as JSON.
func plainValue(v any, sep string) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return v.UTC().Format(time.RFC3339)
	case time.Duration:
		return durationText(v)
	case []string:
		return strings.Join(v, sep)
	}
	b, err := marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// durationText gives a duration in the unit the query language would use for it.
func durationText(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day || d == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	return d.Round(time.Second).String()
}
