package query

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/paths"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/inventory"
)

// Fill works out a field of rows that facts alone do not say.
func (a *asking) Fill(field string, rows []answer.Row) error {
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

// onPaths is what the access graph says of who is an administrator and who reaches one.
type onPaths struct {
	known            map[string]bool  // ARNs of principals
	admins, reaching map[string]*bool // by ARN; what is not there is none
}

// paths asks the access graph, once.
func (a *asking) paths() (*onPaths, error) {
	if a.graph != nil {
		return a.graph, nil
	}
	g, err := a.plan.engine.accessGraph(a.ctx, &a.plan.options)
	if err != nil {
		return nil, err
	}
	admins, err := g.Admins(a.ctx, "", paths.Via{})
	if err != nil {
		return nil, err
	}
	toward, err := g.Toward(a.ctx, admins, paths.Search{})
	if err != nil {
		return nil, err
	}
	out := &onPaths{known: map[string]bool{}, admins: map[string]*bool{}, reaching: map[string]*bool{}}
	for _, n := range g.Sources(func(n *paths.Node) bool { return n.Kind != "public" }) {
		arn := g.Node(n).ARN
		out.known[arn] = true
		if level := admins.Level(n); level > evaluator.Denied {
			out.admins[arn] = decided(level)
		}
		if w := toward.Way(n); w != nil {
			out.reaching[arn] = decided(w.Level)
		}
	}
	for _, text := range g.Assumptions {
		if !slices.Contains(a.assumptions, text) {
			a.assumptions = append(a.assumptions, text)
		}
	}
	a.graph = out
	return out, nil
}

// judge works out one field of one thing.
func (a *asking) judge(field string, about *inventory.About) (*bool, error) {
	if field == "admin" || field == "reaches_admin" {
		return a.onPath(field, about)
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

// onPath tells whether a principal is an administrator or reaches one, and compute by its role.
func (a *asking) onPath(field string, about *inventory.About) (*bool, error) {
	found, err := a.paths()
	if err != nil {
		return nil, err
	}
	who, of := about.Caller, found.admins
	if who != "" && !found.known[who] { // a principal that the snapshot does not have
		return nil, nil
	}
	if field == "reaches_admin" {
		of = found.reaching
		if about.Compute != "" {
			who = about.Compute
		}
	}
	if v, ok := of[who]; ok {
		return v, nil
	}
	return new(bool), nil
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
