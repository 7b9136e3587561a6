package evaluator

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// Poll is a question that surveys ask of many actors, class by class: what WhoCan gives row by row, before it is put together for print. What one
// survey worked out the next one takes over. It is not safe for concurrent use, nor are the grants that it gave.
type Poll struct {
	world   *World
	t       *targets
	readers map[string]*readers // by class key
}

// NewPoll prepares a question. With own, actors are judged on what their own account holds alone.
func (w *World) NewPoll(q Question, own bool) (*Poll, error) {
	c, err := w.compile(q)
	if err != nil {
		return nil, err
	}
	c.keeps = func(a *Access) bool { return a.Verdict != AllowedAlways } // of what holds whatever the keys are there is no more to ask
	p := &Poll{world: w, t: w.newTargets(c), readers: map[string]*readers{}}
	p.t.prepare()
	if own {
		p.t.cross = nil
	}
	return p, nil
}

// Settle has the poll let go of what grants are made of as soon as they are found, but for those whose conditions hang on a key that is asked about
// later on.
func (p *Poll) Settle(unless func(key string) bool) {
	p.t.question.keeps = func(a *Access) bool { return slices.ContainsFunc(a.Keys(), unless) }
}

// Warnings are what the question gives rise to; Assumptions what its answers stand on as a whole.
func (p *Poll) Warnings() []string { return p.t.question.warnings }

// Assumptions are what the answers stand on as a whole.
func (p *Poll) Assumptions() []string { return p.t.standing() }

// Finding is what the actors of one class share: nothing that the question speaks of tells them apart.
type Finding struct {
	Members []int     // places in the list of actors, ascending
	Grants  []*Access // each a product of actions, resources and a condition, none of them empty
	All     Verdict   // of a question about all of several actions: how sure they all are, for who chooses freely what a caller may choose (E17)
}

// Outsider is somebody whom a policy of the resource side speaks of and who is not in the snapshot. Several may share a kind and an ARN: the
// public is an unsigned caller, any AWS account and any AWS service.
type Outsider struct {
	Kind    string // account, user, role, session, service, provider, public
	ARN     string
	Name    string
	Account string // empty where it is not known
	Inside  bool   // of the zone of trust all the same: an account of the organization that was not read
	Grants  []*Access
	All     Verdict // as Finding has it
}

