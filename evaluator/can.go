package evaluator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// SelectorKind is how a question names its principal.
type SelectorKind uint8

// The kinds of selector.
const (
	SelectARN SelectorKind = iota
	SelectRole
	SelectUser
	SelectGroup
	SelectRoot
	SelectAccount
	SelectService
)

// Selector names one or more principals: by ARN, by role or user name (in every account), as a member of a group with that
// group's policies alone, as root users, as everyone of an account, or as an AWS service.
type Selector struct {
	Kind SelectorKind
	Name string
}

// String writes the selector as questions do.
func (s Selector) String() string {
	switch s.Kind {
	case SelectRole:
		return "role/" + s.Name
	case SelectUser:
		return "user/" + s.Name
	case SelectGroup:
		return "group/" + s.Name
	case SelectRoot:
		return "root"
	case SelectAccount:
		return "account " + s.Name
	case SelectService:
		return "service " + s.Name
	}
	return s.Name
}

// Names tells whether the selector names a principal. Names and ARNs may hold wildcards, which those of principals never do; a name
// is one with or without its path. Nobody is a member of a group here.
func (s Selector) Names(x *Subject) bool { return s.names(x.Kind, x.Name, x.ARN, x.Account) }

func (s Selector) names(kind, name, arn, account string) bool {
	switch s.Kind {
	case SelectARN:
		return fits(s.Name, arn)
	case SelectRole, SelectUser:
		want := map[SelectorKind]string{SelectRole: "role", SelectUser: "user"}[s.Kind]
		return kind == want && (fits(s.Name, name) || fits("*:"+want+"/"+s.Name, arn))
	case SelectRoot:
		return kind == "root"
	case SelectAccount:
		return account == s.Name
	case SelectService:
		return kind == "service" && name == s.Name
	}
	return false
}

// fits matches a name with a pattern, letter case included.
func fits(pattern, name string) bool {
	if !strings.ContainsAny(pattern, "*?") {
		return pattern == name
	}
	return region.Glob(pattern, false).Match(name)
}

// NoPrincipalError is returned when a selector names nobody of the snapshot.
type NoPrincipalError struct{ Selector Selector }

func (e *NoPrincipalError) Error() string {
	if e.Selector.Kind == SelectAccount {
		return fmt.Sprintf("the snapshot holds no principal of account %s", e.Selector.Name)
	}
	return fmt.Sprintf("no principal %q in the snapshot", e.Selector)
}

// about prepares a question about the principals that a selector names; also are documents beside those of the snapshot.
func (w *World) about(q Question, who Selector, also ...*policy.Document) (*targets, []*caller, error) {
	c, err := w.compile(q)
	if err != nil {
		return nil, nil, err
	}
	callers, err := w.find(who)
	if err != nil {
		return nil, nil, err
	}
	t := w.newTargets(c, also...)
	t.prepareFor(callers...)
	return t, callers, nil
}

// Can judges each principal that the selector names, denied ones included. Principals by an ARN of another account are
// judged by what the snapshot's resources grant them.
func (w *World) Can(ctx context.Context, q Question, who Selector) (*Answer, error) {
	t, callers, err := w.about(q, who)
	if err != nil {
		return nil, err
	}
	var rows []*Row
	for _, p := range callers {
		if p.outside {
			r, err := w.judgeStranger(ctx, t, p)
			if err != nil {
				return nil, err
			}
			rows = append(rows, r)
			continue
		}
		found, err := w.judgeClass(ctx, t, &class{first: p, members: []*caller{p}})
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			layer, elsewhere, err := w.withholding(ctx, t, p)
			if err != nil {
				return nil, err
			}
			found = []*Row{{Principal: p.arn, Kind: p.kind, Account: p.principal.Account, Layer: layer, elsewhere: elsewhere}}
		}
		rows = append(rows, found...)
	}
	return &Answer{Rows: rows, Assumptions: t.standing(), Warnings: t.question.warnings}, nil
}

