package terraform

import (
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/edit"
)

func (c *instance) putRole() error {
	entity, _, err := c.entity()
	r, ok := entity.(*graph.Role)
	if err != nil || !ok {
		return err
	}
	e, v := c.planner.editor, c.after()
	d, _, err := v.document("assume_role_policy")
	if err != nil {
		d.Text = nil
		e.Gap("%s: %s: %v", c.planner.path, c.Address, err)
	}
	e.SetTrust(r, d)
	r.Tags = c.tags()
	if r.Boundary, err = c.boundary(); err != nil {
		return err
	}
	if err := c.inlineBlocks(r); err != nil {
		return err
	}
	return c.managedARNs(r)
}

// inlineBlocks puts the inline policies that a role's own blocks say; where there are such, they are all that it has.
func (c *instance) inlineBlocks(r *graph.Role) error {
	v := c.after()
	if !c.configured("inline_policy") {
		return nil
	}
	e := c.planner.editor
	for _, name := range edit.InlineNames(r) {
		e.DeleteInline(r, name)
	}
	blocks := v.blocks("inline_policy")
	if len(blocks) == 0 && v.isUnknown("inline_policy") {
		e.PutInline(r, c.placeholder(), edit.Document{})
		return nil
	}
	for _, b := range blocks {
		name, ok := b.text("name")
		d, given, err := b.document("policy")
		switch {
		case err != nil:
			return err
		case !given: // an empty block takes away all
			continue
		case !ok || name == "":
			name = c.placeholder()
		}
		e.PutInline(r, name, d)
	}
	return nil
}

// managedARNs attaches what a role's managed_policy_arns says; where it says something, that is all that is attached.
func (c *instance) managedARNs(r *graph.Role) error {
	if !c.configured("managed_policy_arns") {
		return nil
	}
	arns, ok := c.after().texts("managed_policy_arns")
	r.Attached = nil
	for _, arn := range arns {
		edit.Attach(r, graph.ARN(arn))
	}
	if ok {
		return nil
	}
	found, whole := c.planner.follow(c, c.path, references(c.expression("managed_policy_arns")), 0)
	for _, one := range found {
		arn, err := one.arnOf()
		if err != nil || arn.Service() != "iam" {
			whole = false
			continue
		}
		c.took("managed_policy_arns", one)
		edit.Attach(r, arn)
	}
	if !whole {
		return c.attachLater(r)
	}
	return nil
}

// attachLater attaches a policy that is known only after the apply.
func (c *instance) attachLater(entity any) error {
	arn, err := c.unknownPolicy()
	if err == nil {
		edit.Attach(entity, arn)
	}
	return err
}

// unknownPolicy is the ARN of a managed policy that stands for one that is known only after the apply: it has no document.
func (c *instance) unknownPolicy() (graph.ARN, error) {
	account, err := c.account()
	if err != nil {
		return "", err
	}
	arn := graph.ARN("arn:" + c.partition() + ":iam::" + string(account) + ":policy/" + c.placeholder())
	c.planner.editor.Later(string(arn))
	return arn, nil
}
