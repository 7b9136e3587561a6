// Package paths is how one identity becomes another: the access edges between principals and the outside world, found by asking the evaluator,
// and the search through them.
package paths
