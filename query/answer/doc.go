// Package answer holds what a question is answered with: typed rows whose JSON is a contract, the schema that says which
// fields a row has and of which type, and the frame around them (which snapshot was asked, how many rows, on which
// assumptions).
//
// An Answer streams: rows are produced while they are ranged over, and its Summary is complete only after the last one.
// The stages of a query (where, select, group by, sort, limit, count) live in the package stage, the output formats in
// query/render.
//
// Caveats: rows are immutable once they are handed out; slices inside them may be shared between rows.
package answer
