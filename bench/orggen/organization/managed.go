package organization

import (
	"fmt"
	"hash/crc32"
	"strings"
)

// awsPolicy is an AWS-managed policy in our words: what matters here is its shape.
type awsPolicy struct {
	name string
	path string // after policy/
	doc  document
}

// readServices are the services whose reading the large AWS-managed policies allow.
var readServices = []string{
	"acm", "apigateway", "athena", "autoscaling", "backup", "cloudformation", "cloudfront", "cloudtrail", "cloudwatch", "codebuild",
	"codepipeline", "config", "dynamodb", "ec2", "ecr", "ecs", "eks", "elasticache", "elasticfilesystem", "elasticloadbalancing", "events",
	"firehose", "glue", "guardduty", "iam", "kinesis", "kms", "lambda", "logs", "organizations", "rds", "redshift", "route53", "s3",
	"sagemaker", "secretsmanager", "securityhub", "servicecatalog", "sns", "sqs", "ssm", "states", "sts", "tag", "wafv2", "xray",
}

func readActions(verbs ...string) []string {
	var out []string
	for _, s := range readServices {
		for _, v := range verbs {
			out = append(out, s+":"+v+"*")
		}
	}
	return out
}

// awsPolicies are present in every account that attaches them. Accounts share the documents: nobody may write to them.
func awsPolicies() []awsPolicy {
	return []awsPolicy{
		{"AdministratorAccess", "AdministratorAccess", policyOf(allow("*", "*"))},
		{"PowerUserAccess", "PowerUserAccess", policyOf(
			statement{Effect: "Allow", NotAction: []string{"iam:*", "organizations:*", "account:*"}, Resource: "*"},
			allow([]string{"account:GetAccountInformation", "iam:CreateServiceLinkedRole", "iam:ListRoles", "organizations:DescribeOrganization"}, "*"))},
		{"ReadOnlyAccess", "ReadOnlyAccess", policyOf(allow(readActions("Describe", "Get", "List", "View"), "*"))},
		{"SecurityAudit", "SecurityAudit", policyOf(allow(readActions("Describe", "List"), "*"),
			allow([]string{"iam:Get*", "s3:GetBucket*", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "lambda:GetPolicy"}, "*"))},
		{"Billing", "job-function/Billing", policyOf(allow([]string{"account:GetAccountInformation", "aws-portal:*", "budgets:*", "ce:*", "cur:*"}, "*"))},
		{"AmazonS3ReadOnlyAccess", "AmazonS3ReadOnlyAccess", policyOf(allow([]string{"s3:Get*", "s3:List*", "s3:Describe*", "s3-object-lambda:Get*"}, "*"))},
		{"AmazonDynamoDBFullAccess", "AmazonDynamoDBFullAccess", policyOf(allow([]string{"dynamodb:*", "kms:DescribeKey", "kms:ListAliases"}, "*"),
			allow("iam:PassRole", "*").when("StringLike", "iam:PassedToService", []string{"application-autoscaling.amazonaws.com", "dax.amazonaws.com"}))},
		{"AWSKeyManagementServicePowerUser", "AWSKeyManagementServicePowerUser", policyOf(
			allow([]string{"kms:CreateAlias", "kms:CreateKey", "kms:DeleteAlias", "kms:Describe*", "kms:GenerateRandom", "kms:Get*", "kms:List*", "kms:TagResource"}, "*"))},
		{"AWSLambdaBasicExecutionRole", "service-role/AWSLambdaBasicExecutionRole", policyOf(
			allow([]string{"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"}, "*"))},
		{"AmazonSSMManagedInstanceCore", "AmazonSSMManagedInstanceCore", policyOf(
			allow([]string{"ssm:DescribeAssociation", "ssm:GetParameter", "ssm:GetParameters", "ssm:UpdateInstanceInformation", "ssmmessages:*", "ec2messages:*"}, "*"))},
		{"AmazonEC2ContainerRegistryReadOnly", "AmazonEC2ContainerRegistryReadOnly", policyOf(
			allow([]string{"ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:Describe*", "ecr:List*"}, "*"))},
	}
}

// attachAWS names an AWS-managed policy and counts that it is attached.
func (a *account) attachAWS(name string) attachedPolicy {
	for _, p := range a.aws {
		if p.name == name {
			arn := "arn:aws:iam::aws:policy/" + p.path
			a.attached[arn]++
			return attachedPolicy{name, arn}
		}
	}
	return attachedPolicy{}
}

// attachOwn names a customer-managed policy of the account.
func (a *account) attachOwn(name string) attachedPolicy {
	arn := a.iam("policy/" + name)
	a.attached[arn]++
	return attachedPolicy{name, arn}
}

// limit names the boundary for what people and pipelines create.
func (a *account) limit() *boundary {
	arn := a.iam("policy/developer-boundary")
	a.bounded[arn]++
	return &boundary{"Policy", arn}
}

