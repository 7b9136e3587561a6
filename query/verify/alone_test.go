package verify_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	realistic "github.com/accessgraph/accessgraph/bench/orggen/organization"
	"github.com/accessgraph/accessgraph/ingest/files"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
)

var (
	alonePrincipals = flag.Int("alone-principals", 45, "principals an account of the organizations in which each principal is judged alone too")
	aloneSeeds      = flag.Int("alone-organizations", 1, "how many such organizations; the acceptance run has more")
)

// TestEveryPrincipalAlone holds that principals which share an evaluation get what each would get alone: the rows of "who can" are those of
// "can", asked of one principal after the other, to the letter.
func TestEveryPrincipalAlone(t *testing.T) {
	for seed := range *aloneSeeds {
		dir := t.TempDir()
		if err := realistic.Write(dir, realistic.Options{Accounts: 3, Principals: *alonePrincipals, Seed: uint64(100 + seed)}); err != nil {
			t.Fatal(err)
		}
		facts, _, err := files.Read(t.Context(), []string{dir}, files.Options{})
		if err != nil {
			t.Fatal(err)
		}
		e, err := query.New(t.Context(), facts, answer.Snapshot{})
		if err != nil {
			t.Fatal(err)
		}
		var arns []string
		for _, a := range facts.Accounts {
			for _, u := range a.Users {
				arns = append(arns, string(u.ARN))
			}
			for _, r := range a.Roles {
				arns = append(arns, string(r.ARN))
			}
		}
		rows := 0
		for _, what := range []string{
			"kms:*", "s3:GetObject, s3:PutBucketPolicy", "sts:AssumeRole", "iam:PassRole when iam:PassedToService = ec2.amazonaws.com",
			"kms:Decrypt when aws:PrincipalTag/team = payments", "all of iam:PassRole, lambda:CreateFunction",
		} {
			together := rowsByPrincipal(t, e, "who can do "+what)
			for _, arn := range arns {
				alone := rowsByPrincipal(t, e, fmt.Sprintf("can '%s' do %s", arn, what))[arn]
				if alone == "denied" {
					alone = ""
				}
				if together[arn] != "" {
					rows++
				}
				if diff := cmp.Diff(alone, together[arn]); diff != "" {
					t.Fatalf("organization %d: %s: %s (-alone +together):\n%s", seed, what, arn, diff)
				}
			}
		}
		if rows == 0 {
			t.Error("nothing was compared")
		}
	}
}

// rowsByPrincipal gives the verdict and the grants of each row as text; a denial is "denied".
func rowsByPrincipal(t *testing.T, e *query.Engine, text string) map[string]string {
	t.Helper()
	a, err := e.Ask(t.Context(), text, query.Options{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	out := map[string]string{}
	for r, err := range a.Rows {
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var who string
		var grants []answer.Grant
		switch r := r.(type) {
		case *answer.WhoCan:
			who, grants = r.Principal, r.Whole().Grants
		case *answer.Can:
			who, grants = r.Principal, r.Grants
		}
		if r.RowVerdict() == answer.Denied {
			out[who] = "denied"
			continue
		}
		b, err := json.MarshalIndent(grants, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		out[who] = string(r.RowVerdict()) + "\n" + string(b)
	}
	return out
}
