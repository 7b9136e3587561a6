package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/accessgraph/accessgraph/query/complete"
	"github.com/accessgraph/accessgraph/query/render"
)

// Terminal says what the terminal can do.
type Terminal struct {
	Descriptor int // of what is typed
	Colors     bool
}

// Interactive asks at a prompt until its user leaves. ctx ends it when it is done before it begins; from then on interrupts stop
// questions, and SIGTERM ends the shell with context.Canceled.
func Interactive(ctx context.Context, c Config, t Terminal) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.WithoutCancel(ctx), syscall.SIGTERM)
	defer stop()
	// Between questions nobody waits for an interrupt, and it must not end the process.
	ignored := make(chan os.Signal, 1)
	signal.Notify(ignored, os.Interrupt)
	defer signal.Stop(ignored)

	s := newSession(ctx, c)
	s.paging = true
	live := complete.NewLive(c.Store, s.reference, patience)
	defer live.Close()
	completer, err := NewCompleter(live)
	if err != nil {
		return err
	}
	if err := s.greet(ctx); err != nil {
		return err
	}
	e := newEditor(s, openHistory(historyPath()), completer, live, t.Colors)
	for !s.left {
		text, err := e.read(ctx, t.Descriptor)
		switch {
		case ctx.Err() != nil:
			fmt.Fprintln(c.Err)
			return ctx.Err()
		case errors.Is(err, errForget):
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read what is typed: %w", err)
		}
		for _, statement := range split(text) {
			if !s.answer(ctx, statement) || s.left {
				break
			}
		}
	}
	return ctx.Err()
}

// greet says what is asked; a store that cannot be read ends the shell before it begins.
func (s *session) greet(ctx context.Context) error {
	history, err := s.Store.History(ctx)
	if err != nil {
		return &SnapshotError{err}
	}
	if len(history) == 0 && s.At == "" { // others may ingest meanwhile
		_, err = fmt.Fprintln(s.Out, `the store has no snapshots yet; \? for help`)
		return err
	}
	if err := s.snapshot(ctx, ""); err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.Out, `\? for help`)
	return err
}

// answer carries out a statement that an interrupt can stop; ok is false when it was stopped.
func (s *session) answer(ctx context.Context, statement string) (ok bool) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	err := s.do(ctx, statement)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		fmt.Fprintln(s.Err, "\nstopped") // after the ^C that the terminal shows
	default:
		s.tell(err, 0, 0)
	}
	return ctx.Err() == nil
}

// reference is the reference of the snapshot that is asked.
func (s *session) reference() string {
	if s.At == "" {
		return latest
	}
	return s.At
}

// prompt names the snapshot where it is not the latest.
func (s *session) prompt() string {
	if ref := s.reference(); ref != latest {
		return "accessgraph " + render.Neutral("@"+ref) + "> "
	}
	return "accessgraph> "
}
