package query

import (
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/answer/stage"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// Check reads a question and finds what can be found wrong with it without a snapshot: its syntax, forms and clauses that
// are not answered, and stages that name fields its rows do not have. Errors are *syntax.Error.
func Check(text string) (*syntax.Query, error) {
	q, _, err := check(text)
	return q, err
}

// Schema gives the fields of the rows that a question and its stages have, without asking it. Errors are those of Check.
func Schema(text string) (*answer.Schema, error) {
	_, schema, err := check(text)
	return schema, err
}

func check(text string) (*syntax.Query, *answer.Schema, error) {
	q, err := syntax.Parse(text)
	if err != nil {
		return nil, nil, err
	}
	if err := answerable(q, text); err != nil {
		return nil, nil, err
	}
	if s, ok := q.Question.(*syntax.Show); ok {
		staged, err := checkShow(q, s, text)
		if err != nil {
			return nil, nil, err
		}
		return q, staged.Schema, nil
	}
	if c, ok := q.Question.(*syntax.Changes); ok {
		if s, ok := c.In.(*syntax.Show); ok {
			if _, err := checkShow(&syntax.Query{Question: s}, s, text); err != nil {
				return nil, nil, err
			}
		}
	}
	staged, err := stage.Apply(schemaOf(q.Question), answer.Of(), q, text, time.Time{})
	if err != nil {
		return nil, nil, err
	}
	return q, staged.Schema, nil
}

// Reference is the snapshot that a query is about: what its own at clause names (of changes, the one that they lead to), else at ("" is the latest), without the @.
func Reference(q *syntax.Query, at string) string {
	if c, ok := q.Question.(*syntax.Changes); ok {
		return c.To.Ref
	}
	if c := syntax.ClausesOf(q.Question); c != nil && c.At != nil {
		return c.At.Ref
	}
	if at == "" {
		return "latest"
	}
	return strings.TrimPrefix(at, "@")
}

// schemaOf tells which rows answer a question.
func schemaOf(q syntax.Question) *answer.Schema {
	switch q.(type) {
	case *syntax.Can:
		return answer.CanSchema()
	case *syntax.Why:
		return answer.WhySchema()
	case *syntax.WhatCan:
		return answer.WhatCanSchema()
	case *syntax.WhoReach, *syntax.WhatReach, *syntax.Paths, *syntax.WhoIsAdmin:
		return answer.PathSchema()
	case *syntax.Choke:
		return answer.ChokeSchema()
	case *syntax.External:
		return externalSchema()
	case *syntax.Changes:
		return answer.ChangeSchema()
	}
	return answer.WhoCanSchema()
}
