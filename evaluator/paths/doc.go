// Package paths is how one identity becomes another: the access edges between principals and the outside world, found by asking the evaluator, and the
// search through them. Build finds the edges; Admins, Principals and Access are where paths lead; Toward, Closure and All search; Hops gives the
// evidence.
//
// # Where things are
//
//   - techniques.json and technique*: the known techniques, as data
//   - build, edges, edits, choices, outside, things, levels, alike: how edges are found
//   - node, edge, index, target, open: the graph, its search, and where paths lead
//   - hop, gain*: the evidence of each step
//   - choke*, mesh, statement, without, lacking, same: what paths hang on, and the graph without some statements
//   - network: graph algorithms, without IAM
package paths
