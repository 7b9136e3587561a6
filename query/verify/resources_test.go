package verify_test

import (
	"fmt"
	"strings"
)

// principalElement draws Principal, and for a Deny now and then NotPrincipal.
func (g *generator) principalElement(st tree, s scope, deny bool) {
	if deny && g.chance(25) {
		list := []any{g.principalARN()}
		if g.chance(60) {
			list = append(list, g.principalARN())
		}
		if g.chance(60) {
			list = append(list, "arn:aws:iam::"+pick(g, g.accounts...)+":root")
		}
		st["NotPrincipal"] = tree{"AWS": list}
		return
	}
	if deny && g.chance(60) {
		st["Principal"] = pick[any](g, "*", tree{"AWS": "*"})
		return
	}
	switch g.r.IntN(10) {
	case 0, 1:
		st["Principal"] = pick[any](g, "*", tree{"AWS": "*"})
	case 2:
		st["Principal"] = tree{"AWS": []any{s.account, "arn:aws:iam::" + pick(g, g.accounts...) + ":root"}}
	case 3:
		st["Principal"] = tree{"AWS": g.oneOrList([]any{pick(g, external, "arn:aws:iam::"+external+":root", "arn:aws:iam::"+external+":role/Vendor", "arn:aws:iam::"+external+":user/eve", unread)})}
	case 4:
		st["Principal"] = tree{"Service": pick(g, "sns.amazonaws.com", "lambda.amazonaws.com")}
	case 5:
		st["Principal"] = tree{"AWS": []any{g.principalARN(), g.principalARN()}}
	default:
		st["Principal"] = tree{"AWS": g.principalARN()}
	}
}

// principalARN names somebody of the snapshot, now and then a session or a raw id.
func (g *generator) principalARN() string {
	a := pick(g, g.accounts...)
	role := pick(g, g.roles[a]...)
	switch g.r.IntN(12) {
	case 0:
		return "arn:aws:sts::" + a + ":assumed-role/" + role[strings.LastIndexByte(role, '/')+1:] + "/s1"
	case 1:
		return fmt.Sprintf("AROA%s%d", strings.Repeat(a[:1], 3), g.r.IntN(2))
	case 2:
		return "arn:aws:iam::" + a + ":role/*"
	case 3, 4:
		return a
	case 5, 6, 7:
		return pick(g, g.users[a]...)
	}
	return role
}

