package verify_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// climber draws small organizations that are rich in ways to more power: rights over policies, keys, trust policies, passed roles, compute.
type climber struct {
	*generator
	groups   map[string][]string // account -> group ARNs
	policies map[string][]string // account -> ARNs of managed policies, AWS's own among them
	compute  map[string][]string // account -> ARNs of functions and instances
	entities map[string]tree     // users and roles by ARN
	quiet    bool                // few have rights of other sorts than knots
}

const administrator = "arn:aws:iam::aws:policy/AdministratorAccess"

// generateClimb draws the organization of a seed.
func generateClimb(seed uint64) *organization {
	g := &climber{
		generator: &generator{
			r: rand.New(rand.NewPCG(seed, 20261130)), roles: map[string][]string{}, users: map[string][]string{}, files: tree{},
		},
		groups: map[string][]string{}, policies: map[string][]string{}, compute: map[string][]string{}, entities: map[string]tree{},
	}
	g.accounts = [][]string{{"222222222222"}, {"222222222222"}, {"222222222222", "333333333333"}, {management, "222222222222"}, {management, "222222222222", "333333333333"}}[g.r.IntN(5)]
	g.quiet = g.chance(50)
	for _, a := range g.accounts {
		g.drawNames(a)
	}
	g.guardrails()
	for _, a := range g.accounts {
		g.drawAccount(a)
	}
	knots := g.r.IntN(4)
	if g.quiet {
		knots += 3
	}
	for range knots {
		g.knot()
	}
	for range 1 + g.r.IntN(4) {
		g.ladder()
	}
	return &organization{g.files}
}

// ladder puts one way from a principal to another into its policies, with conditions now and then.
func (g *climber) ladder() {
	a, b := pick(g.generator, g.accounts...), pick(g.generator, g.accounts...)
	from := pick(g.generator, append(append([]string{}, g.users[a]...), g.roles[a]...)...)
	to := pick(g.generator, g.roles[b]...)
	if a == b && g.chance(40) {
		to = pick(g.generator, g.users[a]...)
	}
	rights := []tree{}
	role := g.entities[to]["RoleName"] != nil
	switch {
	case from == to || strings.Contains(from+to, "aws-service-role"):
		return
	case role && (a != b || g.chance(40)):
		rights = append(rights, g.when(allow("sts:AssumeRole", to), a))
		st := tree{"Effect": "Allow", "Principal": tree{"AWS": pick(g.generator, from, "arn:aws:iam::"+a+":root")}, "Action": "sts:AssumeRole"}
		if g.chance(30) {
			under(st, "Bool", "aws:MultiFactorAuthPresent", "true")
		}
		g.trust(to, st)
	case role && g.chance(30):
		rights = append(rights, g.when(allow("iam:UpdateAssumeRolePolicy", to), a))
	case role:
		service := pick(g.generator, "lambda", "ec2")
		st := g.when(allow("iam:PassRole", to), a)
		if g.chance(40) {
			under(st, "StringEquals", "iam:PassedToService", service+".amazonaws.com")
		}
		rights = append(rights, st, allow(map[string]any{
			"lambda": []any{"lambda:CreateFunction", "lambda:InvokeFunction"}, "ec2": []any{"ec2:RunInstances", "iam:CreateInstanceProfile", "iam:AddRoleToInstanceProfile"},
		}[service], "*"))
		if g.chance(25) { // it trusts another one
			service = pick(g.generator, "lambda", "ec2")
		}
		g.trust(to, tree{"Effect": "Allow", "Principal": tree{"Service": service + ".amazonaws.com"}, "Action": "sts:AssumeRole"})
	default:
		rights = append(rights, g.when(allow(pick[any](g.generator, "iam:CreateAccessKey", "iam:CreateLoginProfile"), to), a))
	}
	if a == b && g.chance(35) { // and the policies of the other too, or its own
		about := pick(g.generator, from, to, to)
		kind := "Role"
		if g.entities[about]["RoleName"] == nil {
			kind = "User"
		}
		action := "iam:" + pick(g.generator, "Put"+kind+"Policy", "Attach"+kind+"Policy", "Attach"+kind+"Policy", "Delete"+kind+"Policy", "Detach"+kind+"Policy", "Delete"+kind+"PermissionsBoundary", "Put"+kind+"PermissionsBoundary")
		rights = append(rights, g.when(allow(action, about), a))
	}
	for _, st := range rights {
		g.grant(from, st)
	}
}

