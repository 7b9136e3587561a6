package query_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render"
	"github.com/accessgraph/accessgraph/query/thirdparty"
)

// The accounts of the organization of externalFacts: the owner of what is open and a neighbour, which were read, and a member that was not.
const (
	owner     = "111111111111"
	neighbour = "222222222222"
	unread    = "333333333333"
	vendor    = "464622532012"
	stranger  = "888888888888"
	ownOrg    = "o-ownorg1234"
	otherOrg  = "o-other56789"
)

// opened is one thing that may be open to somebody outside.
type opened struct {
	kind    string // role, bucket, topic, domain, key
	policy  string // statements, Effect Allow and Resource left out where they are usual
	rcp     string // statements of an RCP on the root
	grants  []*graph.KMSGrant
	attrs   graph.ResourceAttributes
	o       query.Options
	clauses string
	want    []string // rows: kind id verdict actions [risks] conditions
}

var resourceARNs = map[string][2]string{
	"role":   {"arn:aws:iam::" + owner + ":role/Open", "AWS::IAM::Role"},
	"bucket": {"arn:aws:s3:::data", "AWS::S3::Bucket"},
	"topic":  {"arn:aws:sns:us-east-1:" + owner + ":news", "AWS::SNS::Topic"},
	"domain": {"arn:aws:es:us-east-1:" + owner + ":domain/search", "AWS::OpenSearchService::Domain"},
	"key":    {"arn:aws:kms:us-east-1:" + owner + ":key/1234abcd-12ab-34cd-56ef-1234567890ab", "AWS::KMS::Key"},
}

// externalFacts is an organization in which one thing is open.
func externalFacts(c *opened) *graph.Facts {
	facts := &graph.Facts{Documents: map[graph.DocumentHash]*graph.Document{}}
	put := func(statements string) graph.DocumentHash {
		text := []byte(`{"Version":"2012-10-17","Statement":[` + statements + `]}`)
		h := graph.DocumentHash(graph.HashOf(text))
		facts.Documents[h] = &graph.Document{Hash: h, Canonical: text}
		return h
	}
	trust := put(`{"Effect":"Allow","Principal":{"AWS":"` + owner + `"},"Action":"sts:AssumeRole"}`)
	account := &graph.Account{ID: owner, Roles: []*graph.Role{{ARN: "arn:aws:iam::" + owner + ":role/Inner", Name: "Inner", ID: "AROAINNERINNERINNER", Trust: trust}}}
	other := &graph.Account{ID: neighbour, Roles: []*graph.Role{{ARN: "arn:aws:iam::" + neighbour + ":role/Next", Name: "Next", ID: "AROANEXTNEXTNEXTNEXT", Trust: trust}}}
	for _, a := range []*graph.Account{account, other} {
		a.Coverage = []graph.Coverage{{Kind: graph.KindIAM, State: graph.CoverageComplete}, {Kind: graph.KindResourcePolicies, State: graph.CoverageComplete}}
	}
	arn := resourceARNs[c.kind]
	if c.kind == "role" {
		account.Roles = append(account.Roles, &graph.Role{ARN: graph.ARN(arn[0]), Name: "Open", ID: "AROAOPENOPENOPENOPEN", Trust: put(c.policy)})
	} else {
		account.Resources = []*graph.Resource{{ARN: graph.ARN(arn[0]), Type: arn[1], Region: "us-east-1", Policy: put(c.policy), TagsKnown: true, Attributes: c.attrs}}
	}
	for _, g := range c.grants {
		g.Key = graph.ARN(arn[0])
		account.Grants = append(account.Grants, g)
	}
	facts.Accounts = []*graph.Account{account, other}
	facts.Organization = &graph.Organization{
		ID: ownOrg, ManagementAccount: unread, FeatureSet: "ALL",
		Roots:    []graph.OrganizationRoot{{ID: "r-ab12", PolicyTypes: []string{graph.ResourceControlPolicy}}},
		Accounts: []graph.OrganizationAccount{{ID: owner, ParentID: "r-ab12"}, {ID: neighbour, ParentID: "r-ab12"}, {ID: unread, ParentID: "r-ab12"}},
	}
	if c.rcp != "" {
		facts.Organization.Policies = []graph.OrganizationPolicy{{ID: "p-1", Name: "Perimeter", Type: graph.ResourceControlPolicy, Document: put(c.rcp), Targets: []string{"r-ab12"}}}
	}
	return facts
}

// rowText is a row in one line.
func rowText(r *answer.External) string {
	text := fmt.Sprintf("%s %s %s %s", r.Grantee.Kind, r.Grantee.ID, r.Verdict, strings.Join(r.Actions, ","))
	if len(r.Risks) > 0 {
		text += " [" + strings.Join(r.Risks, " ") + "]"
	}
	if r.Conditions != "" {
		text += " " + r.Conditions
	}
	return text
}

