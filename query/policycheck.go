package query

import (
	"context"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/query/answer"
)

// PolicyCheck is one of three questions about a document: exactly one of NoNewAccess, NotGranted and NotPublic is asked.
type PolicyCheck struct {
	NoNewAccess *PolicyText // it allows nothing that this one does not
	NotGranted  []string    // it allows none of these actions: patterns, and levels as kms:@write
	On          []string    // for NotGranted: on resources of these patterns; none: on any
	NotPublic   bool        // it lets in nobody whom nothing fixed bounds (D50, and for S3 D39)
	// ResourceType, as AWS::S3::Bucket, is what the document is attached to, for NotPublic: S3 has a definition of its own.
	ResourceType string
}

// The results of a check. Unknown is not passed: it hangs on something that the documents do not tell.
const (
	CheckPassed  = "passed"
	CheckFailed  = "failed"
	CheckUnknown = "unknown"
)

// PolicyResult is the result of a check, with a row for each failure: *answer.PolicyGrant with a witness.
type PolicyResult struct {
	Check  string // no-new-access, not-granted or not-public
	Kind   policy.Kind
	Result string
	*answer.Answer
}

// CheckPolicy checks a document by itself. Errors are those of DiffPolicies.
func CheckPolicy(ctx context.Context, doc PolicyText, check PolicyCheck, o PolicyOptions) (*PolicyResult, error) {
	texts := []PolicyText{doc}
	if check.NoNewAccess != nil {
		texts = []PolicyText{*check.NoNewAccess, doc}
	}
	if o.Type == "" && check.ResourceType == "AWS::IAM::AssumeRolePolicyDocument" {
		o.Type = policy.Trust.String()
	}
	c, err := readPolicies(o, texts...)
	if err != nil {
		return nil, err
	}
	r := &PolicyResult{Kind: c.kind}
	q := evaluator.PaperQuestion{New: c.docs[len(c.docs)-1], Old: &policy.Document{Kind: c.kind, Variables: true}}
	switch {
	case check.NoNewAccess != nil:
		r.Check, q.Old = "no-new-access", c.docs[0]
	case check.NotPublic:
		r.Check, q.Public = "not-public", true
		if c.kind != policy.Resource && c.kind != policy.Trust {
			return nil, policyUsage("%s policies are attached to principals or accounts; only resource and trust policies can be public", c.kind)
		}
	default:
		r.Check, q.Actions = "not-granted", trimmed(check.NotGranted)
		if q.Resources, err = arnPatterns(trimmed(check.On)); err != nil {
			return nil, err
		}
		if c.kind == policy.RCP {
			return nil, policyUsage("an RCP grants nothing, and without one everything is left; ask for --no-new-access")
		}
	}
	rows, err := c.beyond(ctx, q, "")
	if err != nil {
		return nil, err
	}
	if check.NotPublic && strings.HasPrefix(check.ResourceType, "AWS::S3::") {
		rows = publicBucket(c, rows)
	}
	r.Result = resultOf(rows)
	r.Answer = c.answer(rows, false,
		answer.Fact{Name: "check", Value: r.Check}, answer.Fact{Name: "result", Value: r.Result}, answer.Fact{Name: "type", Value: c.kind.String()},
		answer.Fact{Name: "policy", Value: doc.Name},
	)
	return r, nil
}

// trimmed are texts without the spaces that a list may have after its commas: with them they would match nothing.
func trimmed(texts []string) []string {
	var out []string
	for _, t := range texts {
		out = append(out, strings.TrimSpace(t))
	}
	return out
}

// arnPatterns refuses patterns that no ARN matches: nothing is granted on what does not exist, so that a check would pass.
func arnPatterns(texts []string) ([]string, error) {
	for _, t := range texts {
		begin := t
		if i := strings.IndexAny(t, "*?"); i >= 0 {
			begin = t[:i]
		}
		if t == "" || !strings.HasPrefix(begin, "arn:") && (begin == t || !strings.HasPrefix("arn:", begin)) {
			return nil, policyUsage("resource %q is no ARN and no pattern of ARNs, such as arn:aws:s3:::payroll/*", t)
		}
	}
	return texts, nil
}

func resultOf(rows []answer.Row) string {
	out := CheckPassed
	for _, r := range rows {
		if r.RowVerdict() != answer.Unknown {
			return CheckFailed
		}
		out = CheckUnknown
	}
	return out
}

// publicBucket keeps to what S3 calls a public policy (D39), whatever its Denies say: each statement that makes it one has a row.
func publicBucket(c *comparedPolicies, rows []answer.Row) []answer.Row {
	var out []answer.Row
	for i := range c.docs[0].Statements {
		st := &c.docs[0].Statements[i]
		if !evaluator.StatementIsPublic(st) {
			continue
		}
		shown := false
		for _, r := range rows {
			for _, via := range r.(*answer.PolicyGrant).Via {
				if via.Index == st.Index && !shown {
					out, shown = append(out, r), true
				}
			}
		}
		if !shown {
			out = append(out, statedPublic(c, st))
		}
	}
	return out
}

// statedPublic is a statement that S3 calls public although no request shows it: another statement denies all that it allows.
func statedPublic(c *comparedPolicies, st *policy.Statement) *answer.PolicyGrant {
	g := &answer.PolicyGrant{
		Principal: "*", Kind: "public", Verdict: answer.Conditional, Assumptions: []string{"S3 calls the statement public, whatever others deny"},
		Via: []answer.StatementRef{{Layer: "resource", Policy: c.texts[0].Name, Sid: st.Sid, Index: st.Index}},
	}
	for i := range st.Actions.Patterns {
		g.Actions = append(g.Actions, st.Actions.Patterns[i].Text)
	}
	for i := range st.Resources.Patterns {
		g.Resources = append(g.Resources, st.Resources.Patterns[i].Text)
	}
	return g
}
