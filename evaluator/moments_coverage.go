package evaluator

import (
	"fmt"
	"slices"

	"github.com/accessgraph/accessgraph/evaluator/policy"
	"github.com/accessgraph/accessgraph/graph"
)

// treeRead tells whether the snapshot has an organization's tree and what is attached to it.
func (w *World) treeRead() bool { return w.org != nil && w.org.treeKnown }

// adopt takes the organization from another snapshot.
func (w *World) adopt(other *World) {
	known := map[*account]*account{nil: nil}
	of := func(a *account) *account {
		if known[a] == nil && a != nil {
			own, there := *a, other.account(a.id)
			if there == nil {
				there = &account{}
			}
			own.inOrg, own.management, own.path, own.ancestors, own.scps, own.rcps = there.inOrg, there.management, there.path, there.ancestors, there.scps, there.rcps
			known[a] = &own
		}
		return known[a]
	}
	accounts := map[string]*account{}
	for id, a := range other.accounts {
		if w.accounts[id] == nil && a.inOrg {
			one := *a
			one.facts = nil
			accounts[id] = &one
		}
	}
	for id, a := range w.accounts {
		accounts[id] = of(a)
	}
	w.part.adopted = true
	w.org, w.accounts, w.order, w.part.owners, w.part.account = other.org, accounts, slices.Clone(w.order), slices.Clone(w.part.owners), of(w.part.account)
	for _, list := range [][]*account{w.order, w.part.owners} {
		for i, a := range list {
			list[i] = of(a)
		}
	}
	w.callers, w.resources, w.byARN = slices.Clone(w.callers), slices.Clone(w.resources), map[string]*resource{}
	for i, c := range w.callers {
		own := *c
		own.account = of(c.account)
		own.principal.Management = own.account != nil && own.account.management
		w.callers[i] = &own
	}
	for i, r := range w.resources {
		own := *r
		own.owner = of(r.owner)
		w.resources[i], w.byARN[r.arn] = &own, &own
	}
}

// absent is a group as a snapshot would have it that does not hold its resources: they were not there, or not yet, so that no policy of their own
// spoke of them. Everything else that the other snapshot says of them is taken over. ok is false where the snapshot may hold them all the
// same, because it did not read them.
func (m *moments) absent(x int, g *targetGroup) (_ *targetGroup, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id, service := g.ownerAccount(), g.items[0].service
	if !m.worlds[x].readOf(id, service) {
		m.unread[fmt.Sprintf("resources of %s in account %s: %s does not tell whether they were there", service, id, momentNames[x])] = true
		return nil, false
	}
	if own := m.absents[x][g]; own != nil {
		return own, true
	}
	own := g.alike()
	own.owner, own.ownerID = m.worlds[x].account(id), id
	own.policy, own.grants, own.restricted, own.outsiders = nil, nil, false, outsiders{}
	own.snapshot, own.assumption = false, notInSnapshot
	if service == "kms" || g.trust { // D25, D32: nothing consents for what is not there
		own.policy, own.assumption = &Policy{Name: "none", Doc: &policy.Document{Kind: policy.Resource, Variables: true}}, ""
	}
	m.absents[x][g] = own
	return own, true
}

// momentNames are how answers call the two snapshots.
var momentNames = [2]string{"the older snapshot", "the newer snapshot"}

// readOf tells whether a snapshot has read all resources of a service in an account, or knows that there was no such account.
func (w *World) readOf(id, service string) bool {
	a := w.account(id)
	if a == nil || a.facts == nil {
		return w.lacks(id)
	}
	return a.consentRead(service)
}

// lacks tells whether the snapshot's organization did not have an account that was not read either.
func (w *World) lacks(id string) bool {
	a := w.account(id)
	return w.treeRead() && !w.part.adopted && !w.org.accounts[id] && (a == nil || a.facts == nil)
}

// grantsRead tells whether the KMS grants of an account were read completely.
func (a *account) grantsRead() bool { return a.coverage[graph.KindGrants] == graph.CoverageComplete }
