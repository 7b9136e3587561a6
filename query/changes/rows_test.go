package changes_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
	"github.com/accessgraph/accessgraph/graph/storetest"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/changes"
)

// factsBetween gives the rows between two sets of facts.
func factsBetween(t *testing.T, before, after *graph.Facts) []*answer.ChangeRow {
	t.Helper()
	s := memstore.New()
	var ids []graph.SnapshotID
	for _, f := range []*graph.Facts{before, after} {
		e, err := graph.Publish(context.Background(), s, f, graph.Meta{})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, e.Snapshot)
	}
	c, err := graph.Diff(context.Background(), s, ids[0], ids[1])
	if err != nil {
		t.Fatal(err)
	}
	called := func(id graph.SnapshotID) string { return map[graph.SnapshotID]string{ids[0]: "@a", ids[1]: "@b"}[id] }
	return changes.Facts(c, called, before.Organization, after.Organization)
}

// unsaid are the fields whose change is no change of the world: the names that entities go by, which their ids or names decide, and the
// hashes of documents that mean the same.
var unsaid = map[string]bool{
	"ARN": true, "Canonical": true, "Hash": true,
	"InstanceProfiles.Name": true, "InstanceProfiles.ID": true, // ARNs tell profiles apart
	"Versions.Default": true, "Versions.Created": true, // DefaultVersion says which it is, and versions come and go whole
	"Policies.AWSManaged": true,
}

// TestEveryFieldIsSaid: whatever field of the model changes alone, a row says so.
func TestEveryFieldIsSaid(t *testing.T) {
	for i := 0; ; i++ {
		before, after := storetest.Everything(), storetest.Everything()
		for _, f := range []*graph.Facts{before, after} {
			f.Observations = nil
			whole(f)
		}
		m := &mutation{at: i}
		m.walk(reflect.ValueOf(after.Organization).Elem(), "", "")
		m.walk(reflect.ValueOf(after.Accounts[0]).Elem(), "", "")
		if !m.done {
			if i < 100 {
				t.Fatalf("the model has %d fields", i)
			}
			return
		}
		if m.skip {
			continue
		}
		if rows := factsBetween(t, before, after); len(rows) == 0 {
			t.Errorf("%s changed, and no row says so", m.name)
		}
	}
}

// whole makes coverage say that all was read.
func whole(f *graph.Facts) {
	f.Coverage = nil
	for _, a := range f.Accounts {
		a.Coverage = nil
	}
}

// mutation changes the field number at of what it walks through.
type mutation struct {
	at   int
	done bool
	skip bool
	name string
}

func (m *mutation) walk(v reflect.Value, owner, name string) {
	switch {
	case m.done:
	case v.Type() == reflect.TypeFor[graph.DocumentHash](): // every document here means something else or nothing
		m.count(name, owner, func() { v.Set(reflect.Zero(v.Type())) })
	case v.Type() == reflect.TypeFor[time.Time]():
		m.count(name, owner, func() { v.Set(reflect.ValueOf(v.Interface().(time.Time).Add(time.Hour))) })
	case v.Kind() == reflect.Pointer:
		if !v.IsNil() {
			m.walk(v.Elem(), owner, name)
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			m.walk(v.Index(i), name, name)
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			m.walk(v.Field(i), name, v.Type().Field(i).Name)
		}
	case v.Kind() == reflect.String:
		m.count(name, owner, func() { v.SetString(v.String() + "x") })
	case v.Kind() == reflect.Bool:
		m.count(name, owner, func() { v.SetBool(!v.Bool()) })
	}
}

func (m *mutation) count(name, owner string, change func()) {
	if m.at--; m.at >= 0 {
		return
	}
	m.done, m.name, m.skip = true, owner+"."+name, unsaid[name] || unsaid[owner+"."+name]
	if !m.skip {
		change()
	}
}
