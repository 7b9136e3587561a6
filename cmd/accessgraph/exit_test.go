package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strconv"
	"testing"

	"github.com/accessgraph/accessgraph/query/syntax"
)

// exitCodeOf is the exit code of a command that ended with err.
func exitCodeOf(err error) string {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "0"
	case errors.As(err, &exit):
		return strconv.Itoa(exit.ExitCode())
	}
	return err.Error()
}

func TestExitOf(t *testing.T) {
	plain := errors.New("x")
	for _, test := range []struct {
		err  error
		code int
		text string
	}{
		{plain, 1, "accessgraph: x"},
		{usageError{plain}, 2, "accessgraph: x"},
		{inputError{plain}, 3, "accessgraph: x"},
		{storeError{plain}, 4, "accessgraph: x"},
		{silentExit(5), 5, ""},
		{errors.New("who\x1b[2J\u202e?\n\tx"), 1, "accessgraph: who\\x1b[2J\\u202e?\n\tx"},
		{&syntax.Error{Message: "none", Suggestion: "user/a\x1b[2J", Query: "q"}, 2, "accessgraph: line 0, column 0: none\n  q\n  ^\ndid you mean user/a\\x1b[2J?"},
		{fmt.Errorf("while asking: %w", storeError{plain}), 4, "accessgraph: while asking: x"},
	} {
		if code, text := exitOf(test.err); code != test.code || text != test.text {
			t.Errorf("%#v gives %d %q, want %d %q", test.err, code, text, test.code, test.text)
		}
	}
	for _, err := range []error{usageError{fs.ErrExist}, inputError{fs.ErrExist}, storeError{fs.ErrExist}} {
		if !errors.Is(err, fs.ErrExist) {
			t.Errorf("%T hides its cause", err)
		}
	}
}
