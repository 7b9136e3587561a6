package verify_test

import (
	"sort"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
)

// naive is a snapshot as the naive evaluator sees it.
type naive struct {
	facts      *graph.Facts
	catalog    *catalog.Catalog
	decider    evaluator.Decider
	parsed     map[documentKey]*policy.Document
	principals []*principal
	resources  []*resource
	byARN      map[string]*resource
	points     int // decided
	// freeRegion takes the Region of requests for resources that are not listed as open, whatever their ARNs say.
	freeRegion bool
}

type documentKey struct {
	hash graph.DocumentHash
	kind policy.Kind
}

// principal is one caller with everything that is attached to it.
type principal struct {
	evaluator.Principal
	arn, kind, name string
	tags            []graph.Tag
	freeTags        bool // session tags can be passed (C44)
	identity        []evaluator.Policy
	boundary        *evaluator.Policy
	scps            [][]evaluator.Policy
	outside         bool
}

// resource is one thing of the snapshot.
type resource struct {
	arn, service, account, region string
	tags                          []graph.Tag
	tagsKnown                     bool
	policy                        *evaluator.Policy // its own; of a role the trust policy
	grants                        []evaluator.Grant
	restricted, byAWS             bool
}

func newNaive(facts *graph.Facts, cat *catalog.Catalog) *naive {
	n := &naive{facts: facts, catalog: cat, parsed: map[documentKey]*policy.Document{}, byARN: map[string]*resource{}}
	n.decider.Actions = evaluator.CatalogTypes(cat)
	for _, a := range facts.Accounts {
		n.levels(string(a.ID), graph.ResourceControlPolicy, policy.RCP) // so that all documents are parsed
		n.readPrincipals(a)
		n.readResources(a)
	}
	for _, r := range n.resources {
		n.byARN[r.arn] = r
	}
	return n
}

func (n *naive) document(h graph.DocumentHash, kind policy.Kind) *policy.Document {
	key := documentKey{h, kind}
	if d := n.parsed[key]; d != nil {
		return d
	}
	d := policy.Missing(kind)
	if raw := n.facts.Documents[h]; raw != nil {
		d = policy.Parse(kind, raw.Canonical)
	}
	n.parsed[key] = d
	return d
}

// managed is the default version of a managed policy (D24), or the stand-in of a missing document (D18).
func (n *naive) managed(a *graph.Account, arn graph.ARN, kind policy.Kind) evaluator.Policy {
	for _, p := range a.Policies {
		if p.ARN != arn {
			continue
		}
		for _, v := range p.Versions {
			if v.Default && !v.Document.IsZero() {
				return evaluator.Policy{Name: string(arn), Doc: n.document(v.Document, kind)}
			}
		}
	}
	return evaluator.Policy{Name: string(arn), Doc: policy.Missing(kind)}
}

func (n *naive) readPrincipals(a *graph.Account) {
	id := string(a.ID)
	attach := func(p *principal, from string, inline []graph.InlinePolicy, attached []graph.ARN) {
		for _, i := range inline {
			p.identity = append(p.identity, evaluator.Policy{Name: from + i.Name, Doc: n.document(i.Document, policy.Identity)})
		}
		for _, arn := range attached {
			m := n.managed(a, arn, policy.Identity)
			m.Name = from + m.Name
			p.identity = append(p.identity, m)
		}
	}
	add := func(p *principal, boundary graph.ARN) {
		p.Account, p.Management = id, n.inOrganization(id) && id == string(n.facts.Organization.ManagementAccount)
		if boundary != "" {
			b := n.managed(a, boundary, policy.Boundary)
			p.boundary = &b
		}
		p.scps = n.levels(id, graph.ServiceControlPolicy, policy.SCP)
		n.principals = append(n.principals, p)
	}
	for _, u := range a.Users {
		p := &principal{arn: string(u.ARN), kind: "user", name: u.Name, tags: u.Tags}
		p.Principal = evaluator.Principal{Kind: evaluator.User, ARN: string(u.ARN), UniqueID: u.ID}
		attach(p, "", u.Inline, u.Attached)
		for _, name := range u.Groups { // D23
			for _, g := range a.Groups {
				if g.Name == name {
					attach(p, "group/"+g.Name+": ", g.Inline, g.Attached)
				}
			}
		}
		add(p, u.Boundary)
	}
	for _, r := range a.Roles {
		p := &principal{arn: string(r.ARN), kind: "role", name: r.Name, tags: r.Tags, freeTags: n.takesTags(r)}
		p.Principal = evaluator.Principal{
			Kind: evaluator.RoleSession, RoleARN: string(r.ARN), ARN: sessionARN(id, r.Name, "session"), UniqueID: r.ID,
			ServiceLinked: strings.HasPrefix(r.Path, "/aws-service-role/"),
		}
		attach(p, "", r.Inline, r.Attached)
		add(p, r.Boundary)
	}
	root := &principal{arn: "arn:aws:iam::" + id + ":root", kind: "root", name: "root"}
	root.Principal = evaluator.Principal{Kind: evaluator.Root, ARN: root.arn, UniqueID: id}
	add(root, "")
}

