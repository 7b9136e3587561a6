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
}

// newEditor makes an editor for a session. The user's inputrc counts, but for what completion looks like.
func newEditor(s *session, h *history, c *complete.Completer, live *complete.Live, colors bool) *editor {
	line := readline.NewShell()
	for name, value := range map[string]any{
		"completion-ignore-case":       true,
		"menu-complete-display-prefix": true, // what all candidates share first, then the list
		"usage-hint-always":            true,
		"multiline-column":             true,
		"enable-bracketed-paste":       true,
		"colored-completion-prefix":    false,
		"comment-begin":                `[^\s\S]`, // a pattern in this library: comments are painted with the rest
	} {
		line.Config.Vars[name] = value
	}
	line.Prompt.Primary(func() string { return s.prompt() })
	line.Prompt.Secondary(func() string { return continued })
	line.History.Delete()
	line.History.Add("history", h)
	line.AcceptMultiline = func(text []rune) bool { return finished(string(text)) }
	line.PasteTransformer = pasted
	line.Completer = func(text []rune, cursor int) readline.Completions {
		before := string(text[:cursor])
		return menu(before, candidates(before, len(before), c, live), live.Reading())
	}
	if colors {
		line.SyntaxHighlighter = func(text []rune) string { return paint(string(text)) }
	}
	return &editor{line}
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

// menu makes a completion into what the editor lists and writes. The editor takes what stands before the cursor since the last white
// space as begun, unless it is told more: what a candidate does not replace of it is put before each.
func menu(before string, c complete.Completion, reading bool) readline.Completions {
	word := before[c.Start:]
	lead := ""
	if word == "" {
		lead = before[strings.LastIndexFunc(before, unicode.IsSpace)+1:]
	}
	wide := 0
	for _, x := range c.Candidates {
		wide = max(wide, min(uniseg.StringWidth(x.Text), maxColumn))
	}
	var list []readline.Completion
	for _, x := range c.Candidates {
		value := lead + x.Text
		if !x.Open {
			value += " "
		}
		if strings.IndexFunc(word, func(r rune) bool { return r >= 0x80 }) >= 0 {
			continue // the editor counts what it replaces in bytes
		}
		// What is said beside a candidate is part of what is shown: the editor would put all with the same words into one line.
		pad := strings.Repeat(" ", max(0, wide-uniseg.StringWidth(x.Text)))
		list = append(list, readline.Completion{Value: value, Display: strings.TrimRight(x.Text+pad+"  "+about(x), " ")})
	}
	menu := readline.CompleteRaw(list).DisplayList().NoSpace()
	menu.PREFIX = lead + word
	switch {
	case reading:
		menu = menu.Usage("the names of the snapshot are still being read")
	case c.More:
		menu = menu.Usage("and more: write on")
	}
	return menu
}

// about is what is said beside a candidate.
func about(x complete.Candidate) string {
	if x.About == "" && x.Kind != syntax.Keyword && x.Kind != syntax.Operator {
		return string(x.Kind)
	}
	return render.Neutral(x.About)
}
