package draw

import (
	"fmt"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// Sizes of letters, and the height of a line of each.
const (
	large = 13.0
	small = 11.0

	largeLine = 17.0
	smallLine = 14.0
)

// typesetter measures and draws text in the Go fonts, which are part of the program: a picture does not depend on the fonts of a machine.
type typesetter struct {
	regular, bold *sfnt.Font
	faces         map[faceKey]font.Face
}

type faceKey struct {
	size float64
	bold bool
}

func newTypesetter() (*typesetter, error) {
	regular, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("read the regular font: %w", err)
	}
	bold, err := opentype.Parse(gobold.TTF)
	if err != nil {
		return nil, fmt.Errorf("read the bold font: %w", err)
	}
	return &typesetter{regular: regular, bold: bold, faces: map[faceKey]font.Face{}}, nil
}

// face gives the font at a size in pixels.
func (t *typesetter) face(size float64, bold bool) (font.Face, error) {
	key := faceKey{size, bold}
	if f, ok := t.faces[key]; ok {
		return f, nil
	}
	from := t.regular
	if bold {
		from = t.bold
	}
	f, err := opentype.NewFace(from, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return nil, fmt.Errorf("font at %g pixels: %w", size, err)
	}
	t.faces[key] = f
	return f, nil
}

// width is how wide a text is, in pixels. It is the sum of the advances at a large size, so that it grows with the size and nothing else.
func (t *typesetter) width(text string, size float64, bold bool) float64 {
	const unit = 64
	f, err := t.face(unit, bold)
	if err != nil { // never: the fonts are fixed
		return size * float64(len(text)) / 2
	}
	var sum fixed.Int26_6
	for _, r := range text {
		advance, ok := f.GlyphAdvance(r)
		if !ok {
			advance = fixed.I(unit) // one that the font does not have may be as wide as it is high
		}
		sum += advance
	}
	return float64(sum) / 64 * size / unit
}

// otherFonts is how much wider than the Go fonts the widest of those are that a reader of an SVG may show instead.
const otherFonts = 1.15

// room is the room that the widest of some lines takes in any usual font.
func (t *typesetter) room(lines []string, size float64, bold bool) float64 {
	w := 0.0
	for _, line := range lines {
		w = max(w, t.width(line, size, bold))
	}
	return w * otherFonts
}
