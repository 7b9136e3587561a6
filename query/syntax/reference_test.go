package syntax

import (
	"os"
	"strings"
	"testing"
)

const reference = "../../docs/query-language.md"

// TestReference holds that the grammar in the users' reference is the parser's own, and that its examples parse.
func TestReference(t *testing.T) {
	data, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	const begin, end = "```ebnf\n", "```\n"
	before, rest, found := strings.Cut(text, begin)
	shown, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatal("the reference has no block for the grammar")
	}
	if shown != Grammar() {
		if *update {
			if err := os.WriteFile(reference, []byte(before+begin+Grammar()+end+after), 0o644); err != nil {
				t.Fatal(err)
			}
		} else {
			t.Errorf("the grammar in the reference is not the parser's: run go test -update")
		}
	}
	examples := 0
	for _, block := range strings.Split(text, "```accessgraph\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		for line := range strings.Lines(block) {
			examples++
			if _, err := Parse(line); err != nil {
				t.Errorf("%q: %v", line, err)
			}
		}
	}
	if examples < 30 {
		t.Errorf("%d examples, want at least 30", examples)
	}
	// The readings that the text names in passing.
	for _, query := range []string{
		"who can kms:* in ou in", "who can kms:* | sort by count", "who can kms:* | where in = x", "can role/who do kms:*",
		"who can kms:* when aws:PrincipalArn like 'arn:aws:iam::*:user/${aws:username}'", "show compute where reaches_admin in account 111122223333",
	} {
		if _, err := Parse(query); err != nil {
			t.Errorf("%q: %v", query, err)
		}
	}
	_, err = Parse("who can kms:* whem aws:x = 1")
	if e, ok := err.(*Error); !ok || !strings.Contains(text, e.Display()) {
		t.Errorf("the error that the reference shows is no longer\n%v", err)
	}
}
