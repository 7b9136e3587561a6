package paths

import "github.com/accessgraph/accessgraph/evaluator"

// Node is one place of a graph: a principal of the snapshot as it is, one with edited policies or with a session that carries no MFA
// information, or somebody or something outside of IAM.
type Node struct {
	Kind    string // user, role, root, account, organization, service, provider, public, session, compute
	ARN     string // as answers show it
	Name    string
	Account string // empty where there is none
	// Of a principal of the snapshot: the number of its first node. Nodes of one principal differ in Chained and Change.
	Principal uint32
	Chained   bool    // a session that AssumeRole made (E16)
	Change    *Change // what was edited (E10); nil: nothing
	Outside   bool    // of the zone of trust
	Open      bool    // a provider that lets anybody in (E6), or the public

	actor    *evaluator.Actor // nil outside the snapshot
	outsider *evaluator.Outsider
	party    int32 // what it can do, with others; -1: nothing
}

// Change is what was done to a principal's policies (E10).
type Change struct {
	Edit  evaluator.Edit
	Words string // what the principal then has

	key    string
	chosen bool // it has one of several things of which one at a time is had
}
