package graph

import (
	"context"
	"slices"
)

// EachAccount calls fn with the configuration of each account of a snapshot, one after the other, ordered by id. Nothing but the
// account at hand is kept in memory, and documents are not read. An error of fn ends it; the others are those of Load.
func EachAccount(ctx context.Context, s Store, id SnapshotID, fn func(*Account) error) error {
	root, l, err := openTree(ctx, s, string(id), kindSnapshot, "snapshot "+short(string(id)))
	if err != nil {
		return err
	}
	for _, child := range root.children {
		if child.kind == kindOrganization {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		a := &Account{ID: AccountID(child.name)}
		if _, err := loadOwner(l, accountSections, child, a, a.eachDocument); err != nil {
			return err
		}
		if err := fn(a); err != nil {
			return err
		}
	}
	return nil
}

// LoadDocuments gives documents by their hashes, each once, in no order.
func LoadDocuments(ctx context.Context, s Store, hashes []DocumentHash) (map[DocumentHash]*Document, error) {
	l := &loader{ctx: ctx, store: s, tree: "documents"}
	return l.documents(distinct(slices.Clone(hashes)))
}
