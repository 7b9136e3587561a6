package verify_test

import (
	"strings"

	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
)

// stranger stands for any account that nobody of the snapshot and no policy speaks of.
const stranger = "999999999999"

// anyService stands for an AWS service that no policy names (A22).
const anyService = "any.amazonaws.com"

// grantees lists everyone outside of the snapshot whom a resource's own policy or a grant on it speaks of, as callers whose own
// account allows everything (D50). Several callers may stand for one grantee: their answers are one row.
func (n *naive) grantees(r *resource) []*principal {
	seen := map[string]bool{}
	var out []*principal
	add := func(ps ...*principal) {
		for _, p := range ps {
			if id := p.kind + p.arn + p.ARN; !seen[id] {
				seen[id] = true
				p.outside = true
				if n.facts.Organization != nil {
					p.Management = p.Account == string(n.facts.Organization.ManagementAccount)
				}
				p.scps = n.levels(p.Account, graph.ServiceControlPolicy, policy.SCP) // D10: a member's, read or not
				p.identity = []evaluator.Policy{{Name: "assumed", Doc: policy.Parse(policy.Identity, []byte(
					`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`))}}
				out = append(out, p)
			}
		}
	}
	if r.policy != nil {
		for _, st := range r.policy.Doc.Statements {
			if st.Effect == policy.Deny {
				continue
			}
			for _, e := range st.Principals.Entries {
				add(n.grantee(e.Kind, e.Text, e.Account)...)
			}
		}
	}
	for _, g := range r.grants {
		for _, text := range []string{g.Grantee, g.Retiring, "arn:aws:iam::" + g.IssuingAccount + ":root"} { // D33
			account := strings.Split(text+":::::", ":")[4]
			kind := policy.PrincipalARN
			if strings.HasSuffix(text, ":root") {
				kind = policy.PrincipalAccount
			}
			add(n.grantee(kind, text, account)...)
		}
	}
	return out
}

func (n *naive) grantee(kind policy.PrincipalKind, text, account string) []*principal {
	switch kind {
	case policy.PrincipalEveryone:
		return []*principal{{kind: "public", arn: "*", Principal: evaluator.Principal{Kind: evaluator.Anonymous}}, n.someone("public", "*", stranger, "anyone"),
			{kind: "service", arn: "*", name: anyService, Principal: evaluator.Principal{Kind: evaluator.Service, ARN: anyService}}}
	case policy.PrincipalService:
		return []*principal{{kind: "service", arn: text, name: text, Principal: evaluator.Principal{Kind: evaluator.Service, ARN: text}}}
	case policy.PrincipalFederated:
		return []*principal{{kind: "provider", arn: text, Principal: evaluator.Principal{Kind: evaluator.OIDCFederated, ARN: text}}}
	}
	if account == "" || n.read(account) {
		return nil
	}
	if kind == policy.PrincipalAccount {
		return []*principal{n.someone("account", "arn:aws:iam::"+account+":root", account, "someone")}
	}
	name := text[strings.LastIndexByte(text, '/')+1:]
	if strings.Contains(text, ":user/") {
		return []*principal{{kind: "user", arn: text, name: name, Principal: evaluator.Principal{Kind: evaluator.User, ARN: text, Account: account, UniqueID: "AIDAEVE"}}}
	}
	p := n.someone("role", text, account, name)
	p.RoleARN = text
	return []*principal{p}
}

func (n *naive) someone(kind, arn, account, role string) *principal {
	return &principal{kind: kind, arn: arn, name: role, Principal: evaluator.Principal{
		Kind: evaluator.RoleSession, Account: account, ARN: sessionARN(account, role, "session"), RoleARN: "arn:aws:iam::" + account + ":role/" + role, UniqueID: "AROASOMEONE",
	}}
}

// read tells whether an account's own export is there.
func (n *naive) read(account string) bool {
	for _, a := range n.facts.Accounts {
		if string(a.ID) == account {
			return true
		}
	}
	return false
}

// outsideValues is C31 for callers whose account was not read: what names them is known, all else is open.
func (n *naive) outsideValues(p *principal, key string) ([]*policy.ContextValue, bool) {
	if p.Kind == evaluator.Service {
		switch key {
		case "aws:principalisawsservice":
			return known("true"), true
		case "aws:principalaccount":
			return open(singles("111111111111", "222222222222", "333333333333", "999999999998")), true
		case "aws:principaltype":
			return open(singles("User", "AssumedRole", "Account", "x")), true
		}
	}
	if p.Kind != evaluator.RoleSession && p.Kind != evaluator.User { // services, anonymous and federated callers
		switch key {
		case "aws:principalaccount":
			if p.Kind == evaluator.Anonymous {
				return known("anonymous"), true
			}
		case "aws:principaltype":
			if p.Kind == evaluator.Anonymous {
				return known("Anonymous"), true
			}
		}
		if strings.HasPrefix(key, "aws:principal") || strings.HasPrefix(key, "aws:multifactor") || key == "aws:username" {
			return absent(), true
		}
		return nil, false
	}
	switch key {
	case "aws:principalarn":
		if p.kind == "account" {
			vs := singles("arn:aws:iam::"+p.Account+":role/someone", "arn:aws:iam::"+p.Account+":user/someone", "arn:aws:iam::"+p.Account+":role/Admin")
			return open(vs)[1:], true
		}
		if p.Kind == evaluator.RoleSession {
			return known(p.RoleARN), true
		}
		return known(p.ARN), true
	case "aws:principalaccount":
		return known(p.Account), true
	case "aws:principalorgid", "aws:principalorgpaths":
		if n.inOrganization(p.Account) || n.facts.Organization == nil {
			return n.orgValues(p.Account, key), true
		}
		if key == "aws:principalorgid" {
			return open(singles("o-other", "o-third")), true
		}
		return open([]policy.ContextValue{policy.Multi("o-other/r-x/"), policy.Multi("o-third/r-y/")}), true
	case "aws:principalisawsservice":
		return known("false"), true
	case "aws:username":
		if p.Kind == evaluator.User && p.kind == "user" {
			return known(p.name), true
		}
		if p.kind == "role" {
			return absent(), true
		}
		return open(singles("alice", "bob", "zzz")), true
	case "aws:principaltype":
		if p.Kind == evaluator.User && p.kind == "user" {
			return known("User"), true
		}
		if p.kind == "role" {
			return known("AssumedRole"), true
		}
		return open(singles("User", "AssumedRole", "Account"))[1:], true // somebody of the account, of whatever kind
	case "aws:principaltag/team":
		return free(key), true
	case "aws:principaltag/none":
		return open(singles("shared", "zzz")), true
	case "aws:multifactorauthpresent":
		if p.kind == "role" {
			return present(key), true
		}
		return free(key), true
	case "aws:multifactorauthage":
		return free(key), true
	}
	return nil, false
}
