package files

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/graph"
)

// badFile is input that cannot be used, in a file bad.json that the user named.
type badFile struct{ name, content string }

// badFiles are the ways in which files are bad.
func badFiles() []badFile {
	const role = `"Arn":"arn:aws:iam::111122223333:role/r"`
	deep := strings.Repeat("[", 20000)
	return []badFile{
		{"empty", ""},
		{"blank", " \n\t\n"},
		{"a word", "hello"},
		{"a list", `[{"UserDetailList":[]}]`},
		{"a string", `"UserDetailList"`},
		{"binary", "\x00\x01\x02"},
		{"UTF-16", "\xff\xfe{\x00"},
		{"damaged gzip", "\x1f\x8b\x08rubbish"},
		{"damaged zstd", "\x28\xb5\x2f\xfdrubbish"},
		{"nothing known", `{"name":"x"}`},
		{"cut off in a list", "{\"RoleDetailList\":[\n{" + role + "},\n{"},
		{"cut off in a string", "{\"RoleDetailList\":[\n{\"Arn\":\"arn:aws"},
		{"not UTF-8", "{\"RoleDetailList\":[\n{" + role + ",\"RoleName\":\"\xff\"}]}"},
		{"a comma too many", "{\"RoleDetailList\":[\n{" + role + ",}]}"},
		{"text behind the end", oneRole + "\n]"},
		{"a second value of another kind", oneRole + "\n[]"},
		{"nested deeply", `{"RoleDetailList":` + deep},
		{"nested deeply where nobody looks", `{"RoleDetailList":[],"Else":` + deep},
		{"one endless string", `{"RoleDetailList":[{"RoleName":"` + strings.Repeat("x", 2*mostUnread+1<<20) + `"}]}`},
		{"a member twice", "{\"RoleDetailList\":[\n{" + role + ",\n\"Tags\":[],\"Tags\":[]}]}"},
		{"a top-level member twice", "{\"RoleDetailList\":[],\n\"RoleDetailList\":[]}"},
		{"a list that is a number", `{"UserDetailList":7}`},
		{"an element that is a number", `{"UserDetailList":[7]}`},
		{"a name that is a number", "{\"RoleDetailList\":[\n{" + role + "},\n{\"Arn\":\"arn:aws:iam::111122223333:role/s\",\n\"RoleName\":7}]}"},
		{"a huge number", `{"Policies":[{"Arn":"arn:aws:iam::111122223333:policy/p","AttachmentCount":1e400}]}`},
		{"a number beyond 32 bits", `{"Policies":[{"Arn":"arn:aws:iam::111122223333:policy/p","AttachmentCount":4294967296}]}`},
		{"a boolean that is a string", `{"Policies":[{"Arn":"arn:aws:iam::111122223333:policy/p","IsAttachable":"true"}]}`},
		{"a time that is none", `{"RoleDetailList":[{` + role + `,"CreateDate":"yesterday"}]}`},
		{"a time beyond all calendars", `{"RoleDetailList":[{` + role + `,"CreateDate":1e300}]}`},
		{"no Arn", `{"RoleDetailList":[{"RoleName":"r"}]}`},
		{"an Arn of another kind", `{"RoleDetailList":[{"Arn":"arn:aws:iam::111122223333:user/u"}]}`},
		{"an Arn that is none", `{"RoleDetailList":[{"Arn":"r"}]}`},
		{"an account number of 11 digits", `{"RoleDetailList":[{"Arn":"arn:aws:iam::11112222333:role/r"}]}`},
		{"two inline policies of one name", `{"RoleDetailList":[{` + role + `,"RolePolicyList":[{"PolicyName":"p","PolicyDocument":` + allowAll + `},{"PolicyName":"p","PolicyDocument":{}}]}]}`},
		{"two tags of one key", `{"RoleDetailList":[{` + role + `,"Tags":[{"Key":"a","Value":"1"},{"Key":"a","Value":"2"}]}]}`},
		{"an attached policy without Arn", `{"RoleDetailList":[{` + role + `,"AttachedManagedPolicies":[{"PolicyName":"P"}]}]}`},
		{"a boundary without Arn", `{"RoleDetailList":[{` + role + `,"PermissionsBoundary":{}}]}`},
		{"two default versions", `{"Policies":[{"Arn":"arn:aws:iam::111122223333:policy/p","PolicyVersionList":[{"VersionId":"v1","IsDefaultVersion":true},{"VersionId":"v2","IsDefaultVersion":true}]}]}`},
		{"a version twice", `{"Policies":[{"Arn":"arn:aws:iam::111122223333:policy/p","PolicyVersionList":[{"VersionId":"v1","Document":` + allowAll + `},{"VersionId":"v1","Document":{}}]}]}`},
		{"a resource without type", `{"ResourcePolicies":[{"Arn":"arn:aws:sqs:eu-west-1:111122223333:q"}]}`},
		{"a grant without key", `{"Grants":[{"GrantId":"g"}]}`},
		{"a bucket of nobody", `{"ResourcePolicies":[{"Arn":"arn:aws:s3:::b","Type":"AWS::S3::Bucket"}]}`},
		{"an organization without id", `{"Organization":{"FeatureSet":"ALL"}}`},
		{"an organization of another feature set", `{"Organization":{"Id":"o-a","MasterAccountId":"111122223333","FeatureSet":"SOME"}}`},
		{"no organization", `{"Roots":[{"Id":"r-1"}]}`},
		{"an organization policy without type", `{"Policies":[{"Id":"p-1","Arn":"arn:aws:organizations::111122223333:policy/o-a/service_control_policy/p-1"}]}`},
		{"a unit without parent", `{"Organization":{"Id":"o-a","MasterAccountId":"111122223333","FeatureSet":"ALL"},"Roots":[{"Id":"r-1"}],"OrganizationalUnits":[{"Id":"ou-1","ParentId":"ou-9"}]}`},
		{"units above each other", `{"Organization":{"Id":"o-a","MasterAccountId":"111122223333","FeatureSet":"ALL"},"Roots":[{"Id":"r-1"}],"OrganizationalUnits":[{"Id":"ou-1","ParentId":"ou-2"},{"Id":"ou-2","ParentId":"ou-1"}]}`},
		{"an account of the organization without number", `{"Organization":{"Id":"o-a","MasterAccountId":"111122223333","FeatureSet":"ALL"},"Accounts":[{"Id":"1"}]}`},
		{"a state of coverage that is none", `{"Accounts":{"111122223333":{"iam":{"":"good"}}}}`},
		{"coverage of no account", `{"Accounts":{"production":{"iam":{"":"complete"}}}}`},
		{"a state of exact coverage that is none", `{"Coverage":{"111122223333":[{"Kind":"iam","State":"good"}]}}`},
		{"exact coverage of no account", `{"Coverage":{"production":[]}}`},
		{"two exact coverages", `{"Coverage":{"111122223333":[]}}` + "\n" + `{"Coverage":{"111122223333":[{"Kind":"iam","State":"complete"}]}}`},
		{"last use of no role", `{"RoleLastUsed":[{"Region":"us-east-1"}]}`},
		{"counts of no policy", `{"AttachmentCounts":[{"AttachmentCount":1}]}`},
		{"last access of no principal", `{"ServicesLastAccessed":{"alice":[]}}`},
		{"a report with a short row", "user,arn,user_creation_time\nalice,arn:aws:iam::111122223333:user/alice\n"},
		{"a report with an open quote", "user,arn,user_creation_time\n\"alice,arn:aws:iam::111122223333:user/alice,x\n"},
		{"a report of nobody", "user,arn,user_creation_time\nalice,alice,2024\n"},
	}
}

