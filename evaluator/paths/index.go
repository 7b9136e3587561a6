package paths

import (
	"context"
	"iter"
	"slices"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/paths/network"
)

// index is a graph as its search sees it: nodes are vertices, edges of a party bundles, and the label of a bundle is its place among all edges.
type index struct {
	net   *network.Network
	edges []*edge // by label
	party []int32 // by label
}

func newIndex(g *Graph) *index {
	x := &index{}
	var bundles []network.Bundle
	for i := range g.parties {
		p := &g.parties[i]
		for j := range p.edges {
			e := &p.edges[j]
			if e.leaf {
				continue
			}
			label := int32(len(x.edges))
			x.edges, x.party = append(x.edges, e), append(x.party, int32(i))
			g.each(p, e, func(from, to []uint32) { bundles = append(bundles, network.Bundle{From: from, To: to, Label: label}) })
		}
	}
	x.net = network.New(len(g.nodes), bundles)
	return x
}

// each gives the nodes that an edge of a party leads from, and those that it leads to: of an edge to what its members make of themselves each by itself.
func (g *Graph) each(p *party, e *edge, fn func(from, to []uint32)) {
	if !e.self {
		fn(p.members, e.to.ToArray())
		return
	}
	own := map[uint32][]uint32{} // by principal
	e.to.Iterate(func(to uint32) bool {
		own[g.nodes[to].Principal] = append(own[g.nodes[to].Principal], to)
		return true
	})
	for _, from := range p.members {
		if to := own[g.nodes[from].Principal]; len(to) > 0 {
			fn([]uint32{from}, to)
		}
	}
}

// Via says which edges a path may use, in the words of the query language; an empty one means all.
type Via struct {
	Assume, Federation, Escalation bool
	Some                           bool // some are named: the others may not be used
}

// uses tells whether a path may use edges of a kind.
func (v Via) uses(k Kind) bool {
	if !v.Some {
		return true
	}
	switch k {
	case CanAssume, ServiceAssumes, RunsAs, CanAssumeRoot:
		return v.Assume
	case CanFederate:
		return v.Federation
	}
	return v.Escalation
}

// Search is what paths may be like.
type Search struct {
	Via     Via
	Hops    int  // at most so many
	Limited bool // Hops counts; else DefaultHops does
}

// DefaultHops bounds the length of paths (E17).
const DefaultHops = 8

// filter gives the cost of each edge at a level or better, for the choice between ways of equal length: what is not known costs more than a
// condition, and that more than something that the snapshot does not tell.
func (g *Graph) filter(s Search, level Level) network.Filter {
	return func(label int32) int {
		e := g.index.edges[label]
		if e.level < level || !s.Via.uses(e.kind) {
			return -1
		}
		cost := 4 * int(certain-e.level)
		switch {
		case e.technique != nil && len(e.technique.Prerequisites) > 0:
			cost++
		case e.kind == GainPermissions: // what needs no edit is told without one
			cost += 2
		}
		return cost
	}
}

// Way is a path through the graph: nodes and the edges between them. A way without steps stays where it is.
type Way struct {
	Start uint32
	Steps []network.Step
	Level Level // the worst of its edges and of what its end is

	target *Target // nil: it leads to none
}

// length is how many hops the way has, those that end it at its target too.
func (w *Way) length() int {
	if w.target == nil {
		return len(w.Steps)
	}
	return len(w.Steps) + w.target.tail()
}

// End is the node where the way ends.
func (w *Way) End() uint32 {
	if len(w.Steps) == 0 {
		return w.Start
	}
	return w.Steps[len(w.Steps)-1].To
}

// Reaching is the shortest way of every node to a target, for each level: at the best level at which there is one.
type Reaching struct {
	target *Target
	trees  [certain + 1]*network.Tree
	opened *Reaching // by opening a resource first; nil: nobody can
	Cut    bool      // the limit of hops left somebody out
}

// Toward finds the shortest ways of all nodes to a target.
func (g *Graph) Toward(ctx context.Context, t *Target, s Search) (*Reaching, error) {
	r := &Reaching{target: t}
	if s.Limited && s.Hops < t.tail() { // not even who needs no step has a way that is short enough
		r.Cut = len(t.at(unknown)) > 0
		return r, nil
	}
	for level := unknown; level <= certain; level++ {
		hops, filter := g.limits(s, t, level)
		tree, err := g.index.net.Toward(ctx, t.at(level), filter, hops)
		if err != nil {
			return nil, err
		}
		r.trees[level] = tree
		r.Cut = r.Cut || tree.Cut()
	}
	if s.Limited && s.Hops == t.tail() && !r.Cut { // no step was tried: whether there is one is to be seen
		next, err := g.index.net.Toward(ctx, t.at(unknown), g.filter(s, unknown), 1)
		if err != nil {
			return nil, err
		}
		r.Cut = slices.ContainsFunc(g.Nodes(), func(n uint32) bool { return next.Hops(n) > 0 })
	}
	if t.opened != nil {
		var err error
		if r.opened, err = g.Toward(ctx, t.opened, s); err != nil {
			return nil, err
		}
		r.Cut = r.Cut || r.opened.Cut
	}
	return r, nil
}

// limits is how many edges a path may have, and which. The last step to a resource is a hop too.
func (g *Graph) limits(s Search, t *Target, level Level) (int, network.Filter) {
	n := s.Hops
	if !s.Limited {
		n = DefaultHops
	}
	n -= t.tail()
	if n <= 0 { // network takes 0 for any number
		return 1, func(int32) int { return -1 }
	}
	return n, g.filter(s, level)
}

