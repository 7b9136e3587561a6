package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/accessgraph/accessgraph/bench/orggen/organization"
	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/paths"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/badgerstore"
	"github.com/accessgraph/accessgraph/query"
)

const aboutPaths = `
Access paths in organizations of 100 accounts with 20 and with 200 users and roles each (orggen --accounts 100 --seed 1), 2,000 and 20,000 principals,
and in one of 10 accounts with 200 each. Baseline: the snapshot is loaded from a store and compiled, whatever is asked of it afterwards. Edges: all access edges, paths.Build, which
compiles for itself. Closure to admin: who is an administrator, and the shortest way of every node to one, at each level, of edges that are there. The
question: "paths from external to admin" of an engine that was opened and asked nothing before, so that it finds the edges first; rows are taken to the
end. The baseline, edges and closure, and the question each run once in a new process. Heap is what is in use afterwards (HeapAlloc of runtime.MemStats
after a collection), what was there when the process began taken off; peak is the most that the process had resident. Growth is the exponent e where the CPU time grows
as the number of principals to the power of e; linear is 1, and 5 % are granted to the measurement. It is that of the same 100 accounts with ten times
the principals. Of ten accounts two are of the kind in which most can be escalated, of a hundred 38 are: growth from those says more about that than
about size, and is shown without being held to anything.`

// pathsSizes are the organizations: the smaller one, the larger one whose growth is held, and a small one of few accounts.
var pathsSizes = []pathsSize{{100, 20}, {100, 200}, {10, 200}}

type pathsSize struct{ accounts, principals int } // principals: users and roles of each account

func (s pathsSize) total() int { return s.accounts * s.principals }

const (
	mostPathsGrowth = 1.05
	pathsQuestion   = "paths from external to admin"
)

// measured is what one piece of work took, as a process of its own writes it.
type measured struct {
	Work string
	spent
	Heap int64 // in use afterwards, beyond what was before all work of the process
	Size int   // edges of a graph, nodes that reach an administrator, rows: what there is to find
	peak int64
}

// MarshalJSON and UnmarshalJSON name the times, which are private to the command.
func (m measured) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{m.Work, m.wall, m.cpu, m.Heap, m.Size})
}

func (m *measured) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[]any{&m.Work, &m.wall, &m.cpu, &m.Heap, &m.Size})
}

// paths measures every size and adds the rows.
func (b *bench) paths() error {
	var all [][]measured // by size, then work
	for _, n := range pathsSizes {
		store, err := b.ingested(organization.Options{Accounts: n.accounts, Principals: n.principals, Seed: 1})
		if err != nil {
			return err
		}
		var one []measured
		for _, phase := range []string{"baseline", "graph", "question"} {
			found, err := b.pathsOf(store, phase)
			if err != nil {
				return err
			}
			one = append(one, found...)
		}
		all = append(all, one)
	}
	b.pathsRows(all)
	return nil
}

// pathsRows adds a row for each piece of work and size, and one for its growth.
func (b *bench) pathsRows(all [][]measured) {
	for i := range all[0] {
		for at, n := range pathsSizes {
			m := all[at][i]
			b.add(fmt.Sprintf("%s, %s principals in %d accounts", m.Work, short(n.total()), n.accounts),
				fmt.Sprintf("%s, %s of heap, %s at peak; %d", m.seconds(), megabytes(m.Heap), megabytes(m.peak), m.Size))
		}
		small, large, few := all[0][i], all[1][i], all[2][i]
		e := exponent(small.cpu, large.cpu, pathsSizes[0].total(), pathsSizes[1].total())
		work, got := small.Work+", growth", fmt.Sprintf("exponent %.2f", e)
		if i == 0 {
			b.add(work, got)
		} else {
			b.hold(work, got, "linear", e <= mostPathsGrowth)
		}
		b.add(work+" from 10 accounts", fmt.Sprintf("exponent %.2f", exponent(few.cpu, large.cpu, pathsSizes[2].total(), pathsSizes[1].total())))
	}
}

