package picture

import (
	"slices"
	"strconv"
	"strings"

	"github.com/accessgraph/accessgraph/query/answer"
)

// maxLegible is how many nodes a picture may have before it is collapsed.
const maxLegible = 50

// collapse joins nodes until at most limit are left, or none are alike any more: nodes of one kind and account, with the same marks, that edges of
// the same kind, technique and verdict lead to and from, at their other ends the same nodes. A graph that is small enough stays as it is.
func (g *Graph) collapse(limit int) *Graph {
	for len(g.Nodes) > limit {
		joined := g.joinAlike()
		if len(joined.Nodes) == len(g.Nodes) {
			break
		}
		g = joined
	}
	return g
}

// joinAlike joins the nodes that are alike, once.
func (g *Graph) joinAlike() *Graph {
	class := g.classes()
	out := &Graph{Query: g.Query, Snapshot: g.Snapshot, Paths: g.Paths}
	size := map[string]int{}
	for _, n := range g.Nodes {
		size[class[n]]++
	}
	joined := map[*Node]*Node{}
	first := map[string]*Node{}
	for _, n := range g.Nodes {
		key := class[n]
		if size[key] == 1 {
			joined[n] = n
			out.Nodes = append(out.Nodes, n)
			continue
		}
		one, ok := first[key]
		if !ok {
			one = &Node{ID: n.ID, Kind: n.Kind, Account: n.Account, Admin: n.Admin, Source: n.Source, Target: n.Target}
			first[key] = one
			out.Nodes = append(out.Nodes, one)
		}
		one.Members = append(one.Members, n.members()...)
		one.Withheld = join(one.Withheld, n.Withheld)
		joined[n] = one
	}
	out.joinEdges(g.Edges, joined)
	for _, n := range out.Nodes {
		slices.SortFunc(n.Members, compareNodes)
	}
	out.sort()
	return out
}

// members are the nodes that one stands for, itself where it is no other.
func (n *Node) members() []*Node {
	if n.Members == nil {
		return []*Node{n}
	}
	return n.Members
}

// classes gives alike nodes the same text.
func (g *Graph) classes() map[*Node]string {
	place := g.places()
	ties := make(map[*Node][]string, len(g.Nodes))
	for _, e := range g.Edges {
		what := strings.Join([]string{e.Kind, e.Technique, string(e.Verdict)}, "\x00")
		to, from := strconv.Itoa(place[e.To]), strconv.Itoa(place[e.From])
		if e.From == e.To { // alike are also nodes that each lead to themselves
			to, from = "self", "self"
		}
		ties[e.From] = append(ties[e.From], "to\x00"+what+"\x00"+to)
		ties[e.To] = append(ties[e.To], "from\x00"+what+"\x00"+from)
	}
	out := make(map[*Node]string, len(g.Nodes))
	for _, n := range g.Nodes {
		slices.Sort(ties[n])
		marks := []string{n.Kind, n.Account, n.Admin, strconv.FormatBool(n.Source), strconv.FormatBool(n.Target)}
		out[n] = strings.Join(append(marks, slices.Compact(ties[n])...), "\x01")
	}
	return out
}

// joinEdges leads edges between what their ends were joined to, and joins those that then are one.
func (g *Graph) joinEdges(edges []*Edge, joined map[*Node]*Node) {
	type key struct {
		from, to        *Node
		kind, technique string
		verdict         answer.Verdict
	}
	have := map[key]*Edge{}
	for _, e := range edges {
		k := key{joined[e.From], joined[e.To], e.Kind, e.Technique, e.Verdict}
		one, ok := have[k]
		if !ok {
			copied := *e
			one = &copied
			one.From, one.To = k.from, k.to
			one.each, one.Via, one.Assumptions = nil, slices.Clone(e.Via), slices.Clone(e.Assumptions)
			have[k] = one
			g.Edges = append(g.Edges, one)
		}
		one.each = join(one.each, e.whens())
		one.Via, one.Assumptions = join(one.Via, e.Via), join(one.Assumptions, e.Assumptions)
	}
}

// whens are the conditions of the edges that one stands for, each once; of itself where it stands for no other.
func (e *Edge) whens() []string {
	if e.each == nil {
		return []string{e.When()}
	}
	return e.each
}
