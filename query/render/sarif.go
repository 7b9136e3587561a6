package render

import (
	"io"
	"strings"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render/sarif"
)

// SARIF says what a report is about: the check, the file that it looks at, and the line of each of its statements, from 1.
type SARIF struct {
	Version string // of this tool
	Rule    string
	What    string // the rule in a sentence
	File    string
	Lines   []int
}

// WriteSARIF writes the rows of a policy check as a SARIF 2.1.0 log with one result a row, at the statements that grant. Rows of verdict unknown
// are warnings.
func WriteSARIF(w io.Writer, a *answer.Answer, about SARIF) error {
	log := sarif.Log{Version: about.Version, Rules: []sarif.Rule{{ID: about.Rule, What: about.What}}}
	for r, err := range a.Rows {
		if err != nil {
			return err
		}
		if g, ok := r.(*answer.PolicyGrant); ok {
			log.Results = append(log.Results, about.result(g))
		}
	}
	return log.Write(w)
}

func (s *SARIF) result(g *answer.PolicyGrant) sarif.Result {
	out := sarif.Result{Level: sarif.Error, Text: s.message(g), File: s.File}
	if g.Verdict == answer.Unknown {
		out.Level = sarif.Warning
	}
	for _, via := range g.Via { // none is of what the document does not say any more
		if via.Index < len(s.Lines) {
			out.Lines = append(out.Lines, s.Lines[via.Index])
		}
	}
	return out
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
