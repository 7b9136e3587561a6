package answer

import "strings"

// Type is the type of a field's values. Every field can also be null.
type Type uint8

// The types. A value's Go type is string, float64, bool, time.Time, time.Duration or []string; Object fields (grants,
// context) have no value of their own for stages: their members are fields by path (grants.conditions).
const (
	Text Type = iota
	Number
	Bool
	Time
	Duration
	List
	Object
)

// String names the type as messages to users do.
func (t Type) String() string {
	switch t {
	case Text:
		return "text"
	case Number:
		return "a number"
	case Bool:
		return "true or false"
	case Time:
		return "a time"
	case Duration:
		return "a duration"
	case List:
		return "a list of texts"
	case Object:
		return "a structure"
	}
	return "a value"
}

// Column is one field of a row.
type Column struct {
	Name string
	Type Type
	// Text of a Text or List column that holds ARNs: like also tries the part after the account.
	ARN bool
	// All that there can be, where that is a few words.
	Words []string
	// What the field means, in one line of the users' reference.
	About string
	// A table shows it; the others are for wide tables and programs. Rows of show alone tell the two apart.
	Main bool
	// Its values are worked out when somebody asks for them: stages fill them in for many rows at once.
	Dear bool
	// An Object whose members are texts by any name, each a field after the dot: tags.team.
	Open bool
}

// Schema says which fields the rows of an answer have, in the order of their JSON. Nested fields, which stages can use and
// JSON shows inside their parent, come after the dot: grants.conditions.
type Schema struct {
	Kind    Kind
	Of      [2]string // of KindShow: what one row is called, and many
	Columns []Column
	Nested  []Column
}

// Kind is the shape of an answer's rows.
type Kind string

// The shapes.
const (
	KindWhoCan   Kind = "who can"
	KindCan      Kind = "can"
	KindWhatCan  Kind = "what can"
	KindWhy      Kind = "why"
	KindShow     Kind = "show"     // the inventory: Of says of what
	KindPolicy   Kind = "policy"   // what one document allows beyond another
	KindPath     Kind = "path"     // who can reach, what can … reach, paths, who is admin
	KindChoke    Kind = "choke"    // choke points
	KindExternal Kind = "external" // external access, external trust
	KindChanges  Kind = "changes"
	KindRecord   Kind = "record" // what select, group by and count make
)

// Column finds the field called name, letter case ignored but in the name of a member of an open field.
func (s *Schema) Column(name string) (Column, bool) {
	for _, list := range [][]Column{s.Columns, s.Nested} {
		for _, c := range list {
			if strings.EqualFold(c.Name, name) {
				return c, true
			}
			if n := len(c.Name); c.Open && len(name) > n+1 && name[n] == '.' && strings.EqualFold(name[:n], c.Name) {
				return Column{Name: c.Name + name[n:], Type: Text}, true
			}
		}
	}
	return Column{}, false
}

// Names lists every field that stages can use, in order.
func (s *Schema) Names() []string {
	names := make([]string, 0, len(s.Columns)+len(s.Nested))
	for _, c := range s.Columns {
		names = append(names, c.Name)
		if c.Open {
			names = append(names, c.Name+".KEY")
		}
	}
	for _, c := range s.Nested {
		names = append(names, c.Name)
	}
	return names
}

func verdicts() []string {
	return []string{string(Allowed), string(Conditional), string(Unknown), string(Denied)}
}

// nestedGrants are the fields inside grants.
func nestedGrants() []Column {
	return []Column{
		{Name: "grants.actions", Type: List},
		{Name: "grants.resources", Type: List, ARN: true},
		{Name: "grants.verdict", Type: List, Words: verdicts()},
		{Name: "grants.conditions", Type: List},
		{Name: "grants.assumptions", Type: List},
		{Name: "grants.causes", Type: List},
		{Name: "grants.via.layer", Type: List},
		{Name: "grants.via.policy", Type: List, ARN: true},
		{Name: "grants.via.sid", Type: List},
	}
}

