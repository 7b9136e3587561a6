package gates_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/gates"
)

var update = flag.Bool("update", false, "write the golden reports anew")

// report asks the assertions of testdata/gates.yaml about one account with two users.
func report(t *testing.T) *gates.Report {
	t.Helper()
	document := graph.CanonicalDocument([]byte(`{"Version":"2012-10-17","Statement":[
		{"Sid":"Read","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::payroll/*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]}`))
	user := func(name string) *graph.User {
		return &graph.User{ARN: graph.ARN("arn:aws:iam::111122223333:user/" + name), Name: name, Path: "/", ID: "AIDA" + name,
			Inline: []graph.InlinePolicy{{Name: "p", Document: document.Hash}}}
	}
	facts := &graph.Facts{
		Documents: map[graph.DocumentHash]*graph.Document{document.Hash: &document},
		Accounts: []*graph.Account{{ID: "111122223333", Users: []*graph.User{user("alice"), user("bob")},
			Coverage: []graph.Coverage{{Kind: graph.KindIAM, State: graph.CoverageComplete}}}},
	}
	store := memstore.New()
	if _, err := graph.Publish(context.Background(), store, facts, graph.Meta{Name: "monday", Time: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "gates.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := gates.Read("testdata/gates.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	r, err := gates.Run(context.Background(), store, []*gates.File{file}, query.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestReports holds every form of a report against what it was.
func TestReports(t *testing.T) {
	r := report(t)
	for name, write := range map[string]func(io.Writer) error{
		"report.txt":   func(w io.Writer) error { return r.WriteText(w, false) },
		"report.xml":   r.WriteJUnit,
		"report.sarif": func(w io.Writer) error { return r.WriteSARIF(w, "1.2.3") },
		"report.json":  r.WriteJSON,
	} {
		var out bytes.Buffer
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), text); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestJUnit: the XML is one that readers of JUnit reports take, and its counts are right.
func TestJUnit(t *testing.T) {
	r := report(t)
	var out bytes.Buffer
	if err := r.WriteJUnit(&out); err != nil {
		t.Fatal(err)
	}
	var suites struct {
		XMLName                 xml.Name `xml:"testsuites"`
		Tests, Failures, Errors int      `xml:",attr"`
		Suites                  []struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Errors   int `xml:"errors,attr"`
			Cases    []struct {
				Name    string `xml:"name,attr"`
				Class   string `xml:"classname,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
				} `xml:"failure"`
				Error *struct {
					Message string `xml:"message,attr"`
				} `xml:"error"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(out.Bytes(), &suites); err != nil {
		t.Fatal(err)
	}
	s := suites.Suites[0]
	failures, errors := 0, 0
	for _, c := range s.Cases {
		if c.Name == "" || c.Class == "" {
			t.Errorf("case %+v", c)
		}
		if c.Failure != nil {
			failures++
		}
		if c.Error != nil {
			errors++
		}
	}
	if s.Tests != len(s.Cases) || s.Failures != failures || s.Errors != errors || failures != r.Failed || errors != r.Errored || errors == 0 || failures == 0 {
		t.Errorf("%d tests, %d failures, %d errors; found %d, %d, %d", s.Tests, s.Failures, s.Errors, len(s.Cases), failures, errors)
	}
}

// TestSARIF: the log has what SARIF 2.1.0 requires, and results point to the lines of their assertions.
func TestSARIF(t *testing.T) {
	r := report(t)
	var out bytes.Buffer
	if err := r.WriteSARIF(&out, "1.2.3"); err != nil {
		t.Fatal(err)
	}
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct {
						ID               string
						ShortDescription struct{ Text string }
					}
				}
			}
			Results []struct {
				RuleID    string
				RuleIndex int
				Level     string
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(out.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 {
		t.Fatalf("version %q, %d runs", log.Version, len(log.Runs))
	}
	run := log.Runs[0]
	if run.Tool.Driver.Name != "accessgraph" || len(run.Tool.Driver.Rules) != len(r.Results) || len(run.Results) != r.Failed+r.Errored {
		t.Fatalf("%s: %d rules, %d results", run.Tool.Driver.Name, len(run.Tool.Driver.Rules), len(run.Results))
	}
	lines := map[string]int{}
	for _, result := range r.Results {
		lines[result.Assertion.Name] = result.Assertion.Line
	}
	for _, result := range run.Results {
		if result.Message.Text == "" || result.RuleID != run.Tool.Driver.Rules[result.RuleIndex].ID || len(result.Locations) != 1 {
			t.Fatalf("%+v", result)
		}
		at := result.Locations[0].PhysicalLocation
		if at.ArtifactLocation.URI != "testdata/gates.yaml" || at.Region.StartLine != lines[result.RuleID] {
			t.Errorf("%s is at %s:%d, want line %d", result.RuleID, at.ArtifactLocation.URI, at.Region.StartLine, lines[result.RuleID])
		}
		if level := result.Level; level != "error" && level != "warning" && level != "note" {
			t.Errorf("level %q", level)
		}
	}
}
