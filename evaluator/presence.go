package evaluator

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// Many questions want to know who, not what: how many there are, in which accounts. Then one request that is allowed settles a caller, and
// nothing further need be known of it. Callers, groups and accounts that no fact in play tells apart share what was found.

// held is what of a question somebody has for certain, under some context or other, and what else they may have.
type held struct {
	sure, maybe region.Set
	spent       int64 // steps of the budget
}

// holdings are what was found for a question so far, whatever the account.
type holdings struct {
	mu     sync.Mutex
	done   map[digest]*held
	asked  atomic.Int64
	judged atomic.Int64
}

// explain adds how often what was found for one class served others.
func (h *holdings) explain(p *Plan) {
	p.add("evaluations asked for (class by resource group)", h.asked.Load())
	p.add("evaluated", h.judged.Load())
	p.add("taken over from an equal one", h.asked.Load()-h.judged.Load())
}

// The sources of answers.
const (
	fromSnapshot = "the whole snapshot"
	fromIndex    = "the index"
)

// wanted are the members that must be decided: any one settles a question about any of several actions, all of them one about all.
func (c *compiledQuestion) wanted() region.Set {
	if !c.AllOf {
		return c.all()
	}
	out := c.none()
	for _, a := range c.asked {
		a.members.Each(func(i int) {
			if !c.members[i].other {
				out.Add(i)
			}
		})
	}
	return out
}

// settled tells whether nothing more need be known of a caller who has these for certain.
func (c *compiledQuestion) settled(wanted, sure region.Set) bool {
	if c.AllOf {
		return wanted.SubsetOf(sure)
	}
	return sure.Intersects(wanted)
}

// holds gives the verdict of somebody who has sure for certain and may have maybe: Denied, Unknown, or Conditional for any better one. It is
// the verdict of sum, as far as that.
func (c *compiledQuestion) holds(wanted, sure, maybe region.Set) Verdict {
	switch {
	case c.settled(wanted, sure) && !sure.Empty():
		return Conditional
	case c.settled(wanted, sure.Or(maybe)) && !(sure.Empty() && maybe.Empty()):
		return Unknown
	}
	return Denied
}

// presence finds out whether one caller has what the question asks about.
type presence struct {
	t      *targets
	side   *callerSide
	found  *holdings
	budget *region.Budget

	wanted, sure, maybe region.Set
}

func (p *presence) begin() {
	q := p.t.question
	p.wanted, p.sure, p.maybe = q.wanted(), q.none(), q.none()
}

// look looks at groups of targets, list by list, until the caller is settled.
func (p *presence) look(ctx context.Context, lists ...[]*targetGroup) error {
	if p.many() {
		for _, groups := range lists {
			if done, err := p.try(ctx, groups); done || err != nil {
				return err
			}
		}
	}
	for _, groups := range lists {
		if len(groups) == 0 {
			continue
		}
		for _, g := range p.t.mergeFor(p.side, groups) {
			if err := ctx.Err(); err != nil {
				return err
			}
			h, err := p.t.heldOn(p.side, g, p.wanted, p.budget, p.found)
			if errors.Is(err, region.ErrBudget) {
				p.maybe = p.maybe.Or(g.actions)
				return nil
			}
			if err != nil {
				return err
			}
			p.sure, p.maybe = p.sure.Or(h.sure), p.maybe.Or(h.maybe)
			if p.t.question.settled(p.wanted, p.sure) {
				return nil
			}
		}
	}
	return nil
}

// manyActions is how many actions a question about any of them must ask for before a few are tried first.
const manyActions = 512

// mostTried is how many actions are tried on one group of targets.
const mostTried = 16

// many tells whether a few actions are to be tried first.
func (p *presence) many() bool {
	return !p.t.question.AllOf && len(p.t.question.members) >= manyActions
}

