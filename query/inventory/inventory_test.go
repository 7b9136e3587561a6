package inventory_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/inventory"
	"github.com/accessgraph/accessgraph/query/syntax"
)

var now = time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)

const account = graph.AccountID("111122223333")

// fields gives some fields of the first row of a kind.
func fields(t *testing.T, v *inventory.Inventory, k syntax.Kind, names ...string) map[string]any {
	t.Helper()
	rows, err := v.Rows(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 {
		t.Fatalf("%d %s, want one", len(rows), k)
	}
	out := map[string]any{}
	for _, n := range names {
		value, ok := rows[0].Field(n)
		if !ok {
			t.Errorf("%s have no field %s", k, n)
		}
		out[n] = value
	}
	return out
}

// oneUser is an inventory of one user of whom the credential report has the fields, in pairs of name and value; none: no report.
func oneUser(report ...string) *inventory.Inventory {
	arn := graph.ARN("arn:aws:iam::111122223333:user/ann")
	facts := &graph.Facts{Accounts: []*graph.Account{{ID: account, Users: []*graph.User{{ARN: arn, Name: "ann"}}}}}
	if report == nil {
		return inventory.New(facts, nil, nil, now)
	}
	row := graph.CredentialReportRow{User: "ann", ARN: arn}
	for i := 0; i+1 < len(report); i += 2 {
		row.Fields = append(row.Fields, graph.Tag{Key: report[i], Value: report[i+1]})
	}
	return inventory.New(facts, []*graph.AccountObservations{{Account: account, CredentialReport: []graph.CredentialReportRow{row}}}, nil, now)
}

// TestCredentials holds what the words of the credential report mean, and that nothing is known without it.
func TestCredentials(t *testing.T) {
	used, made := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC), time.Date(2026, 8, 26, 8, 0, 0, 0, time.UTC)
	names := []string{"console", "mfa", "keys", "key_age", "password_last_used", "key_last_used", "last_used", "boundary"}
	for _, test := range []struct {
		name   string
		report []string
		want   map[string]any
	}{
		{"no report", nil, map[string]any{"console": nil, "mfa": nil, "keys": nil, "key_age": nil, "password_last_used": nil, "key_last_used": nil, "last_used": nil, "boundary": nil}},
		{"an older report without the columns of keys", []string{"password_enabled", "true"},
			map[string]any{"console": true, "mfa": nil, "keys": nil, "key_age": nil, "password_last_used": nil, "key_last_used": nil, "last_used": nil, "boundary": nil}},
		{"a password that was never used", []string{"password_enabled", "true", "password_last_used", "no_information", "mfa_active", "false", "access_key_1_active", "false",
			"access_key_1_last_rotated", "N/A", "access_key_2_active", "false", "access_key_2_last_rotated", "N/A"},
			map[string]any{"console": true, "mfa": false, "keys": 0.0, "key_age": nil, "password_last_used": answer.Never(), "key_last_used": nil, "last_used": answer.Never(), "boundary": nil}},
		{"nothing to sign in with", []string{"password_enabled", "false", "password_last_used", "N/A", "mfa_active", "false", "access_key_1_active", "false", "access_key_1_last_rotated", "N/A"},
			map[string]any{"console": false, "mfa": false, "keys": 0.0, "key_age": nil, "password_last_used": nil, "key_last_used": nil, "last_used": answer.Never(), "boundary": nil}},
		{"a key in use, and one that is off", []string{"password_enabled", "not_supported", "mfa_active", "true", "access_key_1_active", "true", "access_key_1_last_rotated", "2026-08-26T08:00:00+00:00",
			"access_key_1_last_used_date", "2026-11-01T08:00:00+00:00", "access_key_2_active", "false", "access_key_2_last_rotated", "2020-01-01T00:00:00+00:00", "access_key_2_last_used_date", "N/A"},
			map[string]any{"console": nil, "mfa": true, "keys": 1.0, "key_age": now.Sub(made), "password_last_used": nil, "key_last_used": used, "last_used": used, "boundary": nil}},
		{"words that cannot be read", []string{"password_enabled", "true", "password_last_used", "garbage", "mfa_active", "maybe", "access_key_1_active", "false", "access_key_1_last_rotated", "N/A"},
			map[string]any{"console": true, "mfa": nil, "keys": 0.0, "key_age": nil, "password_last_used": nil, "key_last_used": nil, "last_used": nil, "boundary": nil}},
		{"a key whose use cannot be read", []string{"password_enabled", "true", "password_last_used", "no_information", "mfa_active", "true", "access_key_1_active", "true",
			"access_key_1_last_rotated", "2026-08-26T08:00:00+00:00", "access_key_1_last_used_date", "garbage", "access_key_2_active", "maybe", "access_key_2_last_rotated", "N/A"},
			map[string]any{"console": true, "mfa": true, "keys": nil, "key_age": now.Sub(made), "password_last_used": answer.Never(), "key_last_used": nil, "last_used": nil, "boundary": nil}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, fields(t, oneUser(test.report...), syntax.Users, names...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRoleLastUsed holds that a role of which nothing was observed is told from one that was not used.
func TestRoleLastUsed(t *testing.T) {
	arn := graph.ARN("arn:aws:iam::111122223333:role/r")
	facts := &graph.Facts{Accounts: []*graph.Account{{ID: account, Roles: []*graph.Role{{ARN: arn, Name: "r"}}}}}
	at := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name     string
		observed *graph.AccountObservations
		want     any
		gap      bool
	}{
		{"nothing", &graph.AccountObservations{Account: account}, nil, true},
		{"not used", &graph.AccountObservations{Account: account, RoleLastUsed: []graph.LastUsed{{ARN: arn}}}, answer.Never(), false},
		{"used", &graph.AccountObservations{Account: account, RoleLastUsed: []graph.LastUsed{{ARN: arn, Time: at, Region: "eu-west-1"}}}, at, false},
		{"a service later", &graph.AccountObservations{Account: account, RoleLastUsed: []graph.LastUsed{{ARN: arn}},
			LastAccessed: []graph.ServiceLastAccessed{{ARN: arn, Namespace: "s3", Time: at}, {ARN: arn, Namespace: "iam"}}}, at, false},
	} {
		v := inventory.New(facts, []*graph.AccountObservations{test.observed}, nil, now)
		if got := fields(t, v, syntax.Roles, "last_used")["last_used"]; !cmp.Equal(got, test.want) {
			t.Errorf("%s: last used %v, want %v", test.name, got, test.want)
		}
		said := strings.Contains(strings.Join(v.Assumptions(syntax.Roles), "\n"), "no-role-last-used (1 of 1 roles)")
		if said != test.gap {
			t.Errorf("%s: the gap is said: %t", test.name, said)
		}
	}
}

// TestAssumptions holds that what was not given is counted, for the kinds that it matters to.
func TestAssumptions(t *testing.T) {
	v := oneUser()
	for k, want := range map[syntax.Kind]string{
		syntax.Users: "no-credential-report (1 of 1 accounts)", syntax.Principals: "no-credential-report (1 of 1 accounts)", syntax.Keys: "no-credential-report (1 of 1 accounts)",
		syntax.Resources: "no-resource-policies (1 of 1 accounts)", syntax.Compute: "no-compute (1 of 1 accounts)", syntax.Providers: "no-identity-providers (1 of 1 accounts)",
		syntax.Policies: "no-organization-data", syntax.Statements: "no-organization-data", syntax.Accounts: "no-organization-data",
	} {
		if got := strings.Join(v.Assumptions(k), "\n"); !strings.Contains(got, want) {
			t.Errorf("show %s assumes %q, want %q", k, got, want)
		}
	}
	if got := v.Assumptions(syntax.Groups); got != nil {
		t.Errorf("show groups assumes %q", got)
	}
}

// TestUnreported holds that users are counted of whom a report that was given does not tell, and resources without tags.
func TestUnreported(t *testing.T) {
	arn := graph.ARN("arn:aws:iam::111122223333:user/")
	facts := &graph.Facts{Accounts: []*graph.Account{{
		ID: account, Users: []*graph.User{{ARN: arn + "ann", Name: "ann"}, {ARN: arn + "bob", Name: "bob"}, {ARN: arn + "eve", Name: "eve"}},
		Resources: []*graph.Resource{{ARN: "arn:aws:s3:::a", TagsKnown: true}, {ARN: "arn:aws:s3:::b"}},
	}}}
	said := []graph.Tag{{Key: "password_enabled", Value: "true"}, {Key: "mfa_active", Value: "true"}, {Key: "access_key_1_active", Value: "false"}}
	report := []graph.CredentialReportRow{{User: "ann", ARN: arn + "ann", Fields: said}, {User: "bob", ARN: arn + "bob", Fields: said[:1]}}
	v := inventory.New(facts, []*graph.AccountObservations{{Account: account, CredentialReport: report}}, nil, now)
	for k, want := range map[syntax.Kind]string{
		syntax.Users: "not-in-credential-report (2 of 3 users)", syntax.Principals: "not-in-credential-report (2 of 3 users)",
		syntax.Keys: "not-in-credential-report (1 of 3 users)", syntax.Resources: "no-resource-tags (1 of 2 resources)",
	} {
		if got := strings.Join(v.Assumptions(k), "\n"); !strings.Contains(got, want) {
			t.Errorf("show %s assumes %q, want %q", k, got, want)
		}
	}
}

// TestProfileWithoutRole holds that nobody knows what an instance can do whose profile no role is known to have.
func TestProfileWithoutRole(t *testing.T) {
	profile := graph.ARN("arn:aws:iam::111122223333:instance-profile/p")
	facts := &graph.Facts{Accounts: []*graph.Account{{ID: account, Compute: []*graph.Compute{{ARN: "arn:aws:ec2:us-east-1:111122223333:instance/i", InstanceProfile: profile}}}}}
	rows, err := inventory.New(facts, nil, nil, now).Rows(t.Context(), syntax.Compute)
	if err != nil {
		t.Fatal(err)
	}
	if got := rows[0].Self().Caller; got != string(profile) {
		t.Errorf("asked about %q, want the profile: nobody that is known", got)
	}
}

// TestStatements holds how odd statements are shown: negated elements apart, one of unknown effect once, without an effect.
func TestStatements(t *testing.T) {
	text := []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","NotAction":["iam:*"],"NotResource":"arn:aws:s3:::b/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}},{"Effect":"maybe","Action":"s3:*","Resource":"*"}]}`)
	h := graph.DocumentHash(graph.HashOf(text))
	facts := &graph.Facts{
		Accounts:  []*graph.Account{{ID: account, Groups: []*graph.Group{{ARN: "arn:aws:iam::111122223333:group/g", Name: "g", Inline: []graph.InlinePolicy{{Name: "odd", Document: h}}}}}},
		Documents: map[graph.DocumentHash]*graph.Document{h: {Hash: h, Canonical: text}},
	}
	v := inventory.New(facts, nil, nil, now)
	rows, err := v.Rows(t.Context(), syntax.Statements)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows {
		data, err := jsonv2.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var s struct {
			Effect, Conditions, Problem string
			Actions, Resources          []string
			NotActions                  []string `json:"not_actions"`
			NotResources                []string `json:"not_resources"`
		}
		if err := json.Unmarshal(data, &s); err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.Join([]string{
			s.Effect, strings.Join(s.Actions, " "), strings.Join(s.NotActions, " "), strings.Join(s.Resources, " "), strings.Join(s.NotResources, " "), s.Conditions,
		}, "|"))
		if broken := s.Problem != ""; broken != (s.Effect == "") {
			t.Errorf("problem is %q", s.Problem)
		}
	}
	want := []string{"Deny||iam:*||arn:aws:s3:::b/*|Bool(aws:SecureTransport, false)", "|s3:*||*||"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := fields(t, v, syntax.Policies, "statements", "valid"); n["statements"] != 2.0 || n["valid"] != false {
		t.Errorf("the policy has %v", n)
	}
}

// TestTags holds how tags are looked up: as written, else in any letter case.
func TestTags(t *testing.T) {
	facts := &graph.Facts{Accounts: []*graph.Account{{ID: account, Users: []*graph.User{{ARN: "arn:aws:iam::111122223333:user/ann",
		Tags: []graph.Tag{{Key: "Team", Value: "a"}, {Key: "team", Value: "b"}, {Key: "Cost Center", Value: "c"}}}}}}}
	got := fields(t, inventory.New(facts, nil, nil, now), syntax.Users, "tags.Team", "tags.team", "tags.TEAM", "tags.cost center", "tags.none")
	want := map[string]any{"tags.Team": "a", "tags.team": "b", "tags.TEAM": "a", "tags.cost center": "c", "tags.none": nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
