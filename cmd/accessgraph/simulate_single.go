package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render"
)

// simulated is the JSON of a single decision.
type simulated struct {
	Principal     string                         `json:"principal"`
	Action        string                         `json:"action"`
	Resource      string                         `json:"resource"`
	Decision      string                         `json:"decision"`
	Layer         string                         `json:"layer"`
	Statements    []answer.StatementRef          `json:"statements"`
	Uncertainties []string                       `json:"uncertainties,omitempty"`
	Defaults      map[string]answer.ContextValue `json:"defaults"`
	Assumptions   []string                       `json:"assumptions"`
}

// simulate decides one request on a snapshot.
func (a *app) simulate(ctx context.Context, f *simulateFlags) error {
	given, err := f.check()
	if err != nil {
		return usageError{err}
	}
	if _, err := query.ParsePrincipal(f.principal); err != nil {
		return usageError{err}
	}
	store, err := a.openStore(ctx, forReading)
	if err != nil {
		return err
	}
	defer store.Close()
	engine, err := query.Open(ctx, store, strings.TrimPrefix(f.at, "@"))
	if err != nil {
		return storeErrorOf(ctx, err)
	}
	s, err := engine.Simulate(ctx, f.principal, f.action, f.resource, given, time.Now())
	if err != nil {
		return usageError{err}
	}
	for _, w := range s.Warnings {
		a.warn("%s", w)
	}
	out := simulatedOf(s, f)
	if f.output == "json" {
		err = writeJSON(a, out)
	} else {
		_, err = fmt.Fprint(a.stdout, out.text())
	}
	if err != nil {
		return err
	}
	if !meets(out.Decision, f.expect) {
		fmt.Fprintf(a.stderr, "accessgraph: expected %s, got %s\n", f.expect, out.Decision)
		return silentExit(exitFailed)
	}
	return nil
}

// expectations are the decisions that --expect can name, with what each stands for.
func expectations() map[string][]string {
	return map[string][]string{
		"allowed": {"allow"}, "allow": {"allow"}, "denied": {"implicit_deny", "explicit_deny"}, "deny": {"implicit_deny", "explicit_deny"},
		"implicit_deny": {"implicit_deny"}, "explicit_deny": {"explicit_deny"},
	}
}

func meets(decision, expected string) bool {
	return expected == "" || slices.Contains(expectations()[expected], decision)
}

// check reads the flags of a single request.
func (f *simulateFlags) check() ([]evaluator.KeyValue, error) {
	if f.principal == "" || f.action == "" || f.resource == "" {
		return nil, errors.New("simulate needs --principal, --action and --resource, or --cases FILE")
	}
	if _, ok := expectations()[f.expect]; !ok && f.expect != "" {
		return nil, fmt.Errorf("--expect %q is not one of allowed, denied, implicit_deny, explicit_deny", f.expect)
	}
	if f.output != "table" && f.output != "json" {
		return nil, fmt.Errorf("output format %q is not one of table, json", f.output)
	}
	var given []evaluator.KeyValue
	at := make(map[string]int) // keys are compared without letter case
	for _, pair := range f.context {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("--context %q: want KEY=VALUE", pair)
		}
		lower := strings.ToLower(key)
		if n, known := at[lower]; known {
			given[n].Values, given[n].Multi = append(given[n].Values, value), true
			continue
		}
		at[lower] = len(given)
		given = append(given, evaluator.KeyValue{Key: key, Values: []string{value}})
	}
	return given, nil
}

func simulatedOf(s *evaluator.Simulation, f *simulateFlags) *simulated {
	out := &simulated{Principal: s.Request.Principal.ARN, Action: s.Request.Action, Resource: f.resource, Decision: s.Decision.Effect.String(),
		Layer: s.Decision.Layer.String(), Assumptions: s.Assumptions, Defaults: make(map[string]answer.ContextValue, len(s.Defaults))}
	for _, ref := range s.Decision.Statements {
		out.Statements = append(out.Statements, answer.StatementRef{Layer: ref.Layer.String(), Policy: ref.Policy, Sid: ref.Sid, Index: ref.Index})
	}
	for _, u := range s.Decision.Uncertainties {
		out.Uncertainties = append(out.Uncertainties, string(u))
	}
	for _, kv := range s.Defaults {
		out.Defaults[kv.Key] = answer.ContextValue{Values: kv.Values, Multi: kv.Multi}
	}
	return out
}

// text is the decision for people.
func (s *simulated) text() string {
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "%-11s%s\n", name, render.Neutral(value)) }
	line("decision", s.Decision)
	line("layer", s.Layer)
	for _, ref := range s.Statements {
		line("statement", render.Statement(ref))
	}
	for _, u := range s.Uncertainties {
		line("uncertain", u)
	}
	for _, key := range slices.Sorted(maps.Keys(s.Defaults)) {
		line("default", key+"="+strings.Join(s.Defaults[key].Values, ", "))
	}
	for _, text := range s.Assumptions {
		line("assumes", text)
	}
	return b.String()
}
