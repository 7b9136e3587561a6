package picture

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/picture/draw"
)

// What is drawn at most, after collapsing: nobody could read more.
const (
	maxDrawnNodes = 400
	maxDrawnEdges = 1500
)

// TooLargeError is returned for a graph that is too large for a picture.
type TooLargeError struct {
	What string // how large it is
	err  error
}

func (e *TooLargeError) Error() string {
	return e.What + ", which is too large for a picture; narrow the question (in, except, | where, | limit), or take -o dot or -o graph-json"
}

func (e *TooLargeError) Unwrap() error { return e.err }

// picture lays out what is left of a graph when it is collapsed.
func (g *Graph) picture(ctx context.Context) (*draw.Picture, error) {
	small := g.collapse(maxLegible)
	bundles := small.bundles()
	if len(small.Nodes) > maxDrawnNodes || len(bundles) > maxDrawnEdges {
		return nil, &TooLargeError{What: fmt.Sprintf("the graph has %d nodes and %d lines between them where alike ones are one", len(small.Nodes), len(bundles))}
	}
	return draw.Draw(ctx, small.drawing(g, bundles))
}

// png draws a graph as pixels.
func (g *Graph) png(ctx context.Context) ([]byte, error) {
	p, err := g.picture(ctx)
	if err != nil {
		return nil, err
	}
	out, err := p.PNG(ctx)
	var size *draw.SizeError
	if errors.As(err, &size) {
		return nil, &TooLargeError{What: err.Error(), err: err}
	}
	return out, err
}

// drawing says how a graph is drawn.
func (g *Graph) drawing(whole *Graph, bundles []*bundle) *draw.Graph {
	out := &draw.Graph{Title: g.title(whole)}
	place := g.places()
	for i, n := range g.Nodes {
		group := -1
		if account := g.cluster(i); account != "" {
			if group = slices.Index(out.Groups, account); group < 0 {
				group = len(out.Groups)
				out.Groups = append(out.Groups, account)
			}
		}
		look := lookOf(n.Kind)
		node := draw.Node{Group: group, Caption: n.heading(), Name: n.names(), Mark: n.mark(), Shape: look.shape, Fill: look.fill, Tip: n.tip()}
		node.Border, node.Heavy = n.border()
		out.Nodes = append(out.Nodes, node)
	}
	for _, b := range bundles {
		out.Edges = append(out.Edges, draw.Edge{From: place[b.from], To: place[b.to], Label: b.words(), Note: b.note(),
			Line: b.color(), Style: b.style(), Tip: b.tip()})
	}
	out.Legend = g.legend(bundles)
	return out
}

// cluster is the account that a node is drawn in. One that stands for a whole account, of which nothing else is known, stands beside the others.
func (g *Graph) cluster(i int) string {
	n := g.Nodes[i]
	alone := (i == 0 || g.Nodes[i-1].Account != n.Account) && (i == len(g.Nodes)-1 || g.Nodes[i+1].Account != n.Account)
	if n.Kind == "account" && alone {
		return ""
	}
	return n.Account
}

// legend explains what is in the picture, and nothing else.
func (g *Graph) legend(bundles []*bundle) (out []draw.Sign) {
	var use, change, conditional, unknown, admin, target bool
	for _, b := range bundles {
		escalation := b.edges[0].Escalation()
		use, change = use || !escalation, change || escalation
		conditional = conditional || b.edges[0].Verdict == answer.Conditional
		unknown = unknown || b.edges[0].Verdict == answer.Unknown
	}
	for _, n := range g.Nodes {
		admin = admin || n.Admin != ""
		target = target || n.Target && n.Admin == ""
	}
	for _, s := range []struct {
		shown bool
		sign  draw.Sign
	}{
		{use, draw.Sign{Line: useColor, Text: "uses access that is there"}},
		{change, draw.Sign{Line: escalationColor, Text: "changes or takes over something"}},
		{conditional, draw.Sign{Line: useColor, Style: draw.Dashed, Text: "under a condition"}},
		{unknown, draw.Sign{Line: useColor, Style: draw.Dotted, Text: "unknown"}},
		{admin, draw.Sign{Line: adminColor, Heavy: true, Text: "administrator"}},
		{target, draw.Sign{Line: targetColor, Heavy: true, Text: "what paths end at"}},
	} {
		if s.shown {
			out = append(out, s.sign)
		}
	}
	return out
}
