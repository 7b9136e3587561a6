package organization

// The export's JSON, as AWS names it.

type document struct {
	Version   string
	Statement []statement
}

type conditions map[string]map[string]any

type statement struct {
	Sid          string     `json:",omitempty"`
	Effect       string     //
	Principal    any        `json:",omitempty"`
	NotPrincipal any        `json:",omitempty"`
	Action       any        `json:",omitempty"`
	NotAction    any        `json:",omitempty"`
	Resource     any        `json:",omitempty"`
	NotResource  any        `json:",omitempty"`
	Condition    conditions `json:",omitempty"`
}

// policyOf is a document of the current version.
func policyOf(s ...statement) document { return document{Version: "2012-10-17", Statement: s} }

func allow(action, resource any) statement {
	return statement{Effect: "Allow", Action: action, Resource: resource}
}

func deny(action, resource any) statement {
	return statement{Effect: "Deny", Action: action, Resource: resource}
}

// as names a statement.
func (s statement) as(sid string) statement { s.Sid = sid; return s }

// to gives a statement of a resource-based policy its principal.
func (s statement) to(principal any) statement { s.Principal = principal; return s }

// when adds a condition.
func (s statement) when(operator, key string, values any) statement {
	c := conditions{}
	for op, keys := range s.Condition {
		c[op] = keys
	}
	keys := map[string]any{key: values}
	for k, v := range c[operator] {
		keys[k] = v
	}
	c[operator] = keys
	s.Condition = c
	return s
}

// by is the Principal element for one kind of principal.
func by(kind string, who ...string) map[string]any {
	if len(who) == 1 {
		return map[string]any{kind: who[0]}
	}
	return map[string]any{kind: who}
}

type tag struct{ Key, Value string }

type inlinePolicy struct {
	PolicyName     string
	PolicyDocument document
}

type attachedPolicy struct{ PolicyName, PolicyArn string }

type boundary struct{ PermissionsBoundaryType, PermissionsBoundaryArn string }

type user struct {
	Path                    string
	UserName                string
	UserId                  string
	Arn                     string
	CreateDate              string
	UserPolicyList          []inlinePolicy `json:",omitempty"`
	GroupList               []string
	AttachedManagedPolicies []attachedPolicy
	PermissionsBoundary     *boundary `json:",omitempty"`
	Tags                    []tag
}

type group struct {
	Path                    string
	GroupName               string
	GroupId                 string
	Arn                     string
	CreateDate              string
	GroupPolicyList         []inlinePolicy
	AttachedManagedPolicies []attachedPolicy
}

type instanceProfile struct {
	Path                string
	InstanceProfileName string
	InstanceProfileId   string
	Arn                 string
	CreateDate          string
}

type lastUsed struct {
	LastUsedDate string `json:",omitempty"`
	Region       string `json:",omitempty"`
}

type role struct {
	Path                     string
	RoleName                 string
	RoleId                   string
	Arn                      string
	CreateDate               string
	AssumeRolePolicyDocument document
	InstanceProfileList      []instanceProfile
	RolePolicyList           []inlinePolicy
	AttachedManagedPolicies  []attachedPolicy
	PermissionsBoundary      *boundary `json:",omitempty"`
	Tags                     []tag
	RoleLastUsed             lastUsed
}

type policyVersion struct {
	Document         document
	VersionId        string
	IsDefaultVersion bool
	CreateDate       string
}

type managedPolicy struct {
	PolicyName                    string
	PolicyId                      string
	Arn                           string
	Path                          string
	DefaultVersionId              string
	AttachmentCount               int
	PermissionsBoundaryUsageCount int
	IsAttachable                  bool
	CreateDate                    string
	UpdateDate                    string
	PolicyVersionList             []policyVersion
}

type authorizationDetails struct {
	UserDetailList  []user
	GroupDetailList []group
	RoleDetailList  []role
	Policies        []managedPolicy
}

type resource struct {
	Arn        string
	Type       string
	Region     string
	Policy     *document
	Tags       map[string]string // nil: not read
	Attributes map[string]any    `json:",omitempty"`
}

type resourcePolicies struct{ ResourcePolicies []resource }

type grant struct {
	KeyArn           string
	GrantId          string
	GranteePrincipal string
	IssuingAccount   string
	Operations       []string
	Constraints      map[string]any `json:",omitempty"`
}

type grants struct{ Grants []grant }

type compute struct {
	Arn                string
	Type               string
	Region             string
	RoleArn            string `json:",omitempty"`
	InstanceProfileArn string `json:",omitempty"`
}

type computes struct{ Compute []compute }

type organizationFile struct {
	Organization            organizationSummary
	Roots                   []root
	OrganizationalUnits     []unit
	Accounts                []memberAccount
	Policies                []organizationPolicy
	DelegatedAdministrators []delegated
}

type organizationSummary struct{ Id, Arn, MasterAccountId, FeatureSet string }

type policyType struct{ Type, Status string }

type root struct {
	Id, Arn, Name string
	PolicyTypes   []policyType
}

type unit struct{ Id, Arn, Name, ParentId string }

type memberAccount struct{ Id, Arn, Name, Email, Status, ParentId string }

type organizationPolicy struct {
	Id, Arn, Name, Type string
	AwsManaged          bool
	Content             document
	Targets             []string
}

type delegated struct {
	Id                string
	ServicePrincipals []string
}
