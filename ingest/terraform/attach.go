package terraform

import (
	"fmt"
	"slices"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/edit"
)

func notThere(kind, name string) error {
	return fmt.Errorf("the %s %.200q is not in the snapshot, nor in the plan", kind, name)
}

func later(attribute string) error { return fmt.Errorf("%s: %w", attribute, errLater) }

// inlineIn is an inline policy of a user, group or role.
func inlineIn(who string) *kind {
	name := func(c *instance, v values) string {
		if text, ok := v.text("name"); ok && text != "" {
			return text
		}
		return c.placeholder()
	}
	return &kind{
		put: func(c *instance) error {
			entity, err := c.principal(c.after(), who, who)
			if err != nil {
				return err
			}
			d, _, err := c.after().document("policy")
			if err != nil {
				return err
			}
			c.planner.editor.PutInline(entity, name(c, c.after()), d)
			return nil
		},
		remove: func(c *instance) error {
			entity, err := c.gone(who)
			if entity != nil {
				c.planner.editor.DeleteInline(entity, name(c, c.before()))
			}
			return err
		},
	}
}

// gone finds the user, group or role whose policy or attachment is taken away; nil: it is not in the snapshot, and nothing is to be taken away.
func (c *instance) gone(who string) (any, error) {
	account, err := c.account()
	if err != nil {
		return nil, err
	}
	name, _ := c.before().text(who)
	entity := c.planner.editor.Named(account, who, name)
	if entity != nil {
		c.planner.editor.Changed(account)
	}
	return entity, nil
}

// attachmentTo is one attachment of a managed policy.
func attachmentTo(who string) *kind {
	return &kind{
		put: func(c *instance) error {
			entity, err := c.principal(c.after(), who, who)
			if err != nil {
				return err
			}
			arn, err := c.policyARN(c.after(), "policy_arn")
			if err == nil {
				edit.Attach(entity, arn)
			}
			return err
		},
		remove: func(c *instance) error {
			entity, err := c.gone(who)
			if arn, ok := c.before().text("policy_arn"); ok && entity != nil {
				edit.Detach(entity, graph.ARN(arn))
			}
			return err
		},
	}
}

// onlyInline takes away the inline policies that are not listed.
func onlyInline(who string) *kind {
	return &kind{
		put: func(c *instance) error {
			entity, err := c.principal(c.after(), who+"_name", who)
			if err != nil {
				return err
			}
			names, ok := c.after().texts("policy_names")
			if !ok {
				return later("policy_names")
			}
			for _, name := range edit.InlineNames(entity) {
				if !slices.Contains(names, name) {
					c.planner.editor.DeleteInline(entity, name)
				}
			}
			return nil
		},
		remove: func(*instance) error { return nil }, // it stops watching, and takes nothing away
	}
}

// onlyAttached takes away the managed policies that are not listed.
func onlyAttached(who string) *kind {
	return &kind{
		put: func(c *instance) error {
			entity, err := c.principal(c.after(), who+"_name", who)
			if err != nil {
				return err
			}
			texts, ok := c.after().texts("policy_arns")
			var arns []graph.ARN
			for _, text := range texts {
				arns = append(arns, graph.ARN(text))
			}
			if !ok {
				found, whole := c.planner.follow(c, c.path, references(c.expression("policy_arns")), 0)
				if !whole {
					return later("policy_arns")
				}
				for _, one := range found {
					arn, err := one.arnOf()
					if err != nil {
						return err
					}
					c.took("policy_arns", one)
					arns = append(arns, arn)
				}
			}
			for _, arn := range slices.Clone(*edit.AttachedOf(entity)) {
				if !slices.Contains(arns, arn) {
					edit.Detach(entity, arn)
				}
			}
			for _, arn := range arns {
				edit.Attach(entity, arn)
			}
			return nil
		},
		remove: func(*instance) error { return nil },
	}
}

// putEverywhere attaches one managed policy to all that are listed.
func (c *instance) putEverywhere() error {
	v := c.after()
	arn, err := c.policyARN(v, "policy_arn")
	if err != nil {
		return err
	}
	return c.everywhere(v, func(entity any) { edit.Attach(entity, arn) })
}

