package verify_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/query"
	"github.com/accessgraph/accessgraph/query/answer"
)

// twoMoments is an organization at two times, as the naive evaluator sees them.
type twoMoments struct {
	at            [2]*naive
	cat           *catalog.Catalog
	points, found int
	indexed       int // comparisons of indexes
}

// told is what a comparison says, in words.
func told(got *evaluator.AccessChanges) string {
	var b strings.Builder
	for _, c := range got.Changes {
		for _, p := range c.Principals {
			fmt.Fprintf(&b, "%s %s ", p.Kind, p.ARN)
		}
		fmt.Fprintf(&b, "%s %v\n", c.Presence, c.Causes)
		for _, list := range [][]*evaluator.Access{c.Gained, c.Lost} {
			for _, a := range list {
				fmt.Fprintf(&b, "  %s %s %s %s %v %v\n", a.Verdict, a.Actions, a.Resources(), query.Words(a.Conditions, nil), a.Assumptions, a.Notes)
			}
			b.WriteString("  and lost\n")
		}
	}
	return fmt.Sprintf("%s%q", b.String(), got.Unread)
}

// TestMoments makes random edits of random organizations, and holds that what the comparison of the two says of every principal is what the
// point engine says request by request: what was gained and lost, and nothing else.
func TestMoments(t *testing.T) {
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	points, found, rows, indexed := 0, 0, 0, 0
	for i := range uint64(*organizations) {
		seed := *firstSeed + i
		m, said, n, err := compareMoments(t.Context(), t.TempDir(), t.TempDir(), cat, seed)
		if err != nil {
			t.Errorf("organization %d: %s\n%v", seed, strings.Join(said, "; "), err)
			if !*keepGoing {
				return
			}
			continue
		}
		points, found, rows, indexed = points+m.points, found+m.found, rows+n, indexed+m.indexed
	}
	t.Logf("%d organizations, %d of them by index, %d requests that differ of %d decided, %d rows", *organizations, indexed, found, points, rows)
	if found == 0 || rows == 0 || indexed == 0 {
		t.Error("nothing differs")
	}
}

func compareMoments(ctx context.Context, before, after string, cat *catalog.Catalog, seed uint64) (*twoMoments, []string, int, error) {
	g := generateAll(seed)
	older := &organization{g.files}
	g.r = rand.New(rand.NewPCG(seed, 99))
	files, said := g.edited(g.files, 1+g.r.IntN(4))
	newer := &organization{files}
	m := &twoMoments{cat: cat}
	var worlds [2]*evaluator.World
	var fleets [2]*evaluator.Fleet
	for x, o := range []*organization{older, newer} {
		facts, err := o.ingest(ctx, []string{before, after}[x])
		if err != nil {
			return m, said, 0, err
		}
		m.at[x] = newNaive(facts, cat)
		if worlds[x], err = evaluator.Compile(ctx, facts, cat); err != nil {
			return m, said, 0, err
		}
		var odd *evaluator.OddAccountError
		if fleets[x], err = evaluator.FleetOf(ctx, facts, cat); err != nil && !errors.As(err, &odd) {
			return m, said, 0, err
		}
	}
	q := g.ask(m.at[0])
	got, err := evaluator.CompareSnapshots(ctx, worlds[0], worlds[1], evaluator.Question{Actions: q.actions})
	if err != nil {
		return m, said, 0, err
	}
	said = append(said, strings.Join(q.actions, ", "))
	if fleets[0] != nil && fleets[1] != nil {
		few, ok, err := evaluator.CompareFleets(ctx, fleets[0], fleets[1], evaluator.Question{Actions: q.actions})
		if err != nil {
			return m, said, 0, err
		}
		if ok {
			m.indexed++
			if a, b := told(got), told(few); a != b {
				return m, said, 0, fmt.Errorf("index: of the accounts that changed\n%s\nof the whole\n%s", b, a)
			}
		}
	}
	return m, said, len(got.Changes), m.check(got, m.at[0].expand(q, g))
}

// differs is what a comparison says of one principal.
type differs struct {
	change *evaluator.AccessChange
	grants [2][]*grant // that the older has alone, and the newer
}

func (m *twoMoments) check(got *evaluator.AccessChanges, actions []string) error {
	arns := map[string]bool{}
	for _, n := range m.at {
		for _, s := range n.strings(nil, actions) {
			arns[s] = true
		}
	}
	sorted := make([]string, 0, len(arns))
	for s := range arns {
		sorted = append(sorted, s)
	}
	slices.Sort(sorted)
	return m.checkOn(got, actions, sorted)
}

