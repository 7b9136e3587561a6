package organization

import "slices"

const githubIssuer = "token.actions.githubusercontent.com"

// baseline adds the roles that every account has, as far as the account's size allows.
func (a *account) baseline() {
	makers := []func(){
		func() { a.serviceLinked("AWSServiceRoleForSupport", "support", "support:*") },
		func() { a.sso("AdministratorAccess") },
		func() { a.sso("ReadOnlyAccess") },
		a.organizationAccess,
		a.auditor,
		a.ciDeploy,
		a.monitoringVendor,
		func() { a.serviceLinked("AWSServiceRoleForOrganizations", "organizations", "organizations:Describe*") },
		func() {
			a.serviceLinked("AWSServiceRoleForAutoScaling", "autoscaling", "ec2:RunInstances", "ec2:TerminateInstances", "ec2:CreateTags")
		},
		func() { a.sso("PowerUserAccess") },
		func() { a.sso("Billing") },
		a.breakGlass,
		a.ciPlan,
		a.stackSets,
		a.backupVendor,
	}
	for i, add := range makers {
		if len(a.details.RoleDetailList) >= a.options.Principals {
			return
		}
		if i == len(makers)-1 && !a.r.chance(20) {
			return
		}
		add()
	}
}

func (a *account) serviceLinked(name, service string, actions ...string) {
	host := service + ".amazonaws.com"
	a.addRole("/aws-service-role/"+host+"/", name, trusts("Service", host), func(r *role) {
		r.RolePolicyList = []inlinePolicy{{name + "Policy", policyOf(allow(actions, "*"))}}
	})
}

func (a *account) sso(set string) {
	trust := policyOf(statement{Effect: "Allow", Action: []string{"sts:AssumeRoleWithSAML", "sts:TagSession"}}.
		to(by("Federated", a.iam("saml-provider/AWSSSO"))).when("StringEquals", "SAML:aud", "https://signin.aws.amazon.com/saml"))
	a.addRole("/aws-reserved/sso.amazonaws.com/eu-west-1/", "AWSReservedSSO_"+set+"_"+a.r.hex(16), trust, func(r *role) {
		r.AttachedManagedPolicies = []attachedPolicy{a.attachAWS(set)}
	})
}

func (a *account) organizationAccess() {
	a.addRole("/", "OrganizationAccountAccessRole", trusts("AWS", "arn:aws:iam::"+a.one(management)+":root"), func(r *role) {
		r.AttachedManagedPolicies = []attachedPolicy{a.attachAWS("AdministratorAccess")}
	})
}

func (a *account) auditor() {
	trust := policyOf(statement{Effect: "Allow", Action: "sts:AssumeRole"}.to(by("AWS", "arn:aws:iam::"+a.one(audit)+":root")).
		when("StringEquals", "aws:PrincipalOrgID", a.orgID).when("ArnLike", "aws:PrincipalArn", "arn:aws:iam::"+a.one(audit)+":role/org-baseline/*"))
	a.addRole("/org-baseline/", "security-audit", trust, func(r *role) {
		r.AttachedManagedPolicies = []attachedPolicy{a.attachAWS("SecurityAudit")}
		r.RolePolicyList = []inlinePolicy{{"no-data", policyOf(deny([]string{"s3:GetObject", "dynamodb:GetItem", "kms:Decrypt"}, "*"))}}
	})
}

func (a *account) breakGlass() {
	trust := policyOf(statement{Effect: "Allow", Action: "sts:AssumeRole"}.to(by("AWS", "arn:aws:iam::"+a.one(management)+":root")).
		when("Bool", "aws:MultiFactorAuthPresent", "true").when("NumericLessThan", "aws:MultiFactorAuthAge", "3600"))
	a.addRole("/org-baseline/", "break-glass", trust, func(r *role) {
		r.AttachedManagedPolicies = []attachedPolicy{a.attachAWS("AdministratorAccess")}
	})
}

// github is the trust policy for one pattern of workflow subjects.
func (a *account) github(subject string) document {
	return policyOf(statement{Effect: "Allow", Action: "sts:AssumeRoleWithWebIdentity"}.to(by("Federated", a.iam("oidc-provider/"+githubIssuer))).
		when("StringEquals", githubIssuer+":aud", "sts.amazonaws.com").when("StringLike", githubIssuer+":sub", subject))
}

func (a *account) ciDeploy() {
	a.addRole("/ci/", "ci-deploy", a.github("repo:acme/"+a.teams[0]+"-*:ref:refs/heads/main"), func(r *role) {
		r.PermissionsBoundary = a.limit()
		r.AttachedManagedPolicies = []attachedPolicy{a.attachAWS("PowerUserAccess")}
		r.RolePolicyList = []inlinePolicy{{"deploy", policyOf(
			allow([]string{"iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:DeleteRole"}, a.iam("role/service/*")).as("Roles").
				when("StringEquals", "iam:PermissionsBoundary", a.iam("policy/developer-boundary")),
			allow("iam:PassRole", a.iam("role/service/*")).as("PassToRuntimes").
				when("StringEquals", "iam:PassedToService", []string{"lambda.amazonaws.com", "ecs-tasks.amazonaws.com", "ec2.amazonaws.com"}),
			deny([]string{"s3:PutObject", "sqs:SendMessage", "secretsmanager:PutSecretValue"}, "*").as("OwnAccountOrShared").
				when("StringNotEquals", "aws:ResourceAccount", slices.Compact([]string{a.id, a.one(shared)})))}}
		r.Tags = a.tags("platform")
	})
}

func (a *account) ciPlan() {
	a.addRole("/ci/", "ci-plan", a.github("repo:acme/*:pull_request"), func(r *role) {
		r.AttachedManagedPolicies = []attachedPolicy{a.attachAWS("ReadOnlyAccess")}
		r.Tags = a.tags("platform")
	})
}

func (a *account) monitoringVendor() {
	trust := policyOf(statement{Effect: "Allow", Action: "sts:AssumeRole"}.to(by("AWS", "arn:aws:iam::"+a.vendor[0]+":root")).
		when("StringEquals", "sts:ExternalId", "acme-"+a.id))
	a.addRole("/vendor/", "vendor-monitoring", trust, func(r *role) {
		r.AttachedManagedPolicies = []attachedPolicy{a.attachAWS("SecurityAudit")}
	})
}

func (a *account) backupVendor() {
	a.addRole("/vendor/", "vendor-backup", trusts("AWS", "arn:aws:iam::"+a.vendor[1]+":root"), func(r *role) {
		r.RolePolicyList = []inlinePolicy{{"backup", policyOf(
			allow([]string{"s3:GetObject*", "s3:ListBucket", "kms:Decrypt", "ec2:CreateSnapshot", "ec2:Describe*"}, "*"))}}
	})
}

func (a *account) stackSets() {
	a.addRole("/", "AWSCloudFormationStackSetExecutionRole", trusts("AWS", "arn:aws:iam::"+a.one(management)+":role/AWSCloudFormationStackSetAdministrationRole"), func(r *role) {
		r.AttachedManagedPolicies = []attachedPolicy{a.attachAWS("AdministratorAccess")}
	})
}
