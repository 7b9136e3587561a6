package query

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// A name that the snapshot does not know is an error: an empty answer would say that nobody can.

// fail makes the error about a part of a query, which begins at a place and reads as shown there.
func fail(text string, at syntax.Pos, shown, suggestion, format string, args ...any) error {
	e := &syntax.Error{Offset: at.Offset, Line: at.Line, Column: at.Column, Query: text, Suggestion: suggestion,
		Message: fmt.Sprintf(format, args...)}
	if strings.HasPrefix(text[min(at.Offset, len(text)):], shown) {
		e.Length = len(shown)
	}
	return e
}

func (p *plan) fail(at syntax.Pos, shown, suggestion, format string, args ...any) error {
	return fail(p.text, at, shown, suggestion, format, args...)
}

// place points an error of the evaluator at the part of the query that it is about.
func (p *plan) place(err error, access *syntax.Access, who *syntax.Principal, c *syntax.Clauses) error {
	var nobody *evaluator.NoPrincipalError
	if errors.As(err, &nobody) && who != nil {
		return p.fail(who.Pos, who.String(), nearestPrincipal(p.world, nobody.Selector), "%v", err)
	}
	var bad *evaluator.QuestionError
	if !errors.As(err, &bad) {
		return err
	}
	if who != nil && bad.About == selector(who).String() {
		return p.fail(who.Pos, who.String(), "", "%v", err)
	}
	if access != nil {
		for _, a := range access.Actions {
			if actionText(a) == bad.About {
				return p.fail(a.Pos, bad.About, "", "%v", err)
			}
		}
	}
	for _, r := range c.On {
		if r.Pattern == bad.About {
			return p.fail(r.Pos, r.Pattern, "", "%v", err)
		}
	}
	return err
}

// knownKeys warns of condition keys that no request will hold: those that AWS documents nowhere, and those of other services.
func (p *plan) knownKeys(x syntax.Expr, access *syntax.Access) {
	switch x := x.(type) {
	case *syntax.Not:
		p.knownKeys(x.Term, access)
	case *syntax.And:
		for _, t := range x.Terms {
			p.knownKeys(t, access)
		}
	case *syntax.Or:
		for _, t := range x.Terms {
			p.knownKeys(t, access)
		}
	case *syntax.Compare:
		p.knownKey(x.Key, access)
		for _, o := range x.Operands {
			if o.Key {
				p.knownKey(o.Text, access)
			}
		}
	}
}

func (p *plan) knownKey(key string, access *syntax.Access) {
	c := p.engine.catalog
	prefix, _, _ := strings.Cut(key, ":")
	if !strings.EqualFold(prefix, "aws") && !c.Known(prefix) {
		return // a claim of an identity provider, or the resource
	}
	warn := func(format string, args ...any) {
		if text := fmt.Sprintf(format, args...); !slices.Contains(p.warnings, text) {
			p.warnings = append(p.warnings, text)
		}
	}
	info, ok := c.ConditionKey(key)
	if !ok {
		names := make([]string, 0, len(c.GlobalKeys()))
		for _, k := range c.GlobalKeys() {
			names = append(names, k.Name)
		}
		hint := ""
		if near := nearest(key, names); near != "" {
			hint = "; did you mean " + near + "?"
		}
		warn("condition key %s is not in the catalogue of %s%s", key, c.Date(), hint)
		return
	}
	if info.Global || access == nil {
		return
	}
	lower := strings.ToLower(key)
	for _, a := range access.Actions {
		known := false
		for action := range c.Actions(a.Text) {
			if action.HasKey(lower) {
				return
			}
			known = true
		}
		if !known {
			return // an action that nobody knows may have any key
		}
	}
	warn("no request for the actions that are asked about holds %s", key)
}

