package gates_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/query/gates"
)

// TestRead reads the file that comes with the sample organization.
func TestRead(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "sample", "gates.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := gates.Read("gates.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Assertions) < 6 {
		t.Fatalf("%d assertions", len(f.Assertions))
	}
	first, second := f.Assertions[0], f.Assertions[1]
	if first.Line != 4 || first.Severity != gates.High || second.Severity != gates.Critical {
		t.Errorf("line %d, severities %s and %s", first.Line, first.Severity, second.Severity)
	}
	if got := first.Expect.String(); !strings.HasPrefix(got, "exactly root; role/Admin; ") {
		t.Errorf("expects %s", got)
	}
	if strings.Contains(second.Question, "\n") {
		t.Errorf("question %q", second.Question)
	}
}

// TestReadErrors: what is wrong with a file is said with its line and column, and what would be right.
func TestReadErrors(t *testing.T) {
	ok := func(expect string) string {
		return "assertions:\n- name: n\n  question: who can kms:Decrypt\n  expect: " + expect + "\n"
	}
	for _, c := range []struct{ text, want string }{
		{"", "g.yaml:1: the file is empty"},
		{"[", "g.yaml:2:1: this is no YAML"},
		{"a: b\n\tc: d", "g.yaml:2:"},
		{"- a", "g.yaml:1:1: the file is a mapping, and this is a list"},
		{"assertion: []", `g.yaml:1:1: the file has no field "assertion"; it has allow, assertions, at, severity`},
		{"at: '@latest'", "g.yaml:1:1: the file has no assertions"},
		{"assertions: []", "g.yaml:1:13: assertions is an empty list"},
		{"assertions: {}", "g.yaml:1:13: assertions is a list, and this is a mapping"},
		{"assertions:\n- name: n\n  name: m", "g.yaml:3:3: name is given twice"},
		{"assertions:\n- question: who can kms:*\n  expect: empty", "g.yaml:2:3: the assertion has no name"},
		{"assertions:\n- name: n\n  expect: empty", "has no question"},
		{"assertions:\n- name: n\n  question: who can kms:*", "does not say what to expect"},
		{"assertions:\n- name: [n]", "g.yaml:2:9: name is a text, and this is a list"},
		{"assertions:\n- name: ''", "g.yaml:2:9: name is empty"},
		{"assertions:\n- &a\n  name: n\n- *a", "g.yaml:2:"},
		{ok("nothing"), `g.yaml:4:11: expect is empty, a verdict`},
		{ok("{rows: -1}"), "g.yaml:4:18: rows is a number of rows, from 0"},
		{ok("{rows: 1, only: [a]}"), "g.yaml:4:11: expect is empty"},
		{ok("{only: []}"), "g.yaml:4:18: the list of principals is an empty list"},
		{ok("{matching: [a]}"), "g.yaml:4:23: a row is a mapping"},
		{ok("{matching: [{principle: a}]}"), `the rows have no field "principle"; they have principal, kind`},
		{ok("{matching: [{action_count: many}]}"), "action_count is a number"},
		{ok("denied"), "a verdict is expected of can questions without stages"},
		{ok("empty\n  severity: bad"), `g.yaml:5:13: severity is one of critical, high, medium, low, info, and "bad" is none`},
		{ok("empty\n  allow: [all]"), `g.yaml:5:11: what is allowed is one of unknown, incomplete, warnings, and "all" is none`},
		{ok("empty") + "---\na: b\n", "g.yaml:5:"},
		{ok("empty") + "- name: n\n  question: who can kms:*\n  expect: empty\n", `g.yaml:5:3: the assertion in line 2 has the name "n" too`},
		{"assertions:\n- name: n\n  question: who may kms:Decrypt\n  expect: empty\n", "g.yaml:3:13: the question does not parse:\nline 1, column 5:"},
		{"assertions:\n- name: n\n  question: can user/a do kms:*\n  expect: empty\n", "a can question always has rows"},
		{"assertions:\n- name: n\n  question: who can kms:* | count\n  expect: {rows: 0}\n", "always has one row"},
		{"assertions:\n- name: n\n  question: who can kms:* at @a\n  at: '@b'\n  expect: empty\n", "g.yaml:4:7: the question says already which snapshot it is about: @a"},
	} {
		_, err := gates.Read("g.yaml", []byte(c.text))
		var place *gates.FileError
		if !errors.As(err, &place) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v; want %s", c.text, err, c.want)
		}
	}
}

// FuzzRead: no text makes the reader panic, and what it accepts can be asked for.
func FuzzRead(f *testing.F) {
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "sample", "gates.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("assertions:\n- {name: n, question: who can kms:*, expect: {matching: [{kind: user}]}, allow: [unknown]}"))
	f.Add([]byte("a: &a [*a, *a]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := gates.Read("f", text)
		if err != nil {
			var place *gates.FileError
			if !errors.As(err, &place) {
				t.Fatalf("%v is no FileError", err)
			}
			return
		}
		for _, a := range file.Assertions {
			if a.Name == "" || a.Question == "" || a.Expect == nil || a.Expect.String() == "" || a.Line < 1 {
				t.Fatalf("%+v", a)
			}
		}
	})
}
