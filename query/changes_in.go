package query

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// sideRow is a row of a question in one of the snapshots.
type sideRow struct {
	row     answer.Row
	who     []string // what it is about, by which rows are paired
	json    jsontext.Value
	content string // its JSON without what only proves it
}

// inQuestion asks a question of both snapshots and gives the rows that differ: by whom they are about, and not by how they are proved.
func (b *between) inQuestion(ctx context.Context, question syntax.Question) ([]*answer.ChangeRow, error) {
	var sides [2][]*sideRow
	var schema *answer.Schema
	var failed [2]error
	for x := range sides {
		a, err := b.ask(ctx, x, question)
		if err != nil {
			var unknown *syntax.Error
			if !errors.As(err, &unknown) {
				return nil, err
			}
			failed[x] = err // perhaps a name that the other snapshot knows
			continue
		}
		schema = a.Schema
		if sides[x], err = b.rowsOf(a, x); err != nil {
			return nil, err
		}
	}
	if failed[1] != nil && failed[0] != nil {
		return nil, failed[1]
	}
	for x, err := range failed {
		var unknown *syntax.Error
		if errors.As(err, &unknown) {
			b.notes = append(b.notes, b.names[x]+" has no rows: "+unknown.Message)
		}
	}
	q, ok, err := b.judgedQuestion(question)
	if err != nil {
		return nil, err
	}
	if ok {
		return b.judgedRows(ctx, q, schema, sides)
	}
	return b.pairRows(schema, sides), nil
}

// ask puts the question to one of the snapshots.
func (b *between) ask(ctx context.Context, x int, question syntax.Question) (*answer.Answer, error) {
	o := b.options
	o.Document = false
	return b.engines[x].ask(ctx, &syntax.Query{Question: question}, b.text, o)
}

// rowsOf takes all rows of an answer.
func (b *between) rowsOf(a *answer.Answer, x int) ([]*sideRow, error) {
	var out []*sideRow
	identity := identityOf(a.Schema)
	for r, err := range a.Rows {
		if err != nil {
			return nil, err
		}
		one := &sideRow{row: r}
		for _, name := range identity {
			v, _ := r.Field(name)
			one.who = append(one.who, strings.Join(fieldTexts(v), "\x01"))
		}
		if one.json, err = json.Marshal(r, json.Deterministic(true), jsontext.AllowInvalidUTF8(true)); err != nil {
			return nil, fmt.Errorf("compare rows: %w", err)
		}
		var content any
		if err := json.Unmarshal(one.json, &content, jsontext.AllowInvalidUTF8(true)); err != nil {
			return nil, fmt.Errorf("compare rows: %w", err)
		}
		text, err := json.Marshal(withoutProof(content, a.Schema), json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
		if err != nil {
			return nil, fmt.Errorf("compare rows: %w", err)
		}
		one.content = string(text)
		out = append(out, one)
	}
	s := a.Summary()
	b.judged.assumptions = append(b.judged.assumptions, s.Assumptions...)
	b.judged.warnings = append(b.judged.warnings, s.Warnings...)
	for _, n := range s.Notes {
		b.notes = append(b.notes, b.names[x]+": "+n)
	}
	return out, nil
}

// identityOf are the fields by which rows of a schema are paired.
func identityOf(s *answer.Schema) []string {
	switch s.Kind {
	case answer.KindWhoCan:
		return []string{"principal", "kind"}
	case answer.KindCan, answer.KindWhy:
		return []string{"principal", "action", "resource"}
	case answer.KindWhatCan:
		return []string{"principal", "service", "access", "resources"}
	case answer.KindPath:
		return []string{"from", "to"}
	case answer.KindChoke:
		return []string{"kind", "from", "from_change", "to", "to_change", "edge", "owner", "statement.layer", "statement.policy", "statement.sid"}
	case answer.KindExternal:
		return []string{"resource", "grantee.kind", "grantee.id"}
	}
	var out []string // the inventory: the names that a thing goes by
	for _, name := range []string{"arn", "principal", "id", "key", "policy", "owner", "layer", "account", "user", "number"} {
		if _, ok := s.Column(name); ok {
			out = append(out, name)
		}
	}
	return out
}

// fieldTexts are the values of a field as texts.
func fieldTexts(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []string:
		return v
	}
	return []string{fmt.Sprint(v)}
}

// proof are the members of rows that say how an answer is proved, or where in a list something stands: another proof is no other answer.
var proof = map[string]bool{"witness": true, "via": true, "rank": true, "index": true}

// withoutProof leaves out of a row what proves it, and what changes by itself: ages, and when something was last used.
func withoutProof(v any, s *answer.Schema) any {
	switch v := v.(type) {
	case map[string]any:
		for name := range v {
			c, _ := s.Column(name)
			if proof[name] || c.Type == answer.Duration || s.Kind == answer.KindShow && strings.Contains(name, "last_used") {
				delete(v, name)
				continue
			}
			v[name] = withoutProof(v[name], s)
		}
	case []any:
		for i := range v {
			v[i] = withoutProof(v[i], s)
		}
	}
	return v
}

// pairRows finds the rows that differ.
func (b *between) pairRows(schema *answer.Schema, sides [2][]*sideRow) []*answer.ChangeRow {
	var groups [2]map[string][]*sideRow
	var order []string
	for x, rows := range sides {
		groups[x] = map[string][]*sideRow{}
		for _, r := range rows {
			key := b.keyOf(x, r.who)
			if groups[0][key] == nil && groups[x][key] == nil {
				order = append(order, key)
			}
			groups[x][key] = append(groups[x][key], r)
		}
	}
	w := &rowWriter{between: b, schema: schema, lacks: b.lacking()}
	for _, key := range order {
		w.group(groups[0][key], groups[1][key])
	}
	return w.sorted()
}

// keyOf is what a row is about: one who was renamed has the later name, and one who was made anew is another one (F16).
func (b *between) keyOf(x int, who []string) string {
	out := make([]string, len(who))
	for i, text := range who {
		out[i] = text
		if x == 0 && b.newNames[text] != "" {
			out[i] = b.newNames[text]
		}
		if x == 0 && b.recreated[text] {
			out[i] += "\x00before"
		}
	}
	return strings.Join(out, "\x00")
}

// noteNames finds who was renamed and who was made anew.
func (b *between) noteNames() {
	b.newNames, b.recreated = map[string]string{}, map[string]bool{}
	note := func(kind graph.ChangeKind, before, after graph.ARN) {
		switch {
		case kind == graph.Recreated:
			b.recreated[string(before)] = true
		case before != after:
			b.newNames[string(before)] = string(after)
		}
	}
	for _, a := range b.diff.Accounts {
		eachPair(a.Users, func(u *graph.User) graph.ARN { return u.ARN }, note)
		eachPair(a.Roles, func(r *graph.Role) graph.ARN { return r.ARN }, note)
		eachPair(a.Groups, func(g *graph.Group) graph.ARN { return g.ARN }, note)
		eachPair(a.Policies, func(p *graph.ManagedPolicy) graph.ARN { return p.ARN }, note)
	}
}

// eachPair calls note with the names of all that both snapshots have and that differs.
func eachPair[T any](list []graph.Change[T], arn func(*T) graph.ARN, note func(kind graph.ChangeKind, before, after graph.ARN)) {
	for _, c := range list {
		if c.Before != nil && c.After != nil {
			note(c.Kind, arn(c.Before), arn(c.After))
		}
	}
}
