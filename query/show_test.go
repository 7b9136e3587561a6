package query_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
	"github.com/accessgraph/accessgraph/ingest/files"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/inventory"
	"github.com/accessgraph/accessgraph/query/render"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// shown are the questions about the inventory whose answers are held: every kind, then what the fields and functions tell.
func shown() []string {
	var out []string
	for _, k := range inventory.Kinds() {
		out = append(out, "show "+string(k))
	}
	return append(out,
		"show users where mfa = false and console = true",
		"show keys where age > 90d",
		"show roles where last_used > 90d and can('iam:PassRole')",
		"show roles where can('kms:Decrypt', 'arn:aws:kms:us-east-1:111122223333:key/*')",
		"show groups where can('kms:Decrypt')",
		"show compute where can('kms:Decrypt') and type = AWS::EC2::Instance",
		"show principals where admin | select principal, kind",
		"show roles where external",
		"show resources where external or public",
		"show statements where effect = Allow and actions contains '*'",
		"show statements where not_actions is not null",
		"show users where tags.team = platform",
		"show policies where kind in (scp, rcp) | select name, attached_to, statements",
		"show users in ou Workloads except user/bob | group by account_name",
		"show users where last_used > 60d",
	)
}

// TestSampleShow holds what show gives on the sample, and that every format has as many rows.
func TestSampleShow(t *testing.T) {
	e := sample(t)
	var b strings.Builder
	for _, q := range shown() {
		a := keep(t, e, q)
		if len(a.rows) == 0 {
			t.Errorf("%s has no answer on the sample", q)
		}
		b.WriteString("> " + q + "\n" + a.render(t, render.Table) + "\n")
		for _, f := range []render.Format{render.JSON, render.NDJSON, render.CSV} {
			if got := countRows(t, f, a.render(t, f)); got != len(a.rows) {
				t.Errorf("%s as %s has %d rows, want %d", q, f, got, len(a.rows))
			}
		}
		for _, f := range []render.Format{render.Wide, render.Markdown} {
			if text := a.render(t, f); strings.Count(text, "\n") < len(a.rows) {
				t.Errorf("%s as %s:\n%s", q, f, text)
			}
		}
	}
	golden(t, "sample-show.golden", b.String())
}

// TestShowWidth holds that the tables of the sample fit into 120 columns.
func TestShowWidth(t *testing.T) {
	for _, k := range inventory.Kinds() {
		a := keep(t, sample(t), "show "+string(k))
		var b bytes.Buffer
		a.Rows = answer.Of(a.rows...)
		if err := render.Write(&b, render.Table, a.Answer, render.Options{Width: 120}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if n := len([]rune(line)); n > 121 && !strings.HasPrefix(line, "assumes: ") {
				t.Errorf("show %s has a line of %d columns: %s", k, n-1, line)
			}
		}
		if first, _, _ := strings.Cut(b.String(), "\n"); strings.Count(first, "  ") == 0 {
			t.Errorf("show %s is no table:\n%s", k, b.String())
		}
	}
}

// TestShowUnknown holds that what is not known of a user is no answer to a test of it, and is said: frank's account gave no credential report.
func TestShowUnknown(t *testing.T) {
	for predicate, want := range map[string]bool{
		"mfa = false": false, "mfa = true": false, "mfa is null": true, "mfa != true": true, "not mfa": true, "keys = 0": false, "console = false": false, "last_used > 60d": true,
	} {
		rows, s := ask(t, sample(t), "show users where "+predicate)
		if got := slices.Contains(principals(rows), "7777 user/frank"); got != want {
			t.Errorf("%s: frank is a row: %t", predicate, got)
		}
		if !slices.ContainsFunc(s.Assumptions, func(a string) bool { return strings.HasPrefix(a, "no-credential-report (1 of 6 accounts)") }) {
			t.Errorf("%s: assumptions are %q", predicate, s.Assumptions)
		}
	}
}

// TestShowUndecided holds that a row whose predicate hangs on what nobody knows is left out and named.
func TestShowUndecided(t *testing.T) {
	facts := &graph.Facts{Accounts: []*graph.Account{{
		ID: "111122223333",
		Users: []*graph.User{
			{ARN: "arn:aws:iam::111122223333:user/lost", Name: "lost", Attached: []graph.ARN{"arn:aws:iam::111122223333:policy/missing"}},
			{ARN: "arn:aws:iam::111122223333:user/none", Name: "none"},
		},
		Compute: []*graph.Compute{
			{ARN: "arn:aws:lambda:us-east-1:111122223333:function:f", Type: "AWS::Lambda::Function", Role: "arn:aws:iam::111122223333:role/gone"},
			{ARN: "arn:aws:lambda:us-east-1:111122223333:function:g", Type: "AWS::Lambda::Function"},
		},
	}}}
	e, err := query.New(t.Context(), facts, answer.Snapshot{})
	if err != nil {
		t.Fatal(err)
	}
	for question, want := range map[string]string{
		"show users where can('s3:GetObject')":     "undecided (1, no rows): whether can(s3:GetObject) is not known of arn:aws:iam::111122223333:user/lost",
		"show users where not can('s3:GetObject')": "undecided (1, no rows): whether not can(s3:GetObject) is not known of arn:aws:iam::111122223333:user/lost",
		"show users where admin":                   "undecided (1, no rows): whether admin is not known of arn:aws:iam::111122223333:user/lost",
		"show users where admin = false":           "undecided (1, no rows): whether admin = false is not known of arn:aws:iam::111122223333:user/lost",
		"show compute where can('s3:GetObject')":   "undecided (1, no rows): whether can(s3:GetObject) is not known of arn:aws:lambda:us-east-1:111122223333:function:f",
		"show compute where not admin":             "undecided (1, no rows): whether not admin is not known of arn:aws:lambda:us-east-1:111122223333:function:f",
	} {
		rows, s := ask(t, e, question)
		if !slices.Contains(s.Assumptions, want) {
			t.Errorf("%s assumes %q, want %q", question, s.Assumptions, want)
		}
		if negated := strings.Contains(question, "not ") || strings.Contains(question, "= false"); len(rows) > 0 != negated {
			t.Errorf("%s has %d rows", question, len(rows))
		}
	}
	if rows, _ := ask(t, e, "show users where admin is null"); len(rows) != 1 {
		t.Errorf("%d users are not known to be administrators or not", len(rows))
	}
}