// knot limits a principal and gives it, or somebody else, rights to undo that: limits and rights about single things, mostly under conditions.
func (g *climber) knot() {
	a := pick(g.generator, g.accounts...)
	all := append(append([]string{}, g.users[a]...), g.roles[a]...)
	about, who := pick(g.generator, all...), pick(g.generator, all...)
	if g.chance(70) {
		who = about
	}
	if strings.Contains(about+who, "aws-service-role") {
		return
	}
	e, kind := g.entities[about], "User"
	if e["RoleName"] != nil {
		kind = "Role"
	}
	managed := e["AttachedManagedPolicies"].([]any)
	if g.chance(40) {
		managed = append(managed, attachment(pick(g.generator, administrator, g.policies[a][1])))
	}
	if g.chance(40) {
		managed = append(managed, attachment(g.policies[a][2]))
	}
	e["AttachedManagedPolicies"] = distinct(managed)
	if g.chance(50) {
		e["PermissionsBoundary"] = tree{"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": g.policies[a][3]}
	}
	if g.chance(30) {
		g.grant(about, g.when(deny(pick[any](g.generator, "iam:CreateUser", "s3:*", "sts:AssumeRole"), "*"), a))
	}
	if kind == "User" && g.chance(30) {
		e["GroupList"] = []any{lastName(pick(g.generator, g.groups[a]...))}
	}
	for range 1 + g.r.IntN(4) {
		g.grant(who, g.undo(a, about, kind))
	}
}

// undo draws the right to change the policies of a principal in one of the ways of E10.
func (g *climber) undo(a, about, kind string) tree {
	switch g.r.IntN(6) {
	case 0, 1, 2:
		return g.named(allow("iam:"+pick(g.generator, "Put"+kind+"Policy", "Attach"+kind+"Policy", "Attach"+kind+"Policy", "Delete"+kind+"Policy", "Detach"+kind+"Policy",
			"Delete"+kind+"PermissionsBoundary", "Put"+kind+"PermissionsBoundary"), about), a)
	case 3, 4:
		return g.when(allow(pick[any](g.generator, "iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicyVersion"), pick(g.generator, g.policies[a][:4]...)), a)
	}
	return g.named(allow(pick[any](g.generator, "iam:AddUserToGroup", "iam:PutGroupPolicy", "iam:AttachGroupPolicy", "iam:DeleteGroupPolicy", "iam:DetachGroupPolicy"), pick(g.generator, g.groups[a]...)), a)
}

// named puts a right to change policies under conditions on what the request names, and on others now and then.
func (g *climber) named(st tree, a string) tree {
	action := st["Action"].(string)
	operator := pick(g.generator, "ArnEquals", "ArnEquals", "ArnNotEquals")
	if (strings.Contains(action, "Attach") || strings.Contains(action, "Detach")) && g.chance(60) {
		under(st, operator, "iam:PolicyARN", pick[any](g.generator, g.policies[a][0], g.policies[a][1], g.policies[a][2], administrator, []any{g.policies[a][0], g.policies[a][2]}))
	}
	if !strings.Contains(action, "Group") && g.chance(25) {
		under(st, operator, "iam:PermissionsBoundary", pick(g.generator, g.policies[a][3], g.policies[a][3], g.policies[a][0], g.policies[a][1], administrator))
	}
	if g.chance(25) {
		g.condition(st, a)
	}
	return st
}

// grant gives a principal one more inline policy.
func (g *climber) grant(to string, st tree) {
	inline := "UserPolicyList"
	if g.entities[to]["RoleName"] != nil {
		inline = "RolePolicyList"
	}
	have, _ := g.entities[to][inline].([]any)
	g.entities[to][inline] = append(have, tree{"PolicyName": fmt.Sprintf("step%d", len(have)), "PolicyDocument": document(st)})
}

