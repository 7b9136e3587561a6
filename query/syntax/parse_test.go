package syntax

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// samePlacesApart compares trees without their positions, an empty list being no list.
var samePlacesApart = cmp.Options{cmpopts.IgnoreTypes(Pos{}), cmpopts.EquateEmpty()}

func mustParse(t *testing.T, text string) *Query {
	t.Helper()
	q, err := Parse(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return q
}

// TestParse holds the tree and the text of every input, and that both texts of a tree read back as the same tree.
func TestParse(t *testing.T) {
	cases := runGolden(t, "testdata/parse.txt", func(t *testing.T, input string) string {
		q, err := Parse(input)
		if err != nil {
			t.Errorf("%q: %v", input, err)
			return "error: " + err.Error()
		}
		for _, text := range []string{q.String(), q.Pretty()} {
			again, err := Parse(text)
			if err != nil {
				t.Errorf("%q prints as %q: %v", input, text, err)
			} else if d := cmp.Diff(q, again, samePlacesApart); d != "" {
				t.Errorf("%q prints as %q, which reads differently:\n%s", input, text, d)
			}
		}
		return dump(q) + "\n= " + q.String()
	})
	if len(cases) < 150 {
		t.Errorf("%d inputs, want at least 150", len(cases))
	}
}

// TestNetworkAgreesWithParser holds that the network made of the grammar accepts what the parser does.
func TestNetworkAgreesWithParser(t *testing.T) {
	for _, c := range readGolden(t, "testdata/parse.txt") {
		tokens, err := tokenize(c.input)
		if err != nil {
			t.Fatal(err)
		}
		read, _, complete, ok := grammarNetwork().run("Query", tokens[:len(tokens)-1], nil)
		if read != len(tokens)-1 || !complete || !ok {
			t.Errorf("%q: the network reads %d of %d tokens, complete %t", c.input, read, len(tokens)-1, complete)
		}
	}
}
