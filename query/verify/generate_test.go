package verify_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// tree is a JSON object; the shrinker takes things out of it.
type tree = map[string]any

const (
	management = "111111111111"
	external   = "444444444444" // in no organization and not read
	unread     = "555555555555" // a member that was not read
	boundaryOf = "arn:aws:iam::%s:policy/Boundary"
)

// organization is one random world as files of an export directory, by path.
type organization struct{ files tree }

// generator draws one organization. Accounts, names and ARNs come from short lists, so that policies meet each other.
type generator struct {
	r        *rand.Rand
	accounts []string
	roles    map[string][]string // account -> role ARNs
	users    map[string][]string
	keys     map[string][]string
	buckets  map[string][]string
	others   map[string][]string // queues and secrets
	inline   int                 // percent of entities with a policy of their own; the fewer, the more are alike
	files    tree
}

func generate(seed uint64) *organization { return &organization{generateAll(seed).files} }

// generateAll gives the generator as it is afterwards: questions speak of the names that it drew.
func generateAll(seed uint64) *generator {
	g := &generator{
		r: rand.New(rand.NewPCG(seed, 20261124)), roles: map[string][]string{}, users: map[string][]string{}, keys: map[string][]string{},
		buckets: map[string][]string{}, others: map[string][]string{}, files: tree{},
	}
	g.inline = pick(g, 75, 75, 15)
	g.accounts = []string{management, "222222222222"}
	if g.chance(40) {
		g.accounts = append(g.accounts, "333333333333")
	}
	for _, a := range g.accounts {
		g.names(a)
	}
	if !g.chance(10) {
		g.organization()
	}
	for _, a := range g.accounts {
		g.account(a)
	}
	return g
}

func (g *generator) chance(percent int) bool { return g.r.IntN(100) < percent }

func pick[T any](g *generator, list ...T) T { return list[g.r.IntN(len(list))] }

// names decides what exists in an account, before policies speak of it.
func (g *generator) names(a string) {
	for _, n := range []string{"alice", "bob", "carol"}[:1+g.r.IntN(3)] {
		path := "/"
		if g.chance(15) {
			path = "/team/"
		}
		g.users[a] = append(g.users[a], "arn:aws:iam::"+a+":user"+path+n)
	}
	for _, n := range []string{"/Admin", "/App", "/eng/Deploy"} {
		if len(g.roles[a]) == 0 || g.chance(60) {
			g.roles[a] = append(g.roles[a], "arn:aws:iam::"+a+":role"+n)
		}
	}
	if g.chance(30) {
		g.roles[a] = append(g.roles[a], "arn:aws:iam::"+a+":role/aws-service-role/ssm.amazonaws.com/AWSServiceRoleForSSM")
	}
	for i := range 1 + g.r.IntN(3) {
		g.keys[a] = append(g.keys[a], fmt.Sprintf("arn:aws:kms:%s:%s:key/k%d", pick(g, "us-east-1", "us-east-1", "eu-west-1"), a, i+1))
	}
	for _, n := range []string{"data", "logs"}[:1+g.r.IntN(2)] {
		g.buckets[a] = append(g.buckets[a], "arn:aws:s3:::"+n+"-"+a[:2])
	}
	if g.chance(50) {
		g.others[a] = append(g.others[a], "arn:aws:sqs:us-east-1:"+a+":jobs")
	}
	if g.chance(50) {
		g.others[a] = append(g.others[a], "arn:aws:secretsmanager:us-east-1:"+a+":secret:db-AbCdEf")
	}
}

// organization writes organization.json: a root, one OU, SCPs and perhaps an RCP.
func (g *generator) organization() {
	types := []any{tree{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}}
	rcp := g.chance(50)
	if rcp {
		types = append(types, tree{"Type": "RESOURCE_CONTROL_POLICY", "Status": "ENABLED"})
	}
	members := append([]string{}, g.accounts...)
	if g.chance(30) {
		members = append(members, unread)
	}
	accounts, targets := []any{}, []any{"r-root", "ou-dev"}
	for i, a := range members {
		parent := "r-root"
		if i > 0 && g.chance(70) {
			parent = "ou-dev"
		}
		accounts = append(accounts, tree{
			"Id": a, "Arn": "arn:aws:organizations::" + management + ":account/o-abc/" + a, "Name": "account" + a[:1], "Email": "a@example.com", "Status": "ACTIVE", "ParentId": parent,
		})
		targets = append(targets, a)
	}
	full := tree{"Version": "2012-10-17", "Statement": []any{tree{"Effect": "Allow", "Action": "*", "Resource": "*"}}}
	policies := []any{g.organizationPolicy("p-full", "SERVICE_CONTROL_POLICY", full, targets)}
	for i := range g.r.IntN(3) {
		policies = append(policies, g.organizationPolicy(fmt.Sprintf("p-scp%d", i), "SERVICE_CONTROL_POLICY", g.document(scope{kind: "scp", account: pick(g, g.accounts...)}), []any{pick(g, targets...)}))
	}
	if g.chance(15) { // an allow list instead of everything at one level
		policies[0].(tree)["Targets"] = []any{"r-root", "ou-dev", management}
		policies = append(policies, g.organizationPolicy("p-list", "SERVICE_CONTROL_POLICY", g.document(scope{kind: "scp-allow", account: management}), targets[2:]))
	}
	if rcp {
		policies = append(policies, g.organizationPolicy("p-rcp", "RESOURCE_CONTROL_POLICY", g.document(scope{kind: "rcp", account: pick(g, g.accounts...)}), []any{pick(g, targets...)}))
	}
	g.files["organization.json"] = tree{
		"Organization": tree{"Id": "o-abc", "Arn": "arn:aws:organizations::" + management + ":organization/o-abc", "MasterAccountId": management, "FeatureSet": "ALL"},
		"Roots":        []any{tree{"Id": "r-root", "Arn": "arn:aws:organizations::" + management + ":root/o-abc/r-root", "Name": "Root", "PolicyTypes": types}},
		"OrganizationalUnits": []any{tree{
			"Id": "ou-dev", "Arn": "arn:aws:organizations::" + management + ":ou/o-abc/ou-dev", "Name": "Dev", "ParentId": "r-root",
		}},
		"Accounts": accounts, "Policies": policies,
	}
}

