package verify_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/paths"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
)

// rights are the edits of a principal's policies that somebody may make (E10). What only takes limits away is always made; what adds a policy is made
// or not.
type rights struct {
	everything bool            // a policy that allows everything, of its own or in the place of another
	gone       map[string]bool // policies that can be taken away or overwritten
	unbound    bool
	bounds     []evaluator.Policy // that can take the boundary's place
	adds       [][]evaluator.Policy
	joins      [][]evaluator.Policy // of groups
	swaps      [][]swap             // of each policy the versions, of which one is in force
}

// swap is another version of a policy put in force, wherever the policy is in use.
type swap struct {
	names []string          // of identity policies; none where it is a boundary alone
	by    evaluator.Policy  // in their place
	bound *evaluator.Policy // in the place of the boundary; nil where it is none
}

// madeUp names the policy that allows everything and that nobody wrote before (E10).
const madeUp = "everything"

// edits lists what somebody can make of a principal at a level: one state for each choice of edits.
func (s *seeker) edits(who *state, p *principal, at level) []*principal {
	if p.kind == "root" || !editable(p.arn) {
		return nil
	}
	r := &rights{gone: map[string]bool{}}
	for i := range s.techniques {
		if t := &s.techniques[i]; t.Kind == paths.GainPermissions {
			s.right(who, p, t, at, r)
		}
	}
	return s.made(p, r)
}

// right notes what one technique lets somebody do to a principal.
func (s *seeker) right(who *state, p *principal, t *paths.Technique, at level, r *rights) {
	may := func(on string, fixed map[string]string) bool {
		l := surely
		for _, q := range t.Requires {
			own := s.fixed(q.Action, on, p)
			if own == nil {
				own = map[string]string{}
			}
			for k, v := range fixed {
				own[k] = v
			}
			l = min(l, s.can(who, ask{action: q.Action, resource: on, fixed: own}))
		}
		return l >= at
	}
	a := s.accounts[p.Account]
	switch t.Target {
	case p.kind:
		s.edit(p, t, "", func(fixed map[string]string) bool { return may(p.arn, fixed) }, r)
	case "group":
		for _, g := range a.Groups {
			given := func(i evaluator.Policy) bool { return strings.HasPrefix(i.Name, "group/"+g.Name+": ") }
			member := slices.ContainsFunc(p.identity, given) || slices.ContainsFunc(a.Users, func(u *graph.User) bool { return string(u.ARN) == p.arn && slices.Contains(u.Groups, g.Name) })
			switch {
			case t.Edit == paths.EditMembership && p.kind == "user" && !member:
				if may(string(g.ARN), nil) {
					r.joins = append(r.joins, s.ofGroup(a, g))
				}
			case t.Edit != paths.EditMembership && member:
				s.edit(p, t, "group/"+g.Name+": ", func(fixed map[string]string) bool { return may(string(g.ARN), fixed) }, r)
			}
		}
	case "policy":
		for _, m := range a.Policies {
			five := len(m.Versions) >= 5
			if !editable(string(m.ARN)) || slices.Contains(t.Facts, paths.FiveVersions) && !five || slices.Contains(t.Facts, paths.FourVersions) && five {
				continue
			}
			s.editManaged(p, t, m, func() bool { return may(string(m.ARN), nil) }, r)
		}
	}
}

