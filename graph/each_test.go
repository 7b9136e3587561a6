package graph_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
	"github.com/accessgraph/accessgraph/graph/storetest"
)

// TestEachAccount holds that accounts come one by one as they come all at once, and documents by their hashes.
func TestEachAccount(t *testing.T) {
	store := memstore.New()
	entry, err := graph.Publish(t.Context(), store, storetest.Everything(), graph.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	whole, err := graph.Load(t.Context(), store, entry.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	var accounts []*graph.Account
	if err := graph.EachAccount(t.Context(), store, entry.Snapshot, func(a *graph.Account) error {
		accounts = append(accounts, a)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole.Accounts, accounts); diff != "" {
		t.Errorf("accounts differ (-Load +EachAccount):\n%s", diff)
	}
	stop := errors.New("stop")
	if err := graph.EachAccount(t.Context(), store, entry.Snapshot, func(*graph.Account) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error is %v", err)
	}
	var hashes []graph.DocumentHash
	for h := range whole.Documents {
		hashes = append(hashes, h, h)
	}
	documents, err := graph.LoadDocuments(t.Context(), store, hashes)
	if diff := cmp.Diff(whole.Documents, documents); diff != "" || err != nil {
		t.Errorf("documents differ, %v:\n%s", err, diff)
	}
}
