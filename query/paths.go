package query

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/paths"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// mostPaths is how many paths an "all paths" question lists where it has no limit of its own.
const mostPaths = 1000

// answerablePaths tells clauses that have no meaning for paths.
func answerablePaths(q *syntax.Query, text string) error {
	c := syntax.ClausesOf(q.Question)
	refuse := func(at syntax.Node, why string) error {
		return fail(text, at.Position(), at.String(), "", "%q takes %s", q.Form(), why)
	}
	if c.When != nil {
		return refuse(c.When, "no when: every step is a request of its own, with its own keys; | where verdict = 'allowed' keeps the paths that hang on none")
	}
	switch q.Question.(type) {
	case *syntax.WhoReach:
	case *syntax.Choke:
		if c.Within != nil {
			return refuse(c.Within, "no within: somebody loses every path when there is none left, however long")
		}
	case *syntax.WhoIsAdmin:
		switch {
		case len(c.On) > 0:
			return refuse(&c.On[0], "no on: administrators are some of their account")
		case len(c.Via) > 0:
			return refuse(&c.Via[0], "no via: it is about no path; who can reach admin is")
		case c.Within != nil:
			return refuse(c.Within, "no within: it is about no path; who can reach admin is")
		}
	default:
		switch {
		case len(c.In) > 0:
			return refuse(&c.In[0], "no in: it says already where paths begin")
		case len(c.Except) > 0:
			return refuse(c.Except[0], "no except: it says already where paths begin")
		case len(c.On) > 0:
			return refuse(&c.On[0], "no on")
		}
	}
	return nil
}

// graphKey is what access graphs of one snapshot differ in.
type graphKey struct {
	budget     int64
	zone, also string
}

// accessGraph gives the access graph of the snapshot, found when it is first needed.
func (e *Engine) accessGraph(ctx context.Context, o *Options) (*paths.Graph, error) {
	facts, err := e.factsOf(ctx)
	if err != nil {
		return nil, err
	}
	key := graphKey{o.Budget, strings.Join(o.Zone, "\x00"), strings.Join(o.Trust, "\x00")}
	e.mu.Lock()
	defer e.mu.Unlock()
	if g := e.graphs[key]; g != nil {
		return g, nil
	}
	if e.store != nil && facts.Observations == nil { // credential reports tell which techniques there are
		own := *facts
		if own.Observations, err = graph.LoadObservations(ctx, e.store, e.entry); err != nil {
			return nil, err
		}
		facts = &own
	}
	g, err := paths.Build(ctx, facts, e.catalog, paths.Options{Budget: o.Budget, Now: e.snapshot.Time, Zone: o.Zone, Also: o.Trust})
	if err != nil {
		return nil, err
	}
	if e.graphs == nil {
		e.graphs = map[graphKey]*paths.Graph{}
	}
	e.graphs[key] = g
	return g, nil
}

// pathPlan is a plan about access paths.
type pathPlan struct {
	*plan
	ctx    context.Context
	graph  *paths.Graph
	search paths.Search
	target *paths.Target
	worded map[*evaluator.Access]string // conditions in words
	said   []string                     // assumptions of the answer as a whole
}

func (p *plan) onPaths(ctx context.Context, c *syntax.Clauses) (*pathPlan, error) {
	g, err := p.engine.accessGraph(ctx, &p.options)
	if err != nil {
		return nil, err
	}
	p.world = g.World()
	pp := &pathPlan{plan: p, ctx: ctx, graph: g, worded: map[*evaluator.Access]string{}, said: slices.Clone(g.Assumptions)}
	pp.warnings = append(pp.warnings, g.Warnings...)
	if c.Within != nil {
		pp.search.Hops = c.Within.Hops
		pp.search.Limited = true
	}
	for _, v := range c.Via {
		pp.search.Via.Some = true
		switch v.Kind {
		case syntax.EdgeAssume:
			pp.search.Via.Assume = true
		case syntax.EdgeFederation:
			pp.search.Via.Federation = true
		case syntax.EdgeEscalation:
			pp.search.Via.Escalation = true
		case syntax.EdgeDirect: // what is had without a step is always there
		}
	}
	return pp, nil
}

