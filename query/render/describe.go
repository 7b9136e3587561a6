package render

import (
	"fmt"
	"strings"

	"github.com/accessgraph/accessgraph/query/answer"
)

// maxDescribed is how many grants Describe tells of a row.
const maxDescribed = 3

// Describe says in a few lines what a row says: whom it is about and its verdict first; then what is allowed, when, for example by which request, and
// through which statements. A row of another kind is its fields in one line.
func Describe(schema *answer.Schema, r answer.Row) []string {
	times := answer.Times(r)
	if m, ok := r.(*answer.Many); ok {
		r = m.Row
	}
	var lines []string
	switch r := r.(type) {
	case *answer.WhoCan:
		lines = describeGrants(short(r.Principal), r.Verdict, r.Whole().Grants)
	case *answer.Can:
		lines = describeGrants(short(r.Principal), r.Verdict, r.Grants)
	case *answer.WhatCan:
		lines = describeGrants(short(r.Principal), r.Verdict, []answer.Grant{{Actions: r.Actions, Resources: r.Resources, Verdict: r.Verdict,
			Conditions: r.Conditions, Via: r.Via, Causes: r.Causes, Witness: r.Witness}})
	case *answer.External:
		lines = describeGrants(grantee(&r.Grantee, short)+" on "+short(r.Resource), r.Verdict, []answer.Grant{{Actions: r.Actions, Resources: r.Resources,
			Verdict: r.Verdict, Conditions: r.Conditions, Via: r.Via, Causes: r.Causes, Witness: r.Witness}})
	case *answer.Path:
		lines = []string{beginning(r) + ": " + string(r.Verdict), pathLine(r)}
		if when := pathWhen(r); when != "" {
			lines = append(lines, "when "+when)
		}
	case *answer.ChangeRow:
		lines = describeChange(r)
	default:
		lines = []string{fieldsLine(schema, r)}
	}
	if times > 1 {
		lines[0] += fmt.Sprintf(", %d times", times)
	}
	for i := range lines {
		lines[i] = neutral(lines[i])
	}
	return lines
}

func describeChange(r *answer.ChangeRow) []string {
	head := r.Change + " " + r.Kind + " " + short(r.ID)
	if r.Name != "" {
		head += " (" + r.Name + ")"
	}
	if r.Gap != "" {
		head += ": " + r.Gap
	}
	lines := []string{head}
	for _, part := range []struct {
		word   string
		grants []answer.Grant
	}{{"gained ", r.Gained}, {"lost ", r.Lost}} {
		if len(part.grants) > 0 {
			told := describeGrants("", "", part.grants)[1:]
			told[0] = part.word + told[0]
			lines = append(lines, told...)
		}
	}
	for _, d := range r.Details[:min(len(r.Details), maxDescribed)] {
		lines = append(lines, d.Change+" "+d.What)
	}
	return lines
}

func describeGrants(who string, verdict answer.Verdict, grants []answer.Grant) []string {
	lines := []string{who + ": " + string(verdict)}
	for i := range grants[:min(len(grants), maxDescribed)] {
		g := &grants[i]
		text := listed(g.Actions, maxActions, len(g.Actions)) + " on " + listed(g.Resources, maxResources, len(g.Resources))
		switch {
		case g.Verdict == answer.Unknown:
			text += ", which hangs on " + when(g)
		case g.Conditions != "":
			text += " when " + g.Conditions
		}
		lines = append(lines, text)
		if g.Witness != nil {
			lines = append(lines, "for example "+witness(decisive(g)))
		}
		if len(g.Via) > 0 {
			via := make([]string, len(g.Via))
			for i, ref := range g.Via {
				via[i] = Statement(ref)
			}
			lines = append(lines, "via "+strings.Join(via, ", "))
		}
	}
	if n := len(grants) - maxDescribed; n > 0 {
		lines = append(lines, fmt.Sprintf("and %d more %s", n, plural(n, "grant", "grants")))
	}
	return lines
}

// decisive is the witness of a grant with the part of its context that the conditions speak of.
func decisive(g *answer.Grant) *answer.Witness {
	out := *g.Witness
	out.Context = map[string]answer.ContextValue{}
	for key, value := range g.Witness.Context {
		if strings.Contains(strings.ToLower(g.Conditions), strings.ToLower(key)) {
			out.Context[key] = value
		}
	}
	return &out
}

// fieldsLine is what fields of a row say that are single values or short lists.
func fieldsLine(schema *answer.Schema, r answer.Row) string {
	var parts []string
	for _, c := range schema.Columns {
		if c.Dear || c.Type == answer.Object {
			continue
		}
		v, ok := r.Field(c.Name)
		if !ok || v == nil {
			continue
		}
		text := ""
		if list, ok := v.([]string); ok {
			text = listed(list, maxResources, len(list))
		} else {
			text = plainValue(v, ", ")
		}
		if text != "" {
			parts = append(parts, c.Name+" "+text)
		}
	}
	return strings.Join(parts, ", ")
}
