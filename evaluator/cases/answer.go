package cases

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// Classifier decides a three-valued case: whether the request is allowed always, never or conditionally over all consistent
// values of the free keys (C40), or "unknown", and what remains of the context, as text.
type Classifier func(r *evaluator.Request, l *evaluator.Layers, free []string) (class, residual string)

// Runner answers cases. It is not safe for concurrent use.
type Runner struct {
	Classify Classifier              // required for three-valued cases
	Actions  evaluator.ResourceTypes // may be nil

	decider evaluator.Decider
}

// Failed is the decision of a case that could not be read or decided.
const Failed = "error"

// Answer is the answer to one case. Which fields count depends on the case's Shape.
type Answer struct {
	ID            string
	Shape         Shape
	Decision      string
	Layer         string
	Statements    []Statement
	Uncertainties []string
	Residual      string
	Problems      []Problem
	Error         string // set when Decision is Failed
	Expected      string // what the case expected; empty when it did not say
}

// Statement names a statement that decided.
type Statement struct {
	Layer  string `json:"layer"`
	Policy string `json:"policy"`
	Sid    string `json:"sid"`
	Index  int    `json:"index"`
}

// Problem is one finding about a policy document.
type Problem struct {
	Rule    string `json:"rule"`
	Path    string `json:"path"`
	Message string `json:"message"`
}

// Answer answers one line.
func (r *Runner) Answer(line []byte) Answer {
	c, err := Read(line)
	a := Answer{ID: c.ID, Shape: c.Shape, Expected: c.Expected}
	if err != nil {
		return a.fail(err)
	}
	switch c.Shape {
	case Document:
		a.judge(policy.Parse(c.Kind, []byte(c.Text)))
	case ThreeValued:
		if r.Classify == nil {
			return a.fail(fmt.Errorf("free: this program was put together without the engine for three-valued cases"))
		}
		a.Decision, a.Residual = r.Classify(&c.Request, &c.Layers, c.Free)
	default:
		r.decider.Actions = r.Actions
		a.decide(r.decider.Decide(&c.Request, &c.Layers))
	}
	return a
}

func (a Answer) fail(err error) Answer {
	a.Decision, a.Error = Failed, err.Error()
	return a
}

func (a *Answer) judge(doc *policy.Document) {
	a.Decision = "invalid"
	if doc.Valid() {
		a.Decision = "valid"
	}
	for _, p := range doc.Problems {
		a.Problems = append(a.Problems, Problem{Rule: p.Rule, Path: p.Path, Message: p.Message})
	}
}

func (a *Answer) decide(d evaluator.Decision) {
	a.Decision, a.Layer = d.Effect.String(), d.Layer.String()
	for _, s := range d.Statements {
		a.Statements = append(a.Statements, Statement{Layer: s.Layer.String(), Policy: s.Policy, Sid: s.Sid, Index: s.Index})
	}
	for _, u := range d.Uncertainties {
		a.Uncertainties = append(a.Uncertainties, string(u))
	}
}

// Passed tells whether the case got what it expected; "denied" is either deny and "allowed" is allow. A case that expects
// nothing neither passes nor fails.
func (a *Answer) Passed() bool {
	switch a.Expected {
	case "denied", "deny":
		return a.Decision == evaluator.ImplicitDeny.String() || a.Decision == evaluator.ExplicitDeny.String()
	case "allowed":
		return a.Decision == evaluator.Allowed.String()
	}
	return a.Decision == a.Expected
}

// MarshalJSON writes the fields that the case's shape has.
func (a Answer) MarshalJSON() ([]byte, error) {
	var v any
	switch {
	case a.Decision == Failed:
		v = struct {
			ID       string `json:"id"`
			Decision string `json:"decision"`
			Error    string `json:"error"`
		}{a.ID, a.Decision, a.Error}
	case a.Shape == Document:
		v = struct {
			ID       string    `json:"id"`
			Decision string    `json:"decision"`
			Problems []Problem `json:"problems"`
		}{a.ID, a.Decision, a.Problems}
	case a.Shape == ThreeValued:
		v = struct {
			ID       string `json:"id"`
			Decision string `json:"decision"`
			Residual string `json:"residual"`
		}{a.ID, a.Decision, a.Residual}
	default:
		v = struct {
			ID            string      `json:"id"`
			Decision      string      `json:"decision"`
			Layer         string      `json:"layer"`
			Statements    []Statement `json:"statements"`
			Uncertainties []string    `json:"uncertainties,omitempty"`
		}{a.ID, a.Decision, a.Layer, a.Statements, a.Uncertainties}
	}
	return json.Marshal(v, jsontext.AllowInvalidUTF8(true))
}
