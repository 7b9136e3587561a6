package graph

import (
	"context"
	"fmt"
)

// EncodeAccount writes an account's facts as one piece, for what is derived from snapshots: DecodeAccount gives them back. It is not the form
// in which snapshots are stored, and says nothing of observations.
func EncodeAccount(a *Account) ([]byte, error) {
	c := &coder{}
	id := a.ID
	textItem(c, &id)
	for _, s := range accountSections {
		leaves, err := writeSection(s, a)
		if err != nil {
			return nil, fmt.Errorf("encode account %s: %w", a.ID, err)
		}
		c.head(majorArray, uint64(len(leaves)))
		for _, l := range leaves {
			c.head(majorUint, uint64(l.count))
			c.head(majorBytes, uint64(len(l.content)))
			c.out = append(c.out, l.content...)
		}
	}
	return c.out, nil
}

// DecodeAccount reads what EncodeAccount wrote.
func DecodeAccount(data []byte) (*Account, error) {
	a := &Account{}
	c := &coder{reading: true, in: string(data)}
	textItem(c, &a.ID)
	for _, s := range accountSections {
		for range c.length(majorArray) {
			var count int64
			intItem(c, &count)
			size := c.length(majorBytes)
			if c.err != nil {
				return nil, fmt.Errorf("decode account: %w", c.err)
			}
			content := c.in[c.pos : c.pos+size]
			c.pos += size
			if err := readLeaf(s, []byte(content), int(count), a); err != nil {
				return nil, fmt.Errorf("decode account %s: %s: %w", a.ID, s.name, err)
			}
		}
	}
	if err := c.finish(); err != nil {
		return nil, fmt.Errorf("decode account: %w", err)
	}
	return a, nil
}

// Accounts gives the accounts of a snapshot with the hash of what each holds: equal hashes mean equal facts.
func Accounts(ctx context.Context, s Store, id SnapshotID) (map[AccountID]Hash, error) {
	root, _, err := openTree(ctx, s, string(id), kindSnapshot, "snapshot "+short(string(id)))
	if err != nil {
		return nil, err
	}
	out := map[AccountID]Hash{}
	for _, child := range root.children {
		if child.kind == kindAccount {
			out[AccountID(child.name)] = child.hash
		}
	}
	return out, nil
}

// LoadShared gives what a snapshot says of no account in particular: the organization, the coverage, and the organization's documents.
func LoadShared(ctx context.Context, s Store, id SnapshotID) (*Facts, error) {
	root, l, err := openTree(ctx, s, string(id), kindSnapshot, "snapshot "+short(string(id)))
	if err != nil {
		return nil, err
	}
	f, named, err := loadShared(l, root)
	if err != nil {
		return nil, err
	}
	f.Documents, err = l.documents(distinct(named))
	return f, err
}
