package render

import (
	"bufio"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/accessgraph/accessgraph/query/answer"
)

// maxTold is how many paths a table tells step by step. More are a line each; wide tells them all.
const maxTold = 10

// pathLayout is a table of paths, each told in a line: where it leads to, step by step, with how in brackets.
func pathLayout(lead, verdict heading) *layout {
	l := &layout{noun: [2]string{"path", "paths"}}
	l.headings = []heading{lead, {title: "PATH", share: 7, lines: 12}, verdict, {title: "WHEN", share: 5, lines: 12}}
	l.entries = func(r answer.Row, _ bool) [][]string {
		row := r.(*answer.Path)
		return [][]string{{beginning(row), pathLine(row) + l.mark(pathAssumptions(row)), string(row.Verdict), pathWhen(row)}}
	}
	return l
}

// beginning names where a path begins. An account outside is written like its root user, and is anybody of it.
func beginning(r *answer.Path) string {
	switch r.Kind {
	case "account":
		return "account " + r.Account
	case "public":
		return "anyone, " + short(r.Principal)
	}
	return short(r.Principal)
}

// pathAssumptions are those of a path and of its steps, each once.
func pathAssumptions(r *answer.Path) []string {
	all := slices.Clone(r.Assumptions)
	for i := range r.Hops {
		for _, a := range r.Hops[i].Assumptions {
			if !slices.Contains(all, a) {
				all = append(all, a)
			}
		}
	}
	return all
}

// pathLine tells a path in a line. Accounts are named where they change.
func pathLine(r *answer.Path) string {
	if len(r.Hops) == 0 {
		return already(r)
	}
	var b strings.Builder
	account := r.Account
	for i := range r.Hops {
		h := &r.Hops[i]
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("→ " + hopEnd(h, account) + " (" + h.Words() + ")")
		account = h.ToAccount
	}
	if r.Admin == "escalation" {
		b.WriteString(", an administrator by escalation")
	}
	return b.String()
}

// already says what a principal is that needs no step.
func already(r *answer.Path) string {
	switch r.Admin {
	case "":
		return "is what was asked for"
	case "permissions":
		return "is an administrator"
	}
	return "is an administrator by " + r.Admin
}

// hopEnd names what a step leads to, as seen from an account.
func hopEnd(h *answer.Hop, account string) string {
	if h.From == h.To {
		return "itself"
	}
	return local(h.To, account)
}

// local is the short name of a principal without its account where that is the given one.
func local(arn, account string) string {
	name := short(arn)
	if rest, ok := strings.CutPrefix(name, account+" "); ok && account != "" {
		return rest
	}
	return name
}

// pathWhen joins the conditions of the steps, which are of different requests; or it says what an unknown verdict hangs on.
func pathWhen(r *answer.Path) string {
	if r.Verdict == answer.Unknown && len(r.Causes) > 0 {
		return strings.Join(r.Causes, "; ")
	}
	var parts []string
	for i := range r.Hops {
		when := r.Hops[i].Conditions
		switch {
		case when == "":
		case len(r.Hops) == 1:
			parts = append(parts, when)
		default:
			parts = append(parts, "step "+strconv.Itoa(i+1)+": "+when)
		}
	}
	return strings.Join(parts, "; ")
}

// writePaths tells a few paths step by step, and lists many.
func writePaths(w *bufio.Writer, a *answer.Answer, o Options) error {
	rows, err := answer.Collect(a.Rows)
	if err != nil {
		return err
	}
	l := layoutOf(a.Schema, false)
	if len(rows) > maxTold {
		entries, err := gather(l, answer.Of(rows...), false)
		if err != nil {
			return err
		}
		writeGrid(w, l, entries, o.Width, o.Color)
	} else {
		t := &paths{reasons{w: w, width: min(max(o.Width, 40), 140), color: o.Color}}
		if o.Width == 0 {
			t.width = 0
		}
		for i, r := range rows {
			t.path(i, r.(*answer.Path))
		}
	}
	writeFooter(w, l, a.Summary(), false)
	return nil
}

