package picture

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
)

// attribute is a property that GraphML declares.
type attribute struct{ on, name, kind string }

func attributes() []attribute {
	var out []attribute
	for _, name := range []string{"id", "label", "kind", "account", "administrator", "admin", "withheld", "source", "target"} {
		out = append(out, attribute{"node", name, typeOf(name)})
	}
	for _, name := range []string{"label", "kind", "technique", "title", "catalogue", "escalation", "verdict", "conditions", "via", "assumptions", "remedy"} {
		out = append(out, attribute{"edge", name, typeOf(name)})
	}
	return out
}

func typeOf(name string) string {
	switch name {
	case "administrator", "source", "target", "escalation":
		return "boolean"
	}
	return "string"
}

// graphML writes the graph as GraphML. Lists are joined by "; ". What XML cannot hold of a name becomes a replacement character; the ids of nodes are
// therefore numbers, and id is a property.
func (g *Graph) graphML() []byte {
	var b strings.Builder
	b.WriteString(xml.Header + "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"" +
		" xsi:schemaLocation=\"http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd\">\n")
	for _, a := range attributes() {
		fmt.Fprintf(&b, "  <key id=\"%[1]s_%[2]s\" for=\"%[1]s\" attr.name=\"%[2]s\" attr.type=\"%[3]s\"/>\n", a.on, a.name, a.kind)
	}
	b.WriteString("  <graph id=\"G\" edgedefault=\"directed\">\n")
	place := g.places()
	for i, n := range g.Nodes {
		fmt.Fprintf(&b, "    <node id=\"n%d\">\n", i)
		data(&b, "node", append([]property{{"id", n.ID}}, n.properties()...))
		b.WriteString("    </node>\n")
	}
	for i, e := range g.Edges {
		fmt.Fprintf(&b, "    <edge id=\"e%d\" source=\"n%d\" target=\"n%d\">\n", i, place[e.From], place[e.To])
		data(&b, "edge", append([]property{{"label", e.words()}, {"kind", e.Kind}}, e.properties()...))
		b.WriteString("    </edge>\n")
	}
	b.WriteString("  </graph>\n</graphml>\n")
	return []byte(b.String())
}

func data(b *strings.Builder, on string, properties []property) {
	for _, p := range properties {
		name, text := p.name, ""
		switch v := p.value.(type) {
		case string:
			text = v
		case bool:
			text = strconv.FormatBool(v)
		case []string:
			text = strings.Join(v, "; ")
		}
		if name == "name" { // by which Gephi knows what to write at a node
			name = "label"
		}
		fmt.Fprintf(b, "      <data key=\"%s_%s\">", on, name)
		_ = xml.EscapeText(b, []byte(text)) // a strings.Builder never fails
		b.WriteString("</data>\n")
	}
}
