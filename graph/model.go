package graph

import "time"

// Facts is everything one snapshot says.
type Facts struct {
	Organization *Organization // nil when no organization data was given (F10)
	Accounts     []*Account    // sorted by ID
	Documents    map[DocumentHash]*Document
	Coverage     []Coverage             // of what belongs to no account: the organization, inputs that could not be used
	Observations []*AccountObservations // sorted by Account; not part of the snapshot's identity
}

// Document is one policy document. Canonical is its RFC 8785 form where the text is valid JSON without duplicate members,
// and the bytes as received otherwise; its SHA-256 is the document's name.
type Document struct {
	Hash      DocumentHash
	Canonical []byte
}

// Tag is one key and value; keys are unique within an entity, slices of tags are sorted by key.
type Tag struct{ Key, Value string }

// Organization is what AWS Organizations says (F9).
type Organization struct {
	ID                string
	ARN               ARN
	ManagementAccount AccountID
	FeatureSet        string // ALL or CONSOLIDATED_BILLING
	Roots             []OrganizationRoot
	Units             []OrganizationalUnit
	Accounts          []OrganizationAccount
	Policies          []OrganizationPolicy
	Delegated         []DelegatedAdministrator
}

// OrganizationRoot is the top of the tree; PolicyTypes lists the enabled types (D52).
type OrganizationRoot struct {
	ID          string
	ARN         ARN
	Name        string
	PolicyTypes []string // enabled ones only: SERVICE_CONTROL_POLICY, RESOURCE_CONTROL_POLICY, …
}

// OrganizationalUnit is one OU; ParentID is a root or another OU.
type OrganizationalUnit struct {
	ID       string
	ARN      ARN
	Name     string
	ParentID string
}

// OrganizationAccount is an account's place in the organization.
type OrganizationAccount struct {
	ID       AccountID
	ARN      ARN
	Name     string
	Email    string
	Status   string
	ParentID string
	Tags     []Tag
}

// PolicyType of an OrganizationPolicy.
const (
	ServiceControlPolicy  = "SERVICE_CONTROL_POLICY"
	ResourceControlPolicy = "RESOURCE_CONTROL_POLICY"
)

// OrganizationPolicy is an SCP or RCP with the ids of the roots, OUs and accounts it is attached to directly.
type OrganizationPolicy struct {
	ID         string
	ARN        ARN
	Name       string
	Type       string
	AWSManaged bool
	Document   DocumentHash
	Targets    []string
}

// DelegatedAdministrator is an account that administers services for the organization.
type DelegatedAdministrator struct {
	ID                AccountID
	ServicePrincipals []string
}

// Account is the configuration that was read of one account.
type Account struct {
	ID        AccountID
	Aliases   []string
	Users     []*User
	Groups    []*Group
	Roles     []*Role
	Policies  []*ManagedPolicy
	Resources []*Resource
	Compute   []*Compute
	Grants    []*KMSGrant
	Providers []*Provider
	Shares    []*Share
	Settings  *AccountSettings
	Password  *PasswordPolicy
	Coverage  []Coverage // sorted by Kind, Region
}

// InlinePolicy is a policy that lives inside its user, group or role.
type InlinePolicy struct {
	Name     string
	Document DocumentHash
}

// User is an IAM user. Groups are names; the groups are in the same account.
type User struct {
	ARN      ARN
	Name     string
	Path     string
	ID       string
	Created  time.Time
	Groups   []string
	Inline   []InlinePolicy
	Attached []ARN
	Boundary ARN
	Tags     []Tag
}

// Group is an IAM group: a source of policies, never a principal (A32).
type Group struct {
	ARN      ARN
	Name     string
	Path     string
	ID       string
	Created  time.Time
	Inline   []InlinePolicy
	Attached []ARN
}

// Role is an IAM role; Trust is its trust policy.
type Role struct {
	ARN              ARN
	Name             string
	Path             string
	ID               string
	Created          time.Time
	Trust            DocumentHash
	InstanceProfiles []InstanceProfile
	Inline           []InlinePolicy
	Attached         []ARN
	Boundary         ARN
	Tags             []Tag
}

