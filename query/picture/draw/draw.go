// Package draw lays out a directed graph and draws it, as SVG or PNG, without any program or library of the outside but the Go fonts. It knows
// nothing of what the graph is about.
//
// The picture runs from left to right. Nodes stand in columns, so that edges lead to a later column where there is no cycle; groups of nodes are
// lanes from left to right, one under another. Each label of an edge has a place of its own in a column between those of the nodes, and its edge runs
// under it; an edge that passes a column has a place in it too. Nothing therefore covers a node or a label.
//
// The same graph gives the same bytes.
package draw

import (
	"context"
	"fmt"
)

// Graph is what is drawn. Texts are shown as they are.
type Graph struct {
	Title  []string // lines above the picture
	Groups []string // what the groups are called
	Nodes  []Node
	Edges  []Edge
	Legend []Sign // what the styles mean
}

// Node is a box with text.
type Node struct {
	Group   int    // its group, -1 for a node that is in none
	Caption string // what it is, in small letters above the name
	Name    []string
	Mark    string // a line under the name in the colour of the border
	Shape   Shape
	Fill    Color
	Border  Color
	Heavy   bool // a thick border
	Tip     string
}

// Edge is a line from one node to another, or to the same.
type Edge struct {
	From, To int
	Label    []string // in the colour of the line
	Note     []string // below it, in grey
	Line     Color
	Style    Style
	Tip      string
}

// Sign is an entry of the legend: a piece of line, or of border where it is heavy, and what it means.
type Sign struct {
	Line  Color
	Style Style
	Heavy bool
	Text  string
}

// Color is a colour without transparency.
type Color struct{ R, G, B uint8 }

// String gives the colour as #rrggbb.
func (c Color) String() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// Style is how a line is drawn.
type Style uint8

// The styles.
const (
	Solid Style = iota
	Dashed
	Dotted
)

// Shape is the outline of a node.
type Shape uint8

// The shapes.
const (
	Rectangle Shape = iota
	Rounded
	Pill
	Ellipse
	Hexagon
	Octagon
	Cylinder
	Note
	Folder
)

// Draw lays the graph out. It ends early, with the error of ctx, when that is done.
func Draw(ctx context.Context, g *Graph) (*Picture, error) {
	t, err := newTypesetter()
	if err != nil {
		return nil, err
	}
	l := newLayout(g, t)
	if err := l.run(ctx); err != nil {
		return nil, err
	}
	return l.picture(), nil
}
