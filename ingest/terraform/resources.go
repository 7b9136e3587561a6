package terraform

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/edit"
)

// resource finds the resource that an attribute names: a bucket by its name, a queue by its URL, a key by its id or ARN.
func (c *instance) resource(v values, attribute string) (*graph.Resource, error) {
	text, ok := v.text(attribute)
	if !ok {
		r := c.refer(attribute)
		if r == nil {
			return nil, later(attribute)
		}
		arn, err := r.arnOf()
		if err != nil {
			return nil, err
		}
		return c.there(arn)
	}
	arn, err := c.named(attribute, text)
	if err != nil {
		return nil, err
	}
	return c.there(arn)
}

// there finds the resource with that ARN.
func (c *instance) there(arn graph.ARN) (*graph.Resource, error) {
	e := c.planner.editor
	if id, ok := e.HolderOf(arn); ok {
		if r, is := e.Find(arn, id).(*graph.Resource); is {
			e.Changed(id)
			return r, nil
		}
	}
	return nil, notThere("resource", string(arn))
}

// named is the ARN of what an attribute names.
func (c *instance) named(attribute, text string) (graph.ARN, error) {
	switch {
	case strings.HasPrefix(text, "arn:"):
		return graph.ARN(text), nil
	case attribute == "bucket":
		return graph.ARN("arn:" + c.partition() + ":s3:::" + text), nil
	case attribute == "queue_url":
		host, path, _ := strings.Cut(strings.TrimPrefix(text, "https://"), "/")
		account, name, _ := strings.Cut(path, "/")
		parts := strings.Split(host, ".")
		if !edit.IsAccount(account) || len(parts) < 3 || name == "" {
			return "", fmt.Errorf("queue_url is %.200q: want https://sqs.REGION.amazonaws.com/ACCOUNT/NAME", text)
		}
		region := parts[1]
		if parts[0] != "sqs" { // REGION.queue.amazonaws.com
			region = parts[0]
		}
		return graph.ARN("arn:" + c.partition() + ":sqs:" + region + ":" + account + ":" + name), nil
	}
	account, err := c.account()
	if err != nil {
		return "", err
	}
	region, err := c.region()
	return graph.ARN("arn:" + c.partition() + ":kms:" + region + ":" + string(account) + ":key/" + text), err
}

// policyOn is the policy of a resource that an attribute names.
func policyOn(attribute string) *kind {
	return &kind{
		put: func(c *instance) error {
			r, err := c.resource(c.after(), attribute)
			if err != nil {
				return err
			}
			d, given, err := c.after().document("policy")
			if err == nil && given {
				c.planner.editor.SetResourcePolicy(r, d)
			}
			return err
		},
		remove: func(c *instance) error {
			if r, err := c.resource(c.before(), attribute); err == nil { // what is not there has no policy
				r.Policy = graph.DocumentHash{}
			}
			return nil
		},
	}
}

// found is the resource that an instance makes or changes.
func (c *instance) found() (*graph.Resource, bool, error) {
	entity, fresh, err := c.entity()
	r, ok := entity.(*graph.Resource)
	if err == nil && !ok {
		err = fmt.Errorf("%s is something else in the snapshot", c.Address)
	}
	if err != nil {
		return nil, false, err
	}
	tags, ok := c.after().tags()
	r.Tags, r.TagsKnown = nil, ok
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		r.Tags = append(r.Tags, graph.Tag{Key: key, Value: tags[key]})
	}
	if fresh && r.Region == "" {
		r.Region, _ = c.region() // a bucket's is no part of its ARN
	}
	return r, fresh, nil
}

// ownPolicy sets the policy that a resource's own attribute says; nothing said is no change.
func (c *instance) ownPolicy(r *graph.Resource) (given bool, err error) {
	if c.after().isUnknown("policy") && !c.configured("policy") {
		return false, nil
	}
	d, given, err := c.after().document("policy")
	if err == nil && given {
		c.planner.editor.SetResourcePolicy(r, d)
	}
	return given, err
}

func (c *instance) bucketARN(v values) (graph.ARN, error) {
	if text, ok := v.text("arn"); ok && text != "" {
		return graph.ARN(text), nil
	}
	name, ok := v.text("bucket")
	if !ok || name == "" {
		name = c.placeholder()
	}
	return graph.ARN("arn:" + c.partition() + ":s3:::" + name), nil
}

// putBucket makes or changes a bucket. A new one has what AWS gives every new bucket: no public access, and no ACLs (D39).
func (c *instance) putBucket() error {
	r, fresh, err := c.found()
	if err != nil {
		return err
	}
	if fresh {
		r.Attributes.BlockPublicAccess = &graph.PublicAccessBlock{BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true}
		r.Attributes.ObjectOwnership = "BucketOwnerEnforced"
	}
	_, err = c.ownPolicy(r)
	return err
}

