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
	entity     bool   // a user or role; boundary is its permissions boundary, empty for none
	boundary   string
	public     bool // its own policy makes it public, or may (D39)
	compute    bool // it is listed as what runs with a role; see CompileWithCompute
}

// compileResources lists what an account holds: the resources that were read, and its IAM entities, which other
// principals act on.
func (w *World) compileResources(a *account) {
	start := len(w.resources)
	grants := map[graph.ARN][]*graph.KMSGrant{}
	for _, g := range a.facts.Grants {
		grants[g.Key] = append(grants[g.Key], g)
	}
	for _, r := range a.facts.Resources {
		if w.part != nil && (!w.part.service(r.ARN.Service()) || r.Type == "AWS::EC2::VPCEndpoint") {
			continue
		}
		res := &resource{
			arn: string(r.ARN), typ: r.Type, service: r.ARN.Service(), region: r.Region, owner: a, tags: r.Tags,
			tagsKnown: r.TagsKnown, attributes: r.Attributes, grants: compileGrants(grants[r.ARN]),
		}
		switch {
		case res.typ == "AWS::EC2::VPCEndpoint": // D42: its document is no policy on it
			w.addEndpoint(a, r)
		case !r.Policy.IsZero():
			res.policy = &Policy{Name: res.arn, Doc: w.docs.get(r.Policy, policy.Resource)}
		case kmsKey(res.arn), a.denied(r.Type, r.Region): // D32, F15: it has one, or may have, and it was not read
			res.policy = &Policy{Name: res.arn, Doc: w.docs.missing(policy.Resource)}
		case res.typ == "AWS::EFS::FileSystem": // D47: whoever reaches it may mount it
			res.policy = &Policy{Name: res.arn, Doc: openFileSystem()}
		}
		if res.policy != nil {
			public, uncertain := PolicyIsPublic(res.policy.Doc)
			res.public = public || uncertain
		}
		res.addShares(w.shares[r.ARN])
		delete(w.shares, r.ARN)
		res.seal(a)
		w.resources = append(w.resources, res)
	}
	w.compileEntities(a)
	added := w.resources[start:]
	sort.SliceStable(added, func(i, j int) bool { return added[i].arn < added[j].arn })
}

// endpoint is a VPC endpoint whose document limits the requests that go through it (D42).
type endpoint struct {
	id     string // vpce-…, as aws:SourceVpce has it
	kind   EndpointKind
	policy *Policy
}

// addEndpoint takes an endpoint with a document; one without lets everything through.
func (w *World) addEndpoint(a *account, r *graph.Resource) {
	e := &endpoint{id: afterLast(string(r.ARN), "/"), policy: &Policy{Name: string(r.ARN)}}
	switch {
	case strings.EqualFold(r.Attributes.EndpointType, "Gateway"):
		e.kind = EndpointGateway
	case r.Attributes.EndpointType != "":
		e.kind = EndpointInterface
	}
	switch {
	case !r.Policy.IsZero():
		e.policy.Doc = w.docs.get(r.Policy, policy.VPCEndpoint)
	case a.denied(r.Type, r.Region):
		e.policy.Doc = w.docs.missing(policy.VPCEndpoint)
	default:
		return
	}
	w.endpoints = append(w.endpoints, e)
}

// endpointOf gives the endpoint that a request goes through, nil when it is none that is known.
func endpointOf(endpoints []*endpoint, ctx *policy.Context) *endpoint {
	v, ok := ctx.Lookup("aws:sourcevpce")
	if !ok || v.Multi {
		return nil
	}
	for _, e := range endpoints {
		if e.id == v.Single {
			return e
		}
	}
	return nil
}

// compileShares adds what RAM shares and nothing else in the snapshot speaks of (D53): subnets and the like, which have no policies. A share
// may be of another account's resource.
func (w *World) compileShares() {
	arns := make([]string, 0, len(w.shares))
	for arn := range w.shares {
		arns = append(arns, string(arn))
	}
	sort.Strings(arns)
	for _, text := range arns {
		arn := graph.ARN(text)
		shares := w.shares[arn]
		a := w.account(string(arn.Account()))
		switch {
		case a != nil:
		case arn.Account() != "":
			a = w.newAccount(string(arn.Account()), nil)
			w.accounts[a.id] = a
		default:
			a = w.accounts[shares[0].account]
		}
		_, service, region, _, _, _ := arn.Split()
		res := &resource{arn: text, service: service, region: region, owner: a}
		if kmsKey(text) {
			res.policy = &Policy{Name: text, Doc: w.docs.missing(policy.Resource)}
		}
		res.addShares(shares)
		res.seal(a)
		w.resources = append(w.resources, res)
	}
}

// accountShare is a share with the account whose list it is from.
type accountShare struct {
	*graph.Share
	account string
}

// denied tells whether a kind of resource could not be read completely in a Region, so that no policy may be one that was not read (F15).
func (a *account) denied(kind, region string) bool {
	for _, c := range a.facts.Coverage {
		if c.Kind == kind && (c.Region == "" || c.Region == region) && (c.State == graph.CoverageDenied || c.State == graph.CoverageFailed) {
			return true
		}
	}
	return false
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
		r := add(u.ARN, "AWS::IAM::User", u.Tags, true)
		r.entity, r.boundary = true, string(u.Boundary)
	}
	for _, g := range a.facts.Groups {
		add(g.ARN, "AWS::IAM::Group", nil, true)
	}
	for _, r := range a.facts.Roles {
		res := add(r.ARN, "AWS::IAM::Role", r.Tags, true)
		res.trust = true
		res.entity, res.boundary = true, string(r.Boundary)
		res.policy = &Policy{Name: res.arn, Doc: w.trustOf(r)}
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

// restricted is RestrictPublicBuckets, of the bucket or of the account, where the bucket's own policy is one that it cuts; an ACL makes no
// policy public (D39).
func (r *resource) restricted() bool {
	if r.service != "s3" {
		return false
	}
	own, all := r.attributes.BlockPublicAccess, r.owner.public
	return r.public && (own != nil && own.RestrictPublicBuckets || all != nil && all.RestrictPublicBuckets)
}

// accessPoint tells S3's access points of every sort: requests through one reach a bucket whose own policy has a say (D41).
func (r *resource) accessPoint() bool {
	return strings.HasSuffix(r.typ, "::AccessPoint") && strings.HasPrefix(r.typ, "AWS::S3") || r.typ == "AWS::S3::MultiRegionAccessPoint"
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
func (r *resource) addShares(shares []accountShare) {
	var to []string
	for _, s := range shares {
		to = append(to, s.Principals...)
	}
	to = append(to, r.attributes.SharedWith...)
	extra := make([]policy.Statement, 0, len(to))
	for _, who := range to {
		extra = append(extra, sharedStatement(who, r.service, r.owner.id))
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
