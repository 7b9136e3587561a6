// Package sarif writes SARIF 2.1.0 logs, the form in which code review tools take findings: as much of it as they read.
package sarif

import (
	"io"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Levels of a result.
const (
	Error   = "error"
	Warning = "warning"
	Note    = "note"
)

// Rule is something that holds or does not.
type Rule struct {
	ID       string
	What     string // in a sentence
	Help     string // more of it; empty: there is no more
	Severity string // "0.0" to "10.0", by which GitHub sorts security findings; empty: it has none
}

// Result is one place where a rule does not hold.
type Result struct {
	Rule  int // its place in the rules of the log
	Level string
	Text  string
	File  string // as it was named, relative to where the tool runs
	Lines []int  // from 1; none: the first
}

// Log is what one run found.
type Log struct {
	Version string // of this tool
	Rules   []Rule
	Results []Result
}

type (
	logJSON struct {
		Schema  string    `json:"$schema"`
		Version string    `json:"version"`
		Runs    []runJSON `json:"runs"`
	}
	runJSON struct {
		Tool    toolJSON     `json:"tool"`
		Results []resultJSON `json:"results"`
	}
	toolJSON struct {
		Driver driverJSON `json:"driver"`
	}
	driverJSON struct {
		Name           string     `json:"name"`
		InformationURI string     `json:"informationUri"`
		Version        string     `json:"version,omitempty"`
		Rules          []ruleJSON `json:"rules"`
	}
	ruleJSON struct {
		ID               string         `json:"id"`
		ShortDescription message        `json:"shortDescription"`
		FullDescription  *message       `json:"fullDescription,omitempty"`
		Properties       map[string]any `json:"properties,omitempty"`
	}
	message struct {
		Text string `json:"text"`
	}
	resultJSON struct {
		RuleID    string     `json:"ruleId"`
		RuleIndex int        `json:"ruleIndex"`
		Level     string     `json:"level"`
		Message   message    `json:"message"`
		Locations []location `json:"locations"`
	}
	location struct {
		Physical physical `json:"physicalLocation"`
	}
	physical struct {
		Artifact artifact `json:"artifactLocation"`
		Region   region   `json:"region"`
	}
	artifact struct {
		URI string `json:"uri"`
	}
	region struct {
		StartLine int `json:"startLine"`
	}
)

// Write writes the log. The same log gives the same bytes.
func (l *Log) Write(w io.Writer) error {
	run := runJSON{
		Tool:    toolJSON{driverJSON{Name: "accessgraph", InformationURI: "https://github.com/accessgraph/accessgraph", Version: l.Version, Rules: []ruleJSON{}}},
		Results: []resultJSON{},
	}
	for _, r := range l.Rules {
		out := ruleJSON{ID: r.ID, ShortDescription: message{r.What}}
		if r.Help != "" {
			out.FullDescription = &message{r.Help}
		}
		if r.Severity != "" {
			out.Properties = map[string]any{"security-severity": r.Severity, "tags": []string{"security"}}
		}
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, out)
	}
	for _, r := range l.Results {
		run.Results = append(run.Results, l.result(r))
	}
	log := logJSON{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []runJSON{run}}
	if err := json.MarshalWrite(w, log, json.Deterministic(true), jsontext.AllowInvalidUTF8(true), jsontext.WithIndent("  ")); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (l *Log) result(r Result) resultJSON {
	out := resultJSON{RuleID: l.Rules[r.Rule].ID, RuleIndex: r.Rule, Level: r.Level, Message: message{r.Text}}
	if len(r.Lines) == 0 {
		r.Lines = []int{1}
	}
	path := url.URL{Path: strings.TrimPrefix(strings.ReplaceAll(r.File, `\`, "/"), "./")} // a space, or a sign that begins a query, is escaped
	for _, line := range r.Lines {
		out.Locations = append(out.Locations, location{physical{artifact{path.String()}, region{line}}})
	}
	return out
}
