package render

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"

	"github.com/accessgraph/accessgraph/query/answer"
)

// Reasons are drawn as a tree: the verdict and what decided it, then every layer with its statements, then what would change a denial.

// reasonWidth is the width of a tree where there is no terminal.
const reasonWidth = 80

// Colours of what allows, denies, depends and is not known.
const (
	green   = "32"
	red     = "31"
	yellow  = "33"
	magenta = "35"
	dim     = "2"
)

func painted(code, text string) string { return "\x1b[" + code + "m" + text + "\x1b[0m" }

// reasons writes trees.
type reasons struct {
	w     *bufio.Writer
	width int // 0: lines are as long as they must be
	color bool
	full  bool // everything, nothing cut
}

// writeReasons writes the answer of a why question; full also shows the statements that speak of other actions.
func writeReasons(w *bufio.Writer, a *answer.Answer, o Options, full bool) error {
	t := &reasons{w: w, width: min(max(o.Width, 40), 120), color: o.Color, full: full}
	switch {
	case full:
		t.width = 0
	case o.Width == 0:
		t.width = reasonWidth
	}
	for r, err := range a.Rows {
		if err != nil {
			return err
		}
		t.row(r.(*answer.Why))
	}
	for _, line := range footer(&layout{noun: [2]string{"principal", "principals"}}, a.Summary(), full)[1:] {
		t.line("", line)
	}
	return nil
}

// line writes text after a head, wrapped under it.
func (t *reasons) line(head, text string) { t.painted(head, text, "") }

func (t *reasons) painted(head, text, code string) {
	text = neutral(text)
	lines := []string{text}
	if t.width > 0 {
		lines = wrap(text, max(t.width-width(head), 24), maxReasonLines)
	}
	for _, l := range lines {
		if code != "" && t.color && l != "" {
			l = painted(code, l)
		}
		t.w.WriteString(strings.TrimRight(head+l, " ") + "\n")
		head = strings.Repeat(" ", width(head))
	}
}

// maxReasonLines bounds how long one text of a tree may get.
const maxReasonLines = 12

