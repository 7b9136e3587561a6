package evaluator

import (
	"context"
	"errors"
	"slices"

	"github.com/accessgraph/accessgraph/evaluator/region"
)

// compare finds what a class of principals gained and lost.
func (m *moments) compare(ctx context.Context, cl *pairingClass) (*AccessChange, error) {
	out := &AccessChange{Presence: cl.presence, Causes: m.causes(&cl.pairing)}
	for _, p := range cl.members {
		c, x := p.newest()
		out.Principals = append(out.Principals, m.worlds[x].subject(c))
	}
	b := m.boutOf(&cl.pairing)
	on := b.only
	if cl.presence == InBoth {
		on = m.junctions(b, cl.quiet)
	}
	return out, m.across(ctx, out, b, on, region.NewBudget(m.question.Budget).Within(ctx))
}

// bout is one principal on either side of a comparison. A side that does not have it, nobody, is allowed nothing; it stands in as the other has it.
type bout struct {
	targets [2]*targets
	sides   [2]*callerSide
	nobody  int // -1: both have it
	// affected are the actions that matter on resources that are as they were, granting those that its own policies may allow.
	affected, granting region.Set
	moments            *moments
	only               []*junction // what it has to do with, where one side alone has it
}

func (m *moments) boutOf(p *pairing) *bout {
	if p.presence != InBoth {
		c, x := p.newest()
		return m.alone(x, c)
	}
	b := &bout{targets: m.targets, nobody: -1, affected: m.affected(p.callers), moments: m}
	for x, t := range m.targets {
		b.sides[x] = t.sideOf(p.callers[x])
	}
	b.granting = m.granting(b.sides)
	return b
}

// alone is a bout of a principal that one snapshot alone has, on all that it has to do with there.
func (m *moments) alone(x int, c *caller) *bout {
	t := m.targets[x]
	side := t.sideOf(c)
	b := &bout{targets: [2]*targets{t, t}, sides: [2]*callerSide{side, side}, nobody: 1 - x, affected: m.question.all(), moments: m}
	b.granting = m.granting(b.sides)
	groups := m.groupsFor(x, c, b.granting)
	for _, s := range m.lone[c.principal.Account] {
		if s.groups[x] == nil {
			if g, ok := m.absent(x, s.groups[1-x]); ok {
				b.only = append(b.only, &junction{groups: [2]*targetGroup{g, g}, items: []*item{s.item}})
			}
		}
	}
	for _, g := range t.mergeFor(side, groups) {
		b.only = append(b.only, &junction{groups: [2]*targetGroup{g, g}, items: g.items})
	}
	return b
}

// across compares on every group of resources, and notes what was gained and lost.
func (m *moments) across(ctx context.Context, out *AccessChange, b *bout, on []*junction, budget *region.Budget) error {
	for _, at := range on {
		if err := ctx.Err(); err != nil {
			return err
		}
		lost, gained, err := m.differences(b, at, budget)
		if errors.Is(err, region.ErrBudget) {
			cut := exceeded(m.question, b.stage(at)[1])
			out.Gained, out.Lost = append(out.Gained, cut), append(out.Lost, cut)
			break
		}
		if err != nil {
			return err
		}
		out.Gained, out.Lost = append(out.Gained, gained...), append(out.Lost, lost...)
	}
	out.Gained, out.Lost = m.question.joinGrants(out.Gained), m.question.joinGrants(out.Lost)
	return nil
}

// differences are what one junction has of either snapshot alone.
func (m *moments) differences(b *bout, at *junction, budget *region.Budget) (lost, gained []*Access, err error) {
	r := b.rivals(at, budget)
	if r == nil {
		return nil, nil, nil
	}
	if err := r.decide(); err != nil {
		return nil, nil, err
	}
	if lost, err = r.grants(0); err != nil {
		return nil, nil, err
	}
	gained, err = r.grants(1)
	for _, a := range slices.Concat(lost, gained) {
		a.applying = a.applying.Or(at.applying(b))
		slices.Sort(a.Notes) // in the order of statements, which is an index's own
	}
	return lost, gained, err
}
