package terraform

import (
	"fmt"
	"maps"
	"slices"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/edit"
)

func (c *instance) keyARN(v values) (graph.ARN, error) {
	if text, ok := v.text("arn"); ok && text != "" {
		return graph.ARN(text), nil
	}
	return c.named("key_id", c.placeholder())
}

// defaultPolicy is the policy of a key that was made without one: it delegates to the account (D32).
func (c *instance) defaultPolicy(key graph.ARN) edit.Document {
	return edit.Document{Text: fmt.Appendf(nil, `{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions",`+
		`"Effect":"Allow","Principal":{"AWS":"arn:%s:iam::%s:root"},"Action":"kms:*","Resource":"*"}]}`, c.partition(), edit.Owner(key))}
}

func (c *instance) putKey() error {
	r, fresh, err := c.found()
	if err != nil {
		return err
	}
	given, err := c.ownPolicy(r)
	if err == nil && !given && fresh {
		c.planner.editor.SetResourcePolicy(r, c.defaultPolicy(r.ARN))
	}
	return err
}

func (c *instance) putKeyPolicy() error {
	r, err := c.resource(c.after(), "key_id")
	if err != nil {
		return err
	}
	d, given, err := c.after().document("policy")
	if err == nil && given {
		c.planner.editor.SetResourcePolicy(r, d)
	}
	return err
}

// removeKeyPolicy gives a key its default policy: that is what deleting the resource does.
func (c *instance) removeKeyPolicy() error {
	if r, err := c.resource(c.before(), "key_id"); err == nil {
		c.planner.editor.SetResourcePolicy(r, c.defaultPolicy(r.ARN))
	}
	return nil
}

// putGrant makes a grant (D33).
func (c *instance) putGrant() error {
	r, err := c.resource(c.after(), "key_id")
	if err != nil {
		return err
	}
	v := c.after()
	g := &graph.KMSGrant{Key: r.ARN, ID: c.placeholder(), IssuingAccount: string(edit.Owner(r.ARN))}
	if id, ok := v.text("grant_id"); ok && id != "" {
		g.ID = id
	}
	if g.Grantee, err = c.who("grantee_principal"); err != nil {
		return err
	}
	if g.RetiringPrincipal, err = c.who("retiring_principal"); err != nil {
		return err
	}
	var ok bool
	if g.Operations, ok = v.texts("operations"); !ok {
		return later("operations")
	}
	for _, b := range v.blocks("constraints") {
		g.ConstraintsUnknown = g.ConstraintsUnknown || marked(b.unknown)
		g.EncryptionSubset = pairs(b.known["encryption_context_subset"])
		equals, has := b.known["encryption_context_equals"].(map[string]any)
		g.HasEncryptionEquals = has && len(equals) > 0
		g.EncryptionEquals = pairs(equals)
	}
	a := c.planner.editor.Account(edit.Owner(r.ARN))
	a.Grants = slices.DeleteFunc(a.Grants, func(have *graph.KMSGrant) bool { return have.Key == g.Key && have.ID == g.ID })
	a.Grants = append(a.Grants, g)
	return nil
}

func pairs(v any) []graph.Tag {
	m, _ := v.(map[string]any)
	var out []graph.Tag
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if text, ok := m[key].(string); ok {
			out = append(out, graph.Tag{Key: key, Value: text})
		}
	}
	return out
}

// who is the ARN of a principal that an attribute names.
func (c *instance) who(attribute string) (string, error) {
	if text, ok := c.after().text(attribute); ok {
		return text, nil
	}
	r := c.refer(attribute)
	if r == nil {
		return "", later(attribute)
	}
	arn, err := r.arnOf()
	return string(arn), err
}

func (c *instance) removeGrant() error {
	r, err := c.resource(c.before(), "key_id")
	if err != nil {
		return nil // a key that is not there has no grants
	}
	id, _ := c.before().text("grant_id")
	a := c.planner.editor.Account(edit.Owner(r.ARN))
	a.Grants = slices.DeleteFunc(a.Grants, func(have *graph.KMSGrant) bool { return have.Key == r.ARN && have.ID == id })
	return nil
}
