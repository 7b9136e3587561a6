package draw

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	idraw "image/draw"
	"image/png"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// Limits of a PNG: up to the first it has two pixels in each direction for one of the picture, as sharp screens have; beyond the second it is refused.
const (
	sharpPixels = 24 << 20
	maxPixels   = 64 << 20
)

// SizeError says that a picture is too large for a PNG.
type SizeError struct{ Width, Height int }

func (e *SizeError) Error() string {
	return fmt.Sprintf("the picture would have %d × %d pixels", e.Width, e.Height)
}

// PNG gives the picture as a PNG. It ends early, with the error of ctx, when that is done; a *SizeError says that it is too large.
func (p *Picture) PNG(ctx context.Context) ([]byte, error) {
	scale := 2.0
	if p.Width*p.Height*scale*scale > sharpPixels {
		scale = 1
	}
	width, height := int(math.Ceil(p.Width*scale)), int(math.Ceil(p.Height*scale))
	if p.Width*p.Height*scale*scale > maxPixels {
		return nil, &SizeError{width, height}
	}
	c := &canvas{image: image.NewRGBA(image.Rect(0, 0, width, height)), scale: scale, types: p.types}
	idraw.Draw(c.image, c.image.Bounds(), uniform(ground), image.Point{}, idraw.Src)
	for i := range p.parts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for j := range p.parts[i].marks {
			if err := c.mark(&p.parts[i].marks[j]); err != nil {
				return nil, err
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, c.image); err != nil {
		return nil, fmt.Errorf("write the PNG: %w", err)
	}
	return b.Bytes(), ctx.Err()
}

func uniform(c Color) *image.Uniform { return image.NewUniform(color.RGBA{c.R, c.G, c.B, 0xff}) }

// canvas is a picture of pixels.
type canvas struct {
	image *image.RGBA
	scale float64
	types *typesetter
}

func (c *canvas) mark(m *mark) error {
	if m.path == nil {
		return c.letters(m)
	}
	lines := m.path.flat(c.scale)
	if m.fill != nil {
		c.fill(lines, *m.fill)
	}
	if m.pen != nil {
		c.fill(strokes(dashed(lines, m.style.dashes(), c.scale), m.width*c.scale/2), *m.pen)
	}
	return nil
}

func (c *canvas) letters(m *mark) error {
	face, err := c.types.face(m.size*c.scale, m.bold)
	if err != nil {
		return err
	}
	x := m.x * c.scale
	d := font.Drawer{Dst: c.image, Src: uniform(m.color), Face: face}
	if m.middle {
		x -= float64(d.MeasureString(m.text)) / 64 / 2
	}
	d.Dot = fixed.Point26_6{X: fixed.Int26_6(math.Round(x * 64)), Y: fixed.Int26_6(math.Round(m.y * c.scale * 64))}
	d.DrawString(m.text)
	return nil
}

// fill paints the inside of some outlines, all of which turn the same way round.
func (c *canvas) fill(outlines [][]point, with Color) {
	low, high := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for _, outline := range outlines {
		for _, at := range outline {
			low.x, low.y = min(low.x, at.x), min(low.y, at.y)
			high.x, high.y = max(high.x, at.x), max(high.y, at.y)
		}
	}
	box := image.Rect(int(math.Floor(low.x))-1, int(math.Floor(low.y))-1, int(math.Ceil(high.x))+1, int(math.Ceil(high.y))+1)
	if len(outlines) == 0 || box.Intersect(c.image.Bounds()).Empty() {
		return
	}
	r := vector.NewRasterizer(box.Dx(), box.Dy())
	r.DrawOp = idraw.Over
	for _, outline := range outlines {
		for i, at := range outline {
			x, y := float32(at.x-float64(box.Min.X)), float32(at.y-float64(box.Min.Y))
			if i == 0 {
				r.MoveTo(x, y)
			} else {
				r.LineTo(x, y)
			}
		}
		r.ClosePath()
	}
	r.Draw(c.image, box, uniform(with), image.Point{})
}

// flat gives the pieces of a path as straight lines, scaled. A closed one ends where it begins.
func (p *path) flat(scale float64) (out [][]point) {
	var now []point
	points := p.points
	at := func(i int) point { return point{points[i].x * scale, points[i].y * scale} }
	for _, v := range p.verbs {
		switch v {
		case move:
			if len(now) > 1 {
				out = append(out, now)
			}
			now, points = []point{at(0)}, points[1:]
		case line:
			now = append(now, at(0))
			points = points[1:]
		case curve:
			now = flatCurve(now, at(0), at(1), at(2))
			points = points[3:]
		case shut:
			now = append(now, now[0])
		}
	}
	return append(out, now)
}

// flatCurve adds the points of a cubic curve that begins at the last one.
func flatCurve(to []point, a, b, end point) []point {
	begin := to[len(to)-1]
	long := math.Hypot(end.x-begin.x, end.y-begin.y)
	steps := max(8, min(int(long/6), 64))
	for i := 1; i <= steps; i++ {
		t := float64(i) / float64(steps)
		u := 1 - t
		to = append(to, point{
			u*u*u*begin.x + 3*u*u*t*a.x + 3*u*t*t*b.x + t*t*t*end.x,
			u*u*u*begin.y + 3*u*u*t*a.y + 3*u*t*t*b.y + t*t*t*end.y,
		})
	}
	return to
}

// dashed cuts lines into dashes.
func dashed(lines [][]point, dashes []float64, scale float64) (out [][]point) {
	if dashes == nil {
		return lines
	}
	for _, line := range lines {
		drawn, left := true, dashes[0]*scale
		now := []point{line[0]}
		for i := 1; i < len(line); i++ {
			from, to := line[i-1], line[i]
			long := math.Hypot(to.x-from.x, to.y-from.y)
			for long > left {
				part := left / long
				from = point{from.x + (to.x-from.x)*part, from.y + (to.y-from.y)*part}
				long -= left
				if drawn {
					out = append(out, append(now, from))
				}
				drawn = !drawn
				left = dashes[1] * scale
				if drawn {
					left = dashes[0] * scale
				}
				now = []point{from}
			}
			left -= long
			now = append(now, to)
		}
		if drawn && len(now) > 1 {
			out = append(out, now)
		}
	}
	return out
}

// strokes gives the outlines of lines that are drawn with a pen of a radius: a rectangle for each piece and a disc at each joint.
func strokes(lines [][]point, radius float64) (out [][]point) {
	for _, line := range lines {
		closed := line[0] == line[len(line)-1]
		for i := 1; i < len(line); i++ {
			a, b := line[i-1], line[i]
			long := math.Hypot(b.x-a.x, b.y-a.y)
			if long == 0 {
				continue
			}
			nx, ny := -(b.y-a.y)/long*radius, (b.x-a.x)/long*radius
			out = append(out, []point{{a.x + nx, a.y + ny}, {a.x - nx, a.y - ny}, {b.x - nx, b.y - ny}, {b.x + nx, b.y + ny}})
			if i < len(line)-1 || closed {
				out = append(out, disc(b, radius))
			}
		}
	}
	return out
}

// disc turns the same way round as the rectangles of strokes.
func disc(at point, radius float64) []point {
	const corners = 12
	out := make([]point, corners)
	for i := range out {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		out[i] = point{at.x + radius*cos, at.y + radius*sin}
	}
	return out
}
