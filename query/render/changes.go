package render

import (
	"bufio"
	"cmp"
	"fmt"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
)

// What a table shows of one change; wide shows everything.
const (
	maxDetails = 12 // lines
	maxAlike   = 3  // unknown changes for one reason, before they are counted
	maxWho     = 4  // principals of one change of access
)

// marks are what the lines of a change begin with, and how they are painted.
var marks = map[string]struct{ mark, color string }{
	answer.ChangeAdded: {"+", "32"}, answer.ChangeRemoved: {"-", red}, answer.ChangeChanged: {"~", yellow},
	answer.ChangeRecreated: {"±", "36"}, answer.ChangeUnknown: {"?", magenta},
}

// changeList writes changes as people read differences: what it is, and under it what came, what went and what is otherwise.
type changeList struct {
	reasons
	layout *layout
	left   int // lines that the change at hand may still take
	more   int // lines of it that had no room
}

// writeChanges writes the answer of a changes question.
func writeChanges(w *bufio.Writer, a *answer.Answer, o Options, full bool) error {
	rows, err := answer.Collect(a.Rows)
	if err != nil {
		return err
	}
	t := &changeList{reasons: reasons{w: w, width: max(o.Width, 40), color: o.Color, full: full}, layout: &layout{noun: [2]string{"change", "changes"}}}
	switch {
	case full:
		t.width = 0
	case o.Width == 0:
		t.width = reasonWidth
	}
	place := ""
	for i := 0; i < len(rows); i++ {
		r := rows[i].(*answer.ChangeRow)
		if title := changePlace(r); title != place || i == 0 {
			if i > 0 && title != "" {
				w.WriteByte('\n')
			}
			if place = title; title != "" {
				t.line("", title)
			}
		}
		if n := alikeUnknown(rows[i:]); n > maxAlike && !full {
			t.entry("  ", r.Change, fmt.Sprintf("%d of kind %s: %s", n, r.Kind, r.Gap))
			i += n - 1
			continue
		}
		t.change(r)
	}
	if len(rows) > 0 {
		w.WriteByte('\n')
	}
	for _, line := range footer(t.layout, a.Summary(), full) {
		t.line("", line)
	}
	return nil
}

// changePlace is the heading that a change stands under; rows of another question have none.
func changePlace(r *answer.ChangeRow) string {
	switch {
	case r.Section != answer.SectionFacts:
		return r.Section
	case r.Account == "":
		return "organization"
	}
	return "account " + r.Account
}

// alikeUnknown counts the changes from the first on that are unknown for one reason.
func alikeUnknown(rows []answer.Row) int {
	first := rows[0].(*answer.ChangeRow)
	n := 0
	for _, row := range rows {
		r := row.(*answer.ChangeRow)
		if r.Change != answer.ChangeUnknown || r.Kind != first.Kind || r.Gap != first.Gap || r.Account != first.Account {
			break
		}
		n++
	}
	return n
}

// change writes one change with what is under it.
func (t *changeList) change(r *answer.ChangeRow) {
	t.left, t.more = maxDetails, 0
	if t.full {
		t.left = 1 << 30
	}
	indent := "  "
	if r.Section == "" {
		indent = ""
	}
	title := t.changeTitle(r)
	switch {
	case r.Gap != "":
		title += ": " + r.Gap
	case r.Change == answer.ChangeRecreated:
		title += ": removed and made again"
	case r.Relation != "":
		title += ": " + r.Relation
	}
	t.entry(indent, r.Change, title)
	indent += "    "
	account, causes := r.Account, r.Section != answer.SectionFacts && len(r.Gained)+len(r.Lost) > 0 && r.Kind == "principal"
	if causes && len(r.Details) > 0 {
		t.left--
		t.line(indent, "because "+becauseOf(r.Details))
	}
	for _, g := range r.Gained {
		t.grant(indent, answer.ChangeAdded, &g, account)
	}
	for _, g := range r.Lost {
		t.grant(indent, answer.ChangeRemoved, &g, account)
	}
	for _, d := range r.Details {
		if !causes {
			t.detail(indent, d)
		}
	}
	if t.more > 0 {
		t.line(indent, fmt.Sprintf("… %d more %s (-o wide)", t.more, plural(t.more, "line", "lines")))
	}
}

// becauseOf lists what is not as it was in what binds a principal.
func becauseOf(causes []answer.Detail) string {
	texts := make([]string, len(causes))
	for i, c := range causes {
		texts[i] = c.What + " " + c.Change
	}
	return strings.Join(texts, ", ")
}