// ownPolicies are the customer-managed policies: some stamped into every account, one a team.
func (a *account) ownPolicies() []managedPolicy {
	named := []struct {
		name string
		doc  document
	}{
		{"developer-boundary", policyOf(
			allow("*", "*").as("Ceiling"),
			deny([]string{"iam:CreateUser", "iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"}, "*").as("OnlyWithBoundary").
				when("StringNotEquals", "iam:PermissionsBoundary", a.iam("policy/developer-boundary")),
			deny([]string{"organizations:*", "kms:PutKeyPolicy", "kms:CreateGrant"}, "*").as("NotForTeams"))},
		{"self-service", policyOf(
			allow([]string{"iam:ChangePassword", "iam:*AccessKey*", "iam:*MFADevice*"}, []string{a.iam("user/people/${aws:username}"), a.iam("mfa/${aws:username}")}),
			allow([]string{"iam:GetAccountPasswordPolicy", "iam:ListUsers"}, "*"),
			statement{Sid: "MFAFirst", Effect: "Deny", NotAction: []string{"iam:*MFADevice*", "iam:ChangePassword", "sts:GetSessionToken"}, Resource: "*"}.
				when("BoolIfExists", "aws:MultiFactorAuthPresent", "false"))},
		{"team-by-tag", policyOf(
			allow([]string{"ec2:StartInstances", "ec2:StopInstances", "ec2:RebootInstances", "secretsmanager:GetSecretValue", "kms:Decrypt"}, "*").
				when("StringEquals", "aws:ResourceTag/team", "${aws:PrincipalTag/team}"),
			allow([]string{"ec2:RunInstances", "ec2:CreateTags", "sqs:CreateQueue"}, "*").
				when("StringEquals", "aws:RequestTag/team", "${aws:PrincipalTag/team}").
				when("ForAllValues:StringEquals", "aws:TagKeys", []string{"team", "env", "cost-center"}))},
		{"office-network", policyOf(deny("*", "*").when("NotIpAddress", "aws:SourceIp", []string{"198.51.100.0/24", "203.0.113.0/24"}).
			when("Bool", "aws:ViaAWSService", "false"))},
	}
	var out []managedPolicy
	for _, n := range named {
		out = append(out, a.managed(n.name, a.iam("policy/"+n.name), "/", n.doc))
	}
	for _, t := range a.teams {
		name := "team-" + t
		out = append(out, a.managed(name, a.iam("policy/"+name), "/", a.teamDocument(t)))
	}
	for _, p := range a.aws {
		arn := "arn:aws:iam::aws:policy/" + p.path
		if a.attached[arn] > 0 {
			out = append(out, a.managed(p.name, arn, "/"+p.path[:len(p.path)-len(p.name)], p.doc))
		}
	}
	return out
}

// teamDocument is what a team may do with its own things in this account.
func (a *account) teamDocument(team string) document {
	key := a.resourceARN("kms", a.region(), "key/*")
	return policyOf(
		allow([]string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}, fmt.Sprintf("arn:aws:s3:::%s-*/*", a.bucketPrefix(team))).as("Objects"),
		allow([]string{"s3:ListBucket", "s3:GetBucketLocation"}, fmt.Sprintf("arn:aws:s3:::%s-*", a.bucketPrefix(team))).as("Buckets"),
		allow([]string{"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"}, a.resourceARN("dynamodb", a.region(), "table/"+team+"-*")).as("Tables"),
		allow([]string{"sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"}, a.resourceARN("sqs", a.region(), team+"-*")).as("Queues"),
		allow([]string{"kms:Decrypt", "kms:GenerateDataKey*"}, key).as("KeysThroughStorage").
			when("StringEquals", "kms:ViaService", []string{"s3." + a.region() + ".amazonaws.com", "dynamodb." + a.region() + ".amazonaws.com"}),
	)
}

func (a *account) managed(name, arn, path string, doc document) managedPolicy {
	p := managedPolicy{
		PolicyName: name, PolicyId: a.r.uniqueID("ANPA"), Arn: arn, Path: path, DefaultVersionId: "v1", AttachmentCount: a.attached[arn],
		PermissionsBoundaryUsageCount: a.bounded[arn], IsAttachable: true, CreateDate: created, UpdateDate: created,
		PolicyVersionList: []policyVersion{{Document: doc, VersionId: "v1", IsDefaultVersion: true, CreateDate: created}},
	}
	if strings.HasPrefix(arn, "arn:aws:iam::aws:") { // the same in every account
		p.PolicyId = newRandom(0, uint64(crc32.ChecksumIEEE([]byte(arn)))).uniqueID("ANPA")
		return p
	}
	if a.r.chance(15) { // an older version, which decides nothing
		p.DefaultVersionId = "v2"
		p.PolicyVersionList = []policyVersion{
			{Document: doc, VersionId: "v2", IsDefaultVersion: true, CreateDate: created},
			{Document: policyOf(allow("*", "*")), VersionId: "v1", CreateDate: created},
		}
	}
	return p
}
