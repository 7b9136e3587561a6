package paths

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/graph"
)

// edit is one thing that a party can do to the policies of principals (E10): by a technique, on a group or policy where it goes that way.
type edit struct {
	technique *Technique
	through   uint32 // the group or policy; the principal itself where it goes no other way
	direct    bool
	on        leveled            // principals
	admitted  []evaluator.Policy // of EditAttach: what may be attached, where that is not everything
	all       bool               // of EditAttach: whatever there is may be attached
	kind      int                // equal for edits that do the same, to whomever
	bound     *evaluator.Policy  // of EditUnbound: the only boundary that may be put in place; nil: any, or none
}

// editKind is what tells edits apart beside whom they are done to.
type editKind struct {
	technique   *Technique
	through     uint32
	direct, all bool
	admitted    string // and the account that sees it
}

// applied is an edit of one principal, at its best level.
type applied struct {
	*edit
	level Level
}

// of lists the edits of each principal of a set.
func (b *builder) of(edits []edit, who *roaring.Bitmap) map[uint32][]applied {
	out := map[uint32][]applied{}
	for i := range edits {
		e := &edits[i]
		e.on.within(who).each(func(level Level, set *roaring.Bitmap) {
			each(set, func(t uint32) { out[t] = append(out[t], applied{e, level}) })
		})
	}
	return out
}

// noteGains adds the edges that say whose permissions a party can change. What it can do to others alone, whose credentials it cannot get, is an edge
// that nobody walks (E16).
func (b *builder) noteGains(f *findings) {
	byTechnique := map[*Technique]leveled{}
	var order []*Technique
	for i := range f.edits {
		t := f.edits[i].technique
		have, ok := byTechnique[t]
		if !ok {
			have = none()
			order = append(order, t)
		}
		have.or(b.gaining(&f.edits[i]))
		byTechnique[t] = have
	}
	for _, t := range order {
		byTechnique[t].each(func(level Level, set *roaring.Bitmap) {
			f.edges = append(f.edges, edge{kind: GainPermissions, technique: t, level: level, to: set, leaf: true})
		})
	}
}

// edits lists what a party can do to policies.
func (b *builder) edits(p *party) []edit {
	var out []edit
	for _, t := range b.usable {
		if t.Kind != GainPermissions {
			continue
		}
		on := b.meets(p, t)
		if on.empty() {
			continue
		}
		switch t.Target {
		case "user", "role":
			set := b.things.users
			if t.Target == "role" {
				set = b.things.roles
			}
			if on = on.within(set); !on.empty() {
				out = append(out, b.attaching(p, edit{technique: t, direct: true, on: on})...)
			}
		case "group":
			out = append(out, b.through(p, t, on.within(b.things.groups), b.things.members)...)
		case "policy":
			on = on.within(b.things.policies)
			out = append(out, b.through(p, t, on, b.things.attached)...)
			out = append(out, b.through(p, t, on, b.things.bounds)...)
		}
	}
	slices.SortStableFunc(out, func(x, y edit) int { return x.rank() - y.rank() })
	for i := range out {
		b.numberKind(p, &out[i])
	}
	return out
}

// numberKind numbers what an edit does.
func (b *builder) numberKind(p *party, e *edit) {
	kind := editKind{technique: e.technique, through: e.through, direct: e.direct, all: e.all}
	for _, doc := range e.admitted {
		kind.admitted += p.account + doc.Name
	}
	if e.bound != nil {
		kind.admitted += p.account + e.bound.Name
	}
	e.kind = number(b.kinds, kind)
}

// adds tells edits that add policies, which say nothing beside one that allows everything.
func (e *edit) adds() bool {
	return e.technique.Edit == EditAttach || e.technique.Edit == EditMembership || e.technique.Edit == EditSetVersion
}

