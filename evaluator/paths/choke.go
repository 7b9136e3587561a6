package paths

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/paths/network"
)

// Chokes is what paths to a target hang on: what to fix first. Principals are counted, not nodes: what is several nodes of one ARN loses every path when
// all of them do. A path that is not certain enough to be conditional is none, and paths of any length count.
type Chokes struct {
	Of       int       // principals with a path, those that are the target themselves aside
	Edges    []*Strait // those without which somebody has no path, by how many lose every path
	Cut      []*Strait // as few edges as can be without which nobody has a path, those of one kind between two states of principals each being one
	TooLarge int       // the number of edges that were too many for Cut to be looked for; 0: they were not

	Statements []*Pin // those without which somebody has no path, by how many lose every path
	Tried      int    // statements that the snapshot was built anew without
	Rebuilt    int    // statements for which the whole snapshot was built anew, and not only the edges of those who have them
	Left       int    // statements that may take paths and were not tried
	LeftMost   int    // how many of them one of those may take, at most
	Greedy     []*Pin // a few statements, chosen one after the other, each taking the most beside those before it
}

// Strait is one edge that paths go by: from, kind and to (E2). What leads from one state of a principal to one of another is one edge.
type Strait struct {
	From       *Node
	To         *Node  // nil: a resource
	FromChange string // what was edited of From before (E10), where every such edge comes after that; the same of To
	ToChange   string
	Resource   string // of CAN_ACCESS and OPEN_RESOURCE
	Kind       Kind
	Level      Level        // of the best technique
	Techniques []*Technique // all that make the edge; none where it is no technique
	Remedy     string       // of the first technique
	Lost       []*Node      // who has no path without it, one node for each principal
}

// MostCut is how many edges may lie between sources and target for a minimum cut to be looked for.
const MostCut = 200_000

// Chokes finds what the paths of some sources to a target hang on.
func (g *Graph) Chokes(ctx context.Context, sources []uint32, t *Target, s Search) (*Chokes, error) {
	c := &choking{g: g, ctx: ctx, target: t, search: s, mesh: g.meshOf(t, s), crowd: g.crowdOf(sources, t), lacking: &lacking{ctx: ctx, g: g}, out: &Chokes{}}
	c.net, c.vertices, c.kinds, c.own = c.mesh.network(c.crowd)
	reached, err := c.mesh.reaching(ctx, nil)
	if err != nil {
		return nil, err
	}
	c.with = c.crowd.among(reached)
	c.out.Of = len(c.with)
	for _, find := range []func() error{c.findEdges, c.findCut, c.findStatements, c.findGreedy} {
		if err := find(); err != nil {
			return nil, err
		}
	}
	return c.out, nil
}

// choking is the search for what paths hang on.
type choking struct {
	g      *Graph
	ctx    context.Context
	target *Target
	search Search
	mesh   *mesh
	crowd  *crowd
	with   []int // places of the crowd with a path
	out    *Chokes

	lacking *lacking

	net      *network.Network
	vertices []uint32 // of the crowd
	kinds    []Kind   // by label
	own      int32    // the label of edges from a principal to its nodes

	single map[network.Step][]int // whom an edge between two nodes takes every path from
	took   map[between][]int      // the same of edges between principals
}

// between is an edge between principals, by their ARNs; of access the second is empty.
type between struct {
	from, to string
	kind     Kind
}

// step is one edge of a node that makes an edge between principals.
type step struct {
	from, to uint32
	edge     *edge // nil: access
}

// nameOf tells which edge between principals a step is part of.
func (c *choking) nameOf(s network.Step) between {
	b := between{from: c.g.nodes[s.From].ARN, kind: c.kinds[s.Label]}
	if int(s.To) < len(c.g.nodes) {
		b.to = c.g.nodes[s.To].ARN
	}
	return b
}

