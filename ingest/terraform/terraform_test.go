package terraform_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
	"github.com/accessgraph/accessgraph/ingest/edit"
	"github.com/accessgraph/accessgraph/ingest/files"
	"github.com/accessgraph/accessgraph/ingest/terraform"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sample reads the sample organization.
func sample(t testing.TB) *graph.Facts {
	t.Helper()
	facts, _, err := files.Read(context.Background(), []string{filepath.Join("..", "..", "testdata", "sample", "org")}, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

// lines writes facts as one line an entity, with the texts of documents in place of their names.
func lines(t testing.TB, f *graph.Facts) []string {
	t.Helper()
	var out []string
	add := func(place string, v any) {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		line := string(text)
		for h, d := range f.Documents {
			line = strings.ReplaceAll(line, `"`+h.String()+`"`, string(d.Canonical))
		}
		out = append(out, place+" "+line)
	}
	if o := f.Organization; o != nil {
		for _, v := range o.Units {
			add("unit", v)
		}
		for _, v := range o.Accounts {
			add("member", v)
		}
		for _, v := range o.Policies {
			add("policy", v)
		}
	}
	for _, a := range f.Accounts {
		place := string(a.ID) + " "
		for _, v := range a.Users {
			add(place+"user", v)
		}
		for _, v := range a.Groups {
			add(place+"group", v)
		}
		for _, v := range a.Roles {
			add(place+"role", v)
		}
		for _, v := range a.Policies {
			add(place+"policy", v)
		}
		for _, v := range a.Resources {
			add(place+"resource", v)
		}
		for _, v := range a.Providers {
			add(place+"provider", v)
		}
		for _, v := range a.Grants {
			add(place+"grant", v)
		}
		add(place+"settings", a.Settings)
		for _, c := range a.Coverage {
			add(place+"coverage", c)
		}
	}
	for _, c := range f.Coverage {
		add("coverage", c)
	}
	return out
}

// applied gives what a plan changes: lines that go and lines that come, then what is noted.
func applied(t testing.TB, path string, o terraform.Options) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, facts := lines(t, sample(t)), sample(t)
	e := edit.New(facts)
	e.Now = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	if err := terraform.Apply(context.Background(), filepath.Base(path), text, e, o); err != nil {
		t.Fatal(err)
	}
	e.Finish()
	var b strings.Builder
	after := lines(t, facts)
	for _, line := range before {
		if !slices.Contains(after, line) {
			fmt.Fprintf(&b, "- %s\n", line)
		}
	}
	for _, line := range after {
		if !slices.Contains(before, line) {
			fmt.Fprintf(&b, "+ %s\n", line)
		}
	}
	for _, n := range e.Notes() {
		fmt.Fprintf(&b, "note %s\n", n)
	}
	return b.String()
}

// TestPlans holds what each plan of testdata makes of the sample organization against what it was: resources of every kind, created, updated and deleted,
// in modules and by index, with values that are known only after the apply.
func TestPlans(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil || len(paths) < 4 {
		t.Fatalf("%d plans, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			got := applied(t, path, terraform.Options{})
			golden := strings.TrimSuffix(path, ".json") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// minimal is a plan with one change, of a provider without configuration.
func minimal(kind, actions, before, after, unknown, more string) string {
	return `{"format_version":"1.2","resource_changes":[{"address":"` + kind + `.x","mode":"managed","type":"` + kind + `","name":"x","provider_name":"aws",` +
		`"change":{"actions":[` + actions + `],"before":` + before + `,"after":` + after + `,"after_unknown":` + unknown + `}}]` + more + `}`
}

// TestPlaces: the account and the Region come from the configuration, from what is there, or from who asks; if they cannot be told, that is said.
func TestPlaces(t *testing.T) {
	queue := func(more string) string {
		return minimal("aws_sqs_queue", `"create"`, "null", `{"name":"q"}`, `{"arn":true}`, more)
	}
	conf := func(expressions string) string {
		return `,"variables":{"region":{"value":"eu-west-1"}},"configuration":{"provider_config":{"aws":{"name":"aws","expressions":{` + expressions +
			`}}},"root_module":{"resources":[{"address":"aws_sqs_queue.x","provider_config_key":"aws","expressions":{"name":{"constant_value":"q"}}}]}}`
	}
	const role = `"assume_role":[{"role_arn":{"constant_value":"arn:aws:iam::444455556666:role/Deploy"}}]`
	const region = `"region":{"references":["var.region"]}`
	for _, c := range []struct{ name, plan, account, want string }{
		{"the role of the provider", queue(conf(role + "," + region)), "", "arn:aws:sqs:eu-west-1:444455556666:q"},
		{"who asks", queue(conf(region)), "222233334444", "arn:aws:sqs:eu-west-1:222233334444:q"},
		{"no account", queue(conf(region)), "", "its account cannot be told"},
		{"no Region", queue(conf(role)), "", "its Region cannot be told"},
		{"another partition", queue(conf(role + `,"region":{"constant_value":"cn-north-1"}`)), "", "arn:aws-cn:sqs:cn-north-1:444455556666:q"},
	} {
		facts := sample(t)
		e := edit.New(facts)
		if err := terraform.Apply(context.Background(), "p", []byte(c.plan), e, terraform.Options{Account: c.account}); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		e.Finish()
		if all := strings.Join(lines(t, facts), "\n"); !strings.Contains(all, c.want) {
			t.Errorf("%s: nothing says %s", c.name, c.want)
		}
	}
}

// TestApplyErrors: what is no plan is an error, and changes nothing.
func TestApplyErrors(t *testing.T) {
	for text, want := range map[string]string{
		`[]`:                       "no plan of terraform show -json",
		`{"format_version":"2.0"}`: "1 is understood",
		`{"format_version":"1.2","errored":true}`: "plan again",
	} {
		e := edit.New(&graph.Facts{})
		if err := terraform.Apply(context.Background(), "p", []byte(text), e, terraform.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	text := minimal("aws_iam_user", `"create"`, "null", `{"name":"x"}`, "{}", "")
	if err := terraform.Apply(ctx, "p", []byte(text), edit.New(&graph.Facts{}), terraform.Options{}); err == nil {
		t.Error("a cancelled context is no error")
	}
}

// FuzzApply: no text makes the reader panic or the facts such that they cannot be stored.
func FuzzApply(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(minimal("aws_iam_role", `"update"`, `{"arn":"arn"}`, `{"inline_policy":[{}],"tags":1}`, `{"inline_policy":[true]}`, "")))
	f.Fuzz(func(t *testing.T, text []byte) {
		facts := &graph.Facts{
			Organization: &graph.Organization{ID: "o-1", ManagementAccount: "111122223333"},
			Accounts:     []*graph.Account{{ID: "111122223333", Users: []*graph.User{{ARN: "arn:aws:iam::111122223333:user/alice", Name: "alice", Path: "/"}}}},
		}
		e := edit.New(facts)
		if terraform.Apply(context.Background(), "p", text, e, terraform.Options{Account: "111122223333"}) == nil {
			e.Finish()
			if _, err := graph.Publish(context.Background(), memstore.New(), facts, graph.Meta{}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
