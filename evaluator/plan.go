package evaluator

import (
	"sync"
	"time"
)

// Plan tells how a question was answered: what was looked at, what was left aside, and where the time went.
type Plan struct {
	Source string     // what it was answered from
	Counts []PlanItem // in the order in which they narrow down
	Times  []PlanTime // in the order of the stages
	mu     sync.Mutex
	since  time.Time
}

// PlanItem is a number of things.
type PlanItem struct {
	What  string
	Count int64
}

// PlanTime is how long a stage took, by the clock.
type PlanTime struct {
	Stage string
	Took  time.Duration
}

func newPlan(source string) *Plan { return &Plan{Source: source, since: time.Now()} }

// add counts things; those of one name are added up. A nil plan counts nothing.
func (p *Plan) add(what string, n int64) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.Counts {
		if p.Counts[i].What == what {
			p.Counts[i].Count += n
			return
		}
	}
	p.Counts = append(p.Counts, PlanItem{what, n})
}

// stage ends a stage: the time since the last one ended is its.
func (p *Plan) stage(name string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.Times = append(p.Times, PlanTime{name, now.Sub(p.since)})
	p.since = now
}
