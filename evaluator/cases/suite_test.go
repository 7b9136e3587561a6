package cases

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// lines reads a suite of the shared test data.
func lines(t testing.TB, name string) [][]byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "cases", name))
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	src := bufio.NewScanner(bytes.NewReader(data))
	src.Buffer(nil, 1<<20)
	for src.Scan() {
		out = append(out, bytes.Clone(src.Bytes()))
	}
	if err := src.Err(); err != nil {
		t.Fatal(err)
	}
	if len(out) == 0 {
		t.Fatalf("%s is empty", name)
	}
	return out
}

// beyond is what the rule suite says beside the fields of the case format.
type beyond struct {
	Description           string    `json:"description"`
	Rule                  string    `json:"rule"`
	ExpectedLayer         string    `json:"expectedLayer"`
	ExpectedUncertainties *[]string `json:"expectedUncertainties"`
}

// TestSuites runs every case that says what it expects; the rule suite also says which layer decides and what is uncertain.
func TestSuites(t *testing.T) {
	for _, suite := range []string{"decisions.jsonl", "rules.jsonl", "parse.jsonl"} {
		t.Run(strings.TrimSuffix(suite, ".jsonl"), func(t *testing.T) {
			var r Runner
			for _, line := range lines(t, suite) {
				a := r.Answer(line)
				var more beyond
				if err := json.Unmarshal(line, &more); err != nil {
					t.Fatal(err)
				}
				if a.Expected == "" || !a.Passed() {
					t.Errorf("%s %s: %s\n\tgot %s (%s %v %v %s), want %s", a.ID, more.Rule, more.Description, a.Decision, a.Layer,
						a.Statements, a.Uncertainties, a.Error, a.Expected)
					continue
				}
				if more.ExpectedLayer != "" && a.Layer != more.ExpectedLayer {
					t.Errorf("%s %s: %s\n\tlayer %s, want %s", a.ID, more.Rule, more.Description, a.Layer, more.ExpectedLayer)
				}
				if more.ExpectedUncertainties != nil && !slices.Equal(a.Uncertainties, *more.ExpectedUncertainties) {
					t.Errorf("%s %s: %s\n\tuncertainties %v, want %v", a.ID, more.Rule, more.Description, a.Uncertainties, *more.ExpectedUncertainties)
				}
			}
		})
	}
}

// TestRun runs a mixed file, with lines that cannot be read in it.
func TestRun(t *testing.T) {
	in := strings.Join([]string{
		string(lines(t, "decisions.jsonl")[0]),
		`{"id":"broken"`,
		``,
		`{"id":"P","policyType":"identity","text":"{}","expect":"valid"}`,
		`[]`,
	}, "\n")
	var out bytes.Buffer
	var failed []string
	var r Runner
	sum, err := r.Run(context.Background(), strings.NewReader(in), &out, func(_ int, a *Answer) { failed = append(failed, a.ID) })
	if err != nil {
		t.Fatal(err)
	}
	if sum != (Summary{Passed: 1, Failed: 1}) || !slices.Equal(failed, []string{"P"}) {
		t.Errorf("summary %+v, failed %v; want one passed and P failed", sum, failed)
	}
	got := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(got) != 4 {
		t.Fatalf("%d answers, want 4:\n%s", len(got), out.String())
	}
	if want := `{"id":"G001","decision":"implicit_deny","layer":"identity","statements":[]}`; got[0] != want {
		t.Errorf("answer %s, want %s", got[0], want)
	}
	for _, i := range []int{1, 3} {
		var a struct{ Decision, Error string }
		if err := json.Unmarshal([]byte(got[i]), &a); err != nil {
			t.Fatal(err)
		}
		if a.Decision != "error" || !strings.HasPrefix(a.Error, "line ") {
			t.Errorf("answer %s, want an error that names the line", got[i])
		}
	}
}

func TestRunStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var r Runner
	var out bytes.Buffer
	if _, err := r.Run(ctx, bytes.NewReader(bytes.Join(lines(t, "decisions.jsonl"), []byte("\n"))), &out, nil); err == nil {
		t.Error("a cancelled run ended without an error")
	}
	if out.Len() != 0 {
		t.Errorf("a cancelled run answered: %s", out.String())
	}
}