func (c *opened) rows(t *testing.T) []*answer.External {
	t.Helper()
	e, err := query.New(t.Context(), externalFacts(c), answer.Snapshot{})
	if err != nil {
		t.Fatal(err)
	}
	form := "external access "
	if c.kind == "role" {
		form = "external trust "
	}
	a, err := e.Ask(t.Context(), form+c.clauses, c.o)
	if err != nil {
		t.Fatal(err)
	}
	all, err := answer.Collect(a.Rows)
	if err != nil {
		t.Fatal(err)
	}
	var out []*answer.External
	for _, r := range all {
		out = append(out, r.(*answer.External))
	}
	return out
}

func trusts(principal, more string) string {
	return `{"Effect":"Allow","Principal":` + principal + `,"Action":"sts:AssumeRole"` + more + `}`
}

func reads(principal, more string) string {
	return `{"Effect":"Allow","Principal":` + principal + `,"Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"` + more + `}`
}

// denied is the deny of what a statement grants.
func denied(statement string) string { return strings.Replace(statement, "Allow", "Deny", 1) }

func publishes(principal, more string) string {
	return `{"Effect":"Allow","Principal":` + principal + `,"Action":"sns:Publish","Resource":"*"` + more + `}`
}

func condition(op, key string, values ...string) string {
	list, _ := json.Marshal(values)
	return `,"Condition":{"` + op + `":{"` + key + `":` + string(list) + `}}`
}

const (
	anybody = `"*"`
	github  = "arn:aws:iam::" + owner + ":oidc-provider/token.actions.githubusercontent.com"
	cognito = "cognito-identity.amazonaws.com"
)

func federated(provider, more string) string {
	return `{"Effect":"Allow","Principal":{"Federated":"` + provider + `"},"Action":"sts:AssumeRoleWithWebIdentity"` + more + `}`
}

// AWS's pattern against confused deputies, for a whole organization.
const deputyRCP = `{"Effect":"Deny","Principal":"*","Action":["sns:*","sts:*","s3:*","kms:*","sqs:*","secretsmanager:*"],"Resource":"*","Condition":{
	"StringNotEqualsIfExists":{"aws:SourceOrgID":"` + ownOrg + `"},"Null":{"aws:SourceAccount":"false"},"Bool":{"aws:PrincipalIsAWSService":"true"}}}`

