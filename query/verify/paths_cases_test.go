package verify_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/paths"
)

// climbCase is a small organization of one account, and how its principals reach an administrator.
type climbCase struct {
	rule, about string
	users       map[string]tree // by name
	roles       map[string]tree
	groups      map[string]tree
	policies    map[string][]tree // managed: versions, documents or single statements, of which the first one is in force
	want        map[string]reached
}

// reached is how surely and in how many hops an administrator is reached; nothing for not at all.
type reached struct {
	at   level
	hops int
}

const caseAccount = "222222222222"

func caseARN(rest string) string { return "arn:aws:iam::" + caseAccount + ":" + rest }

// entity is a user, role or group with inline policies and others that are attached.
func entity(statements []tree, attached ...string) tree {
	e := tree{"inline": []any{}, "AttachedManagedPolicies": []any{}}
	for i, st := range statements {
		e["inline"] = append(e["inline"].([]any), tree{"PolicyName": "p" + string(rune('0'+i)), "PolicyDocument": document(st)})
	}
	for _, name := range attached {
		arn := caseARN("policy/" + name)
		if name == "AdministratorAccess" {
			arn = administrator
		}
		e["AttachedManagedPolicies"] = append(e["AttachedManagedPolicies"].([]any), attachment(arn))
	}
	return e
}

// bounded gives an entity a boundary; trusted a role a trust policy.
func bounded(e tree, name string) tree {
	e["PermissionsBoundary"] = tree{"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": caseARN("policy/" + name)}
	return e
}

