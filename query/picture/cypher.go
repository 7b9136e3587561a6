package picture

import (
	"fmt"
	"strconv"
	"strings"
)

// cypher writes statements that make the graph in Neo4j, or add it to what is there of it already. There is nothing from the data in a comment:
// Neo4j resolves \uNNNN there too, so that it could end one.
func (g *Graph) cypher() []byte {
	var b strings.Builder
	b.WriteString("CREATE CONSTRAINT accessgraph_id IF NOT EXISTS FOR (n:AccessGraph) REQUIRE n.id IS UNIQUE;\n")
	for _, n := range g.Nodes {
		fmt.Fprintf(&b, "MERGE (n:AccessGraph {id: %s}) SET n:%s, n += %s;\n", cypherText(n.ID), identifier(n.Kind, true), cypherMap(n.properties()))
	}
	for _, e := range g.Edges {
		fmt.Fprintf(&b, "MATCH (a:AccessGraph {id: %s}), (b:AccessGraph {id: %s}) MERGE (a)-[r:%s {technique: %s}]->(b) SET r += %s;\n",
			cypherText(e.From.ID), cypherText(e.To.ID), identifier(e.Kind, false), cypherText(e.Technique), cypherMap(e.properties()))
	}
	return []byte(b.String())
}

func cypherMap(properties []property) string {
	parts := make([]string, len(properties))
	for i, p := range properties {
		parts[i] = p.name + ": " + cypherValue(p.value)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func cypherValue(v any) string {
	switch v := v.(type) {
	case bool:
		return strconv.FormatBool(v)
	case []string:
		texts := make([]string, len(v))
		for i, s := range v {
			texts[i] = cypherText(s)
		}
		return "[" + strings.Join(texts, ", ") + "]"
	}
	text, _ := v.(string)
	return cypherText(text)
}

// cypherText quotes a text. Some readers resolve \uNNNN before they look for the end of a text, and do so after an escaped backslash too: a text is
// cut in two between a backslash and a u, so that there is nothing to resolve.
func cypherText(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	backslash := false
	for _, r := range s {
		if backslash && (r == 'u' || r == 'U') {
			b.WriteString("' + '")
		}
		backslash = r == '\\'
		switch {
		case r == '\\' || r == '\'':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('\'')
	return b.String()
}
