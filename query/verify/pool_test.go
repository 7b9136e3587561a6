package verify_test

import (
	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// keyPool is one condition key as the generator uses it: the operators and values that policies test it with, and the values
// that requests have, so chosen that every set of values which those tests can tell apart has one of them.
type keyPool struct {
	key      string
	ops      []string
	values   []string
	contexts []policy.ContextValue
	services []string // that have the key; none: all
}

func singles(values ...string) []policy.ContextValue {
	out := make([]policy.ContextValue, 0, len(values))
	for _, v := range values {
		out = append(out, policy.Single(v))
	}
	return out
}

// subsets are all lists of some of the values, the empty one included.
func subsets(values ...string) []policy.ContextValue {
	var out []policy.ContextValue
	for mask := range 1 << len(values) {
		list := []string{}
		for i, v := range values {
			if mask&(1<<i) != 0 {
				list = append(list, v)
			}
		}
		out = append(out, policy.Multi(list...))
	}
	return out
}

var (
	teams = singles("red", "blue", "rad", "RED", "zzz")
	// In a document without variables their text is text (A2).
	teamTexts = append(append([]policy.ContextValue{}, teams...), singles("${aws:PrincipalTag/team}", "${aws:PrincipalTag/Team, 'red'}")...)
	regions   = singles("us-east-1", "eu-west-1", "ap-south-1")
	orgPaths  = []policy.ContextValue{
		policy.Multi(), policy.Multi("o-abc/r-root/ou-dev/"), policy.Multi("o-abc/r-root/"), policy.Multi("o-other/r-x/"),
	}
)

// pool is every condition key that documents test.
var pool = []keyPool{
	{"aws:MultiFactorAuthPresent", []string{"Bool", "BoolIfExists", "Null"}, []string{"true", "false"}, singles("true", "false"), nil},
	{"aws:MultiFactorAuthAge", []string{"NumericLessThan", "NumericGreaterThanEqualsIfExists"}, []string{"3600"}, singles("100", "3600", "7200"), nil},
	{
		"aws:SourceIp", []string{"IpAddress", "NotIpAddress", "NotIpAddressIfExists"}, []string{"203.0.113.0/24", "10.0.0.0/8"},
		singles("203.0.113.9", "10.1.2.3", "192.0.2.1", "2001:db8::1"), nil,
	},
	{
		"aws:SourceVpce", []string{"StringEquals", "StringNotEquals", "StringNotEqualsIfExists", "StringLike", "Null"},
		[]string{"vpce-1", "vpce-2", "vpce-*"}, singles("vpce-1", "vpce-2", "vpce-3", "other", "vpce-*"), nil,
	},
	{
		"aws:PrincipalOrgID", []string{"StringEquals", "StringNotEquals", "StringNotEqualsIfExists"}, []string{"o-abc", "o-other"},
		singles("o-abc", "o-other", "o-third"), nil,
	},
	{"aws:PrincipalOrgPaths", []string{"ForAnyValue:StringLike", "ForAllValues:StringNotLike"}, []string{"o-abc/r-root/ou-dev/*", "o-abc/*"}, orgPaths, nil},
	{
		"aws:PrincipalArn", []string{"ArnLike", "ArnNotLike", "StringLike", "ArnEquals", "StringNotLike"},
		[]string{"arn:aws:iam::*:role/*", "arn:aws:iam::222222222222:user/*", "arn:aws:iam::*:role/Admin*", "arn:aws:iam::*:user/${aws:username}"},
		nil, nil,
	},
	{"aws:PrincipalAccount", []string{"StringEquals", "StringNotEquals"}, []string{"111111111111", "222222222222", "${aws:ResourceAccount}"}, nil, nil},
	{"aws:PrincipalType", []string{"StringEquals", "StringNotEquals"}, []string{"User", "AssumedRole", "Account"}, singles("User", "AssumedRole", "Other"), nil},
	{
		"aws:PrincipalTag/team", []string{"StringEquals", "StringNotEquals", "StringLike", "Null", "StringEqualsIgnoreCase", "StringEqualsIfExists"},
		[]string{"red", "blue", "r*", "RED"}, teams, nil,
	},
	{
		"aws:ResourceTag/team", []string{"StringEquals", "StringNotEquals", "StringEqualsIfExists"},
		[]string{"red", "blue", "${aws:PrincipalTag/team}", "${aws:PrincipalTag/Team, 'red'}"}, teamTexts, nil,
	},
	{"iam:ResourceTag/team", []string{"StringEquals", "StringNotEquals"}, []string{"red", "${aws:PrincipalTag/team}"}, teamTexts, []string{"iam"}},
	{"aws:RequestTag/team", []string{"StringEquals", "StringNotEquals", "Null"}, []string{"red", "${aws:PrincipalTag/team}"}, teamTexts, nil},
	{"aws:RequestedRegion", []string{"StringEquals", "StringNotEquals", "StringLike"}, []string{"us-east-1", "eu-west-1", "eu-*"}, regions, nil},
	{
		"aws:TagKeys", []string{"ForAllValues:StringEquals", "ForAnyValue:StringEquals", "ForAllValues:StringLike", "ForAnyValue:StringNotLike", "Null", "StringEquals"},
		[]string{"env", "team", "e*"}, subsets("env", "team", "etc", "zzz"), nil,
	},
	{"aws:username", []string{"StringEquals", "StringNotEquals", "Null"}, []string{"alice", "bob"}, nil, nil},
	{"aws:CurrentTime", []string{"DateLessThan", "DateGreaterThanEquals"}, []string{"2027-01-01T00:00:00Z"}, singles("2026-06-01T00:00:00Z", "2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"), nil},
	{"aws:ViaAWSService", []string{"Bool"}, []string{"true", "false"}, singles("true", "false"), nil},
	{"aws:SecureTransport", []string{"Bool", "BoolIfExists"}, []string{"false", "true"}, singles("true", "false"), nil},
	{"aws:PrincipalIsAWSService", []string{"Bool", "BoolIfExists"}, []string{"false", "true"}, nil, nil},
	{"aws:ResourceAccount", []string{"StringEquals", "StringNotEquals"}, []string{"111111111111", "222222222222", "${aws:PrincipalAccount}"}, nil, nil},
	{"aws:ResourceOrgID", []string{"StringEquals", "StringNotEquals"}, []string{"o-abc", "${aws:PrincipalOrgID}"}, append(singles("o-abc", "o-other", "o-third"), policy.Single("${aws:PrincipalOrgID}")), nil},
	{
		"aws:SourceAccount", []string{"StringEquals", "StringNotEquals", "StringEqualsIfExists"}, []string{"111111111111", "222222222222"},
		singles("111111111111", "222222222222", "999999999998"), nil,
	},
	{
		"aws:SourceArn", []string{"ArnLike", "ArnNotLike"}, []string{"arn:aws:sns:*:222222222222:*", "arn:aws:sns:us-east-1:222222222222:t"},
		singles("arn:aws:sns:us-east-1:222222222222:t", "arn:aws:sns:us-east-1:222222222222:u", "arn:aws:s3:::b"), nil,
	},
	{"kms:ViaService", []string{"StringEquals", "StringLike", "StringNotEquals"}, []string{"s3.us-east-1.amazonaws.com", "s3.*.amazonaws.com"}, singles("s3.us-east-1.amazonaws.com", "s3.eu-west-1.amazonaws.com", "ebs.us-east-1.amazonaws.com"), []string{"kms"}},
	{"kms:EncryptionContext:app", []string{"StringEquals", "StringNotEquals", "Null"}, []string{"web", "db"}, singles("web", "db", "x"), []string{"kms"}},
	{"kms:EncryptionContextKeys", []string{"ForAllValues:StringEquals", "ForAnyValue:StringEquals"}, []string{"app"}, subsets("app", "zzz"), []string{"kms"}},
	{"kms:CallerAccount", []string{"StringEquals", "StringNotEquals"}, []string{"111111111111", "222222222222"}, nil, []string{"kms"}},
	{"s3:prefix", []string{"StringLike", "StringEquals", "StringNotLike"}, []string{"home/${aws:username}/*", "public/*", "", "${aws:PrincipalTag/team}/*"}, singles("home/alice/x", "home/bob/x", "public/x", "", "red/x", "blue/x", "rad/x", "RED/x", "zzz/x", "home/${aws:username}/x", "${aws:PrincipalTag/team}/x"), []string{"s3"}},
	{"s3:max-keys", []string{"NumericLessThanEquals", "NumericEquals"}, []string{"10"}, singles("5", "10", "11"), []string{"s3"}},
	{"sts:ExternalId", []string{"StringEquals", "Null", "StringLike"}, []string{"ext-1", "ext-*"}, singles("ext-1", "ext-2", "nope"), []string{"sts"}},
	{"sts:RoleSessionName", []string{"StringLike", "StringEquals"}, []string{"${aws:username}", "ci-*"}, singles("alice", "bob", "carol", "ci-7", "other", "${aws:username}"), []string{"sts"}},
	{"iam:PassedToService", []string{"StringEquals", "StringLike", "StringNotEquals"}, []string{"ec2.amazonaws.com", "*.amazonaws.com"}, singles("ec2.amazonaws.com", "lambda.amazonaws.com", "x"), []string{"iam"}},
	{"token.actions.githubusercontent.com:sub", []string{"StringLike", "StringEquals"}, []string{"repo:acme/*", "repo:acme/app:ref:refs/heads/main"}, singles("repo:acme/app:ref:refs/heads/main", "repo:acme/x", "repo:acme-evil/x"), []string{"sts"}},
	{"token.actions.githubusercontent.com:aud", []string{"StringEquals"}, []string{"sts.amazonaws.com"}, singles("sts.amazonaws.com", "x"), []string{"sts"}},
}

// poolOf finds a key by its canonical name; nil for one that no generated document has.
func poolOf(key string) *keyPool {
	for i := range pool {
		if policy.CanonicalKey(pool[i].key) == key {
			return &pool[i]
		}
	}
	return nil
}
