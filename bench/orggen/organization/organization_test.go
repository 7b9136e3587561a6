package organization

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/files"
)

var update = flag.Bool("update", false, "rewrite golden files")

func generate(t *testing.T, o Options) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := Generate(o, func(name string, data []byte) error {
		if _, twice := out[name]; twice {
			t.Errorf("%s is written twice", name)
		}
		out[name] = string(data)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func read(t *testing.T, o Options) *graph.Facts {
	t.Helper()
	dir := t.TempDir()
	if err := Write(dir, o); err != nil {
		t.Fatal(err)
	}
	facts, report, err := files.Read(context.Background(), []string{dir}, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if report.UnknownFields != 0 || len(report.Warnings) != 0 || len(report.Incomplete) != 0 {
		t.Errorf("%+v: unknown names %v, warnings %v, incomplete %v", o, report.UnknownNames, report.Warnings, report.Incomplete)
	}
	return facts
}

// TestGolden pins the bytes: measurements of different days speak of the same organization.
func TestGolden(t *testing.T) {
	out := generate(t, Options{Accounts: 12, Principals: 60, Seed: 7})
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(out)) {
		sum := sha256.Sum256([]byte(out[name]))
		fmt.Fprintf(&b, "%s %d %s\n", hex.EncodeToString(sum[:8]), len(out[name]), name)
	}
	golden := filepath.Join("testdata", "files.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the organization has changed; if that is meant, run with -update and measure again:\n%s", b.String())
	}
}

func TestSeed(t *testing.T) {
	o := Options{Accounts: 3, Principals: 20, Seed: 1}
	first := generate(t, o)
	if !maps.Equal(first, generate(t, o)) {
		t.Error("the same options give different files")
	}
	o.Seed = 2
	if maps.Equal(first, generate(t, o)) {
		t.Error("another seed gives the same files")
	}
}

// TestOrder: accounts are made side by side and handed on one after the other, as organization.json lists them.
func TestOrder(t *testing.T) {
	o := Options{Accounts: 30, Principals: 5, Seed: 1}
	var want, got []string
	for _, m := range newOrg(o).accounts {
		want = append(want, m.id)
	}
	if err := Generate(o, func(name string, _ []byte) error {
		if id, _, ok := strings.Cut(name, "/"); ok && (len(got) == 0 || got[len(got)-1] != id) {
			got = append(got, id)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("accounts came as %v, want %v", got, want)
	}
}

// TestSizes: the number of principals is what was asked for, from the smallest organization on.
func TestSizes(t *testing.T) {
	for _, o := range []Options{
		{Accounts: 1, Principals: 1}, {Accounts: 2, Principals: 3, Seed: 3}, {Accounts: 5, Principals: 16, Seed: 4},
		{Accounts: 41, Principals: 15, Seed: 5}, {Accounts: 2, Principals: 300, Seed: 6, UserShare: 0.5}, {Accounts: 1, Principals: 40, UserShare: 1},
	} {
		facts := read(t, o)
		if len(facts.Accounts) != o.Accounts || len(facts.Organization.Accounts) != o.Accounts {
			t.Errorf("%+v: %d accounts read", o, len(facts.Accounts))
		}
		for _, a := range facts.Accounts {
			if n := len(a.Users) + len(a.Roles); n != o.Principals {
				t.Errorf("%+v: account %s has %d principals", o, a.ID, n)
			}
			if o.UserShare == 0.5 && (len(a.Users) < 140 || len(a.Users) > 145) {
				t.Errorf("%+v: account %s has %d users", o, a.ID, len(a.Users))
			}
		}
	}
}

// TestReferences: whatever an entity names is there.
func TestReferences(t *testing.T) {
	facts := read(t, Options{Accounts: 6, Principals: 150, Seed: 11, Changes: 100})
	for _, a := range facts.Accounts {
		policies, groups := map[graph.ARN]bool{}, map[string]bool{}
		for _, p := range a.Policies {
			policies[p.ARN] = true
			if _, ok := p.Default(); !ok {
				t.Errorf("%s has no default version", p.ARN)
			}
		}
		for _, g := range a.Groups {
			groups[g.Name] = true
		}
		check := func(who graph.ARN, attached []graph.ARN, boundary graph.ARN) {
			for _, p := range append(slices.Clone(attached), boundary) {
				if p != "" && !policies[p] {
					t.Errorf("%s has policy %s, which is not there", who, p)
				}
			}
		}
		for _, u := range a.Users {
			check(u.ARN, u.Attached, u.Boundary)
			for _, g := range u.Groups {
				if !groups[g] {
					t.Errorf("%s is in group %s, which is not there", u.ARN, g)
				}
			}
		}
		for _, g := range a.Groups {
			check(g.ARN, g.Attached, "")
		}
		for _, r := range a.Roles {
			check(r.ARN, r.Attached, r.Boundary)
		}
	}
}

// TestDocuments: AWS would accept every document where it stands.
func TestDocuments(t *testing.T) {
	facts := read(t, Options{Accounts: 10, Principals: 200, Seed: 12, Changes: 100})
	seen := map[policy.Kind]int{}
	check := func(where string, kind policy.Kind, h graph.DocumentHash) {
		if h.IsZero() {
			return
		}
		seen[kind]++
		doc := facts.Documents[h]
		if doc == nil {
			t.Errorf("%s: document is not there", where)
			return
		}
		if p := policy.Parse(kind, doc.Canonical); !p.Valid() {
			t.Errorf("%s: %+v in %s", where, p.Problems, doc.Canonical)
		}
	}
	for _, p := range facts.Organization.Policies {
		kind := policy.SCP
		if p.Type == graph.ResourceControlPolicy {
			kind = policy.RCP
		}
		if kind == policy.SCP || !p.AWSManaged { // AWS's own RCP is written as nobody else may write one
			check(p.Name, kind, p.Document)
		}
	}
	for _, a := range facts.Accounts {
		for _, p := range a.Policies {
			for _, v := range p.Versions {
				check(string(p.ARN), policy.Identity, v.Document)
			}
		}
		for _, u := range a.Users {
			for _, p := range u.Inline {
				check(string(u.ARN), policy.Identity, p.Document)
			}
		}
		for _, r := range a.Roles {
			check(string(r.ARN), policy.Trust, r.Trust)
			for _, p := range r.Inline {
				check(string(r.ARN), policy.Identity, p.Document)
			}
		}
		for _, r := range a.Resources {
			check(string(r.ARN), policy.Resource, r.Policy)
		}
	}
	for _, kind := range []policy.Kind{policy.Identity, policy.Trust, policy.Resource, policy.SCP, policy.RCP} {
		if seen[kind] == 0 {
			t.Errorf("no document of kind %d", kind)
		}
	}
}

// TestDistribution holds the package comment to its numbers, loosely: they are chances.
func TestDistribution(t *testing.T) {
	facts := read(t, Options{Accounts: 10, Principals: 400, Seed: 13})
	total, users, own, bounded, linked, keys, delegating, noPolicy, buckets, grants := 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
	names := map[string]float64{}
	for _, a := range facts.Accounts {
		total += float64(len(a.Users) + len(a.Roles))
		users += float64(len(a.Users))
		grants += float64(len(a.Grants))
		for _, u := range a.Users {
			if len(u.Inline) > 0 {
				own++
			}
			if u.Boundary != "" {
				bounded++
			}
		}
		for _, r := range a.Roles {
			if strings.HasPrefix(r.Path, "/aws-service-role/") {
				linked++
			}
			for _, kind := range []string{"-service-", "-engineer-", "-reader-", "-shared-", "-app-"} {
				if strings.Contains(r.Name, kind) {
					names[kind]++
				}
			}
		}
		for _, r := range a.Resources {
			switch r.Type {
			case "AWS::KMS::Key":
				keys++
				if doc := facts.Documents[r.Policy]; strings.Contains(string(doc.Canonical), `"Action":"kms:*"`) {
					delegating++
				}
			case "AWS::S3::Bucket":
				buckets++
				if r.Policy.IsZero() {
					noPolicy++
				}
			}
		}
	}
	workloads := names["-service-"] + names["-engineer-"] + names["-reader-"] + names["-shared-"] + names["-app-"]
	for _, c := range []struct {
		what      string
		share, of float64
		want, off float64
	}{
		{"users", users, total, 0.195, 0.01}, {"users with an inline policy", own, users, 0.10, 0.03}, {"users with a boundary", bounded, users, 0.15, 0.04},
		{"service-linked roles of each account", linked, 10, 3, 0}, {"roles of services", names["-service-"], workloads, 0.35, 0.03},
		{"roles of teams", names["-engineer-"], workloads, 0.25, 0.03}, {"hand-written roles", names["-app-"], workloads, 0.20, 0.03},
		{"roles trusted by other accounts", names["-shared-"], workloads, 0.05, 0.02}, {"delegating keys", delegating, keys, 0.9, 0.1},
		{"buckets without policy", noPolicy, buckets, 0.4, 0.1}, {"keys with a grant", grants, keys, 0.3, 0.12},
	} {
		if got := c.share / c.of; got < c.want-c.off || got > c.want+c.off {
			t.Errorf("%s: %.3f, want %.2f ± %.2f", c.what, got, c.want, c.off)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, o := range []Options{{}, {Accounts: 1}, {Accounts: -1, Principals: 1}, {Accounts: 1, Principals: 1, UserShare: 1.5}, {Accounts: 1, Principals: 1, Changes: -1}} {
		if err := Generate(o, func(string, []byte) error { return nil }); !errors.Is(err, errOptions) {
			t.Errorf("%+v: error %v", o, err)
		}
	}
	full := errors.New("disk is full")
	for _, at := range []string{"organization.json", "coverage.json", "compute.json"} {
		err := Generate(Options{Accounts: 2, Principals: 2}, func(name string, _ []byte) error {
			if strings.HasSuffix(name, at) {
				return full
			}
			return nil
		})
		if !errors.Is(err, full) {
			t.Errorf("sink fails at %s: error %v", at, err)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Write(file, Options{Accounts: 1, Principals: 1}); err == nil {
		t.Error("a file is accepted as the directory")
	}
}

// TestSplits: what keeps principals of the same shape apart is there, in the organization's documents or in an account's.
func TestSplits(t *testing.T) {
	o := Options{Accounts: 60, Principals: 60, Seed: 14}
	out := generate(t, o)
	accounts := newOrg(o).accounts
	one := accounts[production+50]
	details := func(m member) string { return out[m.id+"/account-authorization-details.json"] }
	var resources strings.Builder // an account of this size may have none of a kind
	for _, m := range accounts {
		resources.WriteString(out[m.id+"/resource-policies.json"])
	}
	for _, c := range []struct{ what, in, text string }{
		{"an SCP that names accounts", out["organization.json"], `"aws:PrincipalAccount": [`},
		{"an SCP that names this account", out["organization.json"][strings.Index(out["organization.json"], `"aws:PrincipalAccount": [`):], `"` + one.id + `"`},
		{"an SCP that names a role", out["organization.json"], `"aws:PrincipalArn": "arn:aws:iam::` + accounts[shared].id + `:role/ci/ci-deploy"`},
		{"a condition on account ids", details(one), `"aws:ResourceAccount": [`},
		{"a condition on an ARN of the account", details(one), `"iam:PermissionsBoundary": "arn:aws:iam::` + one.id},
		{"service-linked roles", details(accounts[management]), `"/aws-service-role/`},
		{"a management account", out["organization.json"], `"MasterAccountId": "` + accounts[management].id + `"`},
		{"conditions on tags of both sides", details(one), "${aws:PrincipalTag/team}"},
		{"a resource's policy that names a principal", resources.String(), `:role/service/`},
	} {
		if !strings.Contains(c.in, c.text) {
			t.Errorf("there is no %s: %s", c.what, c.text)
		}
	}
}
