package main

import (
	"context"
	"fmt"
	"time"

	"github.com/accessgraph/accessgraph/bench/orggen/organization"
	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/badgerstore"
)

const aboutChanges = `
What changed between two snapshots in which the policies of 20 roles differ, each by one statement, all over organizations of 1, 10 and 100 accounts
of 1,000 principals (orggen --principals 1000 --seed 1). Facts: graph.Diff, in one process, after the store was opened. The whole answer: "accessgraph
diff", a new process from exec to exit, with whose access changed and a witness of each grant; files are in the page cache. Medians of 5. Growth is
the exponent e where the CPU time grows as the number of principals to the power of e: 0 would be the time of the 20 roles alone.`

// changesAccounts are the sizes, smallest first.
var changesAccounts = []int{1, 10, 100}

const (
	changesPrincipals = 1000 // users and roles of each account
	changedRoles      = 20
	mostChangesGrowth = 0.5
)

// changes measures every size and adds the rows.
func (b *bench) changes() error {
	var whole []time.Duration
	for _, n := range changesAccounts {
		store, err := b.ingested(organization.Options{Accounts: n, Principals: changesPrincipals, Seed: 1})
		if err != nil {
			return err
		}
		facts, err := b.changedStore(store)
		if err != nil {
			return err
		}
		size := short(n * changesPrincipals)
		b.add(fmt.Sprintf("facts, %d of %s principals", changedRoles, size), facts.milliseconds())
		answer, err := median(5, func() (spent, error) { return b.process("diff", "--store", store) })
		if err != nil {
			return err
		}
		b.add(fmt.Sprintf("accessgraph diff, %d of %s principals", changedRoles, size), answer.seconds())
		whole = append(whole, answer.cpu)
	}
	last := len(changesAccounts) - 1
	e := exponent(whole[0], whole[last], changesAccounts[0], changesAccounts[last])
	b.hold("accessgraph diff, growth", fmt.Sprintf("exponent %.2f", e), fmt.Sprintf("at most %.1f", mostChangesGrowth), e <= mostChangesGrowth)
	return nil
}

// changedStore adds a snapshot to a store in which roles are otherwise, and measures how long it takes to find which.
func (b *bench) changedStore(dir string) (spent, error) {
	s, err := badgerstore.Create(dir)
	if err != nil {
		return spent{}, err
	}
	defer s.Close()
	before, err := graph.Resolve(b.ctx, s, "latest")
	if err != nil {
		return spent{}, err
	}
	facts, err := graph.Load(b.ctx, s, before.Snapshot)
	if err != nil {
		return spent{}, err
	}
	if n := changeRoles(facts, changedRoles); n != changedRoles {
		return spent{}, fmt.Errorf("%d roles could be changed, want %d", n, changedRoles)
	}
	after, err := graph.Publish(b.ctx, s, facts, graph.Meta{Name: "changed"})
	if err != nil {
		return spent{}, err
	}
	if err := evaluator.WriteIndex(b.ctx, s, after.Snapshot, facts); err != nil {
		return spent{}, err
	}
	return median(5, func() (spent, error) {
		return timed(func() error { return diffOf(b.ctx, s, before.Snapshot, after.Snapshot, changedRoles) })
	})
}

// diffOf compares two snapshots and holds how many roles differ.
func diffOf(ctx context.Context, s graph.Store, from, to graph.SnapshotID, want int) error {
	c, err := graph.Diff(ctx, s, from, to)
	if err != nil {
		return err
	}
	n := 0
	for _, a := range c.Accounts {
		n += len(a.Roles)
	}
	if n != want {
		return fmt.Errorf("%d roles differ, want %d", n, want)
	}
	return nil
}

// changeRoles gives some roles, all over the organization, one more inline policy, and tells how many.
func changeRoles(f *graph.Facts, want int) int {
	text := `{"Version":"2012-10-17","Statement":[{"Sid":"Changed","Effect":"Allow","Action":"sqs:PurgeQueue","Resource":"*"}]}`
	d := graph.CanonicalDocument([]byte(text))
	f.Documents[d.Hash] = &d
	done := 0
	for round := 0; done < want; round++ {
		before := done
		for _, a := range f.Accounts {
			// A role far from the last one that was changed: each is in a leaf of its own. The first roles are those that every account has.
			at := 20 + round*37
			if done == want || at >= len(a.Roles) {
				continue
			}
			r := a.Roles[at]
			r.Inline = append(r.Inline, graph.InlinePolicy{Name: "changed", Document: d.Hash})
			done++
		}
		if done == before {
			break
		}
	}
	return done
}
