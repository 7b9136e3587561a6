package answer

import "strings"

// External is a row of "external access" and "external trust": what one grantee outside the zone of trust may do with one resource of it, under
// one condition. Actions are those allowed on the resource or on what lies under it, which Resources lists.
type External struct {
	Resource     string         `json:"resource"`
	ResourceType string         `json:"resource_type"`
	Account      string         `json:"account"` // that owns the resource
	Grantee      Grantee        `json:"grantee"`
	ThirdParty   bool           `json:"third_party"`       // an account outside, or of one
	ExternalID   bool           `json:"external_id"`       // it needs a fixed sts:ExternalId
	Subject      string         `json:"subject,omitempty"` // of an identity provider, whom its tokens are for: fixed, bounded, open
	Verdict      Verdict        `json:"verdict"`           // denied: a dangling principal, which nobody is
	Actions      []string       `json:"actions"`
	ActionCount  int            `json:"action_count"`
	Resources    []string       `json:"resources"`
	Conditions   string         `json:"conditions"`
	Risks        []string       `json:"risks"`
	Via          []StatementRef `json:"via"`
	Assumptions  []string       `json:"assumptions"`
	Causes       []string       `json:"causes,omitempty"`
	Witness      *Witness       `json:"witness"`
}

// Grantee is who outside the zone of trust is let in.
type Grantee struct {
	Kind    string `json:"kind"`              // account, user, role, session, organization, network, service, provider, public, dangling
	ID      string `json:"id"`                // an account number, an ARN, the id of an organization, a VPC endpoint or VPC, a service, or *
	Name    string `json:"name,omitempty"`    // what it is known as
	Account string `json:"account,omitempty"` // that it is of
}

// RowVerdict gives the row's verdict.
func (r *External) RowVerdict() Verdict { return r.Verdict }

// Field gives the value of a field of ExternalSchema.
func (r *External) Field(name string) (any, bool) {
	switch name {
	case "resource":
		return text(r.Resource), true
	case "resource_type":
		return text(r.ResourceType), true
	case "account":
		return text(r.Account), true
	case "grantee":
		return r.Grantee, true
	case "third_party":
		return r.ThirdParty, true
	case "external_id":
		return r.ExternalID, true
	case "subject":
		return text(r.Subject), true
	case "verdict":
		return text(string(r.Verdict)), true
	case "actions":
		return r.Actions, true
	case "action_count":
		return float64(r.ActionCount), true
	case "resources":
		return r.Resources, true
	case "conditions":
		return text(r.Conditions), true
	case "risks":
		return r.Risks, true
	case "via":
		return r.Via, true
	case "assumptions":
		return r.Assumptions, true
	case "causes":
		return r.Causes, true
	case "witness":
		return r.Witness, true
	case "grantee.kind":
		return text(r.Grantee.Kind), true
	case "grantee.id":
		return text(r.Grantee.ID), true
	case "grantee.name":
		return text(r.Grantee.Name), true
	case "grantee.account":
		return text(r.Grantee.Account), true
	}
	if inner, ok := strings.CutPrefix(name, "via."); ok {
		return viaField([][]StatementRef{r.Via}, inner)
	}
	return nil, false
}

// ExternalSchema is the schema of External rows; risks are all that there can be.
func ExternalSchema(risks []string) *Schema {
	return &Schema{Kind: KindExternal, Columns: []Column{
		{Name: "resource", ARN: true},
		{Name: "resource_type"},
		{Name: "account"},
		{Name: "grantee", Type: Object},
		{Name: "third_party", Type: Bool},
		{Name: "external_id", Type: Bool},
		{Name: "subject", Words: []string{"fixed", "bounded", "open"}},
		{Name: "verdict", Words: verdicts()},
		{Name: "actions", Type: List},
		{Name: "action_count", Type: Number},
		{Name: "resources", Type: List, ARN: true},
		{Name: "conditions"},
		{Name: "risks", Type: List, Words: risks},
		{Name: "via", Type: Object},
		{Name: "assumptions", Type: List},
		{Name: "causes", Type: List},
		{Name: "witness", Type: Object},
	}, Nested: []Column{
		{Name: "grantee.kind", Words: []string{
			"account", "user", "role", "session", "organization", "network", "service", "provider", "public", "dangling",
		}},
		{Name: "grantee.id", ARN: true},
		{Name: "grantee.name"},
		{Name: "grantee.account"},
		{Name: "via.layer", Type: List},
		{Name: "via.policy", Type: List, ARN: true},
		{Name: "via.sid", Type: List},
	}}
}
