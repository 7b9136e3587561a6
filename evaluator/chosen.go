package evaluator

import (
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// Chosen tells the keys of a request that whoever makes it chooses freely (C38): what it asks for, and how it describes itself. All others are
// the environment's (the network, the time, the tags of a resource) or prove who calls (MFA, the organization, an identity provider's claims).
func Chosen(key string) bool {
	key = policy.CanonicalKey(key)
	switch key {
	case "aws:referer", "aws:useragent", "aws:tagkeys", "aws:requestedregion", "aws:securetransport",
		"sts:rolesessionname", "sts:externalid", "sts:sourceidentity", "sts:transitivetagkeys", "sts:durationseconds", "sts:taskpolicyarn",
		"iam:passedtoservice", "iam:associatedresourcearn", "iam:awsservicename", "iam:policyarn", "iam:fidotype", "iam:servicespecificcredentialservicename",
		"kms:grantoperations", "kms:granteeprincipal", "kms:retiringprincipal", "kms:grantconstrainttype",
		"kms:encryptioncontextkeys", "kms:encryptionalgorithm", "kms:signingalgorithm", "kms:macalgorithm", "kms:keyagreementalgorithm",
		"kms:bypasspolicylockoutsafetycheck", "s3:prefix", "s3:delimiter", "s3:max-keys", "s3:versionid", "s3:authtype", "s3:signatureversion",
		"s3:signatureage", "ec2:instancetype", "ec2:instanceprofile", "ec2:imageid", "lambda:layer", "lambda:functionarn", "lambda:principal",
		"lambda:functionurlauthtype", "lambda:vpcids", "lambda:subnetids", "lambda:securitygroupids", "lambda:codesigningconfigarn",
		"cloudformation:rolearn", "cloudformation:templateurl", "cloudformation:stackpolicyurl", "cloudformation:changesetname":
		return true
	}
	for _, family := range []string{"aws:requesttag/", "kms:encryptioncontext:", "s3:x-amz-", "s3:requestobjecttag", "sns:protocol", "sns:endpoint"} {
		if strings.HasPrefix(key, family) {
			return true
		}
	}
	return false
}
