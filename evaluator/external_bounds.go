package evaluator

import (
	"cmp"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// What bounds a grant is read off the diagram of its contexts, not off the conditions of one statement: denies, other statements and RCPs count.

// bound is a key whose value bounds who calls, as far as every pattern that admits it is one that bounds.
type bound struct {
	key    string
	bounds func(p region.Pattern) bool
}

// isFixed tells patterns that stand for one value.
func isFixed(p region.Pattern) bool { return !p.HasWildcard() }

// within is the contexts in which a key holds a value that bounds: every pattern of some test that accepts it does.
func (e *evaluation) within(b bound) region.Node {
	s := e.symbols
	out := s.space.False()
	if d := s.domains[b.key]; d != nil {
		for i := range d.cells {
			if d.bounded(i, b.bounds) {
				out = s.space.Or(out, s.holdsCell(d, i))
			}
		}
	}
	for _, o := range s.olist { // the value of a fact of the resource that the snapshot does not have
		if o.class() == 0 && o.set == nil && o.key == b.key && o.template != nil && ofResource(o.reads) {
			out = s.space.Or(out, s.bit(o.variable))
		}
	}
	return out
}

func ofResource(keys []string) bool {
	for _, k := range keys {
		if !strings.HasPrefix(k, "aws:resource") {
			return false
		}
	}
	return len(keys) > 0
}

// bounded tells whether the values of a cell are bounded.
func (d *domain) bounded(cell int, bounds func(region.Pattern) bool) bool {
	c := &d.cells[cell]
	if c.Single {
		return bounds(region.Literal(c.Witness))
	}
	for i := range d.tests {
		lang, ok := d.tests[i].Lang()
		if !ok || !c.In.Has(i) || lang.Not || len(lang.Patterns) == 0 {
			continue
		}
		all := true
		for _, p := range lang.Patterns {
			all = all && bounds(p)
		}
		if all {
			return true
		}
	}
	return false
}

// holdsCell is "the key has a value of the cell".
func (s *symbols) holdsCell(d *domain, i int) region.Node {
	if d.multi {
		return s.bit(d.inhabited[i])
	}
	return s.cellNode(d, i)
}

// unbounded is what is left of a grant's contexts where none of the keys bounds who calls.
func (e *evaluation) unbounded(n region.Node, bounds []bound) region.Node {
	for _, b := range bounds {
		if n == e.symbols.space.False() {
			break
		}
		n = e.symbols.space.Diff(n, e.within(b))
	}
	return n
}

// hangsOn tells whether a grant's contexts hang on a key.
func (e *evaluation) hangsOn(r *raw, key string) bool {
	d := e.symbols.domains[key]
	if d == nil {
		return false
	}
	s := e.symbols.space
	return s.And(s.Exists(r.node, append([]region.Var{d.presence}, d.inhabited...)...), r.part.care) != r.node
}

// confinement is a key that only callers from one place, or one principal, have with a value: what its pattern stands for, empty where it is open.
type confinement struct {
	key  string
	kind func(id string) GranteeKind
	id   func(p region.Pattern) string
}

func network(string) GranteeKind { return GranteeNetwork }

// confinements bound a wildcard to somebody who is no account that the snapshot or a condition spells out (D50).
var confinements = []confinement{
	{"aws:userid", kindOfID, userOf},
	{"aws:sourcevpce", network, literalOf},
	{"aws:sourcevpc", network, literalOf},
	{"aws:sourcevpcarn", network, literalOf},
	{"aws:vpceaccount", network, literalOf},
	{"aws:vpceorgid", network, literalOf},
	{"aws:vpceorgpaths", network, organizationOf},
	{"s3:dataaccesspointaccount", network, literalOf}, // whose own policies say who gets that far (D41)
	{"s3:dataaccesspointarn", network, func(p region.Pattern) string { return cmp.Or(literalOf(p), accountOfPattern(p)) }},
}

func literalOf(p region.Pattern) string {
	text, _ := p.Literal()
	return text
}

// organizationOf is the organization that every path of a pattern is in.
func organizationOf(p region.Pattern) string {
	if id, _, ok := strings.Cut(literalPrefix(p), "/"); ok && organizationID(id) {
		return id
	}
	return ""
}

// uniqueIDOf is the unique id of the user or role whose sessions a pattern of aws:userid is about.
func uniqueIDOf(p region.Pattern) string {
	id, _, session := strings.Cut(literalPrefix(p), ":")
	if (session || isFixed(p)) && (strings.HasPrefix(id, "AROA") || strings.HasPrefix(id, "AIDA")) {
		return id
	}
	return ""
}

// accountIDOf is the account whose root user, or whose sessions of GetFederationToken, a pattern of aws:userid is about (C31).
func accountIDOf(p region.Pattern) string {
	id, _, session := strings.Cut(literalPrefix(p), ":")
	if (session || isFixed(p)) && isAccountID(id) {
		return id
	}
	return ""
}

// userOf is whom a pattern of aws:userid is about: a unique id, or an account.
func userOf(p region.Pattern) string { return cmp.Or(uniqueIDOf(p), accountIDOf(p)) }

func kindOfID(id string) GranteeKind {
	switch {
	case strings.HasPrefix(id, "AIDA"):
		return GranteeUser
	case isAccountID(id):
		return GranteeAccount
	}
	return GranteeRole
}

// tellConfinements makes the values of confinements that conditions in play write cells of their own, so that what each may do is told apart.
func (e *evaluation) tellConfinements() {
	var tests []Expr
	for _, in := range e.instances {
		if in.statement == nil {
			continue
		}
		for i := range in.statement.Conditions {
			c := &in.statement.Conditions[i]
			for _, k := range confinements {
				if c.Key == k.key && c.Op != policy.Null {
					tests = append(tests, valueTests(c, k)...)
				}
			}
		}
	}
	if len(tests) > 0 {
		e.apart = Or{Of: append([]Expr{Const{Value: true}}, tests...)}
	}
}

// valueTests tests a key for each value of a condition that is of one place or principal.
func valueTests(c *policy.Condition, k confinement) []Expr {
	var out []Expr
	for i := range c.Values {
		t := c.Values[i].Template
		if t == nil || t.Static == nil || k.id(*t.Static) == "" {
			continue
		}
		one := *c
		one.Op, one.IfExists, one.Values = policy.StringLike, false, c.Values[i:i+1]
		if isFixed(*t.Static) {
			one.Op = policy.StringEquals
		}
		if one.Set != policy.NoSet {
			one.Set = policy.ForAnyValue
		}
		out = append(out, Test{Condition: one})
	}
	return out
}

// confined divides a grant to anybody into those to callers of one place or principal each; nil: it goes beyond them.
func (e *evaluation) confined(r *raw) (parts []*raw, grantees []Grantee) {
	s := e.symbols
	rest := r.node
	for _, k := range confinements {
		d := s.domains[k.key]
		if d == nil {
			continue
		}
		for i := range d.cells {
			id := d.idOf(i, k)
			if id == "" {
				continue
			}
			n := s.space.And(rest, s.holdsCell(d, i))
			if n == s.space.False() {
				continue
			}
			part := *r
			part.node = n
			if part.verdict == AllowedAlways {
				part.verdict = Conditional
			}
			parts, grantees = append(parts, &part), append(grantees, Grantee{Kind: k.kind(id), ID: id})
			rest = s.space.Diff(rest, n)
		}
	}
	if rest != s.space.False() {
		return nil, nil
	}
	return parts, grantees
}

// idOf is the one place or principal that a cell is about, empty where it is none.
func (d *domain) idOf(cell int, k confinement) (id string) {
	d.bounded(cell, func(p region.Pattern) bool {
		if id == "" {
			id = k.id(p)
		}
		return id != ""
	})
	if !d.bounded(cell, func(p region.Pattern) bool { return k.id(p) != "" && k.id(p) == id }) {
		return ""
	}
	return id
}

// settle takes out of a part the contexts that the caller cannot have: unique ids of principals inside the zone of trust (A30), ids of another
// account than its own, and no path in the organization that it is of. Accounts whose ids conditions spell out are callers of their own. False:
// nothing is left.
func (e *evaluation) settle(p *verdictPart, inside func(id string) bool) bool {
	s := e.symbols.space
	drop := func(n region.Node) { p.care, p.node = s.Diff(p.care, n), s.Diff(p.node, n) }
	if d := e.symbols.domains["aws:userid"]; d != nil {
		for i := range d.cells {
			if d.bounded(i, func(p region.Pattern) bool { return inside(uniqueIDOf(p)) || e.othersID(accountIDOf(p)) }) {
				drop(e.symbols.holdsCell(d, i))
			}
		}
	}
	if d := e.symbols.domains["aws:principalorgpaths"]; d != nil && d.multi && e.caller.org != "" {
		some := s.False()
		for i := range d.cells {
			some = s.Or(some, e.symbols.holdsCell(d, i))
		}
		drop(s.Not(some))
	}
	return p.node != s.False()
}

// othersID tells whether an account, as a part of aws:userid, is not the caller's: users and roles have unique ids (C31).
func (e *evaluation) othersID(account string) bool {
	p := &e.caller.principal
	entity := e.caller.kind == "user" || e.caller.kind == "role"
	return account != "" && p.Kind != Anonymous && p.Kind != Service && (entity || account != p.Account)
}

// insideID tells whether a unique id is that of a user or role inside.
func (x *external) insideID(id string) bool {
	c := x.ids[id]
	return id != "" && c != nil && x.zone.has(c.principal.Account)
}
