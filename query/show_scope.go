package query

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/inventory"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// scoped keeps the rows that in and except leave.
func (p *plan) scoped(ctx context.Context, inv *inventory.Inventory, s *syntax.Show, rows []inventory.Row) ([]inventory.Row, error) {
	c := &s.Clauses
	if len(c.In) == 0 && len(c.Except) == 0 {
		return rows, nil
	}
	base, err := p.engine.base(ctx)
	if err != nil {
		return nil, err
	}
	p.world = base
	if err := p.knownShowScopes(ctx, inv, s, rows); err != nil {
		return nil, err
	}
	keep := inClauses(c)
	return slices.DeleteFunc(rows, func(r inventory.Row) bool { return !keep(p.subject(inv, r.Self())) }), nil
}

// subject is what scopes look at of a row.
func (p *plan) subject(inv *inventory.Inventory, a *inventory.About) *evaluator.Subject {
	s := &evaluator.Subject{ARN: a.ARN, Kind: a.Kind, Name: a.Name, Account: a.Account, Tags: map[string]string{}, Outside: false}
	if inv.Member(graph.AccountID(a.Account)) {
		s.Org = p.world.Organization()
		for _, u := range inv.Above(graph.AccountID(a.Account)) {
			s.Path = append(s.Path, u.ID, u.Name)
		}
	}
	for _, t := range a.Tags {
		s.Tags[t.Key] = t.Value
	}
	return s
}

// knownShowScopes checks that the snapshot knows what in and except name.
func (p *plan) knownShowScopes(ctx context.Context, inv *inventory.Inventory, s *syntax.Show, rows []inventory.Row) error {
	check := func(scope *syntax.Scope) error {
		if scope.Kind == syntax.ScopeTag {
			p.knownTag(scope, string(s.Kind), rows)
			return nil
		}
		return p.knownScope(scope)
	}
	for i := range s.Clauses.In {
		if err := check(&s.Clauses.In[i]); err != nil {
			return err
		}
	}
	for _, x := range s.Clauses.Except {
		var err error
		switch x := x.(type) {
		case *syntax.Scope:
			err = check(x)
		case *syntax.Principal:
			err = p.knownShowException(ctx, inv, s, x, rows)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// knownTag warns of a tag that no row has.
func (p *plan) knownTag(s *syntax.Scope, kind string, rows []inventory.Row) {
	var keys []string
	for _, r := range rows {
		for _, t := range r.Self().Tags {
			if strings.EqualFold(t.Key, s.Name) {
				return
			}
			keys = append(keys, t.Key)
		}
	}
	text := fmt.Sprintf("none of the %s has a tag %s", kind, s.Name)
	slices.Sort(keys)
	if near := nearest(s.Name, slices.Compact(keys)); near != "" {
		text += "; did you mean " + near + "?"
	}
	p.warnings = append(p.warnings, text)
}

// knownShowException checks a principal that is to be left out.
func (p *plan) knownShowException(ctx context.Context, inv *inventory.Inventory, s *syntax.Show, x *syntax.Principal, rows []inventory.Row) error {
	about := slices.ContainsFunc(rows, func(r inventory.Row) bool { return r.Self().Kind != "" })
	who := selector(x)
	switch {
	case who.Kind == evaluator.SelectGroup || who.Kind == evaluator.SelectService:
		return p.fail(x.Pos, x.String(), "", "except takes users, roles, root, accounts and scopes here")
	case !about && len(rows) > 0 && who.Kind != evaluator.SelectAccount:
		return p.fail(x.Pos, x.String(), "", "%s are no principals: leave out accounts and other scopes, or say so in where", s.Kind)
	}
	everybody, err := inv.Rows(ctx, syntax.Principals)
	if err != nil {
		return err
	}
	var names []string
	for _, r := range everybody {
		a := r.Self()
		if who.Names(&evaluator.Subject{ARN: a.ARN, Kind: a.Kind, Name: a.Name, Account: a.Account}) {
			return nil
		}
		switch {
		case who.Kind == evaluator.SelectARN:
			names = append(names, a.ARN)
		case strings.HasPrefix(who.String(), a.Kind+"/"):
			names = append(names, a.Kind+"/"+a.Name)
		}
	}
	return p.fail(x.Pos, x.String(), nearest(who.String(), names), "no principal %q in the snapshot", who)
}
