// Package syntax reads and writes the query language: text to a typed tree with positions, and back.
//
// Parse reads a whole query, ParseExpr the boolean expression of a when clause. Every node of the tree knows where it
// began, and its String is text that reads back as the same tree (positions apart); Query.Pretty is the same over several
// lines. Trees may also be built by programs: conditions under which an answer holds are such expressions, printed by
// Expr.String. Errors are values of type *Error that point at the character, say what was expected and suggest the
// nearest word. Complete lists what can stand at an offset, Grammar prints the EBNF that the parser was built from.
//
// The package knows words and shapes only. Which actions, fields, snapshots and principals exist, which clauses make sense
// for which question and what values mean is for the caller to say.
//
// # How it works
//
// A stateful lexer cuts the text (lex.go), a pass over the tokens sorts words by their shape and sets final question
// marks apart (tokens.go), participle builds a parse tree (grammar.go), which is checked and turned into the tree
// (convert.go and its neighbours). Only when that fails, or for completion, the EBNF of the same parser is run as a network over
// the tokens (network.go), which tells exactly what could have stood where the text went wrong.
//
// # Caveats
//
// A tree built by a program prints as text that parses back only if it is one that the grammar has: lists are not empty, keys
// hold no closing brace or comma, networks are networks, depth is at most MaxDepth.
package syntax
