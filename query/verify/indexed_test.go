package verify_test

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	realistic "github.com/accessgraph/accessgraph/bench/orggen/organization"
	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/files"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render"
)

var indexedOrganizations = flag.Int("indexed-organizations", 2, "how many random organizations are asked about their resources and principals from an index and from the facts")

// TestIndexedAnswers holds that whoever asks about resources or about one principal gets the same bytes from an index, which compiles the
// accounts that have to do with it, as from the whole snapshot: rows, grants, residuals, proofs, witnesses, assumptions.
func TestIndexedAnswers(t *testing.T) {
	asked, indexed := 0, 0
	for seed := range uint64(*indexedOrganizations) {
		g := generateAll(900 + seed)
		if seed%3 != 0 {
			g.twins(900 + seed)
		}
		o := &organization{g.files}
		facts, err := o.ingest(t.Context(), t.TempDir())
		if err != nil {
			t.Fatalf("organization %d: %v", seed, err)
		}
		n, from := sameAnswers(t, fmt.Sprintf("organization %d", seed), facts, 2+*indexedOrganizations/2)
		asked, indexed = asked+n, indexed+from
	}
	facts, err := (&organization{likeAccounts()}).ingest(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	n, from := sameAnswers(t, "accounts that are alike", facts, 2)
	asked, indexed = asked+n, indexed+from
	dir := t.TempDir()
	if err := realistic.Write(dir, realistic.Options{Accounts: 4, Principals: 30, Seed: 7}); err != nil {
		t.Fatal(err)
	}
	facts, _, err = files.Read(t.Context(), []string{dir}, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n, from = sameAnswers(t, "a generated organization", facts, 2+*indexedOrganizations)
	asked, indexed = asked+n, indexed+from
	if indexed == 0 {
		t.Error("no question was answered from an index")
	}
	t.Logf("%d questions, %d of them from the index", asked, indexed)
}

// sameAnswers asks about some resources and principals of each account.
func sameAnswers(t *testing.T, name string, facts *graph.Facts, each int) (asked, indexed int) {
	t.Helper()
	whole, err := query.New(t.Context(), facts, answer.Snapshot{})
	if err != nil {
		t.Fatal(err)
	}
	index, err := query.NewIndexed(t.Context(), facts, answer.Snapshot{})
	var odd *evaluator.OddAccountError
	if errors.As(err, &odd) {
		return 0, 0
	}
	if err != nil {
		t.Fatal(err)
	}
	var questions []string
	for _, most := range []int{1, 3, 40, 100000} {
		questions = append(questions, fmt.Sprintf("who can kms:*, s3:GetObject | limit %d", most), fmt.Sprintf("who can sts:AssumeRole | limit %d", most))
	}
	for _, a := range facts.Accounts {
		resources := slices.Clone(a.Resources)
		for i, r := range resources[:min(each, len(resources))] {
			service, under := r.ARN.Service(), string(r.ARN)
			if service == "s3" && i%2 == 0 {
				under += "/reports/*"
			}
			questions = append(questions, fmt.Sprintf("who can %s:* on %s", service, under))
			if i%3 == 0 {
				questions = append(questions, fmt.Sprintf("who can %s:@write on %s when aws:MultiFactorAuthPresent is absent", service, under))
			}
		}
		for i, r := range a.Roles[:min(each/2, len(a.Roles))] {
			questions = append(questions, fmt.Sprintf("can %s do kms:Decrypt, s3:GetObject, sts:AssumeRole", r.ARN))
			if i == 0 {
				questions = append(questions, fmt.Sprintf("who can sts:AssumeRole on %s", r.ARN), fmt.Sprintf("who can iam:PassRole on %s", r.ARN))
			}
			if len(resources) > 0 {
				questions = append(questions, fmt.Sprintf("what can %s do on %s", r.ARN, resources[i%len(resources)].ARN))
			}
		}
		for _, u := range a.Users[:min(1, len(a.Users))] {
			questions = append(questions, fmt.Sprintf("why cannot %s do kms:Decrypt", u.ARN), fmt.Sprintf("why can %s do s3:GetObject", u.ARN))
		}
		for i, u := range a.Users[:min(3, len(a.Users))] {
			questions = append(questions, fmt.Sprintf("can %s do kms:*, sqs:SendMessage", u.ARN), fmt.Sprintf("can %s do s3:GetObject", u.ARN),
				fmt.Sprintf("can %s do kms:Decrypt", u.ARN), fmt.Sprintf("can %s do all of s3:GetObject, kms:Decrypt", u.ARN))
			for _, other := range facts.Accounts { // whose resources let nobody in, as a rule
				for _, r := range other.Resources[:min(2, len(other.Resources))] {
					questions = append(questions, fmt.Sprintf("can %s do %s:* on %s", u.ARN, r.ARN.Service(), r.ARN))
					if i == 0 {
						questions = append(questions, fmt.Sprintf("why can %s do %s:* on %s", u.ARN, r.ARN.Service(), r.ARN))
					}
				}
			}
		}
		if len(a.Resources) > 1 {
			questions = append(questions, fmt.Sprintf("who can all of s3:GetObject, kms:Decrypt on %s, %s | limit 3", a.Resources[0].ARN, a.Resources[1].ARN),
				fmt.Sprintf("who can all of s3:GetBucketPolicy, s3:ListBucket on arn:aws:s3:::* | limit %d", each))
		}
	}
	for _, q := range questions {
		want, _, err := answered(t, whole, q)
		if err != nil {
			if _, _, other := answered(t, index, q); other == nil || other.Error() != err.Error() {
				t.Errorf("%s: %s: error %v, from the index %v", name, q, err, other)
			}
			continue
		}
		got, from, err := answered(t, index, q)
		if err != nil {
			t.Errorf("%s: %s: from the index: %v", name, q, err)
			continue
		}
		if asked++; from {
			indexed++
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s: %s: the index answers otherwise (-whole +index):\n%s", name, q, diff)
		}
	}
	return asked, indexed
}

// answered gives the answer as JSON, and whether it says that it is from an index.
func answered(t *testing.T, e *query.Engine, text string) (string, bool, error) {
	t.Helper()
	a, err := e.Ask(t.Context(), text, query.Options{})
	if err != nil {
		return "", false, err
	}
	var out strings.Builder
	if err := render.Write(&out, render.JSON, a, render.Options{}); err != nil {
		t.Fatal(err)
	}
	plan := a.Summary().Plan
	return out.String(), plan != nil && strings.Contains(plan.Source, "index"), nil
}
