package query

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/paths"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/answer/stage"
	"github.com/accessgraph/accessgraph/query/inventory"
	"github.com/accessgraph/accessgraph/query/syntax"
	"github.com/accessgraph/accessgraph/query/thirdparty"
)

// Options are how a question is to be answered.
type Options struct {
	At     string // snapshot reference where the question has no `at`; empty: latest
	Strict bool   // leave out grants that stand on an assumption about a resource that is not in the snapshot
	Budget int64  // engine steps for one principal; 0: the default
	// Document asks for one policy document that allows what a "what can" question without stages answers.
	Document bool
	// Zone is the zone of trust of external questions, as accounts and organizations; none: the organization and the accounts of the snapshot.
	Zone []string
	// Trust are accounts, organizations and identity providers that count as inside beside the zone.
	Trust []string
	// ThirdParties knows accounts outside by name; nil: those that come with the program.
	ThirdParties thirdparty.Parties
}

// Engine answers questions about one snapshot. It is safe for concurrent use.
type Engine struct {
	catalog  *catalog.Catalog
	snapshot answer.Snapshot
	fleet    *evaluator.Fleet // nil: the snapshot has no index
	store    graph.Store      // nil: the facts are in memory
	entry    graph.Entry      // of the store's history

	mu      sync.Mutex
	facts   *graph.Facts         // nil: nobody needed them yet
	world   *evaluator.World     // the same
	listed  *inventory.Inventory // the same
	counted map[string]*evaluator.Counted
	graphs  map[graphKey]*paths.Graph
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
	return &Engine{facts: facts, world: w, catalog: cat, snapshot: info}, nil
}

// NewIndexed makes an engine like New, that answers from an index what can be answered from one.
func NewIndexed(ctx context.Context, facts *graph.Facts, info answer.Snapshot) (*Engine, error) {
	e, err := New(ctx, facts, info)
	if err != nil {
		return nil, err
	}
	e.fleet, err = evaluator.FleetOf(ctx, facts, e.catalog)
	return e, err
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
	return OpenEntry(ctx, store, entry)
}

// OpenEntry is Open for an entry of the history.
func OpenEntry(ctx context.Context, store graph.Store, entry graph.Entry) (*Engine, error) {
	cat, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	e := &Engine{
		catalog: cat, snapshot: answer.Snapshot{ID: string(entry.Snapshot), Name: entry.Name, Time: entry.Time},
		store: store, entry: entry,
	}
	e.fleet, err = evaluator.OpenIndex(ctx, store, entry.Snapshot, cat)
	switch {
	case err == nil:
		e.snapshot.Complete, _ = e.fleet.Base().Complete()
	case !errors.Is(err, graph.ErrNotFound):
		return nil, err
	default:
		w, err := e.compiled(ctx)
		if err != nil {
			return nil, err
		}
		e.snapshot.Complete, _ = w.Complete()
	}
	return e, nil
}

// factsOf gives all facts of the snapshot, loaded when they are first needed.
func (e *Engine) factsOf(ctx context.Context) (*graph.Facts, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.facts != nil {
		return e.facts, nil
	}
	facts, err := graph.Load(ctx, e.store, e.entry.Snapshot)
	if err != nil {
		return nil, err // it names the snapshot
	}
	e.facts = facts
	return facts, nil
}

// base gives what is known of accounts and the organization, without compiling more where there is an index.
func (e *Engine) base(ctx context.Context) (*evaluator.World, error) {
	if e.fleet != nil {
		return e.fleet.Base(), nil
	}
	return e.compiled(ctx)
}

