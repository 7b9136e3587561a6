package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Load gives all configuration facts of a snapshot, normalized, without observations. Everything read is checked against
// the hash and the counts that its parent in the tree has; what does not match or is missing ends the load with an error
// that wraps ErrDamaged and names the place. ErrNoSnapshot when the store does not have the snapshot at all.
func Load(ctx context.Context, s Store, id SnapshotID) (*Facts, error) {
	root, l, err := openTree(ctx, s, string(id), kindSnapshot, "snapshot "+short(string(id)))
	if err != nil {
		return nil, err
	}
	f, wanted, err := loadShared(l, root)
	if err != nil {
		return nil, err
	}
	accounts := slices.DeleteFunc(slices.Clone(root.children), func(child nodeChild) bool { return child.kind == kindOrganization })
	f.Accounts = make([]*Account, len(accounts))
	documents := make([][]DocumentHash, len(accounts))
	if err := l.parallel(len(accounts), func(l *loader, i int) (err error) {
		a := &Account{ID: AccountID(accounts[i].name)}
		f.Accounts[i] = a
		documents[i], err = loadOwner(l, accountSections, accounts[i], a, a.eachDocument)
		return err
	}); err != nil {
		return nil, err
	}
	f.Accounts = clip(f.Accounts)
	all := distinct(slices.Concat(append(documents, wanted)...))
	if len(all) != root.documents {
		return nil, l.damaged("documents", fmt.Errorf("%d are named, not %d", len(all), root.documents))
	}
	f.Documents, err = l.documents(all)
	return f, err
}

// loadShared reads what a snapshot says of no account in particular, and gives the documents that it names.
func loadShared(l *loader, root *node) (*Facts, []DocumentHash, error) {
	f := &Facts{Documents: map[DocumentHash]*Document{}}
	if err := loadSections(l, snapshotSections, root, "", f); err != nil {
		return nil, nil, err
	}
	var wanted []DocumentHash
	for _, child := range root.children {
		if child.kind != kindOrganization {
			continue
		}
		f.Organization = &Organization{}
		named, err := loadOwner(l, organizationSections, child, f.Organization, f.Organization.eachDocument)
		if err != nil {
			return nil, nil, err
		}
		wanted = append(wanted, named...)
	}
	return f, wanted, nil
}

