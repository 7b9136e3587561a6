package organization

import (
	"maps"
	"slices"
	"strings"
)

// holder is a user, role or group that a customer can change, by the fields that changes are made to; nil where its kind has none.
// The pointers hold until the next principal is added or removed.
type holder struct {
	arn      string
	inline   *[]inlinePolicy
	attached *[]attachedPolicy
	boundary **boundary
	tags     *[]tag
	groups   *[]string
	trust    *document
}

// holders are the account's users, roles and groups, without the roles that AWS alone may change.
func (a *account) holders() []holder {
	var out []holder
	for i := range a.details.UserDetailList {
		u := &a.details.UserDetailList[i]
		out = append(out, holder{
			arn: u.Arn, inline: &u.UserPolicyList, attached: &u.AttachedManagedPolicies, boundary: &u.PermissionsBoundary, tags: &u.Tags, groups: &u.GroupList,
		})
	}
	for i := range a.details.RoleDetailList {
		r := &a.details.RoleDetailList[i]
		if strings.HasPrefix(r.Path, "/aws-service-role/") || strings.HasPrefix(r.Path, "/aws-reserved/") {
			continue
		}
		out = append(out, holder{
			arn: r.Arn, inline: &r.RolePolicyList, attached: &r.AttachedManagedPolicies, boundary: &r.PermissionsBoundary, tags: &r.Tags,
			trust: &r.AssumeRolePolicyDocument,
		})
	}
	for i := range a.details.GroupDetailList {
		g := &a.details.GroupDetailList[i]
		out = append(out, holder{arn: g.Arn, inline: &g.GroupPolicyList, attached: &g.AttachedManagedPolicies})
	}
	return out
}

// someHolder draws one of those that a change can be made to; nothing is changed twice.
func (a *account) someHolder(ok func(holder) bool) (holder, bool) {
	return oneOf(a.r, a.holders(), func(h holder) bool { return !a.touched[h.arn] && ok(h) })
}

// oneOf draws one of those that a change can be made to.
func oneOf[T any](r random, list []T, ok func(T) bool) (T, bool) {
	for _, i := range r.Perm(len(list)) { // few are looked at: most of them will do
		if ok(list[i]) {
			return list[i], true
		}
	}
	var none T
	return none, false
}

// has tells whether a policy is attached to a principal, itself or through a group.
func (a *account) has(h holder, arn string) bool {
	is := func(p attachedPolicy) bool { return p.PolicyArn == arn }
	if slices.ContainsFunc(*h.attached, is) {
		return true
	}
	return h.groups != nil && slices.ContainsFunc(a.details.GroupDetailList, func(g group) bool {
		return slices.Contains(*h.groups, g.GroupName) && slices.ContainsFunc(g.AttachedManagedPolicies, is)
	})
}

