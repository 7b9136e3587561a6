package picture

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/picture/draw"
	"github.com/accessgraph/accessgraph/query/render"
)

// Widths of labels in characters, and how many lines of each are shown; what is cut off is in the tip.
const (
	nameWidth = 32
	nameLines = 2
	noteWidth = 36
	noteLines = 3
	maxWords  = 4 // techniques on one line
	maxNames  = 3 // of what one node stands for
)

// Colours of lines.
var (
	useColor        = draw.Color{R: 0x3b, G: 0x5b, B: 0x7a}
	escalationColor = draw.Color{R: 0xc2, G: 0x41, B: 0x0c}
	adminColor      = draw.Color{R: 0xb9, G: 0x1c, B: 0x1c}
	targetColor     = draw.Color{R: 0x1d, G: 0x4e, B: 0x89}
)

// look is how a kind of node is drawn.
type look struct {
	shape        draw.Shape
	fill, border draw.Color
	dot          string // the shape's name in DOT
}

func lookOf(kind string) look {
	color := func(rgb uint32) draw.Color { return draw.Color{R: uint8(rgb >> 16), G: uint8(rgb >> 8), B: uint8(rgb)} }
	switch kind {
	case "user":
		return look{draw.Pill, color(0xe3eefb), color(0x4a7ab5), "ellipse"}
	case "role":
		return look{draw.Rounded, color(0xfdf2cf), color(0xb58a2a), "box"}
	case "root":
		return look{draw.Octagon, color(0xfbdcd6), color(0xb5533f), "octagon"}
	case "group":
		return look{draw.Folder, color(0xe3eefb), color(0x4a7ab5), "tab"}
	case "account":
		return look{draw.Folder, color(0xeceff3), color(0x66717f), "folder"}
	case "service":
		return look{draw.Hexagon, color(0xe9e3f7), color(0x7a62b5), "hexagon"}
	case "provider":
		return look{draw.Hexagon, color(0xdcf1e7), color(0x3e8a67), "component"}
	case "public":
		return look{draw.Ellipse, color(0xfde3e3), color(0xb14a4a), "doublecircle"}
	case "compute":
		return look{draw.Rectangle, color(0xe0ecef), color(0x4d7f8c), "box3d"}
	case "resource":
		return look{draw.Cylinder, color(0xe8f3d8), color(0x6d9040), "cylinder"}
	case "policy":
		return look{draw.Note, color(0xf3efe6), color(0x8a7a55), "note"}
	}
	return look{draw.Rectangle, color(0xffffff), color(0x66717f), "box"}
}

// names are what stands in a node.
func (n *Node) names() []string {
	if n.Members == nil {
		return wrap(n.Name(), nameWidth, nameLines)
	}
	names := make([]string, 0, maxNames)
	for _, m := range n.Members[:min(len(n.Members), maxNames)] {
		names = append(names, cut(render.Neutral(m.Name()), nameWidth))
	}
	if len(n.Members) > maxNames {
		names = append(names, "…")
	}
	return names
}

// heading is what stands above the name.
func (n *Node) heading() string {
	if n.Members != nil {
		return fmt.Sprintf("%d %s", len(n.Members), plural(n.Kind))
	}
	return render.Neutral(n.caption())
}

// mark says that a node is an administrator.
func (n *Node) mark() string {
	switch n.Admin {
	case "":
		return ""
	case "permissions":
		return "administrator"
	}
	return render.Neutral("administrator by " + n.Admin)
}

// border is the colour of a node's border, and whether it is thick.
func (n *Node) border() (draw.Color, bool) {
	switch {
	case n.Admin != "":
		return adminColor, true
	case n.Target:
		return targetColor, true
	}
	return lookOf(n.Kind).border, false
}

// tip says everything of a node.
func (n *Node) tip() string {
	var lines []string
	for _, m := range n.members() {
		lines = append(lines, m.ID)
	}
	if mark := n.mark(); mark != "" {
		lines = append(lines, mark)
	}
	for _, w := range n.Withheld {
		lines = append(lines, "withheld: "+w)
	}
	return neutralLines(lines)
}

// bundle is the edges between two nodes that look alike: they are drawn as one line.
type bundle struct {
	from, to *Node
	edges    []*Edge
}

