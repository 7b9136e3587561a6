package terraform

import (
	"maps"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/edit"
)

// iamARN is the ARN of a user, group, role or managed policy: AWS's form is fixed.
func (c *instance) iamARN(v values) (graph.ARN, error) {
	if text, ok := v.text("arn"); ok && text != "" {
		return graph.ARN(text), nil
	}
	account, err := c.account()
	if err != nil {
		return "", err
	}
	name, ok := v.text("name")
	if !ok || name == "" {
		name = c.placeholder()
	}
	path, ok := v.text("path")
	if !ok || path == "" {
		path = "/"
	}
	kind := strings.TrimPrefix(c.Type, "aws_iam_")
	return graph.ARN("arn:" + c.partition() + ":iam::" + string(account) + ":" + kind + path + name), nil
}

// entity finds what an instance makes or changes, or makes it; whole is false where the plan changes what the snapshot does not have.
func (c *instance) entity() (entity any, fresh bool, err error) {
	e := c.planner.editor
	arn, err := c.kind.arn(c, c.after())
	if err != nil {
		return nil, false, err
	}
	owner := edit.Owner(arn)
	if id, ok := e.HolderOf(arn); ok {
		e.Changed(id)
		return e.Find(arn, id), false, nil
	}
	if owner == "" {
		if owner, err = c.account(); err != nil {
			return nil, false, err
		}
	}
	if entity, err = c.renamed(arn); entity != nil || err != nil {
		return entity, false, err
	}
	if !c.has("create") {
		e.Gap("%s: %s is changed and not in the snapshot: of %s only what the plan says is known", c.planner.path, c.Address, arn)
	}
	if entity, err = edit.Made(arn, ""); err != nil {
		return nil, false, err
	}
	e.Add(owner, entity)
	return entity, true, nil
}

// renamed finds what an update gives another ARN: users and groups are renamed in place.
func (c *instance) renamed(arn graph.ARN) (any, error) {
	if !c.has("update") {
		return nil, nil
	}
	e := c.planner.editor
	old, err := c.kind.arn(c, c.before())
	if err != nil {
		return nil, err
	}
	id, ok := e.HolderOf(old)
	if !ok {
		return nil, nil
	}
	entity := e.Find(old, id)
	fresh, err := edit.Made(arn, "")
	if err != nil {
		return nil, err
	}
	switch v := entity.(type) {
	case *graph.User:
		made, _ := fresh.(*graph.User)
		e.Delete(id, old)
		v.ARN, v.Name, v.Path = arn, made.Name, made.Path
		e.Add(id, v)
	case *graph.Group:
		made, _ := fresh.(*graph.Group)
		var members []*graph.User
		for _, u := range e.Account(id).Users {
			if slices.Contains(u.Groups, v.Name) {
				members = append(members, u)
			}
		}
		e.Delete(id, old)
		v.ARN, v.Name, v.Path = arn, made.Name, made.Path
		e.Add(id, v)
		for _, u := range members {
			u.Groups = append(u.Groups, v.Name)
		}
	default:
		return nil, nil
	}
	return entity, nil
}

func (c *instance) putUser() error {
	entity, _, err := c.entity()
	u, ok := entity.(*graph.User)
	if err != nil || !ok {
		return err
	}
	u.Tags = c.tags()
	u.Boundary, err = c.boundary()
	return err
}

func (c *instance) putGroup() error {
	_, _, err := c.entity()
	return err
}

func (c *instance) putPolicy() error {
	entity, _, err := c.entity()
	p, ok := entity.(*graph.ManagedPolicy)
	if err != nil || !ok {
		return err
	}
	d, _, err := c.after().document("policy")
	if err == nil {
		c.planner.editor.SetDefault(p, d)
	}
	return err
}

// policyARN is the managed policy that an attribute names.
func (c *instance) policyARN(v values, name string) (graph.ARN, error) {
	text, ok := v.text(name)
	if ok {
		return graph.ARN(text), nil
	}
	if r := c.refer(name); r != nil {
		if arn, err := r.arnOf(); err == nil && r.Type == "aws_iam_policy" {
			return arn, nil
		}
	}
	return c.unknownPolicy()
}

func (c *instance) boundary() (graph.ARN, error) {
	return c.policyARN(c.after(), "permissions_boundary")
}

// tags are the tags after the apply.
func (c *instance) tags() []graph.Tag {
	tags, ok := c.after().tags()
	if !ok {
		c.planner.editor.Gap("%s: %s: tags are known only after the apply", c.planner.path, c.Address)
	}
	var out []graph.Tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, graph.Tag{Key: key, Value: tags[key]})
	}
	return out
}

// providerARN is the ARN of an identity provider.
func (c *instance) providerARN(v values) (graph.ARN, error) {
	if text, ok := v.text("arn"); ok && text != "" {
		return graph.ARN(text), nil
	}
	account, err := c.account()
	if err != nil {
		return "", err
	}
	kind, attribute := "saml-provider/", "name"
	if c.Type == "aws_iam_openid_connect_provider" {
		kind, attribute = "oidc-provider/", "url"
	}
	name, ok := v.text(attribute)
	if !ok || name == "" {
		name = c.placeholder()
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "https://"), "/")
	return graph.ARN("arn:" + c.partition() + ":iam::" + string(account) + ":" + kind + name), nil
}

func (c *instance) putProvider() error {
	entity, _, err := c.entity()
	p, ok := entity.(*graph.Provider)
	if err != nil || !ok {
		return err
	}
	p.Tags = c.tags()
	if p.Kind == "OIDC" {
		p.ClientIDs, ok = c.after().texts("client_id_list")
		p.Thumbprints, _ = c.after().texts("thumbprint_list")
		if !ok {
			c.planner.editor.Gap("%s: %s: client_id_list is known only after the apply", c.planner.path, c.Address)
		}
	}
	return nil
}

// principal finds the user, group or role that an attribute names.
func (c *instance) principal(v values, attribute, kind string) (any, error) {
	e := c.planner.editor
	if name, ok := v.text(attribute); ok {
		account, err := c.account()
		if err != nil {
			return nil, err
		}
		entity := e.Named(account, kind, name)
		if entity == nil {
			return nil, notThere(kind, name)
		}
		e.Changed(account)
		return entity, nil
	}
	r := c.refer(attribute)
	if r == nil || r.Type != "aws_iam_"+kind {
		return nil, later(attribute)
	}
	arn, err := r.arnOf()
	if err != nil {
		return nil, err
	}
	id, ok := e.HolderOf(arn)
	if !ok {
		return nil, notThere(kind, string(arn))
	}
	e.Changed(id)
	return e.Find(arn, id), nil
}