func trusted(e tree, principal any, conditions ...string) tree {
	st := tree{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
	for i := 0; i+2 < len(conditions); i += 3 {
		under(st, conditions[i], conditions[i+1], conditions[i+2])
	}
	e["AssumeRolePolicyDocument"] = document(st)
	return e
}

// alsoTrusted adds a statement about an identity provider to a trust policy.
func alsoTrusted(e tree, principal any) tree {
	doc := e["AssumeRolePolicyDocument"].(tree)
	doc["Statement"] = append(doc["Statement"].([]any), tree{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRoleWithSAML"})
	return e
}

func (c *climbCase) organization() *organization {
	var users, roles, groups, policies []any
	inline := func(e tree, as string) {
		e[as] = e["inline"]
		delete(e, "inline")
	}
	for _, name := range slices.Sorted(maps.Keys(c.users)) {
		e := c.users[name]
		inline(e, "UserPolicyList")
		e["UserName"], e["Path"], e["UserId"], e["Arn"] = name, "/", "AIDA"+name, caseARN("user/"+name)
		users = append(users, e)
	}
	for _, name := range slices.Sorted(maps.Keys(c.roles)) {
		e := c.roles[name]
		inline(e, "RolePolicyList")
		e["RoleName"], e["Path"], e["RoleId"], e["Arn"], e["InstanceProfileList"] = name, "/", "AROA"+name, caseARN("role/"+name), []any{}
		if e["AssumeRolePolicyDocument"] == nil {
			trusted(e, tree{"Service": "batch.amazonaws.com"})
		}
		roles = append(roles, e)
	}
	for _, name := range slices.Sorted(maps.Keys(c.groups)) {
		e := c.groups[name]
		inline(e, "GroupPolicyList")
		e["GroupName"], e["Path"], e["GroupId"], e["Arn"] = name, "/", "AGPA"+name, caseARN("group/"+name)
		groups = append(groups, e)
	}
	for _, name := range slices.Sorted(maps.Keys(c.policies)) {
		var versions []any
		for i, st := range c.policies[name] {
			if st["Statement"] == nil {
				st = document(st)
			}
			versions = append(versions, tree{"VersionId": "v" + string(rune('1'+i)), "IsDefaultVersion": i == 0, "Document": st})
		}
		policies = append(policies, tree{
			"PolicyName": name, "PolicyId": "ANPA" + name, "Arn": caseARN("policy/" + name), "Path": "/", "DefaultVersionId": "v1", "IsAttachable": true, "PolicyVersionList": versions,
		})
	}
	policies = append(policies, tree{
		"PolicyName": "AdministratorAccess", "PolicyId": "ANPAADMIN", "Arn": administrator, "Path": "/", "DefaultVersionId": "v1", "IsAttachable": true,
		"PolicyVersionList": []any{tree{"VersionId": "v1", "IsDefaultVersion": true, "Document": document(allow("*", "*"))}},
	})
	return &organization{tree{caseAccount + "/account-authorization-details.json": tree{
		"UserDetailList": users, "RoleDetailList": roles, "GroupDetailList": groups, "Policies": policies,
	}}}
}

// climbCases are what random organizations showed, or what the rules give as examples.
func climbCases() []climbCase {
	own := func(action string) tree { return allow(action, "*") }
	all := []tree{allow("*", "*")}
	return []climbCase{
		{
			rule: "E-t5", about: "credentials of AssumeRole carry no MFA information: a role that wants some is reached from users alone",
			users: map[string]tree{"A": entity([]tree{own("sts:AssumeRole")})},
			roles: map[string]tree{
				"B": trusted(entity([]tree{own("sts:AssumeRole")}), tree{"AWS": caseARN("user/A")}, "Bool", "aws:MultiFactorAuthPresent", "true"),
				"C": trusted(entity(all), tree{"AWS": caseARN("role/B")}, "Bool", "aws:MultiFactorAuthPresent", "true"),
			},
			want: map[string]reached{"role/C": {surely, 0}},
		},
		{
			rule: "E-t5", about: "as before, and the second role wants none",
			users: map[string]tree{"A": entity([]tree{own("sts:AssumeRole")})},
			roles: map[string]tree{
				"B": trusted(entity([]tree{own("sts:AssumeRole")}), tree{"AWS": caseARN("user/A")}, "Bool", "aws:MultiFactorAuthPresent", "true"),
				"C": trusted(entity(all), tree{"AWS": caseARN("role/B")}),
			},
			want: map[string]reached{"user/A": {sometimes, 2}, "role/B": {surely, 1}, "role/C": {surely, 0}},
		},
		{
			rule: "E17", about: "an external id is the caller's to choose, where requests come from is not",
			users: map[string]tree{"A": entity(nil), "B": entity(nil)},
			roles: map[string]tree{
				"R": trusted(entity(all), tree{"AWS": caseARN("user/A")}, "StringEquals", "sts:ExternalId", "ext-1"),
				"S": trusted(entity(all), tree{"AWS": caseARN("user/B")}, "StringEquals", "sts:ExternalId", "ext-1", "IpAddress", "aws:SourceIp", "203.0.113.0/24"),
			},
			want: map[string]reached{"user/A": {surely, 1}, "user/B": {sometimes, 1}, "role/R": {surely, 0}, "role/S": {surely, 0}},
		},
		{
			rule: "E10", about: "beside a policy that allows everything, a policy that denies is undone by another version of it",
			roles: map[string]tree{"R": entity([]tree{allow("iam:PutRolePolicy", caseARN("role/R")), allow("iam:SetDefaultPolicyVersion", caseARN("policy/Guard"))}, "Guard")},
			policies: map[string][]tree{
				"Guard": {deny("s3:*", "*"), allow("ec2:DescribeRegions", "*")},
			},
			want: map[string]reached{"role/R": {surely, 0}},
		},
		{
			rule: "E10", about: "another version of a policy that is boundary and permission at once is in force as both",
			roles:    map[string]tree{"R": bounded(entity(nil, "Both"), "Both")},
			policies: map[string][]tree{"Both": {allow("iam:SetDefaultPolicyVersion", "*"), allow("*", "*")}},
			want:     map[string]reached{"role/R": {surely, 0}},
		},
		{
			rule: "E10", about: "a version that widens the permissions narrows the boundary",
			roles:    map[string]tree{"R": bounded(entity([]tree{allow("*", "*")}, "Both"), "Bound")},
			policies: map[string][]tree{"Both": {allow("s3:*", "*"), allow("*", "*")}, "Bound": {allow("iam:SetDefaultPolicyVersion", "*"), allow("s3:*", "*")}},
			want:     map[string]reached{},
		},
		{
			rule: "E10", about: "nobody has to join a group that denies",
			users:  map[string]tree{"U": entity([]tree{allow([]any{"iam:AddUserToGroup", "iam:DetachUserPolicy"}, "*")}, "AdministratorAccess", "Guard")},
			groups: map[string]tree{"G": entity([]tree{deny("sqs:*", "*"), allow("s3:GetObject", "*")})},
			policies: map[string][]tree{
				"Guard": {deny("s3:*", "*")},
			},
			want: map[string]reached{"user/U": {surely, 0}},
		},
		{
			rule: "E10", about: "a group that allows the one thing and denies the other is joined where that is of use",
			users:  map[string]tree{"U": entity([]tree{allow("iam:AddUserToGroup", "*")})},
			groups: map[string]tree{"G": entity([]tree{allow("sts:AssumeRole", "*"), deny("s3:*", "*")})},
			roles:  map[string]tree{"R": trusted(entity(all), tree{"AWS": "arn:aws:iam::" + caseAccount + ":root"})},
			want:   map[string]reached{"user/U": {surely, 2}, "role/R": {surely, 0}},
		},
		{
			rule: "C35", about: "what may be detached is a policy that iam:PolicyARN admits",
			users: map[string]tree{
				"U": entity([]tree{under(allow("iam:DetachUserPolicy", "*"), "ArnEquals", "iam:PolicyARN", caseARN("policy/Other")), own("iam:CreateAccessKey")}),
				"V": entity(all, "Guard"),
			},
			policies: map[string][]tree{"Guard": {deny([]any{"s3:*", "iam:*", "sts:*"}, "*")}, "Other": {deny("sqs:*", "*")}},
			want:     map[string]reached{},
		},
		{
			rule: "C35", about: "the same where it admits the policy that denies",
			users: map[string]tree{
				"U": entity([]tree{under(allow("iam:DetachUserPolicy", "*"), "ArnEquals", "iam:PolicyARN", caseARN("policy/Guard")), own("iam:CreateAccessKey")}),
				"V": entity(all, "Guard"),
			},
			policies: map[string][]tree{"Guard": {deny([]any{"s3:*", "iam:*", "sts:*"}, "*")}, "Other": {deny("sqs:*", "*")}},
			want:     map[string]reached{"user/U": {surely, 1}},
		},
		{
			rule: "C35", about: "edits see the boundary that whom they are about has: none of it, no right to change who has none",
			users: map[string]tree{
				"U": entity([]tree{under(allow("iam:PutRolePolicy", "*"), "ArnEquals", "iam:PermissionsBoundary", caseARN("policy/Bound")), own("sts:AssumeRole")}),
			},
			roles:    map[string]tree{"R": trusted(entity(nil), tree{"AWS": "arn:aws:iam::" + caseAccount + ":root"})},
			policies: map[string][]tree{"Bound": {allow("*", "*")}},
			want:     map[string]reached{},
		},
		{
			rule: "C35", about: "edits see the boundary that whom they are about has: who has it is changed for certain",
			users: map[string]tree{
				"U": entity([]tree{under(allow("iam:PutRolePolicy", "*"), "ArnEquals", "iam:PermissionsBoundary", caseARN("policy/Bound")), own("sts:AssumeRole")}),
			},
			roles:    map[string]tree{"R": bounded(trusted(entity(nil), tree{"AWS": "arn:aws:iam::" + caseAccount + ":root"}), "Bound")},
			policies: map[string][]tree{"Bound": {allow("*", "*")}},
			want:     map[string]reached{"user/U": {surely, 1}},
		},
		{
			rule: "E10", about: "of a policy that allows and denies only the Deny counts where everything is allowed anyway",
			users:    map[string]tree{"U": entity([]tree{allow("iam:DetachUserPolicy", "*")}, "AdministratorAccess", "Mixed")},
			policies: map[string][]tree{"Mixed": {document(deny([]any{"s3:*", "iam:Put*", "iam:Attach*", "iam:Create*", "iam:Update*"}, "*"), allow("s3:*", "*"))}},
			want:     map[string]reached{"user/U": {surely, 0}},
		},
		{
			rule: "E19", about: "a policy that was taken away is rewritten in vain",
			users: map[string]tree{"U": entity([]tree{allow("iam:DetachUserPolicy", "*"), allow("iam:CreatePolicyVersion", caseARN("policy/Guard"))}, "Guard")},
			policies: map[string][]tree{
				"Guard": {deny("iam:Create*", "*")},
			},
			want: map[string]reached{},
		},
		{
			rule: "E19", about: "a policy that was attached is rewritten then",
			users: map[string]tree{"U": entity([]tree{
				under(allow("iam:AttachUserPolicy", caseARN("user/U")), "ArnEquals", "iam:PolicyARN", caseARN("policy/Some")), allow("iam:CreatePolicyVersion", caseARN("policy/Some")),
			})},
			policies: map[string][]tree{"Some": {allow("s3:*", "*")}},
			want:     map[string]reached{"user/U": {surely, 1}},
		},
		{
			rule: "E19", about: "who attached a policy that there is and that allows everything goes on from there",
			roles: map[string]tree{"R": entity([]tree{under(allow("iam:AttachRolePolicy", caseARN("role/R")), "ArnEquals", "iam:PolicyARN", administrator)}, "Guard")},
			policies: map[string][]tree{
				"Guard": {deny("s3:*", "*")},
			},
			want: map[string]reached{"role/R": {surely, 1}},
		},
		{
			rule: "E19", about: "who wrote one of its own does not",
			roles: map[string]tree{"R": entity([]tree{allow("iam:PutRolePolicy", caseARN("role/R"))}, "Guard")},
			policies: map[string][]tree{
				"Guard": {deny([]any{"sts:*", "lambda:*", "iam:UpdateAssumeRolePolicy", "iam:PassRole", "iam:CreateServiceLinkedRole"}, "*")},
			},
			want: map[string]reached{},
		},
		{
			rule: "E19", about: "a group is given a policy by who joined it",
			users:  map[string]tree{"U": entity([]tree{allow([]any{"iam:AddUserToGroup", "iam:PutGroupPolicy"}, caseARN("group/G"))})},
			groups: map[string]tree{"G": entity([]tree{allow("s3:*", "*")})},
			want:   map[string]reached{"user/U": {surely, 1}},
		},
		{
			rule: "E19", about: "the policy of a group that was joined is rewritten",
			users:    map[string]tree{"U": entity([]tree{allow("iam:AddUserToGroup", "*"), allow("iam:CreatePolicyVersion", caseARN("policy/Some"))})},
			groups:   map[string]tree{"G": entity(nil, "Some")},
			policies: map[string][]tree{"Some": {allow("s3:*", "*")}},
			want:     map[string]reached{"user/U": {surely, 1}},
		},
		{
			rule: "E-t5", about: "a role that people sign in to has MFA information of theirs, and none when it is assumed",
			users: map[string]tree{"A": entity([]tree{own("sts:AssumeRole")})},
			roles: map[string]tree{
				"B": alsoTrusted(trusted(entity([]tree{own("sts:AssumeRole")}), tree{"AWS": caseARN("user/A")}), tree{"Federated": caseARN("saml-provider/idp")}),
				"C": trusted(entity(all), tree{"AWS": caseARN("role/B")}, "Bool", "aws:MultiFactorAuthPresent", "true"),
			},
			want: map[string]reached{"role/B": {sometimes, 1}, "role/C": {surely, 0}},
		},
		{
			rule: "E10", about: "a policy of which not everything is to deny stays, even where to lose it would help",
			users:    map[string]tree{"U": entity([]tree{allow("iam:DetachUserPolicy", "*"), allow("sts:AssumeRole", "*")}, "Mixed")},
			roles:    map[string]tree{"R": trusted(entity(all), tree{"AWS": "arn:aws:iam::" + caseAccount + ":root"})},
			policies: map[string][]tree{"Mixed": {document(deny("sts:*", "*"), allow("s3:*", "*"))}},
			want:     map[string]reached{"role/R": {surely, 0}},
		},
		{
			rule: "E-t8", about: "a role that may be passed to one service is not passed to another",
			users: map[string]tree{"U": entity([]tree{
				under(allow("iam:PassRole", "*"), "StringEquals", "iam:PassedToService", "ec2.amazonaws.com"), allow([]any{"lambda:CreateFunction", "lambda:InvokeFunction"}, "*"),
			})},
			roles: map[string]tree{"R": trusted(entity(all), tree{"Service": "lambda.amazonaws.com"})},
			want:  map[string]reached{"role/R": {surely, 0}},
		},
		{
			rule: "E-t9", about: "a role runs what a service runs that it trusts",
			users: map[string]tree{"U": entity([]tree{allow([]any{"iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"}, "*")})},
			roles: map[string]tree{"R": trusted(entity(all), tree{"Service": "ec2.amazonaws.com"})},
			want:  map[string]reached{"role/R": {surely, 0}},
		},
		{
			rule: "E12", about: "a service that runs something for the role's own account says so; for another account nobody here can make it act",
			users: map[string]tree{"U": entity([]tree{allow([]any{"iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"}, "*")})},
			roles: map[string]tree{
				"R": trusted(entity(all), tree{"Service": "lambda.amazonaws.com"}, "StringEquals", "aws:SourceAccount", "999999999998"),
			},
			want: map[string]reached{"role/R": {surely, 0}},
		},
		{
			rule: "E12", about: "the same for the own account",
			users: map[string]tree{"U": entity([]tree{allow([]any{"iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"}, "*")})},
			roles: map[string]tree{
				"R": trusted(entity(all), tree{"Service": "lambda.amazonaws.com"}, "StringEquals", "aws:SourceAccount", caseAccount),
			},
			want: map[string]reached{"user/U": {surely, 1}, "role/R": {surely, 0}},
		},
	}
}

// TestClimbCases holds what is written down of small organizations, by the graph and by the search through single requests alike.
func TestClimbCases(t *testing.T) {
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range climbCases() {
		t.Run(c.rule+" "+c.about, func(t *testing.T) {
			o := c.organization()
			if err := o.climb(t.Context(), cat, newTally()); err != nil {
				t.Error(err)
			}
			got, err := o.reach(t.Context(), t.TempDir(), cat)
			if err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

// reach is who reaches an administrator by the graph, root users aside.
func (o *organization) reach(ctx context.Context, dir string, cat *catalog.Catalog) (map[string]reached, error) {
	facts, err := o.ingest(ctx, dir)
	if err != nil {
		return nil, err
	}
	g, err := paths.Build(ctx, facts, cat, paths.Options{})
	if err != nil {
		return nil, err
	}
	admins, err := g.Admins(ctx, "", paths.Via{})
	if err != nil {
		return nil, err
	}
	to, err := g.Toward(ctx, admins, paths.Search{})
	if err != nil {
		return nil, err
	}
	out := map[string]reached{}
	for _, a := range facts.Accounts {
		for _, u := range a.Users {
			if w := to.Way(g.NodesOf(string(u.ARN))[0]); w != nil {
				out["user/"+u.Name] = reached{levelOf(w.Level), len(w.Steps)}
			}
		}
		for _, r := range a.Roles {
			if w := to.Way(g.NodesOf(string(r.ARN))[0]); w != nil {
				out["role/"+r.Name] = reached{levelOf(w.Level), len(w.Steps)}
			}
		}
	}
	return out, nil
}