// steps lists all that make an edge between principals.
func (c *choking) steps(b between) []step {
	var out []step
	for _, from := range c.g.byARN[b.from] {
		if b.to == "" {
			if c.accessing(b.kind).Level(from) >= conditional {
				out = append(out, step{from: from})
			}
			continue
		}
		n := &c.g.nodes[from]
		if n.party < 0 {
			continue
		}
		p := &c.g.parties[n.party]
		for i := range p.edges {
			e := &p.edges[i]
			if e.leaf || e.kind != b.kind || e.level < conditional {
				continue
			}
			for _, to := range c.g.byARN[b.to] {
				if from != to && e.to.Contains(to) && (!e.self || c.g.nodes[to].Principal == n.Principal) {
					out = append(out, step{from, to, e})
				}
			}
		}
	}
	return out
}

// accessing is the target of which a kind of access is.
func (c *choking) accessing(kind Kind) *Target {
	if kind == OpenResource {
		return c.target.opened
	}
	return c.target
}

// findEdges finds the edges without which somebody has no path: those on the shortest ways alone can be such.
func (c *choking) findEdges() error {
	chokes, takes, err := c.net.Takes(c.ctx, c.vertices, c.mesh.targets, nil)
	if err != nil {
		return err
	}
	place := make(map[uint32]int, len(c.vertices))
	for i, v := range c.vertices {
		place[v] = i
	}
	c.single = make(map[network.Step][]int, len(chokes))
	for i := range chokes {
		if chokes[i].Label == c.own {
			continue
		}
		var lost []int
		for _, v := range takes(&chokes[i]) {
			lost = append(lost, place[v])
		}
		slices.Sort(lost)
		c.single[chokes[i].Step] = lost
	}
	used, err := c.used()
	if err != nil {
		return err
	}
	c.took = map[between][]int{}
	for _, b := range used {
		lost, err := c.takenBy(b)
		if err != nil {
			return err
		}
		if len(lost) > 0 {
			c.out.Edges = append(c.out.Edges, c.strait(b))
		}
	}
	slices.SortStableFunc(c.out.Edges, func(a, b *Strait) int { return cmp.Compare(len(b.Lost), len(a.Lost)) })
	return nil
}

// used lists the edges of the shortest ways, each once, sorted.
func (c *choking) used() ([]between, error) {
	tree, err := c.net.Toward(c.ctx, c.mesh.targets, nil, 0)
	if err != nil {
		return nil, err
	}
	seen := map[between]bool{}
	var out []between
	for _, v := range c.vertices {
		for _, s := range tree.Path(v) {
			if s.Label == c.own {
				continue
			}
			if b := c.nameOf(s); !seen[b] {
				seen[b] = true
				out = append(out, b)
			}
		}
		if err := c.ctx.Err(); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(a, b between) int {
		return cmp.Or(strings.Compare(a.from, b.from), strings.Compare(a.to, b.to), strings.Compare(string(a.kind), string(b.kind)))
	})
	return out, nil
}

// takenBy gives the places of those who have no path without an edge. Where it is one edge between nodes, the dominators tell; where it is several, they
// are taken out together.
func (c *choking) takenBy(b between) ([]int, error) {
	if lost, ok := c.took[b]; ok {
		return lost, nil
	}
	pairs := map[[2]uint32]bool{}
	var from, to []uint32
	for _, s := range c.steps(b) {
		pairs[[2]uint32{s.from, s.to}] = true
		from, to = append(from, s.from), append(to, s.to)
	}
	var lost []int
	if len(pairs) == 1 {
		lost = c.single[network.Step{From: from[0], To: c.end(b, to[0]), Label: int32(slices.Index(c.kinds, b.kind))}]
	} else {
		slices.Sort(from)
		from = slices.Compact(from)
		reached, err := c.mesh.reaching(c.ctx, func(l *link) holes {
			if l.kind != b.kind {
				return holes{}
			}
			members := slices.DeleteFunc(slices.Clone(from), func(n uint32) bool { return !slices.Contains(l.from, n) })
			return holes{members: members, shut: func(v uint32) bool { return b.to == "" || slices.Contains(to, v) }}
		})
		if err != nil {
			return nil, err
		}
		lost = c.lost(reached)
	}
	c.took[b] = lost
	return lost, nil
}

