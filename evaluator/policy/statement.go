package policy

import (
	"fmt"
	"strings"
)

// statementReader reads one statement. Whatever breaks it is kept as its reason, and its other elements are read on.
type statementReader struct {
	*parser
	at      *path
	offset  int
	out     Statement
	effects []Effect
	reason  string // why the statement is unanalysable; empty while it is not
	members []node
}

// member gives the last member of a name; nil when there is none.
func (s *statementReader) member(name string) *node {
	for i := len(s.members) - 1; i >= 0; i-- {
		if s.members[i].name == name {
			return &s.members[i]
		}
	}
	return nil
}

// repeated tells whether one of the members stands in the statement twice, so that it cannot be told which counts (A9).
func (s *statementReader) repeated(names ...string) bool {
	for _, name := range names {
		if m := s.member(name); m != nil && m.twin {
			return true
		}
	}
	return false
}

// broke reports a problem that leaves the statement unanalysable (A15).
func (s *statementReader) broke(rule string, at *path, offset int, format string, args ...any) {
	s.problem(rule, at, offset, format, args...)
	if s.reason == "" {
		s.reason = fmt.Sprintf(format, args...)
	}
}

// twice notes a repeated member, which was reported already (A9).
func (s *statementReader) twice(m *node, where string) {
	if s.reason == "" {
		s.reason = "the member " + clip(m.name) + " stands in " + where + " twice"
	}
}

// statement compiles one statement and appends it to the document: twice when its effect is not known.
func (p *parser) statement(index int, n *node, at *path, strange string) {
	s := &statementReader{parser: p, at: at, offset: n.offset, reason: strange, effects: []Effect{Allow, Deny}}
	s.out = Statement{Index: index, Resources: Resources{Implicit: true}, Principals: unknownPrincipals(p.kind)}
	if n.kind == '{' {
		s.read(n)
	} else {
		s.broke("A3", at, n.offset, "a statement is an object, not %s", n.what())
	}
	if s.out.Actions.Patterns == nil { // not understood
		s.out.Actions = everyAction()
	}
	if s.reason != "" {
		s.out.Unanalysable, s.out.Cause = s.reason, UnanalysableStatement
	}
	for _, effect := range s.effects {
		s.out.Effect = effect
		p.doc.Statements = append(p.doc.Statements, s.out)
	}
}

var statementMembers = []string{
	"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
}

func (s *statementReader) read(n *node) {
	s.members = n.children
	for i := range n.children {
		m := &n.children[i]
		known := false
		for _, name := range statementMembers {
			known = known || m.name == name
		}
		switch {
		case m.twin:
			s.twice(m, "the statement")
		case !known:
			s.broke("A10", s.at.member(m.name), m.nameAt, "unknown member %s; a statement has %s%s", clip(m.name), strings.Join(statementMembers, ", "), meant(m.name, statementMembers...))
		}
	}
	s.sid()
	if !s.repeated("Effect") {
		s.effect()
	}
	if !s.repeated("Action", "NotAction") {
		s.actions()
	}
	if !s.repeated("Resource", "NotResource") {
		s.resources()
	}
	if !s.repeated("Principal", "NotPrincipal") {
		s.principals()
	}
	if m := s.member("Condition"); m != nil && !m.twin {
		s.conditions(m)
	}
}

// sid reads Sid (A11): lint only.
func (s *statementReader) sid() {
	m := s.member("Sid")
	if m == nil {
		return
	}
	at := s.at.member("Sid")
	if m.kind != '"' {
		s.lint("A11", at, m.offset, "Sid must be a string, not %s", m.what())
		return
	}
	s.out.Sid = m.text
	if strictSids(s.kind) && strings.ContainsFunc(m.text, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	}) {
		s.lint("A11", at, m.offset, "the Sid %s has characters other than letters and digits; leave them out", clip(m.text))
	}
	if m.text == "" {
		return
	}
	if s.sids[m.text] {
		s.lint("A11", at, m.offset, "the Sid %s stands in another statement too; make it unique", clip(m.text))
	}
	s.sids[m.text] = true
}

// effect reads Effect (A4).
func (s *statementReader) effect() {
	m := s.member("Effect")
	switch {
	case m == nil:
		s.broke("A4", s.at, s.offset, `Effect is missing; write "Allow" or "Deny"`)
	case m.kind == '"' && m.text == "Allow":
		s.effects = []Effect{Allow}
		if s.kind == RCP { // understood all the same: it changes nothing
			s.problem("D17", s.at.member("Effect"), m.offset, "an RCP only denies; write Deny, or remove the statement")
		}
	case m.kind == '"' && m.text == "Deny":
		s.effects = []Effect{Deny}
	default:
		s.broke("A4", s.at.member("Effect"), m.offset, `Effect is "Allow" or "Deny", in these capitals, not %s`, clip(m.text))
	}
}

