package organization

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/ingest/files"
)

// generateChanged is generate with the list of changes.
func generateChanged(t *testing.T, o Options) (map[string]string, []Change) {
	t.Helper()
	out := map[string]string{}
	changes, err := GenerateChanged(o, func(name string, data []byte) error {
		out[name] = string(data)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out, changes
}

// parsed is a value as encoding/json reads it back.
func parsed(t *testing.T, v any) any {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// entities takes an export apart: ARN or id -> everything that has it, whichever file and list it stands in. Of managed policies the counts of
// attachments are left out, which follow from the attachments.
func entities(t *testing.T, export map[string]string) map[string][]any {
	t.Helper()
	out := map[string][]any{}
	for _, name := range slices.Sorted(maps.Keys(export)) {
		var file map[string]any
		if err := json.Unmarshal([]byte(export[name]), &file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		account, _, _ := strings.Cut(name, "/")
		for _, list := range slices.Sorted(maps.Keys(file)) {
			values, ok := file[list].([]any)
			if !ok && file[list] != nil { // an empty list is null
				out[name] = append(out[name], file[list])
				continue
			}
			for i, v := range values {
				entity := fmt.Sprint(name, list, i)
				if v, ok := v.(map[string]any); ok {
					delete(v, "AttachmentCount")
					delete(v, "PermissionsBoundaryUsageCount")
					for _, field := range []string{"GrantId", "Arn", "Id"} { // accounts and policies of the organization go by their ids
						if id, ok := v[field].(string); ok {
							entity = id
						}
					}
					if list == "Policies" && strings.HasPrefix(entity, "arn:aws:iam::aws:") { // one in each account
						entity = account + " " + entity
					}
				}
				out[entity] = append(out[entity], v)
			}
		}
	}
	return out
}

// within tells whether a value is one of those, or in one of them.
func within(value any, in any) bool {
	if reflect.DeepEqual(value, in) {
		return true
	}
	switch in := in.(type) {
	case []any:
		return slices.ContainsFunc(in, func(v any) bool { return within(value, v) })
	case map[string]any:
		for _, v := range in {
			if within(value, v) {
				return true
			}
		}
	}
	return false
}

// TestChanges: what differs are the entities in the list, and they are as it says.
func TestChanges(t *testing.T) {
	for _, o := range []Options{
		{Accounts: 30, Principals: 60, Seed: 1, Changes: 24, Seed2: 1}, {Accounts: 12, Principals: 120, Seed: 7, Changes: 200, Seed2: 2},
		{Accounts: 4, Principals: 200, Seed: 1, Changes: 60, Seed2: 1}, {Accounts: 1, Principals: 40, Changes: 30}, {Accounts: 2, Principals: 1, Changes: 40},
	} {
		plain := o
		plain.Changes = 0
		before := entities(t, generate(t, plain))
		export, changes := generateChanged(t, o)
		after := entities(t, export)
		if len(changes) != o.Changes {
			t.Errorf("%+v: %d changes", o, len(changes))
		}
		first, last := map[string]Change{}, map[string]Change{} // an SCP may be changed in several places
		for _, c := range changes {
			if c.Kind == "" || c.Account == "" || c.Entity == "" || c.Access == "" {
				t.Errorf("%+v: something is not said: %+v", o, c)
			}
			if _, twice := first[c.Entity]; twice && c.Kind != "scp" {
				t.Errorf("%+v: %s is changed twice", o, c.Entity)
			}
			if _, ok := first[c.Entity]; !ok {
				first[c.Entity] = c
			}
			last[c.Entity] = c
		}
		for _, id := range slices.Sorted(maps.Keys(last)) {
			if reflect.DeepEqual(before[id], after[id]) {
				t.Errorf("%+v: %s is listed as changed (%s) and is not", o, id, last[id].Kind)
			}
			if v := parsed(t, first[id].Before); v != nil && !within(v, before[id]) {
				t.Errorf("%+v: %s %s was not so before: %v", o, last[id].Kind, id, v)
			}
			if v := parsed(t, last[id].After); v != nil && !within(v, after[id]) {
				t.Errorf("%+v: %s %s is not so afterwards: %v", o, last[id].Kind, id, v)
			}
		}
		for _, id := range union(before, after) {
			if _, ok := last[id]; !ok && !reflect.DeepEqual(before[id], after[id]) {
				t.Errorf("%+v: %s has changed and is not in the list", o, id)
			}
		}
	}
}

// union gives the entities of two exports.
func union(a, b map[string][]any) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b))))))
}

// TestChangeKinds: twelve changes are one of each kind, and they are all over the organization.
func TestChangeKinds(t *testing.T) {
	o := Options{Accounts: 40, Principals: 100, Seed: 1, Changes: 20}
	for o.Seed2 = range 5 {
		_, changes := generateChanged(t, o)
		var kinds []string
		accounts := map[string]bool{}
		for i, c := range changes {
			kinds = append(kinds, c.Kind)
			if want := kindsOfChange()[i%12].name; c.Kind != want {
				t.Errorf("seed %d: change %d is of kind %s, want %s", o.Seed2, i, c.Kind, want)
			}
			accounts[c.Account] = true
		}
		slices.Sort(kinds)
		if kinds = slices.Compact(kinds); len(kinds) != 12 {
			t.Errorf("seed %d: kinds %v", o.Seed2, kinds)
		}
		if len(accounts) < 15 {
			t.Errorf("seed %d: all changes are in %d accounts", o.Seed2, len(accounts))
		}
	}
}

// TestChangeSeed: the second seed decides the changes alone, and one of them does not depend on how many come after it.
func TestChangeSeed(t *testing.T) {
	o := Options{Accounts: 20, Principals: 60, Seed: 1, Changes: 20, Seed2: 1}
	export, changes := generateChanged(t, o)
	again, same := generateChanged(t, o)
	if !maps.Equal(export, again) || !reflect.DeepEqual(changes, same) {
		t.Error("the same options give different changes")
	}
	o.Changes = 12
	if _, fewer := generateChanged(t, o); !reflect.DeepEqual(parsed(t, changes[:12]), parsed(t, fewer)) {
		t.Error("a change depends on those after it")
	}
	o.Changes, o.Seed2 = 20, 2
	if _, other := generateChanged(t, o); reflect.DeepEqual(changes, other) {
		t.Error("another second seed gives the same changes")
	}
}

// TestChangesFile: the list is beside the export, one change a line, and the export is read as if it were not there.
func TestChangesFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "org")
	o := Options{Accounts: 8, Principals: 80, Seed: 1, Changes: 24, Seed2: 3}
	if err := Write(dir, o); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(dir + ".changes.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []Change
	if err := json.Unmarshal(b, &list); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(b), "\n"); len(list) != 24 || lines != 26 {
		t.Errorf("%d changes in %d lines", len(list), lines)
	}
	_, report, err := files.Read(context.Background(), []string{dir}, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Warnings) != 0 || len(report.Incomplete) != 0 || report.UnknownFields != 0 {
		t.Errorf("warnings %v, incomplete %v, unknown names %v", report.Warnings, report.Incomplete, report.UnknownNames)
	}
}
