package organization

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
)

// edit is one action more or less in one statement of a document.
type edit struct {
	at      int
	actions []string // of the statement afterwards
	action  string
	effect  string
}

// edits are the ways to let a document gain an action, or lose one that nothing else in its statement covers.
func edits(doc document, gaining bool) []edit {
	var out []edit
	for i, s := range doc.Statement {
		actions := listed(s.Action)
		if len(actions) == 0 {
			continue
		}
		effect := "gains "
		if gaining == (s.Effect == "Deny") {
			effect = "loses "
		}
		add := func(actions []string, action string) {
			out = append(out, edit{i, actions, action, effect + action + " on " + resourcesOf(s)})
		}
		if !gaining {
			for j, action := range actions {
				if rest := slices.Concat(actions[:j], actions[j+1:]); len(rest) > 0 && !covered(rest, action) {
					add(rest, action)
				}
			}
			continue
		}
		prefix, _, _ := strings.Cut(actions[0], ":")
		for _, service := range usedServices {
			if service.prefix != prefix {
				continue
			}
			for _, name := range service.actions {
				if action := prefix + ":" + name; !covered(actions, action) && fits(s, action) {
					add(append(slices.Clone(actions), action), action)
				}
			}
		}
	}
	return out
}

// of is the edited document; the one before stays as it is.
func (e edit) of(doc document) document {
	doc.Statement = slices.Clone(doc.Statement)
	doc.Statement[e.at].Action = e.actions
	return doc
}

// covered tells whether one of the patterns matches an action or a pattern of actions.
func covered(patterns []string, action string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, action)
		return ok && err == nil
	})
}

// fits tells whether a statement's resources are of a kind that the action is for.
func fits(s statement, action string) bool {
	if resources := listed(s.Resource); len(resources) == 1 && strings.HasPrefix(action, "s3:") && resources[0] != "*" {
		return strings.Contains(action, "Object") == strings.Contains(resources[0], "/")
	}
	return slices.Contains(listed(s.Resource), "*") || !strings.Contains(action, ":List") && !strings.Contains(action, ":Describe")
}

// editInline lets an inline policy gain or lose an action.
func (a *account) editInline(round int) (Change, bool) {
	gaining := round%2 == 0
	possible := func(p inlinePolicy) bool { return len(edits(p.PolicyDocument, gaining)) > 0 }
	h, ok := a.someHolder(func(h holder) bool { return slices.ContainsFunc(*h.inline, possible) })
	if !ok {
		return Change{}, false
	}
	before, _ := oneOf(a.r, *h.inline, possible)
	e, _ := oneOf(a.r, edits(before.PolicyDocument, gaining), func(edit) bool { return true })
	after := inlinePolicy{before.PolicyName, e.of(before.PolicyDocument)}
	list := slices.Clone(*h.inline)
	list[slices.IndexFunc(list, func(p inlinePolicy) bool { return p.PolicyName == before.PolicyName })] = after
	*h.inline = list
	return Change{Entity: h.arn, Before: before, After: after, Access: affected(a.who(h), e.effect)}, true
}

// newVersion gives a managed policy of the account another default version.
func (a *account) newVersion(round int) (Change, bool) {
	gaining := round%2 == 0
	var list []*managedPolicy
	for i := range a.details.Policies {
		list = append(list, &a.details.Policies[i])
	}
	p, ok := oneOf(a.r, list, func(p *managedPolicy) bool {
		return a.own(p.Arn) && !a.touched[p.Arn] && a.attached[p.Arn]+a.bounded[p.Arn] > 0 && len(edits(p.PolicyVersionList[0].Document, gaining)) > 0
	})
	if !ok {
		return Change{}, false
	}
	versions := slices.Clone(p.PolicyVersionList) // the default is the first
	before := versions[0]
	e, _ := oneOf(a.r, edits(before.Document, gaining), func(edit) bool { return true })
	versions[0].IsDefaultVersion = false
	after := policyVersion{e.of(before.Document), fmt.Sprintf("v%d", len(versions)+1), true, created}
	p.PolicyVersionList, p.DefaultVersionId = slices.Insert(versions, 0, after), after.VersionId
	n := 0
	for _, h := range a.holders() { // a group has no boundary and counts for the users in it
		if h.boundary != nil && (a.has(h, p.Arn) || *h.boundary != nil && (*h.boundary).PermissionsBoundaryArn == p.Arn) {
			n++
		}
	}
	if n == 0 { // attached to an empty group
		return Change{Entity: p.Arn, Before: before, After: after, Access: noAccess}, true
	}
	return Change{Entity: p.Arn, Before: before, After: after,
		Access: affected(counted(n, "principal", "principals")+" with "+p.PolicyName+", through a group or as boundary too", e.effect)}, true
}

