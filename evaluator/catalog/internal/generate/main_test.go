package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCommitted: the committed file is what the pinned package gives.
func TestCommitted(t *testing.T) {
	path, err := cachedTarball()
	if err != nil {
		t.Skip("no cache folder, so no package to generate from:", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the package is not at %s; `go generate ./evaluator/catalog` fetches it", path)
	}
	file, license, err := generate(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, now := range map[string][]byte{catalogFile: file, licenseFile: license} {
		committed, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(committed, now) {
			t.Errorf("%s differs from what the package gives: %d bytes committed, %d generated", name, len(committed), len(now))
		}
	}
	again, _, err := generate(path)
	if err != nil || !bytes.Equal(again, file) {
		t.Errorf("generating twice gives different bytes (error %v)", err)
	}
}

func TestIntegrity(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other.tgz")
	if err := os.WriteFile(path, []byte("not the package"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := generate(path); err == nil || !strings.Contains(err.Error(), "integrity") {
		t.Errorf("a file with another hash gives %v", err)
	}
}

func TestGlobalKeys(t *testing.T) {
	keys := globalKeys("[{\n key: 'aws:X/tag-key',\n category: 'c',\n type: 'String',\n},{ key: 'aws:Y', category: 'c', type: 'ArrayOfARN' }]")
	if len(keys) != 2 || keys[0] != (keyRecord{"aws:X/${TagKey}", "String"}) || keys[1] != (keyRecord{"aws:Y", "ArrayOfARN"}) {
		t.Errorf("keys are %+v", keys)
	}
}

func small() *npmPackage {
	return &npmPackage{
		Version: "1", UpdatedAt: "2026-01-02T03:04:05Z", names: map[string]string{"svc": "Service"}, rcp: []string{"svc"},
		globals: []keyRecord{{"aws:X", "String"}},
		actions: map[string]map[string]actionRecord{"svc": {
			"do":   {Name: "Do", AccessLevel: "Write", ResourceTypes: []resourceRecord{{Name: "thing", Required: true}}, ConditionKeys: []string{"svc:K", "svc:k"}},
			"look": {Name: "Look", AccessLevel: "List"},
		}},
		types:    map[string]map[string]typeRecord{"svc": {"thing": {Key: "thing", ARN: "arn:x", ConditionKeys: []string{"svc:K"}}}},
		keyPages: map[string]map[string]keyRecord{"svc": {"svc:k": {"svc:K", "Bool"}}},
	}
}

func TestBuild(t *testing.T) {
	d, err := build(small())
	if err != nil {
		t.Fatal(err)
	}
	s := d.Services[0]
	if d.Date != "2026-01-02" || len(s.Actions) != 2 || s.Actions[0].Name != "Do" || !s.RCP || s.Name != "Service" {
		t.Errorf("built %+v", d)
	}
	if list := s.KeyLists[s.Actions[0].Keys]; len(list) != 1 || d.Keys[s.Keys[list[0]]].Name != "svc:K" {
		t.Errorf("Do has keys %v of %v", list, d.Keys)
	}
	if r := s.ResourceLists[s.Actions[0].Resources]; len(r) != 1 || !r[0].Required || s.Types[r[0].Type].Name != "thing" {
		t.Errorf("Do acts on %+v", r)
	}
	broken := map[string]func(*npmPackage){
		"access level":  func(p *npmPackage) { p.actions["svc"]["do"] = actionRecord{Name: "Do", AccessLevel: "Odd"} },
		"resource type": func(p *npmPackage) { delete(p.types["svc"], "thing") },
		"condition key": func(p *npmPackage) { p.keyPages["svc"] = nil },
		"unknown type":  func(p *npmPackage) { p.globals[0].Type = "Odd" },
		"want a name":   func(p *npmPackage) { p.names = nil },
	}
	for want, breakIt := range broken {
		p := small()
		breakIt(p)
		if _, err := build(p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error about %q, got %v", want, err)
		}
	}
}
