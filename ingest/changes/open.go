// Package changes reads what somebody means to change, files of changes and Terraform plans, and puts it on top of a snapshot: an overlay in which
// @planned is the snapshot as it would be.
package changes

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/overlay"
	"github.com/accessgraph/accessgraph/ingest/edit"
	"github.com/accessgraph/accessgraph/ingest/terraform"
)

// maxFileBytes bounds what is read of one file: plans of whole organizations are below.
const maxFileBytes = 512 << 20

// Options say what the changes are put on.
type Options struct {
	At      string // reference of the snapshot below; empty: latest
	Account string // of resources of a plan whose account cannot be told; empty: they are not understood
	Tool    string // name and version of the program
	Stdin   io.Reader
}

// Planned is a snapshot with changes on top.
type Planned struct {
	Store   *overlay.Store   // @planned, and everything of the store below
	Base    graph.Entry      // what the changes are put on
	Planned graph.SnapshotID // what @planned is
	Facts   *graph.Facts     // of @planned, for an index
	Notes   []string         // what every answer about @planned should say
}

// Error is input that cannot be used: a file, the place in it, and what is wrong.
type Error struct {
	Path string
	Line int // from 1; 0: none
	Err  error
}

func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %v", e.Path, e.Line, e.Err)
	}
	return fmt.Sprintf("%s: %v", e.Path, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// Open reads paths in their order, files or folders of them, and puts what they say on top of a snapshot of the store. Errors about the input are *Error.
func Open(ctx context.Context, base graph.Store, paths []string, o Options) (*Planned, error) {
	inputs, err := readAll(ctx, paths, o.Stdin)
	if err != nil {
		return nil, err
	}
	ref := o.At
	if ref == "" {
		ref = "latest"
	}
	entry, err := graph.Resolve(ctx, base, ref)
	if err != nil {
		return nil, err
	}
	facts, err := graph.Load(ctx, base, entry.Snapshot)
	if err != nil {
		return nil, err
	}
	if facts.Observations, err = graph.LoadObservations(ctx, base, entry); err != nil {
		return nil, err
	}
	e := edit.New(facts)
	e.Now = entry.Time
	for _, in := range inputs {
		if err := in.apply(ctx, e, o); err != nil {
			return nil, err
		}
	}
	e.Finish()
	store := overlay.New(base)
	// The time is that of the snapshot below: what is asked of both has the same ages.
	planned, err := graph.Publish(ctx, store, facts, graph.Meta{Sources: paths, Tool: o.Tool, Time: entry.Time})
	if err != nil {
		return nil, err
	}
	note := fmt.Sprintf("planned: %s on top of snapshot %s", strings.Join(paths, ", "), string(entry.Snapshot)[:min(12, len(entry.Snapshot))])
	return &Planned{Store: store, Base: entry, Planned: planned.Snapshot, Facts: facts, Notes: append([]string{note}, e.Notes()...)}, nil
}

// input is one file.
type input struct {
	path string
	text []byte
	plan bool // a Terraform plan; else a file of changes
}

func (in *input) apply(ctx context.Context, e *edit.Editor, o Options) error {
	if !in.plan {
		return applyFile(in, e)
	}
	if err := terraform.Apply(ctx, in.path, in.text, e, terraform.Options{Account: o.Account}); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &Error{Path: in.path, Err: err}
	}
	return nil
}

func readAll(ctx context.Context, paths []string, stdin io.Reader) ([]*input, error) {
	var out []*input
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		info, err := os.Stat(path)
		switch {
		case path == "-" && stdin != nil:
			text, err := bounded(stdin)
			if err != nil {
				return nil, &Error{Path: path, Err: err}
			}
			in, err := recognized(path, text, true)
			if err != nil {
				return nil, err
			}
			out = append(out, in)
		case err != nil:
			return nil, &Error{Path: path, Err: err}
		case info.IsDir():
			found, err := readFolder(ctx, path)
			if err != nil {
				return nil, err
			}
			out = append(out, found...)
		default:
			in, err := readFile(path, true)
			if err != nil {
				return nil, err
			}
			out = append(out, in)
		}
	}
	return out, nil
}

// readFolder reads the files of changes and the plans of a folder, by name; the documents that they refer to lie beside them.
func readFolder(ctx context.Context, path string) ([]*input, error) {
	names, err := filepath.Glob(filepath.Join(escaped(path), "*.json"))
	if err != nil {
		return nil, &Error{Path: path, Err: err}
	}
	slices.Sort(names)
	var out []*input
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		in, err := readFile(name, false)
		if err != nil {
			return nil, err
		}
		if in != nil {
			out = append(out, in)
		}
	}
	if len(out) == 0 {
		return nil, &Error{Path: path, Err: fmt.Errorf("the folder has no file of changes and no plan: want *.json files, with changes, or of terraform show -json")}
	}
	return out, nil
}

// escaped keeps what means something in a pattern from doing so.
func escaped(path string) string {
	return strings.NewReplacer(`*`, `[*]`, `?`, `[?]`, `[`, `[[]`).Replace(path)
}

func readFile(path string, named bool) (*input, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{Path: path, Err: err}
	}
	defer f.Close()
	text, err := bounded(f)
	if err != nil {
		return nil, &Error{Path: path, Err: err}
	}
	return recognized(path, text, named)
}

func bounded(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFileBytes+1))
	if err == nil && len(text) > maxFileBytes {
		err = fmt.Errorf("more than %d MB", maxFileBytes>>20)
	}
	return text, err
}

// recognized tells by its members what a file is. One of a folder that is something else, a document, is nil; one that was named is an error.
func recognized(path string, text []byte, named bool) (*input, error) {
	var top struct {
		Format    jsontext.Value `json:"format_version"`
		Resources jsontext.Value `json:"resource_changes"`
		Planned   jsontext.Value `json:"planned_values"`
		Changes   jsontext.Value `json:"changes"`
	}
	if err := json.Unmarshal(text, &top); err != nil {
		if !named && len(text) > 0 && text[0] != '{' {
			return nil, nil
		}
		return nil, jsonError(path, text, err)
	}
	switch {
	case top.Changes != nil:
		return &input{path: path, text: text}, nil
	case top.Format != nil && (top.Resources != nil || top.Planned != nil):
		return &input{path: path, text: text, plan: true}, nil
	case !named:
		return nil, nil
	}
	return nil, &Error{Path: path, Line: 1, Err: fmt.Errorf("this is no file of changes and no plan: want a member changes, or what terraform show -json prints")}
}

// lineAt is the line of an offset, from 1.
func lineAt(text []byte, offset int64) int {
	return 1 + bytes.Count(text[:min(max(int(offset), 0), len(text))], []byte("\n"))
}
