package render

import (
	"bufio"
	"fmt"
	"slices"
	"strconv"

	"github.com/accessgraph/accessgraph/query/answer"
)

// maxChokes is how many choke points of a kind a table shows, and maxLosers how many principals of each.
const (
	maxChokes = 20
	maxLosers = 3
)

// chokeTitles says what a section of a table holds.
var chokeTitles = []struct{ kind, title, about string }{
	{answer.ChokeEdge, "EDGE", "who loses every path without one edge"},
	{answer.ChokeStatement, "STATEMENT", "who loses every path without one statement"},
	{answer.ChokeCut, "MINIMUM CUT", "as few edges as can be without which nobody has a path; beside each who needs it alone"},
	{answer.ChokeGreedy, "TOGETHER (GREEDY)", "statements chosen one after the other, each taking the most beside those above: who loses every path without them"},
}

// chokeLayout is a table of choke points of all kinds.
func chokeLayout(wide bool) *layout {
	l := &layout{noun: [2]string{"choke point", "choke points"}, wide: wide}
	l.headings = []heading{
		{title: "KIND"}, {title: "LOST", right: true}, {title: "SHARE", right: true}, {title: "WHAT", share: 5, lines: 6}, {title: "HOW", share: 3, lines: 6},
		{title: "WHO", share: 4, lines: 6},
	}
	l.entries = func(r answer.Row, full bool) [][]string {
		row := r.(*answer.Choke)
		return [][]string{append([]string{row.Kind}, chokeCells(row, wide, full)...)}
	}
	return l
}

// chokeCells are the cells of a choke point but for its kind.
func chokeCells(r *answer.Choke, wide, full bool) []string {
	who, most, mostHow := make([]string, 0, len(r.Principals)), len(r.Principals), len(r.Techniques)
	if !full {
		most, mostHow = maxLosers, 1
	}
	for _, arn := range r.Principals[:min(len(r.Principals), most+1)] {
		if !wide {
			arn = short(arn)
		}
		who = append(who, arn)
	}
	how := listed(r.Techniques, mostHow, len(r.Techniques))
	if len(r.Techniques) == 0 {
		how = answer.EdgeWords(r.Edge)
	}
	return []string{strconv.Itoa(r.Lost), shareOf(r.Lost, r.Of), chokeWhat(r, wide), how, listed(who, most, len(r.Principals))}
}

// shareOf is a part in percent, never rounded to all or nothing.
func shareOf(part, whole int) string {
	switch percent := (100*part + whole/2) / max(whole, 1); {
	case part > 0 && percent == 0:
		return "<1%"
	case part < whole && percent == 100:
		return ">99%"
	default:
		return strconv.Itoa(percent) + "%"
	}
}

// chokeWhat names an edge by its ends, or a statement with whose policy it is in.
func chokeWhat(r *answer.Choke, wide bool) string {
	name, account := func(arn, _ string) string { return arn }, ""
	if !wide {
		name, account = local, r.FromAccount
	}
	switch {
	case r.Statement != nil && r.Owner != "" && r.Owner != r.Statement.Policy:
		return Statement(*r.Statement) + " of " + name(r.Owner, "")
	case r.Statement != nil:
		ref := *r.Statement
		ref.Policy = name(ref.Policy, "")
		return Statement(ref)
	}
	from, to := name(r.From, ""), name(r.To, account)
	if r.From == r.To {
		to = "itself"
	}
	if r.FromChange != "" {
		from += " with " + r.FromChange
	}
	if r.ToChange != "" {
		to += " with " + r.ToChange
	}
	return from + " → " + to
}

// writeChokes writes a table for each kind of choke point.
func writeChokes(w *bufio.Writer, a *answer.Answer, o Options, wide bool) error {
	rows, err := answer.Collect(a.Rows)
	if err != nil {
		return err
	}
	whole := layoutOf(a.Schema, wide)
	first := true
	for _, section := range chokeTitles {
		var entries [][]string
		more := 0
		for _, r := range rows {
			row := r.(*answer.Choke)
			switch {
			case row.Kind != section.kind:
			case !wide && len(entries) == maxChokes:
				more++
			default:
				entries = append(entries, neutralAll(chokeCells(row, wide, wide)))
			}
		}
		if len(entries) == 0 {
			continue
		}
		if !first {
			w.WriteByte('\n')
		}
		first = false
		t := &reasons{w: w, width: o.Width, color: o.Color}
		t.line("", section.title+": "+section.about)
		l := &layout{headings: whole.headings[1:]}
		if !slices.ContainsFunc(entries, func(cells []string) bool { return cells[3] != "" }) { // statements have no technique
			l.headings = slices.Delete(slices.Clone(l.headings), 3, 4)
			for i := range entries {
				entries[i] = slices.Delete(entries[i], 3, 4)
			}
		}
		writeGrid(w, l, entries, o.Width, o.Color)
		if more > 0 {
			fmt.Fprintf(w, "… %d more (-o wide)\n", more)
		}
	}
	writeFooter(w, whole, a.Summary(), wide)
	return nil
}

func neutralAll(cells []string) []string {
	for i := range cells {
		cells[i] = neutral(cells[i])
	}
	return cells
}