// try looks whether a few actions, one of each Allow in play, settle a question about many: who may do anything at all is seen on the first
// thing that it may do. It has a budget of its own, and what it does not settle it leaves open.
func (p *presence) try(ctx context.Context, groups []*targetGroup) (settled bool, err error) {
	q := p.t.question
	if len(groups) == 0 {
		return false, nil
	}
	budget := region.NewBudget(q.Budget).Within(ctx)
	for _, g := range p.t.mergeFor(p.side, groups) {
		few, n := q.none(), 0
		take := func(from region.Set) {
			if at := from.And(g.actions).First(); at >= 0 && n < mostTried {
				few.Add(at)
				n++
			}
		}
		for i := range p.side.statements {
			if st := &p.side.statements[i]; st.instance.layer == LayerIdentity && st.instance.statement.Effect == policy.Allow {
				take(st.instance.members)
			}
		}
		for _, s := range g.spoken {
			if s.Effect == policy.Allow {
				take(q.matching(&s.Actions))
			}
		}
		if n == 0 {
			continue
		}
		one := *g
		one.actions, one.memo = few, &groupMemo{}
		if len(g.parts) == 0 && !g.star { // most of what an account may have besides has nothing to do with these
			one.items = nil
			for _, it := range g.items {
				if p.t.acts(it, few) {
					one.items = append(one.items, it)
				}
			}
		}
		h, err := p.t.heldOn(p.side, &one, p.wanted, budget, p.found)
		switch {
		case errors.Is(err, region.ErrBudget):
			return false, nil
		case err != nil:
			return false, err
		case q.settled(p.wanted, h.sure):
			p.sure = p.sure.Or(h.sure)
			return true, nil
		}
	}
	return false, nil
}

// acts tells whether some of a few members act on an item.
func (t *targets) acts(it *item, few region.Set) bool {
	for _, key := range it.types {
		if set, ok := t.types[key]; ok && set.Intersects(few) {
			return true
		}
	}
	set, ok := t.unknown[it.service]
	return ok && set.Intersects(few)
}

// verdict is Denied, Unknown, or Conditional for any better one.
func (p *presence) verdict() Verdict { return p.t.question.holds(p.wanted, p.sure, p.maybe) }

// presence looks everywhere for one caller.
func (w *World) presence(ctx context.Context, t *targets, c *caller, found *holdings) (Verdict, error) {
	p := &presence{t: t, side: t.sideOf(c), found: found, budget: region.NewBudget(t.question.Budget).Within(ctx)}
	p.begin()
	own, abroad, rest := t.groupsAround(c)
	err := p.look(ctx, rest, own, abroad) // the fewest and the likeliest first
	return p.verdict(), err
}

// groupsAround are the groups that a caller can have access to: of its own account, of others, and what the snapshot does not have.
func (t *targets) groupsAround(c *caller) (own, abroad, rest []*targetGroup) {
	for _, g := range t.groupsFor(c) {
		switch {
		case !g.snapshot || g.star:
			rest = append(rest, g)
		case g.owner == c.account:
			own = append(own, g)
		default:
			abroad = append(abroad, g)
		}
	}
	return own, abroad, rest
}

// heldOn finds what a caller has on a group of targets. Whoever takes over what was found is charged the steps that it took.
func (t *targets) heldOn(side *callerSide, g *targetGroup, wanted region.Set, budget *region.Budget, found *holdings) (*held, error) {
	found.asked.Add(1)
	text, ok := t.holdingKey(side, g)
	key := digestOf(text)
	if !ok {
		return t.findHeld(side, g, wanted, budget, found)
	}
	found.mu.Lock()
	h := found.done[key]
	found.mu.Unlock()
	if h != nil {
		budget.Spend(h.spent)
		return h, budget.Err()
	}
	h, err := t.findHeld(side, g, wanted, budget, found)
	if err != nil {
		return nil, err
	}
	found.mu.Lock()
	defer found.mu.Unlock()
	if have := found.done[key]; have != nil {
		return have, nil
	}
	if found.done == nil {
		found.done = map[digest]*held{}
	}
	found.done[key] = h
	return h, nil
}

// findHeld decides part by part, until what was found settles the question. The point engine confirms each on a concrete request.
func (t *targets) findHeld(side *callerSide, g *targetGroup, wanted region.Set, budget *region.Budget, found *holdings) (*held, error) {
	found.judged.Add(1)
	before := budget.Used()
	h := &held{sure: t.question.none(), maybe: t.question.none()}
	e, ok := newEvaluation(t, side, g, budget)
	if !ok {
		return h, budget.Err()
	}
	parts, err := e.composeAll(&coverage{gaps: t.question.none(), denied: t.question.none()})
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		if p.class.members.SubsetOf(h.sure) || !p.class.members.Intersects(wanted) {
			continue
		}
		open, err := e.decidePart(p)
		if err != nil {
			return nil, err
		}
		if !open {
			continue
		}
		for _, r := range e.resolve(p, t.question.Strict) {
			sk, ok := e.sketchOf(r)
			if !ok {
				return nil, e.wordless(r)
			}
			_, agrees := e.confirm(sk, side.caller, r.assumes, r.verdict == Unknown, &side.room)
			if r.verdict == Unknown || !agrees {
				h.maybe = h.maybe.Or(r.members)
			} else {
				h.sure = h.sure.Or(r.members)
			}
		}
		if t.question.settled(wanted, h.sure) {
			break
		}
	}
	h.spent = budget.Used() - before
	return h, budget.Err()
}

