package evaluator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
)

// Cause is one thing that is not as it was in what binds a principal. What changed of resources, their grants say themselves.
type Cause struct {
	What string // identity policy, boundary, scp, tags, sessions, organization, or endpoints
	Name string // of the policy; empty where there is none to name
	Kind Presence
}

// String gives the cause in words.
func (c Cause) String() string {
	text := c.What
	if c.Name != "" {
		text += " " + c.Name
	}
	return text + " " + c.Kind.String()
}

// causes lists what is not as it was for a principal that both snapshots have.
func (m *moments) causes(p *pairing) []Cause {
	if p.presence != InBoth || p.quiet {
		return nil
	}
	was, is := p.callers[0], p.callers[1]
	out := m.policyCauses("identity policy", was.identity, is.identity)
	out = append(out, m.policyCauses("boundary", boundaries(was), boundaries(is))...)
	out = append(out, m.policyCauses("scp", scpsOf(was), scpsOf(is))...)
	differ := func(what string, yes bool) {
		if yes {
			out = append(out, Cause{What: what})
		}
	}
	differ("tags", !slices.Equal(sortedTags(was.tags), sortedTags(is.tags)))
	differ("sessions", was.freeTags != is.freeTags || fmt.Sprint(was.origins) != fmt.Sprint(is.origins))
	differ("organization", placeOf(was.account) != placeOf(is.account))
	differ("endpoints", m.moved)
	return out
}

// scpsOf are the SCPs over a caller. Those that an account has at every level, such as FullAWSAccess, are one.
func scpsOf(c *caller) []Policy {
	var out []Policy
	for _, level := range c.levels() {
		for _, p := range level {
			if at := slices.IndexFunc(out, func(have Policy) bool { return have.Name == p.Name && have.Doc == p.Doc }); at < 0 {
				out = append(out, p)
			}
		}
	}
	return out
}

// placeOf spells the place of an account in the organization.
func placeOf(a *account) string {
	if a == nil {
		return ""
	}
	return fmt.Sprint(a.inOrg, a.management, a.path)
}

func sortedTags(tags []graph.Tag) []string {
	var out []string
	for _, t := range tags {
		out = append(out, fmt.Sprintf("%q=%q", t.Key, t.Value))
	}
	slices.Sort(out)
	return out
}

func boundaries(c *caller) []Policy {
	if c.boundary == nil {
		return nil
	}
	return []Policy{*c.boundary}
}

// policyCauses lists policies that came, went or say something else, by name.
func (m *moments) policyCauses(what string, was, is []Policy) []Cause {
	say := [2]map[string][]string{{}, {}}
	for x, list := range [2][]Policy{was, is} {
		for i := range list {
			if text, ok := m.policyState(x, &list[i]); ok {
				say[x][list[i].Name] = append(say[x][list[i].Name], text)
			}
		}
	}
	var out []Cause
	for _, name := range sortedKeys(say[0]) {
		switch {
		case say[1][name] == nil:
			out = append(out, Cause{what, name, Gone})
		case strings.Join(say[0][name], ",") != strings.Join(say[1][name], ","):
			out = append(out, Cause{what, name, InBoth})
		}
	}
	for _, name := range sortedKeys(say[1]) {
		if say[0][name] == nil {
			out = append(out, Cause{what, name, Appeared})
		}
	}
	return out
}