// rank puts the edits that give the most first.
func (e *edit) rank() int {
	switch {
	case e.direct && (e.technique.Edit == EditInline || e.all):
		return 0
	case e.technique.Edit == EditUnbound:
		return 1
	}
	return 2
}

// through lists the edits of groups and policies one by one, with whom each concerns.
func (b *builder) through(p *party, t *Technique, on leveled, whom map[uint32]*roaring.Bitmap) []edit {
	var out []edit
	on.each(func(level Level, set *roaring.Bitmap) {
		set.Iterate(func(id uint32) bool {
			who := whom[id]
			if t.Edit == EditMembership { // whoever is put in it: every other user of the account
				who = b.joining(id)
			}
			if who != nil && !who.IsEmpty() {
				out = append(out, b.attaching(p, edit{technique: t, through: id, on: just(who, level)})...)
			}
			return true
		})
	})
	return out
}

// joining is who gains by being put in a group: the users of its account that are not in it, where it has any policy that allows something.
func (b *builder) joining(group uint32) *roaring.Bitmap {
	if set, ok := b.joiners[group]; ok {
		return set
	}
	account := b.things.list[group].account
	given := b.world.PoliciesOfGroup(account, b.things.groupFacts[group].Name)
	if !slices.ContainsFunc(given, func(p evaluator.Policy) bool { return len(p.Doc.Statements) > 0 && !evaluator.DeniesOnly(p.Doc) }) {
		b.joiners[group] = nil
		return nil
	}
	users := b.things.in(account, b.things.users)
	if members := b.things.members[group]; members != nil {
		users = roaring.AndNot(users, members)
	}
	b.joiners[group] = users
	return users
}

// gaining is whom an edit gives something by itself: what takes a boundary or a Deny away, only those that have one (E10).
func (b *builder) gaining(e *edit) leveled {
	switch e.technique.Edit {
	case EditUnbound:
		bounded := b.gainers("bounded", func(a *evaluator.Actor) bool { return a.Bounded() })
		if e.bound != nil {
			if same := b.things.bounds[b.things.by[e.bound.Name]]; same != nil {
				bounded = roaring.AndNot(bounded, same)
			}
		}
		return e.on.within(bounded)
	case EditUndeny:
		denies := func(p evaluator.Policy) bool { return takesAway(e.technique, p.Name) && evaluator.DeniesOnly(p.Doc) }
		if e.direct {
			return e.on.within(b.gainers(e.technique.Requires[0].Action, func(a *evaluator.Actor) bool { return slices.ContainsFunc(a.Policies(), denies) }))
		}
		g := b.things.list[e.through]
		if !slices.ContainsFunc(b.world.PoliciesOfGroup(g.account, b.things.groupFacts[e.through].Name), denies) {
			return none()
		}
	}
	return e.on
}

// gainers is the users and roles of which something is so, worked out once.
func (b *builder) gainers(what string, is func(*evaluator.Actor) bool) *roaring.Bitmap {
	set, ok := b.losers[what]
	if ok {
		return set
	}
	set = roaring.New()
	each(roaring.Or(b.things.users, b.things.roles), func(id uint32) {
		if is(b.nodes[id].actor) {
			set.Add(id)
		}
	})
	b.losers[what] = set
	return set
}

// takesAway tells the policies of a principal, by the names that answers quote, that a technique takes away: its own or its groups', attached or inline.
func takesAway(t *Technique, name string) bool {
	rest, ofGroup := strings.CutPrefix(name, "group/")
	if ofGroup {
		_, rest, _ = strings.Cut(rest, ": ")
	}
	return ofGroup == (t.Target == "group") && strings.HasPrefix(rest, "arn:") == strings.Contains(t.Requires[0].Action, "Detach")
}

