package region

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Instant is a point in time in milliseconds since 1970-01-01T00:00:00Z (C25).
type Instant int64

// instantLimit bounds the epoch seconds that are read, either side of 1970; minInstant and maxInstant are the instants that
// it leaves.
const (
	instantLimit = 9_000_000_000_000_000
	minInstant   = Instant(-instantLimit * 1000)
	maxInstant   = Instant(instantLimit*1000 + 999)
)

// ParseInstant reads the W3C profile of ISO 8601 (a year, a month, a date, or a date and time with or without seconds and
// fraction, with Z, an offset or no zone, which is UTC) or epoch seconds with an optional fraction. A bare number of four
// digits is a year. Parts of a millisecond are cut off.
func ParseInstant(s string) (t Instant, ok bool) {
	if len(s) == 4 && allDigits(s) || len(s) > 4 && s[4] == '-' && allDigits(s[:4]) {
		return parseISO(s)
	}
	return parseEpoch(s)
}

func parseEpoch(s string) (Instant, bool) {
	unsigned := s
	if s != "" && (s[0] == '-' || s[0] == '+') {
		unsigned = s[1:]
	}
	whole, fraction, point := strings.Cut(unsigned, ".")
	if whole == "" || !allDigits(whole) || point && fraction == "" || !allDigits(fraction) {
		return 0, false
	}
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || seconds > instantLimit {
		return 0, false
	}
	ms := seconds*1000 + thousandths(fraction)
	if s[0] == '-' {
		ms = -ms
		if len(fraction) > 3 && strings.Trim(fraction[3:], "0") != "" {
			ms-- // cutting off goes towards the past on either side of 1970
		}
	}
	return Instant(ms), Instant(ms) >= minInstant
}

func thousandths(fraction string) int64 {
	ms, _ := strconv.ParseInt((fraction + "000")[:3], 10, 64)
	return ms
}

func parseISO(s string) (Instant, bool) {
	date, clock, timed := strings.Cut(s, "T")
	if len(date) != 10 && (timed || len(date) != 4 && len(date) != 7) {
		return 0, false
	}
	day, err := time.Parse("2006-01-02"[:len(date)], date)
	if err != nil {
		return 0, false
	}
	ms := day.UnixMilli()
	if !timed {
		return Instant(ms), true
	}
	clock, offset, ok := cutZone(clock)
	if !ok {
		return 0, false
	}
	hm, sec, hasSec := clock, "", false
	if len(clock) > 5 {
		hm, sec, hasSec = clock[:5], clock[6:], clock[5] == ':'
		if !hasSec {
			return 0, false
		}
	}
	minutes, ok := hoursMinutes(hm)
	if !ok {
		return 0, false
	}
	ms += (minutes - offset) * 60_000
	if hasSec {
		whole, fraction, point := strings.Cut(sec, ".")
		if len(whole) != 2 || !allDigits(whole) || whole > "59" || point && fraction == "" || !allDigits(fraction) {
			return 0, false
		}
		ms += int64(whole[0]-'0')*10_000 + int64(whole[1]-'0')*1000 + thousandths(fraction)
	}
	return Instant(ms), true
}

// cutZone separates a time of day from its zone, given in minutes.
func cutZone(clock string) (rest string, offset int64, ok bool) {
	if rest, ok := strings.CutSuffix(clock, "Z"); ok {
		return rest, 0, true
	}
	i := strings.IndexAny(clock, "+-")
	if i < 0 {
		return clock, 0, true
	}
	offset, ok = hoursMinutes(clock[i+1:])
	if clock[i] == '-' {
		offset = -offset
	}
	return clock[:i], offset, ok
}

// hoursMinutes reads hh:mm as minutes.
func hoursMinutes(s string) (int64, bool) {
	if len(s) != 5 || s[2] != ':' || !allDigits(s[:2]+s[3:]) || s[:2] > "23" || s[3:] > "59" {
		return 0, false
	}
	return (int64(s[0]-'0')*10+int64(s[1]-'0'))*60 + int64(s[3]-'0')*10 + int64(s[4]-'0'), true
}

// The instants that ISO 8601 can write in UTC with a year of four digits.
var (
	firstISO = Instant(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli())
	lastISO  = Instant(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli() - 1)
)

// Compare is negative, zero or positive as t is before, at or after u.
func (t Instant) Compare(u Instant) int {
	switch {
	case t < u:
		return -1
	case t > u:
		return 1
	default:
		return 0
	}
}

// String is the ISO 8601 form in UTC, or epoch seconds outside the years 0 to 9999.
func (t Instant) String() string {
	if t < firstISO || t > lastISO {
		return t.epoch()
	}
	return time.UnixMilli(int64(t)).UTC().Format("2006-01-02T15:04:05.999Z")
}

// epoch is the instant as epoch seconds, never of the form that would be read as a year.
func (t Instant) epoch() string {
	sign, ms := "", int64(t)
	if ms < 0 {
		sign, ms = "-", -ms
	}
	s := sign + strconv.FormatInt(ms/1000, 10)
	if ms%1000 != 0 {
		s += strings.TrimRight(fmt.Sprintf(".%03d", ms%1000), "0")
	} else if len(s) == 4 && sign == "" {
		s += ".0"
	}
	return s
}
