package graph

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	nameForm   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
	dateForm   = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	idForm     = regexp.MustCompile(`^[0-9a-f]{4,64}$`)
	latestForm = regexp.MustCompile(`^latest(?:~([0-9]{1,9}))?$`)
)

// CheckName tells whether name can be the name of a snapshot: letters, digits, dot, hyphen and underscore, at most 100,
// beginning with a letter or digit, and nothing that @latest, a date or an id prefix could mean.
func CheckName(name string) error {
	switch {
	case !nameForm.MatchString(name):
		return fmt.Errorf("snapshot name %.120q: want letters, digits, '.', '-' and '_', at most 100, beginning with a letter or digit", name)
	case name == "latest" || name == planned || dateForm.MatchString(name):
		return fmt.Errorf("snapshot name %q: @%s has a meaning already; choose another name", name, name)
	case idForm.MatchString(name):
		return fmt.Errorf("snapshot name %q: could be the beginning of a snapshot id; add a letter after f or a hyphen", name)
	}
	return nil
}

// Resolve finds the history entry that ref means, with or without a leading @:
//
//	latest         the newest; latest~2 is the one two before it
//	2026-11-01     the newest at or before the end of that day, UTC
//	a name         the entry that a ref of that name stands for, else the newest that was published under it
//	an id prefix   at least 4 hexadecimal digits; the newest entry of that snapshot
//	planned        of a Planner: what is not in the history
//
// The error wraps ErrNoSnapshot or ErrAmbiguous and lists what comes nearest.
func Resolve(ctx context.Context, s Store, ref string) (Entry, error) {
	history, err := s.History(ctx)
	if err != nil {
		return Entry{}, err
	}
	refs, err := s.Refs(ctx)
	if err != nil {
		return Entry{}, err
	}
	r := resolver{history: history, refs: refs, ref: strings.TrimPrefix(ref, "@")}
	if r.ref == planned {
		return plannedOf(ctx, s)
	}
	if len(history) == 0 {
		return Entry{}, fmt.Errorf("@%.120s: %w: the store has no snapshots yet; run accessgraph ingest", r.ref, ErrNoSnapshot)
	}
	return r.resolve()
}

// planned is the reference of what a Planner has planned.
const planned = "planned"

// Planner is a Store with a snapshot that is in no history: one that is planned.
type Planner interface {
	// Planned gives its entry; ok is false while there is none.
	Planned(ctx context.Context) (e Entry, ok bool, err error)
}

func plannedOf(ctx context.Context, s Store) (Entry, error) {
	if p, is := s.(Planner); is {
		if e, ok, err := p.Planned(ctx); ok || err != nil {
			return e, err
		}
	}
	return Entry{}, fmt.Errorf("@%s: %w: it is what changes make of a snapshot; give them with --with", planned, ErrNoSnapshot)
}

type resolver struct {
	history []Entry // oldest first
	refs    map[string]int64
	ref     string
}

func (r *resolver) resolve() (Entry, error) {
	if m := latestForm.FindStringSubmatch(r.ref); m != nil {
		back, _ := strconv.Atoi(cmp.Or(m[1], "0"))
		if back >= len(r.history) && len(r.history) == 1 {
			return Entry{}, fmt.Errorf("@%s: %w: there is one only, @latest", r.ref, ErrNoSnapshot)
		}
		if back >= len(r.history) {
			return Entry{}, fmt.Errorf("@%s: %w: the history has %d entries, so the oldest is @latest~%d", r.ref, ErrNoSnapshot, len(r.history), len(r.history)-1)
		}
		return r.history[len(r.history)-1-back], nil
	}
	if dateForm.MatchString(r.ref) {
		return r.date()
	}
	if number, ok := r.refs[r.ref]; ok {
		if i := slices.IndexFunc(r.history, func(e Entry) bool { return e.Number == number }); i >= 0 {
			return r.history[i], nil
		}
		return Entry{}, fmt.Errorf("@%s: %w: it stood for entry %d, which is gone", r.ref, ErrNoSnapshot, number)
	}
	for _, e := range slices.Backward(r.history) {
		if e.Name != "" && e.Name == r.ref {
			return e, nil
		}
	}
	if idForm.MatchString(strings.ToLower(r.ref)) {
		return r.prefix()
	}
	return Entry{}, r.unknown()
}