// choosing is the key of a request that says which managed policy an edit is about: that it puts in place, or takes away; empty for an edit of no such
// policy.
func choosing(t *Technique) string {
	switch {
	case t.Edit == EditAttach, t.Edit == EditUndeny && strings.Contains(t.Requires[0].Action, "Detach"):
		return policyARN
	case t.Edit == EditUnbound && strings.HasPrefix(t.Requires[0].Action, "iam:Put"):
		return boundaryARN
	}
	return ""
}

// attaching divides an edit by what the request's key for a managed policy admits (E10, C35): everything, or some policies of the account.
func (b *builder) attaching(p *party, e edit) []edit {
	key := choosing(e.technique)
	if key == "" {
		return []edit{e}
	}
	var out []edit
	for _, g := range b.holds(p, e.technique.Requires[0].Action).grants {
		set := b.thingsOf(g)
		on := e.on
		if e.direct {
			on = just(roaring.And(set, e.on.any()), b.level(g))
		} else if !set.Contains(e.through) {
			continue
		}
		if on.empty() {
			continue
		}
		one := e
		one.on = on
		out = append(out, b.byPolicy(p, g, key, one)...)
	}
	return out
}

// byPolicy divides an edit by the managed policies that the request's key for them admits.
func (b *builder) byPolicy(p *party, g *evaluator.Access, key string, e edit) []edit {
	if !g.Reads(key) {
		e.all = e.technique.Edit != EditUndeny
		return []edit{e}
	}
	b.choosy[g] = true
	var out []edit
	for _, arn := range b.attachable(p.account) {
		given := b.given(g, key, arn)
		if given == nil {
			continue
		}
		if at, have := slices.BinarySearch(b.offered, arn); !have {
			b.offered = slices.Insert(b.offered, at, arn)
		}
		one := e
		if l := b.level(given); l != b.level(g) {
			one.on = just(e.on.any(), l)
		}
		doc := b.world.Managed(p.account, arn)
		one.all = b.gives(doc) && e.technique.Edit != EditUndeny
		switch bound, ok := b.world.BoundaryOf(p.account, arn, "", arn); {
		case key == policyARN:
			one.admitted = []evaluator.Policy{doc}
		case one.all:
		case ok:
			one.bound = &bound
		default:
			continue
		}
		out = append(out, one)
	}
	return out
}

// administratorAccess is AWS's own policy that allows everything: it is there in every account, whether it was read or not.
const administratorAccess = ":iam::aws:policy/AdministratorAccess"

// attachable lists the managed policies that can be attached in an account: those that were read, and AdministratorAccess.
func (b *builder) attachable(account string) []string {
	if list, ok := b.managed[account]; ok {
		return list
	}
	var out []string
	partition, known := "aws", false
	for _, a := range b.facts.Accounts {
		if string(a.ID) != account {
			continue
		}
		for _, p := range a.Policies {
			out = append(out, string(p.ARN))
			known = known || strings.HasSuffix(string(p.ARN), administratorAccess)
			if own, _, _, _, _, ok := graph.ARN(p.ARN).Split(); ok {
				partition = own
			}
		}
	}
	if !known {
		out = append(out, "arn:"+partition+administratorAccess)
	}
	slices.Sort(out)
	b.managed[account] = out
	return out
}

// gives tells whether a policy allows everything.
func (b *builder) gives(p evaluator.Policy) bool { return evaluator.AllowsEverything(p.Doc) }

// findSelf makes nodes of what members of a party can make of themselves (E10).
func (b *builder) findSelf(p *party, f *findings) []edge {
	if len(f.edits) == 0 {
		return nil
	}
	who := roaring.New()
	for _, n := range p.members {
		if node := &b.nodes[n]; node.actor != nil && !node.Change.invented() {
			who.Add(node.Principal)
		}
	}
	if who.IsEmpty() {
		return nil
	}
	edits := b.of(f.edits, who)
	var made leveled
	for _, n := range p.members {
		node := b.nodes[n]
		if node.actor == nil || node.Change.invented() {
			continue
		}
		of, own := node.Principal, edits[node.Principal]
		if node.Change != nil {
			of, own = n, slices.Concat(own, b.follows(p, &node))
		}
		for _, c := range b.changes(of, own, certain) {
			if next := node.Change.then(c.Change); next != nil {
				made.put(b.node(node.Principal, node.Chained, next), c.level)
			}
		}
	}
	return made.gains(true)
}

