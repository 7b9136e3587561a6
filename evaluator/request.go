package evaluator

import (
	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// PrincipalKind is the kind of caller.
type PrincipalKind uint8

// The kinds of caller (D, G.1). RoleSession covers service-linked roles too; ServiceLinked tells them apart.
const (
	User PrincipalKind = iota
	RoleSession
	FederatedUser
	Root
	Service
	Anonymous
	OIDCFederated
	SAMLFederated
)

// Principal is a caller. For a role session ARN is the session's ARN and RoleARN the role's, with path; for a federated user
// Issuer is the ARN of the user who federated. Account is empty for services, anonymous and federated sign-in callers.
type Principal struct {
	Kind          PrincipalKind
	ARN           string
	RoleARN       string
	Issuer        string
	UniqueID      string // AIDA… or AROA…, without the session part
	CanonicalID   string // S3's name of its account, where that is known (A29)
	Account       string
	ServiceNames  []string // further names of a service principal (A27)
	ServiceLinked bool     // a session of a service-linked role (D12)
	Management    bool     // its account is the organization's management account (D11)
	AssumedRoot   bool
}

// Layer is one kind of policy that takes part in a decision.
type Layer uint8

// The layers, in the order in which answers name them.
const (
	LayerIdentity Layer = iota
	LayerBoundary
	LayerSession
	LayerSCP
	LayerRCP
	LayerResource
	LayerGrant
	LayerEndpoint
	LayerACL
	LayerService // a rule of the service itself (D4, D31, D37–D39)
	layerDraft   // statements that are looked at beside those in force, and bind nobody
)

// Policy is a document with the name under which answers quote it.
type Policy struct {
	Name string
	Doc  *policy.Document
}

// Layers are the policies in force for one request (D1). A nil slice of levels means that the layer does not exist (D52); an
// empty level has nothing attached and blocks everything (D13). HasSession tells an empty session policy from none.
type Layers struct {
	Identity   []Policy
	Boundary   *Policy
	Session    []Policy
	HasSession bool
	SCP        [][]Policy
	RCP        [][]Policy
	Resource   *Policy
	Grants     []Grant
	Endpoint   *Policy
	// EndpointKind is the kind of VPC endpoint that Endpoint belongs to (D42).
	EndpointKind EndpointKind
}

// EndpointKind is the kind of a VPC endpoint: in a gateway's policy an account stands for its root user alone (D42).
type EndpointKind uint8

// The kinds of endpoint. Of a service that has no gateway endpoints, an unknown one is an interface.
const (
	EndpointUnknown EndpointKind = iota
	EndpointGateway
	EndpointInterface
)

// Grant is a KMS grant on the request's key (D33).
type Grant struct {
	ID             string
	Grantee        string // ARN or service name
	Retiring       string // the retiring principal, empty when there is none
	IssuingAccount string
	Operations     []string // action names without "kms:"
	// Constraint is the encryption-context condition, compiled as conditions; nil when there is none.
	Constraint []policy.Condition
	Unknown    bool // has a constraint that is not understood
}

// Target is what is acted on: the resource string and the facts about it that rules read.
type Target struct {
	Resource              string
	Account               string // owner; empty when unknown (D6)
	Management            bool   // the owner is the management account (D16)
	RestrictPublicBuckets bool   // D39, the OR of the settings
	KeyManagedByAWS       bool   // D16
	ServiceLinkedRole     bool   // the resource is a service-linked role (D16)
	SignedURL             bool   // the function's URL takes signed calls alone (D47)
	AccessPoint           bool   // an S3 access point; what the bucket behind it says is not known (D41)
}

// Request is one point: the thing AWS decides on. Context is complete: a key that is not in it is absent (C4).
type Request struct {
	Principal Principal
	Action    string
	Target    Target
	Context   policy.Context
}

// Effect of a decision.
type Effect uint8

// The effects of a decision (D2, D3).
const (
	ImplicitDeny Effect = iota
	ExplicitDeny
	Allowed
)

// StatementRef names a statement that decided.
type StatementRef struct {
	Layer  Layer
	Policy string
	Sid    string
	Index  int
}

// Decision is the answer for a request. Layer is the layer that decided; Statements are the matching ones that did.
// Uncertainties are the D54 names that touched it: the effect is then the inclusive reading.
type Decision struct {
	Effect        Effect
	Layer         Layer
	Statements    []StatementRef
	Uncertainties []policy.Cause
}

// String gives the effect as answers write it.
func (e Effect) String() string {
	switch e {
	case Allowed:
		return "allow"
	case ExplicitDeny:
		return "explicit_deny"
	}
	return "implicit_deny"
}

// String gives the layer as answers write it.
func (l Layer) String() string {
	switch l {
	case LayerIdentity:
		return "identity"
	case LayerBoundary:
		return "boundary"
	case LayerSession:
		return "session"
	case LayerSCP:
		return "scp"
	case LayerRCP:
		return "rcp"
	case LayerResource:
		return "resource"
	case LayerGrant:
		return "grant"
	case LayerEndpoint:
		return "endpoint"
	case LayerACL:
		return "acl"
	}
	return "service"
}
