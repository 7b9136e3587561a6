package region

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// Prefix is an IPv4 or IPv6 address block as policies name it (C24).
type Prefix struct {
	block netip.Prefix
	never bool // an IPv6 block with host bits set, or of addresses that requests show as IPv4: matches nothing
}

// ParsePrefix reads an address (a /32 or /128) or a CIDR block. Host bits of an IPv4 block are ignored; an IPv6 block with
// host bits set is read, and matches nothing (C24).
func ParsePrefix(s string) (p Prefix, ok bool) {
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return Prefix{}, false
		}
		return Prefix{block: netip.PrefixFrom(a, a.BitLen()), never: a.Is4In6()}, true
	}
	block, err := netip.ParsePrefix(s)
	if err != nil {
		return Prefix{}, false
	}
	masked := block.Masked()
	return Prefix{block: masked, never: block.Addr().Is6() && block != masked || mapped.Overlaps(masked) && masked.Bits() >= mapped.Bits()}, true
}

// mapped are the IPv6 addresses that stand for IPv4 ones; a request's address is never one of them (C24).
var mapped = netip.MustParsePrefix("::ffff:0.0.0.0/96")

// ParseAddr reads an address of a request: IPv4, or IPv6 without zone; an IPv4-mapped one counts as IPv4 (C24).
func ParseAddr(s string) (a netip.Addr, ok bool) {
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}

// Contains tells whether an address that ParseAddr gave is in the block. Families never match each other (C24).
func (p Prefix) Contains(a netip.Addr) bool { return !p.never && p.block.Contains(a) }

// Empty tells whether the block matches no address at all.
func (p Prefix) Empty() bool { return p.never || !p.block.IsValid() }

// String is the block in CIDR notation, without its host bits.
func (p Prefix) String() string { return p.block.String() }

// block is a run of addresses of one family, ends included.
type block struct{ first, last netip.Addr }

// blocksOf gives the addresses in any of the blocks as runs that do not touch each other's, in order: of two CIDR blocks that meet, one
// holds the other.
func blocksOf(prefixes []Prefix) []block {
	var all []block
	for _, p := range prefixes {
		if !p.Empty() {
			all = append(all, block{p.first(), p.last()})
		}
	}
	slices.SortFunc(all, func(a, b block) int { return cmp.Or(a.first.Compare(b.first), b.last.Compare(a.last)) })
	out := all[:0]
	for _, b := range all {
		if n := len(out); n == 0 || b.first.Compare(out[n-1].last) > 0 {
			out = append(out, b)
		}
	}
	return out
}

// first and last are the ends of the block.
func (p Prefix) first() netip.Addr { return p.block.Addr() }

func (p Prefix) last() netip.Addr {
	bytes := p.block.Addr().AsSlice()
	for i := p.block.Bits(); i < 8*len(bytes); i++ {
		bytes[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(bytes)
	return a
}
