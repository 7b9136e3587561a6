package main

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var flips = flag.Int("flips", 10, "copies of a store of which one bit is flipped")

// TestDamagedStores flips one bit in each of a number of copies of a store, in every file in turn: a query gives the answer of
// the whole store or exit code 4 and no answer, and verify finds the damage and exits with 1.
func TestDamagedStores(t *testing.T) {
	whole := ingestedSample(t)
	dir := filepath.Dir(whole)
	query := func(store string) (answer, said []byte, code string) {
		var stdout, stderr bytes.Buffer
		cmd := accessgraph(t, "query", "who can do kms:*", "-o", "json", "--at", "@sample", "--store", store)
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		code = exitCodeOf(cmd.Run())
		return stdout.Bytes(), stderr.Bytes(), code
	}
	want, said, code := query(whole)
	if code != "0" {
		t.Fatalf("exit code %s: %s", code, said)
	}
	var files []string
	err := filepath.WalkDir(whole, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "LOCK" {
			rel, relErr := filepath.Rel(whole, path)
			files, err = append(files, rel), relErr
		}
		return err
	})
	if err != nil || len(files) < 5 {
		t.Fatalf("files %q, %v", files, err)
	}
	r := rand.New(rand.NewPCG(11, 12))
	silent := 0
	for n := range *flips {
		store := filepath.Join(dir, "damaged")
		if err := os.CopyFS(store, os.DirFS(whole)); err != nil {
			t.Fatal(err)
		}
		place := flipBit(t, store, files[n%len(files)], r)
		answer, said, code := query(store)
		switch {
		case code == "0" && bytes.Equal(answer, want):
			silent++
		case code != "4" || len(answer) > 0 || !bytes.HasPrefix(said, []byte("accessgraph: ")) || bytes.Contains(said, []byte("goroutine")):
			t.Errorf("%s: the query ends with %s and says %s%s", place, code, answer, said)
		}
		out, err := accessgraph(t, "snapshots", "verify", "--store", store).CombinedOutput()
		if code := exitCodeOf(err); code != "1" && !(code == "4" && strings.Contains(string(out), "another format")) {
			t.Errorf("%s: verify ends with %s and says %s", place, code, out)
		}
		if err := os.RemoveAll(store); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d flips did not concern the query", silent, *flips)
}

// flipBit flips a random bit of a file below dir and gives its place.
func flipBit(t *testing.T, dir, file string, r *rand.Rand) (place string) {
	t.Helper()
	path := filepath.Join(dir, file)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at, bit := r.IntN(len(data)), r.IntN(8)
	data[at] ^= 1 << bit
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("bit %d of byte %d of %s", bit, at, file)
}
