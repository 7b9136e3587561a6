package export

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
	"github.com/accessgraph/accessgraph/ingest/files"
)

// ErrExists is returned when there is something at the place of the directory.
var ErrExists = errors.New("it exists already")

// Result says what was written.
type Result struct {
	Files int
	Bytes int64
}

// Write writes the snapshot and the observations of an entry into the new directory dir, which only the user can read. An empty directory there
// is replaced; anything else is ErrExists. Before it returns, it has read everything back and found it to be the same snapshot.
func Write(ctx context.Context, s graph.Store, e graph.Entry, dir string) (Result, error) {
	if err := checkFree(dir); err != nil {
		return Result{}, err
	}
	parent := filepath.Dir(filepath.Clean(dir))
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return Result{}, err
	}
	temporary, err := os.MkdirTemp(parent, "."+filepath.Base(filepath.Clean(dir))+".new-*")
	if err != nil {
		return Result{}, err
	}
	defer os.RemoveAll(temporary) // does nothing after the rename
	w := &writer{dir: temporary}
	if err := w.snapshot(ctx, s, e); err != nil {
		return Result{}, err
	}
	if err := compare(ctx, temporary, e); err != nil {
		return Result{}, err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		return Result{}, err
	}
	return w.done, os.Rename(temporary, dir)
}

// checkFree tells whether a directory can be put at a place.
func checkFree(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err == nil && len(entries) == 0:
		return nil
	case err == nil:
		return fmt.Errorf("%s: %w and is not empty; name a new directory", dir, ErrExists)
	}
	if _, statErr := os.Lstat(dir); statErr == nil {
		return fmt.Errorf("%s: %w and is no empty directory; name a new directory", dir, ErrExists)
	}
	return err
}

// compare reads an export and holds that it is the snapshot that was exported.
func compare(ctx context.Context, dir string, e graph.Entry) error {
	facts, _, err := files.Read(ctx, []string{dir}, files.Options{})
	if err != nil {
		return fmt.Errorf("the export does not read back: %w", err)
	}
	again, err := graph.Publish(ctx, memstore.New(), facts, graph.Meta{})
	switch {
	case err != nil:
		return fmt.Errorf("the export does not read back: %w", err)
	case again.Snapshot != e.Snapshot:
		return fmt.Errorf("the export reads back as another snapshot, %.12s: it holds facts that files cannot say", again.Snapshot)
	case again.Observations != e.Observations:
		return fmt.Errorf("the export reads back with other observations, %.12s: it holds facts that files cannot say", again.Observations)
	}
	return nil
}

// snapshot writes all files of a snapshot.
func (w *writer) snapshot(ctx context.Context, s graph.Store, e graph.Entry) error {
	shared, err := graph.LoadShared(ctx, s, e.Snapshot)
	if err != nil {
		return err
	}
	if shared.Organization != nil {
		w.documents = shared.Documents
		w.json("organization.json", w.organization(shared.Organization))
	}
	observed, err := graph.LoadObservations(ctx, s, e)
	if err != nil {
		return err
	}
	of := map[graph.AccountID]*graph.AccountObservations{}
	for _, o := range observed {
		of[o.Account] = o
	}
	coverage := map[string][]coverageJSON{"": coverageOf(shared.Coverage)}
	err = graph.EachAccount(ctx, s, e.Snapshot, func(a *graph.Account) error {
		coverage[string(a.ID)] = coverageOf(a.Coverage)
		if w.documents, err = graph.LoadDocuments(ctx, s, graph.AccountDocuments(a)); err != nil {
			return err
		}
		o := of[a.ID]
		if o == nil {
			o = &graph.AccountObservations{}
		}
		w.account(a, o)
		return w.err
	})
	if err != nil {
		return err
	}
	w.json("coverage.json", map[string]any{"Coverage": coverage})
	return w.err
}
