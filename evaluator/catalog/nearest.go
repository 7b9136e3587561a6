package catalog

import (
	"slices"
	"sort"
	"strings"
)

// Limits of Nearest: names longer than any real one have no neighbours, and few suggestions help more than many.
const (
	maxNearestName = 128
	maxNearest     = 3
)

// Nearest suggests actions for a name that the catalogue does not know: first those of the same service (or of the nearest
// service, when that is unknown too) whose names are a few keystrokes away, then those of the same name elsewhere. Nearest first, at
// most three; a name without a colon is taken as an action's name in any service. A known action is its own only neighbour.
func (c *Catalog) Nearest(name string) []string {
	if len(name) > maxNearestName {
		return nil
	}
	if a, ok := c.Action(name); ok {
		return []string{a.Name}
	}
	prefix, short, ok := strings.Cut(name, ":")
	if !ok {
		return trim(c.named(name))
	}
	var found []candidate
	for i, far := range c.nearServices(prefix) {
		found = c.nearActions(found, i, far, short)
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].distance < found[j].distance })
	out := make([]string, 0, len(found))
	for _, f := range found {
		out = append(out, f.name)
	}
	if len(out) == 0 {
		out = c.named(short)
	}
	return trim(out)
}

// NearestService suggests the service that an unknown prefix was probably meant to be, empty if none is near.
func (c *Catalog) NearestService(prefix string) string {
	best, least := "", len(prefix)
	for i, d := range c.nearServices(prefix) {
		if d < least {
			best, least = c.file.Entries[i].Prefix, d
		}
	}
	return best
}

type candidate struct {
	name     string
	distance int
}

// nearServices ranges over the positions of services that prefix can mean, with their distance.
func (c *Catalog) nearServices(prefix string) func(yield func(int, int) bool) {
	return func(yield func(int, int) bool) {
		if i, ok := c.find(prefix); ok {
			yield(i, 0)
			return
		}
		limit := tolerance(prefix)
		for i := range c.file.Entries {
			if d := distance(strings.ToLower(prefix), c.file.Entries[i].Prefix, limit); d <= limit {
				if !yield(i, d) {
					return
				}
			}
		}
	}
}

func (c *Catalog) nearActions(found []candidate, service, far int, short string) []candidate {
	lower, limit := strings.ToLower(short), tolerance(short)
	s := c.service(service)
	for _, a := range s.Actions {
		if d := distance(lower, strings.ToLower(a.Name[len(s.Prefix)+1:]), limit); d <= limit {
			found = append(found, candidate{a.Name, d + far})
		}
	}
	return found
}

// named lists the actions of any service with that short name.
func (c *Catalog) named(short string) []string {
	var out []string
	for i := range c.file.Entries {
		if a, ok := c.service(i).Action(short); ok {
			out = append(out, a.Name)
		}
	}
	return out
}

func trim(names []string) []string {
	return slices.Clip(names[:min(len(names), maxNearest)])
}

// tolerance is how many keystrokes may differ: one for short names, up to four for long ones.
func tolerance(s string) int { return min(4, 1+len(s)/5) }

// distance counts insertions, deletions, substitutions and swaps of neighbours that lead from a to b; more than limit is
// reported as limit+1.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > limit {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit+1)
}
