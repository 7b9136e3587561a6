package syntax

import "strings"

// Nearest gives the one of words that text was probably meant to be, empty if none is near enough: one slip in a short word, two in
// a longer one, where swapped neighbours are one slip.
func Nearest(text string, words []string) string {
	text = strings.ToLower(text)
	if len(text) < 2 || len(text) > 40 {
		return ""
	}
	best, least := "", 3
	if len(text) < 5 {
		least = 2
	}
	for _, w := range words {
		if w == "" || w == text {
			continue
		}
		if d := distance(text, w); d < least && d < len(w)-1 {
			best, least = w, d
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap with their neighbour that turn a into b.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
