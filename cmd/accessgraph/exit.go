package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/accessgraph/accessgraph/cmd/accessgraph/shell"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/changes"
	"github.com/accessgraph/accessgraph/ingest/files"
	"github.com/accessgraph/accessgraph/query/picture"
	"github.com/accessgraph/accessgraph/query/render"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// The exit codes, a contract that scripts rely on.
const (
	exitDone        = 0
	exitFailed      = 1   // an expectation did not hold, verify found damage, or something else went wrong
	exitUsage       = 2   // wrong usage, or a query that does not parse
	exitInput       = 3   // the input could not be used; nothing was stored
	exitStore       = 4   // the store could not be used
	exitIncomplete  = 5   // stored, but something given or asked for could not be used
	exitInterrupted = 130 // ended by the user, as shells report it
)

// usageError is an error of the command line or of the query's text.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// inputError is input that could not be used.
type inputError struct{ err error }

func (e inputError) Error() string { return e.err.Error() }
func (e inputError) Unwrap() error { return e.err }

// storeError is a store that could not be used.
type storeError struct{ err error }

func (e storeError) Error() string { return e.err.Error() }
func (e storeError) Unwrap() error { return e.err }

// silentExit ends the program with a code when everything has been said already.
type silentExit int

func (e silentExit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// exitOf is the one place that turns an error into an exit code and what the user reads, which may quote names of the data.
func exitOf(err error) (code int, text string) {
	text = "accessgraph: " + visible(err.Error())
	var silent silentExit
	var question *syntax.Error
	switch {
	case errors.As(err, &silent):
		return int(silent), ""
	case errors.As(err, &question):
		return exitUsage, "accessgraph: " + visible(question.Display())
	case isA[usageError](err), isA[*shell.UsageError](err), isA[*picture.NoPathsError](err):
		return exitUsage, text
	case isA[inputError](err), isA[*files.Error](err), isA[*changes.Error](err):
		return exitInput, text
	case isA[storeError](err), isA[*shell.SnapshotError](err), isA[*graph.StoreError](err), errors.Is(err, graph.ErrDamaged),
		errors.Is(err, graph.ErrNoSnapshot), errors.Is(err, graph.ErrAmbiguous):
		return exitStore, text
	}
	return exitFailed, text
}

// visible keeps the lines of a text and shows what else in it could act on a terminal.
func visible(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		cells := strings.Split(line, "\t")
		for j := range cells {
			cells[j] = render.Neutral(cells[j])
		}
		lines[i] = strings.Join(cells, "\t")
	}
	return strings.Join(lines, "\n")
}

func isA[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}
