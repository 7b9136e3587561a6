package main

import (
	"bytes"
	"flag"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var kills = flag.Int("kills", 12, "processes that write to a store and are killed")

// TestKilled kills ingest, rm and gc at random moments: the snapshots of before answer as they did, nothing is damaged, and the next command
// works.
func TestKilled(t *testing.T) {
	dir := ingestedSample(t)
	must := func(args ...string) string {
		t.Helper()
		var stderr bytes.Buffer
		cmd := accessgraph(t, append(args, "--store", dir)...)
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%q: %v\n%s%s", args, err, out, &stderr)
		}
		return string(out)
	}
	must("snapshots", "tag", "@sample", "base")
	ask := func() string { return must("query", "who can do kms:*", "--at", "@base", "-o", "json") }
	want := ask()
	exports, err := filepath.Glob(filepath.Join(sampleOrganization, "*", ""))
	if err != nil || len(exports) < 4 {
		t.Fatal(exports, err)
	}
	exports = slices.DeleteFunc(exports, func(path string) bool { return strings.HasSuffix(path, ".json") })
	r := rand.New(rand.NewPCG(5, 6))
	commands := []func() []string{
		func() []string { return []string{"ingest", "files", exports[r.IntN(len(exports))], "-q"} },
		func() []string { return []string{"snapshots", "rm", "@latest"} },
		func() []string { return []string{"snapshots", "gc", "--keep-last", "2", "-q"} },
	}
	took := make([]time.Duration, len(commands)) // the longest that each took so far
	for i, command := range commands {
		must("ingest", "files", exports[i], "-q")
		start := time.Now()
		must(command()...)
		took[i] = time.Since(start)
	}
	killed := make([]int, len(commands))
	for n := range *kills {
		i := n % len(commands)
		must("ingest", "files", exports[r.IntN(len(exports))], "-q")
		cmd := accessgraph(t, append(commands[i](), "--store", dir)...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(r.Int64N(int64(took[i]))))
		_ = cmd.Process.Kill() // it may have ended by itself
		switch code := exitCodeOf(cmd.Wait()); code {
		case "-1":
			killed[i]++
		case "0":
		default:
			t.Errorf("%q ended with %s: %s", cmd.Args, code, &stderr)
		}
		must("snapshots", "verify")
		if got := ask(); got != want {
			t.Fatalf("%q: the answer of the earlier snapshot changed: %s", cmd.Args, got)
		}
	}
	t.Logf("killed under way: %d ingests, %d rm, %d gc of %d", killed[0], killed[1], killed[2], *kills)
	if slices.Min(killed) == 0 {
		t.Errorf("no command of some kind was killed under way: %v", killed)
	}
	must("snapshots", "gc", "--keep-last", "1")
	must("ingest", "files", sampleOrganization, "-q")
	must("snapshots", "verify")
	wantNothingLeft(t, dir)
}

// wantNothingLeft holds that no unfinished file stands in a store.
func wantNothingLeft(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Dir(path) == dir && (d.Name() == "tmp" || strings.Contains(d.Name(), ".new-")) {
			t.Errorf("%s was left behind", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if packs, err := filepath.Glob(filepath.Join(dir, "packs", "*")); err != nil || len(packs) > 8 {
		t.Errorf("%d packs stand there, %v", len(packs), err)
	}
}
