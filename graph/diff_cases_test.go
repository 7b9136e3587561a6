package graph_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
)

// twoSnapshots publishes two sets of facts and compares them.
func twoSnapshots(t *testing.T, before, after *graph.Facts) *graph.Changes {
	t.Helper()
	s := memstore.New()
	c, err := graph.Diff(context.Background(), s, published(t, s, before), published(t, s, after))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func user(name, id string) *graph.User {
	return &graph.User{ARN: graph.ARN("arn:aws:iam::111111111111:user/" + name), Name: name, ID: id}
}

// ofAccount is a snapshot of one account.
func ofAccount(a *graph.Account) *graph.Facts {
	a.ID = "111111111111"
	return &graph.Facts{Accounts: []*graph.Account{a}}
}

func read(kind string, state graph.CoverageState) []graph.Coverage {
	return []graph.Coverage{{Kind: kind, State: state}}
}

// TestDiffOfUsers: what has another unique id is another one, what has the same is the same under another name, and what could not be
// read is unknown.
func TestDiffOfUsers(t *testing.T) {
	for _, c := range []struct {
		name          string
		before, after *graph.Account
		want          string
	}{
		{"added", &graph.Account{Users: []*graph.User{user("a", "1")}}, &graph.Account{Users: []*graph.User{user("a", "1"), user("b", "2")}}, "added b"},
		{"removed", &graph.Account{Users: []*graph.User{user("a", "1"), user("b", "2")}}, &graph.Account{Users: []*graph.User{user("a", "1")}}, "removed b"},
		{"recreated", &graph.Account{Users: []*graph.User{user("a", "1")}}, &graph.Account{Users: []*graph.User{user("a", "2")}}, "recreated a a"},
		{"an id that one export lacks", &graph.Account{Users: []*graph.User{user("a", "1")}}, &graph.Account{Users: []*graph.User{user("a", "")}}, "changed a a"},
		{"renamed", &graph.Account{Users: []*graph.User{user("a", "1")}}, &graph.Account{Users: []*graph.User{user("b", "1")}}, "changed a b"},
		{"renamed to one that is gone", &graph.Account{Users: []*graph.User{user("a", "1"), user("b", "2")}},
			&graph.Account{Users: []*graph.User{user("b", "1")}}, "changed a b, removed b"},
		{"nothing was said", &graph.Account{Users: []*graph.User{user("a", "1")}}, &graph.Account{Aliases: []string{"x"}},
			"unknown a (iam not-asked)"},
		{"none left", &graph.Account{Users: []*graph.User{user("a", "1")}}, &graph.Account{Coverage: read(graph.KindIAM, graph.CoverageComplete)}, "removed a"},
		{"denied later", &graph.Account{Users: []*graph.User{user("a", "1")}}, &graph.Account{Coverage: read(graph.KindIAM, graph.CoverageDenied)},
			"unknown a (iam denied)"},
		{"failed before", &graph.Account{Users: []*graph.User{user("a", "1")}, Coverage: read(graph.KindIAM, graph.CoverageFailed)},
			&graph.Account{Users: []*graph.User{user("a", "1"), user("b", "2")}}, "unknown b (iam failed)"},
		{"a file of no known kind", &graph.Account{Users: []*graph.User{user("a", "1"), user("b", "2")}},
			&graph.Account{Users: []*graph.User{user("a", "1")}, Coverage: []graph.Coverage{
				{Kind: graph.KindIAM, State: graph.CoverageComplete}, {Kind: graph.KindInput, State: graph.CoverageFailed, Error: graph.UnknownInput + ": no JSON"}}},
			"unknown b (input a file: no JSON)"},
		{"a file of another kind", &graph.Account{Users: []*graph.User{user("a", "1"), user("b", "2")}},
			&graph.Account{Users: []*graph.User{user("a", "1")}, Coverage: []graph.Coverage{
				{Kind: graph.KindIAM, State: graph.CoverageComplete}, {Kind: graph.KindInput, State: graph.CoverageFailed, Error: "compute: no JSON"}}},
			"removed b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := twoSnapshots(t, ofAccount(c.before), ofAccount(c.after))
			var got []string
			for _, u := range d.Accounts[0].Users {
				text := string(u.Kind)
				for _, v := range []*graph.User{u.Before, u.After} {
					if v != nil {
						text += " " + v.Name
					}
				}
				if !u.Gap.IsZero() {
					text += " (" + u.Gap.Why + ")"
				}
				got = append(got, text)
			}
			slices.Sort(got)
			if text := strings.Join(got, ", "); text != c.want {
				t.Errorf("got  %s\nwant %s", text, c.want)
			}
		})
	}
}

