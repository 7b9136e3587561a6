package changes

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
)

// organization changes an organization: a policy of it, or what is attached to a root, an OU or an account.
func (a *applying) organization() error {
	o := a.editor.Facts.Organization
	if o == nil {
		return fmt.Errorf("target %.200q is of an organization, and the snapshot has none; an ARN begins with arn", a.Target)
	}
	if len(a.Inline) > 0 || a.Trust != nil || a.Boundary != nil || len(a.Join)+len(a.Leave)+len(a.Tags) > 0 {
		return fmt.Errorf("%s is of an organization: it takes policy, attach and detach", a.Target)
	}
	if id := a.node(o); id != "" {
		return a.attachments(o, id)
	}
	return a.organizationPolicy(o)
}

// node gives the id of the root, OU or account that is the target, empty where it is none.
func (a *applying) node(o *graph.Organization) string {
	for _, r := range o.Roots {
		if r.ID == a.Target || string(r.ARN) == a.Target {
			return r.ID
		}
	}
	for _, u := range o.Units {
		if u.ID == a.Target || string(u.ARN) == a.Target {
			return u.ID
		}
	}
	for _, m := range o.Accounts {
		if string(m.ID) == a.Target || string(m.ARN) == a.Target {
			return string(m.ID)
		}
	}
	return ""
}

func (a *applying) attachments(o *graph.Organization, id string) error {
	if a.Create || a.Delete || a.Policy != nil {
		return fmt.Errorf("%s is a root, OU or account: it takes attach and detach", a.Target)
	}
	for _, name := range a.Detach {
		p := policyOf(o, name)
		switch {
		case p == nil:
			return a.noPolicy(o, name)
		case !slices.Contains(p.Targets, id):
			return fmt.Errorf("the policy %s is not attached to %s", name, a.Target)
		}
		p.Targets = slices.DeleteFunc(slices.Clone(p.Targets), func(have string) bool { return have == id })
	}
	for _, name := range a.Attach {
		p := policyOf(o, name)
		if p == nil {
			return a.noPolicy(o, name)
		}
		if !slices.Contains(p.Targets, id) {
			p.Targets = append(slices.Clone(p.Targets), id)
		}
	}
	return nil
}

func (a *applying) noPolicy(o *graph.Organization, name string) error {
	var names []string
	for _, p := range o.Policies {
		names = append(names, p.ID+" ("+p.Name+")")
	}
	return fmt.Errorf("the organization has no one policy %.200q; it has %s", name, listed(names))
}

// policyOf finds an organization's policy by its id, ARN, or name, nil where that is none or several.
func policyOf(o *graph.Organization, name string) *graph.OrganizationPolicy {
	var found *graph.OrganizationPolicy
	for i := range o.Policies {
		p := &o.Policies[i]
		if p.ID == name || string(p.ARN) == name {
			return p
		}
		if p.Name == name {
			if found != nil {
				return nil
			}
			found = p
		}
	}
	return found
}

func (a *applying) organizationPolicy(o *graph.Organization) error {
	p := policyOf(o, a.Target)
	switch {
	case a.Create && p != nil:
		return fmt.Errorf("the policy %s is there already; leave create out", a.Target)
	case a.Create:
		if a.Type != graph.ServiceControlPolicy && a.Type != graph.ResourceControlPolicy {
			return fmt.Errorf("type of a new policy is %s or %s, and this is %.80q", graph.ServiceControlPolicy, graph.ResourceControlPolicy, a.Type)
		}
		if a.Policy == nil {
			return errors.New("a new policy needs a document: say policy")
		}
		made := graph.OrganizationPolicy{ID: a.Target, ARN: graph.ARN(a.Target), Name: a.Target, Type: a.Type}
		if graph.ARN(a.Target).Service() == "organizations" {
			made.ID = a.Target[strings.LastIndexByte(a.Target, '/')+1:]
			made.Name = made.ID
		}
		o.Policies = append(o.Policies, made)
		p = &o.Policies[len(o.Policies)-1]
	case p == nil:
		return fmt.Errorf("target %.200q is no ARN, and no root, OU, account or policy of the organization", a.Target)
	case a.Delete:
		id := p.ID
		o.Policies = slices.DeleteFunc(o.Policies, func(have graph.OrganizationPolicy) bool { return have.ID == id })
		return nil
	}
	if len(a.Attach)+len(a.Detach) > 0 {
		return fmt.Errorf("%s is a policy: attach it by a change whose target is the root, OU or account", a.Target)
	}
	if a.Policy == nil {
		return errors.New("a policy of an organization takes policy, or delete: true, and nothing is said of it")
	}
	d, given, err := a.text(a.Policy)
	if err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	if !given {
		return errors.New("policy: say delete: true to take it away")
	}
	a.editor.SetOrganizationPolicy(p, d)
	return nil
}
