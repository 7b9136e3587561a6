package badgerstore

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/storetest"
)

// testKey is the key of encrypted stores in tests.
func testKey() Key { return Key([]byte("a secret of thirty-two bytes, ok")) }

func TestEncryptedConformance(t *testing.T) {
	storetest.Run(t, func(t testing.TB) graph.Store { return newStore(t, WithKey(testKey())) })
}

func TestParseKey(t *testing.T) {
	want := testKey()
	for name, text := range map[string]string{
		"raw": string(want[:]), "hex": hex.EncodeToString(want[:]), "hex with a line end": strings.ToUpper(hex.EncodeToString(want[:])) + "\r\n",
		"base64": base64.StdEncoding.EncodeToString(want[:]) + "\n", "base64 without padding": " " + base64.RawURLEncoding.EncodeToString(want[:]),
	} {
		if got, err := ParseKey([]byte(text)); err != nil || got != want {
			t.Errorf("%s: %x, %v", name, got, err)
		}
	}
	for _, text := range []string{"", "secret", hex.EncodeToString(want[:31]), hex.EncodeToString(want[:]) + "00", strings.Repeat("x", 64)} {
		if _, err := ParseKey([]byte(text)); err == nil || !strings.Contains(err.Error(), "openssl rand -hex 32") || text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%q: the error is %v", text, err)
		}
	}
}

// TestKeys opens stores with the right key, the wrong one and none.
func TestKeys(t *testing.T) {
	sealed, plain := newStore(t, WithKey(testKey())), newStore(t)
	for _, s := range []*Store{sealed, plain} {
		publish(t, s, storetest.Account("000000000001", 3))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	other := testKey()
	other[31] ^= 1
	for _, open := range []func(string, ...Option) (*Store, error){Open, Create} {
		for _, test := range []struct {
			store *Store
			with  []Option
			say   string
		}{
			{sealed, nil, "it is encrypted, and no key was given"},
			{sealed, []Option{WithKey(other)}, "it is encrypted with another key"},
			{plain, []Option{WithKey(other)}, "it is not encrypted, and a key was given"},
		} {
			_, err := open(test.store.dir, test.with...)
			if !errors.Is(err, graph.ErrKey) || errors.Is(err, graph.ErrDamaged) || !strings.Contains(err.Error(), test.say) {
				t.Errorf("the error is %v, want %q", err, test.say)
			}
		}
		s, err := open(sealed.dir, WithKey(testKey()))
		if err != nil {
			t.Fatal(err)
		}
		if err := readAll(sealed.dir, WithKey(testKey())); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestNothingLegible looks for what was stored in the files of an encrypted store and in their names.
func TestNothingLegible(t *testing.T) {
	s := fullStore(t, tailBytes, 0, WithKey(testKey()))
	history, err := s.History(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutDerived(context.Background(), "segments-1-"+string(history[0].Snapshot), []byte("derived bytes")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	plain := fullStore(t, tailBytes, 0)
	if err := plain.Close(); err != nil {
		t.Fatal(err)
	}
	id, ok := graph.ParseHash(string(history[0].Snapshot))
	if !ok {
		t.Fatal(history)
	}
	secrets := []string{"000000000000", "AROA", "app-0", "dynamodb", "kms", "name-0", "source", "prod", "history", "derived", "staged", "stage/", "segments", "sha256",
		string(history[0].Snapshot)[:12]}
	found := map[string]int{}
	for _, dir := range []string{plain.dir, s.dir} {
		files, _ := storeFiles(t, dir)
		for _, path := range files {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			name, err := filepath.Rel(dir, path)
			if err != nil {
				t.Fatal(err)
			}
			base := filepath.Base(path)
			if dir == s.dir && (base == formatName || base == keyName) {
				continue
			}
			for _, secret := range secrets {
				inName := strings.Contains(strings.TrimPrefix(strings.TrimPrefix(name, derivedName), stagingName), secret)
				if !inName && !bytes.Contains(data, []byte(secret)) && !bytes.Contains(data, id[:12]) {
					continue
				}
				if found[secret]++; dir == s.dir {
					t.Errorf("%q can be read in %s", secret, name)
				}
			}
		}
	}
	for _, secret := range []string{"name-0", "source", "prod", "history", "derived", "staged", "sha256"} { // what is not compressed in a plain store
		if found[secret] == 0 {
			t.Errorf("the test does not find %q in a plain store either", secret)
		}
	}
}

// TestSwappedFiles puts one encrypted file in the place of another: a right file in the wrong place is damage.
func TestSwappedFiles(t *testing.T) {
	ctx := context.Background()
	s := newStore(t, WithKey(testKey()))
	defer s.Close()
	for _, name := range []string{"a", "b"} {
		if err := errors.Join(s.PutDerived(ctx, name, []byte(name)), s.Stage(ctx, name, "key", []byte(name))); err != nil {
			t.Fatal(err)
		}
	}
	for _, pair := range [][2]string{
		{filepath.Join(derivedName, s.seal.name(derivedName, "a")), filepath.Join(derivedName, s.seal.name(derivedName, "b"))},
		{filepath.Join(derivedName, s.seal.name(derivedName, "a")), manifestName},
	} {
		data, err := os.ReadFile(filepath.Join(s.dir, pair[0]))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.dir, pair[1]), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Derived(ctx, "b"); !errors.Is(err, graph.ErrDamaged) {
		t.Errorf("another blob in its place says %v", err)
	}
	if _, err := s.History(ctx); !errors.Is(err, graph.ErrDamaged) {
		t.Errorf("a blob in the place of the manifest says %v", err)
	}
}
