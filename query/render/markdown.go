package render

import (
	"bufio"
	"strings"

	"github.com/accessgraph/accessgraph/query/answer"
)

// writeMarkdown writes a pipe table with the columns and lines of the table format, nothing cut.
func writeMarkdown(w *bufio.Writer, a *answer.Answer) error {
	l := layoutOf(a.Schema, false)
	titles := make([]string, len(l.headings))
	rule := make([]string, len(l.headings))
	for i, h := range l.headings {
		titles[i] = h.title
		rule[i] = "---"
		if h.right {
			rule[i] = "---:"
		}
	}
	writePiped(w, titles)
	writePiped(w, rule)
	for r, err := range a.Rows {
		if err != nil {
			return err
		}
		for _, cells := range l.entries(r, true) {
			for i := range cells {
				cells[i] = markdownText(neutral(cells[i]))
			}
			writePiped(w, cells)
		}
	}
	w.WriteByte('\n')
	for _, line := range footer(l, a.Summary(), true) {
		w.WriteString("- " + markdownText(line) + "\n")
	}
	return nil
}

func writePiped(w *bufio.Writer, cells []string) {
	w.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

// markdownText escapes what Markdown or HTML would act on.
func markdownText(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case strings.ContainsRune(`\|*_`+"`"+`[]~#`, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
