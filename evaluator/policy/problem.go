package policy

import (
	"bytes"
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// Problem is one finding about a document: the rule it breaks, the JSON path (Statement[2].Condition) and the place.
type Problem struct {
	Rule    string
	Path    string // empty for the document as a whole
	Message string
	Offset  int  // in bytes, from 0
	Line    int  // from 1
	Lint    bool // a finding that never makes a document invalid (A11, A13, A23)
}

// String is the problem on one line: place, path, message and rule.
func (p Problem) String() string {
	where := p.Path
	if where == "" {
		where = "document"
	}
	return fmt.Sprintf("line %d: %s: %s (%s)", p.Line, where, p.Message, p.Rule)
}

// path is a place in a document as a chain to its top; the zero *path is the document itself. It costs nothing until
// somebody asks for its text.
type path struct {
	up    *path
	name  string
	index int // used when name is empty
}

func (p *path) member(name string) *path {
	if name == "" {
		name = `""`
	}
	return &path{up: p, name: name}
}

func (p *path) element(i int) *path { return &path{up: p, index: i} }

func (p *path) String() string {
	if p == nil {
		return ""
	}
	var steps []*path
	for at := p; at != nil; at = at.up {
		steps = append(steps, at)
	}
	var b strings.Builder
	for i := len(steps) - 1; i >= 0; i-- {
		switch s := steps[i]; {
		case s.name == "":
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		case !plainName(s.name):
			b.WriteString("[" + strconv.Quote(s.name) + "]")
		case b.Len() > 0:
			b.WriteString("." + s.name)
		default:
			b.WriteString(s.name)
		}
	}
	return b.String()
}

// plainName tells whether a member can be written behind a dot.
func plainName(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// flaw is a finding whose place the finder does not know; it is always lint.
type flaw struct{ rule, message string }

// maxFindings bounds the problems, and the lint findings, that one document reports one by one.
const maxFindings = 500

func (p *parser) problem(rule string, at *path, offset int, format string, args ...any) {
	if p.broken++; p.broken <= maxFindings {
		p.add(rule, at, offset, false, fmt.Sprintf(format, args...))
	}
}

func (p *parser) lint(rule string, at *path, offset int, format string, args ...any) {
	if p.linted++; p.linted <= maxFindings {
		p.add(rule, at, offset, true, fmt.Sprintf(format, args...))
	}
}

func (p *parser) flaws(v *placed, found []flaw) {
	for _, f := range found {
		p.lint(f.rule, v.path(), v.offset, "%s", f.message)
	}
}

func (p *parser) add(rule string, at *path, offset int, lint bool, message string) {
	p.doc.Problems = append(p.doc.Problems, Problem{Rule: rule, Path: at.String(), Message: message, Offset: offset, Lint: lint})
}

// finish puts the problems in document order and counts their lines, in one pass over the text.
func (p *parser) finish() {
	if more := p.broken - maxFindings; more > 0 {
		p.add("A15", nil, len(p.text), false, fmt.Sprintf("%d more problems; correct the first ones", more))
	}
	if more := p.linted - maxFindings; more > 0 {
		p.add("A15", nil, len(p.text), true, fmt.Sprintf("%d more findings", more))
	}
	problems := p.doc.Problems
	sort.SliceStable(problems, func(i, j int) bool { return problems[i].Offset < problems[j].Offset })
	line, done := 1, 0
	for i := range problems {
		at := min(problems[i].Offset, len(p.text))
		line += bytes.Count(p.text[done:at], []byte{'\n'})
		done = at
		problems[i].Line = line
	}
}

// clip shortens a text from a document for a message.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return strconv.Quote(s)
	}
	cut := most
	for cut > 0 && s[cut]&0xC0 == 0x80 {
		cut--
	}
	return strconv.Quote(s[:cut]) + "…"
}
