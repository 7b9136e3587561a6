package draw

// Picture is a graph that was laid out.
type Picture struct {
	Width, Height float64 // in pixels
	parts         []part
	types         *typesetter
}

// part is what belongs together, with what is said of it where a pointer rests on it.
type part struct {
	class string
	tip   string
	marks []mark
}

// mark is a path or a text.
type mark struct {
	path  *path
	fill  *Color
	pen   *Color
	width float64 // of the pen
	style Style

	text   string
	x, y   float64 // of the text: its middle or its left end, on the line that letters stand on
	long   float64
	size   float64
	bold   bool
	middle bool
	color  Color
}

// Colours of what belongs to no node or edge.
var (
	ink    = Color{0x1f, 0x29, 0x33}
	grey   = Color{0x5f, 0x6b, 0x7a}
	panel  = Color{0xf6, 0xf7, 0xf9}
	fence  = Color{0xcf, 0xd6, 0xde}
	ground = Color{0xff, 0xff, 0xff}
)

// picture draws what was laid out: groups, then edges, then nodes, so that none hides another.
func (l *layout) picture() *Picture {
	p := &Picture{types: l.types}
	bottom := margin + largeLine*float64(len(l.graph.Title))
	for lane := range l.lanes {
		if l.height[lane] > 0 {
			bottom = max(bottom, l.top[lane]+l.height[lane]+lanePad)
		}
	}
	p.Width = l.right
	title := part{class: "title"}
	for i, line := range l.graph.Title {
		title.marks = append(title.marks, p.letters(line, margin, margin+largeLine*float64(i)+large, large, i == 0, false, ink))
	}
	p.add(title)
	for group := range l.graph.Groups {
		p.add(l.group(p, group))
	}
	for i := range l.graph.Edges {
		p.add(l.edge(p, i))
	}
	for n := range l.graph.Nodes {
		p.add(l.node(p, n))
	}
	p.Height = p.legend(l.graph.Legend, bottom) + margin
	return p
}

// add adds a part, and makes room for its texts.
func (p *Picture) add(part part) {
	for _, m := range part.marks {
		if m.path == nil && !m.middle {
			p.Width = max(p.Width, m.x+m.long*otherFonts+margin)
		}
	}
	if len(part.marks) > 0 {
		p.parts = append(p.parts, part)
	}
}

func (p *Picture) letters(text string, x, y, size float64, bold, middle bool, c Color) mark {
	return mark{text: text, x: x, y: y, size: size, bold: bold, middle: middle, color: c, long: p.types.width(text, size, bold)}
}

// group is a panel behind the nodes of a group.
func (l *layout) group(p *Picture, group int) part {
	left, right := -1.0, 0.0
	lane := l.laneOf[group+1]
	for _, it := range l.nodes {
		if it.lane == lane {
			if left < 0 || it.x < left {
				left = it.x
			}
			right = max(right, it.x+it.width)
		}
	}
	if left < 0 {
		return part{}
	}
	name := p.letters(l.graph.Groups[group], left-lanePad+10, l.top[lane]-lanePad/2-laneHead+17, small, true, false, grey)
	right = max(right+lanePad, name.x+name.long*otherFonts+10)
	x, y := left-lanePad, l.top[lane]-laneHead-lanePad/2
	box := rounded(x, y, right-x, l.height[lane]+laneHead+lanePad*3/2, 8, 8)
	return part{class: "group", marks: []mark{{path: box, fill: &panel, pen: &fence, width: 1}, name}}
}

// nodeText is how large a node must be.
func nodeText(t *typesetter, n *Node) (width, height float64) {
	height = largeLine * float64(len(n.Name))
	width = t.room(n.Name, large, true)
	for _, text := range []string{n.Caption, n.Mark} {
		if text != "" {
			height += smallLine
			width = max(width, t.room([]string{text}, small, false))
		}
	}
	sides, above, below := inset(n.Shape, height)
	return max(width+sides, 64), height + above + below
}

func (l *layout) node(p *Picture, n int) part {
	node, it := &l.graph.Nodes[n], l.nodes[n]
	width, height := nodeText(l.types, node)
	x, y := it.x+(it.width-width)/2, it.y-height/2
	edge, inside := outline(node.Shape, x, y, width, height)
	pen := 1.2
	if node.Heavy {
		pen = 2.6
	}
	out := part{class: "node", tip: node.Tip, marks: []mark{{path: edge, fill: &node.Fill, pen: &node.Border, width: pen}}}
	for _, line := range inside {
		out.marks = append(out.marks, mark{path: line, pen: &node.Border, width: pen})
	}
	_, above, _ := inset(node.Shape, 0)
	middle := x + width/2
	y += above
	if node.Caption != "" {
		out.marks = append(out.marks, p.letters(node.Caption, middle, y+11, small, false, true, grey))
		y += smallLine
	}
	for _, name := range node.Name {
		out.marks = append(out.marks, p.letters(name, middle, y+13, large, true, true, ink))
		y += largeLine
	}
	if node.Mark != "" {
		out.marks = append(out.marks, p.letters(node.Mark, middle, y+11, small, false, true, node.Border))
	}
	return out
}

// legend explains the signs in a row under the picture, and gives where that ends.
func (p *Picture) legend(signs []Sign, y float64) float64 {
	if len(signs) == 0 {
		return y
	}
	y += rowGap
	x := margin
	out := part{class: "legend"}
	for i := range signs {
		s := &signs[i]
		label := p.letters(s.Text, x+40, y+11, small, false, false, grey)
		if x > margin && label.x+label.long*otherFonts+margin > p.Width {
			x, y = margin, y+smallLine+6
			label.x, label.y = x+40, y+11
		}
		if s.Heavy {
			out.marks = append(out.marks, mark{path: rounded(x+4, y, 24, 13, 4, 4), pen: &s.Line, width: 2.6})
		} else {
			out.marks = append(out.marks, mark{path: (&path{}).move(x, y+7).line(x+32, y+7), pen: &s.Line, width: 1.6, style: s.Style})
		}
		out.marks = append(out.marks, label)
		x = label.x + label.long*otherFonts + 28
	}
	p.add(out)
	return y + smallLine
}
