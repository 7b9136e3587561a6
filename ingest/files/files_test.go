package files

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/accessgraph/accessgraph/graph"
)

var update = flag.Bool("update", false, "write the golden files anew")

// tree writes files below a new directory and gives its path.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// readTree reads a directory of files, with paths in messages relative to it.
func readTree(t testing.TB, files map[string]string, o Options, names ...string) (*graph.Facts, *Report, error) {
	t.Helper()
	t.Chdir(tree(t, files))
	if len(names) == 0 {
		names = []string{"."}
	}
	facts, report, err := Read(t.Context(), names, o)
	checkIncomplete(t, facts, report, err)
	return facts, report, err
}

// checkIncomplete holds that an input is incomplete to the one who ingests it exactly when it is to those who ask: the report
// says so and the coverage does.
func checkIncomplete(t testing.TB, facts *graph.Facts, report *Report, err error) {
	t.Helper()
	if err != nil {
		if facts != nil || report != nil {
			t.Error("facts beside an error")
		}
		return
	}
	gaps := facts.Incomplete()
	if (len(gaps) > 0) != (len(report.Incomplete) > 0) {
		t.Errorf("the report says %q, the coverage %q", report.Incomplete, gaps)
	}
}

// golden compares text with testdata/NAME.
func golden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(packageDir, "testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(text, "\n")); diff != "" {
		t.Errorf("%s (run with -update to accept): -want +got\n%s", file, diff)
	}
}

// packageDir is where the tests started: some of them change directory.
var packageDir, _ = os.Getwd()

// account gives the facts of one account.
func account(t testing.TB, f *graph.Facts, id graph.AccountID) *graph.Account {
	t.Helper()
	for _, a := range f.Accounts {
		if a.ID == id {
			return a
		}
	}
	t.Fatalf("no account %s", id)
	return nil
}

// text gives the document of a name.
func text(f *graph.Facts, h graph.DocumentHash) string {
	if d := f.Documents[h]; d != nil {
		return string(d.Canonical)
	}
	return ""
}

// coverage prints coverage, one entry a line.
func coverage(list []graph.Coverage) string {
	var b strings.Builder
	for _, c := range list {
		fmt.Fprintln(&b, strings.TrimSpace(strings.Join([]string{c.Kind, c.Region, string(c.State), c.Error}, "|")))
	}
	return b.String()
}

const (
	allowAll   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	canonAll   = `{"Statement":[{"Action":"*","Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}`
	lambda     = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	anyKey     = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}]}`
	oneRole    = `{"RoleDetailList":[{"Arn":"arn:aws:iam::111122223333:role/app/r","RoleName":"r","Path":"/app/","RoleId":"AROA1","AssumeRolePolicyDocument":` + lambda + `}]}`
	oneAccount = "111122223333"
)

// TestDocumentForms holds all ways to write a document to the same name.
func TestDocumentForms(t *testing.T) {
	const document = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::a+b/%20/${aws:username}"}}`
	forms := map[string]string{
		"object":              document,
		"spaced":              strings.ReplaceAll(document, ":{", ": \n {"),
		"JSON string":         quoteJSON(document),
		"JSON string, spaced": quoteJSON("  " + document),
		"URL-encoded":         quoteJSON(escapeAll(document)),
		"URL-encoded, plus":   quoteJSON(strings.NewReplacer("%", "%25", "{", "%7B", `"`, "%22").Replace(document)),
		"JSON escaped twice":  quoteJSON(strings.ReplaceAll(document, `"`, `\"`)),
		"escaped characters":  strings.ReplaceAll(quoteJSON(document), "s3", `\u00733`),
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			facts, report, err := readTree(t, map[string]string{"x.json": `{"UserDetailList":[{"Arn":"arn:aws:iam::111122223333:user/u","UserPolicyList":[{"PolicyName":"p","PolicyDocument":` + form + `}]}]}`}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := text(facts, facts.Accounts[0].Users[0].Inline[0].Document)
			want := `{"Statement":{"Action":"s3:*","Effect":"Allow","Resource":"arn:aws:s3:::a+b/%20/${aws:username}"},"Version":"2012-10-17"}`
			if got != want {
				t.Errorf("document\n got %s\nwant %s", got, want)
			}
			if len(report.Warnings)+len(report.Incomplete) != 0 {
				t.Errorf("report %+v", report)
			}
		})
	}
}

