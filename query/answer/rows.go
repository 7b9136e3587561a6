package answer

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Row is one row of an answer. Field gives the value of the field with that name, in the spelling of the row's Schema, as
// one of the Go types that Type lists, or nil for null; ok is false when the row has no such field. RowVerdict gives the
// row's verdict, empty where its kind has none. A row marshals to the JSON of its kind.
type Row interface {
	Field(name string) (value any, ok bool)
	RowVerdict() Verdict
}

// StatementRef names one statement that a grant or a decision rests on: the layer, the policy as answers quote it (an
// ARN or a name), the statement's Sid, empty when it has none, and its position in the document, from 0.
type StatementRef struct {
	Layer  string `json:"layer"`
	Policy string `json:"policy"`
	Sid    string `json:"sid"`
	Index  int    `json:"index"`
}

// Witness is one concrete request of a grant, which the point engine decided to be allowed. A key that Context does not
// hold is absent.
type Witness struct {
	Principal string                  `json:"principal"`
	Action    string                  `json:"action"`
	Resource  string                  `json:"resource"`
	Context   map[string]ContextValue `json:"context"`
}

// ContextValue is the value of one context key in a witness: one text, or several where the key is multivalued. Its JSON is
// that of the cases for simulate: a string or an array.
type ContextValue struct {
	Values []string
	Multi  bool
}

// MarshalJSONTo writes v as a string, or as an array when the key is multivalued.
func (v ContextValue) MarshalJSONTo(enc *jsontext.Encoder) error {
	if v.Multi {
		return json.MarshalEncode(enc, slices.Concat([]string{}, v.Values))
	}
	return enc.WriteToken(jsontext.String(strings.Join(v.Values, "")))
}

// Grant is a product of actions, resources and a condition that the principal has; the grants of a row together are exact.
// Conditions is the residual in the words of the query language, empty when there is none. Causes are what an unknown
// verdict hangs on.
type Grant struct {
	Actions     []string       `json:"actions"`
	Resources   []string       `json:"resources"`
	Verdict     Verdict        `json:"verdict"`
	Conditions  string         `json:"conditions"`
	Via         []StatementRef `json:"via"`
	Assumptions []string       `json:"assumptions"`
	Causes      []string       `json:"causes,omitempty"` // for the verdict unknown: the D54 names, each with what it is about
	Witness     *Witness       `json:"witness"`
}

// WhoCan is a row of "who can": one principal with what it can do of the question. Its own fields summarize the grants
// (the best verdict, the unions).
type WhoCan struct {
	Principal   string   `json:"principal"`
	Kind        string   `json:"kind"`
	Account     string   `json:"account"`
	Verdict     Verdict  `json:"verdict"`
	Actions     []string `json:"actions"`
	ActionCount int      `json:"action_count"`
	Resources   []string `json:"resources"`
	Grants      []Grant  `json:"grants"`

	Brief  func() []Grant `json:"-"` // Grants as a table shows them; nil: as they are
	Detail func(*WhoCan)  `json:"-"` // puts Resources and Grants in when somebody asks for them; nil: they are there
}

// Whole is the row with its resources and grants. Where an answer has many rows of which few are looked into, they are not there before.
func (r *WhoCan) Whole() *WhoCan {
	if fill := r.Detail; fill != nil {
		r.Detail = nil
		fill(r)
	}
	return r
}

// MarshalJSONTo writes the whole row.
func (r *WhoCan) MarshalJSONTo(enc *jsontext.Encoder) error {
	type plain WhoCan
	return json.MarshalEncode(enc, (*plain)(r.Whole()))
}

// RowVerdict gives the row's verdict.
func (r *WhoCan) RowVerdict() Verdict { return r.Verdict }

// Field gives the value of a field of WhoCanSchema.
func (r *WhoCan) Field(name string) (any, bool) {
	switch name {
	case "principal":
		return text(r.Principal), true
	case "kind":
		return text(r.Kind), true
	case "account":
		return text(r.Account), true
	case "verdict":
		return text(string(r.Verdict)), true
	case "actions":
		return r.Actions, true
	case "action_count":
		return float64(r.ActionCount), true
	case "resources":
		return r.Whole().Resources, true
	case "grants":
		return r.Whole().Grants, true
	}
	return grantField(r.Whole().Grants, name)
}

// Can is a row of "can": whether one principal can do what was asked. Covers tells whether everything asked is allowed;
// Layer is the layer that decided a denial.
type Can struct {
	Principal string  `json:"principal"`
	Action    string  `json:"action"`
	Resource  string  `json:"resource"`
	Verdict   Verdict `json:"verdict"`
	Covers    bool    `json:"covers"`
	Layer     string  `json:"layer"`
	Grants    []Grant `json:"grants"`

	Brief func() []Grant `json:"-"` // Grants as a table shows them; nil: as they are
}

// RowVerdict gives the row's verdict.
func (r *Can) RowVerdict() Verdict { return r.Verdict }

