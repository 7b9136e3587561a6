package draw

import (
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// SVG gives the picture as a document of its own, without scripts, styles or anything that is loaded. Texts keep their width in any font.
func (p *Picture) SVG() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"+
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%[1]s\" height=\"%[2]s\" viewBox=\"0 0 %[1]s %[2]s\" font-family=\"Go, Helvetica, Arial, sans-serif\">\n",
		number1(math.Ceil(p.Width)), number1(math.Ceil(p.Height)))
	fmt.Fprintf(&b, "<rect width=\"100%%\" height=\"100%%\" fill=\"%s\"/>\n", ground)
	for i := range p.parts {
		part := &p.parts[i]
		fmt.Fprintf(&b, "<g class=\"%s\">\n", part.class)
		if part.tip != "" {
			b.WriteString("<title>")
			escape(&b, part.tip)
			b.WriteString("</title>\n")
		}
		for j := range part.marks {
			part.marks[j].svg(&b)
		}
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

func (m *mark) svg(b *strings.Builder) {
	if m.path == nil {
		fmt.Fprintf(b, "<text x=\"%s\" y=\"%s\" font-size=\"%s\" fill=\"%s\"", number1(m.x), number1(m.y), number1(m.size), m.color)
		if m.bold {
			b.WriteString(` font-weight="bold"`)
		}
		if m.middle {
			b.WriteString(` text-anchor="middle"`)
		}
		fmt.Fprintf(b, " textLength=\"%s\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\">", number1(m.long))
		escape(b, m.text)
		b.WriteString("</text>\n")
		return
	}
	b.WriteString(`<path d="` + m.path.svg() + `"`)
	if m.fill != nil {
		fmt.Fprintf(b, " fill=\"%s\"", m.fill)
	} else {
		b.WriteString(` fill="none"`)
	}
	if m.pen != nil {
		fmt.Fprintf(b, " stroke=\"%s\" stroke-width=\"%s\"", m.pen, number1(m.width))
		if dashes := m.style.dashes(); dashes != nil {
			fmt.Fprintf(b, " stroke-dasharray=\"%s %s\"", number1(dashes[0]), number1(dashes[1]))
		}
	}
	b.WriteString("/>\n")
}

// dashes are the lengths of what is drawn and of what is left out, nil for a whole line.
func (s Style) dashes() []float64 {
	switch s {
	case Dashed:
		return []float64{6, 4}
	case Dotted:
		return []float64{1.8, 3.2}
	}
	return nil
}

func (p *path) svg() string {
	var b strings.Builder
	points := p.points
	write := func(letter string, n int) {
		b.WriteString(letter)
		for i, at := range points[:n] {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(number1(at.x) + "," + number1(at.y))
		}
		points = points[n:]
	}
	for _, v := range p.verbs {
		switch v {
		case move:
			write("M", 1)
		case line:
			write("L", 1)
		case curve:
			write("C", 3)
		case shut:
			write("Z", 0)
		}
	}
	return b.String()
}

// number1 writes a number with at most one decimal: the same on every machine.
func number1(x float64) string {
	text := strconv.FormatFloat(x, 'f', 1, 64)
	text = strings.TrimSuffix(text, ".0")
	if text == "-0" {
		return "0"
	}
	return text
}

// escape writes a text as XML; what XML cannot hold becomes a replacement character.
func escape(b *strings.Builder, text string) {
	_ = xml.EscapeText(b, []byte(text)) // a strings.Builder never fails
}
