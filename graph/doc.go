// Package graph holds the facts: who exists in a set of AWS accounts and what every policy says, as plain structs with
// AWS's own names, and the store that keeps them as immutable snapshots.
//
// A Facts value is one snapshot in memory: sources under ingest fill it, a Store keeps it, the evaluator compiles it.
// The package imports nothing of this project.
//
// Caveats: a field added to the model must be added to records.go, at the end of its record, and to Normalize when it is
// a set; the suite in storetest fails until it is. Documents are kept by the hash of their canonical form and shared; never change the bytes of a Document that
// a Facts value holds. Slices inside entities that AWS treats as sets are sorted by Normalize before hashing.
package graph
