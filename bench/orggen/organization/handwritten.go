package organization

import (
	"fmt"
	"strings"
)

// usedService is a service as hand-written policies use it: its actions and the ARN of one of its resources, with %s for a
// name.
type usedService struct {
	prefix  string
	actions []string
	arn     string // service:region?:account? and resource, see arnOf
}

// usedServices hold action names that exist; the list is fixed so that an organization does not change with AWS's list.
var usedServices = []usedService{
	{"s3", words("GetObject PutObject DeleteObject ListBucket GetBucketPolicy PutBucketPolicy GetObjectTagging GetBucketLocation"), "s3:::%s"},
	{"kms", words("Decrypt Encrypt GenerateDataKey DescribeKey CreateGrant ReEncryptFrom ReEncryptTo ListGrants PutKeyPolicy"), "kms:R:A:key/%s"},
	{"dynamodb", words("GetItem PutItem Query Scan UpdateItem DeleteItem BatchGetItem DescribeTable"), "dynamodb:R:A:table/%s"},
	{"sqs", words("SendMessage ReceiveMessage DeleteMessage GetQueueAttributes GetQueueUrl PurgeQueue"), "sqs:R:A:%s"},
	{"sns", words("Publish Subscribe ListTopics GetTopicAttributes SetTopicAttributes"), "sns:R:A:%s"},
	{"lambda", words("InvokeFunction GetFunction UpdateFunctionCode CreateFunction ListFunctions AddPermission"), "lambda:R:A:function:%s"},
	{"iam", words("PassRole GetRole ListRoles CreateRole AttachRolePolicy PutRolePolicy CreateAccessKey GetUser"), "iam::A:role/service/%s"},
	{"sts", words("AssumeRole TagSession GetCallerIdentity SetSourceIdentity"), "iam::A:role/shared/%s"},
	{"ec2", words("RunInstances DescribeInstances StartInstances StopInstances TerminateInstances CreateTags CreateSnapshot ModifySnapshotAttribute"), "ec2:R:A:instance/%s"},
	{"secretsmanager", words("GetSecretValue DescribeSecret PutSecretValue ListSecrets RotateSecret"), "secretsmanager:R:A:secret:%s"},
	{"ssm", words("GetParameter GetParameters PutParameter SendCommand StartSession DescribeParameters"), "ssm:R:A:parameter/%s"},
	{"logs", words("CreateLogGroup PutLogEvents FilterLogEvents GetLogEvents DescribeLogGroups StartQuery"), "logs:R:A:log-group:%s"},
	{"cloudwatch", words("PutMetricData GetMetricData ListMetrics PutMetricAlarm DescribeAlarms"), "cloudwatch:R:A:alarm:%s"},
	{"ecr", words("BatchGetImage PutImage GetAuthorizationToken DescribeRepositories InitiateLayerUpload"), "ecr:R:A:repository/%s"},
	{"ecs", words("RunTask UpdateService DescribeServices RegisterTaskDefinition StopTask ExecuteCommand"), "ecs:R:A:service/%s"},
	{"eks", words("DescribeCluster ListClusters AccessKubernetesApi UpdateClusterConfig"), "eks:R:A:cluster/%s"},
	{"rds", words("DescribeDBInstances CreateDBSnapshot ModifyDBInstance ModifyDBSnapshotAttribute RebootDBInstance"), "rds:R:A:db:%s"},
	{"glue", words("GetTable GetDatabase StartJobRun CreateJob UpdateTable GetPartitions"), "glue:R:A:table/%s"},
	{"athena", words("StartQueryExecution GetQueryExecution GetQueryResults ListWorkGroups"), "athena:R:A:workgroup/%s"},
	{"kinesis", words("PutRecord PutRecords GetRecords DescribeStream GetShardIterator"), "kinesis:R:A:stream/%s"},
	{"firehose", words("PutRecord PutRecordBatch DescribeDeliveryStream CreateDeliveryStream"), "firehose:R:A:deliverystream/%s"},
	{"states", words("StartExecution DescribeExecution CreateStateMachine UpdateStateMachine StopExecution"), "states:R:A:stateMachine:%s"},
	{"cloudformation", words("CreateStack UpdateStack DescribeStacks DeleteStack CreateChangeSet"), "cloudformation:R:A:stack/%s"},
	{"codebuild", words("StartBuild BatchGetBuilds UpdateProject CreateProject ListProjects"), "codebuild:R:A:project/%s"},
	{"events", words("PutEvents PutRule PutTargets DescribeRule ListRules"), "events:R:A:rule/%s"},
}

func words(s string) []string { return strings.Fields(s) }

// arnOf puts partition, Region and account into a used service's ARN.
func (a *account) arnOf(s usedService, name string) string {
	f := strings.SplitN(s.arn, ":", 4)
	region, account := "", ""
	if f[1] == "R" {
		region = a.region()
	}
	if f[2] == "A" {
		account = a.id
	}
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", f[0], region, account, fmt.Sprintf(f[3], name))
}

