package evaluator

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// Grants that AWS keeps in other forms than policies (ACLs, shares, grant constraints) are written as the policy statements
// that mean the same, so that one engine judges all of them.

type syntheticStatement struct {
	Sid       string
	Effect    string
	Principal map[string]string `json:",omitempty"`
	Action    []string
	Resource  []string
	Condition map[string]map[string][]string `json:",omitempty"`
}

func compileSynthetic(kind policy.Kind, s syntheticStatement) policy.Statement {
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []syntheticStatement{s}})
	if err == nil {
		if doc := policy.Parse(kind, text); len(doc.Statements) > 0 {
			return doc.Statements[0]
		}
	}
	// Not reachable with the strings written below; a statement that grants nothing is the safe reading all the same.
	return policy.Statement{Effect: policy.Allow, Unanalysable: fmt.Sprintf("synthetic statement %s", s.Sid), Cause: policy.UnanalysableStatement}
}

// equalCondition is `key = value…` (ForAllValues over all when all is set).
func equalCondition(key string, all bool, values ...string) policy.Condition {
	op := "StringEquals"
	if all {
		op = "ForAllValues:StringEquals"
	}
	s := compileSynthetic(policy.Identity, syntheticStatement{
		Effect: "Deny", Action: []string{"*"}, Resource: []string{"*"},
		Condition: map[string]map[string][]string{op: {key: append([]string{}, values...)}},
	})
	if len(s.Conditions) == 0 {
		return policy.Condition{Op: policy.StringEquals, Key: strings.ToLower(key), Written: key}
	}
	return s.Conditions[0]
}

// sharedStatement is a share of a resource with an account, an organization, an OU, a role, a user or everyone (D53). The
// actions of its permission are not known, so it is possible, never certain.
func sharedStatement(who, service, owner string) policy.Statement {
	elsewhere := map[string][]string{"aws:PrincipalAccount": {owner}} // a share gives the owner's own principals nothing
	signed := map[string][]string{"aws:PrincipalIsAWSService": {"false"}}
	s := syntheticStatement{Sid: "Shared", Effect: "Allow", Action: []string{service + ":*"}, Resource: []string{"*"}}
	switch {
	case who == "all" || who == "*":
		s.Principal = map[string]string{"AWS": "*"}
		s.Condition = map[string]map[string][]string{"StringNotEquals": elsewhere, "Bool": signed}
	case strings.Contains(who, ":organization/"):
		s.Principal = map[string]string{"AWS": "*"}
		s.Condition = map[string]map[string][]string{"StringEquals": {"aws:PrincipalOrgID": {afterLast(who, "/")}}, "StringNotEquals": elsewhere}
	case strings.Contains(who, ":ou/"):
		s.Principal = map[string]string{"AWS": "*"}
		s.Condition = map[string]map[string][]string{
			"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": {organizationOfUnit(who) + "/*/" + afterLast(who, "/") + "/*"}}, "StringNotEquals": elsewhere,
		}
	case strings.HasSuffix(who, ".amazonaws.com"):
		s.Principal = map[string]string{"Service": who}
	default:
		s.Principal = map[string]string{"AWS": who}
	}
	out := compileSynthetic(policy.Resource, s)
	out.Unanalysable = "the actions of a share's permission are not in the snapshot"
	out.Cause = policy.ServiceRuleMissing
	return out
}

// organizationOfUnit is the organization that the ARN of an OU names, * where it names none.
func organizationOfUnit(arn string) string {
	_, path, _ := strings.Cut(arnField(arn, 6), "/")
	if id, _, ok := strings.Cut(path, "/"); ok && organizationID(id) {
		return id
	}
	return "*"
}

// openFileSystem is what an EFS file system without a policy allows: everything to every client that can connect (D47).
func openFileSystem() *policy.Document {
	s := compileSynthetic(policy.Resource, syntheticStatement{
		Sid: "NoFileSystemPolicy", Effect: "Allow", Principal: map[string]string{"AWS": "*"}, Resource: []string{"*"},
		Action: []string{"elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite", "elasticfilesystem:ClientRootAccess"},
	})
	return &policy.Document{Kind: policy.Resource, Variables: true, Statements: []policy.Statement{s}}
}

func afterLast(s, sep string) string { return s[strings.LastIndex(s, sep)+1:] }

// aclActions are the S3 actions that an ACL permission stands for, on the bucket that carries it (D36, D40).
var aclActions = map[string][]string{
	"READ":         {"s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"},
	"WRITE":        {"s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"},
	"READ_ACP":     {"s3:GetBucketAcl"},
	"WRITE_ACP":    {"s3:PutBucketAcl"},
	"FULL_CONTROL": {"s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetBucketAcl", "s3:PutBucketAcl"},
}

// aclStatement is one grant of a bucket ACL. ok is false when the permission is unknown or the grant is ignored
// (IgnorePublicAcls, D39).
func aclStatement(grantee, permission, bucket string, ignorePublic bool) (policy.Statement, bool) {
	actions := aclActions[permission]
	if actions == nil {
		return policy.Statement{}, false
	}
	s := syntheticStatement{Sid: "ACL:" + permission, Effect: "Allow", Action: actions, Resource: []string{bucket, bucket + "/*"}}
	switch {
	case strings.HasSuffix(grantee, "/groups/global/AllUsers"):
		s.Principal = map[string]string{"AWS": "*"}
	case strings.HasSuffix(grantee, "/groups/global/AuthenticatedUsers"): // any AWS-signed caller (D40)
		s.Principal = map[string]string{"AWS": "*"}
		s.Condition = map[string]map[string][]string{"Bool": {"aws:PrincipalIsAWSService": {"false"}}} // which unsigned callers lack
	case strings.HasSuffix(grantee, "/groups/s3/LogDelivery"): // S3's own, that writes access logs
		s.Principal = map[string]string{"Service": "logging.s3.amazonaws.com"}
	case len(grantee) == 64:
		s.Principal = map[string]string{"CanonicalUser": grantee}
	default:
		s.Principal = map[string]string{"AWS": grantee}
	}
	if s.Principal["AWS"] == "*" && ignorePublic {
		return policy.Statement{}, false
	}
	out := compileSynthetic(policy.Resource, s)
	if s.Principal["CanonicalUser"] != "" { // it may be the owner's own, which every ACL lists
		out.Unanalysable, out.Cause = "which account has the canonical id is not in the snapshot", policy.UnknownOwner
	}
	return out, true
}
