package evaluator

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// groupView is what a caller sees of a group's own side: of the policies of the resources and the RCPs over them, the statements that
// speak of it and of the question. Callers of one view class see the same, but for the groups that spell one of them out.
type groupView struct {
	id       int // equal for groups that look alike
	number   int64
	spoken   []*policy.Statement // of the resources' own policy
	admits   bool                // false: of another account, and no Allow can let the caller in
	consents bool                // the resources' policy may grant access without an identity policy (D21)
}

// views holds what was seen in a question.
type views struct {
	mu      sync.Mutex
	classes map[string]*viewClass
	joined  map[string]*targetGroup // groups that were merged before, by their places and views
	count   atomic.Int64
}

// viewClass is callers that see the same of the resource side where it does not spell them out.
type viewClass struct {
	number int
	pages  []atomic.Pointer[viewPage] // of the groups, by place: most callers look at few
}

// viewPage is the views of some groups that follow one another.
type viewPage [64]atomic.Pointer[groupView]

// at gives where the view of the group at a place is kept.
func (c *viewClass) at(place int) *atomic.Pointer[groupView] {
	page := &c.pages[place/len(viewPage{})]
	if page.Load() == nil {
		page.CompareAndSwap(nil, &viewPage{})
	}
	return &page.Load()[place%len(viewPage{})]
}

// viewClass names what of a caller the resource side can see, where it does not spell it out: account, kind, boundary, and how the
// conditions on the resource side come out.
func (t *targets) viewClass(c *caller) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q\x00%d%t%t\x00", t.sortFor(c), c.principal.Kind, c.boundary != nil, c.outside)
	at := &situation{world: t.world, caller: c, asking: t.question}
	for _, rd := range t.resourceReadersOf(c) {
		rd.spell(&b, at)
	}
	return b.String()
}

// of gives the views of a class, by group; those that nobody looked at yet are nil.
func (v *views) of(class string, groups int) *viewClass {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.classes == nil {
		v.classes, v.joined = map[string]*viewClass{}, map[string]*targetGroup{}
	}
	c, ok := v.classes[class]
	if !ok {
		c = &viewClass{number: len(v.classes), pages: make([]atomic.Pointer[viewPage], groups/len(viewPage{})+1)}
		v.classes[class] = c
	}
	return c
}

// viewFor gives what a caller sees of a group.
func (t *targets) viewFor(side *callerSide, g *targetGroup) *groupView {
	if slices.Contains(side.named, g.place) || slices.Contains(side.named, everyGroup) {
		return t.look(side, g)
	}
	at := side.view.at(g.place)
	if v := at.Load(); v != nil {
		return v
	}
	at.CompareAndSwap(nil, t.look(side, g)) // whoever was first, so that equal groups are merged once
	return at.Load()
}

// look reads a group's side for a caller.
func (t *targets) look(side *callerSide, g *targetGroup) *groupView {
	c := side.caller
	v := &groupView{number: t.views.count.Add(1), consents: t.consents(side, g)}
	var b strings.Builder
	b.WriteString(g.base)
	facts := &situation{world: t.world, caller: c, target: g, asking: t.question}
	outsider, unsure := relation(&c.principal, g.ownerAccount(), false)
	v.admits = !outsider || unsure
	fmt.Fprintf(&b, "\x00%t%t", outsider, unsure)
	if g.owner != nil {
		for _, level := range g.owner.rcps {
			for i := range level {
				t.viewDocument(&b, c, g, facts, level[i].Doc, nil)
			}
		}
	}
	for _, ep := range t.world.endpoints {
		t.viewDocument(&b, c, g, facts, ep.policy.Doc, nil)
	}
	if g.policy != nil {
		if g.restricted {
			fmt.Fprintf(&b, "\x00%d", t.documentNumber(g.policy.Doc)) // D39 looks at the policy as a whole
		}
		t.viewDocument(&b, c, g, facts, g.policy.Doc, &v.spoken)
		for _, s := range v.spoken {
			v.admits = v.admits || s.Effect == policy.Allow
		}
	}
	v.id = t.question.seen.of(digestOf(b.String()))
	return v
}

// readsOf spells what the caller's own policies read of a group's resources.
func (t *targets) readsOf(side *callerSide, g *targetGroup) string {
	if len(side.reads.conditions) == 0 && len(side.reads.keys) == 0 {
		return ""
	}
	var b strings.Builder
	side.reads.spell(&b, &situation{world: t.world, caller: side.caller, target: g, asking: t.question})
	return b.String()
}

// merged joins groups, once for all callers that see the same of the same groups: they then share the cells too.
func (v *views) merged(p *mergeParts) *targetGroup {
	key := make([]byte, 0, 4*len(p.groups))
	for i, g := range p.groups {
		key = binary.AppendUvarint(key, uint64(g.place))
		key = binary.AppendVarint(key, p.views[i].number)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	g, ok := v.joined[string(key)]
	if !ok {
		g = p.merge()
		v.joined[string(key)] = g
	}
	return g
}
