package render

import (
	"bufio"
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/query/answer"
)

const (
	gap         = "  "
	widest      = 110 // what a column is padded to where lines may be as long as they must
	longestWord = 48  // beyond it a word is broken
	maxStacked  = 8   // lines of one cell where columns do not fit
	narrowest   = 2   // what a column that may be narrowed keeps, for each share it has
)

func writeTable(w *bufio.Writer, a *answer.Answer, o Options) error {
	if a.Schema.Kind == answer.KindWhy {
		return writeReasons(w, a, o, false)
	}
	if a.Schema.Kind == answer.KindPath {
		return writePaths(w, a, o)
	}
	if a.Schema.Kind == answer.KindChoke {
		return writeChokes(w, a, o, false)
	}
	if a.Schema.Kind == answer.KindChanges {
		return writeChanges(w, a, o, false)
	}
	l := layoutOf(a.Schema, false)
	entries, err := gather(l, a.Rows, false)
	if err != nil {
		return err
	}
	writeAbout(w, a.About)
	writeGrid(w, l, entries, o.Width, o.Color)
	writeCut(w, a.Cut, len(entries) > 0, o, false)
	writeFooter(w, l, a.Summary(), false)
	return nil
}

// writeWide writes one line a grant with everything in it; lines are as long as they must be.
func writeWide(w *bufio.Writer, a *answer.Answer, o Options) error {
	if a.Schema.Kind == answer.KindWhy {
		return writeReasons(w, a, o, true)
	}
	if a.Schema.Kind == answer.KindPath {
		return writeToldPaths(w, a, o)
	}
	if a.Schema.Kind == answer.KindChoke {
		return writeChokes(w, a, Options{Color: o.Color}, true)
	}
	if a.Schema.Kind == answer.KindChanges {
		return writeChanges(w, a, Options{Color: o.Color}, true)
	}
	l := layoutOf(a.Schema, true)
	entries, err := gather(l, a.Rows, true)
	if err != nil {
		return err
	}
	writeAbout(w, a.About)
	writeGrid(w, l, entries, 0, o.Color)
	writeCut(w, a.Cut, len(entries) > 0, Options{Color: o.Color}, true)
	writeFooter(w, l, a.Summary(), true)
	return nil
}

// writeAbout says above a table what it is.
func writeAbout(w *bufio.Writer, facts []answer.Fact) {
	for _, fact := range facts {
		switch v := fact.Value.(type) {
		case string:
			w.WriteString(fact.Name + ": " + neutral(v) + "\n")
		case []string:
			for _, line := range v {
				w.WriteString("  " + neutral(line) + "\n")
			}
		}
	}
	if len(facts) > 0 {
		w.WriteByte('\n')
	}
}

// gather makes the lines of all rows, neutralised.
func gather(l *layout, rows answer.Rows, full bool) ([][]string, error) {
	var all [][]string
	for r, err := range rows {
		if err != nil {
			return nil, err
		}
		for _, cells := range l.entries(r, full) {
			for i := range cells {
				cells[i] = neutral(cells[i])
			}
			all = append(all, cells)
		}
	}
	return all, nil
}

// writeGrid writes headings and entries in aligned columns that fit into total columns; 0 means no limit.
func writeGrid(w *bufio.Writer, l *layout, entries [][]string, total int, color bool) {
	if len(entries) == 0 {
		return
	}
	widths := make([]int, len(l.headings))
	titles := make([]string, len(l.headings))
	for i, h := range l.headings {
		titles[i] = h.title
		widths[i] = width(h.title)
	}
	for _, cells := range entries {
		for i, c := range cells {
			widths[i] = max(widths[i], width(c))
		}
	}
	if total > 0 {
		words, room := longestWords(l, entries), total-len(gap)*(len(widths)-1)
		if cramped(words, widths, room) {
			writeStacked(w, l, entries, total, color)
			return
		}
		fit(widths, words, l.headings, room)
	} else {
		for i := range widths[:len(widths)-1] { // a cell that is longer moves its own line alone
			widths[i] = min(widths[i], widest)
		}
	}
	writeLine(w, l, titles, widths, false)
	for _, cells := range onceEach(entries, l.once) {
		writeEntry(w, l, cells, widths, color)
	}
}

// onceEach leaves out of a line what the line before says in the leading ones of some columns.
func onceEach(entries [][]string, once []int) [][]string {
	out := make([][]string, len(entries))
	for i, cells := range entries {
		out[i] = slices.Clone(cells)
		if i == 0 {
			continue
		}
		for _, at := range once {
			if cells[at] != entries[i-1][at] {
				break
			}
			out[i][at] = ""
		}
	}
	return out
}

// longestWords is for each column what it must hold so that no line ends within a word; very long words do not count.
func longestWords(l *layout, entries [][]string) []int {
	words := make([]int, len(l.headings))
	for i, h := range l.headings {
		words[i] = width(h.title)
	}
	for _, cells := range entries {
		for i, c := range cells {
			for word := range strings.SplitSeq(c, " ") {
				if n := width(word); n <= longestWord {
					words[i] = max(words[i], n)
				}
			}
		}
	}
	return words
}

// cramped tells whether so many words would have to be broken that nobody could read the columns.
func cramped(words, widths []int, room int) bool {
	least := 0
	for i := range words {
		least += min(words[i], widths[i])
	}
	return room*5 < least*3
}

