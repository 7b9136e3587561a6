// Package region is the set algebra of access: exact sets of strings (languages of AWS patterns), of numbers, instants
// and addresses, partitions of one key's values into cells, and ordered decision diagrams over cells, with emptiness,
// implication, complement, witness and an irredundant cover.
//
// Everything is exact or says that it is not: work is counted in steps against a Budget, and an operation that runs over
// it leaves the error in the Budget, never a guess. The package imports nothing of this project.
package region
