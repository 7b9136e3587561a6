package query_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/bench/orggen/organization"
	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/memstore"
	"github.com/accessgraph/accessgraph/ingest/files"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
)

// TestPlantedChanges plants fifty changes of every kind into a generated organization. Each has a row, every grant that was gained or lost has a
// witness, and whoever has no row can do afterwards what it could before.
func TestPlantedChanges(t *testing.T) {
	if testing.Short() {
		t.Skip("it compares everybody's access with everybody's")
	}
	o := organization.Options{Accounts: 4, Principals: 26, Seed: 3, Changes: 50, Seed2: 5}
	s := memstore.New()
	var everybody []string
	for i, n := range []int{0, o.Changes} {
		one := o
		one.Changes = n
		dir := filepath.Join(t.TempDir(), "export")
		if err := organization.Write(dir, one); err != nil {
			t.Fatal(err)
		}
		f, _, err := files.Read(t.Context(), []string{dir}, files.Options{})
		if err != nil {
			t.Fatal(err)
		}
		e, err := graph.Publish(t.Context(), s, f, graph.Meta{Name: []string{"before", "after"}[i]})
		if err != nil {
			t.Fatal(err)
		}
		if err := evaluator.WriteIndex(t.Context(), s, e.Snapshot, f); err != nil {
			t.Fatal(err)
		}
		everybody = nil
		for _, a := range f.Accounts {
			for _, u := range a.Users {
				everybody = append(everybody, string(u.ARN))
			}
			for _, r := range a.Roles {
				everybody = append(everybody, string(r.ARN))
			}
		}
	}
	planted, err := organization.GenerateChanged(o, func(string, []byte) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	rows, _ := changesOf(t, s, "changes from @before to @after")
	changed := map[string]string{} // by id, what became of the entity
	access := map[string]string{}
	for _, r := range rows {
		if r.Section == answer.SectionFacts {
			changed[r.ID] = r.Change
			continue
		}
		if len(r.Gained)+len(r.Lost) == 0 {
			t.Errorf("%q has neither gained nor lost anything", r.Principals)
		}
		for _, g := range slices.Concat(r.Gained, r.Lost) {
			if g.Witness == nil || g.Verdict == answer.Unknown && len(g.Causes) == 0 {
				t.Errorf("%q: no witness of %q on %q: %s", r.Principals, g.Actions, g.Resources, g.Verdict)
			}
		}
		for _, p := range r.Principals {
			access[p] = r.Change
		}
	}
	for _, c := range planted {
		if changed[c.Entity] == "" {
			t.Errorf("%s of %s has no row (before %v, after %v)", c.Kind, c.Entity, c.Before, c.After)
		}
		if want := strings.TrimPrefix(c.Kind, "principal-"); want != c.Kind && access[c.Entity] != want {
			t.Errorf("%s is %s, and its access %q", c.Entity, want, access[c.Entity])
		}
	}
	same := 0
	for i, p := range everybody {
		if access[p] == "" && i%3 == 0 {
			same++
			before, after := canDo(t, s, p, "before", changed), canDo(t, s, p, "after", changed)
			if before != after {
				t.Errorf("%s has no row, and what it can do is otherwise (-before +after):\n%s", p, cmp.Diff(strings.Split(before, "\n"), strings.Split(after, "\n")))
			}
		}
	}
	t.Logf("%d rows, %d principals with other access, %d looked at of those without", len(rows), len(access), same)
}

// canDo is everything that a principal can do in a snapshot, without what proves it, and without what one of the snapshots alone has: the
// other one has it among all that is not there.
func canDo(t *testing.T, s graph.Store, principal, at string, changed map[string]string) string {
	t.Helper()
	a, err := query.Run(t.Context(), s, fmt.Sprintf("what can %s do at @%s", principal, at), query.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := answer.Collect(a.Rows)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range rows {
		w := *r.(*answer.WhatCan)
		w.Via, w.Witness = nil, nil
		w.Resources = slices.DeleteFunc(slices.Clone(w.Resources), func(arn string) bool { return changed[arn] == "added" || changed[arn] == "removed" })
		if len(w.Resources) == 0 {
			continue
		}
		for _, action := range w.Actions {
			for _, resource := range w.Resources {
				lines = append(lines, fmt.Sprintf("%s %s on %s when %s", w.Verdict, action, resource, w.Conditions))
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
