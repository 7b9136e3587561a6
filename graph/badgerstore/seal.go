package badgerstore

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/accessgraph/accessgraph/graph"
)

// Key is the secret that a store is encrypted with: 32 random bytes.
type Key [32]byte

// ParseKey reads a key as it is kept in files and printed by commands: 64 hexadecimal digits, base64 of 32 bytes, or just 32 bytes.
func ParseKey(text []byte) (Key, error) {
	if len(text) == len(Key{}) {
		return Key(text), nil
	}
	trimmed := string(bytes.TrimSpace(text))
	for _, decode := range []func(string) ([]byte, error){hex.DecodeString, base64.StdEncoding.DecodeString, base64.RawStdEncoding.DecodeString, base64.RawURLEncoding.DecodeString} {
		if raw, err := decode(trimmed); err == nil && len(raw) == len(Key{}) {
			return Key(raw), nil
		}
	}
	return Key{}, fmt.Errorf("%d bytes that are no key: want 32 random bytes as 64 hexadecimal digits or in base64, as `openssl rand -hex 32` prints", len(text))
}

// seal encrypts and decrypts what a store writes; nil leaves it as it is. A store's keys are derived from the user's and from a salt, so that
// two stores of one key share none.
type seal struct {
	aead  cipher.AEAD // of the files of this package
	packs []byte      // the key that Badger encrypts a pack with
	names []byte      // of the names of files that are named after what is in them
}

// lockbox is the KEY file: what tells the right key from others.
type lockbox struct {
	Cipher string `json:"cipher"`
	Salt   string `json:"salt"`
	Check  string `json:"check"` // derived from the key, and tells nothing of it
}

const (
	keyName   = "KEY"
	keyStart  = "accessgraph key sha256 "
	keyCipher = "AES-256-GCM"
	saltBytes = 32
)

// newSeal makes the keys of a new store, and writes what tells them later.
func newSeal(dir string, key Key) (*seal, error) {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // it does not fail
	s, check, err := derive(key, salt)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(lockbox{keyCipher, hex.EncodeToString(salt), hex.EncodeToString(check)})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	return s, writeDurably(dir, keyName, append([]byte(keyStart+hex.EncodeToString(sum[:])+"\n"), body...))
}

// openSeal gives the keys of a store; the error is graph.ErrKey when key is another store's.
func openSeal(dir string, key Key) (*seal, error) {
	path := filepath.Join(dir, keyName)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, damaged(path, "is missing")
	}
	if err != nil {
		return nil, readError(path, err)
	}
	first, body, _ := bytes.Cut(data, []byte("\n"))
	sum := sha256.Sum256(body)
	var box lockbox
	if string(first) != keyStart+hex.EncodeToString(sum[:]) || json.Unmarshal(body, &box) != nil {
		return nil, damaged(path, "its content does not have the hash it claims")
	}
	salt, err := hex.DecodeString(box.Salt)
	if err != nil || box.Cipher != keyCipher {
		return nil, damaged(path, "it is for the cipher %q", box.Cipher)
	}
	s, check, err := derive(key, salt)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal([]byte(hex.EncodeToString(check)), []byte(box.Check)) {
		return nil, keyError(dir, "it is encrypted with another key", "give the key that it was made with; without it, nothing of it can be read")
	}
	return s, nil
}

// keyError is the error for a key that a store needs, or does not.
func keyError(dir, what, hint string) error {
	return &graph.StoreError{Path: dir, What: what, Err: graph.ErrKey, Hint: hint}
}

// derive makes a store's keys, and what is published of them.
func derive(key Key, salt []byte) (s *seal, check []byte, err error) {
	sub := func(of string) []byte {
		k, subErr := hkdf.Key(sha256.New, key[:], salt, "accessgraph store "+of, 32)
		err = errors.Join(err, subErr)
		return k
	}
	s = &seal{packs: sub("packs"), names: sub("names")}
	files, check := sub("files"), sub("check")
	if err != nil {
		return nil, nil, err
	}
	block, err := aes.NewCipher(files)
	if err != nil {
		return nil, nil, err
	}
	s.aead, err = cipher.NewGCMWithRandomNonce(block)
	return s, check, err
}

// close gives data as it is written into a file that is what.
func (s *seal) close(what string, data []byte) []byte {
	if s == nil {
		return data
	}
	return s.aead.Seal(nil, nil, data, []byte(what))
}

// open is the reverse of close.
func (s *seal) open(path, what string, data []byte) ([]byte, error) {
	if s == nil {
		return data, nil
	}
	out, err := s.aead.Open(nil, nil, data, []byte(what))
	if err != nil {
		return nil, damaged(path, "it cannot be decrypted, so it is not what was written")
	}
	return out, nil
}

// name gives the name of the file for something that is called name; the names of snapshots and keys of stages would tell what they are.
func (s *seal) name(of, name string) string {
	if s == nil {
		return name
	}
	mac := hmac.New(sha256.New, s.names)
	mac.Write([]byte(of + "\x00" + name))
	return hex.EncodeToString(mac.Sum(nil))
}