// compiled gives the whole snapshot, compiled when it is first needed.
func (e *Engine) compiled(ctx context.Context) (*evaluator.World, error) {
	facts, err := e.factsOf(ctx)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.world != nil {
		return e.world, nil
	}
	w, err := evaluator.Compile(ctx, facts, e.catalog)
	if err != nil {
		return nil, err
	}
	e.world = w
	return w, nil
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
	e, err := Open(ctx, store, Reference(q, o.At))
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
func (e *Engine) World(ctx context.Context) (*evaluator.World, error) { return e.compiled(ctx) }

// Snapshot says which snapshot the engine answers about.
func (e *Engine) Snapshot() answer.Snapshot { return e.snapshot }

// answerable tells forms and clauses that this version does not answer.
func answerable(q *syntax.Query, text string) error {
	switch question := q.Question.(type) {
	case *syntax.WhoCan, *syntax.Can, *syntax.Why, *syntax.WhatCan:
	case *syntax.Show:
		return answerableShow(q, question, text)
	case *syntax.External:
		return answerableExternal(q, &question.Clauses, text)
	case *syntax.WhoReach, *syntax.WhatReach, *syntax.Paths, *syntax.WhoIsAdmin, *syntax.Choke:
		return answerablePaths(q, text)
	case *syntax.Changes:
		return answerableChanges(question, text)
	}
	c := syntax.ClausesOf(q.Question)
	if len(c.Via) > 0 {
		return fail(text, c.Via[0].Pos, c.Via[0].String(), "", "%q takes no via: it is about no path; who can reach … is", q.Form())
	}
	if c.Within != nil {
		return fail(text, c.Within.Pos, c.Within.String(), "", "%q takes no within: it is about no path; who can reach … is", q.Form())
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
	counted, err := e.count(ctx, q, text, o)
	if counted != nil || err != nil {
		return counted, err
	}
	if c, ok := q.Question.(*syntax.Changes); ok {
		return e.changes(ctx, q, c, text, o)
	}
	p := &plan{engine: e, text: text, options: o, worded: map[*evaluator.Access]answer.Grant{}, briefly: map[*evaluator.Access][]answer.Grant{}}
	if s, ok := q.Question.(*syntax.Show); ok {
		return p.show(ctx, q, s)
	}
	a := &answer.Answer{Query: strings.TrimSpace(text), Snapshot: e.snapshot}
	var rows []answer.Row
	var judged *evaluator.Answer
	switch question := q.Question.(type) {
	case *syntax.WhoCan:
		if n := firstRows(q); n <= maxFirst {
			p.most = n
		}
		rows, judged, err = p.whoCan(ctx, question)
	case *syntax.WhoReach, *syntax.WhatReach, *syntax.WhoIsAdmin, *syntax.Choke:
		rows, judged, err = p.pathsOf(ctx, question)
	case *syntax.Paths:
		p.most = firstRows(q)
		rows, judged, err = p.pathsOf(ctx, question)
	case *syntax.Can:
		rows, judged, err = p.can(ctx, question)
	case *syntax.Why:
		rows, judged, err = p.why(ctx, question)
	case *syntax.External:
		rows, judged, err = p.external(ctx, question)
	case *syntax.WhatCan:
		rows, judged, err = p.whatCan(ctx, question)
		switch {
		case err != nil || len(q.Stages) > 0:
		case o.Document:
			a.Document, err = p.document(ctx, question, rows, judged)
		default:
			a.Cut, err = p.cutOff(ctx, question)
		}
	}
	if err != nil {
		return nil, err
	}
	staged, err := stage.Apply(schemaOf(q.Question), answer.Of(rows...), q, text, e.now())
	if err != nil {
		return nil, err
	}
	a.Schema, a.Rows = staged.Schema, staged.Rows
	a.Summary = func() answer.Summary {
		count, unknown := staged.Tally()
		_, incomplete := p.world.Complete()
		return answer.Summary{
			Count: count, Unknown: unknown, Assumptions: judged.Assumptions, Incomplete: incomplete, Notes: p.notes, Warnings: append(p.warnings, judged.Warnings...),
			Plan: planOf(judged.Plan),
		}
	}
	return a, nil
}

func planOf(from *evaluator.Plan) *answer.Plan {
	if from == nil {
		return nil
	}
	p := &answer.Plan{Source: from.Source}
	for _, c := range from.Counts {
		p.Counts = append(p.Counts, answer.PlanCount{What: c.What, Count: c.Count})
	}
	for _, t := range from.Times {
		p.Times = append(p.Times, answer.PlanTime{Stage: t.Stage, Took: t.Took})
	}
	return p
}

// maxFirst is how many first rows are looked for account by account; more are looked for in all at once.
const maxFirst = 10_000

// firstRows is how many rows the first stage keeps, 0 where it is no limit.
func firstRows(q *syntax.Query) int {
	if len(q.Stages) > 0 {
		if limit, ok := q.Stages[0].(*syntax.Limit); ok {
			return limit.Rows
		}
	}
	return 0
}

// now is what ages are counted from, for the question; without an engine nothing is counted.
func (p *plan) now() time.Time {
	if p.engine == nil {
		return time.Time{}
	}
	return p.engine.now()
}

// now is what ages are counted from: the time of the snapshot.
func (e *Engine) now() time.Time {
	if e.snapshot.Time.IsZero() {
		return time.Unix(0, 0)
	}
	return e.snapshot.Time
}
