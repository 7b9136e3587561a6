package query

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// why explains a verdict: the evaluator's reason, put into words.
func (p *plan) why(ctx context.Context, q *syntax.Why) ([]answer.Row, *evaluator.Answer, error) {
	question, err := p.question(&q.Access, &q.Clauses)
	if err != nil {
		return nil, nil, err
	}
	reason, a, err := p.whyOf(ctx, question, q.Principal)
	var several *evaluator.AmbiguousError
	if errors.As(err, &several) {
		return nil, nil, p.fail(q.Principal.Pos, q.Principal.String(), "", "%v", err)
	}
	if err != nil {
		return nil, nil, p.place(err, &q.Access, q.Principal, &q.Clauses)
	}
	return []answer.Row{p.whyRow(reason, question)}, a, nil
}

// whyOf asks for the reason: the index, or the whole snapshot.
func (p *plan) whyOf(ctx context.Context, question evaluator.Question, who *syntax.Principal) (*evaluator.Reason, *evaluator.Answer, error) {
	if fleet := p.engine.fleet; fleet != nil {
		p.world = fleet.Base()
		if r, a, ok, err := fleet.Why(ctx, question, selector(who)); ok || err != nil {
			return r, a, err
		}
	}
	var err error
	if p.world, err = p.engine.compiled(ctx); err != nil {
		return nil, nil, err
	}
	if who.Kind == syntax.PrincipalService {
		p.knownService(who.Name)
	}
	return p.world.Why(ctx, question, selector(who))
}

func (p *plan) whyRow(r *evaluator.Reason, q evaluator.Question) *answer.Why {
	row := &answer.Why{
		Principal: r.Row.Principal, Account: r.Row.Account, Action: joined(q.Actions), Resource: joined(q.Resources),
		Verdict: answer.Verdict(r.Row.Verdict.String()), Layer: r.Ruling.Layer.String(), Owner: r.Ruling.Owner, Rule: r.Ruling.Rule,
		Because: because(r), Conditions: Words(r.Conditions, p.engine.catalog), Causes: r.Notes, Fixed: r.Fixed, More: r.More,
		Layers: []answer.WhyLayer{}, Changes: []answer.ChangeSet{}, Assumes: append([]string{}, r.Assumptions...),
	}
	if r.Witness != nil {
		row.Witness = witness(r.Witness)
	}
	if r.Action == "" {
		row.Layer, row.Because = "", "the snapshot holds nothing of what was asked"
		if r.Row.Verdict == evaluator.Unknown {
			row.Because = "nothing was decided"
		}
		return row
	}
	row.Shown = &answer.Shown{
		Action: r.Action, Resource: r.Resource, Whole: r.Whole, Verdict: answer.Verdict(r.Verdict.String()), Conditions: row.Conditions,
	}
	for _, s := range r.Strata {
		row.Layers = append(row.Layers, p.whyLayer(s))
	}
	for i := range r.Changes {
		row.Changes = append(row.Changes, p.changeSet(&r.Changes[i]))
	}
	return row
}

var extents = [...]answer.Extent{
	evaluator.Nowhere: answer.Nowhere, evaluator.Perhaps: answer.Perhaps, evaluator.Somewhere: answer.Somewhere, evaluator.Everywhere: answer.Everywhere,
}

func (p *plan) whyLayer(s *evaluator.Stratum) answer.WhyLayer {
	out := answer.WhyLayer{
		Layer: s.Layer.String(), Owner: s.Owner, Absent: s.Absent, Rule: s.Rule, Allows: extents[s.Allows], Denies: extents[s.Denies],
		Statements: make([]answer.WhyStatement, 0, len(s.Reasons)),
	}
	for _, r := range s.Reasons {
		out.Statements = append(out.Statements, answer.WhyStatement{
			Policy: r.Policy, Sid: r.Sid, Index: r.Index, Effect: r.Effect.String(), Matches: extents[r.Holds],
			When: Words(r.When, p.engine.catalog), Cause: string(r.Cause), Stopped: stopped(r.Stop),
		})
	}
	return out
}

func stopped(s *evaluator.Stop) *answer.Stopped {
	if s == nil {
		return nil
	}
	out := &answer.Stopped{Element: string(s.Element), Not: s.Not, Patterns: s.Written, Rule: s.Rule}
	if c := s.Condition; c != nil {
		out.Condition, out.Key = conditionText(c), c.Written
		out.Known = [...]string{evaluator.KeyOpen: "open", evaluator.KeyAbsent: "absent", evaluator.KeyHas: "value"}[s.Known.State]
		out.Values = s.Known.Values
		if s.Never && s.Known.State == evaluator.KeyOpen {
			out.Known = "never"
		}
	}
	return out
}

// conditionText is a condition as its document has it, on one line.
func conditionText(c *policy.Condition) string {
	values := make([]string, len(c.Values))
	for i := range c.Values {
		values[i] = c.Values[i].Text
	}
	return c.Operator() + " " + c.Written + ": " + strings.Join(values, ", ")
}

