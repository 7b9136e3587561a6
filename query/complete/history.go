package complete

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/accessgraph/accessgraph/graph"
)

// History is the source of the references that a store's snapshots have: @latest and those before it, names, and, once something of
// them is written, days and the beginnings of ids. Entries are in the order of Store.History.
func History(entries []graph.Entry, refs map[string]int64) Source {
	h := &history{}
	about := map[int64]string{}
	for _, e := range entries {
		text := e.Time.UTC().Format("2006-01-02 15:04 UTC")
		if e.Name != "" {
			text += ", " + e.Name
		}
		about[e.Number] = text
	}
	for name, number := range refs {
		h.plain = append(h.plain, Name{Text: "@" + name, About: about[number]})
	}
	for i, e := range slices.Backward(entries) { // the newest of a name is meant
		if e.Name != "" {
			h.plain = append(h.plain, Name{Text: "@" + e.Name, About: about[e.Number]})
		}
		ref := "@latest"
		if back := len(entries) - 1 - i; back > 0 {
			ref = fmt.Sprintf("@latest~%d", back)
		}
		h.plain = append(h.plain, Name{Text: ref, About: about[e.Number]})
		h.begun = append(h.begun, Name{Text: "@" + e.Time.UTC().Format(time.DateOnly), About: "the newest of that day"},
			Name{Text: "@" + string(e.Snapshot)[:min(len(e.Snapshot), 12)], About: about[e.Number]})
	}
	h.plain, h.begun = order(h.plain), order(append(h.begun, h.plain...))
	return h
}

type history struct {
	plain, begun []Name
}

// Names gives references with their @, which prefix may leave out.
func (h *history) Names(kind Kind, _, prefix string, most int) (names []Name, more bool) {
	if kind != Snapshot {
		return nil, false
	}
	if !strings.HasPrefix(prefix, "@") {
		prefix = "@" + prefix
	}
	if len(prefix) < 2 {
		return beginning(h.plain, prefix, most)
	}
	return beginning(h.begun, prefix, most)
}
