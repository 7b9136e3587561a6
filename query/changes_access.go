package query

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// KindPrincipal is the kind of a row of access gained and lost.
const kindPrincipal = "principal"

// access finds whose access within a question differs between the snapshots.
func (b *between) access(ctx context.Context, q evaluator.Question) (*evaluator.AccessChanges, error) {
	found, err := b.compare(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, u := range found.Unread {
		b.notes = append(b.notes, "not compared: "+u)
	}
	b.judged.warnings = append(b.judged.warnings, found.Warnings...)
	return found, nil
}

// compare compares by the indexes, or the whole snapshots where there are none or they do not tell.
func (b *between) compare(ctx context.Context, q evaluator.Question) (*evaluator.AccessChanges, error) {
	older, newer := b.engines[0], b.engines[1]
	if older.fleet != nil && newer.fleet != nil {
		if found, ok, err := evaluator.CompareFleets(ctx, older.fleet, newer.fleet, q); ok || err != nil {
			return found, err
		}
	}
	var worlds [2]*evaluator.World
	for x, e := range b.engines {
		w, err := e.compiled(ctx)
		if err != nil {
			return nil, err
		}
		worlds[x] = w
	}
	return evaluator.CompareSnapshots(ctx, worlds[0], worlds[1], q)
}

// accessRows are the rows of all access that differs: one for all who gained and lost the same for the same causes.
func (b *between) accessRows(ctx context.Context) ([]*answer.ChangeRow, error) {
	found, err := b.access(ctx, evaluator.Question{Actions: b.asked(), Strict: b.options.Strict, Budget: b.options.Budget, Now: b.entries[1].Time})
	if err != nil {
		return nil, err
	}
	rows := make([]*answer.ChangeRow, 0, len(found.Changes))
	for _, c := range found.Changes {
		row := b.accessRow(c)
		for _, s := range c.Principals {
			row.Principals = append(row.Principals, s.ARN)
			if s.Account != c.Principals[0].Account {
				row.Account = ""
			}
		}
		if row.Account == "" && len(c.Principals) > 1 {
			row.Name = placeOf(c.Principals)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// placeOf names the lowest root or OU that all principals are below; empty where one of them is in none.
func placeOf(all []*evaluator.Subject) string {
	common := all[0].Path
	for _, s := range all[1:] {
		n := 0
		for n < len(common) && n < len(s.Path) && common[n] == s.Path[n] {
			n++
		}
		common = common[:n]
	}
	if len(common) == 0 {
		return ""
	}
	return "below " + common[len(common)-1]
}

// countAccess says beside each policy that changed how many principals gained or lost access, for that cause among others.
func countAccess(facts []*answer.ChangeRow, found []*answer.ChangeRow) {
	type tally struct{ gained, lost [2]int } // and for that cause alone
	counts := map[string]*tally{}
	for _, r := range found {
		for _, cause := range r.Details {
			t := counts[cause.What]
			if t == nil {
				t = &tally{}
				counts[cause.What] = t
			}
			for _, side := range []struct {
				grants []answer.Grant
				counts *[2]int
			}{{r.Gained, &t.gained}, {r.Lost, &t.lost}} {
				if len(side.grants) == 0 {
					continue
				}
				side.counts[0] += len(r.Principals)
				if len(r.Details) == 1 {
					side.counts[1] += len(r.Principals)
				}
			}
		}
	}
	for _, r := range facts {
		for _, name := range []string{r.Kind + " " + r.Name, "identity policy " + r.ID, "boundary " + r.ID} {
			t := counts[name]
			if t == nil {
				continue
			}
			if t.gained[0] > 0 {
				r.Details = append(r.Details, answer.Detail{What: "principals that gained access", Change: answer.ChangeAdded, After: countOf(t.gained)})
			}
			if t.lost[0] > 0 {
				r.Details = append(r.Details, answer.Detail{What: "principals that lost access", Change: answer.ChangeRemoved, Before: countOf(t.lost)})
			}
		}
	}
}

// countOf writes a number of principals, and of how many a change is the only cause where others have more.
func countOf(n [2]int) string {
	switch n[1] {
	case n[0]:
		return strconv.Itoa(n[0])
	case 0:
		return fmt.Sprintf("%d (none for this alone)", n[0])
	}
	return fmt.Sprintf("%d (%d for this alone)", n[0], n[1])
}

// accessRow puts a change of access into a row about the first of its principals.
func (b *between) accessRow(c *evaluator.AccessChange) *answer.ChangeRow {
	first := c.Principals[0]
	row := &answer.ChangeRow{
		Kind: kindPrincipal, ID: first.ARN, Account: first.Account, Change: c.Presence.String(), Section: answer.SectionAccess,
		Gained: b.grants(c, c.Gained), Lost: b.grants(c, c.Lost), Details: []answer.Detail{},
	}
	for _, cause := range c.Causes {
		row.Details = append(row.Details, answer.Detail{What: strings.TrimSpace(cause.What + " " + cause.Name), Change: cause.Kind.String()})
	}
	if inDoubt(c) {
		row.Change, row.Gap = answer.ChangeUnknown, "it hangs on what one of the snapshots does not tell"
	}
	return row
}

// inDoubt tells whether nothing of a change is certain.
func inDoubt(c *evaluator.AccessChange) bool {
	for _, list := range [][]*evaluator.Access{c.Gained, c.Lost} {
		for _, a := range list {
			if a.Verdict != evaluator.Unknown {
				return false
			}
		}
	}
	return true
}

// grants puts access into words.
func (b *between) grants(c *evaluator.AccessChange, list []*evaluator.Access) []answer.Grant {
	out := make([]answer.Grant, 0, len(list))
	for _, a := range list {
		out = append(out, grantOf(a, c.Witness(a), b.engine.catalog))
	}
	return out
}

// relationOf says how what a principal may do compares with what it could (E24).
func relationOf(c *evaluator.AccessChange) string {
	switch {
	case inDoubt(c):
		return answer.RelationUnknown
	case len(c.Lost) == 0:
		return answer.RelationWeaker
	case len(c.Gained) == 0:
		return answer.RelationStronger
	}
	return answer.RelationIncomparable
}

// judgedQuestion is what a question about what principals may do asks of the evaluator; ok is false for any other question.
func (b *between) judgedQuestion(question syntax.Question) (q evaluator.Question, ok bool, err error) {
	p := &plan{engine: b.engines[1], text: b.text, options: b.options}
	switch s := question.(type) {
	case *syntax.WhoCan:
		q, err = p.question(&s.Access, &s.Clauses)
	case *syntax.Can:
		q, err = p.question(&s.Access, &s.Clauses)
	case *syntax.WhatCan:
		if q, err = p.question(nil, &s.Clauses); len(q.Actions) == 0 {
			q.Actions = []string{"*"}
		}
	default:
		return q, false, nil
	}
	return q, true, err
}

// judgedRows are the rows of such a question that differ: those of the principals whose access within it does, with what they gained and lost.
// Of all others it is proved that it does not. Rows that nothing could be compared for are paired as they are.
func (b *between) judgedRows(ctx context.Context, q evaluator.Question, schema *answer.Schema, sides [2][]*sideRow) ([]*answer.ChangeRow, error) {
	found, err := b.access(ctx, q)
	if err != nil {
		return nil, err
	}
	w := &rowWriter{between: b, schema: schema, lacks: b.lacking()}
	var asked [2]map[string]*sideRow // by principal
	for x, rows := range sides {
		asked[x] = map[string]*sideRow{}
		for _, r := range rows {
			asked[x][b.whose(x, r)] = r
		}
	}
	for _, c := range found.Changes {
		for _, s := range c.Principals {
			w.judged(c, s, asked)
		}
	}
	for x := range sides { // of those who are left, whoever both have a row of has the same access
		for who, r := range asked[x] {
			if asked[1-x][who] == nil {
				w.one(r, x)
			}
		}
	}
	return w.sorted(), nil
}

// whose is the principal that a row is about, as the newer snapshot calls it, with its kind where rows say that.
func (b *between) whose(x int, r *sideRow) string {
	kind, _ := r.row.Field("kind")
	name := r.who[0]
	if x == 0 && b.newNames[name] != "" {
		name = b.newNames[name]
	}
	return principalKey(name, kind)
}

func principalKey(name string, kind any) string {
	text, _ := kind.(string)
	return name + "\x00" + text
}

// judged adds the row of a principal whose access changed, if the question is about it, and takes it out of those that are left.
func (w *rowWriter) judged(c *evaluator.AccessChange, s *evaluator.Subject, asked [2]map[string]*sideRow) {
	var rows [2]*sideRow
	for x := range rows {
		if c.Presence == evaluator.Appeared && x == 0 || c.Presence == evaluator.Gone && x == 1 {
			continue // the other one of that name is another one
		}
		for _, kind := range []any{s.Kind, nil} {
			if r := asked[x][principalKey(s.ARN, kind)]; r != nil {
				rows[x] = r
				delete(asked[x], principalKey(s.ARN, kind))
			}
		}
	}
	if rows[0] == nil && rows[1] == nil {
		return // in and except leave it out
	}
	row := w.accessRow(c)
	row.ID, row.Account, row.Section = s.ARN, s.Account, ""
	switch {
	case row.Change == answer.ChangeUnknown:
	case rows[0] == nil:
		row.Change = answer.ChangeAdded
	case rows[1] == nil:
		row.Change = answer.ChangeRemoved
	default:
		row.Change, row.Relation = answer.ChangeChanged, relationOf(c)
	}
	if rows[0] != nil {
		row.Before = rows[0].json
	}
	if rows[1] != nil {
		row.After = rows[1].json
	}
	w.rows = append(w.rows, row)
}
