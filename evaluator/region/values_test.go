package region

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var numberText = rapid.Custom(func(t *rapid.T) string {
	s := rapid.SampledFrom([]string{"", "-", "+"}).Draw(t, "sign") +
		rapid.StringOfN(rapid.SampledFrom([]rune("00159")), 1, 5, -1).Draw(t, "whole")
	if rapid.Bool().Draw(t, "point") {
		s += "." + rapid.StringOfN(rapid.SampledFrom([]rune("00159")), 0, 4, -1).Draw(t, "fraction")
	}
	if rapid.IntRange(0, 3).Draw(t, "e") == 0 {
		s += rapid.SampledFrom([]string{"e", "E"}).Draw(t, "letter") + rapid.SampledFrom([]string{"0", "1", "+2", "-1", "-03"}).Draw(t, "exponent")
	}
	return s
})

func TestNumbersCompareAsRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := numberText.Draw(t, "a"), numberText.Draw(t, "b")
		na, okA := ParseNumber(a)
		nb, okB := ParseNumber(b)
		ra, _ := new(big.Rat).SetString(a)
		rb, _ := new(big.Rat).SetString(b)
		if !okA || !okB {
			t.Fatalf("%q or %q is not read", a, b)
		}
		if got, want := na.Compare(nb), ra.Cmp(rb); got != want {
			t.Fatalf("%q against %q: got %d, want %d", a, b, got, want)
		}
		if again, ok := ParseNumber(na.String()); !ok || again.Compare(na) != 0 {
			t.Fatalf("%q prints as %q, which is another number", a, na)
		}
		if i, ok := na.floor(); ok && (ra.Cmp(big.NewRat(i, 1)) < 0 || ra.Cmp(big.NewRat(i+1, 1)) >= 0) {
			t.Fatalf("floor of %q is %d", a, i)
		}
		if na.Compare(nb) < 0 {
			for _, ends := range [][2]*Number{{&na, &nb}, {nil, &na}, {&nb, nil}} {
				m := between(ends[0], ends[1])
				if ends[0] != nil && m.Compare(*ends[0]) <= 0 || ends[1] != nil && m.Compare(*ends[1]) >= 0 {
					t.Fatalf("%v is not between %v and %v", m, ends[0], ends[1])
				}
			}
		}
	})
}

func TestParseNumber(t *testing.T) {
	for _, s := range []string{"", "-", ".", "1e", "e1", "1e1.5", "0x10", " 1", "1 ", "1_000", "１", "NaN", "Inf", "1e9999999999", "--1", "1e99999999999999999999"} {
		if n, ok := ParseNumber(s); ok {
			t.Errorf("%q is read as %v", s, n)
		}
	}
	for s, want := range map[string]string{
		"010": "10", "10.0": "10", "-0": "0", "1e3": "1000", ".5": "0.5", "5.": "5", "1E-7": "1e-7", "-12e30": "-1.2e31", "0.00001": "0.00001",
		"1e1000000000": "1e1000000000", "0e2147483648": "0",
	} {
		if n, ok := ParseNumber(s); !ok || n.String() != want {
			t.Errorf("%q: got %v %v, want %s", s, n, ok, want)
		}
	}
	small, _ := ParseNumber("9e2147483647")
	large, _ := ParseNumber("1e2147483648")
	if small.Compare(large) >= 0 {
		t.Error("huge numbers compare wrongly")
	}
}

