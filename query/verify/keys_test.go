package verify_test

import (
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// values gives every value that a request of p for an action on a target can have under a key (C30–C37): nil stands for absence.
// One element means that the snapshot knows it. asked is whether the question itself speaks of the key.
func (n *naive) values(p *principal, action string, t *target, key string, asked bool) []*policy.ContextValue {
	if vs, ok := n.principalValues(p, key); ok {
		return vs
	}
	if vs, ok := n.resourceValues(t, action, key); ok {
		return vs
	}
	own := p.Kind == evaluator.User || p.Kind == evaluator.RoleSession || p.Kind == evaluator.Root
	switch key {
	case "aws:sourceip", "aws:sourcevpce", "aws:tagkeys", "aws:requesttag/team": // C32, C34
		if key == "aws:sourcevpce" && p.Kind == evaluator.Service { // D46
			return absent()
		}
		return free(key)
	case "aws:viaawsservice":
		if p.Kind == evaluator.Service { // D35: a forwarded call is the caller's own
			return known("false")
		}
		return present(key)
	case "kms:viaservice":
		if p.Kind == evaluator.Service {
			return absent()
		}
	case "aws:currenttime":
		return present(key)
	case "aws:securetransport":
		if !asked {
			return known("true")
		}
		return present(key)
	case "aws:sourceaccount", "aws:sourcearn": // C36
		if p.Kind == evaluator.Service {
			return free(key)
		}
		return absent()
	case "kms:calleraccount":
		if p.Account != "" {
			return known(p.Account)
		}
		if own || p.Kind != evaluator.Service {
			return absent()
		}
		return open(singles("111111111111", "222222222222", "999999999998"))
	case "token.actions.githubusercontent.com:sub", "token.actions.githubusercontent.com:aud": // C37
		if strings.EqualFold(action, "sts:AssumeRoleWithWebIdentity") {
			return free(key)
		}
		return absent()
	}
	if a, ok := n.catalog.Action(action); ok && !a.HasKey(key) { // C30
		return absent()
	}
	return free(key)
}

func known(v string) []*policy.ContextValue {
	c := policy.Single(v)
	return []*policy.ContextValue{&c}
}

func absent() []*policy.ContextValue { return []*policy.ContextValue{nil} }

// present is every value that policies tell apart; free is those and absence.
func present(key string) []*policy.ContextValue {
	var out []*policy.ContextValue
	for i := range poolOf(key).contexts {
		out = append(out, &poolOf(key).contexts[i])
	}
	return out
}

func free(key string) []*policy.ContextValue { return append(absent(), present(key)...) }

func open(values []policy.ContextValue) []*policy.ContextValue {
	out := absent()
	for i := range values {
		out = append(out, &values[i])
	}
	return out
}

// principalValues is the table C31.
func (n *naive) principalValues(p *principal, key string) ([]*policy.ContextValue, bool) {
	if p.outside {
		return n.outsideValues(p, key)
	}
	role := p.Kind == evaluator.RoleSession
	switch key {
	case "aws:principalarn":
		if role {
			return known(p.RoleARN), true
		}
		return known(p.ARN), true
	case "aws:principalaccount":
		return known(p.Account), true
	case "aws:principaltype":
		return known(map[string]string{"user": "User", "role": "AssumedRole", "root": "Account"}[p.kind]), true
	case "aws:username":
		if p.kind == "user" {
			return known(p.name), true
		}
		return absent(), true
	case "aws:principaltag/team", "aws:principaltag/none":
		return n.tagValues(p, key), true
	case "aws:principalorgid", "aws:principalorgpaths":
		return n.orgValues(p.Account, key), true
	case "aws:principalisawsservice":
		return known("false"), true
	case "aws:multifactorauthpresent":
		if role {
			return present(key), true
		}
		return free(key), true
	case "aws:multifactorauthage":
		return free(key), true
	}
	return nil, false
}

func (n *naive) tagValues(p *principal, key string) []*policy.ContextValue {
	_, name, _ := strings.Cut(key, "/")
	has := ""
	for _, t := range p.tags {
		if strings.EqualFold(t.Key, name) {
			has = t.Value
		}
	}
	switch {
	case p.kind == "root":
		return absent()
	case p.freeTags && name == "none":
		return open(singles("shared", "zzz"))
	case p.freeTags && has != "": // the role's own, or one that the session brings along
		return present(key)
	case p.freeTags:
		return free(key)
	case has != "":
		return known(has)
	}
	return absent()
}

// orgValues are the organization keys of an account (C31, C33, F10).
func (n *naive) orgValues(account, key string) []*policy.ContextValue {
	path := strings.HasSuffix(key, "paths")
	switch {
	case n.facts.Organization == nil && path:
		return open(orgPaths)
	case n.facts.Organization == nil:
		return open(poolOf("aws:principalorgid").contexts)
	case !n.inOrganization(account):
		return absent()
	case path:
		up := n.above(account)
		v := policy.Multi(n.facts.Organization.ID + "/" + strings.Join(up[:len(up)-1], "/") + "/")
		return []*policy.ContextValue{&v}
	}
	return known(n.facts.Organization.ID)
}

// resourceValues is C33 and the Region of C34.
func (n *naive) resourceValues(t *target, action, key string) ([]*policy.ContextValue, bool) {
	switch key {
	case "aws:resourcetag/team", "iam:resourcetag/team":
		if t.of == nil || !t.of.tagsKnown || action == "iam:PassRole" { // D49
			return free(key), true
		}
		for _, tag := range t.of.tags {
			if strings.EqualFold(tag.Key, "team") {
				return known(tag.Value), true
			}
		}
		return absent(), true
	case "aws:resourceaccount":
		if t.account == "aws" {
			return known("639982225848"), true // D6
		}
		return known(t.account), true
	case "aws:resourceorgid":
		return n.orgValues(t.account, key), true
	case "aws:requestedregion":
		service, _, _ := strings.Cut(strings.ToLower(action), ":")
		if service == "iam" {
			return known("us-east-1"), true
		}
		if t.of != nil && t.of.region != "" {
			return known(t.of.region), true
		}
		if parts := strings.SplitN(t.arn, ":", 6); len(parts) == 6 && parts[3] != "" && !n.freeRegion {
			return known(parts[3]), true
		}
		return present(key), true
	}
	return nil, false
}

// consistent tells contexts that can occur (C31, C32, C34).
func consistent(ctx *policy.Context, inPlay map[string]bool) bool {
	_, ip := ctx.Lookup("aws:sourceip")
	_, endpoint := ctx.Lookup("aws:sourcevpce")
	if inPlay["aws:sourceip"] && inPlay["aws:sourcevpce"] && ip == endpoint {
		return false
	}
	_, age := ctx.Lookup("aws:multifactorauthage")
	if mfa, _ := ctx.Lookup("aws:multifactorauthpresent"); age && inPlay["aws:multifactorauthpresent"] && mfa.Single != "true" {
		return false
	}
	via, hasVia := ctx.Lookup("aws:viaawsservice")
	for _, key := range []string{"kms:viaservice", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast"} { // C34
		if _, forwarded := ctx.Lookup(key); hasVia && via.Single == "false" && forwarded {
			return false
		}
	}
	return true
}
