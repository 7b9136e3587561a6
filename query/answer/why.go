package answer

// Why is the row of "why can" and "why cannot": the verdict on one principal, and one request looked at layer by layer. Where the
// question takes in several requests and all are denied, the one that is shown stands for the others.
type Why struct {
	Principal  string      `json:"principal"`
	Account    string      `json:"account"`
	Action     string      `json:"action"`   // as asked
	Resource   string      `json:"resource"` // as asked
	Verdict    Verdict     `json:"verdict"`
	Layer      string      `json:"layer"`
	Owner      string      `json:"owner"`   // whose policy of the layer decided, where one did; of SCPs and RCPs their place
	Rule       string      `json:"rule"`    // number of the semantics
	Because    string      `json:"because"` // the rule in words
	Conditions string      `json:"conditions"`
	Causes     []string    `json:"causes,omitempty"`
	Shown      *Shown      `json:"shown"` // nil: nothing in the snapshot can be asked for
	Layers     []WhyLayer  `json:"layers"`
	Changes    []ChangeSet `json:"changes"`         // for a denial
	More       bool        `json:"more_changes"`    // not all sets were looked at
	Fixed      string      `json:"fixed,omitempty"` // why no change helps
	Assumes    []string    `json:"assumptions"`
	Witness    *Witness    `json:"witness"`
}

// Shown is the request that the layers are about, with its own verdict.
type Shown struct {
	Action     string  `json:"action"`
	Resource   string  `json:"resource"`
	Whole      bool    `json:"whole"` // it is all that was asked
	Verdict    Verdict `json:"verdict"`
	Conditions string  `json:"conditions"`
}

// Extent is in how many of the question's contexts something holds.
type Extent string

// The extents. Perhaps hangs on something that the snapshot does not tell.
const (
	Nowhere    Extent = "never"
	Perhaps    Extent = "perhaps"
	Somewhere  Extent = "sometimes"
	Everywhere Extent = "always"
)

// WhyLayer is one layer of policies, one level of it for SCPs and RCPs.
type WhyLayer struct {
	Layer      string         `json:"layer"`
	Owner      string         `json:"owner"`
	Absent     string         `json:"absent,omitempty"` // why there is nothing, or why it does not count
	Rule       string         `json:"rule,omitempty"`
	Allows     Extent         `json:"allows"`
	Denies     Extent         `json:"denies"`
	Statements []WhyStatement `json:"statements"`
}

// WhyStatement is what one statement says of the request: whether it matches, and if it does not, what stopped it.
type WhyStatement struct {
	Policy  string   `json:"policy"`
	Sid     string   `json:"sid"`
	Index   int      `json:"index"`
	Effect  string   `json:"effect"`
	Matches Extent   `json:"matches"`
	When    string   `json:"when,omitempty"`
	Cause   string   `json:"cause,omitempty"`
	Stopped *Stopped `json:"stopped_by,omitempty"`
}

// Stopped is the element of a statement that stopped it: its patterns, or its condition with the value that is known of the key.
type Stopped struct {
	Element   string   `json:"element"` // action, principal, resource, condition, conditions, rule, grantee, operations
	Not       bool     `json:"not,omitzero"`
	Patterns  []string `json:"patterns,omitempty"`
	Condition string   `json:"condition,omitempty"`
	Key       string   `json:"key,omitempty"`
	Known     string   `json:"known,omitempty"` // value, absent, open; never: no request meets the condition
	Values    []string `json:"values,omitempty"`
	Rule      string   `json:"rule,omitempty"`
}

// ChangeSet is changes that allow the request together, none of which can be left out.
type ChangeSet struct {
	Changes    []Change `json:"changes"`
	Verdict    Verdict  `json:"verdict"` // that they lead to
	Conditions string   `json:"conditions"`
}

// Change is one change of policies, in words and in parts.
type Change struct {
	Text      string        `json:"text"`
	Kind      string        `json:"kind"` // add-allow, exempt, unrestrict
	Layer     string        `json:"layer"`
	Owner     string        `json:"owner"`
	Policy    string        `json:"policy"`
	Statement *StatementRef `json:"statement,omitempty"`
	Principal string        `json:"principal,omitempty"`
	Held      string        `json:"held_to,omitempty"` // of everyone: who alone is meant, by aws:PrincipalArn
	Action    string        `json:"action,omitempty"`
	Resource  string        `json:"resource,omitempty"`
}

// RowVerdict gives the row's verdict.
func (r *Why) RowVerdict() Verdict { return r.Verdict }

// Field gives the value of a field of WhySchema.
func (r *Why) Field(name string) (any, bool) {
	switch name {
	case "principal":
		return text(r.Principal), true
	case "account":
		return text(r.Account), true
	case "action":
		return text(r.Action), true
	case "resource":
		return text(r.Resource), true
	case "verdict":
		return text(string(r.Verdict)), true
	case "layer":
		return text(r.Layer), true
	case "owner":
		return text(r.Owner), true
	case "rule":
		return text(r.Rule), true
	case "because":
		return text(r.Because), true
	case "conditions":
		return text(r.Conditions), true
	case "shown":
		return r.Shown, true
	case "layers":
		return r.Layers, true
	case "changes":
		return r.Changes, true
	case "assumptions":
		return r.Assumes, true
	case "witness":
		return r.Witness, true
	case "changes.text":
		var out distinct
		for i := range r.Changes {
			for j := range r.Changes[i].Changes {
				out.add(r.Changes[i].Changes[j].Text)
			}
		}
		return out.values, true
	}
	return nil, false
}

// WhySchema is the schema of Why rows.
func WhySchema() *Schema {
	return &Schema{Kind: KindWhy, Columns: []Column{
		{Name: "principal", ARN: true},
		{Name: "account"},
		{Name: "action"},
		{Name: "resource", ARN: true},
		{Name: "verdict", Words: verdicts()},
		{Name: "layer"},
		{Name: "owner"},
		{Name: "rule"},
		{Name: "because"},
		{Name: "conditions"},
		{Name: "shown", Type: Object},
		{Name: "layers", Type: Object},
		{Name: "changes", Type: Object},
		{Name: "assumptions", Type: List},
		{Name: "witness", Type: Object},
	}, Nested: []Column{{Name: "changes.text", Type: List}}}
}
