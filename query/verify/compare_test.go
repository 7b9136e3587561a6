package verify_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// row is what both sides say of one principal.
type row struct {
	verdict answer.Verdict
	grants  []*grant
}

// grant is a grant of an answer, its patterns and condition read again from the text.
type grant struct {
	answer.Grant
	actions    []policy.ActionPattern
	resources  []policy.Template
	conditions syntax.Expr
	outside    bool // it is about resources that the snapshot does not have, beside those that it names
}

const (
	notInSnapshot = "resource not in the snapshot"
	anyOther      = ":(any other action)"
)

func readGrant(g answer.Grant) (*grant, error) {
	out := &grant{Grant: g}
	for _, a := range g.Actions {
		if service, ok := strings.CutSuffix(a, anyOther); ok {
			a = service + ":ZzUnknown"
		}
		out.actions = append(out.actions, policy.NewActionPattern(a))
	}
	for _, r := range g.Resources {
		out.resources = append(out.resources, policy.ResourceTemplate(r, policy.Identity, false))
	}
	if g.Conditions != "" {
		x, err := syntax.ParseExpr(g.Conditions)
		if err != nil {
			return nil, fmt.Errorf("words: conditions %q: %w", g.Conditions, err)
		}
		out.conditions = x
	}
	for _, a := range g.Assumptions {
		out.outside = out.outside || strings.HasPrefix(a, notInSnapshot)
	}
	return out, nil
}

// member tells how a grant speaks of a point: not at all, surely, or perhaps: its pattern takes in a resource of the snapshot while it
// is about others.
func (n *naive) member(g *grant, r *evaluator.Request, t *target) (in, perhaps bool) {
	hit := false
	for i := range g.actions {
		hit = hit || g.actions[i].Match(r.Action)
	}
	if !hit {
		return false, false
	}
	hit = false
	for i := range g.resources {
		p, ok := g.resources[i].Resolve(&r.Context)
		if g.Resources[i] == "*" { // the resource-less one, not every resource
			hit = hit || t.arn == "*"
			continue
		}
		if !ok || !p.Match(t.arn) {
			continue
		}
		if _, literal := p.Literal(); g.outside && !t.other && !literal && t.arn != "*" {
			perhaps = true
			continue
		}
		hit = true
	}
	if !hit && !perhaps || g.conditions != nil && !n.holds(g.conditions, &r.Context, t.arn) {
		return false, false
	}
	return hit, perhaps
}

// check asks the engine and compares; the error's first word says what kind of difference it is.
func check(ctx context.Context, e *query.Engine, n *naive, q *question, g *generator) error {
	rows, err := answerRows(ctx, e, q.text)
	if err != nil {
		return err
	}
	actions := n.expand(q, g)
	strings := n.strings(q.on, actions)
	seen := map[string]bool{}
	for _, p := range n.principals {
		if !q.admits(p) {
			continue
		}
		seen[p.kind+" "+p.arn] = true
		if err := n.principal(q, []*principal{p}, actions, strings, rows[p.kind+" "+p.arn]); err != nil {
			return fmt.Errorf("%w\n  principal %s", err, p.arn)
		}
	}
	if !q.single {
		if err := n.outside(q, actions, strings, rows, seen); err != nil {
			return err
		}
	}
	for id := range rows {
		if !seen[id] {
			return fmt.Errorf("surplus: row %s", id)
		}
	}
	return nil
}

func answerRows(ctx context.Context, e *query.Engine, text string) (map[string]*row, error) {
	a, err := e.Ask(ctx, text, query.Options{})
	if err != nil {
		return nil, fmt.Errorf("ask: %w", err)
	}
	rows := map[string]*row{}
	for r, err := range a.Rows {
		if err != nil {
			return nil, fmt.Errorf("rows: %w", err)
		}
		out := &row{verdict: r.RowVerdict()}
		var grants []answer.Grant
		var id string
		switch r := r.(type) {
		case *answer.WhoCan:
			r.Whole()
			id, grants = r.Kind+" "+r.Principal, r.Grants
		case *answer.Can:
			id, grants = kindOf(r.Principal)+" "+r.Principal, r.Grants
		}
		for _, g := range grants {
			read, err := readGrant(g)
			if err != nil {
				return nil, err
			}
			out.grants = append(out.grants, read)
		}
		if rows[id] != nil {
			return nil, fmt.Errorf("twice: row %s", id)
		}
		rows[id] = out
	}
	return rows, nil
}

func kindOf(arn string) string {
	switch {
	case strings.HasSuffix(arn, ":root"):
		return "root"
	case strings.Contains(arn, ":user/"):
		return "user"
	}
	return "role"
}