func TestParseInstant(t *testing.T) {
	for s, want := range map[string]Instant{
		"1970-01-01T00:00:00Z":            0,
		"1970-01-01":                      0,
		"1970-01":                         0,
		"1970":                            0,
		"0":                               0,
		"1970-01-01T00:00":                0,
		"1970-01-01T01:00+01:00":          0,
		"1969-12-31T19:00:00.000-05:00":   0,
		"1970-01-01T00:00:01.2345Z":       1234,
		"1.2349":                          1234,
		"-1.2349":                         -1235,
		"-1.2":                            -1200,
		"1893456000":                      1893456000000,
		"2030-01-01":                      1893456000000,
		"01970":                           1970000,
		"1970.0":                          1970000,
		"2000-02-29T23:59:59Z":            951868799000,
		"0000-01-01T00:00:00.5+23:59":     firstISO - zoneLimit + 500,
		"9999-12-31T23:59:59.9999-00:01Z": -1, // not read: below
	} {
		got, ok := ParseInstant(s)
		if want == -1 {
			if ok {
				t.Errorf("%q is read as %v", s, got)
			}
			continue
		}
		if !ok || got != want {
			t.Errorf("%q: got %d %v, want %d", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "T", "2020-13", "2020-02-30", "2001-02-29", "2020-1-1", "2020-01-01T", "2020-01-01T24:00", "2020-01-01T00:60",
		"2020-01-01T00:00:60Z", "2020-01-01 00:00", "2020-01-01t00:00", "2020-01-01T00:00:00.Z", "2020-01-01T00:00+1:00", "2020-01-01T00:00:00+0100",
		"2020-01T00:00", "1e3", "1.", ".5", "-", "99999999999999999999", "9000000000000001", "2020-01-01T00:00Z+01:00", "20-20", "2020-", "2020-01-", "2020-01-01T00:00:0", "2020-01-01T00:00:000"} {
		if got, ok := ParseInstant(s); ok {
			t.Errorf("%q is read as %v", s, got)
		}
	}
}

func TestInstantsPrint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Instant(rapid.Int64Range(int64(minInstant), int64(maxInstant)).Draw(t, "t"))
		if rapid.Bool().Draw(t, "near") {
			want %= 300_000_000_000_000
		}
		for _, s := range []string{want.String(), want.epoch()} {
			if got, ok := ParseInstant(s); !ok || got != want {
				t.Fatalf("%d prints as %q, which is %d %v", want, s, got, ok)
			}
		}
	})
}

func TestPrefixes(t *testing.T) {
	tests := []struct {
		prefix, addr string
		want         bool
	}{
		{"203.0.113.0/24", "203.0.113.255", true},
		{"203.0.113.77/24", "203.0.113.1", true}, // host bits of IPv4 are ignored
		{"203.0.113.10", "203.0.113.10", true},
		{"203.0.113.10", "203.0.113.11", false},
		{"203.0.113.10", "::ffff:203.0.113.10", true},
		{"203.0.113.10", "::FFFF:cb00:710a", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"::/0", "203.0.113.1", false},
		{"::/0", "::ffff:203.0.113.1", false},
		{"2001:DB8:1234:5678::/64", "2001:db8:1234:5678:0:0:0:9", true},
		{"2001:db8::1/64", "2001:db8::1", false}, // host bits set
		{"2001:db8::1", "2001:0db8::0001", true},
		{"2001:db8::1/128", "2001:db8::1", true},
		{"::ffff:203.0.113.10", "203.0.113.10", false},
	}
	for _, test := range tests {
		p, ok := ParsePrefix(test.prefix)
		a, okA := ParseAddr(test.addr)
		if !ok || !okA {
			t.Errorf("%q %v, %q %v: not read", test.prefix, ok, test.addr, okA)
			continue
		}
		if got := p.Contains(a); got != test.want {
			t.Errorf("%s contains %s: got %v", test.prefix, test.addr, got)
		}
	}
	for _, s := range []string{"", "1.2.3", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/", "fe80::1%eth0", "010.0.0.1", "::/129", "1.2.3.4/08"} {
		if p, ok := ParsePrefix(s); ok {
			t.Errorf("%q is read as %v", s, p)
		}
	}
	if p, _ := ParsePrefix("2001:db8::1/64"); !p.Empty() {
		t.Error("an IPv6 block with host bits matches something")
	}
	if p, _ := ParsePrefix("10.1.2.3/8"); p.Empty() || p.String() != "10.0.0.0/8" {
		t.Errorf("block prints as %v", p)
	}
	if _, ok := ParseAddr("fe80::1%eth0"); ok {
		t.Error("an address with a zone is read")
	}
}

var (
	instantTexts = []string{"0", "1970", "1970.0", "2026-11-24", "2026-11-24T00:00:00.001Z", "1795478400", "1795478400.0005", "9999-12-31T23:59:59-23:59", "0000-01-01T00:00+01:00", "-5", "2026", "90000000000000"}
	addressTexts = []string{"10.0.0.0", "10.255.255.255", "11.0.0.0", "::ffff:10.1.2.3", "::", "2001:db8::1", "2001:DB8::ffff", "255.255.255.255", "ffff::", "0.0.0.0"}
	blocks       = []string{"10.0.0.0/8", "10.1.0.0/16", "0.0.0.0/0", "10.1.2.3", "2001:db8::/32", "::/0", "2001:db8::1", "255.255.255.255", "ffff::/16", "::ffff:0:0/96", "2001:db8::1/32", "::/64"}
	anyTest      = rapid.Custom(func(t *rapid.T) Test { return drawTest(t, rapid.IntRange(0, 3).Draw(t, "kind")) })
	anyText      = rapid.OneOf(numberText, rapid.SampledFrom(instantTexts), rapid.SampledFrom(addressTexts), rapid.SampledFrom([]string{"", "x", "true", "10.", "10.x", "1", "arn:aws:s3:::b"}))
	textPatterns = []string{"*", "1*", "10.*", "?", "*5", "x*", "true", "10", "10.0.0.0", "2026-11-24", "*T*", "2001:*", "arn:*", "??", "1970", "*Z", "-*", ""}
)

