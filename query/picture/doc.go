// Package picture turns the paths of an answer into one graph, every node and every edge once, and writes it: as a picture for people (dot, svg, png),
// or whole for other programs (graph-json, graphml, cypher, opengraph).
//
// A picture of more than fifty nodes is collapsed: nodes of one kind and account that the same edges lead to and from become one. Other formats
// hold every node. The same answer gives the same bytes, whatever the order of its rows.
//
// Caveats: names come from others. Pictures show control characters as escapes, as tables do; the other formats hold names exactly, quoted as each
// of them wants it. Bytes that are no UTF-8 are written as \xNN everywhere.
package picture