// TestBadFiles holds what is said of files that cannot be used: where, what, what was expected, and what to do. With --partial
// the same is said and the rest of the input is read.
func TestBadFiles(t *testing.T) {
	var text strings.Builder
	for _, bad := range badFiles() {
		files := map[string]string{"bad.json": bad.content, "444455556666/good.json": strings.ReplaceAll(oneRole, oneAccount, "444455556666"), "more/other.json": strings.ReplaceAll(oneRole, oneAccount, "777788889999")}
		facts, report, err := readTree(t, files, Options{}, "bad.json", "444455556666", "more/other.json")
		if err == nil || facts != nil || report != nil {
			t.Errorf("%s: no error", bad.name)
			continue
		}
		fmt.Fprintf(&text, "%s\n\t%s\n", bad.name, err)
		if !strings.HasPrefix(err.Error(), "bad.json") || len(err.Error()) > 1000 {
			t.Errorf("%s: the error is %.2000s", bad.name, err)
		}
		facts, report, err = readTree(t, files, Options{Partial: true}, "bad.json", "444455556666", "more/other.json")
		if err != nil {
			t.Errorf("%s: --partial: %v", bad.name, err)
			continue
		}
		account(t, facts, "444455556666")
		account(t, facts, "777788889999")
		if len(report.Incomplete) == 0 {
			t.Errorf("%s: --partial reports nothing", bad.name)
		}
		idsOf(t, facts)
	}
	golden(t, "errors.golden", text.String())
}

