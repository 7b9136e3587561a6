package graph

import (
	"context"
	"fmt"
	"slices"
)

// Pruning says what Prune removes and keeps.
type Pruning struct {
	Remove []int64 // numbers of entries to take out of the history first
	// Derived names the derived blobs that snapshots need; nil: none is kept.
	Derived func(ctx context.Context, snapshots []SnapshotID) ([]string, error)
	DryRun  bool // change nothing, and tell what would be dropped
}

// Prune takes entries out of the history and drops everything that no other entry needs: content, observations, derived blobs. Removed entries
// of which the content is still there, because a prune was cut short, are caught up with. Everything that stays is looked for first: what is
// missing or damaged ends it with ErrDamaged, and no content is dropped.
func Prune(ctx context.Context, s Store, p Pruning) (Collected, error) {
	if len(p.Remove) > 0 && !p.DryRun {
		if err := s.Remove(ctx, p.Remove...); err != nil {
			return Collected{}, err
		}
	}
	done, err := s.Collect(ctx, p.DryRun, func(ctx context.Context, history []Entry) (*Needs, error) {
		kept := slices.DeleteFunc(history, func(e Entry) bool { return slices.Contains(p.Remove, e.Number) })
		return needsOf(ctx, s, kept, p.Derived)
	})
	if err != nil && len(p.Remove) > 0 && !p.DryRun {
		err = fmt.Errorf("the history was cut, and not all that is not needed any more was dropped: %w", err)
	}
	return done, err
}

// needsOf walks the trees of entries.
func needsOf(ctx context.Context, s Store, kept []Entry, derived func(context.Context, []SnapshotID) ([]string, error)) (*Needs, error) {
	n := needed{ctx: ctx, store: s, content: map[Partition]map[Hash]struct{}{}}
	var ids []SnapshotID
	for _, e := range kept {
		if err := n.snapshot(e); err != nil {
			return nil, fmt.Errorf("%s: %w", entryName(e), err)
		}
		if err := n.observations(e); err != nil {
			return nil, fmt.Errorf("%s: %w", entryName(e), err)
		}
		if !slices.Contains(ids, e.Snapshot) {
			ids = append(ids, e.Snapshot)
		}
	}
	out := &Needs{Content: n.content, Derived: map[string]struct{}{}}
	if derived == nil {
		return out, nil
	}
	names, err := derived(ctx, ids)
	for _, name := range names {
		out.Derived[name] = struct{}{}
	}
	return out, err
}

// needed gathers the names of content.
type needed struct {
	ctx     context.Context
	store   Store
	content map[Partition]map[Hash]struct{}
}

// add notes content and tells whether it is new. What stands below a node that is not new has been noted with it.
func (n *needed) add(p Partition, h Hash) bool {
	if n.content[p] == nil {
		n.content[p] = map[Hash]struct{}{}
	}
	_, known := n.content[p][h]
	n.content[p][h] = struct{}{}
	return !known
}

// leaves notes the leaves of a node of an account, or of none.
func (n *needed) leaves(of *node, account string) {
	for _, s := range of.sections {
		for _, l := range s.leaves {
			p := SharedPartition(l.hash)
			if account != "" {
				p = AccountPartition(AccountID(account))
			}
			n.add(p, l.hash)
		}
	}
}

// root opens a tree and notes its root; nil when it has been noted before.
func (n *needed) root(id, kind string) (*node, *loader, error) {
	root, l, err := openTree(n.ctx, n.store, id, kind, kind+" "+short(id))
	if err != nil {
		return nil, nil, err
	}
	h, _ := ParseHash(id) // openTree did
	if !n.add(SharedPartition(h), h) {
		return nil, nil, nil
	}
	n.leaves(root, "")
	return root, l, nil
}

// child notes a node and its leaves; false when it has been noted before.
func (n *needed) child(l *loader, c nodeChild) (bool, error) {
	if err := n.ctx.Err(); err != nil || !n.add(c.partition(), c.hash) {
		return false, err
	}
	place := c.kind + " " + c.name
	content, err := l.read(c.partition(), []Hash{c.hash})
	if err != nil {
		return false, l.readError(place, err)
	}
	of, err := parseNode(content[0], c.kind, c.name)
	if err != nil {
		return false, l.damaged(place, err)
	}
	n.leaves(of, c.name)
	return true, nil
}

func (n *needed) snapshot(e Entry) error {
	root, l, err := n.root(string(e.Snapshot), kindSnapshot)
	if err != nil || root == nil {
		return err
	}
	for _, c := range root.children {
		isNew, err := n.child(l, c)
		if err != nil {
			return err
		}
		if !isNew {
			continue
		}
		var documents []DocumentHash
		if c.kind == kindOrganization {
			o := &Organization{}
			documents, err = loadOwner(l, organizationSections, c, o, o.eachDocument)
		} else {
			a := &Account{}
			documents, err = loadOwner(l, accountSections, c, a, a.eachDocument)
		}
		if err != nil {
			return err
		}
		for _, h := range documents {
			n.add(SharedPartition(Hash(h)), Hash(h))
		}
	}
	return nil
}

func (n *needed) observations(e Entry) error {
	if e.Observations == "" {
		return nil
	}
	root, l, err := n.root(e.Observations, kindObservations)
	if err != nil || root == nil {
		return err
	}
	for _, c := range root.children {
		if _, err := n.child(l, c); err != nil {
			return err
		}
	}
	return nil
}
