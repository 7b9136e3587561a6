package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/bench/orggen/organization"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/files"
)

// TestInputs: what is compared is the same work. Both forms of an export hold the same documents, and plain decoding finds them.
func TestInputs(t *testing.T) {
	var objects []byte
	if err := organization.Generate(organization.Options{Accounts: 1, Principals: 60, Seed: 2}, func(name string, data []byte) error {
		if strings.HasSuffix(name, "account-authorization-details.json") {
			objects = data
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	encoded, err := encodeDocuments(objects)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(encoded, []byte(`"PolicyDocument": "%7B%22`)) || bytes.Contains(encoded, []byte(`"Statement"`)) {
		t.Error("documents are not encoded")
	}
	var hashes []map[graph.DocumentHash]*graph.Document
	for _, text := range [][]byte{objects, encoded} {
		facts, _, err := files.Read(t.Context(), []string{"-"}, files.Options{Stdin: bytes.NewReader(text)})
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, facts.Documents)
		var plain plainExport
		if err := json.Unmarshal(text, &plain); err != nil {
			t.Fatal(err)
		}
		if u, r := len(plain.UserDetailList), len(plain.RoleDetailList); u != len(facts.Accounts[0].Users) || r != len(facts.Accounts[0].Roles) || u+r != 60 {
			t.Errorf("plain decoding found %d users and %d roles", u, r)
		}
		for _, r := range plain.RoleDetailList {
			if len(r.AssumeRolePolicyDocument.Statement) == 0 {
				t.Errorf("plain decoding found no trust policy of %s", r.Arn)
			}
		}
	}
	if len(hashes[0]) == 0 || len(hashes[0]) != len(hashes[1]) {
		t.Errorf("%d documents as objects, %d encoded", len(hashes[0]), len(hashes[1]))
	}
	for h := range hashes[0] {
		if hashes[1][h] == nil {
			t.Errorf("document %s is another one when encoded", h)
		}
	}
}

// TestWriteInto: the table goes between the marks, again and again, and nothing else changes.
func TestWriteInto(t *testing.T) {
	file := filepath.Join(t.TempDir(), "README.md")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("before\n" + markBegin + "\nold\n" + markEnd + "\nafter\n" + scaleMarkBegin + "\nold\n" + scaleMarkEnd + "\nend\n")
	for _, text := range []string{"one", "two\n"} {
		if err := writeInto(file, markBegin, markEnd, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeInto(file, scaleMarkBegin, scaleMarkEnd, "three"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := "before\n" + markBegin + "\n\ntwo\n\n" + markEnd + "\nafter\n" + scaleMarkBegin + "\n\nthree\n\n" + scaleMarkEnd + "\nend\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	write("no marks")
	if err := writeInto(file, markBegin, markEnd, "x"); err == nil {
		t.Error("no error for a file without marks")
	}
}
