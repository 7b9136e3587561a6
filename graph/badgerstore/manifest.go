package badgerstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
)

// The versions of everything on disk. They change when an older program could not read a newer store.
const (
	formatNumber    = 1
	formatEncrypted = 2 // format 1, and all but FORMAT, KEY and LOCK is encrypted
)

const (
	formatName    = "FORMAT"
	formatPrefix  = "accessgraph store format "
	manifestName  = "MANIFEST"
	manifestStart = "accessgraph manifest sha256 "
	lockName      = "LOCK"
	packsName     = "packs"
	tmpName       = "tmp"
	derivedName   = "derived"
	stagingName   = "staging"
)

// manifest says what the store holds. A store is what its manifest says; everything else on disk is not there.
type manifest struct {
	Packs    []packRef        `json:"packs"`
	NextPack int64            `json:"next_pack"`
	Next     int64            `json:"next"` // number of the next entry
	History  []graph.Entry    `json:"history"`
	Refs     map[string]int64 `json:"refs"`

	sum string // of the file it was read from
}

// packRef names a pack and pins its PACK file, which pins the rest.
type packRef struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // of the PACK file
	Bytes  int64  `json:"bytes"`  // of content, before compression
}

// clone gives a manifest that can be changed.
func (m *manifest) clone() *manifest {
	c := *m
	c.Packs = append([]packRef(nil), m.Packs...)
	c.History = append([]graph.Entry(nil), m.History...)
	c.Refs = map[string]int64{}
	for name, number := range m.Refs {
		c.Refs[name] = number
	}
	return &c
}

// write publishes the manifest.
func (m *manifest) write(dir string, s *seal) error {
	body, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	m.sum = hex.EncodeToString(sum[:])
	return writeDurably(dir, manifestName, s.close(manifestName, append([]byte(manifestStart+m.sum+"\n"), body...)))
}

// readManifest reads and checks the manifest of a store.
func readManifest(dir string, s *seal) (*manifest, error) {
	path := filepath.Join(dir, manifestName)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, damaged(path, "is missing")
	}
	if err != nil {
		return nil, readError(path, err)
	}
	if data, err = s.open(path, manifestName, data); err != nil {
		return nil, err
	}
	first, body, _ := bytes.Cut(data, []byte("\n"))
	sum := sha256.Sum256(body)
	m := &manifest{sum: hex.EncodeToString(sum[:])}
	if string(first) != manifestStart+m.sum {
		return nil, damaged(path, "its content does not have the hash it claims")
	}
	if err := json.Unmarshal(body, m); err != nil {
		return nil, damaged(path, "%v", err)
	}
	return m, nil
}

// checkFormat reads FORMAT, and tells whether the store is encrypted, or what is there when it is not a store of these formats.
func checkFormat(dir string) (encrypted bool, err error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, &graph.StoreError{Path: dir, What: "the directory does not exist", Err: graph.ErrNoStore, Hint: "run accessgraph ingest first, or name the right directory with --store"}
	case err != nil:
		return false, readError(dir, err)
	case !info.IsDir():
		return false, &graph.StoreError{Path: dir, What: "is a file, not a directory", Err: graph.ErrNoStore, Hint: "name a directory with --store"}
	}
	path := filepath.Join(dir, formatName)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, withoutFormat(dir)
	}
	if err != nil {
		return false, readError(path, err)
	}
	number, ok := strings.CutPrefix(strings.TrimSuffix(string(data), "\n"), formatPrefix)
	n, err := strconv.Atoi(number)
	if !ok || err != nil || string(data) != formatPrefix+number+"\n" || strconv.Itoa(n) != number {
		return false, damaged(path, "does not begin as the file of a store does")
	}
	if n != formatNumber && n != formatEncrypted {
		return false, &graph.StoreError{Path: dir, What: fmt.Sprintf("it has format %d and this program reads formats %d and %d", n, formatNumber, formatEncrypted), Err: graph.ErrFormat,
			Hint: "use the version of accessgraph that wrote it, or ingest again into a new directory"}
	}
	return n == formatEncrypted, nil
}

// withoutFormat says what a directory without a FORMAT file is: a store that lost it, or no store.
func withoutFormat(dir string) error {
	if packs, err := os.ReadDir(filepath.Join(dir, packsName)); err == nil && len(packs) > 0 {
		return damaged(filepath.Join(dir, formatName), "is missing, though there are packs")
	}
	if m, err := readManifest(dir, nil); err == nil && len(m.History) > 0 {
		return damaged(filepath.Join(dir, formatName), "is missing, though there is a history")
	}
	return &graph.StoreError{Path: dir, What: "the directory has no " + formatName + " file", Err: graph.ErrNoStore, Hint: "run accessgraph ingest first, or name the right directory with --store"}
}

// blank tells whether a directory holds nothing but what an unfinished creation leaves.
func blank(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case name == lockName, name == packsName, name == derivedName, name == tmpName, name == manifestName, name == keyName,
			strings.HasPrefix(name, keyName+".new-"), strings.HasPrefix(name, manifestName+".new-"), strings.HasPrefix(name, formatName+".new-"):
		default:
			return false, nil
		}
	}
	return true, nil
}