// handwritten is a policy as one person wrote it once.
func (a *account) handwritten() document {
	doc := policyOf()
	for i := range 1 + a.r.weighted(35, 25, 18, 12, 6, 4) {
		doc.Statement = append(doc.Statement, a.handwrittenStatement(i))
	}
	if a.r.chance(5) {
		doc.Version = "2008-10-17"
	}
	return doc
}

func (a *account) handwrittenStatement(i int) statement {
	s := statement{Effect: "Allow"}
	if a.r.chance(50) {
		s.Sid = fmt.Sprintf("Statement%d", i+1)
	}
	if a.r.chance(10) {
		s.Effect = "Deny"
	}
	service := usedServices[a.r.skewed(len(usedServices))]
	var actions []string
	for range 1 + a.r.weighted(30, 25, 20, 12, 8, 5) {
		if a.r.chance(20) {
			service = usedServices[a.r.skewed(len(usedServices))]
		}
		actions = append(actions, a.actionPattern(service))
	}
	if a.r.chance(3) {
		s.NotAction = actions
	} else {
		s.Action = actions
		if len(actions) == 1 && a.r.chance(60) {
			s.Action = actions[0]
		}
	}
	if resource := a.resourcePattern(service); a.r.chance(2) {
		s.NotResource = resource
	} else {
		s.Resource = resource
	}
	if a.r.chance(25) {
		s = a.condition(s)
	}
	return s
}

// skewed prefers small numbers: two thirds of what is drawn are of the first third.
func (r random) skewed(n int) int {
	if r.chance(50) {
		return r.IntN(1 + n/3)
	}
	return r.IntN(n)
}

func (a *account) actionPattern(s usedService) string {
	action := a.r.pick(s.actions)
	switch a.r.weighted(60, 30, 10) {
	case 1:
		verb := 1 + strings.IndexFunc(action[1:], func(c rune) bool { return 'A' <= c && c <= 'Z' })
		if verb == 0 {
			verb = len(action)
		}
		action = action[:verb] + "*"
	case 2:
		action = "*"
	}
	return s.prefix + ":" + action
}

func (a *account) resourcePattern(s usedService) any {
	team := a.r.pick(a.teams)
	name := fmt.Sprintf("%s-%s", team, a.r.hex(5))
	if s.prefix == "s3" {
		name = a.bucketPrefix(team) + "-" + a.r.hex(4)
	}
	switch a.r.weighted(40, 40, 20) {
	case 0:
		return "*"
	case 1:
		switch s.prefix {
		case "s3":
			return []string{a.arnOf(s, name), a.arnOf(s, name+"/*")}
		case "kms": // the names of keys say nothing
			return a.arnOf(s, "*")
		}
		return a.arnOf(s, name[:len(team)+1]+"*")
	}
	if s.prefix == "kms" {
		return a.arnOf(s, a.r.pick(a.keys))
	}
	return a.arnOf(s, name)
}

// condition adds one condition to a statement.
func (a *account) condition(s statement) statement {
	r := a.r
	switch r.IntN(12) {
	case 0:
		return s.when("Bool", "aws:MultiFactorAuthPresent", "true")
	case 1:
		return s.when("IpAddress", "aws:SourceIp", []string{fmt.Sprintf("10.%d.0.0/16", r.IntN(256)), fmt.Sprintf("198.51.100.%d/32", r.IntN(256))})
	case 2:
		return s.when("StringEquals", "aws:SourceVpce", "vpce-"+r.hex(17))
	case 3:
		return s.when("StringEquals", "aws:PrincipalOrgID", a.orgID)
	case 4:
		return s.when("StringEquals", "aws:RequestedRegion", []string{r.pick(regions), a.region()})
	case 5:
		return s.when("StringEquals", "aws:ResourceTag/team", r.pick(a.teams))
	case 6:
		return s.when("StringLike", "aws:ResourceTag/env", "dev*")
	case 7:
		return s.when("StringEquals", "aws:ResourceTag/team", "${aws:PrincipalTag/team}")
	case 8:
		return s.when("DateLessThan", "aws:CurrentTime", fmt.Sprintf("2027-%02d-01T00:00:00Z", 1+r.IntN(12)))
	case 9:
		return s.when("Bool", "aws:SecureTransport", "true")
	case 10:
		return s.when("ArnLike", "aws:PrincipalArn", a.iam("role/*"+r.pick(a.teams)+"*"))
	}
	return s.when("StringEqualsIfExists", "aws:PrincipalTag/env", a.env).when("NumericLessThanEquals", "aws:MultiFactorAuthAge", fmt.Sprint(600*(1+r.IntN(12))))
}
