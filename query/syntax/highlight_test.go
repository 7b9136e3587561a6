package syntax

import (
	"fmt"
	"strings"
	"testing"
)

func TestTokens(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"who can do kms:* on arn:aws:s3:::a/* ?", "keyword:who keyword:can keyword:do action:kms:* keyword:on name:arn:aws:s3:::a/* mark:?"},
		{"who can kms:Decrypt?", "keyword:who keyword:can action:kms:Decrypt?"},
		{"can role/Deploy do @write", "keyword:can name:role/Deploy keyword:do ref:@write"},
		{"WHO CAN kms:* within 3 hops at @latest", "keyword:WHO keyword:CAN action:kms:* keyword:within number:3 keyword:hops keyword:at ref:@latest"},
		{"who can kms:* in ou who", "keyword:who keyword:can action:kms:* keyword:in keyword:ou word:who"},
		{"who can kms:* when aws:x = 'a b' # why\nand aws:y = z",
			"keyword:who keyword:can action:kms:* keyword:when action:aws:x mark:= string:'a b' comment:# why keyword:and action:aws:y mark:= word:z"},
		{"# first\nshow users", "comment:# first keyword:show keyword:users"},
		{"why can't user/a do s3:*", "keyword:why keyword:can't name:user/a keyword:do action:s3:*"},
		{"who kan do kms:*", "keyword:who error:kan word:do action:kms:*"},
		{"who ca", "keyword:who word:ca"}, // it may become can
		{"who ca ", "keyword:who error:ca"},
		{"who can 'kms:D", "keyword:who keyword:can string:'kms:D"},
		{"who can “kms:*” x", "keyword:who keyword:can error:“kms:*” x"},
		{"", ""},
	} {
		var got []string
		for _, x := range Tokens(test.text) {
			got = append(got, fmt.Sprintf("%s:%s", x.Kind, test.text[x.Offset:x.Offset+x.Length]))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%q:\n got %s\nwant %s", test.text, strings.Join(got, " "), test.want)
		}
	}
}

// TestTokensOfQueries holds that nothing of a text that parses is an error, and that tokens stand in order.
func TestTokensOfQueries(t *testing.T) {
	for _, input := range goldenInputs(t, "testdata/parse.txt") {
		end := 0
		for _, x := range Tokens(input) {
			if x.Kind == ErrorToken || x.Offset < end || x.Offset+x.Length > len(input) {
				t.Errorf("%q: token %+v after %d", input, x, end)
			}
			end = x.Offset + x.Length
		}
	}
}

func TestCut(t *testing.T) {
	for _, test := range []struct {
		text, statement, rest string
		found                 bool
	}{
		{"who can kms:*; show users", "who can kms:*", " show users", true},
		{"who can kms:* ;", "who can kms:* ", "", true},
		{";", "", "", true},
		{"who can kms:*", "who can kms:*", "", false},
		{"who can 'a;b'", "who can 'a;b'", "", false},
		{"who can 'a;b", "who can 'a;b", "", false},
		{"who can a # b;c\n;d", "who can a # b;c\n", "d", true},
		{"why can't role/a;b", "why can't role/a", "b", true},
		{"“x; y", "“x", " y", true},
	} {
		statement, rest, found := Cut(test.text)
		if statement != test.statement || rest != test.rest || found != test.found {
			t.Errorf("%q: got %q, %q, %v", test.text, statement, rest, found)
		}
	}
}

func TestUnfinished(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "who": true, "who can": true, "who can kms:* when (": true, "who can 'a": true, "who can kms:* |": true, "who can kms:*,": true,
		"who kan": false, "who can kms:* | limit x": false, "who can “": false, "who can kms:* in account 12": false,
	} {
		_, err := Parse(text)
		e, ok := err.(*Error)
		if !ok || e.Unfinished() != want {
			t.Errorf("%q: unfinished is %v, %v", text, !want, err)
		}
	}
}

func TestPreceding(t *testing.T) {
	for _, test := range []struct {
		text, before string
		begin        int
	}{
		{"who can kms:De", "who can", 8},
		{"who can kms:De ", "who can kms:De", 15},
		{"who can kms:* in ou 'Prod A", "who can kms:* in ou", 20},
		{"who can kms:* # x", "", 17},
	} {
		before, begin := Preceding(test.text, len(test.text))
		var words []string
		for _, x := range before {
			words = append(words, x.Text)
		}
		if got := strings.Join(words, " "); got != test.before || begin != test.begin {
			t.Errorf("%q: got %q, %d", test.text, got, begin)
		}
	}
}

func TestSpell(t *testing.T) {
	for _, test := range []struct {
		name string
		mark rune
		want string
	}{
		{"Prod", 0, "Prod"}, {"Prod Accounts", 0, "'Prod Accounts'"}, {"service", 0, "'service'"}, {"a\x1b[2Jb", 0, `'a\u{1b}[2Jb'`},
		{"Prod", '"', `"Prod"`}, {`a"b`, '"', `"a\"b"`},
	} {
		if got := Spell(test.name, test.mark); got != test.want {
			t.Errorf("%q: got %s, want %s", test.name, got, test.want)
		}
	}
}

func FuzzTokens(f *testing.F) {
	for _, text := range []string{"who can kms:* when aws:x = 'a;b' # c;\n; show users", "why can't role/a;“", "'", "\xff;", "# a\n#b ;"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		end := 0
		for _, x := range Tokens(text) {
			if x.Offset < end || x.Length < 1 || x.Offset+x.Length > len(text) {
				t.Errorf("%q: token %+v after %d", text, x, end)
			}
			end = x.Offset + x.Length
		}
		statement, rest, found := Cut(text)
		if whole := statement + ";" + rest; found && whole != text || !found && statement != text {
			t.Errorf("%q: cut into %q and %q", text, statement, rest)
		}
		if _, begin := Preceding(text, len(text)); begin < 0 || begin > len(text) {
			t.Errorf("%q: begins at %d", text, begin)
		}
	})
}
