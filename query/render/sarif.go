package render

import (
	"io"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/query/answer"
)

// SARIF says what a report is about: the check, the file that it looks at, and the line of each of its statements, from 1.
type SARIF struct {
	Version string // of this tool
	Rule    string
	What    string // the rule in a sentence
	File    string
	Lines   []int
}

// The parts of a SARIF 2.1.0 log that code review tools read.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Version        string      `json:"version,omitempty"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string       `json:"id"`
		ShortDescription sarifMessage `json:"shortDescription"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifMessage    `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
)

// WriteSARIF writes the rows of a policy check as a SARIF 2.1.0 log with one result a row, at the statements that grant. Rows of verdict unknown
// are warnings.
func WriteSARIF(w io.Writer, a *answer.Answer, about SARIF) error {
	run := sarifRun{
		Tool: sarifTool{Driver: sarifDriver{
			Name: "accessgraph", InformationURI: "https://github.com/accessgraph/accessgraph", Version: about.Version,
			Rules: []sarifRule{{ID: about.Rule, ShortDescription: sarifMessage{about.What}}},
		}},
		Results: []sarifResult{},
	}
	for r, err := range a.Rows {
		if err != nil {
			return err
		}
		if g, ok := r.(*answer.PolicyGrant); ok {
			run.Results = append(run.Results, about.result(g))
		}
	}
	log := sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}}
	if err := json.MarshalWrite(w, log, jsonOptions(), jsontext.WithIndent("  ")); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *SARIF) result(g *answer.PolicyGrant) sarifResult {
	out := sarifResult{RuleID: s.Rule, Level: "error", Message: sarifMessage{s.message(g)}}
	if g.Verdict == answer.Unknown {
		out.Level = "warning"
	}
	for _, via := range g.Via {
		if via.Index < len(s.Lines) {
			out.Locations = append(out.Locations, s.at(s.Lines[via.Index]))
		}
	}
	if len(out.Locations) == 0 { // it is what the document does not say any more
		out.Locations = append(out.Locations, s.at(1))
	}
	return out
}

func (s *SARIF) at(line int) sarifLocation {
	path := url.URL{Path: strings.TrimPrefix(strings.ReplaceAll(s.File, `\`, "/"), "./")} // a space, or a sign that begins a query, is escaped
	return sarifLocation{sarifPhysical{sarifArtifact{path.String()}, sarifRegion{line}}}
}

// message is a failure in a sentence, with the request that shows it.
func (s *SARIF) message(g *answer.PolicyGrant) string {
	who := "Whoever the policy is attached to"
	switch {
	case g.Principal == "*":
		who = "Anyone"
	case g.Principal != "":
		who = g.Principal
	}
	text := who + " may do " + listed(g.Actions, maxActions, len(g.Actions)) + " on " + listed(g.Resources, maxResources, len(g.Resources))
	if g.Verdict == answer.Unknown {
		text = who + " may perhaps do " + listed(g.Actions, maxActions, len(g.Actions)) + " on " + listed(g.Resources, maxResources, len(g.Resources)) +
			" (" + strings.Join(g.Causes, "; ") + ")"
	}
	if g.Conditions != "" {
		text += " when " + g.Conditions
	}
	if g.Witness != nil {
		text += "; for example " + g.Witness.Principal + " does " + witness(g.Witness)
	}
	return neutral(text) + "."
}
