package evaluator

import (
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/region"
)

// The rules of single services, as predicates over names: both engines read them here. Action names compare without regard to
// case (A14); a service prefix is expected in lower case, as requests write it, and is folded where it is not.

// ActionService gives the service prefix of an action in lower case, empty when it has none.
func ActionService(action string) string {
	service, _ := cutAction(action)
	return service
}

func cutAction(action string) (service, name string) {
	i := strings.IndexByte(action, ':')
	if i < 0 {
		return "", action
	}
	return strings.ToLower(action[:i]), action[i+1:]
}

func oneOf(name string, list ...string) bool {
	for _, s := range list {
		if strings.EqualFold(s, name) {
			return true
		}
	}
	return false
}

func hasFoldPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// NoPolicyNeeded tells whether a caller may always make the call, even under a Deny (D4).
func NoPolicyNeeded(action string, caller *Principal) bool {
	service, name := cutAction(action)
	if service != "sts" {
		return false
	}
	switch {
	case strings.EqualFold(name, "GetCallerIdentity"):
		return signedCaller(caller)
	case strings.EqualFold(name, "GetSessionToken"):
		return caller.Kind == User || caller.Kind == Root && !caller.AssumedRoot
	}
	return false
}

// signedCaller tells callers with credentials from those that come without or are only signing in.
func signedCaller(c *Principal) bool {
	return c.Kind != Anonymous && c.Kind != OIDCFederated && c.Kind != SAMLFederated
}

// OwnerAccountOnly tells actions that never work for a caller outside the resource's account (D37, and D49 for PassRole).
// The lists are those of the S3 and SQS pages as read in September 2026; KMS has its own, see KMSCrossAccount.
func OwnerAccountOnly(action string) bool {
	switch service, name := cutAction(action); service {
	case "s3":
		return bucketPolicyOperation(name)
	case "sqs":
		return oneOf(name, "AddPermission", "CancelMessageMoveTask", "CreateQueue", "DeleteQueue", "ListMessageMoveTasks",
			"ListQueues", "ListQueueTags", "RemovePermission", "SetQueueAttributes", "StartMessageMoveTask", "TagQueue", "UntagQueue")
	case "iam":
		return strings.EqualFold(name, "PassRole")
	}
	return false
}

func bucketPolicyOperation(name string) bool {
	return oneOf(name, "PutBucketPolicy", "GetBucketPolicy", "DeleteBucketPolicy")
}

// RootOverridesBucketPolicy tells the three operations that the owner's root user can make whatever the bucket policy denies
// (D38).
func RootOverridesBucketPolicy(action string) bool {
	service, name := cutAction(action)
	return service == "s3" && bucketPolicyOperation(name)
}

// KMSCrossAccount tells whether a kms action works on a key of another account (D31).
func KMSCrossAccount(action string) bool {
	service, name := cutAction(action)
	if service != "kms" {
		return false
	}
	return hasFoldPrefix(name, "ReEncrypt") || hasFoldPrefix(name, "GenerateDataKey") ||
		oneOf(name, "Decrypt", "Encrypt", "GenerateMac", "VerifyMac", "Sign", "Verify", "GetPublicKey", "DeriveSharedSecret",
			"CreateGrant", "DescribeKey", "GetKeyRotationStatus", "ListGrants", "RetireGrant", "RevokeGrant")
}

// RetiresGrant tells kms:RetireGrant, which grants alone permit (D33) and RCPs do not limit (D16).
func RetiresGrant(action string) bool { return strings.EqualFold(action, "kms:RetireGrant") }

// TrustMandatory tells whether the resource's own policy must take part in every grant (D5, D25, D32): KMS keys, and roles
// for sts actions.
func TrustMandatory(action, resource string) bool {
	switch ActionService(action) {
	case "kms":
		return kmsKey(resource)
	case "sts":
		return iamRole(resource)
	}
	return false
}

func kmsKey(resource string) bool {
	return arnField(resource, 3) == "kms" && strings.HasPrefix(arnField(resource, 6), "key/")
}

func iamRole(resource string) bool {
	return arnField(resource, 3) == "iam" && strings.HasPrefix(arnField(resource, 6), "role/")
}

// OwnPolicyApplies tells whether the resource's policy takes part in the action at all: a trust policy speaks of sts actions
// only (D25), and among KMS resources only keys have a policy (D32).
func OwnPolicyApplies(action, resource string) bool {
	if iamRole(resource) {
		return ActionService(action) == "sts"
	}
	if arnField(resource, 3) == "kms" {
		return kmsKey(resource)
	}
	return true
}

