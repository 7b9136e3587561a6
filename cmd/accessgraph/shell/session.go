package shell

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// Config is what a shell is given by the command that starts it.
type Config struct {
	Store    graph.Store
	At       string // the snapshot to ask at first; empty: the latest
	Out, Err io.Writer
	Render   func() render.Options // what Out can show now
	Options  query.Options         // how questions are answered, but for what statements set
	// Notes tells on Err what is said beside an answer in a format: its warnings, what rows alone do not say and, where plan is set, how it was found.
	Notes func(s answer.Summary, format render.Format, plan bool)
	// Explain gives the exit code of an error and what its user reads.
	Explain func(err error) (code int, text string)
	// Snapshots lists the history of a store as an answer.
	Snapshots func(ctx context.Context, s graph.Store, f render.Format) (*answer.Answer, error)
}

// UsageError is a backslash command that cannot be carried out as it is written.
type UsageError struct{ Message string }

func (e *UsageError) Error() string { return e.Message }

func misused(format string, args ...any) error { return &UsageError{fmt.Sprintf(format, args...)} }

// SnapshotError is a snapshot that cannot be opened.
type SnapshotError struct{ Err error }

func (e *SnapshotError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *SnapshotError) Unwrap() error { return e.Err }

// session is one shell with its settings.
type session struct {
	Config
	engines engines
	format  render.Format
	strict  bool
	timing  bool
	plan    bool
	paging  bool // only where answers go to a terminal
	left    bool // \q was given

	leaving context.Context // done when the shell has to end
}

func newSession(ctx context.Context, c Config) *session {
	return &session{Config: c, leaving: ctx, engines: engines{store: c.Store}, format: render.Table}
}

// do carries out one statement: a backslash command or a question.
func (s *session) do(ctx context.Context, statement string) error {
	if name, argument, ok := backslash(statement); ok {
		return s.command(ctx, name, argument)
	}
	return s.ask(ctx, statement)
}

func (s *session) ask(ctx context.Context, text string) error {
	start := time.Now()
	q, err := query.Check(text)
	if err != nil {
		return err
	}
	engine, err := s.engines.open(ctx, query.Reference(q, s.At))
	if err != nil {
		return err
	}
	opened := time.Now()
	options := s.Options
	options.Strict = s.strict
	a, err := engine.Ask(ctx, text, options)
	if err != nil {
		return err
	}
	read, err := s.show(ctx, a)
	if err != nil {
		return err
	}
	s.Notes(a.Summary(), s.format, s.plan)
	if s.timing {
		fmt.Fprintf(s.Err, "open %s, answer %s\n", opened.Sub(start).Round(time.Microsecond), (time.Since(opened) - read).Round(time.Microsecond))
	}
	return nil
}

// show writes an answer, through the pager where it is longer than the screen, and gives how long that was read after it was written.
func (s *session) show(ctx context.Context, a *answer.Answer) (read time.Duration, err error) {
	options := s.Render()
	out := &paged{ctx: ctx, leaving: s.leaving, out: s.Out, width: options.Width}
	if s.paging {
		out.height = height()
	}
	err = render.Write(out, s.format, a, options)
	written := time.Now()
	err = out.close(err)
	return time.Since(written), err
}

// tell says on Err what went wrong, and gives the exit code that it has. line and column are where in its input the statement begins,
// from 1; line 0 is at the prompt, where that is plain to see.
func (s *session) tell(err error, line, column int) int {
	err = placed(err, line, column)
	code, text := s.Explain(err)
	if line > 0 && !isPlaced(err) {
		text = fmt.Sprintf("line %d: %s", line, text)
	}
	if text != "" {
		fmt.Fprintln(s.Err, text)
	}
	return code
}

func isPlaced(err error) bool {
	_, ok := err.(*syntax.Error)
	return ok
}

// placed moves an error that has a place in its statement to that in the input.
func placed(err error, line, column int) error {
	e, ok := err.(*syntax.Error)
	if !ok || line == 0 {
		return err
	}
	moved := *e
	if moved.Line == 1 {
		moved.Column += column - 1
	}
	moved.Line += line - 1
	return &moved
}

// backslash reads a backslash command; ok is false for anything else.
func backslash(statement string) (name, argument string, ok bool) {
	statement = strings.TrimSpace(statement)
	if !strings.HasPrefix(statement, `\`) {
		return "", "", false
	}
	name, argument, _ = strings.Cut(statement, " ")
	return name, strings.TrimSuffix(strings.TrimSpace(argument), ";"), true
}