// TestDiffOfResources: a resource is gone only where its type was read in its Region.
func TestDiffOfResources(t *testing.T) {
	key := &graph.Resource{ARN: "arn:aws:kms:eu-west-1:111111111111:key/1", Type: "AWS::KMS::Key", Region: "eu-west-1"}
	type coverage = []graph.Coverage
	whole := graph.Coverage{Kind: graph.KindResourcePolicies, State: graph.CoverageComplete}
	for _, c := range []struct {
		name     string
		coverage coverage
		want     graph.ChangeKind
	}{
		{"read as a whole", coverage{whole}, graph.Removed},
		{"read by type", coverage{{Kind: key.Type, State: graph.CoverageComplete}}, graph.Removed},
		{"read in the Region", coverage{whole, {Kind: key.Type, Region: "eu-west-1", State: graph.CoverageComplete}}, graph.Removed},
		{"denied in the Region", coverage{whole, {Kind: key.Type, Region: "eu-west-1", State: graph.CoverageDenied, Error: "AccessDenied"}}, graph.UnknownChange},
		{"read in another Region", coverage{whole, {Kind: key.Type, Region: "us-east-1", State: graph.CoverageComplete}}, graph.UnknownChange},
		{"denied in another Region", coverage{whole, {Kind: key.Type, State: graph.CoverageComplete},
			{Kind: key.Type, Region: "us-east-1", State: graph.CoverageDenied}}, graph.Removed},
		{"an entry was left out", coverage{{Kind: graph.KindResourcePolicies, State: graph.CoverageFailed}, {Kind: key.Type, State: graph.CoverageComplete}}, graph.UnknownChange},
		{"another type is denied", coverage{whole, {Kind: "AWS::SQS::Queue", State: graph.CoverageDenied}}, graph.Removed},
		{"nobody asked", nil, graph.UnknownChange},
	} {
		d := twoSnapshots(t, ofAccount(&graph.Account{Resources: []*graph.Resource{key}}), ofAccount(&graph.Account{Coverage: c.coverage}))
		if r := d.Accounts[0].Resources; len(r) != 1 || r[0].Kind != c.want {
			t.Errorf("%s: %+v, want %s", c.name, r, c.want)
		}
	}
}

// TestDiffOfPolicies: a policy that something still refers to is one that was not read.
func TestDiffOfPolicies(t *testing.T) {
	p := &graph.ManagedPolicy{ARN: "arn:aws:iam::111111111111:policy/p", Name: "p"}
	iam := graph.Coverage{Kind: graph.KindIAM, State: graph.CoverageComplete}
	missing := graph.Coverage{Kind: graph.KindDocument, State: graph.CoverageFailed, Error: "missing: " + string(p.ARN)}
	for want, coverage := range map[graph.ChangeKind][]graph.Coverage{graph.Removed: {iam}, graph.UnknownChange: {iam, missing}} {
		d := twoSnapshots(t, ofAccount(&graph.Account{Policies: []*graph.ManagedPolicy{p}}), ofAccount(&graph.Account{Coverage: coverage}))
		if got := d.Accounts[0].Policies[0]; got.Kind != want {
			t.Errorf("%v, want %s", got, want)
		}
	}
}

// TestDiffOfAccounts: an account is gone only where an organization says so.
func TestDiffOfAccounts(t *testing.T) {
	with := func(o *graph.Organization, ids ...graph.AccountID) *graph.Facts {
		f := &graph.Facts{Organization: o}
		for _, id := range ids {
			f.Accounts = append(f.Accounts, &graph.Account{ID: id, Users: []*graph.User{user("a", "1")}})
		}
		return f
	}
	members := func(ids ...graph.AccountID) *graph.Organization {
		o := &graph.Organization{ID: "o-1"}
		for _, id := range ids {
			o.Accounts = append(o.Accounts, graph.OrganizationAccount{ID: id})
		}
		return o
	}
	const a, b = "111111111111", "222222222222"
	for _, c := range []struct {
		name          string
		before, after *graph.Facts
		want          graph.ChangeKind
		users         int
	}{
		{"left", with(members(a, b), a, b), with(members(a), a), graph.Removed, 1},
		{"joined", with(members(a), a), with(members(a, b), a, b), graph.Added, 1},
		{"still a member", with(members(a, b), a, b), with(members(a, b), a), graph.UnknownChange, 0},
		{"was one before", with(members(a, b), a), with(members(a, b), a, b), graph.UnknownChange, 0},
		{"no organization", with(nil, a, b), with(nil, a), graph.UnknownChange, 0},
	} {
		d := twoSnapshots(t, c.before, c.after)
		if len(d.Accounts) != 1 || d.Accounts[0].ID != b || d.Accounts[0].Kind != c.want || len(d.Accounts[0].Users) != c.users {
			t.Errorf("%s: %+v, want %s", c.name, d.Accounts, c.want)
		}
	}
	if o := twoSnapshots(t, with(members(a), a), with(nil, a)).Organization; o.Kind != graph.UnknownChange || o.Gap.Why != "organization not-asked" {
		t.Errorf("%+v", o)
	}
}

