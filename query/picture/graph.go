package picture

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render"
)

// Graph is the graph of an answer about paths.
type Graph struct {
	Query    string
	Snapshot answer.Snapshot
	Paths    int // rows of the answer
	Nodes    []*Node
	Edges    []*Edge

	Assumptions []string // what the answer stands on
	Incomplete  []string // what coverage says is missing
}

// Node is what a path begins at, passes or ends at.
type Node struct {
	ID       string // an ARN, or a name of the outside
	Kind     string // as answer.Path and answer.Hop have them
	Account  string
	Admin    string   // as answer.Path: permissions, escalation, or empty
	Withheld []string // from an administrator
	Source   bool     // a path begins here
	Target   bool     // a path ends here
	Members  []*Node  // what one node of a collapsed graph stands for; nil for a node that stands for itself
}

// Edge is one way to get from a node to another. There is one for each kind and technique between two nodes.
type Edge struct {
	From, To    *Node
	Kind        string
	Technique   string
	Title       string
	Catalogue   []string
	Verdict     answer.Verdict
	Conditions  []string // residuals, of which one is enough; none: there is no condition
	Via         []string // statements
	Assumptions []string
	Remedy      string

	always bool     // without condition on some path
	each   []string // in a collapsed graph: the conditions of the edges that it stands for,
	pairs  int      // how many those are,
	among  bool     // and that they lead from one to another of what has become one node
}

// When joins the conditions in the words of the query language.
func (e *Edge) When() string {
	if len(e.Conditions) < 2 {
		return strings.Join(e.Conditions, "")
	}
	return "(" + strings.Join(e.Conditions, ") or (") + ")"
}

// NoPathsError is returned for an answer that has no paths.
type NoPathsError struct{ Query string }

func (e *NoPathsError) Error() string {
	return fmt.Sprintf("only paths can be drawn, and the answer to %q has none: %s", e.Query, Drawn)
}

// Drawn says what can be drawn.
const Drawn = "ask who can reach …, what can … reach, paths from … to … or who is admin, without select, group by or count"

// Of takes the graph out of an answer, whose rows it reads. It gives a *NoPathsError where they are no paths.
func Of(a *answer.Answer) (*Graph, error) {
	if a.Schema.Kind != answer.KindPath {
		return nil, &NoPathsError{a.Query}
	}
	b := builder{nodes: map[string]*Node{}, edges: map[edgeKey]*Edge{}, graph: &Graph{Query: valid(a.Query), Snapshot: a.Snapshot}}
	for r, err := range a.Rows {
		if err != nil {
			return nil, err
		}
		row, ok := r.(*answer.Path)
		if !ok {
			return nil, &NoPathsError{a.Query}
		}
		b.path(row)
	}
	b.graph.sort()
	s := a.Summary()
	b.graph.Assumptions, b.graph.Incomplete = join(nil, s.Assumptions), join(nil, s.Incomplete)
	return b.graph, nil
}

// builder collects a graph.
type builder struct {
	graph *Graph
	nodes map[string]*Node
	edges map[edgeKey]*Edge
}

type edgeKey struct{ from, kind, technique, to string }

func (b *builder) path(p *answer.Path) {
	b.graph.Paths++
	from := b.node(cmp.Or(p.From, p.Principal), p.Kind, p.Account)
	from.Source = true
	for i := range p.Hops {
		b.hop(&p.Hops[i])
	}
	to := from
	if p.To != "" {
		to = b.node(p.To, p.ToKind, p.ToAccount)
	}
	to.Target = true
	if p.Admin != "" && (to.Admin == "" || p.Admin == "permissions") { // what it has says more than what it could give itself
		to.Admin = valid(p.Admin)
	}
	to.Withheld = join(to.Withheld, p.Withheld)
}

func (b *builder) node(id, kind, account string) *Node {
	id = valid(id)
	n, ok := b.nodes[id]
	if !ok {
		n = &Node{ID: id}
		b.nodes[id] = n
		b.graph.Nodes = append(b.graph.Nodes, n)
	}
	n.Kind, n.Account = cmp.Or(n.Kind, valid(kind)), cmp.Or(n.Account, valid(account))
	return n
}

func (b *builder) hop(h *answer.Hop) {
	from, to := b.node(h.From, h.FromKind, h.FromAccount), b.node(h.To, h.ToKind, h.ToAccount)
	key := edgeKey{from.ID, h.Kind, h.Technique, to.ID}
	e, ok := b.edges[key]
	if !ok {
		e = &Edge{From: from, To: to, Kind: valid(h.Kind), Technique: valid(h.Technique), Title: valid(h.Title), Remedy: valid(h.Remedy), Verdict: h.Verdict}
		b.edges[key] = e
		b.graph.Edges = append(b.graph.Edges, e)
	}
	if h.Verdict.Rank() < e.Verdict.Rank() {
		e.Verdict = h.Verdict
	}
	e.Catalogue = join(e.Catalogue, h.Catalogue)
	e.Assumptions = join(e.Assumptions, h.Assumptions)
	for _, v := range h.Via {
		e.Via = join(e.Via, []string{render.Statement(v)})
	}
	e.condition(h.Conditions)
}

// condition adds a residual; without one there is none left.
func (e *Edge) condition(text string) {
	switch {
	case e.always:
	case text == "":
		e.always, e.Conditions = true, nil
	default:
		e.Conditions = join(e.Conditions, []string{text})
	}
}

// join adds the texts that a sorted list does not have yet.
func join(to, more []string) []string {
	for _, text := range more {
		text = valid(text)
		if at, found := slices.BinarySearch(to, text); !found {
			to = slices.Insert(to, at, text)
		}
	}
	return to
}

// sort makes the order independent of that of the rows.
func (g *Graph) sort() {
	slices.SortFunc(g.Nodes, compareNodes)
	slices.SortFunc(g.Edges, func(a, b *Edge) int {
		return cmp.Or(compareNodes(a.From, b.From), compareNodes(a.To, b.To), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Technique, b.Technique),
			cmp.Compare(a.Verdict, b.Verdict))
	})
}

func compareNodes(a, b *Node) int {
	return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
}

// places numbers the nodes as they are listed.
func (g *Graph) places() map[*Node]int {
	out := make(map[*Node]int, len(g.Nodes))
	for i, n := range g.Nodes {
		out[n] = i
	}
	return out
}

// valid writes the bytes that are no UTF-8 as \xNN, so that names that differ stay different in formats that hold nothing else.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[0])
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}
