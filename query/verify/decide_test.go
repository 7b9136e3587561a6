package verify_test

import (
	"math/rand/v2"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// point is one concrete request and what was decided.
type point struct {
	request *evaluator.Request
	allowed bool // in the reading for the caller
	certain bool // and in the other
}

// class is what the points of one action on one resource say together.
type class struct {
	some, all, possible bool
	points              int
	whole               bool // every combination of values was decided
}

// maxPoints bounds the contexts of one action on one resource; beyond it some are drawn.
const maxPoints = 400

// contexts decides an action of a caller on a target in every context that the policies can tell apart and the question admits.
func (n *naive) contexts(q *question, p *principal, action string, t *target, visit func(*point)) class {
	l := n.layers(p, action, t)
	inPlay, order := n.keysInPlay(q, p, action, t, l)
	sessions := n.sessions(p, l)
	domains := make([][]*policy.ContextValue, len(order))
	total := len(sessions)
	for i, key := range order {
		domains[i] = n.values(p, action, t, key, q.keys[key])
		total *= max(1, len(domains[i]))
		total = min(total, 1<<30)
	}
	c := class{all: true, whole: total <= maxPoints}
	at := make([]int, len(order))
	try := func(session string) {
		r := n.request(p, action, t, session)
		for i, key := range order {
			if v := domains[i][at[i]]; v != nil {
				r.Context.Set(key, *v)
			}
		}
		if !consistent(&r.Context, inPlay) || q.when != nil && !n.holds(q.when, &r.Context, t.arn) {
			return
		}
		n.points++
		d := n.decider.Decide(r, l)
		pt := &point{request: r, allowed: d.Effect == evaluator.Allowed}
		pt.certain = pt.allowed && len(d.Uncertainties) == 0 && !t.unread
		c.points++
		c.some, c.all, c.possible = c.some || pt.certain, c.all && pt.certain, c.possible || pt.allowed
		visit(pt)
	}
	if !c.whole {
		r := rand.New(rand.NewPCG(uint64(len(order)), uint64(len(t.arn))))
		for range maxPoints / 2 {
			for i := range at {
				at[i] = r.IntN(len(domains[i]))
			}
			try(sessions[r.IntN(len(sessions))])
		}
	} else {
		for _, s := range sessions {
			clear(at)
			for more := true; more; more = next(at, domains) {
				try(s)
			}
		}
	}
	c.all = c.all && c.points > 0
	return c
}

// next counts up.
func next(at []int, domains [][]*policy.ContextValue) bool {
	for i := range at {
		if at[i]++; at[i] < len(domains[i]) {
			return true
		}
		at[i] = 0
	}
	return false
}

func (n *naive) request(p *principal, action string, t *target, session string) *evaluator.Request {
	r := &evaluator.Request{Principal: p.Principal, Action: action, Context: *policy.NewContext(8)}
	if session != "" {
		r.Principal.ARN = strings.TrimSuffix(p.ARN, "session") + session
		r.Context.Set("aws:userid", policy.Single(p.UniqueID+":"+session))
	}
	r.Target = evaluator.Target{
		Resource: t.arn, Account: t.account, Management: n.inOrganization(t.account) && t.account == string(n.facts.Organization.ManagementAccount),
	}
	if t.of != nil {
		r.Target.RestrictPublicBuckets, r.Target.KeyManagedByAWS = t.of.restricted, t.of.byAWS
	}
	return r
}

// sessions are the names of a role's session that policies tell apart; one empty name for other callers.
func (n *naive) sessions(p *principal, l *evaluator.Layers) []string {
	if p.Kind != evaluator.RoleSession || p.outside {
		return []string{""}
	}
	out := []string{"session"}
	note := func(text string) {
		if name, ok := strings.CutPrefix(text, strings.TrimSuffix(p.ARN, "session")); ok {
			out = append(out, name)
		}
	}
	if l.Resource != nil {
		for _, st := range l.Resource.Doc.Statements {
			for _, e := range st.Principals.Entries {
				note(e.Text)
			}
		}
	}
	for _, g := range l.Grants {
		note(g.Grantee)
		note(g.Retiring)
	}
	return out
}

// keysInPlay are the keys that statements about the action read, and those of the question.
func (n *naive) keysInPlay(q *question, p *principal, action string, t *target, l *evaluator.Layers) (map[string]bool, []string) {
	seen := map[string]bool{}
	var order []string
	add := func(key string) {
		key = policy.CanonicalKey(key)
		if !seen[key] && key != "resource" && key != "aws:userid" && poolOf(key) != nil || key == "aws:principaltag/none" && !seen[key] {
			seen[key] = true
			order = append(order, key)
		}
	}
	for _, key := range q.order {
		add(key)
	}
	variables := func(t *policy.Template) {
		if t == nil {
			return
		}
		for _, s := range t.Segments {
			if s.Kind == policy.SegmentVariable {
				add(s.Key)
			}
		}
	}
	statements := func(docs []evaluator.Policy) {
		for _, d := range docs {
			for i := range d.Doc.Statements {
				st := &d.Doc.Statements[i]
				if !st.Actions.Match(action) || unrelated(st, t.arn) {
					continue
				}
				if len(st.Principals.Entries) > 0 && !st.Principals.Not && p.Kind != evaluator.RoleSession {
					if kinds, _ := evaluator.MatchPrincipal(&st.Principals, &p.Principal, st.Effect, false); kinds == 0 {
						continue
					}
				}
				for j := range st.Resources.Patterns {
					variables(&st.Resources.Patterns[j])
				}
				for j := range st.Conditions {
					add(st.Conditions[j].Key)
					for k := range st.Conditions[j].Values {
						variables(st.Conditions[j].Values[k].Template)
					}
				}
			}
		}
	}
	statements(l.Identity)
	for _, one := range []*evaluator.Policy{l.Boundary, l.Resource} {
		if one != nil {
			statements([]evaluator.Policy{*one})
		}
	}
	for _, level := range append(append([][]evaluator.Policy{}, l.SCP...), l.RCP...) {
		statements(level)
	}
	for i := range l.Grants {
		for j := range l.Grants[i].Constraint {
			add(l.Grants[i].Constraint[j].Key)
		}
	}
	return seen, order
}

// unrelated tells statements that cannot match the resource whatever the context.
func unrelated(st *policy.Statement, arn string) bool {
	for i := range st.Resources.Patterns {
		if st.Resources.Patterns[i].Static == nil {
			return false
		}
	}
	return !st.Resources.Implicit && arn != "*" && !st.Resources.Match(arn, policy.NewContext(0))
}

// question is one question, in parts and as text.
type question struct {
	text      string
	actions   []string // patterns
	allOf     bool
	on        []string
	when      syntax.Expr
	keys      map[string]bool // of when
	order     []string
	admits    func(p *principal) bool
	single    bool // can: one principal, or several of the same name
	whenWords string
}
