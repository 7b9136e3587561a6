// Package policy is the policy language: parse, validate and compile one document, and match requests against its
// statements. It knows nothing of layers or accounts; what several documents mean together is the evaluator's business.
// Rule numbers in comments (A9, B8, C26) are those of the semantics that the project keeps.
//
// Parse never fails: what is wrong with a document is said in its Problems, and whatever could be understood is compiled.
// What could not is on the wide side: an unanalysable statement covers at least the requests that the real one could.
package policy

import "strings"

// Kind of policy a document serves as; it decides which elements are legal (A34).
type Kind uint8

// The kinds of policy.
const (
	Identity Kind = iota
	Boundary
	Session
	SCP
	RCP
	Resource
	Trust
	VPCEndpoint
)

// kindNames are the words for kinds, in the order of the constants.
var kindNames = [...]string{"identity", "boundary", "session", "scp", "rcp", "resource", "trust", "vpc-endpoint"}

// String is the kind's word: identity, boundary, session, scp, rcp, resource, trust, vpc-endpoint.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// phrase is the kind in a sentence.
func (k Kind) phrase() string {
	switch k {
	case Identity:
		return "an identity policy"
	case SCP, RCP:
		return "an " + strings.ToUpper(k.String())
	}
	return "a " + k.String() + " policy"
}

// ParseKind reads the word for a kind as String writes it; `vpcEndpoint` and `vpce` are read too.
func ParseKind(word string) (Kind, bool) {
	for i, name := range kindNames {
		if word == name {
			return Kind(i), true
		}
	}
	if word == "vpcEndpoint" || word == "vpce" {
		return VPCEndpoint, true
	}
	return Identity, false
}

// Effect of a statement.
type Effect uint8

// The effects.
const (
	Allow Effect = iota
	Deny
)

// String is the effect as documents write it (A4).
func (e Effect) String() string {
	if e == Deny {
		return "Deny"
	}
	return "Allow"
}

// Document is one compiled policy document. It is immutable and safe for concurrent use.
type Document struct {
	Kind       Kind
	Variables  bool // Version is 2012-10-17: ${…} means something (A2)
	Statements []Statement
	Problems   []Problem // everything Parse found, in document order
}

// Valid tells whether the document has no problem but lint findings: AWS would store it.
func (d *Document) Valid() bool {
	for i := range d.Problems {
		if !d.Problems[i].Lint {
			return false
		}
	}
	return true
}

// Statement is one compiled statement. A statement that could not be understood whole has Unanalysable set to the
// reason (A15): whatever of it was understood is compiled, the rest is as wide as it could be, and the evaluator treats
// a match as possible, never as certain. A statement without a known Effect is there twice, once with either.
type Statement struct {
	Index        int // position in the document, from 0
	Sid          string
	Effect       Effect
	Principals   Principals
	Actions      Actions
	Resources    Resources
	Conditions   []Condition // AND (C1)
	Unanalysable string
	Cause        Cause // why, as a D54 name; meaningful when Unanalysable is set
}

// Cause is a D54 name of uncertainty.
type Cause string

// The D54 names.
const (
	UnanalysableStatement Cause = "unanalysable-statement"
	MissingDocument       Cause = "missing-document"
	UnknownOwner          Cause = "unknown-owner"
	FreeCondition         Cause = "free-condition"
	NotPrincipalUncertain Cause = "notprincipal-uncertain"
	ServiceRuleMissing    Cause = "service-rule-missing"
	CollectionGap         Cause = "collection-gap"
	BudgetExceeded        Cause = "budget-exceeded" // not of D54: the work for one verdict was cut
)

// Missing stands in for a document that is referenced but was not collected (D18): it may allow or deny anything.
func Missing(kind Kind) *Document {
	const why = "the document is referenced but was not collected"
	return &Document{
		Kind:       kind,
		Statements: anything(kind, why, MissingDocument),
		Problems:   []Problem{{Rule: "D18", Message: why + "; collect it and take the snapshot again", Line: 1}},
	}
}

// anything is a pair of statements that may allow or deny everything.
func anything(kind Kind, why string, cause Cause) []Statement {
	s := Statement{
		Actions: everyAction(), Resources: Resources{Implicit: true}, Principals: unknownPrincipals(kind),
		Unanalysable: why, Cause: cause,
	}
	allow, deny := s, s
	allow.Effect, deny.Effect = Allow, Deny
	return []Statement{allow, deny}
}
