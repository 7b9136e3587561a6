package syntax

import (
	"slices"
	"strings"
	"testing"
)

func TestComplete(t *testing.T) {
	for _, test := range []struct {
		text string // the cursor is at |, which no case needs otherwise but for stages, written ¦
		want string
	}{
		{"|", "who can why what external choke show changes shortest all paths"},
		{"w|", "who why what"},
		{"WH|", "who why what"},
		{"who|", "who"},
		{"who |", "in outside is can"},
		{"who c| kms:*", "can"},
		{"who can |", "reach do any all <action> @list @read @write @tagging @permissions"},
		{"who can @w|", "<action> @write"},
		{"who can kms:D|", "<action>"},
		{"who can 'kms:D|", "<action>"},
		{"who can all |", "of"},
		{"who can kms:* |", ", on with when in except via within at ? ¦"},
		{"who can kms:* w|", "with when within"},
		{"who can kms:* on |", "<resource>"},
		{"who can kms:* on arn:aws:|", "<resource>"},
		{"who can kms:* when |", "not ( true false all any resource <key>"},
		{"who can kms:* when aws:x |", "= != < <= > >= ~= not like arnlike in is"},
		{"who can kms:* when aws:x =|", "<value>"},
		{"who can kms:* when aws:x in (|", "<value>"},
		{"who can kms:* when aws:x is |", "not present absent"},
		{"who can kms:* in |", "<account> account ou org outside tag"},
		{"who can kms:* in account |", "<account>"},
		{"who can kms:* in ou P|", "<name>"},
		{"who can kms:* in ou 'P|", "<name>"},
		{"who can kms:* except |", "<account> account ou org outside tag <principal> root service"},
		{"who can kms:* via |", "direct assume federation escalation"},
		{"who can kms:* within |", "<number>"},
		{"who can kms:* at |", "<snapshot>"},
		{"who can kms:* at @l|", "<snapshot>"},
		{"can |", "<principal> root account service"},
		{"can role/A|", "<principal>"},
		{"can role/App |", "do any all <action> @list @read @write @tagging @permissions"},
		{"show |", "principals users groups roles policies statements resources compute accounts snapshots keys providers"},
		{"show users |", "where on with when in except via within at ? ¦"},
		{"show users where |", "not ( <field> <function>"},
		{"show users where mfa |", "( = != < <= > >= not like contains in is and or where on with when except via within at ? ¦"},
		{"who can kms:* ¦ |", "where select group sort limit count"},
		{"who can kms:* ¦ group by |", "<field>"},
		{"who can kms:* ¦ group by a |", ", count ? ¦"},
		{"who can kms:* ¦ sort by a d|", "desc"},
		{"changes from |", "<snapshot>"},
		{"changes from @a to @b in (|", "who can why what external choke show changes shortest all paths"},
		{"nonsense |", ""},
		{"who can kms:* # comm|", ""},
		{"who can kms:* # comment |", ""},
		{"# comment |", ""},
		{"who can kms:* # comm\n wh|", "when"},
		{"who can 'x' y z |", ""},
	} {
		before, after, _ := strings.Cut(test.text, "|")
		before = strings.ReplaceAll(before, "¦", "|")
		var got []string
		for _, c := range Complete(before+after, len(before)) {
			switch {
			case c.Text == "":
				got = append(got, "<"+string(c.Kind)+">")
			default:
				got = append(got, strings.ReplaceAll(c.Text, "|", "¦"))
			}
		}
		want := strings.Fields(test.want)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%q:\n got %s\nwant %s", test.text, strings.Join(got, " "), strings.Join(want, " "))
		}
	}
}

// TestCompleteOffersWhatStands holds that completion at the beginning of any word of a query offers that word, or a slot.
func TestCompleteOffersWhatStands(t *testing.T) {
	for _, input := range goldenInputs(t, "testdata/parse.txt") {
		tokens, err := tokenize(input)
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range tokens[:len(tokens)-1] {
			offered := Complete(input[:token.Pos.Offset]+" ", token.Pos.Offset+1)
			if !slices.ContainsFunc(offered, func(c Candidate) bool {
				return c.Text == "" || strings.EqualFold(c.Text, token.Value)
			}) {
				t.Errorf("%q at %d: %v do not offer %q", input, token.Pos.Offset, offered, token.Value)
			}
		}
	}
}

func TestCompleteBeyondTheText(t *testing.T) {
	for _, offset := range []int{-5, 100} {
		if got := Complete("who ", offset); len(got) == 0 {
			t.Errorf("offset %d: no candidates", offset)
		}
	}
	if got := Complete(strings.Repeat("who ", MaxBytes), 1<<20); got != nil {
		t.Errorf("a text that is too long: got %v", got)
	}
}
