package answer

// The changes of access.
const (
	Gained = "gained"
	Lost   = "lost"
)

// PolicyGrant is a row of "policy diff" and "policy check": a product of actions, resources and a condition that one document allows and another
// one does not, for one kind of caller. Principal is whom the documents name, "*" for whoever they do not, and empty, with the kind
// "principal", for whom the document is attached to. The witness is a request that the one allows and the other denies.
type PolicyGrant struct {
	Change      string         `json:"change,omitempty"` // Gained or Lost, in a diff
	Principal   string         `json:"principal"`
	Kind        string         `json:"kind"`
	Verdict     Verdict        `json:"verdict"`
	Actions     []string       `json:"actions"`
	ActionCount int            `json:"action_count"`
	Resources   []string       `json:"resources"`
	Conditions  string         `json:"conditions"`
	Via         []StatementRef `json:"via"`
	Assumptions []string       `json:"assumptions"`
	Causes      []string       `json:"causes,omitempty"`
	Witness     *Witness       `json:"witness"`
}

// RowVerdict gives the row's verdict.
func (r *PolicyGrant) RowVerdict() Verdict { return r.Verdict }

// Field gives the value of a field of PolicySchema.
func (r *PolicyGrant) Field(name string) (any, bool) {
	switch name {
	case "change":
		return text(r.Change), true
	case "principal":
		return text(r.Principal), true
	case "kind":
		return text(r.Kind), true
	case "verdict":
		return text(string(r.Verdict)), true
	case "actions":
		return r.Actions, true
	case "action_count":
		return float64(r.ActionCount), true
	case "resources":
		return r.Resources, true
	case "conditions":
		return text(r.Conditions), true
	case "via":
		return r.Via, true
	case "assumptions":
		return r.Assumptions, true
	case "causes":
		return r.Causes, true
	case "witness":
		return r.Witness, true
	}
	return nil, false
}
