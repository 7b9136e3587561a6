package syntax

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// converter turns the parse tree into the syntax tree and checks what the grammar cannot say. It keeps the first error and
// goes on, so that its methods stay plain.
type converter struct {
	text string
	err  error
}

func (c *converter) fail(at Pos, n int, format string, args ...any) {
	if c.err == nil {
		c.err = newError(c.text, at, n, fmt.Sprintf(format, args...))
	}
}

func position(p lexer.Position) Pos { return Pos{Offset: p.Offset, Line: p.Line, Column: p.Column} }

// word gives the text of a token that may be in quotes.
func (c *converter) word(p lexer.Position, token string) string {
	text, ok := unquote(token)
	if !ok {
		c.fail(position(p), len(token), `%s holds a backslash that starts no escape: write \\ for the character itself`, show(token))
	}
	return text
}

func (c *converter) items(p lexer.Position, n int, what string) {
	if n > MaxItems {
		c.fail(position(p), 1, "a list of %d %s: at most %d can be given", n, what, MaxItems)
	}
}

func (c *converter) query(t *query) *Query {
	q := &Query{Question: c.question(&t.Question)}
	q.Pos = q.Question.Position()
	c.items(lexer.Position{Line: 1, Column: 1}, len(t.Stages), "stages")
	for i := range t.Stages {
		q.Stages = append(q.Stages, c.stage(&t.Stages[i]))
	}
	return q
}

func (c *converter) question(t *question) Question {
	switch {
	case t.Who != nil:
		return c.who(t.Who)
	case t.Can != nil:
		return &Can{Principal: c.principal(&t.Can.Principal), Access: c.access(&t.Can.Access),
			Clauses: c.clauses(t.Can.Clauses), Pos: position(t.Can.Pos)}
	case t.Why != nil:
		return &Why{Negated: t.Why.Negated, Principal: c.principal(&t.Why.Principal), Access: c.access(&t.Why.Access),
			Clauses: c.clauses(t.Why.Clauses), Pos: position(t.Why.Pos)}
	case t.What != nil && t.What.Reach:
		return &WhatReach{Principal: c.principal(&t.What.Principal), Clauses: c.clauses(t.What.Clauses), Pos: position(t.What.Pos)}
	case t.What != nil:
		return &WhatCan{Principal: c.principal(&t.What.Principal), Clauses: c.clauses(t.What.Clauses), Pos: position(t.What.Pos)}
	case t.Paths != nil:
		q := &Paths{All: strings.EqualFold(t.Paths.Mode, "all"), Source: c.source(&t.Paths.Source), Target: c.target(&t.Paths.Target),
			Clauses: c.clauses(t.Paths.Clauses), Pos: position(t.Paths.Pos)}
		c.aim(q.Target, &q.Clauses)
		return q
	case t.External != nil:
		return &External{Trust: t.External.Trust, Clauses: c.clauses(t.External.Clauses), Pos: position(t.External.Pos)}
	case t.Choke != nil:
		q := &Choke{Target: c.target(&t.Choke.Target), Clauses: c.clauses(t.Choke.Clauses), Pos: position(t.Choke.Pos)}
		c.aim(q.Target, &q.Clauses)
		return q
	case t.List != nil:
		return c.show(t.List)
	}
	q := &Changes{From: c.snapshot(&t.Changes.From), To: c.snapshot(&t.Changes.To), Pos: position(t.Changes.Pos)}
	if t.Changes.In != nil {
		q.In = c.question(t.Changes.In)
	}
	for _, word := range t.Changes.With {
		q.Observations = q.Observations || strings.EqualFold(word, "observations")
		q.Paths = q.Paths || strings.EqualFold(word, "paths")
	}
	return q
}

func (c *converter) who(t *who) Question {
	clauses := t.Clauses
	scopes := t.In
	if t.Outside != nil {
		scopes = []scope{{Pos: t.Outside.Pos, Outside: true}}
	}
	if len(scopes) > 0 { // "who in account 1… can" reads as "who can … in account 1…"
		clauses = append([]clause{{Pos: scopes[0].Pos, In: scopes}}, clauses...)
	}
	at := position(t.Pos)
	switch {
	case t.Admin:
		return &WhoIsAdmin{Clauses: c.clauses(clauses), Pos: at}
	case t.Target != nil:
		q := &WhoReach{Target: c.target(t.Target), Clauses: c.clauses(clauses), Pos: at}
		c.aim(q.Target, &q.Clauses)
		return q
	}
	return &WhoCan{Access: c.access(t.Access), Clauses: c.clauses(clauses), Pos: at}
}