// reads counts what is fetched.
type reads struct {
	*memstore.Store
	contents, bytes int
}

func (s *reads) Fetch(ctx context.Context, p graph.Partition, hashes []graph.Hash, fn func(int, []byte) error) error {
	return s.Store.Fetch(ctx, p, hashes, func(i int, content []byte) error {
		s.contents++
		s.bytes += len(content)
		return fn(i, content)
	})
}

// TestDiffReadsWhatDiffers: of a hundred times as many users no more is read.
func TestDiffReadsWhatDiffers(t *testing.T) {
	cost := func(users int) (contents int) {
		facts := func(changed bool) *graph.Facts {
			a := &graph.Account{}
			for i := range users {
				a.Users = append(a.Users, user(fmt.Sprintf("user-%06d", i), fmt.Sprint(i)))
			}
			if changed {
				a.Users[users/2].Groups = []string{"g"}
			}
			return ofAccount(a)
		}
		s := &reads{Store: memstore.New()}
		from, to := published(t, s, facts(false)), published(t, s, facts(true))
		s.contents = 0
		c, err := graph.Diff(t.Context(), s, from, to)
		if err != nil || len(c.Accounts) != 1 || len(c.Accounts[0].Users) != 1 {
			t.Fatalf("%+v %v", c, err)
		}
		return s.contents
	}
	if small, large := cost(500), cost(50_000); small != large || large != 6 { // of each tree the root, the account and one leaf
		t.Errorf("%d and %d contents are read", small, large)
	}
}

// missing is a store in which one content is gone.
type missing struct {
	*memstore.Store
	seen []graph.Hash
	gone graph.Hash
}

func (s *missing) Fetch(ctx context.Context, p graph.Partition, hashes []graph.Hash, fn func(int, []byte) error) error {
	s.seen = append(s.seen, hashes...)
	if slices.Contains(hashes, s.gone) {
		return graph.ErrNotFound
	}
	return s.Store.Fetch(ctx, p, hashes, fn)
}

// TestDiffOfDamage: whatever of the trees is missing is an error, and never a difference.
func TestDiffOfDamage(t *testing.T) {
	s := &missing{Store: memstore.New()}
	d := graph.CanonicalDocument([]byte(`{"Version":"2012-10-17"}`))
	facts := func(name string) *graph.Facts {
		u := user(name, name)
		u.Inline = []graph.InlinePolicy{{Name: "p", Document: d.Hash}}
		f := ofAccount(&graph.Account{Users: []*graph.User{u}, Coverage: read(graph.KindIAM, graph.CoverageComplete)})
		f.Organization = &graph.Organization{ID: "o-" + name, Units: []graph.OrganizationalUnit{{ID: "ou-" + name}}}
		f.Documents = map[graph.DocumentHash]*graph.Document{d.Hash: &d}
		return f
	}
	from, to := published(t, s, facts("a")), published(t, s, facts("b"))
	if _, err := graph.Diff(t.Context(), s, from, to); err != nil {
		t.Fatal(err)
	}
	all := slices.Clone(s.seen)
	if len(all) < 10 {
		t.Errorf("%d contents are read", len(all))
	}
	for _, h := range all {
		s.gone = h
		if _, err := graph.Diff(t.Context(), s, from, to); !errors.Is(err, graph.ErrDamaged) {
			t.Errorf("without %s: %v", h, err)
		}
	}
	s.gone = graph.Hash{}
	if _, err := graph.Diff(t.Context(), s, from, graph.SnapshotID(strings.Repeat("ab", 32))); !errors.Is(err, graph.ErrNoSnapshot) {
		t.Errorf("of no snapshot: %v", err)
	}
}
