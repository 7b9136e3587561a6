package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/accessgraph/accessgraph/bench/orggen/organization"
	"github.com/accessgraph/accessgraph/evaluator"
	"github.com/accessgraph/accessgraph/evaluator/cases"
	"github.com/accessgraph/accessgraph/evaluator/catalog"
	"github.com/accessgraph/accessgraph/graph"
	"github.com/accessgraph/accessgraph/graph/badgerstore"
	"github.com/accessgraph/accessgraph/query"
)

const aboutDecide = `
Point decisions over the mix of testdata/cases/decisions.jsonl (every layer and kind of caller), in turn. Documents are compiled
once; each request is built from its strings (principal, action, resource, context keys and values) inside the timed loop. One
processor (GOMAXPROCS 1), per second of CPU, median of 5 rounds of a second. The answers are checked before.`

const aboutRegion = `
Verdicts of the region engine, one processor, per second of CPU, median of 5 rounds. First: the requests with free context keys
of testdata/cases/partial.jsonl, documents compiled once. Second: "can PRINCIPAL do kms:*", asked of 200 principals of a
generated account of 1,000 one after the other, so that nothing is shared between them: all actions of the service, all keys of
the account, residuals and witnesses included.`

// readCases reads a suite of testdata/cases and refuses one whose answers are wrong.
func readCases(name string, runner cases.Runner) ([]*cases.Case, error) {
	text, err := os.ReadFile(filepath.Join("testdata", "cases", name))
	if err != nil {
		return nil, err
	}
	var all []*cases.Case
	for line := range bytes.Lines(text) {
		if a := runner.Answer(line); !a.Passed() {
			return nil, fmt.Errorf("%s: case %s: the answer is %s, not %s; what is wrong is not worth measuring", name, a.ID, a.Decision, a.Expected)
		}
		c, err := cases.Read(line)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no cases", name)
	}
	return all, nil
}

// rate measures how often work is done in a second of CPU on one processor; work gives how often it did it.
func rate(work func() (int, error)) (float64, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var rates []float64
	for range 5 {
		done := 0
		s, err := timed(func() error {
			for start := time.Now(); time.Since(start) < time.Second; {
				n, err := work()
				if err != nil {
					return err
				}
				done += n
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
		rates = append(rates, float64(done)/s.cpu.Seconds())
	}
	return middle(rates), nil
}

func (b *bench) decide() error {
	all, err := readCases("decisions.jsonl", cases.Runner{})
	if err != nil {
		return err
	}
	var decider evaluator.Decider
	var request evaluator.Request
	perSecond, err := rate(func() (int, error) {
		for _, c := range all {
			c.Rebuild(&request)
			decider.Decide(&request, &c.Layers)
		}
		return len(all), b.ctx.Err()
	})
	if err != nil {
		return err
	}
	b.hold("point decisions", fmt.Sprintf("%.0f per second", perSecond), "500,000 (floor 200,000)", perSecond >= 500_000)
	return nil
}

func (b *bench) region() error {
	cat, err := catalog.Load()
	if err != nil {
		return err
	}
	all, err := readCases("partial.jsonl", cases.Runner{Classify: func(r *evaluator.Request, l *evaluator.Layers, free []string) (string, string) {
		return evaluator.Classify(r, l, free, cat).Class.String(), ""
	}})
	if err != nil {
		return err
	}
	perSecond, err := rate(func() (int, error) {
		for _, c := range all {
			evaluator.Classify(&c.Request, &c.Layers, c.Free, cat)
		}
		return len(all), b.ctx.Err()
	})
	if err != nil {
		return err
	}
	b.add("verdicts on requests with free keys", fmt.Sprintf("%.0f per second", perSecond))

	store, err := b.ingested(organization.Options{Accounts: 1, Principals: 1000, Seed: 1})
	if err != nil {
		return err
	}
	s, err := badgerstore.Open(store)
	if err != nil {
		return err
	}
	defer s.Close()
	engine, err := query.Open(b.ctx, s, "latest")
	if err != nil {
		return err
	}
	world, err := engine.World(b.ctx)
	if err != nil {
		return err
	}
	principals, err := b.principals(s, 200)
	if err != nil {
		return err
	}
	next := 0
	perSecond, err = rate(func() (int, error) {
		who := evaluator.Selector{Kind: evaluator.SelectARN, Name: principals[next%len(principals)]}
		next++
		_, err := world.Can(b.ctx, evaluator.Question{Actions: []string{"kms:*"}}, who)
		return 1, err
	})
	if err != nil {
		return err
	}
	b.add("verdicts on kms:* for one principal of 1,000", fmt.Sprintf("%.0f per second", perSecond))
	return nil
}

// principals gives the ARNs of n users and roles of the latest snapshot, evenly spread.
func (b *bench) principals(s graph.Store, n int) ([]string, error) {
	entry, err := graph.Resolve(b.ctx, s, "latest")
	if err != nil {
		return nil, err
	}
	facts, err := graph.Load(b.ctx, s, entry.Snapshot)
	if err != nil {
		return nil, err
	}
	var all, some []string
	for _, a := range facts.Accounts {
		for _, u := range a.Users {
			all = append(all, string(u.ARN))
		}
		for _, r := range a.Roles {
			all = append(all, string(r.ARN))
		}
	}
	if len(all) < n {
		return nil, errors.New("the generated account is too small")
	}
	for i := range n {
		some = append(some, all[i*len(all)/n])
	}
	return some, nil
}
