package evaluator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/evaluator/region"
)

// affected are the actions whose verdicts may differ on resources that are as they were, for a caller of whom something differs.
func (m *moments) affected(callers [2]*caller) region.Set {
	if m.moved || m.callerFacts(0, callers[0]) != m.callerFacts(1, callers[1]) {
		return m.question.all()
	}
	out := m.question.none()
	for _, pick := range []func(*caller) []Policy{func(c *caller) []Policy { return c.identity }, boundaries} {
		counts := map[int]int{} // what statements say -> that the older has them, 1, or the newer, 2
		members := map[int]region.Set{}
		for x, c := range callers {
			for _, p := range pick(c) {
				for i := range p.Doc.Statements {
					s := &p.Doc.Statements[i]
					n := m.targets[x].contentOf(s)
					if missing(p.Doc) {
						n = m.question.numbers.of(digestOf(fmt.Sprintf("missing %q %d", p.Name, n)))
					}
					counts[n] |= 1 << x
					members[n] = m.question.matching(&s.Actions)
				}
			}
		}
		for n, have := range counts {
			if have != 3 {
				out = out.Or(members[n])
			}
		}
	}
	return out.Or(m.limited(callers))
}

// limited are the actions that the SCPs over a caller may limit otherwise than before: what a Deny speaks of that came or went, at whatever
// level, and what a level may withhold whose Allow statements are not those of any level on the other side.
func (m *moments) limited(callers [2]*caller) region.Set {
	out := m.question.none()
	denies, levels := [2]map[string]region.Set{{}, {}}, [2]map[string]region.Set{{}, {}}
	for x, c := range callers {
		for _, level := range c.levels() {
			passed := m.question.none()
			var allows []string
			for i := range level {
				for j := range level[i].Doc.Statements {
					s := &level[i].Doc.Statements[j]
					members := m.question.matching(&s.Actions)
					said := fmt.Sprint(m.targets[x].contentOf(s))
					if missing(level[i].Doc) {
						said += level[i].Name
					}
					if s.Effect == policy.Deny {
						denies[x][said] = members
						continue
					}
					if allows = append(allows, said); s.Unanalysable == "" && len(s.Conditions) == 0 && everyResource(&s.Resources) {
						passed = passed.Or(members)
					}
				}
			}
			slices.Sort(allows)
			levels[x][strings.Join(slices.Compact(allows), ",")] = passed.Not()
		}
	}
	for x := range callers {
		for _, have := range [][2]map[string]region.Set{denies, levels} {
			for said, members := range have[x] {
				if _, both := have[1-x][said]; !both {
					out = out.Or(members)
				}
			}
		}
	}
	return out
}

// everyResource tells a Resource element that matches whatever there is.
func everyResource(r *policy.Resources) bool {
	return !r.Not && slices.ContainsFunc(r.Patterns, func(t policy.Template) bool { return t.Text == "*" })
}

// granting are the actions that a caller's own policies may allow anything of, in either snapshot; all of them for who needs no policy. What
// needs none at all (D4) is among them.
func (m *moments) granting(sides [2]*callerSide) region.Set {
	out := m.question.none()
	for _, s := range sides {
		if s.unlimited {
			return m.question.all()
		}
		for i := range s.statements {
			if st := &s.statements[i].instance; st.layer == LayerIdentity && st.statement.Effect == policy.Allow {
				out = out.Or(st.members)
			}
		}
	}
	return out.Or(m.free)
}

// grantsOf are the actions that the resources' own side may allow anything of. The set is that of the group: it must not be changed.
func (m *moments) grantsOf(g *targetGroup) region.Set {
	if have, ok := m.own.Load(g); ok {
		return have.(region.Set)
	}
	q := m.question
	out := q.none()
	if g.policy != nil {
		for i := range g.policy.Doc.Statements {
			if s := &g.policy.Doc.Statements[i]; s.Effect == policy.Allow {
				out = out.Or(q.matching(&s.Actions))
			}
		}
	}
	for i := range q.members {
		if len(g.grants) == 0 {
			break
		}
		if ActionService(q.members[i].name) == "kms" {
			out.Add(i)
		}
	}
	m.own.Store(g, out)
	return out
}
