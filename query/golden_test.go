package query_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/render"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestAnswers holds what the questions of testdata/answers.txt are answered on the small organization. A block is the question after
// "> ", with options before it in brackets, and the answer as a table.
func TestAnswers(t *testing.T) {
	const file = "testdata/answers.txt"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for i, block := range strings.Split("\n"+string(data), "\n> ") {
		if i == 0 {
			continue
		}
		line, _, _ := strings.Cut(block, "\n")
		question, o := line, query.Options{}
		for option, set := range map[string]func(){"[strict] ": func() { o.Strict = true }, "[budget 1] ": func() { o.Budget = 1 }} {
			if rest, ok := strings.CutPrefix(question, option); ok {
				question = rest
				set()
			}
		}
		a, err := small(t).Ask(t.Context(), question, o)
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		var b bytes.Buffer
		if err := render.Write(&b, render.Table, a, render.Options{}); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		out.WriteString("> " + line + "\n" + b.String() + "\n")
	}
	got := strings.TrimRight(out.String(), "\n") + "\n"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(data), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
