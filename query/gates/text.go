package gates

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/accessgraph/accessgraph/query/render"
)

// Colours of what passed and what did not.
const (
	green = "\x1b[32m"
	red   = "\x1b[31m"
	plain = "\x1b[0m"
)

// WriteText writes the report for people: a line an assertion, and under those that do not hold why.
func (r *Report) WriteText(w io.Writer, color bool) error {
	b := bufio.NewWriter(w)
	var file *File
	for _, result := range r.Results {
		if result.File != file {
			if file != nil {
				b.WriteByte('\n')
			}
			file = result.File
			b.WriteString(render.Neutral(file.Path) + "\n")
		}
		result.writeText(b, color)
	}
	fmt.Fprintf(b, "\n%s: %d passed, %d failed, %s\n", counted(len(r.Results), "assertion", "assertions"), r.Passed, r.Failed,
		counted(r.Errored, "error", "errors"))
	return b.Flush()
}

// mark is the word that a line begins with, all of one width.
func (s Status) mark(color bool) string {
	text, code := "ok   ", green
	switch s {
	case Failed:
		text, code = "FAIL ", red
	case Errored:
		text, code = "ERROR", red
	case Passed:
	}
	if color {
		return code + text + plain
	}
	return text
}

func (r *Result) writeText(b *bufio.Writer, color bool) {
	a := r.Assertion
	line := render.Neutral(a.Name)
	if a.Severity != "" && r.Status != Passed {
		line += " (" + string(a.Severity) + ")"
	}
	fmt.Fprintf(b, "  %s %s\n", r.Status.mark(color), line)
	if r.Status == Passed {
		for _, line := range r.allowed() {
			b.WriteString("        allowed: " + render.Neutral(line) + "\n")
		}
		return
	}
	write := func(head, text string) {
		for _, line := range strings.Split(text, "\n") {
			if line == "" && head == "" {
				continue
			}
			b.WriteString("        " + head + render.Neutral(line) + "\n")
			head = strings.Repeat(" ", len(head))
		}
	}
	write("", fmt.Sprintf("line %d: %s", a.Line, strings.TrimSpace(a.Question)))
	if a.Description != "" {
		write("", a.Description)
	}
	write("", r.about())
	for _, p := range r.Problems {
		head := fmt.Sprintf("%-10s  ", p.Kind)
		write(head, p.Text)
		for _, detail := range p.Detail {
			write(strings.Repeat(" ", len(head)+2), detail)
		}
	}
}

// about says what was expected, and of which snapshot.
func (r *Result) about() string {
	text := "expected " + r.Assertion.Expect.String()
	if r.Snapshot.ID == "" {
		return text
	}
	name := r.Snapshot.ID[:min(12, len(r.Snapshot.ID))]
	if r.Snapshot.Name != "" {
		name += " (" + r.Snapshot.Name + ")"
	}
	return text + " in snapshot " + name
}

// allowed says in spite of what an assertion passed, one line a kind.
func (r *Result) allowed() []string {
	var out []string
	for i, p := range r.Allowed {
		if i > 0 && p.Kind == r.Allowed[i-1].Kind {
			continue
		}
		n := 0
		for _, other := range r.Allowed {
			if other.Kind == p.Kind {
				n++
			}
		}
		text := p.Kind + ": " + p.Text
		if n > 1 {
			text += fmt.Sprintf(", and %d more", n-1)
		}
		out = append(out, text)
	}
	return out
}