func (c *instance) removeEverywhere() error {
	v := c.before()
	arn, _ := v.text("policy_arn")
	_ = c.everywhere(v, func(entity any) { edit.Detach(entity, graph.ARN(arn)) }) // who is not there has nothing attached
	return nil
}

// everywhere calls do for the users, groups and roles that are listed by name.
func (c *instance) everywhere(v values, do func(entity any)) error {
	account, err := c.account()
	if err != nil {
		return err
	}
	for _, who := range []string{"user", "group", "role"} {
		names, ok := v.texts(who + "s")
		if !ok {
			err = later(who + "s")
		}
		for _, name := range names {
			entity := c.planner.editor.Named(account, who, name)
			if entity == nil {
				err = notThere(who, name)
				continue
			}
			do(entity)
		}
	}
	c.planner.editor.Changed(account)
	return err
}

// putMembers makes the listed users members of a group.
func (c *instance) putMembers() error {
	group, err := c.principal(c.after(), "group", "group")
	if err != nil {
		return err
	}
	names, ok := c.after().texts("users")
	if !ok {
		err = later("users")
	}
	g, _ := group.(*graph.Group)
	for _, name := range names {
		u, _ := c.planner.editor.Named(edit.Owner(g.ARN), "user", name).(*graph.User)
		if u == nil {
			err = notThere("user", name)
			continue
		}
		joins(u, g.Name)
	}
	return err
}

func (c *instance) removeMembers() error {
	group, _ := c.before().text("group")
	names, _ := c.before().texts("users")
	account, err := c.account()
	for _, name := range names {
		if u, ok := c.planner.editor.Named(account, "user", name).(*graph.User); ok {
			leaves(u, group)
		}
	}
	return err
}

// putMemberships makes a user a member of the listed groups.
func (c *instance) putMemberships() error {
	user, err := c.principal(c.after(), "user", "user")
	if err != nil {
		return err
	}
	names, ok := c.after().texts("groups")
	if !ok {
		err = later("groups")
	}
	u, _ := user.(*graph.User)
	for _, name := range names {
		if c.planner.editor.Named(edit.Owner(u.ARN), "group", name) == nil {
			err = notThere("group", name)
			continue
		}
		joins(u, name)
	}
	return err
}

func (c *instance) removeMemberships() error {
	entity, err := c.gone("user")
	names, _ := c.before().texts("groups")
	if u, ok := entity.(*graph.User); ok {
		for _, name := range names {
			leaves(u, name)
		}
	}
	return err
}

func joins(u *graph.User, group string) {
	if !slices.Contains(u.Groups, group) {
		u.Groups = append(slices.Clone(u.Groups), group)
	}
}

func leaves(u *graph.User, group string) {
	u.Groups = slices.DeleteFunc(slices.Clone(u.Groups), func(have string) bool { return have == group })
}

// putProfile makes an instance profile carry its role.
func (c *instance) putProfile() error {
	if role, ok := c.after().text("role"); ok && role == "" {
		return nil
	}
	entity, err := c.principal(c.after(), "role", "role")
	r, ok := entity.(*graph.Role)
	if err != nil || !ok {
		return err
	}
	v := c.after()
	name, ok := v.text("name")
	if !ok || name == "" {
		name = c.placeholder()
	}
	path, ok := v.text("path")
	if !ok || path == "" {
		path = "/"
	}
	arn := graph.ARN("arn:" + c.partition() + ":iam::" + string(edit.Owner(r.ARN)) + ":instance-profile" + path + name)
	r.InstanceProfiles = slices.DeleteFunc(slices.Clone(r.InstanceProfiles), func(p graph.InstanceProfile) bool { return p.ARN == arn })
	r.InstanceProfiles = append(r.InstanceProfiles, graph.InstanceProfile{ARN: arn, Name: name})
	return nil
}

func (c *instance) removeProfile() error {
	entity, err := c.gone("role")
	if r, ok := entity.(*graph.Role); ok {
		name, _ := c.before().text("name")
		r.InstanceProfiles = slices.DeleteFunc(slices.Clone(r.InstanceProfiles), func(p graph.InstanceProfile) bool { return p.Name == name })
	}
	return err
}