// trust draws a role's trust policy.
func (g *generator) trust(a string, linked bool) tree {
	if linked {
		return tree{"Version": "2012-10-17", "Statement": []any{tree{"Effect": "Allow", "Principal": tree{"Service": "ssm.amazonaws.com"}, "Action": "sts:AssumeRole"}}}
	}
	statements := []any{}
	for i := range 1 + g.r.IntN(2) {
		st := tree{"Sid": fmt.Sprintf("T%d", i), "Effect": "Allow", "Action": pick[any](g, "sts:AssumeRole", "sts:AssumeRole", "sts:AssumeRole", []any{"sts:AssumeRole", "sts:TagSession"}, "sts:*")}
		n := 0
		if g.chance(40) {
			n = 1
		}
		g.conditions(st, scope{kind: "trust", account: a}, "sts", n)
		switch g.r.IntN(9) {
		case 0:
			st["Principal"] = tree{"AWS": pick(g, "arn:aws:iam::"+external+":root", "arn:aws:iam::"+external+":role/Vendor", unread)}
			if g.chance(70) {
				st["Condition"] = tree{"StringEquals": tree{"sts:ExternalId": "ext-1"}}
			}
		case 1:
			st["Principal"] = tree{"Federated": "arn:aws:iam::" + a + ":oidc-provider/token.actions.githubusercontent.com"}
			st["Action"] = "sts:AssumeRoleWithWebIdentity"
			st["Condition"] = tree{
				"StringEquals": tree{"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
				"StringLike":   tree{"token.actions.githubusercontent.com:sub": pick(g, "repo:acme/*", "repo:acme*")},
			}
		case 2:
			st["Principal"] = tree{"Service": pick(g, "lambda.amazonaws.com", "ec2.amazonaws.com")}
		case 3:
			st["Principal"] = tree{"AWS": "*"}
		case 4, 5:
			st["Principal"] = tree{"AWS": pick(g, a, "arn:aws:iam::"+pick(g, g.accounts...)+":root")}
		default:
			st["Principal"] = tree{"AWS": g.oneOrList([]any{g.principalARN()})}
		}
		statements = append(statements, st)
	}
	if g.chance(15) {
		st := tree{"Effect": "Deny", "Principal": tree{"AWS": pick(g, "*", g.principalARN())}, "Action": "sts:AssumeRole"}
		g.conditions(st, scope{kind: "trust", account: a}, "sts", 1)
		statements = append(statements, st)
	}
	return tree{"Version": "2012-10-17", "Statement": statements}
}

// resources writes an account's resource-policies.json.
func (g *generator) resources(a string) {
	list := []any{}
	add := func(arn, typ, region string, doc any) tree {
		r := tree{"Arn": arn, "Type": typ, "Region": region, "Policy": doc}
		if g.chance(70) {
			tags := tree{}
			if g.chance(60) {
				tags["team"] = pick(g, "red", "blue", "rad")
			}
			r["Tags"] = tags
		}
		list = append(list, r)
		return r
	}
	var last any
	for _, arn := range g.keys[a] {
		if last == nil || g.chance(50) { // else it has the policy of the one before
			last = g.keyPolicy(a, arn)
		}
		r := add(arn, "AWS::KMS::Key", strings.Split(arn, ":")[3], last)
		if g.chance(5) {
			r["Attributes"] = tree{"KeyManager": "AWS"}
		}
	}
	for _, arn := range g.buckets[a] {
		var doc any
		if g.chance(75) {
			doc = g.document(scope{kind: "resource", account: a, resource: arn})
		}
		r := add(arn, "AWS::S3::Bucket", "us-east-1", doc)
		if g.chance(20) {
			r["Attributes"] = tree{"BlockPublicAccess": tree{"RestrictPublicBuckets": true}}
		}
	}
	for _, arn := range g.others[a] {
		typ := "AWS::SQS::Queue"
		if strings.Contains(arn, "secretsmanager") {
			typ = "AWS::SecretsManager::Secret"
		}
		var doc any
		if g.chance(70) {
			doc = g.document(scope{kind: "resource", account: a, resource: arn})
		}
		add(arn, typ, "us-east-1", doc)
	}
	g.files[a+"/resource-policies.json"] = tree{"ResourcePolicies": list}
}

// keyPolicy is AWS's default, one that also names somebody, one that delegates under a condition, or one that delegates nothing.
func (g *generator) keyPolicy(a, arn string) any {
	s := scope{kind: "resource", account: a, resource: arn}
	whole := tree{"Sid": "Root", "Effect": "Allow", "Principal": tree{"AWS": "arn:aws:iam::" + a + ":root"}, "Action": "kms:*", "Resource": "*"}
	doc := g.document(s)
	switch g.r.IntN(5) {
	case 0:
		doc["Statement"] = []any{whole}
	case 1, 2:
		doc["Statement"] = append(doc["Statement"].([]any), whole)
	case 3:
		g.conditions(whole, s, "kms", 1)
		doc["Statement"] = append(doc["Statement"].([]any), whole)
	}
	return doc
}

// grants draws KMS grants on the keys of an account.
func (g *generator) grants(a string) []any {
	list := []any{}
	for i := range g.r.IntN(3) {
		grant := tree{
			"KeyArn": pick(g, g.keys[a]...), "GrantId": fmt.Sprintf("g%d", i), "GranteePrincipal": g.grantee(), "IssuingAccount": pick(g, a, a, a, g.accounts[len(g.accounts)-1]),
			"Operations": pick[any](g, []any{"Decrypt"}, []any{"Decrypt", "Encrypt", "RetireGrant"}, []any{"GenerateDataKey", "CreateGrant"}),
		}
		if g.chance(30) {
			grant["RetiringPrincipal"] = g.grantee()
		}
		if g.chance(30) {
			grant["Constraints"] = tree{pick(g, "EncryptionContextSubset", "EncryptionContextEquals"): tree{"app": "web"}}
		}
		list = append(list, grant)
	}
	return list
}

func (g *generator) grantee() string {
	for range 20 {
		if p := g.principalARN(); strings.HasPrefix(p, "arn:") && !strings.Contains(p, "*") {
			return p
		}
	}
	return "arn:aws:iam::" + external + ":root"
}