// writeToldPaths tells every path step by step with all that proves it, as it is found; lines are as long as they must be.
func writeToldPaths(w *bufio.Writer, a *answer.Answer, o Options) error {
	t := &paths{reasons{w: w, color: o.Color, full: true}}
	n := 0
	for r, err := range a.Rows {
		if err != nil {
			return err
		}
		t.path(n, r.(*answer.Path))
		n++
	}
	writeFooter(w, &layout{noun: [2]string{"path", "paths"}}, a.Summary(), true)
	return nil
}

// paths tells paths.
type paths struct{ reasons }

// path tells the nth path, from 0: what reaches what, then each step with its conditions and statements.
func (t *paths) path(n int, r *answer.Path) {
	if n > 0 {
		t.w.WriteByte('\n')
	}
	t.painted("", t.claim(r), verdictColor(r.Verdict))
	for _, c := range r.Causes {
		t.painted("  hangs on  ", c, magenta)
	}
	account := r.Account
	for i := range r.Hops {
		h := &r.Hops[i]
		t.hop(i+1, h, account)
		account = h.ToAccount
	}
	if r.Escalation != nil {
		t.hop(len(r.Hops)+1, r.Escalation, account)
	}
	for _, w := range r.Withheld {
		t.line("  withheld: ", w)
	}
	for _, a := range pathAssumptions(r) {
		t.line("  assumes: ", a)
	}
}

// name is a principal as people know it; where nothing is cut, as it is.
func (t *paths) name(arn, account string) string {
	if t.full {
		return arn
	}
	return local(arn, account)
}

// claim says what a path shows.
func (t *paths) claim(r *answer.Path) string {
	who := beginning(r)
	if t.full {
		who = r.Principal
	}
	if len(r.Hops) == 0 {
		return who + " " + already(r)
	}
	verb, self := "reaches", "gives itself"
	switch r.Verdict {
	case answer.Conditional:
		verb, self = "reaches, under conditions,", "gives itself, under conditions,"
	case answer.Unknown:
		verb, self = "perhaps reaches", "perhaps gives itself"
	}
	switch {
	case r.To == r.Principal && r.Admin != "":
		return who + " " + self + " the power of an administrator"
	case r.To == r.Principal:
		return who + " " + self + " permissions"
	}
	claim := who + " " + verb + " " + t.name(r.To, r.Account)
	switch r.Admin {
	case "":
		return claim
	case "permissions":
		return claim + ", an administrator"
	}
	return claim + ", an administrator by " + r.Admin
}

// hop tells one step.
func (t *paths) hop(n int, h *answer.Hop, account string) {
	end := hopEnd(h, account)
	if t.full && h.From != h.To {
		end = h.To
	}
	t.line(fmt.Sprintf("  %d. ", n), h.Words()+" → "+end)
	const indent = "     "
	if h.Title != "" {
		t.line(indent, h.Title)
	}
	if h.Conditions != "" {
		t.painted(indent+"when ", h.Conditions, verdictColor(h.Verdict))
	}
	if len(h.Via) > 0 {
		via := make([]string, len(h.Via))
		for i, ref := range h.Via {
			if !t.full {
				ref.Policy = local(ref.Policy, h.FromAccount)
			}
			via[i] = Statement(ref)
		}
		t.painted(indent+"via ", strings.Join(via, ", "), dim)
	}
	if t.full {
		t.proof(h, indent)
	}
}

// proof tells the requests of a step, what it takes beside them, and how to end it.
func (t *paths) proof(h *answer.Hop, indent string) {
	for i := range h.Steps {
		s := &h.Steps[i]
		text := s.Action + " on " + s.Resource + ", " + string(s.Verdict)
		if s.Conditions != "" {
			text += " when " + s.Conditions
		}
		t.line(indent+"request ", text)
		if s.Witness != nil {
			t.line(indent+"  shown by ", witness(s.Witness))
		}
	}
	for _, fact := range h.Facts {
		t.line(indent+"fact ", fact)
	}
	if len(h.Catalogue) > 0 {
		t.line(indent+"catalogue ", strings.Join(h.Catalogue, ", "))
	}
	if h.Remedy != "" {
		t.line(indent+"remedy ", h.Remedy)
	}
}
