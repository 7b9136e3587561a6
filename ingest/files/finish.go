package files

import (
	"cmp"
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/accessgraph/accessgraph/graph"
)

// equal compares facts in full.
func equal(x, y any) bool { return reflect.DeepEqual(x, y) }

// finish turns everything that was read into facts.
func (b *builder) finish(ctx context.Context) (*graph.Facts, error) {
	if err := b.settle(); err != nil {
		return nil, err
	}
	facts := &graph.Facts{Documents: b.documents.all}
	organization, err := b.buildOrganization()
	if err != nil {
		var bad *Error
		if bad, _ = err.(*Error); !b.partial || bad == nil {
			return nil, err
		}
		b.note("", graph.Coverage{Kind: graph.KindOrganization, State: graph.CoverageFailed, Error: bad.Problem}, bad.Error())
		b.cut = true
	}
	if organization != nil {
		facts.Organization = organization
		b.stateOrganization(organization)
	}
	ids := slices.Sorted(maps.Keys(b.accounts))
	for _, id := range ids {
		b.accounts[id].dropContradictions()
		b.accounts[id].seen = nil // nothing more comes, and with its like it is as large as the facts
	}
	b.deferred, b.documents.byRaw = nil, nil
	if err := b.documents.checkAll(ctx, func(use func(documentUse)) {
		for _, id := range ids {
			eachUse(b.accounts[id].account, use)
		}
	}); err != nil {
		return nil, err
	}
	for _, id := range ids {
		a := b.accounts[id]
		b.stateCoverage(a)
		b.checkAccount(a)
		b.addExact(id, &a.account.Coverage, a.reasons)
		facts.Accounts = append(facts.Accounts, a.account)
		if o := a.observed.facts(id); o != nil {
			facts.Observations = append(facts.Observations, o)
		}
	}
	b.addExact("", &b.coverage, nil)
	facts.Coverage = b.coverage
	if b.cut {
		b.documents.keep(usedDocuments(facts))
	}
	b.report.Documents, b.report.DistinctDocuments = b.documents.met, len(b.documents.all)
	facts.Normalize()
	return facts, nil
}

// note adds an entry of coverage to an account, or to no account, and says in the report what is incomplete.
func (b *builder) note(id graph.AccountID, c graph.Coverage, incomplete string) {
	if id == "" {
		b.coverage = append(b.coverage, c)
	} else {
		a := b.in(id).account
		a.Coverage = append(a.Coverage, c)
	}
	if incomplete != "" {
		b.report.Incomplete = append(b.report.Incomplete, incomplete)
	}
}

// leaveOut names a file that could not be used (Options.Partial).
func (b *builder) leaveOut(file *source, bt *batch, err *Error) {
	b.cut = true
	b.report.Incomplete = append(b.report.Incomplete, err.Error())
	kinds := map[string]bool{kindOfName(file.contractName()): true}
	var ids []graph.AccountID
	if bt != nil {
		maps.Copy(kinds, bt.kinds)
		ids = slices.Sorted(maps.Keys(bt.accounts))
	}
	if file.scope.account != "" {
		ids = []graph.AccountID{file.scope.account}
	}
	if kinds[graph.KindOrganization] {
		ids = nil
		b.note("", graph.Coverage{Kind: graph.KindOrganization, State: graph.CoverageFailed, Error: "an input could not be used"}, "")
	}
	input := graph.Coverage{Kind: graph.KindInput, State: graph.CoverageFailed, Error: cmp.Or(file.contractName(), graph.UnknownInput) + ": " + err.Problem}
	if len(ids) == 0 {
		b.note("", input, "")
	}
	for _, id := range ids {
		b.note(id, input, "")
		b.in(id).fail(kinds, "an input could not be used")
	}
}

// leaveOutEntry names an entry of a list that could not be used (Options.Partial).
func (b *builder) leaveOutEntry(ids []graph.AccountID, l leftOut) {
	b.cut = true
	b.report.Incomplete = append(b.report.Incomplete, l.err.Error())
	input := graph.Coverage{Kind: graph.KindInput, State: graph.CoverageFailed, Error: l.kind + ": " + l.err.Problem}
	if l.kind == graph.KindOrganization || len(ids) == 0 {
		b.note("", input, "")
		b.note("", graph.Coverage{Kind: l.kind, State: graph.CoverageFailed, Error: "an entry could not be used"}, "")
		return
	}
	for _, id := range ids {
		b.note(id, input, "")
		b.in(id).fail(map[string]bool{l.kind: true}, "an entry could not be used")
	}
}

// fail remembers that kinds are incomplete, whatever coverage.json says.
func (a *accountBuilder) fail(kinds map[string]bool, reason string) {
	for kind := range kinds {
		if kind != "" && !strings.HasPrefix(kind, "(") {
			a.reasons[kind] = reason
		}
	}
}

// kindsByName gives the kind of coverage that each file of an account's directory fills.
var kindsByName = map[string]string{
	"account-authorization-details": graph.KindIAM, "resource-policies": graph.KindResourcePolicies, "compute": graph.KindCompute,
	"account-settings": graph.KindAccountSettings, "password-policy": graph.KindPasswordPolicy, "shares": graph.KindShares,
	"kms-grants": graph.KindGrants, "saml-providers": graph.KindIdentityProviders, "open-id-connect-providers": graph.KindIdentityProviders,
}

