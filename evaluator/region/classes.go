package region

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// family says which kinds of value the strings of a class denote, as far as the tests ask.
type family uint8

const (
	familyNone family = iota
	familyNumber
	familyInstant
	familyBoth // a number and an instant at once: epoch seconds, or a year
	familyAddress
)

// valueClass is a set of strings that the tests of numbers, instants and addresses do not tell apart.
type valueClass struct {
	family family
	in     Set      // the tests, of all, that hold
	texts  []string // some of its strings, the plainest first; never empty
}

// has tells whether the tests make the family one that counts.
func (p *partition) has(f family) bool {
	switch f {
	case familyNumber:
		return p.kinds[testNumber]
	case familyInstant:
		return p.kinds[testInstant]
	case familyBoth:
		return p.kinds[testNumber] && p.kinds[testInstant]
	default:
		return p.kinds[testAddress]
	}
}

// classes lists the classes of values that are not empty. An address is never a number or an instant.
func (p *partition) classes() []valueClass {
	var out []valueClass
	add := func(f family, texts ...string) {
		v := valueClass{family: f}
		var first denoted
		for _, text := range texts {
			d := denotes(text)
			if p.familyOf(&d) != f {
				continue
			}
			if len(v.texts) == 0 || d != first { // most notations of a class denote the same
				if !p.b.Spend(p.cost) {
					return
				}
				in := p.holdsFor(&d)
				if len(v.texts) > 0 && !in.Equal(v.in) {
					continue
				}
				v.in, first = in, d
			}
			if v.texts = append(v.texts, text); !p.mixes {
				break
			}
		}
		if len(v.texts) == 0 {
			p.exact = false // its strings are too long to write down
			return
		}
		out = append(out, v)
	}
	add(familyNone, "x", "", "-", "/", ":", "_", "x:", "x/")
	numbers, instants := p.numbers(), p.instants()
	for _, n := range numbers {
		texts := n.texts()
		if len(instants) > 0 {
			for i, text := range texts {
				if !strings.Contains(text, "e") {
					texts[i] = text + "e0" // which no instant has
				}
			}
		}
		add(familyNumber, texts...)
	}
	for _, t := range instants {
		if texts := t.texts(len(numbers) > 0); len(texts) > 0 {
			add(familyInstant, texts...)
		}
	}
	for _, n := range numbers {
		for _, t := range instants {
			if !p.b.Spend(1) {
				return nil
			}
			if texts, empty := n.meet(t); !empty {
				add(familyBoth, texts...)
			}
		}
	}
	for _, texts := range p.addresses() {
		add(familyAddress, texts...)
	}
	return out
}

// familyOf classifies what a string denotes by the families that count.
func (p *partition) familyOf(d *denoted) family {
	number, instant := d.isNumber && p.has(familyNumber), d.isInstant && p.has(familyInstant)
	switch {
	case number && instant:
		return familyBoth
	case number:
		return familyNumber
	case instant:
		return familyInstant
	case d.address.IsValid() && p.has(familyAddress):
		return familyAddress
	default:
		return familyNone
	}
}

// numberRange is one point (lo and hi the same) or all numbers strictly between lo and hi.
type numberRange struct {
	lo, hi *Number
	point  bool
}

// numbers divides all numbers at the borders of the tests; nothing when no test is about numbers.
func (p *partition) numbers() []numberRange {
	if !p.has(familyNumber) {
		return nil
	}
	var borders []Number
	for _, t := range p.tests {
		for _, end := range []*Number{t.lo, t.hi} {
			if end != nil {
				borders = append(borders, *end)
			}
		}
	}
	slices.SortFunc(borders, Number.Compare)
	borders = slices.CompactFunc(borders, func(a, b Number) bool { return a.Compare(b) == 0 })
	var out []numberRange
	var last *Number
	for i := range borders {
		at := &borders[i]
		out = append(out, numberRange{lo: last, hi: at}, numberRange{lo: at, hi: at, point: true})
		last = at
	}
	return append(out, numberRange{lo: last})
}

// texts are notations of numbers in the range.
func (r numberRange) texts() []string {
	var n Number
	if r.point {
		n = *r.lo
	} else {
		n = between(r.lo, r.hi)
	}
	s := n.String()
	texts := []string{s, "+" + s, "0" + s, s + ".0", s + "e0", s + "E0", s + "0e-1"}
	if r.point {
		return texts
	}
	// Some more inside, near the ends.
	if r.lo != nil {
		texts = append(texts, between(r.lo, &n).String())
	}
	if r.hi != nil {
		texts = append(texts, between(&n, r.hi).String())
	}
	return texts
}

// instantRange is a run of milliseconds, ends included.
type instantRange struct{ from, to Instant }

// instants divides all instants at the borders of the tests; nothing when no test is about instants.
func (p *partition) instants() []instantRange {
	if !p.has(familyInstant) {
		return nil
	}
	starts := []Instant{minInstant}
	for _, t := range p.tests {
		for _, end := range []*Instant{t.from, t.to} {
			if end == nil || *end < minInstant || *end > maxInstant {
				continue
			}
			starts = append(starts, *end)
			if *end < maxInstant {
				starts = append(starts, *end+1)
			}
		}
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)
	var out []instantRange
	for i, from := range starts {
		to := maxInstant
		if i+1 < len(starts) {
			to = starts[i+1] - 1
		}
		out = append(out, instantRange{from, to})
	}
	return out
}