// who is the holder in words: of a group, the users in it.
func (a *account) who(h holder) string {
	name, ok := strings.CutPrefix(h.arn, a.iam("group/"))
	if !ok {
		return h.arn
	}
	n := 0
	for _, u := range a.details.UserDetailList {
		if slices.Contains(u.GroupList, name) {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return counted(n, "user", "users") + " in group " + name
}

// affected puts who is affected and how into words.
func affected(who, how string) string {
	if who == "" {
		return noAccess
	}
	return who + ": " + how
}

// changeAttached attaches a managed policy to a user, role or group, or detaches one.
func (a *account) changeAttached(round int) (Change, bool) {
	if round%2 != 0 {
		return a.detach()
	}
	h, ok := a.someHolder(func(holder) bool { return true })
	if !ok {
		return Change{}, false
	}
	p, ok := oneOf(a.r, a.details.Policies, func(p managedPolicy) bool {
		return !a.has(h, p.Arn) && p.PolicyName != "developer-boundary" && p.PolicyName != "office-network" // which allow all, or nothing
	})
	if !ok {
		return Change{}, false
	}
	before := *h.attached
	after := append(slices.Clone(before), attachedPolicy{p.PolicyName, p.Arn})
	*h.attached = after
	a.attached[p.Arn]++
	return Change{Entity: h.arn, Before: before, After: after, Access: affected(a.who(h), "has "+p.PolicyName+" from now on")}, true
}

func (a *account) detach() (Change, bool) {
	h, ok := a.someHolder(func(h holder) bool { return slices.ContainsFunc(*h.attached, a.spare) })
	if !ok {
		return Change{}, false
	}
	p, _ := oneOf(a.r, *h.attached, a.spare)
	before := *h.attached
	after := slices.DeleteFunc(slices.Clone(before), func(other attachedPolicy) bool { return other == p })
	*h.attached = after
	a.attached[p.PolicyArn]--
	return Change{Entity: h.arn, Before: before, After: after, Access: affected(a.who(h), "has "+p.PolicyName+" no longer")}, true
}

// spare tells whether a policy stays in the export when it is detached once: of AWS's, those that are attached are there.
func (a *account) spare(p attachedPolicy) bool {
	return a.own(p.PolicyArn) || a.attached[p.PolicyArn] > 1
}

// own tells whether a managed policy is the account's.
func (a *account) own(arn string) bool { return strings.HasPrefix(arn, a.iam("policy/")) }

// changeGroups puts a user into a group or takes it out of one.
func (a *account) changeGroups(round int) (Change, bool) {
	h, ok := a.someHolder(func(h holder) bool { return h.groups != nil && (round%2 == 0 || len(*h.groups) > 0) })
	if !ok {
		return Change{}, false
	}
	before := *h.groups
	if round%2 != 0 {
		name := a.r.pick(before)
		after := slices.DeleteFunc(slices.Clone(before), func(g string) bool { return g == name })
		*h.groups = after
		return Change{Entity: h.arn, Before: before, After: after, Access: affected(h.arn, "no longer has what group "+name+" has")}, true
	}
	g, ok := oneOf(a.r, a.details.GroupDetailList, func(g group) bool { return !slices.Contains(before, g.GroupName) })
	if !ok {
		return Change{}, false
	}
	after := append(slices.Clone(before), g.GroupName)
	*h.groups = after
	return Change{Entity: h.arn, Before: before, After: after, Access: affected(h.arn, "has from now on what group "+g.GroupName+" has")}, true
}

// changeBoundary gives a principal a boundary or takes it away, such that it matters.
func (a *account) changeBoundary(round int) (Change, bool) {
	if round%2 != 0 {
		return a.removeBoundary()
	}
	p, ok := a.policyNamed("ReadOnlyAccess")
	if !ok {
		p, ok = a.policyNamed("developer-boundary")
	}
	h, found := a.someHolder(func(h holder) bool { return h.boundary != nil && *h.boundary == nil && ok && a.limits(p, h) })
	if !found {
		return Change{}, false
	}
	b := &boundary{"Policy", p.Arn}
	*h.boundary = b
	a.bounded[p.Arn]++
	return Change{Entity: h.arn, Before: nil, After: b, Access: affected(h.arn, "loses what "+p.PolicyName+" does not allow")}, true
}

func (a *account) removeBoundary() (Change, bool) {
	p, ok := a.policyNamed("developer-boundary")
	h, found := a.someHolder(func(h holder) bool {
		return h.boundary != nil && *h.boundary != nil && ok && (*h.boundary).PermissionsBoundaryArn == p.Arn && a.limits(p, h)
	})
	if !found {
		return Change{}, false
	}
	b := *h.boundary
	*h.boundary = nil
	a.bounded[p.Arn]--
	return Change{Entity: h.arn, Before: b, After: nil, Access: affected(h.arn, "gains what its policies allow and "+p.PolicyName+" does not")}, true
}

func (a *account) policyNamed(name string) (managedPolicy, bool) {
	i := slices.IndexFunc(a.details.Policies, func(p managedPolicy) bool { return p.PolicyName == name })
	if i < 0 {
		return managedPolicy{}, false
	}
	return a.details.Policies[i], true
}

// limits tells whether a boundary keeps a principal from an action that its policies allow somewhere.
func (a *account) limits(p managedPolicy, h holder) bool {
	docs := a.documents(h)
	limit := []document{p.PolicyVersionList[0].Document}
	for _, service := range usedServices {
		for _, name := range service.actions {
			action := service.prefix + ":" + name
			if names(docs, "Allow", action) && (!names(limit, "Allow", action) || names(limit, "Deny", action)) {
				return true
			}
		}
	}
	return false
}

// documents are the policies of a user or role, those of its groups included, without its boundary.
func (a *account) documents(h holder) []document {
	var out []document
	for _, p := range *h.inline {
		out = append(out, p.PolicyDocument)
	}
	for _, g := range a.details.GroupDetailList {
		if h.groups != nil && slices.Contains(*h.groups, g.GroupName) {
			for _, p := range g.GroupPolicyList {
				out = append(out, p.PolicyDocument)
			}
		}
	}
	for _, p := range a.details.Policies {
		if a.has(h, p.Arn) {
			out = append(out, p.PolicyVersionList[0].Document)
		}
	}
	return out
}

// names tells whether a statement with that effect has the action among its own.
func names(docs []document, effect, action string) bool {
	for _, doc := range docs {
		for _, s := range doc.Statement {
			if s.Effect == effect && (s.NotAction != nil) != covered(slices.Concat(listed(s.Action), listed(s.NotAction)), action) {
				return true
			}
		}
	}
	return false
}

// teamTag is the tag that conditions compare.
const teamTag = "team"

// otherTeam draws a team that is not this one.
func (a *account) otherTeam(team string) string {
	teams := slices.DeleteFunc(slices.Clone(teamNames), func(t string) bool { return t == team })
	if len(a.teams) > 1 {
		teams = slices.DeleteFunc(slices.Clone(a.teams), func(t string) bool { return t == team })
	}
	return a.r.pick(teams)
}

// changeTag gives a principal whose policy compares the tag, or a key or secret that such a policy is about, to another team.
func (a *account) changeTag(round int) (Change, bool) {
	if round%2 != 0 {
		return a.changeResourceTag()
	}
	isTeam := func(t tag) bool { return t.Key == teamTag }
	h, ok := a.someHolder(func(h holder) bool {
		return h.tags != nil && slices.ContainsFunc(*h.tags, isTeam) && a.has(h, a.iam("policy/team-by-tag"))
	})
	if !ok {
		return Change{}, false
	}
	before := *h.tags
	after := slices.Clone(before)
	t := &after[slices.IndexFunc(after, isTeam)]
	old := t.Value
	t.Value = a.otherTeam(old)
	*h.tags = after
	return Change{Entity: h.arn, Before: before, After: after,
		Access: affected(h.arn, "what asks for its tag team is for "+t.Value+" now and no longer for "+old)}, true
}

func (a *account) changeResourceTag() (Change, bool) {
	r, ok := a.someResource(func(r *resource) bool {
		return r.Tags[teamTag] != "" && (customerKey(r) || r.Type == "AWS::SecretsManager::Secret")
	})
	if !ok {
		return Change{}, false
	}
	before, after := r.Tags, maps.Clone(r.Tags)
	after[teamTag] = a.otherTeam(before[teamTag])
	r.Tags = after
	return Change{Entity: r.Arn, Before: before, After: after, Access: affected("principals of the account",
		"those of team "+before[teamTag]+" lose what asks for the resource's tag team, those of "+after[teamTag]+" gain it")}, true
}
