package files

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
)

// exportOptions shape a generated export.
type exportOptions struct {
	users, roles, policies int
	encoded                bool // documents as URL-encoded strings, as the API gives them; else as objects, as the CLI prints them
	distinct               int  // one in so many documents is like no other; the rest are copies of 20
}

// writeExport writes the authorization details of one made-up account.
func writeExport(w io.Writer, o exportOptions) {
	document := func(i int) string {
		if o.distinct == 0 || i%o.distinct != 0 {
			i %= 20
		}
		d := fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Sid": "Read%d", "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket", "kms:Decrypt"], `+
			`"Resource": ["arn:aws:s3:::bucket-%d", "arn:aws:s3:::bucket-%d/*"], "Condition": {"StringEquals": {"aws:PrincipalTag/team": ["team-%d"]}, "Bool": {"aws:SecureTransport": "true"}}}, `+
			`{"Effect": "Deny", "Action": "iam:*", "Resource": "*", "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}]}`, i, i, i, i)
		if o.encoded {
			return `"` + url.PathEscape(d) + `"`
		}
		return d
	}
	trust := func(i int) string {
		d := fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "service%d.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`, i%30)
		if o.encoded {
			return `"` + url.PathEscape(d) + `"`
		}
		return d
	}
	list := func(name string, n int, element func(i int) string, last bool) {
		fmt.Fprintf(w, "    %q: [\n", name)
		for i := range n {
			io.WriteString(w, "        "+element(i))
			if i < n-1 {
				io.WriteString(w, ",")
			}
			io.WriteString(w, "\n")
		}
		io.WriteString(w, "    ]")
		if !last {
			io.WriteString(w, ",")
		}
		io.WriteString(w, "\n")
	}
	const attached = `"AttachedManagedPolicies": [{"PolicyName": "ReadOnlyAccess", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]`
	io.WriteString(w, "{\n")
	list("UserDetailList", o.users, func(i int) string {
		return fmt.Sprintf(`{"Path": "/", "UserName": "user-%06d", "UserId": "AIDAEXAMPLE%09d", "Arn": "arn:aws:iam::111122223333:user/user-%06d", "CreateDate": "2024-05-01T10:00:00+00:00", `+
			`"UserPolicyList": [{"PolicyName": "own", "PolicyDocument": %s}], "GroupList": ["developers"], %s, "Tags": [{"Key": "team", "Value": "team-%d"}]}`,
			i, i, i, document(i), attached, i%50)
	}, false)
	list("GroupDetailList", 1, func(int) string {
		return `{"Path": "/", "GroupName": "developers", "GroupId": "AGPAEXAMPLE", "Arn": "arn:aws:iam::111122223333:group/developers", "CreateDate": "2024-05-01T10:00:00+00:00", "GroupPolicyList": [], ` + attached + `}`
	}, false)
	list("RoleDetailList", o.roles, func(i int) string {
		return fmt.Sprintf(`{"Path": "/service/", "RoleName": "role-%06d", "RoleId": "AROAEXAMPLE%09d", "Arn": "arn:aws:iam::111122223333:role/service/role-%06d", "CreateDate": "2024-05-01T10:00:00+00:00", `+
			`"AssumeRolePolicyDocument": %s, "InstanceProfileList": [], "RolePolicyList": [{"PolicyName": "inline-1", "PolicyDocument": %s}, {"PolicyName": "inline-2", "PolicyDocument": %s}], %s, `+
			`"PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": "arn:aws:iam::111122223333:policy/policy-%06d"}, `+
			`"Tags": [{"Key": "team", "Value": "team-%d"}, {"Key": "stage", "Value": "prod"}], "RoleLastUsed": {"LastUsedDate": "2026-01-01T00:00:00+00:00", "Region": "eu-west-1"}}`,
			i, i, i, trust(i), document(2*i), document(2*i+1), attached, i%max(o.policies, 1), i%50)
	}, false)
	list("Policies", o.policies+1, func(i int) string {
		arn, name := fmt.Sprintf("arn:aws:iam::111122223333:policy/policy-%06d", i), fmt.Sprintf("policy-%06d", i)
		if i == o.policies {
			arn, name = "arn:aws:iam::aws:policy/ReadOnlyAccess", "ReadOnlyAccess"
		}
		return fmt.Sprintf(`{"PolicyName": %q, "PolicyId": "ANPAEXAMPLE%09d", "Arn": %q, "Path": "/", "DefaultVersionId": "v2", "AttachmentCount": 3, "PermissionsBoundaryUsageCount": 0, "IsAttachable": true, `+
			`"CreateDate": "2024-05-01T10:00:00+00:00", "UpdateDate": "2025-05-01T10:00:00+00:00", "PolicyVersionList": [{"Document": %s, "VersionId": "v2", "IsDefaultVersion": true, "CreateDate": "2025-05-01T10:00:00+00:00"}, `+
			`{"Document": %s, "VersionId": "v1", "IsDefaultVersion": false, "CreateDate": "2024-05-01T10:00:00+00:00"}]}`, name, i, arn, document(i), document(i+1))
	}, true)
	io.WriteString(w, "}\n")
}

// BenchmarkRead reads generated exports. How that compares with plain decoding is measured by bench/report.
func BenchmarkRead(b *testing.B) {
	for name, o := range map[string]exportOptions{
		"objects":          {users: 2000, roles: 8000, policies: 3000, distinct: 4},
		"encoded":          {users: 2000, roles: 8000, policies: 3000, distinct: 4, encoded: true},
		"objects/distinct": {users: 2000, roles: 8000, policies: 3000, distinct: 1},
		"objects/copies":   {users: 2000, roles: 8000, policies: 3000},
	} {
		var export bytes.Buffer
		writeExport(&export, o)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(export.Len()))
			b.ReportAllocs()
			for b.Loop() {
				_, _, err := Read(context.Background(), []string{"-"}, Options{Stdin: bytes.NewReader(export.Bytes())})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestWriteExport holds the generator to what it promises: the documents repeat as asked.
func TestWriteExport(t *testing.T) {
	for _, encoded := range []bool{false, true} {
		var export strings.Builder
		writeExport(&export, exportOptions{users: 10, roles: 30, policies: 5, encoded: encoded})
		facts, report, err := Read(context.Background(), []string{"-"}, Options{Stdin: strings.NewReader(export.String())})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(facts.Accounts[0].Roles); n != 30 {
			t.Errorf("%d roles, want 30", n)
		}
		if report.DistinctDocuments != 20+30 || report.Documents != 10+30*3+6*2 {
			t.Errorf("%d distinct of %d documents, want 50 of 112", report.DistinctDocuments, report.Documents)
		}
		if len(report.Incomplete) != 0 {
			t.Errorf("incomplete: %v", report.Incomplete)
		}
	}
}
