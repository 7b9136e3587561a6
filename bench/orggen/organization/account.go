package organization

import (
	"fmt"
	"slices"
)

// created is the date of everything: what changes with time is not this package's matter.
const created = "2024-05-01T10:00:00+00:00"

// account is one account while it is being made.
type account struct {
	*org
	member
	r         random
	teams     []string
	keys      []string // ids of its KMS keys
	env       string
	attached  map[string]int // managed policy ARN -> principals and groups that have it
	bounded   map[string]int // the same as boundary
	details   authorizationDetails
	compute   []compute
	resources []resource
	grants    []grant
	stamped   int             // how many of its roles are of the baseline; they come first
	touched   map[string]bool // entities that a planted change was made to
}

var teamNames = []string{
	"payments", "search", "orders", "catalog", "identity", "shipping", "billing", "risk", "mobile", "data", "ads", "support",
	"pricing", "inventory", "reports", "media",
}

// account makes the files of account i.
func (g *org) account(i int) ([]file, error) {
	a := &account{
		org: g, member: g.accounts[i], r: newRandom(g.options.Seed, uint64(i)+1), attached: map[string]int{}, bounded: map[string]int{},
	}
	a.env = kindNames[a.kind]
	teams := slices.Clone(teamNames)
	a.r.Shuffle(len(teams), func(i, j int) { teams[i], teams[j] = teams[j], teams[i] })
	a.teams = teams[:min(1+g.options.Principals/25, 8)]
	for range 2 + g.options.Principals/40 {
		a.keys = append(a.keys, a.r.uuid())
	}

	a.baseline()
	a.stamped = len(a.details.RoleDetailList)
	rest := g.options.Principals - len(a.details.RoleDetailList)
	users := int(float64(rest)*g.options.UserShare + 0.5)
	a.people(users)
	a.workloads(rest - users)
	a.makeResources()
	a.details.Policies = a.ownPolicies() // last: they count their attachments
	a.change(a.changesOf[i])
	return a.files()
}

func (a *account) files() ([]file, error) {
	issuer := "oidc-provider/" + githubIssuer
	var out []file
	for _, f := range []struct {
		name string
		v    any
	}{
		{"account-authorization-details.json", a.details},
		{"resource-policies.json", resourcePolicies{a.resources}},
		{"kms-grants.json", grants{a.grants}},
		{"compute.json", computes{a.compute}},
		{"account-settings.json", map[string]any{"S3PublicAccessBlock": blockPublic(a.kind != sandbox), "RootFeatures": []string{}}},
		{"saml-providers.json", map[string]any{"SAMLProviderList": []any{map[string]string{"Arn": a.iam("saml-provider/AWSSSO"), "CreateDate": created}}}},
		{"open-id-connect-providers.json", map[string]any{"OpenIDConnectProviderList": []any{map[string]any{
			"Arn": a.iam(issuer), "Url": githubIssuer, "ClientIDList": []string{"sts.amazonaws.com"},
		}}}},
	} {
		encoded, err := encode(a.id+"/"+f.name, f.v)
		if err != nil {
			return nil, err
		}
		out = append(out, encoded)
	}
	return out, nil
}

// iam is the ARN of an IAM entity of the account: "role/x".
func (a *account) iam(entity string) string { return "arn:aws:iam::" + a.id + ":" + entity }

// resourceARN is the ARN of something in the account.
func (a *account) resourceARN(service, region, rest string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, region, a.id, rest)
}

// region is where most of the account lives.
func (a *account) region() string { return regions[int(a.id[0])%len(regions)] }

// bucketPrefix begins the names of a team's buckets.
func (a *account) bucketPrefix(team string) string { return "acme-" + team + "-" + a.id }

func (a *account) tags(team string) []tag {
	return []tag{{"cost-center", fmt.Sprintf("cc-%d", 100+len(team))}, {"env", a.env}, {"team", team}}
}

// addRole adds a role to the account and gives its ARN.
func (a *account) addRole(path, name string, trust document, with func(*role)) string {
	arn := a.iam("role" + path + name)
	r := role{
		Path: path, RoleName: name, RoleId: a.r.uniqueID("AROA"), Arn: arn, CreateDate: created, AssumeRolePolicyDocument: trust,
		InstanceProfileList: []instanceProfile{}, RolePolicyList: []inlinePolicy{}, AttachedManagedPolicies: []attachedPolicy{}, Tags: []tag{},
	}
	if a.r.chance(70) {
		r.RoleLastUsed = lastUsed{fmt.Sprintf("2026-%02d-%02dT08:00:00+00:00", 1+a.r.IntN(11), 1+a.r.IntN(28)), a.region()}
	}
	if with != nil {
		with(&r)
	}
	a.details.RoleDetailList = append(a.details.RoleDetailList, r)
	return arn
}

// trusts is the trust policy that lets one kind of principal assume a role.
func trusts(kind string, who ...string) document {
	return policyOf(statement{Effect: "Allow", Action: "sts:AssumeRole"}.to(by(kind, who...)))
}

func blockPublic(on bool) map[string]bool {
	return map[string]bool{"BlockPublicAcls": on, "IgnorePublicAcls": on, "BlockPublicPolicy": on, "RestrictPublicBuckets": on}
}
