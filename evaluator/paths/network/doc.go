// Package network is the search through access paths (SEMANTICS E16, E17), free of what the vertices and edges mean: shortest ways, all simple
// paths in order, single edges that everything hangs on, smallest cuts.
//
// Edges come in bundles, because "whoever is in account X may assume whatever trusts X" is one fact and not a million: a bundle leads from every
// vertex of a set to every vertex of another. A Network keeps a bundle as one arc between two auxiliary vertices, one for each distinct set, so that
// it is as large as the distinct sets and the bundles together, and so is the work of Toward, From, Chokes and Lost. All looks only at what it
// comes by. MinCut alone needs edges one by one, of what lies between its sources and targets, and refuses when they are too many.
//
// # Edges
//
// An edge is a vertex, a vertex and a label. The same edge in several bundles is one edge; edges that differ in the label alone are different
// edges. No edge leads from a vertex to itself.
//
// # Caveats
//
// Every answer is the same whatever the order in which bundles, members, sources and targets are given. A Network and a Tree never change: any
// number of goroutines may read them at once. What takes a context ends with its error soon after that is done. Nothing recurses.
package network
