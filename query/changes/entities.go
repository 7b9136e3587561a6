package changes

import (
	"slices"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
)

func (d *details) user(a, b *graph.User) {
	d.text("unique id", a.ID, b.ID)
	d.text("name", a.Name, b.Name)
	d.text("path", a.Path, b.Path)
	set(d, "groups", a.Groups, b.Groups)
	set(d, "attached policies", a.Attached, b.Attached)
	d.text("boundary", string(a.Boundary), string(b.Boundary))
	d.inline(a.Inline, b.Inline)
	d.tags("tag ", a.Tags, b.Tags)
	d.time("created", a.Created, b.Created)
}

func (d *details) group(a, b *graph.Group) {
	d.text("unique id", a.ID, b.ID)
	d.text("name", a.Name, b.Name)
	d.text("path", a.Path, b.Path)
	set(d, "attached policies", a.Attached, b.Attached)
	d.inline(a.Inline, b.Inline)
	d.time("created", a.Created, b.Created)
}

func (d *details) role(a, b *graph.Role) {
	d.text("unique id", a.ID, b.ID)
	d.text("name", a.Name, b.Name)
	d.text("path", a.Path, b.Path)
	d.document("trust policy", policy.Trust, slot{a.ARN != "", a.Trust}, slot{b.ARN != "", b.Trust})
	set(d, "attached policies", a.Attached, b.Attached)
	d.text("boundary", string(a.Boundary), string(b.Boundary))
	d.inline(a.Inline, b.Inline)
	set(d, "instance profiles", profiles(a), profiles(b))
	d.tags("tag ", a.Tags, b.Tags)
	d.time("created", a.Created, b.Created)
}

func profiles(r *graph.Role) []graph.ARN {
	var out []graph.ARN
	for _, p := range r.InstanceProfiles {
		out = append(out, p.ARN)
	}
	return out
}

func (d *details) policy(a, b *graph.ManagedPolicy) {
	d.text("unique id", a.ID, b.ID)
	d.text("name", a.Name, b.Name)
	d.text("path", a.Path, b.Path)
	d.text("default version", a.DefaultVersion, b.DefaultVersion)
	x, _ := a.Default() // zero where the version is not there to be read
	y, _ := b.Default()
	d.document("document", policy.Identity, slot{a.ARN != "", x}, slot{b.ARN != "", y})
	set(d, "versions", versions(a), versions(b))
	for _, v := range a.Versions { // AWS never changes a version; an export may have been edited
		i := slices.IndexFunc(b.Versions, func(w graph.PolicyVersion) bool { return w.ID == v.ID })
		if i >= 0 && v.Document != x && b.Versions[i].Document != y {
			d.document("version "+v.ID, policy.Identity, slot{true, v.Document}, slot{true, b.Versions[i].Document})
		}
	}
	if a.ARN != "" && b.ARN != "" {
		d.flag("attachable", a.Attachable, b.Attachable)
	}
	d.time("created", a.Created, b.Created)
	d.time("updated", a.Updated, b.Updated)
}

func versions(p *graph.ManagedPolicy) []string {
	var out []string
	for _, v := range p.Versions {
		out = append(out, v.ID)
	}
	return out
}

func (d *details) resource(a, b *graph.Resource) {
	kind := policy.Resource
	if a.Type == "AWS::EC2::VPCEndpoint" || b.Type == "AWS::EC2::VPCEndpoint" {
		kind = policy.VPCEndpoint
	}
	d.text("type", a.Type, b.Type)
	d.text("region", a.Region, b.Region)
	// A key always has a policy, so that one without has one that was not read (F11).
	d.document("policy", kind, slot{holdsPolicy(a), a.Policy}, slot{holdsPolicy(b), b.Policy})
	if a.ARN != "" && b.ARN != "" && a.TagsKnown != b.TagsKnown {
		word := map[bool]string{true: "read", false: "not read"}
		d.text("tags", word[a.TagsKnown], word[b.TagsKnown])
	} else {
		d.tags("tag ", a.Tags, b.Tags)
	}
	d.attributes(&a.Attributes, &b.Attributes)
}

func holdsPolicy(r *graph.Resource) bool { return !r.Policy.IsZero() || r.Type == "AWS::KMS::Key" }

