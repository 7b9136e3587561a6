package render

import (
	"bufio"
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/query/answer"
)

// maxCut is how many lines a table shows of what is cut off; wide and JSON show all of them.
const maxCut = 24

// writeCut puts what was granted and is cut off under the grants, with the layers that withhold it.
func writeCut(w *bufio.Writer, cut []*answer.CutOff, below bool, o Options, full bool) {
	if len(cut) == 0 {
		return
	}
	if below {
		w.WriteByte('\n')
	}
	w.WriteString("granted, but cut off:\n")
	shown := cut
	if !full && len(cut) > maxCut+1 {
		shown = cut[:maxCut]
	}
	writeGrid(w, cutLayout(full), cutEntries(shown, full), o.Width, o.Color)
	if rest := len(cut) - len(shown); rest > 0 {
		fmt.Fprintf(w, "… %d more (-o wide)\n", rest)
	}
}

func cutLayout(full bool) *layout {
	l := &layout{headings: []heading{
		{title: "PRINCIPAL", share: 4, lines: 8}, {title: "SERVICE"}, {title: "ACCESS"}, {title: "ACTIONS", share: 3, lines: 6},
		{title: "RESOURCES", share: 4, lines: 8}, {title: "WHEN", share: 5, lines: 8}, {title: "CUT OFF BY", share: 5, lines: 8},
	}}
	if full {
		for i := range l.headings {
			l.headings[i].share = 0
		}
		return l
	}
	l.once = []int{0, 1, 2}
	return l
}

func cutEntries(cut []*answer.CutOff, full bool) [][]string {
	out := make([][]string, 0, len(cut))
	for _, c := range cut {
		g := &answer.Grant{Actions: c.Actions, Resources: c.Resources}
		who, actions, resources := c.Principal, strings.Join(c.Actions, ", "), strings.Join(c.Resources, ", ")
		if !full {
			who = short(c.Principal)
			actions, resources = (&layout{}).shorten(g, c.Account)
		}
		by := make([]string, len(c.CutBy))
		for i := range c.CutBy {
			by[i] = CutBy(&c.CutBy[i])
		}
		cells := []string{who, c.Service, accessCell(c.Access, full), actions, resources, c.Conditions, strings.Join(by, ", ")}
		for i := range cells {
			cells[i] = neutral(cells[i])
		}
		out = append(out, cells)
	}
	return out
}

// CutBy quotes a layer that withholds something: its statements, or, where nothing of it allows, the layer alone, as in scp@ou-ab12.
func CutBy(by *answer.CutBy) string {
	layer := by.Layer
	if by.Level != "" {
		layer += "@" + by.Level
	}
	switch {
	case by.Layer == "service": // D39
		return "RestrictPublicBuckets"
	case len(by.Statements) == 0:
		return layer + " (allows nothing of it)"
	}
	names := make([]string, len(by.Statements))
	for i, s := range by.Statements {
		name := Statement(s)
		names[i] = layer + strings.TrimPrefix(name, by.Layer)
	}
	return strings.Join(slices.Compact(names), ", ")
}
