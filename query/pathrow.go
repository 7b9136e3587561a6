package query

import (
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/paths"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/query/answer"
)

// row puts a way into words.
func (p *pathPlan) row(w *paths.Way) *answer.Path {
	start, end := p.graph.Node(w.Start), p.graph.Node(w.End())
	row := &answer.Path{
		Principal: start.ARN, Kind: start.Kind, Account: start.Account, From: start.ARN, To: end.ARN, ToKind: end.Kind, ToAccount: end.Account,
		Hops: []answer.Hop{}, Verdict: answer.Verdict(w.Level.String()), Assumptions: []string{},
	}
	for _, h := range p.graph.Hops(w) {
		row.Hops = append(row.Hops, p.hop(h))
	}
	if a := p.target.Administrator(w.End()); a != nil {
		row.Admin, row.Withheld = "permissions", a.Withheld
		if a.Escalation {
			row.Admin = "escalation"
			step := p.hop(a.Step())
			row.Escalation = &step
		}
	}
	if n := len(row.Hops); n > 0 && row.Hops[n-1].Kind == string(paths.CanAccess) {
		row.To, row.ToKind, row.ToAccount = row.Hops[n-1].To, row.Hops[n-1].ToKind, row.Hops[n-1].ToAccount
	}
	row.HopCount = len(row.Hops)
	p.doubt(row)
	return row
}

// doubt withdraws a verdict where the point engine does not confirm a request of some hop: no answer is better than a wrong one.
func (p *pathPlan) doubt(row *answer.Path) {
	for i := range row.Hops {
		h := &row.Hops[i]
		if h.Verdict == answer.Unknown {
			row.Verdict = answer.Unknown
		}
		for _, s := range h.Steps {
			for _, c := range s.Causes {
				if !slices.Contains(row.Causes, c) {
					row.Causes = append(row.Causes, c)
				}
			}
		}
	}
}

// hop puts an edge with its evidence into words.
func (p *pathPlan) hop(h *paths.Hop) answer.Hop {
	out := answer.Hop{
		From: h.From.ARN, FromKind: h.From.Kind, FromAccount: h.From.Account, Kind: string(h.Kind), Verdict: answer.Verdict(h.Level.String()),
		Via: []answer.StatementRef{}, Steps: []answer.Step{}, Facts: h.Facts, Assumptions: append([]string{}, h.Assumptions...),
	}
	switch {
	case h.To != nil:
		out.To, out.ToKind, out.ToAccount = h.To.ARN, h.To.Kind, h.To.Account
	default:
		out.To, out.ToKind, out.ToAccount = h.Resource, "resource", arnAccount(h.Resource)
	}
	if t := h.Technique; t != nil {
		out.Technique, out.Title, out.Catalogue, out.Remedy = t.ID, t.Title, t.Catalogue, t.Remedy
	}
	var conditions []string
	for i := range h.Steps {
		s := p.step(&h.Steps[i])
		if s.Verdict == answer.Unknown {
			out.Verdict = answer.Unknown
		}
		if s.Conditions != "" {
			conditions = append(conditions, s.Conditions)
		}
		for _, v := range s.Via {
			if !slices.Contains(out.Via, v) {
				out.Via = append(out.Via, v)
			}
		}
		out.Steps = append(out.Steps, s)
	}
	out.Conditions = p.together(out.Steps, conditions)
	return out
}

// together is what the requests of a hop hang on, each for itself: where they differ they are named.
func (p *pathPlan) together(steps []answer.Step, conditions []string) string {
	slices.Sort(conditions)
	switch len(slices.Compact(conditions)) {
	case 0:
		return ""
	case 1:
		return conditions[0]
	}
	var out []string
	for _, s := range steps {
		if s.Conditions != "" {
			out = append(out, s.Action+" when "+s.Conditions)
		}
	}
	return strings.Join(out, "; ")
}

func (p *pathPlan) step(s *paths.Step) answer.Step {
	proof := s.Prove()
	out := answer.Step{
		Action: s.Action, Resource: s.Resource, Verdict: answer.Verdict(s.Grant.Verdict.String()), Conditions: p.conditions(s.Grant), Via: statementRefs(proof.Via),
		Causes: s.Grant.Notes,
	}
	if proof.Witness != nil {
		out.Witness = witness(proof.Witness)
		if out.Resource == "" {
			out.Resource = proof.Witness.Resource
		}
	}
	if s.Grant.Verdict != evaluator.Unknown && !proof.Agrees {
		out.Verdict = answer.Unknown
		out.Causes = []string{string(policy.FreeCondition) + ": no concrete request could be shown for " + s.Action}
	}
	return out
}

func (p *pathPlan) conditions(a *evaluator.Access) string {
	text, ok := p.worded[a]
	if !ok {
		text = Words(a.Conditions, p.engine.catalog)
		p.worded[a] = text
	}
	return text
}

// arnAccount is the account field of an ARN.
func arnAccount(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		return parts[4]
	}
	return ""
}