// Field gives the value of a field of CanSchema.
func (r *Can) Field(name string) (any, bool) {
	switch name {
	case "principal":
		return text(r.Principal), true
	case "action":
		return text(r.Action), true
	case "resource":
		return text(r.Resource), true
	case "verdict":
		return text(string(r.Verdict)), true
	case "covers":
		return r.Covers, true
	case "layer":
		return text(r.Layer), true
	case "grants":
		return r.Grants, true
	}
	return grantField(r.Grants, name)
}

// WhatCan is a row of "what can": one grant of a principal, within one service and access level (List, Read, Write,
// Tagging, Permissions management; empty for actions that the catalogue does not know).
type WhatCan struct {
	Principal   string         `json:"principal"`
	Account     string         `json:"account"`
	Service     string         `json:"service"`
	Access      string         `json:"access"`
	Actions     []string       `json:"actions"`
	ActionCount int            `json:"action_count"`
	Resources   []string       `json:"resources"`
	Verdict     Verdict        `json:"verdict"`
	Conditions  string         `json:"conditions"`
	Via         []StatementRef `json:"via"`
	Assumptions []string       `json:"assumptions"`
	Causes      []string       `json:"causes,omitempty"`
	Witness     *Witness       `json:"witness"`
}

// RowVerdict gives the row's verdict.
func (r *WhatCan) RowVerdict() Verdict { return r.Verdict }

// Field gives the value of a field of WhatCanSchema.
func (r *WhatCan) Field(name string) (any, bool) {
	switch name {
	case "principal":
		return text(r.Principal), true
	case "account":
		return text(r.Account), true
	case "service":
		return text(r.Service), true
	case "access":
		return text(r.Access), true
	case "actions":
		return r.Actions, true
	case "action_count":
		return float64(r.ActionCount), true
	case "resources":
		return r.Resources, true
	case "verdict":
		return text(string(r.Verdict)), true
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
	if inner, ok := strings.CutPrefix(name, "via."); ok {
		return viaField([][]StatementRef{r.Via}, inner)
	}
	return nil, false
}

// CutOff is a part of what a principal was granted and may not do all the same, within one service and access level. Each of the layers of CutBy
// withholds it, and would do so alone.
type CutOff struct {
	Principal   string   `json:"principal"`
	Account     string   `json:"account"`
	Service     string   `json:"service"`
	Access      string   `json:"access"`
	Actions     []string `json:"actions"`
	ActionCount int      `json:"action_count"`
	Resources   []string `json:"resources"`
	Verdict     Verdict  `json:"verdict"` // denied
	Conditions  string   `json:"conditions"`
	CutBy       []CutBy  `json:"cut_by"`
}

// CutBy is one layer that withholds something. Level is the root, OU or account that an SCP or RCP is attached to; Statements are those that deny,
// none where nothing of the layer allows.
type CutBy struct {
	Layer      string         `json:"layer"`
	Level      string         `json:"level,omitempty"`
	Statements []StatementRef `json:"statements"`
}

// text gives s as a field value; empty text is null, so that "is null" and a bare field name mean what they say.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// grantField gives the values of one field over all grants, each value once, in order of appearance.
func grantField(grants []Grant, name string) (any, bool) {
	inner, ok := strings.CutPrefix(name, "grants.")
	if !ok {
		return nil, false
	}
	if inner, ok := strings.CutPrefix(inner, "via."); ok {
		via := make([][]StatementRef, len(grants))
		for i := range grants {
			via[i] = grants[i].Via
		}
		return viaField(via, inner)
	}
	var out distinct
	for i := range grants {
		g := &grants[i]
		switch inner {
		case "actions":
			out.add(g.Actions...)
		case "resources":
			out.add(g.Resources...)
		case "verdict":
			out.add(string(g.Verdict))
		case "conditions":
			if g.Conditions != "" {
				out.add(g.Conditions)
			}
		case "assumptions":
			out.add(g.Assumptions...)
		case "causes":
			out.add(g.Causes...)
		default:
			return nil, false
		}
	}
	return out.values, true
}

func viaField(via [][]StatementRef, inner string) (any, bool) {
	var out distinct
	for _, refs := range via {
		for _, ref := range refs {
			switch inner {
			case "layer":
				out.add(ref.Layer)
			case "policy":
				out.add(ref.Policy)
			case "sid":
				if ref.Sid != "" {
					out.add(ref.Sid)
				}
			default:
				return nil, false
			}
		}
	}
	return out.values, true
}

// distinct collects texts once each, in order of appearance.
type distinct struct {
	values []string
	seen   map[string]bool
}

func (d *distinct) add(values ...string) {
	if d.seen == nil {
		d.seen = make(map[string]bool)
	}
	for _, v := range values {
		if !d.seen[v] {
			d.seen[v] = true
			d.values = append(d.values, v)
		}
	}
}