// zoneLimit is the greatest offset, 23:59, in milliseconds: by it zones reach beyond the years 0 and 9999.
const zoneLimit = Instant((23*60 + 59) * 60_000)

// texts are notations of instants in the range; notNumber leaves out those that are numbers too.
func (r instantRange) texts(notNumber bool) []string {
	var texts []string
	if from, to := max(r.from, firstISO), min(r.to, lastISO); from <= to {
		if from == firstISO && r.to >= 0 {
			from = 0 // a plainer witness than the year 0
		}
		s := from.String()
		local := strings.TrimSuffix(s, "Z")
		texts = append(texts, s, local, local+"+00:00", to.String())
		if from%86_400_000 == 0 {
			texts = append(texts, s[:10])
		}
	} else if late := max(r.from, lastISO+1); late <= min(r.to, lastISO+zoneLimit) {
		texts = append(texts, strings.TrimSuffix((late-zoneLimit).String(), "Z")+"-23:59")
	} else if early := min(r.to, firstISO-1); early >= max(r.from, firstISO-zoneLimit) {
		texts = append(texts, strings.TrimSuffix((early+zoneLimit).String(), "Z")+"+23:59")
	}
	if !notNumber {
		texts = append(texts, r.to.epoch(), r.from.epoch())
	}
	return texts
}

// meet finds strings that are both a number of n and an instant of t: epoch seconds, or years.
func (n numberRange) meet(t instantRange) (texts []string, empty bool) {
	from, to := thousandth(t.from), thousandth(t.to+1)
	lo, hi := n.lo, n.hi
	loOpen, hiOpen := !n.point, !n.point
	if lo == nil || from.Compare(*lo) > 0 {
		lo, loOpen = &from, false
	}
	if hi == nil || to.Compare(*hi) <= 0 {
		hi, hiOpen = &to, true
	}
	switch c := lo.Compare(*hi); {
	case c == 0 && !loOpen && !hiOpen, c < 0 && !loOpen:
		texts = append(texts, lo.plain()...)
	case c < 0 && !hiOpen:
		texts = append(texts, hi.plain()...)
	case c < 0:
		middle := between(lo, hi)
		texts = append(texts, middle.plain()...)
	}
	empty = lo.Compare(*hi) > 0 || lo.Compare(*hi) == 0 && (loOpen || hiOpen)
	if year, ok := n.year(t); ok {
		return append(texts, year), false
	}
	return texts, empty
}

// thousandth is t in seconds.
func thousandth(t Instant) Number {
	n := ofInt(int64(t))
	if n.digits != "" {
		n.exp -= 3
	}
	return n
}

// plain are notations without exponent that are not taken for years; none when they would be very long.
func (n Number) plain() []string {
	if n.exp < -400 || n.exp > 400 {
		return nil
	}
	s := n.String()
	if strings.Contains(s, "e") {
		sign := ""
		if n.negative {
			sign = "-"
		}
		if n.exp <= 0 {
			s = sign + "0." + strings.Repeat("0", int(-n.exp)) + n.digits
		} else {
			s = sign + n.digits + strings.Repeat("0", max(0, int(n.exp)-len(n.digits)))
		}
	}
	if strings.Contains(s, ".") {
		return []string{s, s + "0"}
	}
	return []string{s + ".0", s, "0" + s}
}

// year finds a year of four digits that is a number of n and whose beginning is in t.
func (n numberRange) year(t instantRange) (string, bool) {
	first, last := yearFrom(t.from), yearFrom(t.to+1)-1
	if n.lo != nil {
		low, ok := n.lo.floor()
		if !ok && !n.lo.negative {
			return "", false
		}
		if ok {
			first = max(first, low)
		}
	}
	for y := first; y <= min(first+1, last); y++ {
		if v := ofInt(y); above(n.lo, !n.point, v) && below(n.hi, !n.point, v) {
			return (Instant(time.Date(int(y), 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli())).String()[:4], true
		}
	}
	return "", false
}

// yearFrom is the first year, of 0 to 10000, that begins at t or later.
func yearFrom(t Instant) int64 {
	switch {
	case t <= firstISO:
		return 0
	case t > lastISO:
		return 10000
	}
	y := time.UnixMilli(int64(t)).UTC().Year()
	if time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli() < int64(t) {
		y++
	}
	return int64(y)
}

// addresses divides all addresses that requests have at the borders of the tests' blocks and gives each part's notations;
// nothing when no test is about addresses.
func (p *partition) addresses() [][]string {
	if !p.has(familyAddress) {
		return nil
	}
	starts := []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified(), mapped.Addr(), Prefix{block: mapped}.last().Next()}
	for _, t := range p.tests {
		for _, b := range t.blocks {
			starts = append(starts, b.first)
			if next := b.last.Next(); next.IsValid() {
				starts = append(starts, next)
			}
		}
	}
	slices.SortFunc(starts, netip.Addr.Compare)
	starts = slices.Compact(starts)
	var out [][]string
	for _, a := range starts {
		switch {
		case a.Is4():
			out = append(out, []string{a.String(), "::ffff:" + a.String(), "::FFFF:" + a.String()})
		case !a.Is4In6():
			long := a.StringExpanded()
			out = append(out, []string{a.String(), long, strings.ToUpper(a.String()), strings.ToUpper(long)})
		}
	}
	return out
}
