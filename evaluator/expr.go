package evaluator

import "github.com/accessgraph/accessgraph/evaluator/policy"

// Expr is a boolean expression over the request's context: what a question fixes with `when`, and what a residual says. It is
// built of And, Or, Not, Const and Test.
type Expr interface{ isExpr() }

// And holds when every operand does; without operands it is true.
type And struct{ Of []Expr }

// Or holds when some operand does; without operands it is false.
type Or struct{ Of []Expr }

// Not is the exact complement of its operand, absence included (C45).
type Not struct{ Of Expr }

// Const is true or false.
type Const struct{ Value bool }

// Test is one condition in policy vocabulary, with a positive operator. The key "resource" speaks of the request's resource
// string; its values are resource patterns (B8).
type Test struct{ Condition policy.Condition }

func (And) isExpr()   {}
func (Or) isExpr()    {}
func (Not) isExpr()   {}
func (Const) isExpr() {}
func (Test) isExpr()  {}

// ResourceKey is the pseudo-key under which an Expr speaks of the request's resource.
const ResourceKey = "resource"
