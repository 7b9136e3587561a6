package paths

import (
	"cmp"
	"container/heap"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// Pin is one statement that paths hang on.
type Pin struct {
	Statement Statement
	Sid       string
	Lost      []*Node // who has no path without it, one node for each principal; of Greedy, without it and those before it
}

const (
	// MostStatements is how many statements the snapshot is built anew without.
	MostStatements = 100
	// mostGreedy is how many statements are chosen to be taken out together, and mostTried how many are built anew for each.
	mostGreedy = 5
	mostTried  = 8
)

// candidate is a statement that may take paths.
type candidate struct {
	statement Statement
	sid       string
	bound     int  // it takes the paths of so many at most
	close     bool // the bound is that of all its edges, not of the shortest ways alone
}

// candidates is a heap of statements, those that may take the most first.
type candidates []*candidate

func (h candidates) Len() int      { return len(h) }
func (h candidates) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *candidates) Push(x any)   { *h = append(*h, x.(*candidate)) }
func (h *candidates) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

func (h candidates) Less(i, j int) bool {
	a, b := h[i], h[j]
	if a.bound != b.bound {
		return a.bound > b.bound
	}
	return a.statement.compare(&b.statement) < 0
}

func (s *Statement) compare(o *Statement) int {
	return cmp.Or(strings.Compare(s.Owner, o.Owner), strings.Compare(s.Policy, o.Policy), strings.Compare(s.Version, o.Version), cmp.Compare(s.Layer, o.Layer),
		cmp.Compare(s.Index, o.Index))
}

// findStatements finds the statements without which somebody has no path, by finding the graph anew without each: those that may take the most first.
func (c *choking) findStatements() error {
	w := c.weighing()
	h, err := w.candidates()
	if err != nil {
		return err
	}
	for h.Len() > 0 {
		one, err := w.next(h)
		if one == nil || err != nil {
			return err
		}
		if c.out.Tried == MostStatements {
			heap.Push(h, one)
			c.out.Left, c.out.LeftMost = h.Len(), one.bound
			break
		}
		lost, _, err := w.without(one)
		if err != nil {
			return err
		}
		c.out.Tried++
		if len(lost) > 0 {
			c.out.Statements = append(c.out.Statements, &Pin{one.statement, one.sid, c.people(lost)})
		}
	}
	slices.SortFunc(c.out.Statements, func(a, b *Pin) int {
		return cmp.Or(cmp.Compare(len(b.Lost), len(a.Lost)), a.Statement.compare(&b.Statement))
	})
	return nil
}

// findGreedy chooses statements one after the other, each taking the most paths beside those before it, of those that may take the most.
func (c *choking) findGreedy() error {
	w := c.weighing()
	for len(c.out.Greedy) < mostGreedy && len(w.with) > 0 {
		best, then, err := w.best()
		if best == nil || err != nil {
			return err
		}
		w = then
		c.out.Greedy = append(c.out.Greedy, &Pin{best.statement, best.sid, c.people(except(c.with, w.with))})
	}
	return nil
}

// weighing is a graph in which the statements are weighed that paths hang on: the snapshot's own, or that of the snapshot without some statements.
type weighing struct {
	*choking
	gone   []Statement
	moved  bool // the places of other statements have moved in the policies that they are gone from
	g      *Graph
	target *Target
	mesh   *mesh
	nodes  [][]uint32 // of the crowd, in this graph
	with   []int      // places of the crowd with a path

	vias  map[hopKey][]mention
	leans map[uint32][]Statement
}

type hopKey struct {
	from uint32 // of access
	edge *edge
	kind Kind
	to   uint32
}

func (c *choking) weighing() *weighing {
	return &weighing{choking: c, g: c.g, target: c.target, mesh: c.mesh, nodes: c.crowd.nodes, with: c.with, vias: map[hopKey][]mention{}, leans: map[uint32][]Statement{}}
}

