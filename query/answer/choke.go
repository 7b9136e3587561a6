package answer

// The kinds of choke points.
const (
	ChokeEdge      = "edge"      // one edge of the access graph: those that lose every path without it
	ChokeStatement = "statement" // one statement of a policy: the same
	ChokeCut       = "cut"       // an edge of one minimum cut: without all of its edges nobody has a path
	ChokeGreedy    = "greedy"    // a statement that was chosen beside those before it: what they take together
)

// Choke is a row of "choke points": something without which principals lose every path to a target.
type Choke struct {
	Kind        string        `json:"kind"`
	Rank        int           `json:"rank"` // among those of its kind, from 1
	From        string        `json:"from,omitempty"`
	FromKind    string        `json:"from_kind,omitempty"`
	FromAccount string        `json:"from_account,omitempty"`
	FromChange  string        `json:"from_change,omitempty"` // what From has after an edit that comes before; empty: it is as it is
	To          string        `json:"to,omitempty"`
	ToKind      string        `json:"to_kind,omitempty"`
	ToAccount   string        `json:"to_account,omitempty"`
	ToChange    string        `json:"to_change,omitempty"`  // what To then has
	Edge        string        `json:"edge,omitempty"`       // CAN_ASSUME, PASSROLE_NEW, …
	Techniques  []string      `json:"techniques,omitempty"` // all that make the edge
	Statement   *StatementRef `json:"statement"`            // null for an edge
	Owner       string        `json:"owner,omitempty"`      // whose policy the statement is in: the ARN of a policy, user, role, group or resource
	Lost        int           `json:"lost"`                 // principals that lose every path; of greedy, without this statement and those before it
	Of          int           `json:"of"`                   // principals that have a path
	Principals  []string      `json:"principals"`           // those that lose every path
	Remedy      string        `json:"remedy,omitempty"`
}

// RowVerdict is empty: choke points have none.
func (r *Choke) RowVerdict() Verdict { return "" }

// Field gives the value of a field of ChokeSchema.
func (r *Choke) Field(name string) (any, bool) {
	switch name {
	case "kind":
		return text(r.Kind), true
	case "rank":
		return float64(r.Rank), true
	case "from":
		return text(r.From), true
	case "from_kind":
		return text(r.FromKind), true
	case "from_account":
		return text(r.FromAccount), true
	case "from_change":
		return text(r.FromChange), true
	case "to":
		return text(r.To), true
	case "to_kind":
		return text(r.ToKind), true
	case "to_account":
		return text(r.ToAccount), true
	case "to_change":
		return text(r.ToChange), true
	case "edge":
		return text(r.Edge), true
	case "techniques":
		return r.Techniques, true
	case "statement":
		if r.Statement == nil {
			return nil, true
		}
		return r.Statement, true
	case "owner":
		return text(r.Owner), true
	case "lost":
		return float64(r.Lost), true
	case "of":
		return float64(r.Of), true
	case "principals":
		return r.Principals, true
	case "remedy":
		return text(r.Remedy), true
	}
	return r.statementField(name)
}

func (r *Choke) statementField(name string) (any, bool) {
	ref := r.Statement
	if ref == nil {
		ref = &StatementRef{}
	}
	switch name {
	case "statement.layer":
		return text(ref.Layer), true
	case "statement.policy":
		return text(ref.Policy), true
	case "statement.sid":
		return text(ref.Sid), true
	}
	return nil, false
}

// ChokeSchema is the schema of Choke rows.
func ChokeSchema() *Schema {
	return &Schema{Kind: KindChoke, Columns: []Column{
		{Name: "kind", Words: []string{ChokeEdge, ChokeStatement, ChokeCut, ChokeGreedy}},
		{Name: "rank", Type: Number},
		{Name: "from", ARN: true},
		{Name: "from_kind"},
		{Name: "from_account"},
		{Name: "from_change"},
		{Name: "to", ARN: true},
		{Name: "to_kind"},
		{Name: "to_account"},
		{Name: "to_change"},
		{Name: "edge"},
		{Name: "techniques", Type: List},
		{Name: "statement", Type: Object},
		{Name: "owner", ARN: true},
		{Name: "lost", Type: Number},
		{Name: "of", Type: Number},
		{Name: "principals", Type: List, ARN: true},
		{Name: "remedy"},
	}, Nested: []Column{
		{Name: "statement.layer"},
		{Name: "statement.policy", ARN: true},
		{Name: "statement.sid"},
	}}
}
