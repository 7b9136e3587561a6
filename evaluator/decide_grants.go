package evaluator

import (
	"github.com/accessgraph/accessgraph/evaluator/policy"
)

// gatherGrants reads the KMS grants on the key (D33). A grant acts like an Allow of the key policy in the form of its grantee; one
// that the caller's own account issued for a key of another account supplies the identity side too.
func (d *Decider) gatherGrants() {
	if d.facts.service != "kms" || !d.facts.mandatory {
		return
	}
	_, operation := cutAction(d.request.Action)
	retires := RetiresGrant(d.request.Action)
	for i := range d.layers.Grants {
		g := &d.layers.Grants[i]
		kinds, doubt := d.grantee(g, operation)
		if kinds != 0 {
			d.addGrant(g, kinds, doubt)
		}
		if retires {
			others := retirers(g, &d.request.Principal)
			addKinds(&d.tally.grant, others, 0)
			kinds |= others
		}
		if kinds != 0 {
			d.hits = append(d.hits, hit{layer: LayerGrant, grant: i, kinds: kinds, doubt: doubt})
		}
	}
}

// grantee gives the forms in which a grant names the caller as grantee for an operation.
func (d *Decider) grantee(g *Grant, operation string) (kinds Match, doubt causes) {
	if !oneOf(operation, g.Operations...) {
		return 0, 0
	}
	entry := principalText(g.Grantee)
	kinds = matchEntry(&entry, &d.request.Principal)
	if kinds == 0 || constrainsGrant(operation) && !d.constraintHolds(g) {
		return 0, 0
	}
	if g.Unknown {
		doubt = causeBit(policy.UnanalysableStatement)
	}
	return kinds, doubt
}

func (d *Decider) constraintHolds(g *Grant) bool {
	for i := range g.Constraint {
		if !g.Constraint[i].Eval(&d.request.Context, policy.Allow) {
			return false
		}
	}
	return true
}

// addGrant counts a grant for its grantee by who issued it: the key's account, or the caller's own.
func (d *Decider) addGrant(g *Grant, kinds Match, doubt causes) {
	t := &d.tally
	account := d.request.Principal.Account
	abroad := account != "" && account != d.facts.owner
	switch {
	case abroad && g.IssuingAccount == "":
		// The issuer decides whether the identity side is needed, and it was not collected.
		addKinds(&t.grant, kinds, doubt)
		doubt |= causeBit(policy.CollectionGap)
		addKinds(&t.ownGrant, kinds, doubt)
	case abroad && g.IssuingAccount == account:
		addKinds(&t.ownGrant, kinds, doubt)
	default:
		addKinds(&t.grant, kinds, doubt)
	}
	t.doubts |= doubt
}

// retirers gives the forms in which a caller other than the grantee may retire a grant (D33): as its retiring principal, who needs
// the identity permission from another account, and as an identity of the account that created it.
func retirers(g *Grant, c *Principal) Match {
	var kinds Match
	if g.Retiring != "" {
		entry := principalText(g.Retiring)
		kinds = matchEntry(&entry, c)
	}
	if c.Account != "" && g.IssuingAccount == c.Account {
		kinds |= MatchAccount
	}
	return kinds
}
