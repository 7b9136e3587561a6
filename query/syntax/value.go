package syntax

import (
	"strconv"
	"time"
)

// ParseDuration reads a duration as queries write it: a whole number and one unit of s, m (minutes), h, d, w and y (365 days).
// ok is false for anything else, and for more than 290 years.
func ParseDuration(s string) (d time.Duration, ok bool) {
	if len(s) < 2 || !allDigits(s[:len(s)-1]) {
		return 0, false
	}
	var unit time.Duration
	switch s[len(s)-1] {
	case 's':
		unit = time.Second
	case 'm':
		unit = time.Minute
	case 'h':
		unit = time.Hour
	case 'd':
		unit = 24 * time.Hour
	case 'w':
		unit = 7 * 24 * time.Hour
	case 'y':
		unit = 365 * 24 * time.Hour
	default:
		return 0, false
	}
	const most = 290 * 365 * 24 * time.Hour
	n, err := strconv.ParseInt(s[:len(s)-1], 10, 64)
	if err != nil || n > int64(most/unit) {
		return 0, false
	}
	return time.Duration(n) * unit, true
}

// ParseTime reads a date (2026-11-01, its first moment in UTC, with day set) or a time in RFC 3339 (2026-11-01T12:00:00Z).
// ok is false for anything else.
func ParseTime(s string) (t time.Time, day, ok bool) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, true, true
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, false, true
	}
	return time.Time{}, false, false
}
