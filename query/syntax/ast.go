package syntax

// Pos is where a node begins in the text of its query.
type Pos struct {
	Offset int // in bytes, from 0
	Line   int // from 1
	Column int // in characters, from 1
}

// Node is any part of a query.
type Node interface {
	Position() Pos
	// String gives text that parses back to an equal node where one of its kind may stand.
	String() string
}

// Query is a whole query: a question and the stages that its rows run through.
type Query struct {
	Question Question
	Stages   []Stage
	Pos      Pos
}

// Question is one of *WhoCan, *WhoIsAdmin, *WhoReach, *Can, *Why, *WhatCan, *WhatReach, *Paths, *Choke, *External, *Show and
// *Changes.
type Question interface {
	Node
	question()
	// head is the question without its clauses, and clauses are those (and show's where) in order.
	parts() (head string, clauses []string)
	form() string
}

// WhoCan asks which principals may do something: who can A on R when C in S.
type WhoCan struct {
	Access  Access
	Clauses Clauses
	Pos     Pos
}

// WhoIsAdmin asks which principals are administrators: who is admin.
type WhoIsAdmin struct {
	Clauses Clauses
	Pos     Pos
}

// WhoReach asks which principals can get at a target through access edges: who can reach T.
type WhoReach struct {
	Target  Target
	Clauses Clauses
	Pos     Pos
}

// Can asks for the verdict on one principal: can P do A.
type Can struct {
	Principal *Principal
	Access    Access
	Clauses   Clauses
	Pos       Pos
}

// Why asks for the reasons of a verdict: why can P do A, why cannot P do A.
type Why struct {
	Negated   bool // cannot
	Principal *Principal
	Access    Access
	Clauses   Clauses
	Pos       Pos
}

// WhatCan asks for everything that a principal may do: what can P do.
type WhatCan struct {
	Principal *Principal
	Clauses   Clauses
	Pos       Pos
}

// WhatReach asks for every principal that a principal can become: what can P reach.
type WhatReach struct {
	Principal *Principal
	Clauses   Clauses
	Pos       Pos
}

// Paths asks for the ways from a source to a target: paths from S to T.
type Paths struct {
	All     bool // every simple path; otherwise the shortest, which is the default
	Source  Source
	Target  Target
	Clauses Clauses
	Pos     Pos
}

// Choke asks for the principals and edges that many paths to a target run through: choke points to T.
type Choke struct {
	Target  Target
	Clauses Clauses
	Pos     Pos
}

// External asks for every grant to someone outside the zone of trust: external access, or external trust for role trust
// policies alone.
type External struct {
	Trust   bool
	Clauses Clauses
	Pos     Pos
}

// Show lists what is in the snapshot: show KIND where P.
type Show struct {
	Kind    Kind
	Where   Predicate // nil without where
	Clauses Clauses
	Pos     Pos
}

// Changes asks what differs between two snapshots: changes from A to B, and with In which rows of a question do. Observations and Paths ask
// for more than the facts and the access: what with names.
type Changes struct {
	From, To     Snapshot
	In           Question // nil without in (question)
	Observations bool     // what changes by itself: when something was last used, and the credential report
	Paths        bool     // who reaches admin, and who gets in from outside
	Pos          Pos
}

func (*WhoCan) question()     {}
func (*WhoIsAdmin) question() {}
func (*WhoReach) question()   {}
func (*Can) question()        {}
func (*Why) question()        {}
func (*WhatCan) question()    {}
func (*WhatReach) question()  {}
func (*Paths) question()      {}
func (*Choke) question()      {}
func (*External) question()   {}
func (*Show) question()       {}
func (*Changes) question()    {}

func (*WhoCan) form() string     { return "who can" }
func (*WhoIsAdmin) form() string { return "who is admin" }
func (*WhoReach) form() string   { return "who can reach" }
func (*Can) form() string        { return "can" }
func (q *Why) form() string {
	if q.Negated {
		return "why cannot"
	}
	return "why can"
}
func (*WhatCan) form() string   { return "what can" }
func (*WhatReach) form() string { return "what can … reach" }
func (*Paths) form() string     { return "paths" }
func (*Choke) form() string     { return "choke points" }
func (q *External) form() string {
	if q.Trust {
		return "external trust"
	}
	return "external access"
}
func (*Show) form() string    { return "show" }
func (*Changes) form() string { return "changes" }

// Form names the form of the query's question as users know it: "who can", "why cannot", "external trust".
func (q *Query) Form() string { return q.Question.form() }

// Kind is what show lists, in the words of the language.
type Kind string

// The kinds.
const (
	Principals Kind = "principals"
	Users      Kind = "users"
	Groups     Kind = "groups"
	Roles      Kind = "roles"
	Policies   Kind = "policies"
	Statements Kind = "statements"
	Resources  Kind = "resources"
	Compute    Kind = "compute"
	Accounts   Kind = "accounts"
	Snapshots  Kind = "snapshots"
	Keys       Kind = "keys"
	Providers  Kind = "providers"
)

// ClausesOf gives the clauses of a question; nil for Changes, which has none.
func ClausesOf(q Question) *Clauses {
	switch q := q.(type) {
	case *WhoCan:
		return &q.Clauses
	case *WhoIsAdmin:
		return &q.Clauses
	case *WhoReach:
		return &q.Clauses
	case *Can:
		return &q.Clauses
	case *Why:
		return &q.Clauses
	case *WhatCan:
		return &q.Clauses
	case *WhatReach:
		return &q.Clauses
	case *Paths:
		return &q.Clauses
	case *Choke:
		return &q.Clauses
	case *External:
		return &q.Clauses
	case *Show:
		return &q.Clauses
	case *Changes:
	}
	return nil
}

// Position tells where the query begins.
func (q *Query) Position() Pos { return q.Pos }

// Position tells where the question begins.
func (q *WhoCan) Position() Pos { return q.Pos }

// Position tells where the question begins.
func (q *WhoIsAdmin) Position() Pos { return q.Pos }

// Position tells where the question begins.
func (q *WhoReach) Position() Pos { return q.Pos }

// Position tells where the question begins.
func (q *Can) Position() Pos { return q.Pos }

// Position tells where the question begins.
func (q *Why) Position() Pos { return q.Pos }

// Position tells where the question begins.
func (q *WhatCan) Position() Pos { return q.Pos }

// Position tells where the question begins.
func (q *WhatReach) Position() Pos { return q.Pos }

// Position tells where the question begins.
func (q *Paths) Position() Pos { return q.Pos }

// Position tells where the question begins.
func (q *Choke) Position() Pos { return q.Pos }

// Position tells where the question begins.
func (q *External) Position() Pos { return q.Pos }

// Position tells where the question begins.
func (q *Show) Position() Pos { return q.Pos }

// Position tells where the question begins.
func (q *Changes) Position() Pos { return q.Pos }
