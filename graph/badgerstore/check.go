package badgerstore

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
)

// Check is graph.Store's: every byte of every file that counts is compared with a hash.
func (s *Store) Check(ctx context.Context, report func(graph.Damage)) error {
	if _, err := checkFormat(s.dir); err != nil {
		if err := found(report, formatName, err); err != nil {
			return err
		}
	}
	m, err := readManifest(s.dir, s.seal)
	if err != nil {
		return found(report, manifestName, err)
	}
	for _, ref := range m.Packs {
		if err := s.checkPack(ctx, ref, report); err != nil {
			return err
		}
	}
	for _, dir := range []string{derivedName, stagingName} {
		if err := s.checkBlobs(ctx, dir, report); err != nil {
			return err
		}
	}
	return nil
}

// checkPack checks the files of a pack one by one and, when they are right, its content.
func (s *Store) checkPack(ctx context.Context, ref packRef, report func(graph.Damage)) error {
	what := filepath.Join(packsName, ref.Name)
	p := &pack{ref: ref, seal: s.seal, dir: filepath.Join(s.dir, what)}
	var err error
	if p.lock, err = lockShared(filepath.Join(p.dir, packFile)); err != nil {
		return found(report, what, err)
	}
	defer p.lock.Close()
	if err := p.describe(); err != nil {
		return found(report, filepath.Join(what, packFile), err)
	}
	right := true
	for _, f := range p.desc.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := p.checkFile(f, true); err != nil {
			right = false
			if err := found(report, filepath.Join(what, f.Name), err); err != nil {
				return err
			}
		}
	}
	if !right {
		return nil
	}
	opened, err := openPack(p.dir, ref, 0, s.seal)
	if err == nil {
		err = errors.Join(opened.all(ctx, func([]byte, []byte) error { return nil }), opened.close())
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return found(report, what, err)
	}
	return nil
}

// found reports damage. A file that this user may not read is none: the error ends the check.
func found(report func(graph.Damage), what string, err error) error {
	if errors.Is(err, graph.ErrUnreadable) {
		return err
	}
	report(graph.Damage{What: what, Err: err})
	return nil
}

// checkBlobs checks the blob files below a directory of the store.
func (s *Store) checkBlobs(ctx context.Context, name string, report func(graph.Damage)) error {
	return filepath.WalkDir(filepath.Join(s.dir, name), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return readError(path, err)
		}
		if d.IsDir() || strings.Contains(d.Name(), ".new-") {
			return ctx.Err()
		}
		b, err := openBlob(path, s.seal)
		if err == nil {
			err = b.Close()
		}
		if err != nil && !errors.Is(err, graph.ErrNotFound) {
			if err := found(report, filepath.Join(name, d.Name()), err); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
}