func (d *details) attributes(a, b *graph.ResourceAttributes) {
	d.accessBlock(a.BlockPublicAccess, b.BlockPublicAccess)
	d.text("object ownership", a.ObjectOwnership, b.ObjectOwnership)
	set(d, "ACL", grants(a), grants(b))
	set(d, "shared with", a.SharedWith, b.SharedWith)
	d.text("function URL auth type", a.FunctionURLAuthType, b.FunctionURLAuthType)
	d.text("key manager", a.KeyManager, b.KeyManager)
	d.text("endpoint type", a.EndpointType, b.EndpointType)
}

func grants(a *graph.ResourceAttributes) []string {
	var out []string
	for _, g := range a.ACL {
		out = append(out, g.Permission+" to "+g.Grantee)
	}
	return out
}

// accessBlock compares S3's Block Public Access as the settings that are on.
func (d *details) accessBlock(a, b *graph.PublicAccessBlock) {
	on := func(p *graph.PublicAccessBlock) []string {
		if p == nil {
			return nil
		}
		var out []string
		for _, s := range []struct {
			name string
			on   bool
		}{
			{"BlockPublicAcls", p.BlockPublicAcls}, {"IgnorePublicAcls", p.IgnorePublicAcls},
			{"BlockPublicPolicy", p.BlockPublicPolicy}, {"RestrictPublicBuckets", p.RestrictPublicBuckets},
		} {
			if s.on {
				out = append(out, s.name)
			}
		}
		return out
	}
	before := len(d.list)
	set(d, "public access block", on(a), on(b))
	if (a == nil) != (b == nil) && len(d.list) == before { // one that blocks nothing
		given := map[bool]string{true: "all off"}
		d.text("public access block", given[a != nil], given[b != nil])
	}
}

func (d *details) compute(a, b *graph.Compute) {
	d.text("type", a.Type, b.Type)
	d.text("region", a.Region, b.Region)
	d.text("role", string(a.Role), string(b.Role))
	d.text("instance profile", string(a.InstanceProfile), string(b.InstanceProfile))
	d.tags("tag ", a.Tags, b.Tags)
	d.tags("attribute ", a.Attributes, b.Attributes)
}

func (d *details) grant(a, b *graph.KMSGrant) {
	d.text("grantee", a.Grantee, b.Grantee)
	d.text("retiring principal", a.RetiringPrincipal, b.RetiringPrincipal)
	d.text("issuing account", a.IssuingAccount, b.IssuingAccount)
	set(d, "operations", a.Operations, b.Operations)
	d.tags("encryption context subset ", a.EncryptionSubset, b.EncryptionSubset)
	d.tags("encryption context equals ", a.EncryptionEquals, b.EncryptionEquals)
	d.flag("encryption context equals", a.HasEncryptionEquals, b.HasEncryptionEquals)
	d.flag("constraint that is not known", a.ConstraintsUnknown, b.ConstraintsUnknown)
}

func (d *details) provider(a, b *graph.Provider) {
	d.text("kind", a.Kind, b.Kind)
	d.text("url", a.URL, b.URL)
	set(d, "client ids", a.ClientIDs, b.ClientIDs)
	set(d, "thumbprints", a.Thumbprints, b.Thumbprints)
	d.tags("tag ", a.Tags, b.Tags)
}

func (d *details) share(a, b *graph.Share) {
	set(d, "principals", a.Principals, b.Principals)
	d.text("permission", a.Permission, b.Permission)
}

func (d *details) settings(a, b *graph.AccountSettings) {
	d.accessBlock(a.S3PublicAccessBlock, b.S3PublicAccessBlock)
	set(d, "root features", a.RootFeatures, b.RootFeatures)
}

func (d *details) password(a, b *graph.PasswordPolicy) { d.tags("", a.Fields, b.Fields) }

func (d *details) aliases(a, b *graph.AccountAliases) { set(d, "names", a.Names, b.Names) }

func (d *details) coverage(a, b *graph.Coverage) {
	state := func(c *graph.Coverage) string {
		text := string(c.State)
		if c.Error != "" {
			text += ": " + c.Error
		}
		return text
	}
	d.text("state", state(a), state(b))
}
