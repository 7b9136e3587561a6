package export

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/accessgraph/accessgraph/graph"
)

// writer writes files until the first error.
type writer struct {
	dir       string
	documents map[graph.DocumentHash]*graph.Document // of the account, or of the organization, that is being written
	done      Result
	err       error
}

// file writes one file, durably.
func (w *writer) file(name string, write func(io.Writer) error) {
	if w.err != nil {
		return
	}
	path := filepath.Join(w.dir, name)
	if w.err = os.MkdirAll(filepath.Dir(path), 0o700); w.err != nil {
		return
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		w.err = err
		return
	}
	out := &counter{f: f}
	if w.err = write(out); w.err == nil {
		w.err = f.Sync()
	}
	if err := f.Close(); w.err == nil {
		w.err = err
	}
	w.done.Files, w.done.Bytes = w.done.Files+1, w.done.Bytes+out.n
}

type counter struct {
	f *os.File
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.f.Write(p)
	c.n += int64(n)
	return n, err
}

// json writes a file of JSON.
func (w *writer) json(name string, v any) {
	w.file(name, func(out io.Writer) error {
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	})
}

// csv writes a file of comma-separated values.
func (w *writer) csv(name string, rows [][]string) {
	w.file(name, func(out io.Writer) error { return csv.NewWriter(out).WriteAll(rows) })
}

// moment gives a time as AWS prints it; empty: there is none.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