// holdingKey spells all that what a caller holds on a group hangs on; ok is false where that is the very caller or group.
func (t *targets) holdingKey(side *callerSide, g *targetGroup) (string, bool) {
	c := side.caller
	if c.outside || c.account == nil || len(t.world.endpoints) > 0 && len(g.parts) == 0 {
		return "", false
	}
	if g.snapshot && !g.star && len(g.parts) == 0 { // it names the caller in a KMS grant, or lets it in from abroad by one
		return "", false
	}
	k := &keyWriter{}
	k.text(side.standing(t))
	if t.abroad != nil && slices.ContainsFunc(g.parts, func(part *targetGroup) bool { return slices.Contains(side.named, part.place) }) {
		k.text(c.principal.Account) // it speaks of it
	}
	k.text(t.standsFor(g, side))
	k.text(g.actions.Key())
	paths := t.question.readsPaths()
	for i := range side.statements {
		st := &side.statements[i]
		if !st.instance.members.Intersects(g.actions) || !t.touches(st, g) {
			continue
		}
		k.int(st.number)
		paths = paths || t.readsPaths(st.instance.statement)
	}
	for _, s := range g.spoken {
		k.text(t.readOf(s, c))
		paths = paths || t.readsPaths(s)
	}
	owner := g.owner
	if owner != nil {
		for _, level := range owner.rcps {
			k.int(-2)
			for i := range level {
				k.int(t.documentNumber(level[i].Doc))
				for j := range level[i].Doc.Statements {
					k.text(t.readOf(&level[i].Doc.Statements[j], c))
				}
				paths = paths || t.documentReadsPaths(level[i].Doc)
			}
		}
	}
	if paths {
		k.text(c.account.path)
		if owner != nil {
			k.text(owner.path)
		}
	}
	k.text(t.itemsKey(side, g))
	return k.String(), true
}

// standing spells what of a caller's account binds it besides statements, and what sort of caller it is.
func (s *callerSide) standing(t *targets) string {
	if s.stands == "" {
		a := s.caller.account
		k := &keyWriter{}
		k.text(t.sortFor(s.caller))
		k.int(int(s.caller.principal.Kind))
		named := &readers{}
		for _, key := range sortedKeys(t.question.named) {
			named.key(key, map[string]bool{})
		}
		k.text(t.spelled(named, s.caller))
		k.flags(s.caller.boundary != nil, s.caller.outside,
			s.caller.principal.Management, a.inOrg, a.management, s.unlimited, len(s.caller.session) > 0)
		k.int(len(a.scps))
		k.int(len(a.rcps))
		s.stands = k.String()
	}
	return s.stands
}

// readOf spells what a statement of the resource side reads of a caller.
func (t *targets) readOf(s *policy.Statement, c *caller) string {
	rd := &readers{}
	rd.statement(s, callerKey)
	return t.spelled(rd, c)
}

func (t *targets) spelled(rd *readers, c *caller) string {
	if len(rd.conditions) == 0 && len(rd.keys) == 0 {
		return ""
	}
	var b strings.Builder
	rd.spell(&b, &situation{world: t.world, caller: c, asking: t.question})
	return b.String()
}

// standsFor spells what a group is, besides its resources.
func (t *targets) standsFor(g *targetGroup, side *callerSide) string {
	k := &keyWriter{}
	k.text(g.base)
	k.text(g.region)
	k.text(g.assumption)
	k.flags(g.snapshot, g.star, g.unread, g.tagsKnown, g.trust, g.management, g.owner == side.caller.account, g.owner == nil)
	k.text(g.ownerID)
	if g.owner != nil {
		k.flags(g.owner.management, g.owner.inOrg, g.owner.facts != nil)
	}
	if len(g.parts) > 0 { // all look alike to the caller
		retiring, _ := grantView(g.parts[0], &side.caller.principal)
		k.int(t.viewFor(side, g.parts[0]).id)
		k.int(int(retiring))
	}
	one := g
	if len(g.parts) > 0 {
		one = g.parts[0]
	}
	k.text(t.readsOf(side, one))
	return k.String()
}

