package files

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/accessgraph/accessgraph/graph"
)

// wholeExport gives the files of testdata/whole.txtar: an export directory with every kind of file and every field.
func wholeExport(t testing.TB) map[string]string {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join(packageDir, "testdata", "whole.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range archive.Files {
		files[f.Name] = string(f.Data)
	}
	return files
}

// TestWholeExport reads every kind of file and compares all facts with a golden file; a field of the model that stays empty
// everywhere is one that no file fills.
func TestWholeExport(t *testing.T) {
	facts, report, err := readTree(t, wholeExport(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	shown := struct {
		Facts  *graph.Facts
		Texts  map[string]string
		Report *Report
	}{facts, map[string]string{}, report}
	for h, d := range facts.Documents {
		shown.Texts[h.String()] = string(d.Canonical)
	}
	seen := map[string]bool{}
	fieldsOf(reflect.ValueOf(facts), "Facts", seen)
	facts.Documents = nil // their texts say it better
	data, err := json.MarshalIndent(shown, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "whole.golden", string(data)+"\n")
	for field, filled := range seen {
		if !filled {
			t.Errorf("%s is empty everywhere", field)
		}
	}
	if len(seen) < 100 {
		t.Errorf("only %d fields were looked at", len(seen))
	}
}

// fieldsOf notes of every field below v whether it is ever filled.
func fieldsOf(v reflect.Value, name string, seen map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fieldsOf(v.Elem(), name, seen)
		}
	case reflect.Slice:
		for i := range v.Len() {
			fieldsOf(v.Index(i), name, seen)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			field := v.Type().Name() + "." + v.Type().Field(i).Name
			seen[field] = seen[field] || !v.Field(i).IsZero()
			fieldsOf(v.Field(i), field, seen)
		}
	}
}

// TestOneFileAlone gives one file of the export at a time, under a name and in a directory that say nothing: it is
// recognized by what it holds, and its account is that of its ARNs. A file whose facts name no account says what to do, and
// works in a directory that is named after the account.
func TestOneFileAlone(t *testing.T) {
	nameless := []string{"account-settings.json", "account-summary.json", "account-aliases.json", "password-policy.json"}
	for name, content := range wholeExport(t) {
		if name == "notes.txt" {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			paths := map[string]string{"file": "some/file", "stdin": "-", "beside nothing": "some"}
			files := map[string]string{"some/file": content, "555555555555/whatever": content, "111122223333/file": content}
			for way, path := range paths {
				facts, _, err := readTree(t, files, Options{Stdin: strings.NewReader(content)}, path)
				if slices.Contains(nameless, filepath.Base(name)) {
					if err == nil || !strings.Contains(err.Error(), "put it into a directory named after the account number") {
						t.Errorf("%s: the error is %v", way, err)
					}
					continue
				}
				if err != nil {
					t.Fatalf("%s: %v", way, err)
				}
				if name != "organization.json" && (len(facts.Accounts) != 1 || facts.Accounts[0].ID != oneAccount) {
					t.Errorf("%s: accounts %+v", way, facts.Accounts)
				}
			}
			facts, _, err := readTree(t, files, Options{}, "111122223333/file")
			if err != nil {
				t.Fatal(err)
			}
			if name != "organization.json" && (len(facts.Accounts) != 1 || facts.Accounts[0].ID != oneAccount) {
				t.Errorf("in its directory: accounts %+v", facts.Accounts)
			}
			_, _, err = readTree(t, files, Options{}, "555555555555/whatever")
			switch base := filepath.Base(name); {
			case base == "organization.json", base == "coverage.json", base == "shares.json", slices.Contains(nameless, base):
				if err != nil {
					t.Errorf("in a directory of that name: %v", err)
				}
			case err == nil || !strings.Contains(err.Error(), "lies in the directory of 555555555555"):
				t.Errorf("in the directory of another account the error is %v", err)
			}
		})
	}
}