// RCPApplies tells whether RCPs have an effect on a service's actions (D14). The list is AWS's as published on 2026-09-26.
func RCPApplies(service string) bool {
	switch service {
	case "appstream", "dsql", "clouddirectory", "cloudfront", "cloudsearch", "logs", "networkmonitor", "cognito-identity",
		"cognito-idp", "comprehend", "comprehendmedical", "firehose", "dynamodb", "dax", "autoscaling", "ecr", "ecr-public",
		"gamelift", "inspector-scan", "kendra", "kinesisvideo", "memorydb", "aoss", "personalize", "polly", "s3", "swf", "sqs",
		"textract", "timestream-influxdb", "transcribe", "translate", "workspaces", "appconfig", "autoscaling-plans", "budgets",
		"servicediscovery", "cloudtrail-data", "codeartifact", "codebuild", "codecommit", "codepipeline", "compute-optimizer",
		"cost-optimization-hub", "events", "fms", "fis", "health", "rolesanywhere", "kms", "opensearch", "pricing",
		"pca-connector-ad", "resource-groups", "secretsmanager", "sts", "signin", "support", "transfer", "notifications",
		"wafv2", "xray":
		return true
	}
	return false
}

// RCPExempt tells requests that RCPs never limit (D16), whatever the service. Callers with no RCP level are outside of it.
func RCPExempt(action string, caller *Principal, target *Target) bool {
	if target.Management || caller.ServiceLinked || target.KeyManagedByAWS || RetiresGrant(action) {
		return true
	}
	linked := target.ServiceLinkedRole || iamRole(target.Resource) && strings.HasPrefix(arnField(target.Resource, 6), "role/aws-service-role/")
	return linked && ActionService(action) == "sts"
}

// SCPLimits tells whether SCPs limit a caller's action (D10–D12).
func SCPLimits(action string, caller *Principal) bool {
	switch caller.Kind {
	case User, RoleSession, FederatedUser, Root:
	default:
		return false // D12, D45, D46: no principal of an account
	}
	if caller.Management || caller.ServiceLinked {
		return false
	}
	return caller.Kind != Root || !rootTask(action)
}

// rootTask tells the tasks of a root user that SCPs do not restrict and that have an action name (D12): reverse DNS of an
// Elastic IP address. The other tasks of AWS's list are made in consoles and are no actions.
func rootTask(action string) bool {
	service, name := cutAction(action)
	return service == "ec2" && oneOf(name, "ModifyAddressAttribute", "ResetAddressAttribute")
}

// constrainsGrant tells the operations to which the encryption-context constraint of a grant applies: those that take an encryption
// context (D33).
func constrainsGrant(operation string) bool { return !oneOf(operation, "DescribeKey", "RetireGrant") }

// throughAccessPoint tells whether an action on an access point reaches the bucket behind it, and not the access point itself (D41).
func throughAccessPoint(action string, target *Target) bool {
	_, name := cutAction(action)
	return target.AccessPoint && !strings.Contains(strings.ToLower(name), "accesspoint")
}

// ServiceRefuses tells requests that a service refuses whatever the policies allow. The outsider flag says that the caller is not of the
// resource's account.
func ServiceRefuses(action string, caller *Principal, target *Target, outsider bool) bool {
	return serviceRefusal(action, caller, target, outsider) != ""
}