// knownScopes checks in and except.
func (p *plan) knownScopes(c *syntax.Clauses) error {
	for i := range c.In {
		if err := p.knownScope(&c.In[i]); err != nil {
			return err
		}
	}
	for _, x := range c.Except {
		var err error
		switch x := x.(type) {
		case *syntax.Scope:
			err = p.knownScope(x)
		case *syntax.Principal:
			err = p.knownException(x)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *plan) knownScope(s *syntax.Scope) error {
	w := p.world
	unknown := func(what, prefix string, known []string) error {
		near := nearest(s.Name, known)
		if near != "" {
			near = prefix + near
		}
		return p.fail(s.Pos, s.String(), near, "the snapshot knows no %s %s", what, s.Name)
	}
	switch s.Kind {
	case syntax.ScopeAccount:
		if accounts := w.Accounts(); !slices.Contains(accounts, s.Name) && !p.mentioned(s.Name) {
			return unknown("account", "account ", accounts)
		}
	case syntax.ScopeOU:
		if w.Organization() == "" {
			return p.fail(s.Pos, s.String(), "", "the snapshot holds no organization, so that nobody is in an OU")
		}
		if units := w.Units(); !slices.Contains(units, s.Name) {
			return unknown("OU", "ou ", units)
		}
	case syntax.ScopeOrg:
		switch id := w.Organization(); id {
		case s.Name:
		case "":
			return p.fail(s.Pos, s.String(), "", "the snapshot holds no organization")
		default:
			return p.fail(s.Pos, s.String(), "org "+id, "the snapshot's organization is %s", id)
		}
	case syntax.ScopeTag:
		keys, bearers := p.tagKeys()
		known := make([]string, 0, len(keys))
		for k := range keys {
			if strings.EqualFold(k, s.Name) {
				return nil
			}
			known = append(known, k)
		}
		text := fmt.Sprintf("no %s of the snapshot has a tag %s", bearers, s.Name)
		if near := nearest(s.Name, known); near != "" {
			text += "; did you mean " + near + "?"
		}
		p.warnings = append(p.warnings, text)
	case syntax.ScopeOutside:
	}
	return nil
}

// tagKeys are the keys of the tags that scopes are about, and what bears them.
func (p *plan) tagKeys() (keys map[string]bool, bearers string) {
	keys = make(map[string]bool)
	if p.ofResources {
		for k := range p.world.ResourceTags {
			keys[k] = true
		}
		return keys, "resource"
	}
	for x := range p.world.Subjects {
		for k := range x.Tags {
			keys[k] = true
		}
	}
	return keys, "principal"
}

// knownException checks a principal that is to be left out.
func (p *plan) knownException(x *syntax.Principal) error {
	who := selector(x)
	switch who.Kind {
	case evaluator.SelectGroup:
		return p.fail(x.Pos, x.String(), "", "a group is no principal, so that it cannot be left out; except takes users, roles, root, accounts, services and scopes")
	case evaluator.SelectService:
		p.knownService(who.Name)
		return nil
	case evaluator.SelectARN:
		_, _, _, account, _, _ := graph.ARN(who.Name).Split()
		if !p.world.Read(account) { // somebody outside, or a pattern of accounts
			return nil
		}
	}
	if !p.world.Has(who) {
		return p.fail(x.Pos, x.String(), nearestPrincipal(p.world, who), "no principal %q in the snapshot", who)
	}
	return nil
}

// knownService warns of an AWS service that no policy names: which there are, nobody lists.
func (p *plan) knownService(name string) {
	known := p.world.Mentions(func(e *policy.PrincipalEntry) bool { return e.Kind == policy.PrincipalService && e.Text == name })
	if !known {
		p.warnings = append(p.warnings, fmt.Sprintf("no policy of the snapshot names the service %s", name))
	}
}

// mentioned tells whether a policy of the snapshot names an account that is none of the snapshot's.
func (p *plan) mentioned(account string) bool {
	return p.world.Mentions(func(e *policy.PrincipalEntry) bool { return e.Account == account })
}

// nearestPrincipal suggests a principal for a selector that names nobody, as questions write it; empty if none is near.
func nearestPrincipal(w *evaluator.World, who evaluator.Selector) string {
	switch who.Kind {
	case evaluator.SelectRole, evaluator.SelectUser:
		kind := strings.TrimSuffix(who.String(), "/"+who.Name)
		var names []string
		for x := range w.Subjects {
			if x.Kind == kind {
				names = append(names, x.Name)
			}
		}
		if near := nearest(who.Name[strings.LastIndexByte(who.Name, '/')+1:], names); near != "" {
			return kind + "/" + near
		}
	case evaluator.SelectGroup:
		if near := nearest(who.Name, w.Groups()); near != "" {
			return "group/" + near
		}
	case evaluator.SelectAccount:
		if near := nearest(who.Name, w.Accounts()); near != "" {
			return "account " + near
		}
	case evaluator.SelectARN:
		_, _, _, account, resource, _ := graph.ARN(who.Name).Split()
		kind, _, _ := strings.Cut(resource, "/")
		arns := make(map[string]string)
		var names []string
		for x := range w.Subjects {
			if x.Kind == kind && x.Account == account {
				arns[x.Name] = x.ARN
				names = append(names, x.Name)
			}
		}
		return arns[nearest(resource[strings.LastIndexByte(resource, '/')+1:], names)]
	}
	return ""
}

// nearest is the name that was probably meant, letter case aside.
func nearest(text string, names []string) string {
	names = slices.Sorted(slices.Values(names)) // the first of equals, whatever order they come in
	lower := make([]string, len(names))
	spelled := make(map[string]string, len(names))
	for i, n := range names {
		lower[i] = strings.ToLower(n)
		if _, ok := spelled[lower[i]]; !ok {
			spelled[lower[i]] = n
		}
	}
	if n, ok := spelled[strings.ToLower(text)]; ok { // the letter case alone is wrong
		return n
	}
	return spelled[syntax.Nearest(text, lower)]
}
