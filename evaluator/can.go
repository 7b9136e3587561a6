package evaluator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
	"github.com/accessgraph/accessgraph/graph"
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

// NoPrincipalError is returned when a selector names nobody of the snapshot. Near lists ARNs with similar names.
type NoPrincipalError struct {
	Name string
	Near []string
}

func (e *NoPrincipalError) Error() string {
	msg := fmt.Sprintf("no principal %q in the snapshot", e.Name)
	if len(e.Near) > 0 {
		msg += "; did you mean " + strings.Join(e.Near, " or ") + "?"
	}
	return msg
}

// Can judges each principal that the selector names, denied ones included. Principals by an ARN of another account are
// judged by what the snapshot's resources grant them.
func (w *World) Can(ctx context.Context, q Question, who Selector) (*Answer, error) {
	c, err := w.compile(q)
	if err != nil {
		return nil, err
	}
	t := w.newTargets(c)
	t.prepare()
	callers, err := w.find(who)
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
			layer, err := w.withholding(ctx, t, p)
			if err != nil {
				return nil, err
			}
			found = []*Row{{Principal: p.arn, Kind: p.kind, Account: p.principal.Account, Layer: layer}}
		}
		rows = append(rows, found...)
	}
	return &Answer{Rows: rows, Assumptions: w.standing(c), Warnings: c.warnings}, nil
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
func (w *World) withholding(ctx context.Context, t *targets, p *caller) (Layer, error) {
	budget := region.NewBudget(t.question.Budget).Within(ctx)
	groups := append(append([]*targetGroup{}, t.groupsFor(p)...), t.groups...)
	for _, g := range groups {
		e, _ := evaluationFor(t, t.sideOf(p), g, budget)
		e.symbols = newSymbols(w, budget)
		if err := e.cutCells(); err != nil {
			if errors.Is(err, region.ErrBudget) {
				return LayerIdentity, nil
			}
			return LayerIdentity, err
		}
		for _, c := range e.cells {
			first := c.actions.First()
			if first < 0 {
				continue
			}
			sk := &sketch{member: &t.question.members[first], resource: c.pieces[0].sample()}
			d := Decider{Actions: CatalogTypes(w.catalog)}
			got := d.Decide(e.request(sk, p), e.layers)
			if got.Effect != Allowed {
				return got.Layer, nil
			}
		}
	}
	return LayerIdentity, nil
}

