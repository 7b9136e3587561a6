package paths

// Kind is what sort of access edge something is (E4–E14, E23).
type Kind string

// The kinds of edges.
const (
	MemberOf        Kind = "MEMBER_OF"        // E4: a source of permissions, never a step
	CanAssume       Kind = "CAN_ASSUME"       // E5
	CanFederate     Kind = "CAN_FEDERATE"     // E6
	ServiceAssumes  Kind = "SERVICE_ASSUMES"  // E7: a service to a role that trusts it
	RunsAs          Kind = "RUNS_AS"          // E7: compute to its role
	CanAccess       Kind = "CAN_ACCESS"       // E8: the last step to an access target
	CanAssumeRoot   Kind = "CAN_ASSUME_ROOT"  // E9: limited to five task policies
	GainPermissions Kind = "GAIN_PERMISSIONS" // E10
	Become          Kind = "BECOME"           // E11
	PassRole        Kind = "PASSROLE_NEW"     // E12
	HijackCompute   Kind = "HIJACK_COMPUTE"   // E13
	OpenResource    Kind = "OPEN_RESOURCE"    // E14
	WeakenGuardrail Kind = "WEAKEN_GUARDRAIL" // E23
)

// Technique is a known way to turn permissions into another identity's permissions, or into more of one's own. Techniques are data: all of
// them are in techniques.json.
type Technique struct {
	ID    string `json:"id"` // ours: lower case words with hyphens, such as lambda-new-function-invoke
	Title string `json:"title"`
	Kind  Kind   `json:"kind"`
	Rule  string `json:"rule"` // of SEMANTICS: E10
	// What the edge leads to: user, role, group (and so its members), policy (and so whom it is attached to), provider (and so the roles that
	// trust it), resource, organization.
	Target   string        `json:"target"`
	Requires []Requirement `json:"requires"` // all of them
	// For PASSROLE_NEW and HIJACK_COMPUTE: the service principal that the role must trust, and iam:PassedToService where a role is passed.
	Service string `json:"service,omitempty"`
	// For HIJACK_COMPUTE: the kinds of compute of the snapshot that run with the role, as CloudFormation names them.
	Compute []string `json:"compute,omitempty"`
	// For GAIN_PERMISSIONS: what it does to the target.
	Edit Edit `json:"edit,omitempty"`
	// Facts of the snapshot that must hold.
	Facts []Fact `json:"facts,omitempty"`
	// For a combination: the ids of the GAIN_PERMISSIONS technique and of the one that then takes the target over. It has no requirements
	// of its own.
	Combines []string `json:"combines,omitempty"`
	// What the snapshot cannot tell and must be so, each a sentence without full stop: "an ECS cluster exists in the account".
	Prerequisites []string `json:"prerequisites,omitempty"`
	// What its results are limited to, where it yields less than the target's whole power: "AWS CodeCommit".
	Limited string `json:"limited,omitempty"`
	// For OPEN_RESOURCE that is limited: the actions that it can open a resource to.
	Yields     []string `json:"yields,omitempty"`
	Remedy     string   `json:"remedy"`
	References []string `json:"references,omitempty"` // web addresses: of the action's documentation, of the public catalogue
	Catalogue  []string `json:"catalogue,omitempty"`  // ids of the public catalogue, pathfinding.cloud
}

// Requirement is one permission that a technique takes.
type Requirement struct {
	Action string `json:"action"`
	On     Object `json:"on"`
}

// Object is what a requirement's action must be allowed on.
type Object string

// The objects.
const (
	OnTarget  Object = "target"  // the user, role, group, policy, provider or resource that the edge leads to
	OnCompute Object = "compute" // the compute that runs with the target
	OnNew     Object = "new"     // something that is not there yet, in the caller's account
	OnAny     Object = "any"     // whatever there is in the caller's account, there or not
)

// Edit is what a GAIN_PERMISSIONS technique changes (E10).
type Edit string

// The edits, and what the target then has.
const (
	EditInline     Edit = "inline"      // a policy of its own that allows everything
	EditAttach     Edit = "attach"      // the managed policies that iam:PolicyARN admits
	EditVersion    Edit = "version"     // an attached customer managed policy is rewritten to allow everything
	EditSetVersion Edit = "set-version" // another version of such a policy is in force
	EditMembership Edit = "membership"  // the policies of a group
	EditUnbound    Edit = "unbound"     // no boundary, or a wider one
	EditUndeny     Edit = "undeny"      // a policy that only denies is gone
)

// Fact is something that the snapshot tells of a target, and that a technique takes.
type Fact string

// The facts. Where the snapshot does not tell, the edge stands on an assumption.
const (
	InstanceProfile   Fact = "instance-profile"    // the role is in an instance profile
	NoInstanceProfile Fact = "no-instance-profile" // the role is in none
	NoPassword        Fact = "no-password"         // the user has no console password
	Password          Fact = "password"            // the user has one
	OneKey            Fact = "one-key"             // the user has at most one access key
	TwoKeys           Fact = "two-keys"            // the user has two, as many as there can be
	FourVersions      Fact = "four-versions"       // the policy has at most four versions
	FiveVersions      Fact = "five-versions"       // the policy has five, as many as there can be
	OtherVersion      Fact = "other-version"       // the policy has a version that is not in force
	Absent            Fact = "absent"              // the provider that a role's trust policy names is not there
	ACLs              Fact = "acls"                // the bucket honours access control lists (Object Ownership)
	SSORole           Fact = "sso-role"            // the role is one that Identity Center made: AWSReservedSSO_…
)