// kindOfName gives the kind of coverage that a file of an export directory fills; empty for those that have none.
func kindOfName(name string) string {
	if name == "organization" {
		return graph.KindOrganization
	}
	return kindsByName[name]
}

// stateOrganization says that the organization was read, unless a part of it had to be left out.
func (b *builder) stateOrganization(o *graph.Organization) {
	_, exact := b.exact[""]
	known := slices.ContainsFunc(b.coverage, func(c graph.Coverage) bool { return c.Kind == graph.KindOrganization })
	if !known && (!exact || len(b.organization.bad) > 0) {
		state := graph.Coverage{Kind: graph.KindOrganization, State: graph.CoverageComplete}
		if len(b.organization.bad) > 0 {
			state.State, state.Error = graph.CoverageFailed, "contradictory facts were left out"
		}
		b.note("", state, "")
	}
	eachOrganizationUse(o, func(d documentUse) { b.checkDocument("", d) })
}

// dropContradictions takes out the entities of which two versions were given (Options.Partial).
func (a *accountBuilder) dropContradictions() {
	if len(a.bad) == 0 {
		return
	}
	acc := a.account
	acc.Users = without(a, "user", acc.Users, func(v *graph.User) string { return string(v.ARN) })
	acc.Groups = without(a, "group", acc.Groups, func(v *graph.Group) string { return string(v.ARN) })
	acc.Roles = without(a, "role", acc.Roles, func(v *graph.Role) string { return string(v.ARN) })
	acc.Policies = without(a, "policy", acc.Policies, func(v *graph.ManagedPolicy) string { return string(v.ARN) })
	acc.Resources = without(a, "resource", acc.Resources, func(v *graph.Resource) string { return string(v.ARN) })
	acc.Compute = without(a, "compute", acc.Compute, func(v *graph.Compute) string { return string(v.ARN) })
	acc.Grants = without(a, "grant", acc.Grants, func(v *graph.KMSGrant) string { return string(v.Key) + " " + v.ID })
	acc.Providers = without(a, "identity provider", acc.Providers, func(v *graph.Provider) string { return string(v.ARN) })
	for key := range a.bad {
		switch {
		case key.what == "password policy":
			acc.Password = nil
		case key.what == "account aliases":
			acc.Aliases = nil
		case strings.HasSuffix(key.what, " of account") && acc.Settings != nil:
			acc.Settings = nil
		}
		a.account.Coverage = append(a.account.Coverage, graph.Coverage{Kind: graph.KindInput, State: graph.CoverageFailed, Error: "contradictory " + key.what + ": " + shorten(key.id)})
		a.fail(map[string]bool{kindOfEntity(key.what): true}, "contradictory facts were left out")
	}
}

func kindOfEntity(what string) string {
	switch what {
	case "user", "group", "role", "policy":
		return graph.KindIAM
	case "resource":
		return graph.KindResourcePolicies
	case "compute":
		return graph.KindCompute
	case "grant":
		return graph.KindGrants
	case "identity provider":
		return graph.KindIdentityProviders
	case "S3PublicAccessBlock of account", "RootFeatures of account":
		return graph.KindAccountSettings
	case "password policy":
		return graph.KindPasswordPolicy
	default:
		return ""
	}
}

func without[E any](a *accountBuilder, what string, list []*E, id func(*E) string) []*E {
	return slices.DeleteFunc(list, func(v *E) bool { return a.bad[entityKey{what, id(v)}] })
}

// stateCoverage fills the coverage of an account: what coverage.json says, failed for what had to be left out or is cut off,
// and complete for every other kind that was given and that coverage.json does not speak of. Kinds that were neither given
// nor spoken of have no entry.
func (b *builder) stateCoverage(a *accountBuilder) {
	state := func(c graph.Coverage) { a.account.Coverage = append(a.account.Coverage, c) }
	say := func(c graph.Coverage) {
		b.report.Incomplete = append(b.report.Incomplete, inAccount(a.account.ID)+c.String())
	}
	for kind, whole := range a.given {
		if !whole && a.reasons[kind] == "" {
			a.reasons[kind] = truncated
			say(graph.Coverage{Kind: kind, State: graph.CoverageFailed, Error: truncated})
		}
	}
	spoken := map[string]bool{}
	for key, it := range a.stated {
		spoken[key.kind] = true
		if key.region == "" && a.reasons[key.kind] != "" {
			continue // failed, whatever coverage.json says
		}
		c, _ := it.value.(graph.Coverage)
		state(c)
		if c.Incomplete() {
			say(c)
		}
		if _, given := a.given[c.Kind]; !given && c.State == graph.CoverageComplete && isFileKind(c.Kind) {
			b.report.Warnings = append(b.report.Warnings, inAccount(a.account.ID)+"coverage says that "+c.Kind+" is complete, and no file has any: was one forgotten?")
		}
	}
	_, exact := b.exact[a.account.ID]
	for kind := range a.given {
		if !exact && !spoken[kind] && a.reasons[kind] == "" {
			state(graph.Coverage{Kind: kind, State: graph.CoverageComplete})
		}
	}
	for kind, reason := range a.reasons {
		state(graph.Coverage{Kind: kind, State: graph.CoverageFailed, Error: reason})
	}
}

// isFileKind tells whether a kind of coverage is that of a file, and not of a type of resource within one.
func isFileKind(kind string) bool {
	for _, k := range kindsByName {
		if k == kind {
			return true
		}
	}
	return false
}

// truncated is why a kind is incomplete whose last page says that there are more.
const truncated = "truncated: the last page is missing"
