package shell

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/accessgraph/accessgraph/query/syntax"
)

func TestFinished(t *testing.T) {
	for text, want := range map[string]bool{
		"":                              true,
		`\o json`:                       true,
		"who can kms:*":                 true,
		"who can":                       false,
		"who can ?":                     true, // a mistake, but asked
		"who can kms:Decrypt?":          true,
		"who can;":                      true,
		"who can; who can":              false,
		"who can; who can kms:*":        true,
		"who can kms:* |":               false,
		"who can kms:* |\n":             true, // an empty line ends it
		"who can kms:* |\n  ":           true,
		"who can kms:* |\ncount":        true,
		"who can kms:* in ou 'Prod":     false,
		"who can kms:* in ou 'Prod?":    false, // inside quotes it is a character
		"who can kms:* when (":          false,
		"who kan":                       true, // no more text makes it right
		"# a comment":                   true,
		"who can kms:* | # all of them": false,
		"who can \xff":                  true,
	} {
		if got := finished(text); got != want {
			t.Errorf("%q: finished is %v", text, got)
		}
	}
}

func TestSplit(t *testing.T) {
	for text, want := range map[string][]string{
		"who can kms:*; ; who can s3:* ;":  {"who can kms:*", " who can s3:* "},
		"who can kms:* # a;b":              {"who can kms:* # a;b"},
		`\o json`:                          {`\o json`},
		"# nothing":                        nil,
		"who can kms:* in ou 'a;b'; count": {"who can kms:* in ou 'a;b'", " count"},
	} {
		if got := split(text); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// read gives all statements of a script, each with its line and column before it.
func read(t *testing.T, in io.Reader, eager bool) (all []string) {
	t.Helper()
	r := newReader(in)
	r.eager = eager
	for {
		s, err := r.next(t.Context())
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.TrimSpace(strings.Join([]string{where(s), strings.TrimSpace(s.text)}, " ")))
	}
}

func where(s statement) string {
	return string(rune('0'+s.line)) + ":" + string(rune('0'+s.column/10)) + string(rune('0'+s.column%10))
}

func TestReader(t *testing.T) {
	for _, test := range []struct {
		script string
		want   []string
	}{
		{"", nil},
		{"\n\n  # nothing\n\n", nil},
		{"who can kms:*", []string{"1:01 who can kms:*"}},
		{"who can kms:*\nwho can s3:*\n", []string{"1:01 who can kms:*", "2:01 who can s3:*"}},
		{"who can kms:*; who can s3:*;\n", []string{"1:01 who can kms:*", "1:16 who can s3:*"}},
		// a question goes on where the next line can belong to it
		{"who can kms:*\n  | count\nwho can s3:*", []string{"1:01 who can kms:*\n  | count", "3:01 who can s3:*"}},
		{"who can\n  kms:*\n  in ou Core\ncan role/a do kms:*", []string{"1:01 who can\n  kms:*\n  in ou Core", "4:01 can role/a do kms:*"}},
		{"who can kms:*\n# of all\n| count", []string{"1:01 who can kms:*\n# of all\n| count"}},
		{"who can kms:* ?\n| count", []string{"1:01 who can kms:* ?", "2:01 | count"}},
		{"who can kms:*\n\n| count", []string{"1:01 who can kms:*", "3:01 | count"}},
		{"who can\n\nwho can kms:*", []string{"1:01 who can", "3:01 who can kms:*"}},
		{"who can kms:*\n | where\n account = 1; who can s3:*", []string{"1:01 who can kms:*\n | where\n account = 1", "3:15 who can s3:*"}},
		// commands take their line
		{`\o csv` + "\nwho can kms:*\n\\timing\n", []string{`1:01 \o csv`, "2:01 who can kms:*", `3:01 \timing`}},
		{"who can kms:*; \\o csv\n", []string{"1:01 who can kms:*", `1:16 \o csv`}},
		// mistakes end with their line
		{"who kan\nwho can kms:*", []string{"1:01 who kan", "2:01 who can kms:*"}},
		{"who can kms:* in ou 'Prod\nA'; who can s3:*", []string{"1:01 who can kms:* in ou 'Prod\nA'", "2:05 who can s3:*"}},
		{"who can kms:* in ou 'Prod", []string{"1:01 who can kms:* in ou 'Prod"}},
		{"\xff\nwho can kms:*", []string{"1:01 \xff", "2:01 who can kms:*"}},
	} {
		for name, in := range map[string]io.Reader{"at once": strings.NewReader(test.script), "byte by byte": iotest.OneByteReader(strings.NewReader(test.script))} {
			if got := read(t, in, false); !slices.Equal(got, test.want) {
				t.Errorf("%q %s:\n got %q\nwant %q", test.script, name, got, test.want)
			}
		}
	}
}

// TestEagerReader holds that who types is answered at once.
func TestEagerReader(t *testing.T) {
	from, to := io.Pipe()
	r := newReader(from)
	r.eager = true
	go func() { _, _ = io.WriteString(to, "who can kms:*\n") }() // and nothing more
	s, err := r.next(t.Context())
	if err != nil || strings.TrimSpace(s.text) != "who can kms:*" {
		t.Errorf("got %q, %v", s.text, err)
	}
}

// TestReaderBounds holds that what is too long is a mistake, and that a script stops with its context.
func TestReaderBounds(t *testing.T) {
	long := "who can kms:* " + strings.Repeat("# x ", syntax.MaxBytes/4) + "\nwho can s3:*"
	if got := read(t, strings.NewReader(long), false); len(got) != 2 || got[1] != "2:01 who can s3:*" {
		t.Errorf("got %d statements", len(got))
	}
	_, err := newReader(strings.NewReader(strings.Repeat("x", maxLine+1))).next(t.Context())
	var misuse *UsageError
	if !errors.As(err, &misuse) {
		t.Errorf("error of a line without end is %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newReader(strings.NewReader("who can kms:*\n")).next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func FuzzReader(f *testing.F) {
	for _, text := range []string{"who can kms:*\n| count; x", "'a\n;", "\\o\n;;\n?", "# a\n\nwho can", "\xff;\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 {
			return
		}
		r := newReader(strings.NewReader(text))
		last := 0
		for range len(text) + 1 {
			s, err := r.next(t.Context())
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if s.line < last || !strings.Contains(text, s.text) {
				t.Fatalf("%q: statement %q of line %d after line %d", text, s.text, s.line, last)
			}
			last = s.line
		}
		t.Fatalf("%q: more statements than characters", text)
	})
}
