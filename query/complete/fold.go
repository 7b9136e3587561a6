package complete

import (
	"slices"
	"strings"
)

// hasPrefixFold is strings.HasPrefix, letter case aside.
func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if !hasPrefixFold(s, prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// compareFold orders texts by their letters, case aside, without allocating; names in AWS are ASCII, and so is what it folds.
func compareFold(a, b string) int {
	for i := range min(len(a), len(b)) {
		if x, y := lower(a[i]), lower(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// order sorts names and keeps one of those that are the same.
func order(names []Name) []Name {
	slices.SortStableFunc(names, func(a, b Name) int {
		if c := compareFold(a.Text, b.Text); c != 0 {
			return c
		}
		return strings.Compare(a.Text, b.Text)
	})
	return slices.CompactFunc(names, func(a, b Name) bool { return a.Text == b.Text })
}

// beginning gives the first names that begin with a prefix, of names in order.
func beginning(names []Name, prefix string, most int) (found []Name, more bool) {
	at, _ := slices.BinarySearchFunc(names, prefix, func(n Name, p string) int { return compareFold(n.Text, p) })
	for end := at; end < len(names); end++ {
		if compareFold(names[end].Text[:min(len(names[end].Text), len(prefix))], prefix) != 0 {
			break
		}
		if len(found) == most {
			return found, true
		}
		found = append(found, names[end])
	}
	return found, false
}
