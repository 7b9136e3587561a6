package organization

import (
	"fmt"
	"strings"
)

// workloads adds n roles that are neither baseline nor AWS's.
func (a *account) workloads(n int) {
	for i := range n {
		team := a.r.pick(a.teams)
		switch a.r.weighted(35, 25, 15, 5, 20) {
		case 0:
			a.serviceRole(team, i)
		case 1:
			a.teamRole(team, i)
		case 2:
			a.readingRole(team, i)
		case 3:
			a.crossAccountRole(team, i)
		case 4:
			a.handwrittenRole(team, i)
		}
	}
}

// platform is a service that runs things with roles.
type platform struct {
	host    string
	kind    string // CloudFormation type of what runs
	arn     string // service and resource of its ARN
	managed string
}

var platforms = []platform{
	{"lambda.amazonaws.com", "AWS::Lambda::Function", "lambda:function:", "AWSLambdaBasicExecutionRole"},
	{"ec2.amazonaws.com", "AWS::EC2::Instance", "ec2:instance/i-", "AmazonSSMManagedInstanceCore"},
	{"ecs-tasks.amazonaws.com", "AWS::ECS::TaskDefinition", "ecs:task-definition/", "AmazonEC2ContainerRegistryReadOnly"},
	{"states.amazonaws.com", "AWS::StepFunctions::StateMachine", "states:stateMachine:", "AWSLambdaBasicExecutionRole"},
}

// serviceRole is what a piece of software runs with: the same shape everywhere, on resources of its own account.
func (a *account) serviceRole(team string, i int) {
	rt := platforms[a.r.weighted(45, 25, 20, 10)]
	name := fmt.Sprintf("%s-service-%05d", team, i)
	prefix := name // half of them keep to objects of their own
	if a.r.chance(50) {
		prefix = "common"
	}
	doc := policyOf(
		allow([]string{"s3:GetObject", "s3:PutObject"}, fmt.Sprintf("arn:aws:s3:::%s-data/%s/*", a.bucketPrefix(team), prefix)),
		allow([]string{"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"}, a.resourceARN("dynamodb", a.region(), "table/"+team+"-main")),
		allow([]string{"sqs:ReceiveMessage", "sqs:DeleteMessage"}, a.resourceARN("sqs", a.region(), team+"-*")),
		allow("secretsmanager:GetSecretValue", a.resourceARN("secretsmanager", a.region(), "secret:"+team+"/*")),
	)
	if a.r.chance(40) {
		doc.Statement = append(doc.Statement, allow([]string{"kms:Decrypt", "kms:GenerateDataKey"}, a.resourceARN("kms", a.region(), "key/*")).
			when("StringEquals", "kms:ViaService", "s3."+a.region()+".amazonaws.com"))
	}
	var profile string
	arn := a.addRole("/service/", name, trusts("Service", rt.host), func(r *role) {
		r.AttachedManagedPolicies = []attachedPolicy{a.attachAWS(rt.managed)}
		r.RolePolicyList = []inlinePolicy{{"runtime", doc}}
		r.PermissionsBoundary = a.limit()
		r.Tags = a.tags(team)
		if rt.kind == "AWS::EC2::Instance" {
			profile = a.iam("instance-profile/service/" + name)
			r.InstanceProfileList = []instanceProfile{{"/service/", name, a.r.uniqueID("AIPA"), profile, created}}
		}
	})
	if a.r.chance(80) {
		a.run(rt, name, arn, profile)
	}
}

// run adds what runs with a role.
func (a *account) run(rt platform, name, roleARN, profile string) {
	service, rest, _ := strings.Cut(rt.arn, ":")
	if profile != "" {
		name, roleARN = a.r.hex(17), ""
	}
	a.compute = append(a.compute, compute{
		Arn: a.resourceARN(service, a.region(), rest+name), Type: rt.kind, Region: a.region(), RoleArn: roleARN, InstanceProfileArn: profile,
	})
}

// teamRole is what people of a team become: by tags, from SSO or from a user of the account.
func (a *account) teamRole(team string, i int) {
	trust := policyOf(statement{Effect: "Allow", Action: []string{"sts:AssumeRole", "sts:TagSession"}}.to(by("AWS", a.iam("root"))).
		when("StringEquals", "aws:PrincipalTag/team", team))
	a.addRole("/team/"+team+"/", fmt.Sprintf("%s-engineer-%05d", team, i), trust, func(r *role) {
		r.AttachedManagedPolicies = []attachedPolicy{a.attachOwn("team-" + team), a.attachOwn("team-by-tag")}
		if a.r.chance(30) {
			r.PermissionsBoundary = a.limit()
		}
		r.Tags = a.tags(team)
	})
}

// readingRole has AWS-managed policies alone.
func (a *account) readingRole(team string, i int) {
	rt := platforms[a.r.weighted(45, 25, 20, 10)]
	a.addRole("/", fmt.Sprintf("%s-reader-%05d", team, i), trusts("Service", rt.host), func(r *role) {
		r.AttachedManagedPolicies = []attachedPolicy{a.attachAWS(a.r.pick([]string{
			"ReadOnlyAccess", "AmazonS3ReadOnlyAccess", "AmazonDynamoDBFullAccess", "AWSKeyManagementServicePowerUser", "AWSLambdaBasicExecutionRole",
		}))}
		r.Tags = a.tags(team)
	})
}

// crossAccountRole is assumed from another account of the organization: from one role there, or from all of it.
func (a *account) crossAccountRole(team string, i int) {
	other := a.accounts[a.r.IntN(len(a.accounts))].id
	s := statement{Effect: "Allow", Action: "sts:AssumeRole"}
	switch a.r.weighted(60, 20, 20) {
	case 0:
		s = s.to(by("AWS", "arn:aws:iam::"+other+":role/ci/ci-deploy"))
	case 1:
		s = s.to(by("AWS", "arn:aws:iam::"+other+":root")).when("StringEquals", "aws:PrincipalOrgID", a.orgID)
	case 2:
		s = s.to(by("AWS", "*")).when("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", a.orgID+"/"+a.root+"/"+a.unitAt["Infrastructure"]+"/*")
	}
	a.addRole("/shared/", fmt.Sprintf("%s-shared-%05d", team, i), policyOf(s), func(r *role) {
		r.AttachedManagedPolicies = []attachedPolicy{a.attachOwn("team-" + team)}
		r.Tags = a.tags(team)
	})
}

// handwrittenRole has policies that nobody else has.
func (a *account) handwrittenRole(team string, i int) {
	rt := platforms[a.r.weighted(45, 25, 20, 10)]
	name := fmt.Sprintf("%s-app-%05d", team, i)
	arn := a.addRole("/", name, trusts("Service", rt.host), func(r *role) {
		for p := range 1 + a.r.weighted(70, 20, 10) {
			r.RolePolicyList = append(r.RolePolicyList, inlinePolicy{fmt.Sprintf("policy-%d", p+1), a.handwritten()})
		}
		if a.r.chance(10) {
			r.PermissionsBoundary = a.limit()
		}
		r.Tags = a.tags(team)
	})
	if rt.kind != "AWS::EC2::Instance" && a.r.chance(60) {
		a.run(rt, name, arn, "")
	}
}