// edit is a technique on the principal itself, or on a group of it whose policies have a prefix.
func (s *seeker) edit(p *principal, t *paths.Technique, prefix string, may func(map[string]string) bool, r *rights) {
	a := s.accounts[p.Account]
	own := func(name string) (string, bool) {
		rest, ok := strings.CutPrefix(name, prefix)
		return rest, ok && !strings.HasPrefix(rest, "group/")
	}
	switch t.Edit {
	case paths.EditInline:
		if may(nil) {
			r.everything = true
			for _, i := range p.identity { // each can be overwritten
				if name, ok := own(i.Name); ok && !strings.HasPrefix(name, "arn:") {
					r.gone[i.Name] = true
				}
			}
		}
	case paths.EditAttach:
		for _, arn := range attachable(a) {
			has := slices.ContainsFunc(p.identity, func(i evaluator.Policy) bool { return i.Name == prefix+arn })
			if !has && may(map[string]string{"iam:PolicyARN": arn}) {
				r.adds = append(r.adds, []evaluator.Policy{{Name: prefix + arn, Doc: s.byName(a, arn, policy.Identity).Doc}})
			}
		}
	case paths.EditUnbound:
		switch {
		case p.boundary == nil:
		case strings.Contains(t.Requires[0].Action, "Delete"):
			r.unbound = r.unbound || may(nil)
		default:
			for _, arn := range attachable(a) {
				if may(map[string]string{"iam:PermissionsBoundary": arn}) {
					r.bounds = append(r.bounds, s.byName(a, arn, policy.Boundary))
				}
			}
		}
	case paths.EditUndeny:
		detach := strings.Contains(t.Requires[0].Action, "Detach")
		for _, i := range p.identity {
			name, ok := own(i.Name)
			if !ok || strings.HasPrefix(name, "arn:") != detach {
				continue
			}
			fixed := map[string]string{}
			if detach {
				fixed["iam:PolicyARN"] = name
			}
			r.gone[i.Name] = r.gone[i.Name] || may(fixed)
		}
	}
}

// editManaged is a technique on a managed policy, where the principal has it or is bounded by it.
func (s *seeker) editManaged(p *principal, t *paths.Technique, m *graph.ManagedPolicy, may func() bool, r *rights) {
	var names []string
	for _, i := range p.identity {
		if i.Name == string(m.ARN) || strings.HasSuffix(i.Name, ": "+string(m.ARN)) || strings.HasPrefix(i.Name, string(m.ARN)+" version ") {
			names = append(names, i.Name)
		}
	}
	bounds := p.boundary != nil && p.boundary.Name == string(m.ARN)
	if len(names) == 0 && !bounds || !may() {
		return
	}
	switch t.Edit {
	case paths.EditVersion:
		r.everything = r.everything || len(names) > 0
		r.unbound = r.unbound || bounds
		for _, name := range names {
			r.gone[name] = true
		}
	case paths.EditSetVersion:
		versions := []swap{}
		for _, v := range m.Versions {
			if v.Default {
				continue
			}
			one := swap{names: names, by: evaluator.Policy{Name: string(m.ARN) + " version " + v.ID, Doc: s.document(v.Document, policy.Identity)}}
			if bounds {
				one.bound = &evaluator.Policy{Name: string(m.ARN), Doc: s.document(v.Document, policy.Boundary)}
			}
			versions = append(versions, one)
		}
		r.swaps = append(r.swaps, versions)
	}
}

// attachable is the managed policies of an account, and AWS's own that allows everything, which is there whether it was read or not.
func attachable(a *graph.Account) []string {
	out := []string{administrator}
	for _, m := range a.Policies {
		if string(m.ARN) != administrator {
			out = append(out, string(m.ARN))
		}
	}
	return out
}

func (s *seeker) byName(a *graph.Account, arn string, kind policy.Kind) evaluator.Policy {
	if arn == administrator {
		return evaluator.Policy{Name: arn, Doc: s.everything}
	}
	return s.managed(a, graph.ARN(arn), kind)
}

// ofGroup is what a user has of a group.
func (s *seeker) ofGroup(a *graph.Account, g *graph.Group) []evaluator.Policy {
	var out []evaluator.Policy
	for _, i := range g.Inline {
		out = append(out, evaluator.Policy{Name: "group/" + g.Name + ": " + i.Name, Doc: s.document(i.Document, policy.Identity)})
	}
	for _, arn := range g.Attached {
		out = append(out, evaluator.Policy{Name: "group/" + g.Name + ": " + string(arn), Doc: s.managed(a, arn, policy.Identity).Doc})
	}
	return out
}