// keyWriter writes keys whose parts cannot run into each other.
type keyWriter struct{ b []byte }

func (k *keyWriter) String() string { return string(k.b) }

func (k *keyWriter) text(s string) {
	k.b = append(binary.AppendUvarint(k.b, uint64(len(s))), s...)
}

func (k *keyWriter) int(n int) { k.b = binary.AppendVarint(k.b, int64(n)) }

func (k *keyWriter) flags(on ...bool) {
	for _, f := range on {
		if f {
			k.b = append(k.b, '1')
		} else {
			k.b = append(k.b, '0')
		}
	}
}

// itemsKey spells what a group's resources are to the patterns in play: of single resources which patterns match them, of any others their
// own pattern and what the snapshot claims of them.
func (t *targets) itemsKey(side *callerSide, g *targetGroup) string {
	k := &keyWriter{}
	var tests []*resourceTest
	variable := false
	for i := range side.statements {
		st := &side.statements[i]
		if st.instance.members.Intersects(g.actions) && t.touches(st, g) {
			tests = append(tests, st.tests...)
			variable = variable || st.dynamic
		}
	}
	for _, s := range g.spoken {
		variable = variable || dynamicResources(s)
		tests = append(tests, t.testsOf(s)...)
	}
	if g.owner != nil {
		for _, level := range g.owner.rcps {
			for i := range level {
				for j := range level[i].Doc.Statements {
					s := &level[i].Doc.Statements[j]
					variable = variable || dynamicResources(s)
					tests = append(tests, t.testsOf(s)...)
				}
			}
		}
	}
	if len(t.question.Resources) > 0 || t.question.named[ResourceKey] {
		variable = true // its own patterns cut the resources too
	}
	parts := g.parts
	if len(parts) == 0 {
		parts = []*targetGroup{g}
	}
	seen := map[string]bool{}
	var out []string
	for _, part := range parts {
		for _, it := range part.items {
			one := t.itemKey(it, tests, variable)
			if !seen[one] {
				seen[one] = true
				out = append(out, one)
			}
		}
	}
	slices.Sort(out)
	for _, s := range out {
		k.text(s)
	}
	return k.String()
}

func (t *targets) itemKey(it *item, tests []*resourceTest, variable bool) string {
	k := &keyWriter{}
	k.text(it.service)
	for _, typ := range it.types {
		k.text(typ)
	}
	k.flags(it.literal, it.claimed, it.apart)
	if it.literal && !variable {
		for _, test := range tests {
			k.flags(!test.template.Never && test.matcher.Match(it.text))
		}
		return k.String()
	}
	k.text(it.text)
	if it.claimed {
		for _, text := range t.claimedBy(tests) {
			k.text(text)
		}
	}
	return k.String()
}

// claimedBy are the resources of the snapshot that patterns single out, or what they lie under; see claims.
func (t *targets) claimedBy(tests []*resourceTest) []string {
	var out []string
	for _, test := range tests {
		text, literal := test.pattern.Literal()
		if !literal {
			text = literalPrefix(test.pattern)
		}
		if literal && t.world.holds(text) {
			out = append(out, text)
		}
		for i, r := range text {
			if (r == '/' || r == ':') && t.world.holds(text[:i]) {
				out = append(out, text[:i+1])
			}
		}
	}
	return out
}

// testsOf gives the resource patterns of a statement of the resource side; patterns with variables are told apart by their resource.
func (t *targets) testsOf(s *policy.Statement) []*resourceTest {
	if have, ok := t.question.fixed.Load(s); ok {
		return have.([]*resourceTest)
	}
	var out []*resourceTest
	for i := range s.Resources.Patterns {
		p := &s.Resources.Patterns[i]
		if p.Static != nil {
			out = append(out, (&resourceTests{shared: &t.question.resources}).compiled(*p))
		}
	}
	t.question.fixed.Store(s, out)
	return out
}

