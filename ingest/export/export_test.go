package export_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/accessgraph/accessgraph/bench/orggen/organization"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
	"github.com/accessgraph/accessgraph/ingest/export"
	"github.com/accessgraph/accessgraph/ingest/files"
)

// read reads an export directory, whose report may name gaps.
func read(t testing.TB, dir string, o files.Options) *graph.Facts {
	t.Helper()
	facts, _, err := files.Read(t.Context(), []string{dir}, o)
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

// wantSame publishes facts, exports them, reads the export, and holds that everything came back. It gives the directory.
func wantSame(t testing.TB, facts *graph.Facts) string {
	t.Helper()
	s := memstore.New()
	first, err := graph.Publish(t.Context(), s, facts, graph.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "export")
	result, err := export.Write(t.Context(), s, first, dir)
	if err != nil {
		t.Fatal(err)
	}
	again := read(t, dir, files.Options{})
	second, err := graph.Publish(t.Context(), s, again, graph.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	if second.Snapshot != first.Snapshot || second.Observations != first.Observations {
		t.Errorf("snapshot %s and observations %s became %s and %s; facts (-exported +read):\n%s", first.Snapshot, first.Observations, second.Snapshot, second.Observations,
			cmp.Diff(facts, again))
	}
	var found export.Result
	err = filepath.WalkDir(filepath.Dir(dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == filepath.Dir(dir) {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		if err == nil && !d.IsDir() {
			found.Files, found.Bytes = found.Files+1, found.Bytes+info.Size()
		}
		return err
	})
	if err != nil || found != result {
		t.Errorf("%+v was written, %+v is told: %v", found, result, err)
	}
	return dir
}

func TestSample(t *testing.T) {
	wantSame(t, read(t, "../../testdata/sample/org", files.Options{}))
}

// TestGenerated exports organizations of other kinds, some of which have been changed by hand.
func TestGenerated(t *testing.T) {
	for seed := range uint64(20) {
		dir := t.TempDir()
		o := organization.Options{Accounts: 2 + int(seed%4), Principals: 10 + int(3*seed), Seed: seed + 1, Changes: int(seed % 3 * 20), Seed2: seed}
		if err := organization.Write(filepath.Join(dir, "org"), o); err != nil {
			t.Fatal(err)
		}
		wantSame(t, read(t, filepath.Join(dir, "org"), files.Options{}))
	}
}

// TestWhole exports the export that has every kind of file and every field of the model.
func TestWhole(t *testing.T) {
	archive, err := txtar.ParseFile("../files/testdata/whole.txtar")
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, read(t, unpacked(t, archive), files.Options{}))
}

// unpacked writes the files of an archive.
func unpacked(t testing.TB, archive *txtar.Archive) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range archive.Files {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestIncomplete exports what was read in part only: what could not be used is still said, by the export too.
func TestIncomplete(t *testing.T) {
	facts := read(t, unpacked(t, txtar.Parse([]byte(partial))), files.Options{Partial: true})
	if len(facts.Incomplete()) < 6 {
		t.Fatalf("only %q is incomplete", facts.Incomplete())
	}
	_, report, err := files.Read(t.Context(), []string{wantSame(t, facts)}, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, gap := range facts.Incomplete() {
		if !strings.Contains(strings.Join(report.Incomplete, "\n"), gap) {
			t.Errorf("reading the export does not say %q; it says %q", gap, report.Incomplete)
		}
	}
}

const partial = `
-- organization.json --
{"Organization": 7}
-- coverage.json --
{"Accounts": {"111122223333": {"AWS::KMS::Key": {"us-east-1": "complete", "eu-west-1": "denied", "error": "AccessDenied"}, "compute": {"": "not-asked"}},
 "555566667777": {"AWS::S3::Bucket": {"": "failed", "error": "Throttling"}}}}
-- 111122223333/account-authorization-details.json --
{"IsTruncated": true, "UserDetailList": [{"Arn": "arn:aws:iam::111122223333:user/a"}, {"Arn": "arn:aws:iam::111122223333:user/a", "UserId": "other"}, {"UserId": "no arn"},
 {"Arn": "arn:aws:iam::111122223333:user/b", "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::111122223333:policy/absent"}]}],
 "Policies": [{"Arn": "arn:aws:iam::111122223333:policy/p", "AttachmentCount": 3}, {"Arn": "arn:aws:iam::111122223333:policy/p", "AttachmentCount": 4, "Path": "/x/"}],
 "RoleDetailList": [{"Arn": "arn:aws:iam::111122223333:role/r", "RoleLastUsed": {"Region": "us-east-1"}}, {"Arn": "arn:aws:iam::111122223333:role/r", "RoleId": "2"}]}
-- 222233334444/account-authorization-details.json --
not JSON
-- 222233334444/account-settings.json --
{"RootFeatures": []}
-- 333344445555/resource-policies.json --
{"ResourcePolicies": [{"Arn": "arn:aws:kms:us-east-1:333344445555:key/1", "Type": "AWS::KMS::Key", "Policy": null, "Tags": {}}]}
`

// TestOddDocuments exports documents that are no policies, no JSON and no text.
func TestOddDocuments(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000)
	var list []*graph.Resource
	facts := &graph.Facts{Documents: map[graph.DocumentHash]*graph.Document{}}
	for _, text := range []string{`{"b":1,"a":2}`, `{"a":1,"a":2}`, `{"n":12345678901234567890.5}`, `{"n": 1e400}`, `{\"a\":1}`, `{\"a\":"x"}`, "%7B%7D", "100%", " ", "\xff\xfe", "[]", "null", `"text"`,
		"{", " {}", deep, "{\"a\":\"\u2028<&>\\u0000\"}", "a+b", `{"a":{"b":[1,2,{}]}}`, "\x00", "7"} {
		d := graph.CanonicalDocument([]byte(text))
		facts.Documents[d.Hash] = &d
		list = append(list, &graph.Resource{ARN: graph.ARN("arn:aws:s3:::b-" + d.Hash.String()), Type: "AWS::S3::Bucket", Policy: d.Hash})
	}
	facts.Accounts = []*graph.Account{{ID: "111122223333", Resources: list}}
	s := memstore.New()
	e, err := graph.Publish(t.Context(), s, facts, graph.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = export.Write(t.Context(), s, e, filepath.Join(t.TempDir(), "x"))
	if err == nil || !strings.Contains(err.Error(), "reads back as another snapshot") { // which names the documents that cannot be understood
		t.Fatalf("the error is %v", err)
	}
	for range 2 { // the second time the coverage has them
		facts = readBack(t, facts)
	}
	wantSame(t, facts)
	if len(facts.Documents) != len(list) {
		t.Errorf("%d documents of %d", len(facts.Documents), len(list))
	}
}

// readBack gives facts as reading an export of them gives them.
func readBack(t testing.TB, facts *graph.Facts) *graph.Facts {
	t.Helper()
	s := memstore.New()
	e, err := graph.Publish(t.Context(), s, facts, graph.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "export")
	if err := export.WriteUnchecked(t.Context(), s, e, dir); err != nil {
		t.Fatal(err)
	}
	return read(t, dir, files.Options{})
}

// TestPlace holds that nothing is written over, and that a failed export leaves nothing behind.
func TestPlace(t *testing.T) {
	s := memstore.New()
	e, err := graph.Publish(t.Context(), s, read(t, "../../testdata/sample/org", files.Options{}), graph.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{dir, file, filepath.Join(file, "below")} {
		if _, err := export.Write(t.Context(), s, e, place); err == nil || place != filepath.Join(file, "below") && !errors.Is(err, export.ErrExists) {
			t.Errorf("%s: the error is %v", place, err)
		}
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := export.Write(stopped, s, e, filepath.Join(dir, "stopped")); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	gone := e
	gone.Snapshot = graph.SnapshotID(strings.Repeat("0", 64))
	if _, err := export.Write(t.Context(), s, gone, filepath.Join(dir, "gone")); !errors.Is(err, graph.ErrNoSnapshot) {
		t.Errorf("the error is %v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := export.Write(t.Context(), s, e, empty); err != nil {
		t.Error(err)
	}
}
