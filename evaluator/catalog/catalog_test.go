package catalog

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/accessgraph/accessgraph/evaluator/catalog/internal/format"
)

var update = flag.Bool("update", false, "rewrite golden files")

func open(t testing.TB) *Catalog {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestGolden pins what the embedded data says in total, so that a new version of it shows what has changed.
func TestGolden(t *testing.T) {
	c := open(t)
	var b strings.Builder
	fmt.Fprintf(&b, "version %s\ndate %s\n\n", c.Version(), c.Date())
	levels := map[string]int{}
	actions, types := 0, 0
	var rows []string
	for _, prefix := range c.Services() {
		s, ok := c.Service(prefix)
		if !ok {
			t.Fatalf("service %s of the list is not found", prefix)
		}
		for _, a := range s.Actions {
			levels[a.Access.String()]++
		}
		actions += len(s.Actions)
		types += len(s.ResourceTypes)
		rcp := ""
		if s.RCP {
			rcp = " rcp"
		}
		rows = append(rows, fmt.Sprintf("%s actions %d types %d keys %d%s", prefix, len(s.Actions), len(s.ResourceTypes), len(s.ConditionKeys), rcp))
	}
	fmt.Fprintf(&b, "services %d\nactions %d\nresource types %d\ncondition keys %d\nglobal keys %d\n\n",
		len(rows), actions, types, len(c.keys().all), len(c.GlobalKeys()))
	for _, l := range sorted(levels) {
		fmt.Fprintf(&b, "%s: %d\n", l, levels[l])
	}
	b.WriteString("\n" + strings.Join(rows, "\n") + "\n")
	golden := filepath.Join("testdata", "summary.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("the data has changed (-golden +now); run with -update if that is meant:\n%s", diff)
	}
}

func sorted(m map[string]int) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

func TestAction(t *testing.T) {
	c := open(t)
	tests := []struct {
		name      string
		canonical string
		access    AccessLevel
		resources []string
	}{
		{"kms:decrypt", "kms:Decrypt", Write, []string{"key"}},
		{"KMS:CREATEGRANT", "kms:CreateGrant", Write | PermissionsManagement, []string{"key"}},
		{"kms:CreateAlias", "kms:CreateAlias", Write, []string{"alias", "key"}},
		{"iam:PassRole", "iam:PassRole", Write, []string{"role"}},
		{"s3:GetObject", "s3:GetObject", Read, []string{"accesspointobject", "object"}},
		{"s3:ListAllMyBuckets", "s3:ListAllMyBuckets", List, nil},
		{"sts:AssumeRole", "sts:AssumeRole", Write, []string{"role"}},
		{"ec2:CreateTags", "ec2:CreateTags", Write | Tagging, nil},
	}
	for _, tt := range tests {
		a, ok := c.Action(tt.name)
		if !ok {
			t.Errorf("%s is not found", tt.name)
			continue
		}
		if a.Name != tt.canonical || a.Access != tt.access {
			t.Errorf("%s is %s with access %s, want %s with %s", tt.name, a.Name, a.Access, tt.canonical, tt.access)
		}
		if got, _ := c.Canonical(tt.name); got != tt.canonical {
			t.Errorf("Canonical(%s) = %s, want %s", tt.name, got, tt.canonical)
		}
		if a.Name == "ec2:CreateTags" {
			continue // takes most of EC2's types
		}
		var types []string
		for _, r := range a.Resources {
			types = append(types, r.Type.Name)
		}
		if !slices.Equal(types, tt.resources) {
			t.Errorf("%s acts on %v, want %v", tt.name, types, tt.resources)
		}
	}
	for _, name := range []string{"", ":", "kms", "kms:", "kms:Nothing", "nothing:Decrypt", "kms:Decrypt:x", "kms:*"} {
		if _, ok := c.Action(name); ok {
			t.Errorf("%q is found", name)
		}
		if _, ok := c.Canonical(name); ok {
			t.Errorf("%q has a canonical form", name)
		}
	}
}

func TestActions(t *testing.T) {
	c := open(t)
	kms, _ := c.Service("KMS")
	tests := []struct {
		pattern string
		want    func(name string) bool
	}{
		{"kms:*", func(n string) bool { return strings.HasPrefix(n, "kms:") }},
		{"KMS:decrypt", func(n string) bool { return n == "kms:Decrypt" }},
		{"kms:De*t", func(n string) bool { return strings.HasPrefix(n, "kms:De") && strings.HasSuffix(n, "t") }},
		{"kms:Enc?ypt", func(n string) bool { return n == "kms:Encrypt" }},
		{"s3*:GetObject", func(n string) bool { return strings.HasPrefix(n, "s3") && strings.HasSuffix(n, ":GetObject") }},
		{"*:TagResource", func(n string) bool { return strings.HasSuffix(n, ":TagResource") }},
		{"k*crypt", func(n string) bool { return strings.HasPrefix(n, "k") && strings.HasSuffix(n, "crypt") }},
		{"?ms:Decrypt", func(n string) bool { return n == "kms:Decrypt" }},
		{"nothing:*", func(string) bool { return false }},
		{"", func(string) bool { return false }},
		{"*", func(string) bool { return true }},
	}
	for _, tt := range tests {
		var want, got []string
		for _, prefix := range c.Services() {
			s, _ := c.Service(prefix)
			for _, a := range s.Actions {
				if tt.want(a.Name) {
					want = append(want, a.Name)
				}
			}
		}
		for a := range c.Actions(tt.pattern) {
			got = append(got, a.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("Actions(%q): %d actions, want %d", tt.pattern, len(got), len(want))
		}
	}
	n := 0
	for range c.Actions("kms:*") {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 || len(kms.Actions) < 50 {
		t.Errorf("stopped after %d of %d actions", n, len(kms.Actions))
	}
}

// TestSorted: binary search and the order of answers rest on it.
func TestSorted(t *testing.T) {
	c := open(t)
	if !slices.IsSorted(c.Services()) {
		t.Error("services are not sorted")
	}
	for _, prefix := range c.Services() {
		s, _ := c.Service(prefix)
		if s.Prefix != prefix || s.Name == "" {
			t.Errorf("service %s is named %q, prefix %s", prefix, s.Name, s.Prefix)
		}
		for i, a := range s.Actions {
			if i > 0 && compareFold(s.Actions[i-1].Name, a.Name) >= 0 {
				t.Errorf("%s comes before %s", s.Actions[i-1].Name, a.Name)
			}
			if a.Access == 0 || a.Service != s {
				t.Errorf("%s has no access level or another service", a.Name)
			}
		}
	}
}

func TestLazy(t *testing.T) {
	c := open(t)
	expanded := func() (out []string) {
		for i := range c.services {
			if c.services[i].service != nil {
				out = append(out, c.file.Entries[i].Prefix)
			}
		}
		return out
	}
	if !c.Known("kms") || c.Known("kmss") {
		t.Error("Known is wrong about kms or kmss")
	}
	if got := expanded(); got != nil {
		t.Errorf("Load expanded %v", got)
	}
	for range c.Actions("kms:*") {
	}
	if _, ok := c.Action("iam:PassRole"); !ok {
		t.Error("iam:PassRole is not found")
	}
	if got := expanded(); !slices.Equal(got, []string{"iam", "kms"}) {
		t.Errorf("expanded %v, want iam and kms only", got)
	}
}

func TestConcurrent(t *testing.T) {
	c := open(t)
	var wg sync.WaitGroup
	counts := make([]int, 4)
	for i := range counts {
		wg.Go(func() {
			for range c.Actions("s*:*") {
				counts[i]++
			}
			if info, ok := c.ConditionKey("aws:TagKeys"); !ok || !info.Multivalued {
				counts[i] = -1
			}
		})
	}
	wg.Wait()
	for _, n := range counts {
		if n < 1000 || n != counts[0] {
			t.Errorf("readers saw %v actions", counts)
			break
		}
	}
}

// TestDamage: a changed byte anywhere is noticed when the catalogue is opened.
func TestDamage(t *testing.T) {
	for _, data := range []string{"", "AGCATALOG1\n", embedded[:len(embedded)-1], "AGCATALOG2\n" + embedded[11:], embedded + "x"} {
		if _, err := load(data); !errors.Is(err, format.ErrDamaged) {
			t.Errorf("%d bytes: error %v, want ErrDamaged", len(data), err)
		}
	}
	for at := 0; at < len(embedded); at += 9973 {
		b := []byte(embedded)
		b[at] ^= 4
		if _, err := load(string(b)); !errors.Is(err, format.ErrDamaged) {
			t.Errorf("byte %d changed: error %v, want ErrDamaged", at, err)
		}
	}
}

func TestAccessLevel(t *testing.T) {
	for text, want := range map[string]AccessLevel{
		"Write": Write, "tagging, write": Tagging | Write, "Permissions management, Write": PermissionsManagement | Write,
		"permissions": PermissionsManagement, "List": List, "READ": Read,
	} {
		got, ok := ParseAccessLevels(text)
		if !ok || got != want {
			t.Errorf("ParseAccessLevels(%q) = %v, %v", text, got, ok)
		}
		if back, ok := ParseAccessLevels(got.String()); !ok || back != want {
			t.Errorf("%q does not read back", got.String())
		}
	}
	for _, text := range []string{"", "Writes", "Write,", "List Read"} {
		if _, ok := ParseAccessLevels(text); ok {
			t.Errorf("ParseAccessLevels(%q) is accepted", text)
		}
	}
}

func TestNearest(t *testing.T) {
	c := open(t)
	tests := []struct {
		name string
		want []string
	}{
		{"kms:Decrypt", []string{"kms:Decrypt"}},
		{"kms:Decrpyt", []string{"kms:Decrypt"}},
		{"kms:decript", []string{"kms:Decrypt"}},
		{"iam:PasRole", []string{"iam:PassRole"}},
		{"kma:Decrypt", []string{"kms:Decrypt"}},
		{"iam:AssumeRole", []string{"sts:AssumeRole"}},
		{"AssumeRole", []string{"sts:AssumeRole"}},
	}
	for _, tt := range tests {
		got := c.Nearest(tt.name)
		if len(got) < len(tt.want) || !slices.Equal(got[:len(tt.want)], tt.want) || len(got) > maxNearest {
			t.Errorf("Nearest(%q) = %v, want %v first", tt.name, got, tt.want)
		}
	}
	for _, name := range []string{"", ":", "zzzzzzzz:Qqqqqqqqq", strings.Repeat("a", 1<<20) + ":x"} {
		if got := c.Nearest(name); len(got) != 0 {
			t.Errorf("Nearest of %d characters = %v, want none", len(name), got)
		}
	}
}
