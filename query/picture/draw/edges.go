package draw

const (
	arrowLong = 9.0
	arrowWide = 4.0
	lineWidth = 1.6
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
	line.move(begin, left.y)
	x, y := begin, left.y
	for _, it := range chain[1 : len(chain)-1] {
		bend(line, x, y, it.x, it.y)
		x, y = it.x+it.width, it.y
		line.line(x, y)
	}
	bend(line, x, y, end, right.y)
	tip := polygon(point{end + arrowLong, right.y}, point{end, right.y - arrowWide}, point{end, right.y + arrowWide})
	if l.flipped[i] {
		tip = polygon(point{begin - arrowLong, left.y}, point{begin, left.y + arrowWide}, point{begin, left.y - arrowWide})
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

// loop is a line from a node to itself, above it. Several stand one over another, each with its label.
func (l *layout) loop(p *Picture, i int) part {
	e, it := &l.graph.Edges[i], l.nodes[l.graph.Edges[i].From]
	_, height := nodeText(l.types, &l.graph.Nodes[it.node])
	top := it.y - height/2
	for _, other := range l.loops[it.node] {
		if other == i {
			break
		}
		o := &l.graph.Edges[other]
		top -= loopHeight + smallLine*float64(len(o.Label)+len(o.Note))
	}
	const wide = 16.0
	x := it.x + it.width/2
	line := (&path{}).move(x-wide, top).curve(x-wide-6, top-loopHeight, x+wide+6, top-loopHeight, x+wide, top-arrowLong)
	tip := polygon(point{x + wide, top}, point{x + wide + arrowWide, top - arrowLong}, point{x + wide - arrowWide, top - arrowLong})
	marks := []mark{{path: line, pen: &e.Line, width: lineWidth, style: e.Style}, {path: tip, fill: &e.Line}}
	return part{class: "edge", tip: e.Tip, marks: append(marks, label(p, e, x, top-loopHeight-smallLine*float64(len(e.Label)+len(e.Note)))...)}
}
