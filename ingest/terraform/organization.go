package terraform

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/edit"
)

var errNoOrganization = errors.New("the snapshot has no organization")

func (c *instance) organization() (*graph.Organization, error) {
	if o := c.planner.editor.Facts.Organization; o != nil {
		return o, nil
	}
	return nil, errNoOrganization
}

// organizationARN is the ARN of a policy, an OU or an account; of new ones it ends in an id that stands for the one AWS will choose.
func (c *instance) organizationARN(v values) (graph.ARN, error) {
	if text, ok := v.text("arn"); ok && text != "" {
		return graph.ARN(text), nil
	}
	o, err := c.organization()
	if err != nil {
		return "", err
	}
	kind := strings.TrimPrefix(c.Type, "aws_organizations_")
	if kind == "organizational_unit" {
		kind = "ou"
	}
	return graph.ARN("arn:" + c.partition() + ":organizations::" + string(o.ManagementAccount) + ":" + kind + "/" + o.ID + "/" + c.placeholder()), nil
}

// id is the id of a policy, an OU or an account after the apply.
func (c *instance) id() string {
	if text, ok := c.after().text("id"); ok && text != "" {
		return text
	}
	return c.placeholder()
}

// idOf is the id that an attribute names, of something of an organization.
func (c *instance) idOf(attribute string) (string, error) {
	if text, ok := c.after().text(attribute); ok {
		return text, nil
	}
	r := c.refer(attribute)
	if r == nil || r.kind == nil {
		return "", later(attribute)
	}
	return r.id(), nil
}

func (c *instance) putOrganizationPolicy() error {
	o, err := c.organization()
	if err != nil {
		return err
	}
	v := c.after()
	kind, _ := v.text("type")
	switch kind {
	case "":
		kind = graph.ServiceControlPolicy
	case graph.ServiceControlPolicy, graph.ResourceControlPolicy:
	default: // of tags, backups and the like: it takes no part in decisions
		return nil
	}
	id := c.id()
	i := slices.IndexFunc(o.Policies, func(p graph.OrganizationPolicy) bool { return p.ID == id })
	if i < 0 {
		arn, err := c.organizationARN(v)
		if err != nil {
			return err
		}
		if !c.has("create") {
			c.planner.editor.Gap("%s: %s is changed and not in the snapshot: what it is attached to is not known", c.planner.path, c.Address)
		}
		o.Policies = append(o.Policies, graph.OrganizationPolicy{ID: id, ARN: arn, Type: kind})
		i = len(o.Policies) - 1
	}
	p := &o.Policies[i]
	if name, ok := v.text("name"); ok {
		p.Name = name
	}
	d, _, err := v.document("content")
	if err == nil {
		c.planner.editor.SetOrganizationPolicy(p, d)
	}
	return err
}

func (c *instance) removeOrganizationPolicy() error {
	o, err := c.organization()
	if err == nil {
		id, _ := c.before().text("id")
		o.Policies = slices.DeleteFunc(o.Policies, func(p graph.OrganizationPolicy) bool { return p.ID == id })
	}
	return err
}

// putTarget attaches a policy to a root, OU or account.
func (c *instance) putTarget() error {
	o, err := c.organization()
	if err != nil {
		return err
	}
	id, err := c.idOf("policy_id")
	if err != nil {
		return err
	}
	target, err := c.idOf("target_id")
	if err != nil {
		return err
	}
	for i := range o.Policies {
		if p := &o.Policies[i]; p.ID == id {
			if !slices.Contains(p.Targets, target) {
				p.Targets = append(slices.Clone(p.Targets), target)
			}
			return nil
		}
	}
	return notThere("policy", id)
}

func (c *instance) removeTarget() error {
	o, err := c.organization()
	if err != nil {
		return err
	}
	id, _ := c.before().text("policy_id")
	target, _ := c.before().text("target_id")
	for i := range o.Policies {
		if p := &o.Policies[i]; p.ID == id {
			p.Targets = slices.DeleteFunc(slices.Clone(p.Targets), func(have string) bool { return have == target })
		}
	}
	return nil
}

func (c *instance) putUnit() error {
	o, err := c.organization()
	if err != nil {
		return err
	}
	parent, err := c.idOf("parent_id")
	if err != nil {
		return err
	}
	arn, err := c.organizationARN(c.after())
	if err != nil {
		return err
	}
	name, _ := c.after().text("name")
	unit := graph.OrganizationalUnit{ID: c.id(), ARN: arn, Name: name, ParentID: parent}
	if i := slices.IndexFunc(o.Units, func(u graph.OrganizationalUnit) bool { return u.ID == unit.ID }); i >= 0 {
		o.Units[i] = unit
		return nil
	}
	o.Units = append(o.Units, unit)
	whole := false
	for i := range o.Policies { // AWS attaches its own SCP and RCP, which allow everything, to every new OU
		if p := &o.Policies[i]; p.AWSManaged {
			whole = whole || p.Type == graph.ServiceControlPolicy
			p.Targets = append(slices.Clone(p.Targets), unit.ID)
		}
	}
	if !whole {
		return errors.New("the snapshot does not have the policy FullAWSAccess, which AWS attaches to every new OU")
	}
	return nil
}

func (c *instance) removeUnit() error {
	o, err := c.organization()
	if err == nil {
		id, _ := c.before().text("id")
		o.Units = slices.DeleteFunc(o.Units, func(u graph.OrganizationalUnit) bool { return u.ID == id })
	}
	return err
}

// putMember moves an account. One that is made has no number yet, so that nothing can be said of it.
func (c *instance) putMember() error {
	o, err := c.organization()
	if err != nil {
		return err
	}
	id, ok := c.after().text("id")
	if !ok || !edit.IsAccount(id) {
		return fmt.Errorf("the number of a new account: %w", errLater)
	}
	i := slices.IndexFunc(o.Accounts, func(a graph.OrganizationAccount) bool { return string(a.ID) == id })
	if i < 0 {
		return notThere("account", id)
	}
	if !c.after().isUnknown("parent_id") && c.after().known["parent_id"] == nil {
		return nil
	}
	parent, err := c.idOf("parent_id")
	if err == nil {
		o.Accounts[i].ParentID = parent
	}
	return err
}

func (c *instance) removeMember() error {
	o, err := c.organization()
	if err == nil {
		id, _ := c.before().text("id")
		o.Accounts = slices.DeleteFunc(o.Accounts, func(a graph.OrganizationAccount) bool { return string(a.ID) == id })
	}
	return err
}