// invented tells whether a change gave a policy that somebody made up: such a one is not edited again (E19). What the snapshot has may let its holder
// edit more.
func (c *Change) invented() bool { return c != nil && c.Edit.Everything && !c.attached }

// then is a change that follows on another one, which may be nil; nil: it changes nothing more, or would take a second choice.
func (c *Change) then(next *Change) *Change {
	if c == nil {
		return next
	}
	if c.chosen && next.chosen {
		return nil
	}
	out := &Change{Edit: next.Edit, chosen: c.chosen || next.chosen, attached: c.attached || next.attached}
	e := &out.Edit
	e.Everything, e.Unbound = e.Everything || c.Edit.Everything, e.Unbound || c.Edit.Unbound
	switch {
	case e.Unbound:
		e.Bound = nil
	case e.Bound == nil:
		e.Bound = c.Edit.Bound
	}
	added := func(name string) bool {
		return slices.ContainsFunc(c.Edit.With, func(p evaluator.Policy) bool { return p.Name == name })
	}
	e.Without = slices.Compact(slices.Sorted(slices.Values(slices.Concat(c.Edit.Without, slices.DeleteFunc(slices.Clone(e.Without), added)))))
	e.With = slices.Clone(e.With)
	for _, p := range c.Edit.With {
		had := slices.ContainsFunc(e.With, func(have evaluator.Policy) bool { return have.Name == p.Name })
		if !had && !contains(next.Edit.Without, p.Name) && (!e.Everything || evaluator.Denies(p.Doc)) {
			e.With = append(e.With, p)
		}
	}
	slices.SortFunc(e.With, func(x, y evaluator.Policy) int { return strings.Compare(x.Name, y.Name) })
	out.seal()
	if out.key == c.key {
		return nil
	}
	return out
}

// follows lists the edits of what an edited principal got: of policies that were attached to it, and of groups that it was put in.
func (b *builder) follows(p *party, n *Node) []applied {
	var list []edit
	seen := map[uint32]bool{}
	for _, got := range n.Change.Edit.With {
		for _, from := range b.origins(n, got.Name) {
			if seen[from] {
				continue
			}
			seen[from] = true
			for _, t := range b.usable {
				if t.Kind != GainPermissions || t.Target != b.things.list[from].kind || t.Edit == EditMembership {
					continue
				}
				if level := b.meets(p, t).of(from); level > evaluator.Denied {
					list = append(list, b.attaching(p, edit{technique: t, through: from, on: just(roaring.BitmapOf(n.Principal), level)})...)
				}
			}
		}
	}
	var out []applied
	for i := range list {
		e := &list[i]
		b.numberKind(p, e)
		out = append(out, applied{e, e.on.of(n.Principal)})
	}
	return out
}

// origins is what an added policy, by the name that answers quote, is of: the group, and the managed policy itself.
func (g *Graph) origins(n *Node, name string) []uint32 {
	var out []uint32
	if rest, of := strings.CutPrefix(name, "group/"); of {
		var group string
		group, name, _ = strings.Cut(rest, ": ")
		if id, ok := g.things.groupAt[groupName{n.Account, group}]; ok {
			out = append(out, id)
		}
	}
	arn, _, _ := strings.Cut(name, " version ")
	if id, ok := g.things.by[arn]; ok && g.things.policies.Contains(id) {
		out = append(out, id)
	}
	return out
}