// pathsOf answers every question about access paths.
func (p *plan) pathsOf(ctx context.Context, q syntax.Question) ([]answer.Row, *evaluator.Answer, error) {
	pp, err := p.onPaths(ctx, syntax.ClausesOf(q))
	if err != nil {
		return nil, nil, err
	}
	var rows []answer.Row
	switch q := q.(type) {
	case *syntax.WhoReach:
		rows, err = pp.whoReach(q)
	case *syntax.WhatReach:
		rows, err = pp.whatReach(q)
	case *syntax.Paths:
		rows, err = pp.paths(q)
	case *syntax.WhoIsAdmin:
		rows, err = pp.whoIsAdmin(q)
	case *syntax.Choke:
		rows, err = pp.chokes(q)
	}
	if err != nil {
		return nil, nil, err
	}
	return rows, &evaluator.Answer{Assumptions: pp.said}, nil
}

// aim finds what a target of the language is.
func (p *pathPlan) aim(t syntax.Target, c *syntax.Clauses) (err error) {
	switch t := t.(type) {
	case *syntax.AdminTarget:
		if t.Account != "" {
			scope := &syntax.Scope{Kind: syntax.ScopeAccount, Name: t.Account, Pos: t.Pos}
			if !slices.Contains(p.world.Accounts(), t.Account) {
				return p.fail(scope.Pos, t.String(), nearest(t.Account, p.world.Accounts()), "the snapshot knows no account %s", t.Account)
			}
		}
		p.target, err = p.graph.Admins(p.ctx, t.Account, p.search.Via)
	case *syntax.Principal:
		p.target, err = p.principals(t)
	case *syntax.AccessTarget:
		var said []string
		question, err := p.question(&t.Access, &syntax.Clauses{On: append(slices.Clone(t.On), c.On...)})
		if err != nil {
			return err
		}
		p.target, said, err = p.graph.Access(p.ctx, question, p.search.Via)
		if err != nil {
			return p.place(err, &t.Access, nil, &syntax.Clauses{On: t.On})
		}
		for _, s := range said {
			if !slices.Contains(p.said, s) {
				p.said = append(p.said, s)
			}
		}
		return nil
	}
	return err
}

// principals is the target of being one of the principals that a selector names.
func (p *pathPlan) principals(x *syntax.Principal) (*paths.Target, error) {
	who := selector(x)
	switch who.Kind {
	case evaluator.SelectGroup:
		return nil, p.fail(x.Pos, x.String(), "", "a group is no principal, so that nobody can become it; ask for its members, or for what its policies allow")
	case evaluator.SelectService:
		return nil, p.fail(x.Pos, x.String(), "", "nobody becomes an AWS service; ask for the roles that trust it: what can %s reach", x)
	}
	if !p.world.Has(who) {
		return nil, p.fail(x.Pos, x.String(), nearestPrincipal(p.world, who), "no principal %q in the snapshot", who)
	}
	return p.graph.Principals(func(n *paths.Node) bool { return who.Names(p.graph.Subject(n)) }), nil
}