// TestContradictions gives one entity twice with different facts.
func TestContradictions(t *testing.T) {
	const organization = `"Organization":{"Id":"o-a","MasterAccountId":"111122223333","FeatureSet":"ALL"},"Roots":[{"Id":"r-1"}]`
	var text strings.Builder
	for _, c := range []struct{ name, one, two string }{
		{"role", oneRole, strings.Replace(oneRole, "AROA1", "AROA2", 1)},
		{"user", `{"UserDetailList":[{"Arn":"arn:aws:iam::111122223333:user/u","UserId":"a"}]}`, `{"UserDetailList":[{"Arn":"arn:aws:iam::111122223333:user/u","UserId":"b"}]}`},
		{"group", `{"GroupDetailList":[{"Arn":"arn:aws:iam::111122223333:group/g"}]}`, `{"GroupDetailList":[{"Arn":"arn:aws:iam::111122223333:group/g","GroupId":"x"}]}`},
		{"policy", `{"Policies":[{"Arn":"arn:aws:iam::111122223333:policy/p","DefaultVersionId":"v1"}]}`, `{"Policies":[{"Arn":"arn:aws:iam::111122223333:policy/p","DefaultVersionId":"v2"}]}`},
		{"resource", `{"ResourcePolicies":[{"Arn":"arn:aws:sqs:eu-west-1:111122223333:q","Type":"AWS::SQS::Queue"}]}`, `{"ResourcePolicies":[{"Arn":"arn:aws:sqs:eu-west-1:111122223333:q","Type":"AWS::SQS::Queue","Policy":{}}]}`},
		{"compute", `{"Compute":[{"Arn":"arn:aws:lambda:eu-west-1:111122223333:function:f","Type":"AWS::Lambda::Function"}]}`, `{"Compute":[{"Arn":"arn:aws:lambda:eu-west-1:111122223333:function:f","Type":"AWS::Lambda::Function","RoleArn":"r"}]}`},
		{"grant", `{"Grants":[{"KeyArn":"arn:aws:kms:eu-west-1:111122223333:key/k","GrantId":"g"}]}`, `{"Grants":[{"KeyArn":"arn:aws:kms:eu-west-1:111122223333:key/k","GrantId":"g","Operations":["Decrypt"]}]}`},
		{"provider", `{"OpenIDConnectProviderList":[{"Arn":"arn:aws:iam::111122223333:oidc-provider/x"}]}`, `{"OpenIDConnectProviderList":[{"Arn":"arn:aws:iam::111122223333:oidc-provider/x","Url":"y"}]}`},
		{"password policy", `{"PasswordPolicy":{"MinimumPasswordLength":8}}`, `{"PasswordPolicy":{"MinimumPasswordLength":9}}`},
		{"aliases", `{"AccountAliases":["a"]}`, `{"AccountAliases":["b"]}`},
		{"settings", `{"RootFeatures":["RootSessions"]}`, `{"RootFeatures":[]}`},
		{"coverage", `{"Accounts":{"111122223333":{"iam":{"":"complete"}}}}`, `{"Accounts":{"111122223333":{"iam":{"":"denied"}}}}`},
		{"organization", `{` + organization + `}`, `{` + strings.Replace(organization, "o-a", "o-b", 1) + `}`},
		{"unit", `{` + organization + `,"OrganizationalUnits":[{"Id":"ou-1","ParentId":"r-1"}]}`, `{"OrganizationalUnits":[{"Id":"ou-1","ParentId":"r-1","Name":"x"}]}`},
		{"organization policy", `{` + organization + `,"Policies":[{"Id":"p-1","Arn":"arn:aws:organizations::1:policy/o-a/service_control_policy/p-1","Type":"SERVICE_CONTROL_POLICY","Content":` + allowAll + `}]}`,
			`{"Policies":[{"Id":"p-1","Arn":"arn:aws:organizations::1:policy/o-a/service_control_policy/p-1","Type":"SERVICE_CONTROL_POLICY","Content":` + allowAll + `,"Targets":["r-1"]}]}`},
	} {
		files := map[string]string{
			"111122223333/1.json": "\n" + c.one, "111122223333/2.json": "\n\n" + c.two, "111122223333/3.json": `{"UserDetailList":[{"Arn":"arn:aws:iam::111122223333:user/other"}]}`}
		if _, _, err := readTree(t, files, Options{}); err == nil {
			t.Errorf("%s: no error", c.name)
		} else {
			fmt.Fprintf(&text, "%s\n\t%s\n", c.name, err)
		}
		facts, report, err := readTree(t, files, Options{Partial: true})
		if err != nil {
			t.Errorf("%s: --partial: %v", c.name, err)
			continue
		}
		if len(report.Incomplete) == 0 {
			t.Errorf("%s: --partial reports nothing", c.name)
		}
		users := account(t, facts, oneAccount).Users
		if !slices.ContainsFunc(users, func(u *graph.User) bool { return u.Name == "other" }) {
			t.Errorf("%s: --partial loses what is not concerned", c.name)
		}
		for _, list := range [][]graph.Coverage{facts.Coverage, facts.Accounts[0].Coverage} {
			for _, gap := range list {
				if gap.Incomplete() {
					fmt.Fprintf(&text, "\t\t%s\n", gap)
				}
			}
		}
		again := map[string]string{"111122223333/1.json": c.one, "111122223333/2.json": c.one, "111122223333/3.json": files["111122223333/3.json"]}
		if _, report, err := readTree(t, again, Options{}); err != nil || len(report.Incomplete) > 0 && c.name != "policy" {
			t.Errorf("%s: the same facts twice: %v %+v", c.name, err, report)
		}
	}
	golden(t, "contradictions.golden", text.String())
}

