package draw

const (
	arrowLong = 9.0
	arrowWide = 4.0
	lineWidth = 1.6
	backPort  = 10.0 // how far below the others lines from right to left end
)

// edge is a line with its arrow and label.
func (l *layout) edge(p *Picture, i int) part {
	e := &l.graph.Edges[i]
	if e.From == e.To {
		return l.loop(p, i)
	}
	out := part{class: "edge", tip: e.Tip}
	line := &path{}
	chain := l.chains[i]
	left, right := chain[0], chain[len(chain)-1]
	begin := left.x + left.width
	begin -= l.slack(left)
	end := right.x + l.slack(right)
	if l.flipped[i] {
		begin += arrowLong
	} else {
		end -= arrowLong
	}
	leftY, rightY := left.y, right.y
	if l.flipped[i] { // beside the lines that lead to the right
		leftY, rightY = leftY+backPort, rightY+backPort
	}
	line.move(begin, leftY)
	x, y := begin, leftY
	for _, it := range chain[1 : len(chain)-1] {
		bend(line, x, y, it.x, it.y)
		x, y = it.x+it.width, it.y
		line.line(x, y)
	}
	bend(line, x, y, end, rightY)
	tip := polygon(point{end + arrowLong, rightY}, point{end, rightY - arrowWide}, point{end, rightY + arrowWide})
	if l.flipped[i] {
		tip = polygon(point{begin - arrowLong, leftY}, point{begin, leftY + arrowWide}, point{begin, leftY - arrowWide})
	}
	out.marks = append(out.marks, mark{path: line, pen: &e.Line, width: lineWidth, style: e.Style}, mark{path: tip, fill: &e.Line})
	for _, it := range chain {
		if it.label {
			out.marks = append(out.marks, label(p, e, it.x+it.width/2, it.y-it.up)...)
		}
	}
	return out
}

// slack is how far the outline of a node is from its place in the column, which lines to itself may have made wider.
func (l *layout) slack(it *item) float64 {
	width, _ := nodeText(l.types, &l.graph.Nodes[it.node])
	return (it.width - width) / 2
}

// bend leads a line to another height, straight at both ends.
func bend(p *path, x, y, toX, toY float64) {
	if y == toY {
		p.line(toX, toY)
		return
	}
	half := (toX - x) / 2
	p.curve(x+half, y, toX-half, toY, toX, toY)
}

// label writes the lines of a label from a height on downwards.
func label(p *Picture, e *Edge, middle, y float64) (out []mark) {
	for _, text := range e.Label {
		out = append(out, p.letters(text, middle, y+11, small, true, true, e.Line))
		y += smallLine
	}
	for _, text := range e.Note {
		out = append(out, p.letters(text, middle, y+11, small, false, true, grey))
		y += smallLine
	}
	return out
}

// loop is a line from a node to itself, above it. All that a node has are one line, with their labels one over another.
func (l *layout) loop(p *Picture, i int) part {
	e, it := &l.graph.Edges[i], l.nodes[l.graph.Edges[i].From]
	_, height := nodeText(l.types, &l.graph.Nodes[it.node])
	top := it.y - height/2
	const wide = 16.0
	x := it.x + it.width/2
	out := part{class: "edge", tip: e.Tip}
	if i == l.loops[it.node][0] {
		line := (&path{}).move(x-wide, top).curve(x-wide-6, top-loopHeight, x+wide+6, top-loopHeight, x+wide, top-arrowLong)
		tip := polygon(point{x + wide, top}, point{x + wide + arrowWide, top - arrowLong}, point{x + wide - arrowWide, top - arrowLong})
		out.marks = append(out.marks, mark{path: line, pen: &e.Line, width: lineWidth, style: l.loopStyle(it.node)}, mark{path: tip, fill: &e.Line})
	}
	above := top - loopHeight
	for _, other := range l.loops[it.node] {
		o := &l.graph.Edges[other]
		above -= smallLine * float64(len(o.Label)+len(o.Note))
		if other == i {
			break
		}
	}
	out.marks = append(out.marks, label(p, e, x, above)...)
	return out
}

// loopStyle is whole where one of the edges is.
func (l *layout) loopStyle(node int) Style {
	style := Dotted
	for _, i := range l.loops[node] {
		style = min(style, l.graph.Edges[i].Style)
	}
	return style
}