// findControlled makes nodes of principals that a party can both edit and get the credentials of: it edits them as itself, and then takes them over.
// Of those that can do the same afterwards, which nothing tells apart, the first one stands for all.
func (b *builder) findControlled(f *findings) {
	if len(f.edits) == 0 {
		return
	}
	touched, name := b.shared.edits(f.edits)
	control := b.shared.one(f.control.within(touched))
	for at := unknown; at <= certain; at++ {
		name = binary.AppendUvarint(name, uint64(b.shared.set(control[at])))
	}
	made, known := b.controlled[string(name)] // parties that differ in what they can do else share this
	if !known {
		seen := map[string]bool{}
		edits := b.of(f.edits, control.any())
		each(control.any(), func(t uint32) {
			for _, c := range b.changes(t, edits[t], control.of(t)) {
				class := string(rune(c.level)) + b.classOf(t, c.Change)
				if !seen[class] {
					seen[class] = true
					made.put(b.node(t, true, c.Change), c.level)
				}
			}
		})
		b.controlled[string(name)] = made
	}
	f.edges = append(f.edges, made.gains(false)...)
}

// put notes a node at a level alone.
func (l *leveled) put(node uint32, level Level) {
	if l[level] == nil {
		l[level] = roaring.New()
	}
	l[level].Add(node)
}

// gains are edges to the nodes of each level by themselves.
func (l *leveled) gains(self bool) []edge {
	var out []edge
	for level := certain; level >= unknown; level-- {
		if l[level] != nil {
			out = append(out, edge{kind: GainPermissions, level: level, to: l[level], self: self})
		}
	}
	return out
}

// classOf names what a principal can do after a change: equal for those that nothing tells apart.
func (b *builder) classOf(principal uint32, c *Change) string {
	key := changed{principal, c.key}
	if class, ok := b.classes[key]; ok {
		return class
	}
	actor := b.nodes[principal].actor.Chained().After(&c.Edit)
	if b.lessen != nil {
		actor = b.lessen(&b.nodes[principal], actor)
	}
	sum := sha256.New()
	for _, poll := range b.polls {
		io.WriteString(sum, poll.Class(actor))
		sum.Write([]byte{0, 1})
	}
	class := string(sum.Sum(nil))
	b.classes[key] = class
	return class
}

// changed is a principal after a change.
type changed struct {
	principal uint32
	change    string
}

// changes lists what a principal, by the node of a state of it, becomes by all edits of a level together, from the best level to the worst: a worse one only where it makes
// something else. Most edits add to what is allowed, so that all of them together allow the most; the others are choices.
func (b *builder) changes(principal uint32, edits []applied, limit Level) []levelChange {
	if len(edits) == 0 || limit < unknown {
		return nil
	}
	if b.simple(principal, edits, limit) {
		return []levelChange{{b.everything, limit}}
	}
	list := make([]byte, 0, 64)
	for _, e := range edits {
		list = binary.AppendUvarint(append(list, byte(min(e.level, limit))), uint64(e.kind))
	}
	key := changesKey{principal, limit, string(list)}
	out, known := b.changed[key]
	if !known {
		out = b.findChanges(principal, edits, limit)
		b.changed[key] = out
	}
	return out
}

// levelChange is a change and how sure it is.
type levelChange struct {
	*Change
	level Level
}

// changesKey is a principal and its edits, by kind and level.
type changesKey struct {
	principal uint32
	limit     Level
	edits     string
}

func (b *builder) findChanges(principal uint32, edits []applied, limit Level) []levelChange {
	var out []levelChange
	seen := map[string]bool{}
	for level := limit; level >= unknown; level-- {
		note := func(c *Change) {
			if c != nil && !seen[c.key] {
				seen[c.key] = true
				out = append(out, levelChange{c, level})
			}
		}
		base := b.change(principal, edits, level, nil)
		note(base)
		if base != nil && b.nodes[principal].actor.After(&base.Edit).Unbounded() {
			break // there is no more to be had
		}
		choices := b.choices(principal, edits, level, base)
		if !combinations(choices, func(picked []*option) { note(b.change(principal, edits, level, picked)) }) {
			b.warn("the policies of " + b.nodes[principal].ARN + " can be put together in more ways than were looked at")
		}
	}
	return out
}

