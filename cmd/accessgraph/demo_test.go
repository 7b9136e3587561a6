package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
)

// cancelling is a writer that ends the work once a text has been written.
type cancelling struct {
	bytes.Buffer
	at     string
	cancel context.CancelFunc
}

func (c *cancelling) Write(p []byte) (int, error) {
	n, err := c.Buffer.Write(p)
	if strings.Contains(c.String(), c.at) {
		c.cancel()
	}
	return n, err
}

// TestDemoLeavesNothing holds that the demo leaves nothing behind, wherever it ends.
func TestDemoLeavesNothing(t *testing.T) {
	for at, want := range map[string]error{
		"$ accessgraph ingest": context.Canceled,
		"snapshot ":            context.Canceled,
		"$ accessgraph query":  context.Canceled,
		"is never printed":     nil,
	} {
		dir := t.TempDir()
		t.Setenv("TMPDIR", dir)
		ctx, cancel := context.WithCancel(t.Context())
		out := &cancelling{at: at, cancel: cancel}
		a := &app{stdin: strings.NewReader(""), stdout: out, stderr: &bytes.Buffer{}, quiet: true}
		if err := a.demo(ctx); !errors.Is(err, want) {
			t.Errorf("ended at %q: error is %v, want %v\n%s", at, err, want, out)
		}
		left, err := os.ReadDir(dir)
		if err != nil || len(left) > 0 {
			t.Errorf("ended at %q: left %v (%v)", at, left, err)
		}
	}
}