// TestExternal holds who outside the zone of trust gets in, and with what marks: the tests E-t4 and E-t10 to E-t15 of the rules among others.
func TestExternal(t *testing.T) {
	const sub = "token.actions.githubusercontent.com:sub"
	for name, c := range map[string]*opened{
		"E-t4: an account outside the zone, its own policies aside": {
			kind: "role", policy: trusts(`{"AWS":"`+neighbour+`"}`, ""), o: query.Options{Zone: []string{owner}},
			want: []string{"account " + neighbour + " allowed sts:AssumeRole [no-external-id]"},
		},
		"E-t4: the same inside":      {kind: "role", policy: trusts(`{"AWS":"`+neighbour+`"}`, "")},
		"a member that was not read": {kind: "role", policy: trusts(`{"AWS":"`+unread+`"}`, "")},
		"E-t10: a tenant without its separator is anybody": {
			kind: "role", policy: federated(github, condition("StringLike", sub, "repo:acme*")),
			want: []string{"provider " + github + " conditional sts:AssumeRoleWithWebIdentity [public open-subject] " + sub + " like repo:acme*"},
		},
		"E-t10: a tenant with it is not": {
			kind: "role", policy: federated(github, condition("StringLike", sub, "repo:acme/*")),
			want: []string{"provider " + github + " conditional sts:AssumeRoleWithWebIdentity " + sub + " like repo:acme/*"},
		},
		"one of two patterns is open": {
			kind: "role", policy: federated(github, condition("StringLike", sub, "repo:acme/*", "repo:*:ref:refs/heads/main")),
			want: []string{"provider " + github + " conditional sts:AssumeRoleWithWebIdentity [public open-subject] " + sub + " like (repo:acme/*, repo:*:ref:refs/heads/main)"},
		},
		"no subject at all": {
			kind: "role", policy: federated(github, condition("StringEquals", "token.actions.githubusercontent.com:aud", "sts.amazonaws.com")),
			want: []string{"provider " + github + " conditional sts:AssumeRoleWithWebIdentity [public no-subject-condition] token.actions.githubusercontent.com:aud = sts.amazonaws.com"},
		},
		"an open subject that a deny closes": {
			kind: "role", policy: federated(github, "") + "," + strings.Replace(federated(github, condition("StringNotLike", sub, "repo:acme/*")), "Allow", "Deny", 1),
			want: []string{"provider " + github + " conditional sts:AssumeRoleWithWebIdentity " + sub + " like repo:acme/*"},
		},
		"another claim says the tenant": {
			kind: "role", policy: federated(github, condition("StringEquals", "token.actions.githubusercontent.com:repository_owner", "acme")),
			want: []string{"provider " + github + " conditional sts:AssumeRoleWithWebIdentity token.actions.githubusercontent.com:repository_owner = acme"},
		},
		"a provider that is trusted": {
			kind: "role", policy: federated(github, ""), o: query.Options{Trust: []string{"arn:aws:iam::*:oidc-provider/token.actions.githubusercontent.com"}},
		},
		"a star names no provider": {kind: "role", policy: federated("*", "")},
		"users of one's own server": {
			kind: "role", policy: federated("arn:aws:iam::"+owner+":oidc-provider/login.example.com", ""),
			want: []string{"provider arn:aws:iam::" + owner + ":oidc-provider/login.example.com allowed sts:AssumeRoleWithWebIdentity [no-subject-condition]"},
		},
		"E21: Cognito without saying who": {
			kind: "role", policy: federated(cognito, condition("StringEquals", cognito+":aud", "us-east-1:pool")),
			want: []string{"provider " + cognito + " conditional sts:AssumeRoleWithWebIdentity [public anonymous] " + cognito + ":aud = 'us-east-1:pool'"},
		},
		"E21: Cognito, those who signed in": {
			kind: "role", policy: federated(cognito, `,"Condition":{"StringEquals":{"`+cognito+`:aud":"us-east-1:pool"},"ForAnyValue:StringLike":{"`+cognito+`:amr":"authenticated"}}`),
			want: []string{"provider " + cognito + " conditional sts:AssumeRoleWithWebIdentity any " + cognito + ":amr like authenticated and " + cognito + ":aud = 'us-east-1:pool'"},
		},
		"IAM Identity Center": {
			kind: "role", policy: `{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::` + owner + `:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"},"Action":"sts:AssumeRoleWithSAML"}`,
		},
		"a corporate provider": {
			kind: "role", policy: `{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::` + owner + `:saml-provider/Corp"},"Action":["sts:AssumeRoleWithSAML","sts:TagSession"]}`,
			want: []string{"provider arn:aws:iam::" + owner + ":saml-provider/Corp allowed sts:AssumeRoleWithSAML,sts:TagSession"},
		},
		"tagging alone lets nobody in":  {kind: "role", policy: `{"Effect":"Allow","Principal":{"AWS":"` + stranger + `"},"Action":"sts:TagSession"}`},
		"E-t11: one's own organization": {kind: "bucket", policy: reads(anybody, condition("StringEquals", "aws:PrincipalOrgID", ownOrg))},
		"E-t11: seen from one account of it": {
			kind: "bucket", policy: reads(anybody, condition("StringEquals", "aws:PrincipalOrgID", ownOrg)), o: query.Options{Zone: []string{owner}},
			want: []string{"organization " + ownOrg + " allowed s3:GetObject [organization-wide]"},
		},
		"an organization outside": {
			kind: "bucket", policy: reads(anybody, condition("StringEquals", "aws:PrincipalOrgID", otherOrg)),
			want: []string{"organization " + otherOrg + " allowed s3:GetObject [organization-wide]"},
		},
		"an organization outside that is trusted": {
			kind: "bucket", policy: reads(anybody, condition("StringEquals", "aws:PrincipalOrgID", otherOrg)), o: query.Options{Trust: []string{otherOrg}},
		},
		"paths of an organization outside": {
			kind: "bucket", policy: reads(anybody, condition("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", otherOrg+"/*")),
			want: []string{"organization " + otherOrg + " allowed s3:GetObject [organization-wide]"},
		},
		"anybody": {kind: "bucket", policy: reads(anybody, ""), want: []string{"public * allowed s3:GetObject [public anonymous]"}},
		"anybody but those of an organization": {
			kind: "bucket", policy: reads(anybody, condition("StringNotEquals", "aws:PrincipalOrgID", otherOrg)),
			want: []string{"public * allowed s3:GetObject [public anonymous]"},
		},
		"two accounts that a condition names": {
			kind: "bucket", policy: reads(anybody, condition("StringEquals", "aws:PrincipalAccount", stranger, neighbour, vendor)),
			want: []string{"account " + vendor + " allowed s3:GetObject", "account " + stranger + " allowed s3:GetObject"},
		},
		"roles of one account": {
			kind: "bucket", policy: reads(anybody, condition("ArnLike", "aws:PrincipalArn", "arn:aws:iam::"+stranger+":role/*")),
			want: []string{"account " + stranger + " conditional s3:GetObject aws:PrincipalArn arnlike arn:aws:iam::" + stranger + ":role/*"},
		},
		"roles of a name in any account": {
			kind: "bucket", policy: reads(anybody, condition("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/Reader")),
			want: []string{"public * conditional s3:GetObject [public] aws:PrincipalArn arnlike arn:aws:iam::*:role/Reader"},
		},
		"a principal inside, by its id": {kind: "bucket", policy: reads(anybody, condition("StringLike", "aws:userid", "AROANEXTNEXTNEXTNEXT:*"))},
		"a principal outside, by its id": {
			kind: "bucket", policy: reads(anybody, condition("StringLike", "aws:userid", "AROAELSEELSEELSEELSE:*")),
			want: []string{"role AROAELSEELSEELSEELSE conditional s3:GetObject aws:userid like AROAELSEELSEELSEELSE:*"},
		},
		"one principal inside, by a deny": {
			kind: "bucket", policy: reads(anybody, "") + "," + denied(reads(anybody, condition("ArnNotEquals", "aws:PrincipalArn", "arn:aws:iam::"+owner+":role/Inner"))),
		},
		"principals inside by their ids, and the root user, by a deny": {
			kind: "bucket", policy: reads(anybody, "") + "," + denied(reads(anybody, condition("StringNotLike", "aws:userid", "AROAINNERINNERINNER:*", owner))),
		},
		"the root user of an account, by its id": {
			kind: "bucket", policy: reads(anybody, condition("StringEquals", "aws:userid", stranger)),
			want: []string{"account " + stranger + " conditional s3:GetObject aws:userid = " + stranger},
		},
		"a role has no account for an id": {kind: "bucket", policy: reads(`{"AWS":"arn:aws:iam::`+stranger+`:role/R"}`, condition("StringEquals", "aws:userid", stranger))},
		"roles of one account, in any partition": {
			kind: "bucket", policy: reads(anybody, condition("ArnLike", "aws:PrincipalArn", "arn:*:iam::"+stranger+":role/*")),
			want: []string{"account " + stranger + " conditional s3:GetObject aws:PrincipalArn arnlike arn:*:iam::" + stranger + ":role/*"},
		},
		"one account of an organization": {
			kind: "bucket", policy: reads(anybody, `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"`+otherOrg+`","aws:PrincipalAccount":"`+stranger+`"}}`),
			want: []string{"account " + stranger + " conditional s3:GetObject aws:PrincipalOrgID = " + otherOrg},
		},
		"an organization, and an account that an RCP spares": {
			kind: "bucket", policy: reads(anybody, condition("StringEquals", "aws:PrincipalOrgID", otherOrg)),
			rcp:  `{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalAccount":"` + vendor + `"}}}`,
			want: []string{"organization " + otherOrg + " allowed s3:GetObject [organization-wide]"},
		},
		"who is spared by a deny of everybody else": {
			kind: "bucket", policy: reads(anybody, "") + `,{"Effect":"Deny","NotPrincipal":{"AWS":["` + stranger + `","arn:aws:iam::` + stranger + `:user/Reader"]},"Action":"s3:*","Resource":"arn:aws:s3:::data/*"}`,
			want: []string{"user arn:aws:iam::" + stranger + ":user/Reader allowed s3:GetObject"},
		},
		"access points of an account": {
			kind: "bucket", policy: reads(anybody, condition("StringEquals", "s3:DataAccessPointAccount", owner)),
			want: []string{"network " + owner + " conditional s3:GetObject s3:DataAccessPointAccount = " + owner},
		},
		"a VPC endpoint": {
			kind: "bucket", policy: reads(anybody, condition("StringEquals", "aws:SourceVpce", "vpce-1", "vpce-2")),
			want: []string{"network vpce-1 conditional s3:GetObject aws:SourceVpce = vpce-1", "network vpce-2 conditional s3:GetObject aws:SourceVpce = vpce-2"},
		},
		"a VPC endpoint, by a deny": {
			kind: "bucket", policy: reads(anybody, "") + "," + strings.Replace(reads(anybody, condition("StringNotEquals", "aws:SourceVpce", "vpce-1")), "Allow", "Deny", 1),
			want: []string{"network vpce-1 conditional s3:GetObject aws:SourceVpce = vpce-1"},
		},
		"what callers choose bounds nobody": {
			kind: "bucket", policy: reads(anybody, condition("StringEquals", "aws:Referer", "https://example.com/")),
			want: []string{"public * conditional s3:GetObject [public anonymous] aws:referer = https://example.com/"},
		},
		"everybody but one": {
			kind: "bucket", policy: `{"Effect":"Allow","NotPrincipal":{"AWS":"` + stranger + `"},"Action":"s3:*","Resource":"arn:aws:s3:::data/*"}`,
			want: []string{"public * allowed s3:* [public anonymous wildcard not-principal]"},
		},
		"listing and reading are one row": {
			kind: "bucket", policy: `{"Effect":"Allow","Principal":{"AWS":"` + vendor + `"},"Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::data","arn:aws:s3:::data/*"]}`,
			want: []string{"account " + vendor + " allowed s3:GetObject,s3:ListBucket"},
		},
		"reading here and writing there are two": {
			kind: "bucket", policy: reads(`{"AWS":"`+vendor+`"}`, "") + `,{"Effect":"Allow","Principal":{"AWS":"` + vendor + `"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::data/in/*"}`,
			want: []string{"account " + vendor + " allowed s3:GetObject", "account " + vendor + " allowed s3:PutObject"},
		},
		"RestrictPublicBuckets": {kind: "bucket", policy: reads(anybody, ""), attrs: graph.ResourceAttributes{BlockPublicAccess: &graph.PublicAccessBlock{RestrictPublicBuckets: true}},
			want: []string{"service * allowed s3:GetObject [confused-deputy]"}},
		"an ACL": {
			kind: "bucket", policy: reads(`{"AWS":"`+owner+`"}`, ""), attrs: graph.ResourceAttributes{ACL: []graph.ACLGrant{{Grantee: "http://acs.amazonaws.com/groups/global/AllUsers", Permission: "READ_ACP"}}},
			want: []string{"public * allowed s3:GetBucketAcl [public anonymous]"},
		},
		"a share with a unit of one's own organization": {
			kind: "topic", policy: publishes(`{"AWS":"`+owner+`"}`, ""), attrs: graph.ResourceAttributes{SharedWith: []string{"arn:aws:organizations::" + unread + ":ou/" + ownOrg + "/ou-ab12-11111111"}},
		},
		"a share with a unit of another": {
			kind: "topic", policy: publishes(`{"AWS":"`+owner+`"}`, ""), attrs: graph.ResourceAttributes{SharedWith: []string{"arn:aws:organizations::" + stranger + ":ou/" + otherOrg + "/ou-cd34-11111111"}},
			want: []string{"organization " + otherOrg + " unknown sns:* [organization-wide] any aws:PrincipalOrgPaths like " + otherOrg + "/*/ou-cd34-11111111/*"},
		},
		"an ACL for S3's logs": {
			kind: "bucket", attrs: graph.ResourceAttributes{ACL: []graph.ACLGrant{{Grantee: "http://acs.amazonaws.com/groups/s3/LogDelivery", Permission: "WRITE"}}},
			policy: reads(`{"AWS":"`+owner+`"}`, ""),
			want:   []string{"service logging.s3.amazonaws.com allowed s3:DeleteObject,s3:DeleteObjectVersion,s3:PutObject [confused-deputy]"},
		},
		"an ACL for whoever signs": {
			kind: "bucket", policy: reads(`{"AWS":"`+owner+`"}`, ""), attrs: graph.ResourceAttributes{ACL: []graph.ACLGrant{{Grantee: "http://acs.amazonaws.com/groups/global/AuthenticatedUsers", Permission: "READ_ACP"}}},
			want: []string{"public * allowed s3:GetBucketAcl [public]"},
		},
		"E-t12: SNS's own policy": {kind: "topic", policy: publishes(`{"AWS":"*"}`, condition("StringEquals", "AWS:SourceOwner", owner))},
		"E-t13: a service without a source": {
			kind: "topic", policy: publishes(`{"Service":"s3.amazonaws.com"}`, ""),
			want: []string{"service s3.amazonaws.com allowed sns:Publish [confused-deputy]"},
		},
		"a service with two grants": {
			kind: "topic", policy: publishes(`{"Service":"s3.amazonaws.com"}`, "") + "," + strings.Replace(publishes(`{"Service":"s3.amazonaws.com"}`, condition("StringEquals", "sns:Protocol", "https")), "Publish", "Subscribe", 1),
			want: []string{"service s3.amazonaws.com allowed sns:Publish [confused-deputy]", "service s3.amazonaws.com conditional sns:Subscribe [confused-deputy] sns:Protocol = https"},
		},
		"a source account": {kind: "topic", policy: publishes(`{"Service":"s3.amazonaws.com"}`, condition("StringEquals", "aws:SourceAccount", owner))},
		"a source account, if there": {
			kind: "topic", policy: publishes(`{"Service":"s3.amazonaws.com"}`, condition("StringEqualsIfExists", "aws:SourceAccount", owner)),
			want: []string{"service s3.amazonaws.com conditional sns:Publish [confused-deputy] aws:SourceAccount = " + owner + " or aws:SourceAccount is absent"},
		},
		"a source account outside": {
			kind: "topic", policy: publishes(`{"Service":"s3.amazonaws.com"}`, condition("StringEquals", "aws:SourceAccount", stranger)),
			want: []string{"service s3.amazonaws.com conditional sns:Publish [outside-source] aws:SourceAccount = " + stranger},
		},
		"source accounts inside and outside": {
			kind: "topic", policy: publishes(`{"Service":"s3.amazonaws.com"}`, condition("StringEquals", "aws:SourceAccount", owner, stranger)),
			want: []string{"service s3.amazonaws.com conditional sns:Publish [outside-source] aws:SourceAccount in (" + owner + ", " + stranger + ")"},
		},
		"a source organization": {kind: "topic", policy: publishes(`{"Service":"s3.amazonaws.com"}`, condition("StringEquals", "aws:SourceOrgID", ownOrg))},
		"a source organization outside": {
			kind: "topic", policy: publishes(`{"Service":"s3.amazonaws.com"}`, condition("StringEquals", "aws:SourceOrgID", otherOrg)),
			want: []string{"service s3.amazonaws.com conditional sns:Publish [outside-source] aws:SourceOrgID = " + otherOrg},
		},
		"paths of a source organization outside": {
			kind: "topic", policy: publishes(`{"Service":"s3.amazonaws.com"}`, condition("ForAnyValue:StringLike", "aws:SourceOrgPaths", otherOrg+"/*")),
			want: []string{"service s3.amazonaws.com conditional sns:Publish [outside-source] any aws:SourceOrgPaths like " + otherOrg + "/*"},
		},
		"SNS's own policy, of another account": {
			kind: "topic", policy: publishes(`{"AWS":"*"}`, condition("StringEquals", "AWS:SourceOwner", stranger)),
			want: []string{"service * conditional sns:Publish [outside-source] aws:SourceOwner = " + stranger},
		},
		"a source outside that an RCP shuts out": {
			kind: "bucket", policy: reads(`{"Service":"sns.amazonaws.com"}`, condition("ArnEquals", "aws:SourceArn", "arn:aws:sns:us-east-1:"+stranger+":t")), rcp: deputyRCP,
		},
		"sources of one account":             {kind: "topic", policy: publishes(`{"Service":"cloudwatch.amazonaws.com"}`, condition("ArnLike", "aws:SourceArn", "arn:aws:cloudwatch:*:"+owner+":alarm:*"))},
		"a bucket, whose ARN has no account": {kind: "topic", policy: publishes(`{"Service":"s3.amazonaws.com"}`, condition("ArnEquals", "aws:SourceArn", "arn:aws:s3:::data"))},
		"buckets of any account": {
			kind: "topic", policy: publishes(`{"Service":"s3.amazonaws.com"}`, condition("ArnLike", "aws:SourceArn", "arn:aws:s3:::data*")),
			want: []string{"service s3.amazonaws.com conditional sns:Publish [confused-deputy] aws:SourceArn arnlike arn:aws:s3:::data*"},
		},
		"the source account of another source": {
			kind: "topic", policy: publishes(`{"Service":"s3.amazonaws.com"}`, `,"Condition":{"StringEquals":{"aws:SourceAccount":"`+stranger+`"},"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:`+owner+`:*"}}`),
		},
		"an RCP against confused deputies": {kind: "bucket", policy: reads(`{"Service":"macie.amazonaws.com"}`, ""), rcp: deputyRCP},
		"an RCP against other services' deputies": {
			kind: "bucket", policy: reads(`{"Service":"macie.amazonaws.com"}`, ""), rcp: strings.Replace(deputyRCP, `"s3:*",`, "", 1),
			want: []string{"service macie.amazonaws.com allowed s3:GetObject [confused-deputy]"},
		},
		"an RCP does nothing where it does not reach": {
			kind: "topic", policy: publishes(`{"Service":"s3.amazonaws.com"}`, ""), rcp: deputyRCP,
			want: []string{"service s3.amazonaws.com allowed sns:Publish [confused-deputy]"},
		},
		"any service, where anybody may": {kind: "topic", policy: publishes(anybody, ""), want: []string{"public * allowed sns:Publish [public anonymous]"}},
		"any service, where nobody else may": {
			kind: "topic", policy: publishes(anybody, condition("Bool", "aws:PrincipalIsAWSService", "true")),
			want: []string{"service * allowed sns:Publish [confused-deputy]"},
		},
		"what lies in a search domain": {
			kind: "domain", policy: `{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"es:*","Resource":"arn:aws:es:us-east-1:` + owner + `:domain/search/*"` + condition("IpAddress", "aws:SourceIp", "203.0.113.0/24") + `}`,
			want: []string{"public * conditional es:* [public anonymous wildcard] aws:SourceIp in 203.0.113.0/24"},
		},
		"E-t14: a grant on a key": {
			kind: "key", policy: `{"Effect":"Allow","Principal":{"AWS":"` + owner + `"},"Action":"kms:*","Resource":"*"}`,
			grants: []*graph.KMSGrant{{ID: "g1", Grantee: "arn:aws:iam::" + stranger + ":role/Reader", IssuingAccount: owner, Operations: []string{"Decrypt"}}},
			want:   []string{"role arn:aws:iam::" + stranger + ":role/Reader allowed kms:Decrypt"},
		},
		"E-t15: a principal that was deleted": {
			kind: "role", policy: trusts(`{"AWS":"AROADELETEDDELETED12"}`, ""), want: []string{"dangling AROADELETEDDELETED12 denied  [dangling-principal]"},
		},
		"the id of one that is there": {kind: "role", policy: trusts(`{"AWS":"AROANEXTNEXTNEXTNEXT"}`, "")},
		"the id of one that is outside": {
			kind: "role", policy: trusts(`{"AWS":"AROANEXTNEXTNEXTNEXT"}`, ""), o: query.Options{Zone: []string{owner}},
			want: []string{"role arn:aws:iam::" + neighbour + ":role/Next allowed sts:AssumeRole [no-external-id]"},
		},
		"an external id": {
			kind: "role", policy: trusts(`{"AWS":"`+vendor+`"}`, condition("StringEquals", "sts:ExternalId", "x-1")),
			want: []string{"account " + vendor + " conditional sts:AssumeRole sts:ExternalId = x-1"},
		},
		"an external id, if there": {
			kind: "role", policy: trusts(`{"AWS":"`+vendor+`"}`, condition("StringEqualsIfExists", "sts:ExternalId", "x-1")),
			want: []string{"account " + vendor + " conditional sts:AssumeRole [no-external-id] sts:ExternalId = x-1 or sts:ExternalId is absent"},
		},
		"an external id that may be anything": {
			kind: "role", policy: trusts(`{"AWS":"`+vendor+`"}`, condition("StringLike", "sts:ExternalId", "x*")),
			want: []string{"account " + vendor + " conditional sts:AssumeRole [no-external-id] sts:ExternalId like x*"},
		},
		"an external id, by a deny": {
			kind: "role", policy: trusts(`{"AWS":"`+vendor+`"}`, "") + "," + strings.Replace(trusts(anybody, condition("StringNotEquals", "sts:ExternalId", "x-1")), "Allow", "Deny", 1),
			want: []string{"account " + vendor + " conditional sts:AssumeRole sts:ExternalId = x-1"},
		},
		"any account may assume it": {
			kind: "role", policy: trusts(`{"AWS":"*"}`, ""), want: []string{"public * allowed sts:AssumeRole [public]"},
		},
		"a role for instances": {kind: "role", policy: trusts(`{"Service":"ec2.amazonaws.com"}`, "")},
		"a role for a service that acts for customers": {
			kind: "role", policy: trusts(`{"Service":"cloudformation.amazonaws.com"}`, ""),
			want: []string{"service cloudformation.amazonaws.com allowed sts:AssumeRole [confused-deputy]"},
		},
		"when: what is asked about alone": {
			kind: "role", policy: trusts(`{"AWS":"`+vendor+`"}`, condition("StringEquals", "sts:ExternalId", "x-1")), clauses: "when sts:ExternalId is absent",
		},
		"in: another account": {kind: "role", policy: trusts(`{"AWS":"`+vendor+`"}`, ""), clauses: "in account " + neighbour},
		"on: another bucket":  {kind: "bucket", policy: reads(anybody, ""), clauses: "on arn:aws:s3:::other/*"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, r := range c.rows(t) {
				got = append(got, rowText(r))
				if (r.Witness == nil) != (r.Verdict == answer.Denied) || len(r.Via) == 0 {
					t.Errorf("%s: witness %v, via %v", rowText(r), r.Witness, r.Via)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
		})
	}
}

// TestExternalFields holds what stages see of a row, and whose name a grantee has.
func TestExternalFields(t *testing.T) {
	parties, err := thirdparty.Known()
	if err != nil {
		t.Fatal(err)
	}
	if err := parties.Add("mine.json", []byte(`{"parties":[{"name":"Partner","accounts":["`+stranger+`"]}]}`)); err != nil {
		t.Fatal(err)
	}
	c := &opened{kind: "role", policy: trusts(`{"AWS":["`+vendor+`","arn:aws:iam::`+stranger+`:role/Scan"]}`, ""), o: query.Options{ThirdParties: parties}}
	e, err := query.New(t.Context(), externalFacts(c), answer.Snapshot{})
	if err != nil {
		t.Fatal(err)
	}
	for question, want := range map[string]int{
		"external trust | where third_party and not external_id": 2, "external trust | where external_id": 0,
		"external trust | where grantee.name = Datadog": 1, "external trust | where grantee.name = Partner and grantee.kind = role": 1,
		"external trust | where grantee.id = " + vendor: 1, "external trust | where risks contains 'no-external-id'": 2,
		"external access | where resource like 'role/*'": 2, "external trust | where risks contains public": 0,
	} {
		a, err := e.Ask(t.Context(), question, c.o)
		if err != nil {
			t.Errorf("%s: %v", question, err)
			continue
		}
		rows, err := answer.Collect(a.Rows)
		if err != nil || len(rows) != want {
			t.Errorf("%s: %d rows, %v, want %d", question, len(rows), err, want)
		}
	}
}

// TestSampleExternal holds who of outside gets into the sample, as tables and in every other format.
func TestSampleExternal(t *testing.T) {
	var b strings.Builder
	for _, q := range []string{
		"external access", "external trust", "external trust | where third_party and not external_id", "external access in ou Core",
		"external access | select resource, grantee.kind, grantee.id, grantee.name, risks, via.sid", "external access | group by risks count",
	} {
		a := keep(t, sample(t), q)
		b.WriteString("> " + q + "\n" + a.render(t, render.Table) + "\n")
		for _, f := range render.Formats() {
			if got := countRows(t, f, a.render(t, f)); got != len(a.rows) {
				t.Errorf("%s as %s has %d rows, want %d", q, f, got, len(a.rows))
			}
		}
	}
	a := keep(t, sample(t), "external access")
	golden(t, "sample-external.golden", b.String()+"> external access, wide\n"+a.render(t, render.Wide)+"\n> external access, for programs\n"+a.render(t, render.NDJSON))
}

// TestPathsOfSpelledOut holds from whom paths begin where a trust policy names everybody and a condition says who: not from anybody.
func TestPathsOfSpelledOut(t *testing.T) {
	sparing := `{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalAccount":"` + vendor + `"}}}`
	for name, c := range map[string]struct {
		more  string
		trust []string
		want  map[string][]string // source -> where paths begin
	}{
		"anybody": {want: map[string][]string{"external": {"public *"}, "public": {"public *"}}},
		"one role of an account": {more: condition("ArnLike", "aws:PrincipalArn", "arn:aws:iam::"+stranger+":role/x"), want: map[string][]string{
			"external": {"account arn:aws:iam::" + stranger + ":root"}, "account " + stranger: {"account arn:aws:iam::" + stranger + ":root"}, "public": nil,
		}},
		"an organization": {more: condition("StringEquals", "aws:PrincipalOrgID", otherOrg), want: map[string][]string{
			"external": {"organization " + otherOrg}, "public": nil,
		}},
		"an organization that is trusted": {more: condition("StringEquals", "aws:PrincipalOrgID", otherOrg), trust: []string{otherOrg}, want: map[string][]string{"external": nil}},
		"one account of an organization": {
			more: `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"` + otherOrg + `","aws:PrincipalAccount":"` + stranger + `"}}`,
			want: map[string][]string{"external": {"account arn:aws:iam::" + stranger + ":root"}, "public": nil},
		},
		"one's own organization":         {more: condition("StringEquals", "aws:PrincipalOrgID", ownOrg), want: map[string][]string{"external": nil, "public": nil}},
		"principals inside by their ids": {more: condition("StringLike", "aws:userid", "AROAINNERINNERINNER:*", owner), want: map[string][]string{"external": nil, "public": nil}},
		"roles of a name in any account": {more: condition("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/x"), want: map[string][]string{"external": {"public *"}, "public": {"public *"}}},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := query.New(t.Context(), externalFacts(&opened{kind: "role", policy: trusts(`{"AWS":"*"}`, c.more), rcp: sparing}), answer.Snapshot{})
			if err != nil {
				t.Fatal(err)
			}
			for from, want := range c.want {
				a, err := e.Ask(t.Context(), "paths from "+from+" to "+resourceARNs["role"][0], query.Options{Trust: c.trust})
				if err != nil {
					t.Fatal(err)
				}
				rows, err := answer.Collect(a.Rows)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, r := range rows {
					got = append(got, r.(*answer.Path).Kind+" "+r.(*answer.Path).Principal)
				}
				if !slices.Equal(got, want) {
					t.Errorf("from %s: %v, want %v", from, got, want)
				}
			}
		})
	}
}
