package changes_test

import (
	"path/filepath"
	"testing"

	"github.com/accessgraph/accessgraph/bench/orggen/organization"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/ingest/files"
)

// planted makes an organization with and without changes.
func planted(t *testing.T, o organization.Options) (before, after *graph.Facts, list []organization.Change) {
	t.Helper()
	read := func(o organization.Options) *graph.Facts {
		dir := filepath.Join(t.TempDir(), "export")
		if err := organization.Write(dir, o); err != nil {
			t.Fatal(err)
		}
		f, _, err := files.Read(t.Context(), []string{dir}, files.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	list, err := organization.GenerateChanged(o, func(string, []byte) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	plain := o
	plain.Changes = 0
	return read(plain), read(o), list
}

// TestPlantedChanges: every change that was planted has a row that says what became of it, and nothing else has one.
func TestPlantedChanges(t *testing.T) {
	for _, o := range []organization.Options{
		{Accounts: 12, Principals: 60, Seed: 1, Changes: 50, Seed2: 1},
		{Accounts: 30, Principals: 40, Seed: 7, Changes: 120, Seed2: 3},
	} {
		before, after, list := planted(t, o)
		want := map[string]string{} // what became of what, by the entity
		kinds := map[string]bool{}
		for _, c := range list {
			kinds[c.Kind] = true
			switch {
			case c.Kind == "principal-added":
				want[c.Entity] = "added"
			case c.Kind == "principal-removed":
				want[c.Entity] = "removed"
			default:
				want[c.Entity] = "changed"
			}
		}
		if len(kinds) < 12 {
			t.Errorf("%d kinds of changes are planted", len(kinds))
		}
		got := map[string]string{}
		for _, r := range factsBetween(t, before, after) {
			got[r.ID] = r.Change
			if len(r.Details) == 0 {
				t.Errorf("%s %s is %s in nothing", r.Kind, r.ID, r.Change)
			}
			if want[r.ID] == "" {
				t.Errorf("%s %s is %s, and nothing of it was planted: %+v", r.Kind, r.ID, r.Change, r.Details)
			}
		}
		for _, c := range list {
			if got[c.Entity] != want[c.Entity] {
				t.Errorf("%s of %s: the row says %q, want %q (before %v, after %v)", c.Kind, c.Entity, got[c.Entity], want[c.Entity], c.Before, c.After)
			}
		}
		// And back again.
		for _, r := range factsBetween(t, after, before) {
			if back := map[string]string{"added": "removed", "removed": "added", "changed": "changed"}[r.Change]; want[r.ID] != back {
				t.Errorf("back: %s %s is %s", r.Kind, r.ID, r.Change)
			}
		}
	}
}
