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

// TestDamagedStores flips one bit in each of a number of copies of a store, in every file in turn, and cuts off each file: a query gives the
// answer of the whole store or exit code 4 and no answer, and verify names the file and exits with 1.
func TestDamagedStores(t *testing.T) {
	t.Run("plain", func(t *testing.T) { damageStores(t) })
	t.Run("encrypted", func(t *testing.T) {
		key := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(key, []byte(strings.Repeat("5e", 32)), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv(keyFileEnv, key)
		damageStores(t)
	})
}

func damageStores(t *testing.T) {
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
	silent, refused := 0, 0
	try := func(file string, damage func(t *testing.T, path string, r *rand.Rand) (how string)) {
		store := filepath.Join(dir, "damaged")
		if err := os.CopyFS(store, os.DirFS(whole)); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(store, 0o700); err != nil {
			t.Fatal(err)
		}
		place := damage(t, filepath.Join(store, file), r) + " of " + file
		answer, said, code := query(store)
		switch {
		case code == "0" && bytes.Equal(answer, want):
			silent++
		case code == "4" && len(answer) == 0 && bytes.HasPrefix(said, []byte("accessgraph: ")) && !bytes.Contains(said, []byte("goroutine")):
			refused++
		default:
			t.Errorf("%s: the query ends with %s and says %s%s", place, code, answer, said)
		}
		out, err := accessgraph(t, "snapshots", "verify", "--store", store).CombinedOutput()
		if code := exitCodeOf(err); code != "1" && !(code == "4" && strings.Contains(string(out), "another format")) {
			t.Errorf("%s: verify ends with %s and says %s", place, code, out)
		}
		if !strings.Contains(string(out), filepath.Base(file)) && !strings.Contains(string(out), "another format") {
			t.Errorf("%s: verify does not name the file: %s", place, out)
		}
		if err := os.RemoveAll(store); err != nil {
			t.Fatal(err)
		}
	}
	for n := range *flips {
		try(files[n%len(files)], flipBit)
	}
	for _, file := range files {
		for range 1 + *flips/50 {
			try(file, truncate)
		}
	}
	t.Logf("%d flips and truncations in %d files: %d queries were refused with exit code 4, %d gave the right answer; verify named the file each time",
		silent+refused, len(files), refused, silent)
}

// flipBit flips a random bit of a file and tells which.
func flipBit(t *testing.T, path string, r *rand.Rand) (how string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at, bit := r.IntN(len(data)), r.IntN(8)
	data[at] ^= 1 << bit
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("bit %d of byte %d", bit, at)
}

// truncate cuts a file at a random place and tells where.
func truncate(t *testing.T, path string, r *rand.Rand) (how string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	size := r.Int64N(info.Size())
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("all but %d bytes", size)
}
