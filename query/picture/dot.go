package picture

import (
	"fmt"
	"strings"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/picture/draw"
)

// dot writes the picture in the language of Graphviz: accounts as clusters, what belongs to none beside them.
func (g *Graph) dot() []byte {
	small := g.collapse(maxLegible)
	var b strings.Builder
	fmt.Fprintf(&b, "digraph accessgraph {\n"+
		"  graph [rankdir=LR, ranksep=1.1, nodesep=0.3, fontname=\"Helvetica\", fontsize=13, labelloc=t, labeljust=l, label=%s];\n"+
		"  node [fontname=\"Helvetica\", fontsize=12, style=filled, margin=\"0.16,0.07\"];\n"+
		"  edge [fontname=\"Helvetica\", fontsize=10, arrowsize=0.8, penwidth=1.3];\n", dotLines(small.title(g), `\l`))
	place := small.places()
	for i := 0; i < len(small.Nodes); {
		account := small.cluster(i)
		indent := "  "
		if account != "" {
			indent = "    "
			fmt.Fprintf(&b, "  subgraph cluster_%d {\n    label=%s; labeljust=l; style=\"rounded,filled\"; color=\"#cfd6de\"; fillcolor=\"#f6f7f9\"; fontcolor=\"#5f6b7a\";\n",
				i, dotLines([]string{account}, `\n`))
		}
		for ; i < len(small.Nodes) && small.cluster(i) == account; i++ {
			b.WriteString(indent + small.Nodes[i].dot(i))
		}
		if account != "" {
			b.WriteString("  }\n")
		}
	}
	for _, e := range small.bundles() {
		b.WriteString("  " + e.dot(place[e.from], place[e.to]))
	}
	b.WriteString("}\n")
	return []byte(b.String())
}

func (n *Node) dot(i int) string {
	look := lookOf(n.Kind)
	border, heavy := n.border()
	lines := append([]string{n.heading()}, n.names()...)
	if mark := n.mark(); mark != "" {
		lines = append(lines, mark)
	}
	style, width := "", ""
	if look.shape == draw.Rounded {
		style = `, style="rounded,filled"`
	}
	if heavy {
		width = ", penwidth=2.6"
	}
	return fmt.Sprintf("n%d [label=%s, shape=%s%s, fillcolor=\"%s\", color=\"%s\"%s, tooltip=%s];\n",
		i, dotLines(lines, `\n`), look.dot, style, look.fill, border, width, dotLines(strings.Split(n.tip(), "\n"), `\n`))
}

func (b *bundle) dot(from, to int) string {
	style := ""
	switch b.edges[0].Verdict {
	case answer.Conditional:
		style = ", style=dashed"
	case answer.Unknown, answer.Denied:
		style = ", style=dotted"
	}
	tip := dotLines(strings.Split(b.tip(), "\n"), `\n`)
	return fmt.Sprintf("n%d -> n%d [label=%s, color=\"%[4]s\", fontcolor=\"%[4]s\"%[5]s, tooltip=%[6]s, labeltooltip=%[6]s];\n",
		from, to, dotLines(append(b.words(), b.note()...), `\n`), b.color(), style, tip)
}

// dotLines quotes lines of a label, each of which ends in an escape that also says how it is aligned.
func dotLines(lines []string, end string) string {
	quoted := make([]string, len(lines))
	for i, line := range lines {
		quoted[i] = dotEscape(line)
	}
	text := strings.Join(quoted, end)
	if end == `\l` {
		text += end
	}
	return `"` + text + `"`
}

// dotEscape makes a label show a text as it is: backslashes begin escapes, ampersands entities.
func dotEscape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", "&amp;", "\n", `\n`, "\r", `\r`, "\x00", "").Replace(s)
}
