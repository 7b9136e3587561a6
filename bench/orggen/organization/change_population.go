package organization

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// addPrincipal adds a user in groups, or a role with a policy of its own.
func (a *account) addPrincipal(round int) (Change, bool) {
	team := a.r.pick(a.teams)
	name := fmt.Sprintf("added-%s", a.r.hex(8))
	if len(a.details.GroupDetailList) == 0 || round%2 != 0 {
		arn := a.addRole("/", name, trusts("Service", platforms[0].host), func(r *role) {
			r.RolePolicyList = []inlinePolicy{{"policy-1", a.handwritten()}}
			r.Tags = a.tags(team)
		})
		added := a.details.RoleDetailList[len(a.details.RoleDetailList)-1]
		return Change{Entity: arn, After: added, Access: affected(arn, "it is new, and "+platforms[0].host+" assumes it")}, true
	}
	u := a.newUser(name, team)
	u.GroupList = []string{a.r.pick(commonGroups), "team-" + team}
	a.details.UserDetailList = append(a.details.UserDetailList, u)
	return Change{Entity: u.Arn, After: u, Access: affected(u.Arn, "it is new, with what its groups have")}, true
}

// removePrincipal removes a user or role that is neither of the baseline nor named by anything else in the account.
func (a *account) removePrincipal(round int) (Change, bool) {
	others, err := json.Marshal([]any{a.resources, a.grants, a.compute})
	if err != nil {
		return Change{}, false
	}
	removable := func(arn string, attached []attachedPolicy) bool {
		name := arn[strings.LastIndexByte(arn, '/')+1:]
		return !a.touched[arn] && !slices.ContainsFunc(attached, func(p attachedPolicy) bool { return !a.spare(p) }) &&
			!bytes.Contains(others, []byte(name))
	}
	forget := func(attached []attachedPolicy, b *boundary) {
		for _, p := range attached {
			a.attached[p.PolicyArn]--
		}
		if b != nil {
			a.bounded[b.PermissionsBoundaryArn]--
		}
	}
	users, roles := a.details.UserDetailList, a.details.RoleDetailList
	if round%2 == 0 {
		for _, i := range a.r.Perm(len(users)) {
			if u := users[i]; removable(u.Arn, u.AttachedManagedPolicies) {
				forget(u.AttachedManagedPolicies, u.PermissionsBoundary)
				a.details.UserDetailList = slices.Delete(slices.Clone(users), i, i+1)
				return Change{Entity: u.Arn, Before: u, Access: affected(u.Arn, "it is gone")}, true
			}
		}
	}
	for _, i := range a.r.Perm(len(roles)) {
		if r := roles[i]; i >= a.stamped && len(r.InstanceProfileList) == 0 && removable(r.Arn, r.AttachedManagedPolicies) {
			forget(r.AttachedManagedPolicies, r.PermissionsBoundary)
			a.details.RoleDetailList = slices.Delete(slices.Clone(roles), i, i+1)
			return Change{Entity: r.Arn, Before: r, Access: affected(r.Arn, "it is gone, and so is what others did by assuming it")}, true
		}
	}
	return Change{}, false
}
