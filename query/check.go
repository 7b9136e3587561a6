package query

import (
	"time"

	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/answer/stage"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// Check reads a question and finds what can be found wrong with it without a snapshot: its syntax, forms and clauses that
// are not answered, and stages that name fields its rows do not have. Errors are *syntax.Error or *NotYetError.
func Check(text string) (*syntax.Query, error) {
	q, err := syntax.Parse(text)
	if err != nil {
		return nil, err
	}
	if err := answerable(q, text); err != nil {
		return nil, err
	}
	if s, ok := q.Question.(*syntax.Show); ok {
		if err := checkShow(q, s, text); err != nil {
			return nil, err
		}
		return q, nil
	}
	if _, err := stage.Apply(schemaOf(q.Question), answer.Of(), q, text, time.Time{}); err != nil {
		return nil, err
	}
	return q, nil
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
	}
	return answer.WhoCanSchema()
}