// outside compares the grantees that are not of the snapshot, resource by resource.
func (n *naive) outside(q *question, actions, strings []string, rows map[string]*row, seen map[string]bool) error {
	callers := map[string][]*principal{}
	for _, r := range n.resources {
		for _, p := range n.grantees(r) {
			if q.admits(p) {
				id := p.kind + " " + p.arn
				dup := false
				for _, have := range callers[id] {
					dup = dup || have.ARN == p.ARN
				}
				if !dup {
					callers[id] = append(callers[id], p)
				}
			}
		}
	}
	for id, ps := range callers {
		seen[id] = true
		if err := n.principal(q, ps, actions, strings, withPublic(id, rows)); err != nil {
			return fmt.Errorf("%w\n  grantee %s", err, id)
		}
	}
	return nil
}

// withPublic gives a grantee's row. What unsigned callers have just so is said in their row alone, and not again of any service.
func withPublic(id string, rows map[string]*row) *row {
	have, public := rows[id], rows["public *"]
	if id != "service *" || public == nil {
		return have
	}
	both := &row{verdict: public.verdict, grants: public.grants}
	if have != nil {
		both.grants = append(slices.Clip(both.grants), have.grants...)
	}
	return both
}

// pair is the class of one action on one resource.
type pair struct {
	action, resource string
	class            class
}

// principal compares one row. All resources that are not listed and that no pattern tells apart are judged together, so that what hangs
// on the Region may be said of all of them, though the ARN of each tells its own (C34): then the verdict is compared as if none did.
func (n *naive) principal(q *question, callers []*principal, actions, resources []string, have *row) error {
	err := n.row(q, callers, actions, resources, have, true)
	if err == nil || !strings.HasPrefix(err.Error(), "verdict:") && !strings.HasPrefix(err.Error(), "all-of:") {
		return err
	}
	n.freeRegion = true
	defer func() { n.freeRegion = false }()
	if n.row(q, callers, actions, resources, have, false) == nil {
		return nil
	}
	return err
}

// row compares one row. Several callers stand for one where a row is about a set of them. With points every request is compared too.
func (n *naive) row(q *question, callers []*principal, actions, resources []string, have *row, points bool) error {
	public := callers[0].arn == "*"
	var pairs []pair
	for _, action := range actions {
		for _, arn := range resources {
			sum := class{all: true, whole: true}
			for _, p := range callers {
				t, ok := n.target(q, p, action, arn)
				if !ok {
					continue
				}
				if p.outside && !n.admitted(p, t) {
					if q.allOf && t.of != nil { // it denies what is asked of all
						sum = class{points: 1, whole: true}
					}
					continue
				}
				var failure error
				c := n.contexts(q, p, action, t, func(pt *point) {
					if failure == nil && points {
						failure = n.point(pt, t, have, public, q.allOf)
					}
				})
				if failure != nil {
					return failure
				}
				sum.some, sum.possible, sum.points, sum.whole = sum.some || c.some, sum.possible || c.possible, sum.points+c.points, sum.whole && c.whole
				sum.all = sum.all && (c.all || c.points == 0)
			}
			if sum.points > 0 {
				pairs = append(pairs, pair{action, arn, sum})
			}
		}
	}
	if q.allOf && public { // its row is about several callers, of whom one may do what the others may not
		return nil
	}
	if q.allOf {
		return n.allOf(q, pairs, actions, have)
	}
	if callers[0].kind == "service" && public { // a part of its row may be the public one's
		return nil
	}
	return n.verdict(q, callers, pairs, have)
}

// admitted tells whether the target's own policy or a grant on it speaks of an outside caller.
func (n *naive) admitted(p *principal, t *target) bool {
	if t.of == nil {
		return false
	}
	for _, g := range n.grantees(t.of) {
		if g.kind == p.kind && g.arn == p.arn {
			return true
		}
	}
	return false
}

// point compares one request with the row's grants.
func (n *naive) point(pt *point, t *target, have *row, public, allOf bool) error {
	if have == nil {
		if pt.allowed && !allOf {
			return fmt.Errorf("absent: %s is allowed (certain %v), and there is no row", n.show(pt), pt.certain)
		}
		return nil
	}
	var sure, doubtful, maybe bool
	for _, g := range have.grants {
		in, perhaps := n.member(g, pt.request, t)
		maybe = maybe || perhaps
		if g.Verdict == answer.Unknown {
			doubtful = doubtful || in
		} else {
			sure = sure || in
		}
	}
	switch {
	case pt.certain && !sure && !maybe && !(allOf && have.verdict == answer.Denied):
		return fmt.Errorf("missing: %s is allowed, and no grant has it", n.show(pt))
	case pt.allowed && !pt.certain && !doubtful && !maybe && !sure && !allOf:
		return fmt.Errorf("missing-unknown: %s is possible, and no grant has it", n.show(pt))
	case sure && !pt.certain && !public && !n.sameElsewhere(pt):
		return fmt.Errorf("excess: %s is not allowed for certain (possible %v), and a grant has it", n.show(pt), pt.allowed)
	case doubtful && !pt.allowed && !public:
		return fmt.Errorf("excess-unknown: %s is not possible, and an unknown grant has it", n.show(pt))
	}
	return nil
}

