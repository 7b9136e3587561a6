package syntax

import (
	"strconv"
	"strings"
)

// String gives the query on one line.
func (q *Query) String() string { return q.print(" ", " | ") }

// Pretty gives the query over several lines: the question, each clause indented, each stage on its own.
func (q *Query) Pretty() string { return q.print("\n  ", "\n| ") }

func (q *Query) print(beforeClause, beforeStage string) string {
	head, clauses := q.Question.parts()
	var b strings.Builder
	b.WriteString(head)
	for _, c := range clauses {
		b.WriteString(beforeClause)
		b.WriteString(c)
	}
	for _, s := range q.Stages {
		b.WriteString(beforeStage)
		b.WriteString(s.String())
	}
	return b.String()
}

func oneLine(q Question) string {
	head, clauses := q.parts()
	return strings.Join(append([]string{head}, clauses...), " ")
}

// String gives the question on one line.
func (q *WhoCan) String() string { return oneLine(q) }

// String gives the question on one line.
func (q *WhoIsAdmin) String() string { return oneLine(q) }

// String gives the question on one line.
func (q *WhoReach) String() string { return oneLine(q) }

// String gives the question on one line.
func (q *Can) String() string { return oneLine(q) }

// String gives the question on one line.
func (q *Why) String() string { return oneLine(q) }

// String gives the question on one line.
func (q *WhatCan) String() string { return oneLine(q) }

// String gives the question on one line.
func (q *WhatReach) String() string { return oneLine(q) }

// String gives the question on one line.
func (q *Paths) String() string { return oneLine(q) }

// String gives the question on one line.
func (q *Choke) String() string { return oneLine(q) }

// String gives the question on one line.
func (q *External) String() string { return oneLine(q) }

// String gives the question on one line.
func (q *Show) String() string { return oneLine(q) }

// String gives the question on one line.
func (q *Changes) String() string { return oneLine(q) }

func (q *WhoCan) parts() (string, []string) {
	return "who can " + q.Access.String(), q.Clauses.parts()
}

func (q *WhoIsAdmin) parts() (string, []string) { return "who is admin", q.Clauses.parts() }

func (q *WhoReach) parts() (string, []string) {
	return "who can reach " + q.Target.String(), q.Clauses.parts()
}

func (q *Can) parts() (string, []string) {
	return "can " + q.Principal.String() + " do " + q.Access.String(), q.Clauses.parts()
}

func (q *Why) parts() (string, []string) {
	return q.form() + " " + q.Principal.String() + " do " + q.Access.String(), q.Clauses.parts()
}

func (q *WhatCan) parts() (string, []string) {
	return "what can " + q.Principal.String() + " do", q.Clauses.parts()
}

func (q *WhatReach) parts() (string, []string) {
	return "what can " + q.Principal.String() + " reach", q.Clauses.parts()
}

func (q *Paths) parts() (string, []string) {
	head := "paths from " + q.Source.String() + " to " + q.Target.String()
	if q.All {
		head = "all " + head
	}
	return head, q.Clauses.parts()
}

func (q *Choke) parts() (string, []string) {
	return "choke points to " + q.Target.String(), q.Clauses.parts()
}

func (q *External) parts() (string, []string) { return q.form(), q.Clauses.parts() }

func (q *Show) parts() (string, []string) {
	clauses := q.Clauses.parts()
	if q.Where != nil {
		clauses = append([]string{"where " + q.Where.String()}, clauses...)
	}
	return "show " + string(q.Kind), clauses
}

func (q *Changes) parts() (string, []string) {
	head := "changes from " + q.From.String() + " to " + q.To.String()
	if q.In != nil {
		head += " in (" + q.In.String() + ")"
	}
	var with []string
	if q.Observations {
		with = append(with, "observations")
	}
	if q.Paths {
		with = append(with, "paths")
	}
	if len(with) > 0 {
		head += " with " + strings.Join(with, ", ")
	}
	return head, nil
}

func (c *Clauses) parts() []string {
	var parts []string
	if len(c.On) > 0 {
		parts = append(parts, "on "+resources(c.On))
	}
	if c.When != nil {
		parts = append(parts, "when "+c.When.String())
	}
	if len(c.In) > 0 {
		parts = append(parts, "in "+join(len(c.In), func(i int) string { return c.In[i].String() }))
	}
	if len(c.Except) > 0 {
		parts = append(parts, "except "+join(len(c.Except), func(i int) string { return c.Except[i].String() }))
	}
	if len(c.Via) > 0 {
		parts = append(parts, "via "+join(len(c.Via), func(i int) string { return c.Via[i].String() }))
	}
	if c.Within != nil {
		parts = append(parts, c.Within.String())
	}
	if c.At != nil {
		parts = append(parts, "at "+c.At.String())
	}
	return parts
}

