package render

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Neutral gives s as tables show it: see the package's caveats.
func Neutral(s string) string { return neutral(s) }

// neutral gives s with everything that could act on a terminal made visible: control characters, bytes that are no UTF-8,
// and the marks that reorder or hide text.
func neutral(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case !harmful(r):
			b.WriteString(s[:n])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		s = s[n:]
	}
	return b.String()
}

// plain tells whether s is printable ASCII alone.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// harmful tells whether r is a control, format (bidirectional overrides, zero-width marks), line or paragraph separator,
// private-use or unassigned-surrogate character.
func harmful(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs)
}

// width is the number of terminal columns that s takes.
func width(s string) int {
	if plain(s) {
		return len(s)
	}
	return uniseg.StringWidth(s)
}

// cut shortens s to at most w columns, ending in … when something was left out.
func cut(s string, w int) string {
	if width(s) <= w {
		return s
	}
	if w < 1 {
		return ""
	}
	head, _ := split(s, w-1)
	return head + "…"
}

// split cuts s after as many whole characters as fit into w columns, and after at least none.
func split(s string, w int) (head, tail string) {
	if plain(s) {
		n := min(w, len(s))
		return s[:n], s[n:]
	}
	rest, state, used := s, -1, 0
	for len(rest) > 0 {
		_, after, wide, next := uniseg.FirstGraphemeClusterInString(rest, state)
		if used+wide > w {
			break
		}
		used += wide
		rest, state = after, next
	}
	return s[:len(s)-len(rest)], rest
}

// wrap breaks s into lines of at most w columns where breakAt says, else anywhere. Past limit lines the last one ends in …
func wrap(s string, w, limit int) []string {
	w = max(w, 1)
	var lines []string
	for width(s) > w {
		if len(lines) == limit-1 {
			return append(lines, cut(s, w))
		}
		head, tail := split(s, w)
		if head == "" { // one character wider than the column
			return append(lines, "…")
		}
		if at := breakAt(head, tail); at > 0 {
			head, tail = s[:at], s[at:]
		}
		lines = append(lines, strings.TrimRight(head, " "))
		s = strings.TrimLeft(tail, " ")
	}
	return append(lines, s)
}

// breakAt finds the best place to end a line within head, which would run on with tail: 0 when there is none. A space is best, then
// a mark inside a name, then the border of two words that are written as one (kms:Generate·Data·Key).
func breakAt(head, tail string) int {
	if strings.HasPrefix(tail, " ") {
		return len(head)
	}
	if at := strings.LastIndexByte(head, ' '); at > 0 {
		return at
	}
	at := strings.LastIndexAny(head, ":/,-._=") + 1
	for i := len(head) - 1; i > at; i-- {
		if upper(head[i]) && !upper(head[i-1]) {
			at = i
		}
	}
	if tail != "" && upper(tail[0]) && !upper(head[len(head)-1]) {
		at = len(head)
	}
	if at < len(head)/2 { // a very short line is worse than a broken word
		return 0
	}
	return at
}

func upper(b byte) bool { return 'A' <= b && b <= 'Z' }