func (n *naive) sameElsewhere(*point) bool { return false }

func (n *naive) show(pt *point) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s on %s {", pt.request.Action, pt.request.Target.Resource)
	pt.request.Context.Each(func(key string, v policy.ContextValue) {
		if v.Multi {
			fmt.Fprintf(&b, " %s=%q", key, v.List)
		} else {
			fmt.Fprintf(&b, " %s=%s", key, v.Single)
		}
	})
	return b.String() + " }"
}

// verdict compares the row's verdict: allowed is some action on some resource in every context.
func (n *naive) verdict(q *question, callers []*principal, pairs []pair, have *row) error {
	want, whole := answer.Denied, true
	for _, p := range pairs {
		v := classVerdict(p.class)
		if v.Rank() < want.Rank() {
			want = v
			whole = p.class.whole
		}
	}
	got := answer.Denied
	if have != nil {
		got = have.verdict
	}
	if got == want {
		return nil
	}
	if got.Rank() < want.Rank() { // the engine says more: its witness must bear it
		return n.justified(q, callers, have)
	}
	if want == answer.Allowed && (!whole || callers[0].kind == "public" || have.relates()) {
		return nil
	}
	return fmt.Errorf("verdict: %s, want %s by %v", got, want, bestPair(pairs, want))
}

// relates tells whether a grant hangs on a variable inside a resource pattern. All resources that such a pattern may reach are judged
// together, so that the row may be conditional although there are some which no value of the variable reaches.
func (r *row) relates() bool {
	for _, g := range r.grants {
		if strings.Contains(g.Conditions, "resource") && strings.Contains(g.Conditions, "${") {
			return true
		}
	}
	return false
}

func bestPair(pairs []pair, v answer.Verdict) pair {
	for _, p := range pairs {
		if classVerdict(p.class) == v {
			return p
		}
	}
	return pair{}
}

func classVerdict(c class) answer.Verdict {
	switch {
	case c.all:
		return answer.Allowed
	case c.some:
		return answer.Conditional
	case c.possible:
		return answer.Unknown
	}
	return answer.Denied
}

// justified holds that a verdict which the drawn actions and resources do not show is borne by a witness.
func (n *naive) justified(q *question, callers []*principal, have *row) error {
	reason := "no grant has the verdict and a witness"
	for _, g := range have.grants {
		if g.Verdict != have.verdict || g.Witness == nil {
			continue
		}
		if have.verdict == answer.Unknown {
			return nil // not every unknown can be shown
		}
		action := strings.TrimSuffix(g.Witness.Action, anyOther)
		if action != g.Witness.Action {
			action += ":ZzUnknown"
		}
		for _, p := range callers {
			t, ok := n.target(q, p, action, g.Witness.Resource)
			if !ok {
				reason = "the witness's resource is no target: " + action + " on " + g.Witness.Resource
				continue
			}
			c := n.contexts(q, p, action, t, func(*point) {})
			if v := classVerdict(c); v.Rank() <= have.verdict.Rank() || !c.whole {
				return nil
			}
			if have.verdict == answer.Conditional && n.witnessed(p, action, t, g.Witness) {
				return nil
			}
			reason = fmt.Sprintf("%s on %s is %s", action, t.arn, classVerdict(c))
		}
	}
	return fmt.Errorf("unjustified: %s, but %s", have.verdict, reason)
}

// witnessed decides the witness itself.
func (n *naive) witnessed(p *principal, action string, t *target, w *answer.Witness) bool {
	r := n.request(p, action, t, "")
	r.Principal.ARN = w.Principal
	for key, v := range w.Context {
		if v.Multi {
			r.Context.Set(key, policy.Multi(v.Values...))
		} else {
			r.Context.Set(key, policy.Single(v.Values[0]))
		}
	}
	d := n.decider.Decide(r, n.layers(p, action, t))
	return d.Effect == evaluator.Allowed && len(d.Uncertainties) == 0
}

// allOf compares the verdict of a question about all of several actions: the worst of them, each on some resource, or, where the question
// names resources, on every one.
func (n *naive) allOf(q *question, pairs []pair, actions []string, have *row) error {
	want := answer.Allowed
	for _, action := range actions {
		if strings.HasSuffix(action, "ZzUnknown") {
			continue
		}
		best, worst, any := answer.Denied, answer.Allowed, false
		for _, p := range pairs {
			if p.action != action {
				continue
			}
			any = true
			v := classVerdict(p.class)
			if v.Rank() < best.Rank() {
				best = v
			}
			if v.Rank() > worst.Rank() {
				worst = v
			}
		}
		v := best
		if len(q.on) > 0 && any {
			v = worst
		}
		if v.Rank() > want.Rank() {
			want = v
		}
	}
	got := answer.Denied
	if have != nil {
		got = have.verdict
	}
	if got != want {
		return fmt.Errorf("all-of: %s, want %s", got, want)
	}
	return nil
}
