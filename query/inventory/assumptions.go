package inventory

import (
	"fmt"

	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/query/syntax"
)

// Assumptions says what was not given that rows of a kind could tell more from.
func (v *Inventory) Assumptions(k syntax.Kind) []string {
	g := v.gapsOf()
	var out []string
	say := func(n, of int, name, what, consequence string) {
		if n > 0 {
			out = append(out, fmt.Sprintf("%s (%d of %d %s): %s", name, n, of, what, consequence))
		}
	}
	switch k {
	case syntax.Users, syntax.Principals:
		say(g.report, g.accounts, "no-credential-report", "accounts", "mfa, console and keys of their users are not known, nor when passwords and keys were used")
		say(g.unreported, g.users, "not-in-credential-report", "users", "the report of their account has no line of them, or one whose mfa, console or keys cannot be read, so that these are not known")
	case syntax.Keys:
		say(g.report, g.accounts, "no-credential-report", "accounts", "their access keys are no rows")
		say(g.unlisted, g.users, "not-in-credential-report", "users", "the report of their account has no line of them, so that their access keys are no rows")
	case syntax.Resources:
		say(g.resources, g.accounts, "no-resource-policies", "accounts", "their resources are no rows")
		say(g.untagged, g.things, "no-resource-tags", "resources", "their tags were not given")
	case syntax.Statements:
		say(g.resources, g.accounts, "no-resource-policies", "accounts", "the statements of their resources are no rows")
	case syntax.Compute:
		say(g.compute, g.accounts, "no-compute", "accounts", "what runs there is no row")
	case syntax.Providers:
		say(g.providers, g.accounts, "no-identity-providers", "accounts", "their providers are no rows")
	case syntax.Accounts, syntax.Groups, syntax.Policies, syntax.Roles, syntax.Snapshots:
	}
	switch k {
	case syntax.Roles, syntax.Principals:
		say(g.used, g.roles, "no-role-last-used", "roles", "last_used is not known of them, but by service-last-accessed data")
	}
	switch k {
	case syntax.Users, syntax.Roles, syntax.Principals:
		say(g.accessed, g.accounts, "no-service-last-accessed", "accounts", "last_used is as the other observations have it")
	}
	switch k {
	case syntax.Policies, syntax.Statements:
		say(g.documents, g.policies, "missing-document", "policies", "their documents are not in the snapshot")
	}
	if v.facts.Organization == nil {
		switch k {
		case syntax.Accounts:
			out = append(out, "no-organization-data: names, OUs and accounts that were not read are not known")
		case syntax.Policies, syntax.Statements:
			out = append(out, "no-organization-data: SCPs and RCPs are no rows")
		}
	} else if n := v.unread(); n > 0 && k != syntax.Accounts && k != syntax.Snapshots {
		out = append(out, fmt.Sprintf("accounts-not-read (%d): what is in them is no row", n))
	}
	return out
}

// gaps counts what was not given.
type gaps struct {
	accounts, report, accessed, resources, compute, providers int
	users, unreported, unlisted                               int // unlisted: without a line in a report that was given
	things, untagged                                          int
	roles, used                                               int
	policies, documents                                       int
}

func (v *Inventory) gapsOf() gaps {
	g := gaps{accounts: len(v.facts.Accounts)}
	for _, a := range v.facts.Accounts {
		o := v.of(a.ID)
		count := func(missing bool, n *int) {
			if missing {
				*n++
			}
		}
		count(len(o.report) == 0, &g.report)
		count(len(o.accessed) == 0, &g.accessed)
		count(!given(a, graph.KindResourcePolicies) && len(a.Resources) == 0, &g.resources)
		count(!given(a, graph.KindCompute) && len(a.Compute) == 0, &g.compute)
		count(!given(a, graph.KindIdentityProviders) && len(a.Providers) == 0, &g.providers)
		g.users += len(a.Users)
		for _, u := range a.Users {
			c := v.credentials(a.ID, string(u.ARN))
			count(len(o.report) > 0 && (c.MFA == nil || c.Console == nil || c.Keys == nil), &g.unreported)
			count(len(o.report) > 0 && o.report[string(u.ARN)] == nil, &g.unlisted)
		}
		g.things += len(a.Resources)
		for _, r := range a.Resources {
			count(!r.TagsKnown, &g.untagged)
		}
		g.roles += len(a.Roles)
		for _, r := range a.Roles {
			count(o.roles[string(r.ARN)] == nil, &g.used)
		}
		g.policies += len(a.Policies)
		for _, p := range a.Policies {
			h, _ := p.Default()
			count(v.facts.Documents[h] == nil, &g.documents)
		}
	}
	return g
}

// given tells whether data of a kind was there to be read.
func given(a *graph.Account, kind string) bool {
	for _, c := range a.Coverage {
		if c.Kind == kind {
			return c.State != graph.CoverageNotAsked
		}
	}
	return false
}

// unread counts the accounts of the organization that the snapshot does not hold.
func (v *Inventory) unread() int {
	n := 0
	for id := range v.accounts {
		if !v.read[id] {
			n++
		}
	}
	return n
}
