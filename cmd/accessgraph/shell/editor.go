package shell

import (
	"context"
	"errors"
	"strings"
	"unicode"

	"github.com/reeflective/readline"
	"github.com/rivo/uniseg"
	"golang.org/x/term"

	"github.com/accessgraph/accessgraph/query/complete"
	"github.com/accessgraph/accessgraph/query/render"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// errForget is returned for a line that was given up with Ctrl-C.
var errForget = errors.New("given up")

// editor reads what is typed on the terminal.
type editor struct {
	line *readline.Shell
	room room
}

// newEditor makes an editor for a session. The user's inputrc counts, but for what completion looks like.
func newEditor(s *session, h *history, c *complete.Completer, live *complete.Live, colors bool) *editor {
	e := &editor{line: readline.NewShell()}
	line := e.line
	for name, value := range map[string]any{
		"completion-ignore-case":       true,
		"menu-complete-display-prefix": true, // what all candidates share first, then the list
		"usage-hint-always":            true,
		"multiline-column":             true,
		"enable-bracketed-paste":       true,
		"colored-completion-prefix":    false,
		"cursor-position-probe":        false,     // the terminal's answer would swallow what is typed ahead
		"comment-begin":                `[^\s\S]`, // a pattern in this library: comments are painted with the rest
	} {
		line.Config.Vars[name] = value
	}
	line.Prompt.Primary(func() string {
		prompt := s.prompt()
		e.room.make(prompt, string(*line.Line()), line.Cursor().Pos())
		return prompt
	})
	line.Prompt.Secondary(func() string { return continued })
	line.History.Delete()
	line.History.Add("history", h)
	line.AcceptMultiline = func(text []rune) bool { return finished(string(text)) }
	line.PasteTransformer = pasted
	line.Completer = func(text []rune, cursor int) readline.Completions {
		before := string(text[:cursor])
		return menu(before, candidates(before, len(before), c, live), live.Reading(), max(1, height()-e.room.rows-4))
	}
	if colors {
		line.SyntaxHighlighter = func(text []rune) string { return paint(string(text)) }
	}
	return e
}

// read gives what was typed; errForget when it was given up, io.EOF at the end, and the context's error when that is done: then the
// terminal is as it was before, and no other line can be read.
func (e *editor) read(ctx context.Context, terminal int) (string, error) {
	state, err := term.GetState(terminal)
	if err != nil {
		return "", err
	}
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	e.room = room{begins: true}
	go func() {
		text, err := e.line.Readline()
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		if errors.Is(r.err, readline.ErrInterrupt) {
			return "", errForget
		}
		return r.text, r.err
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), term.Restore(terminal, state))
	}
}

// pasted makes what is pasted fit to be edited: control characters would act on the terminal.
func pasted(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r', r == '\n':
			return '\n'
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text)
}

// maxColumn is how wide the column of candidates grows for the longest of them.
const maxColumn = 60

// menu makes a completion into what the editor lists and writes, in at most some rows. The editor takes what stands before the cursor
// since the last white space as begun, unless it is told more: what a candidate does not replace of it is put before each.
func menu(before string, c complete.Completion, reading bool, rows int) readline.Completions {
	word := before[c.Start:]
	lead := ""
	if word == "" {
		lead = before[strings.LastIndexFunc(before, unicode.IsSpace)+1:]
	}
	if strings.ContainsFunc(word, func(r rune) bool { return r >= 0x80 }) {
		return readline.Completions{} // the editor counts what it replaces in bytes
	}
	listed := c.Candidates[:min(len(c.Candidates), rows)]
	wide := 0
	for _, x := range listed {
		wide = max(wide, min(uniseg.StringWidth(x.Text), maxColumn))
	}
	var list []readline.Completion
	for _, x := range listed {
		// What is said beside a candidate is part of what is shown: the editor would put all with the same words into one line.
		pad := strings.Repeat(" ", max(0, wide-uniseg.StringWidth(x.Text)))
		list = append(list, readline.Completion{Value: lead + written(x), Display: strings.TrimRight(x.Text+pad+"  "+about(x), " ")})
	}
	if len(listed) < len(c.Candidates) || c.More {
		list = append(list, readline.Completion{Value: lead + shared(word, c), Display: "… there are more: write on"})
	}
	menu := readline.CompleteRaw(list).DisplayList().NoSpace()
	menu.PREFIX = lead + word
	if reading {
		menu = menu.Usage("the names of the snapshot are still being read")
	}
	return menu
}

// written is what a candidate adds to the line.
func written(x complete.Candidate) string {
	if x.Open {
		return x.Text
	}
	return x.Text + " "
}

// shared is what all candidates begin with: what is begun already, where they are not all known. The editor writes what those that it
// lists have in common, and has to list this one too where it does not list all.
func shared(word string, c complete.Completion) string {
	if c.More {
		return word
	}
	common := written(c.Candidates[0])
	for _, x := range c.Candidates[1:] {
		text := written(x)
		n := 0
		for n < min(len(common), len(text)) && common[n] == text[n] {
			n++
		}
		common = common[:n]
	}
	if len(common) < len(word) { // in another letter case
		return word
	}
	return common
}

// about is what is said beside a candidate.
func about(x complete.Candidate) string {
	if x.About == "" && x.Kind != syntax.Keyword && x.Kind != syntax.Operator {
		return string(x.Kind)
	}
	return render.Neutral(x.About)
}
