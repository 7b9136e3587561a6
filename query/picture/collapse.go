package picture

import (
	"slices"
	"strconv"
	"strings"

	"github.com/accessgraph/accessgraph/query/answer"
)

// maxLegible is how many nodes a picture may have before it is collapsed.
const maxLegible = 50

// collapse joins nodes until at most limit are left, or none are alike any more. Alike are first nodes of one kind and account, with the same marks,
// that edges of the same kind, technique and verdict lead to and from, at their other ends the same nodes: nothing is lost but names. Where that is
// not enough, alike are also nodes whose edges lead to and from nodes that are alike, such as a hundred functions each with a role of its own; edges
// between them say that they are not there from each to each. A graph that is small enough stays as it is.
func (g *Graph) collapse(limit int) *Graph {
	if len(g.Nodes) > limit {
		g = g.join(g.twins())
	}
	if len(g.Nodes) > limit {
		g = g.join(g.alike())
	}
	return g
}

// join makes one node of all nodes of a class.
func (g *Graph) join(class map[*Node]string) *Graph {
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

// twins gives nodes that the same edges lead to and from, at their other ends the same nodes, the same text.
func (g *Graph) twins() map[*Node]string {
	class := make(map[*Node]string, len(g.Nodes))
	for n, place := range g.places() {
		class[n] = strconv.Itoa(place)
	}
	return g.refine(class, false)
}

// alike gives nodes the same text whose edges lead to and from nodes with the same text: what is left of their kinds and marks when nodes that differ
// in that are told apart, again and again.
func (g *Graph) alike() map[*Node]string {
	class := make(map[*Node]string, len(g.Nodes))
	for _, n := range g.Nodes {
		class[n] = ""
	}
	for classes := 0; ; {
		class = numbered(g.Nodes, g.refine(class, true))
		distinct := map[string]bool{}
		for _, text := range class {
			distinct[text] = true
		}
		if len(distinct) == classes {
			return class
		}
		classes = len(distinct)
	}
}

// numbered replaces the texts of classes by short ones.
func numbered(nodes []*Node, class map[*Node]string) map[*Node]string {
	number := map[string]string{}
	out := make(map[*Node]string, len(class))
	for _, n := range nodes {
		if _, ok := number[class[n]]; !ok {
			number[class[n]] = strconv.Itoa(len(number))
		}
		out[n] = number[class[n]]
	}
	return out
}

// refine tells nodes apart by their marks and by the classes at the other ends of their edges, and where own is set by their own class too.
func (g *Graph) refine(class map[*Node]string, own bool) map[*Node]string {
	ties := make(map[*Node][]string, len(g.Nodes))
	for _, e := range g.Edges {
		what := strings.Join([]string{e.Kind, e.Technique, string(e.Verdict)}, "\x00")
		to, from := class[e.To], class[e.From]
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
		if own {
			marks = append(marks, class[n])
		}
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
		self            bool
	}
	have := map[key]*Edge{}
	for _, e := range edges {
		k := key{joined[e.From], joined[e.To], e.Kind, e.Technique, e.Verdict, e.From == e.To && !e.among}
		one, ok := have[k]
		if !ok {
			copied := *e
			one = &copied
			one.From, one.To = k.from, k.to
			one.each, one.pairs, one.Via, one.Assumptions = nil, 0, slices.Clone(e.Via), slices.Clone(e.Assumptions)
			one.among = k.from == k.to && !k.self
			have[k] = one
			g.Edges = append(g.Edges, one)
		}
		one.each = join(one.each, e.whens())
		one.pairs += max(e.pairs, 1)
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

// partial tells whether an edge that stands for several is not there from each node to each.
func (e *Edge) partial() bool {
	return e.From != e.To && e.pairs > 0 && e.pairs < len(e.From.members())*len(e.To.members())
}
