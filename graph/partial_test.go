package graph_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
	"github.com/accessgraph/accessgraph/graph/storetest"
)

func encodeAccount(t testing.TB, a *graph.Account) []byte {
	t.Helper()
	data, err := graph.EncodeAccount(a)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestEncodeAccount holds that an account with something in every field comes back, and is the same bytes again.
func TestEncodeAccount(t *testing.T) {
	for _, a := range storetest.Everything().Accounts {
		data := encodeAccount(t, a)
		got, err := graph.DecodeAccount(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, got); diff != "" {
			t.Errorf("account (-want +got):\n%s", diff)
		}
		if again := encodeAccount(t, got); !bytes.Equal(again, data) {
			t.Error("written again it is other bytes")
		}
	}
}

// TestEncodeRandomAccounts does so with any values, as normalized facts hold them.
func TestEncodeRandomAccounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := storetest.Random(t)
		f.Normalize()
		for _, a := range f.Accounts {
			data, err := graph.EncodeAccount(a)
			if err != nil {
				t.Fatal(err)
			}
			got, err := graph.DecodeAccount(data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(a, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("account (-want +got):\n%s", diff)
			}
		}
	})
}

// TestDecodeDamagedAccount holds that what is cut is refused and what is changed panics nowhere.
func TestDecodeDamagedAccount(t *testing.T) {
	data := encodeAccount(t, storetest.Everything().Accounts[0])
	for n := range len(data) {
		if _, err := graph.DecodeAccount(data[:n]); err == nil {
			t.Fatalf("%d of %d bytes are an account", n, len(data))
		}
	}
	if _, err := graph.DecodeAccount(append(bytes.Clone(data), 0)); err == nil {
		t.Error("a byte more is an account")
	}
	for i := range data {
		for _, flip := range []byte{1, 0x1f, 0x80, 0xff} {
			changed := bytes.Clone(data)
			changed[i] ^= flip
			_, _ = graph.DecodeAccount(changed)
		}
	}
}

// FuzzDecodeAccount reads anything.
func FuzzDecodeAccount(f *testing.F) {
	for _, a := range storetest.Everything().Accounts {
		f.Add(encodeAccount(f, a))
	}
	f.Add(encodeAccount(f, &graph.Account{ID: "123456789012"}))
	f.Add([]byte{0x60, 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{0x60, 0x81, 0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := graph.DecodeAccount(data)
		if err != nil {
			return
		}
		if _, err := graph.EncodeAccount(a); err != nil {
			t.Errorf("what was read cannot be written: %v", err)
		}
	})
}

// TestLoadShared holds that what belongs to no account is that of the whole snapshot, and that accounts are told by what they hold.
func TestLoadShared(t *testing.T) {
	store, facts := memstore.New(), storetest.Everything()
	entry, err := graph.Publish(t.Context(), store, facts, graph.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	shared, err := graph.LoadShared(t.Context(), store, entry.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(facts.Organization, shared.Organization); diff != "" {
		t.Errorf("organization (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(facts.Coverage, shared.Coverage); diff != "" {
		t.Errorf("coverage (-want +got):\n%s", diff)
	}
	before, err := graph.Accounts(t.Context(), store, entry.Snapshot)
	if err != nil || len(before) != len(facts.Accounts) {
		t.Fatalf("accounts: %v, %v", before, err)
	}
	changed := facts.Accounts[0]
	changed.Aliases = append(changed.Aliases, "zz-another")
	entry, err = graph.Publish(t.Context(), store, facts, graph.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	after, err := graph.Accounts(t.Context(), store, entry.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range facts.Accounts {
		if same := before[a.ID] == after[a.ID]; same == (a == changed) {
			t.Errorf("account %s: the same hash is %t", a.ID, same)
		}
	}
}