// block reads the four settings of Block Public Access. What is not known is taken for off, which lets more in, and said.
func (c *instance) block() *graph.PublicAccessBlock {
	read := func(name string) bool {
		yes, ok := c.after().is(name)
		if !ok {
			c.planner.editor.Gap("%s: %s: %s is known only after the apply, and taken for false", c.planner.path, c.Address, name)
		}
		return yes && ok
	}
	return &graph.PublicAccessBlock{BlockPublicAcls: read("block_public_acls"), IgnorePublicAcls: read("ignore_public_acls"),
		BlockPublicPolicy: read("block_public_policy"), RestrictPublicBuckets: read("restrict_public_buckets")}
}

func (c *instance) putPublicAccessBlock() error {
	r, err := c.resource(c.after(), "bucket")
	if err == nil {
		r.Attributes.BlockPublicAccess = c.block()
	}
	return err
}

func (c *instance) removePublicAccessBlock() error {
	if r, err := c.resource(c.before(), "bucket"); err == nil {
		r.Attributes.BlockPublicAccess = nil
	}
	return nil
}

// settings are those of the account, for a change.
func (c *instance) settings() (*graph.AccountSettings, error) {
	id, err := c.account()
	if err != nil {
		return nil, err
	}
	a := c.planner.editor.Account(id)
	s := graph.AccountSettings{}
	if a.Settings != nil {
		s = *a.Settings
	}
	a.Settings = &s
	return a.Settings, nil
}

func (c *instance) putAccountBlock() error {
	s, err := c.settings()
	if err == nil {
		s.S3PublicAccessBlock = c.block()
	}
	return err
}

func (c *instance) removeAccountBlock() error {
	s, err := c.settings()
	if err == nil {
		s.S3PublicAccessBlock = nil
	}
	return err
}

func (c *instance) putOwnership() error {
	r, err := c.resource(c.after(), "bucket")
	if err != nil {
		return err
	}
	for _, rule := range c.after().blocks("rule") {
		text, ok := rule.text("object_ownership")
		if !ok {
			return later("rule.object_ownership")
		}
		r.Attributes.ObjectOwnership = text
	}
	return nil
}

func (c *instance) removeOwnership() error {
	if r, err := c.resource(c.before(), "bucket"); err == nil {
		r.Attributes.ObjectOwnership = "ObjectWriter" // S3's own default where there are no controls
	}
	return nil
}

// Groups that canned ACLs name.
const (
	allUsers      = "http://acs.amazonaws.com/groups/global/AllUsers"
	authenticated = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
)

// canned are the grants of canned ACLs to others than the owner.
var canned = map[string][]graph.ACLGrant{
	"private": nil, "log-delivery-write": nil, "bucket-owner-read": nil, "bucket-owner-full-control": nil,
	"public-read":        {{Grantee: allUsers, Permission: "READ"}},
	"public-read-write":  {{Grantee: allUsers, Permission: "READ"}, {Grantee: allUsers, Permission: "WRITE"}},
	"authenticated-read": {{Grantee: authenticated, Permission: "READ"}},
}

func (c *instance) putACL() error {
	r, err := c.resource(c.after(), "bucket")
	if err != nil {
		return err
	}
	v := c.after()
	name, ok := v.text("acl")
	switch grants, known := canned[name]; {
	case !ok && c.configured("acl"):
		return later("acl")
	case known:
		r.Attributes.ACL = grants
		return nil
	case name != "":
		return fmt.Errorf("the ACL %.80q is not understood", name)
	}
	var grants []graph.ACLGrant
	for _, p := range v.blocks("access_control_policy") {
		for _, g := range p.blocks("grant") {
			permission, ok := g.text("permission")
			who, them := grantee(g)
			if !ok || !them {
				return later("access_control_policy")
			}
			grants = append(grants, graph.ACLGrant{Grantee: who, Permission: permission})
		}
	}
	r.Attributes.ACL = grants
	return nil
}

func grantee(g values) (who string, ok bool) {
	for _, block := range g.blocks("grantee") {
		for _, name := range []string{"id", "uri", "email_address"} {
			if text, known := block.text(name); known && text != "" {
				return text, true
			}
		}
	}
	return "", false
}

func (c *instance) queueARN(v values) (graph.ARN, error) {
	if text, ok := v.text("arn"); ok && text != "" {
		return graph.ARN(text), nil
	}
	account, err := c.account()
	if err != nil {
		return "", err
	}
	region, err := c.region()
	if err != nil {
		return "", err
	}
	name, ok := v.text("name")
	if !ok || name == "" {
		name = c.placeholder()
	}
	return graph.ARN("arn:" + c.partition() + ":sqs:" + region + ":" + string(account) + ":" + name), nil
}

func (c *instance) putQueue() error {
	r, _, err := c.found()
	if err != nil {
		return err
	}
	_, err = c.ownPolicy(r)
	return err
}
