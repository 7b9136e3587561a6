package graph

// The layout of every record: its fields in the order in which they are stored. New fields go at the end; fields are
// never removed, reordered or given another meaning within a store format.

func codeTag(c *coder, t *Tag) {
	outer := c.begin()
	text(c, &t.Key)
	text(c, &t.Value)
	c.end(outer)
}

func tags(c *coder, p *[]Tag) { list(c, p, codeTag) }

func codeInline(c *coder, p *InlinePolicy) {
	outer := c.begin()
	text(c, &p.Name)
	hash(c, &p.Document)
	c.end(outer)
}

func codeUser(c *coder, u *User) {
	outer := c.begin()
	text(c, &u.ARN)
	text(c, &u.Name)
	text(c, &u.Path)
	text(c, &u.ID)
	when(c, &u.Created)
	texts(c, &u.Groups)
	list(c, &u.Inline, codeInline)
	texts(c, &u.Attached)
	text(c, &u.Boundary)
	tags(c, &u.Tags)
	c.end(outer)
}

func codeGroup(c *coder, g *Group) {
	outer := c.begin()
	text(c, &g.ARN)
	text(c, &g.Name)
	text(c, &g.Path)
	text(c, &g.ID)
	when(c, &g.Created)
	list(c, &g.Inline, codeInline)
	texts(c, &g.Attached)
	c.end(outer)
}

func codeInstanceProfile(c *coder, p *InstanceProfile) {
	outer := c.begin()
	text(c, &p.ARN)
	text(c, &p.Name)
	text(c, &p.ID)
	c.end(outer)
}

func codeRole(c *coder, r *Role) {
	outer := c.begin()
	text(c, &r.ARN)
	text(c, &r.Name)
	text(c, &r.Path)
	text(c, &r.ID)
	when(c, &r.Created)
	hash(c, &r.Trust)
	list(c, &r.Inline, codeInline)
	texts(c, &r.Attached)
	tags(c, &r.Tags)
	list(c, &r.InstanceProfiles, codeInstanceProfile)
	text(c, &r.Boundary)
	c.end(outer)
}

func codeVersion(c *coder, v *PolicyVersion) {
	outer := c.begin()
	text(c, &v.ID)
	flag(c, &v.Default)
	when(c, &v.Created)
	hash(c, &v.Document)
	c.end(outer)
}

func codeManagedPolicy(c *coder, p *ManagedPolicy) {
	outer := c.begin()
	text(c, &p.ARN)
	text(c, &p.Name)
	text(c, &p.Path)
	text(c, &p.ID)
	text(c, &p.DefaultVersion)
	flag(c, &p.Attachable)
	when(c, &p.Created)
	when(c, &p.Updated)
	list(c, &p.Versions, codeVersion)
	c.end(outer)
}

func codeAccessBlock(c *coder, b *PublicAccessBlock) {
	outer := c.begin()
	flag(c, &b.BlockPublicAcls)
	flag(c, &b.IgnorePublicAcls)
	flag(c, &b.BlockPublicPolicy)
	flag(c, &b.RestrictPublicBuckets)
	c.end(outer)
}

func codeACLGrant(c *coder, g *ACLGrant) {
	outer := c.begin()
	text(c, &g.Grantee)
	text(c, &g.Permission)
	c.end(outer)
}

func codeAttributes(c *coder, a *ResourceAttributes) {
	outer := c.begin()
	pointer(c, &a.BlockPublicAccess, codeAccessBlock)
	text(c, &a.ObjectOwnership)
	list(c, &a.ACL, codeACLGrant)
	texts(c, &a.SharedWith)
	text(c, &a.FunctionURLAuthType)
	text(c, &a.KeyManager)
	text(c, &a.EndpointType)
	c.end(outer)
}

func codeResource(c *coder, r *Resource) {
	outer := c.begin()
	text(c, &r.ARN)
	text(c, &r.Type)
	text(c, &r.Region)
	hash(c, &r.Policy)
	flag(c, &r.TagsKnown)
	tags(c, &r.Tags)
	nested(c, &r.Attributes, codeAttributes)
	c.end(outer)
}

func codeCompute(c *coder, p *Compute) {
	outer := c.begin()
	text(c, &p.ARN)
	text(c, &p.Type)
	text(c, &p.Region)
	text(c, &p.Role)
	text(c, &p.InstanceProfile)
	tags(c, &p.Tags)
	tags(c, &p.Attributes)
	c.end(outer)
}

func codeGrant(c *coder, g *KMSGrant) {
	outer := c.begin()
	text(c, &g.Key)
	text(c, &g.ID)
	text(c, &g.Grantee)
	text(c, &g.RetiringPrincipal)
	text(c, &g.IssuingAccount)
	texts(c, &g.Operations)
	tags(c, &g.EncryptionSubset)
	tags(c, &g.EncryptionEquals)
	flag(c, &g.ConstraintsUnknown)
	flag(c, &g.HasEncryptionEquals)
	c.end(outer)
}

