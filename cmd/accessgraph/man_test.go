package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/cmd/accessgraph/man"
)

// TestManualPages holds that every command has a page, that the same program writes the same bytes, and that the programs that show
// pages find nothing wrong with them.
func TestManualPages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man")
	root := newRoot(&app{stdout: io.Discard, stderr: io.Discard})
	names, err := man.Write(root, "v1.2.3", dir, manualSections()...)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"accessgraph.1", "accessgraph-query.1", "accessgraph-shell.1", "accessgraph-snapshots-list.1", "accessgraph-completion-bash.1", "accessgraph-ingest-files.1"} {
		if !slices.Contains(names, want) {
			t.Errorf("no page %s among %q", want, names)
		}
	}
	if slices.Contains(names, "accessgraph-man.1") || slices.Contains(names, "accessgraph-help.1") {
		t.Errorf("pages of what help does not name: %q", names)
	}
	again := filepath.Join(t.TempDir(), "again")
	if _, err := man.Write(newRoot(&app{}), "v1.2.3", again, manualSections()...); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		page, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if second, err := os.ReadFile(filepath.Join(again, name)); err != nil || string(second) != string(page) {
			t.Errorf("%s differs the second time, %v", name, err)
		}
		for _, want := range []string{".SH NAME\n", ".SH SYNOPSIS\n", ".SH DESCRIPTION\n", ".SH EXIT STATUS\n", `"accessgraph v1.2.3"`} {
			if !strings.Contains(string(page), want) {
				t.Errorf("%s has no %q", name, want)
			}
		}
	}
	query, err := os.ReadFile(filepath.Join(dir, "accessgraph-query.1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`\fB\-o\fR, \fB\-\-output\fR \fIFORMAT\fR`, ".SH EXAMPLES\n", `\fBaccessgraph\-simulate\fR(1)`, `.SH GLOBAL OPTIONS`} {
		if !strings.Contains(string(query), want) {
			t.Errorf("the page of query has no %q", want)
		}
	}
	for _, checker := range [][]string{{"groff", "-man", "-ww", "-z", "-Tutf8"}, {"mandoc", "-Tlint", "-Werror"}} {
		if _, err := exec.LookPath(checker[0]); err != nil {
			t.Logf("%s is not installed and checks nothing", checker[0])
			continue
		}
		for _, name := range names {
			out, err := exec.Command(checker[0], append(checker[1:], filepath.Join(dir, name))...).CombinedOutput()
			if err != nil || len(out) > 0 {
				t.Errorf("%s of %s: %v\n%s", checker[0], name, err, out)
			}
		}
	}
}
