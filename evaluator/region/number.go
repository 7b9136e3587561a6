package region

import (
	"cmp"
	"strconv"
	"strings"
)

// Number is a decimal number of any size and precision (C23). The zero Number is 0.
type Number struct {
	negative bool
	digits   string // without zeros at either end; empty for 0
	exp      int64  // the value is 0.digits × 10^exp
}

// exponentLimit bounds the exponents that are read, so that sums of them never overflow.
const exponentLimit = 1 << 31

// ParseNumber reads a decimal number: an optional sign, digits with an optional point, an optional exponent. ok is false for
// anything else, and for exponents beyond ±2³¹.
func ParseNumber(s string) (n Number, ok bool) {
	rest := s
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		n.negative = rest[0] == '-'
		rest = rest[1:]
	}
	mantissa, exponent := rest, ""
	if i := strings.IndexAny(rest, "eE"); i >= 0 {
		mantissa, exponent = rest[:i], rest[i+1:]
		e, err := strconv.ParseInt(exponent, 10, 64)
		if err != nil || e > exponentLimit || e < -exponentLimit {
			return Number{}, false
		}
		n.exp = e
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole+fraction == "" || !allDigits(whole) || !allDigits(fraction) {
		return Number{}, false
	}
	n.digits = whole + fraction
	n.exp += int64(len(whole))
	return n.normal(), true
}

func (n Number) normal() Number {
	trimmed := strings.TrimLeft(n.digits, "0")
	n.exp -= int64(len(n.digits) - len(trimmed))
	n.digits = strings.TrimRight(trimmed, "0")
	if n.digits == "" {
		return Number{}
	}
	return n
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// Compare is negative, zero or positive as n is less than, equal to or greater than m.
func (n Number) Compare(m Number) int {
	switch {
	case n.sign() != m.sign():
		return cmp.Compare(n.sign(), m.sign())
	case n.negative:
		return m.abs().Compare(n.abs())
	case n.exp != m.exp:
		return cmp.Compare(n.exp, m.exp)
	default:
		return strings.Compare(n.digits, m.digits)
	}
}

func (n Number) sign() int {
	switch {
	case n.digits == "":
		return 0
	case n.negative:
		return -1
	default:
		return 1
	}
}

func (n Number) abs() Number { return Number{digits: n.digits, exp: n.exp} }

func (n Number) neg() Number {
	n.negative = !n.negative && n.digits != ""
	return n
}

// String is the number without needless digits, in exponent notation when it is very large or very small.
func (n Number) String() string {
	sign := ""
	if n.negative {
		sign = "-"
	}
	count := int64(len(n.digits))
	switch {
	case count == 0:
		return "0"
	case n.exp >= count && n.exp <= 21:
		return sign + n.digits + strings.Repeat("0", int(n.exp-count))
	case n.exp > 0 && n.exp < count:
		return sign + n.digits[:n.exp] + "." + n.digits[n.exp:]
	case n.exp <= 0 && n.exp > -6:
		return sign + "0." + strings.Repeat("0", int(-n.exp)) + n.digits
	}
	mantissa := n.digits[:1]
	if count > 1 {
		mantissa += "." + n.digits[1:]
	}
	return sign + mantissa + "e" + strconv.FormatInt(n.exp-1, 10)
}

// ofInt is the Number of an integer.
func ofInt(i int64) Number {
	n, _ := ParseNumber(strconv.FormatInt(i, 10))
	return n
}

// floor is the greatest integer that is not above n; ok is false when it does not fit.
func (n Number) floor() (int64, bool) {
	if n.exp > 18 {
		return 0, false
	}
	whole := int64(0)
	exact := n.exp >= int64(len(n.digits))
	for i := range n.exp {
		whole *= 10
		if i < int64(len(n.digits)) {
			whole += int64(n.digits[i] - '0')
		}
	}
	if n.negative {
		whole = -whole
		if !exact {
			whole--
		}
	}
	return whole, true
}

// between is a number strictly between lo and hi, a short integer if possible. A nil end is unbounded; lo must be less
// than hi.
func between(lo, hi *Number) Number {
	zero := Number{}
	below := func(n Number) bool { return hi == nil || n.Compare(*hi) < 0 }
	above := func(n Number) bool { return lo == nil || n.Compare(*lo) > 0 }
	if above(zero) && below(zero) {
		return zero
	}
	if lo == nil || lo.sign() < 0 { // then hi is no more than zero
		low, high := hi.neg(), (*Number)(nil)
		if lo != nil {
			n := lo.neg()
			high = &n
		}
		return between(&low, high).neg()
	}
	if i, ok := lo.floor(); ok && below(ofInt(i+1)) {
		return ofInt(i + 1)
	}
	if lo.digits == "" {
		return Number{digits: "1", exp: hi.exp - 1}
	}
	if n := (Number{digits: "1", exp: lo.exp + 1}); below(n) {
		return n
	}
	middle := "5"
	if hi.exp == lo.exp && strings.HasPrefix(hi.digits, lo.digits) {
		rest := hi.digits[len(lo.digits):]
		zeros := len(rest) - len(strings.TrimLeft(rest, "0"))
		middle = strings.Repeat("0", zeros+1) + "5"
	}
	return Number{digits: lo.digits + middle, exp: lo.exp}
}