// starts are the nodes where paths of a source begin.
func (p *pathPlan) starts(s syntax.Source) ([]uint32, error) {
	switch s := s.(type) {
	case *syntax.Outsiders:
		open := s.Kind != syntax.OutsideExternal
		return p.graph.Sources(func(n *paths.Node) bool {
			if open {
				return n.Open
			}
			return n.Outside && !n.Open || n.Open && n.ARN == "*"
		}), nil
	case *syntax.Principal:
		who := selector(s)
		if who.Kind == evaluator.SelectGroup {
			return nil, p.fail(s.Pos, s.String(), "", "a group is no principal, so that no path begins there; ask for one of its members")
		}
		found := p.graph.Sources(func(n *paths.Node) bool {
			return who.Names(p.graph.Subject(n)) || n.Kind == "compute" && who.Kind == evaluator.SelectARN && n.ARN == who.Name ||
				who.Kind == evaluator.SelectAccount && n.Account == who.Name && n.Kind == "account"
		})
		if len(found) > 0 {
			return found, nil
		}
		if who.Kind == evaluator.SelectService {
			p.knownService(who.Name)
			return nil, nil
		}
		if !p.world.Has(who) {
			return nil, p.fail(s.Pos, s.String(), nearestPrincipal(p.world, who), "no principal %q in the snapshot", who)
		}
	}
	return nil, nil
}

// whoReach lists the principals and outsiders that reach a target, each by its shortest path.
func (p *pathPlan) whoReach(q *syntax.WhoReach) ([]answer.Row, error) {
	from, err := p.reachers(q.Target, &q.Clauses)
	if err != nil {
		return nil, err
	}
	return p.reaching(from)
}

// reachers aims at a target, and gives the nodes that in and except leave as sources. Services and compute take no step by themselves.
func (p *pathPlan) reachers(t syntax.Target, c *syntax.Clauses) ([]uint32, error) {
	filter, err := p.filter(c)
	if err != nil {
		return nil, err
	}
	if err := p.aim(t, c); err != nil {
		return nil, err
	}
	return p.graph.Sources(func(n *paths.Node) bool {
		return n.Kind != "service" && n.Kind != "compute" && (filter == nil || filter(p.graph.Subject(n)))
	}), nil
}

// reaching gives the rows of the nodes that reach the target. Several nodes of one name are one row, that of the best way.
func (p *pathPlan) reaching(from []uint32) ([]answer.Row, error) {
	r, err := p.graph.Toward(p.ctx, p.target, p.search)
	if err != nil {
		return nil, err
	}
	best := map[string]*paths.Way{}
	var order []string
	for _, n := range from {
		w := r.Way(n)
		if w == nil {
			continue
		}
		key := p.graph.Node(n).ARN
		have := best[key]
		if have == nil {
			order = append(order, key)
		}
		if have == nil || w.Level > have.Level || w.Level == have.Level && len(w.Steps) < len(have.Steps) {
			best[key] = w
		}
	}
	if r.Cut {
		p.bounded()
	}
	rows := make([]answer.Row, 0, len(order))
	for i, key := range order {
		if i%256 == 0 {
			if err := p.ctx.Err(); err != nil {
				return nil, err
			}
		}
		rows = append(rows, p.row(best[key]))
	}
	sortPaths(rows)
	return rows, nil
}

// bounded says that the limit of hops left something out (E17).
func (p *pathPlan) bounded() {
	hops := p.search.Hops
	if hops == 0 && !p.search.Limited {
		hops = paths.DefaultHops
	}
	p.notes = append(p.notes, fmt.Sprintf("paths of more than %d hops are not looked at; within N hops changes that", hops))
}

// sortPaths orders rows by account, then principal, as all answers are.
func sortPaths(rows []answer.Row) {
	slices.SortStableFunc(rows, func(a, b answer.Row) int {
		x, y := a.(*answer.Path), b.(*answer.Path)
		return cmp.Or(strings.Compare(x.Account, y.Account), strings.Compare(x.Principal, y.Principal))
	})
}

// whoIsAdmin lists the administrators: by what they may do, or by what they can give themselves (E22).
func (p *pathPlan) whoIsAdmin(q *syntax.WhoIsAdmin) ([]answer.Row, error) {
	filter, err := p.filter(&q.Clauses)
	if err != nil {
		return nil, err
	}
	if p.target, err = p.graph.Admins(p.ctx, "", paths.Via{}); err != nil {
		return nil, err
	}
	var rows []answer.Row
	for _, n := range p.graph.Sources(func(n *paths.Node) bool { return filter == nil || filter(p.graph.Subject(n)) }) {
		if w := p.target.At(n); w != nil {
			rows = append(rows, p.row(w))
		}
	}
	sortPaths(rows)
	return rows, nil
}

