package organization

import "fmt"

// regionalKinds are the kinds of resource that the export holds by Region.
var regionalKinds = []string{"AWS::KMS::Key", "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::SecretsManager::Secret", "AWS::Lambda::Function"}

// makeResources adds everything that has a policy of its own.
func (a *account) makeResources() {
	m := a.options.Principals
	for i := range a.keys {
		a.key(i)
	}
	for i := range 2 + m/25 {
		a.bucket(i)
	}
	for i := range 1 + m/50 {
		a.queue(i)
		a.topic(i)
		a.secret(i)
		a.function(i)
	}
}

func (a *account) add(r resource, team string) {
	r.Tags = map[string]string{}
	if a.r.chance(80) {
		for _, t := range a.tags(team) {
			r.Tags[t.Key] = t.Value
		}
	}
	a.resources = append(a.resources, r)
}

// someRole is the ARN of one of the account's roles.
func (a *account) someRole() string {
	return a.details.RoleDetailList[a.r.IntN(len(a.details.RoleDetailList))].Arn
}

// somePrincipal is the ARN of one of the account's roles or users.
func (a *account) somePrincipal() string {
	if n := len(a.details.UserDetailList); n > 0 && a.r.chance(20) {
		return a.details.UserDetailList[a.r.IntN(n)].Arn
	}
	return a.someRole()
}

// someAccount is the id of an account of the organization.
func (a *account) someAccount() string { return a.accounts[a.r.IntN(len(a.accounts))].id }

var keyUse = []string{"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"}

func (a *account) key(i int) {
	arn := a.resourceARN("kms", a.region(), "key/"+a.keys[i])
	delegating := allow("kms:*", "*").as("Enable IAM policies").to(by("AWS", a.iam("root")))
	var doc document
	manager := "CUSTOMER"
	kind := a.r.weighted(60, 20, 10, 5, 3, 2)
	if i == 0 { // each account has a key that AWS made for S3
		kind, manager = -1, "AWS"
	}
	switch kind {
	case -1:
		doc = policyOf(allow(keyUse, "*").to(by("AWS", "*")).when("StringEquals", "kms:CallerAccount", a.id).
			when("StringEquals", "kms:ViaService", "s3."+a.region()+".amazonaws.com"),
			allow([]string{"kms:Describe*", "kms:Get*", "kms:List*"}, "*").to(by("AWS", a.iam("root"))))
	case 0:
		doc = policyOf(delegating)
	case 1:
		doc = policyOf(delegating,
			allow([]string{"kms:Create*", "kms:Put*", "kms:ScheduleKeyDeletion", "kms:Describe*"}, "*").as("Administrators").to(by("AWS", a.someRole())),
			allow(keyUse, "*").as("Users").to(by("AWS", a.somePrincipal(), a.somePrincipal())),
			allow([]string{"kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"}, "*").as("Attach").to(by("AWS", a.someRole())).
				when("Bool", "kms:GrantIsForAWSResource", "true"))
	case 2:
		doc = policyOf(
			allow("kms:*", "*").as("Administrators").to(by("AWS", a.iam("role/OrganizationAccountAccessRole"))),
			allow(keyUse, "*").as("Users").to(by("AWS", a.someRole())))
	case 3:
		doc = policyOf(delegating, allow([]string{"kms:Decrypt", "kms:DescribeKey"}, "*").as("Organization").to(by("AWS", "*")).
			when("StringEquals", "aws:PrincipalOrgID", a.orgID))
	case 4:
		doc = policyOf(delegating, allow(keyUse, "*").as("OtherAccount").to(by("AWS", "arn:aws:iam::"+a.someAccount()+":root")))
	case 5:
		doc = policyOf(delegating, allow([]string{"kms:GenerateDataKey*", "kms:Decrypt"}, "*").to(by("Service", "logs."+a.region()+".amazonaws.com")).
			when("ArnLike", "kms:EncryptionContext:aws:logs:arn", a.resourceARN("logs", a.region(), "log-group:*")))
	}
	a.add(resource{Arn: arn, Type: "AWS::KMS::Key", Region: a.region(), Policy: &doc, Attributes: map[string]any{"KeyManager": manager}}, a.r.pick(a.teams))
	if manager == "CUSTOMER" && a.r.chance(33) {
		a.grant(arn)
	}
}

func (a *account) grant(key string) {
	g := grant{
		KeyArn: key, GrantId: a.r.hex(64), GranteePrincipal: a.someRole(), IssuingAccount: "arn:aws:iam::" + a.id + ":root",
		Operations: []string{"Decrypt", "GenerateDataKey"},
	}
	if a.r.chance(30) {
		g.Operations = append(g.Operations, "CreateGrant", "RetireGrant")
	}
	if a.r.chance(20) {
		g.Constraints = map[string]any{"EncryptionContextSubset": map[string]string{"app": a.r.pick(a.teams)}}
	}
	a.grants = append(a.grants, g)
}

