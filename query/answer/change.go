package answer

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// The words for what became of something between two snapshots (E24).
const (
	ChangeAdded     = "added"
	ChangeRemoved   = "removed"
	ChangeChanged   = "changed"
	ChangeRecreated = "recreated" // removed, and another one made under its name: AWS's unique id is another
	ChangeUnknown   = "unknown"   // one of the snapshots did not read it
)

// How the condition of an access compares with the one before (E24). Weaker lets in more.
const (
	RelationWeaker       = "weaker"
	RelationStronger     = "stronger"
	RelationIncomparable = "incomparable"
	RelationUnknown      = "unknown"
)

// ChangeRow is a row of "changes": a fact that differs between two snapshots, a principal (or several that nothing tells apart) with the access
// gained and lost, or a row that another question has in one of them alone.
type ChangeRow struct {
	Kind       string         `json:"kind"`
	ID         string         `json:"id"`
	Name       string         `json:"name,omitempty"` // where the id says little to people
	Account    string         `json:"account"`
	Change     string         `json:"change"`
	Relation   string         `json:"relation,omitempty"` // of a row of another question that is in both
	Gap        string         `json:"gap,omitempty"`      // why it is unknown
	Principals []string       `json:"principals,omitempty"`
	Gained     []Grant        `json:"gained"`
	Lost       []Grant        `json:"lost"`
	Details    []Detail       `json:"details"`
	Before     jsontext.Value `json:"before,omitempty"` // rows of another question
	After      jsontext.Value `json:"after,omitempty"`
	Section    string         `json:"-"` // under which tables list it: SectionFacts, SectionAccess, SectionPaths, or none
}

// The sections of a table of changes.
const (
	SectionFacts  = "facts"
	SectionAccess = "access"
	SectionPaths  = "paths"
)

// Detail is one part of a fact that differs. A text has Before and After, a set what was Added and Removed, a policy document its Statements.
type Detail struct {
	What       string            `json:"what"`
	Change     string            `json:"change"`
	Before     string            `json:"before,omitempty"`
	After      string            `json:"after,omitempty"`
	Added      []string          `json:"added,omitempty"`
	Removed    []string          `json:"removed,omitempty"`
	Statements []StatementChange `json:"statements,omitempty"`
}

// StatementChange is one statement of a policy document that differs. Text is for those who read: the statement in one line, or
// what differs in its elements.
type StatementChange struct {
	Change   string         `json:"change"`
	Sid      string         `json:"sid"`
	Text     string         `json:"text"`
	Elements []Detail       `json:"elements,omitempty"` // of a statement that is in both
	Before   jsontext.Value `json:"before,omitempty"`
	After    jsontext.Value `json:"after,omitempty"`
}

// RowVerdict is Unknown for what one snapshot did not read, and empty for all else.
func (r *ChangeRow) RowVerdict() Verdict {
	if r.Change == ChangeUnknown {
		return Unknown
	}
	return ""
}

// Field gives the value of a field of ChangeSchema.
func (r *ChangeRow) Field(name string) (any, bool) {
	switch name {
	case "kind":
		return text(r.Kind), true
	case "id":
		return text(r.ID), true
	case "name":
		return text(r.Name), true
	case "account":
		return text(r.Account), true
	case "change":
		return text(r.Change), true
	case "relation":
		return text(r.Relation), true
	case "gap":
		return text(r.Gap), true
	case "principals":
		return r.Principals, true
	case "gained":
		return r.Gained, true
	case "lost":
		return r.Lost, true
	case "details":
		return r.Details, true
	case "details.what":
		return whats(r.Details), true
	case "before":
		return r.Before, true
	case "after":
		return r.After, true
	}
	for prefix, grants := range map[string][]Grant{"gained.": r.Gained, "lost.": r.Lost} {
		if member, ok := strings.CutPrefix(name, prefix); ok {
			return grantField(grants, "grants."+member)
		}
	}
	return nil, false
}

func whats(details []Detail) []string {
	var out []string
	for _, d := range details {
		out = append(out, d.What)
	}
	return out
}

// ChangeSchema is the schema of ChangeRow rows.
func ChangeSchema() *Schema {
	s := &Schema{Kind: KindChanges, Columns: []Column{
		{Name: "kind"},
		{Name: "id", ARN: true},
		{Name: "name"},
		{Name: "account"},
		{Name: "change", Words: []string{ChangeAdded, ChangeRemoved, ChangeChanged, ChangeRecreated, ChangeUnknown}},
		{Name: "relation", Words: []string{RelationWeaker, RelationStronger, RelationIncomparable, RelationUnknown}},
		{Name: "gap"},
		{Name: "principals", Type: List, ARN: true},
		{Name: "gained", Type: Object},
		{Name: "lost", Type: Object},
		{Name: "details", Type: Object},
		{Name: "before", Type: Object},
		{Name: "after", Type: Object},
	}, Nested: []Column{{Name: "details.what", Type: List}}}
	for _, prefix := range []string{"gained.", "lost."} {
		for _, c := range nestedGrants() {
			c.Name = prefix + strings.TrimPrefix(c.Name, "grants.")
			s.Nested = append(s.Nested, c)
		}
	}
	return s
}
