package changes

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/edit"
)

// policies changes what is inside and what is attached.
func (a *applying) policies(entity any) error {
	if edit.AttachedOf(entity) == nil && (len(a.Inline) > 0 || len(a.Attach) > 0 || len(a.Detach) > 0) {
		return fmt.Errorf("inline, attach and detach are for users, groups and roles, and %s is none", a.Target)
	}
	for _, name := range slices.Sorted(maps.Keys(a.Inline)) {
		d, put, err := a.text(a.Inline[name])
		switch {
		case err != nil:
			return fmt.Errorf("inline %q: %w", name, err)
		case put:
			a.editor.PutInline(entity, name, d)
		case !a.editor.DeleteInline(entity, name):
			return fmt.Errorf("%s has no inline policy %q; it has %s", a.Target, name, listed(edit.InlineNames(entity)))
		}
	}
	for _, arn := range a.Detach {
		if !edit.Detach(entity, graph.ARN(arn)) {
			return fmt.Errorf("%s is not attached to %s", arn, a.Target)
		}
	}
	for _, arn := range a.Attach {
		if graph.ARN(arn).Service() != "iam" {
			return fmt.Errorf("attach %q: want the ARN of a managed policy", arn)
		}
		edit.Attach(entity, graph.ARN(arn))
	}
	return nil
}

func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// document changes the one document that an entity is about.
func (a *applying) document(entity any) error {
	if a.Trust != nil {
		r, ok := entity.(*graph.Role)
		d, given, err := a.text(a.Trust)
		switch {
		case !ok:
			return fmt.Errorf("trust is for roles, and %s is none", a.Target)
		case err != nil:
			return fmt.Errorf("trust: %w", err)
		case !given:
			return errors.New("trust: a role has a trust policy; it cannot be null")
		}
		a.editor.SetTrust(r, d)
	}
	if a.Policy == nil {
		return nil
	}
	d, given, err := a.text(a.Policy)
	if err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	switch v := entity.(type) {
	case *graph.ManagedPolicy:
		if !given {
			return errors.New("policy: a managed policy has a document; say delete: true to take it away")
		}
		a.editor.SetDefault(v, d)
	case *graph.Resource:
		if !given {
			v.Policy = graph.DocumentHash{}
			return nil
		}
		a.editor.SetResourcePolicy(v, d)
	default:
		return fmt.Errorf("policy is for managed policies, resources and policies of an organization, and %s is none; say inline or trust", a.Target)
	}
	return nil
}

func (a *applying) boundary(entity any) error {
	if a.Boundary == nil {
		return nil
	}
	var arn graph.ARN
	if err := json.Unmarshal(a.Boundary, &arn); err != nil || a.Boundary.Kind() != 'n' && arn.Service() != "iam" {
		return fmt.Errorf("boundary: want the ARN of a managed policy, or null, and this is %.200s", a.Boundary)
	}
	switch v := entity.(type) {
	case *graph.User:
		v.Boundary = arn
	case *graph.Role:
		v.Boundary = arn
	default:
		return fmt.Errorf("boundary is for users and roles, and %s is none", a.Target)
	}
	return nil
}

func (a *applying) groups(entity any) error {
	if len(a.Join)+len(a.Leave) == 0 {
		return nil
	}
	u, ok := entity.(*graph.User)
	if !ok {
		return fmt.Errorf("join and leave are for users, and %s is none", a.Target)
	}
	for _, name := range a.Leave {
		if !slices.Contains(u.Groups, name) {
			return fmt.Errorf("%s is not in the group %q", a.Target, name)
		}
		u.Groups = slices.DeleteFunc(slices.Clone(u.Groups), func(have string) bool { return have == name })
	}
	for _, name := range a.Join {
		if !slices.ContainsFunc(a.editor.Account(a.owner).Groups, func(g *graph.Group) bool { return g.Name == name }) {
			return fmt.Errorf("account %s has no group %q", a.owner, name)
		}
		if !slices.Contains(u.Groups, name) {
			u.Groups = append(slices.Clone(u.Groups), name)
		}
	}
	return nil
}

func (a *applying) tags(entity any) error {
	if len(a.Tags) == 0 {
		return nil
	}
	tags := edit.TagsOf(entity)
	if tags == nil {
		return fmt.Errorf("tags of %s take no part in decisions", a.Target)
	}
	for key, value := range a.Tags {
		*tags = edit.SetTag(*tags, key, value)
	}
	if r, ok := entity.(*graph.Resource); ok && a.Create {
		r.TagsKnown = true
	}
	return nil
}