// without builds the snapshot anew without one more statement, and tells who loses every path by that.
func (w *weighing) without(one *candidate) ([]int, *weighing, error) {
	then := &weighing{choking: w.choking, gone: append(slices.Clone(w.gone), one.statement), vias: map[hopKey][]mention{}, leans: map[uint32][]Statement{}}
	ok, err := then.lessen()
	if !ok && err == nil {
		w.out.Rebuilt++
		ok, err = then.rebuild()
	}
	if !ok || err != nil {
		return nil, w, err
	}
	then.mesh = then.g.meshOf(then.target, w.search)
	then.nodes = w.crowd.nodes
	if then.moved {
		then.nodes = w.choking.in(then.g)
	}
	reached, err := then.mesh.reaching(w.ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	then.with = slices.DeleteFunc(slices.Clone(w.with), func(i int) bool {
		return !slices.ContainsFunc(then.nodes[i], func(n uint32) bool { return reached[n] }) && !then.strange(i)
	})
	return except(w.with, then.with), then, nil
}

// strange tells somebody from outside who has access, and takes no step any more: the graph does not know it then.
func (w *weighing) strange(place int) bool {
	return w.target.access != nil && slices.ContainsFunc(w.crowd.nodes[place], func(n uint32) bool {
		return w.target.access.strangers[w.choking.g.nodes[n].state()] >= conditional
	})
}

// lessen finds the graph from that of the whole snapshot, where that will do.
func (w *weighing) lessen() (ok bool, err error) {
	c := w.choking
	g, asked, ok, err := c.lacking.without(w.gone)
	if !ok || err != nil {
		return false, err
	}
	w.g = g
	w.target, err = c.target.heldBy(c.ctx, c.g, g, asked)
	return err == nil, err
}

// rebuild finds the graph from the facts alone; ok is false when a statement cannot be taken out of them.
func (w *weighing) rebuild() (ok bool, err error) {
	c := w.choking
	facts, ok := without(c.g.facts, w.gone)
	if !ok {
		return false, nil
	}
	if w.g, err = Build(c.ctx, facts, c.g.catalog, c.g.options); err != nil {
		return false, err
	}
	w.moved = true
	w.target, err = c.target.held(c.ctx, c.g, w.g)
	return err == nil, err
}

// in finds the nodes of the crowd in another graph.
func (c *choking) in(g *Graph) [][]uint32 {
	states := g.states()
	out := make([][]uint32, len(c.crowd.nodes))
	for i, nodes := range c.crowd.nodes {
		for _, n := range nodes {
			if same, ok := states[c.g.nodes[n].state()]; ok {
				out[i] = append(out[i], same)
			}
		}
	}
	return out
}

// next gives the statement that may take the most, by all its edges; nil: none takes anything. It is out of the heap then.
func (w *weighing) next(h *candidates) (*candidate, error) {
	for h.Len() > 0 {
		one := heap.Pop(h).(*candidate)
		if one.close {
			return one, nil
		}
		lost, err := w.bounded(&one.statement)
		if err != nil {
			return nil, err
		}
		if len(lost) == 0 {
			continue
		}
		one.bound, one.close = len(lost), true
		heap.Push(h, one)
	}
	return nil, nil
}

// best finds the statement that takes the most, of the first few by their bounds, with the graph without it.
func (w *weighing) best() (*candidate, *weighing, error) {
	if known := w.out.Statements; len(w.gone) == 0 && len(known) > 0 && len(known[0].Lost) >= w.out.LeftMost {
		first := &candidate{statement: known[0].Statement, sid: known[0].Sid}
		_, then, err := w.without(first)
		return first, then, err
	}
	h, err := w.candidates()
	if err != nil {
		return nil, nil, err
	}
	var best *candidate
	var after *weighing
	most := 0
	for range mostTried {
		one, err := w.next(h)
		if err != nil {
			return nil, nil, err
		}
		if one == nil || one.bound <= most {
			break
		}
		lost, then, err := w.without(one)
		if err != nil {
			return nil, nil, err
		}
		if len(lost) > most {
			best, after, most = one, then, len(lost)
		}
	}
	return best, after, nil
}

// bounded tells who may lose every path by a statement: whoever has none without all edges that stand on it. Whether such an edge can be had without it is
// not looked at.
func (w *weighing) bounded(s *Statement) ([]int, error) {
	reached, err := w.mesh.reaching(w.ctx, func(l *link) holes {
		h := holes{members: l.from, shut: func(to uint32) bool { return w.standsOn(l, to, l.from[0], s) }}
		owned := w.ownedBy(s.Owner, l.from)
		n := &w.g.nodes[l.from[0]]
		switch {
		case s.Layer == evaluator.LayerResource:
			h.closed = slices.DeleteFunc(owned, func(n uint32) bool { return !slices.Contains(w.leaning(n), *s) })
		case s.managed() && n.actor != nil && n.actor.Boundary() == s.Owner:
			h.closed = l.from
		case s.managed(), strings.Contains(s.Owner, ":group/"):
		case len(owned) > 0:
			h.shut = func(to uint32) bool { return w.standsOn(l, to, owned[0], s) }
			if l.kind != GainPermissions { // else it may be what somebody becomes that stands on it
				h.members = owned
			}
		case l.kind != GainPermissions:
			return holes{}
		}
		return h
	})
	if err != nil {
		return nil, err
	}
	return except(w.with, among(w.nodes, reached)), nil
}

// standsOn tells whether a link to a vertex stands on a statement, for one of its members.
func (w *weighing) standsOn(l *link, to, member uint32, s *Statement) bool {
	return slices.ContainsFunc(w.via(l, to), func(m mention) bool {
		is, ok := w.statement(m, &w.g.nodes[member])
		return ok && is == *s
	})
}

// leaning lists the statements of a role's trust policy without which it may do something else itself: those that let its sessions bring tags, or MFA.
func (w *weighing) leaning(n uint32) []Statement {
	if list, ok := w.leans[n]; ok {
		return list
	}
	var out []Statement
	node := &w.g.nodes[n]
	if trust := w.g.world.TrustOf(node.ARN); trust != nil && node.actor != nil && node.Kind == "role" {
		for i := range trust.Statements {
			at := trust.Statements[i].Index
			s, ok := w.statement(mention{ref: evaluator.StatementRef{Layer: evaluator.LayerResource, Policy: node.ARN, Index: at}}, node)
			if ok && allowsAt(trust, []int{at}) && w.lacking.alters(node.actor, evaluator.WithoutAllows(trust, []int{at}), w.choking.target) {
				out = append(out, s)
			}
		}
	}
	w.leans[n] = out
	return out
}

// ownedBy gives those of some nodes that are states of a principal.
func (w *weighing) ownedBy(arn string, nodes []uint32) []uint32 {
	var out []uint32
	for _, n := range nodes {
		if w.g.nodes[n].ARN == arn {
			out = append(out, n)
		}
	}
	return out
}

// statement tells which statement of the snapshot as it is a reference means: places in a policy have moved where some were taken out of it.
func (w *weighing) statement(m mention, n *Node) (Statement, bool) {
	if m.of != nil {
		n = m.of
	}
	s, ok := w.g.statementOf(m.ref, n)
	if !ok || !w.moved {
		return s, ok
	}
	var before []int
	for _, g := range w.gone {
		if placeOf(&g) == placeOf(&s) {
			before = append(before, g.Index)
		}
	}
	slices.Sort(before)
	for _, i := range before {
		if i <= s.Index {
			s.Index++
		}
	}
	return s, true
}

// mention is a reference to a statement, as the grants of a node name it: of the members of a link where none is given.
type mention struct {
	ref evaluator.StatementRef
	of  *Node
}

func mentions(of *Node, refs ...evaluator.StatementRef) []mention {
	out := make([]mention, len(refs))
	for i, ref := range refs {
		out[i] = mention{ref, of}
	}
	return out
}

// via gives the statements that a link to a vertex stands on.
func (w *weighing) via(l *link, to uint32) []mention {
	key := hopKey{edge: l.edge, kind: l.kind, to: to}
	if l.edge == nil || l.edge.self {
		key.from = l.from[0]
	}
	out, ok := w.vias[key]
	if !ok {
		if l.edge == nil {
			out = mentions(nil, w.viaAccess(l)...)
		} else {
			out = w.viaEdge(l.from[0], to, l.edge)
		}
		w.vias[key] = out
	}
	return out
}

func (w *weighing) viaEdge(from, to uint32, e *edge) []mention {
	var out []mention
	for _, s := range w.g.hop(from, to, e).Steps {
		out = append(out, mentions(nil, s.Grant.ViaOn(s.Resource)...)...)
	}
	if e.kind != GainPermissions {
		return out
	}
	t := &w.g.nodes[to]
	switch {
	case t.Change.Edit.Everything:
		out = append(out, mentions(nil, w.everything(w.g.nodes[from].Account)...)...)
	case w.target.admins != nil && w.target.Level(to) >= conditional: // what it then has makes it one
		for _, p := range t.actor.Policies() {
			out = append(out, mentions(t, allowsOf(p.Name, p.Doc)...)...)
		}
	}
	return out
}

// allowsOf are references to all that a policy allows.
func allowsOf(name string, doc *policy.Document) []evaluator.StatementRef {
	var out []evaluator.StatementRef
	for i := range doc.Statements {
		if s := &doc.Statements[i]; s.Effect == policy.Allow {
			out = append(out, evaluator.StatementRef{Layer: evaluator.LayerIdentity, Policy: name, Sid: s.Sid, Index: s.Index})
		}
	}
	return out
}

// everything is the statements of the managed policies of an account that allow everything: to attach one is to get everything as long as it does.
func (w *weighing) everything(account string) []evaluator.StatementRef {
	var out []evaluator.StatementRef
	for _, a := range w.g.facts.Accounts {
		if string(a.ID) != account {
			continue
		}
		for _, p := range a.Policies {
			doc := w.g.world.Managed(account, string(p.ARN)).Doc
			if evaluator.AllowsEverything(doc) {
				out = append(out, allowsOf(string(p.ARN), doc)...)
			}
		}
	}
	return out
}

// viaAccess is what all grants of a node's access stand on: while one of them stands, there is access.
func (w *weighing) viaAccess(l *link) []evaluator.StatementRef {
	if l.kind == OpenResource {
		o := w.target.opened.access.opens[l.from[0]]
		var out []evaluator.StatementRef
		for _, u := range o.uses {
			out = append(out, u.access.Via()...)
		}
		for _, a := range o.grants {
			out = append(out, a.ViaOn(o.resource)...)
		}
		return out
	}
	var out []evaluator.StatementRef
	first := true
	if w.target.access.poll.AllOf() { // to lose one is to lose it
		for _, a := range w.target.access.grants[l.from[0]] {
			out = append(out, a.Via()...)
		}
		return out
	}
	for _, a := range w.target.access.grants[l.from[0]] {
		switch {
		case levelOf(a) < conditional:
		case first:
			out, first = slices.Clone(a.Via()), false
		default:
			via := a.Via()
			out = slices.DeleteFunc(out, func(ref evaluator.StatementRef) bool { return !slices.Contains(via, ref) })
		}
	}
	return out
}

// candidates lists the statements that the shortest ways stand on, with how many ways stand on each: no other statement takes anybody's last path.
func (w *weighing) candidates() (*candidates, error) {
	if err := w.lacking.prepare(); err != nil {
		return nil, err
	}
	net, vertices, kinds, own := w.mesh.network(&crowd{nodes: w.nodes})
	tree, err := net.Toward(w.ctx, w.mesh.targets, nil, 0)
	if err != nil {
		return nil, err
	}
	found := map[Statement]*candidate{}
	type pace struct {
		from, to uint32
		kind     Kind
	}
	known := map[pace][]Statement{}
	for i, v := range vertices {
		if err := w.ctx.Err(); err != nil {
			return nil, err
		}
		if _, has := slices.BinarySearch(w.with, i); !has {
			continue
		}
		mine := map[Statement]bool{}
		for _, st := range tree.Path(v) {
			if st.Label == own {
				continue
			}
			p := pace{st.From, st.To, kinds[st.Label]}
			list, ok := known[p]
			if !ok {
				list = w.standing(p.from, p.to, p.kind, found)
				known[p] = list
			}
			for _, s := range list {
				mine[s] = true
			}
		}
		for s := range mine {
			found[s].bound++
		}
	}
	h := &candidates{}
	bounds := w.boundaries()
	for _, c := range found {
		if c.statement.managed() && bounds[c.statement.Owner] { // what it bounds is more than its edges
			c.bound = len(w.with)
		}
		if c.bound > 0 {
			*h = append(*h, c)
		}
	}
	heap.Init(h)
	return h, nil
}

// boundaries are the managed policies that bound somebody.
func (w *weighing) boundaries() map[string]bool {
	out := map[string]bool{}
	for i := range w.g.nodes {
		if a := w.g.nodes[i].actor; a != nil && a.Bounded() {
			out[a.Boundary()] = true
		}
	}
	return out
}

// standing lists the statements without which nothing of a kind is left between two vertices: those that all edges there stand on.
func (w *weighing) standing(from, to uint32, kind Kind, found map[Statement]*candidate) []Statement {
	var out []Statement
	n, first := &w.g.nodes[from], true
	for _, i := range w.mesh.into[to] {
		l := &w.mesh.links[i]
		if l.kind != kind || !slices.Contains(l.from, from) {
			continue
		}
		list := slices.Clone(w.leaning(from))
		for _, s := range list {
			if found[s] == nil {
				found[s] = &candidate{statement: s, sid: w.sidOf(n.ARN, s.Index)}
			}
		}
		for _, m := range w.via(l, to) {
			s, ok := w.statement(m, n)
			if !ok || slices.Contains(list, s) {
				continue
			}
			list = append(list, s)
			if found[s] == nil {
				found[s] = &candidate{statement: s, sid: m.ref.Sid}
			}
		}
		if first {
			out, first = list, false
			continue
		}
		out = slices.DeleteFunc(out, func(s Statement) bool { return !slices.Contains(list, s) })
	}
	return out
}

// sidOf is the name of a statement of a role's trust policy in the snapshot.
func (w *weighing) sidOf(role string, index int) string {
	for _, s := range w.choking.g.world.TrustOf(role).Statements {
		if s.Index == index {
			return s.Sid
		}
	}
	return ""
}
