package draw

// verb is one step of a path.
type verb uint8

const (
	move verb = iota
	line
	curve // cubic: two control points, then the end
	shut
)

type point struct{ x, y float64 }

// path is an outline or a line, made of straight pieces and cubic curves.
type path struct {
	verbs  []verb
	points []point
}

func (p *path) move(x, y float64) *path {
	p.verbs, p.points = append(p.verbs, move), append(p.points, point{x, y})
	return p
}

func (p *path) line(x, y float64) *path {
	p.verbs, p.points = append(p.verbs, line), append(p.points, point{x, y})
	return p
}

func (p *path) curve(ax, ay, bx, by, x, y float64) *path {
	p.verbs, p.points = append(p.verbs, curve), append(p.points, point{ax, ay}, point{bx, by}, point{x, y})
	return p
}

func (p *path) shut() *path {
	p.verbs = append(p.verbs, shut)
	return p
}

// polygon is a closed path of straight pieces.
func polygon(points ...point) *path {
	p := &path{}
	for i, at := range points {
		if i == 0 {
			p.move(at.x, at.y)
		} else {
			p.line(at.x, at.y)
		}
	}
	return p.shut()
}

// round is how far control points are from the ends of a quarter of a circle of radius 1.
const round = 0.5522847498

// rounded is a rectangle with elliptic corners.
func rounded(x, y, w, h, rx, ry float64) *path {
	kx, ky := rx*(1-round), ry*(1-round)
	p := &path{}
	p.move(x+rx, y).line(x+w-rx, y).curve(x+w-kx, y, x+w, y+ky, x+w, y+ry)
	p.line(x+w, y+h-ry).curve(x+w, y+h-ky, x+w-kx, y+h, x+w-rx, y+h)
	p.line(x+rx, y+h).curve(x+kx, y+h, x, y+h-ky, x, y+h-ry)
	return p.line(x, y+ry).curve(x, y+ky, x+kx, y, x+rx, y).shut()
}

// outline is a shape that fills a box, and the lines that are drawn inside it.
func outline(s Shape, x, y, w, h float64) (edge *path, inside []*path) {
	switch s {
	case Rounded:
		return rounded(x, y, w, h, 7, 7), nil
	case Pill:
		return rounded(x, y, w, h, h/2, h/2), nil
	case Ellipse:
		return rounded(x, y, w, h, w/2, h/2), nil
	case Hexagon:
		cut := min(h/3, 14)
		return polygon(point{x + cut, y}, point{x + w - cut, y}, point{x + w, y + h/2}, point{x + w - cut, y + h}, point{x + cut, y + h}, point{x, y + h/2}), nil
	case Octagon:
		cut := min(h/4, 10)
		return polygon(point{x + cut, y}, point{x + w - cut, y}, point{x + w, y + cut}, point{x + w, y + h - cut},
			point{x + w - cut, y + h}, point{x + cut, y + h}, point{x, y + h - cut}, point{x, y + cut}), nil
	case Cylinder:
		return cylinder(x, y, w, h)
	case Note:
		const fold = 10.0
		edge = polygon(point{x, y}, point{x + w - fold, y}, point{x + w, y + fold}, point{x + w, y + h}, point{x, y + h})
		return edge, []*path{(&path{}).move(x+w-fold, y).line(x+w-fold, y+fold).line(x+w, y+fold)}
	case Folder:
		const tab, high = 34.0, 6.0
		edge = polygon(point{x, y}, point{x + tab, y}, point{x + tab + high, y + high}, point{x + w, y + high}, point{x + w, y + h}, point{x, y + h})
		return edge, nil
	}
	return polygon(point{x, y}, point{x + w, y}, point{x + w, y + h}, point{x, y + h}), nil
}

// cylinder stands upright; its lid is drawn inside.
func cylinder(x, y, w, h float64) (edge *path, inside []*path) {
	const lid = 5.0
	k := w / 2 * (1 - round)
	edge = (&path{}).move(x, y+lid)
	edge.curve(x, y+lid*(1-round), x+k, y, x+w/2, y).curve(x+w-k, y, x+w, y+lid*(1-round), x+w, y+lid)
	edge.line(x+w, y+h-lid)
	edge.curve(x+w, y+h-lid*(1-round), x+w-k, y+h, x+w/2, y+h).curve(x+k, y+h, x, y+h-lid*(1-round), x, y+h-lid).shut()
	under := (&path{}).move(x, y+lid)
	under.curve(x, y+lid*(1+round), x+k, y+2*lid, x+w/2, y+2*lid).curve(x+w-k, y+2*lid, x+w, y+lid*(1+round), x+w, y+lid)
	return edge, []*path{under}
}

// inset is the room that a shape needs for itself around its text: to the left and right together, above, and below.
func inset(s Shape, height float64) (sides, above, below float64) {
	switch s {
	case Pill:
		return height * 0.6, 5, 5
	case Ellipse:
		return 44, 10, 10
	case Hexagon:
		return 28, 5, 5
	case Cylinder:
		return 16, 12, 8
	case Note:
		return 26, 6, 6
	case Folder:
		return 16, 10, 6
	}
	return 16, 6, 6
}
