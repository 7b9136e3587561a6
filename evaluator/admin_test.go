package evaluator_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/graph"
)

// TestAdmins holds who the administrators of the sample are, and that they are those of which a comparison one by one says so.
func TestAdmins(t *testing.T) {
	w, err := sampleWorld()
	if err != nil {
		t.Fatal(err)
	}
	found, err := w.Admins(t.Context(), evaluator.Question{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	alone, _, err := w.Includes(t.Context(), evaluator.Question{Actions: []string{"*"}}, everyone,
		&evaluator.Alternative{Identity: document(`{"Effect":"Allow","Action":"*","Resource":"*"}`)}, evaluator.Less)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, a := range found {
		if a.Answer != alone[i] {
			t.Errorf("%s: %s, and by itself %s", a.Principal, a.Answer, alone[i])
		}
		if a.Answer == evaluator.Included {
			got = append(got, a.Account[:4]+" "+a.Principal[strings.LastIndexByte(a.Principal, ':')+1:])
		}
		if (a.Lacks == nil) != (a.Answer == evaluator.Included) {
			t.Errorf("%s: %s, lacks %v", a.Principal, a.Answer, a.Lacks)
		}
	}
	want := []string{
		"1111 role/Admin", "1111 root", "2222 root", "3333 root", "4444 role/ShopAdmin", "4444 root", "5555 role/SandboxAdmin", "5555 root",
		"5555 user/erin", "7777 role/OrgAdmin", "7777 root",
	}
	if !slices.Equal(got, want) {
		t.Errorf("administrators are %q, want %q", got, want)
	}
}

// TestAdminsByParts holds which policies make an administrator: all that says everything in whatever parts, and nothing that takes some of it away.
func TestAdminsByParts(t *testing.T) {
	const all = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	users := []struct {
		name, identity, boundary string
		want                     evaluator.Inclusion
	}{
		{"all", all, "", evaluator.Included},
		{"bounded-by-all", all, all, evaluator.Included},
		{"bounded", all, `{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`, evaluator.Exceeds},
		{"halves", `{"Effect":"Allow","NotAction":"iam:*","Resource":"*"},{"Effect":"Allow","Action":"iam:*","Resource":"*"}`, "", evaluator.Included},
		{"power", `{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`, "", evaluator.Exceeds},
		{"denied-what-the-ceiling-denies", all + `,{"Effect":"Deny","Action":"kms:ScheduleKeyDeletion","Resource":"*"}`, "", evaluator.Included},
		{"denied-more", all + `,{"Effect":"Deny","Action":"kms:DisableKey","Resource":"*"}`, "", evaluator.Exceeds},
		{"denied-one-object", all + `,{"Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/secret"}`, "", evaluator.Exceeds},
		{"denied-never", all + `,{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalAccount":"999999999999"}}}`, "", evaluator.Included},
		{"with-mfa", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}`, "", evaluator.Exceeds},
		{"nothing", ``, "", evaluator.Exceeds},
	}
	facts := &graph.Facts{Documents: map[graph.DocumentHash]*graph.Document{}}
	put := func(statements string) graph.DocumentHash {
		text := []byte(`{"Version":"2012-10-17","Statement":[` + statements + `]}`)
		h := graph.DocumentHash(graph.HashOf(text))
		facts.Documents[h] = &graph.Document{Hash: h, Canonical: text}
		return h
	}
	account := &graph.Account{ID: "111122223333"}
	facts.Accounts = []*graph.Account{account}
	facts.Organization = &graph.Organization{
		ID: "o-a1b2c3d4e5", ManagementAccount: "777788889999", FeatureSet: "ALL", Roots: []graph.OrganizationRoot{{ID: "r-ab12", PolicyTypes: []string{graph.ServiceControlPolicy}}},
		Accounts: []graph.OrganizationAccount{{ID: "111122223333", ParentID: "r-ab12"}},
		Policies: []graph.OrganizationPolicy{
			{ID: "p-1", Name: "Ceiling", Type: graph.ServiceControlPolicy, Document: put(all + `,{"Effect":"Deny","Action":"kms:ScheduleKeyDeletion","Resource":"*"}`), Targets: []string{"r-ab12"}},
			{ID: "p-2", Name: "All", Type: graph.ServiceControlPolicy, Document: put(all), Targets: []string{"111122223333"}},
		},
	}
	for _, u := range users {
		user := &graph.User{ARN: graph.ARN("arn:aws:iam::111122223333:user/" + u.name), Name: u.name}
		if u.identity != "" {
			user.Inline = []graph.InlinePolicy{{Name: "own", Document: put(u.identity)}}
		}
		if u.boundary != "" {
			user.Boundary = graph.ARN("arn:aws:iam::111122223333:policy/" + u.name)
			account.Policies = append(account.Policies, &graph.ManagedPolicy{ARN: user.Boundary, DefaultVersion: "v1", Versions: []graph.PolicyVersion{{ID: "v1", Default: true, Document: put(u.boundary)}}})
		}
		account.Users = append(account.Users, user)
	}
	account.Users = append(account.Users, &graph.User{ARN: "arn:aws:iam::111122223333:user/lost", Name: "lost", Attached: []graph.ARN{"arn:aws:iam::111122223333:policy/gone"}})
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	holds := func(bounded evaluator.Inclusion) {
		t.Helper()
		got := administrators(t, facts, cat)
		for _, u := range users {
			want := u.want
			if u.name == "bounded-by-all" {
				want = bounded
			}
			if got[u.name] != want {
				t.Errorf("%s: everything %s, want %s", u.name, got[u.name], want)
			}
		}
		if got["lost"] != evaluator.Uncertain {
			t.Errorf("of whom a policy is missing is told: everything %s", got["lost"])
		}
	}
	holds(evaluator.Included)
	// D43: whom this policy names it spares, but for who has a boundary, even one that allows everything.
	var named []string
	for _, u := range users {
		named = append(named, `"arn:aws:iam::111122223333:user/`+u.name+`"`)
	}
	named = append(named, `"arn:aws:iam::111122223333:user/lost"`, `"arn:aws:iam::111122223333:root"`)
	account.Resources = append(account.Resources, &graph.Resource{
		ARN: "arn:aws:s3:::spared", Type: "AWS::S3::Bucket", Policy: put(`{"Effect":"Deny","NotPrincipal":{"AWS":[` + strings.Join(named, ",") + `]},"Action":"s3:GetObject","Resource":"arn:aws:s3:::spared/*"}`),
	})
	holds(evaluator.Exceeds)
}

// administrators says how much of everything each user may do, by name. Surveys, which take short cuts, are held to the same.
func administrators(t *testing.T, facts *graph.Facts, cat *catalog.Catalog) map[string]evaluator.Inclusion {
	t.Helper()
	w, err := evaluator.Compile(t.Context(), facts, cat)
	if err != nil {
		t.Fatal(err)
	}
	found, err := w.Admins(t.Context(), evaluator.Question{}, func(s *evaluator.Subject) bool { return s.Kind == "user" })
	if err != nil {
		t.Fatal(err)
	}
	among, err := w.AdminsAmong(t.Context(), evaluator.Question{}, w.Actors())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]evaluator.Inclusion{}
	for _, a := range found {
		got[a.Principal[strings.LastIndexByte(a.Principal, '/')+1:]] = a.Answer
		for _, b := range among {
			if a.Principal == b.Principal && a.Answer != b.Answer {
				t.Errorf("%s: everything %s, and in a survey %s", a.Principal, a.Answer, b.Answer)
			}
		}
	}
	return got
}
