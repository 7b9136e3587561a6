package files

import (
	"cmp"
	"maps"
	"slices"
)

// Report says what Read did.
type Report struct {
	Files             int            // files whose facts were used
	Bytes             int64          // read from disk or standard input, before decompression
	Entities          map[string]int // users, groups, roles, policies, resources, …
	Documents         int            // documents met, with repetitions
	DistinctDocuments int
	UnknownFields     int          // members that were not known and passed over
	UnknownNames      []FieldCount // the most frequent of them
	Warnings          []string     // what was noticed and did no harm to completeness
	Incomplete        []string     // what was given or referred to and could not be used: exit code 5
}

// FieldCount is an unknown member, named after what it was found in (Role.Color), and how often it came.
type FieldCount struct {
	Name  string
	Count int
}

// unknownFields counts members that are not known. The number of names it remembers is bounded.
type unknownFields struct {
	total  int
	byName map[string]int
}

const (
	mostUnknownNames  = 1000 // remembered
	mostUnknownListed = 10   // reported
)

func (u *unknownFields) count(of string, name []byte) {
	u.total++
	full := of + "." + printable(shorten(string(name)))
	if _, ok := u.byName[full]; ok || len(u.byName) < mostUnknownNames {
		u.byName[full]++
	}
}

func (u *unknownFields) top() []FieldCount {
	var all []FieldCount
	for name, n := range u.byName {
		all = append(all, FieldCount{name, n})
	}
	slices.SortFunc(all, func(a, b FieldCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
	})
	return all[:min(len(all), mostUnknownListed)]
}

// join adds what another counter has counted.
func (u *unknownFields) join(v *unknownFields) {
	u.total += v.total
	for _, name := range slices.Sorted(maps.Keys(v.byName)) { // which names are remembered must not be chance
		if _, ok := u.byName[name]; ok || len(u.byName) < mostUnknownNames {
			u.byName[name] += v.byName[name]
		}
	}
}
