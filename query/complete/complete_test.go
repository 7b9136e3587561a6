package complete_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
	"github.com/accessgraph/accessgraph/ingest/files"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/complete"
	"github.com/accessgraph/accessgraph/query/syntax"
)

func schema(text string) *answer.Schema {
	s, err := query.Schema(text)
	if err != nil {
		return nil
	}
	return s
}

// over publishes facts and gives a completer of all that is known of them.
func over(t *testing.T, facts *graph.Facts) *complete.Completer {
	t.Helper()
	store := memstore.New()
	entry, err := graph.Publish(t.Context(), store, facts, graph.Meta{Name: "monday", Time: time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	names, err := complete.Read(t.Context(), store, entry.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	history, err := store.History(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &complete.Completer{Most: 200, Schema: schema,
		Sources: []complete.Source{complete.Catalogue(cat), names, complete.History(history, map[string]int64{"audit": entry.Number})}}
}

func sample(t *testing.T) *complete.Completer {
	t.Helper()
	facts, _, err := files.Read(t.Context(), []string{filepath.Join("..", "..", "testdata", "sample", "org")}, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return over(t, facts)
}

func texts(c complete.Completion) string {
	var all []string
	for _, x := range c.Candidates {
		all = append(all, strings.ReplaceAll(x.Text, "|", "¦"))
	}
	return strings.Join(all, " ")
}

func TestAt(t *testing.T) {
	c := sample(t)
	for _, test := range []struct{ text, want string }{
		// keywords, with the bar and comparisons, and without what only ends things
		{"wh", "who why what"},
		{"who can kms:* w", "when within with"},
		{"who can kms:* ", "when in except via within at on with ¦"},
		{"who can kms:* when aws:x ", "is = != < <= > >= ~= not like arnlike in"},
		// actions
		{"who can kms:Dec", "kms:Decrypt"},
		{"who can KMS:dec", "kms:Decrypt"},
		{"who can 'kms:Dec", "'kms:Decrypt'"},
		{"who can sqs:S", "sqs:SendMessage sqs:SetQueueAttributes sqs:StartMessageMoveTask"},
		{"who can secretsm", "secretsmanager:"},
		{"who can kms:@w", "kms:@write"},
		{"who can @w", "@write"},
		{"who can kms:De*", ""},
		// principals
		{"can role/De", "role/Deploy"},
		{"can ROLE/de", "role/Deploy"},
		{"can user/a", "user/alice"},
		{"can group/", "group/Developers group/Maintainers group/Operators"},
		{"can arn:aws:iam::111122223333:user/", "arn:aws:iam::111122223333:user/alice arn:aws:iam::111122223333:user/staff/bob"},
		{"can service lam", "lambda.amazonaws.com"},
		{"who can kms:* except account 7777", "777788889999"},
		// resources
		{"who can s3:* on arn:aws:s3:::pay", "arn:aws:s3:::payroll"},
		{"who can iam:* on arn:aws:iam::111122223333:user/a", "arn:aws:iam::111122223333:user/alice"},
		// scopes
		{"who can kms:* in account 11", "111122223333"},
		{"who can kms:* in 11", "111122223333"},
		{"who can kms:* in ou W", "Workloads"},
		{"who can kms:* in ou 'W", "'Workloads'"},
		{"who can kms:* in org ", "o-a1b2c3d4e5"},
		{"who can kms:* in tag T", "Team"},
		{"who can kms:* in tag Team = p", "payroll platform"},
		// keys and their values
		{"who can kms:* when aws:Mul", "aws:MultiFactorAuthAge aws:MultiFactorAuthPresent"},
		{"who can kms:* when aws:MultiFactorAuthPresent = ", "true false"},
		{"who can kms:* when aws:MultiFactorAuthPresent != f", "false"},
		{"who can kms:* when kms:ViaS", "kms:ViaService"},
		{"who can kms:* when aws:PrincipalT", "aws:PrincipalTag/ aws:PrincipalType"},
		{"who can kms:* when aws:PrincipalTag/", "aws:PrincipalTag/Team"},
		{"who can kms:* when aws:PrincipalTag/Team in (shop, p", "payroll platform"},
		{"who can kms:* when aws:PrincipalAccount not in (1", "111122223333"},
		{"who can kms:* when aws:PrincipalOrgID = o", "o-a1b2c3d4e5"},
		{"who can kms:* when aws:PrincipalArn like arn:aws:iam::111122223333:user/s", "arn:aws:iam::111122223333:user/staff/bob"},
		{"who can iam:PassRole when iam:PassedToService = l", "lambda.amazonaws.com"},
		{"who can kms:* when aws:SourceIp = 1", ""},
		// stages: fields of the rows as they are there
		{"who can kms:* | sel", "select"},
		{"who can kms:* | where acc", "account"},
		{"who can kms:* | where account = 1", "111122223333"},
		{"who can kms:* | where verdict != c", "conditional"},
		{"who can kms:* | where kind in (user, ro", "role 'root'"},
		{"who can kms:* | select principal, verdict | sort by ", "principal verdict"},
		{"who can kms:* | group by account count | where ", "not account count"},
		{"can role/Deploy do kms:* | where covers = ", "true false"},
		{"who can kms:* | where nonsense = ", ""},
		{"what can role/App | where access = P", "'Permissions management'"},
		{"external trust | where third", "third_party"},
		{"external access | where risks contains 'pub", "'public'"},
		{"choke points to admin | where stat", "statement statement.layer statement.policy statement.sid"},
		{"choke points to admin | where kind = g", "greedy"},
		{"show users where cons", "console"},
		{"show users where can(iam:PassR", "iam:PassRole"},
		// snapshots
		{"who can kms:* at ", "@audit @latest @monday"},
		{"who can kms:* at @2", "@2026-11-02"},
		{"changes from @mo", "@monday"},
		// nothing
		{"who can kms:* within ", ""},
		{"who can kms:* # comment ", ""},
		{"nonsense ", ""},
		{"who can kms:* in ou 'Work\\", ""},
		{"who can kms:* in ou 'Workloads'", ""},
	} {
		got := c.At(test.text+" and more", len(test.text))
		if text := texts(got); text != test.want && !(test.want == "@2026-11-02" && strings.HasPrefix(text, test.want)) {
			t.Errorf("%q:\n got %s\nwant %s", test.text, text, test.want)
		}
		if got.More {
			t.Errorf("%q: there are more", test.text)
		}
	}
}

// TestCandidatesFit holds that what is offered for the end of a question that was begun can be read there.
func TestCandidatesFit(t *testing.T) {
	c := sample(t)
	for _, text := range []string{"who can kms:De", "can role/", "who can kms:* in ou ", "who can kms:* in account ", "who can kms:* on arn:",
		"who can kms:* when aws:PrincipalTag/Team = ", "who can kms:* at ", "who can kms:* | select ", "who can kms:* | where kind = ",
		"who can kms:* in ou \"", "who can kms:* at '"} {
		got := c.At(text, len(text))
		if len(got.Candidates) == 0 {
			t.Errorf("%q: no candidates", text)
		}
		for _, x := range got.Candidates {
			whole := text[:got.Start] + x.Text
			if _, err := syntax.Parse(whole); err != nil && !err.(*syntax.Error).Unfinished() {
				t.Errorf("%q: %v", whole, err)
			}
		}
	}
}

func TestAbout(t *testing.T) {
	c := sample(t)
	for text, want := range map[string]string{
		"who can kms:Dec": "Write", "who can kms:* when aws:SecureT": "Bool", "who can kms:* when aws:CalledVia": "String, several values",
		"can role/Dep": "account 111122223333", "who can kms:* in account 11": "payroll", "who can kms:* at @lat": "2026-11-02 03:04 UTC, monday",
		"who can kms:* | where action_c": "a number",
	} {
		if got := c.At(text, len(text)); len(got.Candidates) == 0 || got.Candidates[0].About != want {
			t.Errorf("%q: got %+v, want %s", text, got.Candidates, want)
		}
	}
}

// TestManyNames holds that of many names a few are given, that nothing in them acts on a terminal, and that a tag with a value on
// everything does not keep them all.
func TestManyNames(t *testing.T) {
	a := &graph.Account{ID: "111122223333"}
	for i := range 5000 {
		name := fmt.Sprintf("r%04d", i)
		a.Roles = append(a.Roles, &graph.Role{ARN: graph.ARN("arn:aws:iam::111122223333:role/" + name), Name: name,
			Tags: []graph.Tag{{Key: "Name", Value: name}, {Key: "kind\x1b[2J", Value: "x"}}})
	}
	a.Roles = append(a.Roles, &graph.Role{ARN: "arn:aws:iam::111122223333:role/e\x1b]0;x\x07vil", Name: "e\x1b]0;x\x07vil"})
	c := over(t, &graph.Facts{Accounts: []*graph.Account{a}})
	for text, more := range map[string]bool{"can role/": true, "can role/r1": true, "can role/r012": false, "can arn:": true,
		"who can kms:* in tag Name = ": true, "who can kms:* in tag Name = r0999": true, "who can kms:* on ": true} {
		got := c.At(text, len(text))
		if got.More != more || len(got.Candidates) > c.Most+3 {
			t.Errorf("%q: %d candidates, more %v", text, len(got.Candidates), got.More)
		}
		again := c.At(text, len(text))
		if !slices.Equal(got.Candidates, again.Candidates) {
			t.Errorf("%q: other candidates the second time", text)
		}
	}
	for _, text := range []string{"can role/e", "who can kms:* in tag k"} {
		got := c.At(text, len(text))
		if len(got.Candidates) != 1 || strings.ContainsAny(got.Candidates[0].Text, "\x1b\x07") || !strings.Contains(got.Candidates[0].Text, `\u{1b}`) {
			t.Errorf("%q: got %+q", text, texts(got))
		}
	}
}

func FuzzAt(f *testing.F) {
	for _, text := range []string{"who can kms:* when aws:x in (", "can role/", "who can kms:* | where a not in (", "in (", "(", "who can kms:* in tag a = "} {
		f.Add(text, len(text))
	}
	cat, err := catalog.Load()
	if err != nil {
		f.Fatal(err)
	}
	c := &complete.Completer{Most: 5, Schema: schema, Sources: []complete.Source{complete.Catalogue(cat), complete.History(nil, nil)}}
	f.Fuzz(func(t *testing.T, text string, offset int) {
		if got := c.At(text, offset); got.Start < 0 || got.Start > len(text) {
			t.Errorf("%q at %d: %+v", text, offset, got)
		}
	})
}
