package picture

import (
	"context"
	"io"

	"github.com/accessgraph/accessgraph/query/answer"
)

// Format is a format of a graph.
type Format string

// The formats.
const (
	DOT       Format = "dot"        // a picture for Graphviz and what reads its language
	SVG       Format = "svg"        // a picture for browsers
	PNG       Format = "png"        // a picture of pixels
	GraphJSON Format = "graph-json" // nodes and links, as networkx and D3 read them
	GraphML   Format = "graphml"    // for yEd and Gephi
	Cypher    Format = "cypher"     // statements that make the graph in Neo4j
	OpenGraph Format = "opengraph"  // for BloodHound
)

// Formats lists the formats in the order in which help names them.
func Formats() []Format { return []Format{DOT, SVG, PNG, GraphJSON, GraphML, Cypher, OpenGraph} }

// Write writes the graph of an answer. It gives a *NoPathsError for an answer without paths, a *TooLargeError for a graph that no picture could show,
// and the error of ctx when that is done. Nothing is written before the graph is complete.
func Write(ctx context.Context, w io.Writer, f Format, a *answer.Answer) error {
	g, err := Of(a)
	if err != nil {
		return err
	}
	out, err := g.write(ctx, f)
	if err != nil {
		return err
	}
	_, err = w.Write(out)
	return err
}

func (g *Graph) write(ctx context.Context, f Format) ([]byte, error) {
	switch f {
	case SVG:
		p, err := g.picture(ctx)
		if err != nil {
			return nil, err
		}
		return p.SVG(), nil
	case PNG:
		return g.png(ctx)
	case DOT:
		return g.dot(), nil
	case GraphJSON:
		return g.nodeLink()
	case GraphML:
		return g.graphML(), nil
	case Cypher:
		return g.cypher(), nil
	}
	return g.openGraph()
}
