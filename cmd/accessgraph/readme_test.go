package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the answers in README.md anew")

// TestREADME runs every command of README.md's console blocks on the sample organization and compares what it prints. Commands begin
// with "$ accessgraph"; a block that is not to be run is no console block.
func TestREADME(t *testing.T) {
	path := filepath.Join("..", "..", "README.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("ACCESSGRAPH_STORE", filepath.Join(t.TempDir(), "store"))
	if out, err := accessgraph(t, "ingest", "files", filepath.Join("..", "..", "testdata", "sample", "org")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var now strings.Builder
	var asked []string
	console := false
	for line := range strings.Lines(string(text)) {
		fence := strings.HasPrefix(line, "```")
		switch {
		case fence:
			console = strings.TrimSpace(line) == "```console"
		case console && !strings.HasPrefix(line, "$ "):
			continue // the old answer
		}
		now.WriteString(line)
		if !console || fence {
			continue
		}
		args := words(t, strings.TrimSpace(strings.TrimPrefix(line, "$ ")))
		if len(args) < 2 || args[0] != "accessgraph" {
			t.Fatalf("README.md: a console block runs accessgraph: %s", line)
		}
		if args[1] == "query" {
			asked = append(asked, args[2])
		}
		var stdout, stderr bytes.Buffer
		cmd := accessgraph(t, args[1:]...)
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Run(); err != nil || stderr.Len() > 0 {
			t.Errorf("%s%v\n%s", line, err, &stderr)
		}
		now.Write(stdout.Bytes())
	}
	if *update {
		if err := os.WriteFile(path, []byte(now.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(text), now.String()); diff != "" {
		t.Errorf("README.md shows other answers (-README +now, -update writes them anew):\n%s", diff)
	}
	var shown []string
	for _, d := range demonstrations() {
		shown = append(shown, d.question)
	}
	if !slices.Equal(asked, shown) {
		t.Errorf("README.md and the demo ask different questions (-README +demo):\n%s", cmp.Diff(asked, shown))
	}
}

// words splits a command line as a shell does that knows blanks and single quotes.
func words(t *testing.T, line string) []string {
	t.Helper()
	var out []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			out = append(out, part)
		} else {
			out = append(out, strings.Fields(part)...)
		}
	}
	if strings.Count(line, "'")%2 == 1 {
		t.Fatalf("README.md: a quote is not closed: %s", line)
	}
	return out
}