// readsPaths tells whether a statement reads where in the organization an account is.
func (t *targets) readsPaths(s *policy.Statement) bool {
	if have, ok := t.question.pathReaders.Load(s); ok {
		return have.(bool)
	}
	yes := false
	rd := &readers{}
	rd.statement(s, pathKey)
	yes = len(rd.conditions) > 0 || len(rd.keys) > 0
	t.question.pathReaders.Store(s, yes)
	return yes
}

func pathKey(key string) bool { return strings.HasSuffix(key, "orgpaths") }

func (c *compiledQuestion) readsPaths() bool {
	for key := range c.named {
		if pathKey(key) {
			return true
		}
	}
	return false
}

func (t *targets) documentReadsPaths(d *policy.Document) bool {
	for i := range d.Statements {
		if t.readsPaths(&d.Statements[i]) {
			return true
		}
	}
	return false
}

// documentNumber numbers documents by their statements.
func (t *targets) documentNumber(d *policy.Document) int {
	if have, ok := t.question.documents.Load(d); ok {
		return have.(int)
	}
	var b strings.Builder
	for i := range d.Statements {
		s := &d.Statements[i]
		fmt.Fprintf(&b, "%d %t %t", t.contentOf(s), s.Principals.Not, s.Principals.None)
		for _, e := range s.Principals.Entries {
			fmt.Fprintf(&b, " %d %q %q", e.Kind, e.Text, e.Account)
		}
	}
	n := t.question.numbers.of(digestOf("document " + b.String()))
	t.question.documents.Store(d, n)
	return n
}

// Holding is how many principals of one account and kind have what a question asks about.
type Holding struct {
	Account string // empty for callers of no account
	Kind    string
	Verdict Verdict // Unknown, or Conditional for anything better
	Count   int
}

// headcount adds up holdings.
type headcount map[Holding]int

func (y headcount) add(account, kind string, v Verdict, n int) {
	if v != Denied {
		y[Holding{Account: account, Kind: kind, Verdict: v}] += n
	}
}

// holdings gives them by account, kind and verdict.
func (y headcount) holdings() []Holding {
	out := make([]Holding, 0, len(y))
	for h, n := range y {
		h.Count = n
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b Holding) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Verdict, b.Verdict))
	})
	return out
}

// Counted is the answer of a question that asks how many there are.
type Counted struct {
	Holdings    []Holding
	Assumptions []string
	Warnings    []string
	Plan        *Plan
}

// CountCan counts, by account and kind, the rows that WhoCan would give.
func (w *World) CountCan(ctx context.Context, q Question, filter func(*Subject) bool) (*Counted, error) {
	c, err := w.compile(q)
	if err != nil {
		return nil, err
	}
	plan := newPlan(fromSnapshot)
	t := w.newTargets(c)
	t.unproved = true
	plan.stage("group resources")
	var chosen []*caller
	for _, p := range w.callers {
		if filter == nil || filter(w.subject(p)) {
			chosen = append(chosen, p)
		}
	}
	counts := headcount{}
	found := &holdings{}
	if err := w.countAll(ctx, t, chosen, found, counts, plan); err != nil {
		return nil, err
	}
	found.explain(plan)
	outside, err := w.judgeOutside(ctx, t, filter)
	if err != nil {
		return nil, err
	}
	plan.stage("callers of outside")
	for _, r := range outside {
		counts.add(r.Account, r.Kind, min(r.Verdict, Conditional), 1)
	}
	return &Counted{Holdings: counts.holdings(), Assumptions: t.standing(), Warnings: c.warnings, Plan: plan}, nil
}

