package draw

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// box is where something is drawn.
type box struct {
	name                     string
	left, top, right, bottom float64
}

func (b box) overlaps(o box) bool {
	return b.left < o.right && o.left < b.right && b.top < o.bottom && o.top < b.bottom
}

// graphs generates graphs with groups, cycles, edges side by side and edges from a node to itself.
func graphs() *rapid.Generator[*Graph] {
	return rapid.Custom(func(t *rapid.T) *Graph {
		g := &Graph{Title: []string{"title"}}
		for i := range rapid.IntRange(0, 4).Draw(t, "groups") {
			g.Groups = append(g.Groups, fmt.Sprintf("group %d", i))
		}
		nodes := rapid.IntRange(1, 25).Draw(t, "nodes")
		for i := range nodes {
			g.Nodes = append(g.Nodes, Node{Group: rapid.IntRange(-1, len(g.Groups)-1).Draw(t, "group"), Caption: "role", Name: []string{fmt.Sprintf("node %d", i)},
				Shape: Shape(rapid.IntRange(0, int(Folder)).Draw(t, "shape"))})
		}
		for range rapid.IntRange(0, 60).Draw(t, "edges") {
			g.Edges = append(g.Edges, Edge{From: rapid.IntRange(0, nodes-1).Draw(t, "from"), To: rapid.IntRange(0, nodes-1).Draw(t, "to"),
				Label: []string{"assumes"}[:rapid.IntRange(0, 1).Draw(t, "label")], Note: []string{"when aws:MultiFactorAuthPresent", "is true"}[:rapid.IntRange(0, 2).Draw(t, "note")]})
		}
		return g
	})
}

// TestNothingOverlaps holds what the package promises: no node and no label of an edge covers another, everything is within the picture, nodes of a
// group are within its panel and no others are, and edges lead from left to right but where there is a cycle.
func TestNothingOverlaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := graphs().Draw(t, "graph")
		types, err := newTypesetter()
		if err != nil {
			t.Fatal(err)
		}
		l := newLayout(g, types)
		if err := l.run(context.Background()); err != nil {
			t.Fatal(err)
		}
		p := l.picture()
		var boxes []box
		for _, column := range l.columns {
			for _, it := range column {
				if it.node >= 0 || it.label {
					boxes = append(boxes, box{fmt.Sprintf("node %d, edge %d", it.node, it.edge), it.x, it.y - it.up, it.x + it.width, it.y + it.down})
				}
			}
		}
		const slack = 0.001
		for i, a := range boxes {
			if a.left < 0 || a.top < 0 || a.right > p.Width || a.bottom > p.Height {
				t.Fatalf("%+v is outside of %g × %g", a, p.Width, p.Height)
			}
			a.left, a.top, a.right, a.bottom = a.left+slack, a.top+slack, a.right-slack, a.bottom-slack
			for _, b := range boxes[:i] {
				if a.overlaps(b) {
					t.Fatalf("%+v covers %+v", a, b)
				}
			}
		}
		checkPanels(t, l, p)
		for i := range g.Edges {
			if from, to := l.ends(i); from != to && l.nodes[from].column >= l.nodes[to].column {
				t.Fatalf("edge %d leads from column %d to %d", i, l.nodes[from].column, l.nodes[to].column)
			}
		}
	})
}

// checkPanels holds that panels hold the nodes of their groups alone.
func checkPanels(t *rapid.T, l *layout, p *Picture) {
	for group := range l.graph.Groups {
		drawn := l.group(p, group)
		if len(drawn.marks) == 0 {
			continue
		}
		panel := bounds(drawn.marks[0].path)
		for n, it := range l.nodes {
			node := box{"", it.x, it.y - it.up, it.x + it.width, it.y + it.down}
			inside := node.left >= panel.left && node.right <= panel.right && node.top >= panel.top && node.bottom <= panel.bottom
			if own := l.graph.Nodes[n].Group == group; own && !inside || !own && node.overlaps(panel) {
				t.Fatalf("node %d of group %d at %+v, and the panel of %d is %+v", n, l.graph.Nodes[n].Group, node, group, panel)
			}
		}
	}
}

func bounds(p *path) box {
	b := box{"panel", p.points[0].x, p.points[0].y, p.points[0].x, p.points[0].y}
	for _, at := range p.points {
		b.left, b.right, b.top, b.bottom = min(b.left, at.x), max(b.right, at.x), min(b.top, at.y), max(b.bottom, at.y)
	}
	return b
}

// TestSameBytes holds that a graph is drawn the same every time, and without an error.
func TestSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := graphs().Draw(t, "graph")
		var drawn [2][]byte
		for i := range drawn {
			p, err := Draw(context.Background(), g)
			if err != nil {
				t.Fatal(err)
			}
			drawn[i] = p.SVG()
		}
		if !bytes.Equal(drawn[0], drawn[1]) {
			t.Fatal("two drawings differ")
		}
	})
}

func TestInversions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOf(rapid.IntRange(0, 9)).Draw(t, "numbers")
		want := 0
		for i, a := range numbers {
			for _, b := range numbers[:i] {
				if b > a {
					want++
				}
			}
		}
		if got := inversions(numbers, 10); got != want {
			t.Fatalf("%v has %d inversions, want %d", numbers, got, want)
		}
	})
}

// TestFewCrossings holds that what can be drawn without crossings is: two trees whose leaves are listed in a bad order.
func TestFewCrossings(t *testing.T) {
	g := &Graph{Nodes: make([]Node, 22)}
	for i := range g.Nodes {
		g.Nodes[i] = Node{Group: -1, Name: []string{"x"}}
	}
	for i := range 20 {
		g.Edges = append(g.Edges, Edge{From: i, To: 20 + i%2, Label: []string{"assumes"}})
	}
	types, err := newTypesetter()
	if err != nil {
		t.Fatal(err)
	}
	l := newLayout(g, types)
	if err := l.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := l.crossings(); n != 0 {
		t.Errorf("%d lines cross", n)
	}
}

func TestTooLargeForPixels(t *testing.T) {
	p := &Picture{Width: 10000, Height: 10000}
	var size *SizeError
	if _, err := p.PNG(context.Background()); !errors.As(err, &size) || size.Width != 10000 {
		t.Errorf("error is %v", err)
	}
}