// serviceRefusal gives the rule by which a service refuses a request whatever the policies allow (D4, D6, D19, D20, D29, D31, D37, D47),
// empty where it does not.
func serviceRefusal(action string, caller *Principal, target *Target, outsider bool) string {
	service, name := cutAction(action)
	owner := Owner(target)
	if outsider && caller.Kind != Service {
		if OwnerAccountOnly(action) && service == "iam" {
			return "D49"
		}
		if OwnerAccountOnly(action) {
			return "D37"
		}
		if service == "kms" && caller.Kind != Anonymous && !KMSCrossAccount(action) {
			return "D31"
		}
	}
	if owner == awsAccount && writesManagedPolicy(service, name) {
		return "D6"
	}
	sts := service == "sts"
	switch {
	case sts && signIn(name) && caller.Kind != OIDCFederated && caller.Kind != SAMLFederated && caller.Kind != FederatedUser:
		return "D29" // a sign-in is no signed call
	case caller.Kind == FederatedUser && (service == "iam" || sts): // GetCallerIdentity apart (D4)
		return "D19"
	case caller.Kind == Root && sts && strings.EqualFold(name, "AssumeRole"):
		return "D20"
	case caller.Kind == RoleSession && sts && strings.EqualFold(name, "GetSessionToken"): // it takes long-term credentials
		return "D4"
	case caller.Kind == Anonymous && sts: // all sts calls but the two of federated sign-in are signed
		return "D29"
	case caller.Kind == Anonymous && service == "lambda" && target.SignedURL:
		return "D47"
	case caller.Kind == OIDCFederated && (!federatedAction(service, name, "AssumeRoleWithWebIdentity") || foreignProvider(caller, owner)):
		return "D29"
	case caller.Kind == SAMLFederated && (!federatedAction(service, name, "AssumeRoleWithSAML") || foreignProvider(caller, owner)):
		return "D29"
	}
	return ""
}

// signIn tells the two calls by which identity providers let their users in.
func signIn(name string) bool { return oneOf(name, "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML") }

// federatedAction tells what a federated sign-in may ask for (D29), with what it brings along (D30).
func federatedAction(service, name, assume string) bool {
	return service == "sts" && oneOf(name, assume, "TagSession", "SetSourceIdentity")
}

// foreignProvider tells a sign-in by a provider of another account than the role's (D29); the built-in providers are of none.
func foreignProvider(caller *Principal, owner string) bool {
	account := arnAccount(caller.ARN)
	return account != "" && owner != "" && account != owner
}

// noPolicy tells resources that have no policy and cannot be shared, so that no other account has access to them (D47): EC2's, but for the
// types that RAM shares and those with a share list.
func noPolicy(service, resource string) bool {
	if service != "ec2" {
		return false
	}
	kind, _, _ := strings.Cut(resource, "/")
	switch kind {
	case "capacity-reservation", "coip-pool", "dedicated-host", "fpga-image", "image", "ipam-pool", "ipam-resource-discovery", "ipv6pool-ec2",
		"local-gateway-route-table", "placement-group", "prefix-list", "security-group", "snapshot", "subnet", "traffic-mirror-target",
		"transit-gateway", "transit-gateway-multicast-domain", "verified-access-group", "vpc", "vpc-endpoint-service":
		return false
	}
	return !strings.ContainsAny(kind, "*?")
}

// ownerKeysMissing tells the actions whose requests do not have the keys aws:ResourceAccount, aws:ResourceOrgID and aws:ResourceOrgPaths
// (C33). The list is that of the IAM User Guide as read in November 2026.
func ownerKeysMissing(action string) bool {
	switch service, name := cutAction(action); service {
	case "ebs":
		return true
	case "auditmanager":
		return oneOf(name, "UpdateAssessmentFrameworkShare")
	case "detective", "macie2":
		return oneOf(name, "AcceptInvitation")
	case "ds":
		return oneOf(name, "AcceptSharedDirectory")
	case "ec2":
		return oneOf(name, "AcceptTransitGatewayPeeringAttachment", "AcceptVpcEndpointConnections", "AcceptVpcPeeringConnection",
			"CopyImage", "CopySnapshot", "CreateTransitGatewayPeeringAttachment", "CreateVolume", "CreateVpcEndpoint",
			"CreateVpcPeeringConnection", "DeleteTransitGatewayPeeringAttachment", "DeleteVpcPeeringConnection",
			"RejectTransitGatewayPeeringAttachment", "RejectVpcEndpointConnections", "RejectVpcPeeringConnection")
	case "es":
		return oneOf(name, "AcceptInboundConnection")
	case "events":
		return oneOf(name, "PutEvents")
	case "guardduty", "securityhub":
		return oneOf(name, "AcceptAdministratorInvitation")
	case "route53":
		return oneOf(name, "AssociateVPCWithHostedZone", "CreateVPCAssociationAuthorization", "DeleteVPCAssociationAuthorization",
			"DisassociateVPCFromHostedZone", "ListHostedZonesByVPC")
	}
	return false
}

// readsTargetBoundary tells the actions on a user or role for which iam:PermissionsBoundary is the boundary that the entity has, and not
// one that the request brings along (C35).
func readsTargetBoundary(action string) bool {
	service, name := cutAction(action)
	return service == "iam" && !oneOf(name, "CreateUser", "CreateRole", "PutUserPermissionsBoundary", "PutRolePermissionsBoundary")
}

