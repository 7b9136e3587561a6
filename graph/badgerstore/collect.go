package badgerstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
)

// Collect is graph.Store's. Packs of which nothing is needed are dropped, those of which a part is needed are written again without the rest,
// as one pack. Where the disk has no room for that, the others are dropped all the same.
func (s *Store) Collect(ctx context.Context, dryRun bool, needs func(context.Context, []graph.Entry) (*graph.Needs, error)) (graph.Collected, error) {
	b, err := s.begin(ctx)
	if err != nil {
		return graph.Collected{}, err
	}
	defer b.Discard()
	blobs, err := s.derivedFiles() // before the needs are known: a blob made after them stays
	if err != nil {
		return graph.Collected{}, err
	}
	m := b.view.manifest.clone()
	history := slices.Clone(m.History)
	graph.SortHistory(history)
	n, err := needs(ctx, history)
	if err != nil {
		return graph.Collected{}, err
	}
	c := &collection{batch: b, needs: n, manifest: m, dryRun: dryRun}
	if err := c.sort(ctx); err != nil {
		return graph.Collected{}, err
	}
	if err := c.dropBlobs(blobs); err != nil {
		return c.done, err
	}
	return c.done, c.dropContent(ctx)
}

// collection is one run of Collect.
type collection struct {
	batch    *batch
	needs    *graph.Needs
	manifest *manifest
	dryRun   bool
	dead     []*sharedPack // nothing of them is needed
	partial  []*sharedPack // some of them is
	done     graph.Collected
}

// sort finds out which packs are needed, and that everything needed is there.
func (c *collection) sort(ctx context.Context) error {
	var keys [][]byte
	for p, hashes := range c.needs.Content {
		prefix, err := prefixOf(p)
		if err != nil {
			return err
		}
		for h := range hashes {
			keys = append(keys, keyOf(prefix, h))
		}
	}
	slices.SortFunc(keys, bytes.Compare)
	there := make([]bool, len(keys))
	for _, p := range c.batch.view.packs {
		var found int64
		if len(keys) > 0 {
			err := p.has(ctx, keys, func(i int) { there[i] = true; found++ })
			if err != nil {
				return err
			}
		}
		switch found {
		case p.desc.Items:
		case 0:
			c.dead = append(c.dead, p)
		default:
			c.partial = append(c.partial, p)
		}
	}
	if i := slices.Index(there, false); i >= 0 {
		part, h, _ := splitKey(keys[i])
		return damaged(c.batch.store.dir, "content %s/%s is needed and missing", part, h)
	}
	return nil
}

// needed gives what is needed of a pack.
func (c *collection) needed(ctx context.Context, p *sharedPack) contentSeq {
	return func(yield func(content, error) bool) {
		for item, err := range p.contents(ctx) {
			if err == nil {
				part, h, _ := splitKey(item.key)
				if _, ok := c.needs.Content[part][h]; !ok {
					continue
				}
			}
			if !yield(item, err) {
				return
			}
		}
	}
}

// dropContent drops packs, and what is not needed of others.
func (c *collection) dropContent(ctx context.Context) error {
	if len(c.dead)+len(c.partial) == 0 {
		return nil
	}
	var gone []packRef
	for _, p := range c.dead {
		c.done.Contents, c.done.Bytes = c.done.Contents+p.desc.Items, c.done.Bytes+p.desc.Bytes
		gone = append(gone, p.ref)
	}
	m := c.manifest
	m.Packs = slices.DeleteFunc(m.Packs, func(p packRef) bool { return slices.Contains(gone, p) })
	rest, full := c.rewrite(ctx, m)
	if full != nil && (!errors.Is(full, graph.ErrFull) || len(gone) == 0) {
		return full
	}
	if c.dryRun {
		return nil
	}
	return errors.Join(c.batch.publish(ctx, m, append(gone, rest...)), full)
}

// rewrite writes what is needed of packs of which a part is as one pack, puts it into the manifest in their place, and gives them.
func (c *collection) rewrite(ctx context.Context, m *manifest) ([]packRef, error) {
	var parts []contentSeq
	var retired []packRef
	var before, after graph.Collected
	for _, p := range c.partial {
		parts, retired = append(parts, c.needed(ctx, p)), append(retired, p.ref)
		before.Contents, before.Bytes = before.Contents+p.desc.Items, before.Bytes+p.desc.Bytes
	}
	for item, err := range merged(parts) { // once for the size, which must be known before a byte is written
		if err != nil {
			return nil, err
		}
		after.Contents, after.Bytes = after.Contents+1, after.Bytes+int64(len(item.value))
	}
	if len(parts) > 0 && !c.dryRun {
		if err := c.batch.addPack(ctx, m, parts, after.Bytes+after.Contents*perContent, retired); err != nil {
			return nil, err
		}
	}
	c.done.Contents, c.done.Bytes = c.done.Contents+before.Contents-after.Contents, c.done.Bytes+before.Bytes-after.Bytes
	return retired, nil
}

// derivedFiles gives the names of the files of derived blobs.
func (s *Store) derivedFiles() ([]string, error) {
	dir := filepath.Join(s.dir, derivedName)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, readError(dir, err)
	}
	var names []string
	for _, e := range entries {
		if !strings.Contains(e.Name(), ".new-") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// dropBlobs removes the derived blobs that are not needed. Whoever has one open keeps what it has.
func (c *collection) dropBlobs(files []string) error {
	dir := filepath.Join(c.batch.store.dir, derivedName)
	needed := map[string]bool{}
	for name := range c.needs.Derived {
		needed[c.batch.store.seal.name(derivedName, name)] = true
	}
	for _, name := range files {
		if needed[name] {
			continue
		}
		if !c.dryRun {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				return storeError(dir, fmt.Sprintf("remove %s", name), err)
			}
		}
		c.done.Derived++
	}
	return nil
}