// writeStacked writes an entry over several lines, for terminals that are too narrow for columns: who and the verdict, then the rest
// under its headings.
func writeStacked(w *bufio.Writer, l *layout, entries [][]string, total int, color bool) {
	const indent = "  "
	label := 0
	for _, h := range l.headings {
		label = max(label, width(h.title))
	}
	for _, cells := range entries {
		for _, line := range wrap(cells[0], total, maxStacked) {
			w.WriteString(line + "\n")
		}
		for i, c := range cells {
			if i == 0 || c == "" {
				continue
			}
			head := indent + l.headings[i].title + strings.Repeat(" ", label-width(l.headings[i].title)) + indent
			for _, line := range wrap(c, total-width(head), maxStacked) {
				if color && l.headings[i].verdict {
					line = colored(line)
				}
				w.WriteString(head + line + "\n")
				head = strings.Repeat(" ", width(head))
			}
		}
	}
}

// fit narrows the columns that have a share until all of them take at most total, or as little as they may. Words stay whole where
// there is room for that.
func fit(widths, words []int, headings []heading, total int) {
	least := 0
	for i, h := range headings {
		if h.share == 0 {
			words[i] = widths[i]
		}
		least += words[i]
	}
	limit := 0 // columns a share
	for i, h := range headings {
		if h.share > 0 {
			limit = max(limit, (widths[i]+h.share-1)/h.share)
		}
	}
	room := func(i, limit int) int {
		if headings[i].share == 0 {
			return widths[i]
		}
		floor := width(headings[i].title)
		if least <= total {
			floor = words[i]
		}
		return min(widths[i], max(headings[i].share*limit, floor))
	}
	taken := func(limit int) int {
		sum := 0
		for i := range headings {
			sum += room(i, limit)
		}
		return sum
	}
	low := min(narrowest, limit)
	for low < limit { // the largest limit that fits, by halving: widths come from data and may be huge
		middle := low + (limit-low+1)/2
		if taken(middle) <= total {
			low = middle
		} else {
			limit = middle - 1
		}
	}
	spare := total - taken(low)
	for i := len(headings) - 1; i >= 0; i-- { // the last columns are the most in need of the rest
		before := widths[i]
		widths[i] = room(i, low)
		extra := max(min(before-widths[i], spare), 0)
		widths[i] += extra
		spare -= extra
	}
}

// writeEntry writes one entry, wrapped over as many lines as its longest cell needs.
func writeEntry(w *bufio.Writer, l *layout, cells []string, widths []int, color bool) {
	wrapped := make([][]string, len(cells))
	height := 1
	for i, c := range cells {
		wrapped[i] = []string{c}
		if l.headings[i].share > 0 {
			wrapped[i] = wrap(c, widths[i], l.headings[i].lines)
		}
		height = max(height, len(wrapped[i]))
	}
	line := make([]string, len(cells))
	for n := range height {
		for i := range line {
			line[i] = ""
			if n < len(wrapped[i]) {
				line[i] = wrapped[i][n]
			}
		}
		writeLine(w, l, line, widths, color)
	}
}

func writeLine(w *bufio.Writer, l *layout, cells []string, widths []int, color bool) {
	pending := 0 // blanks that are written only if something follows
	for i, c := range cells {
		if i > 0 {
			pending += len(gap)
		}
		room := max(widths[i]-width(c), 0)
		if l.headings[i].right {
			pending += room
			room = 0
		}
		if c != "" {
			w.WriteString(strings.Repeat(" ", pending))
			pending = 0
			if color && l.headings[i].verdict {
				c = colored(c)
			}
			w.WriteString(c)
		}
		pending += room
	}
	w.WriteByte('\n')
}

// colored paints a verdict; other text stays as it is.
func colored(verdict string) string {
	code := ""
	switch answer.Verdict(verdict) {
	case answer.Allowed:
		code = "32"
	case answer.Conditional:
		code = "33"
	case answer.Unknown:
		code = "35"
	case answer.Denied:
		code = "31"
	default:
		return verdict
	}
	return painted(code, verdict)
}

// maxIncomplete is how many gaps a table names; wide and the machine formats name them all.
const maxIncomplete = 8

// footer says how many rows there are and what the answer rests on, a line each.
func footer(l *layout, s answer.Summary, full bool) []string {
	noun := l.noun[1]
	if s.Count == 1 {
		noun = l.noun[0]
	}
	count := fmt.Sprintf("%d %s", s.Count, noun)
	if s.Unknown > 0 {
		count += fmt.Sprintf(", %d unknown", s.Unknown)
	}
	lines := []string{count}
	for _, n := range s.Notes {
		lines = append(lines, neutral(n))
	}
	for i, n := range l.notes {
		lines = append(lines, fmt.Sprintf("[%d] assumes: %s", i+1, neutral(n)))
	}
	for _, a := range s.Assumptions {
		lines = append(lines, "assumes: "+neutral(a))
	}
	for i, gap := range s.Incomplete {
		if left := len(s.Incomplete) - i; i == maxIncomplete && left > 1 && !full {
			lines = append(lines, fmt.Sprintf("incomplete: and %d more; -o wide names them all", left))
			break
		}
		lines = append(lines, "incomplete: "+neutral(gap))
	}
	return lines
}

// writeFooter puts the footer under a table, after a blank line when there is one.
func writeFooter(w *bufio.Writer, l *layout, s answer.Summary, full bool) {
	if s.Count > 0 {
		w.WriteByte('\n')
	}
	for _, line := range footer(l, s, full) {
		w.WriteString(line + "\n")
	}
}
