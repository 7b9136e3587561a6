package graph

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Verify checks what is stored and calls report for each damage. Without entries it checks everything: all content of
// the engine, with engine files, and the whole tree of every entry of the history. With entries it checks the trees of
// these alone. The error is about the check itself, as ErrLocked or a cancelled context; damage is no error.
func Verify(ctx context.Context, s Store, report func(Damage), entries ...Entry) error {
	if len(entries) == 0 {
		if err := s.Check(ctx, report); err != nil {
			return err
		}
		var err error
		if entries, err = s.History(ctx); err != nil {
			return asDamage("history", err, report)
		}
	}
	seen := map[string]bool{}
	for _, e := range entries {
		if id := string(e.Snapshot); !seen[id] {
			seen[id] = true
			if err := verifySnapshot(ctx, s, e, report); err != nil {
				return err
			}
		}
		if o := e.Observations; !seen[o] {
			seen[o] = true
			_, err := LoadObservations(ctx, s, e)
			if err := asDamage(entryName(e), err, report); err != nil {
				return err
			}
		}
	}
	return nil
}

// entryName calls an entry of the history as users know it.
func entryName(e Entry) string {
	if e.Name != "" {
		return fmt.Sprintf("entry %d @%s", e.Number, e.Name)
	}
	return fmt.Sprintf("entry %d of %s", e.Number, e.Time.UTC().Format(time.DateTime))
}

// asDamage reports err when it is about something stored, and gives it back when it is not.
func asDamage(what string, err error, report func(Damage)) error {
	if errors.Is(err, ErrDamaged) || errors.Is(err, ErrNoSnapshot) || errors.Is(err, ErrNotFound) {
		report(Damage{what, err})
		return nil
	}
	return err
}

// verifySnapshot walks one snapshot and goes on after a damaged account, so that all of them are named.
func verifySnapshot(ctx context.Context, s Store, e Entry, report func(Damage)) error {
	what := entryName(e)
	root, l, err := openTree(ctx, s, string(e.Snapshot), kindSnapshot, "snapshot "+short(string(e.Snapshot)))
	if err != nil {
		return asDamage(what, err, report)
	}
	if err := asDamage(what, loadSections(l, snapshotSections, root, "", &Facts{}), report); err != nil {
		return err
	}
	whole := true
	var all []DocumentHash
	for _, child := range root.children {
		var documents []DocumentHash
		if child.kind == kindOrganization {
			o := &Organization{}
			documents, err = loadOwner(l, organizationSections, child, o, o.eachDocument)
		} else {
			a := &Account{}
			documents, err = loadOwner(l, accountSections, child, a, a.eachDocument)
		}
		whole = whole && err == nil
		if err := asDamage(what, err, report); err != nil {
			return err
		}
		all = append(all, documents...)
	}
	all = distinct(all)
	if whole && len(all) != root.documents {
		report(Damage{what, l.damaged("documents", fmt.Errorf("%d are named, not %d", len(all), root.documents))})
	}
	for _, h := range all {
		_, err := l.documents([]DocumentHash{h})
		if err != nil {
			err = fmt.Errorf("document %s: %w", short(h.String()), err)
		}
		if err := asDamage(what, err, report); err != nil {
			return err
		}
	}
	return nil
}

// Summary says what a snapshot holds, without reading the records themselves.
type Summary struct {
	ID           SnapshotID
	Documents    int // different policy documents
	Organization []Count
	Accounts     []AccountSummary // sorted by ID
	Coverage     []Coverage       // of what belongs to no account
}

// AccountSummary says what a snapshot holds of one account.
type AccountSummary struct {
	ID AccountID
	// Configuration names the account's whole configuration: equal hashes, equal accounts.
	Configuration Hash
	Counts        []Count // users, groups, roles, policies, resources, compute, grants, providers, shares; those that are not zero
	Documents     int
	Coverage      []Coverage
}

// Count is how many records there are of a kind.
type Count struct {
	Kind string
	N    int
}

// Incomplete is Facts.Incomplete of the snapshot.
func (s *Summary) Incomplete() []string {
	out := gapsIn("", s.Coverage)
	for _, a := range s.Accounts {
		out = append(out, gapsIn(a.ID, a.Coverage)...)
	}
	return out
}

// Show summarizes a snapshot. Its errors are those of Load.
func Show(ctx context.Context, s Store, id SnapshotID) (*Summary, error) {
	root, l, err := openTree(ctx, s, string(id), kindSnapshot, "snapshot "+short(string(id)))
	if err != nil {
		return nil, err
	}
	f := &Facts{}
	if err := loadSections(l, snapshotSections, root, "", f); err != nil {
		return nil, err
	}
	out := &Summary{ID: id, Documents: root.documents, Coverage: f.Coverage}
	for _, child := range root.children {
		content, err := l.read(child.partition(), []Hash{child.hash})
		if err != nil {
			return nil, l.readError(child.kind+" "+child.name, err)
		}
		n, err := parseNode(content[0], child.kind, child.name)
		if err != nil {
			return nil, l.damaged(child.kind+" "+child.name, err)
		}
		if child.kind == kindOrganization {
			out.Organization = counts(n)
			continue
		}
		a := &Account{}
		only := *n
		only.sections = nil
		for _, line := range n.sections {
			if line.name == "coverage" {
				only.sections = append(only.sections, line)
			}
		}
		if err := loadSections(l, accountSections, &only, child.name, a); err != nil {
			return nil, err
		}
		out.Accounts = append(out.Accounts, AccountSummary{ID: AccountID(child.name), Configuration: child.hash, Counts: counts(n), Documents: n.documents, Coverage: a.Coverage})
	}
	return out, nil
}

// counts adds up the leaves of each section of entities.
func counts(n *node) []Count {
	var out []Count
	for _, line := range n.sections {
		if line.name == "head" || line.name == "coverage" {
			continue
		}
		c := Count{Kind: line.name}
		for _, leaf := range line.leaves {
			c.N += leaf.count
		}
		out = append(out, c)
	}
	return out
}