func (w *World) countAll(ctx context.Context, t *targets, callers []*caller, found *holdings, counts headcount, plan *Plan) error {
	classes := t.classesOf(callers)
	plan.add("principals", int64(len(callers)))
	plan.add("classes", int64(len(classes)))
	plan.stage("divide principals into classes")
	verdicts := make([]Verdict, len(classes))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	t.prepare()
	for i, cl := range classes {
		group.Go(func() (err error) {
			if err := gctx.Err(); err != nil {
				return err
			}
			verdicts[i], err = w.presence(gctx, t, cl.first, found)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	plan.stage("evaluate")
	for i, cl := range classes {
		for _, m := range cl.members {
			counts.add(m.principal.Account, m.kind, verdicts[i], 1)
		}
	}
	return nil
}

// abroadView is how resources see callers of other accounts: those that do not speak of a caller's account see of it what any policy in play
// reads, and nothing else.
type abroadView struct {
	naming map[string][]int // account -> the groups that speak of it, by place
	tells  bool             // something reads which account a caller is of
	paths  bool             // something reads where in the organization it is

	asked    map[string][]int // account -> the groups with a condition that names it, by place
	barred   map[string]bool  // accounts that a Deny or a NotPrincipal speaks of
	accounts bool             // something reads the number of its account, which what readers see of a caller does not say
}

// lookAbroad makes the targets look at callers as other accounts' resources do.
func (t *targets) lookAbroad() {
	v := &abroadView{naming: map[string][]int{}, asked: map[string][]int{}, barred: map[string]bool{}}
	read := func(s *policy.Statement, place int) {
		if t.question.matching(&s.Actions).Empty() {
			return
		}
		v.paths = v.paths || t.readsPaths(s)
		rd := &readers{}
		rd.statement(s, tellsAccount)
		v.tells = v.tells || len(rd.keys) > 0
		v.accounts = v.accounts || slices.ContainsFunc(rd.keys, accountKey)
		for _, c := range rd.conditions {
			switch named, ok := accountsIn(c); {
			case ok && place != everyGroup: // all other accounts are alike to it
				for _, id := range named {
					v.name(id, place)
					v.asked[id] = append(v.asked[id], place)
				}
			default:
				v.tells, v.accounts = true, v.accounts || accountKey(c.Key)
			}
		}
	}
	for place, g := range t.groups {
		for id := range g.outsiders.accounts {
			v.name(id, place)
		}
		if g.policy != nil {
			for i := range g.policy.Doc.Statements {
				s := &g.policy.Doc.Statements[i]
				read(s, place)
				for _, e := range s.Principals.Entries {
					if s.Effect == policy.Deny || s.Principals.Not {
						v.barred[e.Account] = true
					}
					if e.Account != "" {
						v.name(e.Account, place)
					}
				}
			}
		}
	}
	for _, a := range t.world.owners() {
		for _, level := range a.rcps {
			for i := range level {
				for j := range level[i].Doc.Statements {
					read(&level[i].Doc.Statements[j], everyGroup)
				}
			}
		}
	}
	for key := range t.question.named {
		v.tells = v.tells || tellsAccount(key)
		v.accounts = v.accounts || accountKey(key)
		v.paths = v.paths || pathKey(key)
	}
	t.resourceReaders()
	t.abroad = v
}

// name notes that a group speaks of an account.
func (v *abroadView) name(id string, place int) {
	if at := v.naming[id]; len(at) == 0 || at[len(at)-1] != place {
		v.naming[id] = append(at, place)
	}
}

// accountsIn gives the accounts that a condition on the number of the caller's account names one by one; ok is false for any other condition.
func accountsIn(c *policy.Condition) (ids []string, ok bool) {
	if !accountKey(c.Key) || c.Set != policy.NoSet {
		return nil, false
	}
	switch c.Op {
	case policy.StringEquals, policy.StringNotEquals, policy.StringEqualsIgnoreCase, policy.StringNotEqualsIgnoreCase, policy.StringLike, policy.StringNotLike:
	default:
		return nil, false
	}
	for i := range c.Values {
		t := c.Values[i].Template
		if t == nil || t.Static == nil {
			return nil, false
		}
		id, literal := t.Static.Literal()
		if !literal {
			return nil, false
		}
		ids = append(ids, id)
	}
	return ids, true
}

// tellsAccount tells the keys whose value says which account a caller is of.
func tellsAccount(key string) bool {
	switch key {
	case "aws:principalarn", "aws:userid", "aws:sourceaccount", "aws:sourcearn":
		return true
	}
	return accountKey(key)
}

// accountKey tells the keys that are the number of the caller's account.
func accountKey(key string) bool { return key == "aws:principalaccount" || key == "kms:calleraccount" }

// sortFor spells what a group's side sees of a caller by rules: all of it, or, of a caller of another account that it does not speak of, all but
// the account.
func (t *targets) sortFor(c *caller) string {
	if t.abroad == nil || t.abroad.tells || c.outside || c.account == nil {
		return c.sort()
	}
	k := &keyWriter{}
	k.text(strings.TrimPrefix(c.sort(), c.principal.Account))
	k.flags(c.account.inOrg, c.account.management, c.principal.Management)
	if t.abroad.paths {
		k.text(c.account.path)
	}
	return k.String()
}