// Way gives the shortest way of a node at the best level; nil: there is none.
func (r *Reaching) Way(n uint32) *Way {
	var best *Way
	for level := certain; level >= unknown && best == nil; level-- {
		if t := r.trees[level]; t != nil && t.Hops(n) >= 0 {
			best = &Way{Start: n, Steps: t.Path(n), Level: level, target: r.target}
		}
	}
	if r.opened != nil {
		other := r.opened.Way(n)
		if other != nil && (best == nil || other.Level > best.Level || other.Level == best.Level && other.length() < best.length()) {
			best = other
		}
	}
	return best
}

// Closure finds the shortest ways from some nodes to all others, at the best level of each.
func (g *Graph) Closure(ctx context.Context, from []uint32, s Search) (*Closure, error) {
	c := &Closure{}
	for level := unknown; level <= certain; level++ {
		hops, filter := g.limits(s, &Target{}, level)
		tree, err := g.index.net.From(ctx, from, filter, hops)
		if err != nil {
			return nil, err
		}
		c.trees[level] = tree
		c.Cut = c.Cut || tree.Cut()
	}
	if s.Limited && s.Hops == 0 {
		next, err := g.index.net.From(ctx, from, g.filter(s, unknown), 1)
		if err != nil {
			return nil, err
		}
		c.Cut = slices.ContainsFunc(g.Nodes(), func(n uint32) bool { return next.Hops(n) > 0 })
	}
	return c, nil
}

// Closure is what can be become from some nodes.
type Closure struct {
	trees [certain + 1]*network.Tree
	Cut   bool // the limit of hops left something out
}

// Way gives the shortest way to a node at the best level; nil: there is none.
func (c *Closure) Way(n uint32) *Way {
	for level := certain; level >= unknown; level-- {
		t := c.trees[level]
		if t.Hops(n) < 0 {
			continue
		}
		w := &Way{Start: n, Steps: t.Path(n), Level: level}
		if len(w.Steps) > 0 {
			w.Start = w.Steps[0].From
		}
		return w
	}
	return nil
}

// At is the way of a node that is a target already; nil: it is none.
func (t *Target) At(n uint32) *Way {
	if level := t.Level(n); level > evaluator.Denied {
		return &Way{Start: n, Level: level, target: t}
	}
	return nil
}

// World is the snapshot that the graph is of.
func (g *Graph) World() *evaluator.World { return g.world }

// Nodes numbers all nodes.
func (g *Graph) Nodes() []uint32 {
	out := make([]uint32, len(g.nodes))
	for i := range out {
		out[i] = uint32(i)
	}
	return out
}

// Sources lists nodes where paths can begin: principals as they are, and whoever is outside of the snapshot.
func (g *Graph) Sources(takes func(*Node) bool) []uint32 {
	var out []uint32
	for i := range g.nodes {
		if n := &g.nodes[i]; n.Principal == uint32(i) && takes(n) {
			out = append(out, uint32(i))
		}
	}
	return out
}

// Subject describes a node for scopes.
func (g *Graph) Subject(n *Node) *evaluator.Subject {
	if n.actor != nil {
		s := n.actor.Subject()
		s.Outside = n.Outside
		return s
	}
	return &evaluator.Subject{ARN: n.ARN, Kind: n.Kind, Name: n.Name, Account: n.Account, Outside: n.Outside}
}

// All yields every simple path from some nodes to a target, the shortest first, of those the ones that need the least.
func (g *Graph) All(ctx context.Context, from []uint32, t *Target, s Search) iter.Seq2[*Way, error] {
	if t.opened == nil {
		return g.all(ctx, from, t, s)
	}
	return func(yield func(*Way, error) bool) { // both sorts of paths, by their length
		next, stop := iter.Pull2(g.all(ctx, from, t.opened, s))
		defer stop()
		w, err, more := next()
		for direct, failed := range g.all(ctx, from, t, s) {
			for failed == nil && more && (err != nil || w.length() < direct.length()) {
				if !yield(w, err) || err != nil {
					return
				}
				w, err, more = next()
			}
			if !yield(direct, failed) || failed != nil {
				return
			}
		}
		for ; more; w, err, more = next() {
			if !yield(w, err) || err != nil {
				return
			}
		}
	}
}

func (g *Graph) all(ctx context.Context, from []uint32, t *Target, s Search) iter.Seq2[*Way, error] {
	if s.Limited && s.Hops < t.tail() {
		return func(func(*Way, error) bool) {}
	}
	hops, filter := g.limits(s, t, unknown)
	return func(yield func(*Way, error) bool) {
		for _, n := range from { // a source that is the target has no way to go
			if level := t.Level(n); level > evaluator.Denied && !yield(&Way{Start: n, Level: level, target: t}, nil) {
				return
			}
		}
		for steps, err := range g.index.net.All(ctx, from, t.at(unknown), filter, hops) {
			if err != nil {
				yield(nil, err)
				return
			}
			if len(steps) == 0 {
				continue
			}
			w := &Way{Start: steps[0].From, Steps: slices.Clone(steps), target: t}
			w.Level = t.Level(w.End())
			for _, st := range steps {
				w.Level = min(w.Level, g.index.edges[st.Label].level)
			}
			if !yield(w, nil) {
				return
			}
		}
	}
}
