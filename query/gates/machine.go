package gates

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render"
	"github.com/accessgraph/accessgraph/query/render/sarif"
)

type (
	reportJSON struct {
		Passed     int          `json:"passed"`
		Failed     int          `json:"failed"`
		Errors     int          `json:"errors"`
		Assertions []resultJSON `json:"assertions"`
	}
	resultJSON struct {
		File        string           `json:"file"`
		Line        int              `json:"line"`
		Name        string           `json:"name"`
		Description string           `json:"description,omitempty"`
		Severity    Severity         `json:"severity,omitempty"`
		Question    string           `json:"question"`
		Expected    string           `json:"expected"`
		Status      Status           `json:"status"`
		Snapshot    *answer.Snapshot `json:"snapshot"`
		Count       int              `json:"count"`
		Unknown     int              `json:"unknown"`
		Problems    []problemJSON    `json:"problems"`
		Allowed     []problemJSON    `json:"allowed"`
		Assumptions []string         `json:"assumptions"`
	}
	problemJSON struct {
		Kind string     `json:"kind"`
		Text string     `json:"text"`
		Row  answer.Row `json:"row,omitempty"`
	}
)

// WriteJSON writes the report with every row of a problem whole.
func (r *Report) WriteJSON(w io.Writer) error {
	out := reportJSON{Passed: r.Passed, Failed: r.Failed, Errors: r.Errored, Assertions: []resultJSON{}}
	for _, result := range r.Results {
		a := result.Assertion
		line := resultJSON{
			File: result.File.Path, Line: a.Line, Name: a.Name, Description: a.Description, Severity: a.Severity, Question: a.Question,
			Expected: a.Expect.String(), Status: result.Status, Count: result.Rows, Unknown: result.Unknown,
			Problems: problemsJSON(result.Problems), Allowed: problemsJSON(result.Allowed), Assumptions: result.Assumes,
		}
		if result.Snapshot.ID != "" {
			line.Snapshot = &result.Snapshot
		}
		out.Assertions = append(out.Assertions, line)
	}
	if err := json.MarshalWrite(w, out, json.Deterministic(true), jsontext.AllowInvalidUTF8(true), jsontext.WithIndent("  ")); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func problemsJSON(problems []Problem) []problemJSON {
	out := []problemJSON{}
	for _, p := range problems {
		out = append(out, problemJSON{p.Kind, p.Text, p.Row})
	}
	return out
}

// explanation is all problems of a result as lines, for reports that have one text for an assertion.
func (r *Result) explanation() string {
	var lines []string
	for _, p := range r.Problems {
		for i, line := range strings.Split(p.Text, "\n") {
			if i == 0 {
				line = p.Kind + ": " + line
			}
			lines = append(lines, line)
		}
		for _, detail := range p.Detail {
			lines = append(lines, "  "+detail)
		}
	}
	for i := range lines {
		lines[i] = render.Neutral(lines[i])
	}
	return strings.Join(lines, "\n")
}

type (
	suitesXML struct {
		XMLName  xml.Name   `xml:"testsuites"`
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Errors   int        `xml:"errors,attr"`
		Suites   []suiteXML `xml:"testsuite"`
	}
	suiteXML struct {
		Name     string    `xml:"name,attr"`
		Tests    int       `xml:"tests,attr"`
		Failures int       `xml:"failures,attr"`
		Errors   int       `xml:"errors,attr"`
		Cases    []caseXML `xml:"testcase"`
	}
	caseXML struct {
		Name    string      `xml:"name,attr"`
		Class   string      `xml:"classname,attr"`
		File    string      `xml:"file,attr"`
		Line    int         `xml:"line,attr"`
		Failure *failureXML `xml:"failure"`
		Error   *failureXML `xml:"error"`
		Output  string      `xml:"system-out,omitempty"`
	}
	failureXML struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the report as JUnit XML: a suite a file, a case an assertion. It has no times, so that the same data gives the same bytes.
func (r *Report) WriteJUnit(w io.Writer) error {
	out := suitesXML{Name: "accessgraph", Tests: len(r.Results), Failures: r.Failed, Errors: r.Errored}
	var file *File
	for _, result := range r.Results {
		if result.File != file {
			file = result.File
			out.Suites = append(out.Suites, suiteXML{Name: file.Path})
		}
		s := &out.Suites[len(out.Suites)-1]
		s.Tests++
		a := result.Assertion
		c := caseXML{Name: render.Neutral(a.Name), Class: file.Path, File: file.Path, Line: a.Line}
		why := &failureXML{Message: render.Neutral(result.about()), Type: string(a.Severity), Text: result.explanation()}
		switch result.Status {
		case Failed:
			s.Failures++
			why.Type = cmp.Or(why.Type, "assertion")
			c.Failure = why
		case Errored:
			s.Errors++
			why.Type = "error"
			c.Error = why
		case Passed:
			c.Output = render.Neutral(strings.Join(result.allowed(), "; "))
		}
		s.Cases = append(s.Cases, c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// WriteSARIF writes the report as a SARIF log: a rule an assertion, a result for each that does not hold, at its line.
func (r *Report) WriteSARIF(w io.Writer, version string) error {
	log := sarif.Log{Version: version}
	names := map[string]int{}
	for _, result := range r.Results {
		names[result.Assertion.Name]++
	}
	for _, result := range r.Results {
		a := result.Assertion
		id := a.Name
		if names[id] > 1 { // in several files
			id = result.File.Path + ": " + id
		}
		log.Rules = append(log.Rules, sarif.Rule{ID: render.Neutral(id), What: render.Neutral(a.Name),
			Help: render.Neutral(cmp.Or(a.Description, a.Question)), Severity: a.Severity.score()})
		if result.Status == Passed {
			continue
		}
		log.Results = append(log.Results, sarif.Result{
			Rule: len(log.Rules) - 1, Level: a.Severity.level(), File: result.File.Path, Lines: []int{a.Line},
			Text: fmt.Sprintf("%s: %s\n%s", render.Neutral(a.Name), render.Neutral(result.about()), result.explanation()),
		})
	}
	return log.Write(w)
}

// level is what SARIF calls it.
func (s Severity) level() string {
	switch s {
	case Medium:
		return sarif.Warning
	case Low, Info:
		return sarif.Note
	case Critical, High:
	}
	return sarif.Error
}

// score is a number in the range that GitHub has for each severity.
func (s Severity) score() string {
	switch s {
	case Critical:
		return "9.5"
	case High:
		return "8.0"
	case Medium:
		return "5.5"
	case Low:
		return "2.0"
	case Info:
		return "0.0"
	}
	return ""
}