func (a *account) bucket(i int) {
	team := a.r.pick(a.teams)
	name := fmt.Sprintf("%s-%s%d", a.bucketPrefix(team), a.r.pick([]string{"data", "logs", "assets"}), i)
	if i < len(a.teams) { // the one that the team's services use
		team = a.teams[i]
		name = a.bucketPrefix(team) + "-data"
	}
	arn := "arn:aws:s3:::" + name
	both := []string{arn, arn + "/*"}
	tls := deny("s3:*", both).as("TLS").to("*").when("Bool", "aws:SecureTransport", "false")
	doc := policyOf(tls)
	block := true
	kind := a.r.weighted(40, 25, 10, 10, 5, 5, 5)
	if i == 0 && a.kind == logArchive || a.r.chance(1) {
		kind = 7
	}
	switch kind {
	case 2:
		doc.Statement = append(doc.Statement, allow([]string{"s3:GetObject", "s3:ListBucket"}, both).to(by("AWS", "arn:aws:iam::"+a.someAccount()+":role/ci/ci-deploy")))
	case 3:
		doc.Statement = append(doc.Statement, allow("s3:GetObject", arn+"/*").to("*").when("StringEquals", "aws:PrincipalOrgID", a.orgID))
	case 4:
		doc.Statement = append(doc.Statement, allow("s3:PutObject", arn+"/AWSLogs/*").to(by("Service", "cloudtrail.amazonaws.com")).
			when("StringEquals", "aws:SourceOrgID", a.orgID))
	case 5:
		doc.Statement = append(doc.Statement, allow([]string{"s3:GetObject", "s3:PutObject"}, arn+"/*").to(by("AWS", a.somePrincipal())))
	case 6:
		doc.Statement = append(doc.Statement, deny("s3:GetObject", arn+"/*").as("OnlyThroughEndpoint").to("*").
			when("StringNotEqualsIfExists", "aws:SourceVpce", "vpce-"+a.r.hex(17)).when("BoolIfExists", "aws:PrincipalIsAWSService", "false"))
	case 7:
		block = false
		doc.Statement = append(doc.Statement, allow("s3:GetObject", arn+"/public/*").as("Public").to("*"),
			allow("s3:PutObject", arn+"/inbox/*").as("Vendor").to(by("AWS", a.vendor[0])))
	}
	r := resource{
		Arn: arn, Type: "AWS::S3::Bucket", Region: a.region(), Policy: &doc,
		Attributes: map[string]any{"BlockPublicAccess": blockPublic(block), "ObjectOwnership": "BucketOwnerEnforced"},
	}
	if kind == 0 {
		r.Policy = nil
	}
	a.add(r, team)
}

func (a *account) queue(i int) {
	team := a.r.pick(a.teams)
	arn := a.resourceARN("sqs", a.region(), fmt.Sprintf("%s-queue-%d", team, i))
	doc := policyOf(allow("sqs:*", arn).to(by("AWS", a.iam("root"))))
	if a.r.chance(40) {
		doc.Statement = append(doc.Statement, allow("sqs:SendMessage", arn).to(by("Service", "sns.amazonaws.com")).
			when("ArnLike", "aws:SourceArn", a.resourceARN("sns", a.region(), team+"-*")))
	}
	a.add(resource{Arn: arn, Type: "AWS::SQS::Queue", Region: a.region(), Policy: &doc}, team)
}

func (a *account) topic(i int) {
	team := a.r.pick(a.teams)
	arn := a.resourceARN("sns", a.region(), fmt.Sprintf("%s-topic-%d", team, i))
	doc := policyOf(allow([]string{"sns:Publish", "sns:Subscribe", "sns:GetTopicAttributes"}, arn).to(by("AWS", "*")).
		when("StringEquals", "AWS:SourceOwner", a.id))
	if a.r.chance(20) {
		doc.Statement = append(doc.Statement, allow("sns:Publish", arn).to(by("Service", "s3.amazonaws.com")).when("StringEquals", "aws:SourceAccount", a.id))
	}
	a.add(resource{Arn: arn, Type: "AWS::SNS::Topic", Region: a.region(), Policy: &doc}, team)
}

func (a *account) secret(i int) {
	team := a.r.pick(a.teams)
	arn := a.resourceARN("secretsmanager", a.region(), fmt.Sprintf("secret:%s/db-%d-%s", team, i, a.r.hex(6)))
	r := resource{Arn: arn, Type: "AWS::SecretsManager::Secret", Region: a.region()}
	if a.r.chance(30) {
		doc := policyOf(deny("secretsmanager:GetSecretValue", "*").to("*").when("ArnNotLike", "aws:PrincipalArn", []string{a.someRole(), a.iam("role/org-baseline/*")}))
		r.Policy = &doc
	}
	a.add(r, team)
}

func (a *account) function(i int) {
	team := a.r.pick(a.teams)
	arn := a.resourceARN("lambda", a.region(), fmt.Sprintf("function:%s-fn-%d", team, i))
	doc := policyOf(allow("lambda:InvokeFunction", arn).to(by("Service", "apigateway.amazonaws.com")).
		when("ArnLike", "AWS:SourceArn", a.resourceARN("execute-api", a.region(), "*/*/GET/"+team)))
	if a.r.chance(15) {
		doc.Statement = append(doc.Statement, allow("lambda:InvokeFunction", arn).to(by("AWS", "arn:aws:iam::"+a.someAccount()+":root")))
	}
	a.add(resource{Arn: arn, Type: "AWS::Lambda::Function", Region: a.region(), Policy: &doc}, team)
}
