package query

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/region"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// managedPolicyCharacters is how long a managed policy may be; white space does not count.
const managedPolicyCharacters = 6144

// document is one policy that allows what the rows say and nothing else, proved before anybody sees it.
func (p *plan) document(ctx context.Context, q *syntax.WhatCan, rows []answer.Row, judged *evaluator.Answer) ([]byte, error) {
	question, err := p.question(nil, &q.Clauses)
	if err != nil {
		return nil, err
	}
	writer, err := p.world.Consolidator(question)
	if err != nil {
		return nil, p.place(err, nil, q.Principal, &q.Clauses)
	}
	doc, err := writer.Of(ctx, selector(q.Principal))
	if errors.Is(err, region.ErrBudget) {
		return nil, fmt.Errorf("%w; raise --budget", err)
	}
	if err != nil {
		return nil, p.place(err, nil, q.Principal, &q.Clauses)
	}
	p.warnDocument(doc.Document, rows)
	if slices.Contains(judged.Assumptions, evaluator.EncryptedTransport) {
		p.warnings = append(p.warnings, "the document takes it that "+evaluator.EncryptedTransport+", and tests of it may be left out; ask with \"when aws:SecureTransport = true\" to have it tested")
	}
	if doc.Empty {
		p.warnings = append(p.warnings, fmt.Sprintf("%s may do nothing of it; the document denies everything, since a document must have a statement", doc.Principal))
	}
	return doc.Document, nil
}

// warnDocument says what the document leaves out, and when it is too long for a managed policy.
func (p *plan) warnDocument(doc []byte, rows []answer.Row) {
	unknown := 0
	var causes []string
	for _, r := range rows {
		if w, ok := r.(*answer.WhatCan); ok && w.Verdict == answer.Unknown {
			unknown++
			causes = append(causes, w.Causes...)
		}
	}
	if unknown > 0 {
		slices.Sort(causes)
		p.warnings = append(p.warnings, fmt.Sprintf("the document leaves out what is unknown: %d grants, which hang on %s", unknown, strings.Join(slices.Compact(causes), "; ")))
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, doc); err == nil && compact.Len() > managedPolicyCharacters {
		p.warnings = append(p.warnings, fmt.Sprintf("the document has %d characters beside white space, and a managed policy takes %d", compact.Len(), managedPolicyCharacters))
	}
}
