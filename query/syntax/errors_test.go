package syntax

import (
	"errors"
	"strings"
	"testing"
)

// TestErrors holds the message and the display of every input that is no query.
func TestErrors(t *testing.T) {
	runGolden(t, "testdata/errors.txt", func(t *testing.T, input string) string {
		q, err := Parse(input)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q: got %v and error %v, want an *Error", input, q, err)
			return ""
		}
		if strings.ContainsRune(e.Error(), '\n') {
			t.Errorf("%q: the message has several lines: %q", input, e.Error())
		}
		return e.Error() + "\n" + e.Display()
	})
}
