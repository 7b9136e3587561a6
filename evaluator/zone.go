package evaluator

import (
	"fmt"
	"strings"

	"github.com/accessgraph/accessgraph/evaluator/region"
)

// zone is a zone of trust (D50): who counts as inside. Unless it is replaced it begins with the organization and the accounts of the snapshot.
type zone struct {
	world     *World
	replaced  bool // accounts and organizations alone are inside
	accounts  map[string]bool
	orgs      map[string]bool
	providers []region.Matcher // ARNs of identity providers that are trusted (E21)
}

// zone is the zone of trust that a snapshot has by itself.
func (w *World) zone() *zone { return &zone{world: w} }

// ZoneError is returned for a member of a zone of trust that is none.
type ZoneError struct{ Text, Want string }

func (e *ZoneError) Error() string { return fmt.Sprintf("%q: want %s", e.Text, e.Want) }

// CheckZone finds what is wrong with members of a zone of trust and with what is trusted beside it, as ExternalOptions takes them. Errors are *ZoneError.
func CheckZone(members, trusted []string) error {
	_, err := (&World{}).zoneOf(members, trusted)
	return err
}

// zoneOf makes the zone of trust of a question about external access: trusted members are inside beside those of the zone, which are all others
// where there are some.
func (w *World) zoneOf(members, trusted []string) (*zone, error) {
	z := &zone{world: w, replaced: len(members) > 0, accounts: map[string]bool{}, orgs: map[string]bool{}}
	for _, m := range members {
		if !z.add(m) {
			return nil, &ZoneError{m, "an account number or the id of an organization, o-…"}
		}
	}
	for _, t := range trusted {
		switch {
		case z.add(t):
		case providerARN(t):
			z.providers = append(z.providers, region.Compile(region.Glob(t, false)))
		default:
			return nil, &ZoneError{t, "an account number, the id of an organization, o-…, or the ARN of an identity provider"}
		}
	}
	return z, nil
}

// add takes in an account or an organization; false: it is neither.
func (z *zone) add(member string) bool {
	switch {
	case isAccountID(member):
		z.accounts[member] = true
	case organizationID(member):
		z.orgs[member] = true
	default:
		return false
	}
	return true
}

// organizationID tells whether a text has the form of an organization's id.
func organizationID(s string) bool {
	rest, ok := strings.CutPrefix(s, "o-")
	if !ok || rest == "" {
		return false
	}
	return strings.IndexFunc(rest, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) < 0
}

// providerARN tells whether a text is the ARN of an identity provider, or a pattern of such.
func providerARN(s string) bool {
	kind, _, _ := strings.Cut(arnField(s, 6), "/")
	return arnField(s, 1) == "arn" && arnField(s, 3) == "iam" && (kind == "saml-provider" || kind == "oidc-provider")
}

// has tells whether an account is inside. A member of the organization that was not read is (E20).
func (z *zone) has(id string) bool {
	if z.accounts[id] {
		return true
	}
	if !z.replaced {
		return z.world.inZone(id)
	}
	a := z.world.account(id)
	return a != nil && a.inOrg && z.orgs[z.world.org.id]
}

// hasOrg tells whether the members of an organization are inside.
func (z *zone) hasOrg(id string) bool {
	return z.orgs[id] || !z.replaced && z.world.org != nil && z.world.org.id == id
}

// holds tells whether an account, or all members of an organization, are inside.
func (z *zone) holds(id string) bool {
	if organizationID(id) {
		return z.hasOrg(id)
	}
	return z.has(id)
}

// trusts tells whether an identity provider counts as inside: one that the zone lists, and IAM Identity Center's own, which is the
// organization's (E21).
func (z *zone) trusts(provider string) bool {
	for i := range z.providers {
		if z.providers[i].Match(provider) {
			return true
		}
	}
	return strings.Contains(provider, ":saml-provider/AWSSSO_") && z.has(arnAccount(provider))
}

// widened is the zone with more accounts and organizations inside.
func (z *zone) widened(accounts, orgs []string) *zone {
	out := &zone{world: z.world, replaced: z.replaced, providers: z.providers, accounts: map[string]bool{}, orgs: map[string]bool{}}
	for _, id := range append(sortedKeys(z.accounts), accounts...) {
		out.accounts[id] = true
	}
	for _, id := range append(sortedKeys(z.orgs), orgs...) {
		out.orgs[id] = true
	}
	return out
}

// members are the accounts that are inside one by one.
func (z *zone) members() []string {
	var out []string
	for _, id := range sortedKeys(z.world.accounts) {
		if z.has(id) {
			out = append(out, id)
		}
	}
	for _, id := range sortedKeys(z.accounts) {
		if z.world.accounts[id] == nil {
			out = append(out, id)
		}
	}
	return out
}

// outsideAccounts is every account number but those inside.
func (z *zone) outsideAccounts() *region.Lang {
	l := &region.Lang{Not: true}
	for _, id := range z.members() {
		l.Patterns = append(l.Patterns, region.Literal(id))
	}
	return l
}

// outsideARNs is every ARN but those of accounts inside: nobody has a text of fewer fields as its ARN (C26, C31).
func (z *zone) outsideARNs() *region.Lang {
	l := &region.Lang{Not: true, Patterns: noARNs()}
	for _, id := range z.members() {
		l.Patterns = append(l.Patterns, region.Glob("arn:*:*::"+id+":*", false))
	}
	return l
}

// outsideOrgs is every organization but those inside, as values of aws:PrincipalOrgID, or with paths of aws:PrincipalOrgPaths; nil where none is
// inside as a whole.
func (z *zone) outsideOrgs(paths bool) *region.Lang {
	ids := sortedKeys(z.orgs)
	if own := z.world.org; own != nil && !z.orgs[own.id] && z.hasOrg(own.id) {
		ids = append([]string{own.id}, ids...)
	}
	if len(ids) == 0 {
		return nil
	}
	l := &region.Lang{Not: true}
	for _, id := range ids {
		if paths {
			l.Patterns = append(l.Patterns, region.Glob(id+"/*", false))
		} else {
			l.Patterns = append(l.Patterns, region.Literal(id))
		}
	}
	return l
}
