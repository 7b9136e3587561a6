package render

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Columns is width, for tests of the package's face.
func Columns(s string) int { return width(s) }

func TestNeutral(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", "日本": "日本", "a\x1b[31m": `a\x1b[31m`, "a\nb\tc": `a\nb\tc`, "\xff": `\xff`,
		"\u202e": `\u202e`, "\u009b": `\x9b`, "": "", "\u200b": `\u200b`,
	} {
		if got := neutral(in); got != want {
			t.Errorf("neutral(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		in   string
		w, n int
		want string
	}{
		{"", 10, 3, ""},
		{"short", 10, 3, "short"},
		{"one two three", 8, 3, "one two|three"},
		{"arn:aws:kms:us-east-1:111122223333:key/1", 24, 3, "arn:aws:kms:us-east-1:|111122223333:key/1"},
		{"abcdefghij", 4, 5, "abcd|efgh|ij"},
		{"abcdefghij", 4, 2, "abcd|efg…"},
		{"日本日本", 4, 5, "日本|日本"},
		{"日本", 1, 5, "…"},
	} {
		if got := strings.Join(wrap(test.in, test.w, test.n), "|"); got != test.want {
			t.Errorf("wrap(%q, %d, %d) = %q, want %q", test.in, test.w, test.n, got, test.want)
		}
	}
}

// TestWrapKeepsEverything holds that wrapping loses nothing but blanks, keeps to the width, and ends.
func TestWrapKeepsEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := neutral(rapid.String().Draw(t, "s"))
		w := rapid.IntRange(2, 30).Draw(t, "w")
		lines := wrap(s, w, 1<<30)
		for _, line := range lines {
			if width(line) > w {
				t.Fatalf("line %q is wider than %d", line, w)
			}
		}
		squeeze := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		joined := squeeze(strings.Join(lines, ""))
		if joined != squeeze(s) && !strings.HasSuffix(joined, "…") {
			t.Fatalf("wrap(%q) lost something: %q", s, lines)
		}
	})
}
