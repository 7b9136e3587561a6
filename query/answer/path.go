package answer

// Path is a row of "who can reach", "what can … reach" and "paths": how one identity becomes another, hop by hop. A path without hops says that
// Principal is what was asked for already.
type Path struct {
	Principal string  `json:"principal"` // where it begins, as From
	Kind      string  `json:"kind"`      // of the principal: user, role, root, group, account, service, provider, public, compute
	Account   string  `json:"account"`   // of the principal; empty for what has none
	From      string  `json:"from"`
	To        string  `json:"to"` // the principal that is reached last, or the resource of an access target
	ToKind    string  `json:"to_kind"`
	ToAccount string  `json:"to_account"`
	Hops      []Hop   `json:"hops"`
	HopCount  int     `json:"hop_count"`
	Verdict   Verdict `json:"verdict"` // allowed: every hop is certain but for what the caller chooses (E17)
	// Why To is an administrator (E22): by its permissions, or by escalation, what it can give itself; empty where it is none.
	Admin      string `json:"admin,omitempty"`
	Escalation *Hop   `json:"escalation,omitempty"` // of an administrator by escalation: what it does to itself
	// Of "what can … reach": To is an administrator or reaches one.
	ReachesAdmin bool     `json:"reaches_admin,omitempty"`
	Withheld     []string `json:"withheld,omitempty"` // what the ceiling of the account withholds from an administrator, in words
	Assumptions  []string `json:"assumptions"`
	Causes       []string `json:"causes,omitempty"` // for the verdict unknown: the D54 names, each with what it is about
}

// Hop is one access edge of a path.
type Hop struct {
	From        string         `json:"from"`
	FromKind    string         `json:"from_kind"` // as Path.Kind; compute, policy and resource too
	FromAccount string         `json:"from_account"`
	To          string         `json:"to"`
	ToKind      string         `json:"to_kind"`
	ToAccount   string         `json:"to_account"`
	Kind        string         `json:"kind"`                // CAN_ASSUME, CAN_FEDERATE, PASSROLE_NEW, …
	Technique   string         `json:"technique,omitempty"` // an id of the techniques, where the edge is one
	Title       string         `json:"title,omitempty"`     // of the technique
	Catalogue   []string       `json:"catalogue,omitempty"` // ids of the public catalogue
	Verdict     Verdict        `json:"verdict"`
	Conditions  string         `json:"conditions"` // residuals of this hop's requests, which are its own and no other hop's
	Via         []StatementRef `json:"via"`
	Steps       []Step         `json:"steps"` // the requests that the hop takes
	Facts       []string       `json:"facts,omitempty"`
	Assumptions []string       `json:"assumptions"`
	Remedy      string         `json:"remedy,omitempty"`
}

// Step is one request of a hop.
type Step struct {
	Action     string         `json:"action"`
	Resource   string         `json:"resource"`
	Verdict    Verdict        `json:"verdict"`
	Conditions string         `json:"conditions"`
	Via        []StatementRef `json:"via"`
	Causes     []string       `json:"causes,omitempty"`
	Witness    *Witness       `json:"witness"`
}

// RowVerdict gives the row's verdict.
func (r *Path) RowVerdict() Verdict { return r.Verdict }

// Field gives the value of a field of PathSchema.
func (r *Path) Field(name string) (any, bool) {
	switch name {
	case "principal":
		return text(r.Principal), true
	case "kind":
		return text(r.Kind), true
	case "account":
		return text(r.Account), true
	case "from":
		return text(r.From), true
	case "to":
		return text(r.To), true
	case "to_kind":
		return text(r.ToKind), true
	case "to_account":
		return text(r.ToAccount), true
	case "hops":
		return r.Hops, true
	case "hop_count":
		return float64(r.HopCount), true
	case "verdict":
		return text(string(r.Verdict)), true
	case "admin":
		return text(r.Admin), true
	case "escalation":
		return r.Escalation, true
	case "reaches_admin":
		return r.ReachesAdmin, true
	case "withheld":
		return r.Withheld, true
	case "assumptions":
		return r.Assumptions, true
	case "causes":
		return r.Causes, true
	}
	var out distinct
	for i := range r.Hops {
		h := &r.Hops[i]
		switch name {
		case "hops.from":
			out.add(h.From)
		case "hops.to":
			out.add(h.To)
		case "hops.kind":
			out.add(h.Kind)
		case "hops.technique":
			if h.Technique != "" {
				out.add(h.Technique)
			}
		case "hops.conditions":
			if h.Conditions != "" {
				out.add(h.Conditions)
			}
		case "hops.via.policy":
			for _, v := range h.Via {
				out.add(v.Policy)
			}
		case "hops.via.sid":
			for _, v := range h.Via {
				if v.Sid != "" {
					out.add(v.Sid)
				}
			}
		default:
			return nil, false
		}
	}
	switch name {
	case "hops.from", "hops.to", "hops.kind", "hops.technique", "hops.conditions", "hops.via.policy", "hops.via.sid":
		return out.values, true
	}
	return nil, false
}