// simple tells whether an edit of the best level gives a principal everything, and there is nothing else to be had.
func (b *builder) simple(principal uint32, edits []applied, limit Level) bool {
	plain, ok := b.plain[principal]
	if !ok {
		actor := b.nodes[principal].actor
		plain = !actor.Bounded() && !actor.Unbounded() && !slices.ContainsFunc(actor.Policies(), func(p evaluator.Policy) bool { return evaluator.Denies(p.Doc) })
		b.plain[principal] = plain
	}
	return plain && slices.ContainsFunc(edits, func(e applied) bool {
		return e.direct && (e.technique.Edit == EditInline || e.technique.Edit == EditAttach && e.all) && e.level >= limit
	})
}

// change puts the edits of a principal at a level or better together, with the options that are picked; nil when they change nothing.
func (b *builder) change(principal uint32, edits []applied, level Level, picked []*option) *Change {
	actor := b.nodes[principal].actor
	c := &Change{}
	gone := map[string]bool{}
	added := map[string]evaluator.Policy{}
	denies := slices.ContainsFunc(actor.Policies(), func(p evaluator.Policy) bool { return evaluator.Denies(p.Doc) })
	for i := range edits {
		if c.Edit.Everything && !denies && (c.Edit.Unbound || !actor.Bounded()) {
			break // there is no more to be had
		}
		e := &edits[i]
		if e.level < level {
			continue
		}
		c.attached = c.attached || e.technique.Edit == EditAttach && e.all
		if c.Edit.Everything && e.adds() {
			continue
		}
		b.apply(c, e.edit, actor, gone, added)
	}
	c.Edit.Unbound = c.Edit.Unbound && actor.Bounded()
	replaced := b.pick(c, picked, actor, added)
	whole := c.Edit.Everything
	for _, p := range added {
		whole = whole || b.gives(p)
	}
	for _, p := range actor.Policies() {
		whole = whole || b.gives(p) && !replaced[p.Name]
	}
	for _, p := range actor.Policies() {
		if replaced[p.Name] || gone[p.Name] && evaluator.Denies(p.Doc) && (whole || evaluator.DeniesOnly(p.Doc)) {
			c.Edit.Without = append(c.Edit.Without, p.Name)
		}
	}
	if c.Edit.Everything && actor.Unbounded() {
		c.Edit.Everything = false
	}
	c.attached = c.attached && c.Edit.Everything
	names := make([]string, 0, len(added))
	for name, p := range added {
		if !c.Edit.Everything || evaluator.Denies(p.Doc) { // else it adds nothing
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		c.Edit.With = append(c.Edit.With, added[name])
	}
	if !c.Edit.Everything && !c.Edit.Unbound && c.Edit.Bound == nil && len(c.Edit.Without)+len(c.Edit.With) == 0 {
		return nil
	}
	c.chosen = len(picked) > 0
	c.seal()
	return c
}

// pick notes the options that are picked, and gives the policies in whose place something comes.
func (b *builder) pick(c *Change, picked []*option, actor *evaluator.Actor, added map[string]evaluator.Policy) map[string]bool {
	replaced := map[string]bool{}
	for _, o := range picked {
		for _, p := range o.with {
			added[p.Name] = p
		}
		for _, p := range actor.Policies() {
			replaced[p.Name] = replaced[p.Name] || o.arn != "" && isPolicy(p.Name, o.arn)
		}
		if o.bound != nil && !c.Edit.Unbound {
			c.Edit.Bound = o.bound
		}
	}
	return replaced
}

// added is the policies that an edit of one of the kinds that add some adds to those of a principal.
func (b *builder) added(actor *evaluator.Actor, e *edit) []evaluator.Policy {
	docs := e.admitted
	if e.technique.Edit == EditMembership {
		docs = b.world.PoliciesOfGroup(actor.Account(), b.things.groupFacts[e.through].Name)
	}
	return slices.DeleteFunc(slices.Clone(docs), func(p evaluator.Policy) bool { return has(actor, p.Name) })
}

// apply notes what one edit does to a principal.
func (b *builder) apply(c *Change, e *edit, actor *evaluator.Actor, gone map[string]bool, added map[string]evaluator.Policy) {
	switch e.technique.Edit {
	case EditInline: // an inline policy of the same name is overwritten
		c.Edit.Everything = true
		prefix := ""
		if !e.direct {
			prefix = "group/" + b.things.groupFacts[e.through].Name + ": "
		}
		for _, p := range actor.Policies() {
			if name, ok := strings.CutPrefix(p.Name, prefix); ok && !strings.Contains(name, "/") && !strings.HasPrefix(name, "arn:") {
				gone[p.Name] = true
			}
		}
	case EditAttach:
		if e.all {
			c.Edit.Everything = true
		}
		b.addHarmless(e, actor, added)
	case EditVersion:
		arn := b.things.list[e.through].arn
		for _, p := range actor.Policies() {
			if isPolicy(p.Name, arn) {
				c.Edit.Everything, gone[p.Name] = true, true
			}
		}
		if boundaryARNOf(actor) == arn {
			c.Edit.Unbound = true
		}
	case EditSetVersion: // a choice
	case EditMembership:
		b.addHarmless(e, actor, added)
	case EditUnbound: // another boundary is a choice too
		c.Edit.Unbound = c.Edit.Unbound || e.bound == nil
	case EditUndeny:
		b.undeny(e, actor, gone)
	}
}

// addHarmless notes the policies that an edit adds where none of them denies anything; else adding them is a choice.
func (b *builder) addHarmless(e *edit, actor *evaluator.Actor, added map[string]evaluator.Policy) {
	if docs := b.added(actor, e); harmless(docs) {
		for _, p := range docs {
			added[p.Name] = p
		}
	}
}

// undeny notes the policies that an edit takes away.
func (b *builder) undeny(e *edit, actor *evaluator.Actor, gone map[string]bool) {
	prefix := ""
	if !e.direct {
		prefix = "group/" + b.things.groupFacts[e.through].Name + ": "
	}
	detach := strings.Contains(e.technique.Requires[0].Action, "Detach")
	for _, p := range actor.Policies() {
		name, ok := strings.CutPrefix(p.Name, prefix)
		if !ok || strings.HasPrefix(name, "group/") {
			continue
		}
		named := len(e.admitted) == 0 || slices.ContainsFunc(e.admitted, func(m evaluator.Policy) bool { return m.Name == name })
		if managed := strings.HasPrefix(name, "arn:"); managed == detach && named {
			gone[p.Name] = true
		}
	}
}

func has(actor *evaluator.Actor, name string) bool {
	return slices.ContainsFunc(actor.Policies(), func(p evaluator.Policy) bool { return p.Name == name })
}

// seal names a change and puts it in words.
func (c *Change) seal() {
	var words []string
	if c.Edit.Everything {
		words = append(words, "a policy that allows everything")
	}
	for _, p := range c.Edit.With {
		words = append(words, p.Name)
	}
	for _, name := range c.Edit.Without {
		words = append(words, "no "+name)
	}
	if c.Edit.Unbound {
		words = append(words, "no boundary")
	}
	if c.Edit.Bound != nil {
		words = append(words, "the boundary "+c.Edit.Bound.Name)
	}
	c.Words = strings.Join(words, ", ")
	c.key = fmt.Sprintf("%t%t%t\x00%q\x00%s", c.Edit.Everything, c.Edit.Unbound, c.attached, c.Edit.Without, c.Words)
}