func drawTest(t *rapid.T, kind int) Test {
	switch kind {
	case 0:
		l := Lang{Not: rapid.IntRange(0, 3).Draw(t, "not") == 0}
		for range rapid.IntRange(1, 2).Draw(t, "patterns") {
			l.Patterns = append(l.Patterns, Glob(rapid.SampledFrom(textPatterns).Draw(t, "pattern"), false))
		}
		return StringIn(l)
	case 1:
		lo, _ := ParseNumber(numberText.Draw(t, "lo"))
		hi, _ := ParseNumber(numberText.Draw(t, "hi"))
		switch rapid.IntRange(0, 4).Draw(t, "interval") {
		case 0:
			return NumberIn(&lo, nil, rapid.Bool().Draw(t, "open"), false)
		case 1:
			return NumberIn(nil, &hi, false, rapid.Bool().Draw(t, "open"))
		case 2:
			return NumberEquals(lo)
		case 3:
			return NumberIn(&lo, &hi, rapid.Bool().Draw(t, "lowOpen"), rapid.Bool().Draw(t, "highOpen"))
		default:
			return IsNumber()
		}
	case 2:
		from, _ := ParseInstant(rapid.SampledFrom(instantTexts).Draw(t, "from"))
		switch rapid.IntRange(0, 3).Draw(t, "interval") {
		case 0:
			return InstantIn(&from, nil, rapid.Bool().Draw(t, "open"), false)
		case 1:
			return InstantIn(nil, &from, false, rapid.Bool().Draw(t, "open"))
		case 2:
			return InstantEquals(from)
		default:
			return IsInstant()
		}
	default:
		if rapid.IntRange(0, 4).Draw(t, "any") == 0 {
			return IsAddress()
		}
		var prefixes []Prefix
		for range rapid.IntRange(1, 2).Draw(t, "blocks") {
			p, _ := ParsePrefix(rapid.SampledFrom(blocks).Draw(t, "block"))
			prefixes = append(prefixes, p)
		}
		return AddressIn(prefixes)
	}
}

// TestAddressesInBlocks holds the search among many blocks against looking at each.
func TestAddressesInBlocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.IntRange(0, 7)
		address := func() string {
			if rapid.Bool().Draw(t, "six") {
				return fmt.Sprintf("2001:db8::%d:%d", number.Draw(t, "a"), number.Draw(t, "b"))
			}
			return fmt.Sprintf("10.0.%d.%d", number.Draw(t, "a"), number.Draw(t, "b"))
		}
		var prefixes []Prefix
		for range rapid.IntRange(0, 8).Draw(t, "blocks") {
			text := address()
			bits := rapid.IntRange(0, 8).Draw(t, "bits")
			if p, ok := ParsePrefix(fmt.Sprintf("%s/%d", text, map[bool]int{true: 128, false: 32}[strings.Contains(text, ":")]-2*bits)); ok {
				prefixes = append(prefixes, p)
			}
		}
		test := AddressIn(prefixes)
		for range 8 {
			text := address()
			a, _ := ParseAddr(text)
			if want := slices.ContainsFunc(prefixes, func(p Prefix) bool { return p.Contains(a) }); test.Holds(text) != want {
				t.Fatalf("%s in %v: want %v", text, prefixes, want)
			}
		}
	})
}

// checkPartition holds a partition against values: every cell has its witness, and if it says it is exact, every value has
// its cell.
func checkPartition(t *rapid.T, universe *Lang, tests []Test, mustBeExact bool, values []string) {
	p, err := Partition(nil, universe, tests)
	if err != nil {
		t.Fatal(err)
	}
	if mustBeExact && !p.Exact {
		t.Fatalf("not exact: %+v", tests)
	}
	key := func(s string) string {
		in := NewSet(len(tests))
		for i, test := range tests {
			if test.Holds(s) {
				in.Add(i)
			}
		}
		return in.Key()
	}
	cells := map[string]Cell{}
	for _, c := range p.Cells {
		if _, twice := cells[c.In.Key()]; twice || c.In.Key() != key(c.Witness) || universe != nil && !universe.Match(c.Witness) {
			t.Fatalf("%q is a bad cell", c.Witness)
		}
		cells[c.In.Key()] = c
	}
	for _, s := range values {
		if universe != nil && !universe.Match(s) {
			continue
		}
		c, ok := cells[key(s)]
		if p.Exact && !ok {
			t.Fatalf("no cell for %q: %+v", s, tests)
		}
		if ok && c.Single && c.Witness != s {
			t.Fatalf("%q is not alone, there is %q", c.Witness, s)
		}
	}
}

