package region

import (
	"math/bits"
	"net/netip"
	"slices"
)

// testKind is the family of values that a Test is about.
type testKind uint8

const (
	testString testKind = iota
	testNumber
	testInstant
	testAddress
)

// Test is a predicate over one present, single value of a condition key. It is immutable and safe for concurrent use. The
// zero Test holds for nothing.
type Test struct {
	kind      testKind
	lang      Lang
	match     LangMatcher
	lo, hi    *Number
	from, to  *Instant
	openLow   bool
	openHigh  bool
	blocks    []block
	anyOfKind bool // every address (the other families use unbounded intervals)
}

// StringIn holds for the strings of l.
func StringIn(l Lang) Test { return Test{kind: testString, lang: l, match: l.Compile()} }

// Lang is the language of a test of strings; ok is false for the other tests.
func (t Test) Lang() (l Lang, ok bool) { return t.lang, t.kind == testString }

// NumberIn holds for values that are numbers (C23) between lo and hi, ends included unless open; a nil end is unbounded.
func NumberIn(lo, hi *Number, loOpen, hiOpen bool) Test {
	return Test{kind: testNumber, lo: lo, hi: hi, openLow: loOpen, openHigh: hiOpen}
}

// NumberEquals holds for every notation of n.
func NumberEquals(n Number) Test { return NumberIn(&n, &n, false, false) }

// IsNumber holds for values that are numbers.
func IsNumber() Test { return NumberIn(nil, nil, false, false) }

// InstantIn holds for values that are instants (C25) between from and to, ends included unless open; a nil end is unbounded.
func InstantIn(from, to *Instant, fromOpen, toOpen bool) Test {
	return Test{kind: testInstant, from: from, to: to, openLow: fromOpen, openHigh: toOpen}
}

// InstantEquals holds for every notation of t.
func InstantEquals(t Instant) Test { return InstantIn(&t, &t, false, false) }

// IsInstant holds for values that are instants.
func IsInstant() Test { return InstantIn(nil, nil, false, false) }

// AddressIn holds for values that are addresses in one of the blocks (C24).
func AddressIn(prefixes []Prefix) Test {
	return Test{kind: testAddress, blocks: blocksOf(prefixes)}
}

// IsAddress holds for values that are addresses.
func IsAddress() Test { return Test{kind: testAddress, anyOfKind: true} }

// Holds tells whether the test holds for a value. It is the definition of the test: cells are about nothing else.
func (t Test) Holds(value string) bool {
	if t.kind == testString {
		return t.match.Match(value)
	}
	d := denotes(value)
	return t.holdsFor(&d)
}

// denoted is what a string denotes, for the tests that are not of strings.
type denoted struct {
	number    Number
	instant   Instant
	address   netip.Addr // valid when the string is an address
	isNumber  bool
	isInstant bool
}

func denotes(value string) (d denoted) {
	d.number, d.isNumber = ParseNumber(value)
	d.instant, d.isInstant = ParseInstant(value)
	d.address, _ = ParseAddr(value)
	return d
}

// holdsFor tells whether a test that is not of strings holds for what a string denotes.
func (t *Test) holdsFor(d *denoted) bool {
	switch t.kind {
	case testNumber:
		return d.isNumber && t.holdsNumber(d.number)
	case testInstant:
		return d.isInstant && t.holdsInstant(d.instant)
	default:
		return d.address.IsValid() && t.holdsAddress(d.address)
	}
}

// cost is the steps that one evaluation takes.
func (t *Test) cost() int64 { return 1 + int64(bits.Len(uint(len(t.blocks)))) }

func (t *Test) holdsNumber(n Number) bool {
	return above(t.lo, t.openLow, n) && below(t.hi, t.openHigh, n)
}

func (t *Test) holdsInstant(i Instant) bool {
	return above(t.from, t.openLow, i) && below(t.to, t.openHigh, i)
}

func (t *Test) holdsAddress(a netip.Addr) bool {
	if t.anyOfKind {
		return true
	}
	at, found := slices.BinarySearchFunc(t.blocks, a, func(b block, a netip.Addr) int { return b.first.Compare(a) })
	return found || at > 0 && a.Compare(t.blocks[at-1].last) <= 0
}

func above[T interface{ Compare(T) int }](end *T, open bool, v T) bool {
	if end == nil {
		return true
	}
	c := v.Compare(*end)
	return c > 0 || c == 0 && !open
}

func below[T interface{ Compare(T) int }](end *T, open bool, v T) bool {
	if end == nil {
		return true
	}
	c := v.Compare(*end)
	return c < 0 || c == 0 && !open
}
