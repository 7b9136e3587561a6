package query

import (
	"context"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/issuers"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
	"github.com/accessgraph/accessgraph/query/thirdparty"
)

// answerableExternal tells clauses that have no meaning for who of outside gets in.
func answerableExternal(q *syntax.Query, c *syntax.Clauses, text string) error {
	refuse := func(at syntax.Node, why string) error {
		return fail(text, at.Position(), at.String(), "", "%q takes %s", q.Form(), why)
	}
	switch {
	case len(c.Via) > 0:
		return refuse(&c.Via[0], "no via: every row is one grant, and a path is what paths from external … shows")
	case c.Within != nil:
		return refuse(c.Within, "no within: every row is one grant, and a path is what paths from external … shows")
	}
	for i := range c.In {
		if c.In[i].Kind == syntax.ScopeOutside {
			return refuse(&c.In[i], "no in outside: in says whose resources are meant, and those are all inside")
		}
	}
	for _, x := range c.Except {
		switch x := x.(type) {
		case *syntax.Principal:
			if x.Kind != syntax.PrincipalAccount {
				return refuse(x, "scopes of resources after except; say who is not meant with | where grantee.id != '…'")
			}
		case *syntax.Scope:
			if x.Kind == syntax.ScopeOutside {
				return refuse(x, "no except outside: except says whose resources are not meant, and those are all inside")
			}
		}
	}
	return nil
}

// externalSchema is the schema of the rows of external questions.
func externalSchema() *answer.Schema {
	var risks []string
	for _, r := range evaluator.Risks() {
		risks = append(risks, string(r))
	}
	return answer.ExternalSchema(risks)
}

// external answers who outside the zone of trust gets in.
func (p *plan) external(ctx context.Context, q *syntax.External) ([]answer.Row, *evaluator.Answer, error) {
	question, err := p.question(nil, &q.Clauses)
	if err != nil {
		return nil, nil, err
	}
	if p.world, err = p.engine.compiled(ctx); err != nil {
		return nil, nil, err
	}
	p.ofResources = true
	filter, err := p.filter(&q.Clauses)
	if err != nil {
		return nil, nil, err
	}
	openings, a, err := p.world.External(ctx, question, p.options.zone(q.Trust), filter)
	if err != nil {
		return nil, nil, p.place(err, nil, nil, &q.Clauses)
	}
	parties := p.options.ThirdParties
	if parties == nil {
		if parties, err = thirdparty.Known(); err != nil {
			return nil, nil, err
		}
	}
	rows := make([]answer.Row, 0, len(openings))
	for _, o := range openings {
		rows = append(rows, p.externalRow(o, parties))
	}
	return rows, a, nil
}

// zone is what the options say of the zone of trust.
func (o *Options) zone(trust bool) evaluator.ExternalOptions {
	return evaluator.ExternalOptions{Trust: trust, Zone: o.Zone, Also: o.Trust}
}

func (p *plan) externalRow(o *evaluator.Opening, parties thirdparty.Parties) answer.Row {
	row := &answer.External{
		Resource: o.Resource, ResourceType: o.Type, Account: o.Account, ThirdParty: o.ThirdParty, ExternalID: o.ExternalID, Subject: string(o.Subject),
		Grantee: answer.Grantee{Kind: string(o.Grantee.Kind), ID: o.Grantee.ID, Account: o.Grantee.Account, Name: granteeName(&o.Grantee, parties)},
		Verdict: answer.Denied, Actions: []string{}, Resources: []string{}, Risks: []string{}, Assumptions: []string{},
	}
	for _, r := range o.Risks {
		row.Risks = append(row.Risks, string(r))
	}
	if o.Access == nil {
		row.Via = statementRefs(o.Via())
		return row
	}
	g := p.grant(o.Access, o.Witness())
	row.Verdict, row.Actions, row.ActionCount, row.Resources, row.Conditions = g.Verdict, g.Actions, o.Access.ActionCount, g.Resources, g.Conditions
	row.Via, row.Assumptions, row.Causes, row.Witness = g.Via, g.Assumptions, g.Causes, g.Witness
	return row
}

// granteeName is what a grantee is known as: the party whose account it is, or the issuer of an identity provider.
func granteeName(g *evaluator.Grantee, parties thirdparty.Parties) string {
	switch g.Kind {
	case evaluator.GranteeProvider:
		if issuer := issuers.Of(g.ID); issuer != nil {
			return issuer.Name
		}
		return ""
	case evaluator.GranteePublic:
		return ""
	}
	return parties.Name(g.Account)
}

func statementRefs(from []evaluator.StatementRef) []answer.StatementRef {
	out := []answer.StatementRef{}
	for _, v := range from {
		out = append(out, answer.StatementRef{Layer: v.Layer.String(), Policy: v.Policy, Sid: v.Sid, Index: v.Index})
	}
	return out
}
