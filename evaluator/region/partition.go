package region

// Partitioned is the partition of the values of one key by a family of tests.
type Partitioned struct {
	Cells []Cell
	Exact bool // no combination of tests that some value satisfies is missing, and every Single is right
}
