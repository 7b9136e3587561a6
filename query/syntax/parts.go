package syntax

// Access is what is asked about: actions, and whether one of them or each of them is meant.
type Access struct {
	Quantifier Quantifier
	Explicit   bool // "any of" or "all of" was written
	Actions    []ActionPattern
	Pos        Pos
}

// Quantifier says how many of several actions are meant.
type Quantifier uint8

// The quantifiers.
const (
	AnyOf Quantifier = iota // one allowed request is enough; the default
	AllOf                   // every action, and every catalogue action that a wildcard stands for
)

// ActionPattern is a pattern of actions, or all actions of an access level of one or every service.
type ActionPattern struct {
	// The pattern as it would stand in a policy: kms:Decrypt, s3:Get*, *. With a Level it is the pattern that the
	// actions of the level are taken from: * for @write, kms:* for kms:@write.
	Text string
	// list, read, write, tagging or permissions; empty for a plain pattern.
	Level string
	Pos   Pos
}

// Clauses are what narrows a question. Absent ones are nil.
type Clauses struct {
	On     []Resource // on and with
	When   Expr
	In     []Scope // in, and the scopes of "who in … can" and "who outside can"
	Except []Exception
	Via    []Edge
	Within *Within
	At     *Snapshot
}

// Names gives the words of the clauses that are present, in the order on, when, in, except, via, within, at.
func (c *Clauses) Names() []string {
	var names []string
	for _, has := range []struct {
		name    string
		present bool
	}{
		{"on", len(c.On) > 0}, {"when", c.When != nil}, {"in", len(c.In) > 0}, {"except", len(c.Except) > 0},
		{"via", len(c.Via) > 0}, {"within", c.Within != nil}, {"at", c.At != nil},
	} {
		if has.present {
			names = append(names, has.name)
		}
	}
	return names
}

// Resource is an ARN or a pattern of ARNs.
type Resource struct {
	Pattern string
	Pos     Pos
}

// Exception is one of *Principal and *Scope: what an except clause leaves out. There "account ID" is a scope.
type Exception interface {
	Node
	exception()
}

// Target is one of *Principal, *AdminTarget and *AccessTarget: what is to be reached.
type Target interface {
	Node
	target()
}

// Source is one of *Principal and *Outsiders: where paths begin.
type Source interface {
	Node
	source()
}

// Principal is who acts.
type Principal struct {
	Kind PrincipalKind
	Name string // the ARN, the name after role/, the account ID, the service; empty for root
	Pos  Pos
}

// PrincipalKind is how a principal was named.
type PrincipalKind uint8

// The kinds of principals.
const (
	PrincipalARN     PrincipalKind = iota // by its ARN
	PrincipalRole                         // role/NAME: every role of that name
	PrincipalUser                         // user/NAME
	PrincipalGroup                        // group/NAME: a member with that group's policies alone
	PrincipalRoot                         // root: the account roots
	PrincipalAccount                      // account ID: the account as a whole
	PrincipalService                      // service NAME: an AWS service
)

// Outsiders is a source that is no principal of the snapshot.
type Outsiders struct {
	Kind OutsidersKind
	Pos  Pos
}

// OutsidersKind is which outsiders are meant.
type OutsidersKind string

// The kinds of outsiders.
const (
	OutsideExternal OutsidersKind = "external"
	OutsidePublic   OutsidersKind = "public"
	OutsideAnyone   OutsidersKind = "anyone"
)

// AdminTarget is being an administrator, of a given account if there is one.
type AdminTarget struct {
	Account string // an account ID; empty for any account
	Pos     Pos
}

// AccessTarget is being able to do something.
type AccessTarget struct {
	Access Access
	On     []Resource // nil for every resource
	Pos    Pos
}

// Scope is a part of the organization, or all that is outside of it.
type Scope struct {
	Kind  ScopeKind
	Name  string // the account ID, the OU's id or name, the organization's id, the tag's key; empty for outside
	Value string // the tag's value
	Pos   Pos
}

// ScopeKind is how a scope was given.
type ScopeKind uint8

// The kinds of scopes.
const (
	ScopeAccount ScopeKind = iota
	ScopeOU
	ScopeOrg
	ScopeOutside
	ScopeTag
)

// Edge is a kind of access edge that paths may use, as a via clause lists them.
type Edge struct {
	Kind EdgeKind
	Pos  Pos
}

// EdgeKind is a kind of access edge, in the words of the language.
type EdgeKind string

// The kinds of edges.
const (
	EdgeDirect     EdgeKind = "direct"
	EdgeAssume     EdgeKind = "assume"
	EdgeFederation EdgeKind = "federation"
	EdgeEscalation EdgeKind = "escalation"
)

// Within limits paths to a number of hops.
type Within struct {
	Hops int
	Pos  Pos
}

// Snapshot names a snapshot by a reference: latest, latest~1, 2026-11-01, a name, an id prefix.
type Snapshot struct {
	Ref string // without the @
	Pos Pos
}

func (*Principal) exception() {}
func (*Scope) exception()     {}
func (*Principal) target()    {}
func (*AdminTarget) target()  {}
func (*AccessTarget) target() {}
func (*Principal) source()    {}
func (*Outsiders) source()    {}

// Position tells where the access begins.
func (a *Access) Position() Pos { return a.Pos }

// Position tells where the pattern begins.
func (a *ActionPattern) Position() Pos { return a.Pos }

// Position tells where the resource begins.
func (r *Resource) Position() Pos { return r.Pos }

// Position tells where the principal begins.
func (p *Principal) Position() Pos { return p.Pos }

// Position tells where the source begins.
func (o *Outsiders) Position() Pos { return o.Pos }

// Position tells where the target begins.
func (t *AdminTarget) Position() Pos { return t.Pos }

// Position tells where the target begins.
func (t *AccessTarget) Position() Pos { return t.Pos }

// Position tells where the scope begins.
func (s *Scope) Position() Pos { return s.Pos }

// Position tells where the kind of edge stands.
func (e *Edge) Position() Pos { return e.Pos }

// Position tells where the number of hops stands.
func (w *Within) Position() Pos { return w.Pos }

// Position tells where the reference begins.
func (s *Snapshot) Position() Pos { return s.Pos }
