package query_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
	"github.com/accessgraph/accessgraph/ingest/files"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/render"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// sampleFacts reads the sample organization.
func sampleFacts(t *testing.T) *graph.Facts {
	t.Helper()
	f, _, err := files.Read(t.Context(), []string{filepath.Join("..", "testdata", "sample", "org")}, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// moments keeps the sample as it was before and after a change, as @before and @after.
func moments(t *testing.T, change func(f *graph.Facts)) graph.Store {
	t.Helper()
	before, after := sampleFacts(t), sampleFacts(t)
	change(after)
	s := memstore.New()
	for i, f := range []*graph.Facts{before, after} {
		meta := graph.Meta{Name: []string{"before", "after"}[i], Time: time.Date(2026, 10, 30+24*i, 8, 0, 0, 0, time.UTC)}
		if _, err := graph.Publish(t.Context(), s, f, meta); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// changesOf asks and gives all rows.
func changesOf(t *testing.T, s graph.Store, question string) (rows []*answer.ChangeRow, a *answer.Answer) {
	t.Helper()
	a, err := query.Run(t.Context(), s, question, query.Options{})
	if err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	all, err := answer.Collect(a.Rows)
	if err != nil {
		t.Fatalf("%s: %v", question, err)
	}
	for _, r := range all {
		rows = append(rows, r.(*answer.ChangeRow))
	}
	return rows, a
}

// told is what rows say, a line each.
func told(rows []*answer.ChangeRow) string {
	var out []string
	for _, r := range rows {
		text := strings.TrimSpace(r.Change + " " + r.Kind + " " + r.ID[strings.LastIndexByte(r.ID, ':')+1:] + " " + r.Relation)
		for i, list := range [][]answer.Grant{r.Gained, r.Lost} {
			for _, g := range list {
				text += " " + []string{"+", "-"}[i] + strings.Join(g.Actions, ",")
				if g.Witness == nil && g.Verdict != answer.Unknown {
					text += " (no witness)"
				}
			}
		}
		out = append(out, text)
	}
	return strings.Join(out, "\n")
}

const prod = 0 // the sample's first account, 111122223333

// principal finds a user of the sample.
func userOf(f *graph.Facts, name string) *graph.User {
	a := f.Accounts[prod]
	return a.Users[slices.IndexFunc(a.Users, func(u *graph.User) bool { return u.Name == name })]
}

func roleOf(f *graph.Facts, name string) *graph.Role {
	a := f.Accounts[prod]
	return a.Roles[slices.IndexFunc(a.Roles, func(r *graph.Role) bool { return r.Name == name })]
}

func documentIn(f *graph.Facts, text string) graph.DocumentHash {
	d := graph.CanonicalDocument([]byte(text))
	f.Documents[d.Hash] = &d
	return d.Hash
}

// TestChangesIn: a row is gained or lost with whom it is about, whatever that is called now.
func TestChangesIn(t *testing.T) {
	const queues = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:111122223333:jobs"`
	give := func(f *graph.Facts, condition string) {
		u := userOf(f, "bob")
		u.Inline = append(u.Inline, graph.InlinePolicy{Name: "queues", Document: documentIn(f, queues+condition+`}}`)})
	}
	rename := func(f *graph.Facts, name string) {
		u := userOf(f, name)
		u.ARN, u.Name = graph.ARN(strings.Replace(string(u.ARN), name, name+"2", 1)), name+"2"
	}
	for _, c := range []struct {
		name     string
		change   func(f *graph.Facts)
		question string
		want     string
	}{
		{"nothing", func(*graph.Facts) {}, "who can s3:*", ""},
		{"gained", func(f *graph.Facts) { give(f, "") }, "who can sqs:SendMessage in account 111122223333", "added principal user/staff/bob +sqs:SendMessage"},
		{"not of the question", func(f *graph.Facts) { give(f, "") }, "who can kms:*", ""},
		{"left out", func(f *graph.Facts) { give(f, "") }, "who can sqs:SendMessage except user/bob", ""},
		{"under a condition", func(f *graph.Facts) { give(f, `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`) },
			"can user/bob do sqs:SendMessage when aws:MultiFactorAuthPresent = false", ""},
		{"in other words", func(f *graph.Facts) {
			for _, u := range f.Accounts[prod].Users {
				for i := range u.Inline {
					text := string(f.Documents[u.Inline[i].Document].Canonical)
					u.Inline[i].Document = documentIn(f, strings.Replace(text, `"Statement":`, `"Id":"anew","Statement":`, 1))
				}
			}
		}, "who can s3:*", ""},
		{"renamed", func(f *graph.Facts) { rename(f, "alice") }, "show users where account = 111122223333", "changed user user/alice2"},
		{"one question about what both know", func(f *graph.Facts) { give(f, "") }, "what can user/bob do on arn:aws:sqs:us-east-1:111122223333:jobs",
			"added principal user/staff/bob +sqs:SendMessage"},
		{"made anew", func(f *graph.Facts) { userOf(f, "bob").ID = "AIDAOTHERBOB" }, "show users where name = bob",
			"removed user user/staff/bob\nadded user user/staff/bob"},
		{"a statement before others", func(f *graph.Facts) {
			r := roleOf(f, "App")
			text := string(f.Documents[r.Inline[0].Document].Canonical)
			r.Inline[0].Document = documentIn(f, strings.Replace(text, `"Statement":[`, `"Statement":[{"Sid":"First","Effect":"Allow","Action":"sqs:ListQueues","Resource":"*"},`, 1))
		}, "show statements where owner like 'role/App'", "added statement role/App"},
		{"outside", func(f *graph.Facts) {
			roleOf(f, "App").Trust = documentIn(f, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"999900008888"},"Action":"sts:AssumeRole"}}`)
		}, "external trust on arn:aws:iam::111122223333:role/App", "added external grant role/App +sts:AssumeRole"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, _ := changesOf(t, moments(t, c.change), "changes from @before to @after in ("+c.question+")")
			if got := told(rows); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// TestChangesOfPaths: who newly reaches an administrator is said on request.
func TestChangesOfPaths(t *testing.T) {
	s := moments(t, func(f *graph.Facts) {
		u := userOf(f, "bob")
		u.Inline = append(u.Inline, graph.InlinePolicy{Name: "in", Document: documentIn(f,
			`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:AttachUserPolicy","Resource":"*"}}`)})
	})
	rows, _ := changesOf(t, s, "changes from @before to @after with paths | where kind = 'reaches admin'")
	var found bool
	for _, r := range rows {
		found = found || r.Change == answer.ChangeAdded && strings.HasSuffix(r.ID, "user/staff/bob")
	}
	if !found {
		t.Errorf("bob reaches an administrator, and no row says so:\n%s", told(rows))
	}
	_, a := changesOf(t, s, "changes from @before to @after")
	if notes := a.Summary().Notes; len(notes) != 1 || !strings.Contains(notes[0], "with paths") {
		t.Errorf("nothing says that paths were not compared: %q", notes)
	}
}

// TestChangesOfObservations: what changes by itself is compared on request alone.
func TestChangesOfObservations(t *testing.T) {
	s := moments(t, func(f *graph.Facts) {
		for _, o := range f.Observations {
			for i := range o.RoleLastUsed {
				o.RoleLastUsed[i].Time = o.RoleLastUsed[i].Time.Add(time.Hour)
			}
		}
		f.Observations = append(f.Observations, &graph.AccountObservations{Account: "999988887777", Summary: []graph.Tag{{Key: "Users", Value: "1"}}})
	})
	if rows, _ := changesOf(t, s, "changes from @before to @after"); len(rows) != 0 {
		t.Errorf("observations are no facts:\n%s", told(rows))
	}
	rows, _ := changesOf(t, s, "changes from @before to @after with observations")
	used, unknown := 0, 0
	for _, r := range rows {
		switch {
		case r.Kind == "last used" && r.Details[0].What == "time":
			used++
		case r.Change == answer.ChangeUnknown && strings.HasPrefix(r.Gap, "not read in @before"):
			unknown++
		}
	}
	if used == 0 || unknown != 1 || used+unknown != len(rows) {
		t.Errorf("%d roles were used later and %d accounts have nothing to compare with, of\n%s", used, unknown, told(rows))
	}
}

// TestReferenceChanges asks the examples of changes in the users' reference.
func TestReferenceChanges(t *testing.T) {
	data, err := os.ReadFile("../docs/query-language.md")
	if err != nil {
		t.Fatal(err)
	}
	s := moments(t, func(f *graph.Facts) { userOf(f, "bob").Groups = nil; userOf(f, "bob").Tags = nil })
	asked := 0
	for _, block := range strings.Split(string(data), "```accessgraph\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		for line := range strings.Lines(block) {
			q, err := query.Check(line)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := q.Question.(*syntax.Changes); !ok {
				continue
			}
			asked++
			_, a := changesOf(t, s, line)
			var out bytes.Buffer
			if err := render.Write(&out, render.Table, a, render.Options{}); err != nil || out.Len() == 0 {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
	if asked < 4 {
		t.Errorf("%d examples were asked, want more", asked)
	}
}

// TestChangesCancelled: a comparison ends when it is cancelled.
func TestChangesCancelled(t *testing.T) {
	s := moments(t, func(f *graph.Facts) { userOf(f, "bob").Tags = nil })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := query.Run(ctx, s, "changes from @before to @after", query.Options{}); err == nil {
		t.Error("it went on")
	}
}

// TestChangesOfGuardrails: an SCP that is detached from an OU is more than a policy that changed: whoever is below it gains what it denied.
func TestChangesOfGuardrails(t *testing.T) {
	var name string
	s := moments(t, func(f *graph.Facts) {
		for i := range f.Organization.Policies {
			p := &f.Organization.Policies[i]
			if p.Type == graph.ServiceControlPolicy && !p.AWSManaged && slices.ContainsFunc(p.Targets, func(id string) bool { return strings.HasPrefix(id, "ou-") }) {
				name, p.Targets = p.Name, nil
				return
			}
		}
	})
	rows, _ := changesOf(t, s, "changes from @before to @after")
	if rows[0].Kind != "scp" || rows[0].Name != name || len(rows[0].Details) < 2 || rows[0].Details[0].What != "attached to" || rows[0].Details[0].Change != answer.ChangeRemoved {
		t.Fatalf("%+v", rows[0])
	}
	gained := 0
	for _, r := range rows[1:] {
		if len(r.Lost) > 0 || len(r.Details) != 1 || r.Details[0].What != "scp "+name {
			t.Errorf("%q lost %d for %+v", r.Principals, len(r.Lost), r.Details)
		}
		gained += len(r.Principals)
	}
	if d := rows[0].Details[1]; d.What != "principals that gained access" || d.After != strconv.Itoa(gained) || gained < 2 {
		t.Errorf("%d gained, and the row says %+v", gained, d)
	}
}