// LoadObservations gives the observations that a history entry names, sorted by account; nil when it names none.
func LoadObservations(ctx context.Context, s Store, e Entry) ([]*AccountObservations, error) {
	if e.Observations == "" {
		return nil, nil
	}
	root, l, err := openTree(ctx, s, e.Observations, kindObservations, "observations "+short(e.Observations))
	if err != nil {
		return nil, err
	}
	out := make([]*AccountObservations, len(root.children))
	err = l.parallel(len(out), func(l *loader, i int) error {
		out[i] = &AccountObservations{Account: AccountID(root.children[i].name)}
		_, err := loadOwner(l, observationSections, root.children[i], out[i], func(func(DocumentHash)) {})
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// short is the beginning of an id, enough to tell it from others.
func short(id string) string { return id[:min(len(id), 12)] }

// loader reads one tree.
type loader struct {
	ctx   context.Context
	store Store
	tree  string // how errors call it
	root  string // its hash; empty: what is read belongs to no tree
}

// damaged is the error for a place in the tree.
func (l *loader) damaged(place string, err error) error {
	if place != "" {
		place = ": " + place
	}
	return fmt.Errorf("%s%s: %w: %w", l.tree, place, ErrDamaged, err)
}

// readError makes an error of the store into one about a place; a missing hash is damage, since its parent names it, unless the whole tree
// was removed meanwhile.
func (l *loader) readError(place string, err error) error {
	if errors.Is(err, ErrNotFound) && !errors.Is(err, ErrDamaged) {
		if l.root != "" {
			return l.missing(place, err)
		}
		return l.damaged(place, err)
	}
	return fmt.Errorf("%s: %s: %w", l.tree, place, err)
}

// openTree reads the root that id names.
func openTree(ctx context.Context, s Store, id, kind, tree string) (*node, *loader, error) {
	l := &loader{ctx: ctx, store: s, tree: tree, root: id}
	h, ok := ParseHash(id)
	if !ok {
		return nil, nil, fmt.Errorf("%s: %w: want 64 hexadecimal digits", tree, ErrNoSnapshot)
	}
	content, err := l.read(SharedPartition(h), []Hash{h})
	if errors.Is(err, ErrNotFound) && !errors.Is(err, ErrDamaged) {
		return nil, nil, l.missing("", err)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", tree, err)
	}
	n, err := parseNode(content[0], kind, "")
	if err != nil {
		return nil, nil, l.damaged("", err)
	}
	return n, l, nil
}

// missing is damage when the history names the tree, and else a snapshot that never was or that was removed.
func (l *loader) missing(place string, missing error) error {
	history, err := l.store.History(l.ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", l.tree, err)
	}
	if slices.ContainsFunc(history, func(e Entry) bool { return string(e.Snapshot) == l.root || e.Observations == l.root }) {
		return l.damaged(place, missing)
	}
	return fmt.Errorf("%s: %w: %w", l.tree, ErrNoSnapshot, missing)
}

// read gives the contents of hashes, in their order.
func (l *loader) read(p Partition, hashes []Hash) ([][]byte, error) {
	order := make([]int, len(hashes))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return bytes.Compare(hashes[a][:], hashes[b][:]) })
	ask := make([]Hash, 0, len(hashes))
	at := make([]int, len(hashes)) // index in ask of each hash
	for _, i := range order {
		if len(ask) == 0 || ask[len(ask)-1] != hashes[i] {
			ask = append(ask, hashes[i])
		}
		at[i] = len(ask) - 1
	}
	got := make([][]byte, len(ask))
	if err := l.store.Fetch(l.ctx, p, ask, func(i int, content []byte) error {
		got[i] = content
		return nil
	}); err != nil {
		return nil, err
	}
	out := make([][]byte, len(hashes))
	for i := range out {
		out[i] = got[at[i]]
	}
	return out, nil
}

// loadOwner reads the node of child and all its leaves into o, and gives the documents it names.
func loadOwner[O any](l *loader, all []section[O], child nodeChild, o *O, each func(func(DocumentHash))) ([]DocumentHash, error) {
	place := child.kind
	if child.name != "" {
		place += " " + child.name
	}
	content, err := l.read(child.partition(), []Hash{child.hash})
	if err != nil {
		return nil, l.readError(place, err)
	}
	n, err := parseNode(content[0], child.kind, child.name)
	if err != nil {
		return nil, l.damaged(place, err)
	}
	if err := loadSections(l, all, n, child.name, o); err != nil {
		return nil, err
	}
	var named []DocumentHash
	each(func(h DocumentHash) { named = append(named, h) })
	if named = distinct(named); len(named) != n.documents {
		return nil, l.damaged(place, fmt.Errorf("names %d documents, not %d", len(named), n.documents))
	}
	return named, nil
}

// partition is where a child lives.
func (c nodeChild) partition() Partition {
	if c.kind == kindAccount || c.kind == kindObserved {
		return AccountPartition(AccountID(c.name))
	}
	return SharedPartition(c.hash)
}

// loadSections reads the leaves that n names into o.
func loadSections[O any](l *loader, all []section[O], n *node, account string, o *O) error {
	for _, line := range n.sections {
		place := line.name
		if n.kind != kindSnapshot {
			place = n.kind + " " + n.name + ": " + line.name
		}
		s, ok := sectionNamed(all, line.name)
		if !ok {
			return l.damaged(place, errors.New("a kind of record that this version does not know"))
		}
		contents, err := l.leaves(line.leaves, account)
		if err != nil {
			return l.readError(place, err)
		}
		for i, leaf := range line.leaves {
			if err := readLeaf(s, contents[i], leaf.count, o); err != nil {
				return l.damaged(place+": leaf "+short(leaf.hash.String()), err)
			}
		}
	}
	return nil
}

// leaves reads the contents of leaves of an account, or of none.
func (l *loader) leaves(leaves []nodeLeaf, account string) ([][]byte, error) {
	hashes := make([]Hash, len(leaves))
	for i, leaf := range leaves {
		hashes[i] = leaf.hash
	}
	if account != "" {
		return l.read(AccountPartition(AccountID(account)), hashes)
	}
	out := make([][]byte, len(hashes))
	for i, h := range hashes {
		content, err := l.read(SharedPartition(h), []Hash{h})
		if err != nil {
			return nil, err
		}
		out[i] = content[0]
	}
	return out, nil
}

// parallel calls fn for 0 … n-1 on as many goroutines as there are processors to run them.
func (l *loader) parallel(n int, fn func(l *loader, i int) error) error {
	g, ctx := errgroup.WithContext(l.ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	mine := *l
	mine.ctx = ctx
	for i := range n {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return fn(&mine, i)
		})
	}
	return g.Wait()
}

// distinct sorts hashes and drops repetitions.
func distinct(hashes []DocumentHash) []DocumentHash {
	slices.SortFunc(hashes, func(a, b DocumentHash) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(hashes)
}

// documents reads the documents that all, sorted, names.
func (l *loader) documents(all []DocumentHash) (map[DocumentHash]*Document, error) {
	slab := make([]Document, len(all))
	var parts [][2]int // ranges of all that share a partition
	for start := 0; start < len(all); {
		p, end := SharedPartition(Hash(all[start])), start+1
		for end < len(all) && SharedPartition(Hash(all[end])) == p {
			end++
		}
		parts = append(parts, [2]int{start, end})
		start = end
	}
	err := l.parallel(len(parts), func(l *loader, i int) error {
		start, end := parts[i][0], parts[i][1]
		ask := make([]Hash, end-start)
		for j := range ask {
			ask[j] = Hash(all[start+j])
		}
		return l.store.Fetch(l.ctx, SharedPartition(ask[0]), ask, func(j int, content []byte) error {
			slab[start+j] = Document{Hash: all[start+j], Canonical: content}
			return nil
		})
	})
	if err != nil {
		return nil, l.readError("documents", err)
	}
	out := make(map[DocumentHash]*Document, len(slab))
	for i := range slab {
		out[slab[i].Hash] = &slab[i]
	}
	return out, nil
}