// judgeStranger judges a principal that is not in the snapshot against every resource whose policy may admit it.
func (w *World) judgeStranger(ctx context.Context, t *targets, p *caller) (*Row, error) {
	rows := map[string]*outsideRow{}
	for _, g := range t.groups {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := w.judgeGrantee(ctx, t, p, g, rows); err != nil {
			return nil, err
		}
	}
	for _, r := range rows {
		r.row.Grants = t.question.joinGrants(r.row.Grants)
		r.row.Verdict, r.row.Covers = t.question.sum(r.row.Grants, r.cover(t))
		return r.row, nil
	}
	return &Row{Principal: p.arn, Kind: p.kind, Account: p.principal.Account, Layer: LayerResource}, nil
}

// withholding names the layer that denies a principal the question's first action on the first resource that it applies to.
func (w *World) withholding(ctx context.Context, t *targets, p *caller) (layer Layer, elsewhere bool, err error) {
	budget := region.NewBudget(t.question.Budget).Within(ctx)
	near := t.groupsFor(p)
	groups := append(append([]*targetGroup{}, near...), t.groups...)
	for i, g := range groups {
		e, _ := evaluationFor(t, t.sideOf(p), g, budget)
		e.symbols = newSymbols(w, budget)
		if err := e.cutCells(); err != nil {
			if errors.Is(err, region.ErrBudget) {
				return LayerIdentity, i >= len(near), nil
			}
			return LayerIdentity, false, err
		}
		for _, c := range e.cells {
			first := c.actions.First()
			if first < 0 {
				continue
			}
			sk := &sketch{member: &t.question.members[first], resource: c.pieces[0].sample()}
			d := Decider{Actions: CatalogTypes(w.catalog)}
			got := d.Decide(e.request(sk, p, policy.NewContext(24)), e.layers)
			if got.Effect != Allowed {
				return got.Layer, i >= len(near), nil
			}
		}
	}
	return LayerIdentity, true, nil
}

// find resolves a selector.
func (w *World) find(who Selector) ([]*caller, error) {
	switch who.Kind {
	case SelectService:
		return []*caller{w.grantee(&policy.PrincipalEntry{Kind: policy.PrincipalService, Text: who.Name}, "")}, nil
	case SelectGroup:
		return w.findGroup(who)
	case SelectARN:
		if !strings.ContainsAny(who.Name, "*?") {
			return w.findARN(who)
		}
	}
	var out []*caller
	for _, c := range w.callers {
		if who.names(c.kind, c.name, c.arn, c.principal.Account) {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return nil, &NoPrincipalError{Selector: who}
	}
	return out, nil
}

func (w *World) findGroup(who Selector) ([]*caller, error) {
	var out []*caller
	for _, a := range w.order {
		for _, g := range a.facts.Groups {
			if fits(who.Name, g.Name) || fits("*:group/"+who.Name, string(g.ARN)) {
				out = append(out, w.groupCaller(a, g))
			}
		}
	}
	if len(out) == 0 {
		return nil, &NoPrincipalError{Selector: who}
	}
	return out, nil
}

func (w *World) findARN(who Selector) ([]*caller, error) {
	arn := who.Name
	if role := roleOfSession(arn); role != arn { // D22: the role, with the name of the session fixed
		account, name := arnAccount(arn), role[strings.LastIndexByte(role, '/')+1:]
		for _, c := range w.callers {
			if c.kind == "role" && c.name == name && c.principal.Account == account {
				named := *c
				named.arn, named.principal.ARN, named.session = arn, arn, afterLast(arn, "/")
				return []*caller{&named}, nil
			}
		}
	}
	i := sort.Search(len(w.callers), func(i int) bool {
		c := w.callers[i]
		if a := arnAccount(arn); c.principal.Account != a {
			return c.principal.Account > a
		}
		return c.arn >= arn
	})
	if i < len(w.callers) && w.callers[i].arn == arn {
		return []*caller{w.callers[i]}, nil
	}
	account := arnAccount(arn)
	if isAccountID(account) && !w.accounts[account].principalsRead() {
		e := principalText(arn)
		return []*caller{w.outsidePrincipal(&e, "")}, nil
	}
	if strings.Contains(arn, ":group/") {
		for _, a := range w.order {
			for _, g := range a.facts.Groups {
				if string(g.ARN) == arn {
					return []*caller{w.groupCaller(a, g)}, nil
				}
			}
		}
	}
	return nil, &NoPrincipalError{Selector: who}
}

// Power is a part of what a principal may do: one grant within one service and access level.
type Power struct {
	Principal string
	Account   string
	Service   string // empty for services that the catalogue does not know
	Access    string // List, Read, Write, Tagging, Permissions management; empty for actions that the catalogue does not know
	Grant     *Access

	row *Row
}

// Witness gives one concrete request of the power.
func (p *Power) Witness() *Witness { return p.row.Witness(p.Grant) }

// WhatCan lists what each principal that the selector names may do, by service and access level.
func (w *World) WhatCan(ctx context.Context, q Question, who Selector) ([]*Power, *Answer, error) {
	q.Actions = []string{"*"}
	a, err := w.Can(ctx, q, who)
	if err != nil {
		return nil, nil, err
	}
	var out []*Power
	for _, r := range a.Rows {
		out = append(out, powersOf(r)...)
	}
	return out, a, nil
}

// powersOf cuts the grants of a row by service and access level, and joins the parts that differ in nothing but their resources.
func powersOf(r *Row) []*Power {
	type key struct{ service, access string }
	parts := map[key][]*Access{}
	var out []*Power
	var c *compiledQuestion
	for _, g := range r.Grants {
		if g.question == nil { // nothing was decided: the budget ended
			out = append(out, &Power{Principal: r.Principal, Account: r.Account, Grant: g, row: r})
			continue
		}
		c = g.question
		sets := map[key]region.Set{}
		g.members.Each(func(i int) {
			m := &c.members[i]
			k := key{ActionService(m.name), levelName(m.action)}
			if k.service == otherService {
				k.service = ""
			}
			if _, ok := sets[k]; !ok {
				sets[k] = c.none()
			}
			set := sets[k]
			set.Add(i)
		})
		for k, set := range sets {
			parts[k] = append(parts[k], g.part(set))
		}
	}
	keys := make([]key, 0, len(parts))
	for k := range parts {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(strings.Compare(a.service, b.service), accessOrder(a.access)-accessOrder(b.access))
	})
	for _, k := range keys {
		for _, g := range c.joinGrants(parts[k]) {
			g.Actions, g.ActionCount = c.spellLevel(g.members, k.service, k.access)
			out = append(out, &Power{Principal: r.Principal, Account: r.Account, Service: k.service, Access: k.access, Grant: g, row: r})
		}
	}
	return out
}

