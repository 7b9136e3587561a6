package evaluator

import (
	"context"
	"slices"

	"github.com/accessgraph/accessgraph/evaluator/region"
)

// outsiders compares the grantees, who are in neither snapshot, of resources that are not as they were.
func (m *moments) outsiders(ctx context.Context) ([]*AccessChange, error) {
	rows := map[string]*AccessChange{}
	var order []string
	for _, at := range m.unsettledJunctions() {
		for _, pair := range m.granteesOf(at) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			one := &AccessChange{}
			b := &bout{targets: m.targets, nobody: -1, affected: m.question.all(), granting: m.question.all(), moments: m}
			for x, t := range m.targets {
				b.sides[x] = t.sideOf(pair[x])
			}
			if err := m.across(ctx, one, b, []*junction{at}, region.NewBudget(m.question.Budget).Within(ctx)); err != nil {
				return nil, err
			}
			c := pair[1]
			key := c.kind + "\x00" + c.arn
			if public := rows["public\x00*"]; public != nil && c.principal.ARN == anyService {
				one.Gained, one.Lost = beyond(public.Gained, one.Gained), beyond(public.Lost, one.Lost)
			}
			have := rows[key]
			if have == nil {
				s := m.worlds[1].subject(c)
				if s.Account == strangerAccount {
					s.Account = ""
				}
				rows[key] = &AccessChange{Principals: []*Subject{s}, Gained: one.Gained, Lost: one.Lost}
				order = append(order, key)
				continue
			}
			if c.principal.Account == strangerAccount {
				one.Gained, one.Lost = beyond(have.Gained, one.Gained), beyond(have.Lost, one.Lost)
			}
			have.Gained, have.Lost = append(have.Gained, one.Gained...), append(have.Lost, one.Lost...)
		}
	}
	out := make([]*AccessChange, 0, len(order))
	for _, key := range order {
		c := rows[key]
		c.Gained, c.Lost = m.question.joinGrants(c.Gained), m.question.joinGrants(c.Lost)
		out = append(out, c)
	}
	return out, nil
}

// unsettledJunctions pairs the resources that are not as they were, as nobody in particular sees them.
func (m *moments) unsettledJunctions() []*junction {
	var all []*spot
	for _, key := range sortedKeys(m.spots) {
		if s := m.spots[key]; !m.same(s) {
			all = append(all, s)
		}
	}
	return m.pairUp([2]map[*targetGroup]*targetGroup{{}, {}}, all)
}

// granteesOf lists those of outside whom either snapshot's side of some resources speaks of, as each snapshot has them.
func (m *moments) granteesOf(at *junction) [][2]*caller {
	found := map[string]*[2]*caller{}
	for x, w := range m.worlds {
		for _, c := range w.grantees(at.groups[x]) {
			key := c.kind + "\x00" + c.arn + "\x00" + c.principal.ARN
			if found[key] == nil {
				found[key] = &[2]*caller{}
			}
			own := *c
			own.zone = m.zone
			found[key][x] = &own
		}
	}
	var out [][2]*caller
	for _, key := range sortedKeys(found) {
		pair := *found[key]
		for x := range pair {
			if pair[x] != nil {
				continue
			}
			own := *pair[1-x]
			own.account = m.worlds[x].account(own.principal.Account)
			if own.account.principalsRead() && own.outside {
				pair = [2]*caller{} // its principals are there by themselves
				break
			}
			pair[x] = &own
		}
		if !slices.Contains(pair[:], nil) {
			out = append(out, pair)
		}
	}
	return out
}

// trusted is the zone of trust of either snapshot: whoever is outside is outside of both.
func (m *moments) trusted() *zone {
	var accounts, orgs []string
	w := m.worlds[0]
	for _, id := range sortedKeys(w.accounts) {
		if w.inZone(id) {
			accounts = append(accounts, id)
		}
	}
	if w.org != nil {
		orgs = append(orgs, w.org.id)
	}
	return m.worlds[1].zone().widened(accounts, orgs)
}