func TestPartitionOfOneFamily(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.IntRange(0, 3).Draw(t, "kind")
		tests := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Test { return drawTest(t, kind) }), 0, 4).Draw(t, "tests")
		checkPartition(t, nil, tests, true, rapid.SliceOfN(anyText, 0, 12).Draw(t, "values"))
	})
}

func TestPartitionOfSeveralFamilies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		valueTest := rapid.Custom(func(t *rapid.T) Test { return drawTest(t, rapid.IntRange(1, 3).Draw(t, "kind")) })
		tests := rapid.SliceOfN(valueTest, 0, 4).Draw(t, "tests")
		// Without wildcards in play, numbers, instants and addresses together are decided too.
		checkPartition(t, nil, tests, true, rapid.SliceOfN(anyText, 0, 12).Draw(t, "values"))
	})
}

func TestPartitionOfMixedTests(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tests := rapid.SliceOfN(anyTest, 0, 3).Draw(t, "tests")
		var universe *Lang
		switch rapid.IntRange(0, 2).Draw(t, "universe") {
		case 0:
			l := globs("true", "10", "10.0", "2026", "::")
			universe = &l
			checkPartition(t, universe, tests, true, []string{"true", "10", "10.0", "2026", "::", "x"})
		case 1:
			l := globs(rapid.SampledFrom(textPatterns).Draw(t, "within"))
			universe = &l
		}
		checkPartition(t, universe, tests, false, rapid.SliceOfN(anyText, 0, 8).Draw(t, "values"))
	})
}

func TestPartitionExactness(t *testing.T) {
	ten, _ := ParseNumber("10")
	block, _ := ParsePrefix("10.0.0.0/8")
	day, _ := ParseInstant("2026-11-24")
	bools := globs("true", "false")
	tests := []struct {
		name     string
		universe *Lang
		tests    []Test
		cells    int
		exact    bool
	}{
		{"nothing", nil, nil, 1, true},
		{"bool", &bools, []Test{StringIn(Lang{Patterns: []Pattern{Glob("TRUE", true)}})}, 2, true},
		{"number", nil, []Test{NumberIn(nil, &ten, false, true), IsNumber()}, 3, true},
		{"address", nil, []Test{AddressIn([]Prefix{block}), IsAddress()}, 3, true},
		{"names beside addresses", nil, []Test{AddressIn([]Prefix{block}), StringIn(globs("10.1.2.3", "11.1.2.3"))}, 4, true},
		{"unlike patterns beside addresses", nil, []Test{AddressIn([]Prefix{block}), StringIn(globs("arn:aws:s3:::*"))}, 3, true},
		{"patterns beside dates", nil, []Test{InstantIn(&day, nil, false, false), StringIn(globs("prod-*", "*/*"))}, 3, true},
		{"numbers as dates", nil, []Test{InstantIn(nil, &day, false, true), NumberIn(nil, &ten, false, true)}, 4, true},
		{"found among addresses", nil, []Test{AddressIn([]Prefix{block}), StringIn(globs("10.*"))}, 4, true},
		{"not found among addresses", nil, []Test{AddressIn([]Prefix{block}), StringIn(globs("11.*"))}, 3, false},
		{"extremes", nil, []Test{IsInstant(), InstantEquals(minInstant), InstantEquals(maxInstant), IsNumber()}, 6, true},
	}
	for _, test := range tests {
		p, err := Partition(NewBudget(10_000_000), test.universe, test.tests)
		if err != nil || len(p.Cells) != test.cells || p.Exact != test.exact {
			t.Errorf("%s: %d cells, exact %v, %v: %+v", test.name, len(p.Cells), p.Exact, err, p.Cells)
		}
	}
	many := make([]Test, 0, 300)
	for i := range 300 {
		many = append(many, NumberEquals(ofInt(int64(i))))
	}
	for _, extra := range [][]Test{nil, {StringIn(globs("*a*", "b*"))}, {InstantEquals(day)}} {
		if _, err := Partition(NewBudget(2000), nil, append(extra, many...)); err != ErrBudget {
			t.Errorf("the budget does not hold: %v", err)
		}
	}
	if !strings.Contains(ErrBudget.Error(), "budget") {
		t.Error("the error does not name the budget")
	}
}