// changeTitle names what has changed.
func (t *changeList) changeTitle(r *answer.ChangeRow) string {
	if len(r.Principals) > 0 {
		return t.principals(r)
	}
	id := r.ID
	if !t.full {
		if id = short(id); r.Section == answer.SectionFacts {
			id = strings.TrimPrefix(shortARN(r.ID, r.Account), r.Kind+"/")
		}
	}
	switch {
	case r.Section != answer.SectionFacts && r.Name != "":
		return strings.TrimSpace(id + " " + r.Name)
	case r.Section != answer.SectionFacts:
		return id
	case r.Name != "":
		return cmp.Or(strings.TrimPrefix(r.Name, r.Kind+" "), r.ID) + " (" + r.Kind + " " + r.ID + ")"
	case r.ID == "" || r.ID == r.Account && r.Kind != "account":
		return r.Kind
	}
	return r.Kind + " " + id
}

// shortARN is the resource of an ARN of an account that the reader knows already.
func shortARN(id, account string) string {
	_, service, region, owner, resource, ok := graph.ARN(id).Split()
	switch {
	case !ok || owner != account:
		return id
	case service == "iam":
		return resource
	}
	return strings.TrimSpace(service + " " + region + " " + resource)
}

// principals names the first of those whom a change of access is about.
func (t *changeList) principals(r *answer.ChangeRow) string {
	most := maxWho
	if t.full {
		most = len(r.Principals)
	}
	names := make([]string, 0, most+1)
	for _, arn := range r.Principals[:min(len(r.Principals), most+1)] {
		if !t.full {
			arn = short(arn)
		}
		names = append(names, arn)
	}
	text := listed(names, most, len(r.Principals))
	if len(r.Principals) > 1 {
		text = fmt.Sprintf("%d principals: %s", len(r.Principals), text)
	}
	if r.Name != "" {
		text += " (" + r.Name + ")"
	}
	return text
}

// entry writes a line with its mark.
func (t *changeList) entry(indent, change, text string) {
	m := marks[change]
	if t.color {
		t.w.WriteString(indent + painted(m.color, m.mark) + " ")
		lines := []string{neutral(text)}
		if t.width > 0 {
			lines = wrap(lines[0], max(t.width-len(indent)-2, 24), maxReasonLines)
		}
		for i, l := range lines {
			if i > 0 {
				t.w.WriteString(indent + "  ")
			}
			t.w.WriteString(l + "\n")
		}
		return
	}
	t.line(indent+m.mark+" ", text)
}

// under writes a line under a change, or counts it where there is no room.
func (t *changeList) under(indent, change, text string) {
	if t.left == 0 {
		t.more++
		return
	}
	t.left--
	t.entry(indent, change, text)
}

// grant writes access that came or went.
func (t *changeList) grant(indent, change string, g *answer.Grant, account string) {
	actions, resources := strings.Join(g.Actions, ", "), strings.Join(g.Resources, ", ")
	if !t.full {
		actions, resources = t.layout.shorten(g, account)
		resources += t.layout.mark(g.Assumptions)
	}
	text := actions + " on " + resources
	if w := when(g); w != "" {
		text += " when " + w
	}
	if g.Verdict == answer.Unknown {
		text = "perhaps " + text
	}
	if t.full {
		if len(g.Assumptions) > 0 {
			text += "; assumes: " + strings.Join(g.Assumptions, "; ")
		}
		if g.Witness != nil {
			text += "; for example " + witness(g.Witness)
		}
	}
	t.under(indent, change, text)
}

// detail writes one part of a fact that differs.
func (t *changeList) detail(indent string, d answer.Detail) {
	switch {
	case len(d.Statements) > 0:
		t.under(indent, d.Change, d.What)
		for _, s := range d.Statements {
			t.under(indent+"    ", s.Change, s.Text)
		}
	case d.Before != "" && d.After != "":
		t.under(indent, d.Change, d.What+": "+d.Before+" → "+d.After)
	case d.Before != "" || d.After != "":
		t.under(indent, d.Change, d.What+": "+d.Before+d.After)
	case len(d.Added)+len(d.Removed) > 0:
		t.under(indent, d.Change, d.What+": "+inSet(d))
	case d.Change == answer.ChangeUnknown:
		t.under(indent, d.Change, d.What+": one of the versions was not read")
	default:
		t.under(indent, d.Change, d.What)
	}
}

// inSet writes what came and went; where only one did, the mark of the line says which.
func inSet(d answer.Detail) string {
	switch d.Change {
	case answer.ChangeAdded:
		return strings.Join(d.Added, ", ")
	case answer.ChangeRemoved:
		return strings.Join(d.Removed, ", ")
	}
	var parts []string
	for _, v := range d.Added {
		parts = append(parts, "+"+v)
	}
	for _, v := range d.Removed {
		parts = append(parts, "-"+v)
	}
	return strings.Join(parts, " ")
}
