package verify_test

import (
	"errors"
	"flag"
	"testing"

	realistic "github.com/accessgraph/accessgraph/bench/orggen/organization"
	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/segment"
	"github.com/accessgraph/accessgraph/ingest/files"
)

var (
	fleetGenerated  = flag.Int("fleet-organizations", 2, "how many generated organizations are counted account by account; the acceptance run has 20")
	fleetPrincipals = flag.Int("fleet-principals", 120, "principals of each; the acceptance run has 2000")
)

const (
	one, two, three = "210000000001", "310000000002", "410000000003"
)

// likeAccounts are three accounts that differ in nothing but their numbers, each with two users and a role who may do everything by their own
// policy, a user who may do nothing, a bucket and a key.
func likeAccounts() tree {
	all := tree{}
	accounts, targets := []any{}, []any{"r-root", "ou-a", "ou-b"}
	for _, id := range []string{one, two, three} {
		attached := []any{tree{"PolicyName": "All", "PolicyArn": "arn:aws:iam::" + id + ":policy/All"}}
		user := func(name string, policies []any) tree {
			return tree{"Path": "/", "UserName": name, "UserId": "AIDA" + id + name, "Arn": "arn:aws:iam::" + id + ":user/" + name, "AttachedManagedPolicies": policies}
		}
		all[id+"/account-authorization-details.json"] = tree{
			"UserDetailList": []any{user("alice", attached), user("bob", attached), user("carol", []any{})}, "GroupDetailList": []any{},
			"RoleDetailList": []any{tree{
				"Path": "/", "RoleName": "App", "RoleId": "AROA" + id, "Arn": "arn:aws:iam::" + id + ":role/App", "AttachedManagedPolicies": attached, "InstanceProfileList": []any{},
				"AssumeRolePolicyDocument": policyOf(tree{"Effect": "Allow", "Principal": tree{"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}),
			}},
			"Policies": []any{tree{
				"PolicyName": "All", "PolicyId": "ANPA", "Arn": "arn:aws:iam::" + id + ":policy/All", "Path": "/", "DefaultVersionId": "v1", "IsAttachable": true,
				"PolicyVersionList": []any{tree{"VersionId": "v1", "IsDefaultVersion": true, "Document": policyOf(tree{"Effect": "Allow", "Action": "*", "Resource": "*"})}},
			}},
		}
		all[id+"/resource-policies.json"] = tree{"ResourcePolicies": []any{
			tree{"Arn": "arn:aws:s3:::b-" + id, "Type": "AWS::S3::Bucket", "Region": "us-east-1", "Policy": nil, "Tags": tree{}},
			tree{"Arn": "arn:aws:kms:us-east-1:" + id + ":key/k", "Type": "AWS::KMS::Key", "Region": "us-east-1", "Policy": policyOf(
				tree{"Effect": "Allow", "Principal": tree{"AWS": "arn:aws:iam::" + id + ":root"}, "Action": "kms:*", "Resource": "*"})},
		}}
		accounts = append(accounts, tree{
			"Id": id, "Arn": "arn:aws:organizations::" + one + ":account/o-abc/" + id, "Name": "a" + id, "Email": "a@example.com", "Status": "ACTIVE", "ParentId": "ou-a",
		})
		targets = append(targets, id)
	}
	g := &generator{}
	unit := func(id string) tree {
		return tree{"Id": id, "Arn": "arn:aws:organizations::" + one + ":ou/o-abc/" + id, "Name": id, "ParentId": "r-root"}
	}
	full := policyOf(tree{"Effect": "Allow", "Action": "*", "Resource": "*"})
	all["organization.json"] = tree{
		"Organization": tree{"Id": "o-abc", "Arn": "arn:aws:organizations::" + one + ":organization/o-abc", "MasterAccountId": one, "FeatureSet": "ALL"},
		"Roots": []any{tree{"Id": "r-root", "Arn": "arn:aws:organizations::" + one + ":root/o-abc/r-root", "Name": "Root", "PolicyTypes": []any{
			tree{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}, tree{"Type": "RESOURCE_CONTROL_POLICY", "Status": "ENABLED"}}}},
		"OrganizationalUnits": []any{unit("ou-a"), unit("ou-b")}, "Accounts": accounts, "Policies": []any{g.organizationPolicy("p-full", "SERVICE_CONTROL_POLICY", full, targets)},
	}
	return all
}

func policyOf(statements ...any) tree { return tree{"Version": "2012-10-17", "Statement": statements} }

// likeCase changes one thing.
type likeCase struct{ files tree }

func (c *likeCase) resource(id string, at int) tree {
	return c.files[id+"/resource-policies.json"].(tree)["ResourcePolicies"].([]any)[at].(tree)
}

// bucket gives the bucket of an account a policy that allows s3:GetObject.
func (c *likeCase) bucket(id string, who, condition any) {
	st := tree{"Effect": "Allow", "Principal": who, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b-" + id + "/*"}
	if condition != nil {
		st["Condition"] = condition
	}
	c.resource(id, 0)["Policy"] = policyOf(st)
}

func (c *likeCase) identity(id string, statements ...any) {
	policies := c.files[id+"/account-authorization-details.json"].(tree)["Policies"].([]any)
	policies[0].(tree)["PolicyVersionList"].([]any)[0].(tree)["Document"] = policyOf(statements...)
}

func (c *likeCase) everybody(statements ...any) {
	for _, id := range []string{one, two, three} {
		c.identity(id, statements...)
	}
}

func (c *likeCase) user(id string, at int) tree {
	return c.files[id+"/account-authorization-details.json"].(tree)["UserDetailList"].([]any)[at].(tree)
}

func (c *likeCase) role(id string) tree {
	return c.files[id+"/account-authorization-details.json"].(tree)["RoleDetailList"].([]any)[0].(tree)
}

func (c *likeCase) control(kind string, st tree) {
	org := c.files["organization.json"].(tree)
	org["Policies"] = append(org["Policies"].([]any), (&generator{}).organizationPolicy("p-x", kind, policyOf(st), []any{"r-root"}))
}

func (c *likeCase) move(id string) {
	(&generator{files: c.files}).moveTo(id, "ou-b")
}

func (g *generator) moveTo(id, unit string) {
	for _, a := range g.files["organization.json"].(tree)["Accounts"].([]any) {
		if a := a.(tree); a["Id"] == id {
			a["ParentId"] = unit
		}
	}
}

func (c *likeCase) grant(owner, grantee, issuer string, operations ...any) {
	c.files[owner+"/kms-grants.json"] = tree{"Grants": []any{tree{
		"KeyArn": "arn:aws:kms:us-east-1:" + owner + ":key/k", "GrantId": "g", "GranteePrincipal": grantee, "IssuingAccount": issuer, "Operations": operations,
	}}}
}

var anybody = tree{"AWS": "*"}

// likeCases are what is easy to overlook between accounts that look alike.
var likeCases = map[string]func(c *likeCase){
	"nothing":                              func(*likeCase) {},
	"a bucket names a user abroad":         func(c *likeCase) { c.bucket(one, tree{"AWS": "arn:aws:iam::" + two + ":user/alice"}, nil) },
	"a bucket names a user at home":        func(c *likeCase) { c.bucket(one, tree{"AWS": "arn:aws:iam::" + one + ":user/carol"}, nil) },
	"a bucket names a unique id abroad":    func(c *likeCase) { c.bucket(one, tree{"AWS": "AIDA" + two + "alice"}, nil) },
	"a bucket names a session abroad":      func(c *likeCase) { c.bucket(one, tree{"AWS": "arn:aws:sts::" + two + ":assumed-role/App/s"}, nil) },
	"a bucket names an account":            func(c *likeCase) { c.bucket(one, tree{"AWS": two}, nil) },
	"a bucket names the neutral account":   func(c *likeCase) { c.bucket(one, tree{"AWS": segment.Neutral}, nil) },
	"a bucket names its own account":       func(c *likeCase) { c.bucket(one, tree{"AWS": one}, nil) },
	"a bucket for one account's condition": func(c *likeCase) { c.bucket(one, anybody, tree{"StringEquals": tree{"aws:PrincipalAccount": two}}) },
	"a bucket for part of an account": func(c *likeCase) {
		c.bucket(one, anybody, tree{"StringLike": tree{"aws:PrincipalAccount": "31*"}})
	},
	"a bucket for smaller accounts": func(c *likeCase) {
		c.bucket(one, anybody, tree{"NumericLessThan": tree{"aws:PrincipalAccount": "400000000000"}})
	},
	"a bucket for a unit": func(c *likeCase) {
		c.bucket(one, anybody, tree{"ForAnyValue:StringLike": tree{"aws:PrincipalOrgPaths": "o-abc/r-root/ou-b/*"}})
		c.move(two)
	},
	"a bucket for a tag": func(c *likeCase) {
		c.bucket(one, anybody, tree{"StringEquals": tree{"aws:PrincipalTag/team": "red"}})
		c.user(two, 0)["Tags"] = []any{tree{"Key": "team", "Value": "red"}}
	},
	"a bucket for a user's ARN": func(c *likeCase) {
		c.bucket(one, anybody, tree{"ArnLike": tree{"aws:PrincipalArn": "arn:aws:iam::*:user/bob"}})
	},
	"a bucket for one user's ARN": func(c *likeCase) {
		c.bucket(one, anybody, tree{"ArnEquals": tree{"aws:PrincipalArn": "arn:aws:iam::" + two + ":user/bob"}})
	},
	"a bucket for one root user's ARN": func(c *likeCase) {
		c.bucket(one, anybody, tree{"ArnEquals": tree{"aws:PrincipalArn": "arn:aws:iam::" + three + ":root"}})
	},
	"a bucket for one root user's id": func(c *likeCase) {
		c.bucket(one, anybody, tree{"StringEquals": tree{"aws:userid": three}})
	},
	"a bucket for root users of some accounts": func(c *likeCase) {
		c.bucket(one, anybody, tree{"ArnLike": tree{"aws:PrincipalArn": "arn:aws:iam::4*:root"}})
	},
	"a variable beside a wildcard": func(c *likeCase) {
		c.user(two, 2)["Tags"] = []any{tree{"Key": "part", "Value": "3100"}}
		c.user(three, 2)["Tags"] = []any{tree{"Key": "part", "Value": "3100"}}
		for _, id := range []string{two, three} {
			c.user(id, 2)["UserPolicyList"] = []any{tree{"PolicyName": "p", "PolicyDocument": policyOf(
				tree{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": tree{"StringLike": tree{"aws:ResourceAccount": "${aws:PrincipalTag/part}*"}}})}}
		}
	},
	"a bucket for a user id": func(c *likeCase) {
		c.bucket(one, anybody, tree{"StringEquals": tree{"aws:userid": "AIDA" + two + "bob"}})
	},
	"a bucket for a tag that is the account": func(c *likeCase) {
		c.bucket(one, anybody, tree{"StringEquals": tree{"aws:PrincipalTag/home": "${aws:PrincipalAccount}"}})
		for _, id := range []string{two, three} {
			c.user(id, 0)["Tags"] = []any{tree{"Key": "home", "Value": two}}
		}
	},
	"a bucket denies all but one": func(c *likeCase) {
		c.resource(one, 0)["Policy"] = policyOf(
			tree{"Effect": "Allow", "Principal": anybody, "Action": "s3:*", "Resource": "*"},
			tree{"Effect": "Deny", "NotPrincipal": tree{"AWS": []any{"arn:aws:iam::" + two + ":user/alice", "arn:aws:iam::" + two + ":root"}}, "Action": "s3:*", "Resource": "*"})
	},
	"patterns of buckets that hold a number": func(c *likeCase) {
		c.everybody(tree{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b-${aws:PrincipalAccount}/*"})
		c.bucket(one, anybody, nil)
	},
	"a bucket with another account's number": func(c *likeCase) {
		c.everybody(tree{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::x-${aws:PrincipalAccount}/*"})
		c.resource(one, 0)["Arn"] = "arn:aws:s3:::x-" + two
		c.resource(one, 0)["Policy"] = policyOf(tree{"Effect": "Allow", "Principal": anybody, "Action": "s3:GetObject", "Resource": "*"})
	},
	"patterns with a part of a number": func(c *likeCase) {
		c.everybody(tree{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b-31*"})
	},
	"roles of a part of a number": func(c *likeCase) {
		c.everybody(tree{"Effect": "Allow", "Action": "sts:*", "Resource": "arn:aws:iam::31*:role/*"})
		c.trusting(two)
	},
	"roles of the own account": func(c *likeCase) {
		c.everybody(tree{"Effect": "Allow", "Action": "sts:*", "Resource": "arn:aws:iam::" + two + ":role/*"})
		c.trusting(two)
		c.trusting(three)
	},
	"numbers compared": func(c *likeCase) {
		c.everybody(tree{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": tree{"NumericGreaterThan": tree{"aws:PrincipalAccount": "300000000000"}}})
	},
	"an SCP names an account": func(c *likeCase) {
		c.control("SERVICE_CONTROL_POLICY", tree{"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": tree{"StringEquals": tree{"aws:PrincipalAccount": two}}})
	},
	"an SCP names a role": func(c *likeCase) {
		c.control("SERVICE_CONTROL_POLICY", tree{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": tree{"ArnNotLike": tree{"aws:PrincipalArn": "arn:aws:iam::*:role/App"}}})
	},
	"an SCP compares numbers": func(c *likeCase) {
		c.control("SERVICE_CONTROL_POLICY", tree{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": tree{"NumericLessThan": tree{"aws:PrincipalAccount": "400000000000"}}})
	},
	"an RCP reads units": func(c *likeCase) {
		c.bucket(three, anybody, nil)
		c.move(two)
		c.control("RESOURCE_CONTROL_POLICY", tree{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": tree{"ForAnyValue:StringLike": tree{"aws:ResourceOrgPaths": "o-abc/r-root/ou-b/*"}}})
	},
	"an RCP for one account": func(c *likeCase) {
		c.bucket(three, anybody, nil)
		c.control("RESOURCE_CONTROL_POLICY", tree{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": tree{"StringNotEquals": tree{"aws:PrincipalAccount": two}}})
	},
	"one account blocks the public": func(c *likeCase) {
		c.bucket(two, anybody, nil)
		c.bucket(three, anybody, nil)
		(&generator{files: c.files}).settle(two)
	},
	"a grant to a user abroad":       func(c *likeCase) { c.grant(one, "arn:aws:iam::"+two+":user/carol", one, "Decrypt") },
	"a grant that a user may retire": func(c *likeCase) { c.grant(one, "arn:aws:iam::"+two+":user/carol", two, "RetireGrant", "Decrypt") },
	"a grant to a user at home":      func(c *likeCase) { c.grant(one, "arn:aws:iam::"+one+":user/carol", one, "Decrypt") },
	"keys of an account are not read": func(c *likeCase) {
		c.files["coverage.json"] = tree{"Accounts": tree{two: tree{"AWS::KMS::Key": tree{"": "denied"}}}}
	},
	"no resources of an account": func(c *likeCase) { delete(c.files, two+"/resource-policies.json") },
	"a key is shared": func(c *likeCase) {
		c.files[one+"/shares.json"] = tree{"Shares": []any{tree{"Arn": "arn:aws:kms:us-east-1:" + one + ":key/k", "Principals": []any{two}}}}
	},
	"a bucket has an ACL": func(c *likeCase) {
		c.resource(one, 0)["Attributes"] = tree{"Acl": []any{tree{"Grantee": two, "Permission": "READ"}}}
	},
	"an account with the neutral number in it": func(c *likeCase) {
		c.identity(two, tree{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:iam::" + segment.Neutral + ":role/*"})
	},
	"a role only with MFA": func(c *likeCase) {
		c.role(two)["AssumeRolePolicyDocument"] = policyOf(tree{"Effect": "Allow", "Principal": tree{"AWS": "arn:aws:iam::" + three + ":root"}, "Action": "sts:AssumeRole", "Condition": tree{"Bool": tree{"aws:MultiFactorAuthPresent": "true"}}})
	},
	"a role that is tagged when it is assumed": func(c *likeCase) {
		c.role(two)["AssumeRolePolicyDocument"] = policyOf(tree{"Effect": "Allow", "Principal": tree{"AWS": "arn:aws:iam::" + three + ":root"}, "Action": []any{"sts:AssumeRole", "sts:TagSession"}})
		c.everybody(tree{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": tree{"StringEquals": tree{"aws:PrincipalTag/team": "red"}}})
	},
	"a document is missing": func(c *likeCase) {
		c.user(two, 2)["AttachedManagedPolicies"] = []any{tree{"PolicyName": "Gone", "PolicyArn": "arn:aws:iam::aws:policy/Gone"}}
	},
	"a document cannot be analysed": func(c *likeCase) {
		c.user(two, 2)["UserPolicyList"] = []any{tree{"PolicyName": "odd", "PolicyDocument": policyOf(tree{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": tree{"StringMatches": tree{"aws:username": "x"}}})}}
	},
	"a boundary differs": func(c *likeCase) {
		c.user(two, 0)["PermissionsBoundary"] = tree{"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": "arn:aws:iam::" + two + ":policy/Gone"}
	},
	"endpoints that could not be read": func(c *likeCase) {
		r := c.files[two+"/resource-policies.json"].(tree)
		r["ResourcePolicies"] = append(r["ResourcePolicies"].([]any), tree{"Arn": "arn:aws:ec2:us-east-1:" + two + ":vpc-endpoint/vpce-1", "Type": "AWS::EC2::VPCEndpoint", "Region": "us-east-1", "Policy": nil})
		c.files["coverage.json"] = tree{"Accounts": tree{two: tree{"AWS::EC2::VPCEndpoint": tree{"": "denied"}}}}
	},
	"an endpoint with a policy": func(c *likeCase) {
		r := c.files[two+"/resource-policies.json"].(tree)
		r["ResourcePolicies"] = append(r["ResourcePolicies"].([]any), tree{
			"Arn": "arn:aws:ec2:us-east-1:" + two + ":vpc-endpoint/vpce-1", "Type": "AWS::EC2::VPCEndpoint", "Region": "us-east-1", "Policy": policyOf(tree{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}),
		})
	},
}

// refusedCases are those that are answered from the facts.
var refusedCases = map[string]bool{"endpoints that could not be read": true, "an endpoint with a policy": true}

func (c *likeCase) trusting(id string) {
	c.role(id)["AssumeRolePolicyDocument"] = policyOf(tree{"Effect": "Allow", "Principal": anybody, "Action": "sts:AssumeRole"})
}

// TestFleetCases counts in organizations made by hand.
func TestFleetCases(t *testing.T) {
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	var asked []*counting
	for _, actions := range [][]string{{"s3:GetObject"}, {"kms:Decrypt"}, {"kms:RetireGrant"}, {"sts:AssumeRole"}} {
		asked = append(asked, &counting{actions: actions})
	}
	asked = append(asked, &counting{actions: []string{"s3:GetObject"}, in: "ou ou-b"}, &counting{actions: []string{"kms:Decrypt"}, when: "aws:MultiFactorAuthPresent is absent"}, &counting{actions: []string{"kms:*"}}, &counting{actions: []string{"s3:GetObject", "kms:Decrypt"}, allOf: true}, &counting{actions: []string{"s3:GetObject"}, on: []string{"arn:aws:s3:::b-" + one + "/*"}},
		&counting{actions: []string{"s3:GetObject"}, on: []string{"arn:aws:s3:::*31*"}}, &counting{actions: []string{"sts:AssumeRole"}, on: []string{"arn:aws:iam::" + two + ":role/*"}, strict: true},
		&counting{actions: []string{"s3:GetObject"}, when: "aws:PrincipalAccount != aws:ResourceAccount"}, &counting{actions: []string{"iam:PassRole"}})
	for name, change := range likeCases {
		t.Run(name, func(t *testing.T) {
			c := &likeCase{likeAccounts()}
			change(c)
			facts, err := (&organization{c.files}).ingest(t.Context(), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			p, err := pairOf(t.Context(), facts, cat)
			if refusedCases[name] {
				if odd := (*evaluator.OddAccountError)(nil); !errors.As(err, &odd) || odd.Account != two {
					t.Errorf("it is not refused: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, q := range asked {
				if _, err := p.same(t.Context(), q); err != nil {
					t.Errorf("%s\n%v", q, err)
				}
			}
		})
	}
}

// TestFleetGenerated counts in organizations as companies have them.
func TestFleetGenerated(t *testing.T) {
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for seed := range *fleetGenerated {
		dir := t.TempDir()
		accounts := 4 + 4*(seed%2)
		if err := realistic.Write(dir, realistic.Options{Accounts: accounts, Principals: max(1, *fleetPrincipals/accounts), Seed: uint64(500 + seed)}); err != nil {
			t.Fatal(err)
		}
		facts, _, err := files.Read(t.Context(), []string{dir}, files.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := pairOf(t.Context(), facts, cat)
		if err != nil {
			t.Fatal(err)
		}
		last := string(facts.Accounts[len(facts.Accounts)-1].ID)
		for _, q := range []*counting{
			{actions: []string{"kms:*"}}, {actions: []string{"kms:Decrypt"}, when: "aws:PrincipalTag/team = red"}, {actions: []string{"s3:GetObject", "s3:PutBucketPolicy"}}, {actions: []string{"sts:AssumeRole"}},
			{actions: []string{"sts:AssumeRole"}, on: []string{"arn:aws:iam::" + last + ":role/*"}}, {actions: []string{"iam:PassRole"}, when: "iam:PassedToService = ec2.amazonaws.com"},
			{actions: []string{"iam:PassRole", "lambda:CreateFunction"}, allOf: true}, {actions: []string{"s3:GetObject"}, in: "account " + last}, {actions: []string{"s3:@write"}, when: "aws:MultiFactorAuthPresent is absent"},
			{actions: []string{"secretsmanager:GetSecretValue"}, strict: true}, {actions: []string{"sqs:SendMessage"}, when: "aws:PrincipalAccount != aws:ResourceAccount"}, {actions: []string{"iam:CreateUser"}},
		} {
			n, err := p.same(t.Context(), q)
			if err != nil {
				t.Errorf("organization %d: %s\n%v", seed, q, err)
			}
			rows += n
		}
	}
	if rows == 0 {
		t.Error("nothing was counted")
	}
	t.Logf("%d rows", rows)
}
