package files

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
)

// FuzzRead holds what Read promises of any file: it comes back, with an error that names the place, or with facts that can be stored,
// that come back from the store as they were, and that are the same when read again.
func FuzzRead(f *testing.F) {
	const user = `"Arn":"arn:aws:iam::111122223333:user/u"`
	for _, s := range []string{
		"", "[", "{}", oneRole, oneRole + oneRole, "\xef\xbb\xbf" + oneRole, "user,arn,user_creation_time\nb,arn:aws:iam::111122223333:user/b,N/A\n",
		`{"UserDetailList":[{` + user + `,"UserName":"u","UserId":"AIDA1","CreateDate":"2024-01-01T00:00:00Z","Tags":[{"Key":"a","Value":"b"}],"GroupList":["g"],"PermissionsBoundary":{"PermissionsBoundaryArn":"arn:aws:iam::aws:policy/P"},"UserPolicyList":[{"PolicyName":"p","PolicyDocument":` + allowAll + `}]}],"GroupDetailList":[{"Arn":"arn:aws:iam::111122223333:group/g"}],"Policies":[{"Arn":"arn:aws:iam::aws:policy/P","DefaultVersionId":"v1","AttachmentCount":1,"PolicyVersionList":[{"VersionId":"v1","IsDefaultVersion":true,"Document":"%7B%7D"}]}],"IsTruncated":false}`,
		`{"Organization":{"Id":"o-a","MasterAccountId":"111122223333","FeatureSet":"ALL"},"Roots":[{"Id":"r-1"}],"OrganizationalUnits":[{"Id":"ou-1","ParentId":"r-1"}],"Accounts":[{"Id":"111122223333","ParentId":"ou-1"}],"Policies":[{"Id":"p-1","Type":"SERVICE_CONTROL_POLICY","Content":` + allowAll + `,"Targets":["r-1"]}]}`,
		`{"ResourcePolicies":[{"Arn":"arn:aws:kms:eu-west-1:111122223333:key/k","Type":"AWS::KMS::Key","Region":"eu-west-1","Policy":` + anyKey + `,"Tags":{"a":"b"},"Attributes":{"KeyManager":"CUSTOMER"}}],"Grants":[{"KeyArn":"arn:aws:kms:eu-west-1:111122223333:key/k","GrantId":"g","GranteePrincipal":"arn:aws:iam::111122223333:user/u","IssuingAccount":"111122223333","Operations":["Decrypt"],"Constraints":{"EncryptionContextSubset":{"a":"b"}}}]}`,
		`{"UserDetailList":[{` + user + `,"\u001b[31mX":1,"UserPolicyList":[{"PolicyName":"\u001b[32m","PolicyDocument":"["}]}]}`, `{"UserDetailList":[{"\u001b[31m`,
		`{"UserDetailList":[{"\u001b[31mX":`,
		`{"Accounts":{"111122223333":{"iam":{"":"complete"}}}}`, `{"SummaryMap":{"Users":1},"AccountAliases":["a"],"PasswordPolicy":{"MinimumPasswordLength":8},"S3PublicAccessBlock":{"BlockPublicAcls":true}}`,
		`{"Compute":[{"Arn":"arn:aws:lambda:eu-west-1:111122223333:function:f","Type":"AWS::Lambda::Function","RoleArn":"arn:aws:iam::111122223333:role/r"}],"Shares":[{"Arn":"arn:aws:ram:eu-west-1:111122223333:resource-share/s","Principals":["444455556666"]}]}`,
		`{"SAMLProviderList":[{"Arn":"arn:aws:iam::111122223333:saml-provider/s"}],"OpenIDConnectProviderList":[{"Arn":"arn:aws:iam::111122223333:oidc-provider/o"}],"ServicesLastAccessed":{"arn:aws:iam::111122223333:user/u":[{"ServiceNamespace":"s3"}]}}`,
	} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, content []byte, partial bool) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		read := func() (*graph.Facts, *Report, error) {
			return Read(ctx, []string{"-"}, Options{Partial: partial, Stdin: bytes.NewReader(content)})
		}
		facts, report, err := read()
		if err != nil {
			var bad *Error
			if !errors.As(err, &bad) || bad.File != "-" || bad.Problem == "" || bad.Line < 0 || bad.Line > 1+bytes.Count(content, []byte{'\n'}) {
				t.Fatalf("the error names no place: %#v", err)
			}
			wantPrintable(t, err.Error())
			if facts != nil || report != nil {
				t.Fatal("facts beside an error")
			}
			return
		}
		wantPrintable(t, report.Warnings...)
		wantPrintable(t, report.Incomplete...)
		for _, f := range report.UnknownNames {
			wantPrintable(t, f.Name)
		}
		again, _, err := read()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(facts, again); diff != "" {
			t.Fatalf("read twice it differs:\n%s", diff)
		}
		store := memstore.New()
		entry, err := graph.Publish(ctx, store, facts, graph.Meta{Time: time.Unix(0, 0)})
		if err != nil {
			t.Fatalf("cannot be stored: %v", err)
		}
		loaded, err := graph.Load(ctx, store, entry.Snapshot)
		if err != nil {
			t.Fatalf("cannot be loaded: %v", err)
		}
		again.Observations = loaded.Observations // stored beside the snapshot
		if diff := cmp.Diff(again, loaded); diff != "" {
			t.Fatalf("stored and loaded it differs:\n%s", diff)
		}
	})
}

// wantPrintable holds that a message can be shown on a terminal.
func wantPrintable(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsPrint(c) }) || len(text) > 5000 {
			t.Fatalf("the message cannot be shown: %q", text)
		}
	}
}