func distinct(attached []any) []any {
	seen := map[any]bool{}
	return slices.DeleteFunc(attached, func(x any) bool {
		arn := x.(tree)["PolicyArn"]
		dup := seen[arn]
		seen[arn] = true
		return dup
	})
}

// trust adds a statement to a role's trust policy.
func (g *climber) trust(role string, st tree) {
	if strings.Contains(role, "aws-service-role") {
		return
	}
	doc := g.entities[role]["AssumeRolePolicyDocument"].(tree)
	doc["Statement"] = append(doc["Statement"].([]any), st)
}

// drawNames decides what exists in an account.
func (g *climber) drawNames(a string) {
	arn := func(rest string) string { return "arn:aws:iam::" + a + ":" + rest }
	most := 3
	if len(g.accounts) > 1 {
		most = 2
	}
	for _, n := range []string{"alice", "bob", "carol"}[:1+g.r.IntN(most)] {
		g.users[a] = append(g.users[a], arn("user/"+n))
	}
	for _, n := range []string{"Admin", "App", "eng/Deploy", "Worker"}[:1+g.r.IntN(most+1)] {
		g.roles[a] = append(g.roles[a], arn("role/"+n))
	}
	if g.chance(10) {
		g.roles[a] = append(g.roles[a], arn("role/aws-service-role/ssm.amazonaws.com/AWSServiceRoleForSSM"))
	}
	g.groups[a] = []string{arn("group/devs"), arn("group/ops")}[:1+g.r.IntN(2)]
	g.policies[a] = []string{arn("policy/Shared"), arn("policy/Full"), arn("policy/Guard"), arn("policy/Boundary"), administrator}
	if g.chance(50) {
		g.compute[a] = append(g.compute[a], "arn:aws:lambda:us-east-1:"+a+":function:job")
	}
	if g.chance(40) {
		g.compute[a] = append(g.compute[a], "arn:aws:ec2:us-east-1:"+a+":instance/i-1")
	}
}

// guardrails writes organization.json with a few SCPs, seldom without any.
func (g *climber) guardrails() {
	accounts, targets := []any{}, []any{"r-root", "ou-dev"}
	members := g.accounts
	if members[0] != management {
		members = append([]string{management}, members...)
	}
	for i, a := range members {
		accounts = append(accounts, tree{
			"Id": a, "Arn": "arn:aws:organizations::" + management + ":account/o-abc/" + a, "Name": "account" + a[:1], "Email": "a@example.com", "Status": "ACTIVE",
			"ParentId": []string{"r-root", "ou-dev"}[min(i, 1)],
		})
		targets = append(targets, a)
	}
	policies := []any{g.organizationPolicy("p-full", "SERVICE_CONTROL_POLICY", document(allow("*", "*")), targets)}
	for i := range g.r.IntN(3) {
		policies = append(policies, g.organizationPolicy(fmt.Sprintf("p-scp%d", i), "SERVICE_CONTROL_POLICY", document(g.guardrail()), []any{pick(g.generator, targets...)}))
	}
	g.files["organization.json"] = tree{
		"Organization": tree{"Id": "o-abc", "Arn": "arn:aws:organizations::" + management + ":organization/o-abc", "MasterAccountId": management, "FeatureSet": "ALL"},
		"Roots": []any{tree{
			"Id": "r-root", "Arn": "arn:aws:organizations::" + management + ":root/o-abc/r-root", "Name": "Root",
			"PolicyTypes": []any{tree{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}},
		}},
		"OrganizationalUnits": []any{tree{"Id": "ou-dev", "Arn": "arn:aws:organizations::" + management + ":ou/o-abc/ou-dev", "Name": "Dev", "ParentId": "r-root"}},
		"Accounts":            accounts, "Policies": policies,
	}
}

func document(statements ...tree) tree {
	list := make([]any, len(statements))
	for i, s := range statements {
		list[i] = s
	}
	return tree{"Version": "2012-10-17", "Statement": list}
}

func allow(action, resource any) tree {
	return tree{"Effect": "Allow", "Action": action, "Resource": resource}
}

func deny(action, resource any) tree {
	return tree{"Effect": "Deny", "Action": action, "Resource": resource}
}

