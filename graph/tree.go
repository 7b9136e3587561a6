package graph

import (
	"fmt"
	"slices"
)

// A snapshot is a tree of content named by hashes:
//
//	snapshot ── coverage leaves
//	   ├── organization ── leaves
//	   └── account (one line each) ── leaves of about 128 records, by kind, in key order
//	                                    └── documents, each under its own hash
//
// Observations are a second tree of the same make: observations ── account ── leaves. A parent says how many records each
// of its leaves has and how many different documents are named below it.

// node is what stands between the root and the leaves.
type node struct {
	kind      string
	name      string // the account; empty for the others
	documents int    // different documents named below
	sections  []nodeSection
	children  []nodeChild
}

// nodeSection is the leaves of one kind of record, in key order.
type nodeSection struct {
	name   string
	leaves []nodeLeaf
}

type nodeLeaf struct {
	hash  Hash
	count int // records in it
}

type nodeChild struct {
	kind string // kind of the node
	name string
	hash Hash
}

// Kinds of nodes.
const (
	kindSnapshot     = "snapshot"
	kindOrganization = "organization"
	kindAccount      = "account"
	kindObservations = "observations"
	kindObserved     = "observed" // an account's observations
)

func (n *node) code(c *coder) {
	outer := c.begin()
	text(c, &n.kind)
	text(c, &n.name)
	number(c, &n.documents)
	list(c, &n.sections, func(c *coder, s *nodeSection) {
		outer := c.begin()
		text(c, &s.name)
		list(c, &s.leaves, func(c *coder, l *nodeLeaf) {
			outer := c.begin()
			name(c, &l.hash)
			number(c, &l.count)
			c.end(outer)
		})
		c.end(outer)
	})
	list(c, &n.children, func(c *coder, h *nodeChild) {
		outer := c.begin()
		text(c, &h.kind)
		text(c, &h.name)
		name(c, &h.hash)
		c.end(outer)
	})
	c.end(outer)
}

// name is a field that names a node.
func name(c *coder, p *Hash) {
	if c.field() {
		hashItem(c, p)
		c.filled(true)
	}
}

// parseNode reads a node and checks that it is the one that its parent says it is.
func parseNode(content []byte, kind, name string) (*node, error) {
	c := &coder{reading: true, in: string(content)}
	n := &node{}
	n.code(c)
	if err := c.finish(); err != nil {
		return nil, err
	}
	if n.kind != kind || n.name != name {
		return nil, fmt.Errorf("is the node %q %q, not %q %q", n.kind, n.name, kind, name)
	}
	return n, nil
}

const (
	// maxLeafRecords and maxLeafBytes end a leaf whatever its keys are, for names chosen by an adversary.
	maxLeafRecords = 1024
	maxLeafBytes   = 256 << 10
)

// endsLeaf tells whether a leaf ends after the record with this key: of any 128 keys one does, whatever stands around it,
// so that adding or removing a record changes the leaf it is in and no other.
func endsLeaf(key string) bool {
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * 1099511628211
	}
	h ^= h >> 32 // the low bits of FNV alone mix too little
	h *= 0x9e3779b97f4a7c15
	return h>>57 == 0 // 7 bits: 128 records a leaf on average
}

// leaf is finished content with its number of records.
type leaf struct {
	content []byte
	count   int
}

// writeSection cuts the records of a section into leaves.
func writeSection[O any](s section[O], o *O) ([]leaf, error) {
	var leaves []leaf
	var records [][]byte
	size := 0
	cut := func() {
		if len(records) == 0 {
			return
		}
		c := &coder{out: make([]byte, 0, size+len(s.name)+16)}
		c.head(majorArray, uint64(len(records)+1))
		textItem(c, &s.name)
		for _, r := range records {
			c.out = append(c.out, r...)
		}
		leaves = append(leaves, leaf{c.out, len(records)})
		records, size = records[:0], 0
	}
	err := s.write(o, func(key string, record []byte) {
		if size+len(record) > maxLeafBytes {
			cut()
		}
		records, size = append(records, record), size+len(record)
		if endsLeaf(key) || len(records) >= maxLeafRecords {
			cut()
		}
	})
	cut()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	return leaves, nil
}

// readLeaf reads the count records of a leaf into o.
func readLeaf[O any](s section[O], content []byte, count int, o *O) error {
	c := &coder{reading: true, in: string(content)}
	n := c.length(majorArray)
	var got string
	textItem(c, &got)
	if c.err == nil && (got != s.name || n != count+1) {
		return fmt.Errorf("has %d records of %q, not %d of %q", n-1, got, count, s.name)
	}
	if c.err == nil {
		s.read(c, count, o)
	}
	return c.finish()
}

// sectionNamed finds a section by name.
func sectionNamed[O any](all []section[O], name string) (section[O], bool) {
	i := slices.IndexFunc(all, func(s section[O]) bool { return s.name == name })
	if i < 0 {
		return section[O]{}, false
	}
	return all[i], true
}

// eachDocument calls fn with every document that the account names; zero hashes are left out, repetitions are not.
func (a *Account) eachDocument(fn func(DocumentHash)) {
	call := func(h DocumentHash) {
		if !h.IsZero() {
			fn(h)
		}
	}
	inline := func(list []InlinePolicy) {
		for i := range list {
			call(list[i].Document)
		}
	}
	for _, u := range a.Users {
		inline(u.Inline)
	}
	for _, g := range a.Groups {
		inline(g.Inline)
	}
	for _, r := range a.Roles {
		call(r.Trust)
		inline(r.Inline)
	}
	for _, p := range a.Policies {
		for i := range p.Versions {
			call(p.Versions[i].Document)
		}
	}
	for _, r := range a.Resources {
		call(r.Policy)
	}
}

// eachDocument calls fn with every document that the organization names.
func (o *Organization) eachDocument(fn func(DocumentHash)) {
	for i := range o.Policies {
		if !o.Policies[i].Document.IsZero() {
			fn(o.Policies[i].Document)
		}
	}
}

// AccountDocuments gives the hashes of the documents that an account names, with repetitions.
func AccountDocuments(a *Account) []DocumentHash {
	var out []DocumentHash
	a.eachDocument(func(h DocumentHash) { out = append(out, h) })
	return out
}