// TestShowErrors holds where mistakes in show are pointed at, and what is said.
func TestShowErrors(t *testing.T) {
	for _, test := range []struct {
		question, message, suggestion string
		column                        int
	}{
		{"show users where mfaa = false", `these rows have no field "mfaa"; they have principal, name, path`, "mfa", 18},
		{"show keys where mfa", `these rows have no field "mfa"; they have principal, name, account`, "", 17},
		{"show users where age > tall", `age is a duration, and "tall" is none`, "", 24},
		{"show principals where kind = usr", `kind is one of user, role, root, and "usr" is none of them`, "user", 30},
		{"show users where cam('s3:*')", "these rows have no function cam; they have can", "can", 18},
		{"show policies where can('s3:*')", "these rows have no function can", "", 21},
		{"show users where can(s3)", `"s3" is not an action`, "", 22},
		{"show users where can('s3:*', bucket)", `"bucket" is not a resource`, "", 30},
		{"show users where can('s3:*', 'arn:aws:s3:::b', 'c')", "can takes an action, and after it a resource", "", 48},
		{"show users where tags = x", "tags is a structure; test one of its own fields", "", 18},
		{"show users on arn:aws:s3:::b", `"show" takes no on`, "", 15},
		{"show users when aws:SourceIp is present", `"show" takes no when`, "", 17},
		{"show users via assume", `"show" takes no via`, "", 16},
		{"show users within 3 hops", `"show" takes no within`, "", 19},
		{"show snapshots in account 111122223333", `"show snapshots" takes no in`, "", 19},
		{"show snapshots except account 111122223333", `"show snapshots" takes no except`, "", 23},
	} {
		_, err := query.Check(test.question)
		var bad *syntax.Error
		if !errors.As(err, &bad) || !strings.HasPrefix(bad.Message, test.message) && !strings.Contains(bad.Message, test.message) || bad.Suggestion != test.suggestion || bad.Column != test.column {
			t.Errorf("%s: %+v\nwant %q at %d, suggesting %q", test.question, err, test.message, test.column, test.suggestion)
		}
	}
	for question, want := range map[string]string{
		"show users in account 111122223334": "the snapshot knows no account 111122223334",
		"show users in ou Workload":          "the snapshot knows no OU Workload",
		"show users except user/bobb":        `no principal "user/bobb" in the snapshot`,
		"show policies except role/Admin":    "policies are no principals",
		"show users except group/Operators":  "except takes users, roles, root, accounts and scopes here",
	} {
		_, err := sample(t).Ask(t.Context(), question, query.Options{})
		var bad *syntax.Error
		if !errors.As(err, &bad) || !strings.Contains(bad.Message, want) {
			t.Errorf("%s: %v, want %q", question, err, want)
		}
	}
	if _, s := ask(t, sample(t), "show users in tag Teem = x"); !slices.Equal(s.Warnings, []string{"none of the users has a tag Teem; did you mean Team?"}) {
		t.Errorf("warnings are %q", s.Warnings)
	}
}

// TestShowStored holds that a stored snapshot, with its index, shows the same as the facts it was made of, and what else the store has.
func TestShowStored(t *testing.T) {
	ctx := t.Context()
	facts, _, err := files.Read(ctx, []string{"../testdata/sample/org"}, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store := memstore.New()
	taken := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	for i, name := range []string{"before", "weekly"} {
		if _, err := graph.Publish(ctx, store, facts, graph.Meta{Name: name, Time: taken.AddDate(0, 0, 7*(i-1))}); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.SetRef(ctx, "audit", 0, 1); err != nil {
		t.Fatal(err)
	}
	stored, err := query.Open(ctx, store, "latest")
	if err != nil {
		t.Fatal(err)
	}
	indexed, err := query.NewIndexed(ctx, facts, answer.Snapshot{ID: strings.Repeat("ab", 32), Time: taken})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range shown() {
		if q == "show snapshots" {
			continue
		}
		want := keep(t, sample(t), q).render(t, render.CSV)
		for name, e := range map[string]*query.Engine{"stored": stored, "indexed": indexed} {
			if diff := cmp.Diff(want, keep(t, e, q).render(t, render.CSV)); diff != "" {
				t.Errorf("%s %s (-facts +%s):\n%s", q, name, name, diff)
			}
		}
	}
	got := keep(t, stored, "show snapshots | select ref, name, names, age, latest, asked, complete, accounts").render(t, render.CSV)
	want := "ref,name,names,age,latest,asked,complete,accounts\n@latest,weekly,,0d,true,true,true,6\n@latest~1,before,audit,7d,false,false,true,6\n"
	if got != want {
		t.Errorf("show snapshots:\n%swant:\n%s", got, want)
	}
}

// TestShowCancelled holds that a question that was called off ends.
func TestShowCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sample(t).Ask(ctx, "show statements", query.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}