// cognitoIdentity is the built-in provider of Cognito identity pools.
const cognitoIdentity = "cognito-identity.amazonaws.com"

// awsPolicyAccount is what aws:ResourceAccount says of AWS managed policies (D6).
const awsPolicyAccount = "639982225848"

// awsAccount owns what AWS provides, such as AWS managed policies (D6).
const awsAccount = "aws"

// Owner gives the account that owns a target: that of the ARN, else the one that was collected; empty when unknown (D6).
func Owner(target *Target) string {
	if account := arnAccount(target.Resource); isAccountID(account) || account == awsAccount {
		return account
	}
	return target.Account
}

// writesManagedPolicy tells the actions that change a managed policy, which nobody can do to AWS's own (D6).
func writesManagedPolicy(service, name string) bool {
	return service == "iam" && oneOf(name, "CreatePolicy", "CreatePolicyVersion", "DeletePolicy", "DeletePolicyVersion",
		"SetDefaultPolicyVersion", "TagPolicy", "UntagPolicy")
}

// TakesAnonymous tells whether a service answers unsigned calls (D45); elsewhere a grant to "*" reaching anonymous callers is
// an uncertainty.
func TakesAnonymous(action string) bool {
	switch service, name := cutAction(action); service {
	case "s3", "sqs", "sns", "execute-api", "es", "aoss", "ecr-public", "elasticfilesystem":
		return true
	case "lambda":
		return oneOf(name, "InvokeFunctionUrl", "InvokeFunction")
	}
	return false
}

// PseudoARN gives the ARNs on which a service authorises an action that has no resource type, where live errors show them
// (B10). A policy pattern of the same service that could match one makes its statement uncertain. An empty partition or
// account stands for any.
func PseudoARN(action, partition, account string) (region.Pattern, bool) {
	service, name := cutAction(action)
	var head, tail string
	switch service {
	case "iam":
		switch {
		case strings.EqualFold(name, "ListUsers"):
			head, tail = ":iam::", ":user/*"
		case strings.EqualFold(name, "ListRoles"):
			head, tail = ":iam::", ":role/*"
		}
	case "sqs":
		if strings.EqualFold(name, "ListQueues") {
			head, tail = ":sqs:*:", ":"
		}
	case "sns":
		if strings.EqualFold(name, "ListTopics") {
			head, tail = ":sns:*:", ":"
		}
	}
	if head == "" {
		return region.Pattern{}, false
	}
	if partition == "" {
		partition = "*"
	}
	if account == "" {
		account = "*"
	}
	p := region.Glob("arn:"+partition+head+account+tail, false)
	colons := 0
	for i, t := range p.Tokens { // an unknown partition, Region or account is one field
		switch {
		case t.Kind == region.TokenRune && t.Rune == ':':
			colons++
		case t.Kind == region.TokenStar && colons < 5:
			p.Tokens[i].Kind = region.TokenStarInField
		}
	}
	if service == "sns" { // the ARN ends in a star, a character like others
		p.Tokens = append(p.Tokens, region.Token{Rune: '*'})
	}
	return p, true
}

// bucketsOfAll tells the one resource-less action that AWS's own examples grant on arn:aws:s3:::* (B10).
func bucketsOfAll(action string) bool { return strings.EqualFold(action, "s3:ListAllMyBuckets") }

// allBuckets tells the pattern that stands for "*" there, in any partition.
func allBuckets(pattern string) bool {
	return strings.HasPrefix(pattern, "arn:") && strings.HasSuffix(pattern, ":s3:::*")
}

// TakesPolicy tells whether resources of a service can have policies of their own (D47).
func TakesPolicy(service string) bool {
	switch service {
	case "s3", "s3express", "s3-outposts", "s3-object-lambda", "s3tables", "kms", "sts", "sqs", "sns", "lambda", "secretsmanager", "ecr",
		"elasticfilesystem", "execute-api", "es", "events", "schemas", "glue", "logs", "codeartifact", "codebuild", "backup", "ses", "acm-pca",
		"kinesis", "dynamodb", "kafka", "redshift-serverless", "signer", "ssm-incidents", "serverlessrepo", "lex", "glacier", "mediastore",
		"vpc-lattice":
		return true
	}
	return false
}