// aim moves an on clause to the target that it belongs to.
func (c *converter) aim(t Target, clauses *Clauses) {
	if len(clauses.On) == 0 {
		return
	}
	access, ok := t.(*AccessTarget)
	if !ok {
		c.fail(clauses.On[0].Pos, len(clauses.On[0].Pattern), "on belongs to actions: a target that is a principal or admin takes no resources")
		return
	}
	access.On, clauses.On = clauses.On, nil
}

func (c *converter) show(t *list) *Show {
	q := &Show{Kind: Kind(strings.ToLower(t.Kind.Word)), Pos: position(t.Pos)}
	var clauses []clause
	for i := range t.Parts {
		switch p := &t.Parts[i]; {
		case p.Clause != nil:
			clauses = append(clauses, *p.Clause)
		case q.Where != nil:
			c.fail(position(p.Where.Pos), len("where"), "where is given twice: join the two with and")
		default:
			q.Where = c.predicate(&p.Where.Predicate)
		}
	}
	q.Clauses = c.clauses(clauses)
	return q
}

// clauses puts clauses into their places. Each kind may be given once: what two would mean together is not said anywhere.
func (c *converter) clauses(list []clause) Clauses {
	var out Clauses
	once := func(t *clause, taken bool, name, advice string) {
		if taken {
			c.fail(position(t.Pos), len(name), "%s is given twice: %s", name, advice)
		}
	}
	const comma = "list everything in one, with commas"
	for i := range list {
		t := &list[i]
		switch {
		case t.On != nil:
			once(t, out.On != nil, "on", comma)
			c.items(t.Pos, len(t.On), "resources")
			for j := range t.On {
				out.On = append(out.On, c.resource(&t.On[j]))
			}
		case t.When != nil:
			once(t, out.When != nil, "when", "join the two with and")
			out.When = c.context(t.When)
		case t.In != nil:
			once(t, out.In != nil, "in", comma)
			c.items(t.Pos, len(t.In), "scopes")
			for j := range t.In {
				out.In = append(out.In, *c.scope(&t.In[j]))
			}
		case t.Except != nil:
			once(t, out.Except != nil, "except", comma)
			c.items(t.Pos, len(t.Except), "exceptions")
			for j := range t.Except {
				out.Except = append(out.Except, c.exception(&t.Except[j]))
			}
		case t.Via != nil:
			once(t, out.Via != nil, "via", comma)
			c.items(t.Pos, len(t.Via), "edges")
			for j := range t.Via {
				out.Via = append(out.Via, Edge{Kind: EdgeKind(strings.ToLower(t.Via[j].Kind)), Pos: position(t.Via[j].Pos)})
			}
		case t.Within != nil:
			once(t, out.Within != nil, "within", "give one number")
			out.Within = &Within{Hops: c.number(t.Within), Pos: position(t.Within.Pos)}
		case t.At != nil:
			once(t, out.At != nil, "at", "a question is about one snapshot")
			at := c.snapshot(t.At)
			out.At = &at
		}
	}
	return out
}

func (c *converter) number(t *number) int {
	n, err := strconv.ParseInt(t.Text, 10, 32)
	if err != nil {
		c.fail(position(t.Pos), len(t.Text), "%s is too large a number", show(t.Text))
	}
	return int(n)
}

func (c *converter) stage(t *stage) Stage {
	at := position(t.Pos)
	switch {
	case t.Where != nil:
		return &Where{Predicate: c.predicate(&t.Where.Predicate), Pos: at}
	case t.Select != nil:
		return &Select{Fields: c.fields(t.Select), Pos: at}
	case t.Group != nil:
		return &GroupBy{Fields: c.fields(t.Group), Count: t.Total, Pos: at}
	case t.Sort != nil:
		return &SortBy{Field: c.field(t.Sort), Descending: strings.EqualFold(t.Order, "desc"), Pos: at}
	case t.Limit != nil:
		return &Limit{Rows: c.number(t.Limit), Pos: at}
	}
	return &Count{Pos: at}
}

func (c *converter) fields(list []field) []Field {
	c.items(list[0].Pos, len(list), "fields")
	out := make([]Field, len(list))
	for i := range list {
		out[i] = c.field(&list[i])
	}
	return out
}

func (c *converter) field(t *field) Field {
	name := c.word(t.Pos, t.Text)
	if name == "" {
		c.fail(position(t.Pos), len(t.Text), "a field has a name")
	}
	return Field{Name: name, Pos: position(t.Pos)}
}