// WhoCanSchema is the schema of WhoCan rows.
func WhoCanSchema() *Schema {
	return &Schema{Kind: KindWhoCan, Nested: nestedGrants(), Columns: []Column{
		{Name: "principal", ARN: true},
		{Name: "kind", Words: []string{"user", "role", "root", "account", "service", "provider", "public"}},
		{Name: "account"},
		{Name: "verdict", Words: verdicts()},
		{Name: "actions", Type: List},
		{Name: "action_count", Type: Number},
		{Name: "resources", Type: List, ARN: true},
		{Name: "grants", Type: Object},
	}}
}

// CanSchema is the schema of Can rows.
func CanSchema() *Schema {
	return &Schema{Kind: KindCan, Nested: nestedGrants(), Columns: []Column{
		{Name: "principal", ARN: true},
		{Name: "action"},
		{Name: "resource", ARN: true},
		{Name: "verdict", Words: verdicts()},
		{Name: "covers", Type: Bool},
		{Name: "layer"},
		{Name: "grants", Type: Object},
	}}
}

// WhatCanSchema is the schema of WhatCan rows.
func WhatCanSchema() *Schema {
	return &Schema{Kind: KindWhatCan, Columns: []Column{
		{Name: "principal", ARN: true},
		{Name: "account"},
		{Name: "service"},
		{Name: "access", Words: []string{"List", "Read", "Write", "Tagging", "Permissions management"}},
		{Name: "actions", Type: List},
		{Name: "action_count", Type: Number},
		{Name: "resources", Type: List, ARN: true},
		{Name: "verdict", Words: verdicts()},
		{Name: "conditions"},
		{Name: "via", Type: Object},
		{Name: "assumptions", Type: List},
		{Name: "causes", Type: List},
		{Name: "witness", Type: Object},
	}, Nested: []Column{
		{Name: "via.layer", Type: List},
		{Name: "via.policy", Type: List, ARN: true},
		{Name: "via.sid", Type: List},
	}}
}

// PolicySchema is the schema of PolicyGrant rows; with changes they say whether the access is gained or lost.
func PolicySchema(changes bool) *Schema {
	s := &Schema{Kind: KindPolicy, Columns: []Column{
		{Name: "principal", ARN: true},
		{Name: "kind", Words: []string{"principal", "public", "account", "user", "role", "session", "id", "service", "provider"}},
		{Name: "verdict", Words: verdicts()},
		{Name: "actions", Type: List},
		{Name: "action_count", Type: Number},
		{Name: "resources", Type: List, ARN: true},
		{Name: "conditions"},
		{Name: "via", Type: Object},
		{Name: "assumptions", Type: List},
		{Name: "causes", Type: List},
		{Name: "witness", Type: Object},
	}}
	if changes {
		s.Columns = append([]Column{{Name: "change", Words: []string{Gained, Lost}}}, s.Columns...)
	}
	return s
}

// PathSchema is the schema of Path rows.
func PathSchema() *Schema {
	return &Schema{Kind: KindPath, Columns: []Column{
		{Name: "principal", ARN: true},
		{Name: "kind", Words: []string{"user", "role", "root", "group", "account", "organization", "service", "provider", "public", "compute"}},
		{Name: "account"},
		{Name: "from", ARN: true},
		{Name: "to", ARN: true},
		{Name: "to_kind"},
		{Name: "to_account"},
		{Name: "hops", Type: Object},
		{Name: "hop_count", Type: Number},
		{Name: "verdict", Words: verdicts()},
		{Name: "admin", Words: []string{"permissions", "escalation"}},
		{Name: "escalation", Type: Object},
		{Name: "reaches_admin", Type: Bool},
		{Name: "withheld", Type: List},
		{Name: "assumptions", Type: List},
		{Name: "causes", Type: List},
	}, Nested: []Column{
		{Name: "hops.from", Type: List, ARN: true},
		{Name: "hops.to", Type: List, ARN: true},
		{Name: "hops.kind", Type: List},
		{Name: "hops.technique", Type: List},
		{Name: "hops.conditions", Type: List},
		{Name: "hops.via.policy", Type: List, ARN: true},
		{Name: "hops.via.sid", Type: List},
	}}
}
