// Package query answers questions: it parses a text, plans it against a snapshot, has the evaluator judge it and gives typed
// rows, run through the query's stages. It is the library's front door; the command line only prints what it gives.
package query
