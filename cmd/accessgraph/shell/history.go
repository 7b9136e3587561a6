package shell

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
)

// Limits of the history.
const (
	maxHistory      = 1000    // statements that are remembered
	maxHistoryBytes = 1 << 20 // of the file's end that are read
)

// history is what was typed, in this session and before, kept in a file of one JSON text a line that its user alone can read. Nothing
// about the file is an error: a history that cannot be kept is forgotten at the end.
type history struct {
	path  string // empty: it is not kept
	lines []string
}

// historyPath is where the history is kept: in the user's state folder; empty when there is none.
func historyPath() string {
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "accessgraph", "history")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".local", "state", "accessgraph", "history")
}

// openHistory reads what is kept in a file.
func openHistory(path string) *history {
	h := &history{path: path}
	if path == "" {
		return h
	}
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return h
	}
	if err != nil || !info.Mode().IsRegular() {
		h.path = ""
		return h
	}
	data, err := tail(path, info.Size())
	if err != nil {
		return h
	}
	total := 0
	for line := range bytes.Lines(data) {
		total++
		var text string
		if json.Unmarshal(line, &text) == nil && harmless(text) {
			h.lines = append(h.lines, text)
		}
	}
	if len(h.lines) > maxHistory {
		h.lines = h.lines[len(h.lines)-maxHistory:]
	}
	if total > 2*maxHistory || info.Size() > maxHistoryBytes || info.Mode().Perm()&0o077 != 0 {
		h.rewrite()
	}
	return h
}

// tail reads the end of a file, from the first whole line on.
func tail(path string, size int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := bufio.NewReader(f)
	if size > maxHistoryBytes {
		if _, err := f.Seek(size-maxHistoryBytes, io.SeekStart); err != nil {
			return nil, err
		}
		if _, err := in.ReadBytes('\n'); err != nil {
			return nil, err
		}
	}
	return io.ReadAll(io.LimitReader(in, maxHistoryBytes))
}

// harmless tells whether a text can be shown while it is edited: nothing in it acts on the terminal.
func harmless(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) })
}

// rewrite puts a file that holds the remembered statements alone in the place of the one that is there.
func (h *history) rewrite() {
	f, err := os.CreateTemp(filepath.Dir(h.path), "history-*") // which nobody else can read
	if err != nil {
		return
	}
	w := bufio.NewWriter(f)
	for _, text := range h.lines {
		if line, err := json.Marshal(text); err == nil {
			_, _ = w.Write(append(line, '\n')) // Flush says it again
		}
	}
	err = errors.Join(w.Flush(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), h.path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // no harm if it stays
	}
}

// Write remembers a statement; the editor calls it.
func (h *history) Write(text string) (int, error) {
	text = strings.TrimSpace(text)
	if !harmless(text) || len(h.lines) > 0 && h.lines[len(h.lines)-1] == text {
		return len(h.lines), nil
	}
	h.lines = append(h.lines, text)
	if line, err := json.Marshal(text); err == nil && h.path != "" {
		h.keep(append(line, '\n'))
	}
	return len(h.lines), nil
}

// keep adds a line to the file, at once: a session may end in any way, and others write to it too.
func (h *history) keep(line []byte) {
	if os.MkdirAll(filepath.Dir(h.path), 0o700) != nil {
		return
	}
	f, err := os.OpenFile(h.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	_, _ = f.Write(line) // see the type
	_ = f.Close()
}

// GetLine gives a remembered statement by its number, from 0.
func (h *history) GetLine(i int) (string, error) {
	if i < 0 || i >= len(h.lines) {
		return "", errors.New("there is no such line")
	}
	return h.lines[i], nil
}

// Len counts the remembered statements.
func (h *history) Len() int { return len(h.lines) }

// Dump gives them all.
func (h *history) Dump() any { return h.lines }