// find resolves a selector.
func (w *World) find(who Selector) ([]*caller, error) {
	var out []*caller
	match := func(c *caller) bool { return false }
	switch who.Kind {
	case SelectService:
		return []*caller{w.grantee(&policy.PrincipalEntry{Kind: policy.PrincipalService, Text: who.Name})}, nil
	case SelectGroup:
		return w.findGroup(who.Name)
	case SelectARN:
		return w.findARN(who.Name)
	case SelectRole:
		match = func(c *caller) bool { return c.kind == "role" && named(c, who.Name) }
	case SelectUser:
		match = func(c *caller) bool { return c.kind == "user" && named(c, who.Name) }
	case SelectRoot:
		match = func(c *caller) bool { return c.kind == "root" }
	case SelectAccount:
		match = func(c *caller) bool { return c.principal.Account == who.Name }
	}
	for _, c := range w.callers {
		if match(c) {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return nil, &NoPrincipalError{Name: who.Name, Near: w.near(who.Name)}
	}
	return out, nil
}

// named accepts the friendly name, and the name with its path.
func named(c *caller, name string) bool {
	return c.name == name || strings.HasSuffix(c.arn, ":"+c.kind+"/"+name)
}

func (w *World) findGroup(name string) ([]*caller, error) {
	var out []*caller
	for _, a := range w.order {
		for _, g := range a.facts.Groups {
			if g.Name == name || strings.HasSuffix(string(g.ARN), ":group/"+name) {
				out = append(out, w.groupCaller(a, g))
			}
		}
	}
	if len(out) == 0 {
		return nil, &NoPrincipalError{Name: "group/" + name}
	}
	return out, nil
}

func (w *World) findARN(arn string) ([]*caller, error) {
	if role := roleOfSession(arn); role != arn { // a session stands for its role
		account, name := arnAccount(arn), role[strings.LastIndexByte(role, '/')+1:]
		for _, c := range w.callers {
			if c.kind == "role" && c.name == name && c.principal.Account == account {
				return []*caller{c}, nil
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
	if isAccountID(account) && w.accounts[account] == nil {
		e := principalText(arn)
		return []*caller{w.outsidePrincipal(&e)}, nil
	}
	if strings.Contains(arn, ":group/") {
		_, _, _, _, resource, _ := graph.ARN(arn).Split()
		return w.findGroup(strings.TrimPrefix(resource, "group/"))
	}
	return nil, &NoPrincipalError{Name: arn, Near: w.near(arn[strings.LastIndexByte(arn, '/')+1:])}
}

// near lists principals whose names resemble a name, letter case aside.
func (w *World) near(name string) []string {
	short := strings.ToLower(name[strings.LastIndexByte(name, '/')+1:])
	var out []string
	for _, c := range w.callers {
		have := strings.ToLower(c.name)
		if len(out) < 3 && short != "" && (strings.Contains(have, short) || strings.Contains(short, have) && len(have) > 2) {
			out = append(out, c.arn)
		}
	}
	return out
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
		var powers []*Power
		for _, g := range r.Grants {
			powers = append(powers, splitPower(r, g)...)
		}
		sort.SliceStable(powers, func(i, j int) bool {
			if powers[i].Service != powers[j].Service {
				return powers[i].Service < powers[j].Service
			}
			return accessOrder(powers[i].Access) < accessOrder(powers[j].Access)
		})
		out = append(out, powers...)
	}
	return out, a, nil
}

var levels = []struct {
	level catalog.AccessLevel
	name  string
}{
	{catalog.PermissionsManagement, "Permissions management"}, {catalog.Tagging, "Tagging"}, {catalog.Write, "Write"},
	{catalog.Read, "Read"}, {catalog.List, "List"},
}

func accessOrder(name string) int {
	for i, l := range levels {
		if l.name == name {
			return len(levels) - i
		}
	}
	return len(levels) + 1
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

// splitPower cuts a grant by service and access level.
func splitPower(r *Row, g *Access) []*Power {
	if g.question == nil {
		return []*Power{{Principal: r.Principal, Account: r.Account, Grant: g, row: r}}
	}
	c := g.question
	type key struct{ service, access string }
	sets := map[key]region.Set{}
	var order []key
	g.members.Each(func(i int) {
		m := &c.members[i]
		k := key{ActionService(m.name), levelName(m.action)}
		if k.service == otherService {
			k.service = ""
		}
		set, ok := sets[k]
		if !ok {
			set = c.none()
			sets[k] = set
			order = append(order, k)
		}
		set.Add(i)
	})
	out := make([]*Power, 0, len(order))
	for _, k := range order {
		own := *g
		own.members = sets[k]
		own.Actions, own.ActionCount = c.spellLevel(sets[k], k.service, k.access)
		out = append(out, &Power{Principal: r.Principal, Account: r.Account, Service: k.service, Access: k.access, Grant: &own, row: r})
	}
	return out
}

// spellLevel writes a set of one service and level: the level's own name when it is whole.
func (c *compiledQuestion) spellLevel(set region.Set, service, access string) ([]string, int) {
	whole := true
	at := slices.IndexFunc(c.serviceSets(), func(s serviceSet) bool { return s.members.Has(set.First()) })
	c.sets[at].members.Each(func(i int) { whole = whole && (set.Has(i) || levelName(c.members[i].action) != access) })
	names, count := c.spell(set, nil)
	word := map[string]string{"List": "@list", "Read": "@read", "Write": "@write", "Tagging": "@tagging", "Permissions management": "@permissions"}[access]
	if whole && word != "" && len(names) > 3 {
		return []string{service + ":" + word}, count
	}
	return names, count
}