func codeProvider(c *coder, p *Provider) {
	outer := c.begin()
	text(c, &p.ARN)
	text(c, &p.Kind)
	text(c, &p.URL)
	texts(c, &p.ClientIDs)
	texts(c, &p.Thumbprints)
	tags(c, &p.Tags)
	c.end(outer)
}

func codeShare(c *coder, s *Share) {
	outer := c.begin()
	text(c, &s.ARN)
	texts(c, &s.Principals)
	text(c, &s.Permission)
	c.end(outer)
}

func codeSettings(c *coder, s *AccountSettings) {
	outer := c.begin()
	pointer(c, &s.S3PublicAccessBlock, codeAccessBlock)
	texts(c, &s.RootFeatures)
	c.end(outer)
}

func codePassword(c *coder, p *PasswordPolicy) {
	outer := c.begin()
	tags(c, &p.Fields)
	c.end(outer)
}

// codeAccountHead is what an account has one of.
func codeAccountHead(c *coder, a *Account) {
	outer := c.begin()
	texts(c, &a.Aliases)
	pointer(c, &a.Settings, codeSettings)
	pointer(c, &a.Password, codePassword)
	c.end(outer)
}

func codeCoverage(c *coder, v *Coverage) {
	outer := c.begin()
	text(c, &v.Kind)
	text(c, &v.Region)
	text(c, &v.State)
	text(c, &v.Error)
	c.end(outer)
}

func codeRoot(c *coder, r *OrganizationRoot) {
	outer := c.begin()
	text(c, &r.ID)
	text(c, &r.ARN)
	text(c, &r.Name)
	texts(c, &r.PolicyTypes)
	c.end(outer)
}

// codeOrganizationHead is what an organization has one of, and its roots.
func codeOrganizationHead(c *coder, o *Organization) {
	outer := c.begin()
	text(c, &o.ID)
	text(c, &o.ARN)
	text(c, &o.ManagementAccount)
	text(c, &o.FeatureSet)
	list(c, &o.Roots, codeRoot)
	c.end(outer)
}

func codeUnit(c *coder, u *OrganizationalUnit) {
	outer := c.begin()
	text(c, &u.ID)
	text(c, &u.ARN)
	text(c, &u.Name)
	text(c, &u.ParentID)
	c.end(outer)
}

func codeOrganizationAccount(c *coder, a *OrganizationAccount) {
	outer := c.begin()
	text(c, &a.ID)
	text(c, &a.ARN)
	text(c, &a.Name)
	text(c, &a.Email)
	text(c, &a.Status)
	text(c, &a.ParentID)
	tags(c, &a.Tags)
	c.end(outer)
}

func codeOrganizationPolicy(c *coder, p *OrganizationPolicy) {
	outer := c.begin()
	text(c, &p.ID)
	text(c, &p.ARN)
	text(c, &p.Name)
	text(c, &p.Type)
	flag(c, &p.AWSManaged)
	hash(c, &p.Document)
	texts(c, &p.Targets)
	c.end(outer)
}

func codeDelegated(c *coder, d *DelegatedAdministrator) {
	outer := c.begin()
	text(c, &d.ID)
	texts(c, &d.ServicePrincipals)
	c.end(outer)
}

func codeObservationsHead(c *coder, o *AccountObservations) {
	outer := c.begin()
	tags(c, &o.Summary)
	c.end(outer)
}

func codeReportRow(c *coder, r *CredentialReportRow) {
	outer := c.begin()
	text(c, &r.User)
	text(c, &r.ARN)
	tags(c, &r.Fields)
	c.end(outer)
}

func codeLastUsed(c *coder, l *LastUsed) {
	outer := c.begin()
	text(c, &l.ARN)
	when(c, &l.Time)
	text(c, &l.Region)
	c.end(outer)
}

func codeLastAccessed(c *coder, l *ServiceLastAccessed) {
	outer := c.begin()
	text(c, &l.ARN)
	text(c, &l.Namespace)
	when(c, &l.Time)
	list(c, &l.Actions, codeActionLastAccessed)
	c.end(outer)
}

func codeActionLastAccessed(c *coder, a *ActionLastAccessed) {
	outer := c.begin()
	text(c, &a.Name)
	when(c, &a.Time)
	c.end(outer)
}

func codeAttachmentCount(c *coder, n *AttachmentCount) {
	outer := c.begin()
	text(c, &n.ARN)
	number(c, &n.Attachments)
	number(c, &n.BoundaryUsage)
	c.end(outer)
}
