package graph_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
	"github.com/accessgraph/accessgraph/graph/storetest"
)

// published stores facts and gives the snapshot's id.
func published(t interface {
	Helper()
	Fatal(...any)
}, s graph.Store, f *graph.Facts) graph.SnapshotID {
	t.Helper()
	e, err := graph.Publish(context.Background(), s, f, graph.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	return e.Snapshot
}

// TestDiffIsTheDifference: taking the earlier versions out and putting the later ones in makes the one snapshot the other, whatever the
// fields of the model are, and nothing that is equal is listed.
func TestDiffIsTheDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := memstore.New()
		before := storetest.Random(t)
		after := storetest.Random(t)
		if rapid.Bool().Draw(t, "related") && len(before.Accounts) > 0 { // most accounts are in both
			for i, a := range after.Accounts {
				if i < len(before.Accounts) {
					a.ID = before.Accounts[i].ID
				}
			}
			clean(after)
		}
		from, to := published(t, s, before), published(t, s, after)
		c, err := graph.Diff(context.Background(), s, from, to)
		if err != nil {
			t.Fatal(err)
		}
		if c.Empty() != (from == to) {
			t.Fatalf("empty is %v of %s and %s", c.Empty(), from, to)
		}
		x, err := graph.Load(context.Background(), s, from)
		if err != nil {
			t.Fatal(err)
		}
		y, err := graph.Load(context.Background(), s, to)
		if err != nil {
			t.Fatal(err)
		}
		moved(t, "coverage", reflect.ValueOf(x.Coverage), reflect.ValueOf(y.Coverage), reflect.ValueOf(c.Coverage))
		if x.Organization != nil && y.Organization != nil {
			o := c.Organization
			if o == nil {
				o = &graph.OrganizationChanges{}
			}
			compareLists(t, x.Organization, y.Organization, o)
		}
		compareAccounts(t, x, y, c)
	})
}

// clean drops accounts whose ids are taken.
func clean(f *graph.Facts) {
	seen := map[graph.AccountID]bool{}
	f.Accounts = slices.DeleteFunc(f.Accounts, func(a *graph.Account) bool {
		twice := seen[a.ID]
		seen[a.ID] = true
		return twice
	})
}

func compareAccounts(t *rapid.T, x, y *graph.Facts, c *graph.Changes) {
	changed := map[graph.AccountID]*graph.AccountChanges{}
	for _, a := range c.Accounts {
		changed[a.ID] = a
	}
	earlier, later := map[graph.AccountID]*graph.Account{}, map[graph.AccountID]*graph.Account{}
	ids := map[graph.AccountID]bool{}
	for _, a := range x.Accounts {
		earlier[a.ID], ids[a.ID] = a, true
	}
	for _, a := range y.Accounts {
		later[a.ID], ids[a.ID] = a, true
	}
	for id := range ids {
		a, b, d := earlier[id], later[id], changed[id]
		switch {
		case d == nil && a != nil && b != nil:
			d = &graph.AccountChanges{}
		case d == nil:
			t.Fatalf("account %s is in one snapshot alone and not listed", id)
		case d.Kind == graph.UnknownChange:
			if a != nil && b != nil || d.Gap.IsZero() {
				t.Fatalf("account %s is unknown: %v", id, d.Gap)
			}
			continue
		}
		if a == nil {
			a = &graph.Account{}
		}
		if b == nil {
			b = &graph.Account{}
		}
		compareLists(t, a, b, d)
		if equal := cmp.Equal(a.Settings, b.Settings); equal != (d.Settings == nil) {
			t.Fatalf("settings are equal %v, change %v", equal, d.Settings)
		}
		if equal := cmp.Equal(a.Password, b.Password); equal != (d.Password == nil) {
			t.Fatalf("passwords are equal %v, change %v", equal, d.Password)
		}
	}
}

// compareLists holds every list of an owner against the list of changes of that name.
func compareLists(t *rapid.T, a, b, changes any) {
	x, y, c := reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem(), reflect.ValueOf(changes).Elem()
	for i := range x.NumField() {
		name := x.Type().Field(i).Name
		if x.Field(i).Kind() != reflect.Slice || name == "Aliases" {
			continue
		}
		list := c.FieldByName(name)
		if !list.IsValid() {
			t.Fatalf("%s has no list of changes", name)
		}
		moved(t, name, x.Field(i), y.Field(i), list)
	}
}

// moved applies changes to the earlier list and compares with the later one.
func moved(t *rapid.T, name string, earlier, later, changes reflect.Value) {
	left := map[string]int{}
	for i := range earlier.Len() {
		left[printed(earlier.Index(i))]++
	}
	for i := range changes.Len() {
		c := changes.Index(i)
		before, after := c.FieldByName("Before"), c.FieldByName("After")
		kind := graph.ChangeKind(c.FieldByName("Kind").String())
		if one := before.IsNil() != after.IsNil(); one != (kind == graph.Added || kind == graph.Removed || kind == graph.UnknownChange) {
			t.Fatalf("%s: %s of %v and %v", name, kind, before, after)
		}
		if gap := c.FieldByName("Gap"); gap.IsZero() == (kind == graph.UnknownChange) {
			t.Fatalf("%s: %s with the gap %q", name, kind, gap)
		}
		if !before.IsNil() {
			left[printed(before)]--
		}
		if !after.IsNil() {
			left[printed(after)]++
		}
		if !before.IsNil() && !after.IsNil() && printed(before) == printed(after) {
			t.Fatalf("%s: %s is listed and has not changed", name, printed(before))
		}
	}
	for i := range later.Len() {
		left[printed(later.Index(i))]--
	}
	for v, n := range left {
		if n != 0 {
			t.Fatalf("%s: %+d of %s", name, n, v)
		}
	}
}

func printed(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	return fmt.Sprintf("%+v", follow(v))
}

// follow makes a value that prints without addresses.
func follow(v reflect.Value) string {
	return strings.TrimSpace(cmp.Diff(reflect.Zero(v.Type()).Interface(), v.Interface()))
}
