package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

// TestStoppedAnywhere interrupts ingests after different times: what was stored before is whole and answers, and the next ingest works.
func TestStoppedAnywhere(t *testing.T) {
	dir := t.TempDir()
	store := filepath.Join(dir, "store")
	exports := make([]string, 2)
	for i, users := range []int{1, 4000} {
		var text strings.Builder
		text.WriteString(`{"UserDetailList": [`)
		for u := range users {
			if u > 0 {
				text.WriteByte(',')
			}
			fmt.Fprintf(&text, `{"Arn": "arn:aws:iam::111122223333:user/u%d", "UserId": "AIDA%d", "UserPolicyList": [{"PolicyName": "p", "PolicyDocument":
				{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "arn:aws:kms:us-east-1:111122223333:key/%d"}]}}]}`, u, u, u)
		}
		text.WriteString(`]}`)
		exports[i] = filepath.Join(dir, fmt.Sprintf("%d.json", users))
		if err := os.WriteFile(exports[i], []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := accessgraph(t, "ingest", "files", exports[0], "--name", "good", "--store", store).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for round := range 3 {
		cmd := accessgraph(t, "ingest", "files", exports[1], "--store", store)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(30+120*round) * time.Millisecond)
		_ = cmd.Process.Signal(os.Interrupt) // it may have ended already
		// Before the program listens, an interrupt ends it as a kill does.
		switch code := exitCodeOf(cmd.Wait()); {
		case code == "130" && strings.Contains(stderr.String(), "interrupted"), code == "0", code == "-1":
		default:
			t.Errorf("round %d: exit code %s: %s", round, code, &stderr)
		}
		if out, err := accessgraph(t, "snapshots", "verify", "--store", store).CombinedOutput(); err != nil {
			t.Errorf("round %d: %v\n%s", round, err, out)
		}
		out, err := accessgraph(t, "query", "can user/u0 do kms:Decrypt at @good", "--expect", "allowed", "--store", store).CombinedOutput()
		if err != nil {
			t.Errorf("round %d: %v\n%s", round, err, out)
		}
	}
	if out, err := accessgraph(t, "ingest", "files", exports[1], "--store", store).CombinedOutput(); err != nil {
		t.Errorf("ingest afterwards: %v\n%s", err, out)
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
