package query_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/render"
)

// TestWhy holds single sentences of reasons on the organization of testdata/why.txtar, which has what is rare: several VPC endpoints, AWS's
// own roles, conditions that nothing meets.
func TestWhy(t *testing.T) {
	dir := t.TempDir()
	files, err := txtar.ParseFile("testdata/why.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files.Files {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e, err := engineOf(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, question string
		budget         int64
		says, not      string
	}{
		{
			name:     "D42: the Deny of an endpoint that the request does not go through decides nothing",
			question: `why cannot arn:aws:iam::222233334444:user/zoe do s3:ListBucket on arn:aws:s3:::bare when aws:SourceVpce = "vpce-1"`,
			says:     "decided by resource: across accounts both sides must allow it",
			not:      "endpoint vpce-2 denies",
		},
		{
			name:     "a condition that no request meets is not put down to the question",
			question: "why cannot user/alice do s3:PutObject on arn:aws:s3:::bare/x",
			says:     "${aws:PrincipalTag/none}; no request meets it",
			not:      "the question says otherwise",
		},
		{
			name:     "nothing is said to stop statements where no request has the context",
			question: `why cannot user/alice do s3:GetObject on arn:aws:s3:::bare/x when aws:PrincipalArn = "x"`,
			says:     "(C30)",
			not:      "speaks of",
		},
		{
			name:     "D12: nobody but its service writes the policies of a service-linked role",
			question: "why cannot role/AWSServiceRoleForX do s3:GetObject on arn:aws:s3:::bare/x",
			says:     "one change would allow it:",
			not:      "to an identity policy of",
		},
		{
			name:     "D25: nor its trust policy",
			question: "why cannot user/alice do sts:AssumeRole on arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",
			says:     "of the policies that others than AWS can change",
			not:      "to the trust policy of",
		},
		{
			name:     "D21: a boundary does not limit what names everyone",
			question: "why cannot role/lim do s3:GetObject on arn:aws:s3:::bare/x",
			says:     "names everyone, if aws:PrincipalArn is role/lim, to the policy of arn:aws:s3:::bare",
			not:      "no single change",
		},
		{
			name:     "no statement is looked at after the budget has ended",
			question: "why cannot user/many do s3:GetObject on arn:aws:s3:::bare/x",
			budget:   20_000,
			says:     "budget-exceeded",
			not:      "speaks of resource",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := e.Ask(t.Context(), c.question, query.Options{Budget: c.budget})
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := render.Write(&b, render.Table, a, render.Options{Width: 400}); err != nil {
				t.Fatal(err)
			}
			got := strings.Join(strings.Fields(b.String()), " ")
			if !strings.Contains(got, c.says) || strings.Contains(got, c.not) {
				t.Errorf("want %q and not %q:\n%s", c.says, c.not, b.String())
			}
		})
	}
}
