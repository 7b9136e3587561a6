package cases

import (
	"reflect"
	"testing"

	"github.com/accessgraph/accessgraph/evaluator"
)

func decisions(t testing.TB) []*Case {
	var out []*Case
	for _, line := range lines(t, "decisions.jsonl") {
		c, err := Read(line)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

// TestRebuild: a request made again from its strings, in memory that served another one, is the request that was read.
func TestRebuild(t *testing.T) {
	var r evaluator.Request
	for _, c := range decisions(t) {
		c.Rebuild(&r)
		if !reflect.DeepEqual(r, c.Request) {
			t.Errorf("%s: %+v, want %+v", c.ID, r, c.Request)
		}
	}
}

// BenchmarkDecide measures decisions over the mix of the decision suite: documents are compiled once, requests are built from
// their strings each time.
func BenchmarkDecide(b *testing.B) {
	all := decisions(b)
	var d evaluator.Decider
	var r evaluator.Request
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		c := all[n%len(all)]
		n++
		c.Rebuild(&r)
		d.Decide(&r, &c.Layers)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "decisions/s")
}

// BenchmarkDecideAlone leaves the building of the requests out.
func BenchmarkDecideAlone(b *testing.B) {
	all := decisions(b)
	var d evaluator.Decider
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		c := all[n%len(all)]
		n++
		d.Decide(&c.Request, &c.Layers)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "decisions/s")
}

// TestAllocations: a decision allocates nothing, and a request made anew next to nothing.
func TestAllocations(t *testing.T) {
	all := decisions(t)
	var d evaluator.Decider
	var r evaluator.Request
	alone := testing.AllocsPerRun(20, func() {
		for _, c := range all {
			d.Decide(&c.Request, &c.Layers)
		}
	})
	both := testing.AllocsPerRun(20, func() {
		for _, c := range all {
			c.Rebuild(&r)
			d.Decide(&r, &c.Layers)
		}
	})
	// Uncertain decisions list their causes, keys with capitals that are not AWS's own are lowered: a few of a hundred cases.
	if n := float64(len(all)); alone > n/10 || both > n/5 {
		t.Errorf("%d decisions allocate %v times, %v with their requests", len(all), alone, both)
	}
}