// whatReach lists every principal that some principals can become, each by its shortest path.
func (p *pathPlan) whatReach(q *syntax.WhatReach) ([]answer.Row, error) {
	from, err := p.starts(q.Principal)
	if err != nil {
		return nil, err
	}
	if p.target, err = p.graph.Admins(p.ctx, "", p.search.Via); err != nil {
		return nil, err
	}
	onward, err := p.graph.Toward(p.ctx, p.target, p.search)
	if err != nil {
		return nil, err
	}
	var rows []answer.Row
	admins := 0
	for _, start := range from {
		c, err := p.graph.Closure(p.ctx, []uint32{start}, p.search)
		if err != nil {
			return nil, err
		}
		if c.Cut {
			p.bounded()
		}
		best := map[uint32]*paths.Way{}
		for _, n := range p.graph.Nodes() {
			w, node := c.Way(n), p.graph.Node(n)
			if w == nil || len(w.Steps) == 0 || node.Principal == p.graph.Node(start).Principal && node.Change == nil {
				continue
			}
			have := best[node.Principal]
			if have == nil || w.Level > have.Level || w.Level == have.Level && len(w.Steps) < len(have.Steps) {
				best[node.Principal] = w
			}
		}
		for _, w := range best {
			row := p.row(w)
			if on := onward.Way(w.End()); on != nil {
				row.ReachesAdmin = true
				admins++
			}
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, func(a, b answer.Row) int {
		x, y := a.(*answer.Path), b.(*answer.Path)
		return cmp.Or(strings.Compare(x.Account, y.Account), strings.Compare(x.Principal, y.Principal), strings.Compare(x.ToAccount, y.ToAccount),
			strings.Compare(x.To, y.To), cmp.Compare(len(x.Hops), len(y.Hops)))
	})
	if len(rows) > 0 {
		p.notes = append(p.notes, fmt.Sprintf("%d of %d are administrators or reach one", admins, len(rows)))
	}
	return rows, nil
}

// paths lists the shortest paths from a source to a target, or all of them.
func (p *pathPlan) paths(q *syntax.Paths) ([]answer.Row, error) {
	from, err := p.starts(q.Source)
	if err != nil {
		return nil, err
	}
	if err := p.aim(q.Target, &q.Clauses); err != nil {
		return nil, err
	}
	if q.All {
		return p.all(from)
	}
	rows, err := p.reaching(from)
	slices.SortStableFunc(rows, func(a, b answer.Row) int { // those that need the least first
		x, y := a.(*answer.Path), b.(*answer.Path)
		return cmp.Or(rank(y.Verdict)-rank(x.Verdict), cmp.Compare(len(x.Hops), len(y.Hops)))
	})
	return rows, err
}

func rank(v answer.Verdict) int {
	return slices.Index([]answer.Verdict{answer.Denied, answer.Unknown, answer.Conditional, answer.Allowed}, v)
}

// all lists every simple path, the shortest first, until there are enough.
func (p *pathPlan) all(from []uint32) ([]answer.Row, error) {
	most := p.most
	if most == 0 {
		most = mostPaths
	}
	var rows []answer.Row
	for w, err := range p.graph.All(p.ctx, from, p.target, p.search) {
		if err != nil {
			return nil, err
		}
		if len(rows) == most {
			if p.most == 0 {
				p.notes = append(p.notes, fmt.Sprintf("there are more than these %d paths, which are the shortest; | limit N asks for more or fewer", most))
			}
			break
		}
		rows = append(rows, p.row(w))
	}
	return rows, nil
}