// InstanceProfile carries a role to EC2.
type InstanceProfile struct {
	ARN  ARN
	Name string
	ID   string
}

// ManagedPolicy is a customer- or AWS-managed policy as one account sees it, with every kept version.
type ManagedPolicy struct {
	ARN            ARN
	Name           string
	Path           string
	ID             string
	DefaultVersion string
	Attachable     bool
	Created        time.Time
	Updated        time.Time
	Versions       []PolicyVersion
}

// PolicyVersion is one kept version of a managed policy; only the default one counts in decisions (D24).
type PolicyVersion struct {
	ID       string
	Default  bool
	Created  time.Time
	Document DocumentHash
}

// Default gives the document of the default version; ok is false when the export does not have it.
func (p *ManagedPolicy) Default() (h DocumentHash, ok bool) {
	for _, v := range p.Versions {
		if v.Default || v.ID == p.DefaultVersion {
			return v.Document, !v.Document.IsZero()
		}
	}
	return DocumentHash{}, false
}

// Resource is something that can be acted on, with its own policy where it has one. Region is empty for global kinds.
type Resource struct {
	ARN        ARN
	Type       string // CloudFormation name: AWS::KMS::Key
	Region     string
	Policy     DocumentHash // zero: it has no policy
	Tags       []Tag
	TagsKnown  bool // false: tags were not collected, so tag keys are free (C33)
	Attributes ResourceAttributes
}

// ResourceAttributes are the facts outside the policy that decisions read.
type ResourceAttributes struct {
	BlockPublicAccess   *PublicAccessBlock
	ObjectOwnership     string
	ACL                 []ACLGrant
	SharedWith          []string // account ids, or "all"
	FunctionURLAuthType string
	KeyManager          string // CUSTOMER or AWS
	EndpointType        string // Gateway or Interface (D42)
}

// PublicAccessBlock is S3's Block Public Access (D39).
type PublicAccessBlock struct {
	BlockPublicAcls       bool
	IgnorePublicAcls      bool
	BlockPublicPolicy     bool
	RestrictPublicBuckets bool
}

// ACLGrant is one grant of an S3 ACL: a grantee (canonical id, account id or group URI) and a permission.
type ACLGrant struct {
	Grantee    string
	Permission string // READ, WRITE, READ_ACP, WRITE_ACP, FULL_CONTROL
}

// Compute is what runs with a role: a function, instance, task, project, notebook or stack.
type Compute struct {
	ARN             ARN
	Type            string
	Region          string
	Role            ARN
	InstanceProfile ARN
	Tags            []Tag
	Attributes      []Tag // names and values as given
}

// KMSGrant is one grant on a key (D33).
type KMSGrant struct {
	Key                 ARN
	ID                  string
	Grantee             string
	RetiringPrincipal   string
	IssuingAccount      string
	Operations          []string
	EncryptionSubset    []Tag // constraint EncryptionContextSubset
	EncryptionEquals    []Tag // constraint EncryptionContextEquals
	ConstraintsUnknown  bool  // a constraint this program does not know
	HasEncryptionEquals bool  // EncryptionContextEquals was given, possibly empty
}

// Provider is an identity provider entity: SAML or OIDC.
type Provider struct {
	ARN         ARN
	Kind        string // SAML or OIDC
	URL         string
	ClientIDs   []string
	Thumbprints []string
	Tags        []Tag
}

// Share is a RAM share, or the share list of an image or snapshot (D53).
type Share struct {
	ARN        ARN
	Principals []string
	Permission string
}

// AccountSettings are account-wide settings that decisions read.
type AccountSettings struct {
	S3PublicAccessBlock *PublicAccessBlock
	RootFeatures        []string
}

// PasswordPolicy is the account's password policy as AWS prints it, by field name.
type PasswordPolicy struct{ Fields []Tag }

// CoverageState says how completely a kind of fact was read.
type CoverageState string

