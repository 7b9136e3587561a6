package changes

import (
	"cmp"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
)

// maxAlike bounds how many statements of a document are compared with each of another: policies that AWS stores have fewer.
const maxAlike = 400

// Documents gives the statements that differ between two documents of one kind, in the order in which they stand; nil where the documents mean
// the same. Either may be nil, for one that was not there. A statement is the same one where it says the same, has the same Sid, or is more
// alike than not.
func Documents(kind policy.Kind, before, after *graph.Document) []answer.StatementChange {
	var a, b []*statement
	if before != nil {
		a = statementsOf(kind, before)
	}
	if after != nil {
		b = statementsOf(kind, after)
	}
	m := &matching{a: a, b: b}
	m.pairUp()
	return m.changes()
}

// matching pairs the statements of two documents.
type matching struct {
	a, b  []*statement // those that have no partner yet
	pairs [][2]*statement
}

func (m *matching) pairUp() {
	said := func(s *statement) string { return s.sid + "\x02" + s.meaning() }
	m.take(said, false)
	m.take((*statement).meaning, true)
	m.take(func(s *statement) string { return s.sid }, true)
	m.alike()
}

// take pairs those that have the same, non-empty name, each with the first that is left; keep is for pairs of which something differs.
func (m *matching) take(name func(*statement) string, keep bool) {
	left := map[string][]*statement{}
	for _, s := range m.b {
		if n := name(s); n != "" {
			left[n] = append(left[n], s)
		}
	}
	taken := map[*statement]bool{}
	for _, s := range m.a {
		if list := left[name(s)]; len(list) > 0 {
			left[name(s)] = list[1:]
			taken[s], taken[list[0]] = true, true
			if keep {
				m.pairs = append(m.pairs, [2]*statement{s, list[0]})
			}
		}
	}
	m.drop(taken)
}

func (m *matching) drop(taken map[*statement]bool) {
	gone := func(s *statement) bool { return taken[s] }
	m.a, m.b = slices.DeleteFunc(m.a, gone), slices.DeleteFunc(m.b, gone)
}

// alike pairs the statements that have at least half of their parts in common, those that have most first.
func (m *matching) alike() {
	if len(m.a) > maxAlike || len(m.b) > maxAlike {
		return
	}
	type likeness struct {
		a, b   *statement
		common float64 // share of the parts of either
	}
	var all []likeness
	tokens := map[*statement]map[string]bool{}
	for _, s := range slices.Concat(m.a, m.b) {
		tokens[s] = s.tokens()
	}
	for _, x := range m.a {
		for _, y := range m.b {
			common := 0
			for t := range tokens[x] {
				if tokens[y][t] {
					common++
				}
			}
			if share := float64(common) / float64(len(tokens[x])+len(tokens[y])-common); share >= 0.5 {
				all = append(all, likeness{x, y, share})
			}
		}
	}
	slices.SortStableFunc(all, func(x, y likeness) int { return cmp.Compare(y.common, x.common) })
	taken := map[*statement]bool{}
	for _, l := range all {
		if !taken[l.a] && !taken[l.b] {
			taken[l.a], taken[l.b] = true, true
			m.pairs = append(m.pairs, [2]*statement{l.a, l.b})
		}
	}
	m.drop(taken)
}

// changes puts what was found into words.
func (m *matching) changes() []answer.StatementChange {
	type placed struct {
		at int
		answer.StatementChange
	}
	var all []placed
	for _, s := range m.a {
		all = append(all, placed{s.index, answer.StatementChange{Change: answer.ChangeRemoved, Sid: s.sid, Text: s.line(), Before: s.raw}})
	}
	for _, p := range m.pairs {
		elements := differing(p[0], p[1])
		all = append(all, placed{p[1].index, answer.StatementChange{
			Change: answer.ChangeChanged, Sid: cmp.Or(p[1].sid, p[0].sid), Text: inElements(p[0], elements), Elements: elements, Before: p[0].raw, After: p[1].raw,
		}})
	}
	for _, s := range m.b {
		all = append(all, placed{s.index, answer.StatementChange{Change: answer.ChangeAdded, Sid: s.sid, Text: s.line(), After: s.raw}})
	}
	slices.SortStableFunc(all, func(x, y placed) int { return cmp.Compare(x.at, y.at) })
	var out []answer.StatementChange
	for _, p := range all {
		out = append(out, p.StatementChange)
	}
	return out
}

