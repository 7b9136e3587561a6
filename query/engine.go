package query

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/answer/stage"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// Options are how a question is to be answered.
type Options struct {
	At     string // snapshot reference where the question has no `at`; empty: latest
	Strict bool   // leave out grants that stand on an assumption about a resource that is not in the snapshot
	Budget int64  // engine steps for one principal; 0: the default
}

// NotYetError is returned for a form of the language that parses and is answered by a later version.
type NotYetError struct{ Form string }

func (e *NotYetError) Error() string {
	return fmt.Sprintf("%q questions are not answered by this version; who can, can and what can … do are", e.Form)
}

// Engine answers questions about one snapshot. It is safe for concurrent use.
type Engine struct {
	world    *evaluator.World
	catalog  *catalog.Catalog
	snapshot answer.Snapshot
}

// New makes an engine over facts that are in memory already. The facts must not change afterwards.
func New(ctx context.Context, facts *graph.Facts, info answer.Snapshot) (*Engine, error) {
	cat, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	w, err := evaluator.Compile(ctx, facts, cat)
	if err != nil {
		return nil, err
	}
	info.Complete, _ = w.Complete()
	return &Engine{world: w, catalog: cat, snapshot: info}, nil
}

// Open loads a snapshot from a store by reference ("" is the latest) and makes an engine over it.
func Open(ctx context.Context, store graph.Store, ref string) (*Engine, error) {
	if ref == "" {
		ref = "latest"
	}
	entry, err := graph.Resolve(ctx, store, ref)
	if err != nil {
		return nil, err
	}
	facts, err := graph.Load(ctx, store, entry.Snapshot)
	if err != nil {
		return nil, err // it names the snapshot
	}
	return New(ctx, facts, answer.Snapshot{ID: string(entry.Snapshot), Name: entry.Name, Time: entry.Time})
}

// Run parses a question, opens the snapshot that it or the options name, and asks it.
func Run(ctx context.Context, store graph.Store, text string, o Options) (*answer.Answer, error) {
	q, err := syntax.Parse(text)
	if err != nil {
		return nil, err
	}
	if err := answerable(q, text); err != nil {
		return nil, err
	}
	ref := o.At
	if c := syntax.ClausesOf(q.Question); c != nil && c.At != nil {
		ref = c.At.Ref
	}
	e, err := Open(ctx, store, strings.TrimPrefix(ref, "@"))
	if err != nil {
		return nil, err
	}
	return e.ask(ctx, q, text, o)
}

// Ask answers a question about the engine's snapshot; `at` is not looked at.
func (e *Engine) Ask(ctx context.Context, text string, o Options) (*answer.Answer, error) {
	q, err := syntax.Parse(text)
	if err != nil {
		return nil, err
	}
	if err := answerable(q, text); err != nil {
		return nil, err
	}
	return e.ask(ctx, q, text, o)
}

// World gives the compiled snapshot, for single simulations.
func (e *Engine) World() *evaluator.World { return e.world }

// Snapshot says which snapshot the engine answers about.
func (e *Engine) Snapshot() answer.Snapshot { return e.snapshot }

// answerable tells forms and clauses that this version does not answer.
func answerable(q *syntax.Query, text string) error {
	switch q.Question.(type) {
	case *syntax.WhoCan, *syntax.Can, *syntax.WhatCan:
	default:
		return &NotYetError{Form: q.Form()}
	}
	c := syntax.ClausesOf(q.Question)
	if len(c.Via) > 0 {
		return &NotYetError{Form: q.Form() + " … via"}
	}
	if c.Within != nil {
		return &NotYetError{Form: q.Form() + " … within"}
	}
	if _, ok := q.Question.(*syntax.WhoCan); ok {
		return nil
	}
	refuse := func(name string, at syntax.Node) error {
		return fail(text, at.Position(), at.String(), "", "%q takes no %s: it says already whom it is about", q.Form(), name)
	}
	if len(c.In) > 0 {
		return refuse("in", &c.In[0])
	}
	if len(c.Except) > 0 {
		return refuse("except", c.Except[0])
	}
	return nil
}

func (e *Engine) ask(ctx context.Context, q *syntax.Query, text string, o Options) (*answer.Answer, error) {
	p := &plan{engine: e, text: text, options: o, worded: map[*evaluator.Access]answer.Grant{}, briefly: map[*evaluator.Access][]answer.Grant{}}
	a := &answer.Answer{Query: strings.TrimSpace(text), Snapshot: e.snapshot}
	var rows []answer.Row
	var schema *answer.Schema
	var judged *evaluator.Answer
	var err error
	switch question := q.Question.(type) {
	case *syntax.WhoCan:
		schema = answer.WhoCanSchema()
		rows, judged, err = p.whoCan(ctx, question)
	case *syntax.Can:
		schema = answer.CanSchema()
		rows, judged, err = p.can(ctx, question)
	case *syntax.WhatCan:
		schema = answer.WhatCanSchema()
		rows, judged, err = p.whatCan(ctx, question)
	default:
		return nil, &NotYetError{Form: q.Form()}
	}
	if err != nil {
		return nil, err
	}
	now := e.snapshot.Time
	if now.IsZero() {
		now = time.Unix(0, 0)
	}
	staged, err := stage.Apply(schema, answer.Of(rows...), q, text, now)
	if err != nil {
		return nil, err
	}
	a.Schema, a.Rows = staged.Schema, staged.Rows
	a.Summary = func() answer.Summary {
		count, unknown := staged.Tally()
		_, incomplete := e.world.Complete()
		return answer.Summary{
			Count: count, Unknown: unknown, Assumptions: judged.Assumptions, Incomplete: incomplete, Warnings: append(p.warnings, judged.Warnings...),
		}
	}
	return a, nil
}