// under puts a statement under a condition.
func under(st tree, operator, key string, value any) tree {
	have, _ := st["Condition"].(tree)
	if have == nil {
		have = tree{}
		st["Condition"] = have
	}
	of, _ := have[operator].(tree)
	if of == nil {
		of = tree{}
		have[operator] = of
	}
	of[key] = value
	return st
}

func (g *climber) guardrail() tree {
	st := deny(pick[any](g.generator, "iam:CreateAccessKey", "sts:AssumeRole", "iam:*", "organizations:LeaveOrganization", []any{"iam:Attach*", "iam:Put*"}, "iam:UpdateAssumeRolePolicy", "s3:*", "iam:PassRole"), "*")
	switch g.r.IntN(6) {
	case 0:
		under(st, "ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:role/Admin")
	case 1:
		under(st, "StringNotEquals", "aws:RequestedRegion", "us-east-1")
	case 2:
		under(st, "BoolIfExists", "aws:MultiFactorAuthPresent", "false")
	case 3:
		st["Resource"] = pick[any](g.generator, "arn:aws:iam::*:role/Admin", "arn:aws:iam::*:user/alice", "arn:aws:iam::*:policy/Full")
	}
	return st
}

// drawAccount writes the files of one account.
func (g *climber) drawAccount(a string) {
	var policies, groups, users, roles []any
	policies = append(policies,
		g.versions(a, "Shared", g.right(a)), g.versions(a, "Full", allow("*", "*")),
		g.versions(a, "Guard", deny(pick[any](g.generator, "iam:*", "sts:AssumeRole", "s3:*", []any{"iam:Create*", "iam:Put*"}), "*")),
		g.versions(a, "Boundary", pick(g.generator, allow("s3:*", "*"), allow([]any{"iam:*", "sts:*"}, "*"), allow("*", "*"), tree{"Effect": "Allow", "NotAction": "organizations:*", "Resource": "*"})),
		tree{
			"PolicyName": "AdministratorAccess", "PolicyId": "ANPAADMIN", "Arn": administrator, "Path": "/", "DefaultVersionId": "v1", "IsAttachable": true,
			"PolicyVersionList": []any{tree{"VersionId": "v1", "IsDefaultVersion": true, "Document": document(allow("*", "*"))}},
		})
	for i, arn := range g.groups[a] {
		e := tree{"Path": "/", "GroupName": lastName(arn), "GroupId": fmt.Sprintf("AGPA%s%d", a, i), "Arn": arn}
		g.hand(e, "GroupPolicyList", a)
		groups = append(groups, e)
	}
	for i, arn := range g.users[a] {
		e := tree{"Path": "/", "UserName": lastName(arn), "UserId": fmt.Sprintf("AIDA%s%d", strings.Repeat(a[:1], 3), i), "Arn": arn}
		if g.chance(35) {
			e["GroupList"] = []any{lastName(pick(g.generator, g.groups[a]...))}
		}
		g.hand(e, "UserPolicyList", a)
		g.bind(e, a)
		g.entities[arn] = e
		users = append(users, e)
	}
	for i, arn := range g.roles[a] {
		name := lastName(arn)
		e := tree{
			"Path": arn[strings.Index(arn, ":role")+5 : len(arn)-len(name)], "RoleName": name, "RoleId": fmt.Sprintf("AROA%s%d", strings.Repeat(a[:1], 3), i), "Arn": arn,
			"AssumeRolePolicyDocument": g.trusting(a, strings.Contains(arn, "aws-service-role")), "InstanceProfileList": []any{},
		}
		if g.chance(30) {
			e["InstanceProfileList"] = []any{tree{
				"Path": "/", "InstanceProfileName": name, "InstanceProfileId": fmt.Sprintf("AIPA%s%d", a, i), "Arn": "arn:aws:iam::" + a + ":instance-profile/" + name, "Roles": []any{},
			}}
		}
		linked := strings.Contains(arn, "aws-service-role")
		if !linked {
			g.hand(e, "RolePolicyList", a)
			g.bind(e, a)
		}
		if name == "Admin" && g.chance(60) {
			e["AttachedManagedPolicies"] = []any{attachment(administrator)}
		}
		g.entities[arn] = e
		roles = append(roles, e)
	}
	g.files[a+"/account-authorization-details.json"] = tree{"UserDetailList": users, "GroupDetailList": groups, "RoleDetailList": roles, "Policies": policies}
	var compute []any
	for _, arn := range g.compute[a] {
		c := tree{"Arn": arn, "Type": "AWS::Lambda::Function", "RoleArn": pick(g.generator, g.roles[a]...)}
		if strings.Contains(arn, ":ec2:") {
			c["Type"] = "AWS::EC2::Instance"
		}
		if g.chance(30) {
			c["Tags"] = tree{"team": "red"}
		}
		compute = append(compute, c)
	}
	g.files[a+"/compute.json"] = tree{"Compute": compute}
	if g.chance(15) {
		g.files[a+"/saml-providers.json"] = tree{"SAMLProviderList": []any{tree{"Arn": "arn:aws:iam::" + a + ":saml-provider/idp"}}}
	}
}

