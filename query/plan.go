package query

import (
	"context"
	"errors"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/region"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// plan turns one question into what the evaluator is asked, and its answer into rows.
type plan struct {
	engine  *Engine
	world   *evaluator.World
	most    int // no more rows than these are asked for; 0: all are
	text    string
	options Options

	worded   map[*evaluator.Access]answer.Grant   // grants, which the rows of a class share, in words
	briefly  map[*evaluator.Access][]answer.Grant // what tables show of a class, by its first grant
	warnings []string
	notes    []string // what the answer says as a whole

	ofResources bool // scopes say whose resources are meant
}

func (p *plan) question(access *syntax.Access, c *syntax.Clauses) (evaluator.Question, error) {
	q := evaluator.Question{Strict: p.options.Strict, Budget: p.options.Budget, Now: p.engine.snapshot.Time}
	if access != nil {
		q.AllOf = access.Quantifier == syntax.AllOf
		for _, a := range access.Actions {
			q.Actions = append(q.Actions, actionText(a))
		}
	}
	for _, r := range c.On {
		q.Resources = append(q.Resources, r.Pattern)
	}
	r := reader{catalog: p.engine.catalog, text: p.text}
	when, err := r.expr(c.When)
	q.When = when
	p.knownKeys(c.When, access)
	return q, err
}

// actionText spells an action as the evaluator reads it: a pattern, @write or kms:@write.
func actionText(a syntax.ActionPattern) string {
	if a.Level == "" {
		return a.Text
	}
	service, _, ok := strings.Cut(a.Text, ":")
	if !ok || service == "*" {
		return "@" + a.Level
	}
	return service + ":@" + a.Level
}

func (p *plan) whoCan(ctx context.Context, q *syntax.WhoCan) ([]answer.Row, *evaluator.Answer, error) {
	question, err := p.question(&q.Access, &q.Clauses)
	if err != nil {
		return nil, nil, err
	}
	a, err := p.indexed(ctx, question, q)
	if a == nil && err == nil {
		a, err = p.wholly(ctx, question, q)
	}
	if err != nil {
		return nil, nil, p.place(err, &q.Access, nil, &q.Clauses)
	}
	rows := make([]answer.Row, 0, len(a.Rows))
	for _, r := range a.Rows {
		rows = append(rows, p.whoCanRow(r))
	}
	return rows, a, nil
}

// indexed answers from the index; nil when the question needs the whole snapshot.
func (p *plan) indexed(ctx context.Context, question evaluator.Question, q *syntax.WhoCan) (*evaluator.Answer, error) {
	fleet := p.engine.fleet
	if fleet == nil || !p.engine.wholeAccounts(&q.Clauses) {
		return nil, nil
	}
	p.world = fleet.Base()
	filter, err := p.filter(&q.Clauses)
	if err != nil {
		return nil, err
	}
	if p.most > 0 {
		return fleet.FirstWhoCan(ctx, question, filter, p.most)
	}
	a, _, err := fleet.WhoCan(ctx, question, filter)
	return a, err
}

// wholly answers from the whole snapshot.
func (p *plan) wholly(ctx context.Context, question evaluator.Question, q *syntax.WhoCan) (_ *evaluator.Answer, err error) {
	if p.world, err = p.engine.compiled(ctx); err != nil {
		return nil, err
	}
	filter, err := p.filter(&q.Clauses)
	if err != nil {
		return nil, err
	}
	return p.world.WhoCan(ctx, question, filter)
}

func (p *plan) can(ctx context.Context, q *syntax.Can) ([]answer.Row, *evaluator.Answer, error) {
	question, err := p.question(&q.Access, &q.Clauses)
	if err != nil {
		return nil, nil, err
	}
	a, err := p.canOf(ctx, question, q.Principal)
	if err != nil {
		return nil, nil, p.place(err, &q.Access, q.Principal, &q.Clauses)
	}
	rows := make([]answer.Row, 0, len(a.Rows))
	for _, r := range a.Rows {
		row := &answer.Can{
			Principal: r.Principal, Action: joined(question.Actions), Resource: joined(question.Resources), Covers: r.Covers,
			Verdict: answer.Verdict(r.Verdict.String()), Grants: p.grants(r),
		}
		row.Brief = func() []answer.Grant { return p.brief(r) }
		if r.Verdict == evaluator.Denied {
			row.Layer = r.Layer.String()
		}
		rows = append(rows, row)
	}
	return rows, a, nil
}

// canOf asks what one principal can: the index, or the whole snapshot.
func (p *plan) canOf(ctx context.Context, question evaluator.Question, who *syntax.Principal) (*evaluator.Answer, error) {
	if fleet := p.engine.fleet; fleet != nil {
		a, ok, err := fleet.Can(ctx, question, selector(who))
		if ok || err != nil {
			p.world = fleet.Base()
			return a, err
		}
	}
	var err error
	if p.world, err = p.engine.compiled(ctx); err != nil {
		return nil, err
	}
	if who.Kind == syntax.PrincipalService {
		p.knownService(who.Name)
	}
	return p.world.Can(ctx, question, selector(who))
}

// worldOf finds the world that a question about all that one principal can is asked of.
func (p *plan) worldOf(ctx context.Context, question evaluator.Question, who *syntax.Principal) (err error) {
	if fleet := p.engine.fleet; fleet != nil {
		w, ok, err := fleet.WorldOf(ctx, question, selector(who))
		if ok || err != nil {
			p.world = w
			return err
		}
	}
	p.world, err = p.engine.compiled(ctx)
	return err
}

func joined(texts []string) string {
	if len(texts) == 0 {
		return "*"
	}
	return strings.Join(texts, ", ")
}

func (p *plan) whatCan(ctx context.Context, q *syntax.WhatCan) ([]answer.Row, *evaluator.Answer, error) {
	question, err := p.question(nil, &q.Clauses)
	if err != nil {
		return nil, nil, err
	}
	if err := p.worldOf(ctx, question, q.Principal); err != nil {
		return nil, nil, p.place(err, nil, q.Principal, &q.Clauses)
	}
	if q.Principal.Kind == syntax.PrincipalService {
		p.knownService(q.Principal.Name)
	}
	powers, a, err := p.world.WhatCan(ctx, question, selector(q.Principal))
	if err != nil {
		return nil, nil, p.place(err, nil, q.Principal, &q.Clauses)
	}
	rows := make([]answer.Row, 0, len(powers))
	for _, w := range powers {
		g := p.grant(w.Grant, w.Witness())
		rows = append(rows, &answer.WhatCan{
			Principal: w.Principal, Account: w.Account, Service: w.Service, Access: w.Access, Actions: g.Actions,
			ActionCount: w.Grant.ActionCount, Resources: g.Resources, Verdict: g.Verdict, Conditions: g.Conditions, Via: g.Via,
			Assumptions: g.Assumptions, Causes: g.Causes, Witness: g.Witness,
		})
	}
	return rows, a, nil
}

// cutOff lists what the principal was granted and other layers take away.
func (p *plan) cutOff(ctx context.Context, q *syntax.WhatCan) ([]*answer.CutOff, error) {
	question, err := p.question(nil, &q.Clauses)
	if err != nil {
		return nil, err
	}
	found, err := p.world.CutOff(ctx, question, selector(q.Principal))
	if errors.Is(err, region.ErrBudget) {
		p.warnings = append(p.warnings, "what is cut off of the grants is not listed: it would take more than the allowed steps; raise --budget")
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := make([]*answer.CutOff, 0, len(found))
	for _, c := range found {
		row := &answer.CutOff{
			Principal: c.Principal, Account: c.Account, Service: c.Service, Access: c.Access, Actions: c.Grant.Actions,
			ActionCount: c.Grant.ActionCount, Resources: c.Grant.Resources(), Verdict: answer.Denied,
			Conditions: Words(c.Grant.Conditions, p.engine.catalog),
		}
		for _, by := range c.By {
			one := answer.CutBy{Layer: by.Layer.String(), Level: by.Level, Statements: []answer.StatementRef{}}
			for _, s := range by.Statements {
				one.Statements = append(one.Statements, answer.StatementRef{Layer: s.Layer.String(), Policy: s.Policy, Sid: s.Sid, Index: s.Index})
			}
			row.CutBy = append(row.CutBy, one)
		}
		out = append(out, row)
	}
	return out, nil
}

func selector(p *syntax.Principal) evaluator.Selector {
	kind := map[syntax.PrincipalKind]evaluator.SelectorKind{
		syntax.PrincipalARN: evaluator.SelectARN, syntax.PrincipalRole: evaluator.SelectRole, syntax.PrincipalUser: evaluator.SelectUser,
		syntax.PrincipalGroup: evaluator.SelectGroup, syntax.PrincipalRoot: evaluator.SelectRoot,
		syntax.PrincipalAccount: evaluator.SelectAccount, syntax.PrincipalService: evaluator.SelectService,
	}[p.Kind]
	return evaluator.Selector{Kind: kind, Name: p.Name}
}

// filter is the question's in and except.
func (p *plan) filter(c *syntax.Clauses) (func(*evaluator.Subject) bool, error) {
	if len(c.In) == 0 && len(c.Except) == 0 {
		return nil, nil
	}
	if err := p.knownScopes(c); err != nil {
		return nil, err
	}
	return inClauses(c), nil
}

// inClauses tells whom in and except leave.
func inClauses(c *syntax.Clauses) func(*evaluator.Subject) bool {
	return func(s *evaluator.Subject) bool {
		inside := len(c.In) == 0
		for i := range c.In {
			inside = inside || inScope(&c.In[i], s)
		}
		if !inside {
			return false
		}
		for _, x := range c.Except {
			switch x := x.(type) {
			case *syntax.Scope:
				if inScope(x, s) {
					return false
				}
			case *syntax.Principal:
				if selector(x).Names(s) {
					return false
				}
			}
		}
		return true
	}
}

func inScope(scope *syntax.Scope, s *evaluator.Subject) bool {
	switch scope.Kind {
	case syntax.ScopeAccount:
		return s.Account == scope.Name
	case syntax.ScopeOU:
		for _, name := range s.Path {
			if name == scope.Name {
				return true
			}
		}
	case syntax.ScopeOrg:
		return s.Org == scope.Name
	case syntax.ScopeOutside:
		return s.Outside
	case syntax.ScopeTag:
		for k, v := range s.Tags {
			if strings.EqualFold(k, scope.Name) && v == scope.Value {
				return true
			}
		}
	}
	return false
}

func (p *plan) whoCanRow(r *evaluator.Row) answer.Row {
	return &answer.WhoCan{
		Principal: r.Principal, Kind: r.Kind, Account: r.Account, Verdict: answer.Verdict(r.Verdict.String()), Actions: r.Actions,
		ActionCount: r.ActionCount, Brief: func() []answer.Grant { return p.brief(r) }, Detail: func(row *answer.WhoCan) {
			row.Grants = p.grants(r)
			seen := map[string]bool{}
			for _, g := range row.Grants {
				for _, res := range g.Resources {
					if !seen[res] {
						seen[res] = true
						row.Resources = append(row.Resources, res)
					}
				}
			}
		},
	}
}

func (p *plan) grants(r *evaluator.Row) []answer.Grant {
	out := make([]answer.Grant, 0, len(r.Grants))
	for _, g := range r.Grants {
		one, ok := p.worded[g]
		if !ok {
			one = p.grant(g, nil)
			p.worded[g] = one
		}
		if w := r.Witness(g); w != nil {
			one.Witness = witness(w)
		}
		out = append(out, one)
	}
	return out
}

// brief is what tables show of a row's grants.
func (p *plan) brief(r *evaluator.Row) []answer.Grant {
	var class *evaluator.Access
	if len(r.Grants) > 0 {
		class = r.Grants[0]
	}
	if out, ok := p.briefly[class]; ok {
		return out
	}
	lines := r.Brief()
	out := make([]answer.Grant, len(lines))
	for i, l := range lines {
		out[i] = answer.Grant{Actions: l.Actions, Resources: l.Resources, Verdict: answer.Verdict(l.Verdict.String()),
			Conditions: Words(l.Conditions, p.engine.catalog), Assumptions: l.Assumptions, Causes: l.Notes}
	}
	p.briefly[class] = out
	return out
}

func (p *plan) grant(g *evaluator.Access, w *evaluator.Witness) answer.Grant {
	return grantOf(g, w, p.engine.catalog)
}

// grantOf puts a grant into words.
func grantOf(g *evaluator.Access, w *evaluator.Witness, cat *catalog.Catalog) answer.Grant {
	out := answer.Grant{
		Actions: g.Actions, Resources: g.Resources(), Verdict: answer.Verdict(g.Verdict.String()), Conditions: Words(g.Conditions, cat),
		Assumptions: append([]string{}, g.Assumptions...), Causes: append([]string{}, g.Notes...),
	}
	for _, v := range g.Via() {
		out.Via = append(out.Via, answer.StatementRef{Layer: v.Layer.String(), Policy: v.Policy, Sid: v.Sid, Index: v.Index})
	}
	if w != nil {
		out.Witness = witness(w)
	}
	return out
}

func witness(w *evaluator.Witness) *answer.Witness {
	out := &answer.Witness{Principal: w.Principal, Action: w.Action, Resource: w.Resource, Context: map[string]answer.ContextValue{}}
	for _, kv := range w.Context {
		out.Context[kv.Key] = answer.ContextValue{Values: kv.Values, Multi: kv.Multi}
	}
	return out
}
