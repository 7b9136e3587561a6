package graph

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// Meta is what the history says of a publication besides its content.
type Meta struct {
	Name    string    // optional; CheckName says what it may be
	Sources []string  // what was read, in words
	Tool    string    // name and version of the program
	Time    time.Time // zero: now
}

// Publish normalizes f in place and stores it as a snapshot with an entry in the history. The snapshot's id depends on
// the configuration in f alone: not on m, on observations, on the order in which facts were found, or on documents that
// no entity names, which are not stored. Equal facts give equal ids, and what the store has already is not stored again.
//
// It is an error when two accounts have one id, when an entity names a document that f.Documents does not have (leave
// the hash zero and say so in the coverage), and when a document does not have the hash it claims.
func Publish(ctx context.Context, s Store, f *Facts, m Meta) (Entry, error) {
	if m.Name != "" {
		if err := CheckName(m.Name); err != nil {
			return Entry{}, err
		}
	}
	f.Normalize()
	b, err := s.Begin(ctx)
	if err != nil {
		return Entry{}, err
	}
	defer b.Discard()
	p := &publisher{ctx: ctx, batch: b, facts: f, stored: map[DocumentHash]bool{}, named: map[DocumentHash]bool{}}
	root, err := p.configuration()
	if err != nil {
		return Entry{}, fmt.Errorf("publish: %w", err)
	}
	observed, err := p.observations()
	if err != nil {
		return Entry{}, fmt.Errorf("publish: %w", err)
	}
	e := Entry{Time: m.Time, Name: m.Name, Sources: m.Sources, Tool: m.Tool, Snapshot: SnapshotID(root.String()), Observations: observed}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	e.Time = plain(e.Time)
	return b.Commit(ctx, e)
}

// publisher carries one publication.
type publisher struct {
	ctx    context.Context
	batch  Batch
	facts  *Facts
	named  map[DocumentHash]bool // documents named anywhere in the snapshot
	stored map[DocumentHash]bool // documents put into the batch
}

func (p *publisher) configuration() (Hash, error) {
	root := node{kind: kindSnapshot}
	f := p.facts
	var err error
	if root.sections, err = p.sharedLeaves(f); err != nil {
		return Hash{}, err
	}
	if o := f.Organization; o != nil {
		h, err := p.organization(o)
		if err != nil {
			return Hash{}, fmt.Errorf("organization: %w", err)
		}
		root.children = append(root.children, nodeChild{kind: kindOrganization, hash: h})
	}
	for i, a := range f.Accounts {
		if err := p.ctx.Err(); err != nil {
			return Hash{}, err
		}
		if err := checkAccountID(a.ID); err != nil {
			return Hash{}, err
		}
		if i > 0 && f.Accounts[i-1].ID == a.ID {
			return Hash{}, fmt.Errorf("account %s is given twice: merge what was read of it", a.ID)
		}
		h, err := p.account(a)
		if err != nil {
			return Hash{}, fmt.Errorf("account %s: %w", a.ID, err)
		}
		root.children = append(root.children, nodeChild{kind: kindAccount, name: string(a.ID), hash: h})
	}
	root.documents = len(p.named)
	return p.shared(&root)
}

// checkAccountID tells whether id can name a partition.
func checkAccountID(id AccountID) error {
	if id == "" || len(id) > MaxPartition || id[0] == '~' {
		return fmt.Errorf("account id %.80q: want the 12 digits of an AWS account", id)
	}
	return nil
}

// shared stores a node that belongs to no account.
func (p *publisher) shared(n *node) (Hash, error) {
	content, err := encode(n, func(c *coder, n *node) { n.code(c) })
	if err != nil {
		return Hash{}, err
	}
	return p.batch.Put(SharedPartition(HashOf(content)), content)
}

func (p *publisher) sharedLeaves(f *Facts) ([]nodeSection, error) {
	sections, leaves, err := buildSections(snapshotSections, f)
	if err != nil {
		return nil, err
	}
	return sections, p.putShared(leaves)
}

func (p *publisher) putShared(leaves []leaf) error {
	for _, l := range leaves {
		if _, err := p.batch.Put(SharedPartition(HashOf(l.content)), l.content); err != nil {
			return err
		}
	}
	return nil
}

