package query

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/answer/stage"
	"github.com/accessgraph/accessgraph/query/inventory"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// answerableShow tells what this version cannot show.
func answerableShow(q *syntax.Query, s *syntax.Show, text string) error {
	c := &s.Clauses
	refuse := func(name string, at syntax.Node) error {
		return fail(text, at.Position(), at.String(), "", "\"show\" takes no %s: it lists what there is; put can('ACTION', 'RESOURCE') into its predicate", name)
	}
	switch {
	case len(c.On) > 0:
		return refuse("on", &c.On[0])
	case c.When != nil:
		return refuse("when", c.When)
	case len(c.Via) > 0:
		return refuse("via", &c.Via[0])
	case c.Within != nil:
		return refuse("within", c.Within)
	}
	if s.Kind == syntax.Snapshots {
		if len(c.In) > 0 {
			return fail(text, c.In[0].Pos, c.In[0].String(), "", "snapshots are in no account, so that \"show snapshots\" takes no in")
		}
		if len(c.Except) > 0 {
			return fail(text, c.Except[0].Position(), c.Except[0].String(), "", "snapshots are in no account, so that \"show snapshots\" takes no except")
		}
	}
	return nil
}

// namedFields lists the fields that a predicate and stages name.
func namedFields(where syntax.Predicate, stages []syntax.Stage) []string {
	var out []string
	var walk func(p syntax.Predicate)
	walk = func(p syntax.Predicate) {
		switch p := p.(type) {
		case *syntax.PredicateAnd:
			for _, t := range p.Terms {
				walk(t)
			}
		case *syntax.PredicateOr:
			for _, t := range p.Terms {
				walk(t)
			}
		case *syntax.PredicateNot:
			walk(p.Term)
		case *syntax.FieldTest:
			out = append(out, p.Field)
		}
	}
	walk(where)
	for _, s := range stages {
		switch s := s.(type) {
		case *syntax.Where:
			walk(s.Predicate)
		case *syntax.Select:
			for _, f := range s.Fields {
				out = append(out, f.Name)
			}
		case *syntax.GroupBy:
			for _, f := range s.Fields {
				out = append(out, f.Name)
			}
		case *syntax.SortBy:
			out = append(out, s.Field.Name)
		}
	}
	return out
}

// showStages are the stages with the question's own where before them.
func showStages(q *syntax.Query, s *syntax.Show) []syntax.Stage {
	if s.Where == nil {
		return q.Stages
	}
	return append([]syntax.Stage{&syntax.Where{Predicate: s.Where, Pos: s.Where.Position()}}, q.Stages...)
}

// checkShow finds what is wrong with a show question without a snapshot.
func checkShow(q *syntax.Query, s *syntax.Show, text string) (*stage.Result, error) {
	p := &plan{text: text}
	return stage.ApplyAsking(inventory.Schema(s.Kind, namedFields(s.Where, q.Stages)), answer.Of(), showStages(q, s), text, p.now(), &asking{plan: p, kind: s.Kind})
}

// show answers a show question.
func (p *plan) show(ctx context.Context, q *syntax.Query, s *syntax.Show) (*answer.Answer, error) {
	inv, err := p.engine.inventoryOf(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := inv.Rows(ctx, s.Kind)
	if err != nil {
		return nil, err
	}
	if rows, err = p.scoped(ctx, inv, s, rows); err != nil {
		return nil, err
	}
	all := make([]answer.Row, len(rows))
	for i, r := range rows {
		all[i] = r
	}
	asking := &asking{plan: p, ctx: ctx, kind: s.Kind, inventory: inv}
	schema := inventory.Schema(s.Kind, namedFields(s.Where, q.Stages))
	staged, err := stage.ApplyAsking(schema, answer.Of(all...), showStages(q, s), p.text, p.now(), asking)
	if err != nil {
		return nil, err
	}
	return &answer.Answer{
		Query: strings.TrimSpace(p.text), Snapshot: p.engine.snapshot, Schema: staged.Schema, Rows: staged.Rows,
		Summary: func() answer.Summary {
			count, unknown := staged.Tally()
			assumptions := slices.Concat(inv.Assumptions(s.Kind), asking.assumptions, undecided(staged.Undecided()))
			return answer.Summary{
				Count: count, Unknown: unknown, Undecided: len(staged.Undecided()),
				Assumptions: distinct(assumptions), Incomplete: inv.Incomplete(), Warnings: append(p.warnings, asking.warnings...),
				Plan: &answer.Plan{Source: "the facts of the snapshot", Counts: []answer.PlanCount{{What: string(s.Kind), Count: int64(len(rows))}}},
			}
		},
	}, nil
}

// maxUndecided is how many rows that nobody could decide are named.
const maxUndecided = 10

// undecided says which rows were left out because nobody can tell whether a predicate holds for them.
func undecided(rows []stage.Undecided) []string {
	var order []syntax.Predicate
	names := map[syntax.Predicate][]string{}
	for _, u := range rows {
		if names[u.Predicate] == nil {
			order = append(order, u.Predicate)
		}
		names[u.Predicate] = append(names[u.Predicate], rowName(u.Row))
	}
	var out []string
	for _, p := range order {
		list := names[p]
		out = append(out, fmt.Sprintf("undecided (%d, no rows): whether %s is not known of %s", len(list), p, someOf(list)))
	}
	return out
}

// someOf names the first of a list, and says how many there are besides.
func someOf(list []string) string {
	text := strings.Join(list[:min(len(list), maxUndecided)], ", ")
	if n := len(list) - maxUndecided; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}

// rowName is what a row is called: the first of its fields.
func rowName(r answer.Row) string {
	for _, name := range []string{"principal", "group", "arn"} {
		if v, ok := r.Field(name); ok {
			text, _ := v.(string)
			return text
		}
	}
	return ""
}

// distinct keeps the first of equal texts.
func distinct(texts []string) []string {
	var out []string
	for _, t := range texts {
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}
