package files

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/graph"
)

// TestOddExports reads what real exports look like when they do not look like the manual.
func TestOddExports(t *testing.T) {
	const user = `"Arn":"arn:aws:iam::111122223333:user/u"`
	tests := []struct {
		name  string
		files map[string]string
		check func(t *testing.T, f *graph.Facts, r *Report)
	}{
		{"lists missing or null", map[string]string{"x.json": `{"UserDetailList":[{` + user + `,"GroupList":null,"UserPolicyList":null,"AttachedManagedPolicies":null,"PermissionsBoundary":null,"Tags":null}],"GroupDetailList":null,"Policies":null}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				if u := f.Accounts[0].Users[0]; u.Name != "u" || u.Path != "/" || u.Groups != nil || u.Boundary != "" {
					t.Errorf("user %+v", u)
				}
			}},
		{"one object where a list belongs", map[string]string{"x.json": `{"GroupDetailList":{"Arn":"arn:aws:iam::111122223333:group/g","AttachedManagedPolicies":{"PolicyName":"P","PolicyArn":"arn:aws:iam::aws:policy/P"}},"Policies":[{"Arn":"arn:aws:iam::aws:policy/P","DefaultVersionId":"v1","PolicyVersionList":{"VersionId":"v1","Document":` + allowAll + `}}]}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				a := f.Accounts[0]
				if len(a.Groups) != 1 || !slices.Equal(a.Groups[0].Attached, []graph.ARN{"arn:aws:iam::aws:policy/P"}) || !a.Policies[0].Versions[0].Default {
					t.Errorf("group %+v policy %+v", a.Groups[0], a.Policies[0])
				}
				if len(r.Incomplete) != 0 {
					t.Error(r.Incomplete)
				}
			}},
		{"group ARNs without account", map[string]string{"x.json": `{"GroupDetailList":[{"Arn":"arn:aws:iam::group/a"},{"Arn":"arn:aws:iam:::group/p/b"}],"UserDetailList":[{` + user + `,"GroupList":["a","b"]}]}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				g := f.Accounts[0].Groups
				if g[0].ARN != "arn:aws:iam::111122223333:group/a" || g[1].ARN != "arn:aws:iam::111122223333:group/p/b" || g[1].Path != "/p/" || g[1].Name != "b" {
					t.Errorf("groups %+v %+v", g[0], g[1])
				}
			}},
		{"other partitions", map[string]string{
			"cn.json":  `{"UserDetailList":[{"Arn":"arn:aws-cn:iam::444455556666:user/u","AttachedManagedPolicies":[{"PolicyArn":"arn:aws-cn:iam::aws:policy/P"}]}],"Policies":[{"Arn":"arn:aws-cn:iam::aws:policy/P","PolicyVersionList":[{"VersionId":"v3","IsDefaultVersion":true,"Document":` + allowAll + `}]}]}`,
			"gov.json": `{"RoleDetailList":[{"Arn":"arn:aws-us-gov:iam::777788889999:role/r","AssumeRolePolicyDocument":` + lambda + `}]}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				if len(f.Accounts) != 2 || f.Accounts[0].Policies[0].DefaultVersion != "v3" || len(f.Accounts[1].Policies) != 0 || len(r.Incomplete) != 0 {
					t.Errorf("accounts %+v %+v, %v", f.Accounts[0], f.Accounts[1], r.Incomplete)
				}
			}},
		{"times in other forms", map[string]string{"x.json": `{"UserDetailList":[{` + user + `,"CreateDate":"2024-05-06 07:08:09+02:00"},{"Arn":"arn:aws:iam::111122223333:user/v","CreateDate":1714972089.5},{"Arn":"arn:aws:iam::111122223333:user/w","CreateDate":""}]}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				u := f.Accounts[0].Users
				if got := fmt.Sprint(u[0].Created.UTC(), u[1].Created.UTC(), u[2].Created.IsZero()); got != "2024-05-06 05:08:09 +0000 UTC 2024-05-06 05:08:09.5 +0000 UTC true" {
					t.Error(got)
				}
			}},
		{"tags in every form", map[string]string{
			"111122223333/resource-policies.json": `{"ResourcePolicies":[{"Arn":"arn:aws:s3:::b","Type":"AWS::S3::Bucket","Region":"","Policy":null,"Tags":{"b":"2","a":"1"}},{"Arn":"arn:aws:kms:eu-west-1:111122223333:key/k","Type":"AWS::KMS::Key","Policy":` + anyKey + `,"Tags":[{"TagKey":"x","TagValue":"y"}]},{"Arn":"arn:aws:s3:::c","Type":"AWS::S3::Bucket","Tags":{}},{"Arn":"arn:aws:s3:::d","Type":"AWS::S3::Bucket","Tags":null}]}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				var got []string
				for _, v := range f.Accounts[0].Resources {
					got = append(got, fmt.Sprint(v.ARN, v.Region, v.TagsKnown, v.Tags, v.Policy.IsZero()))
				}
				want := []string{"arn:aws:kms:eu-west-1:111122223333:key/keu-west-1true [{x y}] false", "arn:aws:s3:::btrue [{a 1} {b 2}] true", "arn:aws:s3:::ctrue [] true", "arn:aws:s3:::dfalse [] true"}
				if !slices.Equal(got, want) || len(r.Incomplete) != 0 {
					t.Errorf("got  %q\nwant %q, %v", got, want, r.Incomplete)
				}
			}},
		{"pages behind each other in one file", map[string]string{"x.json": `{"UserDetailList":[{` + user + `}],"IsTruncated":true,"Marker":"m"}` + "\n" + oneRole},
			func(t *testing.T, f *graph.Facts, r *Report) {
				if len(f.Accounts[0].Users) != 1 || len(f.Accounts[0].Roles) != 1 || len(r.Incomplete) != 0 {
					t.Errorf("%+v %v", f.Accounts[0], r.Incomplete)
				}
			}},
		{"a page without account beside others", map[string]string{
			"1.json": oneRole, "2.json": `{"Policies":[{"Arn":"arn:aws:iam::aws:policy/P","DefaultVersionId":"v1","PolicyVersionList":[{"VersionId":"v1","Document":` + allowAll + `}]}],"IsTruncated":false}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				if len(f.Accounts) != 1 || len(f.Accounts[0].Policies) != 1 {
					t.Errorf("%+v", f.Accounts)
				}
			}},
		{"the last page is missing", map[string]string{"x.json": strings.TrimSuffix(oneRole, "}") + `,"IsTruncated":true,"Marker":"m"}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				if got := coverage(f.Accounts[0].Coverage); got != "iam||failed|truncated: the last page is missing\n" || !slices.Equal(r.Incomplete, []string{"account 111122223333: iam failed: truncated: the last page is missing"}) {
					t.Errorf("%s %v %v", got, r.Incomplete, r.Warnings)
				}
			}},
		{"what the CLI left out for --max-items", map[string]string{"1.json": strings.TrimSuffix(oneRole, "}") + `,"NextToken":"abc"}`, "2.json": `{"UserDetailList":[{` + user + `}],"NextToken":null}`, "kms-grants.json": `{"Grants":[{"KeyId":"arn:aws:kms:us-east-1:111122223333:key/k","GrantId":"g"}],"NextMarker":"m","Truncated":true}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				if got := coverage(f.Accounts[0].Coverage); got != "iam||complete|\nkms-grants||failed|truncated: the last page is missing\n" {
					t.Error(got)
				}
			}},
		{"coverage of a file that is not there", map[string]string{"x.json": oneRole, "coverage.json": `{"Accounts":{"111122223333":{"iam":{"":"complete"},"compute":{"":"complete"},"AWS::KMS::Key":{"":"complete"},"shares":{"":"not-asked"}}}}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				if want := []string{"account 111122223333: coverage says that compute is complete, and no file has any: was one forgotten?"}; !slices.Equal(r.Warnings, want) {
					t.Errorf("warnings %q", r.Warnings)
				}
			}},
		{"an account that only coverage speaks of", map[string]string{"x.json": oneRole, "coverage.json": `{"Accounts":{"444455556666":{"iam":{"":"denied","error":"AccessDenied"}}}}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				if got := f.Incomplete(); !slices.Equal(got, []string{"account 444455556666: iam denied: AccessDenied"}) || !slices.Equal(r.Incomplete, got) {
					t.Errorf("incomplete %q %q", got, r.Incomplete)
				}
			}},
		{"documents in every form that AWS accepts", map[string]string{"x.json": `{"UserDetailList":[{` + user + `,"UserPolicyList":[
			{"PolicyName":"one statement","PolicyDocument":{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"KMS:decrypt","Resource":"*"}}},
			{"PolicyName":"letter case","PolicyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["Kms:LIST*"],"Resource":"*","Condition":{"stringequals":{"AWS:PRINCIPALORGID":"o-a"},"FORALLVALUES:StringLike":{"aws:tagkeys":["a"]}}}]}},
			{"PolicyName":"old version","PolicyDocument":{"Version":"2008-10-17","Statement":[{"Effect":"Allow","NotAction":"iam:*","NotResource":"arn:aws:s3:::b"}]}},
			{"PolicyName":"no version","PolicyDocument":{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}},
			{"PolicyName":"bad Sid","PolicyDocument":{"Version":"2012-10-17","Statement":[{"Sid":"a b","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"a b","Effect":"Allow","Action":"*","Resource":"*"}]}}]}]}`,
			"r.json": `{"ResourcePolicies":[{"Arn":"arn:aws:sns:eu-west-1:111122223333:t","Type":"AWS::SNS::Topic","Policy":{"Id":"x","Statement":{"Principal":"*","Effect":"Allow","Action":"SNS:Publish","Resource":"*"}}},
				{"Arn":"arn:aws:ecr:eu-west-1:111122223333:repository/r","Type":"AWS::ECR::Repository","Policy":{"Version":"2012-10-17","Statement":[{"Principal":{"AWS":"111122223333"},"Effect":"Allow","Action":"ecr:*"}]}}]}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				if len(r.Warnings)+len(r.Incomplete) > 0 || len(f.Documents) != 7 {
					t.Errorf("%d documents, warnings %q, incomplete %q", len(f.Documents), r.Warnings, r.Incomplete)
				}
			}},
		{"a key without its policy", map[string]string{"x.json": `{"ResourcePolicies":[{"Arn":"arn:aws:kms:eu-west-1:111122223333:key/k","Type":"AWS::KMS::Key","Policy":null},{"Arn":"arn:aws:sqs:eu-west-1:111122223333:q","Type":"AWS::SQS::Queue","Policy":null}]}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				if want := []string{"account 111122223333: document missing: arn:aws:kms:eu-west-1:111122223333:key/k"}; !slices.Equal(r.Incomplete, want) {
					t.Errorf("incomplete %q", r.Incomplete)
				}
			}},
		{"an RCP of AWS and one of nobody", map[string]string{"o.json": `{"Organization":{"Id":"o-a","MasterAccountId":"111122223333","FeatureSet":"ALL"},"Policies":[
			{"Id":"p-RCPFullAWSAccess","Arn":"arn:aws:organizations::aws:policy/resource_control_policy/p-RCPFullAWSAccess","Type":"RESOURCE_CONTROL_POLICY","AwsManaged":true,"Content":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}},
			{"Id":"p-1","Arn":"arn:aws:organizations::111122223333:policy/o-a/resource_control_policy/p-1","Name":"Lost","Type":"RESOURCE_CONTROL_POLICY","AwsManaged":true},
			{"Id":"p-2","Arn":"arn:aws:organizations::111122223333:policy/o-a/tag_policy/p-2","Type":"TAG_POLICY","Content":{}}]}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				if want := []string{"document missing: arn:aws:organizations::111122223333:policy/o-a/resource_control_policy/p-1 policy Lost"}; !slices.Equal(r.Incomplete, want) {
					t.Errorf("incomplete %q", r.Incomplete)
				}
				if want := []string{"o.json:4: Policies[2]: policy of type TAG_POLICY not kept: it takes no part in access decisions"}; !slices.Equal(r.Warnings, want) || len(f.Organization.Policies) != 2 {
					t.Errorf("warnings %q", r.Warnings)
				}
			}},
		{"an empty account", map[string]string{"111122223333/account-authorization-details.json": `{"UserDetailList":[],"GroupDetailList":[],"RoleDetailList":[],"Policies":[]}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				if a := account(t, f, oneAccount); coverage(a.Coverage) != "iam||complete|\n" && coverage(a.Coverage) != "iam||complete\n" {
					t.Errorf("coverage %q", coverage(a.Coverage))
				}
			}},
		{"documents that are missing", map[string]string{"x.json": `{"UserDetailList":[{` + user + `,"GroupList":["gone"],"UserPolicyList":[{"PolicyName":"n","PolicyDocument":null},{"PolicyName":"m"}],"AttachedManagedPolicies":[{"PolicyArn":"arn:aws:iam::aws:policy/Gone"}],"PermissionsBoundary":{"PermissionsBoundaryType":"Policy","PermissionsBoundaryArn":"arn:aws:iam::111122223333:policy/Cap"}}],"RoleDetailList":[{"Arn":"arn:aws:iam::111122223333:role/r"}],"Policies":[{"Arn":"arn:aws:iam::111122223333:policy/NoVersion","DefaultVersionId":"v2","PolicyVersionList":[{"VersionId":"v1","Document":` + allowAll + `}]}]}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				golden(t, "missing.golden", coverage(f.Accounts[0].Coverage)+"\n"+strings.Join(r.Incomplete, "\n")+"\n")
			}},
		{"documents that are bad", map[string]string{"x.json": `{"UserDetailList":[{` + user + `,"UserPolicyList":[{"PolicyName":"number","PolicyDocument":7},{"PolicyName":"list","PolicyDocument":[]},{"PolicyName":"half","PolicyDocument":"{\"Version\":"},{"PolicyName":"percent","PolicyDocument":"%7B%ZZ"},{"PolicyName":"effect","PolicyDocument":{"Statement":{"Effect":"Maybe","Action":"*","Resource":"*"}}},{"PolicyName":"twice","PolicyDocument":{"Statement":[{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}]}},{"PolicyName":"bytes","PolicyDocument":"%FF%FE"}]}],` + oneRole[1:]},
			func(t *testing.T, f *graph.Facts, r *Report) {
				u := f.Accounts[0].Users[0]
				if len(u.Inline) != 7 || len(f.Documents) != 8 {
					t.Errorf("%d policies, %d documents", len(u.Inline), len(f.Documents))
				}
				if got := text(f, u.Inline[slices.IndexFunc(u.Inline, func(i graph.InlinePolicy) bool { return i.Name == "twice" })].Document); got != `{"Statement":[{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}]}` {
					t.Errorf("duplicate members were changed: %s", got)
				}
				golden(t, "bad.golden", coverage(f.Accounts[0].Coverage)+"\n"+strings.Join(r.Incomplete, "\n")+"\n\n"+strings.Join(r.Warnings, "\n")+"\n")
			}},
		{"only the default version counts", map[string]string{"x.json": `{"Policies":[{"Arn":"arn:aws:iam::111122223333:policy/P","DefaultVersionId":"v2","PolicyVersionList":[{"VersionId":"v2","IsDefaultVersion":true,"Document":` + allowAll + `},{"VersionId":"v1","Document":"rubbish"}]}]}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				if len(r.Warnings)+len(r.Incomplete) != 0 || len(f.Documents) != 2 {
					t.Errorf("%v %v", r.Warnings, r.Incomplete)
				}
			}},
		{"a role that was not used, and one of which nothing is known", map[string]string{"1.json": `{"RoleDetailList":[{"Arn":"arn:aws:iam::111122223333:role/idle","RoleId":"AROA1","AssumeRolePolicyDocument":` + quoteJSON(lambda) +
			`,"RoleLastUsed":{}},{"Arn":"arn:aws:iam::111122223333:role/unseen","RoleId":"AROA2","AssumeRolePolicyDocument":` + quoteJSON(lambda) + `,"RoleLastUsed":null}]}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				if used := f.Observations[0].RoleLastUsed; len(used) != 1 || used[0].ARN != "arn:aws:iam::111122223333:role/idle" || !used[0].Time.IsZero() {
					t.Errorf("last used: %+v", used)
				}
			}},
		{"an entity on two pages", map[string]string{"1.json": oneRole, "2.json": `{"RoleDetailList":[{"AssumeRolePolicyDocument":` + quoteJSON(lambda) + `,"Tags":[],"Arn":"arn:aws:iam::111122223333:role/app/r","RoleId":"AROA1","RoleLastUsed":{"LastUsedDate":"2026-01-01T00:00:00Z","Region":"us-east-1"}}]}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				if len(f.Accounts[0].Roles) != 1 || len(f.Observations[0].RoleLastUsed) != 1 || r.Entities["roles"] != 1 {
					t.Errorf("%+v %+v", f.Accounts[0], f.Observations)
				}
			}},
		{"observations never conflict", map[string]string{
			"1.json": `{"Policies":[{"Arn":"arn:aws:iam::111122223333:policy/P","DefaultVersionId":"v1","AttachmentCount":1,"PermissionsBoundaryUsageCount":4,"PolicyVersionList":[{"VersionId":"v1","Document":` + allowAll + `}]}]}`,
			"2.json": `{"Policies":[{"Arn":"arn:aws:iam::111122223333:policy/P","DefaultVersionId":"v1","AttachmentCount":3,"PermissionsBoundaryUsageCount":2,"PolicyVersionList":[{"VersionId":"v1","Document":` + allowAll + `}]}]}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				if got := f.Observations[0].AttachmentCounts; len(got) != 1 || got[0].Attachments != 3 || got[0].BoundaryUsage != 4 {
					t.Errorf("%+v", got)
				}
			}},
		{"two accounts in one file", map[string]string{"x.json": `{"UserDetailList":[{` + user + `},{"Arn":"arn:aws:iam::444455556666:user/u"}],"Policies":[{"Arn":"arn:aws:iam::aws:policy/P","DefaultVersionId":"v1","PolicyVersionList":[{"VersionId":"v1","Document":` + allowAll + `}]}]}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				if len(f.Accounts) != 2 || len(f.Accounts[0].Policies) != 1 || len(f.Accounts[1].Policies) != 1 || f.Accounts[0].Policies[0] == f.Accounts[1].Policies[0] {
					t.Errorf("%+v", f.Accounts)
				}
			}},
		{"null elements and members in any order", map[string]string{"x.json": `{"Marker":null,"Policies":[null],"RoleDetailList":[null,{"Tags":[{"Value":"v","Key":"k"}],"Arn":"arn:aws:iam::111122223333:role/r","AssumeRolePolicyDocument":` + lambda + `}]}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				if v := f.Accounts[0].Roles[0]; len(v.Tags) != 1 || v.Tags[0] != (graph.Tag{Key: "k", Value: "v"}) {
					t.Errorf("%+v", v)
				}
			}},
		{"what a member account sees of its organization", map[string]string{"o.json": `{"Organization":{"Id":"o-a","MasterAccountId":"111122223333","FeatureSet":"ALL"}}`},
			func(t *testing.T, f *graph.Facts, r *Report) {
				if f.Organization.ManagementAccount != oneAccount || coverage(f.Coverage) != "organization||complete|\n" && len(f.Coverage) != 1 {
					t.Errorf("%+v %v", f.Organization, f.Coverage)
				}
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, r, err := readTree(t, tt.files, Options{})
			if err != nil {
				t.Fatal(err)
			}
			tt.check(t, f, r)
		})
	}
}