// mentions tells whether the JSON of v has a text in it.
func mentions(v any, text string) bool {
	b, err := json.Marshal(v)
	return err != nil || strings.Contains(string(b), text)
}

// editTrust lets another account assume a role, or asks for more of those who may.
func (a *account) editTrust(round int) (Change, bool) {
	if round%2 != 0 {
		return a.narrowTrust()
	}
	other := a.someAccount()
	h, ok := a.someHolder(func(h holder) bool { return h.trust != nil && !mentions(h.trust, "iam::"+other+":root") })
	if !ok {
		return Change{}, false
	}
	before := *h.trust
	after := document{before.Version, append(slices.Clone(before.Statement), statement{Effect: "Allow", Action: "sts:AssumeRole"}.
		to(by("AWS", "arn:aws:iam::"+other+":root")).when("StringEquals", "aws:PrincipalOrgID", a.orgID))}
	*h.trust = after
	return Change{Entity: h.arn, Before: before, After: after,
		Access: affected("principals of account "+other+" that may do sts:AssumeRole", "gain the role "+h.arn)}, true
}

// narrowTrust adds a condition to the first statement of a role's trust policy.
func (a *account) narrowTrust() (Change, bool) {
	narrowed := func(h holder) (after document, who string, ok bool) {
		if h.trust == nil {
			return document{}, "", false
		}
		after = document{h.trust.Version, slices.Clone(h.trust.Statement)}
		s := &after.Statement[0]
		kinds, _ := s.Principal.(map[string]any)
		switch {
		case kinds["Service"] != nil && s.Condition == nil:
			*s = s.when("StringEquals", "aws:SourceAccount", a.id)
			return after, fmt.Sprint("service ", kinds["Service"]), true
		case kinds["AWS"] != nil && s.Condition["Bool"] == nil:
			*s = s.when("Bool", "aws:MultiFactorAuthPresent", "true")
			return after, fmt.Sprint("principals of ", kinds["AWS"]), true
		}
		return document{}, "", false
	}
	h, ok := a.someHolder(func(h holder) bool { _, _, ok := narrowed(h); return ok })
	if !ok {
		return Change{}, false
	}
	before := *h.trust
	after, who, _ := narrowed(h)
	*h.trust = after
	condition, _ := json.Marshal(after.Statement[0].Condition) // strings in maps
	return Change{Entity: h.arn, Before: before, After: after, Access: affected(who, "assume "+h.arn+" only where "+string(condition))}, true
}

// customerKey tells whether a resource is a key whose policy and tags are the account's to change.
func customerKey(r *resource) bool {
	return r.Type == "AWS::KMS::Key" && r.Attributes["KeyManager"] == "CUSTOMER"
}

// someResource draws one of the resources that no change has been made to yet.
func (a *account) someResource(ok func(*resource) bool) (*resource, bool) {
	var list []*resource
	for i := range a.resources {
		list = append(list, &a.resources[i])
	}
	return oneOf(a.r, list, func(r *resource) bool { return !a.touched[r.Arn] && ok(r) })
}

// editResource adds a statement to the policy of a key or bucket, or takes the last one away where one is left.
func (a *account) editResource(round int) (Change, bool) {
	removing := round%2 != 0
	r, ok := a.someResource(func(r *resource) bool {
		return (customerKey(r) || r.Type == "AWS::S3::Bucket") && (!removing || r.Policy != nil && len(r.Policy.Statement) > 1)
	})
	if !ok {
		return Change{}, false
	}
	c := Change{Entity: r.Arn, Before: r.Policy}
	after := policyOf()
	if r.Policy != nil {
		after = document{r.Policy.Version, slices.Clone(r.Policy.Statement)}
	}
	if removing {
		last := len(after.Statement) - 1
		s := after.Statement[last]
		who, _ := json.Marshal(s.Principal) // strings, lists and maps of them
		verb := "lose"
		if s.Effect == "Deny" {
			verb = "gain"
		}
		c.Access = affected(string(who), verb+" "+strings.Join(listed(s.Action), ", ")+" on "+r.Arn)
		after.Statement = after.Statement[:last]
	} else {
		who := a.somePrincipal()
		if a.r.chance(40) {
			who = "arn:aws:iam::" + a.someAccount() + ":root"
		}
		s := allow([]string{"kms:Decrypt", "kms:DescribeKey"}, "*")
		if r.Type == "AWS::S3::Bucket" {
			s = allow("s3:GetObject", r.Arn+"/*")
		}
		s = s.as("Added").to(by("AWS", who))
		after.Statement = append(after.Statement, s)
		c.Access = affected(who, "gains "+strings.Join(listed(s.Action), ", ")+" on "+r.Arn)
	}
	r.Policy, c.After = &after, &after
	return c, true
}
