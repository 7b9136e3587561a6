package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// accessgraph is the program itself, as a process (see TestMain).
func accessgraph(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary)
	cmd.Args = append([]string{"accessgraph"}, args...)
	return cmd
}

// TestInterrupt holds that the first interrupt ends an ingest that waits for its input, with the exit code that shells know, and
// leaves a store that works.
func TestInterrupt(t *testing.T) {
	store := filepath.Join(t.TempDir(), "store")
	cmd := accessgraph(t, "ingest", "files", "-", "--store", store)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(in, `{"UserDetailList": [`); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(store, "FORMAT")); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no store was made")
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := exitCodeOf(cmd.Wait()); code != "130" {
		t.Errorf("exit code is %s: %s", code, &stderr)
	}
	if !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("stderr is %s", &stderr)
	}
	if out, err := accessgraph(t, "snapshots", "list", "--store", store).CombinedOutput(); err != nil {
		t.Errorf("the store cannot be used afterwards: %v\n%s", err, out)
	}
}

func TestInterruptible(t *testing.T) {
	text, err := io.ReadAll(interruptible(t.Context(), strings.NewReader("text")))
	if string(text) != "text" || err != nil {
		t.Errorf("read %q, %v", text, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	never, _ := io.Pipe()
	r := interruptible(ctx, never)
	time.AfterFunc(time.Millisecond, cancel)
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}