func (p *plan) changeSet(s *evaluator.ChangeSet) answer.ChangeSet {
	out := answer.ChangeSet{Verdict: answer.Verdict(s.Verdict.String()), Conditions: Words(s.Conditions, p.engine.catalog)}
	for i := range s.Changes {
		c := &s.Changes[i]
		out.Changes = append(out.Changes, answer.Change{
			Text: changeText(c), Kind: string(c.Kind), Layer: c.Layer.String(), Owner: c.Owner, Policy: c.Policy, Statement: statementOf(c.Statement),
			Principal: c.Principal, Held: c.Held, Action: c.Action, Resource: c.Resource,
		})
	}
	return out
}

func statementOf(r *evaluator.StatementRef) *answer.StatementRef {
	if r == nil {
		return nil
	}
	return &answer.StatementRef{Layer: r.Layer.String(), Policy: r.Policy, Sid: r.Sid, Index: r.Index}
}

// changeText says what to change, by layer and owner.
func changeText(c *evaluator.Change) string {
	switch c.Kind {
	case evaluator.Unrestrict:
		return "turn RestrictPublicBuckets off for " + c.Owner + " and its account, or make its policy non-public"
	case evaluator.ExemptDeny:
		switch {
		case c.Cause != "":
			return "see that " + layerPhrase(c.Layer, c.Policy) + ", " + statementPhrase(c.Statement) + ", which could not be read, does not deny it"
		case managedByAWS(c.Policy):
			return "replace " + layerPhrase(c.Layer, c.Policy) + ", which AWS manages, by one whose " + statementPhrase(c.Statement) + " exempts " +
				principalName(c.Principal) + atPlace(c)
		}
		return "exempt " + principalName(c.Principal) + " from " + layerPhrase(c.Layer, c.Policy) + ", " + statementPhrase(c.Statement) + atPlace(c)
	case evaluator.AddAllow:
	}
	what := fmt.Sprintf("add an Allow for %s on %s ", c.Action, c.Resource)
	if c.Resource == "*" {
		what = fmt.Sprintf("add an Allow for %s ", c.Action)
	}
	switch c.Layer {
	case evaluator.LayerIdentity:
		return what + "to an identity policy of " + principalName(c.Owner)
	case evaluator.LayerBoundary:
		if managedByAWS(c.Policy) {
			return "replace the permissions boundary " + c.Policy + ", which AWS manages, by one with " + strings.TrimPrefix(strings.TrimSpace(what), "add ")
		}
		return what + "to the permissions boundary " + c.Policy
	case evaluator.LayerSession:
		return what + "to the session policy"
	case evaluator.LayerSCP:
		return what + "to an SCP of " + c.Owner
	case evaluator.LayerEndpoint:
		return what + "to the policy of VPC endpoint " + c.Owner
	}
	what = fmt.Sprintf("add an Allow for %s that names %s ", c.Action, principalName(c.Principal))
	if c.Held != "" {
		what = fmt.Sprintf("add an Allow for %s that names everyone, if aws:PrincipalArn is %s, ", c.Action, principalName(c.Held))
	}
	if strings.Contains(c.Owner, ":role/") && strings.Contains(c.Owner, ":iam:") {
		return what + "to the trust policy of " + principalName(c.Owner)
	}
	return what + "to the policy of " + c.Owner
}

// managedByAWS tells policies that nobody but AWS can edit.
func managedByAWS(policy string) bool {
	return strings.Contains(policy, "::aws:policy/")
}

// layerPhrase names a policy with what kind it is.
func layerPhrase(l evaluator.Layer, name string) string {
	switch l {
	case evaluator.LayerIdentity:
		return "identity policy " + name
	case evaluator.LayerBoundary:
		return "permissions boundary " + name
	case evaluator.LayerSession:
		return "session policy " + name
	case evaluator.LayerSCP:
		return "SCP " + name
	case evaluator.LayerRCP:
		return "RCP " + name
	case evaluator.LayerEndpoint:
		return "endpoint policy " + name
	}
	return "the policy of " + name
}

// statementPhrase names a statement as people count: from 1, with its Sid.
func statementPhrase(r *evaluator.StatementRef) string {
	text := fmt.Sprintf("statement %d", r.Index+1)
	if r.Sid != "" {
		text += " (" + r.Sid + ")"
	}
	return text
}

func atPlace(c *evaluator.Change) string {
	if c.Owner != "" && (c.Layer == evaluator.LayerSCP || c.Layer == evaluator.LayerRCP) {
		return ", at " + c.Owner
	}
	return ""
}

// principalName is an ARN of IAM without what every one begins with.
func principalName(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) == 6 && parts[2] == "iam" && parts[5] != "root" {
		return parts[5]
	}
	if len(parts) == 1 && len(arn) == 12 {
		return "account " + arn
	}
	return arn
}