func quoteJSON(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

// escapeAll percent-encodes every byte but letters, so that nothing depends on which ones an encoder leaves alone.
func escapeAll(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if 'a' <= c && c <= 'z' || c == '+' {
			b.WriteByte(c)
			continue
		}
		b.WriteString("%" + hex.EncodeToString([]byte{c}))
	}
	return b.String()
}

// TestCompression reads the same bytes plain, compressed, and behind a byte order mark.
func TestCompression(t *testing.T) {
	var gz, zst bytes.Buffer
	g := gzip.NewWriter(&gz)
	z, err := zstd.NewWriter(&zst)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []interface {
		Write([]byte) (int, error)
		Close() error
	}{g, z} {
		if _, err := w.Write([]byte(oneRole)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	want, _, err := readTree(t, map[string]string{"a.json": oneRole}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"gzip": gz.String(), "zstd": zst.String(), "byte order mark": "\xef\xbb\xbf" + oneRole} {
		t.Run(name, func(t *testing.T) {
			for _, stdin := range []bool{false, true} {
				paths, o := []string{filepath.Join(tree(t, map[string]string{"whatever": content}), "whatever")}, Options{}
				if stdin {
					paths, o.Stdin = []string{"-"}, strings.NewReader(content)
				}
				got, report, err := Read(t.Context(), paths, o)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("facts differ:\n%s", diff)
				}
				if report.Bytes != int64(len(content)) {
					t.Errorf("%d bytes reported, %d given", report.Bytes, len(content))
				}
			}
			cut := content[:len(content)-5]
			if _, _, err := Read(t.Context(), []string{"-"}, Options{Stdin: strings.NewReader(cut)}); err == nil {
				t.Error("no error for a file that is cut off")
			}
		})
	}
}

// TestCancelled ends with the context's error and without facts.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var export bytes.Buffer
	writeExport(&export, exportOptions{users: 3000, roles: 3000, policies: 10})
	o := Options{Partial: true, Stdin: &export, Progress: func(p Progress) {
		if p.Bytes > 1<<20 {
			cancel()
		}
	}}
	facts, report, err := Read(ctx, []string{"-"}, o)
	if !errors.Is(err, context.Canceled) || facts != nil || report != nil {
		t.Errorf("got %v, %v, %v", facts != nil, report != nil, err)
	}
}

// TestProgress counts all bytes and entities, and never runs backwards.
func TestProgress(t *testing.T) {
	var export bytes.Buffer
	writeExport(&export, exportOptions{users: 500, roles: 3000, policies: 100})
	dir := tree(t, map[string]string{"a.json": export.String()})
	var last Progress
	calls := 0
	_, report, err := Read(t.Context(), []string{dir}, Options{Progress: func(p Progress) {
		calls++
		if p.Bytes < last.Bytes || p.Entities < last.Entities {
			t.Errorf("progress went back: %+v after %+v", p, last)
		}
		last = p
	}})
	if err != nil {
		t.Fatal(err)
	}
	if last.Bytes != report.Bytes || last.Bytes != last.Total || last.Entities != 500+1+3000+101 {
		t.Errorf("ended at %+v, report %+v", last, report)
	}
	if calls < 3 {
		t.Errorf("%d calls for %d bytes", calls, last.Bytes)
	}
}

// TestSamePathTwice reads a file once however often it is named.
func TestSamePathTwice(t *testing.T) {
	_, report, err := readTree(t, map[string]string{"a.json": oneRole}, Options{}, "a.json", "./a.json", ".")
	if err != nil {
		t.Fatal(err)
	}
	if report.Files != 1 || report.Entities["roles"] != 1 {
		t.Errorf("report %+v", report)
	}
}

// TestUnknownFields counts what is passed over, and of unrecognized files nothing.
func TestUnknownFields(t *testing.T) {
	_, report, err := readTree(t, map[string]string{
		"a.json": `{"New":{"x":[1,2]},"UserDetailList":[{"Arn":"arn:aws:iam::111122223333:user/u","Shoe":44},{"Arn":"arn:aws:iam::111122223333:user/v","Shoe":{}}]}`,
		"b.json": `{"nothing":1,"of":2,"ours":3}`,
	}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []FieldCount{{"User.Shoe", 2}, {"the file.New", 1}}
	if report.UnknownFields != 3 || !slices.Equal(report.UnknownNames, want) {
		t.Errorf("unknown %d %v, want 3 %v", report.UnknownFields, report.UnknownNames, want)
	}
	if len(report.Warnings) != 1 || !strings.HasPrefix(report.Warnings[0], "b.json: not read") {
		t.Errorf("warnings %q", report.Warnings)
	}
}