func (r *resolver) date() (Entry, error) {
	day, err := time.Parse(time.DateOnly, r.ref)
	if err != nil {
		return Entry{}, fmt.Errorf("@%s: %w: there is no such day", r.ref, ErrNoSnapshot)
	}
	end := day.AddDate(0, 0, 1)
	for _, e := range slices.Backward(r.history) {
		if e.Time.Before(end) {
			return e, nil
		}
	}
	return Entry{}, fmt.Errorf("@%s: %w: the oldest is of %s", r.ref, ErrNoSnapshot, r.history[0].Time.UTC().Format(time.RFC3339))
}

func (r *resolver) prefix() (Entry, error) {
	want := strings.ToLower(r.ref)
	var found []Entry // one for each snapshot, newest first
	for _, e := range slices.Backward(r.history) {
		if strings.HasPrefix(string(e.Snapshot), want) && !slices.ContainsFunc(found, func(f Entry) bool { return f.Snapshot == e.Snapshot }) {
			found = append(found, e)
		}
	}
	switch len(found) {
	case 0:
		return Entry{}, r.unknown()
	case 1:
		return found[0], nil
	}
	ids := make([]string, 0, maxCandidates)
	for _, e := range found[:min(len(found), maxCandidates)] {
		ids = append(ids, "@"+string(e.Snapshot)[:min(len(want)+8, len(e.Snapshot))])
	}
	return Entry{}, fmt.Errorf("@%s: %w: %d snapshots begin so: %s; give more digits", r.ref, ErrAmbiguous, len(found), strings.Join(ids, ", "))
}

// maxCandidates is how many near names an error lists.
const maxCandidates = 5

// unknown says what comes nearest to a reference that means nothing.
func (r *resolver) unknown() error {
	type candidate struct {
		name     string
		distance int
	}
	var near []candidate
	add := func(name string) {
		if name == "" || slices.ContainsFunc(near, func(c candidate) bool { return c.name == name }) {
			return
		}
		near = append(near, candidate{name, distance(strings.ToLower(name), strings.ToLower(r.ref))})
	}
	for name := range r.refs {
		add(name)
	}
	for _, e := range slices.Backward(r.history) {
		add(e.Name)
	}
	slices.SortFunc(near, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), strings.Compare(a.name, b.name))
	})
	var names []string
	for _, c := range near[:min(len(near), maxCandidates)] {
		names = append(names, "@"+c.name)
	}
	last := r.history[len(r.history)-1]
	names = append(names, fmt.Sprintf("@latest (%s of %s)", short(string(last.Snapshot)), last.Time.UTC().Format(time.DateOnly)))
	hint := "there is " + strings.Join(names, ", ")
	if len(r.ref) < 4 && idForm.MatchString(r.ref+"0000") {
		hint = "an id prefix has at least 4 digits; " + hint
	}
	return fmt.Errorf("@%.120s: %w: %s", r.ref, ErrNoSnapshot, hint)
}

// distance is the Levenshtein distance of two strings in bytes, of their first 100 bytes.
func distance(a, b string) int {
	a, b = a[:min(len(a), 100)], b[:min(len(b), 100)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			above := row[j+1]
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			row[j+1] = min(cost, above+1, row[j]+1)
			diagonal = above
		}
	}
	return row[len(b)]
}

// SortHistory puts entries into the order of Store.History: by time, then by number.
func SortHistory(entries []Entry) {
	slices.SortStableFunc(entries, func(a, b Entry) int { return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Number, b.Number)) })
}
