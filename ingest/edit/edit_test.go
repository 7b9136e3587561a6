package edit_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/edit"
)

const (
	account = graph.AccountID("111122223333")
	policy  = graph.ARN("arn:aws:iam::111122223333:policy/p")
)

// TestVersions: a new version is the default, the others stay, and AWS keeps five.
func TestVersions(t *testing.T) {
	e := edit.New(&graph.Facts{})
	p := &graph.ManagedPolicy{ARN: policy, Name: "p", Path: "/"}
	e.Add(account, p)
	for i := range 12 {
		e.SetDefault(p, edit.Document{Text: fmt.Appendf(nil, `{"Id":"%d"}`, i)})
		want := graph.CanonicalDocument(fmt.Appendf(nil, `{"Id":"%d"}`, i)).Hash
		if h, ok := p.Default(); !ok || h != want {
			t.Fatalf("after %d the default is %s", i, h)
		}
		if want := min(i+1, 5); len(p.Versions) != want || p.DefaultVersion != fmt.Sprint("v", i+1) {
			t.Fatalf("after %d: %d versions, the default is %s", i, len(p.Versions), p.DefaultVersion)
		}
	}
	if p.Versions[0].ID != "v8" || p.Versions[0].Default {
		t.Errorf("the oldest is %+v", p.Versions[0])
	}
}

// TestGaps: what is missing after a change is in the coverage, and what is there now is not any more.
func TestGaps(t *testing.T) {
	facts := &graph.Facts{Accounts: []*graph.Account{{
		ID: account, Coverage: []graph.Coverage{{Kind: graph.KindIAM, State: graph.CoverageComplete}, {Kind: graph.KindDocument, State: graph.CoverageFailed, Error: "missing: " + string(policy)}},
		Users: []*graph.User{{ARN: "arn:aws:iam::111122223333:user/u", Name: "u", Path: "/", Attached: []graph.ARN{policy}}},
	}}}
	e := edit.New(facts)
	e.Add(account, &graph.ManagedPolicy{ARN: policy, Name: "p", Path: "/"})
	e.SetDefault(e.Find(policy, "").(*graph.ManagedPolicy), edit.Document{Text: []byte(`{"Version":"2012-10-17","Statement":[]}`)})
	u := e.Named(account, "user", "U").(*graph.User) // names are unique without regard to letter case
	e.PutInline(u, "later", edit.Document{})
	e.PutInline(u, "broken", edit.Document{Text: []byte(`7`)})
	edit.Attach(u, "arn:aws:iam::111122223333:policy/none")
	e.Account("444455556666")
	e.Finish()
	want := []string{
		"input account 444455556666 is not in the snapshot: of it only what the changes say is known",
		"account 111122223333: document missing: arn:aws:iam::111122223333:policy/none",
		"account 111122223333: document unanalysable: A1: arn:aws:iam::111122223333:user/u policy broken",
		"account 111122223333: document unknown until the change is made: arn:aws:iam::111122223333:user/u policy later",
	}
	got := facts.Incomplete()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("incomplete:\n%q\nwant\n%q", got, want)
	}
}

// TestDelete: what is deleted is gone with what is inside, and its name is free again.
func TestDelete(t *testing.T) {
	const group, key = graph.ARN("arn:aws:iam::111122223333:group/g"), graph.ARN("arn:aws:kms:us-east-1:111122223333:key/k")
	u := &graph.User{ARN: "arn:aws:iam::111122223333:user/u", Name: "u", Groups: []string{"g", "h"}}
	a := &graph.Account{ID: account, Users: []*graph.User{u}, Groups: []*graph.Group{{ARN: group, Name: "g"}},
		Resources: []*graph.Resource{{ARN: key, Type: "AWS::KMS::Key"}}, Grants: []*graph.KMSGrant{{Key: key, ID: "1"}, {Key: "other", ID: "2"}}}
	e := edit.New(&graph.Facts{Accounts: []*graph.Account{a}})
	if !e.Delete(account, group) || !e.Delete(account, key) || e.Delete(account, key) || e.Delete("999999999999", group) {
		t.Error("it is told wrongly what was there")
	}
	if e.Find(group, "") != nil || e.Named(account, "group", "g") != nil || !slices.Equal(u.Groups, []string{"h"}) || len(a.Grants) != 1 {
		t.Errorf("left are %v, %v", u.Groups, a.Grants)
	}
	e.Add(account, &graph.Group{ARN: group, Name: "g"})
	if e.Namesake("arn:aws:iam::111122223333:group/path/G") != group {
		t.Error("the namesake was not found")
	}
}