// either picks one of two exclusive members; ok is false when there is not exactly one.
func (s *statementReader) either(rule, name, not string, needed bool) (m *node, negated, ok bool) {
	a, b := s.member(name), s.member(not)
	switch {
	case a != nil && b != nil:
		s.broke(rule, s.at, s.offset, "%s and %s stand together; keep one of them", name, not)
	case a != nil:
		return a, false, true
	case b != nil:
		return b, true, true
	case needed:
		s.broke(rule, s.at, s.offset, "%s is missing; a statement must have %s or %s", name, name, not)
	}
	return nil, false, false
}

// placed is one string with its place: alone, or an element of a list.
type placed struct {
	text   string
	offset int
	at     *path
	index  int // in the list at, or alone
}

const alone = -1

// path is made only for a string that something is wrong with.
func (v *placed) path() *path {
	if v.index == alone {
		return v.at
	}
	return v.at.element(v.index)
}

// texts reads a string or a list of strings (A8). Values of another type break the statement, and ok is false.
func (s *statementReader) texts(m *node, at *path) (list []placed, ok bool) {
	switch m.kind {
	case '"':
		return []placed{{m.text, m.offset, at, alone}}, true
	case '[':
		ok = true
		list = make([]placed, 0, len(m.children))
		for i := range m.children {
			v := &m.children[i]
			if v.kind != '"' {
				s.broke("A8", at.element(i), v.offset, "expected a string, not %s", v.what())
				ok = false
				continue
			}
			list = append(list, placed{v.text, v.offset, at, i})
		}
		if len(m.children) == 0 {
			s.lint("A16", at, m.offset, "an empty list matches nothing; list at least one value")
		}
		return list, ok
	}
	s.broke("A8", at, m.offset, "expected a string or an array of strings, not %s", m.what())
	return nil, false
}

// actions reads Action or NotAction (A5, B1–B4).
func (s *statementReader) actions() {
	m, not, ok := s.either("A5", "Action", "NotAction", true)
	if !ok {
		return
	}
	at := s.at.member(m.name)
	if not && s.kind == RCP {
		s.broke("D17", at, m.nameAt, "an RCP has no NotAction; list the actions under Action")
	}
	list, ok := s.texts(m, at)
	if !ok {
		return
	}
	s.out.Actions = Actions{Not: not, Patterns: make([]ActionPattern, 0, len(list))}
	for _, v := range list {
		pattern := NewActionPattern(v.text)
		s.out.Actions.Patterns = append(s.out.Actions.Patterns, pattern)
		found := actionFlaws(v.text)
		if s.kind == Trust && !not {
			found = append(found, trustActionFlaws(v.text, &pattern)...)
		}
		s.flaws(&v, found)
		if s.kind == RCP && !not && starsAlone(v.text) { // understood all the same
			s.problem("D17", v.path(), v.offset, "an RCP does not take * for every action; name the services, like s3:*")
		}
	}
}

// trustActions are what a trust policy can speak of (A34).
var trustActions = []string{"sts:AssumeRole*", "sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext"}

// trustActionFlaws reports an action that means nothing in a trust policy (A34).
func trustActionFlaws(text string, pattern *ActionPattern) []flaw {
	for _, known := range trustActions {
		name := strings.TrimSuffix(known, "*")
		if pattern.Match(name) || strings.HasPrefix(strings.ToLower(text), strings.ToLower(name)) {
			return nil
		}
	}
	return []flaw{{"A34", "the action " + clip(text) + " means nothing in a trust policy; it speaks of " + strings.Join(trustActions, ", ")}}
}

// resources reads Resource or NotResource (A6, B6–B16).
func (s *statementReader) resources() {
	rule := resourceRuleOf(s.kind)
	m, not, ok := s.either("A6", "Resource", "NotResource", rule == resourceRequired)
	if !ok {
		return
	}
	at := s.at.member(m.name)
	if rule == resourceRefused {
		s.broke("A6", at, m.nameAt, "a trust policy has no %s, it speaks of the role that carries it; remove it", m.name)
		return
	}
	list, ok := s.texts(m, at)
	if !ok {
		return
	}
	s.out.Resources = Resources{Not: not, Patterns: make([]Template, 0, len(list))}
	for _, v := range list {
		t, found := compileResource(v.text, s.kind, s.doc.Variables)
		s.out.Resources.Patterns = append(s.out.Resources.Patterns, t)
		s.flaws(&v, found)
	}
}
