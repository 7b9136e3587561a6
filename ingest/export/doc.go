// Package export writes a snapshot as an export directory: what package files reads, with every fact of the snapshot and of its observations, so
// that reading it again gives the same snapshot.
//
// The directory appears whole or not at all: it is written beside its place, read back, compared, and then renamed.
package export
