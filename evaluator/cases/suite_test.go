package cases

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
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
	ExpectedProblems      *[]placed `json:"expectedProblems"`
}

// placed is a problem without its message.
type placed struct{ Rule, Path string }

// TestSuites runs every case that says what it expects; the rule suite also says which layer decides, what is uncertain, and which rules
// a document breaks where.
func TestSuites(t *testing.T) {
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, suite := range []string{"decisions.jsonl", "partial.jsonl", "parse.jsonl", "rules.jsonl"} {
		t.Run(strings.TrimSuffix(suite, ".jsonl"), func(t *testing.T) {
			r := Runner{Actions: evaluator.CatalogTypes(cat), Classify: func(r *evaluator.Request, l *evaluator.Layers, free []string) (string, string) {
				return evaluator.Classify(r, l, free, cat).Class.String(), ""
			}}
			ids := map[string]bool{}
			for _, line := range lines(t, suite) {
				a := r.Answer(line)
				var more beyond
				if err := json.Unmarshal(line, &more); err != nil {
					t.Fatal(err)
				}
				if ids[a.ID] {
					t.Errorf("%s: two cases of that id", a.ID)
				}
				ids[a.ID] = true
				if a.Expected == "" || !a.Passed() {
					t.Errorf("%s %s: %s\n\tgot %s (%s %v %v %s), want %s", a.ID, more.Rule, more.Description, a.Decision, a.Layer,
						a.Statements, a.Uncertainties, a.Error, a.Expected)
					continue
				}
				more.check(t, &a)
			}
		})
	}
}

// check compares what the case format does not say.
func (more *beyond) check(t *testing.T, a *Answer) {
	t.Helper()
	if more.ExpectedLayer != "" && a.Layer != more.ExpectedLayer {
		t.Errorf("%s %s: %s\n\tlayer %s, want %s", a.ID, more.Rule, more.Description, a.Layer, more.ExpectedLayer)
	}
	if more.ExpectedUncertainties != nil && !slices.Equal(a.Uncertainties, *more.ExpectedUncertainties) {
		t.Errorf("%s %s: %s\n\tuncertainties %v, want %v", a.ID, more.Rule, more.Description, a.Uncertainties, *more.ExpectedUncertainties)
	}
	if more.ExpectedProblems == nil {
		return
	}
	got := []placed{}
	for _, p := range a.Problems {
		got = append(got, placed{p.Rule, p.Path})
		if p.Message == "" {
			t.Errorf("%s: the problem under %s has no message", a.ID, p.Rule)
		}
	}
	order := func(a, b placed) int { return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Path, b.Path)) }
	slices.SortFunc(got, order)
	slices.SortFunc(*more.ExpectedProblems, order)
	if !slices.Equal(got, *more.ExpectedProblems) {
		t.Errorf("%s %s: %s\n\tproblems %v, want %v", a.ID, more.Rule, more.Description, got, *more.ExpectedProblems)
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
