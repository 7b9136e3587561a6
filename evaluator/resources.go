package evaluator

import (
	"fmt"
	"sort"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
)

// resource is one thing of the snapshot that can be acted on.
type resource struct {
	arn        string
	typ        string // CloudFormation name
	service    string
	region     string
	owner      *account
	policy     *Policy // its own policy; for a role the trust policy
	trust      bool
	tags       []graph.Tag
	tagsKnown  bool
	attributes graph.ResourceAttributes
	grants     []Grant
	facts      string // everything beside the ARN that a decision may read, for grouping
}

// compileResources lists what an account holds: the resources that were read, and its IAM entities, which other
// principals act on.
func (w *World) compileResources(a *account) {
	start := len(w.resources)
	grants := map[graph.ARN][]*graph.KMSGrant{}
	for _, g := range a.facts.Grants {
		grants[g.Key] = append(grants[g.Key], g)
	}
	shares := map[string][]*graph.Share{}
	for _, s := range a.facts.Shares {
		shares[string(s.ARN)] = append(shares[string(s.ARN)], s)
	}
	for _, r := range a.facts.Resources {
		res := &resource{
			arn: string(r.ARN), typ: r.Type, service: r.ARN.Service(), region: r.Region, owner: a, tags: r.Tags,
			tagsKnown: r.TagsKnown, attributes: r.Attributes, grants: compileGrants(grants[r.ARN]),
		}
		if !r.Policy.IsZero() {
			res.policy = &Policy{Name: res.arn, Doc: w.docs.get(r.Policy, policy.Resource)}
		}
		res.addShares(shares[res.arn])
		res.seal(a)
		w.resources = append(w.resources, res)
	}
	w.compileEntities(a)
	added := w.resources[start:]
	sort.SliceStable(added, func(i, j int) bool { return added[i].arn < added[j].arn })
}

// compileEntities adds users, groups, roles, policies, instance profiles and providers as resources of the iam service; a role
// carries its trust policy (D25).
func (w *World) compileEntities(a *account) {
	add := func(arn graph.ARN, typ string, tags []graph.Tag, tagsKnown bool) *resource {
		r := &resource{
			arn: string(arn), typ: typ, service: "iam", owner: a, tags: tags, tagsKnown: tagsKnown,
		}
		r.seal(a)
		w.resources = append(w.resources, r)
		return r
	}
	for _, u := range a.facts.Users {
		add(u.ARN, "AWS::IAM::User", u.Tags, true)
	}
	for _, g := range a.facts.Groups {
		add(g.ARN, "AWS::IAM::Group", nil, true)
	}
	for _, r := range a.facts.Roles {
		res := add(r.ARN, "AWS::IAM::Role", r.Tags, true)
		res.trust = true
		if !r.Trust.IsZero() {
			res.policy = &Policy{Name: res.arn, Doc: w.docs.get(r.Trust, policy.Trust)}
		}
		res.seal(a)
		for _, ip := range r.InstanceProfiles {
			add(ip.ARN, "AWS::IAM::InstanceProfile", nil, false)
		}
	}
	for _, p := range a.facts.Policies {
		if p.ARN.Account() != "aws" {
			add(p.ARN, "AWS::IAM::ManagedPolicy", nil, false)
		}
	}
	for _, p := range a.facts.Providers {
		typ := "AWS::IAM::OIDCProvider"
		if p.Kind == "SAML" {
			typ = "AWS::IAM::SAMLProvider"
		}
		add(p.ARN, typ, p.Tags, false)
	}
}

// seal computes the grouping key: resources with equal facts are judged together.
func (r *resource) seal(a *account) {
	var b strings.Builder
	b.WriteString(a.id)
	b.WriteByte(0)
	b.WriteString(r.service)
	b.WriteByte(0)
	b.WriteString(r.typ)
	if r.policy != nil {
		fmt.Fprintf(&b, "\x00policy\x00%p", r.policy.Doc)
	}
	if r.restricted() {
		b.WriteString("\x00restricted")
	}
	b.WriteString("\x00" + r.attributes.KeyManager + "\x00" + r.attributes.FunctionURLAuthType)
	if len(r.grants) > 0 {
		b.WriteString("\x00grants\x00" + r.arn)
	}
	if r.linkedRole() {
		b.WriteString("\x00linked")
	}
	r.facts = b.String()
}

// restricted is RestrictPublicBuckets: the bucket's setting or the account's (D39).
func (r *resource) restricted() bool {
	if r.service != "s3" {
		return false
	}
	own, all := r.attributes.BlockPublicAccess, r.owner.public
	return own != nil && own.RestrictPublicBuckets || all != nil && all.RestrictPublicBuckets
}

// linkedRole tells whether the resource is a service-linked role (D16).
func (r *resource) linkedRole() bool { return strings.Contains(r.arn, ":role/aws-service-role/") }

func compileGrants(from []*graph.KMSGrant) []Grant {
	out := make([]Grant, 0, len(from))
	for _, g := range from {
		grant := Grant{
			ID: g.ID, Grantee: g.Grantee, IssuingAccount: accountOf(g.IssuingAccount), Operations: g.Operations,
			Retiring: g.RetiringPrincipal, Unknown: g.ConstraintsUnknown,
		}
		subset := append(append([]graph.Tag{}, g.EncryptionSubset...), g.EncryptionEquals...)
		for _, t := range subset {
			grant.Constraint = append(grant.Constraint, equalCondition("kms:EncryptionContext:"+t.Key, false, t.Value))
		}
		if g.HasEncryptionEquals { // exactly these pairs, no further ones
			keys := make([]string, 0, len(g.EncryptionEquals))
			for _, t := range g.EncryptionEquals {
				keys = append(keys, t.Key)
			}
			grant.Constraint = append(grant.Constraint, equalCondition("kms:EncryptionContextKeys", true, keys...))
		}
		out = append(out, grant)
	}
	return out
}

// accountOf reads an account number from itself or from an ARN.
func accountOf(s string) string {
	if account := graph.ARN(s).Account(); account != "" {
		return string(account)
	}
	return s
}

// addShares turns RAM shares and share attributes into grants of the resource side (D53). Which actions a share's
// permission stands for is not known here, so that they are possible, never certain.
func (r *resource) addShares(shares []*graph.Share) {
	var to []string
	for _, s := range shares {
		to = append(to, s.Principals...)
	}
	to = append(to, r.attributes.SharedWith...)
	extra := make([]policy.Statement, 0, len(to))
	for _, who := range to {
		extra = append(extra, sharedStatement(who, r.service))
	}
	for _, g := range r.attributes.ACL {
		if r.attributes.ObjectOwnership == "BucketOwnerEnforced" {
			break // D40
		}
		if s, ok := aclStatement(g.Grantee, g.Permission, r.arn, r.ignoresPublicACLs()); ok {
			extra = append(extra, s)
		}
	}
	if len(extra) == 0 {
		return
	}
	doc := &policy.Document{Kind: policy.Resource, Variables: true}
	if r.policy != nil {
		doc.Statements = append(doc.Statements, r.policy.Doc.Statements...)
		doc.Problems = r.policy.Doc.Problems
	}
	doc.Statements = append(doc.Statements, extra...)
	r.policy = &Policy{Name: r.arn, Doc: doc}
}

func (r *resource) ignoresPublicACLs() bool {
	own, all := r.attributes.BlockPublicAccess, r.owner.public
	return own != nil && own.IgnorePublicAcls || all != nil && all.IgnorePublicAcls
}
