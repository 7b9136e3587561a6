package inventory

import (
	"context"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Snapshot is a row of show snapshots: an entry of the store's history.
type Snapshot struct {
	About
	Ref      string // @latest~1; empty where no store was asked
	Names    []string
	Name     string
	Time     time.Time
	ID       string
	Latest   bool
	Asked    bool // the question is asked of it
	Complete *bool
	Sources  []string
	Tool     string
	Accounts *int
	age      *time.Duration
}

var snapshotTable = sync.OnceValue(func() *table[Snapshot] {
	return newTable([]field[Snapshot]{
		text("ref", "how questions name it: @latest, @latest~1", func(s *Snapshot) string { return s.Ref }).main(),
		text("name", "the name that it was published under", func(s *Snapshot) string { return s.Name }).main(),
		list("names", "the names given to it afterwards", func(s *Snapshot) []string { return s.Names }),
		moment("time", "when it was published", func(s *Snapshot) *time.Time { return &s.Time }).main(),
		span("age", "how long that was before the snapshot that the question is asked of", func(s *Snapshot) *time.Duration { return s.age }),
		text("id", "the hash of what it says", func(s *Snapshot) string { return s.ID }).main(),
		flag("latest", "it is the newest", func(s *Snapshot) *bool { return &s.Latest }),
		flag("asked", "the question is asked of it", func(s *Snapshot) *bool { return &s.Asked }),
		flag("complete", "everything that was given or asked for could be used", func(s *Snapshot) *bool { return s.Complete }).main(),
		number("accounts", "how many accounts it holds", func(s *Snapshot) *int { return s.Accounts }).main(),
		list("sources", "what it was made from", func(s *Snapshot) []string { return s.Sources }).main(),
		text("tool", "the version of accessgraph that made it", func(s *Snapshot) string { return s.Tool }),
	})
})

// Field gives the value of a field of the schema of snapshots.
func (s *Snapshot) Field(name string) (any, bool) { return snapshotTable().value(s, name) }

// MarshalJSONTo writes all fields in the order of the schema.
func (s *Snapshot) MarshalJSONTo(enc *jsontext.Encoder) error { return snapshotTable().write(enc, s) }

// snapshots lists the history, newest first.
func (v *Inventory) snapshots(context.Context) ([]Row, error) {
	rows := make([]Row, len(v.history))
	for i, s := range v.history {
		row := *s
		if !s.Time.IsZero() {
			row.age = pointer(v.now.Sub(s.Time))
		}
		rows[i] = &row
	}
	return rows, nil
}
