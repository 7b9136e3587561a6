package evaluator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// endpointsOf spells the VPC endpoints of a snapshot.
func (m *moments) endpointsOf(x int) string {
	var all []string
	for _, e := range m.worlds[x].endpoints {
		all = append(all, fmt.Sprintf("%s %d %d", e.id, e.kind, m.targets[x].documentNumber(e.policy.Doc)))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// placeState spells where an account stands, as far as policies read it of what the account has: of its principals or of its resources.
func (m *moments) placeState(x int, a *account, of string) string {
	if a == nil {
		return "-"
	}
	w, t := m.worlds[x], m.targets[x]
	text := fmt.Sprintf("%s %t %t", a.id, a.inOrg, a.management)
	if w.org == nil {
		return text
	}
	all := w.part.asking != nil // nobody has noted who reads these keys
	if all || t.keysRead["aws:"+of+"orgid"] {
		text += " in " + w.org.id
	}
	if all || t.keysRead["aws:"+of+"orgpaths"] {
		text += " at " + a.path
	}
	return fmt.Sprintf("%s %t", text, w.org.treeKnown)
}

// levelsState spells the levels of SCPs or RCPs over an account, whatever their order is.
func (m *moments) levelsState(x int, levels [][]Policy) []string {
	out := make([]string, len(levels))
	for i, level := range levels {
		out[i] = m.levelState(x, level)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// levelState is policiesState of a level of SCPs or RCPs, with whom they speak of.
func (m *moments) levelState(x int, level []Policy) string {
	text := m.policiesState(x, level)
	for i := range level {
		if level[i].Doc.Kind == policy.RCP {
			text += fmt.Sprintf(" %d", m.targets[x].documentNumber(level[i].Doc))
		}
	}
	return text
}

// ownerState numbers what binds everybody who acts on what an account owns.
func (m *moments) ownerState(x int, a *account) int {
	if a == nil {
		return -1
	}
	if n, ok := m.accounts[x][a]; ok {
		return n
	}
	n := m.question.numbers.of(digestOf(fmt.Sprintf("owner %s %t %q", m.placeState(x, a, "resource"), a.rcps != nil, m.levelsState(x, a.rcps))))
	m.accounts[x][a] = n
	return n
}

// policiesState spells what policies say of the question, whatever they are called and in whatever order they come.
func (m *moments) policiesState(x int, ps []Policy) string {
	var said []string
	for i := range ps {
		if text, ok := m.policyState(x, &ps[i]); ok {
			said = append(said, text)
		}
	}
	slices.Sort(said)
	return strings.Join(slices.Compact(said), ";")
}

// policyState spells what a policy says of the question, without the order of its statements; ok is false where that is nothing.
func (m *moments) policyState(x int, p *Policy) (text string, ok bool) {
	var said []string
	for i := range p.Doc.Statements {
		s := &p.Doc.Statements[i]
		if !m.question.matching(&s.Actions).Empty() {
			said = append(said, fmt.Sprint(m.targets[x].contentOf(s)))
		}
	}
	if missing(p.Doc) {
		said = append(said, p.Name) // another one that was not read may be another one
	}
	slices.Sort(said)
	return strings.Join(slices.Compact(said), ","), len(said) > 0
}

// missing tells the stand-in for a document that was not read.
func missing(d *policy.Document) bool {
	return len(d.Statements) > 0 && d.Statements[0].Cause == policy.MissingDocument
}

// callerFacts spells what rules and policies may read of a caller.
func (m *moments) callerFacts(x int, c *caller) string {
	t := m.targets[x]
	var tags []string
	for _, tag := range c.tags {
		if t.keysRead["aws:principaltag/"+strings.ToLower(tag.Key)] {
			tags = append(tags, fmt.Sprintf("%q=%q", tag.Key, tag.Value))
		}
	}
	slices.Sort(tags)
	bound := c.account != nil && c.account.scps != nil
	return fmt.Sprintf("%s %q %q %q %q %t %v %t%t", m.placeState(x, c.account, "principal"), c.sort(), c.arn, c.principal.UniqueID, tags, c.freeTags, c.origins, c.boundary != nil, bound)
}

// callerState spells all that binds a caller.
func (m *moments) callerState(x int, c *caller) string {
	return fmt.Sprintf("%s\x00%s\x00%s\x00%q", m.callerFacts(x, c), m.policiesState(x, c.identity), m.policiesState(x, boundaries(c)), m.levelsState(x, c.levels()))
}

// levels are the SCPs over a caller, by level.
func (c *caller) levels() [][]Policy {
	if c.account == nil {
		return nil
	}
	return c.account.scps
}

// groupState numbers all that a decision may read of a group of resources beside what they are called.
func (m *moments) groupState(x int, g *targetGroup) int {
	if n, ok := m.states[x][g]; ok {
		return n
	}
	t := m.targets[x]
	boundary := ""
	if t.boundaries { // else nobody reads it
		boundary = g.boundary
	}
	var b strings.Builder
	fmt.Fprintf(&b, "group %d %q %t%t%t%t%t %q %q %t %t %q", m.ownerState(x, g.owner), g.ownerID, g.trust, g.restricted, g.keyByAWS, g.linkedRole,
		g.through, g.urlAuth, boundary, g.boundaryKnown, g.tagsKnown, g.assumption)
	for _, tag := range g.tags {
		if t.tagKeys[strings.ToLower(tag.Key)] {
			fmt.Fprintf(&b, "\x00%q=%q", tag.Key, tag.Value)
		}
	}
	if t.regions {
		fmt.Fprintf(&b, "\x00%q", g.region)
	}
	if g.policy != nil {
		fmt.Fprintf(&b, "\x00policy %d", t.documentNumber(g.policy.Doc))
		if missing(g.policy.Doc) {
			b.WriteString(g.policy.Name)
		}
	}
	for i := range g.grants {
		gr := &g.grants[i]
		fmt.Fprintf(&b, "\x00grant %q %q %q %q %q %t", gr.ID, gr.Grantee, gr.Retiring, gr.IssuingAccount, gr.Operations, gr.Unknown)
		for j := range gr.Constraint {
			fmt.Fprintf(&b, " %q", gr.Constraint[j].String())
		}
	}
	n := m.question.numbers.of(digestOf(b.String()))
	m.states[x][g] = n
	return n
}

// same tells whether a spot is the same in both snapshots.
func (m *moments) same(s *spot) bool {
	a, b := s.groups[0], s.groups[1]
	return !m.moved && a != nil && b != nil && m.groupState(0, a) == m.groupState(1, b)
}
