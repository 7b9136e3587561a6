package main

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the answers in README.md and docs anew")

// TestPages runs every command of the console blocks of README.md and of the pages in docs on the sample organization, and compares what they
// print, on both streams. Commands begin with "$ accessgraph"; one that is to fail ends in "# exit CODE". A block that is not to be run is
// no console block; one that begins "```json FILE" is a file that the page's commands can read.
func TestPages(t *testing.T) {
	t.Setenv("ACCESSGRAPH_STORE", filepath.Join(t.TempDir(), "store"))
	root := filepath.Join("..", "..")
	if out, err := accessgraph(t, "ingest", "files", filepath.Join(root, "testdata", "sample", "org")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	var readme []string
	ran := 0
	for _, path := range append(pages, filepath.Join(root, "README.md")) {
		p := &page{t: t, path: path, dir: t.TempDir()}
		p.run()
		ran += p.commands
		if filepath.Base(path) == "README.md" {
			readme = p.asked
		}
	}
	if ran < 25 {
		t.Errorf("only %d commands were run", ran)
	}
	var shown []string
	for _, d := range demonstrations() {
		shown = append(shown, d.question)
	}
	if !*update && !slices.Equal(readme, shown) {
		t.Errorf("README.md and the demo ask different questions (-README +demo):\n%s", cmp.Diff(readme, shown))
	}
}

// page is one page with commands.
type page struct {
	t        *testing.T
	path     string
	dir      string   // with the files that it shows
	asked    []string // the questions of its commands
	commands int
}

// run runs the commands of a page and compares, or writes the page anew.
func (p *page) run() {
	text, err := os.ReadFile(p.path)
	if err != nil {
		p.t.Fatal(err)
	}
	var now strings.Builder
	console, file := false, ""
	for line := range strings.Lines(string(text)) {
		fence := strings.HasPrefix(line, "```")
		switch {
		case fence:
			console = strings.TrimSpace(line) == "```console"
			_, file, _ = strings.Cut(strings.TrimSpace(line), " ")
		case file != "":
			p.append(file, line)
		case console && !strings.HasPrefix(line, "$ "):
			continue // the old answer
		}
		now.WriteString(line)
		if console && !fence {
			now.WriteString(p.command(strings.TrimSpace(strings.TrimPrefix(line, "$ "))))
		}
	}
	if *update {
		if err := os.WriteFile(p.path, []byte(now.String()), 0o644); err != nil {
			p.t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(text), now.String()); diff != "" {
		p.t.Errorf("%s shows other answers (-page +now, -update writes them anew):\n%s", p.path, diff)
	}
}

// append adds a line to a file that the page shows.
func (p *page) append(name, line string) {
	f, err := os.OpenFile(filepath.Join(p.dir, filepath.Base(name)), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(line); err != nil {
		p.t.Fatal(err)
	}
}

// command runs one command beside the page's files and gives what it prints.
func (p *page) command(line string) string {
	p.commands++
	line, code, _ := strings.Cut(line, "# exit ")
	args := words(p.t, p.path, line)
	if len(args) < 2 || args[0] != "accessgraph" {
		p.t.Fatalf("%s: a console block runs accessgraph: %s", p.path, line)
	}
	if args[1] == "query" {
		p.asked = append(p.asked, args[2])
	}
	cmd := accessgraph(p.t, args[1:]...)
	cmd.Dir = p.dir
	out, err := cmd.CombinedOutput()
	want := 0
	if code != "" {
		want, _ = strconv.Atoi(strings.TrimSpace(code))
	}
	if got := exitStatus(err); got != want {
		p.t.Errorf("%s: %s\nexit code %d, want %d\n%s", p.path, line, got, want, out)
	}
	return string(out)
}

// exitStatus is the code of a command that ended, -1 of one that did not run.
func exitStatus(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}

// words splits a command line as a shell does that knows blanks and quotes.
func words(t *testing.T, path, line string) []string {
	t.Helper()
	var out []string
	var word strings.Builder
	quote, begun := rune(0), false
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, begun = r, true
		case quote == 0 && r == ' ':
			if begun {
				out = append(out, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if quote != 0 {
		t.Fatalf("%s: a quote is not closed: %s", path, line)
	}
	if begun {
		out = append(out, word.String())
	}
	return out
}
