package query_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/bench/orggen/organization"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
)

// TestShowExternal holds that what is external or public is what who outside can … says of each resource and role by itself.
func TestShowExternal(t *testing.T) {
	dir := t.TempDir()
	err := organization.Generate(organization.Options{Accounts: 1, Principals: 8, Seed: 3}, func(name string, data []byte) error {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.WriteFile(path, data, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	generated, err := engineOf(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]*query.Engine{"sample": sample(t), "generated": generated} {
		seen := map[bool]int{}
		for _, kind := range []struct{ show, lead, action, on string }{
			{"resources where external is not null and public is not null", "arn", "*", "%[2]s, %[2]s/*, %[2]s:*"},
			{"roles where external is not null", "principal", "sts:AssumeRole*", "%[2]s"},
		} {
			rows, _ := ask(t, e, "show "+kind.show)
			for i, r := range rows {
				if len(rows) > 30 && i%5 > 0 {
					continue // each is a question of its own
				}
				v, _ := r.Field(kind.lead)
				open, public := false, false
				outsiders, _ := ask(t, e, fmt.Sprintf("who outside can %[1]s on "+kind.on, kind.action, v))
				for _, o := range outsiders {
					w := o.(*answer.WhoCan)
					if w.Kind != "service" && !strings.Contains(w.Principal, ":saml-provider/AWSSSO_") {
						open, public = true, public || w.Kind == "public"
					}
				}
				if external, _ := r.Field("external"); external != open {
					t.Errorf("%s: %s is external: %v, and open to somebody outside: %t", name, v, external, open)
				}
				if anybody, known := r.Field("public"); known && anybody != public {
					t.Errorf("%s: %s is public: %v, and open to everybody: %t", name, v, anybody, public)
				}
				seen[open]++
			}
		}
		if seen[true] == 0 || seen[false] == 0 {
			t.Errorf("%s: %d are open and %d are not", name, seen[true], seen[false])
		}
	}
}
