package evaluator

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// AccessChange is what some principals may do in the newer of two snapshots and not in the older, and the reverse (E24). All of them gained and
// lost the same. Each grant is a product, their union is exact, and its witness is allowed in the one snapshot and denied in the other by
// the point engine. A grant of verdict Unknown may be such a difference, or not: one of the snapshots does not tell.
type AccessChange struct {
	Principals []*Subject // by account, then ARN; as the newer snapshot has them, or the older where they are gone
	Presence   Presence
	Gained     []*Access // allowed in the newer snapshot alone
	Lost       []*Access // allowed in the older snapshot alone
	Causes     []Cause   // what is not as it was; see Cause
}

// Witness is one request of a grant, as the snapshot that allows it has it, for the first of the principals; nil where nothing was decided.
func (c *AccessChange) Witness(a *Access) *Witness { return a.witness }

// Presence tells which snapshot has a principal. One that was made anew under the same name is another one.
type Presence uint8

// The presences.
const (
	InBoth Presence = iota
	Appeared
	Gone
)

// String gives the presence as a change of the principal itself.
func (p Presence) String() string { return [...]string{"changed", "added", "removed"}[p] }

// AccessChanges is what two snapshots differ in.
type AccessChanges struct {
	Changes  []*AccessChange // by account and ARN of their first principal
	Compared int             // principals of either snapshot that something could have changed for
	Classes  int             // how many of these there are that something tells apart
	Unread   []string        // what could not be compared, because one of the snapshots did not read it
	Warnings []string
}

// CompareSnapshots finds whose access within a question differs between two snapshots, and in what. Principals of whom it is not so are not
// there: their access is the same, proved for every request. Outside grantees of resources that changed are there, too.
func CompareSnapshots(ctx context.Context, older, newer *World, q Question) (*AccessChanges, error) {
	timely := *newer
	timely.readsTime = older.readsTime || newer.readsTime
	c, err := timely.compile(q)
	if err != nil {
		return nil, err
	}
	m := newMoments(older, newer, c)
	out := &AccessChanges{}
	if err := m.principals(ctx, out); err != nil {
		return nil, err
	}
	return out, m.finish(ctx, out)
}

// principals compares the principals whom something could have changed for.
func (m *moments) principals(ctx context.Context, out *AccessChanges) error {
	classes := m.classes()
	found := make([]*AccessChange, len(classes))
	err := onAllCores(ctx, len(classes), func(i int) (err error) {
		found[i], err = m.compare(ctx, classes[i])
		return err
	})
	for i, cl := range classes {
		out.Compared += len(cl.members)
		if c := found[i]; c != nil && len(c.Gained)+len(c.Lost) > 0 {
			out.Changes = append(out.Changes, c)
		}
	}
	out.Classes += len(classes)
	return err
}

// finish compares the grantees of outside, and puts everything in order.
func (m *moments) finish(ctx context.Context, out *AccessChanges) error {
	outside, err := m.outsiders(ctx)
	if err != nil {
		return err
	}
	out.Changes = grouped(append(out.Changes, outside...))
	out.Unread, out.Warnings = sortedKeys(m.unread), m.question.warnings
	return nil
}

// grouped joins changes that are the same, and leaves out those that are none.
func grouped(found []*AccessChange) []*AccessChange {
	known := map[string]*AccessChange{}
	var out []*AccessChange
	for _, c := range found {
		if c == nil || len(c.Gained)+len(c.Lost) == 0 {
			continue
		}
		key := c.key()
		have := known[key]
		if have == nil {
			known[key] = c
			out = append(out, c)
			continue
		}
		have.Principals = append(have.Principals, c.Principals...)
	}
	for _, c := range out {
		slices.SortFunc(c.Principals, compareSubjects)
	}
	slices.SortStableFunc(out, func(a, b *AccessChange) int { return compareSubjects(a.Principals[0], b.Principals[0]) })
	return out
}

func compareSubjects(a, b *Subject) int {
	return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.ARN, b.ARN), strings.Compare(a.Kind, b.Kind))
}

// key spells what was gained and lost, and why.
func (c *AccessChange) key() string {
	k := &keyWriter{}
	k.int(int(c.Presence))
	for _, list := range [][]*Access{c.Gained, c.Lost} {
		k.int(len(list))
		for _, a := range list {
			k.int(int(a.Verdict))
			k.text(strings.Join(a.Actions, "\x00"))
			k.text(strings.Join(a.Resources(), "\x00"))
			k.text(exprText(a.Conditions))
			k.text(strings.Join(a.Assumptions, "\x00"))
			k.text(strings.Join(a.Notes, "\x00"))
		}
	}
	for _, cause := range c.Causes {
		k.text(cause.String())
	}
	return k.String()
}
