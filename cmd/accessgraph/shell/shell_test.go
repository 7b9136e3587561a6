package shell

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/query/complete"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// TestForms holds that every example of \h is a query, and that every kind of question has one.
func TestForms(t *testing.T) {
	known := map[string]bool{}
	for _, f := range forms() {
		q, err := syntax.Parse(f.example)
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		known[q.Form()] = true
	}
	for _, form := range []string{"who can", "who is admin", "who can reach", "can", "why cannot", "what can", "what can … reach", "paths",
		"choke points", "external trust", "show", "changes"} {
		if !known[form] {
			t.Errorf("no example of %s", form)
		}
	}
}

func TestHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "history")
	h := openHistory(path)
	for _, text := range []string{"who can kms:*", "who can kms:*", " \n", "who can\nkms:* |\ncount\n", "evil \x1b[2J"} {
		if _, err := h.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"who can kms:*", "who can\nkms:* |\ncount"}
	if !slices.Equal(h.lines, want) {
		t.Errorf("remembers %q", h.lines)
	}
	// A file that others wrote into, and that all may read.
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(f, "no JSON\n17\n%q\n\n", "\x1b]0;title\x07")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if h = openHistory(path); !slices.Equal(h.lines, want) {
		t.Errorf("remembers %q in the next session", h.lines)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
	last, err := h.GetLine(h.Len() - 1)
	if last != want[1] || err != nil {
		t.Errorf("the last is %q, %v", last, err)
	}
	if _, err := h.GetLine(-1); err == nil {
		t.Error("there is a line before the first")
	}
}

// TestHistoryBounds holds that a long file is cut, and that what is no file is left alone.
func TestHistoryBounds(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "history")
	h := openHistory(path)
	for i := range 3 * maxHistory {
		h.lines = append(h.lines, fmt.Sprint("who can a:", i))
	}
	h.rewrite()
	h = openHistory(path)
	if len(h.lines) != maxHistory || h.lines[maxHistory-1] != fmt.Sprint("who can a:", 3*maxHistory-1) {
		t.Errorf("remembers %d", len(h.lines))
	}
	if data, err := os.ReadFile(path); err != nil || strings.Count(string(data), "\n") != maxHistory {
		t.Errorf("the file holds %d lines, %v", strings.Count(string(data), "\n"), err)
	}
	for _, path := range []string{"", dir, filepath.Join(path, "below", "a", "file"), "/dev/null"} {
		h := openHistory(path)
		if _, err := h.Write("who can kms:*"); err != nil || h.Len() != 1 {
			t.Errorf("%q: %d lines, %v", path, h.Len(), err)
		}
	}
}

// TestPaint holds that painting only adds escapes.
func TestPaint(t *testing.T) {
	for _, text := range []string{"who can kms:* on 'a\nb' # c\n and", `\o json`, "who kan x", "", "“", "\xff"} {
		painted := paint(text)
		for strings.Contains(painted, "\x1b[") {
			before, after, _ := strings.Cut(painted, "\x1b[")
			_, after, _ = strings.Cut(after, "m")
			painted = before + after
		}
		if painted != text {
			t.Errorf("%q is painted as %q", text, painted)
		}
	}
	if got := paint("who can 'a\nb'"); got != "\x1b[1;34mwho\x1b[0m \x1b[1;34mcan\x1b[0m \x1b[32m'a\x1b[0m\n\x1b[32mb'\x1b[0m" {
		t.Errorf("got %q", got)
	}
}

// TestShared holds that Tab never writes what is not common to all candidates.
func TestShared(t *testing.T) {
	of := func(more bool, texts ...string) complete.Completion {
		c := complete.Completion{More: more}
		for _, x := range texts {
			c.Candidates = append(c.Candidates, complete.Candidate{Text: x})
		}
		return c
	}
	for _, test := range []struct {
		word string
		c    complete.Completion
		want string
	}{
		{"role/", of(false, "role/App1", "role/App2"), "role/App"},
		{"role/", of(true, "role/App1", "role/App2"), "role/"},
		{"ROLE/", of(false, "role/App", "role/Zoo"), "role/"},
		{"KMS:d", of(false, "kms:Decrypt", "Kms:x"), "KMS:d"},
	} {
		if got := shared(test.word, test.c); got != test.want {
			t.Errorf("%q: got %q, want %q", test.word, got, test.want)
		}
	}
}

func TestRowsOf(t *testing.T) {
	for text, want := range map[string]int{"": 1, "abc": 1, "abcdefg": 1, "abcdefgh": 2, "a\nb": 2, "a\nabcdefgh\n": 4, "日本語日": 2} {
		if got := rowsOf("> ", text, 10); got != want {
			t.Errorf("%q takes %d rows, not %d", text, got, want)
		}
	}
}

func TestPasted(t *testing.T) {
	if got := pasted("who\tcan\r\nkms:*\x1b[2J\x00\r|"); got != "who can\nkms:*[2J\n|" {
		t.Errorf("got %q", got)
	}
}

func TestCandidates(t *testing.T) {
	for _, test := range []struct {
		line, want string
		start      int
	}{
		{`\`, `\? \help \h \o \at \d \snapshots \strict \timing \explain \pager \q`, 0},
		{`\ti`, `\timing`, 0},
		{`\o m`, "markdown", 3},
		{`\timing o`, "on off", 8},
		{`\q x`, "", 3},
		{`\h cho`, "choke", 3},
	} {
		got := candidates(test.line, len(test.line), nil, nil)
		var texts []string
		for _, x := range got.Candidates {
			texts = append(texts, x.Text)
		}
		if strings.Join(texts, " ") != test.want || got.Start != test.start {
			t.Errorf("%q: got %q from %d", test.line, texts, got.Start)
		}
	}
	if got := candidates("who can kms:*; wh", 17, &complete.Completer{Most: 9}, nil); len(got.Candidates) != 3 || got.Start != 15 {
		t.Errorf("after a semicolon: %+v", got)
	}
}
