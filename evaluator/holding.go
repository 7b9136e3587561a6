package evaluator

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
)

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