// differing gives the elements of two statements that differ.
func differing(a, b *statement) []answer.Detail {
	var out []answer.Detail
	if a.sid != b.sid {
		out = append(out, answer.Detail{What: "Sid", Change: changeOf(a.sid, b.sid), Before: a.sid, After: b.sid})
	}
	used := make([]bool, len(b.elements))
	for i := range a.elements {
		x := &a.elements[i]
		at := slices.IndexFunc(b.elements, func(y element) bool { return y.id() == x.id() })
		for at >= 0 && used[at] { // two tests of one key under one operator
			next := slices.IndexFunc(b.elements[at+1:], func(y element) bool { return y.id() == x.id() })
			if next < 0 {
				at = -1
				break
			}
			at += 1 + next
		}
		if at < 0 {
			out = append(out, answer.Detail{What: x.name, Change: answer.ChangeRemoved, Removed: x.texts()})
			continue
		}
		used[at] = true
		if d := x.against(&b.elements[at]); d != nil {
			out = append(out, *d)
		}
	}
	for i := range b.elements {
		if y := &b.elements[i]; !used[i] {
			out = append(out, answer.Detail{What: y.name, Change: answer.ChangeAdded, Added: y.texts()})
		}
	}
	return out
}

func changeOf(before, after string) string {
	switch {
	case before == "":
		return answer.ChangeAdded
	case after == "":
		return answer.ChangeRemoved
	}
	return answer.ChangeChanged
}

// against compares the values of an element; nil where they mean the same.
func (e *element) against(other *element) *answer.Detail {
	d := &answer.Detail{What: other.name, Change: answer.ChangeChanged}
	if e.name == "Effect" && e.values[0] != other.values[0] {
		d.Before, d.After = e.values[0].text, other.values[0].text
		return d
	}
	has := func(list []value, key string) bool {
		return slices.ContainsFunc(list, func(v value) bool { return v.key == key })
	}
	for _, v := range other.values {
		if !has(e.values, v.key) {
			d.Added = append(d.Added, v.text)
		}
	}
	for _, v := range e.values {
		if !has(other.values, v.key) {
			d.Removed = append(d.Removed, v.text)
		}
	}
	if len(d.Added)+len(d.Removed) == 0 {
		return nil
	}
	return d
}

// inElements says on one line what differs: "WriteLogs: Action +s3:PutObject -s3:GetObject; Resource -*".
func inElements(s *statement, elements []answer.Detail) string {
	name := s.sid
	if name == "" {
		name = s.summary()
	}
	parts := make([]string, len(elements))
	for i, e := range elements {
		parts[i] = e.What + " " + inValues(e)
	}
	return name + ": " + strings.Join(parts, "; ")
}

// summary tells a statement without a Sid from its neighbours.
func (s *statement) summary() string {
	var effect, first string
	for i := range s.elements {
		e := &s.elements[i]
		if e.name == "Effect" {
			effect = e.values[0].text
		}
		if strings.HasSuffix(e.name, "Action") && len(e.values) > 0 {
			first = e.values[0].text
			if len(e.values) > 1 {
				first += ", …"
			}
			if e.name == "NotAction" {
				first = "all but " + first
			}
		}
	}
	return strings.TrimSpace(effect + " " + first)
}

// inValues writes a changed text as before → after, and a changed set as +added -removed.
func inValues(d answer.Detail) string {
	if d.Before != "" || d.After != "" {
		return cmp.Or(d.Before, "none") + " → " + cmp.Or(d.After, "none")
	}
	var parts []string
	for _, v := range d.Added {
		parts = append(parts, "+"+v)
	}
	for _, v := range d.Removed {
		parts = append(parts, "-"+v)
	}
	return strings.Join(parts, " ")
}
