package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
)

// npmPackage is what the catalogue needs of the package's files.
type npmPackage struct {
	Version   string `json:"version"`
	UpdatedAt string `json:"updatedAt"`

	license  []byte
	names    map[string]string
	rcp      []string
	globals  []keyRecord
	actions  map[string]map[string]actionRecord // by service, then lower-case name
	types    map[string]map[string]typeRecord
	keyPages map[string]map[string]keyRecord
}

type keyRecord struct {
	Key  string `json:"key"`
	Type string `json:"type"`
}

type typeRecord struct {
	Key           string   `json:"key"`
	ARN           string   `json:"arn"`
	ConditionKeys []string `json:"conditionKeys"`
}

type actionRecord struct {
	Name          string           `json:"name"`
	AccessLevel   string           `json:"accessLevel"`
	ResourceTypes []resourceRecord `json:"resourceTypes"`
	ConditionKeys []string         `json:"conditionKeys"`
}

type resourceRecord struct {
	Name          string   `json:"name"`
	Required      bool     `json:"required"`
	ConditionKeys []string `json:"conditionKeys"`
}

// maxFile bounds one file of the package.
const maxFile = 64 << 20

// readPackage reads the .tgz that npm made.
func readPackage(tgz []byte) (*npmPackage, error) {
	zr, err := gzip.NewReader(bytes.NewReader(tgz))
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	p := &npmPackage{
		actions: map[string]map[string]actionRecord{}, types: map[string]map[string]typeRecord{},
		keyPages: map[string]map[string]keyRecord{},
	}
	tr := tar.NewReader(zr)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("tar: %w", err)
		}
		if h.Size > maxFile {
			return nil, fmt.Errorf("%s: %d bytes are too many", h.Name, h.Size)
		}
		b, err := io.ReadAll(tr)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", h.Name, err)
		}
		if err := p.file(strings.TrimPrefix(h.Name, "package/"), b); err != nil {
			return nil, fmt.Errorf("%s: %w", h.Name, err)
		}
	}
	if p.Version != version || p.license == nil || len(p.actions) == 0 || len(p.globals) == 0 || len(p.rcp) == 0 {
		return nil, fmt.Errorf("package is not %s or lacks its data", version)
	}
	return p, nil
}

func (p *npmPackage) file(name string, b []byte) error {
	switch name {
	case "package.json":
		return json.Unmarshal(b, p)
	case "LICENSE.txt":
		p.license = append(bytes.TrimSpace(b), '\n')
		return nil
	case "data/serviceNames.json":
		return json.Unmarshal(b, &p.names)
	case "data/rcpSupportedServices.json":
		return json.Unmarshal(b, &p.rcp)
	case "dist/esm/globalConditionKeys.js":
		p.globals = globalKeys(string(b))
		return nil
	}
	service := strings.TrimSuffix(path.Base(name), ".json")
	switch path.Dir(name) {
	case "data/actions":
		return into(p.actions, service, b)
	case "data/resourceTypes":
		return into(p.types, service, b)
	case "data/conditionKeys":
		return into(p.keyPages, service, b)
	}
	return nil
}

func into[T any](m map[string]map[string]T, service string, b []byte) error {
	var page map[string]T
	if err := json.Unmarshal(b, &page); err != nil {
		return err
	}
	m[service] = page
	return nil
}

var globalKey = regexp.MustCompile(`key: '([^']+)',\s*category: '[^']*',\s*type: '([^']+)'`)

// globalKeys reads the list of global keys, which the package has only as JavaScript. It writes the free part of a name as
// tag-key; AWS's service pages write it ${TagKey}.
func globalKeys(js string) []keyRecord {
	var keys []keyRecord
	for _, m := range globalKey.FindAllStringSubmatch(js, -1) {
		keys = append(keys, keyRecord{Key: strings.Replace(m[1], "/tag-key", "/${TagKey}", 1), Type: m[2]})
	}
	return keys
}
