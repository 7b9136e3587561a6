package syntax

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

func FuzzParse(f *testing.F) {
	for _, file := range []string{"testdata/parse.txt", "testdata/errors.txt"} {
		for _, block := range goldenInputs(f, file) {
			f.Add(block)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, at := range []int{0, len(text) / 2, len(text)} {
			Complete(text, at)
		}
		q, err := Parse(text)
		if err != nil {
			checkError(t, text, err)
			return
		}
		for _, printed := range []string{q.String(), q.Pretty()} {
			if len(printed) > MaxBytes {
				continue // escapes are longer than what they stand for
			}
			again, err := Parse(printed)
			if err != nil {
				t.Fatalf("%q prints as %q: %v", text, printed, err)
			}
			if d := cmp.Diff(q, again, samePlacesApart); d != "" {
				t.Fatalf("%q prints as %q, which reads differently:\n%s", text, printed, d)
			}
		}
	})
}

// checkError holds what every error promises.
func checkError(t *testing.T, text string, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%q: %v is no *Error", text, err)
	}
	if e.Offset < 0 || e.Offset > len(text) || e.Length < 0 || e.Offset+e.Length > len(text) || e.Line < 1 || e.Column < 1 || e.Query != text {
		t.Fatalf("%q: %+v points outside of the text", text, e)
	}
	if at := posAt(text, e.Offset); len(text) <= MaxBytes && (at.Line != e.Line || at.Column != e.Column) {
		t.Fatalf("%q: offset %d is at %d:%d, not at %d:%d", text, e.Offset, at.Line, at.Column, e.Line, e.Column)
	}
	if e.Message == "" || strings.ContainsFunc(e.Error(), unicode.IsControl) {
		t.Fatalf("%q: message %q", text, e.Error())
	}
	lines := strings.Split(e.Display(), "\n")
	if len(lines) < 3 || !strings.HasSuffix(lines[2], "^") {
		t.Fatalf("%q: display %q", text, e.Display())
	}
	if strings.ContainsFunc(strings.Join(lines, ""), unicode.IsControl) {
		t.Fatalf("%q: control characters in the display %q", text, e.Display())
	}
}

func goldenInputs(t testing.TB, file string) []string {
	t.Helper()
	var inputs []string
	for _, c := range readGolden(t, file) {
		inputs = append(inputs, c.input)
	}
	return inputs
}