func join(n int, item func(int) string) string { return joinWith(n, ", ", item) }

func joinWith(n int, separator string, item func(int) string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = item(i)
	}
	return strings.Join(items, separator)
}

func resources(list []Resource) string {
	return join(len(list), func(i int) string { return list[i].String() })
}

// String gives the access as a question has it.
func (a *Access) String() string {
	actions := join(len(a.Actions), func(i int) string { return a.Actions[i].String() })
	switch {
	case a.Quantifier == AllOf:
		return "all of " + actions
	case a.Explicit:
		return "any of " + actions
	}
	return actions
}

// String gives the pattern, in quotes where it needs them.
func (a *ActionPattern) String() string {
	if a.Level != "" {
		return strings.TrimSuffix(a.Text, "*") + "@" + a.Level
	}
	return word(a.Text, tokenPair, tokenStar)
}

// String gives the ARN, in quotes where it needs them.
func (r *Resource) String() string { return word(r.Pattern, tokenArn, tokenStar) }

// String gives the principal as a question has it.
func (p *Principal) String() string {
	switch p.Kind {
	case PrincipalARN:
		return word(p.Name, tokenArn)
	case PrincipalRole:
		return word("role/"+p.Name, tokenArn)
	case PrincipalUser:
		return word("user/"+p.Name, tokenArn)
	case PrincipalGroup:
		return word("group/"+p.Name, tokenArn)
	case PrincipalAccount:
		return "account " + p.Name
	case PrincipalService:
		return "service " + word(p.Name, names()...)
	}
	return "root"
}

// String gives the word of the source.
func (o *Outsiders) String() string { return string(o.Kind) }

// String gives the target as a question has it.
func (t *AdminTarget) String() string {
	if t.Account == "" {
		return "admin"
	}
	return "admin of account " + t.Account
}

// String gives the target as a question has it.
func (t *AccessTarget) String() string {
	if len(t.On) == 0 {
		return t.Access.String()
	}
	return t.Access.String() + " on " + resources(t.On)
}

// String gives the scope as a clause has it.
func (s *Scope) String() string {
	switch s.Kind {
	case ScopeAccount:
		return "account " + s.Name
	case ScopeOU:
		return "ou " + word(s.Name, names()...)
	case ScopeOrg:
		return "org " + word(s.Name, names()...)
	case ScopeTag:
		return "tag " + word(s.Name, names()...) + " = " + word(s.Value, names()...)
	}
	return "outside"
}

// String gives the word of the kind.
func (e *Edge) String() string { return string(e.Kind) }

// String gives the clause.
func (w *Within) String() string { return "within " + strconv.Itoa(w.Hops) + " hops" }

// String gives the reference with its @.
func (s *Snapshot) String() string { return word("@"+s.Ref, tokenRef) }

// String gives the stage without its bar.
func (s *Where) String() string { return "where " + s.Predicate.String() }

// String gives the stage without its bar.
func (s *Select) String() string { return "select " + fields(s.Fields) }

// String gives the stage without its bar.
func (s *GroupBy) String() string {
	if s.Count {
		return "group by " + fields(s.Fields) + " count"
	}
	return "group by " + fields(s.Fields)
}

// String gives the stage without its bar.
func (s *SortBy) String() string {
	if s.Descending {
		return "sort by " + s.Field.String() + " desc"
	}
	return "sort by " + s.Field.String()
}

// String gives the stage without its bar.
func (s *Limit) String() string { return "limit " + strconv.Itoa(s.Rows) }

// String gives the stage without its bar.
func (s *Count) String() string { return "count" }

// String gives the field's name, in quotes where it needs them.
func (f *Field) String() string { return fieldName(f.Name) }

// fieldName prints a field. The names of fields are often words of the language; only those are quoted that would read as the
// beginning of a predicate.
func fieldName(s string) string {
	switch t := bareType(s); {
	case strings.EqualFold(s, "not"):
	case t == tokenWord, t == tokenPair:
		return s
	}
	return quote(s)
}

func fields(list []Field) string {
	return join(len(list), func(i int) string { return list[i].String() })
}
