package syntax

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// goldenCase is one block of a golden file: the input lines, which begin with "> ", and the expected output after them.
type goldenCase struct {
	comments []string
	input    string
	want     string
}

func readGolden(t testing.TB, path string) []goldenCase {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var cases []goldenCase
	var comments []string
	for block := range strings.SplitSeq(strings.TrimSpace(string(data)), "\n\n") {
		var c goldenCase
		var input, want []string
		for line := range strings.SplitSeq(block, "\n") {
			switch in, ok := strings.CutPrefix(line, ">"); {
			case ok:
				input = append(input, strings.TrimPrefix(in, " "))
			case len(input) == 0:
				comments = append(comments, line)
			default:
				want = append(want, line)
			}
		}
		if len(input) == 0 {
			continue
		}
		c.comments, comments = comments, nil
		c.input, c.want = strings.Join(input, "\n"), strings.Join(want, "\n")
		cases = append(cases, c)
	}
	return cases
}

// runGolden compares what got makes of each input with the file, or rewrites the file.
func runGolden(t *testing.T, path string, got func(t *testing.T, input string) string) []goldenCase {
	t.Helper()
	cases := readGolden(t, path)
	var out strings.Builder
	for i, c := range cases {
		g := strings.TrimSuffix(got(t, c.input), "\n")
		if g != c.want && !*update {
			t.Errorf("%q\n got:\n%s\nwant:\n%s", c.input, g, c.want)
		}
		if len(c.comments) > 0 {
			if i > 0 {
				out.WriteByte('\n')
			}
			out.WriteString(strings.Join(c.comments, "\n") + "\n")
		}
		if i > 0 || len(c.comments) > 0 {
			out.WriteByte('\n')
		}
		for line := range strings.SplitSeq(c.input, "\n") {
			out.WriteString(strings.TrimRight("> "+line, " ") + "\n")
		}
		out.WriteString(g + "\n")
	}
	if *update {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return cases
}
