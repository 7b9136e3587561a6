package export

import "encoding/json"

// The files, as AWS prints them and as package files reads them.

type tagJSON struct{ Key, Value string }

type inlineJSON struct {
	PolicyName     string
	PolicyDocument json.RawMessage `json:",omitempty"`
}

type attachedJSON struct{ PolicyName, PolicyArn string }

type boundaryJSON struct{ PermissionsBoundaryType, PermissionsBoundaryArn string }

type userJSON struct {
	Path                    string
	UserName                string
	UserID                  string `json:"UserId"`
	Arn                     string
	CreateDate              string       `json:",omitempty"`
	UserPolicyList          []inlineJSON `json:",omitempty"`
	GroupList               []string
	AttachedManagedPolicies []attachedJSON
	PermissionsBoundary     *boundaryJSON `json:",omitempty"`
	Tags                    []tagJSON     `json:",omitempty"`
}

type groupJSON struct {
	Path                    string
	GroupName               string
	GroupID                 string `json:"GroupId"`
	Arn                     string
	CreateDate              string `json:",omitempty"`
	GroupPolicyList         []inlineJSON
	AttachedManagedPolicies []attachedJSON
}

type lastUsedJSON struct {
	Arn          string `json:",omitempty"`
	LastUsedDate string `json:",omitempty"`
	Region       string `json:",omitempty"`
}

type profileJSON struct {
	InstanceProfileName string
	InstanceProfileID   string `json:"InstanceProfileId"`
	Arn                 string
}

type roleJSON struct {
	Path                     string
	RoleName                 string
	RoleID                   string `json:"RoleId"`
	Arn                      string
	CreateDate               string          `json:",omitempty"`
	AssumeRolePolicyDocument json.RawMessage `json:",omitempty"`
	InstanceProfileList      []profileJSON
	RolePolicyList           []inlineJSON
	AttachedManagedPolicies  []attachedJSON
	PermissionsBoundary      *boundaryJSON `json:",omitempty"`
	Tags                     []tagJSON     `json:",omitempty"`
	RoleLastUsed             *lastUsedJSON `json:",omitempty"`
}

type versionJSON struct {
	Document         json.RawMessage `json:",omitempty"`
	VersionID        string          `json:"VersionId"`
	IsDefaultVersion bool
	CreateDate       string `json:",omitempty"`
}

type policyJSON struct {
	PolicyName                    string
	PolicyID                      string `json:"PolicyId"`
	Arn                           string
	Path                          string
	DefaultVersionID              string `json:"DefaultVersionId"`
	AttachmentCount               *int   `json:",omitempty"`
	PermissionsBoundaryUsageCount *int   `json:",omitempty"`
	IsAttachable                  bool
	CreateDate                    string `json:",omitempty"`
	UpdateDate                    string `json:",omitempty"`
	PolicyVersionList             []versionJSON
}

type countJSON struct {
	Arn                           string
	AttachmentCount               int
	PermissionsBoundaryUsageCount int
}

type accessBlockJSON struct{ BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets bool }

type aclJSON struct{ Grantee, Permission string }

type attributesJSON struct {
	BlockPublicAccess   *accessBlockJSON `json:",omitempty"`
	ObjectOwnership     string           `json:",omitempty"`
	ACL                 []aclJSON        `json:"Acl,omitempty"`
	SharedWith          []string         `json:",omitempty"`
	FunctionURLAuthType string           `json:"FunctionUrlAuthType,omitempty"`
	KeyManager          string           `json:",omitempty"`
	EndpointType        string           `json:",omitempty"`
}

type resourceJSON struct {
	Arn        string
	Type       string
	Region     string          `json:",omitempty"`
	Policy     json.RawMessage `json:",omitempty"`
	Tags       any             `json:",omitempty"` // a map where they are known, and else nothing
	Attributes *attributesJSON `json:",omitempty"`
}

type computeJSON struct {
	Arn                string
	Type               string
	Region             string            `json:",omitempty"`
	RoleArn            string            `json:",omitempty"`
	InstanceProfileArn string            `json:",omitempty"`
	Tags               map[string]string `json:",omitempty"`
	Attributes         map[string]string `json:",omitempty"`
}

type grantJSON struct {
	KeyArn            string
	GrantID           string         `json:"GrantId"`
	GranteePrincipal  string         `json:",omitempty"`
	RetiringPrincipal string         `json:",omitempty"`
	IssuingAccount    string         `json:",omitempty"`
	Operations        []string       `json:",omitempty"`
	Constraints       map[string]any `json:",omitempty"`
}

type providerJSON struct {
	Arn            string
	URL            string    `json:"Url,omitempty"`
	ClientIDList   []string  `json:",omitempty"`
	ThumbprintList []string  `json:",omitempty"`
	Tags           []tagJSON `json:",omitempty"`
}

type shareJSON struct {
	Arn        string
	Principals []string
	Permission string `json:",omitempty"`
}

type coverageJSON struct {
	Kind   string
	Region string `json:",omitempty"`
	State  string
	Error  string `json:",omitempty"`
}

type serviceJSON struct {
	ServiceNamespace           string
	LastAuthenticated          string       `json:",omitempty"`
	TrackedActionsLastAccessed []actionJSON `json:",omitempty"`
}

type actionJSON struct {
	ActionName       string
	LastAccessedTime string `json:",omitempty"`
}