func (g *generator) organizationPolicy(id, kind string, content tree, targets []any) tree {
	return tree{
		"Id": id, "Arn": "arn:aws:organizations::" + management + ":policy/o-abc/" + strings.ToLower(kind) + "/" + id, "Name": id, "Type": kind, "AwsManaged": false,
		"Content": content, "Targets": targets,
	}
}

// account writes the files of one account.
func (g *generator) account(a string) {
	managed := "arn:aws:iam::" + a + ":policy/Shared"
	attached := func(arn string) tree {
		return tree{"PolicyName": arn[strings.LastIndexByte(arn, '/')+1:], "PolicyArn": arn}
	}
	policies := []any{g.managedPolicy(a, managed, "identity"), g.managedPolicy(a, fmt.Sprintf(boundaryOf, a), "boundary")}
	group := tree{
		"Path": "/", "GroupName": "devs", "GroupId": "AGPA" + a, "Arn": "arn:aws:iam::" + a + ":group/devs",
		"GroupPolicyList": []any{tree{"PolicyName": "inline", "PolicyDocument": g.document(scope{kind: "identity", account: a})}}, "AttachedManagedPolicies": []any{},
	}
	var users, roles []any
	for i, arn := range g.users[a] {
		name := arn[strings.LastIndexByte(arn, '/')+1:]
		u := tree{"Path": arn[strings.Index(arn, ":user")+5 : len(arn)-len(name)], "UserName": name, "UserId": fmt.Sprintf("AIDA%s%d", strings.Repeat(a[:1], 3), i), "Arn": arn}
		if g.chance(40) {
			u["GroupList"] = []any{"devs"}
		}
		g.entity(u, "UserPolicyList", a, managed, attached)
		users = append(users, u)
	}
	for i, arn := range g.roles[a] {
		name := arn[strings.LastIndexByte(arn, '/')+1:]
		r := tree{
			"Path": arn[strings.Index(arn, ":role")+5 : len(arn)-len(name)], "RoleName": name, "RoleId": fmt.Sprintf("AROA%s%d", strings.Repeat(a[:1], 3), i), "Arn": arn,
			"AssumeRolePolicyDocument": g.trust(a, strings.Contains(arn, "aws-service-role")), "InstanceProfileList": []any{},
		}
		g.entity(r, "RolePolicyList", a, managed, attached)
		roles = append(roles, r)
	}
	g.files[a+"/account-authorization-details.json"] = tree{"UserDetailList": users, "GroupDetailList": []any{group}, "RoleDetailList": roles, "Policies": policies}
	if !g.chance(10) {
		g.resources(a)
	}
	if g.chance(50) {
		g.files[a+"/kms-grants.json"] = tree{"Grants": g.grants(a)}
	}
	g.files[a+"/open-id-connect-providers.json"] = tree{"OpenIDConnectProviderList": []any{tree{
		"Arn": "arn:aws:iam::" + a + ":oidc-provider/token.actions.githubusercontent.com", "Url": "token.actions.githubusercontent.com", "ClientIDList": []any{"sts.amazonaws.com"},
	}}}
	if g.chance(10) {
		g.files[a+"/account-settings.json"] = tree{"S3PublicAccessBlock": tree{"RestrictPublicBuckets": true}}
	}
}

func (g *generator) managedPolicy(a, arn, kind string) tree {
	name := arn[strings.LastIndexByte(arn, '/')+1:]
	p := tree{"PolicyName": name, "PolicyId": "ANPA" + name, "Arn": arn, "Path": "/", "DefaultVersionId": "v2", "IsAttachable": true}
	p["PolicyVersionList"] = []any{
		tree{"VersionId": "v2", "IsDefaultVersion": true, "Document": g.document(scope{kind: kind, account: a})},
		tree{"VersionId": "v1", "IsDefaultVersion": false, "Document": tree{"Version": "2012-10-17", "Statement": []any{tree{"Effect": "Allow", "Action": "*", "Resource": "*"}}}},
	}
	return p
}

// entity gives a user or role its policies, tags and boundary.
func (g *generator) entity(e tree, inline, a, managed string, attached func(string) tree) {
	if g.chance(g.inline) {
		e[inline] = []any{tree{"PolicyName": "inline", "PolicyDocument": g.document(scope{kind: "identity", account: a})}}
	}
	list := []any{}
	if g.chance(110 - g.inline) {
		list = append(list, attached(managed))
	}
	if g.chance(4) {
		list = append(list, attached("arn:aws:iam::aws:policy/NotInTheFile"))
	}
	e["AttachedManagedPolicies"] = list
	if g.chance(40) {
		e["Tags"] = []any{tree{"Key": pick(g, "team", "Team"), "Value": pick(g, "red", "blue", "rad")}}
	}
	switch {
	case g.chance(20):
		e["PermissionsBoundary"] = tree{"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": fmt.Sprintf(boundaryOf, a)}
	case g.chance(2):
		e["PermissionsBoundary"] = tree{"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": "arn:aws:iam::" + a + ":policy/Gone"}
	}
}

// write puts the files into a directory.
func (o *organization) write(dir string) error {
	for path, content := range o.files {
		at := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		text, err := json.Marshal(content)
		if err != nil {
			return err
		}
		if err := os.WriteFile(at, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
