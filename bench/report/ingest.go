package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/bench/orggen/organization"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/badgerstore"
	"github.com/accessgraph/accessgraph/ingest/files"
)

const aboutIngest = `
The authorization details of a generated account of 10,000 principals, as the AWS CLI prints them and with every document as the
URL-encoded string that the API gives. Plain: json.Unmarshal of encoding/json into structs of the same fields, policy documents
decoded into structs too (unescaped first where they are strings), in one goroutine. Reading: ingest/files to facts, every document
in canonical form, hashed and validated. Whole: reading and the publication in a new store. The ratios are of times (first) and of CPU
times (all threads, garbage collection included) within each of 7 turns of plain, reading, whole; medians are given. Other work on the
machine distorts the first and hardly the second.`

const aboutMemory = `
Ingest of a generated export of about 500 MB (19 accounts of 10,000 principals) in a new process. The model is the heap that its
facts alone hold in memory. What the peak of resident memory exceeds it by must stay below the size of the export: input is
streamed, and never in memory as a whole.`

const aboutStore = `
All files of the store of the account of 10,000 principals, per user or role, and what a second snapshot of the same export adds.`

func (b *bench) ingest() error {
	dir, err := b.organization(organization.Options{Accounts: 1, Principals: 10_000, Seed: 1})
	if err != nil {
		return err
	}
	found, err := filepath.Glob(filepath.Join(dir, "*", "account-authorization-details.json"))
	if err != nil || len(found) != 1 {
		return errors.Join(err, fmt.Errorf("%d files of authorization details, want one", len(found)))
	}
	objects, err := os.ReadFile(found[0])
	if err != nil {
		return err
	}
	encoded, err := encodeDocuments(objects)
	if err != nil {
		return err
	}
	for _, input := range []struct {
		form string
		text []byte
	}{{"documents as objects", objects}, {"documents URL-encoded", encoded}} {
		if err := b.compare(input.form, input.text); err != nil {
			return err
		}
	}
	return nil
}

// compare measures plain decoding, reading and whole ingest of one export in turns.
func (b *bench) compare(form string, text []byte) error {
	store := filepath.Join(b.dir, "ingest-store")
	read := func() (*graph.Facts, error) {
		facts, _, err := files.Read(b.ctx, []string{"-"}, files.Options{Stdin: bytes.NewReader(text)})
		return facts, err
	}
	turns := []func() error{
		func() error { return json.Unmarshal(text, new(plainExport)) },
		func() error { _, err := read(); return err },
		func() error {
			facts, err := read()
			if err != nil {
				return err
			}
			s, err := badgerstore.Create(store)
			if err != nil {
				return err
			}
			_, err = graph.Publish(b.ctx, s, facts, graph.Meta{Time: time.Now()})
			return errors.Join(err, s.Close())
		},
	}
	speed := make([][]float64, len(turns)) // MB/s, of each turn
	wall, cpu := make([][]float64, len(turns)), make([][]float64, len(turns))
	for range 7 {
		if err := os.RemoveAll(store); err != nil {
			return err
		}
		var plain spent
		for i, turn := range turns {
			runtime.GC()
			s, err := timed(turn)
			if err != nil {
				return err
			}
			if i == 0 {
				plain = s
			}
			speed[i] = append(speed[i], float64(len(text))/1e6/s.wall.Seconds())
			wall[i] = append(wall[i], s.wall.Seconds()/plain.wall.Seconds())
			cpu[i] = append(cpu[i], s.cpu.Seconds()/plain.cpu.Seconds())
		}
	}
	b.add(form+": plain encoding/json", fmt.Sprintf("%.0f MB/s", middle(speed[0])))
	for i, what := range []string{1: "reading", 2: "whole ingest"} {
		if i > 0 {
			w := middle(wall[i])
			b.hold(form+": "+what, fmt.Sprintf("%.0f MB/s, %.2f × plain (%.2f × in CPU)", middle(speed[i]), w, middle(cpu[i])), "1 × plain", w <= 1)
		}
	}
	return nil
}

func (b *bench) memory() error {
	dir, err := b.organization(organization.Options{Accounts: 19, Principals: 10_000, Seed: 1})
	if err != nil {
		return err
	}
	export, err := size(dir)
	if err != nil {
		return err
	}
	rss, s, err := b.peakOf(b.ctx, "ingest", "files", dir, "--store", filepath.Join(b.dir, "memory-store"))
	if err != nil {
		return err
	}
	before := live()
	facts, _, err := files.Read(b.ctx, []string{dir}, files.Options{})
	if err != nil {
		return err
	}
	model := live() - before
	runtime.KeepAlive(facts)
	over := rss - model
	b.add(fmt.Sprintf("ingest of an export of %d MB", export/1e6), s.seconds())
	b.hold("its peak memory", fmt.Sprintf("%d MB, %d MB more than the %d MB of its model", rss/1e6, over/1e6, model/1e6),
		fmt.Sprintf("less than %d MB more", export/1e6), over < export)
	if err := os.RemoveAll(dir); err != nil { // half a gigabyte that nothing else reads
		return err
	}
	return nil
}

// live is the memory of what is in use.
func live() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func (b *bench) store() error {
	const principals = 10_000
	dir, err := b.organization(organization.Options{Accounts: 1, Principals: principals, Seed: 1})
	if err != nil {
		return err
	}
	store := filepath.Join(b.dir, "size-store")
	var sizes []int64
	for range 2 {
		if _, err := b.process("ingest", "files", dir, "--store", store); err != nil {
			return err
		}
		n, err := size(store)
		if err != nil {
			return err
		}
		sizes = append(sizes, n)
	}
	packs, err := countPacks(store)
	if err != nil {
		return err
	}
	b.add("store of 10,000 principals", fmt.Sprintf("%d bytes per principal", sizes[0]/principals))
	b.hold("a second, unchanged snapshot", fmt.Sprintf("%d bytes, %d pack in all", sizes[1]-sizes[0], packs), "no pack", packs == 1)
	return nil
}

func countPacks(store string) (n int, err error) {
	err = filepath.WalkDir(store, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "PACK" {
			n++
		}
		return err
	})
	return n, err
}

// encodeDocuments writes every policy document of an export as the API does: as a string of URL-encoded JSON.
func encodeDocuments(export []byte) ([]byte, error) {
	var v any
	if err := json.Unmarshal(export, &v); err != nil {
		return nil, err
	}
	var walk func(v any) error
	walk = func(v any) error {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				if err := walk(e); err != nil {
					return err
				}
			}
		case map[string]any:
			for name, e := range v {
				if name == "Document" || strings.HasSuffix(name, "PolicyDocument") {
					text, err := json.Marshal(e)
					if err != nil {
						return err
					}
					v[name] = percentEncode(text)
					continue
				}
				if err := walk(e); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := walk(v); err != nil {
		return nil, err
	}
	return json.MarshalIndent(v, "", "    ")
}

// percentEncode encodes all but RFC 3986's unreserved characters, as AWS does.
func percentEncode(text []byte) string {
	var out strings.Builder
	for _, c := range text {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~':
			out.WriteByte(c)
		default:
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}
