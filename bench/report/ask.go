package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/graph/badgerstore"
	"github.com/accessgraph/accessgraph/query"
)

// asked is what a process measured that opened a store and asked questions, as it prints it.
type asked struct {
	Open      time.Duration // of query.Open
	HeapOpen  int64         // in use afterwards
	Answers   []answered
	HeapAsked int64 // in use after the questions
}

// answered is what one question took.
type answered struct {
	First, FirstCPU time.Duration // the first call
	Warm            time.Duration // the median of further calls
	Error           string        // of the call that gave no answer, the first or a further one
}

// askCalls is how often a question is asked again.
const askCalls = 15

// printAsked is the process: it asks each question once and then again up to calls times, each call within a time limit.
func printAsked(store string, questions []string, calls int, limit time.Duration) error {
	// What is measured is the engine alone: nothing of this command may be in the heap that is divided by the number of principals.
	before := live()
	s, err := badgerstore.Open(store)
	if err != nil {
		return err
	}
	defer s.Close()
	var out asked
	var engine *query.Engine
	opened, err := timed(func() (err error) {
		engine, err = query.Open(context.Background(), s, "latest")
		return err
	})
	if err != nil {
		return err
	}
	out.Open, out.HeapOpen = opened.wall, live()-before
	for _, q := range questions {
		out.Answers = append(out.Answers, askOften(engine, q, calls, limit))
	}
	out.HeapAsked = live() - before
	runtime.KeepAlive(engine)
	return json.NewEncoder(os.Stdout).Encode(out)
}

// askOften measures the first and the further calls of a question.
func askOften(engine *query.Engine, question string, calls int, limit time.Duration) (a answered) {
	ask := func() (spent, error) {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		return timed(func() error { return askThrough(ctx, engine, question) })
	}
	first, err := ask()
	if err == nil {
		a.First, a.FirstCPU = first.wall, first.cpu
		var again spent
		again, err = median(calls, ask)
		a.Warm = again.wall
	}
	if err != nil {
		a.Error = shortReason(err, limit)
	}
	return a
}

// askThrough asks and takes every row.
func askThrough(ctx context.Context, engine *query.Engine, question string) error {
	a, err := engine.Ask(ctx, question, query.Options{})
	if err != nil {
		return err
	}
	for _, err := range a.Rows {
		if err != nil {
			return err
		}
	}
	if a.Summary().Count == 0 {
		return fmt.Errorf("%q gave no row", question)
	}
	return nil
}

// ask runs printAsked in a new process.
func (b *bench) ask(store string, questions []string, calls int, limit time.Duration) (*asked, error) {
	// Twice for each question: its first call may take nearly all of the limit, and the next one, too.
	ctx, cancel := context.WithTimeout(b.ctx, limit*time.Duration(2*len(questions)+1))
	defer cancel()
	args := []string{"-ask-of", store, "-calls", fmt.Sprint(calls), "-limit", limit.String()}
	out, err := b.self(ctx, append(args, questions...)...)
	if err != nil {
		return nil, err
	}
	a := new(asked)
	if err := json.Unmarshal(out, a); err != nil {
		return nil, fmt.Errorf("ask %q: %w", questions, err)
	}
	return a, nil
}

// self runs this command in a new process, which starts small, and gives what it prints. When the time is over it is interrupted first: it may
// have a process of its own to end.
func (b *bench) self(ctx context.Context, args ...string) ([]byte, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err == nil {
		return out, nil
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return nil, fmt.Errorf("report %q: %w\n%s", args, err, bytes.TrimSpace(stderr.Bytes()))
}

// shortReason is why there is no figure, for a cell of the table.
func shortReason(err error, limit time.Duration) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Sprintf("no answer within %s", limit)
	}
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	return "no answer: " + lines[len(lines)-1]
}