// part is the grant for some of its members, with a witness for one of these.
func (a *Access) part(members region.Set) *Access {
	own := *a
	own.members = members
	if a.sketch == nil || members.Has(a.question.indexOf(a.sketch.member)) {
		return &own
	}
	best := members.First()
	members.Each(func(i int) {
		if a.question.members[best].action == nil && a.question.members[i].action != nil {
			best = i
		}
	})
	sk := *a.sketch
	sk.member = &a.question.members[best]
	own.sketch, own.witness = &sk, nil
	return &own
}

var levels = []struct {
	level catalog.AccessLevel
	name  string
	word  string // in questions
}{
	{catalog.PermissionsManagement, "Permissions management", "@permissions"}, {catalog.Tagging, "Tagging", "@tagging"},
	{catalog.Write, "Write", "@write"}, {catalog.Read, "Read", "@read"}, {catalog.List, "List", "@list"},
}

// accessOrder orders access levels as people read them: from looking to changing who may.
func accessOrder(name string) int {
	order := []string{"List", "Read", "Write", "Permissions management", "Tagging"}
	if i := slices.Index(order, name); i >= 0 {
		return i
	}
	return len(order)
}

// levelName is the access level under which an action is shown: the most powerful one that it has.
func levelName(a *catalog.Action) string {
	if a == nil {
		return ""
	}
	for _, l := range levels {
		if a.Access.Has(l.level) {
			return l.name
		}
	}
	return ""
}

// spellLevel writes a set of one service and level: the level's own name where the set is exactly what the name stands for.
func (c *compiledQuestion) spellLevel(set region.Set, service, access string) ([]string, int) {
	names, count := c.spell(set, nil)
	if len(names) <= 3 {
		return names, count
	}
	for _, l := range levels {
		if l.name != access {
			continue
		}
		for i := range c.members {
			m := &c.members[i]
			if ActionService(m.name) == service && (m.action != nil && m.action.Access.Has(l.level)) != set.Has(i) {
				return names, count
			}
		}
		return []string{service + ":" + l.word}, count
	}
	return names, count
}
