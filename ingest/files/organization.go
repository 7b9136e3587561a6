package files

import (
	"github.com/accessgraph/accessgraph/graph"
)

// organization reads the Organization member (F9).
func (r *reading) organization() error {
	p := r.place("Organization", -1)
	o := &graph.Organization{}
	if null, err := r.null(); null || err != nil {
		return err
	}
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "Id":
			return r.text(&o.ID)
		case "Arn":
			return r.text((*string)(&o.ARN))
		case "MasterAccountId":
			return r.text((*string)(&o.ManagementAccount))
		case "FeatureSet":
			return r.text(&o.FeatureSet)
		case "MasterAccountArn", "MasterAccountEmail", "AvailablePolicyTypes":
			return r.skip()
		default:
			return r.ignore("Organization", name)
		}
	})
	if err != nil {
		return err
	}
	if o.ID == "" || !isAccountID(string(o.ManagementAccount)) {
		return p.errorAt("the organization has Id "+quote(o.ID)+" and MasterAccountId "+quote(string(o.ManagementAccount)),
			"an id such as o-exampleorgid and an account number of 12 digits", "")
	}
	switch o.FeatureSet {
	case "ALL", "CONSOLIDATED_BILLING":
	default:
		return p.errorAt("the FeatureSet is "+quote(o.FeatureSet), "ALL or CONSOLIDATED_BILLING", "")
	}
	r.batch.add(p, "", o)
	return nil
}

// root reads one element of Roots. Of PolicyTypes the enabled ones count (D52).
func (r *reading) root(p place) error {
	v := graph.OrganizationRoot{}
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "Id":
			return r.text(&v.ID)
		case "Arn":
			return r.text((*string)(&v.ARN))
		case "Name":
			return r.text(&v.Name)
		case "PolicyTypes":
			return r.policyTypes(&v.PolicyTypes)
		default:
			return r.ignore("Root", name)
		}
	})
	if err == nil {
		err = r.addNode(p, "root", v.ID, v)
	}
	return err
}

func (r *reading) policyTypes(to *[]string) error {
	return r.list(func(int) error {
		var kind string
		status := "ENABLED"
		var err error
		if r.dec.PeekKind() == '"' {
			err = r.word(&kind)
		} else {
			err = r.object(func(name []byte) error {
				switch string(name) {
				case "Type":
					return r.word(&kind)
				case "Status":
					return r.word(&status)
				default:
					return r.ignore("PolicyType", name)
				}
			})
		}
		if status == "ENABLED" && kind != "" {
			*to = append(*to, kind)
		}
		return err
	})
}

// unit reads one element of OrganizationalUnits.
func (r *reading) unit(p place) error {
	v := graph.OrganizationalUnit{}
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "Id":
			return r.text(&v.ID)
		case "Arn":
			return r.text((*string)(&v.ARN))
		case "Name":
			return r.text(&v.Name)
		case "ParentId":
			return r.word(&v.ParentID)
		default:
			return r.ignore("OrganizationalUnit", name)
		}
	})
	if err == nil {
		err = r.addNode(p, "organizational unit", v.ID, v)
	}
	return err
}

// organizationAccount reads one element of an organization's Accounts.
func (r *reading) organizationAccount(p place) error {
	v := graph.OrganizationAccount{}
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "Id":
			return r.text((*string)(&v.ID))
		case "Arn":
			return r.text((*string)(&v.ARN))
		case "Name":
			return r.text(&v.Name)
		case "Email":
			return r.text(&v.Email)
		case "Status":
			return r.word(&v.Status)
		case "ParentId":
			return r.word(&v.ParentID)
		case "Tags":
			return r.tags(&v.Tags)
		case "JoinedMethod", "JoinedTimestamp", "State":
			return r.skip()
		default:
			return r.ignore("Account", name)
		}
	})
	if err != nil {
		return err
	}
	if !isAccountID(string(v.ID)) {
		return p.errorAt("the account has Id "+quote(string(v.ID)), "an account number of 12 digits", "")
	}
	return r.addNode(p, "account", string(v.ID), v)
}

// delegated reads one element of DelegatedAdministrators.
func (r *reading) delegated(p place) error {
	v := graph.DelegatedAdministrator{}
	err := r.object(func(name []byte) error {
		switch string(name) {
		case "Id":
			return r.text((*string)(&v.ID))
		case "ServicePrincipals":
			return r.words(&v.ServicePrincipals)
		case "Arn", "Email", "Name", "Status", "JoinedMethod", "JoinedTimestamp", "DelegationEnabledDate":
			return r.skip()
		default:
			return r.ignore("DelegatedAdministrator", name)
		}
	})
	if err == nil {
		err = r.addNode(p, "delegated administrator", string(v.ID), v)
	}
	return err
}

func (r *reading) addNode(p place, what, id string, v any) error {
	if id == "" {
		return p.errorAt("the "+what+" has no Id", "an Id", "")
	}
	r.batch.add(p, "", v)
	return nil
}

// organizationPolicyMember reads one member of an element of an organization's Policies.
func (r *reading) organizationPolicyMember(o *graph.OrganizationPolicy, name []byte) error {
	switch string(name) {
	case "Id":
		return r.text(&o.ID)
	case "Name":
		return r.text(&o.Name)
	case "Type":
		return r.word(&o.Type)
	case "AwsManaged":
		return r.boolean(&o.AWSManaged)
	case "Content":
		return r.document(&o.Document)
	case "Targets":
		return r.targets(&o.Targets)
	default:
		return r.ignore("Policy", name)
	}
}

// targets reads the ids of roots, units and accounts: strings, or the objects that ListTargetsForPolicy prints.
func (r *reading) targets(to *[]string) error {
	return r.list(func(int) error {
		var id string
		var err error
		if r.dec.PeekKind() == '{' {
			err = r.object(func(name []byte) error {
				switch string(name) {
				case "TargetId":
					return r.word(&id)
				case "Arn", "Name", "Type":
					return r.skip()
				default:
					return r.ignore("Target", name)
				}
			})
		} else {
			err = r.word(&id)
		}
		*to = append(*to, id)
		return err
	})
}

// organizationPolicy takes an SCP or RCP. Policies of other types (tags, backups) grant and refuse nothing and are left.
func (r *reading) organizationPolicy(p place, o *graph.OrganizationPolicy) error {
	r.batch.kinds[graph.KindOrganization] = true
	switch o.Type {
	case graph.ServiceControlPolicy, graph.ResourceControlPolicy:
		return r.addNode(p, "policy", o.ID, *o)
	case "":
		return p.errorAt("the policy "+quote(string(o.ARN))+" has no Type", "SERVICE_CONTROL_POLICY or RESOURCE_CONTROL_POLICY", "")
	default:
		r.batch.warnings = append(r.batch.warnings, p.String()+": policy of type "+shorten(o.Type)+" not kept: it takes no part in access decisions")
		return nil
	}
}