// pathsOf runs printPaths in a new process.
func (b *bench) pathsOf(store, phase string) ([]measured, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(b.dir, "paths.json")
	out, err := b.self(b.ctx, "-peak-of", self, "-paths-of", store, phase, file)
	if err != nil {
		return nil, err
	}
	var peak int64
	if _, err := fmt.Sscan(string(out), &peak); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var found []measured
	if err := json.Unmarshal(text, &found); err != nil {
		return nil, fmt.Errorf("paths %s: %w", phase, err)
	}
	for i := range found {
		found[i].peak = peak
	}
	return found, nil
}

// printPaths is the process: it does the work of a phase on the latest snapshot of a store, and writes what it took.
func printPaths(ctx context.Context, store string, args []string) error {
	if len(args) != 2 {
		return errors.New("-paths-of: want a phase and a file")
	}
	s, err := badgerstore.Open(store)
	if err != nil {
		return err
	}
	defer s.Close()
	p := &pathsWork{ctx: ctx, store: s, before: live()}
	switch args[0] {
	case "baseline":
		err = p.baseline()
	case "graph":
		err = p.graph()
	case "question":
		err = p.question()
	default:
		err = fmt.Errorf("-paths-of: no phase %q", args[0])
	}
	if err != nil {
		return err
	}
	runtime.KeepAlive(p)
	text, err := json.Marshal(p.found)
	if err != nil {
		return err
	}
	return os.WriteFile(args[1], text, 0o600)
}

// pathsWork is the work of one process.
type pathsWork struct {
	ctx   context.Context
	store graph.Store
	found []measured

	before int64 // heap in use before all work
	keep   any   // what the last piece of work leaves in memory
}

// measure does a piece of work, which gives what is to stay in memory and how much there is of what was found.
func (p *pathsWork) measure(work string, do func() (keep any, size int, err error)) error {
	m := measured{Work: work}
	var err error
	m.spent, err = timed(func() (err error) {
		p.keep, m.Size, err = do()
		return err
	})
	m.Heap = live() - p.before
	p.found = append(p.found, m)
	return err
}

func (p *pathsWork) load() (*graph.Facts, error) {
	entry, err := graph.Resolve(p.ctx, p.store, "latest")
	if err != nil {
		return nil, err
	}
	return graph.Load(p.ctx, p.store, entry.Snapshot)
}

// baseline loads and compiles; what it finds is principals.
func (p *pathsWork) baseline() error {
	cat, err := catalog.Load()
	if err != nil {
		return err
	}
	return p.measure("loading and compiling (principals)", func() (any, int, error) {
		facts, err := p.load()
		if err != nil {
			return nil, 0, err
		}
		w, err := evaluator.Compile(p.ctx, facts, cat)
		if err != nil {
			return nil, 0, err
		}
		return w, len(w.Actors()), nil
	})
}

// graph finds the edges, and then who reaches an administrator.
func (p *pathsWork) graph() error {
	cat, err := catalog.Load()
	if err != nil {
		return err
	}
	facts, err := p.load()
	if err != nil {
		return err
	}
	var g *paths.Graph
	if err := p.measure("edges (nodes)", func() (any, int, error) {
		g, err = paths.Build(p.ctx, facts, cat, paths.Options{})
		if err != nil {
			return nil, 0, err
		}
		return g, len(g.Nodes()), nil
	}); err != nil {
		return err
	}
	return p.measure("closure to admin (nodes that reach one)", func() (any, int, error) {
		admins, err := g.Admins(p.ctx, "", paths.Via{})
		if err != nil {
			return nil, 0, err
		}
		r, err := g.Toward(p.ctx, admins, paths.Search{})
		if err != nil {
			return nil, 0, err
		}
		reach := 0
		for _, n := range g.Nodes() {
			if r.Way(n) != nil {
				reach++
			}
		}
		return []any{g, r}, reach, nil
	})
}

// question asks an engine that knows nothing yet.
func (p *pathsWork) question() error {
	return p.measure(pathsQuestion+" (rows)", func() (any, int, error) {
		engine, err := query.Open(p.ctx, p.store, "latest")
		if err != nil {
			return nil, 0, err
		}
		a, err := engine.Ask(p.ctx, pathsQuestion, query.Options{})
		if err != nil {
			return nil, 0, err
		}
		for _, err := range a.Rows {
			if err != nil {
				return nil, 0, err
			}
		}
		return engine, a.Summary().Count, nil
	})
}
