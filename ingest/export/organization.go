package export

import (
	"encoding/json"

	"github.com/accessgraph/accessgraph/graph"
)

type organizationJSON struct {
	Organization struct {
		ID              string `json:"Id"`
		Arn             string
		MasterAccountID string `json:"MasterAccountId"`
		FeatureSet      string
	}
	Roots                   []rootJSON
	OrganizationalUnits     []unitJSON
	Accounts                []memberJSON
	Policies                []organizationPolicyJSON
	DelegatedAdministrators []delegatedJSON `json:",omitempty"`
}

type rootJSON struct {
	ID          string `json:"Id"`
	Arn         string
	Name        string
	PolicyTypes []policyTypeJSON
}

type policyTypeJSON struct{ Type, Status string }

type unitJSON struct {
	ID       string `json:"Id"`
	Arn      string
	Name     string
	ParentID string `json:"ParentId,omitempty"`
}

type memberJSON struct {
	ID       string `json:"Id"`
	Arn      string
	Name     string
	Email    string    `json:",omitempty"`
	Status   string    `json:",omitempty"`
	ParentID string    `json:"ParentId,omitempty"`
	Tags     []tagJSON `json:",omitempty"`
}

type organizationPolicyJSON struct {
	ID         string `json:"Id"`
	Arn        string
	Name       string
	Type       string
	AWSManaged bool            `json:"AwsManaged"`
	Content    json.RawMessage `json:",omitempty"`
	Targets    []string
}

type delegatedJSON struct {
	ID                string `json:"Id"`
	ServicePrincipals []string
}

func (w *writer) organization(o *graph.Organization) *organizationJSON {
	out := &organizationJSON{
		Roots: each(o.Roots, func(r graph.OrganizationRoot) rootJSON {
			types := each(r.PolicyTypes, func(t string) policyTypeJSON { return policyTypeJSON{t, "ENABLED"} })
			return rootJSON{r.ID, string(r.ARN), r.Name, types}
		}),
		OrganizationalUnits: each(o.Units, func(u graph.OrganizationalUnit) unitJSON { return unitJSON{u.ID, string(u.ARN), u.Name, u.ParentID} }),
		Accounts: each(o.Accounts, func(a graph.OrganizationAccount) memberJSON {
			return memberJSON{string(a.ID), string(a.ARN), a.Name, a.Email, a.Status, a.ParentID, each(a.Tags, tagOf)}
		}),
		Policies: each(o.Policies, func(p graph.OrganizationPolicy) organizationPolicyJSON {
			return organizationPolicyJSON{p.ID, string(p.ARN), p.Name, p.Type, p.AWSManaged, w.document(p.Document), some(p.Targets)}
		}),
		DelegatedAdministrators: each(o.Delegated, func(d graph.DelegatedAdministrator) delegatedJSON {
			return delegatedJSON{string(d.ID), some(d.ServicePrincipals)}
		}),
	}
	out.Organization.ID, out.Organization.Arn = o.ID, string(o.ARN)
	out.Organization.MasterAccountID, out.Organization.FeatureSet = string(o.ManagementAccount), o.FeatureSet
	return out
}
