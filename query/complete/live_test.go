package complete_test

import (
	"testing"
	"time"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
	"github.com/accessgraph/accessgraph/query/complete"
)

func withUser(name string) *graph.Facts {
	return &graph.Facts{Accounts: []*graph.Account{{ID: "111122223333",
		Users: []*graph.User{{ARN: graph.ARN("arn:aws:iam::111122223333:user/" + name), Name: name}}}}}
}

// TestLive holds that what is ingested meanwhile is known at once, and that another snapshot has its own names.
func TestLive(t *testing.T) {
	store, ref := memstore.New(), "latest"
	live := complete.NewLive(store, func() string { return ref }, 10*time.Second)
	defer live.Close()
	want := func(kind complete.Kind, prefix string, texts ...string) {
		t.Helper()
		got, more := live.Names(kind, "", prefix, 10)
		for i := 0; i < max(len(got), len(texts)); i++ {
			if i >= len(got) || i >= len(texts) || got[i].Text != texts[i] {
				t.Fatalf("%s %q: got %v, want %q", kind, prefix, got, texts)
			}
		}
		if more {
			t.Errorf("%s %q: there are more", kind, prefix)
		}
	}
	want(complete.Principal, "user/")
	for _, name := range []string{"ann", "ben"} {
		if _, err := graph.Publish(t.Context(), store, withUser(name), graph.Meta{Name: "with-" + name}); err != nil {
			t.Fatal(err)
		}
		want(complete.Principal, "user/", "user/"+name)
	}
	want(complete.Snapshot, "@with", "@with-ann", "@with-ben")
	ref = "with-ann"
	want(complete.Principal, "user/", "user/ann")
	if live.Reading() {
		t.Error("names are read and still being read")
	}
	ref = "nothing"
	want(complete.Principal, "user/")
}

// TestLiveDoesNotWait holds that who has no patience gets nothing, and that Close ends what goes on.
func TestLiveDoesNotWait(t *testing.T) {
	store := memstore.New()
	if _, err := graph.Publish(t.Context(), store, withUser("ann"), graph.Meta{}); err != nil {
		t.Fatal(err)
	}
	live := complete.NewLive(store, func() string { return "latest" }, 0)
	live.Names(complete.Principal, "", "user/", 10)
	live.Close()
	if live.Reading() {
		t.Error("it goes on after Close")
	}
	live.Close()
}