func sessionARN(account, role, session string) string {
	return "arn:aws:sts::" + account + ":assumed-role/" + role + "/" + session
}

// takesTags tells whether a trust policy lets session tags in (C44).
func (n *naive) takesTags(r *graph.Role) bool {
	for _, st := range n.document(r.Trust, policy.Trust).Statements {
		if st.Effect == policy.Deny {
			continue
		}
		if st.Actions.Match("sts:TagSession") || st.Unanalysable != "" {
			return true
		}
		for _, e := range st.Principals.Entries {
			if e.Kind == policy.PrincipalFederated {
				return true
			}
		}
	}
	return false
}

func (n *naive) inOrganization(account string) bool {
	if n.facts.Organization == nil {
		return false
	}
	for _, a := range n.facts.Organization.Accounts {
		if string(a.ID) == account {
			return true
		}
	}
	return false
}

// above lists the ids from the root down to an account.
func (n *naive) above(account string) []string {
	parents := map[string]string{}
	for _, u := range n.facts.Organization.Units {
		parents[u.ID] = u.ParentID
	}
	for _, a := range n.facts.Organization.Accounts {
		parents[string(a.ID)] = a.ParentID
	}
	var out []string
	for id := account; id != ""; id = parents[id] {
		out = append([]string{id}, out...)
	}
	return out
}

// levels are the documents attached to the root, each OU and the account (D13); none where the type is not enabled (D52).
func (n *naive) levels(account, kind string, as policy.Kind) [][]evaluator.Policy {
	if !n.inOrganization(account) {
		return nil
	}
	enabled := false
	for _, t := range n.facts.Organization.Roots[0].PolicyTypes {
		enabled = enabled || t == kind
	}
	if !enabled {
		return nil
	}
	var out [][]evaluator.Policy
	for _, id := range n.above(account) {
		level := []evaluator.Policy{}
		for _, p := range n.facts.Organization.Policies {
			for _, t := range p.Targets {
				if p.Type == kind && t == id {
					level = append(level, evaluator.Policy{Name: p.Name, Doc: n.document(p.Document, as)})
				}
			}
		}
		out = append(out, level)
	}
	return out
}

func (n *naive) readResources(a *graph.Account) {
	id := string(a.ID)
	blocked := a.Settings != nil && a.Settings.S3PublicAccessBlock != nil && a.Settings.S3PublicAccessBlock.RestrictPublicBuckets
	for _, r := range a.Resources {
		res := &resource{arn: string(r.ARN), service: r.ARN.Service(), account: id, region: r.Region, tags: r.Tags, tagsKnown: r.TagsKnown}
		if !r.Policy.IsZero() {
			res.policy = &evaluator.Policy{Name: res.arn, Doc: n.document(r.Policy, policy.Resource)}
		}
		own := r.Attributes.BlockPublicAccess
		res.restricted = res.service == "s3" && (blocked || own != nil && own.RestrictPublicBuckets)
		res.byAWS = r.Attributes.KeyManager == "AWS"
		for _, g := range a.Grants {
			if g.Key == r.ARN {
				res.grants = append(res.grants, grantOf(g))
			}
		}
		n.resources = append(n.resources, res)
	}
	entity := func(arn graph.ARN, tags []graph.Tag, tagsKnown bool) *resource {
		res := &resource{arn: string(arn), service: "iam", account: id, tags: tags, tagsKnown: tagsKnown}
		n.resources = append(n.resources, res)
		return res
	}
	for _, u := range a.Users {
		entity(u.ARN, u.Tags, true)
	}
	for _, g := range a.Groups {
		entity(g.ARN, nil, true)
	}
	for _, r := range a.Roles {
		entity(r.ARN, r.Tags, true).policy = &evaluator.Policy{Name: string(r.ARN), Doc: n.document(r.Trust, policy.Trust)}
	}
	for _, p := range a.Policies {
		entity(p.ARN, nil, false)
	}
	for _, p := range a.Providers {
		entity(p.ARN, p.Tags, false)
	}
	sort.Slice(n.resources, func(i, j int) bool { return n.resources[i].arn < n.resources[j].arn })
}

// grantOf reads a KMS grant (D33): its constraint is a condition on the encryption context.
func grantOf(g *graph.KMSGrant) evaluator.Grant {
	out := evaluator.Grant{
		ID: g.ID, Grantee: g.Grantee, Retiring: g.RetiringPrincipal, IssuingAccount: g.IssuingAccount, Operations: g.Operations, Unknown: g.ConstraintsUnknown,
	}
	var names []string
	for _, t := range append(append([]graph.Tag{}, g.EncryptionSubset...), g.EncryptionEquals...) {
		out.Constraint = append(out.Constraint, policy.NewCondition(policy.StringEquals, policy.NoSet, false, "kms:EncryptionContext:"+t.Key, t.Value))
		names = append(names, t.Key)
	}
	if g.HasEncryptionEquals {
		out.Constraint = append(out.Constraint, policy.NewCondition(policy.StringEquals, policy.ForAllValues, false, "kms:EncryptionContextKeys", names...))
	}
	return out
}
