package changes

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
	"github.com/accessgraph/accessgraph/ingest/edit"
	"github.com/accessgraph/accessgraph/ingest/files"
)

const account = "111122223333"

// stored publishes the sample organization in memory.
func stored(t testing.TB) graph.Store {
	t.Helper()
	facts, _, err := files.Read(context.Background(), []string{filepath.Join("..", "..", "testdata", "sample", "org")}, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store := memstore.New()
	if _, err := graph.Publish(context.Background(), store, facts, graph.Meta{}); err != nil {
		t.Fatal(err)
	}
	return store
}

// opened puts the text of a file of changes on top of the sample organization, and gives what is planned.
func opened(t testing.TB, store graph.Store, text string) (*edit.Editor, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := Open(context.Background(), store, []string{path}, Options{})
	if err != nil {
		return nil, err
	}
	e, err := graph.Resolve(context.Background(), p.Store, "planned")
	if err != nil {
		t.Fatal(err)
	}
	facts, err := graph.Load(context.Background(), p.Store, e.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	return edit.New(facts), nil
}

const anything = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}`

const everybody = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}]}`

// TestChanges makes each kind of change and looks for what it makes.
func TestChanges(t *testing.T) {
	store := stored(t)
	of := func(target, rest string) string {
		return `{"changes": [{"target": "` + target + `", ` + rest + `}]}`
	}
	arn := func(kind string) string { return "arn:aws:iam::" + account + ":" + kind }
	doc := graph.CanonicalDocument([]byte(anything)).Hash
	open := graph.CanonicalDocument([]byte(everybody)).Hash
	scp := func(e *edit.Editor, id string) *graph.OrganizationPolicy { return policyOf(e.Facts.Organization, id) }
	for _, c := range []struct {
		name, text string
		holds      func(e *edit.Editor) bool
	}{
		{"inline put", of(arn("role/App"), `"inline": {"more": `+anything+`}`), func(e *edit.Editor) bool {
			r := e.Find(graph.ARN(arn("role/App")), "").(*graph.Role)
			return slices.Contains(r.Inline, graph.InlinePolicy{Name: "more", Document: doc}) && len(r.Inline) == 2
		}},
		{"inline deleted", of(arn("role/App"), `"inline": {"data": null}`), func(e *edit.Editor) bool {
			return len(e.Find(graph.ARN(arn("role/App")), "").(*graph.Role).Inline) == 0
		}},
		{"attached, AWS's own taken from another account", of("arn:aws:iam::333344445555:user/judy", `"attach": ["arn:aws:iam::aws:policy/AdministratorAccess"]`), func(e *edit.Editor) bool {
			u := e.Find("arn:aws:iam::333344445555:user/judy", "").(*graph.User)
			p, ok := e.Find("arn:aws:iam::aws:policy/AdministratorAccess", "333344445555").(*graph.ManagedPolicy)
			return len(u.Attached) > 0 && ok && len(p.Versions) > 0 && len(e.Facts.Incomplete()) == 0
		}},
		{"detached", of(arn("role/Admin"), `"detach": ["arn:aws:iam::aws:policy/AdministratorAccess"]`), func(e *edit.Editor) bool {
			return len(e.Find(graph.ARN(arn("role/Admin")), "").(*graph.Role).Attached) == 0
		}},
		{"boundary set", of(arn("role/App"), `"boundary": "`+arn("policy/DeployBoundary")+`"`), func(e *edit.Editor) bool {
			return e.Find(graph.ARN(arn("role/App")), "").(*graph.Role).Boundary == graph.ARN(arn("policy/DeployBoundary"))
		}},
		{"boundary taken away", of(arn("role/Deploy"), `"boundary": null`), func(e *edit.Editor) bool {
			return e.Find(graph.ARN(arn("role/Deploy")), "").(*graph.Role).Boundary == ""
		}},
		{"trust", of(arn("role/App"), `"trust": `+everybody), func(e *edit.Editor) bool {
			return e.Find(graph.ARN(arn("role/App")), "").(*graph.Role).Trust == open
		}},
		{"managed policy", of(arn("policy/OperatorAccess"), `"policy": `+anything), func(e *edit.Editor) bool {
			h, _ := e.Find(graph.ARN(arn("policy/OperatorAccess")), "").(*graph.ManagedPolicy).Default()
			return h == doc
		}},
		{"bucket policy", of("arn:aws:s3:::payroll", `"policy": `+everybody), func(e *edit.Editor) bool {
			return e.Find("arn:aws:s3:::payroll", "").(*graph.Resource).Policy == open
		}},
		{"bucket policy taken away", of("arn:aws:s3:::payroll", `"policy": null`), func(e *edit.Editor) bool {
			return e.Find("arn:aws:s3:::payroll", "").(*graph.Resource).Policy.IsZero()
		}},
		{"bucket policy not known", of("arn:aws:s3:::payroll", `"policy": "unknown"`), func(e *edit.Editor) bool {
			return !e.Find("arn:aws:s3:::payroll", "").(*graph.Resource).Policy.IsZero() &&
				slices.Equal(e.Facts.Incomplete(), []string{"account " + account + ": document unknown until the change is made: arn:aws:s3:::payroll"})
		}},
		{"bucket made", of("arn:aws:s3:::fresh", `"create": true, "account": "`+account+`", "policy": `+everybody), func(e *edit.Editor) bool {
			r, ok := e.Find("arn:aws:s3:::fresh", account).(*graph.Resource)
			return ok && r.Type == "AWS::S3::Bucket" && r.Policy == open
		}},
		{"role made", of(arn("role/team/New"), `"create": true, "tags": {"a": "b"}, "trust": `+everybody), func(e *edit.Editor) bool {
			r, ok := e.Find(graph.ARN(arn("role/team/New")), "").(*graph.Role)
			return ok && r.Path == "/team/" && r.Name == "New" && len(r.Tags) == 1 && strings.HasPrefix(r.ID, "AROA")
		}},
		{"user deleted", of(arn("user/alice"), `"delete": true`), func(e *edit.Editor) bool {
			return e.Find(graph.ARN(arn("user/alice")), "") == nil
		}},
		{"groups", of(arn("user/alice"), `"leave": ["Operators"], "join": ["Developers"]`), func(e *edit.Editor) bool {
			return slices.Equal(e.Find(graph.ARN(arn("user/alice")), "").(*graph.User).Groups, []string{"Developers"})
		}},
		{"tags", of(arn("user/alice"), `"tags": {"Team": null, "Cost": "7"}`), func(e *edit.Editor) bool {
			return slices.Equal(e.Find(graph.ARN(arn("user/alice")), "").(*graph.User).Tags, []graph.Tag{{Key: "Cost", Value: "7"}})
		}},
		{"SCP", of("SandboxServices", `"policy": `+anything), func(e *edit.Editor) bool { return scp(e, "SandboxServices").Document == doc }},
		{"SCP made and attached", `{"changes": [{"target": "p-new", "create": true, "type": "SERVICE_CONTROL_POLICY", "policy": ` + anything + `},
			{"target": "` + account + `", "attach": ["p-new"]}]}`, func(e *edit.Editor) bool { return slices.Equal(scp(e, "p-new").Targets, []string{account}) }},
		{"SCP detached", of("r-ab12", `"detach": ["ProtectKeys"]`), func(e *edit.Editor) bool { return !slices.Contains(scp(e, "ProtectKeys").Targets, "r-ab12") }},
		{"SCP deleted", of("ProtectKeys", `"delete": true`), func(e *edit.Editor) bool { return scp(e, "ProtectKeys") == nil }},
		{"nothing", `{"changes": []}`, func(e *edit.Editor) bool { return len(e.Facts.Accounts) == 6 }},
	} {
		e, err := opened(t, store, c.text)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if !c.holds(e) {
			t.Errorf("%s: it does not hold", c.name)
		}
	}
}

// TestUnchanged: no changes give the snapshot below, byte for byte.
func TestUnchanged(t *testing.T) {
	store := stored(t)
	path := filepath.Join(t.TempDir(), "c.json")
	if err := os.WriteFile(path, []byte(`{"changes": []}`), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := Open(context.Background(), store, []string{path}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	e, ok, err := p.Store.Planned(context.Background())
	if err != nil || !ok || e.Snapshot != p.Base.Snapshot || e.Observations != p.Base.Observations {
		t.Errorf("planned is %+v, %v; want the content of %+v", e, err, p.Base)
	}
}

// TestSame: what is planned is the snapshot that an ingest makes once the change is made, under the same id.
func TestSame(t *testing.T) {
	ctx := context.Background()
	facts, _, err := files.Read(ctx, []string{filepath.Join("..", "..", "testdata", "sample", "org")}, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	doc := graph.CanonicalDocument([]byte(anything))
	facts.Documents[doc.Hash] = &doc
	for _, a := range facts.Accounts {
		for _, r := range a.Roles {
			if r.ARN == "arn:aws:iam::111122223333:role/App" {
				r.Inline = append(r.Inline, graph.InlinePolicy{Name: "more", Document: doc.Hash})
				r.Boundary = "arn:aws:iam::111122223333:policy/DeployBoundary"
			}
		}
		for _, r := range a.Resources {
			if r.ARN == "arn:aws:s3:::payroll" {
				r.Policy = graph.DocumentHash{}
			}
		}
	}
	want, err := graph.Publish(ctx, memstore.New(), facts, graph.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "c.json")
	if err := os.WriteFile(path, []byte(`{"changes": [{"target": "arn:aws:iam::111122223333:role/App", "inline": {"more": `+anything+`},
		"boundary": "arn:aws:iam::111122223333:policy/DeployBoundary"}, {"target": "arn:aws:s3:::payroll", "policy": null}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := Open(ctx, stored(t), []string{path}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Planned != want.Snapshot || p.Planned == p.Base.Snapshot {
		t.Errorf("planned is %s, an ingest makes %s", p.Planned, want.Snapshot)
	}
}

// TestErrors: what cannot be changed is said with its place, and what would be right.
func TestErrors(t *testing.T) {
	store := stored(t)
	for text, want := range map[string]string{
		``:                   "c.json:1: this is no JSON",
		"{\n\"changes\": [}": "c.json:2: this is no JSON",
		`{"Statement": []}`:  "c.json:1: this is no file of changes and no plan",
		`{"changes": {}}`:    "c.json:1: /changes: ",
		"{\"changes\": [\n\n{\"target\": \"arn:aws:iam::111122223333:role/App\", \"inlines\": {}}]}": "c.json:3: /changes/0/inlines: there is no such member",
		`{"changes": [null]}`: "changes[0] is null",
		"{\"changes\": [{\"target\": \"arn:aws:iam::111122223333:role/App\"},\n {}]}":                              "c.json:2: changes[1]: there is no target",
		`{"changes": [{"target": "arn:aws:iam::111122223333:role/Ap"}]}`:                                           "arn:aws:iam::111122223333:role/Ap is not in the snapshot; say create: true",
		`{"changes": [{"target": "arn:aws:iam::111122223333:user/bob"}]}`:                                          "did you mean arn:aws:iam::111122223333:user/staff/bob?",
		`{"changes": [{"target": "arn:aws:iam::111122223333:user/bob", "create": true}]}`:                          "names are unique without the path",
		`{"changes": [{"target": "arn:aws:iam::111122223333:role/App", "create": true}]}`:                          "is there already",
		`{"changes": [{"target": "arn:aws:iam::111122223333:role/New", "create": true}]}`:                          "has no trust policy",
		`{"changes": [{"target": "arn:aws:s3:::new", "create": true}]}`:                                            "names no account",
		`{"changes": [{"target": "arn:aws:iam::111122223333:role/App", "inline": {"none": null}}]}`:                `has no inline policy "none"; it has data`,
		`{"changes": [{"target": "arn:aws:iam::111122223333:role/App", "inline": {"x": 7}}]}`:                      "a document is an object, the name of a file",
		`{"changes": [{"target": "arn:aws:iam::111122223333:role/App", "inline": {"x": "../../etc/passwd"}}]}`:     "beside the file of changes",
		`{"changes": [{"target": "arn:aws:iam::111122223333:role/App", "inline": {"x": "none.json"}}]}`:            "no such file",
		`{"changes": [{"target": "arn:aws:iam::111122223333:role/App", "policy": {}}]}`:                            "say inline or trust",
		`{"changes": [{"target": "arn:aws:iam::111122223333:role/App", "detach": ["arn:aws:iam::aws:policy/X"]}]}`: "is not attached to",
		`{"changes": [{"target": "arn:aws:iam::111122223333:role/App", "join": ["g"]}]}`:                           "join and leave are for users",
		`{"changes": [{"target": "arn:aws:iam::111122223333:user/alice", "join": ["g"]}]}`:                         `has no group "g"`,
		`{"changes": [{"target": "arn:aws:iam::111122223333:user/alice", "boundary": "x"}]}`:                       "boundary: want the ARN of a managed policy",
		`{"changes": [{"target": "arn:aws:iam::111122223333:group/Operators", "boundary": null}]}`:                 "boundary is for users and roles",
		`{"changes": [{"target": "p-none", "policy": {}}]}`:                                                        "no root, OU, account or policy of the organization",
		`{"changes": [{"target": "r-ab12", "attach": ["none"]}]}`:                                                  "the organization has no one policy",
	} {
		_, err := opened(t, store, text)
		var place *Error
		if !errors.As(err, &place) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n  %v\n  want %s", text, err, want)
		}
	}
	for path, want := range map[string]string{"none.json": "no such file", t.TempDir(): "the folder has no file of changes and no plan"} {
		if _, err := Open(context.Background(), store, []string{path}, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
}

// TestFolder: of a folder the files of changes and the plans are read, and the documents beside them where they are named.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"1.json":    `{"changes": [{"target": "arn:aws:iam::111122223333:role/App", "inline": {"more": "doc.json"}}]}`,
		"doc.json":  anything,
		"list.json": `[1]`,
		"2.json": `{"format_version": "1.2", "resource_changes": [{"address": "aws_iam_user.zoe", "mode": "managed", "type": "aws_iam_user", "name": "zoe",
			"change": {"actions": ["create"], "before": null, "after": {"name": "zoe"}, "after_unknown": {"arn": true}}}]}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := Open(context.Background(), stored(t), []string{dir}, Options{Account: account})
	if err != nil {
		t.Fatal(err)
	}
	e, _, err := p.Store.Planned(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	facts, err := graph.Load(context.Background(), p.Store, e.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	found := edit.New(facts)
	if r := found.Find("arn:aws:iam::111122223333:role/App", "").(*graph.Role); len(r.Inline) != 2 {
		t.Errorf("the role has %v", r.Inline)
	}
	if found.Find("arn:aws:iam::111122223333:user/zoe", "") == nil {
		t.Error("the plan's user is not there")
	}
}

// FuzzFile: no text makes the reader panic, or facts that cannot be stored.
func FuzzFile(f *testing.F) {
	f.Add([]byte(`{"changes": [{"target": "arn:aws:iam::111122223333:user/alice", "inline": {"p": {}}, "tags": {"a": null}, "boundary": null, "leave": ["g"]}]}`))
	f.Add([]byte(`{"changes": [{"target": "p-1", "create": true, "type": "SERVICE_CONTROL_POLICY", "policy": {}}, {"target": "r-1", "attach": ["p-1"]}]}`))
	f.Add([]byte(`{"changes": [{"target": "arn:aws:kms:us-east-1:444455556666:key/x", "create": true, "policy": "unknown"}, {"target": "arn:aws:iam::111122223333:role/a", "create": true, "trust": {}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		facts := &graph.Facts{
			Organization: &graph.Organization{ID: "o-1", ManagementAccount: account, Roots: []graph.OrganizationRoot{{ID: "r-1"}}},
			Accounts: []*graph.Account{{ID: account, Groups: []*graph.Group{{ARN: "arn:aws:iam::111122223333:group/g", Name: "g", Path: "/"}},
				Users: []*graph.User{{ARN: "arn:aws:iam::111122223333:user/alice", Name: "alice", Path: "/", Groups: []string{"g"}}}}},
		}
		e := edit.New(facts)
		in, err := recognized("f", text, true)
		if err != nil || in.plan || applyFile(in, e) != nil {
			return
		}
		e.Finish()
		if _, err := graph.Publish(context.Background(), memstore.New(), facts, graph.Meta{}); err != nil {
			t.Fatal(err)
		}
	})
}