func (p *publisher) organization(o *Organization) (Hash, error) {
	sections, leaves, err := buildSections(organizationSections, o)
	if err != nil {
		return Hash{}, err
	}
	if err := p.putShared(leaves); err != nil {
		return Hash{}, err
	}
	documents, err := p.documents(o.eachDocument, true)
	if err != nil {
		return Hash{}, err
	}
	return p.shared(&node{kind: kindOrganization, documents: documents, sections: sections})
}

func (p *publisher) account(a *Account) (Hash, error) {
	sections, leaves, err := buildSections(accountSections, a)
	if err != nil {
		return Hash{}, err
	}
	return p.owned(a.ID, kindAccount, sections, leaves, a.eachDocument)
}

// owned stores an account's node with its leaves and documents. When the store has the node it has all that it names.
func (p *publisher) owned(id AccountID, kind string, sections []nodeSection, leaves []leaf, eachDocument func(func(DocumentHash))) (Hash, error) {
	n := node{kind: kind, name: string(id), sections: sections}
	partition := AccountPartition(id)
	distinct := map[DocumentHash]bool{}
	eachDocument(func(h DocumentHash) { distinct[h] = true })
	n.documents = len(distinct)
	content, err := encode(&n, func(c *coder, n *node) { n.code(c) })
	if err != nil {
		return Hash{}, err
	}
	known, err := p.batch.Has(p.ctx, partition, HashOf(content))
	if err != nil {
		return Hash{}, err
	}
	if _, err := p.documents(eachDocument, !known); err != nil {
		return Hash{}, err
	}
	if known {
		return HashOf(content), nil
	}
	for _, l := range leaves {
		if _, err := p.batch.Put(partition, l.content); err != nil {
			return Hash{}, err
		}
	}
	return p.batch.Put(partition, content)
}

// documents notes the documents that each gives, stores them when store is set, and counts the different ones.
func (p *publisher) documents(each func(func(DocumentHash)), store bool) (int, error) {
	seen := map[DocumentHash]bool{}
	var err error
	each(func(h DocumentHash) {
		if err != nil || seen[h] {
			return
		}
		seen[h], p.named[h] = true, true
		if !store || p.stored[h] {
			return
		}
		d := p.facts.Documents[h]
		if d == nil {
			err = fmt.Errorf("document %s is named and not given", h)
			return
		}
		p.stored[h] = true
		var got Hash
		if got, err = p.batch.Put(SharedPartition(Hash(h)), d.Canonical); err == nil && got != Hash(h) {
			err = fmt.Errorf("document %s has the hash %s", h, got)
		}
	})
	return len(seen), err
}

// observations stores the observation tree and gives its hash, empty when there are none.
func (p *publisher) observations() (string, error) {
	if len(p.facts.Observations) == 0 {
		return "", nil
	}
	root := node{kind: kindObservations}
	for i, o := range p.facts.Observations {
		if err := cmp.Or(p.ctx.Err(), checkAccountID(o.Account)); err != nil {
			return "", err
		}
		if i > 0 && p.facts.Observations[i-1].Account == o.Account {
			return "", fmt.Errorf("observations of account %s are given twice: merge what was read of it", o.Account)
		}
		sections, leaves, err := buildSections(observationSections, o)
		if err != nil {
			return "", fmt.Errorf("observations of account %s: %w", o.Account, err)
		}
		h, err := p.owned(o.Account, kindObserved, sections, leaves, func(func(DocumentHash)) {})
		if err != nil {
			return "", fmt.Errorf("observations of account %s: %w", o.Account, err)
		}
		root.children = append(root.children, nodeChild{kind: kindObserved, name: string(o.Account), hash: h})
	}
	h, err := p.shared(&root)
	return h.String(), err
}

// buildSections makes the leaves of all sections and the lines that name them.
func buildSections[O any](all []section[O], o *O) ([]nodeSection, []leaf, error) {
	var sections []nodeSection
	var content []leaf
	for _, s := range all {
		leaves, err := writeSection(s, o)
		if err != nil {
			return nil, nil, err
		}
		if len(leaves) == 0 {
			continue
		}
		line := nodeSection{name: s.name}
		for _, l := range leaves {
			line.leaves = append(line.leaves, nodeLeaf{HashOf(l.content), l.count})
		}
		sections, content = append(sections, line), append(content, leaves...)
	}
	return sections, content, nil
}
