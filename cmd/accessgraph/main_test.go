package main

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"accessgraph": main})
}

// TestScripts runs testdata/script: what users type, and what they get.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "profile": profile, "sameid": sameID},
		Setup: func(env *testscript.Env) error {
			env.Setenv("ACCESSGRAPH_STORE", filepath.Join(env.WorkDir, "store"))
			env.Setenv("HOME", env.WorkDir)
			sample, err := filepath.Abs(filepath.Join("..", "..", "testdata", "sample", "org"))
			if err != nil {
				return err
			}
			env.Setenv("SAMPLE", sample)
			// Questions that are too much for a script to hold.
			for name, text := range map[string]string{
				"long":  strings.Repeat("who can do kms:* ", 1<<16),
				"deep":  "who can do kms:* when " + strings.Repeat("(", 60_000),
				"bytes": "who can do kms:* in ou \xff",
			} {
				if err := os.WriteFile(filepath.Join(env.WorkDir, name), []byte(text), 0o600); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

// exits CODE ARG… runs accessgraph and wants that exit code; stdout and stderr are for the commands that follow.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: exits CODE ARG…")
	}
	err := ts.Exec("accessgraph", args[1:]...)
	if got := exitCodeOf(err); got != args[0] {
		ts.Fatalf("exit code is %s, want %s (%v)", got, args[0], err)
	}
}

// profile FILE… wants each to be what runtime/pprof writes: gzip with something in it.
func profile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: profile FILE…")
	}
	for _, name := range args {
		in, err := gzip.NewReader(strings.NewReader(ts.ReadFile(name)))
		if err != nil {
			ts.Fatalf("%s: %v", name, err)
		}
		if n, err := io.Copy(io.Discard, in); err != nil || n == 0 {
			ts.Fatalf("%s holds %d bytes, %v", name, n, err)
		}
	}
}

// sameid FILE… wants all to name one snapshot by its id, and no other.
func sameID(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: sameid FILE FILE…")
	}
	ids := map[string]bool{}
	for _, name := range args {
		text := ts.ReadFile(name)
		found := regexp.MustCompile(`(?:"id": "|Z,)([0-9a-f]{64})\b`).FindAllStringSubmatch(text, -1)
		if len(found) == 0 {
			ts.Fatalf("%s names no snapshot: %s", name, text)
		}
		for _, m := range found {
			ids[m[1]] = true
		}
	}
	if len(ids) != 1 {
		ts.Fatalf("%d snapshots are named: %v", len(ids), ids)
	}
}
