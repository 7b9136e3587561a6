package changes

import (
	"slices"
	"strconv"
	"time"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
)

// details collects what differs between two versions of an entity, of which one may be empty.
type details struct {
	documents map[graph.DocumentHash]*graph.Document
	list      []answer.Detail
}

// text compares one value.
func (d *details) text(what, before, after string) {
	if before != after {
		d.list = append(d.list, answer.Detail{What: what, Change: changeOf(before, after), Before: before, After: after})
	}
}

func (d *details) flag(what string, before, after bool) {
	word := map[bool]string{true: "true", false: "false"}
	if before != after {
		d.list = append(d.list, answer.Detail{What: what, Change: answer.ChangeChanged, Before: word[before], After: word[after]})
	}
}

func (d *details) number(what string, before, after int) {
	if before != after {
		d.list = append(d.list, answer.Detail{What: what, Change: answer.ChangeChanged, Before: strconv.Itoa(before), After: strconv.Itoa(after)})
	}
}

func (d *details) time(what string, before, after time.Time) {
	d.text(what, timeText(before), timeText(after))
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return answer.TimeText(t)
}

// set compares a list of which the order does not count.
func set[T ~string](d *details, what string, before, after []T) {
	one := answer.Detail{What: what, Change: answer.ChangeChanged}
	for _, v := range after {
		if !slices.Contains(before, v) {
			one.Added = append(one.Added, string(v))
		}
	}
	for _, v := range before {
		if !slices.Contains(after, v) {
			one.Removed = append(one.Removed, string(v))
		}
	}
	switch {
	case len(one.Added)+len(one.Removed) == 0:
		return
	case len(before) == 0:
		one.Change = answer.ChangeAdded
	case len(after) == 0:
		one.Change = answer.ChangeRemoved
	}
	d.list = append(d.list, one)
}

// tags compares what has names and values, one by one.
func (d *details) tags(prefix string, before, after []graph.Tag) {
	earlier, later := byKey(before), byKey(after)
	for _, k := range keysOf(before, after) {
		x, had := earlier[k]
		y, has := later[k]
		if had && has {
			d.text(prefix+k, x, y)
			continue
		}
		one := answer.Detail{What: prefix + k, Change: answer.ChangeAdded, Added: []string{y}}
		if had {
			one = answer.Detail{What: prefix + k, Change: answer.ChangeRemoved, Removed: []string{x}}
		}
		d.list = append(d.list, one)
	}
}

func byKey(list []graph.Tag) map[string]string {
	out := make(map[string]string, len(list))
	for _, t := range list {
		out[t.Key] = t.Value
	}
	return out
}

func keysOf(lists ...[]graph.Tag) []string {
	var out []string
	for _, list := range lists {
		for _, t := range list {
			out = append(out, t.Key)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// slot is a place for a document in an entity: empty where the entity has none, and with a zero hash where it has one that was not read.
type slot struct {
	filled bool
	hash   graph.DocumentHash
}

// document compares what stands in a slot.
func (d *details) document(what string, kind policy.Kind, before, after slot) {
	if before == after {
		return
	}
	one := answer.Detail{What: what, Change: answer.ChangeChanged}
	switch {
	case !before.filled:
		one.Change = answer.ChangeAdded
	case !after.filled:
		one.Change = answer.ChangeRemoved
	}
	x, y := d.documents[before.hash], d.documents[after.hash]
	if before.filled && x == nil || after.filled && y == nil {
		if one.Change == answer.ChangeChanged { // a document of which one version was not read
			one.Change = answer.ChangeUnknown
		}
		d.list = append(d.list, one)
		return
	}
	one.Statements = Documents(kind, x, y)
	version := details{}
	if x != nil && y != nil {
		version.text("Version", versionOf(x), versionOf(y))
	}
	if one.Change != answer.ChangeChanged || len(one.Statements)+len(version.list) > 0 {
		d.list = append(d.list, one)
		for _, v := range version.list {
			v.What = what + " Version"
			d.list = append(d.list, v)
		}
	}
}

// versionOf is the version of the language that a document is read in (A2).
func versionOf(d *graph.Document) string {
	if policy.Parse(policy.Identity, d.Canonical).Variables {
		return "2012-10-17"
	}
	return "2008-10-17"
}

// inline compares policies by their names.
func (d *details) inline(before, after []graph.InlinePolicy) {
	slots := func(list []graph.InlinePolicy) map[string]slot {
		out := map[string]slot{}
		for _, p := range list {
			out[p.Name] = slot{true, p.Document}
		}
		return out
	}
	x, y := slots(before), slots(after)
	var names []string
	for _, p := range slices.Concat(before, after) {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	for _, n := range slices.Compact(names) {
		d.document("inline policy "+n, policy.Identity, x[n], y[n])
	}
}
