package verify_test

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	realistic "github.com/accessgraph/accessgraph/bench/orggen/organization"
	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/ingest/files"
)

var plantedPrincipals = flag.Int("planted", 18, "principals of each account of the organization that changes are planted into; the acceptance run has 40")

// TestPlantedChanges plants fifty changes of every kind into a made-up organization, and holds that the comparison finds them: requests that the
// changed documents speak of are decided in both states for everybody, and what differs is said, of whom nothing is said nothing differs,
// and of everybody of whom something is said it is true.
func TestPlantedChanges(t *testing.T) {
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	o := realistic.Options{Accounts: 4, Principals: *plantedPrincipals, Seed: 11}
	m := &twoMoments{cat: cat}
	var fleets [2]*evaluator.Fleet
	var planted []realistic.Change
	for x, n := range []int{0, 50} {
		o.Changes = n
		dir := t.TempDir()
		if planted, err = realistic.GenerateChanged(o, func(name string, data []byte) error {
			path := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			return os.WriteFile(path, data, 0o644)
		}); err != nil {
			t.Fatal(err)
		}
		facts, _, err := files.Read(t.Context(), []string{dir}, files.Options{})
		if err != nil {
			t.Fatal(err)
		}
		m.at[x] = newNaive(facts, cat)
		if fleets[x], err = evaluator.FleetOf(t.Context(), facts, cat); err != nil {
			t.Fatal(err)
		}
	}
	actions, resources := spokenOfIn(t, m, planted)
	got, ok, err := evaluator.CompareFleets(t.Context(), fleets[0], fleets[1], evaluator.Question{Actions: actions})
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	said := map[string]*evaluator.AccessChange{}
	for _, c := range got.Changes {
		for _, p := range c.Principals {
			said[p.ARN] = c
		}
	}
	kinds, found := map[string]int{}, 0
	for _, c := range planted {
		kinds[c.Kind]++
		change := said[c.Entity]
		switch {
		case c.Kind == "principal-added" && (change == nil || change.Presence != evaluator.Appeared),
			c.Kind == "principal-removed" && (change == nil || change.Presence != evaluator.Gone):
			t.Errorf("%s %s: %v", c.Kind, c.Entity, change)
		case change != nil:
			found++
		}
	}
	if err := m.checkOn(got, actions, resources); err != nil {
		t.Error(err)
	}
	t.Logf("%d changes of kinds %v: %d rows, of whom %d are what was changed; %d requests that differ of %d decided", len(planted), kinds, len(got.Changes), found, m.found, m.points)
	if len(kinds) < 12 || m.found == 0 {
		t.Errorf("%d kinds, %d requests that differ", len(kinds), m.found)
	}
}

// spokenOfIn lists actions that the changed parts name, with some others, and resources that they can be asked on.
func spokenOfIn(t *testing.T, m *twoMoments, planted []realistic.Change) (actions, resources []string) {
	text, err := json.Marshal(planted)
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{"sts:AssumeRole": true, "s3:GetObject": true, "kms:Decrypt": true, "iam:GetUser": true}
	for a := range m.cat.Actions("*") {
		if strings.Contains(string(text), `"`+a.Name+`"`) {
			named[a.Name] = true
		}
	}
	for a := range named {
		actions = append(actions, a)
	}
	slices.Sort(actions)
	all := map[string]bool{}
	for _, n := range m.at {
		for _, s := range n.strings(nil, actions) {
			all[s] = true
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for s := range all {
		resources = append(resources, s)
	}
	slices.Sort(resources)
	resources = slices.DeleteFunc(resources, func(s string) bool { return s != "*" && !strings.Contains(string(text), `"`+s+`"`) && r.IntN(100) >= 6 })
	return actions, resources
}