// The states of coverage.
const (
	CoverageComplete CoverageState = "complete"
	CoverageDenied   CoverageState = "denied"
	CoverageFailed   CoverageState = "failed"
	CoverageNotAsked CoverageState = "not-asked"
)

// Coverage says how completely one kind was read in one Region ("" for global) of an account. Kinds are CloudFormation
// names for resources and the kinds of Kind* below for the rest. It holds no paths, times or counters.
type Coverage struct {
	Kind   string
	Region string
	State  CoverageState
	Error  string // error code, or what could not be used
}

// Incomplete tells whether something that was given or asked for could not be used. What was never asked for is no gap:
// answers name it as an assumption.
func (c Coverage) Incomplete() bool { return c.State == CoverageDenied || c.State == CoverageFailed }

// String says in words what was read, or what was not and why: "AWS::KMS::Key in eu-west-1 denied: AccessDenied".
func (c Coverage) String() string {
	text := c.Kind
	if c.Region != "" {
		text += " in " + c.Region
	}
	if c.Kind == KindDocument || c.Kind == KindInput { // such entries are failures, and Error begins with what is wrong
		return text + " " + c.Error
	}
	text += " " + string(c.State)
	if c.Error != "" {
		text += ": " + c.Error
	}
	return text
}

// Incomplete names everything that was given or asked for and could not be used; of a complete snapshot it is empty.
func (f *Facts) Incomplete() []string {
	out := gapsIn("", f.Coverage)
	for _, a := range f.Accounts {
		out = append(out, gapsIn(a.ID, a.Coverage)...)
	}
	return out
}

// gapsIn names what is incomplete of an account, or of what belongs to none when id is empty.
func gapsIn(id AccountID, coverage []Coverage) []string {
	var out []string
	for _, c := range coverage {
		if !c.Incomplete() {
			continue
		}
		text := c.String()
		if id != "" {
			text = "account " + string(id) + ": " + text
		}
		out = append(out, text)
	}
	return out
}

// Kinds of coverage that are not resource types.
const (
	KindIAM               = "iam"                // users, groups, roles, policies
	KindResourcePolicies  = "resource-policies"  // resource-policies.json was read
	KindCompute           = "compute"            // compute.json
	KindGrants            = "kms-grants"         // kms-grants.json
	KindDocument          = "document"           // a document that is missing or cannot be analysed; Error names it
	KindAccountSettings   = "account-settings"   //
	KindPasswordPolicy    = "password-policy"    //
	KindOrganization      = "organization"       // in Facts.Coverage, when organization data was given
	KindInput             = "input"              // an input that could not be used (--partial)
	KindShares            = "shares"             //
	KindIdentityProviders = "identity-providers" //
)

// UnknownInput begins the Error of an input that could not be used and whose name does not tell what kinds of facts it held.
const UnknownInput = "a file"

// AccountObservations are facts that change by themselves (F4, F5): they have their own history and never name a snapshot.
type AccountObservations struct {
	Account          AccountID
	CredentialReport []CredentialReportRow
	RoleLastUsed     []LastUsed
	LastAccessed     []ServiceLastAccessed
	AttachmentCounts []AttachmentCount
	Summary          []Tag // GetAccountSummary, by name
}

// CredentialReportRow is one line of the credential report, by column name as AWS prints it.
type CredentialReportRow struct {
	User   string
	ARN    ARN
	Fields []Tag
}

// LastUsed is a role's RoleLastUsed.
type LastUsed struct {
	ARN    ARN
	Time   time.Time
	Region string
}

// ServiceLastAccessed is one service that a principal last used at Time (zero: never within the tracking period).
type ServiceLastAccessed struct {
	ARN       ARN
	Namespace string
	Time      time.Time
	Actions   []ActionLastAccessed // those that AWS tracks one by one
}

// ActionLastAccessed is one action of a service that a principal last used at Time (zero: never within the tracking period).
type ActionLastAccessed struct {
	Name string
	Time time.Time
}

// AttachmentCount is a managed policy's counters.
type AttachmentCount struct {
	ARN           ARN
	Attachments   int
	BoundaryUsage int
}
