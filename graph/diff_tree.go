package graph

import (
	"context"
	"slices"
	"strings"
)

// Diff gives what differs in the configuration of two snapshots of a store. It descends into both trees only where their hashes differ, so
// that its cost is that of what has changed; what it reads is checked as Load checks it, but for the numbers of documents of
// nodes that are not read whole. The errors are those of Load.
func Diff(ctx context.Context, s Store, from, to SnapshotID) (*Changes, error) {
	out := &Changes{From: from, To: to, Documents: map[DocumentHash]*Document{}}
	if from == to {
		return out, nil
	}
	d := &treeDiffer{}
	var err error
	if d.from, err = openSide(ctx, s, from); err != nil {
		return nil, err
	}
	if d.to, err = openSide(ctx, s, to); err != nil {
		return nil, err
	}
	out.Coverage = diffCoverage(d.from.facts.Coverage, d.to.facts.Coverage)
	if out.Organization, err = d.organization(); err != nil {
		return nil, err
	}
	if out.Accounts, err = d.accounts(); err != nil {
		return nil, err
	}
	l := &loader{ctx: ctx, store: s, tree: "changes from " + short(string(from)) + " to " + short(string(to))}
	out.Documents, err = l.documents(out.named())
	return out, err
}

// treeDiffer compares two trees.
type treeDiffer struct{ from, to *side }

// side is one of the two trees: its root and what the snapshot says of no account in particular.
type side struct {
	*loader
	id    SnapshotID
	root  *node
	facts *Facts        // coverage alone
	org   *Organization // accounts alone; nil: not read yet
}

func openSide(ctx context.Context, s Store, id SnapshotID) (*side, error) {
	root, l, err := openTree(ctx, s, string(id), kindSnapshot, "snapshot "+short(string(id)))
	if err != nil {
		return nil, err
	}
	out := &side{loader: l, id: id, root: root, facts: &Facts{}}
	return out, loadSections(l, snapshotSections, root, "", out.facts)
}

// child finds a node below the root.
func (s *side) child(kind, name string) *nodeChild {
	i := slices.IndexFunc(s.root.children, func(c nodeChild) bool { return c.kind == kind && c.name == name })
	if i < 0 {
		return nil
	}
	return &s.root.children[i]
}

// node reads the node of a child; without one it is an empty node.
func (s *side) node(c *nodeChild) (*node, error) {
	if c == nil {
		return &node{}, nil
	}
	place := strings.TrimSpace(c.kind + " " + c.name)
	content, err := s.read(c.partition(), []Hash{c.hash})
	if err != nil {
		return nil, s.readError(place, err)
	}
	n, err := parseNode(content[0], c.kind, c.name)
	if err != nil {
		return nil, s.damaged(place, err)
	}
	return n, nil
}

// differing gives n with the leaves that other does not have, and with all leaves of the sections that are to be whole.
func (n *node) differing(other *node, whole ...string) *node {
	known := map[Hash]bool{} // a leaf's content begins with its section's name
	for _, line := range other.sections {
		for _, leaf := range line.leaves {
			known[leaf.hash] = true
		}
	}
	out := *n
	out.sections = nil
	for _, line := range n.sections {
		if !slices.Contains(whole, line.name) {
			line.leaves = slices.DeleteFunc(slices.Clone(line.leaves), func(l nodeLeaf) bool { return known[l.hash] })
		}
		if len(line.leaves) > 0 {
			out.sections = append(out.sections, line)
		}
	}
	return &out
}

// fills tells whether a node has records in a section.
func (n *node) fills(section string) bool {
	return slices.ContainsFunc(n.sections, func(line nodeSection) bool { return line.name == section })
}