// checkOn compares what is said of everybody with the point engine, on some resources.
func (m *twoMoments) checkOn(got *evaluator.AccessChanges, actions, resources []string) error {
	said := map[string]*differs{}
	for _, c := range got.Changes {
		d := &differs{change: c}
		for x, list := range [][]*evaluator.Access{c.Lost, c.Gained} {
			for _, a := range list {
				g, err := readGrant(answer.Grant{
					Actions: a.Actions, Resources: a.Resources(), Verdict: answer.Verdict(a.Verdict.String()), Conditions: query.Words(a.Conditions, m.cat), Assumptions: a.Assumptions,
				})
				if err != nil {
					return err
				}
				if w := c.Witness(a); a.Verdict != evaluator.Unknown && w == nil {
					return fmt.Errorf("witness: %s has none", a.Actions)
				}
				d.grants[x] = append(d.grants[x], g)
			}
		}
		for _, p := range c.Principals {
			said[c.Presence.String()+" "+p.Kind+" "+p.ARN] = d
		}
	}
	for _, p := range m.pairs() {
		id := p.who().kind + " " + p.who().arn
		d := said[p.presence()+" "+id]
		if err := m.principal(p, d, actions, resources); err != nil {
			return fmt.Errorf("%w\n  principal %s %s", err, p.presence(), id)
		}
	}
	return nil
}

// twice is a principal as either moment has it; nil: it does not.
type twice [2]*principal

func (p twice) who() *principal {
	if p[1] != nil {
		return p[1]
	}
	return p[0]
}

func (p twice) presence() string {
	switch {
	case p[0] == nil:
		return "added"
	case p[1] == nil:
		return "removed"
	}
	return "changed"
}

func (m *twoMoments) pairs() []twice {
	byID := map[string]*twice{}
	var order []string
	for x, n := range m.at {
		for _, p := range n.principals {
			id := p.Account + p.UniqueID
			if byID[id] == nil {
				byID[id] = &twice{}
				order = append(order, id)
			}
			byID[id][x] = p
		}
	}
	var out []twice
	for _, id := range order {
		out = append(out, *byID[id])
	}
	return out
}

