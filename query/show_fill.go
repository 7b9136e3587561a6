package query

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
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
	open, err := a.opened(strings.Contains(about.Open, ":role/"))
	if err != nil {
		return nil, err
	}
	v, ok := open[field][about.Open]
	if !ok {
		return new(bool), nil
	}
	return v, nil
}

// opened tells what somebody outside the zone of trust may get into: the rows of external trust for roles, of external access for the rest. AWS
// services do not count (D50).
func (a *asking) opened(trust bool) (openings, error) {
	if a.open[trust] != nil {
		return a.open[trust], nil
	}
	w, err := a.plan.engine.compiled(a.ctx)
	if err != nil {
		return nil, err
	}
	question := evaluator.Question{Budget: a.plan.options.Budget, Now: a.plan.engine.snapshot.Time}
	rows, found, err := w.External(a.ctx, question, a.plan.options.zone(trust), nil)
	if err != nil {
		return nil, err
	}
	a.tell(found)
	best := map[string]map[string]evaluator.Verdict{"external": {}, "public": {}}
	for _, o := range rows {
		if o.Access == nil || o.Grantee.Kind == evaluator.GranteeService {
			continue
		}
		best["external"][o.Resource] = max(best["external"][o.Resource], o.Access.Verdict)
		if slices.Contains(o.Risks, evaluator.RiskPublic) {
			best["public"][o.Resource] = max(best["public"][o.Resource], o.Access.Verdict)
		}
	}
	out := openings{}
	for field, verdicts := range best {
		out[field] = map[string]*bool{}
		for arn, v := range verdicts {
			out[field][arn] = decided(v)
		}
	}
	if a.open == nil {
		a.open = map[bool]openings{}
	}
	a.open[trust] = out
	return out, nil
}
