package query

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/query/answer"
)

// PolicyText is a policy document as it stands in a file. Name is how answers quote it.
type PolicyText struct {
	Name string
	Text []byte
}

// PolicyOptions say how documents are compared. Type is the word for their kind: identity, resource, trust, scp, rcp, boundary, session or
// vpc-endpoint; empty: what their content says. Budget is the engine's steps for one caller and kind of resource; 0: the default.
type PolicyOptions struct {
	Type   string
	Budget int64
}

// PolicyError is a document that AWS would not store, with what is wrong with it, lint findings apart.
type PolicyError struct {
	Name     string
	Kind     policy.Kind
	Problems []policy.Problem
}

func (e *PolicyError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s is not a valid %s policy:", e.Name, e.Kind)
	for _, p := range e.Problems {
		b.WriteString("\n  " + p.String())
	}
	return b.String()
}

// PolicyUsageError is a comparison that makes no sense for the documents, or a word that is none.
type PolicyUsageError struct{ Message string }

func (e *PolicyUsageError) Error() string { return e.Message }

func policyUsage(format string, args ...any) error {
	return &PolicyUsageError{Message: fmt.Sprintf(format, args...)}
}

// comparedPolicies are documents of one kind, read and found valid.
type comparedPolicies struct {
	kind     policy.Kind
	catalog  *catalog.Catalog
	papers   *evaluator.Papers
	docs     []*policy.Document
	texts    []PolicyText
	warnings []string
	budget   int64
}

// readPolicies reads documents that are to be compared. Errors are *PolicyError and *PolicyUsageError.
func readPolicies(o PolicyOptions, texts ...PolicyText) (*comparedPolicies, error) {
	cat, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	c := &comparedPolicies{catalog: cat, papers: evaluator.NewPapers(cat), texts: texts, budget: o.Budget}
	if c.kind, err = kindOf(o.Type, texts); err != nil {
		return nil, err
	}
	for _, t := range texts {
		doc := policy.Parse(c.kind, t.Text)
		var wrong []policy.Problem
		for _, p := range doc.Problems {
			if p.Lint {
				c.warnings = append(c.warnings, t.Name+": "+p.String())
			} else {
				wrong = append(wrong, p)
			}
		}
		if len(wrong) > 0 {
			return nil, &PolicyError{Name: t.Name, Kind: c.kind, Problems: wrong}
		}
		c.docs = append(c.docs, doc)
	}
	return c, nil
}

// kindOf is the kind of some documents: what the user says, else what all of them say.
func kindOf(word string, texts []PolicyText) (policy.Kind, error) {
	if word != "" {
		kind, ok := policy.ParseKind(word)
		if !ok {
			return kind, policyUsage("type %q is not one of identity, resource, trust, scp, rcp, boundary, session, vpc-endpoint", word)
		}
		return kind, nil
	}
	kind := GuessPolicyKind(texts[0].Text)
	for _, t := range texts[1:] {
		if other := GuessPolicyKind(t.Text); other != kind {
			return kind, policyUsage("%s reads like a policy of type %s, %s like one of type %s; say which with --type", texts[0].Name, kind, t.Name, other)
		}
	}
	return kind, nil
}

// GuessPolicyKind tells what kind of policy a document is, as far as its content says: with principals it is a trust policy where it speaks of
// assuming roles alone, else a resource policy; without, an identity policy.
func GuessPolicyKind(text []byte) policy.Kind {
	named, assumes := false, true
	for _, s := range rawStatements(text) {
		_, who := s["Principal"]
		_, others := s["NotPrincipal"]
		_, resource := s["Resource"]
		_, rest := s["NotResource"]
		named = named || who || others
		assumes = assumes && !resource && !rest && assumesOnly(s["Action"])
	}
	switch {
	case named && assumes:
		return policy.Trust
	case named:
		return policy.Resource
	}
	return policy.Identity
}

// assumesOnly tells whether actions are those of trust policies.
func assumesOnly(actions any) bool {
	list := textsOf(actions)
	for _, a := range list {
		if service, _, _ := strings.Cut(a, ":"); !strings.EqualFold(service, "sts") {
			return false
		}
	}
	return len(list) > 0
}

// beyond gives the rows of what one document allows and another does not.
func (c *comparedPolicies) beyond(ctx context.Context, q evaluator.PaperQuestion, change string) ([]answer.Row, error) {
	q.Kind, q.Budget = c.kind, c.budget
	a, err := c.papers.Beyond(ctx, &q)
	if err != nil {
		var about *evaluator.QuestionError
		if errors.As(err, &about) {
			return nil, policyUsage("%s", about.Message)
		}
		return nil, err
	}
	for _, w := range a.Warnings {
		if !slices.Contains(c.warnings, w) {
			c.warnings = append(c.warnings, w)
		}
	}
	name := c.texts[len(c.texts)-1].Name
	if change == answer.Lost {
		name = c.texts[0].Name
	}
	var rows []answer.Row
	for _, r := range a.Rows {
		for _, g := range r.Grants {
			one := grantOf(g, r.Witness(g), c.catalog)
			for i := range one.Via {
				one.Via[i].Policy = name
			}
			rows = append(rows, &answer.PolicyGrant{
				Change: change, Principal: r.Principal, Kind: r.Kind, Verdict: one.Verdict, Actions: one.Actions, ActionCount: g.ActionCount, Resources: one.Resources,
				Conditions: one.Conditions, Via: slices.Concat([]answer.StatementRef{}, one.Via), Assumptions: one.Assumptions, Causes: one.Causes, Witness: one.Witness,
			})
		}
	}
	return rows, nil
}

// answer makes rows an answer.
func (c *comparedPolicies) answer(rows []answer.Row, changes bool, about ...answer.Fact) *answer.Answer {
	s := answer.Summary{Count: len(rows), Assumptions: []string{}, Warnings: c.warnings}
	for _, r := range rows {
		if r.RowVerdict() == answer.Unknown {
			s.Unknown++
		}
	}
	return &answer.Answer{About: about, Schema: answer.PolicySchema(changes), Rows: answer.Of(rows...), Summary: func() answer.Summary { return s }}
}

// DiffPolicies tells what a new document allows that an old one does not, and the reverse, each with a request that shows it: the rows are
// *answer.PolicyGrant, those gained first. The documents are compared by themselves (see evaluator.Papers): without a snapshot. Errors are *PolicyError for
// a document that is not valid, *PolicyUsageError, or that of the context.
func DiffPolicies(ctx context.Context, old, now PolicyText, o PolicyOptions) (*answer.Answer, error) {
	c, err := readPolicies(o, old, now)
	if err != nil {
		return nil, err
	}
	gained, err := c.beyond(ctx, evaluator.PaperQuestion{Old: c.docs[0], New: c.docs[1]}, answer.Gained)
	if err != nil {
		return nil, err
	}
	lost, err := c.beyond(ctx, evaluator.PaperQuestion{Old: c.docs[1], New: c.docs[0]}, answer.Lost)
	if err != nil {
		return nil, err
	}
	return c.answer(append(gained, lost...), true,
		answer.Fact{Name: "old", Value: old.Name}, answer.Fact{Name: "new", Value: now.Name}, answer.Fact{Name: "type", Value: c.kind.String()},
		answer.Fact{Name: "statements", Value: textChanges(old.Text, now.Text)},
	), nil
}