// TestPartialEntries leaves out the entries that are bad, and nothing else of their file.
func TestPartialEntries(t *testing.T) {
	facts, report, err := readTree(t, map[string]string{"x.json": `{"UserDetailList":[{"Arn":"arn:aws:iam::111122223333:user/a"},
		{"Arn":"arn:aws:iam::111122223333:user/b","Tags":[{"Key":"k","Value":{"deep":[1,2,{"x":"y"}]}}],"GroupList":["g"]},
		{"Arn":"arn:aws:iam::111122223333:user/c"}],"RoleDetailList":[{"Arn":"arn:aws:iam::111122223333:role/r","AssumeRolePolicyDocument":` + lambda + `}]}`}, Options{Partial: true})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, u := range facts.Accounts[0].Users {
		names = append(names, u.Name)
	}
	if !slices.Equal(names, []string{"a", "c"}) || len(facts.Accounts[0].Roles) != 1 {
		t.Errorf("users %q, roles %v", names, facts.Accounts[0].Roles)
	}
	want := []string{"x.json:2: UserDetailList[1].Tags[0].Value: found an object, expected a string"}
	if !slices.Equal(report.Incomplete, want) {
		t.Errorf("incomplete %q", report.Incomplete)
	}
	if got := coverage(facts.Accounts[0].Coverage); got != "iam||failed|an entry could not be used\ninput||failed|iam: found an object\n" {
		t.Errorf("coverage %s", got)
	}
}

// TestStrangersInDirectories only warns of files that nobody named and that are no exports.
func TestStrangersInDirectories(t *testing.T) {
	_, report, err := readTree(t, map[string]string{
		"a.json": oneRole, "README.md": "# hello", "package.json": `{"name":"x"}`, "list.json": `[1]`, "broken.json": `{"name":`, "empty": "",
		".hidden": "x", "sub/deeper/still/x.json": oneRole, "picture.png": "\x89PNG",
	}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"README.md: not read: not a recognized export", "broken.json: not read: the file ends in the middle of the JSON", "empty: not read: the file is empty",
		"list.json: not read: not a recognized export", "package.json: not read: not a recognized export", "picture.png: not read: not a recognized export",
		"sub/deeper: not read: directories are read one level deep",
	}
	if !slices.Equal(report.Warnings, want) || len(report.Incomplete) > 0 || report.Files != 1 {
		t.Errorf("warnings %q, incomplete %q, %d files", report.Warnings, report.Incomplete, report.Files)
	}
	for name, content := range map[string]string{"111122223333/kms-grants.json": `{"name":"x"}`, "other.json": `{"RoleDetailList":[{`} {
		if _, _, err := readTree(t, map[string]string{"a.json": oneRole, name: content}, Options{}); err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s in a directory: %v", name, err)
		}
	}
}
