package main

import (
	"bufio"
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/badgerstore"
)

const sampleOrganization = "../../testdata/sample/org"

// ingestedSample gives a store that has the sample organization as @sample.
func ingestedSample(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "store")
	if out, err := accessgraph(t, "ingest", "files", sampleOrganization, "--name", "sample", "--store", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// lockStore takes the writer lock of a store, as another process would.
func lockStore(t *testing.T, dir string) (unlock func()) {
	t.Helper()
	store, err := badgerstore.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var batch graph.Batch
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		if batch, err = store.Begin(t.Context()); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	return func() {
		batch.Discard()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestLockedStore holds that a second writer is refused with exit code 4 before it reads or changes anything, and that queries work.
func TestLockedStore(t *testing.T) {
	dir := ingestedSample(t)
	defer lockStore(t, dir)()
	var stderr bytes.Buffer
	cmd := accessgraph(t, "ingest", "files", "no-such-file", "--store", dir)
	cmd.Stderr = &stderr
	if code := exitCodeOf(cmd.Run()); code != "4" || !strings.Contains(stderr.String(), "another process is writing to the store (wait until it has ended; queries work meanwhile)") {
		t.Errorf("a second writer ends with %s: %s", code, &stderr)
	}
	for _, args := range [][]string{{"rm", "@latest"}, {"gc"}, {"gc", "--keep-last", "1"}, {"tag", "@latest", "x"}} {
		out, err := accessgraph(t, append(append([]string{"snapshots"}, args...), "--store", dir)...).CombinedOutput()
		if code := exitCodeOf(err); code != "4" || !strings.Contains(string(out), "another process is writing to the store") {
			t.Errorf("%q beside a writer ends with %s: %s", args, code, out)
		}
	}
	for _, args := range [][]string{{"query", "who can do kms:*"}, {"snapshots", "list"}, {"snapshots", "show"}, {"snapshots", "verify"}} {
		if out, err := accessgraph(t, append(args, "--store", dir)...).CombinedOutput(); err != nil {
			t.Errorf("%q beside a writer: %v\n%s", args, err, out)
		}
	}
}

// TestIngestWaits takes the lock while an ingest reads: it waits to publish, and does when the lock is free.
func TestIngestWaits(t *testing.T) {
	dir := ingestedSample(t)
	cmd := accessgraph(t, "ingest", "files", "-", "--name", "late", "--store", dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// Once it takes more than a pipe holds, it reads, and is past its look at the lock.
	if _, err := io.WriteString(in, `{"UserDetailList": [{"Arn": "arn:aws:iam::111122223333:user/alice"}]`+strings.Repeat(" ", 1<<20)); err != nil {
		t.Fatal(err)
	}
	unlock := lockStore(t, dir)
	if _, err := io.WriteString(in, "}"); err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	if !lines.Scan() || !strings.Contains(lines.Text(), "waiting for another process") {
		t.Errorf("it says %q", lines.Text())
	}
	unlock()
	for lines.Scan() {
	}
	if code := exitCodeOf(cmd.Wait()); code != "0" {
		t.Errorf("exit code %s", code)
	}
	if out, err := accessgraph(t, "snapshots", "show", "@late", "--store", dir).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