func (t *reasons) row(r *answer.Why) {
	verb := map[answer.Verdict]string{
		answer.Allowed: "can", answer.Conditional: "can, under conditions,", answer.Unknown: "perhaps can", answer.Denied: "cannot",
	}[r.Verdict]
	t.painted("", fmt.Sprintf("%s %s %s on %s", short(r.Principal), verb, r.Action, r.Resource), verdictColor(r.Verdict))
	whole := r.Shown == nil || r.Shown.Whole
	if r.Conditions != "" && whole {
		t.line("  when ", r.Conditions)
	}
	for _, c := range r.Causes {
		t.painted("  hangs on  ", c, magenta)
	}
	t.line("  ", t.decided(r))
	if r.Shown == nil {
		return
	}
	if !whole {
		t.line("  ", "shown for "+r.Shown.Action+" on "+r.Shown.Resource)
		if r.Conditions != "" {
			t.line("  when ", r.Conditions)
		}
	}
	t.w.WriteByte('\n')
	others := 0
	for i := range r.Layers {
		others += t.layer(r, &r.Layers[i])
	}
	if others > 0 {
		t.painted("", fmt.Sprintf("%d %s of other actions not shown (-o wide)", others, plural(others, "statement", "statements")), dim)
	}
	t.changes(r)
	for _, a := range r.Assumes {
		t.line("assumes: ", a)
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// decided names the layer and rule.
func (t *reasons) decided(r *answer.Why) string {
	text := "decided by " + r.Layer
	if r.Layer == "" {
		return r.Because
	}
	if r.Owner != "" && (r.Layer == "scp" || r.Layer == "rcp" || r.Layer == "endpoint") {
		text += " at " + r.Owner
	}
	if r.Because != "" {
		text += ": " + r.Because
	}
	if r.Rule != "" {
		text += " (" + r.Rule + ")"
	}
	return text
}

// layer writes a layer and its statements, and gives how many it left out.
func (t *reasons) layer(r *answer.Why, l *answer.WhyLayer) (others int) {
	shown := make([]*answer.WhyStatement, 0, len(l.Statements))
	for i := range l.Statements {
		s := &l.Statements[i]
		if !t.full && s.Stopped != nil && (s.Stopped.Element == "action" || s.Stopped.Element == "operations") {
			others++
			continue
		}
		shown = append(shown, s)
	}
	if l.Layer == "rcp" && len(shown) == 0 && !t.full {
		return others // it has nothing to say
	}
	says, code := saying(l)
	if code == red && l.Denies == answer.Nowhere && l.Layer != r.Layer {
		code = dim // others allow it, or would have to as well
	}
	head, below := l.Layer, ""
	switch l.Layer {
	case "scp", "rcp", "endpoint":
		head += " " + l.Owner
	case "resource":
		below = short(l.Owner)
	}
	if t.color && code != "" {
		says = painted(code, says)
	}
	t.w.WriteString(neutral(head) + " " + says + "\n")
	if below != "" && l.Absent == "" && l.Owner != r.Shown.Resource {
		t.line("  ", below)
	}
	for _, s := range shown {
		t.statement(l, s)
	}
	return others
}

// saying is what a layer says as a whole.
func saying(l *answer.WhyLayer) (text, code string) {
	if l.Absent != "" {
		if l.Rule != "" {
			return "– " + l.Absent + " (" + l.Rule + ")", dim
		}
		return "– " + l.Absent, dim
	}
	switch {
	case l.Denies == answer.Everywhere:
		return "denies", red
	case l.Denies == answer.Somewhere:
		return "denies under conditions", yellow
	case l.Denies == answer.Perhaps:
		return "may deny: it could not be read", magenta
	case l.Layer == "rcp":
		return "does not deny", green
	}
	switch l.Allows {
	case answer.Everywhere:
		return "allows", green
	case answer.Somewhere:
		return "allows under conditions", yellow
	case answer.Perhaps:
		return "may allow: it could not be read", magenta
	}
	return "does not allow", red
}

// statement writes one statement: what it does, or what stopped it.
func (t *reasons) statement(l *answer.WhyLayer, s *answer.WhyStatement) {
	name := statementName(l, s)
	what, code := strings.ToLower(s.Effect), ""
	switch {
	case s.Matches == answer.Nowhere:
		what, code = "-     ", dim
	case s.Matches == answer.Perhaps:
		code = magenta
	case s.Matches == answer.Somewhere:
		code = yellow
	case s.Effect == "Deny":
		code = red
	default:
		code = green
	}
	what = fmt.Sprintf("  %-6s", what)
	if t.color {
		what = painted(code, what)
	}
	t.w.WriteString(what)
	label := ""
	if s.Matches == answer.Nowhere {
		label = strings.ToLower(s.Effect) + " "
	}
	t.indented(label + name)
	switch {
	case s.When != "":
		t.line("           when ", s.When)
	case s.Cause != "" && s.Matches == answer.Perhaps:
		t.line("           hangs on ", s.Cause)
	case s.Stopped != nil:
		t.line("           ", t.stopping(s.Stopped))
	}
}

// statementName names a statement in its layer, by position where it has no Sid.
func statementName(l *answer.WhyLayer, s *answer.WhyStatement) string {
	if l.Layer == "grant" {
		return s.Policy
	}
	name := "statement " + strconv.Itoa(s.Index+1)
	if s.Sid != "" {
		name = "#" + s.Sid
	}
	switch {
	case s.Policy == l.Owner:
		return name
	case s.Sid != "":
		return s.Policy + name
	}
	return s.Policy + ", " + name
}

// indented writes text behind eight columns that are written already.
func (t *reasons) indented(text string) {
	text = neutral(text)
	lines := []string{text}
	if t.width > 0 {
		lines = wrap(text, t.width-8, maxReasonLines)
	}
	for i, l := range lines {
		if i > 0 {
			t.w.WriteString(strings.Repeat(" ", 8))
		}
		t.w.WriteString(l + "\n")
	}
}

// stopping says which element stopped a statement, and on what.
func (t *reasons) stopping(s *answer.Stopped) string {
	list := strings.Join(s.Patterns, ", ")
	if !t.full {
		list = listed(s.Patterns[:min(len(s.Patterns), 4)], 3, len(s.Patterns))
	}
	not := ""
	if s.Not {
		not = "not "
	}
	switch s.Element {
	case "condition":
		switch s.Known {
		case "absent":
			return s.Condition + "; it is absent"
		case "never":
			return s.Condition + "; no request meets it"
		case "value":
			if len(s.Values) == 1 {
				return s.Condition + "; it is " + s.Values[0]
			}
			return s.Condition + "; it is (" + strings.Join(s.Values, ", ") + ")"
		}
		return s.Condition + "; the question says otherwise"
	case "conditions":
		return "its conditions are never met together"
	case "rule":
		return "it does not count here (" + s.Rule + ")"
	case "grantee":
		return "is for " + short(list)
	}
	return "speaks of " + s.Element + " " + not + list
}

// changes writes what would allow a denied request.
func (t *reasons) changes(r *answer.Why) {
	switch {
	case r.Verdict != answer.Denied:
		return
	case r.Fixed != "":
		t.w.WriteByte('\n')
		t.line("what would allow it: ", r.Fixed)
		return
	case len(r.Changes) == 0:
		return
	}
	t.w.WriteByte('\n')
	single := 0
	for i := range r.Changes {
		if len(r.Changes[i].Changes) == 1 {
			single++
		}
	}
	switch {
	case len(r.Changes) == 1 && single == 1:
		t.line("", "one change would allow it:")
	case len(r.Changes) == 1:
		t.line("", fmt.Sprintf("no single change would allow it; these %d together would:", len(r.Changes[0].Changes)))
	case single == 0:
		t.line("", "no single change would allow it; any of these sets would:")
	case single == len(r.Changes):
		t.line("", "any one of these changes would allow it:")
	default:
		t.line("", "any of these would allow it:")
	}
	for i := range r.Changes {
		set := &r.Changes[i]
		head := fmt.Sprintf("  %d. ", i+1)
		for _, c := range set.Changes {
			t.line(head, c.Text)
			head = "     and "
		}
		if set.Conditions != "" {
			t.line("     then when ", set.Conditions)
		}
	}
	if r.More {
		t.line("  ", "there may be other sets")
	}
}

func verdictColor(v answer.Verdict) string {
	switch v {
	case answer.Allowed:
		return green
	case answer.Conditional:
		return yellow
	case answer.Unknown:
		return magenta
	case answer.Denied:
		return red
	}
	return ""
}