// Ask judges actors of the poll's world. Those that can do nothing of the question are in no finding.
func (p *Poll) Ask(ctx context.Context, who []*Actor) ([]Finding, error) {
	t := p.t
	place := make(map[*caller]int, len(who))
	callers := make([]*caller, len(who))
	for i, a := range who {
		callers[i], place[a.caller] = a.caller, i
	}
	classes := t.classesOf(callers)
	found := make([][]*Access, len(classes))
	covers := make([]*coverage, len(classes))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, cl := range classes {
		group.Go(func() (err error) {
			if p.AllOf() {
				covers[i] = &coverage{gaps: t.question.none(), denied: t.question.none()}
			}
			found[i], err = p.world.judgeApart(gctx, t, cl.first, covers[i])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	t.views = views{} // the next survey is of others, who see little of the same
	var out []Finding
	for i, cl := range classes {
		if len(found[i]) == 0 {
			continue
		}
		f := Finding{Grants: found[i], All: p.all(found[i], covers[i])}
		for _, m := range cl.members {
			f.Members = append(f.Members, place[m])
		}
		slices.Sort(f.Members)
		out = append(out, f)
	}
	return out, nil
}

// AllOf tells whether the question is about all of several actions.
func (p *Poll) AllOf() bool { return p.t.question.AllOf }

// Members are the names of the actions that the question asks about.
func (p *Poll) Members() []string {
	var out []string
	for i := range p.t.question.members {
		out = append(out, p.t.question.members[i].name)
	}
	return out
}

// all is how sure all actions of the question are.
func (p *Poll) all(grants []*Access, cover *coverage) Verdict {
	if !p.AllOf() {
		return Denied
	}
	eased := make([]*Access, len(grants))
	for i, g := range grants {
		one := Access{Verdict: g.Verdict, members: g.members}
		if g.Verdict == Conditional && g.Eased() {
			one.Verdict = AllowedAlways
		}
		eased[i] = &one
	}
	verdict, _ := p.t.question.sum(eased, cover)
	return verdict
}

// Class names the class of an actor: actors of one class have the same finding, whether they were asked about or not.
func (p *Poll) Class(a *Actor) string {
	base := p.t.classKey(a.caller)
	rd := p.readers[base]
	if rd == nil {
		rd = p.t.readersFor(a.caller)
		p.readers[base] = rd
	}
	return base + rd.vector(p.t, a.caller)
}

// Outside judges the grantees of the resource side that are not in the snapshot.
func (p *Poll) Outside(ctx context.Context) ([]*Outsider, error) {
	w, t := p.world, p.t
	byKey := map[string]*Outsider{}
	covers := map[*Outsider]*coverage{}
	ids := sync.OnceValue(w.uniqueIDs)
	inside := func(id string) bool { return id != "" && ids()[id] != nil }
	for _, g := range t.groups {
		found := groupFindings{orgs: map[string][]*Access{}}
		for _, c := range w.apart(g, t.question) {
			budget := region.NewBudget(t.question.Budget).Within(ctx)
			cover := &coverage{gaps: t.question.none(), denied: t.question.none()}
			grants, err := w.judgeOutsider(t, c, g, cover, budget, inside)
			if errors.Is(err, region.ErrBudget) {
				grants, err = []*Access{exceeded(t.question, g)}, nil
			}
			if err != nil {
				return nil, err
			}
			grants = found.own(c, grants)
			if len(grants) == 0 {
				continue
			}
			key := c.kind + "\x00" + c.arn + "\x00" + c.name
			o := byKey[key]
			if o == nil {
				o = &Outsider{Kind: c.kind, ARN: c.arn, Name: c.name, Account: c.principal.Account, Inside: !w.subject(c).Outside}
				if o.Account == strangerAccount {
					o.Account = ""
				}
				byKey[key], covers[o] = o, cover
			}
			o.Grants = append(o.Grants, grants...)
			covers[o].gaps, covers[o].denied = covers[o].gaps.Or(cover.gaps), covers[o].denied.Or(cover.denied)
		}
	}
	out := make([]*Outsider, 0, len(byKey))
	for _, key := range sortedKeys(byKey) {
		o := byKey[key]
		o.All = p.all(o.Grants, covers[o])
		out = append(out, o)
	}
	return out, ctx.Err()
}

// groupFindings is what grantees of one group may do that others of it may, too.
type groupFindings struct {
	public []*Access
	orgs   map[string][]*Access // everybody of an organization
}

// own is what of a grantee's grants is no one else's, where a condition alone speaks of it: not anybody's, and not everybody's of its organization.
func (f *groupFindings) own(c *caller, grants []*Access) []*Access {
	if c.kind == "public" {
		f.public = append(f.public, grants...)
	}
	if !c.spelled {
		return grants
	}
	out := slices.DeleteFunc(beyond(f.public, grants), func(a *Access) bool {
		for id, everybody := range f.orgs {
			if slices.ContainsFunc(everybody, func(o *Access) bool { return a.asMemberOf(id, o) }) {
				return true
			}
		}
		return false
	})
	if c.org != "" {
		f.orgs[c.org] = out
	}
	return out
}

// apart are the grantees of a group that are not in the snapshot, where the accounts and organizations that conditions spell out stand beside
// anybody: what they may do nobody else may, or nobody of whom no policy speaks. They come last.
func (w *World) apart(g *targetGroup, q *compiledQuestion) []*caller {
	out := w.grantees(g)
	seen := map[string]bool{}
	everyone := false
	for _, c := range out {
		seen[c.arn] = true
		everyone = everyone || c.kind == "public"
	}
	if !everyone || g.owner == nil {
		return out
	}
	named := w.spelledOut(g, q)
	accounts, orgs := sortedKeys(named.accounts), sortedKeys(named.orgs)
	rest := w.zone().widened(accounts, orgs)
	for _, c := range out {
		if c.kind == "public" {
			c.zone = rest
		}
	}
	add := func(c *caller) {
		if c != nil && !seen[c.arn] {
			c.spelled = true
			out = append(out, c)
		}
	}
	for _, id := range orgs {
		if !w.zone().hasOrg(id) { // of one's own every account is known
			c := stranger("organization", id, id, g.owner.partition)
			c.org, c.zone = id, rest
			add(c)
		}
	}
	for _, id := range accounts {
		add(w.grantee(&policy.PrincipalEntry{Kind: policy.PrincipalAccount, Text: id, Account: id}, g.owner.partition))
	}
	return out
}

// judgeOutsider judges one grantee on one group; what the point engine does not confirm is unknown.
func (w *World) judgeOutsider(t *targets, c *caller, g *targetGroup, cover *coverage, budget *region.Budget, inside func(id string) bool) ([]*Access, error) {
	e, ok := newEvaluation(t, t.sideOf(c), g, budget)
	if !ok {
		return nil, nil
	}
	parts, err := e.run(cover)
	if err != nil {
		return nil, err
	}
	if c.principal.Account != "" { // an account's principals have its ids, and nobody else's
		parts = slices.DeleteFunc(parts, func(p *verdictPart) bool { return !e.settle(p, inside) })
	}
	if len(parts) == 0 {
		return nil, nil
	}
	grants, err := e.grantsOf(parts, cover)
	if err != nil {
		return nil, err
	}
	for _, a := range grants {
		if a.sketch == nil {
			continue
		}
		if _, agrees := e.witness(a.sketch, c, a.Assumptions, a.Verdict == Unknown); !agrees {
			a.doubt()
		}
	}
	return grants, nil
}

// Action gives the place of an action among those of the poll, by its name in the catalogue; ok is false for one that it does not ask about.
func (p *Poll) Action(name string) (place int, ok bool) { return p.t.question.memberAt(name) }

// HasAt tells whether the grant is of the action at a place of its poll.
func (a *Access) HasAt(place int) bool {
	return a.question == nil || a.members.Has(place) // without a question nothing was decided: the budget ended
}

// memberAt finds a member by its name, letter case ignored.
func (c *compiledQuestion) memberAt(action string) (int, bool) {
	for i := range c.members {
		if strings.EqualFold(c.members[i].name, action) {
			return i, true
		}
	}
	return 0, false
}

// Named visits the resources of a grant as lists of ARNs and patterns. Many grants share a list, which then begins at the same place. The lists
// must not be changed.
func (a *Access) Named(fn func(list []string)) {
	for _, n := range a.named {
		if len(n.list) > 0 {
			fn(n.list)
		}
	}
}

// Stored tells whether all resources of a grant are in the snapshot; else some are what is not there.
func (a *Access) Stored() bool { return a.stored }

// Starred tells a grant of actions that act on no resource of their own: its resource is "*".
func (a *Access) Starred() bool { return a.evaluation != nil && a.evaluation.group.star }

// Reads tells whether the grant's condition hangs on a key.
func (a *Access) Reads(key string) bool {
	if a.kept == nil || a.Verdict == AllowedAlways {
		return false
	}
	s := a.evaluation.symbols
	d := s.domains[policy.CanonicalKey(key)]
	if d == nil {
		return false
	}
	vars := append([]region.Var{d.presence}, d.inhabited...)
	n, care := a.kept.node, a.kept.part.care
	return s.space.And(s.space.Exists(n, vars...), care) != n || s.space.Exists(care, vars...) != care
}

// Keys are the keys of the request that the grant's condition hangs on, in lower case.
func (a *Access) Keys() []string {
	if a.kept == nil || a.Verdict == AllowedAlways {
		return nil
	}
	var out []string
	for _, d := range a.evaluation.symbols.order {
		if a.Reads(d.key) {
			out = append(out, d.key)
		}
	}
	return out
}

// Given is the grant where a key of the request has a value; nil: nothing is left of it. The key absent is written as no value.
func (a *Access) Given(key string, value ...string) *Access {
	if a.kept == nil || a.Verdict == AllowedAlways {
		return a
	}
	e := a.evaluation
	s := e.symbols
	d := s.domains[policy.CanonicalKey(key)]
	if d == nil || d.multi && len(value) > 0 {
		return a
	}
	set := region.NewSet(s.width(d))
	if len(value) == 0 {
		set.Add(0)
	}
	for i := range d.cells {
		for _, v := range value { // of a key with one value
			if e.inCell(d, i, v) {
				set.Add(1 + i)
			}
		}
	}
	at := s.space.In(d.presence, set)
	own, part := *a.kept, *a.kept.part
	own.node, part.care = s.space.And(own.node, at), s.space.And(part.care, at)
	own.part = &part
	if own.node == s.space.False() {
		return nil
	}
	if own.verdict != Unknown {
		own.verdict = Conditional
		if s.space.Diff(part.care, own.node) == s.space.False() {
			own.verdict = AllowedAlways
		}
	}
	found, err := e.put(&own)
	if err != nil || len(found) == 0 || e.budget.Err() != nil {
		out := *a
		out.Verdict, out.kept = Unknown, nil
		out.Causes = appendCause(slices.Clip(out.Causes), policy.BudgetExceeded)
		return &out
	}
	for _, g := range found { // pieces of one item may be a grant of their own
		if slices.EqualFunc(g.named, a.named, func(x, y *names) bool { return x == y || slices.Equal(x.list, y.list) }) {
			return g.requesting(d.key, value)
		}
	}
	return found[0].requesting(d.key, value)
}

// requesting is a grant whose witness has the very value of a key, and not another one that nothing tells apart.
func (a *Access) requesting(key string, value []string) *Access {
	if a.sketch == nil || len(value) != 1 {
		return a
	}
	for i, kv := range a.sketch.request {
		if policy.CanonicalKey(kv.Key) == key && !slices.Equal(kv.Values, value) {
			own, sk := *a, *a.sketch
			sk.request = slices.Clone(sk.request)
			sk.request[i].Values = value
			own.sketch = &sk
			return &own
		}
	}
	return a
}

// Eased tells whether somebody who chooses freely what a caller may choose of a request is allowed for certain, whatever all else is (E17, C38).
func (a *Access) Eased() bool {
	if a.Verdict != Conditional || a.kept == nil {
		return a.Verdict == AllowedAlways || a.eased
	}
	s := a.evaluation.symbols
	var chosen []region.Var
	for _, d := range s.order {
		if Chosen(d.key) {
			chosen = append(append(chosen, d.presence), d.inhabited...)
		}
	}
	if len(chosen) == 0 {
		return false
	}
	for _, o := range s.olist { // a tie between keys: who chooses one of them chooses how it comes out
		if o.class() == 0 && (Chosen(o.key) || slices.ContainsFunc(o.reads, Chosen)) {
			chosen = append(chosen, o.variable)
		}
	}
	n, care := a.kept.node, a.kept.part.care
	return s.space.Diff(s.space.Exists(care, chosen...), s.space.Exists(n, chosen...)) == s.space.False()
}

// Proof is one request of a grant, by somebody for whom it is decided, and whether the point engine allows it.
type Proof struct {
	Witness *Witness
	Via     []StatementRef // the statements that grant it, the resource's own alone among those of resources
	Agrees  bool
}

// Prove makes a request of a grant for an actor of its class: this action on this resource, which must be the grant's. who is nil for an
// outsider. The point engine decides it with the layers of that very resource.
func (a *Access) Prove(who *Actor, action, resource string) *Proof {
	p := &Proof{Via: a.ViaOn(resource)}
	if a.sketch == nil || a.evaluation == nil {
		return p
	}
	e := *a.evaluation
	c := e.caller
	if who != nil {
		c = who.caller
	}
	sk := *a.sketch
	if i, ok := a.question.memberAt(action); ok {
		sk.member = &a.question.members[i]
	}
	if resource != "" {
		sk.resource = resource
		for _, part := range e.group.parts {
			if slices.ContainsFunc(part.items, func(it *item) bool { return it.literal && it.text == resource }) {
				e.group = part
			}
		}
	}
	p.Witness, p.Agrees = e.witness(&sk, c, a.Assumptions, a.Verdict == Unknown)
	return p
}

// ViaOn are the statements of a grant with the resource's own alone among those of resources: resources whose policies say the same are judged
// together, and the others' stand beside it.
func (a *Access) ViaOn(resource string) []StatementRef {
	if a.evaluation == nil || !a.evaluation.group.holdsLiteral(resource) {
		return a.Via()
	}
	var out []StatementRef
	for _, ref := range a.Via() {
		if ref.Layer == LayerResource && ref.Policy != resource {
			if len(a.evaluation.group.parts) > 0 {
				continue // the resource's own is there too
			}
			ref.Policy = resource
		}
		if !slices.Contains(out, ref) {
			out = append(out, ref)
		}
	}
	return out
}

// holdsLiteral tells whether a resource is one of the group's own, not something that lies under one.
func (g *targetGroup) holdsLiteral(resource string) bool {
	return resource != "" && slices.ContainsFunc(g.items, func(it *item) bool { return it.literal && it.text == resource })
}

// Settle lets go of what Reads and Given work with: they then say nothing, and the grant takes little room.
func (a *Access) Settle() {
	a.eased, a.kept = a.Eased(), nil
	if a.evaluation != nil {
		a.evaluation = a.evaluation.settled()
	}
}

// settled is an evaluation as far as requests are made of its grants.
func (e *evaluation) settled() *evaluation {
	if e.symbols == nil {
		return e
	}
	if e.bare == nil {
		e.bare = &evaluation{w: e.w, asking: e.asking, caller: e.caller, group: e.group.settled(), layers: e.layers, budget: e.budget}
	}
	return e.bare
}

// settled is a group without what was found about it.
func (g *targetGroup) settled() *targetGroup {
	if g.memo == nil {
		return g
	}
	g.memo.bareOnce.Do(func() {
		one := g.alike()
		one.items = g.items
		for _, part := range g.parts {
			one.parts = append(one.parts, part.settled())
		}
		g.memo.bare = one
	})
	return g.memo.bare
}