// bundles joins the edges with the same ends, style and conditions.
func (g *Graph) bundles() []*bundle {
	type key struct {
		from, to   *Node
		escalation bool
		verdict    answer.Verdict
		note       string
		each       [2]bool
	}
	have := map[key]*bundle{}
	var out []*bundle
	for _, e := range g.Edges {
		k := key{e.From, e.To, e.Escalation(), e.Verdict, strings.Join(e.whens(), "\x00"), [2]bool{e.among, e.partial()}}
		b, ok := have[k]
		if !ok {
			b = &bundle{from: e.From, to: e.To}
			have[k] = b
			out = append(out, b)
		}
		b.edges = append(b.edges, e)
	}
	return out
}

// words are the techniques or kinds of a bundle, one a line.
func (b *bundle) words() []string {
	var out []string
	for _, e := range b.edges {
		if w := cut(render.Neutral(e.words()), noteWidth); !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	if n := len(out); n > maxWords+1 {
		out = append(out[:maxWords], "and "+strconv.Itoa(n-maxWords)+" other ways")
	}
	return out
}

// note is the condition of a bundle as its label shows it, and that it is not there from each node to each.
func (b *bundle) note() []string {
	switch e := b.edges[0]; {
	case e.among:
		return append(b.condition(), "from one to another")
	case e.partial():
		return append(b.condition(), "not from each to each")
	}
	return b.condition()
}

func (b *bundle) condition() []string {
	e := b.edges[0]
	whens := e.whens()
	switch {
	case len(whens) > 1:
		return []string{strconv.Itoa(len(whens)) + " different conditions"}
	case whens[0] != "":
		return wrap("when "+whens[0], noteWidth, noteLines)
	case e.Verdict == answer.Unknown:
		return []string{"unknown"}
	}
	return nil
}

// tip says everything of a bundle.
func (b *bundle) tip() string {
	var lines []string
	for _, e := range b.edges {
		what := e.words()
		if e.Title != "" {
			what += ": " + e.Title
		}
		lines = append(lines, what+" ("+string(e.Verdict)+")")
		for _, when := range e.whens() {
			if when != "" {
				lines = append(lines, "when "+when)
			}
		}
		for _, v := range e.Via {
			lines = append(lines, "via "+v)
		}
		for _, a := range e.Assumptions {
			lines = append(lines, "assumes: "+a)
		}
	}
	return neutralLines(lines)
}

func (b *bundle) style() draw.Style {
	switch b.edges[0].Verdict {
	case answer.Conditional:
		return draw.Dashed
	case answer.Unknown, answer.Denied:
		return draw.Dotted
	}
	return draw.Solid
}

func (b *bundle) color() draw.Color {
	if b.edges[0].Escalation() {
		return escalationColor
	}
	return useColor
}

// title is what stands above a picture of what is left of a whole graph.
func (g *Graph) title(whole *Graph) []string {
	count := fmt.Sprintf("%s, %s", counted(g.Paths, "path"), counted(len(whole.Nodes), "node"))
	if len(g.Nodes) < len(whole.Nodes) {
		count += fmt.Sprintf(" drawn as %d: those that are alike are one", len(g.Nodes))
	}
	if len(g.Nodes) > maxLegible {
		count += fmt.Sprintf("; %d nodes, not all legible", len(g.Nodes))
	}
	var lines []string
	if g.Query != "" {
		lines = append(lines, cut(render.Neutral(g.Query), 120))
	}
	if !g.Snapshot.Time.IsZero() {
		count += " · snapshot of " + answer.TimeText(g.Snapshot.Time)
	}
	return append(lines, count)
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

func neutralLines(lines []string) string {
	for i := range lines {
		lines[i] = render.Neutral(lines[i])
	}
	return strings.Join(lines, "\n")
}

// wrap breaks a text into lines at spaces, or else behind a mark inside a name. What is past the last line is cut off.
func wrap(text string, width, limit int) []string {
	var lines []string
	rest := []rune(render.Neutral(text))
	for len(rest) > width && len(lines) < limit-1 {
		at := breakAt(rest, width)
		lines = append(lines, strings.TrimSpace(string(rest[:at])))
		rest = []rune(strings.TrimLeft(string(rest[at:]), " "))
	}
	return append(lines, cut(string(rest), width))
}

// breakAt finds the last good place to end a line of at most width characters, in its second half.
func breakAt(text []rune, width int) int {
	for _, good := range []string{" ", "/:.,-_="} {
		for i := width; i > width/2; i-- {
			if text[i] == ' ' || strings.ContainsRune(good, text[i-1]) {
				return i
			}
		}
	}
	return width
}

// cut shortens a text to a number of characters.
func cut(text string, width int) string {
	if runes := []rune(text); len(runes) > width {
		return strings.TrimRight(string(runes[:width-1]), " ") + "…"
	}
	return text
}
