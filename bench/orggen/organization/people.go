package organization

import "fmt"

// people adds n users and the groups that they are in.
func (a *account) people(n int) {
	a.groups()
	for i := range n {
		team := a.r.pick(a.teams)
		u := a.newUser(fmt.Sprintf("user-%05d", i), team)
		u.GroupList = []string{"everyone", a.r.pick(commonGroups)}
		if a.r.chance(50) {
			u.GroupList = append(u.GroupList, "team-"+team)
		}
		if a.r.chance(3) {
			u.GroupList = append(u.GroupList, "administrators")
		}
		switch a.r.weighted(70, 15, 10, 5) {
		case 1:
			u.PermissionsBoundary = a.limit()
		case 2:
			u.UserPolicyList = []inlinePolicy{{"own", a.handwritten()}}
		case 3:
			u.AttachedManagedPolicies = []attachedPolicy{a.attachAWS(a.r.pick([]string{"ReadOnlyAccess", "AmazonS3ReadOnlyAccess", "AWSKeyManagementServicePowerUser", "PowerUserAccess"}))}
		}
		a.details.UserDetailList = append(a.details.UserDetailList, u)
	}
}

// commonGroups are what people do, whatever their team.
var commonGroups = []string{"developers", "data", "operations", "security", "finance"}

// newUser is a user of a team without policies and groups.
func (a *account) newUser(name, team string) user {
	return user{
		Path: "/people/", UserName: name, UserId: a.r.uniqueID("AIDA"), Arn: a.iam("user/people/" + name), CreateDate: created,
		AttachedManagedPolicies: []attachedPolicy{}, Tags: a.tags(team),
	}
}

func (a *account) groups() {
	add := func(name string, inline []inlinePolicy, attached ...attachedPolicy) {
		if attached == nil {
			attached = []attachedPolicy{}
		}
		if inline == nil {
			inline = []inlinePolicy{}
		}
		a.details.GroupDetailList = append(a.details.GroupDetailList, group{
			Path: "/", GroupName: name, GroupId: a.r.uniqueID("AGPA"), Arn: a.iam("group/" + name), CreateDate: created,
			GroupPolicyList: inline, AttachedManagedPolicies: attached,
		})
	}
	add("everyone", nil, a.attachOwn("self-service"))
	add("developers", nil, a.attachOwn("team-by-tag"), a.attachAWS("ReadOnlyAccess"))
	add("data", []inlinePolicy{{"lake", policyOf(
		allow([]string{"athena:*", "glue:Get*", "s3:GetObject", "s3:ListBucket"}, "*").when("StringEquals", "aws:RequestedRegion", regions[0]),
		allow("kms:Decrypt", "*").when("StringLike", "kms:ViaService", "s3.*.amazonaws.com"))}})
	add("operations", nil, a.attachOwn("office-network"), a.attachAWS("PowerUserAccess"))
	add("security", []inlinePolicy{{"keys", policyOf(
		allow([]string{"kms:*"}, "*").when("Bool", "aws:MultiFactorAuthPresent", "true"))}}, a.attachAWS("SecurityAudit"))
	add("finance", nil, a.attachAWS("Billing"))
	add("administrators", nil, a.attachAWS("AdministratorAccess"))
	for _, t := range a.teams {
		add("team-"+t, nil, a.attachOwn("team-"+t))
	}
}
