package syntax

import (
	"errors"
	"strings"
	"testing"
)

// TestLimits holds that texts beyond a limit are refused with a reason, and those at it read.
func TestLimits(t *testing.T) {
	list := func(n int) string { return "a" + strings.Repeat(",a", n-1) }
	nested := func(open string, n int, inner string) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(")", strings.Count(open, "(")*n)
	}
	changes := "changes from @a to @b in ("
	for _, test := range []struct {
		name, query, want string // want is a part of the message, empty if the query is fine
	}{
		{"longest", "who can kms:*" + strings.Repeat(" ", MaxBytes-13), ""},
		{"too long", "who can kms:*" + strings.Repeat(" ", MaxBytes-12), "65537 bytes long and may be 65536 at most"},
		{"1 MB", strings.Repeat("who can kms:* ", 75_000), "1050000 bytes long"},
		{"1 MB of one character", strings.Repeat("\x00", 1<<20), "1048576 bytes long"},
		{"100,000 parentheses", "who can kms:* when " + strings.Repeat("(", 100_000), "100019 bytes long"},
		{"60,000 parentheses", "who can kms:* when " + strings.Repeat("(", 60_000), "more than 200 deep"},
		{"deepest", "who can kms:* when " + nested("(", MaxDepth, "aws:x = 1"), ""},
		{"too deep", "who can kms:* when " + nested("(", MaxDepth+1, "aws:x = 1"), "more than 200 deep"},
		{"deepest predicate", "show users where " + nested("not (", MaxDepth, "a"), ""},
		{"deepest changes", nested(changes, MaxDepth, "who is admin"), ""},
		{"too deep changes", nested(changes, MaxDepth+1, "who is admin"), "more than 200 deep"},
		{"most nots", "who can kms:* when " + strings.Repeat("not ", MaxDepth) + "aws:x = 1", ""},
		{"too many nots", "who can kms:* when " + strings.Repeat("not ", MaxDepth+1) + "aws:x = 1", "201 times in a row"},
		{"15,000 nots", "who can kms:* when " + strings.Repeat("not ", 15_000) + "aws:x = 1", "15000 times in a row"},
		{"15,000 nots in vain", "who can kms:* when " + strings.Repeat("not ", 15_000), "the query ends too early"},
		{"longest list", "who can kms:* when aws:x in (" + list(MaxItems) + ")", ""},
		{"too long a list", "who can kms:* when aws:x in (" + list(MaxItems+1) + ")", "at most 4096"},
		{"many actions", "who can kms:a" + strings.Repeat(",k:a", MaxItems), "a list of 4097 actions"},
		{"many stages", "who can kms:*" + strings.Repeat("|count", MaxItems+1), "a list of 4097 stages"},
		{"an error behind 10,000 tokens", "who can kms:* when aws:x in (" + list(10_000) + ") foo", `unexpected "foo"`},
		{"8,000 alternatives", "who can kms:* when true" + strings.Repeat(" or true", 8_000), "a list of 8001 terms"},
		{"invalid UTF-8", "who can kms:* in ou \xff", "not UTF-8"},
		{"NUL", "who can kms:*\x00", "cannot stand here"},
	} {
		q, err := Parse(test.query)
		var e *Error
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.want == "":
			if _, err := Parse(q.String()); err != nil {
				t.Errorf("%s: the text of the tree does not parse: %v", test.name, err)
			}
		case !errors.As(err, &e) || !strings.Contains(e.Message, test.want):
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		case len(e.Display()) > 2000:
			t.Errorf("%s: the display is %d bytes long", test.name, len(e.Display()))
		}
	}
}