// principal compares every action on every resource.
func (m *twoMoments) principal(p twice, d *differs, actions, arns []string) error {
	if d == nil {
		d = &differs{}
	}
	for _, action := range actions {
		for _, arn := range arns {
			targets, ok := m.targets(p, action, arn)
			if !ok {
				continue
			}
			for x := range 2 {
				if p[x] == nil || targets[x] == nil {
					continue
				}
				if err := m.alone(x, p, targets, action, d); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// targets are what an action acts on in either moment; nil: there is nothing to act on there. ok is false where that is not to be compared.
func (m *twoMoments) targets(p twice, action, arn string) (out [2]*target, ok bool) {
	for x, n := range m.at {
		who := p[x]
		if who == nil {
			who = p[1-x]
		}
		if t, there := n.target(&question{}, who, action, arn); there {
			out[x] = t
		}
	}
	var of [2]*resource
	for x, n := range m.at {
		if of[x] = n.byARN[arn]; of[x] == nil && strings.HasPrefix(action, "s3:") {
			bucket, _, _ := strings.Cut(arn, "/")
			of[x] = n.byARN[bucket]
		}
	}
	service, _, _ := strings.Cut(action, ":")
	for x, n := range m.at {
		if arn == "*" || of[x] != nil || of[1-x] == nil {
			continue
		}
		if !n.consentRead(of[1-x].account, service) {
			return out, false
		}
		if out[x] != nil {
			own := *of[1-x]
			own.policy, own.grants, own.restricted = nil, nil, false
			out[x].of, out[x].other, out[x].account = &own, false, own.account
		}
	}
	if out[0] != nil && out[1] != nil && out[0].assumed != out[1].assumed {
		return out, false
	}
	return out, out[0] != nil || out[1] != nil
}

// alone compares what one moment allows and the other does not.
func (m *twoMoments) alone(x int, p twice, targets [2]*target, action string, d *differs) error {
	n, t, l := m.at[x], targets[x], m.at[x].layers(p[x], action, targets[x])
	inPlay, order := n.keysInPlay(&question{}, p[x], action, t, l)
	var theirs *evaluator.Layers
	sessions := n.sessions(p[x], l)
	if p[1-x] != nil && targets[1-x] != nil {
		theirs = m.at[1-x].layers(p[1-x], action, targets[1-x])
		also, more := m.at[1-x].keysInPlay(&question{}, p[1-x], action, targets[1-x], theirs)
		for _, key := range more {
			if !inPlay[key] {
				order = append(order, key)
			}
		}
		for key := range also {
			inPlay[key] = true
		}
		for _, s := range m.at[1-x].sessions(p[1-x], theirs) {
			if !slices.Contains(sessions, s) {
				sessions = append(sessions, s)
			}
		}
	}
	mine, other := make([][]*policy.ContextValue, len(order)), make([][]*policy.ContextValue, len(order))
	total := len(sessions)
	for i, key := range order {
		mine[i] = n.values(p[x], action, t, key, false)
		if theirs != nil {
			other[i] = m.at[1-x].values(p[1-x], action, targets[1-x], key, false)
			if (len(mine[i]) == 1) != (len(other[i]) == 1) && !strings.HasPrefix(key, "aws:principaltag/") {
				return nil // one of them did not read it
			}
		}
		total = min(total*len(mine[i]), 1<<30)
	}
	try := func(session string, at []int) error {
		r := n.request(p[x], action, t, session)
		for i, key := range order {
			if v := mine[i][at[i]]; v != nil {
				r.Context.Set(key, *v)
			}
		}
		if !consistent(&r.Context, inPlay) {
			return nil
		}
		m.points++
		dec := n.decider.Decide(r, l)
		mineAllowed := dec.Effect == evaluator.Allowed
		mineSure := mineAllowed && len(dec.Uncertainties) == 0 && !t.unread
		theirsAllowed, theirsSure := false, false
		if mineAllowed && theirs != nil {
			theirsAllowed, theirsSure = m.counterpart(1-x, p[1-x], targets[1-x], theirs, action, session, order, mine, other, at, inPlay)
		}
		return m.point(x, r, t, d.grants[x], mineAllowed && !theirsAllowed && mineSure, mineAllowed && !theirsSure)
	}
	at := make([]int, len(order))
	if total > maxPoints/4 {
		r := rand.New(rand.NewPCG(uint64(len(order)), uint64(len(t.arn))))
		for range maxPoints / 8 {
			for i := range at {
				at[i] = r.IntN(len(mine[i]))
			}
			if err := try(sessions[r.IntN(len(sessions))], at); err != nil {
				return err
			}
		}
		return nil
	}
	for _, s := range sessions {
		clear(at)
		for more := true; more; more = next(at, mine) {
			if err := try(s, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// counterpart decides a request as the other moment would be asked: with its own facts, and with any choice where it has one and this one has not.
func (m *twoMoments) counterpart(
	y int, p *principal, t *target, l *evaluator.Layers, action, session string, order []string, mine, other [][]*policy.ContextValue, at []int, inPlay map[string]bool,
) (allowed, sure bool) {
	choices := make([][]*policy.ContextValue, len(order))
	for i := range order {
		choices[i] = other[i]
		if len(other[i]) == 1 || len(mine[i]) == 1 {
			continue
		}
		for _, v := range other[i] {
			if reflect.DeepEqual(v, mine[i][at[i]]) {
				choices[i] = []*policy.ContextValue{v}
			}
		}
	}
	for c, more := make([]int, len(order)), true; more; more = next(c, choices) {
		r := m.at[y].request(p, action, t, session)
		for i, key := range order {
			if v := choices[i][c[i]]; v != nil {
				r.Context.Set(key, *v)
			}
		}
		if !consistent(&r.Context, inPlay) {
			continue
		}
		dec := m.at[y].decider.Decide(r, l)
		allowed = allowed || dec.Effect == evaluator.Allowed
		sure = sure || dec.Effect == evaluator.Allowed && len(dec.Uncertainties) == 0 && !t.unread
	}
	return allowed, sure
}

// point compares one request with what is said of it.
func (m *twoMoments) point(x int, r *evaluator.Request, t *target, grants []*grant, certain, possible bool) error {
	var sure, doubtful, maybe bool
	for _, g := range grants {
		in, perhaps := m.at[x].member(g, r, t)
		maybe = maybe || perhaps
		if g.Verdict == answer.Unknown {
			doubtful = doubtful || in
		} else {
			sure = sure || in
		}
	}
	if certain {
		m.found++
	}
	show := func() string { return [2]string{"lost ", "gained "}[x] + m.at[x].show(&point{request: r}) }
	switch {
	case certain && !sure && !maybe:
		return fmt.Errorf("missing: %s, and nothing says so", show())
	case sure && !certain:
		return fmt.Errorf("excess: %s is said, and it is not so (possible: %v)", show(), possible)
	case doubtful && !possible:
		return fmt.Errorf("excess-unknown: %s is said to be possible, and it is not", show())
	}
	return nil
}
