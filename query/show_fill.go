package query

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/region"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/inventory"
)

// Fill works out a field of rows that facts alone do not say.
func (a *asking) Fill(field string, rows []answer.Row) error {
	if field == "admin" {
		if err := a.administrators(rows); err != nil {
			return err
		}
	}
	var unsure []string
	for _, r := range rows {
		row, ok := r.(inventory.Row)
		if !ok {
			continue
		}
		about := row.Self()
		if _, done := about.Judged[field]; done {
			continue
		}
		v, err := a.judge(field, about)
		if err != nil {
			return err
		}
		if v == nil {
			unsure = append(unsure, rowName(r))
		}
		judged := maps.Clone(about.Judged)
		if judged == nil {
			judged = map[string]*bool{}
		}
		judged[field] = v
		about.Judged = judged
	}
	if len(unsure) > 0 {
		a.assumptions = append(a.assumptions, fmt.Sprintf("unknown-%s (%d): not known of %s", field, len(unsure), someOf(unsure)))
	}
	return nil
}

// aboutAdmin says what admin leaves out (E22: its second clause needs the results of E10).
const aboutAdmin = "admin is what a principal has whatever the keys of its requests: not what it could give itself, nor what it has under a condition alone"

// administrators finds out which of the principals that rows are about are administrators.
func (a *asking) administrators(rows []answer.Row) error {
	wanted := map[string]bool{}
	for _, r := range rows {
		who := caller(r)
		if _, done := a.admins[who]; who != "" && !done {
			wanted[who] = true
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	w, err := a.plan.engine.compiled(a.ctx)
	if err != nil {
		return err
	}
	a.assumptions = append(a.assumptions, aboutAdmin)
	question := evaluator.Question{Budget: a.plan.options.Budget, Now: a.plan.engine.snapshot.Time}
	found, err := w.Admins(a.ctx, question, func(s *evaluator.Subject) bool { return wanted[s.ARN] })
	if err != nil {
		return err
	}
	if a.admins == nil {
		a.admins = map[string]*bool{}
	}
	for who := range wanted {
		a.admins[who] = nil // one that the snapshot does not have
	}
	for _, f := range found {
		if f.Answer != evaluator.Uncertain {
			yes := f.Answer == evaluator.Included
			a.admins[f.Principal] = &yes
		}
	}
	return nil
}

// judge works out one field of one thing.
func (a *asking) judge(field string, about *inventory.About) (*bool, error) {
	if field == "admin" {
		if about.Caller == "" { // nobody is no administrator
			return new(bool), nil
		}
		return a.admins[about.Caller], nil
	}
	if about.Open == "" { // a user or a root user
		return a.inventory.Stranger(graph.AccountID(about.Account)), nil
	}
	question := "*"
	if strings.Contains(about.Open, ":role/") {
		question = "sts:AssumeRole*"
	}
	open, err := a.opened(question)
	if err != nil {
		return nil, err
	}
	v, ok := open[field][about.Open]
	if !ok {
		return new(bool), nil
	}
	return v, nil
}

// opened tells what somebody outside the zone of trust may get into, as the resource's side decides (D50).
func (a *asking) opened(action string) (openings, error) {
	if a.open[action] != nil {
		return a.open[action], nil
	}
	w, err := a.plan.engine.compiled(a.ctx)
	if err != nil {
		return nil, err
	}
	question := evaluator.Question{Actions: []string{action}, Budget: a.plan.options.Budget, Now: a.plan.engine.snapshot.Time}
	found, err := w.WhoCan(a.ctx, question, outsider)
	if err != nil {
		return nil, err
	}
	a.tell(found)
	patterns := map[string]map[string]evaluator.Verdict{"external": {}, "public": {}}
	for _, r := range found.Rows {
		for _, g := range r.Grants {
			for _, text := range g.Resources() {
				patterns["external"][text] = max(patterns["external"][text], g.Verdict)
				if r.Kind == "public" {
					patterns["public"][text] = max(patterns["public"][text], g.Verdict)
				}
			}
		}
	}
	things, err := a.things()
	if err != nil {
		return nil, err
	}
	out := openings{}
	for field, texts := range patterns {
		out[field] = coveredBy(texts, things)
	}
	if a.open == nil {
		a.open = map[string]openings{}
	}
	a.open[action] = out
	return out, nil
}

// outsider tells whom external counts: everybody outside but AWS services (D50), and IAM Identity Center's own provider, which is the
// organization's.
func outsider(s *evaluator.Subject) bool {
	return s.Outside && s.Kind != "service" && !strings.Contains(s.ARN, ":saml-provider/AWSSSO_")
}

// things are the ARNs of what can be open: resources and roles.
func (a *asking) things() ([]string, error) {
	facts, err := a.plan.engine.factsOf(a.ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, account := range facts.Accounts {
		for _, r := range account.Resources {
			out = append(out, string(r.ARN))
		}
		for _, r := range account.Roles {
			out = append(out, string(r.ARN))
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// coveredBy tells which things the resources of grants are, or are in: an object is in its bucket. things are sorted.
func coveredBy(patterns map[string]evaluator.Verdict, things []string) map[string]*bool {
	best := map[string]evaluator.Verdict{}
	for text, verdict := range patterns {
		if owner := ownerIn(things, text); owner != "" {
			best[owner] = max(best[owner], verdict)
			continue
		}
		if !strings.ContainsAny(text, "*?") {
			continue
		}
		m := region.Compile(region.Glob(text, false))
		for _, arn := range things {
			if m.Match(arn) {
				best[arn] = max(best[arn], verdict)
			}
		}
	}
	out := map[string]*bool{}
	for arn, verdict := range best {
		out[arn] = decided(verdict)
	}
	return out
}

// ownerIn finds the thing that a resource is, or is in: what its ARN begins with, up to a slash or colon.
func ownerIn(things []string, resource string) string {
	for end := len(resource); end > 0; end = strings.LastIndexAny(resource[:end], "/:") {
		if i, ok := slices.BinarySearch(things, resource[:end]); ok {
			return things[i]
		}
	}
	return ""
}