// end is the vertex that a step leads to.
func (c *choking) end(b between, to uint32) uint32 {
	if b.to == "" {
		return c.mesh.targets[0]
	}
	return to
}

// lost gives the places of those who had a path, and whom none of the vertices that still have one is.
func (c *choking) lost(reached []bool) []int {
	return except(c.with, c.crowd.among(reached))
}

// except gives those of an ascending list that are not in another.
func except(list, other []int) []int {
	return slices.DeleteFunc(slices.Clone(list), func(i int) bool {
		_, has := slices.BinarySearch(other, i)
		return has
	})
}

// strait describes an edge whose loss is known.
func (c *choking) strait(b between) *Strait {
	s := &Strait{Kind: b.kind}
	steps := c.steps(b)
	s.FromChange, s.ToChange = c.changes(steps)
	for _, st := range steps {
		if s.From == nil {
			s.From = &c.g.nodes[st.from]
		}
		if st.edge == nil {
			h := c.accessing(b.kind).access.hops(c.g, st.from)[0]
			s.Level, s.Resource = max(s.Level, h.Level), cmp.Or(s.Resource, h.Resource)
			if t := h.Technique; t != nil && !slices.Contains(s.Techniques, t) {
				s.Techniques = append(s.Techniques, t)
			}
			continue
		}
		if s.To == nil {
			s.To = &c.g.nodes[st.to]
		}
		t := st.edge.technique
		if t == nil && b.kind == GainPermissions {
			t = c.g.hop(st.from, st.to, st.edge).Technique
		}
		if t != nil && !slices.Contains(s.Techniques, t) {
			s.Techniques = append(s.Techniques, t)
		}
		s.Level = max(s.Level, st.edge.level)
	}
	switch {
	case len(s.Techniques) > 0:
		s.Remedy = s.Techniques[0].Remedy
	case b.kind == CanAssume:
		if t, ok := c.g.techniques.ByID("assume-role"); ok {
			s.Remedy = t.Remedy
		}
	}
	s.Lost = c.people(c.took[b])
	return s
}

// changes tells which edits all steps come after, and lead to.
func (c *choking) changes(steps []step) (from, to string) {
	for i, st := range steps {
		f, t := "", ""
		if change := c.g.nodes[st.from].Change; change != nil {
			f = change.Words
		}
		if st.edge != nil && c.g.nodes[st.to].Change != nil {
			t = c.g.nodes[st.to].Change.Words
		}
		if i == 0 {
			from, to = f, t
			continue
		}
		if f == "" {
			from = ""
		}
		if t == "" {
			to = ""
		}
	}
	return from, to
}

// people gives a node for each place of the crowd.
func (c *choking) people(places []int) []*Node {
	out := make([]*Node, len(places))
	for i, at := range places {
		out[i] = &c.g.nodes[c.crowd.nodes[at][0]]
	}
	return out
}

// findCut finds one minimum cut of all paths.
func (c *choking) findCut() error {
	if len(c.with) == 0 {
		return nil
	}
	steps, err := c.net.MinCut(c.ctx, slices.Concat(c.crowd.nodes...), c.mesh.targets, nil, MostCut)
	var large *network.TooLargeError
	if errors.As(err, &large) {
		c.out.TooLarge = large.Edges
		return nil
	}
	if err != nil {
		return err
	}
	seen := map[between]bool{}
	for _, s := range steps {
		b := c.nameOf(s)
		if seen[b] {
			continue
		}
		seen[b] = true
		if _, err := c.takenBy(b); err != nil {
			return err
		}
		c.out.Cut = append(c.out.Cut, c.strait(b))
	}
	slices.SortStableFunc(c.out.Cut, func(a, b *Strait) int { return cmp.Compare(len(b.Lost), len(a.Lost)) })
	return nil
}
