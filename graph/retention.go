package graph

import (
	"fmt"
	"slices"
	"time"
)

// Retention says how many entries of a history stay: the newest, and the newest of each of the latest days, weeks, months and years that have
// one, in UTC. Zero keeps none for that reason. Weeks begin on Monday.
type Retention struct{ Last, Daily, Weekly, Monthly, Yearly int }

// Keep gives the reasons for which entries stay, by number; an entry that is not in it goes. tagged are entries that refs stand for: they stay.
func (r Retention) Keep(history []Entry, tagged []int64) map[int64][]string {
	rules := []struct {
		name   string
		most   int
		period func(n int, t time.Time) string
	}{
		{"last", r.Last, func(n int, _ time.Time) string { return fmt.Sprint(n) }},
		{"daily", r.Daily, func(_ int, t time.Time) string { return t.Format(time.DateOnly) }},
		{"weekly", r.Weekly, func(_ int, t time.Time) string { year, week := t.ISOWeek(); return fmt.Sprint(year, " ", week) }},
		{"monthly", r.Monthly, func(_ int, t time.Time) string { return t.Format("2006-01") }},
		{"yearly", r.Yearly, func(_ int, t time.Time) string { return t.Format("2006") }},
	}
	sorted := slices.Clone(history)
	SortHistory(sorted)
	keep := map[int64][]string{}
	for _, e := range sorted {
		if slices.Contains(tagged, e.Number) {
			keep[e.Number] = []string{"tagged"}
		}
	}
	for _, rule := range rules {
		left, last := rule.most, ""
		for i, e := range slices.Backward(sorted) {
			if left <= 0 {
				break
			}
			if period := rule.period(i, e.Time.UTC()); period != last {
				keep[e.Number] = append(keep[e.Number], rule.name)
				left, last = left-1, period
			}
		}
	}
	return keep
}
