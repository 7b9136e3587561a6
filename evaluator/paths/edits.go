package paths

import (
	"crypto/sha256"
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
	bound     *evaluator.Policy  // of EditUnbound: the only boundary that may be put in place; nil: any, or none
}

// findEdits finds what the members of a party can make of themselves and of the principals whose credentials they can get (E10). What they can
// do to others alone is an edge that nobody walks (E16).
func (b *builder) findEdits(p *party, control leveled) {
	edits := b.edits(p)
	if len(edits) == 0 {
		return
	}
	touched := none()
	for i := range edits {
		touched.or(edits[i].on)
	}
	b.noteGains(p, edits)
	itself := roaring.New()
	for _, n := range p.members {
		itself.Add(b.nodes[n].Principal)
	}
	b.findSelf(p, edits, roaring.And(touched.any(), itself))
	b.findControlled(p, edits, roaring.And(touched.any(), control.any()), control)
}

// noteGains adds the edges that say whose permissions a party can change.
func (b *builder) noteGains(p *party, edits []edit) {
	byTechnique := map[*Technique]leveled{}
	var order []*Technique
	for i := range edits {
		t := edits[i].technique
		have, ok := byTechnique[t]
		if !ok {
			have = none()
			order = append(order, t)
		}
		have.or(b.gaining(&edits[i]))
		byTechnique[t] = have
	}
	for _, t := range order {
		byTechnique[t].each(func(level Level, set *roaring.Bitmap) {
			p.edges = append(p.edges, edge{kind: GainPermissions, technique: t, level: level, to: set, leaf: true})
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
	return out
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
	users := b.usersOf(account)
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

func (b *builder) usersOf(account string) *roaring.Bitmap {
	if set, ok := b.users[account]; ok {
		return set
	}
	set := roaring.New()
	b.things.users.Iterate(func(u uint32) bool {
		if b.things.list[u].account == account {
			set.Add(u)
		}
		return true
	})
	b.users[account] = set
	return set
}

// choosing is the key of a request that says which managed policy an edit puts in place; empty for an edit that takes none.
func choosing(t *Technique) string {
	switch {
	case t.Edit == EditAttach:
		return policyARN
	case t.Edit == EditUnbound && strings.HasPrefix(t.Requires[0].Action, "iam:Put"):
		return boundaryARN
	}
	return ""
}

// attaching divides an edit that puts a managed policy in place by what the request's key for it admits (E10, C35): everything, or some policies of
// the account.
func (b *builder) attaching(p *party, e edit) []edit {
	key := choosing(e.technique)
	if key == "" {
		return []edit{e}
	}
	action := e.technique.Requires[0].Action
	var out []edit
	for _, g := range b.holds(p, action).grants {
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
		if !g.Reads(key) {
			one.on, one.all = on, true
			out = append(out, one)
			continue
		}
		b.choosy[g] = true
		for _, arn := range b.attachable(p.account) {
			given := b.given(g, key, arn)
			if given == nil {
				continue
			}
			if at, have := slices.BinarySearch(b.offered, arn); !have {
				b.offered = slices.Insert(b.offered, at, arn)
			}
			one := e
			one.on = on
			if l := b.level(given); l != b.level(g) {
				one.on = just(on.any(), l)
			}
			doc := b.world.Managed(p.account, arn)
			one.all = b.gives(doc)
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

// findSelf makes nodes of what members can make of themselves.
func (b *builder) findSelf(p *party, edits []edit, who *roaring.Bitmap) {
	made := map[Level]*roaring.Bitmap{}
	for _, n := range p.members {
		node := b.nodes[n]
		if node.Change != nil || !who.Contains(node.Principal) {
			continue // E19: what was edited is not edited again
		}
		b.eachChange(node.Principal, edits, certain, func(level Level, c *Change) {
			to := b.node(node.Principal, node.Chained, c)
			if made[level] == nil {
				made[level] = roaring.New()
			}
			made[level].Add(to)
		})
	}
	for level := certain; level >= unknown; level-- {
		if set := made[level]; set != nil {
			p.edges = append(p.edges, edge{kind: GainPermissions, level: level, to: set, self: true})
		}
	}
}

// findControlled makes nodes of principals that a party can both edit and get the credentials of: it edits them as itself, and then takes them over.
// Of those that can do the same afterwards, which nothing tells apart, the first one stands for all.
func (b *builder) findControlled(p *party, edits []edit, who *roaring.Bitmap, control leveled) {
	made := map[Level]*roaring.Bitmap{}
	seen := map[string]bool{}
	who.Iterate(func(t uint32) bool {
		b.eachChange(t, edits, control.of(t), func(level Level, c *Change) {
			class := string(rune(level)) + b.classOf(t, c)
			if seen[class] {
				return
			}
			seen[class] = true
			to := b.node(t, true, c)
			if made[level] == nil {
				made[level] = roaring.New()
			}
			made[level].Add(to)
		})
		return true
	})
	for level := certain; level >= unknown; level-- {
		if set := made[level]; set != nil {
			p.edges = append(p.edges, edge{kind: GainPermissions, level: level, to: set})
		}
	}
}

// classOf names what a principal can do after a change: equal for those that nothing tells apart.
func (b *builder) classOf(principal uint32, c *Change) string {
	key := changed{principal, c.key}
	if class, ok := b.classes[key]; ok {
		return class
	}
	actor := b.nodes[principal].actor.Chained().After(&c.Edit)
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

// eachChange visits what a principal becomes by all edits of a level together, from the best level to the worst: a worse one only where it makes
// something else. Every edit adds to what is allowed, so that all of them together allow the most; but of the versions of a policy one at a time
// is in force.
func (b *builder) eachChange(principal uint32, edits []edit, limit Level, fn func(Level, *Change)) {
	if b.simple(principal, edits, limit) {
		fn(limit, b.everything)
		return
	}
	seen := map[string]bool{}
	for level := limit; level >= unknown; level-- {
		everything, unbound := false, !b.nodes[principal].actor.Bounded()
		for _, v := range append([]*otherVersion{nil}, b.otherVersions(principal, edits, level)...) {
			if v != nil && (unbound && v.bounds || everything && !v.bounds) {
				continue // there is no more to be had
			}
			c := b.change(principal, edits, level, v)
			if c == nil || seen[c.key] {
				continue
			}
			seen[c.key] = true
			fn(level, c)
			everything, unbound = everything || c.Edit.Everything, unbound || c.Edit.Unbound
		}
	}
}

// simple tells whether an edit of the best level gives a principal everything, and there is nothing else to be had.
func (b *builder) simple(principal uint32, edits []edit, limit Level) bool {
	plain, ok := b.plain[principal]
	if !ok {
		actor := b.nodes[principal].actor
		plain = !actor.Bounded() && !actor.Unbounded() && !slices.ContainsFunc(actor.Policies(), func(p evaluator.Policy) bool { return evaluator.Denies(p.Doc) })
		b.plain[principal] = plain
	}
	if !plain || limit < unknown {
		return false
	}
	for i := range edits {
		e := &edits[i]
		if e.direct && (e.technique.Edit == EditInline || e.technique.Edit == EditAttach && e.all) && e.on[limit].Contains(principal) {
			return true
		}
	}
	return false
}

// otherVersion is a kept version of a policy that is put in force, or another boundary: one at a time.
type otherVersion struct {
	policy evaluator.Policy
	arn    string
	bounds bool // it is the principal's boundary
}

// change puts the edits of a principal at a level or better together, with a version of a policy where one is given; nil when they change nothing.
func (b *builder) change(principal uint32, edits []edit, level Level, version *otherVersion) *Change {
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
		if c.Edit.Everything && e.adds() {
			continue
		}
		if e.on[level].Contains(principal) {
			b.apply(c, e, actor, gone, added)
		}
	}
	c.Edit.Unbound = c.Edit.Unbound && actor.Bounded()
	replaced := map[string]bool{}
	switch {
	case version == nil:
	case version.bounds && !c.Edit.Unbound:
		c.Edit.Bound = &version.policy
	case !version.bounds:
		added[version.policy.Name] = version.policy
		for _, p := range actor.Policies() {
			replaced[p.Name] = p.Name == version.arn || strings.HasSuffix(p.Name, ": "+version.arn)
		}
	}
	for _, p := range actor.Policies() {
		if replaced[p.Name] || gone[p.Name] && evaluator.Denies(p.Doc) && (c.Edit.Everything || evaluator.DeniesOnly(p.Doc)) {
			c.Edit.Without = append(c.Edit.Without, p.Name)
		}
	}
	if c.Edit.Everything && actor.Unbounded() {
		c.Edit.Everything = false
	}
	if !c.Edit.Everything {
		names := make([]string, 0, len(added))
		for name := range added {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			c.Edit.With = append(c.Edit.With, added[name])
		}
	}
	if !c.Edit.Everything && !c.Edit.Unbound && c.Edit.Bound == nil && len(c.Edit.Without)+len(c.Edit.With) == 0 {
		return nil
	}
	c.seal()
	return c
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
		for _, p := range e.admitted {
			if !has(actor, p.Name) {
				added[p.Name] = p
			}
		}
	case EditVersion:
		arn := b.things.list[e.through].arn
		if set := b.things.attached[e.through]; set != nil && set.Contains(b.things.by[actor.ARN()]) {
			c.Edit.Everything = true
			for _, p := range actor.Policies() {
				gone[p.Name] = gone[p.Name] || p.Name == arn || strings.HasSuffix(p.Name, ": "+arn)
			}
		}
		if actor.Boundary() == arn {
			c.Edit.Unbound = true
		}
	case EditSetVersion: // one at a time; see otherVersions
	case EditMembership:
		g := b.things.groupFacts[e.through]
		for _, p := range b.world.PoliciesOfGroup(actor.Account(), g.Name) {
			if !has(actor, p.Name) {
				added[p.Name] = p
			}
		}
	case EditUnbound: // another boundary is one at a time too
		c.Edit.Unbound = c.Edit.Unbound || e.bound == nil
	case EditUndeny:
		b.undeny(e, actor, gone)
	}
}

// otherVersions lists the versions of a principal's policies, and of its boundary, that edits of a level put in force, and the other boundaries that
// they give it.
func (b *builder) otherVersions(principal uint32, edits []edit, level Level) []*otherVersion {
	var out []*otherVersion
	actor := b.nodes[principal].actor
	for i := range edits {
		e := &edits[i]
		if !e.on[level].Contains(principal) {
			continue
		}
		if e.bound != nil && e.bound.Name != actor.Boundary() {
			out = append(out, &otherVersion{*e.bound, e.bound.Name, true})
		}
		p := b.things.policyOf[e.through]
		if e.technique.Edit != EditSetVersion || p == nil {
			continue
		}
		arn := string(p.ARN)
		set := b.things.attached[e.through]
		attached, bounds := set != nil && set.Contains(principal), actor.Boundary() == arn
		for _, v := range p.Versions {
			if v.Default {
				continue
			}
			name := arn + " version " + v.ID
			if doc, ok := b.world.VersionOf(actor.Account(), arn, v.ID, name); ok && attached && !evaluator.DeniesOnly(doc.Doc) {
				out = append(out, &otherVersion{doc, arn, false})
			}
			if doc, ok := b.world.BoundaryOf(actor.Account(), arn, v.ID, name); ok && bounds {
				out = append(out, &otherVersion{doc, arn, true})
			}
		}
	}
	return out
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
		if managed := strings.HasPrefix(name, "arn:"); managed == detach {
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
	c.key = fmt.Sprintf("%t%t\x00%q\x00%s", c.Edit.Everything, c.Edit.Unbound, c.Edit.Without, c.Words)
}