// made lists what edits together make of a principal: every choice of versions, of boundaries and of added policies that deny something, with all else
// that is of use. What adds no Deny is always of use; beside a policy that allows everything no other is.
func (s *seeker) made(p *principal, r *rights) []*principal {
	var always []evaluator.Policy
	var choices [][]evaluator.Policy
	all := r.everything
	for _, add := range r.adds {
		all = all || len(add) == 1 && wholly(add[0].Doc)
	}
	if all {
		always = append(always, evaluator.Policy{Name: madeUp, Doc: s.everything})
	} else {
		for _, add := range slices.Concat(r.adds, r.joins) {
			if slices.ContainsFunc(add, func(i evaluator.Policy) bool { return denies(i.Doc) }) {
				choices = append(choices, add)
			} else {
				always = append(always, add...)
			}
		}
	}
	bounds := []*evaluator.Policy{p.boundary}
	if r.unbound {
		bounds = []*evaluator.Policy{nil}
	} else {
		for i := range r.bounds {
			bounds = append(bounds, &r.bounds[i])
		}
	}
	var out []*principal
	for mask := range 1 << len(choices) {
		for at := make([]int, len(r.swaps)); at != nil; at = count(at, r.swaps) {
			with, replaced := slices.Clone(always), []string(nil)
			for i, add := range choices {
				if mask&(1<<i) != 0 {
					with = append(with, add...)
				}
			}
			limits := bounds
			for i, n := range at {
				if n == 0 {
					continue
				}
				v := r.swaps[i][n-1]
				if len(v.names) > 0 {
					with, replaced = append(with, v.by), append(replaced, v.names...)
				}
				if v.bound != nil && !r.unbound {
					limits = append([]*evaluator.Policy{v.bound}, bounds[1:]...)
				}
			}
			kept := slices.DeleteFunc(slices.Clone(p.identity), func(i evaluator.Policy) bool { return slices.Contains(replaced, i.Name) })
			whole := slices.ContainsFunc(append(kept, with...), func(i evaluator.Policy) bool { return wholly(i.Doc) })
			for _, i := range p.identity {
				if !slices.Contains(replaced, i.Name) && !(r.gone[i.Name] && denies(i.Doc) && (onlyDenies(i.Doc) || whole)) {
					with = append(with, i)
				}
			}
			for _, b := range limits {
				own := *p
				own.identity, own.boundary = with, b
				if nameOf(&own) == nameOf(p) {
					continue
				}
				if whole && b == nil && !slices.ContainsFunc(with, func(i evaluator.Policy) bool { return denies(i.Doc) }) {
					return []*principal{&own} // no other can do more
				}
				out = append(out, &own)
			}
		}
	}
	return out
}

// count counts up the versions that are in force, none put there first; nil after the last.
func count(at []int, of [][]swap) []int {
	for i := range at {
		if at[i]++; at[i] <= len(of[i]) {
			return at
		}
		at[i] = 0
	}
	return nil
}

func denies(d *policy.Document) bool {
	return slices.ContainsFunc(d.Statements, func(st policy.Statement) bool { return st.Effect == policy.Deny })
}

// nameOf names a principal's policies.
func nameOf(p *principal) string {
	var names []string
	for _, i := range p.identity {
		names = append(names, fmt.Sprintf("%s@%p", i.Name, i.Doc))
	}
	slices.Sort(names)
	text := "with " + strings.Join(names, ", ")
	if p.boundary != nil {
		text += fmt.Sprintf(" within %s@%p", p.boundary.Name, p.boundary.Doc)
	}
	return text
}

func onlyDenies(d *policy.Document) bool {
	for _, st := range d.Statements {
		if st.Effect != policy.Deny {
			return false
		}
	}
	return true
}

// wholly tells a document that allows everything and nothing but that.
func wholly(d *policy.Document) bool {
	if len(d.Statements) == 0 {
		return false
	}
	for _, st := range d.Statements {
		all := st.Effect == policy.Allow && len(st.Conditions) == 0 && !st.Actions.Not && !st.Resources.Not && st.Actions.Match("zz:Zz") && len(st.Resources.Patterns) == 1 && st.Resources.Patterns[0].Text == "*"
		if !all {
			return false
		}
	}
	return true
}