func lastName(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

func attachment(arn string) tree { return tree{"PolicyName": lastName(arn), "PolicyArn": arn} }

// versions is a managed policy with one to five versions.
func (g *climber) versions(a, name string, st tree) tree {
	statements := []tree{st}
	if g.chance(20) {
		statements = append(statements, g.right(a))
	}
	list := []any{}
	for i := range pick(g.generator, 1, 2, 2, 3, 5) {
		v := tree{"VersionId": fmt.Sprintf("v%d", i+1), "IsDefaultVersion": i == 0, "Document": document(statements...)}
		if i > 0 {
			v["Document"] = document(pick(g.generator, allow("*", "*"), g.right(a), allow("s3:*", "*"), deny("iam:*", "*")))
		}
		list = append(list, v)
	}
	return tree{
		"PolicyName": name, "PolicyId": "ANPA" + name, "Arn": "arn:aws:iam::" + a + ":policy/" + name, "Path": "/", "DefaultVersionId": "v1", "IsAttachable": true,
		"PolicyVersionList": list,
	}
}

// hand gives an entity policies.
func (g *climber) hand(e tree, inline, a string) {
	if g.chance(60) && !(g.quiet && g.chance(75)) {
		statements := []tree{g.right(a)}
		for g.chance(50) && len(statements) < 4 {
			statements = append(statements, g.right(a))
		}
		e[inline] = []any{tree{"PolicyName": "own", "PolicyDocument": document(statements...)}}
	}
	list := []any{}
	for _, at := range []struct {
		arn     string
		percent int
	}{{g.policies[a][0], 25}, {g.policies[a][1], 4}, {g.policies[a][2], 15}, {administrator, 4}} {
		if g.chance(at.percent) {
			list = append(list, attachment(at.arn))
		}
	}
	e["AttachedManagedPolicies"] = list
}

// bind gives a principal tags and a boundary.
func (g *climber) bind(e tree, a string) {
	if g.chance(30) {
		e["Tags"] = []any{tree{"Key": "team", "Value": pick(g.generator, "red", "blue")}}
	}
	if g.chance(30) {
		arn := pick(g.generator, g.policies[a][3], g.policies[a][3], g.policies[a][3], g.policies[a][0])
		e["PermissionsBoundary"] = tree{"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}
	}
}

// right draws a statement of an identity policy.
func (g *climber) right(a string) tree {
	switch g.r.IntN(20) {
	case 0, 1:
		return g.when(allow("sts:AssumeRole", g.roleOf(pick(g.generator, g.accounts...))), a)
	case 2, 3:
		return g.pass(a)
	case 4:
		return g.when(allow(pick[any](g.generator,
			[]any{"lambda:UpdateFunctionCode", "lambda:InvokeFunction"}, "lambda:UpdateFunctionCode", "ssm:StartSession", []any{"ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"},
		), "*"), a)
	case 5:
		return g.when(allow(pick[any](g.generator, "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile", []any{"iam:CreateAccessKey", "iam:DeleteAccessKey"}), g.userOf(a)), a)
	case 6:
		return g.when(allow("iam:UpdateAssumeRolePolicy", g.roleOf(a)), a)
	case 7, 8:
		return g.when(allow(pick[any](g.generator, "iam:PutUserPolicy", "iam:AttachUserPolicy", []any{"iam:DeleteUserPolicy", "iam:DetachUserPolicy"}, "iam:DeleteUserPermissionsBoundary", "iam:PutUserPermissionsBoundary"), g.userOf(a)), a)
	case 9, 10:
		return g.when(allow(pick[any](g.generator, "iam:PutRolePolicy", "iam:AttachRolePolicy", []any{"iam:DeleteRolePolicy", "iam:DetachRolePolicy"}, "iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"), g.roleOf(a)), a)
	case 11:
		return g.when(allow(pick[any](g.generator, "iam:AddUserToGroup", "iam:PutGroupPolicy", "iam:AttachGroupPolicy", []any{"iam:DeleteGroupPolicy", "iam:DetachGroupPolicy"}), pick[any](g.generator, "*", pick(g.generator, g.groups[a]...), pick(g.generator, g.groups[a]...))), a)
	case 12, 13:
		return g.when(allow(pick[any](g.generator, "iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", []any{"iam:CreatePolicyVersion", "iam:DeletePolicyVersion"}), pick[any](g.generator, "*", pick(g.generator, g.policies[a][:4]...), pick(g.generator, g.policies[a][:4]...), g.policies[a][0])), a)
	case 14:
		return pick(g.generator, allow("iam:*", "*"), tree{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, g.when(allow("*", "*"), a), allow("iam:UpdateSAMLProvider", "*"))
	case 15, 16:
		return g.when(deny(pick[any](g.generator, "iam:*", "sts:AssumeRole", "iam:CreateAccessKey", "iam:PassRole", "organizations:*"), pick[any](g.generator, "*", "*", g.roleOf(a))), a)
	}
	return allow(pick[any](g.generator, "s3:GetObject", "ec2:Describe*", "lambda:*", "s3:*"), "*")
}

// pass draws the rights to pass a role and to run something with it.
func (g *climber) pass(a string) tree {
	st := allow([]any{"iam:PassRole"}, g.roleOf(a))
	if g.chance(40) {
		under(st, "StringEquals", "iam:PassedToService", pick(g.generator, "lambda.amazonaws.com", "ec2.amazonaws.com"))
	}
	if g.chance(75) {
		more := pick(g.generator,
			[]any{"lambda:CreateFunction", "lambda:InvokeFunction"}, []any{"ec2:RunInstances"}, []any{"lambda:CreateFunction"},
			[]any{"ec2:RunInstances", "iam:CreateInstanceProfile", "iam:AddRoleToInstanceProfile"}, []any{"lambda:*"})
		if st["Condition"] == nil {
			st["Action"], st["Resource"] = append([]any{"iam:PassRole"}, more...), "*"
		} else if g.chance(60) { // the key is absent elsewhere
			st["Condition"] = tree{"StringEqualsIfExists": st["Condition"].(tree)["StringEquals"]}
			st["Action"], st["Resource"] = append([]any{"iam:PassRole"}, more...), "*"
		}
	}
	return st
}

func (g *climber) roleOf(a string) any {
	role := pick(g.generator, g.roles[a]...)
	return pick[any](g.generator, "*", role, role, role, "arn:aws:iam::"+a+":role/*", "arn:aws:iam::*:role/"+lastName(role))
}

func (g *climber) userOf(a string) any {
	user := pick(g.generator, g.users[a]...)
	return pick[any](g.generator, "*", user, user, user, "arn:aws:iam::"+a+":user/${aws:username}")
}

// when puts a condition on a statement now and then.
func (g *climber) when(st tree, a string) tree {
	for g.chance(45) {
		g.condition(st, a)
	}
	return st
}

func (g *climber) condition(st tree, a string) {
	text := fmt.Sprint(st["Action"])
	switch g.r.IntN(9) {
	case 0:
		under(st, pick(g.generator, "Bool", "BoolIfExists"), "aws:MultiFactorAuthPresent", pick(g.generator, "true", "true", "false"))
	case 1:
		under(st, pick(g.generator, "IpAddress", "NotIpAddress"), "aws:SourceIp", "203.0.113.0/24")
	case 2:
		under(st, "StringEquals", "aws:PrincipalTag/team", pick(g.generator, "red", "blue"))
	case 3:
		if strings.Contains(text, "iam:") {
			under(st, "StringEquals", "iam:ResourceTag/team", pick(g.generator, "red", "${aws:PrincipalTag/team}"))
		}
	case 4, 5, 6:
		switch {
		case strings.Contains(text, "iam:Attach") || strings.Contains(text, "iam:Detach"):
			under(st, pick(g.generator, "ArnEquals", "ArnNotEquals", "ArnLike"), "iam:PolicyARN", pick[any](g.generator, g.policies[a][0], g.policies[a][1], g.policies[a][2], administrator, "arn:aws:iam::"+a+":policy/*"))
		case strings.Contains(text, "sts:AssumeRole") && st["Effect"] == "Allow":
			under(st, "StringEquals", "sts:ExternalId", "ext-1")
		}
	case 7:
		if strings.Contains(text, "iam:Put") || strings.Contains(text, "iam:Attach") {
			under(st, pick(g.generator, "StringEquals", "StringNotEquals", "ArnEquals"), "iam:PermissionsBoundary", pick(g.generator, g.policies[a][3], g.policies[a][0], g.policies[a][1]))
		}
	case 8:
		under(st, pick(g.generator, "ArnLike", "ArnNotLike"), "aws:PrincipalArn", "arn:aws:iam::*:user/*")
	}
}

// trusting draws a trust policy.
func (g *climber) trusting(a string, linked bool) tree {
	if linked {
		return document(tree{"Effect": "Allow", "Principal": tree{"Service": "ssm.amazonaws.com"}, "Action": "sts:AssumeRole"})
	}
	var statements []tree
	for range 1 + g.r.IntN(2) {
		st := tree{"Effect": "Allow", "Action": "sts:AssumeRole"}
		other := pick(g.generator, g.accounts...)
		switch g.r.IntN(12) {
		case 0, 1:
			st["Principal"] = tree{"AWS": "arn:aws:iam::" + a + ":root"}
		case 2:
			st["Principal"] = tree{"AWS": "arn:aws:iam::" + other + ":root"}
		case 3, 4:
			st["Principal"] = tree{"AWS": pick(g.generator, g.users[other]...)}
		case 5, 6:
			st["Principal"] = tree{"AWS": pick(g.generator, g.roles[other]...)}
		case 7:
			st["Principal"] = tree{"AWS": "*"}
			under(st, "ArnLike", "aws:PrincipalArn", pick(g.generator, "arn:aws:iam::"+a+":role/*", "arn:aws:iam::*:user/alice"))
		case 8:
			st["Principal"] = tree{"Federated": "arn:aws:iam::" + a + ":saml-provider/idp"}
			st["Action"] = "sts:AssumeRoleWithSAML"
			under(st, "StringEquals", "SAML:aud", "https://signin.aws.amazon.com/saml")
		default:
			st["Principal"] = tree{"Service": pick(g.generator, "lambda.amazonaws.com", "ec2.amazonaws.com")}
			if g.chance(20) {
				under(st, "StringEquals", "aws:SourceAccount", pick(g.generator, a, "999999999998"))
			}
		}
		if of := st["Principal"].(tree)["AWS"]; of != nil && g.chance(40) {
			switch g.r.IntN(5) {
			case 0, 1:
				under(st, pick(g.generator, "Bool", "BoolIfExists"), "aws:MultiFactorAuthPresent", "true")
			case 2:
				under(st, "StringEquals", "sts:ExternalId", "ext-1")
			case 3:
				under(st, "IpAddress", "aws:SourceIp", "203.0.113.0/24")
			case 4:
				under(st, "StringEquals", "aws:RequestTag/team", "red")
				if g.chance(60) {
					st["Action"] = []any{"sts:AssumeRole", "sts:TagSession"}
				}
			}
		}
		statements = append(statements, st)
	}
	if g.chance(10) {
		st := tree{"Effect": "Deny", "Principal": tree{"AWS": "*"}, "Action": "sts:AssumeRole"}
		under(st, "ArnLike", "aws:PrincipalArn", pick(g.generator, "arn:aws:iam::*:user/bob", "arn:aws:iam::*:role/App"))
		statements = append(statements, st)
	}
	return document(statements...)
}