func (d *treeDiffer) organization() (*OrganizationChanges, error) {
	a, b := d.from.child(kindOrganization, ""), d.to.child(kindOrganization, "")
	if a == nil && b == nil || a != nil && b != nil && a.hash == b.hash {
		return nil, nil
	}
	x, err := d.from.node(a)
	if err != nil {
		return nil, err
	}
	y, err := d.to.node(b)
	if err != nil {
		return nil, err
	}
	var before, after *Organization
	if a != nil {
		before = &Organization{}
		if err := loadSections(d.from.loader, organizationSections, x.differing(y, "head"), "", before); err != nil {
			return nil, err
		}
	}
	if b != nil {
		after = &Organization{}
		if err := loadSections(d.to.loader, organizationSections, y.differing(x, "head"), "", after); err != nil {
			return nil, err
		}
	}
	return d.readings().organization(before, after), nil
}

// readings is what compares records, knowing what the snapshots say of no account.
func (d *treeDiffer) readings() *differ {
	nothing := func(string) bool { return false }
	return &differ{
		from: reading{id: d.from.id, shared: d.from.facts.Coverage, filled: nothing},
		to:   reading{id: d.to.id, shared: d.to.facts.Coverage, filled: nothing},
	}
}

// accounts compares the accounts whose hashes differ, side by side.
func (d *treeDiffer) accounts() ([]*AccountChanges, error) {
	var ids []string
	hashes := map[string]Hash{}
	for _, c := range d.from.root.children {
		if c.kind == kindAccount {
			hashes[c.name] = c.hash
		}
	}
	for _, c := range d.to.root.children {
		if c.kind != kindAccount {
			continue
		}
		if h, ok := hashes[c.name]; !ok || h != c.hash {
			ids = append(ids, c.name)
		}
		delete(hashes, c.name)
	}
	for id := range hashes { // those that the later snapshot does not have
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if d.from.child(kindAccount, id) == nil || d.to.child(kindAccount, id) == nil {
			if err := d.members(); err != nil {
				return nil, err
			}
			break
		}
	}
	out := make([]*AccountChanges, len(ids))
	err := d.from.parallel(len(ids), func(_ *loader, i int) (err error) {
		out[i], err = d.account(ids[i])
		return err
	})
	return slices.DeleteFunc(out, func(a *AccountChanges) bool { return a == nil }), err
}

// members reads which accounts the two organizations have.
func (d *treeDiffer) members() error {
	for _, s := range []*side{d.from, d.to} {
		c := s.child(kindOrganization, "")
		if c == nil {
			continue
		}
		n, err := s.node(c)
		if err != nil {
			return err
		}
		s.org = &Organization{}
		only := n.differing(n, "accounts")
		if err := loadSections(s.loader, organizationSections, only, "", s.org); err != nil {
			return err
		}
	}
	return nil
}

func (d *treeDiffer) account(id string) (*AccountChanges, error) {
	a, b := d.from.child(kindAccount, id), d.to.child(kindAccount, id)
	r := d.readings()
	out := &AccountChanges{ID: AccountID(id), Kind: Changed}
	switch {
	case a == nil:
		out.Kind, out.Gap = Added, r.from.account(out.ID, d.from.org)
	case b == nil:
		out.Kind, out.Gap = Removed, r.to.account(out.ID, d.to.org)
	}
	if !out.Gap.IsZero() {
		out.Kind = UnknownChange
		return out, nil
	}
	x, err := d.from.node(a)
	if err != nil {
		return nil, err
	}
	y, err := d.to.node(b)
	if err != nil {
		return nil, err
	}
	before, after := &Account{ID: out.ID}, &Account{ID: out.ID}
	if err := loadSections(d.from.loader, accountSections, x.differing(y, "coverage"), id, before); err != nil {
		return nil, err
	}
	if err := loadSections(d.to.loader, accountSections, y.differing(x, "coverage"), id, after); err != nil {
		return nil, err
	}
	r.from.coverage, r.from.filled, r.to.coverage, r.to.filled = before.Coverage, x.fills, after.Coverage, y.fills
	r.account(out, before, after)
	if out.empty() {
		return nil, nil
	}
	return out, nil
}
